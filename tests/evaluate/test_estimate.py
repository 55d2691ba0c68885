from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from xlner.core.labels import LabelSet
from xlner.core.types import Sentence, Span
from xlner.errors import DataError, ModelError, OptionError, UsageError
from xlner.evaluate import (
    Estimator,
    Expected,
    Observed,
    expected_counts,
    fit_temperature,
    leave_one_target_out,
    score,
    span_probabilities,
    tempered,
)
from xlner.evaluate.clues import Clues
from xlner.evaluate.estimate import span_probability_calibration
from xlner.evaluate.kernel_ridge import KernelRidge
from xlner.evaluate.ridge import width90
from xlner.tagger.decode import decode

TYPES = ("LOC", "PER")
LABELS = LabelSet(TYPES)


def expected(corpus, temperature=1.0):
    """Expected scores of what decoding makes of the probabilities of each sentence."""
    rows = [expected_counts(tempered(p, temperature), decode(p, LABELS), TYPES) for p in corpus]
    return Expected(TYPES, np.array(rows).reshape(len(corpus), len(TYPES), 3))


@st.composite
def corpora(draw):
    """Probabilities of a few sentences. Shape of each: (n_words, 5)."""
    cells = st.floats(0, 1, width=32)
    shapes = draw(st.lists(st.integers(1, 6), min_size=1, max_size=5))
    made = [draw(hnp.arrays(np.float32, (n, 5), elements=cells)) + np.float32(1e-6) for n in shapes]
    return [p / p.sum(1, keepdims=True) for p in made]


@cache
def honest_world(n=2000, seed=0):
    """Single-word entities whose gold is drawn from the very probabilities: (probabilities, gold sentences)."""
    rng = np.random.default_rng(seed)
    corpus, gold = [], []
    for _ in range(n):
        chances = np.zeros((3, 5))
        chances[:, [0, 1, 3]] = rng.dirichlet([0.8, 0.3, 0.3], size=3)
        drawn = [int(rng.choice(5, p=row)) for row in chances]
        spans = tuple(Span(i, i + 1, LABELS.tags[t][2:]) for i, t in enumerate(drawn) if t)
        corpus.append(chances)
        gold.append(Sentence(("a", "b", "c"), spans))
    return corpus, gold


def test_by_hand():
    # O, B-LOC, I-LOC, B-PER, I-PER
    chances = np.array([[0.1, 0.8, 0, 0.1, 0], [0.2, 0.1, 0.7, 0, 0], [0.6, 0, 0.25, 0.15, 0], [0.3, 0, 0, 0.7, 0]])
    spans = decode(chances, LABELS)
    assert [s.key for s in spans] == [(0, 2, "LOC"), (3, 4, "PER")]
    assert span_probabilities(chances, spans, TYPES) == pytest.approx([0.7, 0.7])  # of 0.8, 0.7 and 1 - 0.25; of 0.7
    assert expected_counts(chances, spans, TYPES) == pytest.approx(np.array([[0.9, 1, 0.7], [0.95, 1, 0.7]]))
    told = expected([chances]).as_dict()
    assert told["f1"] == pytest.approx(2 * 1.4 / (2 + 1.85))
    assert (told["precision"], told["recall"]) == (pytest.approx(0.7), pytest.approx(1.4 / 1.85))
    assert told["per_type"]["PER"]["f1"] == pytest.approx(1.4 / 1.95)
    ends = chances.copy()
    ends[2] = [0.4, 0, 0.35, 0.25, 0]  # the entity may well go on
    assert span_probabilities(ends, spans, TYPES)[0] == pytest.approx(0.65)


def test_true_probabilities_give_the_true_f1():
    corpus, gold = honest_world()
    found = [s.with_spans(decode(p, LABELS)) for s, p in zip(gold, corpus, strict=True)]
    truth, said = score(gold, found), expected(corpus)
    assert 0.5 < truth.f1 < 0.95
    assert said.f1 == pytest.approx(truth.f1, abs=0.015)
    assert said.precision == pytest.approx(truth.precision, abs=0.015)
    assert said.recall == pytest.approx(truth.recall, abs=0.015)
    assert span_probability_calibration(gold, found, corpus, TYPES).ece < 0.02


