"""What every matcher promises, in-tree or not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.contracts.options import every_option, right_value, three_ways, wrong_values

from xlner.align import Alignment
from xlner.component import OptionField, to_values
from xlner.core.types import Sentence, Span
from xlner.errors import UsageError
from xlner.project import MATCHERS, CandidateOptions, Pair, Problem, Projected, Reason
from xlner.project.candidates import candidates_of
from xlner.project.matchers import Matcher
from xlner.project.matchers.ilp import IlpMatcher
from xlner.project.scores.align import align_score


def _problem(pair: Pair) -> Problem:
    ranges = candidates_of(pair, CandidateOptions(max_words=6))
    return Problem(pair, ranges, align_score(pair, ranges))


def _pair(source: str, spans: list[tuple[int, int, str]], target: str, links: list[tuple[int, int]]) -> Pair:
    words = tuple(source.split())
    entities = tuple(Span(*s) for s in sorted(spans))
    return Pair(Sentence(words, entities), Sentence(tuple(target.split()), labelled=False), Alignment.of(links))


PAIRS = {
    "plain": _pair("Ana met Arcol", [(0, 1, "PER"), (2, 3, "ORG")], "Ana traf Arcol", [(0, 0), (1, 1), (2, 2)]),
    "no entity": _pair("nothing here", [], "nichts hier", [(0, 0), (1, 1)]),
    "no link": _pair("Ana met Arcol", [(0, 1, "PER")], "Ana traf Arcol", [(1, 1)]),
    "empty target": _pair("Ana left", [(0, 1, "PER")], "", []),
    "empty source": _pair("", [], "Ana ging", []),
    "whole sentence": _pair("North Lake Bank", [(0, 3, "ORG")], "Nordseebank", [(0, 0), (1, 0), (2, 0)]),
    "twice the same": _pair(
        "Ana and Ana", [(0, 1, "PER"), (2, 3, "PER")], "Ana und Ana", [(0, 0), (0, 2), (1, 1), (2, 0), (2, 2)]
    ),
    "one word for two": _pair("Oslo Bank", [(0, 1, "LOC"), (1, 2, "ORG")], "Oslobank", [(0, 0), (1, 0)]),
    "no spaces": _pair("Ana visits Tokyo", [(0, 1, "PER"), (2, 3, "LOC")], "阿娜 訪問 東京", [(0, 0), (1, 1), (2, 2)]),
    "one long word": _pair("Ana saw Tokyo", [(0, 1, "PER"), (2, 3, "LOC")], "阿娜訪問東京", [(0, 0), (1, 0), (2, 0)]),
    "right to left": _pair("Ana visits Amman", [(2, 3, "LOC")], "آنا تزور عمّان 👋🏽", [(0, 0), (1, 1), (2, 2)]),
    "scattered": _pair("Arcol Bank", [(0, 2, "ORG")], "die Bank ! namens Arcol", [(0, 4), (1, 1)]),
    "fifty": _pair(
        " ".join(f"N{i} ," for i in range(50)),
        [(2 * i, 2 * i + 1, "PER") for i in range(50)],
        " ".join(f"N{i} ," for i in range(50)),
        [(i, i) for i in range(100)],
    ),
    "two thousand words": _pair(
        "word " * 1999 + "Ana",
        [(990, 1000, "ORG"), (1999, 2000, "PER")],
        "wort " * 1999 + "Ana",
        [(i, i) for i in range(2000)],
    ),
}  # fmt: skip


@pytest.fixture(params=MATCHERS.names())
def matcher(request: pytest.FixtureRequest) -> Matcher:
    made: Matcher = MATCHERS.build(request.param)
    return made


@pytest.fixture(params=PAIRS)
def pair(request: pytest.FixtureRequest) -> Pair:
    return PAIRS[request.param]


def _seen(made: Projected) -> list[tuple]:
    return [(f.entity, f.reason, f.spans) for f in made.fates]


class TestMatcher:
    def test_it_says_what_it_needs(self, matcher: Matcher) -> None:
        assert matcher.needs
        assert matcher.needs <= {"alignment", "candidates", "markers"}

    def test_every_entity_has_one_fate_in_order(self, matcher: Matcher, pair: Pair) -> None:
        made = matcher.match(_problem(pair))
        assert tuple(f.entity for f in made.fates) == pair.entities
        for fate in made.fates:
            assert (fate.reason is Reason.PROJECTED) == bool(fate.spans)
            assert all(s.label == fate.entity.label for s in fate.spans)
            assert all(s.score is None or 0 <= s.score <= 1 for s in fate.spans)
            assert fate.explain(made.source, made.sentence)

    def test_words_are_kept_and_spans_lie_in_them(self, matcher: Matcher, pair: Pair) -> None:
        made = matcher.match(_problem(pair))
        if "markers" not in matcher.needs:
            assert made.sentence.words == pair.target.words
        found = sorted(s.key for f in made.fates for s in f.spans)
        assert sorted(s.key for s in made.sentence.spans) == found

    def test_a_lost_entity_leaves_unknown_words(self, matcher: Matcher, pair: Pair) -> None:
        made = matcher.match(_problem(pair))
        known = {w for s in made.sentence.spans for w in range(s.start, s.end)}
        unknown = {w for a, b in made.sentence.missing for w in range(a, b)}
        assert not known & unknown
        for fate in made.fates:
            if not fate.spans and fate.wanted is not None:
                assert set(range(*fate.wanted)) <= known | unknown

    def test_the_same_problem_gives_the_same(self, matcher: Matcher, pair: Pair) -> None:
        assert _seen(matcher.match(_problem(pair))) == _seen(matcher.match(_problem(pair)))

    def test_the_order_of_candidates_does_not_matter(self, matcher: Matcher, pair: Pair) -> None:
        problem = _problem(pair)
        turned = np.random.default_rng(0).permutation(len(problem.candidates))
        other = replace(problem, candidates=problem.candidates[turned], scores=problem.scores[:, turned])
        assert _seen(matcher.match(problem)) == _seen(matcher.match(other))

    def test_entities_do_not_share_their_labels(self, matcher: Matcher) -> None:
        pair = PAIRS["plain"]
        if "markers" in matcher.needs:
            pair = Pair(pair.source, Sentence(("[", "Ana", "]", "traf", "[", "Arcol", "]"), labelled=False))
        made = matcher.match(_problem(pair))
        assert [made.sentence.surface(s) + s.label for s in made.sentence.spans] == ["AnaPER", "ArcolORG"]


@pytest.mark.parametrize("name", [n for n in MATCHERS.names() if MATCHERS.load(n) is not IlpMatcher])
def test_an_entity_of_two_thousand_words(name: str) -> None:
    links = [(i, i) for i in range(2000)]
    pair = _pair("word " * 2000, [(0, 2000, "ORG")], "wort " * 2000, links)
    matcher = MATCHERS.build(name)
    made = matcher.match(_problem(pair))
    if "markers" not in matcher.needs:
        assert [s.key for s in made.sentence.spans] == [(0, 2000, "ORG")]


@pytest.mark.parametrize("name", MATCHERS.names())
def test_a_matcher_describes_itself(name: str) -> None:
    described = MATCHERS.describe(name)
    assert described.summary.endswith(".")
    assert described.needs == MATCHERS.load(name).needs
    assert all(f.help.endswith(".") for f in described.fields)


@pytest.mark.parametrize(("name", "option"), every_option("matchers"))
def test_an_option_is_given_in_three_ways(name: str, option: OptionField) -> None:
    value = right_value(option)
    python, in_yaml, by_flag = three_ways("matchers", name, option, value)
    assert python == in_yaml == by_flag
    assert to_values(python)[option.name] == value
    assert MATCHERS.build(name, {option.name: value}).match(_problem(PAIRS["plain"])).fates


@pytest.mark.parametrize(("name", "option"), every_option("matchers"))
def test_what_cannot_be_is_refused_by_its_name(name: str, option: OptionField) -> None:
    for value in wrong_values(option):
        with pytest.raises(UsageError, match=f"the matcher {name}: `{option.name}` must be"):
            MATCHERS.build(name, {option.name: value})
    with pytest.raises(UsageError, match=f"the matcher {name} has no option 'magic'"):
        MATCHERS.build(name, {"magic": 1})


def test_the_old_name_of_ilp_still_serves() -> None:
    assert MATCHERS.load("program") is MATCHERS.load("ilp")


def test_zero_projections_go_with_at_least_only() -> None:
    assert MATCHERS.build("exact", {"constraint": ">=", "n_proj": 0})
    with pytest.raises(UsageError, match="the matcher exact: `n_proj` must be at least 1 with the constraint <="):
        MATCHERS.build("exact", {"n_proj": 0})
