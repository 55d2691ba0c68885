"""Fates, unknown words, selection, candidates and the page."""

from __future__ import annotations

import re

import pytest
from tests.project.conftest import make_pair, sentence

from xlner.align import Alignment
from xlner.core.types import Sentence, Span
from xlner.errors import DataError, UsageError
from xlner.project import (
    CandidateOptions,
    Pair,
    ProjectionResult,
    Reason,
    curve,
    project,
    select,
)
from xlner.project.candidates import candidates_of
from xlner.project.fates import Fate
from xlner.project.matchers.exact import ExactMatcher
from xlner.project.matchers.greedy import GreedyMatcher
from xlner.project.matchers.heuristic import HeuristicMatcher
from xlner.project.matchers.ilp import IlpMatcher
from xlner.project.missing import unknown_words
from xlner.project.page import html_page
from xlner.project.pair import length_ratio


def test_the_whole_way_with_a_given_alignment(pair: Pair) -> None:
    assert pair.alignment is not None
    result = project([pair.source], [pair.target], alignments=[pair.alignment])
    (made,) = result.sentences
    assert [(made.surface(s), s.label) for s in made.spans] == [
        ("Mira Okafor", "PER"),
        ("Seebank", "ORG"),
        ("Oslo", "LOC"),
    ]
    assert result.counts == {"projected": 3}
    assert result.as_dict()["sentences_without_loss"] == 1
    assert result.settings["matcher"] == "exact"


def test_an_entity_without_links_makes_the_sentence_unknown_but_for_known_spans(pair: Pair) -> None:
    links = Alignment.of([(4, 4), (5, 4)])
    (item,) = project([pair.source], [pair.target], alignments=[links], score="align")
    assert [f.reason for f in item.fates] == [Reason.NO_ALIGNMENT, Reason.PROJECTED, Reason.NO_ALIGNMENT]
    assert item.sentence.missing == ((0, 4), (5, 8))


def test_an_entity_whose_words_another_one_has_may_be_anywhere_else() -> None:
    source = sentence("Oslo Bank", (0, 1, "LOC"), (1, 2, "ORG"))
    pair = make_pair(source, "die Oslobank meldet", [(0, 1), (1, 1)])
    (item,) = project([source], [pair.target], alignments=[pair.alignment], score="align")  # type: ignore[list-item]
    lost = next(f for f in item.fates if not f.spans)
    assert lost.reason is Reason.OVERLAP
    assert lost.winner is not None
    assert item.sentence.missing == ((0, 1), (2, 3))


@pytest.mark.parametrize("matcher", ["exact", "greedy", "heuristic"])
def test_a_name_that_stands_twice_and_is_linked_once_leaves_no_false_o(matcher: str) -> None:
    source = sentence("Anna saw Anna", (0, 1, "PER"), (2, 3, "PER"))
    target, links = sentence("Anna sah Annas", labelled=False), Alignment.of([(0, 0), (2, 0)])
    (item,) = project([source], [target], alignments=[links], matcher=matcher)
    assert [(s.start, s.end) for s in item.sentence.spans] == [(0, 1)]
    assert item.sentence.missing == ((1, 3),)


def test_words_that_no_other_entity_has_bound_a_lost_one() -> None:
    source = sentence("Anna saw Anna", (0, 1, "PER"), (2, 3, "PER"))
    fates = [
        Fate(source.spans[0], Reason.PROJECTED, (Span(0, 1, "PER"),)),
        Fate(source.spans[1], Reason.OVERLAP, wanted=(0, 1)),
    ]
    assert unknown_words(source, 5, fates, Alignment.of([(0, 0), (2, 0), (2, 2)])) == ((1, 3),)


def test_what_lies_between_links_is_unknown_too() -> None:
    source = sentence("Lake Bank", (0, 2, "ORG"))
    pair = make_pair(source, "a b c d e", [(0, 1), (1, 3)])
    result = project([source], [pair.target], alignments=[pair.alignment], score="align")  # type: ignore[list-item]
    (item,) = select(result, threshold=1.0)
    assert item.fates[0].reason is Reason.BELOW_THRESHOLD
    assert item.sentence.missing == ((1, 4),)


def test_unknown_source_words_stay_unknown() -> None:
    source = Sentence(("Ana", "sees", "X"), (Span(0, 1, "PER"),), missing=((2, 3),))
    target = Sentence(("Ana", "sieht", "X"), labelled=False)
    (item,) = project([source], [target], alignments=[Alignment.of([(0, 0), (1, 1), (2, 2)])])
    assert item.sentence.missing == ((2, 3),)
    (item,) = project([source.without_labels()], [target], alignments=[Alignment.of([(0, 0)])])
    assert item.sentence.missing == ((0, 3),)  # nobody looked at the source


