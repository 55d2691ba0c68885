"""The command line: one thin file per command, and the one place where errors become exit codes.

Exit codes: 0 success, 1 the work failed, 2 wrong usage. Tracebacks appear with --debug only.
"""

from __future__ import annotations

import errno
import importlib
import os
import re
import sys
from collections.abc import Sequence

import typer

from xlner.cli.command import Command, Group, StoppedError
from xlner.core.rooms import defer
from xlner.errors import UsageError, XlnerError
from xlner.registry import POINTS

app = typer.Typer(
    name="xlner",
    cls=Group,
    help="Cross-lingual named entity recognition: labels in the languages you have, a model for the one you need.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

# Command -> module with a function `command`, or "module:function". Modules keep heavy imports inside it, so that
# --help answers at once.
COMMANDS = {
    "demo": "demo",
    "train": "train",
    "transfer": "transfer",
    "predict": "predict",
    "evaluate": "evaluate",
    "compare": "compare",
    "similarity": "similarity",
    "align": "align",
    "project": "project",
    "translate": "translate",
    "pretrain": "pretrain",
    "push": "push",
    "serve": "serve",
    "export": "export",
    **{point: f"listing:{point}" for point in POINTS},
}
GROUPS = ("data", "study")  # modules with a `group` of commands


@app.callback(invoke_without_command=True)
def _top(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version and exit."),
) -> None:
    if version:
        from importlib.metadata import version as installed

        typer.echo(f"xlner {installed('xlner')}")
        raise typer.Exit


def _register(words: Sequence[str]) -> None:
    """Add the command that the first word names, or all of them; one alone answers sooner."""
    app.registered_commands.clear()
    app.registered_groups.clear()
    names = words[:1] if words and words[0] in COMMANDS else COMMANDS
    for name in names:
        place, _, function = COMMANDS[name].partition(":")
        module = importlib.import_module(f"xlner.cli.{place}")
        app.command(name, cls=getattr(module, "COMMAND", Command))(getattr(module, function or "command"))
    app.info.add_help_option = not {*COMMANDS, *GROUPS} & set(words[:1])
    for name in GROUPS if names is COMMANDS else ():
        if words[:1] in ([name], []) or words[0] not in GROUPS:
            group = importlib.import_module(f"xlner.cli.{name}").group
            app.add_typer(group, name=name)
            # typer loads pydantic where it looks for --help and a command comes
            group.info.add_help_option = not {c.name for c in group.registered_commands} & set(words[1:2])


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    words = [w for w in words if w != "--debug"]
    if "--help" in words:
        defer("numpy")  # parts import it, and help only looks at their options
    _register(words)
    try:
        app(args=words, prog_name="xlner", standalone_mode=True)
    except SystemExit:
        try:
            sys.stdout.flush() if sys.stdout is not None else None
        except BrokenPipeError:
            _silence()
        raise
    except (XlnerError, OSError, MemoryError, KeyboardInterrupt, StoppedError) as error:
        if debug:
            raise
        code = _explain(error.__cause__ if isinstance(error, StoppedError) and error.__cause__ else error)
        sys.exit(code)
    except ModuleNotFoundError as error:
        if debug or (lacks := (error.name or "").partition(".")[0]) not in _LEFT_OUT:
            raise
        typer.echo(f"error: this command needs {lacks}; pip install {_LEFT_OUT[lacks]}", err=True)
        sys.exit(1)
    except Exception as error:
        if debug or os.strerror(errno.ENOSPC) not in str(error):  # safetensors has an error of its own for it
            raise
        sys.exit(_explain(OSError(errno.ENOSPC, "")))


_TORCH = "torch transformers accelerate"
# What the light install goes without -> what to install.
_LEFT_OUT = {**dict.fromkeys((*_TORCH.split(), "safetensors"), _TORCH), "pydantic": "pydantic", "scipy": "scipy"}
_FLAGS = {
    "mapping": "map",
    "languages": "language",
    "measures": "measure",
    "options": "option",
    "translations": "translation",
    "dictionaries": "dictionary",
}  # names of the library that the command line spells in another way


def as_flags(message: str) -> str:
    """A message of the library in the spelling of the command line.

    The library names its parameters in backticks, alone or with a value: `learning_rate`, `mapping DATE=O`.
    """

    def flag(parameter: re.Match[str]) -> str:
        name, value = parameter.groups(default="")
        return "--" + _FLAGS.get(name, name).replace("_", "-") + value

    return re.sub(r"`(?!xlner\b)([a-z][a-z0-9_.]*)( [^`\n]*)?`", flag, message)


def _silence() -> int:
    """Write nothing more to standard output. The exit code: 1 if messages went the same way, so nobody saw the end."""
    code = int(os.fstat(1).st_ino == os.fstat(2).st_ino)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _explain(error: BaseException) -> int:
    """Say in one message what went wrong, and give the exit code."""
    if isinstance(error, BrokenPipeError):  # the reader, such as `head`, has seen enough
        return _silence()
    if isinstance(error, KeyboardInterrupt):
        typer.echo("interrupted; where a command writes a run folder, the same command goes on where it was", err=True)
        return 130
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        message = f"the disk is full: {error.filename or 'no space left'}. Free some space; --resume auto goes on"
    elif isinstance(error, OSError) and not isinstance(error, XlnerError):
        message = f"{error.strerror or error}: {error.filename or ''}".rstrip(": ")
    elif isinstance(error, MemoryError):
        message = "out of memory; try a smaller --batch-subwords or --chunk-sentences"
    else:
        message = as_flags(str(error))
    typer.echo(f"error: {message}", err=True)
    return 2 if isinstance(error, UsageError) else 1
