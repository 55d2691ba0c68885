"""Several aligners as one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from xlner.align.aligner import ALIGNERS, Aligner, Fits, InOrder, Saves
from xlner.align.alignment import Alignment
from xlner.align.make import check_options, make_aligner
from xlner.align.saved import read_settings, writing
from xlner.align.windows import Pair
from xlner.errors import ModelError, UsageError

How = Literal["union", "intersection", "vote", "prior", "mixed"]
Member = Aligner | str | Mapping[str, Any]


class CombinedAligner:
    """Links that enough aligners agree on.

    Args:
        members: aligners, or names of aligners, or mappings such as `{"name": "thot", "model": "ibm4"}`. None takes
            embedding and thot, and for "mixed" layers and thot's fast_align.
        how: "union" (anyone's links), "intersection" (everyone's), "vote", "prior": links of the first member,
            whose confidence counts, and each other member that has the link too adds `bonus`; or "mixed": anyone's
            links, with the confidence of the first member, of which the others have a share.
        votes: for "vote": how many members must have a link; None takes more than half.
        bonus: for "prior", see there; None takes 0.2.
        threshold: for "prior": least confidence with bonus; None takes 0.5. The first member should give links of less
            confidence than that; as None makes it, it does.
        share: for "mixed": the part of a link's score that the other members have together; None takes 0.2.

    Raises:
        UsageError: fewer than two members, one that cannot be, no such way to combine, more votes than members, or an
            option of another way to combine.
    """

    def __init__(
        self,
        members: Sequence[Member] | None = None,
        *,
        how: How = "prior",
        votes: int | None = None,
        bonus: float | None = None,
        threshold: float | None = None,
        share: float | None = None,
    ) -> None:
        if how not in get_args(How):
            raise UsageError(f"how is one of {', '.join(get_args(How))}; got '{how}'")
        for name, value, of in (
            ("votes", votes, "vote"), ("bonus", bonus, "prior"), ("threshold", threshold, "prior"),
            ("share", share, "mixed"),
        ):  # fmt: skip
            if value is not None and how != of:
                raise UsageError(f"{name} is for how={of}; with how={how} it changes nothing")
        self.specs = specs = member_specs(members, how)
        needed = {"intersection": len(specs), "vote": len(specs) // 2 + 1 if votes is None else votes}.get(how, 1)
        if not 1 <= needed <= len(specs):
            raise UsageError(f"{len(specs)} aligners cannot give {votes} votes")
        self.bonus, self.threshold = 0.2 if bonus is None else bonus, 0.5 if threshold is None else threshold
        if not (0 <= self.bonus < float("inf") and 0 <= self.threshold < 1):
            raise UsageError(
                f"bonus is at least 0, --threshold at least 0 and below 1; got {self.bonus} and {self.threshold}"
            )
        self.share = 0.2 if share is None else share
        if not 0 <= self.share <= 1:
            raise UsageError(f"share is from 0 to 1, got {self.share}")
        self.how, self.needed = how, needed
        self.members: list[Aligner] = [_made(spec) for spec in specs]

    @property
    def tokenizer(self) -> Any:
        """Of the first member that reads an encoder; None if none does."""
        return next((t for m in self.members if (t := getattr(m, "tokenizer", None)) is not None), None)

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
            scores 1. For "prior", the confidence with bonus, at most 1. For "mixed", that of the first less `share`,
            plus `share` times the part of the others that have the link.
        """
        each = zip(*[member.align(pairs) for member in self.members], strict=True)
        if self.how == "prior":
            return [backed(first, others, self.bonus, self.threshold) for first, *others in each]
        if self.how == "mixed":
            return [mixed(first, others, self.share) for first, *others in each]
        return [merge(of_one_pair, self.needed) for of_one_pair in each]

    def save(self, folder: str | Path) -> Path:
        """Write settings, and the members that learn into folders of their own; others are made anew when loaded.

        Paths among the options of members stay as they are, relative to where xlner is run.

        Raises:
            ModelError: a member has not been fitted.
            UsageError: a member cannot be saved, see `check_members`, or the folder holds something else.
        """
        check_members(self.specs, saves=True)
        own = {"bonus": self.bonus, "threshold": self.threshold} if self.how == "prior" else {}
        own |= {"votes": self.needed} if self.how == "vote" else {}
        own |= {"share": self.share} if self.how == "mixed" else {}
        members = json.loads(_as_json(self.specs))
        with writing(folder, {"aligner": "combined", "members": members, "how": self.how, **own}) as partial:
            for number, member in enumerate(self.members, 1):
                if isinstance(member, Saves):
                    member.save(partial / f"member-{number}")
        return Path(folder)

    @classmethod
    def load(cls, folder: str | Path) -> CombinedAligner:
        """A combination that `save` wrote.

        Raises:
            ModelError: the folder holds none, or a part of one.
            UsageError: it holds another aligner.
        """
        settings = read_settings(folder, "combined")
        try:
            specs = member_specs(settings.pop("members", None))
        except UsageError as error:
            raise ModelError(f"{folder} holds no saved aligner ({error})") from None
        members: list[Aligner] = []
        for number, spec in enumerate(specs, 1):
            kind = _kind(spec)
            members.append(kind.load(Path(folder) / f"member-{number}") if _can(kind, Saves) else _made(spec))
        made = cls(members, **settings)
        made.specs = specs
        return made

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


