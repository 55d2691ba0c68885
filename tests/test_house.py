"""Rules of the house that no other tool checks. CONTRIBUTING.md gives the reasons."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

from xlner.methods import METHODS
from xlner.methods.method import INPUTS

SOURCE = Path(__file__).resolve().parents[1] / "src" / "xlner"
FILES = sorted(SOURCE.rglob("*.py"))
MOST_LINES = 300
MOST_PARAMETERS = 20

# File -> why it is longer than others.
LONG = {
    "api/similarity.py": "two commands of one name, `similarity` and `recommend`",
    "component.py": "the whole of what a part says of itself, in one place",
    "data/checking.py": "one function per thing that is checked, a line of text each",
}
# Files whose strings are words of commands, and no messages.
COMMANDS = {"api/study.py", "study/execute.py", "study/pairs.py", "study/runs.py"}
# A flag in a message of the library, in quotes. Commands to type, such as `pip install --no-deps`, are no messages.
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
COMMANDS_TO_TYPE = re.compile(r"(?:xlner|pip install) [^\n`]*")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def name(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def docstrings(module: ast.Module) -> set[int]:
    """The nodes that are docstrings, by id."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    owners = (n for n in ast.walk(module) if isinstance(n, kinds) and n.body)
    return {id(n.body[0].value) for n in owners if isinstance(n.body[0], ast.Expr)}


def test_no_file_is_long_without_a_reason():
    long = {name(p): n for p in FILES if (n := len(p.read_text("utf-8").splitlines())) > MOST_LINES}
    assert {k: v for k, v in long.items() if k not in LONG} == {}, "split it, or say in LONG why it is long"


def test_no_function_has_more_than_twenty_parameters():
    wide = {}
    for path in FILES:
        for node in ast.walk(tree(path)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                a = node.args
                count = len([*a.posonlyargs, *a.args, *a.kwonlyargs]) + bool(a.vararg) + bool(a.kwarg)
                if count > MOST_PARAMETERS:
                    wide[f"{name(path)}:{node.lineno} {node.name}"] = count
    assert wide == {}


def test_the_library_names_parameters_and_not_flags():
    """A message says `learning_rate`; the command line makes --learning-rate of it."""
    spelled = []
    for path in FILES:
        if "cli" in path.relative_to(SOURCE).parts or name(path) in COMMANDS:
            continue
        module = tree(path)
        docs = docstrings(module)
        for node in ast.walk(module):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
                text = COMMANDS_TO_TYPE.sub("", node.value)
                spelled += [f"{name(path)}:{node.lineno} {flag}" for flag in FLAG.findall(text)]
    assert spelled == []


def test_nobody_asks_for_a_method_by_name():
    """Outside of the room of methods, none is special."""
    methods = set(METHODS.builtin) - INPUTS.keys()  # "bitext" is also what a method or a measure may need
    asked = []
    for path in FILES:
        if "methods" in path.relative_to(SOURCE).parts:
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Compare):
                values = [node.left, *node.comparators]
                words = {v.value for v in values if isinstance(v, ast.Constant) and isinstance(v.value, str)}
                asked += [f"{name(path)}:{node.lineno} {w}" for w in words & methods]
    assert asked == []
