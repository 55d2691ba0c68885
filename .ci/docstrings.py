"""Run pydoclint, and keep what concerns docstrings that document arguments or return values.

A short docstring that says all in a sentence is welcome, also one with a section `Raises:` alone. So an argument may be
left out only where there is no section `Args:`, and `Returns:` is never asked for. What is written must be true.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLACE = re.compile(r"(?P<file>[^:]+):(?P<line>\d+): (?P<code>DOC\d+): ")
LEFT_OUT = {"DOC101", "DOC103", "DOC109", "DOC601", "DOC603"}  # arguments that a docstring does not name
NOT_ASKED = {"DOC201", "DOC402", "DOC404"}  # Returns and Yields


@cache
def with_arguments(file: str) -> frozenset[int]:
    """Lines of functions and classes whose docstring has a section `Args:`, with those of their decorators."""
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            doc = ast.get_docstring(node) or ""
            if isinstance(node, ast.ClassDef) and "\nArgs:\n" in doc:  # pydoclint reports them at __init__
                lines |= {n.lineno for n in node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"}
            if "\nArgs:\n" in f"\n{doc}\n":
                lines |= {node.lineno, *(d.lineno for d in node.decorator_list)}
    return frozenset(lines)


def counts(line: str) -> bool:
    """Whether a line of pydoclint's output is a violation of ours."""
    found = PLACE.match(line)
    if not found or found["code"] in NOT_ASKED:
        return False
    return found["code"] not in LEFT_OUT or int(found["line"]) in with_arguments(found["file"])


def main() -> None:
    """Print the violations; exit code 1 if there are any."""
    command = [
        str(Path(sys.executable).with_name("pydoclint")), "--quiet", "--config", "pyproject.toml",
        "--show-filenames-in-every-violation-message", "true", "src/xlner",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    lines = (done.stdout + done.stderr).splitlines()
    if done.returncode and not any(PLACE.match(line) for line in lines):
        sys.exit("pydoclint itself failed:\n" + "\n".join(lines))
    bad = [line for line in lines if counts(line)]
    print("\n".join(bad) if bad else "docstrings: well")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
