"""One page that shows sentences with their entities highlighted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from xlner.component import option, options
from xlner.core.languages import bcp47
from xlner.core.types import Sentence
from xlner.data.formats.base import Format
from xlner.errors import UsageError

# Light backgrounds that dark text stays readable on, and that differ for most colour-blind readers.
_COLOURS = ("#bcd9f5", "#ffd8a8", "#c3e6cb", "#e5c8f0", "#fff3a3", "#f5c2c7", "#b8ece8", "#e2d3bd")


@dataclass(frozen=True)
class _Piece:
    text: str
    label: str = ""
    colour: int = 0
    tip: str = ""
    unknown: bool = False


class Html(Format):
    """Written, never read. One self-contained page: no script, no network, everything escaped."""

    name = "html"
    named_only = True
    extensions = (".html", ".htm")

    @options
    class Options:
        title: str = option("Named entities", "Heading of the page.")

    def write(self, sentences: Iterable[Sentence], out: TextIO) -> int:
        """A legend of types with counts, then one paragraph per sentence."""
        import jinja2

        shown = list(sentences)
        counts = Counter(span.label for s in shown for span in s.spans)
        order = {label: i for i, label in enumerate(sorted(counts))}
        template = Path(__file__).with_name("page.html.jinja").read_text(encoding="utf-8")
        page = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(template)
        out.writelines(
            page.generate(
                title=self.options.title,
                colours=[_colour(i) for i in range(len(order))],
                legend=[(label, i, counts[label]) for label, i in order.items()],
                unknown=any(s.missing for s in shown),
                sentences=({"lang": _language(s), "pieces": list(_pieces(s, order))} for s in shown),
                n_sentences=len(shown),
            )
        )
        return len(shown)


def _pieces(sentence: Sentence, order: dict[str, int]) -> Iterator[_Piece]:
    """The sentence's text cut at the edges of entities and of unknown words."""
    sentence = sentence.with_text()
    text, offsets = sentence.text or "", sentence.offsets or ()
    marked = [(s.start, s.end, s) for s in sentence.spans] + [(a, b, None) for a, b in sentence.missing]
    position = 0
    for first, after, span in sorted(marked, key=lambda m: m[0]):
        start, end = offsets[first][0], offsets[after - 1][1]
        if position < start:
            yield _Piece(text[position:start])
        if span is None:
            yield _Piece(text[start:end], tip="label unknown", unknown=True)
        else:
            tip = span.label if span.score is None else f"{span.label} {span.score:.3f}"
            yield _Piece(text[start:end], span.label, order[span.label], tip)
        position = end
    if position < len(text):
        yield _Piece(text[position:])


def _colour(i: int) -> str:
    if i < len(_COLOURS):
        return _COLOURS[i]
    return f"hsl({i * 137.5 % 360:.0f} 65% 82%)"  # the golden angle keeps neighbours apart


def _language(sentence: Sentence) -> str:
    if sentence.language is None:
        return ""
    try:
        return bcp47(sentence.language)
    except UsageError:
        return ""