def mixed(soft: Alignment, others: Sequence[Alignment], share: float) -> Alignment:
    """Links of all, scored by the first less `share`, plus `share` for those that all others have."""
    scores = np.ones(len(soft), np.float32) if soft.scores is None else soft.scores
    parts = [(1 - share) * scores, *(np.full(len(a), share / len(others), np.float32) for a in others)]
    links, member = np.unique(np.concatenate([soft.pairs, *(a.pairs for a in others)]), axis=0, return_inverse=True)
    sums = np.bincount(member.reshape(-1), weights=np.concatenate(parts), minlength=len(links)).astype(np.float32)
    keep = sums > 0
    return Alignment(links[keep], sums[keep])


def from_files(aligner: object, options: Mapping[str, Any]) -> bool:
    """Whether an aligner, or a member of a combination, gives the lines of a file; such count words at spaces."""
    if aligner == "combined":
        check_options("combined", options)
        specs = member_specs(options.get("members"), options.get("how", "prior"))
        return any(from_files(s.pop("name"), s) if isinstance(s, dict) else from_files(s, {}) for s in specs)
    return aligner == "files" or (isinstance(aligner, InOrder) and bool(aligner.digest()))


def member_specs(members: Sequence[Member] | None, how: str = "prior") -> list[Aligner | dict[str, Any]]:
    """Members as aligners, or as mappings with a name and options; nothing is loaded.

    Raises:
        UsageError: fewer than two, or one that cannot be.
    """
    if members is None:
        prior: Member = {"name": "embedding", "threshold": 0.2}
        of: dict[str, Sequence[Member]] = {
            "prior": [prior, "thot"],
            "mixed": ["layers", {"name": "thot", "model": "fast_align"}],
        }
        members = of.get(how, ["embedding", "thot"])
    if len(members) < 2:
        raise UsageError(f"a combination needs at least two aligners, got {len(members)}")
    return [_spec(member, number) for number, member in enumerate(members, 1)]


def _spec(member: Member, number: int) -> Aligner | dict[str, Any]:
    if not isinstance(member, (str, Mapping)) and isinstance(member, Aligner):
        return member
    spec = {"name": member} if isinstance(member, str) else dict(member) if isinstance(member, Mapping) else {}
    name, options = spec.get("name"), {k: v for k, v in spec.items() if k != "name"}
    if not isinstance(name, str) or not all(isinstance(k, str) for k in options):
        raise UsageError(
            f"a member is the name of an aligner, or a mapping such as {{name: thot, model: ibm4}}; member {number} is "
            f"'{member}'"
        )
    try:
        check_options(name, options)
        if ALIGNERS.load(name) is CombinedAligner:
            member_specs(options.get("members"), options.get("how", "prior"))
    except UsageError as error:
        raise UsageError(f"member {number}: {error}") from None
    return spec


def check_members(specs: Sequence[Aligner | dict[str, Any]], *, fits: bool = False, saves: bool = False) -> None:
    """Refuse what members cannot do, before any of them is made.

    Args:
        specs: see `member_specs`.
        fits: one of them should learn from bitext.
        saves: they should be saved: each with a name and plain options, so that it can be made again; none that
            answers by position, which fits no other pairs; and what learns must have a `save`.

    Raises:
        UsageError: it cannot be.
    """
    if fits and not any(_can(_kind(spec), Fits) for spec in _leaves(specs)):
        raise UsageError("--fit: no member of this combination learns from bitext")
    for spec in _leaves(specs) if saves else []:
        kind = _kind(spec)
        name = spec["name"] if isinstance(spec, dict) else kind.__name__
        if not isinstance(spec, dict):
            raise UsageError(f"--save: the member {name} was made elsewhere; name it, such as {{'name': 'thot'}}")
        if _can(kind, InOrder):
            raise UsageError(f"--save: the member {name} answers for the pairs at hand only, so it cannot be saved")
        if _can(kind, Fits) and not _can(kind, Saves):
            raise UsageError(f"--save: the member {name} learns from bitext, but cannot be saved")
        _as_json(spec)


def _leaves(specs: Sequence[Aligner | dict[str, Any]]) -> Iterator[Aligner | dict[str, Any]]:
    """Members, and those of members that are combinations themselves."""
    for spec in specs:
        if isinstance(spec, dict) and _kind(spec) is CombinedAligner:
            yield from _leaves(member_specs(spec.get("members"), spec.get("how", "prior")))
        else:
            yield spec


def _kind(spec: Aligner | dict[str, Any]) -> Any:
    return ALIGNERS.load(spec["name"]) if isinstance(spec, dict) else type(spec)


def _can(kind: Any, what: type) -> bool:
    return isinstance(kind, type) and issubclass(kind, what)


def _as_json(value: Any) -> str:
    def plain(thing: Any) -> str:
        if isinstance(thing, Path):
            return str(thing)
        raise UsageError(f"--save: a member was made with '{thing}', which is no plain value")

    return json.dumps(value, default=plain)


def _made(spec: Aligner | dict[str, Any]) -> Aligner:
    if isinstance(spec, dict):
        return make_aligner(spec["name"], {k: v for k, v in spec.items() if k != "name"})
    return spec
