"""Pairs of sentences and changed copies, and the loss between the answers to both."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from tests.toy import make_encoder, sentences

from xlner.core.labels import LabelSet
from xlner.core.seed import seed_everything
from xlner.tagger import Tagger
from xlner.train import TrainOptions, train
from xlner.train.batches import collate, epoch_batches
from xlner.train.consistency import Consistency, CopiedChunks, paired_words
from xlner.train.losses import soft_cross_entropy, word_loss
from xlner.train.objective import StepInput, StreamInput

LABELS = LabelSet(("LOC", "PER"))


class Soft:
    """Sentences of the toy world with one-hot targets, in two chunks."""

    sizes = (20, 10)

    def sentences(self, index):
        rows = np.eye(5, dtype=np.float32)
        items = sentences(self.sizes[index], seed=index)
        words = [list(s.words) for s in items]
        return words, [rows[LABELS.tag_ids(s)] for s in items], [np.ones(len(s), np.float32) for s in items]


def small(chunk, epoch, words, targets):
    return [[w.lower() if (i + epoch) % 2 else w for i, w in enumerate(s)] for s in words]


@pytest.fixture
def tagger(tiny_encoder):
    seed_everything(1)
    return Tagger.fresh(str(tiny_encoder), LABELS, dropout=0.0)


def shown(batch, logits):
    return StreamInput(logits, None, batch.ids, batch.mask, batch.rows, batch.columns, batch.targets, batch.weights,
                       batch.pairs)  # fmt: skip


def test_a_copy_follows_its_sentence_and_its_words_have_no_labels(tagger):
    chunks = CopiedChunks(Soft(), tagger.words, small)
    examples = chunks.load(0)
    assert (len(examples), chunks.sizes) == (40, (20, 10))
    assert [e.weights.any() for e in examples] == [True] * 20 + [False] * 20
    batches = list(epoch_batches(chunks, epoch=0, seed=1, budget=96, pad_id=1))
    assert len(batches) > 5
    for batch in batches:
        first, second = paired_words(shown(batch, batch.targets))
        assert len(first) == len(second) == len(batch.rows) / 2
        assert torch.equal(batch.targets[first], batch.targets[second])  # the same words of the same sentence
        assert batch.weights[first].all()
        assert not batch.weights[second].any()


def test_each_epoch_has_other_copies_and_the_same_again_after_a_kill(tagger):
    chunks = CopiedChunks(Soft(), tagger.words, small, dropout=0.2)
    ids = [[e.ids.tolist() for e in chunks.in_epoch(epoch).load(1)] for epoch in (0, 1, 0)]
    assert ids[0] == ids[2] != ids[1]
    assert ids[0][:10] == ids[1][:10]


def test_subwords_of_copies_are_dropped_and_special_ones_stay(tagger):
    plain, dropped = (CopiedChunks(Soft(), tagger.words, lambda c, e, w, t: w, dropout=d).load(0) for d in (0.0, 0.3))
    unknown = tagger.tokenizer.unk_token_id
    for a, b in zip(plain[:20], dropped[:20], strict=True):
        assert np.array_equal(a.ids, b.ids)
    before, after = (np.concatenate([e.ids for e in some[20:]]) for some in (plain, dropped))
    other = before != after
    assert set(after[other]) == {unknown}
    assert 0.15 < other.mean() < 0.35
    assert all(e.ids[0] == 0 and e.ids[-1] == 2 for e in dropped)


def test_a_sentence_of_several_windows_is_learnt_from_without_a_copy(tmp_path):
    encoder = make_encoder(tmp_path / "short", max_subwords=9)
    seed_everything(1)
    short = Tagger.fresh(str(encoder), LABELS)
    examples = CopiedChunks(Soft(), short.words, lambda c, e, w, t: w).load(0)
    pairs = [e.pair for e in examples]
    alone = [e for e in examples if e.pair < 0]
    assert alone
    assert all(e.weights.all() for e in alone)
    assert all(pairs.count(p) == 2 for p in pairs if p >= 0)
    words = sum(len(e.positions) for e in examples if e.weights.any())
    assert words == sum(len(s) for s in sentences(20))


def test_the_second_loss_is_that_of_the_copies_and_does_not_move_the_originals(tagger):
    batch = next(iter(epoch_batches(CopiedChunks(Soft(), tagger.words, small), epoch=0, seed=1, budget=96, pad_id=1)))
    logits = torch.randn(len(batch.rows), 5, requires_grad=True)
    objective = Consistency(soft_cross_entropy, word_loss("mse"), weight=2.0, rise=0.0)
    stream = shown(batch, logits)
    value, parts = objective(StepInput({"": stream}, 0.1))
    first, second = paired_words(stream)
    p, q = logits.softmax(-1)[first], logits.softmax(-1)[second]
    torch.testing.assert_close(parts["consistency"], (p - q).square().mean())
    torch.testing.assert_close(value, parts["labels"] + 2 * parts["consistency"])
    (gradient,) = torch.autograd.grad(parts["consistency"], logits, retain_graph=True)
    assert not gradient[first].any()
    assert gradient[second].any()
    (gradient,) = torch.autograd.grad(parts["labels"], logits)
    assert not gradient[second].any()


def test_equal_answers_cost_nothing(tagger):
    batch = next(iter(epoch_batches(CopiedChunks(Soft(), tagger.words, small), epoch=0, seed=1, budget=96, pad_id=1)))
    logits = torch.zeros(len(batch.rows), 5)
    objective = Consistency(soft_cross_entropy, word_loss("kl"), weight=1.0, rise=0.5)
    _, parts = objective(StepInput({"": shown(batch, logits)}, 1.0))
    assert parts["consistency"].abs() < 1e-6


def test_the_weight_rises():
    objective = Consistency(soft_cross_entropy, soft_cross_entropy, weight=3.0, rise=0.5)
    assert objective.weight(0.0) == pytest.approx(3 * math.exp(-5))
    assert objective.weight(0.25) == pytest.approx(3 * math.exp(-1.25))
    assert objective.weight(0.5) == objective.weight(1.0) == 3.0


def test_a_batch_without_pairs_learns_the_labels_alone(tagger):
    examples = CopiedChunks(Soft(), tagger.words, small).load(0)[:1]
    batch = collate(examples, 1)
    logits = torch.randn(len(batch.rows), 5, requires_grad=True)
    value, _ = Consistency(soft_cross_entropy, word_loss("kl"), weight=1.0, rise=0.0)(
        StepInput({"": shown(batch, logits)}, 0.5)
    )
    torch.testing.assert_close(value, soft_cross_entropy(logits, batch.targets, batch.weights))


def test_training_draws_answers_together(tagger, tmp_path):
    """On words that nothing labels, with the copies all in small letters."""

    def lower(chunk, epoch, words, targets):
        return [[w.lower() for w in s] for s in words]

    options = TrainOptions(learning_rate=1e-2, batch_subwords=128, freeze_embeddings=False, epochs=6)
    objective = Consistency(soft_cross_entropy, word_loss("kl"), weight=1.0, rise=0.0)
    made = []

    def told(step):
        value, parts = objective(step)
        made.append(parts["consistency"].item())
        return value, parts

    train(tagger, CopiedChunks(Soft(), tagger.words, lower), told, options=options, folder=tmp_path)
    assert np.mean(made[-10:]) < 0.5 * max(made)
