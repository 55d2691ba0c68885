"""A page that shows what was projected where, along which links, and why an entity was lost."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from html import escape

import numpy as np

from xlner.core.types import Sentence, Span
from xlner.project.fates import Fate
from xlner.project.result import Projected, ProjectionResult

_COLOURS = ("#2563eb", "#059669", "#d97706", "#7c3aed", "#db2777", "#0891b2", "#65a30d", "#b45309")
_CHAR, _GAP, _ROW, _TOP, _BOTTOM = 8.4, 10.0, 24, 26, 130
_LOST = "#dc2626"
END = "</body></html>\n"
_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1f2937}
section{border-top:1px solid #e5e7eb;padding:.6rem 0}figure{margin:0;overflow-x:auto}
svg text{font:14px ui-monospace,Menlo,Consolas,monospace;fill:#111827}svg text.tag{font-size:10px}
.lost{color:#b91c1c}ul{margin:.3rem 0}h2{font-size:.85rem;color:#6b7280;margin:0}
table{border-collapse:collapse}td{padding:.1rem .8rem .1rem 0}#only:checked~section.whole{display:none}
"""


def html_page(result: ProjectionResult, *, title: str = "Label projection", limit: int = 500) -> Iterator[str]:
    """The page in pieces, to be written one after the other.

    Every sentence is an inline SVG: source above, target below, each in its own direction, a colour per entity, its
    links in that colour, other links grey; a link is the fainter and thinner the lower its score. A lost entity and
    the range that it wanted are outlined in red; words with unknown labels are hatched.

    Args:
        result: the projection.
        title: heading.
        limit: how many sentences with entities to show; those with a loss come first in the choice, all are shown in
            order. How many are not shown, and why, is said.
    """
    shown = _shown(result.items, limit)
    bare = sum(not item.fates for item in result.items)
    hidden = len(result) - bare - len(shown)
    notes = [f"{bare} without entities are not shown"] * bool(bare)
    notes += [f"{hidden} more are left out, as the page has room for {limit}"] * bool(hidden)
    rows = "".join(f"<tr><td>{escape(reason)}<td>{count}" for reason, count in result.counts.items())
    yield head(title) + (
        f"<p>{len(shown)} of {len(result)} sentences"
        f"{''.join(f'; {note}' for note in notes)}. A link is the fainter the less sure it is. A red outline is a lost "
        "entity or the range it wanted; hatched words have unknown labels and are masked in training.</p>"
        f"<table>{rows}</table><input type='checkbox' id='only'><label for='only'> only sentences with a loss</label>"
    )
    for index in shown:
        yield section(f"{index + 1}", result.items[index])
    yield END


def head(title: str, style: str = "") -> str:
    """The start of a page, up to its heading.

    Args:
        title: the heading.
        style: more rules than those of all pages.
    """
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        f"<title>{escape(title)}</title><style>{_STYLE}{style}</style></head><body><h1>{escape(title)}</h1>"
    )


def _shown(items: Sequence[Projected], limit: int) -> list[int]:
    busy = [i for i, item in enumerate(items) if item.fates]
    return sorted(sorted(busy, key=lambda i: (not _has_loss(items[i]), i))[:limit])


def _has_loss(item: Projected) -> bool:
    return any(not f.spans for f in item.fates)


def section(heading: str, item: Projected) -> str:
    """One sentence: its picture, and what became of each entity.

    Args:
        heading: above it.
        item: the projection.
    """
    lines = "".join(
        f"<li dir='auto'{'' if f.spans else ' class=lost'}>{escape(f.explain(item.source, item.sentence))}{_score(f)}"
        for f in item.fates
    )
    kind = "" if _has_loss(item) else " class='whole'"
    return f"<section{kind}><h2>{escape(heading)}</h2><figure>{_svg(item)}</figure><ul>{lines}</ul></section>\n"


def _score(fate: Fate) -> str:
    return "" if fate.score is None else f" <small>(score {fate.score:.2f})</small>"