def test_different_numbers_are_refused_before_work() -> None:
    with pytest.raises(UsageError, match="2 source but 1 target"):
        project([sentence("a")] * 2, [sentence("b")])
    with pytest.raises(UsageError, match="alignments"):
        project([sentence("a")], [sentence("b")], alignments=[])
    with pytest.raises(DataError, match="counted from"):
        project([sentence("a")], [sentence("b")], alignments=[Alignment.of([(1, 1)])])


def test_models_that_are_needed_are_asked_for() -> None:
    for score, what in (("ner", "`ner_model"), ("nmt", "`nmt_model`")):
        with pytest.raises(UsageError, match=what):
            project([sentence("a")], [sentence("b")], alignments=[Alignment.of(())], score=score)
    ner = {"candidates": ["ner"]}
    with pytest.raises(UsageError, match="`ner_model"):
        project([sentence("a")], [sentence("b")], alignments=[Alignment.of(())], matcher_options=ner)


def scored() -> tuple[ProjectionResult, list[Sentence]]:
    """Four entities, the surer two right and one of the others."""
    source = sentence("A B C D", *[(i, i + 1, "PER") for i in range(4)])
    links = Alignment([(i, i) for i in range(4)], [0.9, 0.8, 0.6, 0.4])  # type: ignore[arg-type]
    target = sentence("a b c d", labelled=False)
    gold = sentence("a b c d", (0, 1, "PER"), (1, 2, "PER"), (3, 4, "PER"))
    return project([source], [target], alignments=[links], score="align"), [gold]


def test_the_curve_trades_coverage_for_precision() -> None:
    result, gold = scored()
    points = curve(result, gold=gold, points=4)
    assert [(round(p.threshold, 1), p.coverage, p.precision) for p in points] == [
        (0.4, 1.0, 0.75),
        (0.6, 0.75, pytest.approx(2 / 3)),
        (0.8, 0.5, 1.0),
        (0.9, 0.25, 1.0),
    ]
    assert [p.precision for p in curve(result)] == [None] * 4
    with pytest.raises(UsageError, match="gold"):
        curve(result, gold=[])


def test_the_curve_and_selection_count_entities() -> None:
    source, target = sentence("Oslo won", (0, 1, "LOC")), sentence("Oslo x x x Stadt Oslo y", labelled=False)
    links = Alignment.of([(0, 0), (0, 4), (0, 5)])
    result = project([source], [target], alignments=[links], matcher=HeuristicMatcher(d=0, k=0))
    assert len(result.sentences[0].spans) == 2
    gold = [sentence("Oslo x x x Stadt Oslo y", (0, 1, "LOC"))]
    for point in curve(result, gold=gold, points=4):
        chosen = select(result, threshold=point.threshold)
        assert point.coverage == chosen.counts.get("projected", 0) == 1
        assert point.spans == len(chosen.sentences[0].spans) == 2
        assert point.precision == 0.5


@pytest.mark.parametrize("matcher", [ExactMatcher, IlpMatcher, GreedyMatcher])
def test_a_constraint_that_cannot_be_met_is_counted(matcher: type[ExactMatcher]) -> None:
    source = sentence("Oslo Bank", (0, 1, "LOC"), (1, 2, "ORG"))
    pair = make_pair(source, "Oslobank meldet", [(0, 0), (1, 0)])
    assert pair.alignment is not None
    for sense, n_proj, unmet in (("=", 1, 1), ("<=", 1, 0), (">=", 0, 0)):
        chosen = matcher(constraint=sense, n_proj=n_proj, slack=0)
        made = project([source], [pair.target], alignments=[pair.alignment], matcher=chosen, score="align")
        assert made.as_dict()["sentences_with_unmet_constraint"] == unmet
        assert select(made, threshold=0.0).as_dict()["sentences_with_unmet_constraint"] == unmet


def test_selection_demotes_to_unknown() -> None:
    result, _ = scored()
    (item,) = select(result, threshold=0.7)
    assert [s.start for s in item.sentence.spans] == [0, 1]
    assert item.sentence.missing == ((2, 4),)
    with pytest.raises(UsageError, match="`min_score`"):
        select(result, threshold=2)


def test_candidates_are_bounded_and_stop_at_barriers(pair: Pair) -> None:
    ngrams = candidates_of(pair, CandidateOptions(candidates=("ngrams",), max_words=3))
    assert len(ngrams) == 8 + 7 + 6
    barred = Pair(pair.source, sentence("a ! b"))
    assert candidates_of(barred, CandidateOptions(candidates=("ngrams",))).tolist() == [[0, 1], [2, 3]]
    found = candidates_of(pair, CandidateOptions(candidates=("ner",)), [Span(2, 4, "X")])
    assert found.tolist() == [[2, 4]]
    aligned = candidates_of(pair, CandidateOptions(slack=0))
    assert aligned.tolist() == [[0, 1], [0, 2], [1, 2], [4, 5], [6, 7]]
    with pytest.raises(UsageError, match="`candidates` must be a list"):
        CandidateOptions(candidates=("magic",))  # type: ignore[arg-type]


