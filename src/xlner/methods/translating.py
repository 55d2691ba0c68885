"""Translations that a method makes itself: sentences through a translator, kept in the run's folder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from xlner.component import to_values
from xlner.core.files import atomic
from xlner.core.languages import bcp47
from xlner.core.progress import progress
from xlner.core.shared import shared_folder
from xlner.core.types import Sentence
from xlner.data import stream_text
from xlner.methods.projection_options import Named, name_and_options
from xlner.methods.task import Stream
from xlner.train.processes import main_first
from xlner.translate import TRANSLATORS, Translator
from xlner.translate.cache import Cache
from xlner.translate.lines import Tally, translate_lines


def make_translator(option: Named, source: str, target: str) -> Translator:
    """The translator of an option, told its languages.

    Args:
        option: name, or mapping of name and options.
        source: ISO 639-3 code.
        target: likewise.

    Raises:
        UsageError: there is none of that name, or it has no such pair; the message lists those that it has.
    """
    engine: Translator = TRANSLATORS.build(*name_and_options("translator", option))
    engine.languages(source, target)
    return engine


def translated(sentences: Stream, option: Named, source: str, target: str, file: Path) -> Stream:
    """The translations of some sentences, one for each; those without a good one are empty.

    Args:
        sentences: in the source language.
        option: names the translator.
        source: ISO 639-3 code.
        target: likewise.
        file: where the translations go, one per line; taken if it is there. Beside it stand the counts of faults, and
            while it is not finished a file of single translations, with which a killed run goes on.

    Raises:
        UsageError: as for `make_translator`.
        XlnerError: the translator does not work.
    """
    with main_first():
        if not file.is_file():
            _translate(sentences, option, source, target, file)
    return partial(stream_text, str(file), language=target, split_lines=False)


def _translate(sentences: Stream, option: Named, source: str, target: str, file: Path) -> None:
    """The file of `translated`."""
    engine = make_translator(option, source, target)
    total, tally, store = sum(1 for _ in sentences()), Tally(), file.with_suffix(".translations")
    engine.expect(total)
    with (
        translation_cache(engine, option, (source, target), store) as cache,
        atomic(file) as out,
        progress(f"translate to {bcp47(target)}", total=total) as bar,
    ):
        lines = translate_lines(
            _texts(sentences()), engine, cache, tally, language=source, advance=lambda n: bar.update(advance=n)
        )
        for line in lines:
            out.write(line + "\n")
        with atomic(file.with_suffix(".counts.json")) as counts:
            step = {"sentences": tally.lines, "seconds": round(cache.seconds(), 3)}  # of killed runs as well
            counts.write(json.dumps({**tally.as_dict(), "step": step}, indent=1, ensure_ascii=False) + "\n")
    store.unlink(missing_ok=True)


def translation_cache(engine: Translator, option: Named, languages: tuple[str, str], store: Path) -> Cache:
    """Single translations on disk, with which a killed run goes on; in memory if the translator answers by line.

    Args:
        engine: the translator.
        option: that named it.
        languages: ISO 639-3 codes, from and to.
        store: the file, unless runs share theirs; see `xlner.core.shared`.
    """
    work = str(store.absolute())
    if folder := shared_folder("translations"):
        store = folder / "translations.sqlite"
    name, _ = name_and_options("translator", option)
    owner = {
        "translator": name, "options": to_values(getattr(engine, "options", None), deciding=True),
        "version": engine.version(), "languages": list(languages),
    }  # fmt: skip
    return Cache(None if engine.in_order else store, owner, work=work)


def translation_note(name: str, file: Path) -> str:
    """One sentence about the counts of a translation, for people."""
    counts = json.loads(file.with_suffix(".counts.json").read_text("utf-8"))
    why = ", ".join(f"{n} {reason}" for reason, n in counts["reasons"].items())
    return f"{name}: {counts['translated']} of {counts['lines']} sentences translated" + (f" ({why})" if why else "")


def _texts(sentences: Iterable[Sentence]) -> Iterator[str]:
    """One line per sentence."""
    for s in sentences:
        yield " ".join((s.text if s.text is not None else " ".join(s.words)).split())
