"""Small pairs of our own, with alignments made by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from xlner.align import Alignment
from xlner.core.types import Sentence, Span
from xlner.project import Pair


def sentence(text: str, *spans: tuple[int, int, str], labelled: bool = True) -> Sentence:
    return Sentence(tuple(text.split()), tuple(Span(*s) for s in spans), labelled=labelled)


def make_pair(source: Sentence, target: str, links: Iterable[tuple[int, int]]) -> Pair:
    return Pair(source, sentence(target, labelled=False), Alignment.of(links))


@pytest.fixture
def pair() -> Pair:
    """Two entities, one of which is two words here and one compound plus article there."""
    source = sentence("Mira Okafor left the Lake Bank in Oslo", (0, 2, "PER"), (4, 6, "ORG"), (7, 8, "LOC"))
    return make_pair(
        source,
        "Mira Okafor hat die Seebank in Oslo verlassen",
        [(0, 0), (1, 1), (2, 7), (3, 3), (4, 4), (5, 4), (6, 5), (7, 6)],
    )


@pytest.fixture
def build() -> Callable[..., Pair]:
    return make_pair
