"""Commands whose flags come from the parts that the user chose: `xlner transfer --method X` takes X's options.

The flags of the chosen parts are made from their `Options`, join the command's own ones in `--help`, and reach the
command through `values_of` and `options_of`.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Annotated, Any, get_args, get_origin

import typer
from typer.core import TyperCommand

from xlner.component import OptionField, option_fields, options_class
from xlner.errors import OptionError, UsageError
from xlner.registry import POINTS, Registry, look_up

_SHARED = {"encoder", "device", "precision", "seed"}  # one flag says them to every part that has them


@dataclass(frozen=True)
class Choice:
    """A flag that chooses a part.

    Args:
        flag: without its hyphens: "method". Its value is a name, or names with weights: "align=0.5,nmt=1".
        point: the extension point: "methods".
        default: the part that is taken without the flag; None for none.
        fixed: the command always takes the default.
    """

    flag: str
    point: str
    default: str | None
    fixed: bool = False

    def registry(self) -> Registry:
        return look_up(POINTS[self.point])


def part_command(choices: Sequence[Choice], *, config: bool = False) -> type[TyperCommand]:
    """The class of a command with the flags of the parts that its arguments choose.

    Args:
        choices: which flags choose parts, in the order in which they get a flag that several parts have.
        config: the command has --config, a YAML file that can choose as well.
    """

    class PartCommand(TyperCommand):
        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            own = [p for p in self.params if not hasattr(p, "part_paths")]
            taken = {o for p in own for o in (*p.opts, *p.secondary_opts)}
            chosen = {c: _chosen(c, args, config) for c in choices}
            self.params = own + _flags(chosen, taken)
            words = list(args)  # the parser empties the list
            try:
                rest = super().parse_args(ctx, args)
            except Exception as error:
                if (flag := getattr(error, "option_name", None)) is not None:  # no such option
                    _say_whose(str(flag), chosen)
                _say_forgotten(words, self.params)
                raise
            values: dict[str, dict[str, Any]] = {c.flag: {} for c in choices}
            plain: set[str] = set()  # options in options that came by their short flag
            made: list[Any] = [p for p in self.params if hasattr(p, "part_paths")]
            for p in made:
                value = ctx.params.pop(p.name)
                if value is None or value in ((), []):
                    continue
                value = _from_yaml(p.opts[-1], value) if p.yaml else list(value) if isinstance(value, tuple) else value
                for path in p.part_paths:
                    _put(values, path, value)
                if len(p.part_paths[0]) > 2 and "." not in p.opts[0]:
                    plain.add(p.part_paths[0][-1])
            ctx.meta["xlner.parts"], ctx.meta["xlner.plain"] = values, plain
            return rest

        def format_options(self, ctx: Any, formatter: Any) -> None:
            """One section for the command's own options, and one for each chosen part."""
            sections: dict[str, list[tuple[str, str]]] = {}
            for p in self.get_params(ctx):
                if (row := p.get_help_record(ctx)) is not None:
                    sections.setdefault(getattr(p, "section", "Options"), []).append(row)
            for title, rows in sections.items():
                with formatter.section(title):
                    formatter.write_dl(rows)

    return PartCommand


def values_of(context: typer.Context, flag: str) -> dict[str, Any]:
    """The options that the user gave to the part chosen by `--flag`, as plain values."""
    return context.meta.get("xlner.parts", {}).get(flag, {})


def options_of(context: typer.Context, choice: Choice, name: str, written: Mapping[str, Any] | None = None) -> Any:
    """The options of the chosen part, from a YAML file and from flags, which win.

    Args:
        context: of the command.
        choice: which flag chose the part.
        name: the part.
        written: what a file says.

    Raises:
        OptionError: a value cannot be; with the name of the flag that the user gave.
    """
    given = values_of(context, choice.flag)
    try:
        return choice.registry().options(name, merged(written or {}, given))
    except OptionError as error:
        inner = error.field.rpartition(".")[2]
        if inner != error.field and inner in context.meta.get("xlner.plain", ()):
            raise OptionError(inner, error.what, owner=error.owner, whole=error.whole) from None
        raise


def merged(low: Mapping[str, Any], high: Mapping[str, Any]) -> dict[str, Any]:
    """Two nested mappings as one; where both say something, the second wins."""
    out = {str(k).replace("-", "_"): v for k, v in low.items()}
    for key, value in high.items():
        before = out.get(key)
        out[key] = merged(before, value) if isinstance(before, Mapping) and isinstance(value, Mapping) else value
    return out


def _chosen(choice: Choice, args: Sequence[str], config: bool) -> str | None:
    said = choice.default if choice.fixed else _value_of(args, f"--{choice.flag}")
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


@dataclass
class _Flag:
    """One flag of the chosen parts, and the options that it sets: (flag of the choice, field, field in it)."""

    names: list[str]
    kind: Any
    help: str
    metavar: str | None
    hidden: bool
    section: str
    yaml: bool
    paths: list[tuple[str, ...]] = field(default_factory=list)


