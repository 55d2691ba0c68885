"""What the runs of a study lack, which a reader of its report should know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from xlner.study.record import Record
from xlner.study.rows import plural, rows_of
from xlner.study.runs import Run


def gaps(runs: Sequence[Run], records: Mapping[str, Record]) -> list[str]:
    """Sentences about gold texts without entities, texts shorter than asked for, and values that are absent.

    Args:
        runs: of the plan.
        records: id -> record of those that are done.
    """
    made = [(run, records[run.id]) for run in {run.id: run for run in runs if run.id in records}.values()]
    return [*_empty([run for run, _ in made], records), *_short(made), *_absent(made)]


def _empty(runs: Sequence[Run], records: Mapping[str, Record]) -> Iterator[str]:
    scored = rows_of(runs, records)
    if empty := sum(not row.scores.micro.gold for row in scored):
        of = f"{empty} of {len(scored)} scored {plural('run', len(scored))}"
        yield f"The gold text of {of} has no entity: F1 is 0 there whatever a model does."


def _short(made: Sequence[tuple[Run, Record]]) -> Iterator[str]:
    found = {}
    for run, record in made:
        for text in run.texts:
            if text.name in record.short:
                unit = "lines" if text.lines else "words"
                found[text.name] = f"{text.source} ({record.short[text.name]:,} of {text.count:,} {unit})"
    if found:
        yield f"Some texts are shorter than the plan asks for, and were taken whole: {', '.join(found.values())}."


def _absent(made: Sequence[tuple[Run, Record]]) -> Iterator[str]:
    of_all = [(name, name in record.values) for run, record in made for name in run.values]
    for name in dict.fromkeys(name for name, _ in of_all):
        there = [known for other, known in of_all if other == name]
        if absent := there.count(False):
            yield f"{absent} of {len(there)} {plural('run', len(there))} could give no value of '{name}'."
