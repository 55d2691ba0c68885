"""Several aligners as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from xlner.align.aligner import ALIGNERS, Aligner, Fits, InOrder
from xlner.align.alignment import Alignment
from xlner.align.windows import Pair
from xlner.errors import UsageError

How = Literal["union", "intersection", "vote", "prior"]


class CombinedAligner:
    """Links that enough aligners agree on.

    Args:
        members: aligners, or names of aligners, or mappings such as `{"name": "thot", "model": "ibm4"}`. None takes
            embedding and thot.
        how: "union" (anyone's links), "intersection" (everyone's), "vote", or "prior": links of the first member,
            whose confidence counts, and each other member that has the link too adds `bonus`.
        votes: for "vote": how many members must have a link; None takes more than half.
        bonus: for "prior", see there.
        threshold: for "prior": least confidence with bonus. The first member should give links of less confidence
            than that; as None makes it, it does.

    Raises:
        UsageError: fewer than two members, no such way to combine, or more votes than members.
    """

    def __init__(
        self,
        members: Sequence[Aligner | str | Mapping[str, Any]] | None = None,
        *,
        how: How = "prior",
        votes: int | None = None,
        bonus: float = 0.2,
        threshold: float = 0.5,
    ) -> None:
        if members is None:
            members = [{"name": "embedding", "threshold": 0.2} if how == "prior" else "embedding", "thot"]
        if len(members) < 2:
            raise UsageError(f"a combination needs at least two aligners, got {len(members)}")
        wanted = {"union": 1, "intersection": len(members), "vote": votes or len(members) // 2 + 1}
        wanted["prior"] = 1
        if how not in wanted:
            raise UsageError(f"how is one of {', '.join(wanted)}; got '{how}'")
        if not 1 <= wanted[how] <= len(members):
            raise UsageError(f"{len(members)} aligners cannot give {votes} votes")
        self.how, self.needed, self.bonus, self.threshold = how, wanted[how], bonus, threshold
        self.members: list[Aligner] = [_made(member) for member in members]

    def fit(self, bitext: Sequence[Pair]) -> CombinedAligner:
        """Fit the members that can be fitted."""
        for member in self.members:
            if isinstance(member, Fits):
                member.fit(bitext)
        return self

    def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
        """One alignment per pair.

        Returns:
            Alignments whose scores are means over the members: a member without the link counts 0, one without
            scores 1. For "prior", the confidence with bonus, at most 1.
        """
        made = [member.align(pairs) for member in self.members]
        if self.how == "prior":
            each = zip(*made, strict=True)
            return [backed(first, others, self.bonus, self.threshold) for first, *others in each]
        return [merge(of_one_pair, self.needed) for of_one_pair in zip(*made, strict=True)]

    def check(self, pairs: Sequence[Pair]) -> None:
        """Let members that answer by position refuse the pairs.

        Raises:
            DataError: one of them does.
        """
        for member in self._in_order():
            member.check(pairs)

    def skip(self, count: int) -> None:
        """Move members that answer by position on past `count` pairs."""
        for member in self._in_order():
            member.skip(count)

    def digest(self) -> str:
        """What tells the answers of members that answer by position from others."""
        return " ".join(member.digest() for member in self._in_order())

    def _in_order(self) -> list[InOrder]:
        return [member for member in self.members if isinstance(member, InOrder)]


def merge(alignments: Sequence[Alignment], needed: int) -> Alignment:
    """Links that at least `needed` of several alignments of one pair have, with the mean of their scores."""
    pairs = np.concatenate([a.pairs for a in alignments])
    scores = np.concatenate([np.ones(len(a), np.float32) if a.scores is None else a.scores for a in alignments])
    links, member, count = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
    sums = np.bincount(member.reshape(-1), weights=scores, minlength=len(links))
    keep = count >= needed
    return Alignment(links[keep], (sums[keep] / len(alignments)).astype(np.float32))


def backed(prior: Alignment, others: Sequence[Alignment], bonus: float, threshold: float) -> Alignment:
    """Links of one alignment whose confidence, with a bonus for each other one that has the link, passes a bar."""
    scores = np.ones(len(prior), np.float32) if prior.scores is None else prior.scores.copy()
    for other in others:
        theirs = set(other.links())
        scores += np.array([bonus * (link in theirs) for link in prior.links()], np.float32)
    keep = scores > threshold
    return Alignment(prior.pairs[keep], np.minimum(scores[keep], 1.0))


def _made(member: Aligner | str | Mapping[str, Any]) -> Aligner:
    if isinstance(member, str):
        member = {"name": member}
    if isinstance(member, Mapping):
        options = dict(member)
        made: Aligner = ALIGNERS.load(str(options.pop("name", "")))(**options)
        return made
    return member
