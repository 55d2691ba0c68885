"""The plan of a study: a YAML file that says which commands are run over which axes, and what is shown of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from xlner.core.yaml_text import read_yaml
from xlner.errors import DataError, UsageError

Value = str | int | float | bool | list[str]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Each(_Strict):
    """Words of a command that are repeated for each of several values.

    Args:
        each: name of the value inside `words` -> the axis that holds the list of values.
        words: what is repeated.
        without: an axis whose value is left out of the list, such as the target.
    """

    each: dict[str, str] = Field(min_length=1, max_length=1)
    words: str
    without: str | None = None


class Step(_Strict):
    """One kind of run.

    Args:
        run: the words behind `xlner`; None where an existing model is only scored.
        over: axes; there is one run for each combination of their values.
        when: axis -> the only values for which there is a run.
        unless: axis -> values for which there is none.
        differ: axes that must not have one value, such as source and target.
        gold: labelled file that the model is scored on.
        model: what is scored; by default what the run leaves.
        label_consistency: how far equal words of the gold text get equal labels.
        map: type renames; they are added to the command as well.
        method: what the report calls it; by default the name of the step.
        values: name -> dotted place of a number in the JSON that the command prints; null there is a value that is
            absent.
        minutes: what one run takes, for the estimate before the first has ended.
    """

    run: str | list[str | Each] | None = None
    over: list[str] = []
    when: dict[str, list[Value]] = {}
    unless: dict[str, list[Value]] = {}
    differ: list[str] = []
    gold: str | None = None
    model: str = "{here}"
    label_consistency: float = Field(0.0, ge=0, le=1)
    map: dict[str, str] = {}
    method: str | None = None
    values: dict[str, str] = {}
    minutes: float | None = Field(None, gt=0)


class Block(_Strict):
    """One thing that the report shows.

    Args:
        kind: "curve" (F1 over a numeric axis, with a fitted law), "heatmap" (methods by the values of an axis),
            "differences" (paired, against one method, with intervals and p), "against" (a value of each run against
            F1), "table" (means over seeds), "values" (means over seeds of the numbers that commands printed).
        title: its heading.
        x: axis of a curve; name of a value for "against".
        by: axis that makes the lines, columns or groups.
        methods: which ones; all by default.
        base: the method that the others are held against; in a curve, its value at x = 0.
        label: what the picture calls `x`, such as "words of raw text"; by default its name.
        answers: its main finding is a sentence of the answer at the top.
    """

    kind: Literal["curve", "heatmap", "differences", "against", "table", "values"]
    title: str
    x: str | None = None
    by: str = "target"
    methods: list[str] = []
    base: str | None = None
    label: str | None = None
    answers: bool = False


class Plan(_Strict):
    """A study.

    Args:
        name: short; names folders and files.
        question: what it answers.
        limits: what its data cannot show, a sentence each.
        axes: name -> values. `seed` is an axis like any other.
        constants: name -> a value that all steps may use, such as a number of words; what a smaller profile replaces.
        languages: code -> role (train, raw, gold, ...) -> file. Paths begin with {data} or {demo}.
        steps: name -> what is run; a step may name earlier ones.
        report: what is shown.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    question: str
    limits: list[str] = []
    axes: dict[str, Annotated[list[Value], Field(min_length=1)]] = {}
    constants: dict[str, str | int | float | bool] = {}
    languages: dict[str, dict[str, str]] = {}
    steps: dict[str, Step] = Field(min_length=1)
    report: list[Block] = []

    def method_of(self, step: str) -> str:
        """What the report calls a step."""
        return self.steps[step].method or step


