"""The range heuristic and its variants."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from tests.project.conftest import make_pair, sentence

from xlner.core.tags import read_tags
from xlner.errors import UsageError
from xlner.project import Pair, Problem, Projected, Reason
from xlner.project.matchers.heuristic import HeuristicMatcher


def run(matcher: HeuristicMatcher, pair: Pair) -> Projected:
    return matcher.match(Problem.bare(pair))


def ranges(made: Projected) -> list[list[tuple[int, int]]]:
    return [[(s.start, s.end) for s in f.spans] for f in made.fates]


SPLIT = make_pair(sentence("Lake Bank", (0, 2, "ORG")), "a b c d e", [(0, 0), (1, 2), (1, 3)])


def test_a_gap_within_d_joins_and_a_wider_one_does_not() -> None:
    assert ranges(run(HeuristicMatcher(d=1, k=0), SPLIT)) == [[(0, 4)]]
    assert ranges(run(HeuristicMatcher(d=0, k=0), SPLIT)) == [[(0, 1), (2, 4)]]


def test_k_keeps_the_longest_or_the_shortest() -> None:
    assert ranges(run(HeuristicMatcher(d=0, k=1), SPLIT)) == [[(2, 4)]]
    assert ranges(run(HeuristicMatcher(d=0, k=1, prefer="shortest"), SPLIT)) == [[(0, 1)]]


def test_only_i_keeps_runs_of_the_first_word_apart() -> None:
    pair = make_pair(sentence("Lake Bank", (0, 2, "ORG")), "a b c", [(1, 0), (0, 2)])
    assert ranges(run(HeuristicMatcher(k=0), pair)) == [[(0, 3)]]
    assert ranges(run(HeuristicMatcher(k=0, only_i=True), pair)) == [[(0, 1), (2, 3)]]


def test_the_threshold_is_strict_and_says_what_was_too_short() -> None:
    pair = make_pair(sentence("one two three four five", (0, 5, "ORG")), "a b c d", [(i, i) for i in range(4)])
    assert ranges(run(HeuristicMatcher(thr=0.79), pair)) == [[(0, 4)]]
    (fate,) = run(HeuristicMatcher(thr=0.8), pair).fates
    assert fate.reason is Reason.TOO_SHORT
    assert fate.wanted == (0, 4)


def test_extent_measures_the_merged_run() -> None:
    assert ranges(run(HeuristicMatcher(gap="extent"), SPLIT)) == [[(2, 4)]]  # merged it would have 4 words
    pair = make_pair(sentence("Lake Bank", (0, 2, "ORG")), "a b c", [(0, 0), (1, 2)])
    assert ranges(run(HeuristicMatcher(gap="extent"), pair)) == [[(0, 3)]]


def test_links_to_punctuation_are_dropped_if_asked() -> None:
    pair = make_pair(sentence("Bank", (0, 1, "ORG")), ", Bank", [(0, 0), (0, 1)])
    assert ranges(run(HeuristicMatcher(), pair)) == [[(1, 2)]]
    assert ranges(run(HeuristicMatcher(punctuation="keep"), pair)) == [[(0, 2)]]
    only = make_pair(sentence("Bank", (0, 1, "ORG")), ", x", [(0, 0)])
    assert run(HeuristicMatcher(), only).fates[0].reason is Reason.PUNCTUATION


CLASH = make_pair(sentence("Lake Bank Oslo", (0, 2, "ORG"), (2, 3, "LOC")), "a b c", [(0, 0), (1, 1), (2, 1), (2, 2)])


def test_collisions() -> None:
    first = run(HeuristicMatcher(collision="first"), CLASH)
    assert ranges(first) == [[(0, 2)], []]
    assert first.fates[1].reason is Reason.OVERLAP
    assert first.fates[1].winner == CLASH.entities[0]
    assert ranges(run(HeuristicMatcher(collision="last"), CLASH)) == [[(0, 1)], [(1, 3)]]
    assert ranges(run(HeuristicMatcher(collision="union"), CLASH)) == [[], [(1, 3)]]  # equally long: the later one


def test_union_joins_entities_of_one_type() -> None:
    source = sentence("Lake Bank Oslo", (0, 2, "ORG"), (2, 3, "ORG"))
    pair = Pair(source, CLASH.target, CLASH.alignment)
    made = run(HeuristicMatcher(collision="union"), pair)
    assert ranges(made) == [[(0, 3)], []]
    assert made.sentence.missing == ()


def test_the_thesis_takes_short_entities_first() -> None:
    made = run(HeuristicMatcher(variant="thesis", thr=0.0), CLASH)
    assert ranges(made) == [[], [(1, 3)]]


def test_the_paper_labels_every_long_run_and_overwrites() -> None:
    pair = make_pair(sentence("Bank", (0, 1, "ORG")), "a b c d", [(0, 0), (0, 3)])
    assert ranges(run(HeuristicMatcher(variant="paper"), pair)) == [[(0, 1), (3, 4)]]
    assert ranges(run(HeuristicMatcher(variant="paper"), CLASH)) == [[(0, 1)], [(1, 3)]]


def overwritten(pair: Pair) -> list[tuple[int, int, str]]:
    """The paper's way, by tags: every run of linked words, long enough, overwrites the tags that stand there."""
    tags = ["O"] * len(pair.target)
    for entity in pair.entities:
        words = pair.linked(entity).tolist()
        runs: list[list[int]] = []
        for word in words:
            if runs and word - runs[-1][-1] <= 2:
                runs[-1] += range(runs[-1][-1] + 1, word + 1)
            else:
                runs.append([word])
        for run in runs:
            if len(run) / (entity.end - entity.start) > 0.8:
                for word in run:
                    tags[word] = ("B-" if word == run[0] else "I-") + entity.label
    return [s.key for s in read_tags(tags)[0]]


def test_the_paper_is_what_overwriting_tags_gives() -> None:
    rng = np.random.default_rng(0)
    seen = 0
    for _ in range(1000):
        n, m = int(rng.integers(2, 9)), int(rng.integers(1, 9))
        cuts = np.sort(rng.choice(n + 1, size=min(n + 1, int(rng.integers(2, 5))), replace=False)).tolist()
        entities = [(a, b, str(rng.choice(["PER", "ORG"]))) for a, b in pairwise(cuts)]
        links = {(int(rng.integers(n)), int(rng.integers(m))) for _ in range(int(rng.integers(0, 12)))}
        pair = make_pair(sentence("w " * n, *entities), "v " * m, sorted(links))
        made = run(HeuristicMatcher(variant="paper"), pair)
        assert [s.key for s in made.sentence.spans] == overwritten(pair)
        seen += len(made.sentence.spans)
    assert seen > 500


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("d", -1),
        ("thr", float("nan")),
        ("thr", float("inf")),
        ("punctuation", "maybe"),
        ("collision", "none"),
        ("gap", "x"),
    ],
)
def test_wrong_settings_are_refused(name: str, value: object) -> None:
    with pytest.raises(UsageError, match=f"`{name}`"):
        HeuristicMatcher(**{name: value})
