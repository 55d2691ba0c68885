"""Apertium, run as a program."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from xlner.component import option, options
from xlner.core.languages import iso3
from xlner.errors import ModelError, UsageError, XlnerError
from xlner.translate.bound import run_bound
from xlner.translate.translator import BaseTranslator, CallError, LanguagePair, unknown_pair

# A blank line is a border that no rule of Apertium looks across. With its format `line`, which sounds right, rules
# move words from one line to the next.
_BORDER = "\n\n"


class Apertium(BaseTranslator):
    """Rule-based translation by the program Apertium, for the pairs that are installed.

    Sentences go through the program many at a time. If it dies, hangs or returns another number of sentences, the
    halves are tried, down to the one sentence that is to blame; that one stays without a translation.

    Reference:
        Forcada et al. 2011, "Apertium: a free/open-source platform for rule-based machine translation", Machine
        Translation 25.
    """

    called: ClassVar[str] = "apertium"
    at_once = 500

    @options
    class Options:
        mode: str | None = option(None, "Name of a mode, as `apertium -l` lists them; by default found by languages.")
        program: str = option("apertium", "The program.", decides=False)
        data: str | None = option(None, "Folder of language data that is not installed for the whole system.")
        time_limit: float = option(
            120.0, "How long a call of at most 500 sentences may take.", gt=0, unit="seconds", decides=False
        )

    _mode = ""

    def languages(self, source: str, target: str) -> None:
        """Say from which language to which. See `Translator.languages`.

        Raises:
            ModelError: the program is not there.
        """
        modes = self._modes()
        super().languages(source, target)
        assert self.pair is not None
        if self.options.mode is None:
            if self.pair not in modes:
                raise UsageError(
                    unknown_pair(self.called, (source, target), set(modes))
                    + ". More pairs come as packages, such as apertium-eng-spa"
                )
            self._mode = modes[self.pair]
        elif self.options.mode not in self._listed:
            raise UsageError(f"apertium has no mode '{self.options.mode}'; it has: {', '.join(self._listed) or 'none'}")
        else:
            self._mode = self.options.mode

    def version(self) -> str:
        """Of the program and the language data: sizes and dates of the files that the mode names."""
        said = self._output([self.options.program, "-V"])
        installed = Path(shutil.which(self.options.program) or "/usr/bin/apertium").resolve().parents[1]
        place = Path(self.options.data or installed / "share/apertium") / "modes" / f"{self._mode}.mode"
        text = place.read_text(errors="replace") if place.is_file() else ""
        files = [Path(p) for p in re.findall(r"/[^\s'\"]+", text)]
        seen = [f"{p.name} {p.stat().st_size} {p.stat().st_mtime_ns}" for p in files if p.is_file()]
        return hashlib.sha256("\n".join([said, self._mode, text, *seen]).encode()).hexdigest()[:32]

    def translate_filled(self, sentences: Sequence[str]) -> list[str]:
        """One translation for each sentence, in one run of the program."""
        command = [self.options.program, "-u", *self._data(), self._mode]
        text = _BORDER.join(" ".join(s.split()) for s in sentences)
        try:
            done = run_bound(command, text.encode("utf-8", "replace"), time_limit=self.options.time_limit, env=_utf8())
        except OSError as error:
            raise self._absent(error) from None
        except subprocess.TimeoutExpired:
            raise CallError(f"no answer within {self.options.time_limit:g} seconds") from None
        if done.returncode:
            why = done.stderr.decode(errors="replace").strip().split("\n")[-1]
            raise CallError(f"the program ended with code {done.returncode}" + (f": {why}" if why else ""))
        parts = done.stdout.decode("utf-8", "replace").rstrip("\n").split(_BORDER)
        return [p.strip() for p in parts]

    def _modes(self) -> dict[LanguagePair, str]:
        """Pair -> the mode that translates it; the plain one where there are variants."""
        if shutil.which(self.options.program) is None:
            raise self._absent(None)
        self._listed = self._output([self.options.program, *self._data(), "-l"]).split()
        out: dict[LanguagePair, str] = {}
        for mode in sorted(self._listed, key=len, reverse=True):
            with suppress(UsageError, ValueError):
                source, target = mode.split("-")
                out[iso3(source), iso3(target)] = mode
        return out

    def _data(self) -> list[str]:
        return ["-d", self.options.data] if self.options.data else []

    def _output(self, command: list[str]) -> str:
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=30, env=_utf8())
        except OSError as error:
            raise self._absent(error) from None
        except subprocess.TimeoutExpired:
            raise XlnerError(f"{' '.join(command)} gives no answer") from None
        return done.stdout.strip()

    def _absent(self, error: OSError | None) -> ModelError:
        why = f" ({error.strerror})" if error else ""
        return ModelError(
            f"the program '{self.options.program}' is not here{why}. On Debian and Ubuntu: "
            "apt-get install apertium apertium-eng-spa; or name it with `program`"
        )


def _utf8() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C.UTF-8"}