def test_an_entity_of_many_words_has_few_candidates() -> None:
    source = Sentence(tuple("w" * 2000), (Span(0, 2000, "ORG"),))
    pair = Pair(source, Sentence(tuple("w" * 2000)), Alignment.of([(i, i) for i in range(2000)]))
    found = candidates_of(pair, CandidateOptions())
    assert len(found) <= 1752
    assert [0, 2000] in found.tolist()


def test_many_stray_links_leave_the_ranges_around_the_strong_ones() -> None:
    source = Sentence(("Arcol", *"w" * 199), (Span(0, 1, "ORG"),))
    stray = {(0, j): 0.1 for j in range(0, 200, 2)} | {(0, 100): 0.9, (0, 101): 0.8}
    pair = Pair(source, Sentence(tuple("w" * 200)), Alignment(list(stray), list(stray.values())))  # type: ignore[arg-type]
    found = candidates_of(pair, CandidateOptions()).tolist()
    assert [100, 102] in found
    assert len(found) <= 1752


@pytest.mark.parametrize("n", [2, 60, 300])
def test_an_entity_as_long_as_the_sentence_is_projected(n: int) -> None:
    words = tuple(f"w{i}" for i in range(n))
    source, target = Sentence(words, (Span(0, n, "ORG"),)), Sentence(words, labelled=False)
    (item,) = project([source], [target], alignments=[Alignment.of([(i, i) for i in range(n)])])
    assert [s.key for s in item.sentence.spans] == [(0, n, "ORG")]


def test_text_without_spaces_may_have_longer_candidates() -> None:
    source = sentence("Arcol Bank", (0, 2, "ORG"))
    target, every = Sentence(tuple("w" * 40)), Alignment.of([(0, 0), (1, 19)])
    assert length_ratio([source] * 3, [target] * 3) == 20
    assert length_ratio([source], [sentence("Arcolbank eben")]) == length_ratio([source], [sentence("")]) == 1.0
    for kind in ("aligned", "ngrams"):
        options = CandidateOptions(candidates=(kind,))
        assert [0, 20] in candidates_of(Pair(source, target, every, 2.0), options).tolist()
        assert [0, 20] not in candidates_of(Pair(source, target, every), options).tolist()


def test_the_page_shows_losses_and_escapes() -> None:
    source = sentence("<b> Ana & Co", (1, 2, "PER"), (3, 4, "ORG"))
    target = sentence("<i> Ana", labelled=False)
    result = project([source], [target], alignments=[Alignment.of([(0, 0), (1, 1)])])
    page = "".join(html_page(result))
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert "no alignment" in page
    assert "<svg" in page
    assert "stroke-dasharray" in page
    assert "1 of 1 sentences" in page


def places(page: str) -> dict[str, float]:
    """Where each word of a page stands."""
    return {word: float(x) for x, word in re.findall(r"<text x='([\d.]+)' y='\d+' text-anchor[^>]*>([^<]*)<", page)}


def test_the_page_writes_each_side_in_its_direction() -> None:
    source, target = sentence("Ana visits Amman", (2, 3, "LOC")), sentence("آنا تزور عمان", labelled=False)
    links = Alignment([(0, 0), (1, 1), (2, 2)], [1.0, 0.25, 0.5])  # type: ignore[arg-type]
    page = "".join(html_page(project([source], [target], alignments=[links])))
    at = places(page)
    assert at["Ana"] < at["visits"] < at["Amman"]
    assert at["عمان"] < at["تزور"] < at["آنا"]
    assert "dir='auto'" in page
    assert "direction='rtl'" in page
    assert re.findall(r"stroke-opacity='([\d.]+)'", page) == ["0.36", "0.57"]


def test_the_page_says_what_it_hides() -> None:
    some, none, target = sentence("Ana", (0, 1, "PER")), sentence("so"), sentence("Ana", labelled=False)
    result = project([some, some, none], [target] * 3, alignments=[Alignment.of([(0, 0)])] * 3)
    page = "".join(html_page(result, limit=1))
    assert "1 of 3 sentences; 1 without entities are not shown; 1 more are left out, as the page has room for 1" in page


def test_the_page_shows_the_detail_of_a_loss() -> None:
    made = project([sentence("Ana", (0, 1, "PER"))], [sentence("[Ana")], matcher="markers")
    assert "(1 opening and 0 closing marks" in "".join(html_page(made))
