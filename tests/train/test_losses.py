from __future__ import annotations

import pytest
import torch

from xlner.errors import UsageError
from xlner.train import TrainOptions, make_loss
from xlner.train.losses import word_loss

LOGITS = torch.tensor([[2.0, 0.0, -1.0], [0.5, 0.5, 0.0]])
HARD = torch.tensor([[1.0, 0, 0], [0, 0, 1.0]])
SOFT = torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])
ONES = torch.ones(2)


def test_soft_cross_entropy_on_one_hot_targets_is_cross_entropy():
    expected = torch.nn.functional.cross_entropy(LOGITS, torch.tensor([0, 2]))
    assert word_loss("ce")(LOGITS, HARD, ONES) == pytest.approx(expected.item())


def test_squared_error_is_the_papers_mean_over_words_and_tags():
    expected = torch.nn.functional.mse_loss(LOGITS.softmax(-1), SOFT)
    assert word_loss("mse")(LOGITS, SOFT, ONES) == pytest.approx(expected.item())


def test_kl_at_temperature_one_is_cross_entropy_less_the_teachers_entropy():
    entropy = -(SOFT * SOFT.log()).sum(-1).mean()
    expected = word_loss("ce")(LOGITS, SOFT, ONES) - entropy
    assert word_loss("kl", temperature=1.0)(LOGITS, SOFT, ONES) == pytest.approx(expected.item(), abs=1e-6)


def test_tempered_kl_needs_no_teacher_logits():
    teacher_logits = torch.tensor([[1.0, -1.0, 0.0], [0.0, 2.0, 1.0]])
    kl = torch.nn.functional.kl_div(
        (LOGITS / 2).log_softmax(-1), (teacher_logits / 2).softmax(-1), reduction="batchmean"
    )
    found = word_loss("kl", temperature=2.0)(LOGITS, teacher_logits.softmax(-1), ONES)
    assert found == pytest.approx(4 * kl.item(), rel=1e-4)


@pytest.mark.parametrize("name", ["ce", "mse", "kl"])
def test_masked_words_do_not_count(name):
    loss = word_loss(name)
    assert loss(LOGITS, SOFT, torch.tensor([1.0, 0.0])) == pytest.approx(loss(LOGITS[:1], SOFT[:1], ONES[:1]).item())


@pytest.mark.parametrize(("name", "temperature"), [("l1", 1.0), ("ce", 2.0), ("kl", 0.0)])
def test_wrong_losses_name_the_option(name, temperature):
    with pytest.raises(UsageError, match=r"^`(loss|temperature)` "):
        make_loss(name, temperature=temperature)


@pytest.mark.parametrize(
    "wrong",
    [{"epochs": 0}, {"learning_rate": 0.0}, {"warmup": 1.0}, {"precision": "fp8"}, {"dropout": 1.0}, {"seed": -1}],
)
def test_options_are_checked_when_made(wrong):
    with pytest.raises(UsageError, match=f"`{next(iter(wrong))}`"):
        TrainOptions(**wrong)
