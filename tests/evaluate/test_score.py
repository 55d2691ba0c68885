from __future__ import annotations

import json

import pytest

from xlner.core.types import Sentence, Span
from xlner.errors import DataError, UsageError
from xlner.evaluate import describe, score, score_tags
from xlner.evaluate.bootstrap import interval


def test_by_hand(sentence):
    gold = [sentence("B-PER I-PER O B-LOC"), sentence("O B-ORG I-ORG")]
    guess = [sentence("B-PER I-PER O B-ORG"), sentence("B-LOC B-ORG O")]
    s = score(gold, guess)
    assert (s.micro.gold, s.micro.predicted, s.micro.correct) == (3, 4, 1)
    assert s.precision == pytest.approx(1 / 4)
    assert s.recall == pytest.approx(1 / 3)
    assert s.f1 == pytest.approx(2 / 7)
    assert s.types == ("LOC", "ORG", "PER")
    assert [s.per_type[t].f1 for t in s.types] == [0.0, 0.0, 1.0]
    assert s.macro_f1 == pytest.approx(1 / 3)
    assert s.overlap.correct == 2  # PER, and ORG although it stops early
    assert s.boundaries.correct == 2  # PER, and LOC although it is called ORG
    assert s.counts.tolist()[1] == [[0, 1, 0], [1, 1, 0], [0, 0, 0]]
    assert len(s) == 2


def test_example_of_the_two_readings():
    gold = [["B-PER", "I-PER", "O"]]
    broken = [["I-PER", "I-PER", "O"]]
    strict, lenient = (score_tags(gold, broken, mode=mode) for mode in ("strict", "conlleval"))
    assert (strict.f1, lenient.f1) == (0.0, 1.0)
    assert strict.not_counted == {"predicted: breaks IOB2": 1}
    assert strict.as_dict(conlleval=lenient)["conlleval"]["f1"] == 1.0


def test_one_long_prediction_overlaps_one_gold_span_only(sentence):
    s = score([sentence("B-PER O B-PER")], [sentence("B-PER I-PER I-PER")])
    assert (s.micro.correct, s.overlap.correct, s.boundaries.correct) == (0, 1, 0)


def test_nothing_to_find_is_zero_not_an_error(sentence):
    s = score([sentence("O O")], [sentence("O O")])
    assert (s.f1, s.precision, s.recall, s.macro_f1, s.types) == (0.0, 0.0, 0.0, 0.0, ())
    assert score([], []).f1 == 0.0
    assert score_tags([["O"]], [["O"]]).f1 == 0.0


def test_missing_words_count_on_neither_side(sentence):
    gold = [sentence("B-PER O O O B-LOC", missing=((2, 4),))]
    guess = [sentence("B-PER O O B-ORG I-ORG")]  # ORG reaches into the unknown
    s = score(gold, guess)
    assert (s.micro.gold, s.micro.predicted, s.micro.correct) == (2, 1, 1)
    assert s.not_counted == {"predicted: touches missing words": 1}


def test_a_span_beside_missing_words_counts(sentence):
    s = score([sentence("O O B-PER O", missing=((0, 2), (3, 4)))], [sentence("O O B-PER O")])
    assert (s.micro.correct, s.not_counted) == (1, {})


def test_words_without_prediction_are_missed(sentence):
    assert score([sentence("B-PER")], [sentence("O", missing=((0, 1),))]).recall == 0.0


def test_types_choose_and_order(sentence):
    gold, guess = [sentence("B-PER O B-LOC B-MISC")], [sentence("B-PER O B-ORG B-MISC")]
    s = score(gold, guess, types=["PER", "LOC", "DATE"])
    assert s.types == ("PER", "LOC", "DATE")
    assert s.macro_f1 == 0.5  # DATE occurs nowhere
    assert s.not_counted == {"gold: type left out": 1, "predicted: type left out": 2}
    ignoring = score(gold, guess, ignore=["MISC"])
    assert ignoring.types == ("LOC", "ORG", "PER")
    assert score_tags([["B-PER", "B-MISC"]], [["B-PER", "O"]], ignore={"MISC"}).f1 == 1.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"types": "PER"}, "types must be a list of different names, .* got 'PER'"),
        ({"types": ["PER", "PER"]}, r"types must be a list of different names, .* got \['PER', 'PER'\]"),
        ({"ignore": "MISC"}, "ignore must be a list of names"),
    ],
)
def test_types_must_be_lists_of_names(sentence, options, message):
    with pytest.raises(UsageError, match=message):
        score([sentence("O")], [sentence("O")], **options)


