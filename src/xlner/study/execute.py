"""One run of a study in processes of its own: idempotent, and marked when it is done."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import IO, Any

from xlner.core.files import atomic
from xlner.core.run_folder import file_hash
from xlner.core.shared import VARIABLE
from xlner.core.types import Sentence
from xlner.data import load, stream_text, write
from xlner.data.corpus import read_labelled
from xlner.data.source import Input
from xlner.errors import XlnerError
from xlner.evaluate import score
from xlner.study.attempts import attempt, forget_attempts
from xlner.study.dropping import MODELS
from xlner.study.lock import held
from xlner.study.processes import CAN_FORK, Process, Spawned, helper, of_threads
from xlner.study.record import Record, packed, read_mark, write_mark
from xlner.study.runs import Roots, Run, Text

PROGRAM = (sys.executable, "-m", "xlner")
FAILED, LOG = "failed.json", "log.txt"
_PRINTS = ("train", "transfer", "similarity", "evaluate", "compare", "align", "project")
_TAIL = 2000  # letters of a log that a message shows


class RunFailed(XlnerError):
    """A command of a study ended with an error. The message has the end of what it said."""


@dataclass(frozen=True)
class Executor:
    """Makes runs on this machine.

    Args:
        roots: where things lie.
        program: what stands for `xlner`.
        threads: of each process; None leaves it to the libraries.
        fork: commands from one helper with everything loaded, where that is possible. It takes 700 MB.
    """

    roots: Roots
    program: tuple[str, ...] = PROGRAM
    threads: int | None = None
    fork: bool = True

    def __call__(self, run: Run) -> Record:
        """Make a run, or give the record of it if it is done.

        A process of a killed study that is still at this run is waited for.

        Raises:
            RunFailed: a command ended with an error.
        """
        folder = self.roots.folder(run.id)
        with held(folder / "lock") as lock:
            if (record := read_mark(folder)) is not None and not self._lost(run):
                forget_attempts(folder)
                return record
            (folder / FAILED).unlink(missing_ok=True)
            try:
                with attempt(folder) as seconds:
                    record = self._made(run, folder, lock, seconds)
                    write_mark(folder, record)
            except Exception as error:
                with atomic(folder / FAILED) as out:
                    out.write(json.dumps({"error": str(error)}) + "\n")
                raise
            return record

    def command(self, run: Run) -> list[str]:
        """The words of the run's command on this machine; empty if it only scores."""
        words = [self.roots.filled(word, run.id) for word in run.words]
        if words and words[0] in MODELS and "--output" not in words:
            words += ["--output", self.roots.filled("{here}", run.id)]
        if words[:1] == ["transfer"] and not {"--estimate", "--no-estimate"} & {*words}:
            words.append("--no-estimate")  # a plan has gold data of its own
        if words and words[0] in _PRINTS and "--json" not in words:
            words.append("--json")
        return words

    def _lost(self, run: Run) -> bool:
        """Whether what the run left, and another one needs, was deleted."""
        leaves = run.words[:1] and (run.words[0] in MODELS or any("{here}" in word for word in run.words))
        return bool(leaves) and not self.roots.result(run.id).exists()

    def _made(self, run: Run, folder: Path, lock: IO[str], seconds: Callable[[], float]) -> Record:
        lengths = {text: self._text(text) for text in run.texts}
        printed, peak = "", 0
        if words := self.command(run):
            printed, peak = self._call(words, folder, lock)
        counts, types = "", tuple[str, ...]()
        if run.gold is not None:
            gold, answered, more = self._scored(run, folder, lock)
            found = score(gold, answered)
            counts, types, peak = packed(found.counts), found.types, max(peak, more)
        return Record(
            id=run.id, settings=run.settings(), seconds=round(seconds(), 2), peak_mb=peak, types=types, counts=counts,
            values=_numbers(printed, run), made=_machine(self.threads), sha256=self._hashes(run),
            short={text.name: length for text, length in lengths.items() if length < text.count},
        )  # fmt: skip

    def _scored(self, run: Run, folder: Path, lock: IO[str]) -> tuple[list[Sentence], list[Sentence], int]:
        """Gold, answers, and the memory that the answers took."""
        assert run.gold is not None
        gold, answers = self.roots.filled(run.gold, run.id), folder / "predictions.jsonl"
        words = ["predict", self.roots.filled(run.model, run.id), gold, "--format", "jsonl", "--output", str(answers)]
        if run.label_consistency:
            words += ["--label-consistency", str(run.label_consistency)]
        for old, new in run.map.items():
            words += ["--map", f"{old}={new}"]
        _, peak = self._call(words, folder, lock)
        return load(gold, mapping=run.map).sentences, load(answers).sentences, peak

    def _call(self, words: Sequence[str], folder: Path, lock: IO[str]) -> tuple[str, int]:
        """What a command printed, and the megabytes that it took."""
        environment = {**os.environ, VARIABLE: str(self.roots.study / "shared"), **of_threads(self.threads)}
        with (folder / LOG).open("a", encoding="utf-8") as log:
            log.write(f"$ xlner {' '.join(words)}\n")
            log.flush()
            process: Process
            if self.fork and CAN_FORK and self.program == PROGRAM:
                process = helper(self.threads).start(words, environment, log, lock)
            else:
                process = Spawned([*self.program, *words], environment, log, lock)
            try:
                with process.printed as out:
                    printed = out.read()
                status, kilobytes = process.wait()
            except BaseException:  # the study is stopped: what it started is, too, and goes on next time
                process.terminate()
                raise
        if status:
            said = (folder / LOG).read_text("utf-8", errors="replace")[-_TAIL:].strip()
            raise RunFailed(f"xlner {' '.join(words)}\nended with {status}:\n{said}")
        return printed, kilobytes // 1024

    def _text(self, text: Text) -> int:
        """Make the beginning of a file, and give the words or lines that it has."""
        place = self.roots.study / "texts" / text.name
        source = self.roots.filled(text.source, "")
        mark, digest = place.with_name(f"{text.name}.sha256"), file_hash(Path(source))
        with held(place.with_name(f"{text.name}.lock")):
            if place.is_file() and mark.is_file():
                made_of, _, length = mark.read_text("utf-8").partition(" ")
                if made_of == digest and length:
                    return int(length)
            return self._cut(text, source, place, mark, digest)

    @staticmethod
    def _cut(text: Text, source: str, place: Path, mark: Path, digest: str) -> int:
        mark.unlink(missing_ok=True)
        if text.lines:
            count = 0
            with atomic(place) as out:
                for _, line in islice(Input.of(source).lines(), text.count):
                    out.write(f"{line}\n")
                    count += 1
        else:
            taken = beginning(source, text.count, text.language)
            write(place, taken)
            count = sum(len(sentence.words) for sentence in taken)
        with atomic(mark) as out:
            out.write(f"{digest} {count}")
        return count

    def _hashes(self, run: Run) -> dict[str, str]:
        files = {name: Path(self.roots.filled(name, run.id)) for name in sorted(self.roots.inputs(run))}
        return {name: file_hash(path) for name, path in files.items() if path.is_file()}