def _flags(chosen: Mapping[Choice, str | None], taken: set[str]) -> list[Any]:
    """The parameters, as typer makes them from a signature, each with the `part_paths` and `section` it belongs to."""
    flags: dict[str, _Flag] = {}
    for choice, name in _named(chosen):
        section = f"Options of the {choice.registry().one} {name}"
        for f in option_fields(options_class(choice.registry().load(name))):
            for g in option_fields(f.nested) if f.nested else ():
                path = (choice.flag, f.name, g.name)
                _add(flags, taken, g, path, section, share=True)
                _add(flags, taken, g, path, section, prefix=f.name)
            if not f.nested:
                _add(flags, taken, f, (choice.flag, f.name), section, share=f.name in _SHARED)
    if not flags:
        return []
    for name, made in flags.items():  # a short form that is the name of another flag belongs to that one
        made.names = [n for n in made.names if _first(n) == name or _first(n) not in {*flags, *taken}]

    def nothing(**values: Any) -> None: ...

    names = {f"part_{i}": flag for i, flag in enumerate(flags.values())}
    nothing.__annotations__ = {
        name: Annotated[
            f.kind, typer.Option(*f.names, help=f.help, metavar=f.metavar, hidden=f.hidden, show_default=False)
        ]
        for name, f in names.items()
    }  # fmt: skip
    nothing.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
            for name, kind in nothing.__annotations__.items()
        ]
    )
    one = typer.Typer(add_completion=False)
    one.command()(nothing)
    params: list[Any] = [p for p in typer.main.get_command(one).params if p.name in names]
    for p in params:
        flag = names[p.name]
        p.part_paths, p.section, p.yaml = flag.paths, flag.section, flag.yaml
    return params


def _first(names: str) -> str:
    return names.partition("/")[0]


def _named(chosen: Mapping[Choice, str | None]) -> Iterator[tuple[Choice, str]]:
    """Every part that was chosen; a sum such as align=0.5,nmt=1 chooses several."""
    for choice, value in chosen.items():
        for part in value.split(",") if value is not None else ():
            yield choice, part.partition("=")[0].strip()


def _add(
    flags: dict[str, _Flag], taken: set[str], f: OptionField, path: tuple[str, ...], section: str, *,
    share: bool = False, prefix: str = "",
) -> None:  # fmt: skip
    """Make the flag of one option, or let a flag that is there already set it too."""
    name = (f"{prefix}." if prefix else "") + f.name.replace("_", "-")
    if f"--{name}" in taken:
        return
    if f"--{name}" in flags:
        if share:
            flags[f"--{name}"].paths.append(path)
        return
    kinds = {*get_args(f.type), f.type}
    lists = any(str(k).startswith(("tuple", "list", "collections.abc.Sequence")) for k in kinds)
    names = [f"--{name}", f"--{name.replace('.', '-')}"] if prefix else [f"--{name}"]
    if lists and name.endswith("s"):  # --layer 6 --layer 8 reads better
        names = [*(n.removesuffix("s") for n in names), *names]
    kind: Any = list[str] | None if lists else str | None
    size = _fixed_length(kinds)
    if size:
        kind = tuple[(str,) * size] | None  # type: ignore[misc]
    word = "NUMBER" if kinds & {int, float} else "TEXT"
    metavar: str | None = "|".join(f.choices) or " ".join([word] * max(1, size))
    if bool in kinds:
        names, kind, metavar = [f"{n}/--no-{n[2:]}" for n in names], bool | None, None
    yaml = f.type is Any or any(get_origin(k) in (dict, Mapping) for k in kinds)
    metavar = "YAML" if yaml else metavar
    flags[f"--{name}"] = _Flag(names, kind, f.describe(), metavar, bool(prefix), section, yaml, [path])


def _fixed_length(kinds: set[Any]) -> int:
    """How many words a tuple of fixed length takes; 0 for all other types."""
    fixed = (get_args(k) for k in kinds if get_origin(k) is tuple and Ellipsis not in get_args(k))
    return next((len(of) for of in fixed), 0)


def _from_yaml(flag: str, text: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        raise UsageError(f"{flag}: '{text}' is no value that YAML reads") from None


def _put(values: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for key in path[:-1]:
        values = values.setdefault(key, {})
    values[path[-1]] = value


def _say_whose(flag: str, chosen: Mapping[Choice, str | None]) -> None:
    """Refuse a flag that the chosen parts do not have and others have; the message names those.

    Raises:
        UsageError: other parts have it.
    """
    name = flag.removeprefix("--no-" if flag.startswith("--no-") else "--").replace("-", "_")
    for choice, part in chosen.items():
        registry = choice.registry()
        others = [n for n in registry.loadable() if {name, f"{name}s"} & _all_fields(choice, n)]
        if others:
            owners = f"the {registry.one} {' and '.join(others)}"
            default = f", the default; choose another with --{choice.flag}" if part == choice.default else ""
            raise UsageError(f"{flag} is an option of {owners}, not of {part or 'none'}{default}")


def _say_forgotten(args: Sequence[str], params: Sequence[Any]) -> None:
    """Refuse a flag that has another flag where its value should be: somebody forgot the value.

    Raises:
        UsageError: there is one.
    """
    takes = {name for p in params if not getattr(p, "is_flag", False) for name in p.opts if name.startswith("--")}
    for word, following in pairwise(args):
        if word in takes and following in takes:
            raise UsageError(f"{word} wants a value, and the flag {following} came")


def _all_fields(choice: Choice, name: str) -> set[str]:
    made = option_fields(options_class(choice.registry().load(name)))
    inner = [(f.name, g.name) for f in made if f.nested for g in option_fields(f.nested)]
    names = {f.name for f in made} | {name for _, name in inner}
    return names | {f"{outer}{dot}{name}" for outer, name in inner for dot in "._"}
