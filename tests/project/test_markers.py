"""Markers: wrapped, translated, read back; and back-translations."""

from __future__ import annotations

import pytest
from tests.project.conftest import sentence

from xlner.core.types import Sentence, Span
from xlner.errors import UsageError
from xlner.project import Pair, Problem, ProjectionResult, Reason, confirmed, labelled_back
from xlner.project.fates import Fate
from xlner.project.markers import decode, labelled, marked_translations, wrap
from xlner.project.matchers.markers import MarkerMatcher
from xlner.project.result import Projected

SOURCE = sentence("Ana Lee works for Arcol in Oslo", (0, 2, "PER"), (4, 5, "ORG"), (6, 7, "LOC"))
NAMES = [SOURCE.surface(s) for s in SOURCE.spans]


def pieces(marked: str, **options: object) -> list[str | None]:
    found = decode(marked, SOURCE.spans, NAMES, **options)  # type: ignore[arg-type]
    return [None if s is None else found.text[slice(*s)] for s in found.spans]


def test_wrapping_marks_entities_and_makes_other_brackets_round() -> None:
    assert wrap(SOURCE) == "[Ana Lee] works for [Arcol] in [Oslo]"
    assert wrap(sentence("[ Ana ]", (1, 2, "PER"))) == "( [Ana] )"


def test_the_original_spacing_is_kept() -> None:
    source = Sentence(("東京", "へ"), (Span(0, 1, "LOC"),), text="東京へ", offsets=((0, 2), (2, 3)))
    assert wrap(source) == "[東京]へ"


def test_marks_find_their_entities_in_any_order() -> None:
    assert pieces("In [Oslo] arbeitet [Ana Lee] für [Arcol]") == ["Ana Lee", "Arcol", "Oslo"]


def test_translations_of_the_entities_help() -> None:
    marked = "[Die Seebank] in [Wien] , [Ana Lee]"
    spans = (Span(0, 2, "PER"), Span(3, 5, "ORG"), Span(6, 7, "LOC"))
    found = decode(marked, spans, ["Ana Lee", "Lake Bank", "Vienna"], ["Ana Lee", "Seebank", "Wien"])
    assert [found.text[slice(*s)] for s in found.spans if s] == ["Ana Lee", "Die Seebank", "Wien"]


def test_the_best_match_wins_and_not_the_last() -> None:
    spans = (Span(0, 1, "PER"), Span(1, 2, "ORG"))
    found = decode("[Marlowa] und [Marlowe]", spans, ["Marlowe", "Marlow"])
    assert [found.text[slice(*s)] for s in found.spans if s] == ["Marlowe", "Marlowa"]


@pytest.mark.parametrize(
    "marked",
    [
        "[Ana Lee] arbeitet für [Arcol] in Oslo",
        "[Ana Lee] arbeitet für [Arcol in [Oslo]",
        "[Ana Lee] arbeitet für Arcol] in [Oslo]",
        "[xx] arbeitet für [yy] in [zz]",
        "[Ana Lee] arbeitet für [] in [Oslo]",
        "",
        "]]][[[",
    ],
)
def test_what_does_not_add_up_is_dropped(marked: str) -> None:
    assert decode(marked, SOURCE.spans, NAMES).spans == ()
    assert decode(marked, SOURCE.spans, NAMES).reason


def test_one_unknown_mark_gets_the_one_label_that_is_left() -> None:
    assert pieces("[Ana Lee] arbeitet für [Arcol] in [Kristiania]") == ["Ana Lee", "Arcol", "Kristiania"]


def test_other_brackets_and_doubled_ones_count() -> None:
    assert pieces("【Ana Lee】 für [[Arcol]] in 「Oslo」") == ["Ana Lee", "Arcol", "Oslo"]


def test_other_brackets_stay_text_where_the_plain_ones_add_up() -> None:
    spans = (Span(0, 2, "ORG"), Span(5, 6, "LOC"))
    found = decode(
        "《[欧盟委员会]》发表了关于[土耳其]的报告《年度报告》",
        spans,
        ["EU Commission", "Turkey"],
        ["欧盟委员会", "土耳其"],
    )
    assert found.reason == ""
    assert found.text == "《欧盟委员会》发表了关于土耳其的报告《年度报告》"
    assert [found.text[slice(*s)] for s in found.spans if s] == ["欧盟委员会", "土耳其"]


def test_what_does_not_add_up_in_any_way_keeps_its_brackets() -> None:
    spans = (Span(0, 1, "ORG"), Span(1, 2, "LOC"))
    found = decode("[欧盟委员会]的《年度报告》和「概要」", spans, ["x", "y"])
    assert found.text == "欧盟委员会的《年度报告》和「概要」"
    assert found.reason == "1 marked strings for 2 entities"


def test_lenient_decoding_keeps_what_it_finds() -> None:
    assert pieces("[Ana Lee] und [niemand] in [Oslo", strict=False) == ["Ana Lee", None, None]


