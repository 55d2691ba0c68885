"""Views of sentences and relations of words: what is paired with what, what is learnt, and going on after a kill."""

from __future__ import annotations

import pytest
import torch
from tests.methods.test_bitext import in_spanish
from tests.toy import sentences
from tests.train.stopping import all_numbers, stopping
from tests.train.test_contrastive import LABELS, OPTIONS, two_pairs
from torch.nn.functional import normalize

from xlner.core.seed import seed_everything
from xlner.methods.paired import PairedChunks, views
from xlner.tagger import Tagger
from xlner.train import train
from xlner.train.contrastive import Contrasts, pairs_of
from xlner.train.multi_view import MultiView, Views, related_words
from xlner.train.objective import StreamInput


def stream(tags, rows, weights):
    targets = torch.eye(5)[torch.tensor(tags)]
    n = len(tags)
    ids = torch.zeros(max(rows) + 1, n, dtype=torch.int64)
    return StreamInput(
        torch.zeros(n, 5), None, ids, torch.ones_like(ids), torch.tensor(rows), torch.arange(n), targets,
        torch.tensor(weights), torch.full((len(ids),), -1),
    )  # fmt: skip


def three_views(n=40):
    """Sentences, translations with labels, and translations without."""
    return [[s, in_spanish(s), in_spanish(s).without_labels()] for s in sentences(n)]


def fit(encoder, folder, objective):
    seed_everything(1)
    tagger = Tagger.fresh(str(encoder), LABELS, dropout=0.1)
    made = objective()
    chunks = PairedChunks(tagger, views(three_views(), LABELS))
    train(tagger, chunks, made, options=OPTIONS, folder=folder)
    return tagger, made


def test_each_view_is_paired_with_its_sentence():
    left, right = pairs_of(torch.tensor([7, 7, 7, -1, 3, 3, 9, 9, 9]))
    assert list(zip(left.tolist(), right.tolist(), strict=True)) == [(4, 5), (0, 1), (0, 2), (6, 7), (6, 8)]
    assert all(len(side) == 0 for side in pairs_of(torch.tensor([-1, -1])))


def test_words_of_one_entity_are_related_within_reach_and_window():
    #       window 0: B-LOC I-LOC B-LOC O(unknown)   window 1: I-LOC B-PER O
    example = stream([1, 2, 1, 0, 2, 3, 0], [0, 0, 0, 0, 1, 1, 1], [1.0, 1, 1, 0, 1, 1, 1])
    first, second, kinds = related_words(example, reach=3, unrelated=0)
    made = sorted(zip(first.tolist(), second.tolist(), kinds.tolist(), strict=True))
    assert made == [(0, 0, 1), (0, 1, 1), (1, 1, 1), (2, 2, 1), (4, 4, 1), (5, 5, 2)]
    first, second, kinds = related_words(example, reach=1, unrelated=100)
    others = {(i, j) for i, j, k in zip(first.tolist(), second.tolist(), kinds.tolist(), strict=True) if not k}
    assert others == {(1, 2), (4, 5), (5, 6), (6, 6)}
    assert len(related_words(example, reach=0, unrelated=0.2)[0]) == 5 + 1


def test_without_entities_there_are_no_relations():
    assert [len(x) for x in related_words(stream([0, 0], [0, 0], [1.0, 1]), reach=3, unrelated=1.0)] == [0, 0, 0]


def test_what_is_switched_off_has_no_head():
    off = Contrasts(words=0, sentences=0)
    assert set(MultiView(8, Views()).modules) == {"sentences", "queue", "relations"}
    assert set(MultiView(8, Views(sentences=off)).modules) == {"relations"}
    assert set(MultiView(8, Views(relations=0)).modules) == {"sentences", "queue"}
    assert not MultiView(8, Views(sentences=off, relations=0)).wants_hidden


def test_relations_are_added_by_their_weight():
    off = Contrasts(words=0, sentences=0, head=0)
    total, parts = MultiView(6, Views(sentences=off, relations=0.5))(two_pairs())
    assert parts["relations"] > 0
    torch.testing.assert_close(total, parts["tags"] + 0.5 * parts["relations"])


def test_pairs_in_one_relation_get_nearer_to_each_other(tiny_encoder, tmp_path):
    """By the contrast alone, on hidden states."""

    class Alone(MultiView):
        def __call__(self, step):
            return super().__call__(step)[1]["relations"]

    def gap(tagger):
        vectors, kinds = [], []
        with torch.inference_mode():
            for example in PairedChunks(tagger, views(three_views(), LABELS)).load(0):
                ids = torch.from_numpy(example.ids).long()[None]
                n = len(example.positions)
                hidden = tagger.model(input_ids=ids, output_hidden_states=True).hidden_states[-1]
                shown = StreamInput(
                    torch.zeros(n, 5), hidden, ids, torch.ones_like(ids), torch.zeros(n, dtype=torch.int64),
                    torch.from_numpy(example.positions).long(), torch.from_numpy(example.targets),
                    torch.from_numpy(example.weights), torch.tensor([-1]),
                )  # fmt: skip
                first, second, kind = related_words(shown, reach=3, unrelated=0)
                vectors.append(torch.cat([shown.word_states[first], shown.word_states[second]], dim=-1))
                kinds.append(kind)
        z, of = normalize(torch.cat(vectors), dim=-1), torch.cat(kinds)
        alike, same = z @ z.T, of[:, None] == of[None]
        return float(alike[same].mean() - alike[~same].mean())

    how = Views(sentences=Contrasts(sentences=0, words=0, head=0))
    fresh = Tagger.fresh(str(tiny_encoder), LABELS)
    made, _ = fit(tiny_encoder, tmp_path, lambda: Alone(32, how))
    assert gap(made) > gap(fresh) + 0.2


@pytest.mark.parametrize("at", [1, 14])
def test_a_killed_training_goes_on_to_the_last_bit(tiny_encoder, tmp_path, at):
    def stopped():
        made = stopping(MultiView)(32, Views())
        made.left = at
        return made

    whole = all_numbers(*fit(tiny_encoder, tmp_path / "whole", lambda: stopping(MultiView)(32, Views())))
    with pytest.raises(KeyboardInterrupt):
        fit(tiny_encoder, tmp_path / "cut", stopped)
    assert torch.equal(
        all_numbers(*fit(tiny_encoder, tmp_path / "cut", lambda: stopping(MultiView)(32, Views()))), whole
    )
