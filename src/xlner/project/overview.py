"""A page that says what a run lost where: in translation, between pairs and entities, and why, with examples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from xlner.project.examples import from_values
from xlner.project.fates import Reason
from xlner.project.page import END, head, section

_STYLE = """
th{text-align:left;font-weight:600;padding:.1rem .8rem .1rem 0;vertical-align:bottom}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}tbody tr{border-top:1px solid #e5e7eb}
td{vertical-align:top}tr.all{font-weight:600}small{color:#6b7280;font-weight:400}
.bar{display:block;height:.7rem;margin-top:.35rem;min-width:1px;border-radius:2px;background:#2563eb}
.bar.lost{background:#dc2626}
table{margin:.4rem 0 1rem}table.bars td:first-child{width:13rem}table.bars td.n{width:4rem}td.wide{width:18rem}
div.scroll{overflow-x:auto}h1+p{margin-top:0}h3{font-size:1rem;margin:1.2rem 0 .2rem}
main h2{font-size:1.2rem;color:inherit;margin:2rem 0 .3rem}section h2{font-size:.85rem;color:#6b7280;margin:0}
"""
_EXAMPLES = 5  # of each reason


@dataclass(frozen=True, kw_only=True)
class LossesOfSet:
    """What became of one set of sentence pairs.

    Args:
        name: of the set.
        counts: of pairs, sentences, words and entities, as a set's index.json has them.
        examples: of each file, reason -> plain values; those of entities as `xlner.project.examples` makes them, those
            of empty sides with the number of the "pair" and its "text".
    """

    name: str
    counts: Mapping[str, Any]
    examples: Iterable[Mapping[str, Sequence[Mapping[str, Any]]]] = ()


@dataclass(frozen=True, kw_only=True)
class LossesOfText:
    """What became of one text in translation.

    Args:
        name: of the text.
        counts: of lines, and the list of faults, as a translation's counts.json has them.
    """

    name: str
    counts: Mapping[str, Any] = field(default_factory=dict)


def overview_page(
    texts: Sequence[LossesOfText], sets: Sequence[LossesOfSet], *, title: str = "What was lost where"
) -> Iterator[str]:
    """The page in pieces, to be written one after the other. One set is in memory at a time.

    Args:
        texts: that were translated.
        sets: that were projected.
        title: heading.
    """
    yield head(title, _STYLE) + "<main>"
    yield (
        "<p>Nothing that is lost is taught as “no entity”: sentences are left out, and words that may be a lost entity "
        "are unknown to the training. In pictures the source is above and the target below; a red outline is a lost "
        "entity or the range that it wanted, hatched words are unknown, and a link is the fainter the less sure it is."
        "</p>"
    )
    for text in texts:
        yield from _text(text)
    for projected in sets:
        yield from _set(projected)
    yield "</main>" + END


def _text(text: LossesOfText) -> Iterator[str]:
    c = text.counts
    reasons = c.get("reasons", {})
    rows = [
        ("lines", c["lines"], False),
        ("empty in the input", c["empty"], True),
        ("translated", c["translated"], False),
    ]
    rows += [(f"left empty: {reason}", n, True) for reason, n in reasons.items()]
    yield f"<h2>Translation of {escape(text.name)}</h2>" + _bars(rows, c["lines"])
    if mended := c.get("mended"):
        yield f"<p>Put right: {escape(', '.join(f'{what} in {n:,}' for what, n in mended.items()))}.</p>"
    if unchanged := c.get("unchanged"):
        yield f"<p>{unchanged:,} lines came back as they were.</p>"
    for reason, number in reasons.items():
        some = [f for f in c.get("faults", ()) if f["reason"] == reason][:_EXAMPLES]
        lines = "".join(
            f"<tr><td class='n'>{f['line']}<td dir='auto'>{escape(f['source'])}"
            f"<td dir='auto'>{escape(f['translation'] or f['why'])}"
            for f in some
        )
        top = "<th class='n'>line<th>source<th>what came, or why nothing did"
        yield f"<h3>{escape(reason)}{_shown(len(some), number)}</h3>{_table(top, lines)}"


def _set(projected: LossesOfSet) -> Iterator[str]:
    c, examples = projected.counts, _chosen(projected.examples)
    filled = c["pairs"] - c["with_an_empty_side"]
    yield f"<h2>Projection of {escape(projected.name)}</h2>"
    yield _bars(
        [
            ("sentence pairs", c["pairs"], False),
            ("a side is empty", c["with_an_empty_side"], True),
            ("every word is unknown", filled - c["kept"], True),
            ("to learn from", c["kept"], False),
            ("of these without entities", c["without_entities"], False),
        ],
        c["pairs"],
    )
    yield _bars(
        [("words to learn from", c["words"], False), ("of these unknown", c["missing_words"], True)], c["words"]
    )
    if unsure := c.get("source_missing_words"):
        every = c["source_words"]
        yield _bars([("words of the source side", every, False), ("of these unknown", unsure, True)], every)
    yield _types(c)
    for reason, some in examples.items():
        if "text" in some[0]:
            lines = "".join(f"<tr><td class='n'>{e['pair']}<td dir='auto'>{escape(e['text'])}" for e in some)
            table = _table("<th class='n'>pair<th>the other side", lines)
            yield f"<h3>{escape(reason)} <small>{len(some)} shown</small></h3>{table}"
            continue
        yield f"<h3>{escape(reason)}{_shown(len(some), c['fates'].get(reason, 0))}</h3>"
        for values in some:
            number, item = from_values(values)
            yield section(f"pair {number:,}", item)


def _types(counts: Mapping[str, Any]) -> str:
    """Entities: a row for each type, a column for each fate."""
    by_type: Mapping[str, Mapping[str, int]] = counts.get("fates_of_types") or {}
    if not counts["entities"]:
        return "<p>There are no entities on the source side.</p>"
    fates = [str(r) for r in Reason if counts["fates"].get(str(r))]
    top = "".join(f"<th class='n'>{escape(f)}" for f in fates)
    rows = "".join(
        f"<tr{look}><td>{escape(label)}<td class='n'>{sum(of.values()):,}"
        + "".join(f"<td class='n'>{_share(of.get(f, 0), sum(of.values()))}" for f in fates)
        for label, of, look in [
            *((t, by_type[t], "") for t in sorted(by_type)),
            ("all", counts["fates"], " class='all'"),
        ]
    )
    return _table(f"<th>entities<th class='n'>source side{top}", rows)


def _table(top: str, rows: str) -> str:
    return f"<div class='scroll'><table><thead><tr>{top}</thead><tbody>{rows}</tbody></table></div>"


def _chosen(files: Iterable[Mapping[str, Sequence[Mapping[str, Any]]]]) -> dict[str, list[Mapping[str, Any]]]:
    """The first examples of each reason, over all files."""
    out: dict[str, list[Mapping[str, Any]]] = {}
    for file in files:
        for reason, some in file.items():
            out.setdefault(reason, []).extend(some[: _EXAMPLES - len(out.get(reason, ()))])
    return {reason: some for reason, some in out.items() if some}


def _bars(rows: Iterable[tuple[str, int, bool]], whole: int) -> str:
    """Numbers with a bar each: what, how many, and whether they are lost. Losses of nothing are left out."""
    lines = "".join(
        f"<tr><td>{escape(what)}<td class='n'>{n:,}<td class='n'>{_percent(n, whole)}"
        f"<td class='wide'><span class='bar{' lost' * lost}' style='width:{100 * n / max(whole, 1):.1f}%'></span>"
        for what, n, lost in rows
        if n or not lost
    )
    return f"<table class='bars'><tbody>{lines}</tbody></table>"


def _percent(n: int, whole: int) -> str:
    return f"{100 * n / whole:.1f}%" if whole else ""


def _share(n: int, whole: int) -> str:
    return f"{n:,} <small>{_percent(n, whole)}</small>" if n else "0"


def _shown(shown: int, number: int) -> str:
    return f" <small>{number:,}; {shown} shown</small>"
