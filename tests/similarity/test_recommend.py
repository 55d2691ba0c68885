"""Recommended sources against a world whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from xlner.errors import UsageError
from xlner.similarity import SimilarityMatrix
from xlner.similarity.recommend import rank
from xlner.similarity.transferability import TransferPredictor, Transfers, fit

CODES = ("eng", "deu", "spa", "fra", "swa")


@pytest.fixture
def matrices():
    rng = np.random.default_rng(3)
    return {m: SimilarityMatrix(m, CODES, rng.random((5, 5)), up) for m, up in {"far": False, "near": True}.items()}


@pytest.fixture
def table(matrices):
    far = matrices["far"]
    return Transfers.of(matrices, {(s, t): 0.8 - 0.3 * far.value(s, t) for s in CODES for t in CODES if s != t})


def test_the_nearest_source_comes_first_and_says_why(matrices, table):
    found = rank(fit(table, penalty=0.0), matrices, "sw", ["en", "de", "es", "fr"])
    assert [r.source for r in found] == [s for s, _ in matrices["far"].ranking("swa")]
    best = found[0]
    assert best.f1 == pytest.approx(0.8 - 0.3 * matrices["far"].value(best.source, "swa"), abs=1e-5)
    assert best.low <= best.f1 <= best.high
    assert best.reasons[0].startswith("far lifts it by")
    assert found[-1].reasons[0].startswith("far lowers it by")
    assert not any("near" in reason for r in found for reason in r.reasons)


def test_what_is_not_known_is_said(matrices, table):
    made = TransferPredictor.fit(table)
    matrices["near"].values[0, 4] = np.nan
    (one,) = rank(made, matrices, "swa", ["eng"])
    assert one.reasons[-1] == "near says nothing of this pair and counts as average"
    assert one.low is None
    del matrices["near"]
    with pytest.raises(UsageError, match="needs the measure near"):
        rank(made, matrices, "swa", ["eng"])


def test_a_source_of_which_nothing_is_known_has_an_interval_of_its_own(matrices, table):
    rest = table.take(np.array([s != "eng" for s in table.sources]))
    made = fit(rest)
    known, new = (next(r for r in rank(made, matrices, "swa", ["eng", "deu"]) if r.source == s) for s in ("deu", "eng"))
    assert new.reasons[0] == "no transfer from it is known, so its closeness alone counts"
    assert known.high - known.low == pytest.approx(2 * made.error["width90"] / 100)
    assert new.high - new.low == pytest.approx(2 * made.error["new_source"]["width90"] / 100)
