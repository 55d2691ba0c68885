"""Packages give their names when used, and bring nothing heavy before."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys

import pytest

ROOMS = ["align", "encoder", "evaluate", "project", "similarity", "tagger", "train"]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_gives_all_its_names_and_none_is_the_module_of_that_name(room):
    package = importlib.import_module(f"xlner.{room}")
    modules = {m.name for m in pkgutil.iter_modules(package.__path__)}
    assert not set(package.__all__) & modules
    for name in package.__all__:
        assert getattr(package, name) is not None
    with pytest.raises(AttributeError, match=f"module 'xlner.{room}' has no attribute 'nothing'"):
        package.nothing  # noqa: B018


def test_rooms_alone_import_no_numpy():
    lines = [f"import xlner.{room}" for room in ROOMS] + ["from xlner.similarity import SIMILARITIES, expand"]
    lines += ["import sys", "print([m for m in ('numpy', 'torch', 'transformers', 'scipy') if m in sys.modules])"]
    told = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