def _svg(item: Projected) -> str:
    above, below = _places(item.source.words), _places(item.sentence.words)
    width = max((x + w for x, w in (*above, *below)), default=0) + 10
    above, below = (
        [(width - x - w, w) for x, w in places] if _goes_left(words) else places
        for places, words in ((above, item.source.words), (below, item.sentence.words))
    )
    colour_of = {word: _COLOURS[i % len(_COLOURS)] for i, f in enumerate(item.fates) for word in _words(f.entity)}
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width:.0f}' height='{_BOTTOM + 44}' role='img'>"
        "<defs><pattern id='unknown' width='6' height='6' patternUnits='userSpaceOnUse' patternTransform='rotate(45)'>"
        "<rect width='2' height='6' fill='#d1d5db'/></pattern></defs>"
    ]
    for places, sentence, top in ((above, item.source, _TOP), (below, item.sentence, _BOTTOM)):
        parts += [_box(places, start, end, top, "fill='url(#unknown)'") for start, end in sentence.missing]
    for index, fate in enumerate(item.fates):
        colour = _COLOURS[index % len(_COLOURS)]
        look = f"fill='{colour}' fill-opacity='.18'" if fate.spans else _outline()
        parts.append(_box(above, fate.entity.start, fate.entity.end, _TOP, look))
        parts.append(_tag(above, fate.entity.start, _TOP - 8, fate.entity.label))
        for span in fate.spans:
            parts.append(_box(below, span.start, span.end, _BOTTOM, f"fill='{colour}' fill-opacity='.18'"))
            parts.append(_tag(below, span.start, _BOTTOM + _ROW + 12, span.label))
        if not fate.spans and fate.wanted is not None:
            parts.append(_box(below, *fate.wanted, _BOTTOM, _outline()))
    if item.alignment is not None:
        scores = item.alignment.scores
        sure = np.ones(len(item.alignment)) if scores is None else np.clip(scores, 0.0, 1.0)
        for (i, j), score in zip(item.alignment.links(), sure.tolist(), strict=True):
            stroke, thick = (colour_of[i], 1.6) if i in colour_of else ("#d1d5db", 1.0)
            look = f"stroke='{stroke}' stroke-width='{thick * (0.4 + 0.6 * score):.2f}'"
            look += "" if score == 1 else f" stroke-opacity='{0.15 + 0.85 * score:.2f}'"
            a, b = (place[0] + place[1] / 2 for place in (above[i], below[j]))
            parts.append(f"<line x1='{a:.1f}' y1='{_TOP + _ROW}' x2='{b:.1f}' y2='{_BOTTOM}' {look}/>")
    parts += _texts(item.source, above, _TOP)
    parts += _texts(item.sentence, below, _BOTTOM)
    return "".join([*parts, "</svg>"])


def _outline() -> str:
    return f"fill='none' stroke='{_LOST}' stroke-dasharray='4 2'"


def _words(entity: Span) -> range:
    return range(entity.start, entity.end)


def _places(words: Sequence[str]) -> list[tuple[float, float]]:
    """Left edge and width of each word, in a font whose letters are equally wide and ideographs two letters."""
    places, x = [], 6.0
    for word in words:
        width = _CHAR * sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in word)
        places.append((x, width))
        x += width + _GAP
    return places


def _goes_left(words: Sequence[str]) -> bool:
    """Whether most letters are of a script that is written from right to left."""
    kinds = [unicodedata.bidirectional(c) for word in words for c in word]
    return sum(k in ("R", "AL") for k in kinds) > sum(k == "L" for k in kinds)


def _box(places: Sequence[tuple[float, float]], start: int, end: int, top: int, look: str) -> str:
    left = min(x for x, _ in places[start:end]) - 3
    right = max(x + w for x, w in places[start:end]) + 3
    return f"<rect x='{left:.1f}' y='{top}' width='{right - left:.1f}' height='{_ROW}' rx='4' {look}/>"


def _tag(places: Sequence[tuple[float, float]], word: int, y: int, label: str) -> str:
    return f"<text class='tag' x='{places[word][0]:.1f}' y='{y}'>{escape(label)}</text>"


def _texts(sentence: Sentence, places: Sequence[tuple[float, float]], top: int) -> list[str]:
    direction = "rtl" if _goes_left(sentence.words) else "ltr"
    return [
        f"<text x='{x + w / 2:.1f}' y='{top + 17}' text-anchor='middle' direction='{direction}'>{escape(word)}</text>"
        for word, (x, w) in zip(sentence.words, places, strict=True)
    ]
