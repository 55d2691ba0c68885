"""Print the oldest versions that pyproject.toml allows, as a constraints file for pip.

Only what users install counts: the dependencies, and every extra but `dev`. Lines of constraints.txt win.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def oldest() -> dict[str, str]:
    """Package -> the oldest version that pyproject.toml allows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(line for name in extras if name != "dev" for line in extras[name])]
    fixed = re.findall(r"^([\w.-]+)==", (ROOT / "constraints.txt").read_text("utf-8"), re.MULTILINE)
    pairs = (re.fullmatch(r"([\w.-]+)(?:\[.*\])?[>=]=([\w.]+)", line) for line in wanted)
    versions: dict[str, str] = {}
    for line, pair in zip(wanted, pairs, strict=True):
        if pair is None:
            sys.exit(f"no oldest version in '{line}'")
        name, version = pair.groups()
        if versions.setdefault(name, version) != version:
            sys.exit(f"{name} has two oldest versions: {versions[name]} and {version}")
    return {name: version for name, version in versions.items() if name not in fixed}


if __name__ == "__main__":
    print("\n".join(f"{name}=={version}" for name, version in oldest().items()))
