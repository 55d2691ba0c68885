"""The pages of docs/components are those that the classes give; the README is short, and its links lead somewhere."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def test_the_pages_of_components_are_current():
    spec = importlib.util.spec_from_file_location("make_components", ROOT / "docs" / "make_components.py")
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    assert maker.stale(maker.pages()) == [], "run .venv/bin/python docs/make_components.py"


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "RELEASE.md", "CHANGELOG.md"])
def test_links_of_pages_outside_of_docs_lead_somewhere(page):
    """Those of docs/ are checked where the site is built."""
    links = re.findall(r"\]\(([^()\s#]+)", (ROOT / page).read_text("utf-8"))
    assert [link for link in links if ":" not in link and not (ROOT / link).exists()] == []


def test_the_readme_is_short_and_begins_with_the_two_commands():
    text = (ROOT / "README.md").read_text("utf-8")
    assert len(text.splitlines()) < 120
    first = re.search(r"```sh\n(.*?)```", text, re.DOTALL)[1]
    assert [line.split("  ")[0].split("   ")[0] for line in first.splitlines()] == ["make demo", "make test"]
