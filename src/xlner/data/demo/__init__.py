"""Our own small corpus, written for this package: enough to see every method work without a download.

English training and development sentences with entities, the training sentences in translation, and for Spanish,
German and Swahili raw text and sentences with gold entities. Types PER, LOC, ORG. See README.md beside this file.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

LANGUAGES = ("es", "de", "sw")
"""Target languages that the corpus has, as BCP-47 codes."""


def demo_file(name: str) -> Path:
    """Path of one file of the corpus, such as "en.train.conll", "es.raw.txt" or "es.gold.conll"."""
    return Path(str(files(__package__) / name))


def copy_corpus(folder: Path) -> list[Path]:
    """Copy the files of the corpus into a folder, to try commands on.

    Args:
        folder: made if it is not there; files of the same names in it are replaced.

    Returns:
        The copies, by name.
    """
    from xlner.core.files import atomic_bytes

    folder.mkdir(parents=True, exist_ok=True)
    copies = []
    for file in sorted(files(__package__).iterdir(), key=lambda f: f.name):
        if file.name.endswith((".conll", ".txt")):
            copies.append(folder / file.name)
            with atomic_bytes(copies[-1]) as out:
                out.write(file.read_bytes())
    return copies
