"""Contrasts: what they are by hand, what they do to an encoder, and going on after a kill."""

from __future__ import annotations

import pytest
import torch
from tests.methods.test_bitext import in_spanish
from tests.toy import sentences
from tests.train.stopping import all_numbers, stopping
from torch.nn.functional import cross_entropy, normalize

from xlner.core.labels import LabelSet
from xlner.core.seed import seed_everything
from xlner.methods.paired import PairedChunks, Taught
from xlner.tagger import Tagger
from xlner.train import TrainOptions, train
from xlner.train.batches import epoch_batches
from xlner.train.contrastive import (
    Contrastive,
    Contrasts,
    Queue,
    contrasted_words,
    label_contrast,
    pair_contrast,
    pairs_of,
)
from xlner.train.objective import StepInput, StreamInput

LABELS = LabelSet(("LOC", "PER"))
OPTIONS = TrainOptions(
    learning_rate=3e-3, batch_subwords=192, freeze_embeddings=False, checkpoint_seconds=0.0, epochs=3, dropout=0.1
)
NOTHING = torch.zeros(3, 3, dtype=torch.bool)
NUMBERS = torch.arange(3)


def taught(n=60):
    """Sentences and their word-by-word translations."""
    items = []
    for number, s in enumerate(sentences(n)):
        items += [Taught.of(s, LABELS, number), Taught.of(in_spanish(s), LABELS, number)]
    return items


def two_pairs(ids=((1, 2), (3, 4), (5, 6), (7, 8))):
    """Two sentences of two words and their translations, with scores and states of chance."""
    torch.manual_seed(0)
    ids = torch.tensor(ids)
    rows, columns = torch.arange(4).repeat_interleave(2), torch.arange(2).repeat(4)
    stream = StreamInput(
        torch.randn(8, 5), torch.randn(4, 2, 6), ids, torch.ones_like(ids), rows, columns,
        torch.eye(5)[[1, 0, 3, 1] * 2], torch.ones(8), torch.tensor([0, 0, 1, 1]),
    )  # fmt: skip
    return StepInput({"": stream}, 1.0)


def fit(encoder, folder, how, *, stop_after=-1):
    seed_everything(1)
    tagger = Tagger.fresh(str(encoder), LABELS, dropout=0.1)
    objective = stopping(Contrastive)(32, how)
    objective.left = stop_after
    train(tagger, {"labelled": PairedChunks(tagger, taught())}, objective, options=OPTIONS, folder=folder)
    return tagger, objective