@pytest.mark.parametrize("true", [0.6, 1.0, 2.5])
def test_the_temperature_is_found_and_mends_the_estimate(true):
    corpus, gold = honest_world()
    ids = [LABELS.tag_ids(s) for s in gold]
    given_out = [tempered(p, 1 / true) for p in corpus]  # what a model that is too sure, or not enough, says
    found = fit_temperature(given_out, ids)
    assert found == pytest.approx(true, rel=0.1)
    predicted = [s.with_spans(decode(p, LABELS)) for s, p in zip(gold, corpus, strict=True)]
    truth = score(gold, predicted).f1
    off = [abs(expected(given_out, t).f1 - truth) for t in (1.0, found)]
    assert off[1] < 0.02
    if true != 1:
        assert off[1] < off[0] / 2
        before, after = (
            span_probability_calibration(gold, predicted, [tempered(p, t) for p in given_out], TYPES).ece
            for t in (1.0, found)
        )
        assert after < before / 2


def test_missing_words_do_not_count_for_the_temperature():
    corpus, gold = honest_world(300)
    ids = [np.array(LABELS.tag_ids(s)) for s in gold]
    wrong = [np.where(np.arange(3) == 0, 1, i) for i in ids]
    masked = [np.where(np.arange(3) == 0, -100, i) for i in ids]
    without = [p[1:] for p in corpus]
    assert fit_temperature(corpus, masked) == pytest.approx(fit_temperature(without, [i[1:] for i in ids]))
    assert fit_temperature(corpus, masked) != pytest.approx(fit_temperature(corpus, wrong), rel=0.05)


def test_wrong_wishes():
    chances = [np.full((2, 5), 0.2)]
    with pytest.raises(UsageError, match="2 words have probabilities, 1 have gold tags"):
        fit_temperature(chances, [[0]])
    with pytest.raises(UsageError, match="labelled words"):
        fit_temperature(chances, [[-100, -100]])
    with pytest.raises(UsageError, match="labelled words"):
        fit_temperature([], [])
    with pytest.raises(UsageError, match="above 0"):
        tempered(chances[0], 0)


def test_nothing_found_is_no_score():
    told = expected([np.tile([0.9, 0.1, 0, 0, 0], (4, 1))])
    assert (told.f1, told.precision, told.recall, told.interval()) == (None, None, None, None)
    assert told.as_dict()["gold"] == pytest.approx(0.4)


@settings(max_examples=150, deadline=None)
@given(corpus=corpora(), temperature=st.floats(0.2, 5))
def test_scores_are_fractions_at_any_temperature(corpus, temperature):
    for told in (expected(corpus), expected(corpus, temperature)):
        scores = [told.as_dict(), *told.as_dict()["per_type"].values()]
        for s in scores:
            assert all(s[k] is None or 0 <= s[k] <= 1 for k in ("f1", "precision", "recall"))
            assert s["correct"] <= s["predicted"]
            assert s["correct"] <= s["gold"] + 1e-9


@settings(max_examples=100, deadline=None)
@given(corpus=corpora(), temperature=st.floats(0.2, 5))
def test_tempered_rows_are_probabilities_in_the_same_order(corpus, temperature):
    for p in corpus:
        assert tempered(p, 1.0) is p
        made = tempered(p, temperature)
        np.testing.assert_allclose(made.sum(1), 1, atol=1e-6)
        np.testing.assert_allclose(tempered(made, 1 / temperature), p, atol=1e-5)
        assert (made.argmax(1) == p.argmax(1)).all()


@settings(max_examples=50, deadline=None)
@given(corpus=corpora(), chance=st.randoms(use_true_random=False))
def test_the_order_of_sentences_changes_nothing(corpus, chance):
    mixed = list(corpus)
    chance.shuffle(mixed)
    a, b = expected(corpus), expected(mixed)
    assert (a.f1 is None) == (b.f1 is None)
    if a.f1 is not None:
        assert a.f1 == pytest.approx(b.f1)
        ours, theirs = a.interval(resamples=50), b.interval(resamples=50)
        assert (ours.low, ours.high) == (pytest.approx(theirs.low), pytest.approx(theirs.high))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.sampled_from(range(5)), min_size=1, max_size=6), min_size=1, max_size=4))
