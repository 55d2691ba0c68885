"""Commands whose flags come from the parts that the user chose: `xlner transfer --method X` takes X's options.

The flags of the chosen parts join the command's own ones in `--help`, and reach the command through `given`.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Any

import typer

from xlner.cli import as_flags
from xlner.cli.command import Command
from xlner.errors import OptionError, UsageError
from xlner.flags import Choice, Chosen, Flag, Given, flags_beside, flags_of, owners


def part_command(
    choices: Sequence[Choice], *, config: bool = False, beside: Mapping[str, Any] | None = None
) -> type[Command]:
    """The class of a command with the flags of the parts that its arguments choose.

    Args:
        choices: which flags choose parts, in the order in which they get a flag that several parts have.
        config: the command has --config and --recipe, YAML files that can choose as well.
        beside: further classes of options that the command takes by flags, under the names that `values_of` knows.
    """

    class PartCommand(Command):
        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            of_command = [p for p in self.params if not hasattr(p, "flag")]
            further = flags_beside(beside or {})
            taken = {name.lstrip("-") for p in of_command for name in (*p.opts, *p.secondary_opts)}
            taken |= {flag.name for flag in further}
            chosen = {c: _chosen(c, args, config) for c in choices}
            of_parts = _parameters([*further, *flags_of(chosen, taken)])
            self.params = of_command + of_parts
            words = list(args)  # the parser empties the list
            try:
                rest = super().parse_args(ctx, args)
            except Exception as error:
                if (flag := getattr(error, "option_name", None)) is not None:  # no such option
                    _say_whose(str(flag), chosen)
                _say_forgotten(words, self.params)
                raise
            said = ctx.meta["xlner.given"] = Given()
            for p in of_parts:
                if (value := ctx.params.pop(p.name)) not in (None, (), []):
                    said.put(p.flag, _plain(p.flag, value))
            return rest

        def invoke(self, ctx: Any) -> Any:
            try:
                return super().invoke(ctx)
            except OptionError as error:
                raise ctx.meta["xlner.given"].spelled(error) from None

        def format_options(self, ctx: Any, formatter: Any) -> None:
            """One section for the command's own options, and one for each chosen part."""
            sections: dict[str, list[tuple[str, str]]] = {}
            for p in self.get_params(ctx):
                if (row := p.get_help_record(ctx)) is not None:
                    title = p.flag.section if hasattr(p, "flag") else "Options"
                    sections.setdefault(title, []).append(row)
            for title, rows in sections.items():
                with formatter.section(title):
                    formatter.write_dl(rows)

    return PartCommand


def given(context: typer.Context) -> Given:
    """What the user said to the chosen parts by flags."""
    return context.meta.get("xlner.given", Given())


def values_of(context: typer.Context, flag: str, further: Sequence[str] = ()) -> dict[str, Any]:
    """The options that the user gave to the part chosen by `--flag`, as plain values.

    Args:
        context: of the command.
        flag: of the choice.
        further: KEY=VALUE items of --option.

    Raises:
        UsageError: an option is said twice.
    """
    values = given(context).values.get(flag, {})
    if not further:
        return values
    from xlner.api.arguments import key_values

    more = key_values(further)
    if twice := next((name for name in more if name in values), None):
        name = twice.replace("_", "-")
        raise UsageError(f"--option {name} and --{name} both say what {name} is; give one of them")
    return {**values, **more}


def _chosen(choice: Choice, args: Sequence[str], config: bool) -> str | None:
    name = choice.default if choice.fixed else _value_of(args, f"--{choice.flag}")
    file, recipe = (_value_of(args, flag) for flag in ("--config", "--recipe"))
    if name is None and config and (file is not None or recipe is not None):
        from xlner.api.config import read_config
        from xlner.api.recipes import with_recipe

        name = with_recipe(read_config(file), recipe).method
    return choice.default if name is None else name


def _value_of(args: Sequence[str], flag: str) -> str | None:
    value = None
    for word, following in pairwise([*args, None]):
        if word == flag:
            value = following
        elif word is not None and word.startswith(flag + "="):
            value = word.partition("=")[2]
    return value


def _parameters(flags: Sequence[Flag]) -> list[Any]:
    """The parameters, as typer makes them from a signature, each with its `flag`."""
    if not flags:
        return []

    def nothing(**values: Any) -> None: ...

    by_name = {f"part_{i}": flag for i, flag in enumerate(flags)}
    nothing.__annotations__ = {name: _annotation(flag) for name, flag in by_name.items()}
    nothing.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
            for name, kind in nothing.__annotations__.items()
        ]
    )
    app = typer.Typer(add_completion=False)
    app.command()(nothing)
    params: list[Any] = [p for p in typer.main.get_command(app).params if p.name in by_name]
    for p in params:
        p.flag = by_name[p.name]
    return params


def _annotation(flag: Flag) -> Any:
    kind: Any = bool | None if flag.switch else list[str] | None if flag.many else str | None
    if flag.size > 1:
        kind = tuple[(str,) * flag.size] | None  # type: ignore[misc]
    names = [f"--{n}/--no-{n}" if flag.switch else f"--{n}" for n in flag.names]
    metavar = None if flag.switch else flag.metavar
    return Annotated[
        kind, typer.Option(*names, help=as_flags(flag.help), metavar=metavar, hidden=flag.hidden, show_default=False)
    ]


def _plain(flag: Flag, value: Any) -> Any:
    if not flag.yaml:
        return list(value) if isinstance(value, tuple) else value
    import yaml

    try:
        return yaml.safe_load(value)
    except yaml.YAMLError:
        raise UsageError(f"--{flag.name}: '{value}' is no value that YAML reads") from None


def _say_whose(flag: str, chosen: Chosen) -> None:
    """Refuse a flag that the chosen parts do not have and others have; the message names those.

    Raises:
        UsageError: other parts have it.
    """
    name = flag.removeprefix("--no-" if flag.startswith("--no-") else "--")
    for choice, others in owners(name, chosen):
        part = chosen[choice]
        default = f", the default; choose another with --{choice.flag}" if part == choice.default else ""
        whose = " and ".join(filter(None, (", ".join(others[:-1]), others[-1])))
        kind = choice.registry().one if len(others) == 1 else choice.point
        raise UsageError(f"{flag} is an option of the {kind} {whose}, not of {part or 'none'}{default}")


def _say_forgotten(args: Sequence[str], params: Sequence[Any]) -> None:
    """Refuse a flag that has another flag where its value should be: somebody forgot the value.

    Raises:
        UsageError: there is one.
    """
    takes = {name for p in params if not getattr(p, "is_flag", False) for name in p.opts if name.startswith("--")}
    for word, following in pairwise(args):
        if word in takes and following in takes:
            raise UsageError(f"{word} wants a value, and the flag {following} came")
