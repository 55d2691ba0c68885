"""`xlner compare` as a function: paired tests between systems, over all entities, within groups, and by sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from xlner.api.apply import is_model, left_out, one_sided, read_predictions
from xlner.core.types import Sentence
from xlner.data import load
from xlner.errors import OptionError, UsageError
from xlner.evaluate import Comparison, compare_all, describe_comparisons, score
from xlner.evaluate.groups import Difference, Grouping, by_length, by_seen, by_type, compare_groups, most_different
from xlner.evaluate.tables import describe_groups
from xlner.tagger import Tagger


class Comparisons(dict[tuple[str, str], Comparison]):
    """Comparisons of pairs of systems over all entities, by the names of the two; and what lies behind them.

    Attributes:
        groups: (system a, system b, grouping, group) to the comparison within that group of entities.
        sentences: pair to the sentences with the largest differences.
        notes: what reading left out.
    """

    groups: dict[tuple[str, str, str, str], Comparison]
    sentences: dict[tuple[str, str], list[Difference]]
    notes: list[str]

    def as_dict(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {
            "comparisons": [{"run_a": a, "run_b": b, **c.as_dict()} for (a, b), c in self.items()],
            "groups": [
                {"run_a": a, "run_b": b, "by": by, "group": group, **c.as_dict()}
                for (a, b, by, group), c in self.groups.items()
            ],
            "sentences": [
                {"run_a": a, "run_b": b, **d.as_dict()} for (a, b), rows in self.sentences.items() for d in rows
            ],
            "notes": list(self.notes),
        }

    def describe(self) -> str:
        """Tables of all comparisons, and the sentences."""
        parts = [describe_comparisons(self), describe_groups(self.groups)]
        for (a, b), rows in self.sentences.items():
            if rows:
                parts.append(
                    "\n".join([f"where {a} and {b} differ most:", *(line for d in rows for line in _lines(d))])
                )
        return "\n\n".join(parts)


def _lines(d: Difference) -> list[str]:
    said = (f"    {name}: {', '.join(spans) or 'none'}" for name, spans in (("gold", d.gold), ("a", d.a), ("b", d.b)))
    return [f"  {d.where or f'sentence {d.sentence + 1}'} ({d.errors_a} and {d.errors_b} errors): {d.text}", *said]


def compare(
    runs: Sequence[str | Path],
    gold: str | Path,
    *,
    seen: str | Path | None = None,
    sentences: int = 5,
    mapping: Mapping[str, str] | None = None,
    device: str | None = None,
    token_column: int | None = None,
    tag_column: int | None = None,
    on_remark: Callable[[str], None] | None = None,
) -> Comparisons:
    """Paired significance tests between systems on the same gold data, corrected for their number (Holm).

    Besides all entities together: by type, by number of words, and by whether the entity was seen in training.

    Args:
        runs: run folders, models or prediction files; two or more.
        gold: labelled file.
        seen: labelled file that the systems were trained on; entities whose words stand in it as an entity are "seen".
        sentences: of each pair, how many of the sentences that differ most are kept.
        mapping: type renames, applied to all sides.
        device: torch device name.
        token_column: column of the word in files with columns, as in `evaluate`.
        tag_column: column of the tag, likewise.
        on_remark: told what reading left out.

    Raises:
        UsageError: fewer than two runs.
        DataError: sentences or words of the sides differ.
    """
    if len(runs) < 2:
        raise UsageError("compare needs two or more runs")
    if sentences < 0:
        raise OptionError("sentences", f"must be 0 or more, got {sentences}")
    columns: dict[str, Any] = {"token_column": token_column, "tag_column": tag_column}
    truth = load(gold, mapping=mapping, **columns)
    notes = list(left_out(truth))
    groupings: dict[str, Grouping] = {"type": by_type, "length": by_length}
    if seen is not None:
        groupings["seen"] = by_seen(load(seen, mapping=mapping, **columns).sentences)

    def predictions(run: str | Path) -> list[Sentence]:
        if is_model(run):
            predicted = list(Tagger.load(run, mapping=mapping, device=device).predict(truth.sentences))
        else:
            strict, _, remarks = read_predictions(run, truth, mapping, columns)
            predicted = strict.sentences
            notes.extend(remarks)
        notes.extend(one_sided(run, truth.sentences, predicted))
        return predicted

    systems = {str(run): predictions(run) for run in runs}
    found = Comparisons(compare_all({name: [score(truth.sentences, p)] for name, p in systems.items()}))
    found.groups = compare_groups(truth.sentences, systems, groupings)
    found.sentences = {
        (a, b): most_different(truth.sentences, systems[a], systems[b], number=sentences)
        for a, b in combinations(systems, 2)
    }
    found.notes = notes
    for note in notes if on_remark else ():
        on_remark(note)  # type: ignore[misc]
    return found
