"""The site is built strictly, and asks for nothing outside of itself."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
from types import ModuleType

import pytest
import yaml
from tests.site.commands import ROOT

import xlner

# Links to click are fine; these are loaded by themselves.
LOADED = re.compile(r'<(?:script|img|link|iframe|source)\b[^>]*?(?:src|href)="((?:https?:)?//[^"]*)"')


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    for name in ("mkdocs", "material", "mkdocstrings"):
        pytest.importorskip(name)
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_no_page_loads_anything_from_elsewhere(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 100
    assert {url for page in pages for url in LOADED.findall(page.read_text("utf-8"))} == set()
    styles = "".join(p.read_text("utf-8") for p in site.rglob("*.css"))
    assert re.findall(r"(?:@import|url\()\s*[\"']?(?:https?:)?//[^)]*", styles) == []


def test_pages_opened_as_files_can_be_searched(site):
    assert (site / "search" / "search_index.js").stat().st_size > 100_000
    assert 'src="site/iframe-worker.js"' in (site / "index.html").read_text("utf-8")


def test_a_browser_finds_words_without_a_server(site):
    playwright = pytest.importorskip("playwright.sync_api")
    if (chromium := shutil.which("chromium")) is None:
        pytest.skip("no chromium")
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=chromium)
        page = browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto((site / "howto" / "resume.html").as_uri())
        page.keyboard.press("f")
        page.keyboard.type("pharaoh")
        page.wait_for_selector(".md-search-result__item", timeout=20_000)
        found = page.inner_text(".md-search-result__list")
        browser.close()
    assert "Word alignment" in found
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def test_files_outside_of_docs_have_pages(site):
    assert "projection-vs-distillation" in (site / "project/studies/projection-vs-distillation.yaml.html").read_text(
        "utf-8"
    )
    assert 'href="CONTRIBUTING.html"' in (site / "index.html").read_text("utf-8")
    assert "From English labels" in (site / "project/notebooks/english_to_spanish.ipynb.html").read_text("utf-8")


def test_the_api_page_has_every_public_name_and_knows_where_it_lives():
    page = (ROOT / "docs" / "api.md").read_text("utf-8")
    places = {
        name: place for place, name in re.findall(r"^::: (\S+)\n.*\n +heading: xlner\.(\w+)$", page, re.MULTILINE)
    }
    assert set(xlner.__all__) - places.keys() == {"read_file"}, "docs/api.md"
    for name, place in places.items():
        module, _, attribute = place.rpartition(".")
        lives = getattr(importlib.import_module(module), attribute, None)
        assert lives is not None, f"docs/api.md looks for xlner.{name} in {module}"
        assert lives is getattr(xlner, name) or isinstance(getattr(xlner, name), ModuleType), name


def test_every_page_of_docs_has_a_place_in_the_navigation():
    """Strict building sees to that, too; this says it sooner, and where there is no mkdocs."""
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))["nav"]
    listed = set(re.findall(r"[\w/-]+(?:\.md|/)(?=')", str(nav)))
    pages = {p.relative_to(ROOT / "docs").as_posix() for p in (ROOT / "docs").rglob("*.md")}
    assert {p for p in pages if p not in listed and f"{os.path.dirname(p)}/" not in listed} == set()
