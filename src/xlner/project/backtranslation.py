"""Back-translation: project within one language, or doubt what it does not confirm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from xlner.core.types import Sentence
from xlner.errors import UsageError
from xlner.project.fates import Fate, Reason
from xlner.project.markers import labelled
from xlner.project.result import Projected, ProjectionResult


def labelled_back(
    sources: Sequence[Sentence],
    marked: Sequence[str],
    targets: Sequence[Sentence],
    translations: Sequence[Sequence[str]] | None = None,
) -> list[Sentence]:
    """Marked back-translations as labelled sentences of the target language.

    A sentence T was translated to S, where entities were found; S with its entities marked was translated back to B. B
    stands in T's language, and its marks say where the entities are: project from B to T instead of from S to T, with
    any aligner and matcher. A marked string whose entity is not found keeps its words and has no label.

    Args:
        sources: S, labelled.
        marked: B, one per source, from `xlner.project.markers.marked_translations`.
        targets: T; only language and provenance are read.
        translations: the entities of each source translated alone.

    Returns:
        B without marks, labelled, one per source. A word whose entity was lost on the way is not known to be O, so a
        sentence that lost one is missing throughout, except for its spans.

    Raises:
        UsageError: the sequences differ in length.

    Reference: Politov et al., NoDaLiDa 2025, the "tgt2tgt" variant. Its results are worse than projecting from S in
        nearly every language.
    """
    if not len(sources) == len(marked) == len(targets):
        raise UsageError(f"{len(sources)} sources, {len(marked)} back-translations and {len(targets)} targets")
    out = []
    for index, (source, text, target) in enumerate(zip(sources, marked, targets, strict=True)):
        alone = None if translations is None else translations[index]
        sentence, fates = labelled(text, source, target, alone, strict=False)
        out.append(Projected.of(source, sentence, fates).sentence)
    return out


def confirmed(result: ProjectionResult, other: ProjectionResult) -> ProjectionResult:
    """Keep the spans that another projection of the same targets has too; all words of the others become missing.

    Args:
        result: the projection to filter.
        other: one that came another way, such as through back-translation. Its sentences have the same words.

    Returns:
        `result`, in which entities that `other` has not at the same place with the same type are lost as inconsistent.
        Words that only `other` calls a part of an entity are missing too: they may be one.

    Raises:
        UsageError: the two are not of the same targets.
    """
    if len(result) != len(other):
        raise UsageError(f"{len(result)} sentences cannot be confirmed by {len(other)}")
    items = []
    for number, (item, witness) in enumerate(zip(result, other, strict=True), 1):
        if item.sentence.words != witness.sentence.words:
            raise UsageError(f"sentence {number} has other words in the projection that should confirm it")
        keys = {s.key for s in witness.sentence.spans}
        fates = [doubt(f, keep=all(s.key in keys for s in f.spans), reason=Reason.INCONSISTENT) for f in item.fates]
        items.append(item.with_fates(fates, claims=witness.sentence.spans))
    return replace(result, items=tuple(items))


def doubt(fate: Fate, *, keep: bool, reason: Reason) -> Fate:
    """The fate as it is, or, if it is a projection not to be kept, lost for a reason; its words stay wanted."""
    if keep or not fate.spans:
        return fate
    wanted = (min(s.start for s in fate.spans), max(s.end for s in fate.spans))
    return replace(fate, reason=reason, spans=(), wanted=wanted)
