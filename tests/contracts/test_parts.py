"""What every part of every extension point promises of its options: by Python, by YAML and by flags, good and bad."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any, get_args

import pytest
import typer
import yaml
from tests.contracts.options import needed

from xlner.cli.parts import part_command, values_of
from xlner.component import OptionField, json_schema, option_fields, options_class, to_values
from xlner.errors import OptionError, UsageError
from xlner.flags import Choice, merged
from xlner.registry import POINTS, look_up

PARTS = [(point, name) for point in POINTS for name in look_up(POINTS[point]).names()]
every_part = pytest.mark.parametrize(("point", "name"), PARTS, ids=[f"{p}-{n}" for p, n in PARTS])


def registry(point: str) -> Any:
    return look_up(POINTS[point])


def kinds(f: OptionField) -> set[Any]:
    return {*get_args(f.type), f.type}


def good_value(f: OptionField) -> Any:
    """A value that the option takes and that is not its default; None if none can be told from its type."""
    if f.choices:
        return next((c for c in f.choices if c != str(f.default)), f.choices[0])
    if bool in kinds(f):
        return not f.default
    low = f.bounds.get("ge", f.bounds.get("gt", 0))
    high = f.bounds.get("le", f.bounds.get("lt", low + 2))
    if int in kinds(f) and float not in kinds(f):
        return int(low) + 1 if high > low + 1 else int(low)
    if float in kinds(f):
        return (low + high) / 2
    return None


def bad_value(f: OptionField) -> Any:
    """A value that the option cannot take; None if it takes all."""
    if f.choices:
        return "none of them"
    for bound, step in (("ge", -1), ("gt", 0), ("le", 1), ("lt", 0)):
        if bound in f.bounds:
            return f.bounds[bound] + step
    return "neither" if bool in kinds(f) else None


def required(point: str, name: str) -> dict[str, Any]:
    return needed(registry(point), name)


def cases(point: str, name: str, value_of: Any) -> list[tuple[str, Any]]:
    """Field and value for each option, also of options in options."""
    out = []
    for f in option_fields(options_class(registry(point).load(name))):
        for g in option_fields(f.nested) if f.nested else ():
            if (value := value_of(g)) is not None:
                out.append((f"{f.name}.{g.name}", value))
        if not f.nested and (value := value_of(f)) is not None:
            out.append((f.name, value))
    return out


def nested(field: str, value: Any) -> dict[str, Any]:
    outer, dot, inner = field.rpartition(".")
    return {outer: {inner: value}} if dot else {inner: value}


def attribute(options: Any, field: str) -> Any:
    for name in field.split("."):
        options = getattr(options, name)
    return options


@every_part
def test_it_says_what_it_is(point, name):
    about = registry(point).describe(name)
    assert not about.summary[0].islower()
    assert about.summary.endswith(".")
    assert "\n" not in about.summary
    for f in about.fields:
        assert f.help.endswith((".", "...")), f.name
    assert json_schema(options_class(registry(point).load(name)))["type"] == "object"


@every_part
def test_each_option_by_python_and_yaml(point, name):
    for field, value in cases(point, name, good_value):
        made = built(lambda given: registry(point).options(name, {**required(point, name), **given}), field, value)
        if made is None:
            continue
        assert attribute(made, field) == value
        text = yaml.safe_dump(to_values(made))
        assert registry(point).options(name, yaml.safe_load(text)) == made


@every_part
def test_each_option_by_flag(point, name):
    choice = Choice("part", point, name, fixed=True)
    seen: list[Any] = []
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

    @app.command(cls=part_command((choice,)))
    def command(context: typer.Context) -> None:
        seen.append(registry(point).options(name, merged(required(point, name), values_of(context, "part"))))

    def parsed(given: dict[str, Any]) -> Any:
        (outer, value), inner = next(iter(given.items())), ""
        if isinstance(value, dict):
            inner, value = next(iter(value.items()))
        flag = "--" + f"{outer}{'.' * bool(inner)}{inner}".replace("_", "-")
        words = [flag, str(value)]
        if isinstance(value, bool):
            words = [flag if value else f"--no-{flag[2:]}"]
        app(words, standalone_mode=False)
        return seen[-1]

    for field, value in cases(point, name, good_value):
        made = built(parsed, field, value)
        assert made is None or attribute(made, field) in (value, (value,)), field


def built(make: Callable[[dict[str, Any]], Any], field: str, value: Any) -> Any:
    """The options, or None where others belong to this one and the message says so."""
    try:
        return make(nested(field, value))
    except UsageError as error:
        if "`" not in str(error):
            raise
        return None


@every_part
def test_values_out_of_range_are_refused_in_plain_words(point, name):
    for field, value in cases(point, name, bad_value):
        with pytest.raises(OptionError, match=rf"the \w+ {name}: `{field}` must be ") as refused:
            registry(point).options(name, {**required(point, name), **nested(field, value)})
        assert "pydantic" not in str(refused.value)
    with pytest.raises(OptionError, match=f"{name} has no option 'zzz'; it has"):
        registry(point).options(name, {"zzz": 1})


def test_looking_at_parts_imports_nothing_heavy():
    code = (
        "import sys\n"
        "from xlner.registry import POINTS, look_up\n"
        "for place in POINTS.values():\n"
        "    registry = look_up(place)\n"
        "    [registry.describe(name) for name in registry.names()]\n"
        "heavy = {'torch', 'transformers', 'scipy', 'matplotlib', 'thot'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