def beginning(path: str, words: int, language: str | None = None) -> list[Sentence]:
    """Whole sentences from the start of a file until there are so many words, with labels if it has some."""
    try:
        taken = list(_until(read_labelled(path, None, None, {}, language=language), words))
    except XlnerError:  # raw text
        taken = []
    if any(s.labelled for s in taken):
        return taken
    return list(_until(stream_text(path, language=language), words))


def _until(sentences: Any, words: int) -> Any:
    count = 0
    for sentence in sentences:
        if count >= words:
            return
        count += len(sentence.words)
        yield sentence


def _numbers(printed: str, run: Run) -> dict[str, float]:
    """The values that the run is asked for, from the JSON that its command printed. One that is null is left out."""
    if not run.values:
        return {}
    try:
        told = json.loads(printed)
    except ValueError:
        raise RunFailed(
            f"`values` are read from the JSON that a command prints, and {run.words[0]} printed none"
        ) from None
    out = {}
    for name, place in run.values.items():
        value = told
        for key in place.split("."):
            try:
                value = value[int(key)] if isinstance(value, list) else value[key]
            except (KeyError, IndexError, TypeError, ValueError):
                raise RunFailed(f"value {name}: the command printed nothing at {place}") from None
        if value is None:
            continue
        if not isinstance(value, int | float):
            raise RunFailed(f"value {name}: the command printed no number at {place}, but {value!r}")
        out[name] = float(value)
    return out


def _machine(threads: int | None) -> dict[str, Any]:
    return {
        "xlner": version("xlner"), "python": platform.python_version(), "machine": platform.machine(),
        "cores": os.cpu_count(), "threads": threads, "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }  # fmt: skip