def test_certainty_means_a_perfect_score(paths):
    legal = [[t - 1 if t in (2, 4) and (i == 0 or p[i - 1] not in (t, t - 1)) else t for i, t in enumerate(p)]
             for p in paths]  # fmt: skip
    told = expected([np.eye(5)[p] for p in legal])
    assert told.f1 in (None, 1.0)
    assert (told.f1 is None) == (not any(any(p) for p in legal))


def test_the_interval_holds_the_value_and_shrinks_with_sentences():
    corpus, _ = honest_world(400)
    small, large = expected(corpus[:50]), expected(corpus)
    a, b = small.interval(), large.interval()
    assert a.low < small.f1 < a.high
    assert b.low < large.f1 < b.high
    assert b.high - b.low < 0.6 * (a.high - a.low)


def test_large_texts_are_drawn_in_groups(monkeypatch):
    import xlner.evaluate.estimate as module

    told = expected(honest_world(600)[0])
    whole = told.interval()
    monkeypatch.setattr(module, "_GROUPS", 150)
    grouped = told.interval()
    assert grouped.high - grouped.low == pytest.approx(whole.high - whole.low, rel=0.25)


def observed(n_targets=12, seed=0, noise=0.01, per_target=1):
    """True F1 lies below expected F1, the more so the less models agree."""
    rng = np.random.default_rng(seed)
    said, agreed = rng.uniform(0.5, 0.9, (2, n_targets * per_target))
    f1 = np.clip(said - 0.4 * (1 - agreed) + rng.normal(0, noise, len(said)), 0, 1)
    targets = tuple(f"t{i % n_targets}" for i in range(len(said)))
    return Observed(targets, ("expected_f1", "agreement"), np.stack([said, agreed], 1), f1)


def test_the_correction_is_learnt():
    table = observed()
    made = Estimator.fit(table)
    plain = np.abs(table.base - table.f1).mean() * 100
    assert made.mean_abs_error < 3 < plain
    assert made.mean_abs_error < made.width90 < 6
    assert made.estimate({"expected_f1": 0.8, "agreement": 0.6, "more": 1.0}) == pytest.approx(0.64, abs=0.03)


def test_the_correction_does_not_go_beyond_what_was_seen():
    values = np.array([[0.700, 0.5], [0.701, 0.5], [0.702, 0.5]])
    made = Estimator.fit(Observed(("a", "b", "c"), ("expected_f1", "agreement"), values, np.array([0.60, 0.61, 0.62])))
    nearest = made.estimate({"expected_f1": 0.7, "agreement": 0.5})
    assert made.estimate({"expected_f1": 0.6, "agreement": 0.5}) == pytest.approx(nearest - 0.1)


def test_a_left_out_target_has_no_say():
    table = observed(per_target=2)
    rows = table.rows_of["t3"]
    other = np.where(np.isin(np.arange(len(table.f1)), rows), 0.0, table.f1)
    before, after = (leave_one_target_out(t) for t in (table, replace(table, f1=other)))
    assert before[rows] == pytest.approx(after[rows])
    assert not np.allclose(before, after)


def test_a_group_is_left_out_as_a_whole():
    table = observed(6, per_target=2)
    grouped = replace(table, groups=tuple("ab"[t in ("t0", "t1")] + "c" * (t == "t2") for t in table.targets))
    rows = grouped.rows_of["b"]
    assert {table.targets[i] for i in rows} == {"t0", "t1"}
    other = np.where(np.isin(np.arange(len(table.f1)), rows), 0.0, table.f1)
    before, after = (leave_one_target_out(t) for t in (grouped, replace(grouped, f1=other)))
    assert before[rows] == pytest.approx(after[rows])
    assert Estimator.from_dict(Estimator.fit(grouped).as_dict()).observed.groups == grouped.groups
    with pytest.raises(DataError, match="12 targets and 1 groups"):
        replace(table, groups=("a",))


