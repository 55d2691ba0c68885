"""Properties of projection that hold for any sentence pair, links and options."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.project.instances import is_legal

from xlner.align import Alignment
from xlner.core.types import Sentence, Span
from xlner.project import CandidateOptions, Pair, Problem, Projected
from xlner.project.candidates import candidates_of
from xlner.project.matchers.constraint import Constraint
from xlner.project.matchers.exact import ExactMatcher, choose_exactly
from xlner.project.matchers.greedy import GreedyMatcher, choose_greedily
from xlner.project.matchers.heuristic import HeuristicMatcher
from xlner.project.scores.align import align_score
from xlner.project.scores.fused import FusedScore

WORDS = st.sampled_from(["Ana", "Arcol", "die", "von", ",", "!", "東京", "москва", "7"])


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    source = tuple(draw(st.lists(WORDS, max_size=9)))
    target = tuple(draw(st.lists(WORDS, max_size=9)))
    spans, position = [], 0
    while position < len(source) and draw(st.booleans()):
        start = draw(st.integers(position, len(source) - 1))
        end = draw(st.integers(start + 1, len(source)))
        spans.append(Span(start, end, draw(st.sampled_from(["PER", "ORG"]))))
        position = end
    cells = st.tuples(st.integers(0, max(0, len(source) - 1)), st.integers(0, max(0, len(target) - 1)))
    links = draw(st.lists(cells, max_size=20)) if source and target else []
    return Pair(Sentence(source, tuple(spans)), Sentence(target, labelled=False), Alignment.of(links))


def check(made: Projected, most: int | None) -> None:
    """Sentence refuses overlapping spans by itself; the rest is checked here."""
    assert all(0 <= a < b <= len(made.sentence) for a, b in made.sentence.missing)
    if most is not None:
        assert all(len(f.spans) <= most for f in made.fates)
    covered = {w for s in made.sentence.spans for w in range(s.start, s.end)}
    assert not covered & {w for a, b in made.sentence.missing for w in range(a, b)}


def problem(pair: Pair, *, fused: bool = False) -> Problem:
    ranges = candidates_of(pair, CandidateOptions(candidates=("aligned", "ngrams"), max_words=4))
    scores = FusedScore()([pair], [ranges])[0] if fused else align_score(pair, ranges)
    return Problem(pair, ranges, scores)


@settings(max_examples=120, deadline=None)
@given(pairs(), st.booleans(), st.integers(1, 2))
def test_no_overlap_and_at_most_n_proj(pair: Pair, fused: bool, n_proj: int) -> None:
    what = problem(pair, fused=fused)
    check(ExactMatcher().match(what), 1)
    check(GreedyMatcher(n_proj=n_proj).match(what), n_proj)


@settings(max_examples=120, deadline=None)
@given(
    pairs(),
    st.integers(0, 2),
    st.integers(0, 2),
    st.booleans(),
    st.sampled_from([0.0, 0.8]),
    st.sampled_from(["first", "last", "union"]),
    st.sampled_from(["between", "extent"]),
)
def test_the_heuristic_never_overlaps(
    pair: Pair, d: int, k: int, only_i: bool, thr: float, collision: str, gap: str
) -> None:
    matcher = HeuristicMatcher(d=d, k=k, only_i=only_i, thr=thr, collision=collision, gap=gap)
    # What "last" leaves of an overwritten run can be in two pieces, so k does not bound the spans there.
    check(matcher.match(Problem.bare(pair)), k if k and collision == "first" else None)


@settings(max_examples=100, deadline=None)
@given(pairs(), st.randoms(use_true_random=False))
def test_the_order_of_entities_and_candidates_changes_nothing(pair: Pair, random: object) -> None:
    what = problem(pair)
    columns = np.array(random.sample(range(len(what.candidates)), len(what.candidates)), int)  # type: ignore[attr-defined]
    turned = replace(what, candidates=what.candidates[columns], scores=what.scores[:, columns])
    for matcher in (ExactMatcher(), GreedyMatcher()):
        assert matcher.match(what).fates == matcher.match(turned).fates


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_permuting_entities_permutes_the_choice(seed: int) -> None:
    """With scores that differ, which entity stands in which row is of no matter to the choice."""
    rng = np.random.default_rng(seed)
    ranges = np.array([(i, j) for i in range(8) for j in range(i + 1, min(8, i + 3) + 1)], np.int32)
    scores = rng.random((4, len(ranges)))
    order = rng.permutation(4)
    for choose in (choose_exactly, lambda s, c: choose_greedily(s, c, Constraint())):
        chosen, turned = choose(scores, ranges), choose(scores[order], ranges)
        assert is_legal(chosen, ranges, scores)
        assert (chosen[order] == turned).all()
