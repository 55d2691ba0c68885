"""Commands whose flags come from the parts that the user chose: `xlner transfer --method X` takes X's options.

A command module names its choices in `PARTS`; the flags of the chosen parts are made from their `Options`, join the
command's own ones in `--help`, and reach the command through `values_of`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import typer
from typer.core import TyperCommand, TyperOption

from xlner.component import OptionField, option_fields, options_class
from xlner.errors import UsageError
from xlner.registry import POINTS, Registry, look_up

_SHARED = {"encoder", "device", "precision", "seed"}  # one flag says them to every part that has them


@dataclass(frozen=True)
class Choice:
    """A flag that chooses a part.

    Args:
        flag: without its hyphens: "method".
        point: the extension point: "methods".
        default: the part that is taken without the flag; None for none.
    """

    flag: str
    point: str
    default: str | None

    def registry(self) -> Registry:
        return look_up(POINTS[self.point])  # type: ignore[no-any-return]


def part_command(choices: Sequence[Choice], *, config: bool = False) -> type[TyperCommand]:
    """The class of a command with the flags of the parts that its arguments choose.

    Args:
        choices: which flags choose parts, in the order in which they get a flag that several parts have.
        config: the command has --config, a YAML file that can choose as well.
    """

    class PartCommand(TyperCommand):
        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            own = [p for p in self.params if not hasattr(p, "part_path")]
            taken = {o for p in own for o in (*p.opts, *p.secondary_opts)}
            chosen = {c: _chosen(c, args, config) for c in choices}
            self.params = own + _flags(chosen, taken)
            _refuse_unknown(args, {o for p in self.params for o in (*p.opts, *p.secondary_opts)}, chosen)
            rest = super().parse_args(ctx, args)
            values: dict[str, dict[str, Any]] = {c.flag: {} for c in choices}
            for p in self.params:
                if hasattr(p, "part_path"):
                    value = ctx.params.pop(p.name)
                    if value is not None and value != ():
                        for path in p.part_path:
                            _put(values, path, list(value) if isinstance(value, tuple) else value)
            ctx.meta["xlner.parts"] = values
            return rest

    return PartCommand


def values_of(context: typer.Context, flag: str) -> dict[str, Any]:
    """The options that the user gave to the part chosen by `--flag`, as plain values."""
    return context.meta.get("xlner.parts", {}).get(flag, {})  # type: ignore[no-any-return]


def _chosen(choice: Choice, args: Sequence[str], config: bool) -> str | None:
    said = _value_of(args, f"--{choice.flag}")
    if said is None and config and (file := _value_of(args, "--config")) is not None:
        from xlner.cli.config import read_config

        said = read_config(file).parts.get(choice.flag)
    return said or choice.default


def _value_of(args: Sequence[str], flag: str) -> str | None:
    found = None
    for index, word in enumerate(args):
        if word == flag and index + 1 < len(args):
            found = args[index + 1]
        elif word.startswith(flag + "="):
            found = word.partition("=")[2]
    return found


def _flags(chosen: Mapping[Choice, str | None], taken: set[str]) -> list[TyperOption]:
    made: dict[str, TyperOption] = {}
    for choice, name in chosen.items():
        if name is None:
            continue
        panel = f"Options of the {choice.registry().one} {name}"
        for f in option_fields(options_class(choice.registry().load(name))):
            inner = option_fields(f.nested) if f.nested else ()
            for g in inner:
                _add(made, taken, g, (choice.flag, f.name, g.name), panel, share=True)
                _add(made, taken, g, (choice.flag, f.name, g.name), panel, dotted=f"{f.name}.{g.name}")
            if not f.nested:
                _add(made, taken, f, (choice.flag, f.name), panel, share=f.name in _SHARED)
    return list(made.values())


def _add(
    made: dict[str, TyperOption], taken: set[str], f: OptionField, path: tuple[str, ...], panel: str, *,
    share: bool = False, dotted: str = "",
) -> None:  # fmt: skip
    flag = "--" + (dotted or f.name).replace("_", "-")
    if flag in taken:
        return
    if flag in made:
        if share:
            made[flag].part_path.append(path)  # type: ignore[attr-defined]
        return
    kinds = {*get_args(f.type), f.type}
    lists = any(str(k).startswith(("tuple", "list", "collections.abc.Sequence")) for k in kinds)
    decls = [flag]
    if bool in kinds:
        decls = [f"{flag}/--no-{flag[2:]}"]
    made[flag] = TyperOption(
        param_decls=["part_" + "_".join(path).replace(".", "_") + ("_d" if dotted else ""), *decls],
        default=None, required=False, multiple=lists, help=f.describe(), hidden=bool(dotted), show_default=False,
        metavar=None if bool in kinds else "[" + "|".join(f.choices) + "]" if f.choices else _metavar(kinds),
        is_flag=True if bool in kinds else None, rich_help_panel=panel,
    )  # fmt: skip
    made[flag].part_path = [path]  # type: ignore[attr-defined]


def _metavar(kinds: set[Any]) -> str:
    return "NUMBER" if kinds & {int, float} else "TEXT"


def _put(values: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for key in path[:-1]:
        values = values.setdefault(key, {})
    values[path[-1]] = value


def _refuse_unknown(args: Sequence[str], known: set[str], chosen: Mapping[Choice, str | None]) -> None:
    """A flag that the chosen parts do not have: say which part has it."""
    for word in args:
        if word == "--":
            return
        flag = word.partition("=")[0]
        if not flag.startswith("--") or flag in known or flag in ("--help", "--debug"):
            continue
        field = flag.removeprefix("--no-" if flag.startswith("--no-") else "--").replace("-", "_")
        for choice, name in chosen.items():
            others = [n for n in choice.registry().names() if field in _all_fields(choice, n)]
            if others:
                one = choice.registry().one
                raise UsageError(f"{flag} is an option of the {one} {' and '.join(others)}, not of {name or 'none'}")


def _all_fields(choice: Choice, name: str) -> set[str]:
    made = option_fields(options_class(choice.registry().load(name)))
    return {f.name for f in made} | {g.name for f in made if f.nested for g in option_fields(f.nested)}