def test_quotation_marks_are_marks_only_where_they_hold_a_name_that_is_alike() -> None:
    ana = (Span(0, 1, "PER"),)
    assert not any(
        decode("《时报》报道，约翰来了。", ana, ["John"]).spans
    )  # the marks are lost, and the text has its own
    assert any(decode("《John》来了。", ana, ["John"]).spans)


def test_one_type_needs_no_likeness() -> None:
    spans = (Span(0, 1, "LOC"), Span(1, 2, "LOC"))
    found = decode("[Wien] [Köln]", spans, ["Vienna", "Cologne"])
    assert [found.text[slice(*s)] for s in found.spans if s] == ["Wien", "Köln"]


def test_a_sentence_without_entities_keeps_its_brackets() -> None:
    assert decode("see [1]", (), []).text == "see [1]"


def test_the_matcher_takes_the_marks_out() -> None:
    pair = Pair(SOURCE, Sentence(("[Ana", "Lee]", "arbeitet", "in", "[Oslo]", "für", "[Arcol]"), language="deu"))
    made = MarkerMatcher().match(Problem.bare(pair))
    assert made.sentence.words == ("Ana", "Lee", "arbeitet", "in", "Oslo", "für", "Arcol")
    assert [s.key for s in made.sentence.spans] == [(0, 2, "PER"), (4, 5, "LOC"), (6, 7, "ORG")]
    assert made.sentence.language == "deu"


def test_a_dropped_sentence_is_unknown_throughout() -> None:
    pair = Pair(SOURCE, Sentence(("[Ana", "Lee", "arbeitet")))
    made = MarkerMatcher().match(Problem.bare(pair))
    assert {f.reason for f in made.fates} == {Reason.MARKERS}
    assert {f.detail for f in made.fates} == {"1 opening and 0 closing marks around 0 strings"}
    assert "(1 opening and 0 closing" in made.fates[0].explain(SOURCE, made.sentence)
    assert made.sentence.missing == ((0, 3),)
    assert "[" not in (made.sentence.text or "")


def test_marks_inside_one_word_cannot_both_be_spans() -> None:
    source = sentence("Oslo Bank", (0, 1, "LOC"), (1, 2, "ORG"))
    made, fates = labelled("[Oslo][bank]", source, Sentence(()), ["Oslo", "bank"])
    assert made.words == ("Oslobank",)
    assert [f.reason for f in fates] == [Reason.PROJECTED, Reason.OVERLAP]


def test_translating_marked_text_translates_each_entity_once() -> None:
    asked: list[list[str]] = []

    def translate(texts: list[str]) -> list[str]:
        asked.append(list(texts))
        return [t.upper() for t in texts]

    marked, alone = marked_translations([SOURCE, SOURCE], translate)  # type: ignore[arg-type]
    assert marked[0] == "[ANA LEE] WORKS FOR [ARCOL] IN [OSLO]"
    assert alone[1] == ("ANA LEE", "ARCOL", "OSLO")
    assert asked[0] == ["Ana Lee", "Arcol", "Oslo"]


def test_back_translations_become_labelled_sentences() -> None:
    targets = [Sentence(("egal",), language="deu")] * 2
    marked = ["[Ana Lee] ist bei [Arcol] in [Oslo]", "[Ana Lee] ist dort"]
    whole, part = labelled_back([SOURCE, SOURCE], marked, targets)
    assert [s.key for s in whole.spans] == [(0, 2, "PER"), (4, 5, "ORG"), (6, 7, "LOC")]
    assert whole.missing == ()
    assert [s.key for s in part.spans] == [(0, 2, "PER")]
    assert part.missing == ((2, 4),)
    with pytest.raises(UsageError, match="back-translations"):
        labelled_back([SOURCE], marked, targets)


def projected(*spans: tuple[int, int, str]) -> Projected:
    target = sentence("Ana Lee arbeitet bei Arcol")
    fates = [Fate(Span(*s), Reason.PROJECTED, (Span(*s, 0.9),), 0.9) for s in spans]
    return Projected.of(SOURCE, target, fates)


def test_what_a_second_projection_does_not_confirm_becomes_unknown() -> None:
    first = ProjectionResult((projected((0, 2, "PER"), (4, 5, "ORG")),))
    second = ProjectionResult((projected((0, 1, "PER"), (4, 5, "ORG")),))
    (item,) = confirmed(first, second)
    assert [f.reason for f in item.fates] == [Reason.INCONSISTENT, Reason.PROJECTED]
    assert item.sentence.missing == ((0, 2),)
    with pytest.raises(UsageError, match="confirmed"):
        confirmed(first, ProjectionResult(()))


def test_words_that_only_the_second_projection_calls_a_name_become_unknown_too() -> None:
    first = ProjectionResult((projected((0, 1, "PER")),))
    second = ProjectionResult((projected((0, 2, "PER"), (4, 5, "ORG")),))
    (item,) = confirmed(first, second)
    assert item.sentence.spans == ()
    assert item.sentence.missing == ((0, 2), (4, 5))
