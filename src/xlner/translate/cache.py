"""Translations on disk, so that none is made twice."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from xlner.errors import DataError, XlnerError

_AT_ONCE = 500  # keys of one question; SQLite takes 999
_WAIT = 60  # seconds, while another process writes


class Cache:
    """Sentence -> translation, for one translator, in a file that several of them share.

    Each `add` is there whole or not at all, whenever the process is killed. So is the time that went by before it.

    Args:
        path: of an SQLite file; None keeps nothing between runs.
        owner: what decides a translation beside the sentence: translator, options, version, languages.
        work: what the translations are for; the time is that of one work.

    Raises:
        DataError: the file is something else.
        XlnerError: it cannot be written.
    """

    def __init__(self, path: str | Path | None, owner: Mapping[str, Any], *, work: str = "") -> None:
        self.name = str(path)
        self._owner = hashlib.sha256(json.dumps(owner, sort_keys=True, default=str).encode()).digest()
        self._work = hashlib.sha256(self._owner + work.encode("utf-8", "surrogateescape")).digest()
        with self._plain_errors():
            if path is not None:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(":memory:" if path is None else path, timeout=_WAIT, isolation_level=None)
            self._file.execute("CREATE TABLE IF NOT EXISTS translations (key BLOB PRIMARY KEY, text TEXT NOT NULL)")
            self._file.execute("CREATE TABLE IF NOT EXISTS spent (owner BLOB NOT NULL, seconds REAL NOT NULL)")
        self._clock = time.perf_counter()

    def get(self, sentences: Iterable[str]) -> dict[str, str]:
        """The translations that are known."""
        keys = {self._key(s): s for s in sentences}
        asked, out = list(keys), {}
        with self._plain_errors():
            for start in range(0, len(asked), _AT_ONCE):
                part = asked[start : start + _AT_ONCE]
                marks = ",".join("?" * len(part))
                rows = self._file.execute(f"SELECT key, text FROM translations WHERE key IN ({marks})", part)
                out.update({keys[key]: text for key, text in rows})
        return out

    def add(self, translations: Mapping[str, str]) -> None:
        """Keep translations."""
        rows = [(self._key(s), _writable(t)) for s, t in translations.items()]
        now = time.perf_counter()
        with self._plain_errors():
            self._file.execute("BEGIN IMMEDIATE")
            try:
                self._file.executemany("INSERT OR REPLACE INTO translations VALUES (?, ?)", rows)
                self._file.execute("INSERT INTO spent VALUES (?, ?)", (self._work, now - self._clock))
                self._file.execute("COMMIT")
                self._clock = now
            except BaseException:
                if self._file.in_transaction:
                    self._file.execute("ROLLBACK")
                raise

    def seconds(self) -> float:
        """How long this work took: in this process, and in earlier ones up to their last `add`."""
        with self._plain_errors():
            row = self._file.execute("SELECT total(seconds) FROM spent WHERE owner = ?", (self._work,)).fetchone()
        return float(row[0]) + time.perf_counter() - self._clock

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def __enter__(self) -> Cache:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _key(self, sentence: str) -> bytes:
        return hashlib.sha256(self._owner + sentence.encode("utf-8", "surrogatepass")).digest()

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise XlnerError(f"the cache {self.name} cannot be used: {error}") from error
        except sqlite3.DatabaseError as error:
            raise DataError(f"is no cache of translations ({error}); name another file", path=self.name) from error


def _writable(text: str) -> str:
    """Without half characters, which an engine that works on bytes can give."""
    return text.encode("utf-8", "replace").decode()
