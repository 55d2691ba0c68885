"""A file, translated line by line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from xlner.component import to_values
from xlner.core.files import atomic
from xlner.core.languages import bcp47, iso3
from xlner.core.progress import progress
from xlner.data import check_output, stream_text
from xlner.errors import OptionError, UsageError
from xlner.translate import DEFAULT_TRANSLATOR, TRANSLATORS
from xlner.translate.cache import Cache
from xlner.translate.lines import Tally, translate_lines
from xlner.translate.translator import PairTranslator

_SHOWN = 5  # faulty lines in words; `as_dict` has all


@dataclass(frozen=True)
class TranslateReport:
    """What became of the lines.

    Args:
        source: language of the input, BCP-47.
        target: of the output.
        translator: name.
        tally: counts, and the lines without a good translation.
        output: the file.
        cache: the file that keeps the translations, if it was to stay.
        on_fault: what became of the lines without a good translation: "drop" or "keep".
        told: what the translator says of its work, beside faults.
    """

    source: str
    target: str
    translator: str
    tally: Tally
    output: str
    cache: str | None
    on_fault: str = "drop"
    told: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was mended, one line a kind, and what the translator says of its work."""
        mended = (f"{what} mended in {count} sentences" for what, count in self.tally.mended.items())
        same = self.tally.unchanged
        unchanged = (f"the translation is the line itself in {same} lines",) if same else ()
        return (*mended, *unchanged, *self.told)

    def describe(self) -> str:
        """Counts, the reasons of faults, and the first lines that have one."""
        tally = self.tally
        left = "left empty" if self.on_fault == "drop" else "doubtful"
        good = tally.lines - tally.empty - len(tally.faults)
        lines = [f"{tally.lines} lines: {good} translated, {tally.empty} empty, {len(tally.faults)} {left}"]
        lines += [f"  {reason}: {count}" for reason, count in tally.reasons().items()]
        for f in tally.faults[:_SHOWN]:
            lines.append(f"  line {f.line}, {f.reason}{f' ({f.why})' if f.why else ''}: {f.source}")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        told = {"from": self.source, "to": self.target, "translator": self.translator}
        return {**told, "output": self.output, "cache": self.cache, "notes": list(self.notes), **self.tally.as_dict()}


def translate(
    source_file: str | Path,
    output: str | Path,
    *,
    source: str,
    target: str,
    translator: str = DEFAULT_TRANSLATOR,
    options: Mapping[str, Any] | None = None,
    format: str | None = None,
    split: bool = True,
    max_words: int = 250,
    max_ratio: float = 4.0,
    on_fault: Literal["drop", "keep"] = "drop",
    cache: str | Path | None = None,
    resume: Literal["auto", "never"] = "auto",
) -> TranslateReport:
    """Translate a file: one line out for each line in, empty lines kept.

    A run that was killed goes on where it was: translations are kept beside the output until that is there.

    Args:
        source_file: text with a sentence or more a line, or any format that xlner reads, whose labels are ignored.
        output: file of translations; "-" is standard output.
        source: language of the input; BCP-47 or ISO 639.
        target: language to translate into.
        translator: name of a translator.
        options: of the translator.
        format: of the input; None finds it out.
        split: translate the sentences of a line one by one.
        max_words: longer sentences are divided.
        max_ratio: how many times as long as the other a sentence or its translation may be.
        on_fault: "drop" leaves lines empty whose translation is empty, loops, is far too long or short, or failed;
            "keep" writes what came. Both count them.
        cache: file that keeps the translations for good, for this input and others.
        resume: "never" forgets what a killed run left.

    Raises:
        UsageError: the translator has no such pair or option, or the output cannot be.
        DataError: the input cannot be read, or does not fit given translations.
        XlnerError: the translator does not work.
    """
    _check(max_words, max_ratio, on_fault, resume)
    engine = TRANSLATORS.build(translator, options)
    if engine.in_order and cache is not None:
        raise UsageError(f"`cache` has no effect with translator {translator}, whose translations are there")
    if str(output) != "-":
        others = [value for option in (options or {}).values() for value in _strings(option)]
        named = [str(f) for f in (source_file, cache) if f is not None and str(f) != "-"]
        check_output(output, inputs=[*named, *others])
    engine.languages(source, target)
    total = sum(1 for _ in _lines(source_file, source, format))
    engine.expect(total)
    owner = {
        "translator": translator, "options": to_values(engine.options, deciding=True), "version": engine.version(),
        "languages": [_language(source), _language(target)],
    }  # fmt: skip
    place = Path(cache) if cache is not None else _beside(output)
    if cache is None and place is not None and resume == "never":
        _forget(place)
    tally = Tally()
    with (
        Cache(None if engine.in_order else place, owner) as store,
        atomic(output) as out,
        progress(f"translating to {bcp47(target)}", total=total) as bar,
    ):
        lines = translate_lines(
            _lines(source_file, source, format), engine, store, tally, language=source, split=split,
            max_words=max_words, max_ratio=max_ratio, on_fault=on_fault, advance=lambda n: bar.update(advance=n),
        )  # fmt: skip
        for line in lines:
            out.write(line + "\n")
    if cache is None and place is not None:
        _forget(place)
    told = tuple(engine.notes()) if isinstance(engine, PairTranslator) else ()
    stays = None if cache is None else str(cache)
    return TranslateReport(bcp47(source), bcp47(target), translator, tally, str(output), stays, on_fault, told)


def _strings(value: Any) -> list[str]:
    """The strings of an option, which may be names of files."""
    if isinstance(value, Mapping):
        return [s for item in value.values() for s in _strings(item)]
    if isinstance(value, list | tuple):
        return [s for item in value for s in _strings(item)]
    return [str(value)] if isinstance(value, str | Path) else []


def _check(max_words: int, max_ratio: float, on_fault: str, resume: str) -> None:
    if max_words < 1:
        raise OptionError("max_words", f"must be at least 1, got '{max_words}'")
    if not max_ratio > 1:
        raise OptionError("max_ratio", f"must be above 1, got '{max_ratio}'")
    if on_fault not in ("drop", "keep"):
        raise OptionError("on_fault", f"must be one of drop, keep, got '{on_fault}'")
    if resume not in ("auto", "never"):
        raise OptionError("resume", f"must be one of auto, never, got '{resume}'")


def _lines(path: str | Path, language: str, format: str | None) -> Iterator[str]:
    """The lines of a text file, or the sentences of another one."""
    for sentence in stream_text(path, format=format, language=language, split_lines=False):
        yield sentence.text if sentence.text is not None else " ".join(sentence.words)


def _beside(output: str | Path) -> Path | None:
    """Where translations are kept until the output is there."""
    place = Path(output)
    if str(output) == "-" or (place.exists() and not place.is_file()):
        return None
    place = place.resolve()
    return place.with_name(f".{place.name[:150]}.translations")


def _forget(place: Path) -> None:
    for path in (place, place.with_name(place.name + "-journal")):
        path.unlink(missing_ok=True)


def _language(code: str) -> str:
    """ISO 639-3, with what the user said of script or country, on which a translation may depend."""
    _, mark, rest = code.replace("_", "-").partition("-")
    return iso3(code) + mark + rest.lower()