def states(tagger, items):
    """Mean states of sentences, and states of words with their types."""
    chunks = PairedChunks(tagger, items)
    of_sentences, words, kinds = [], [], []
    with torch.inference_mode():
        for example in chunks.load(0):
            ids = torch.from_numpy(example.ids).long()[None]
            out = tagger.model(input_ids=ids, output_hidden_states=True).hidden_states[-1][0]
            of_sentences.append(out.mean(0))
            words.append(out[torch.from_numpy(example.positions).long()])
            kinds.append((torch.from_numpy(example.targets).argmax(-1) + 1) // 2)
    return torch.stack(of_sentences), torch.cat(words), torch.cat(kinds)


def nearest_is_translation(tagger):
    """Share of sentences to which no other translation is nearer than their own."""
    vectors = normalize(states(tagger, taught(40))[0], dim=-1)
    alike = vectors[0::2] @ vectors[1::2].T
    return float((alike.argmax(1) == torch.arange(40)).float().mean())


def gap_of_types(tagger):
    """How much nearer words of one type are to each other than to words of another."""
    _, words, kinds = states(tagger, taught(40))
    words, kinds = normalize(words[kinds > 0], dim=-1), kinds[kinds > 0]
    alike, same = words @ words.T, kinds[:, None] == kinds[None]
    return float(alike[same].mean() - alike[~same].mean())


def test_the_contrast_of_pairs_is_infonce_both_ways():
    a, b = normalize(torch.randn(3, 4), dim=-1), normalize(torch.randn(3, 4), dim=-1)
    loss = pair_contrast(a, b, NOTHING, NUMBERS, Queue(0, 4), 0.5)
    by_hand = 0.0
    for i in range(3):
        for x, y in ((a, b), (b, a)):
            scores = (x[i] @ y.T / 0.5).exp()
            by_hand -= float((scores[i] / scores.sum()).log()) / 6
    assert float(loss) == pytest.approx(by_hand, rel=1e-5)


def test_pairs_that_say_the_same_are_not_pushed_apart():
    a = normalize(torch.randn(3, 4), dim=-1)
    same = torch.tensor([[True, True, False], [True, True, False], [False, False, True]])
    b = a[[1, 0, 2]]
    alone = pair_contrast(a[[0, 2]], b[[0, 2]], NOTHING[:2, :2], NUMBERS[:2], Queue(0, 4), 0.5)
    masked = pair_contrast(a, b, same, NUMBERS, Queue(0, 4), 0.5)
    assert float(masked) < float(pair_contrast(a, b, NOTHING, NUMBERS, Queue(0, 4), 0.5))
    assert float(alone) > 0


def test_a_queue_gives_negatives_but_never_the_pair_itself():
    a, b = normalize(torch.randn(1, 4), dim=-1), normalize(torch.randn(1, 4), dim=-1)
    queue, one = Queue(2, 4), NOTHING[:1, :1]
    assert float(pair_contrast(a, b, one, NUMBERS[:1], queue, 0.5)) == 0
    queue.push(a, b, NUMBERS[:1])
    assert float(pair_contrast(a, b, one, NUMBERS[:1], queue, 0.5)) == 0
    assert float(pair_contrast(a, b, one, NUMBERS[1:2], queue, 0.5)) > 0
    queue.push(normalize(torch.randn(3, 4), dim=-1), normalize(torch.randn(3, 4), dim=-1), torch.tensor([7, 8, 9]))
    assert sorted(queue.numbers.tolist()) == [8, 9]


def test_earlier_pairs_are_negatives_of_the_other_side():
    a, b, c, d = (normalize(torch.randn(1, 4), dim=-1) for _ in range(4))
    queue = Queue(1, 4)
    queue.push(a, b, NUMBERS[:1])
    loss = pair_contrast(c, d, NOTHING[:1, :1], NUMBERS[1:2], queue, 0.5)
    there, back = (
        cross_entropy(x @ torch.cat([y, earlier]).T / 0.5, torch.tensor([0]))
        for x, y, earlier in ((c, d, b), (d, c, a))
    )
    torch.testing.assert_close(loss, (there + back) / 2)


@pytest.mark.parametrize("side", [0, 1])
def test_pairs_with_one_text_in_common_are_not_pushed_apart(side):
    ids = [(1, 2), (3, 4), (5, 6), (7, 8)]
    ids[2 + side] = ids[side]
    _, parts = Contrastive(6, Contrasts(sentences=1.0, words=0.0, head=0)).parts(two_pairs(ids))
    assert float(parts["sentences"]) == pytest.approx(0, abs=1e-6)


def test_the_contrasts_are_added_by_their_weights():
    total, parts = Contrastive(6, Contrasts(sentences=0.3, words=0.7, head=0)).parts(two_pairs())
    assert min(parts["sentences"], parts["words"]) > 0
    torch.testing.assert_close(total, parts["tags"] + 0.3 * parts["sentences"] + 0.7 * parts["words"])


def test_the_contrast_of_words_is_the_supervised_one():
    z, kinds = normalize(torch.randn(5, 4), dim=-1), torch.tensor([1, 1, 2, 1, 3])
    scores = (z @ z.T / 0.3).exp()
    by_hand = 0.0
    for i, others in ((0, (1, 3)), (1, (0, 3)), (3, (0, 1))):
        rest = scores[i].sum() - scores[i, i]
        by_hand -= float(sum((scores[i, p] / rest).log() for p in others)) / len(others) / 3
    assert float(label_contrast(z, kinds, 0.3)) == pytest.approx(by_hand, rel=1e-5)


@pytest.mark.parametrize("kinds", [[], [1], [1, 2]])
def test_words_without_their_like_give_no_loss_and_no_nan(kinds):
    states = torch.randn(len(kinds), 4, requires_grad=True)
    loss = label_contrast(normalize(states, dim=-1), torch.tensor(kinds, dtype=torch.int64), 0.1)
    loss.backward()
    assert float(loss) == 0
    assert states.grad.isfinite().all()


def test_words_outside_are_few_and_unknown_words_are_none():
    tags = torch.tensor([0, 1, 2, 0, 0, 3, 0, 4])
    weights = torch.tensor([1.0, 1, 1, 1, 0, 1, 1, 0])
    words, kinds = contrasted_words(torch.eye(5)[tags], weights, by_tag=False, outside=0.67)
    assert words[:3].tolist() == [1, 2, 5]
    assert kinds.tolist() == [1, 1, 2, 0, 0]
    assert set(words[3:].tolist()) <= {0, 3, 6}
    assert contrasted_words(torch.eye(5)[tags], weights, by_tag=True, outside=0)[1].tolist() == [1, 2, 3]


def test_a_sentence_comes_before_its_translation(tiny_encoder):
    tagger = Tagger.fresh(str(tiny_encoder), LABELS)
    chunks = PairedChunks(tagger, taught(20))
    first = {tuple(e.ids.tolist()) for e in chunks.load(0)[0::2]}
    assert (chunks.pairs, chunks.longer) == (20, 0)
    for batch in epoch_batches(chunks, epoch=0, seed=1, budget=96, pad_id=1):
        left, right = pairs_of(batch.pairs)
        assert batch.pairs[left].tolist() == batch.pairs[right].tolist()
        assert all(tuple(batch.ids[i][batch.mask[i] == 1].tolist()) in first for i in left)


def test_a_pair_longer_than_a_window_is_no_pair_and_its_labels_are_learnt(tiny_encoder):
    tagger = Tagger.fresh(str(tiny_encoder), LABELS)
    long, short = sentences(1)[0], sentences(2)[1]
    words = long.words * 20
    items = [Taught.of(type(long)(words), LABELS, 0), Taught.of(in_spanish(long), LABELS, 0)]
    items += [Taught.of(short, LABELS, 1), Taught.of(in_spanish(short).without_labels(), LABELS, 1)]
    chunks = PairedChunks(tagger, items)
    assert (chunks.pairs, chunks.longer) == (1, 1)
    assert sum(len(e.positions) for e in chunks.load(0)) == len(words) + len(long) + 2 * len(short)
    without = PairedChunks(tagger, items, keep_pairs=False)
    assert without.pairs == 0


def test_a_sentence_gets_nearer_to_its_translation_than_to_others(tiny_encoder, tmp_path):
    without, _ = fit(tiny_encoder, tmp_path / "without", Contrasts(sentences=0, words=0))
    made, objective = fit(tiny_encoder, tmp_path / "with", Contrasts(sentences=1.0, words=0, queue=20))
    assert nearest_is_translation(made) > nearest_is_translation(without) + 0.2
    assert int((objective.modules["queue"].numbers >= 0).sum()) == 20


def test_words_of_one_type_get_nearer_to_each_other(tiny_encoder, tmp_path):
    """By the contrast alone: the loss of tags draws them together too."""

    class Alone(Contrastive):
        def __call__(self, step):
            return super().__call__(step)[1]["words"]

    seed_everything(1)
    tagger = Tagger.fresh(str(tiny_encoder), LABELS)
    before = gap_of_types(tagger)
    objective = Alone(32, Contrasts(sentences=0, head=0))
    train(tagger, PairedChunks(tagger, taught()), objective, options=OPTIONS, folder=tmp_path)
    assert gap_of_types(tagger) > before + 0.3


def test_what_is_switched_off_has_no_head_and_costs_no_memory():
    assert not Contrastive(32, Contrasts(sentences=0, words=0)).wants_hidden
    assert set(Contrastive(32, Contrasts(sentences=0)).modules) == {"words"}
    assert set(Contrastive(32, Contrasts(words=0)).modules) == {"sentences", "queue"}
    assert not list(Contrastive(32, Contrasts(head=0)).modules["words"].parameters())


@pytest.mark.parametrize("at", [1, 9])
def test_a_killed_training_goes_on_to_the_last_bit(tiny_encoder, tmp_path, at):
    how = Contrasts(queue=8, pool="first")

    whole = all_numbers(*fit(tiny_encoder, tmp_path / "whole", how))
    with pytest.raises(KeyboardInterrupt):
        fit(tiny_encoder, tmp_path / "cut", how, stop_after=at)
    assert torch.equal(all_numbers(*fit(tiny_encoder, tmp_path / "cut", how)), whole)
