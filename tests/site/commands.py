"""The commands that pages show: found in their fenced blocks, parsed as the command line parses them, and run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^(?P<indent> *)```(?P<kind>\w*)[^\n]*\n(?P<text>.*?)^(?P=indent)```", re.MULTILINE | re.DOTALL)
NOT_RUN = re.compile(r"<!-- not run: [^>]+ -->\s*$")
ENDS = {"|", ">", ">>", "<", "&&", ";", "&", "2>"}


@dataclass(frozen=True)
class Block:
    """A fenced block of commands; `runs` is false if a comment before it says why it is not run."""

    page: Path
    line: int
    kind: str
    text: str
    runs: bool

    @property
    def lines(self) -> list[str]:
        """Its lines, those that go on after a backslash joined."""
        return [line for line in re.sub(r"\\\n\s*", "", self.text).splitlines() if line.strip()]


@dataclass(frozen=True)
class Command:
    """The words behind `xlner` of one line, and where it stands."""

    place: str
    words: tuple[str, ...]


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page, whatever their language."""
    text = page.read_text("utf-8")
    for match in FENCE.finditer(text):
        line = text[: match.start()].count("\n") + 1
        runs = NOT_RUN.search(text[: match.start()]) is None
        yield Block(page, line, match["kind"], match["text"], runs)


def commands(block: Block) -> Iterator[Command]:
    """The `xlner` commands of a block of the shell, or of one without a language."""
    if block.kind not in ("", "sh", "bash", "console"):
        return
    for line in block.lines:
        if (words := words_of(line)) is not None:
            yield Command(f"{block.page.relative_to(ROOT)}:{block.line}", tuple(words))


def words_of(line: str) -> list[str] | None:
    """What stands behind `xlner` in a line, up to a pipe, a redirection or a comment; None if it is another line."""
    if not re.search(r"(^|[\s/])xlner ", line):
        return None
    line = re.sub(r"<\([^)]*\)", "-", line)  # a pipe in place of a file
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|<>&;")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    words = list(lexer)
    starts = [i for i, word in enumerate(words) if re.fullmatch(r"(\.venv/bin/)?xlner", word)]
    if not starts or (starts[0] and words[starts[0] - 1] not in ENDS | {"time"}):
        return None
    words = words[starts[0] + 1 :]
    return words[: next((i for i, word in enumerate(words) if word in ENDS), len(words))]


def parse(words: tuple[str, ...]) -> None:
    """Parse a command as the command line does, and do not run it.

    Raises:
        Exception: what the command line answers to wrong flags.
    """
    import typer

    from xlner import cli

    if "--help" in words or "..." in words:
        words = tuple(w for w in words if w not in ("--help", "..."))
        if len(words) > 1:
            words = (*words, "--help")
    cli._register(list(words))
    command, rest, context = typer.main.get_command(cli.app), list(words), None
    name = "xlner"
    while hasattr(command, "commands"):
        context = command.make_context(name, rest, parent=context)
        rest = [*context._protected_args, *context.args]
        if not rest:
            return
        name, command, rest = command.resolve_command(context, rest)
    command.make_context(name, rest, parent=context)
