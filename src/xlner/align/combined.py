"""Several aligners as one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from xlner.align.aligner import ALIGNERS, Aligner, Fits, InOrder, Saves
from xlner.align.files import LinkFile
from xlner.align.saved import read_options, writing
from xlner.align.use import by_position, link_files
from xlner.component import Part, option, options
from xlner.errors import OptionError, UsageError

if TYPE_CHECKING:
    from xlner.align.alignment import Alignment
    from xlner.align.windows import WordPair

How = Literal["union", "intersection", "vote", "prior", "mixed"]
Member = Aligner | str | Mapping[str, Any]
Spec = Aligner | dict[str, Any]
"""An aligner, or a name with options."""


class CombinedAligner(Part):
    """Links that enough aligners agree on.

    Raises:
        OptionError: fewer than two members, one that cannot be, more votes than members, or an option of another way to
            combine.
    """

    @options
    class Options:
        members: Any = option(
            None,
            "Two or more names of aligners, or mappings such as {name: thot, model: ibm4}; by default embedding and "
            "thot, and for how=mixed layers and thot's fast_align.",
        )
        how: How = option(
            "prior",
            "union (anyone's links), intersection (everyone's), vote, prior (links of the first member, to whose "
            "confidence each other one that has the link adds a bonus), or mixed (anyone's links, with the confidence "
            "of the first member, of which the others have a share).",
        )
        votes: int | None = option(
            None, "For how=vote: how many members must have a link; by default more than half.", ge=1
        )
        bonus: float | None = option(None, "For how=prior: what each other member adds; by default 0.2.", ge=0)
        threshold: float | None = option(
            None, "For how=prior: least confidence with bonus, more than that of the first member; by default 0.5.",
            ge=0, lt=1,
        )  # fmt: skip
        share: float | None = option(
            None, "For how=mixed: part of a score that the other members have together; by default 0.2.", ge=0, le=1
        )

        def __post_init__(self) -> None:
            for name, of in (("votes", "vote"), ("bonus", "prior"), ("threshold", "prior"), ("share", "mixed")):
                if getattr(self, name) is not None and self.how != of:
                    raise OptionError(name, f"is for how={of}; with how={self.how} it changes nothing")
            count = len(member_specs(self.members, self.how))
            if self.votes is not None and self.votes > count:
                raise OptionError("votes", f"must be at most {count}, as many as there are members, got '{self.votes}'")

    def __init__(self, options: Options | None = None, /, **values: Any) -> None:
        super().__init__(options, **values)
        chosen = self.options
        self.specs = member_specs(chosen.members, chosen.how)
        half = len(self.specs) // 2 + 1
        self.needed = {"intersection": len(self.specs), "vote": chosen.votes or half}.get(chosen.how, 1)
        self.bonus = 0.2 if chosen.bonus is None else chosen.bonus
        self.threshold = 0.5 if chosen.threshold is None else chosen.threshold
        self.share = 0.2 if chosen.share is None else chosen.share
        self.members: list[Aligner] = [_build(spec) for spec in self.specs]

    @classmethod
    def check_use(cls, options: Options, *, fits: bool, saves: bool) -> None:
        """Refuse what the members cannot do, before any of them is made.

        Args:
            options: those of the combination.
            fits: one of the members should learn from bitext.
            saves: they should be saved: each with a name and options, so that it can be made again; none that
                answers by position, which fits no other pairs; and what learns must have a `save`.

        Raises:
            UsageError: it cannot be.
        """
        leaves = list(_leaves(member_specs(options.members, options.how)))
        if fits and not any(_can(_kind(spec), Fits) for spec in leaves):
            raise UsageError("`fit`: no member of this combination learns from bitext")
        for spec in leaves if saves else []:
            kind = _kind(spec)
            name = spec["name"] if isinstance(spec, dict) else kind.__name__
            if not isinstance(spec, dict):
                raise UsageError(f"`save`: the member {name} was made elsewhere; name it, such as {{'name': 'thot'}}")
            if _can(kind, InOrder):
                raise UsageError(f"`save`: the member {name} answers for the pairs at hand only, so it cannot be saved")
            if _can(kind, Fits) and not _can(kind, Saves):
                raise UsageError(f"`save`: the member {name} learns from bitext, but cannot be saved")

    @classmethod
    def by_position(cls, options: Options) -> bool:
        """Whether a member answers by position, as lines of a file do."""
        leaves = _leaves(member_specs(options.members, options.how))
        return any(by_position(*_name_and_options(spec)) for spec in leaves)

    @classmethod
    def link_files(cls, options: Options) -> list[LinkFile]:
        """The files of links that members read."""
        leaves = _leaves(member_specs(options.members, options.how))
        return [file for spec in leaves for file in link_files(*_name_and_options(spec))]

    @property
    def tokenizer(self) -> Any:
        """Of the first member that reads an encoder; None if none does."""
        return next((t for m in self.members if (t := getattr(m, "tokenizer", None)) is not None), None)

    @property
    def fitted(self) -> bool:
        """Whether every member that learns has learned."""
        return all(getattr(member, "fitted", False) for member in self.members if isinstance(member, Fits))

    def fit(self, bitext: Sequence[WordPair]) -> CombinedAligner:
        """Fit the members that can be fitted."""
        for member in self.members:
            if isinstance(member, Fits):
                member.fit(bitext)
        return self

    def align(self, pairs: Sequence[WordPair]) -> list[Alignment]:
        """One alignment per pair.

        Returns:
            Alignments whose scores are means over the members: a member without the link counts 0, one without
            scores 1. For "prior", the confidence with bonus, at most 1. For "mixed", that of the first less `share`,
            plus `share` times the part of the others that have the link.
        """
        from xlner.align.merging import backed, merge, mixed

        each = zip(*[member.align(pairs) for member in self.members], strict=True)
        if self.options.how == "prior":
            return [backed(first, others, self.bonus, self.threshold) for first, *others in each]
        if self.options.how == "mixed":
            return [mixed(first, others, self.share) for first, *others in each]
        return [merge(of_one_pair, self.needed) for of_one_pair in each]

    def save(self, folder: str | Path) -> Path:
        """Write settings, and the members that learn into folders of their own; others are made anew when loaded.

        Paths among the options of members stay as they are, relative to where xlner is run.

        Raises:
            ModelError: a member has not been fitted.
            UsageError: a member cannot be saved, see `check_use`, or the folder holds something else.
        """
        self.check_use(self.options, fits=False, saves=True)
        whole = replace(self.options, members=self.specs)  # also where the members are those of the default
        with writing(folder, "combined", whole) as partial:
            for number, member in enumerate(self.members, 1):
                if isinstance(member, Saves):
                    member.save(partial / f"member-{number}")
        return Path(folder)

    @classmethod
    def load(cls, folder: str | Path) -> CombinedAligner:
        """A combination that `save` wrote. See `Saves.load`."""
        options = read_options(folder, "combined", cls.Options)
        members: list[Aligner] = []
        for number, spec in enumerate(member_specs(options.members, options.how), 1):
            kind = _kind(spec)
            members.append(kind.load(Path(folder) / f"member-{number}") if _can(kind, Saves) else _build(spec))
        combination = cls(replace(options, members=members))
        combination.options, combination.specs = options, member_specs(options.members, options.how)
        return combination

    def check(self, pairs: Sequence[WordPair]) -> None:
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


def member_specs(members: Sequence[Member] | None, how: str = "prior") -> list[Spec]:
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
    if isinstance(members, (str, Mapping)) or not isinstance(members, Sequence):
        raise OptionError("members", f"must be a list, got '{members}'")
    if len(members) < 2:
        raise OptionError("members", f"must be at least two aligners, got {len(members)}")
    return [_spec(member, number) for number, member in enumerate(members, 1)]


def _spec(member: Member, number: int) -> Spec:
    if not isinstance(member, (str, Mapping)) and isinstance(member, Aligner):
        return member
    spec = {"name": member} if isinstance(member, str) else dict(member) if isinstance(member, Mapping) else {}
    name = spec.pop("name", None)
    if not isinstance(name, str):
        raise OptionError(
            "members",
            f"takes names of aligners, or mappings such as {{name: thot, model: ibm4}}; member {number} is '{member}'",
        )
    try:
        ALIGNERS.options(name, spec)
    except UsageError as error:
        raise UsageError(f"member {number}: {error}") from None
    return {"name": name, **{str(key).replace("-", "_"): value for key, value in spec.items()}}


def _leaves(specs: Sequence[Spec]) -> Iterator[Spec]:
    """Members, and those of members that are combinations themselves."""
    for spec in specs:
        if isinstance(spec, dict) and _kind(spec) is CombinedAligner:
            yield from _leaves(member_specs(spec.get("members"), spec.get("how", "prior")))
        else:
            yield spec


def _kind(spec: Spec) -> Any:
    return ALIGNERS.load(spec["name"]) if isinstance(spec, dict) else type(spec)


def _can(kind: Any, what: type) -> bool:
    return isinstance(kind, type) and issubclass(kind, what)


def _name_and_options(spec: Spec) -> tuple[str | Aligner, dict[str, Any]]:
    if isinstance(spec, dict):
        return spec["name"], {k: v for k, v in spec.items() if k != "name"}
    return spec, {}


def _build(spec: Spec) -> Aligner:
    aligner, options = _name_and_options(spec)
    return ALIGNERS.build(aligner, options) if isinstance(aligner, str) else aligner