def test_clues_count_doubt_and_names_in_small_letters():
    said = Sentence(("Awa", "naKenya", "x"), (Span(0, 1, "PER"), Span(1, 2, "LOC")))
    rows = np.array([[0.1, 0.0, 0.0, 0.9, 0.0], [0.4, 0.6, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0, 0.0]])
    clues = Clues()
    clues.add(said, rows, ("LOC", "PER"))
    clues.add(Sentence(("nothing",), ()), rows[2:], ("LOC", "PER"))
    entropy = -sum(p * np.log(p) for p in (0.1, 0.9, 0.4, 0.6)) / 4
    assert clues.features() == {"entropy": pytest.approx(entropy), "unsure": 0.5, "uncased": 0.5}
    assert Clues().features() == {"entropy": 0, "unsure": 0, "uncased": 0}


def test_little_data_leaves_expected_f1_with_its_mean_error():
    table = observed(2, noise=0)
    made = Estimator.fit(table, penalty=1e6)
    shift = (table.f1 - table.base).mean()
    assert (made.mean_abs_error, made.width90) == (None, None)
    assert made.estimate({"expected_f1": 0.7, "agreement": 0.1}) == pytest.approx(0.7 + shift, abs=1e-3)
    with pytest.raises(DataError, match="three or more"):
        leave_one_target_out(table)


def test_saved_and_loaded(tmp_path):
    made = Estimator.fit(observed())
    back = Estimator.load(made.save(tmp_path / "estimator.json"))
    features = {"expected_f1": 0.8, "agreement": 0.6}
    assert back.estimate(features) == made.estimate(features)
    assert (back.width90, back.mean_abs_error, back.penalty) == (made.width90, made.mean_abs_error, made.penalty)
    assert back.observed.targets == made.observed.targets
    (tmp_path / "other.json").write_text('{"format": "something"}')
    for name in ("other.json", "absent.json"):
        with pytest.raises(ModelError, match="holds no estimator"):
            Estimator.load(tmp_path / name)


def test_a_feature_that_is_missing_names_its_option():
    with pytest.raises(UsageError, match="add `also MODEL`"):
        Estimator.fit(observed()).estimate({"expected_f1": 0.8})


@pytest.mark.parametrize(
    ("features", "values", "f1", "message"),
    [
        (("agreement",), [[0.5]], [0.5], "with expected_f1 or .* among them"),
        (("expected_f1",), [[float("nan")]], [0.5], "features are numbers"),
        (("expected_f1",), [[0.5]], [50.0], "F1 is a fraction"),
        (("expected_f1", "agreement"), [[0.5]], [0.5], "make no table"),
    ],
)
def test_tables_that_cannot_be(features, values, f1, message):
    with pytest.raises(DataError, match=message):
        Observed(("t",), features, np.array(values), np.array(f1))


def test_width_holds_nine_in_ten():
    missed = np.arange(1.0, 11)
    assert (missed <= width90(missed)).mean() >= 0.9
    assert width90(np.array([3.0, 1.0])) == 3.0


def test_kernel_ridge_bends_where_a_line_cannot_and_not_where_it_need_not():
    x = np.linspace(-1, 1, 41)[:, None]
    bent, line = KernelRidge.fit(x, 0.1 * x[:, 0] ** 2, penalty=0.001), KernelRidge.fit(x, 0.1 * x[:, 0], penalty=0.001)
    middle = np.array([[-0.5], [0.0], [0.5]])
    assert bent.predict(middle) == pytest.approx([0.025, 0.0, 0.025], abs=2e-3)
    assert line.predict(middle) == pytest.approx([-0.05, 0.0, 0.05], abs=2e-3)
    assert KernelRidge.fit(x, 0.1 * x[:, 0], penalty=1e6).predict(middle) == pytest.approx([0, 0, 0], abs=1e-4)
    with pytest.raises(OptionError, match="above 0"):
        KernelRidge.fit(x, x[:, 0], penalty=0.0)