def read_plan(path: str | Path, *, profile: str | None = None) -> Plan:
    """Read and check a plan.

    Args:
        path: YAML.
        profile: name of one of its `profiles`, whose values replace those of the same name, mappings inside.

    Raises:
        DataError: it is no YAML, or no plan; the message names the place.
        UsageError: there is no such profile.
    """
    try:
        found = read_yaml(Path(path).read_text("utf-8"))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise DataError(f"no YAML: {error.problem}", path=path, line=line) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:  # bytes or characters that no YAML has
        raise DataError(f"no YAML: {' '.join(str(error).split())}", path=path) from None
    if not isinstance(found, dict):
        raise DataError("a plan is a mapping with name, question, axes and steps", path=path)
    profiles = found.pop("profiles", None) or {}
    if not isinstance(profiles, dict) or not all(isinstance(p, dict) for p in profiles.values()):
        raise DataError("profiles is a mapping from names to values of the plan", path=path)
    written = [found, *profiles.values()]
    if profile is not None:
        if profile not in profiles:
            raise UsageError(f"{path} has no profile '{profile}'; there are: {', '.join(profiles) or 'none'}")
        found = merged(found, profiles[profile])
    try:
        plan = Plan.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(x) for x in first["loc"])
        raise DataError(f"{place}: {first['msg']}", path=path) from None
    _check(plan, path)
    _check_values(plan, written, path)
    return plan


def _check_values(plan: Plan, written: Sequence[Mapping[str, Any]], path: str | Path) -> None:
    """See that `when` and `unless` name values of the axes, in the plan or in one of its profiles."""
    for name, step in plan.steps.items():
        for axis, values in (*step.when.items(), *step.unless.items()):
            axes = [part["axes"] for part in written if isinstance(part.get("axes"), Mapping)]
            known = [v for part in axes for v in (part.get(axis) or ())]
            if strange := [v for v in values if v not in known]:
                raise DataError(f"steps.{name}: axis '{axis}' has no value {strange[0]!r}", path=path)


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping with the values of another one over it, inner mappings likewise; None removes a key."""
    out = dict(below)
    for key, value in above.items():
        old = out.get(key)
        out[key] = merged(old, value) if isinstance(value, Mapping) and isinstance(old, Mapping) else value
    return {k: v for k, v in out.items() if v is not None}


def _check(plan: Plan, path: str | Path) -> None:
    if twice := sorted({*plan.constants} & {*plan.axes}):
        raise DataError(f"constants: '{twice[0]}' is an axis, too", path=path)
    if twice := sorted({*plan.constants, *plan.axes} & {*plan.steps}):
        raise DataError(f"steps: '{twice[0]}' is an axis or a constant, too", path=path)
    for name, step in plan.steps.items():
        for axis in (*step.over, *step.when, *step.unless, *step.differ):
            if axis not in plan.axes:
                known = ", ".join(plan.axes) or "none"
                raise DataError(f"steps.{name}: there is no axis '{axis}'; there are: {known}", path=path)
        if step.run is None and (step.gold is None or step.model == "{here}"):
            raise DataError(f"steps.{name}: without `run` it needs `model` and `gold`", path=path)
    methods = {plan.method_of(name) for name in plan.steps}
    for number, block in enumerate(plan.report, 1):
        for method in (*block.methods, *([block.base] if block.base else [])):
            if method not in methods:
                known = ", ".join(sorted(methods))
                raise DataError(f"report.{number}: there is no method '{method}'; there are: {known}", path=path)
        if block.kind in ("curve", "against") and not block.x:
            raise DataError(f"report.{number}: a block '{block.kind}' needs `x`", path=path)
        if block.kind == "curve" and block.x not in plan.axes:
            raise DataError(f"report.{number}: there is no axis '{block.x}'", path=path)
        if "by" in block.model_fields_set and block.by not in plan.axes:
            known = ", ".join(plan.axes) or "none"
            raise DataError(f"report.{number}: there is no axis '{block.by}'; there are: {known}", path=path)
        if block.kind == "against" and block.x not in (
            values := sorted({v for s in plan.steps.values() for v in s.values})
        ):
            known = ", ".join(values) or "none"
            raise DataError(f"report.{number}: no step has a value '{block.x}'; there are: {known}", path=path)
        if block.kind == "curve" and (words := [v for v in plan.axes[str(block.x)] if isinstance(v, (str, list))]):
            raise DataError(f"report.{number}: a curve needs numbers, and axis '{block.x}' has '{words[0]}'", path=path)
        if block.kind == "differences" and not block.base:
            raise DataError(f"report.{number}: a block 'differences' needs `base`", path=path)
