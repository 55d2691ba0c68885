"""`--help` answers at once: it imports nothing heavy, for every command and every part that a command can choose."""

from __future__ import annotations

import subprocess
import sys

from xlner.cli import COMMANDS
from xlner.registry import POINTS, look_up

HEAVY = (
    "torch", "transformers", "numpy._core", "pydantic", "scipy", "rich", "matplotlib", "yaml", "importlib.metadata",
)  # fmt: skip
CHOICES = {
    "transfer --method": "methods",
    "align --aligner": "aligners",
    "project --matcher": "matchers",
    "project --aligner": "aligners",
    "project --score": "scores",
    "translate --translator": "translators",
    "data check --format": "formats",
    "data convert --to": "formats",
    "data convert --format": "formats",
}
SCRIPT = """
import contextlib, io, sys
from xlner.cli import main
heavy, lines = sys.argv[1].split(","), sys.argv[2].splitlines()
for line in lines:
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.suppress(SystemExit):
        main(line.split())
    assert out.getvalue().startswith(sys.argv[3]), line
    if loaded := [name for name in heavy if name in sys.modules]:
        sys.exit(f"xlner {line} imports {', '.join(loaded)}")
"""


def imports_nothing(lines: list[str], heavy: tuple[str, ...], start: str = "") -> None:
    arguments = [sys.executable, "-c", SCRIPT, ",".join(heavy), "\n".join(lines), start]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_help_of_every_command():
    commands = ["", *COMMANDS, "data", "data check", "data convert"]
    imports_nothing([f"{c} --help" for c in commands], HEAVY, "Usage:")


def test_help_of_every_part():
    lines = [f"{flag} {name} --help" for flag, point in CHOICES.items() for name in look_up(POINTS[point]).builtin]
    imports_nothing([*lines, "project --score align=0.5,nmt=1 --help"], HEAVY, "Usage:")


def test_the_lists_of_parts():
    imports_nothing(list(POINTS), ("torch", "transformers", "scipy", "rich", "matplotlib"))


def test_a_wrong_command_line_is_refused_at_once():
    missing = "--source en=/nowhere --target es=/nowhere --output /nowhere/run"
    imports_nothing(["train", "transfer", f"transfer {missing}", f"transfer --method concner {missing}"], ("torch",))
