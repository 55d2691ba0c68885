"""What a projection is made of, checked before anything is read or loaded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xlner.align import ALIGNERS, Aligner
from xlner.align.use import check_use
from xlner.component import option_fields, options_class, to_values
from xlner.errors import OptionError, UsageError
from xlner.project import defaults
from xlner.project.candidates import CandidateOptions
from xlner.project.matchers import MATCHERS, Matcher
from xlner.project.scores import SCORES, Score
from xlner.project.scores.named import make_score, options_by_score, parse_scores
from xlner.registry import Registry


@dataclass(frozen=True)
class ChosenPart:
    """One part of a projection, as somebody chose it.

    Args:
        part: its name, the part itself, or None for the default one.
        options: options of a part that comes by name, as plain values.
    """

    part: Any = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Resources:
    """What a projection is given beside its parts.

    Args:
        alignments: links are there, so that no aligner is run.
        fits: more text for an aligner that learns.
        load: folder of a saved aligner.
        tagger: a NER model of the target language.
        device: a torch device name, for all parts that run on one.
    """

    alignments: bool = False
    fits: bool = False
    load: str | Path | None = None
    tagger: bool = False
    device: str | None = None


@dataclass(frozen=True)
class Plan:
    """The parts of a projection, ready to be made.

    Args:
        matcher: decides where every entity goes.
        matcher_name: under which it is registered, or the name of its class.
        aligner: a name or an aligner; None if nothing is aligned.
        aligner_options: of an aligner by name.
        score: names with weights, or a score; None if the matcher reads none.
        score_options: of scores by name.
        load: folder of a saved aligner.
    """

    matcher: Matcher
    matcher_name: str
    aligner: str | Aligner | None
    aligner_options: Mapping[str, Any]
    score: str | Score | None
    score_options: Mapping[str, Any]
    load: str | Path | None = None

    @property
    def ranges(self) -> CandidateOptions:
        """Which ranges the matcher chooses among."""
        options = getattr(self.matcher, "options", None)
        return options if isinstance(options, CandidateOptions) else CandidateOptions()

    def make_score(self) -> Score | None:
        """The score, with its models loaded; None if the matcher reads none.

        Raises:
            ModelError: a model cannot be loaded.
        """
        return make_score(self.score, self.score_options) if isinstance(self.score, str) else self.score

    def settings(self) -> dict[str, Any]:
        """What decides the result, as plain values."""
        options = getattr(self.matcher, "options", None)
        values = {"matcher": self.matcher_name, **({} if options is None else to_values(options, deciding=True))}
        if self.aligner is not None:
            values["aligner"] = self.aligner if isinstance(self.aligner, str) else type(self.aligner).__name__
            values |= {"aligner_options": dict(self.aligner_options)} if self.aligner_options else {}
        if self.load is not None:
            values["load"] = str(self.load)
        if self.score is not None:
            values["score"] = self.score if isinstance(self.score, str) else type(self.score).__name__
            values |= {"score_options": dict(self.score_options)} if self.score_options else {}
        return values


def plan(matcher: ChosenPart, aligner: ChosenPart, score: ChosenPart, resources: Resources) -> Plan:
    """The parts that were chosen; everything named must have an effect.

    Args:
        matcher: without a part, `exact`.
        aligner: without a part, `layers`.
        score: without a part, `fused`; a name may be a sum such as "align=0.5,nmt=1".
        resources: what else there is.

    Raises:
        UsageError: a name or an option does not exist, a value cannot be, something that is needed is missing, or
            something that was named has no effect.
    """
    name = matcher.part or defaults.MATCHER
    chosen: Matcher = MATCHERS.build(name, matcher.options) if isinstance(name, str) else name
    scored = "candidates" in chosen.needs
    aligns = bool(chosen.needs & {"alignment", "candidates"}) and not resources.alignments
    if not aligns:
        given = {"aligner": aligner.part, **aligner.options, "fit": resources.fits or None, "load": resources.load}
        _refuse(given, score.options if scored else (), "aligners, where links are read and no alignment is given")
    if resources.alignments and not chosen.needs & {"alignment", "candidates"}:
        _refuse({"alignment": True}, (), "matchers that read links")
    if not scored:
        _refuse({"score": score.part, **score.options}, aligner.options if aligns else (), _FOR_SCORED)
    on_device = []
    align_options: Mapping[str, Any] = {}
    if aligns:
        linker = defaults.ALIGNER if aligner.part is None else aligner.part
        # The options of a saved aligner come with it.
        saved = resources.load is not None
        align_options = aligner.options if saved else _with_device(ALIGNERS, linker, aligner.options, resources.device)
        on_device.append(align_options)
        check_use(linker, align_options, fits=resources.fits, loads=saved, saves=False)
    of_score: Mapping[str, Any] = {}
    rating = defaults.SCORE if score.part is None else score.part
    if scored:
        of_score = _with_device(SCORES, rating, score.options, resources.device)
        on_device.append(of_score)
        if isinstance(rating, str):
            options_by_score(rating, of_score)
        elif score.options:
            raise UsageError("a score that is made already comes with its options")
    projection = Plan(
        chosen,
        name if isinstance(name, str) else type(name).__name__,
        linker if aligns else None,
        align_options,
        rating if scored else None,
        of_score,
        resources.load,
    )
    _check_candidates(projection, matcher.options)
    _check_tagger(projection, resources.tagger)
    if resources.device is not None and not resources.tagger and not any("device" in o for o in on_device):
        _refuse({"device": True}, (), "aligners, scores and models that run on one")
    return projection


_FOR_SCORED = "matchers that choose among candidates"


def _refuse(given: Mapping[str, Any], elsewhere: Iterable[str], what: str) -> None:
    """Something that has no effect is a mistake of the user; say so before work starts."""
    for name, value in given.items():
        if value is not None and name not in elsewhere:
            raise OptionError(name, f"has no effect here: it is for {what}")


def _with_device(registry: Registry, part: Any, given: Mapping[str, Any], device: str | None) -> dict[str, Any]:
    """The options, with the device if a part of that name runs on one and was not told where."""
    options = dict(given)
    if device is None or not isinstance(part, str):
        return options
    names = parse_scores(part) if registry is SCORES else [part]
    if any(f.name == "device" for n in names for f in option_fields(options_class(registry.load(n)))):
        if "device" in options:
            raise UsageError("`device` is said twice; give it once")
        options["device"] = device
    return options


def _check_candidates(projection: Plan, given: Mapping[str, Any]) -> None:
    if projection.score is not None and projection.ranges.candidates == ("ner",):
        for name in ("max_words", "slack"):
            _refuse({name: given.get(name)}, (), "candidates other than ner")


def _check_tagger(projection: Plan, has_tagger: bool) -> None:
    """See that a NER model is there if one is needed, and read if one is there."""
    if projection.score is None:
        if has_tagger:
            _refuse({"ner_model": True}, (), _FOR_SCORED)
        return
    if isinstance(projection.score, str):
        parts = [SCORES.load(n) for n in parse_scores(projection.score)]
    else:
        parts = [projection.score]
    needs = {"candidates ner"} if "ner" in projection.ranges.candidates else set()
    needs |= {f"score {projection.score}" for p in parts if "tagger" in p.needs}
    if needs and not has_tagger:
        raise UsageError(
            f"the {min(needs)} read{'' if min(needs).startswith('cand') else 's'} the target with a NER model; "
            "name one for its language with `ner_model MODEL`"
        )
    if has_tagger and not needs and not any("tagger" in getattr(p, "uses", ()) for p in parts):
        _refuse({"ner_model": True}, (), "scores and candidates that read a NER model")
