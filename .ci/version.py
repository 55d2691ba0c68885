"""See that the version of a tag, the package, CITATION.cff and CHANGELOG.md are one.

python .ci/version.py v0.2.0
python .ci/version.py           # without a tag: the package and CITATION.cff
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def differences(tag: str | None = None) -> list[str]:
    """What does not fit, a sentence each."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    cited = re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text("utf-8"), re.MULTILINE)
    wrong = []
    if cited is None or cited[1] != version:
        wrong.append(f"CITATION.cff has version {cited and cited[1]}, pyproject.toml {version}")
    if tag is not None:
        if tag != f"v{version}":
            wrong.append(f"the tag is {tag}, pyproject.toml has version {version}")
        if f"## {version}" not in (ROOT / "CHANGELOG.md").read_text("utf-8"):
            wrong.append(f"CHANGELOG.md has no section {version}")
    return wrong


if __name__ == "__main__":
    if wrong := differences(*sys.argv[1:2]):
        sys.exit("\n".join(wrong))
