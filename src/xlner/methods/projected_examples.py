"""Examples of what was lost, beside each file of projected sentences."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from xlner.core.files import atomic
from xlner.core.types import Sentence
from xlner.project import ProjectionResult
from xlner.project.examples import lost_examples

EXAMPLES = 5  # of each reason for a loss, and of each side that is empty, for each file
EMPTY_SOURCE, EMPTY_TARGET = "empty source side", "empty target side"


def write_examples(
    result: ProjectionResult, block: Sequence[tuple[Sentence, Sentence]], before: int, file: Path
) -> None:
    """Examples of what was lost, beside a file of sentences: entities, and the first pairs of which a side is empty.

    Args:
        result: of the pairs that have two filled sides.
        block: all pairs.
        before: how many pairs come before them.
        file: of sentences.
    """
    numbers = [n for n, (source, target) in enumerate(block, before + 1) if source.words and target.words]
    examples = lost_examples(zip(numbers, result, strict=True), EXAMPLES)
    for number, (source, target) in enumerate(block, before + 1):
        if not source.words or not target.words:
            some = examples.setdefault(EMPTY_SOURCE if not source.words else EMPTY_TARGET, [])
            if len(some) < EXAMPLES:
                some.append({"pair": number, "text": " ".join([*source.words, *target.words])})
    with atomic(file.with_suffix(".examples.json")) as out:
        out.write(json.dumps(examples, ensure_ascii=False) + "\n")


def examples_of(folder: Path) -> Iterator[dict[str, list[dict[str, Any]]]]:
    """The examples of what was lost, of each file of a set: reason -> sentences as plain values."""
    for file in sorted(folder.glob("*.examples.json")):
        yield json.loads(file.read_text("utf-8"))
