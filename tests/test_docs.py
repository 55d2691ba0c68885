"""The pages of docs/components are those that the classes give."""

from __future__ import annotations

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_the_pages_of_components_are_current():
    spec = importlib.util.spec_from_file_location("make_components", ROOT / "docs" / "make_components.py")
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    assert maker.stale(maker.pages()) == [], "run .venv/bin/python docs/make_components.py"
