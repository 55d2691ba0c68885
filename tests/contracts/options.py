"""Values for every option of a part, right and wrong, and the three ways to give them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

import typer
import yaml
from typer.testing import CliRunner

from xlner.cli.parts import part_command, values_of
from xlner.component import OptionField
from xlner.flags import Choice
from xlner.registry import POINTS, Registry, look_up


def every_option(point: str) -> list[tuple[str, OptionField]]:
    """Name of a part and one of its options, for all parts of an extension point."""
    registry: Registry = look_up(POINTS[point])
    return [(name, f) for name in registry.names() for f in registry.describe(name).fields if not f.nested]


def needed(registry: Registry, name: str) -> dict[str, Any]:
    """Values for what somebody must give."""
    return {f.name: right_value(f) for f in registry.describe(name).fields if f.required}


def right_value(f: OptionField) -> Any:
    """A value inside the bounds, another one than the default where there is one."""
    kinds = {*get_args(f.type), f.type}
    fixed = next((get_args(k) for k in kinds if get_origin(k) is tuple and Ellipsis not in get_args(k)), ())
    if fixed:
        return ["x"] * len(fixed)
    if _is_list(f):
        return [f.choices[-1]] if f.choices else [1] if int in {a for k in kinds for a in get_args(k)} else ["x"]
    if f.choices:
        return next(c for c in reversed(f.choices) if c != f.default or len(f.choices) == 1)
    if bool in kinds:
        return not f.default
    if kinds & {int, float}:
        low = f.bounds.get("ge", f.bounds.get("gt", 0))
        high = f.bounds.get("le", f.bounds.get("lt", low + 4))
        return int(low + high) // 2 if int in kinds else (low + high) / 2
    return "x"


def wrong_values(f: OptionField) -> Iterator[Any]:
    """Values that cannot be: other choices, other kinds, and what lies outside of the bounds."""
    kinds = {*get_args(f.type), f.type}
    if f.choices:
        yield ["magic"] if _is_list(f) else "magic"
    elif bool in kinds:
        yield "perhaps"
    elif kinds & {int, float} and not _is_list(f):
        yield from ("many", float("nan"), float("inf"))
        yield from (f.bounds[n] - 1 for n in ("ge", "gt") if n in f.bounds)
        yield from (f.bounds[n] + 1 for n in ("le", "lt") if n in f.bounds)
        yield from (f.bounds[n] for n in ("gt", "lt") if n in f.bounds)


def three_ways(point: str, name: str, f: OptionField, value: Any, beside: Mapping[str, Any] = {}) -> list[Any]:
    """The options of a part with one of them set in Python, in YAML, and by flag, beside others."""
    registry: Registry = look_up(POINTS[point])
    values = needed(registry, name) | {**beside, f.name: value}
    in_yaml = yaml.safe_load(yaml.safe_dump(values))
    return [
        registry.load(name).Options(**values),
        registry.options(name, in_yaml),
        registry.options(name, by_flags(point, name, values)),
    ]


def by_flags(point: str, name: str, values: dict[str, Any]) -> dict[str, Any]:
    """What the command line makes of values."""
    any_type = {f.name for f in look_up(POINTS[point]).describe(name).fields if f.type is Any}
    values = {
        key: yaml.safe_dump(value, default_flow_style=True) if key in any_type else value
        for key, value in values.items()
    }
    words = [x for key, value in values.items() for x in _words(key, value)]
    seen: dict[str, Any] = {}

    def command(context: typer.Context) -> None:
        seen.update(values_of(context, "part"))

    app = typer.Typer()
    app.command(cls=part_command([Choice("part", point, name)]))(command)
    result = CliRunner().invoke(app, words)
    if result.exception is not None:
        raise result.exception
    return seen


def _words(key: str, value: Any) -> list[str]:
    flag = "--" + key.replace("_", "-")
    if isinstance(value, bool):
        return [flag if value else f"--no-{flag[2:]}"]
    if isinstance(value, list):
        return [flag, *value] if len(value) > 1 else [flag, str(value[0])]
    return [flag, str(value)]


def _is_list(f: OptionField) -> bool:
    kinds = {*get_args(f.type), f.type}
    return any(get_origin(k) in (tuple, list) or "Sequence" in str(get_origin(k)) for k in kinds)
