"""What all commands do that those of typer do not."""

from __future__ import annotations

from collections import Counter
from typing import Any

from typer.core import TyperCommand, TyperGroup

from xlner.errors import UsageError


class Command(TyperCommand):
    """A command that refuses two values of an option that has one, where the last would win in silence."""

    def make_parser(self, ctx: Any) -> Any:
        """The parser of typer, with a look at what it found."""
        parser: Any = super().make_parser(ctx)
        parse = parser.parse_args

        def once(args: list[str]) -> Any:
            values, rest, order = parse(args)
            for parameter, times in Counter(order).items():
                repeats = parameter.multiple or parameter.nargs != 1 or getattr(parameter, "is_flag", False)
                if times > 1 and parameter.param_type_name == "option" and not repeats:
                    raise UsageError(f"{parameter.opts[0]} is given {times} times; give it once")
            return values, rest, order

        parser.parse_args = once
        return parser


class StoppedError(Exception):
    """A command was stopped, by the user or by the reader of its output; `__cause__` says which."""


class Group(TyperGroup):
    """The commands. Typer would end them in silence when they are stopped, and with 1 when `head` has seen enough."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except (BrokenPipeError, KeyboardInterrupt) as error:
            raise StoppedError from error