def test_first_sentence_that_differs_is_named(sentence):
    gold = [sentence("O"), sentence("O O", where="gold.conll:4"), sentence("O")]
    with pytest.raises(DataError, match=r"gold\.conll:4: gold sentence 2 has 2 words, its prediction 3"):
        score(gold, [sentence("O"), sentence("O O O"), sentence("O O")])
    with pytest.raises(DataError, match=r"3 gold sentences but 1 .* sentence 2 \('w0 w1'\)") as caught:
        score(gold, gold[:1])
    assert caught.value.path == "gold.conll:4"


def test_raw_text_is_not_scored_as_all_o(sentence):
    raw = Sentence(("a",), labelled=False)
    with pytest.raises(DataError, match="predicted sentence 1 is raw text"):
        score([sentence("B-PER")], [raw])
    with pytest.raises(DataError, match="gold sentence 1 is raw text"):
        score([raw], [sentence("B-PER")])


def test_gold_sentences_that_nobody_labelled_do_not_count(sentence):
    raw, half = sentence("O", labelled=False), sentence("O B-PER O", labelled=False)
    found = score([sentence("B-PER"), raw, half], [sentence("B-PER"), sentence("B-PER"), sentence("B-LOC B-PER O")])
    assert (found.f1, found.micro.gold, found.micro.predicted) == (1.0, 2, 2)
    assert found.not_counted == {"gold: sentence that nobody labelled": 2, "predicted: touches missing words": 2}
    assert score([half], [sentence("O B-PER O")]).f1 == 1


def test_bad_tags_are_data_errors():
    with pytest.raises(DataError, match="predicted sentence 2: 'PER' is no tag"):
        score_tags([["O"], ["O"]], [["O"], ["PER"]])
    with pytest.raises(DataError, match="sentence 1 has 1 tags, its prediction 2"):
        score_tags([["O"]], [["O", "O"]])
    with pytest.raises(DataError, match="1 gold sentences but 0"):
        score_tags([["O"]], [])
    with pytest.raises(UsageError, match="strict or conlleval"):
        score_tags([], [], mode="loose")  # type: ignore[arg-type]


def test_json_is_plain(sentence):
    s = score([sentence("B-PER O")], [sentence("B-PER B-LOC")])
    found = json.loads(json.dumps(s.as_dict(interval=interval(s, resamples=10)), allow_nan=False))
    assert found["f1"] == pytest.approx(2 / 3)
    assert found["per_type"]["LOC"] == {
        "precision": 0.0,
        "recall": 0.0,
        "f1": 0.0,
        "gold": 0,
        "predicted": 1,
        "correct": 0,
    }
    assert set(found["interval"]) == {"low", "high", "level", "resamples"}
    assert "interval" not in s.as_dict()


def test_unknown_metric(sentence):
    with pytest.raises(UsageError, match="choose from f1"):
        score([], []).metric("F1")


def named(*words: str) -> Sentence:
    return Sentence(words, (Span(0, 1, "PER"),))


def test_other_words_are_an_error_that_names_the_first():
    gold = [named("Ana", "lives"), named("Eva", "sings")]
    with pytest.raises(DataError, match="word 1 of gold sentence 2 is 'Eva', of its prediction 'Tom'"):
        score(gold, [gold[0], named("Tom", "sings")])
    with pytest.raises(DataError, match="word 1 of gold sentence 1 is '1984', of its prediction '1985'"):
        score([named("1984")], [named("1985")])
    with pytest.raises(DataError, match="'unknown', of its prediction 'Tom'"):
        score([named("unknown")], [named("Tom")])
    with pytest.raises(DataError, match="word 2 of gold sentence 1"):
        score(gold, [named("Ana", "sings"), gold[1]])


def test_two_spellings_of_unicode_are_one_word():
    assert score([named("Z\u00fcrich")], [named("Zu\u0308rich")]).differing == {}


@pytest.mark.parametrize("word", ["[UNK]", "<unk>", "UNK", "\u2047", "[unk]"])
def test_unknown_words_are_counted(word):
    assert score([named("Zürich", "x")], [named(word, "x")]).differing == {"written as unknown on one side": 1}


@pytest.mark.parametrize(
    ("gold", "predicted"),
    [("Zürich", "zurich"), ("1984", "0000"), ("(", "-LRB-"), ("“", '"'), ("ﬁn", "fin"), ("a\u200bb", "ab"), ("‘", "'")],
)
def test_normalised_words_are_counted(gold, predicted):
    found = score([named(gold)], [named(predicted)])
    assert found.differing == {"normalised on one side": 1}
    assert found.f1 == 1
    assert found.as_dict()["words_differing"] == {"normalised on one side": 1}
    assert "words: 1 normalised on one side" in describe(found)
