"""A report: one page that works offline, and a Markdown file with its figures."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlner.core.files import atomic
from xlner.study.figures import drawn
from xlner.study.findings import findings_of
from xlner.study.gaps import gaps
from xlner.study.plan import Plan
from xlner.study.record import Record
from xlner.study.rows import Finding
from xlner.study.runs import Run

_STYLE = """
body { font: 16px/1.55 system-ui, sans-serif; color: #222; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
.answer { background: #f3f7fa; border-left: 4px solid #31688e; padding: .6rem 1rem; }
figure { margin: 1rem 0; overflow-x: auto; } svg { max-width: 100%; height: auto; }
table { border-collapse: collapse; font-size: .85rem; margin: .8rem 0; display: block; overflow-x: auto; }
th, td { padding: .2rem .7rem; text-align: right; border-bottom: 1px solid #e6e6e6; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
small, .small { color: #666; font-size: .85rem; } code { background: #f4f4f4; padding: 0 .2rem; }
"""


@dataclass(frozen=True)
class Report:
    """What was written.

    Args:
        answer: sentences drawn from the numbers.
        findings: all blocks.
        files: the page, the Markdown file and its figures.
    """

    answer: Sequence[str]
    findings: Sequence[Finding]
    files: Sequence[Path]

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        blocks = [
            {
                "title": f.block.title,
                "sentences": list(f.sentences),
                "head": list(f.head),
                "rows": [list(r) for r in f.rows],
            }
            for f in self.findings
        ]
        return {"answer": list(self.answer), "blocks": blocks, "files": [str(f) for f in self.files]}


def write_report(plan: Plan, runs: Sequence[Run], records: Mapping[str, Record], folder: Path, again: str) -> Report:
    """Write NAME.html, NAME.md and NAME-*.svg.

    Args:
        plan: the question, its limits, and what is shown.
        runs: of the plan.
        records: id -> record of those that are done; nothing else is read.
        folder: where the files go.
        again: the command that makes the study.
    """
    findings = findings_of(plan, runs, records)
    answer = [f.sentences[0] for f in findings if f.block.answers and f.sentences][:2]
    limits = [*plan.limits, *gaps(runs, records)]
    figures = [drawn(f) for f in findings]
    notes = _notes(plan, runs, records, again)
    files = [folder / f"{plan.name}.html", folder / f"{plan.name}.md"]
    markdown = _markdown_head(plan.question, answer, limits)
    parts = []
    for number, (finding, figure) in enumerate(zip(findings, figures, strict=True), 1):
        picture = folder / f"{plan.name}-{number}.svg"
        if figure is not None:
            files.append(picture)
            with atomic(picture) as out:
                out.write(figure.replace("<svg", '<svg style="background: white"', 1) + "\n")
        markdown += _markdown_part(finding, picture.name if figure is not None else None)
        parts.append(_html_part(finding, figure))
    markdown += ["## How this was made", "", *(f"- {note}" for note in notes), ""]
    with atomic(files[1]) as out:
        out.write("\n".join(markdown))
    with atomic(files[0]) as out:
        out.write(_page(plan.question, answer, limits, parts, notes))
    return Report(answer, findings, files)


def _notes(plan: Plan, runs: Sequence[Run], records: Mapping[str, Record], again: str) -> list[str]:
    """Costs, versions and how to make it again."""
    unique = {run.id: run for run in runs}
    made = [records[id] for id in unique if id in records]
    hours = sum(r.seconds for r in made) / 3600
    steps = Counter(unique[r.id].step for r in made)
    told = [f"{len(made)} of {len(unique)} runs are done: " + ", ".join(f"{n} {s}" for s, n in steps.items()) + "."]
    peak = max((r.peak_mb for r in made), default=0)
    told.append(f"They took {hours:.1f} hours by the clock, one after the other, and at most {peak:,} MB.")
    for key, name in (
        ("xlner", "xlner"),
        ("python", "Python"),
        ("machine", "Processor"),
        ("cores", "Cores"),
        ("threads", "Threads"),
    ):
        values = sorted({str(r.made.get(key)) for r in made if r.made.get(key) is not None})
        if values:
            told.append(f"{name}: {', '.join(values)}.")
    inputs = sorted({(name, digest) for r in made for name, digest in r.sha256.items()})
    told += [f"{name}: SHA-256 {digest[:16]}…" for name, digest in inputs]
    told.append(f"Again{', with the data in FOLDER' if 'FOLDER' in again.split() else ''}: `{again}`")
    return told


def _markdown_head(question: str, answer: Sequence[str], limits: Sequence[str]) -> list[str]:
    lines = [f"# {question}", "", *(answer or ["No run that answers this is done."]), ""]
    if limits:
        lines += ["What these data do not show:", "", *(f"- {limit}" for limit in limits), ""]
    return lines


def _markdown_part(finding: Finding, picture: str | None) -> list[str]:
    lines = [f"## {finding.block.title}", "", *finding.sentences, ""]
    if picture is not None:
        lines += [f"![{finding.block.title}]({picture})", ""]
    lines += ["| " + " | ".join(finding.head) + " |", "|---" * len(finding.head) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in finding.rows]
    return [*lines, ""]


def _html_part(finding: Finding, figure: str | None) -> str:
    head = "".join(f"<th scope='col'>{html.escape(h)}</th>" for h in finding.head)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in row) + "</tr>" for row in finding.rows)
    told = "".join(f"<p>{html.escape(s)}</p>" for s in finding.sentences)
    title = html.escape(finding.block.title)
    image = f"<figure role='img' aria-label='{title}'>{figure}</figure>" if figure is not None else ""
    return f"<h2>{title}</h2>{told}{image}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _page(
    question: str, answer: Sequence[str], limits: Sequence[str], parts: Sequence[str], notes: Sequence[str]
) -> str:
    said = "".join(f"<p>{html.escape(s)}</p>" for s in answer) or "<p>No run that answers this is done.</p>"
    listed = "".join(f"<li>{html.escape(limit)}</li>" for limit in limits)
    missing = f"<h2>What these data do not show</h2><ul>{listed}</ul>" if limits else ""
    made = "".join(f"<li>{html.escape(note)}</li>" for note in notes)
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{html.escape(question)}</title>"
        f"<meta name='viewport' content='width=device-width'><style>{_STYLE}</style></head><body>"
        f"<h1>{html.escape(question)}</h1><div class='answer'>{said}</div>{missing}{''.join(parts)}"
        f"<h2>How this was made</h2><ul class='small'>{made}</ul></body></html>\n"
    )
