"""Write a page per component into docs/components, from what its class says. Run it after a change of a part.

    .venv/bin/python docs/make_components.py           # or: make docs
    .venv/bin/python docs/make_components.py --check   # exit code 1 if a page is out of date

A page holds summary, explanation, reference, needs and a table of options. Nobody edits it by hand.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xlner.component import Description, OptionField, describe, in_words, option_fields
from xlner.registry import POINTS, Registry, look_up

FOLDER = Path(__file__).resolve().parent / "components"
HOW = {
    "methods": "xlner transfer --method {name} ...",
    "aligners": "xlner align --aligner {name} ...",
    "matchers": "xlner project --matcher {name} ...",
    "scores": "xlner project --score {name} ...",
    "translators": "xlner translate --translator {name} ...",
    "similarities": "xlner similarity --measure {name} ...",
    "formats": "xlner data convert --format {name} ...",
    "augmentations": "xlner transfer --augment {name} ...",
}
SIGNS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}


def pages() -> dict[str, str]:
    """File below docs/components -> its text."""
    made: dict[str, str] = {}
    rows = [
        "# Components",
        "",
        "Every part that a command can choose, with its options. These pages are made from the classes by "
        "`docs/make_components.py`.",
        "[CONTRIBUTING.md](../../CONTRIBUTING.md) says how to add a part.",
    ]
    for point, place in POINTS.items():
        registry: Registry = look_up(place)
        rows += ["", f"## {point.capitalize()}", "", "| name | what it is | needs |", "|---|---|---|"]
        for name, others in _parts(registry):
            file = f"{point}/{name.replace(':', '-')}.md"
            part = registry.load(name)
            about = describe(name, part)
            made[file] = page(point, registry.one, about, part, others)
            needs = ", ".join(sorted(n.replace("_", " ") for n in about.needs)) or "-"
            rows.append(f"| [{name}]({file}) | {_cell(about.summary)} | {needs} |")
    made["README.md"] = "\n".join(rows) + "\n"
    return made


def page(point: str, one: str, about: Description, part: Any, others: list[str]) -> str:
    """The page of one part."""
    lines = [f"# {about.name}", "", f"*{one or point}* · `{HOW[point].format(name=about.name)}`", "", about.summary]
    lines += [x for paragraph in _explanation(part) for x in ("", paragraph)]
    if others:
        lines += ["", "Other names: " + ", ".join(f"`{n}`" for n in others)]
    if about.needs:
        lines += ["", "Needs: " + ", ".join(f"`{n}`" for n in sorted(about.needs))]
    if about.reference:
        lines += ["", f"Reference: {about.reference}"]
    lines += ["", "## Options", "", *_table(about.fields)]
    shown: dict[Any, str] = {}
    for f in about.fields:
        if f.nested:
            lines += ["", f"### {f.name}", "", f"{f.help} As flags: `--{_flag(f.name)}.NAME`.", ""]
            if f.nested in shown:
                lines.append(f"The options of [{shown[f.nested]}](#{shown[f.nested]}), with the same defaults.")
            else:
                lines += _table(option_fields(f.nested))
            shown.setdefault(f.nested, f.name)
    return "\n".join(lines) + "\n"


def write(texts: dict[str, str]) -> None:
    """Write the pages, and remove those of parts that are gone."""
    for file in _there():
        if file not in texts:
            (FOLDER / file).unlink()
    for file, text in texts.items():
        (FOLDER / file).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / file).write_text(text, "utf-8")


def stale(texts: dict[str, str]) -> list[str]:
    """Pages that are missing, out of date, or of no part."""
    there = _there()
    old = [f for f, text in texts.items() if f not in there or (FOLDER / f).read_text("utf-8") != text]
    return sorted([*old, *(f for f in there if f not in texts)])


def _there() -> list[str]:
    return sorted(p.relative_to(FOLDER).as_posix() for p in FOLDER.rglob("*.md"))


def _parts(registry: Registry) -> Iterator[tuple[str, list[str]]]:
    """The parts of the package itself, each once, with their other names."""
    names: dict[str, list[str]] = {}
    for name, place in registry.builtin.items():
        names.setdefault(place, []).append(name)
    yield from ((first, others) for first, *others in names.values())


def _explanation(part: Any) -> list[str]:
    """The paragraphs of a docstring between its summary and its first section."""
    doc = inspect.getdoc(part) or ""
    paragraphs = [p for p in re.split(r"\n\s*\n", doc)[1:] if p.strip()]
    sections = (i for i, p in enumerate(paragraphs) if re.match(r"[A-Z][a-z]+:(\s|$)", p))
    return paragraphs[: next(sections, len(paragraphs))]


def _table(fields: tuple[OptionField, ...]) -> list[str]:
    if not fields:
        return ["None."]
    rows = ["| option | takes | default | meaning |", "|---|---|---|---|"]
    for f in fields:
        takes = "options, see below" if f.nested else in_words(f.type)
        bounds = ", ".join(f"{SIGNS[sign]} {value:.10g}" for sign, value in f.bounds.items())
        unit = f" ({f.unit})" if f.unit else ""
        takes += unit + (f", {bounds}" if bounds else "")
        rows.append(f"| `{f.name}` | {_cell(takes)} | {_default(f)} | {_cell(f.help)} |")
    return rows


def _default(f: OptionField) -> str:
    if f.required:
        return "required"
    if f.nested or f.default in (None, ()):
        return "-"
    return f"`{str(f.default).lower() if isinstance(f.default, bool) else f.default}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _flag(name: str) -> str:
    return name.replace("_", "-")


if __name__ == "__main__":
    made = pages()
    if "--check" in sys.argv:
        if wrong := stale(made):
            sys.exit(f"out of date, run docs/make_components.py: {', '.join(wrong)}")
    else:
        write(made)
        print(f"{len(made)} pages in {FOLDER}")
