"""Transferability on tables whose answers are known."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr

from xlner.errors import DataError, ModelError, OptionError, UsageError
from xlner.similarity import SIMILARITIES, SimilarityMatrix
from xlner.similarity.predictor import ESTIMATE, SHIPPED_PREDICTOR, SHIPPED_WITH_MODEL
from xlner.similarity.transferability import (
    TransferPredictor,
    Transfers,
    correlations,
    fit,
    leave_one_out,
    read_f1,
)

CODES = ("eng", "deu", "spa", "fra", "swa", "zho", "tur", "fin")
MANY = (*CODES, "hau", "yor", "dan", "por")


def world(*, noise: float = 0.0, seed: int = 0, codes: tuple[str, ...] = CODES) -> Transfers:
    """F1 = 0.7 - 0.3 distance + 0.1 other, plus noise; a third measure is chance."""
    chance = np.random.default_rng(seed)
    n = len(codes)
    names = {"distance": False, "other": True, "chance": True}
    matrices = {m: SimilarityMatrix(m, codes, chance.random((n, n)), up) for m, up in names.items()}
    f1 = {}
    for i, s in enumerate(codes):
        for j, t in enumerate(codes):
            if i != j:
                value = 0.7 - 0.3 * matrices["distance"].values[i, j] + 0.1 * matrices["other"].values[i, j]
                f1[s, t] = float(value + noise * chance.normal())
    return Transfers.of(matrices, f1)


def by(found, **wanted):
    (one,) = [c for c in found if all(getattr(c, k) == v for k, v in wanted.items())]
    return one


def test_correlations_are_those_of_scipy_and_positive_when_near_is_good():
    table = world(noise=0.02, codes=MANY)
    found = correlations(table, resamples=200)
    for column, measure in enumerate(table.measures):
        for kind, oracle in (("spearman", spearmanr), ("pearson", pearsonr)):
            x = table.closeness[:, column]
            one = by(found, measure=measure, kind=kind, scope="overall")
            assert one.value == pytest.approx(oracle(x, table.f1)[0])
            assert one.interval.low <= one.value <= one.interval.high
            within = by(found, measure=measure, kind=kind, scope="within")
            assert within.value == pytest.approx(
                np.mean([oracle(x[rows], table.f1[rows])[0] for rows in table.rows_of.values()])
            )
            assert within.targets == len(MANY)
    assert by(found, measure="distance", kind="pearson", scope="overall").value > 0.8
    assert abs(by(found, measure="chance", kind="pearson", scope="overall").value) < 0.4
    assert found == correlations(table, resamples=200)


def test_within_target_is_blind_to_what_makes_targets_easy():
    codes = CODES[:5]
    ease = np.tile(np.arange(5.0), (5, 1))
    inside = (np.arange(5)[:, None] * 2 + np.arange(5)) % 5
    f1 = {(s, t): 0.2 * j / 2 + 0.01 * inside[i, j] for i, s in enumerate(codes) for j, t in enumerate(codes) if i != j}
    table = Transfers.of({"ease": SimilarityMatrix("ease", codes, ease, True)}, f1)
    found = correlations(table, resamples=50)
    assert by(found, kind="spearman", scope="overall").value > 0.9
    within = by(found, kind="spearman", scope="within")
    assert np.isnan(within.value)
    assert within.interval is None
    assert within.left_out == len(table)
    json.dumps([c.as_dict() for c in found], allow_nan=False)


def test_transfers_without_a_value_are_counted():
    table = world()
    table.closeness[:5, 0] = np.nan
    one = by(correlations(table, resamples=20), measure="distance", kind="pearson", scope="overall")
    assert (one.transfers, one.left_out) == (len(table) - 5, 5)


def test_the_regression_finds_the_weights():
    table = world()
    made = TransferPredictor.fit(table, penalty=0.0, shrink=1e6)
    np.testing.assert_allclose(made.ridge.weights / made.ridge.spread, [0.3, 0.1, 0], atol=1e-6)
    np.testing.assert_allclose(made.predict(table.closeness), table.f1, atol=1e-6)
    lifted = made.contributions(table.closeness).sum(1) + made.ridge.intercept
    np.testing.assert_allclose(lifted, table.f1, atol=1e-6)
    shrunk = TransferPredictor.fit(table, penalty=10.0)
    assert np.linalg.norm(shrunk.ridge.weights) < np.linalg.norm(made.ridge.weights) / 5


def test_a_source_that_gives_more_everywhere_is_expected_to():
    table = world()
    good = np.array(table.sources) == CODES[0]
    better = replace(table, f1=np.clip(table.f1 + 0.2 * good, 0, 1))
    made = TransferPredictor.fit(better)
    assert max(made.own, key=lambda s: made.own[s][0]) == CODES[0]
    nowhere = table.closeness.mean(0, keepdims=True)
    alike, own, unknown = (made.predict(nowhere, [s])[0] for s in (CODES[1], CODES[0], "eus"))
    assert own > alike + 0.05
    assert unknown == made.predict(nowhere)[0]


def test_a_source_has_its_own_line_over_a_measure_of_the_target_alone():
    table = world()
    ease = dict(zip(CODES, np.linspace(0.2, 0.9, len(CODES)), strict=True))
    table = table.with_measure("ease", ease)
    steep = np.array(table.sources) == CODES[0]
    easy = np.array([ease[t] for t in table.targets])
    table = replace(table, f1=np.clip(0.5 + 0.4 * (easy - 0.5) * steep, 0, 1))
    made = TransferPredictor.fit(table.select(["ease"]), shrink=0.1)
    first = {e: made.predict(np.full((2, 1), e), CODES[:2]).argmax() for e in (0.2, 0.9)}
    assert first == {0.2: 1, 0.9: 0}
    level = TransferPredictor.fit(table.select(["ease"]), shrink=0.1, slopes=[])
    assert len({level.predict(np.full((2, 1), e), CODES[:2]).argmax() for e in (0.2, 0.9)}) == 1
    assert [len(own) for own in level.own.values()] == [1] * len(level.own)


def test_prices_and_measures_of_a_predictor_are_checked():
    with pytest.raises(OptionError, match="`penalty` must be at least 0, got -1"):
        TransferPredictor.fit(world(), penalty=-1.0)
    with pytest.raises(OptionError, match="`shrink` must be at least 0"):
        TransferPredictor.fit(world(), shrink=-1.0)
    with pytest.raises(UsageError, match="no measure 'closeness'"):
        TransferPredictor.fit(world(), slopes=["closeness"])


def test_a_source_that_is_new_is_judged_by_its_closeness():
    table = world().select(["distance"])
    made = TransferPredictor.fit(table)
    far, near = np.quantile(table.closeness[:, 0], [0.1, 0.9])
    truth = 0.3 * (near - far)  # what the measure is worth in this world
    said = made.predict(np.array([[far], [near]]), ["eus", "eus"])
    assert said[1] - said[0] == pytest.approx(truth, rel=0.3)


def test_what_lies_beyond_all_that_was_seen_counts_as_the_nearest():
    table = world()
    made = TransferPredictor.fit(table, penalty=0.0)
    top = table.closeness.max(0, keepdims=True)
    assert made.predict(top + 100) == made.predict(top)
    assert np.isfinite(made.predict(np.full_like(top, np.nan))).all()


def test_left_out_targets_of_a_world_without_noise_are_predicted():
    found = {q.name: q for q in leave_one_out(world(), penalty=0.0)}
    best = found["all measures"]
    assert best.mean_abs_error < 0.1  # beyond all that was seen counts as the nearest of it
    assert (best.regret, best.top1, best.top3) == (0, 1, 1)
    assert best.targets == len(CODES)
    assert found["distance"].regret < found["chance"].regret
    assert 0 < found["distance"].mean_abs_error < found["chance"].mean_abs_error
    assert found["mean F1 of the source"].mean_abs_error > 1


def test_a_left_out_language_is_seen_neither_as_target_nor_as_source():
    rest = world().without("swa")
    assert "swa" not in {*rest.sources, *rest.targets}
    assert len(rest) == 7 * 6


def test_a_group_is_left_out_as_a_whole_and_kept_in_the_file():
    table = replace(world(), groups={"eng": "Germanic", "deu": "Germanic"})
    rest = table.without("deu")
    assert not {"eng", "deu"} & {*rest.targets}
    assert "eng" in rest.sources
    assert "deu" not in rest.sources
    assert len(rest) == 6 * 6
    assert Transfers.from_dict(table.as_dict()).groups == table.groups


def test_what_is_known_of_a_target_is_a_measure():
    f1 = {t: world().f1[rows].mean() for t, rows in world().rows_of.items()}
    table = world().select(["distance"]).with_measure("estimate", f1)
    assert list(table.measures) == ["estimate", "distance"]
    np.testing.assert_array_equal(table.closeness[:, 0], [f1[t] for t in table.targets])
    assert np.isnan(world().with_measure("estimate", {}).closeness[:, 0]).all()


def test_equal_recommendations_count_by_their_mean():
    codes = CODES[:4]
    f1 = {(s, t): 0.1 * (i + 1) for i, s in enumerate(codes) for t in codes if s != t}
    table = Transfers.of({"same": SimilarityMatrix("same", codes, np.ones((4, 4)), True)}, f1)
    same = next(q for q in leave_one_out(table) if q.name == "same")
    assert same.top1 == pytest.approx(1 / 3)
    assert same.top3 == 1
    assert same.regret == pytest.approx(100 * np.mean([0.4 - 0.3, 0.4 - 0.8 / 3, 0.4 - 0.7 / 3, 0.3 - 0.2]))


def test_the_predictor_survives_saving(tmp_path):
    table = world(noise=0.05)
    table.closeness[3, 1] = np.nan
    made = replace(fit(table), about="a world of chance", settings={"layer": 1})
    again = TransferPredictor.load(made.save(tmp_path / "p.json"))
    assert (again.about, again.settings) == (made.about, made.settings)
    np.testing.assert_array_equal(again.predict(table.closeness), made.predict(table.closeness))
    assert again.error == made.error
    assert again.error["leave_one_target_out"][0]["name"] == "all measures"
    np.testing.assert_array_equal(again.fitted_on.closeness, table.closeness)
    told = json.loads((tmp_path / "p.json").read_text("utf-8"))
    assert told["fitted_on"]["rows"][0].keys() == {"source", "target", "f1", "values"}
    assert told["fitted_on"]["rows"][0]["values"][0] > 0  # the distance itself, not closeness


def test_what_cannot_be_used_is_said(tmp_path):
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(ModelError, match=r"x\.json"):
        TransferPredictor.load(tmp_path / "x.json")
    with pytest.raises(UsageError, match="distance, other, chance"):
        world().select(["nearness"])
    two = world().take(np.array([0]))
    with pytest.raises(DataError, match="two or more"):
        leave_one_out(two)
    file = tmp_path / "f1.csv"
    file.write_text("source,target,f1\nen,es,0.7\nde,es,70\n")
    with pytest.raises(DataError, match=r"f1\.csv:3.*fraction"):
        read_f1(file)
    file.write_text("source,target,f1\nen,es,0.7\neng,es,0.6\n")
    with pytest.raises(DataError, match="twice"):
        read_f1(file)
    file.write_text("source,f1\nen,0.7\n")
    with pytest.raises(DataError, match="target"):
        read_f1(file)
    file.write_text("source,target,f1\nen,es,0.7\n")
    assert read_f1(file) == {("eng", "spa"): 0.7}


def test_the_predictor_that_ships_reads_text_alone_and_tells_its_error():
    made = TransferPredictor.load(SHIPPED_PREDICTOR)
    assert {SIMILARITIES.load(m).needs for m in made.measures} == {frozenset({"text"})}
    assert len(made.fitted_on) > 400
    assert 0 < made.error["mean_abs_error"] < made.error["width90"]
    assert made.settings["encoder"] == "embedded"
    assert "embedded" in made.about


def test_the_predictor_that_looks_at_a_model_is_off_by_less():
    plain, made = map(TransferPredictor.load, (SHIPPED_PREDICTOR, SHIPPED_WITH_MODEL))
    assert ESTIMATE in made.measures
    assert made.error["mean_abs_error"] < plain.error["mean_abs_error"]
    assert made.error["width90"] < plain.error["width90"]
    assert made.fitted_on.groups == plain.fitted_on.groups != {}


def test_intervals_see_that_transfers_from_one_source_hang_together():
    """F1 that source and target decide alone: a measure of either says nothing, though many transfers agree on it."""
    wrong = 0
    for seed in range(40):
        chance = np.random.default_rng(seed)
        codes = tuple(f"q{a}{b}" for a in "abc" for b in "abcd")
        ease, gift = chance.uniform(-0.2, 0.2, 12), chance.uniform(-0.2, 0.2, 12)
        near = chance.normal(size=12)[:, None] + chance.normal(size=12)[None]
        f1 = {(s, t): 0.5 + gift[i] + ease[j] for i, s in enumerate(codes) for j, t in enumerate(codes) if i != j}
        pairs = tuple(f1)
        table = Transfers(
            tuple(s for s, _ in pairs), tuple(t for _, t in pairs), np.array([*f1.values()]),
            np.array([[near[codes.index(s), codes.index(t)]] for s, t in pairs]), {"near": True},
        )  # fmt: skip
        found = by(correlations(table, resamples=200), kind="spearman", scope="overall")
        wrong += not found.interval.low <= 0 <= found.interval.high
    assert wrong <= 6  # of 40, at 95 %


def test_few_languages_have_no_interval():
    table = world()
    few = replace(table, sources=table.sources[:30], targets=table.targets[:30], f1=table.f1[:30],
                  closeness=table.closeness[:30])  # fmt: skip
    assert all(c.interval is None for c in correlations(few, resamples=20))
