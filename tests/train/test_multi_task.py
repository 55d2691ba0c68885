"""Two tasks: what a pair of words costs by hand, and what the teacher of similarity learns."""

from __future__ import annotations

import pytest
import torch
from tests.toy import sentences
from tests.train.test_contrastive import LABELS, OPTIONS, gap_of_types

from xlner.core.seed import seed_everything
from xlner.tagger import Tagger
from xlner.train import train
from xlner.train.examples import LabelledChunks
from xlner.train.losses import squared_error
from xlner.train.multi_task import MultiTask, WordSimilarity, similarity
from xlner.train.objective import StepInput, StreamInput


def stream(states, targets, logits=None, weights=None):
    """One window of words, each a subword."""
    n = len(states)
    ids = torch.arange(n)[None]
    return StreamInput(
        torch.zeros_like(targets) if logits is None else logits, states[None], ids, torch.ones_like(ids),
        torch.zeros(n, dtype=torch.int64), torch.arange(n), targets,
        torch.ones(n) if weights is None else weights, torch.tensor([-1]),
    )  # fmt: skip


class Fixed(torch.nn.Module):
    """A teacher that has an answer for two words."""

    def __init__(self, states):
        super().__init__()
        self.states = states

    def forward(self, **_):
        return type("Output", (), {"hidden_states": (self.states[None],)})


def two_tasks(states, **settings):
    teacher = type("Teacher", (), {"model": Fixed(states), "dtype": None})
    return MultiTask(teacher, squared_error, **settings)


def sigmoid(x):
    return float(torch.tensor(x).sigmoid())


@pytest.mark.parametrize("weigh", [True, False])
@pytest.mark.parametrize("second", [[0.0, 1.0], [1.0, 0.0]])  # unlike the first, and the same: the teacher is sure
def test_a_pair_costs_what_the_paper_says(weigh, second):
    targets = torch.tensor([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]])
    logits = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 2.0]])
    states = torch.tensor([[1.0, 0.0], [0.6, 0.8]])
    objective = two_tasks(torch.tensor([[1.0, 0.0], second]), weight=0.5, weigh=weigh)
    loss, parts = objective(StepInput({"": stream(states, targets, logits)}, 1.0))
    wanted, answer = sigmoid(second[0]), sigmoid(0.6)
    a1, a2, b, g = 1.0, 1.0, 1.0, 1.0
    if weigh:
        cos = float(torch.cosine_similarity(targets[0], targets[1], dim=0))
        a1, a2, b, g = 0.81, 0.64, (2 * wanted - 1) ** 2 + 0.5, 1 - abs(sigmoid(cos) - wanted)
    errors = (logits.softmax(-1) - targets).square().mean(-1).tolist()
    tags = g * (a1 * errors[0] + a2 * errors[1]) / 2
    bce = -(wanted * torch.tensor(answer).log() + (1 - wanted) * torch.tensor(1 - answer).log())
    assert float(parts["tags"]) == pytest.approx(tags, rel=1e-4)
    assert float(parts["similarities"]) == pytest.approx(g * b * float(bce), rel=1e-4)
    assert float(loss) == pytest.approx(tags + 0.5 * g * b * float(bce), rel=1e-4)


def test_masked_words_are_in_no_pair():
    targets = torch.eye(3)
    logits = torch.zeros(3, 3, requires_grad=True)
    objective = two_tasks(torch.randn(3, 4))
    masked = stream(torch.randn(3, 4), targets, logits, torch.tensor([1.0, 0.0, 1.0]))
    loss, _ = objective(StepInput({"": masked}, 1.0))
    loss.backward()
    assert logits.grad[1].abs().sum() == 0
    assert logits.grad[0].abs().sum() > 0


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_words_are_no_pair_and_no_nan(n):
    objective = two_tasks(torch.randn(1, 4))
    weights = torch.ones(1) * n
    _, parts = objective(StepInput({"": stream(torch.randn(1, 4), torch.eye(3)[:1], weights=weights)}, 1.0))
    assert float(parts["similarities"]) == 0
    assert parts["tags"].isfinite()
    loss = WordSimilarity()(StepInput({"": stream(torch.randn(1, 4), torch.eye(3)[1:2], weights=weights)}, 1.0))
    assert float(loss) == 0


def test_pairs_of_both_sorts_count_the_same():
    """Of three words of one type and one of another: three pairs alike, three that are not."""
    targets = torch.eye(5)[[1, 2, 1, 3]]
    states = torch.tensor([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    loss = WordSimilarity()(StepInput({"": stream(states, targets)}, 1.0))
    by_hand = -(torch.tensor(sigmoid(1.0)).log() + torch.tensor(1 - sigmoid(0.0)).log()) / 2
    assert float(loss) == pytest.approx(float(by_hand), rel=1e-5)
    by_tag = WordSimilarity(by_tag=True)(StepInput({"": stream(states, targets)}, 1.0))
    assert float(by_tag) > float(loss)  # B and I of one type are told apart


def test_a_teacher_of_similarity_finds_words_of_one_type_alike(tiny_encoder, tmp_path):
    seed_everything(1)
    tagger = Tagger.fresh(str(tiny_encoder), LABELS)
    before = gap_of_types(tagger)
    train(tagger, LabelledChunks(tagger, sentences(60)), WordSimilarity(), options=OPTIONS, folder=tmp_path)
    assert gap_of_types(tagger) > before + 0.3


def test_similarity_is_between_those_of_opposite_and_equal_words():
    rows = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    assert similarity(rows, torch.tensor([[2.0, 0.0], [-1.0, 0.0]])).tolist() == pytest.approx(
        [0.7311, 0.2689], abs=1e-4
    )
