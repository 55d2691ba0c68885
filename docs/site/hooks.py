"""What the site needs beside mkdocs: whole folders in the navigation, and links to files outside of docs/.

Pages link to files as they lie in the project, so that the links work where the project is read as plain files, too.
A link that leaves docs/ is led to a page of the site: a Markdown file of the project becomes a page, another file a
page that shows its text. A folder has no page; its link becomes plain text.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = ("CONTRIBUTING.md", "CHANGELOG.md")  # of the project itself, with a place in the navigation
HOME = {"README.md": "index.md"}  # file of the project -> the page that says the same
LINK = re.compile(r"(?P<name>\[(?:[^\[\]]|\[[^\]]*\])*\])\((?P<target>[^()\s#]*)(?P<anchor>#[^()\s]*)?\)")
FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the pages of folders into the navigation."""
    listed = set(_leaves(config.nav))
    config.nav = _filled(config.nav, listed)
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add pages for the files outside of docs/ that pages link to, and for what those link to."""
    for name in PAGES:
        files.append(File.generated(config, name, content=(ROOT / name).read_text("utf-8")))
    waiting = [f for f in files if f.is_documentation_page()]
    while waiting:
        page = waiting.pop()
        for match in LINK.finditer(_prose(page.content_string)):
            path = _of_project(page.src_uri, match["target"])
            if path is None or not (ROOT / path).is_file() or path in HOME:
                continue
            uri = _uri(path)
            if files.get_file_from_path(uri) is None:
                made = File.generated(config, uri, content=_content(path))
                made.inclusion = InclusionLevel.NOT_IN_NAV
                files.append(made)
                waiting.append(made)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links to the pages of the site."""
    here = page.file.src_uri

    def led(match: re.Match[str]) -> str:
        target, anchor = match["target"], match["anchor"] or ""
        path = _of_project(here, target)
        if path is None:
            return match[0]
        if (ROOT / path).is_dir():
            index = f"{path.removeprefix('docs/')}/README.md"
            if path.startswith("docs/") and files.get_file_from_path(index):
                return f"{match['name']}({_way(here, index)}{anchor})"
            return match["name"][1:-1]
        uri = HOME.get(path) or _uri(path)
        return f"{match['name']}({_way(here, uri)}{anchor})"

    parts, end = [], 0
    for fence in FENCE.finditer(markdown):
        parts += [LINK.sub(led, markdown[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*parts, LINK.sub(led, markdown[end:])])


def _of_project(here: str, target: str) -> str | None:
    """Path in the project of what a link on the page `here` means; None for addresses, and for what is not there."""
    if not target or ":" in target:
        return None
    # A page of docs/ counts from its folder, a page made from the project's own file from that file's.
    folder = "" if here in PAGES else posixpath.dirname(here.removeprefix("project/"))
    base = folder if here in PAGES or here.startswith("project/") else posixpath.join("docs", folder)
    path = posixpath.normpath(posixpath.join(base, target))
    return path if not path.startswith("..") and (ROOT / path).exists() else None


def _uri(path: str) -> str:
    """Where the site has a file of the project."""
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    if path in PAGES:
        return path
    return f"project/{path}" if path.endswith(".md") else f"project/{path}.md"


def _content(path: str) -> str:
    text = (ROOT / path).read_text("utf-8")
    if path.endswith(".md"):
        return text
    if path.endswith(".ipynb"):
        return _notebook(json.loads(text))
    kind = {".py": "python", ".yaml": "yaml", ".yml": "yaml", ".toml": "toml", ".cff": "yaml"}.get(
        Path(path).suffix, "text"
    )
    return f"# {Path(path).name}\n\n`{path}`\n\n~~~~{kind}\n{text.rstrip()}\n~~~~\n"


def _notebook(book: dict[str, Any]) -> str:
    """A notebook as a page: its words, its code, and what the code printed."""
    parts = []
    for cell in book["cells"]:
        text = "".join(cell["source"])
        parts.append(text if cell["cell_type"] == "markdown" else f"~~~~python\n{text}\n~~~~")
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if "text/html" in data:
                parts.append("<div>" + "".join(data["text/html"]) + "</div>")
            elif shown := "".join(output.get("text", data.get("text/plain", ""))):
                parts.append(f"~~~~text\n{shown.rstrip()}\n~~~~")
    return "\n\n".join(parts) + "\n"


def _way(here: str, there: str) -> str:
    return posixpath.relpath(there, posixpath.dirname(here) or ".")


def _prose(markdown: str) -> str:
    return FENCE.sub("", markdown)


def _leaves(nav: Any) -> list[str]:
    if isinstance(nav, str):
        return [nav]
    return [leaf for item in (nav.values() if isinstance(nav, dict) else nav or ()) for leaf in _leaves(item)]


def _filled(nav: Any, listed: set[str]) -> Any:
    """The navigation with folders replaced by their pages, and without planned pages that are not there."""
    if isinstance(nav, str) and nav.endswith("/"):
        pages = sorted(f"{nav}{name}" for name in os.listdir(DOCS / nav) if name.endswith(".md"))
        return [page for page in pages if page not in listed]
    if isinstance(nav, dict):
        return {title: _filled(value, listed) for title, value in nav.items()}
    if isinstance(nav, list):
        return [_filled(item, listed) for item in nav]
    return nav
