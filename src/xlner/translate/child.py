"""The process behind the translator `guarded`: `python -m xlner.translate.child`. It reads and writes lines of JSON."""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any, TextIO

from xlner.errors import ModelError, UsageError, XlnerError
from xlner.translate.translator import TRANSLATORS, Translator


def main() -> None:
    """Answer until nobody asks any more."""
    # What an engine prints would get between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal; the other side gets it and closes the pipe
    engine: Translator | None = None
    for line in sys.stdin:
        what, *arguments = json.loads(line)
        try:
            if what == "start":
                engine = _started(*arguments)
                value: Any = engine.at_once
            else:
                assert engine is not None
                value = _answer(engine, what, arguments)
        except XlnerError as error:
            kind = next((k for k in (UsageError, ModelError) if isinstance(error, k)), XlnerError)
            _write(answers, kind.__name__, str(error))
        else:
            _write(answers, "answer", value)


def _started(path: list[str], name: str, values: dict[str, Any], pair: list[str]) -> Translator:
    sys.path[:] = path
    engine: Translator = TRANSLATORS.build(name, values)
    engine.languages(*pair)
    engine.version()  # some load here what they need
    return engine


def _answer(engine: Translator, what: str, arguments: list[Any]) -> Any:
    if what == "version":
        return engine.version()
    if what == "notes":
        return getattr(engine, "notes", list)()
    sentences, limit = arguments
    # Nothing in this process can end an engine that hangs. The system can: by default this signal is the end.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limit)
    try:
        texts = engine.translate(sentences)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return texts, {s: engine.failed[s] for s in sentences if s in engine.failed}


def _write(answers: TextIO, kind: str, value: Any) -> None:
    answers.write(json.dumps([kind, value]) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
