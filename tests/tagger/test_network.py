"""Any network behind a tagger, several threads before it."""

from __future__ import annotations

import copy
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tests.toy import PEOPLE, PLACES, sentences

from xlner.core.labels import LabelSet
from xlner.core.seed import seed_everything
from xlner.core.types import Sentence
from xlner.encoder import load_tokenizer
from xlner.encoder.positions import longest_input
from xlner.errors import ModelError
from xlner.tagger import Tagger
from xlner.tagger.network import Network, TorchNetwork

LABELS = LabelSet(("LOC", "PER"))


class Lookup:
    """Knows names by heart, and numpy alone."""

    tags = ("B-PERSON", "O", "B-LOC", "I-PERSON", "I-LOC")
    batch_subwords = 256
    side_by_side = False

    def __init__(self, tokenizer) -> None:
        self.people = [tokenizer.convert_tokens_to_ids("▁" + w) for w in PEOPLE]
        self.places = [tokenizer.convert_tokens_to_ids("▁" + w) for w in PLACES]
        self.shapes = []

    def __call__(self, input_ids, attention_mask):
        assert input_ids.dtype == attention_mask.dtype == np.int64
        self.shapes.append(input_ids.shape)
        out = np.zeros((*input_ids.shape, 5), np.float32)
        person, place = np.isin(input_ids, self.people), np.isin(input_ids, self.places)
        follows = np.pad(person, ((0, 0), (1, 0)))[:, :-1]
        out[person & ~follows, 0] = out[person & follows, 3] = out[place, 2] = 9
        out[~person & ~place, 1] = 9
        return out


def test_a_numpy_network_has_the_same_windows_labels_and_decoding(tiny_encoder):
    tokenizer = load_tokenizer(tiny_encoder)
    network: Network = Lookup(tokenizer)
    tagger = Tagger(network, tokenizer, mapping={"PERSON": "PER"}, labels=LABELS)
    gold = sentences(40)
    long = Sentence(tuple(w for s in gold for w in s.words))
    answers = list(tagger.predict([*gold, long, Sentence(())]))
    assert [s.spans for s in answers[:40]] == [
        tuple(type(x)(x.start, x.end, x.label, pytest.approx(1, abs=0.01)) for x in s.spans) for s in gold
    ]
    assert len(answers[40].spans) == sum(len(s.spans) for s in gold)  # windows of 64 subwords
    assert all(rows * length <= 256 for rows, length in network.shapes)
    (rows,) = tagger.probabilities([gold[0]])
    assert rows.shape == (len(gold[0]), 5)
    assert rows.sum(1) == pytest.approx(1)


def test_a_numpy_network_can_be_neither_trained_nor_saved(tiny_encoder, tmp_path):
    tokenizer = load_tokenizer(tiny_encoder)
    tagger = Tagger(Lookup(tokenizer), tokenizer)
    for use in (
        lambda: tagger.model,
        tagger.with_matching_head,
        lambda: tagger.save(tmp_path / "m"),
        lambda: tagger.device,
    ):
        with pytest.raises(ModelError, match=r"exported network|mapped outputs"):
            use()


def test_torch_gives_the_same_behind_the_protocol(tiny_encoder):
    tagger = Tagger.fresh(str(tiny_encoder), LABELS, precision="fp32")
    ids, mask = np.array([[0, 5, 6, 2], [0, 7, 2, 1]]), np.array([[1, 1, 1, 1], [1, 1, 1, 0]])
    with torch.no_grad():
        expected = tagger.model(input_ids=torch.tensor(ids), attention_mask=torch.tensor(mask)).logits.numpy()
    made = tagger.network(ids, mask)
    assert made.dtype == np.float32
    assert np.array_equal(made, expected)


@pytest.mark.parametrize("training", [False, True])
def test_two_threads_get_what_one_gets(tiny_encoder, monkeypatch, training):
    monkeypatch.setattr("xlner.tagger.encode._CACHED_WORDS", 30)  # so that each empties the cache of the other
    seed_everything(1)
    tagger = Tagger.fresh(str(tiny_encoder), LABELS, dropout=0.5, precision="fp32")
    tagger.model.train(training)
    words = [[f"{a}{b}" for a in "abcd" for b in PEOPLE[i:]] for i in range(6)]
    texts = [[*sentences(60, seed=i), Sentence(tuple(words[i]))] for i in range(6)]
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        alone = [tagger.probabilities(text, batch_subwords=128) for text in texts]
        with ThreadPoolExecutor(6) as pool:
            together = list(pool.map(lambda text: tagger.probabilities(text, batch_subwords=128), texts * 3))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    for one, other in zip(alone * 3, together, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    assert tagger.model.training is training


def test_the_mode_stays_as_long_as_somebody_predicts(tiny_encoder):
    tagger = Tagger.fresh(str(tiny_encoder), LABELS, dropout=0.5)
    network = tagger.network
    assert isinstance(network, TorchNetwork)
    tagger.model.train()
    inside, go = threading.Event(), threading.Event()

    def slow(*_, **__):
        inside.set()
        go.wait(10)

    hook = tagger.model.register_forward_pre_hook(lambda *_: None if inside.is_set() else slow())
    ids, mask = np.array([[0, 5, 2]]), np.ones((1, 3), np.int64)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(network, ids, mask)
        inside.wait(10)
        second = network(ids, mask)  # comes and goes while the first is inside
        assert not tagger.model.training
        go.set()
        assert np.array_equal(first.result(), second)
    hook.remove()
    assert tagger.model.training


def test_windows_are_no_longer_than_the_positions_of_a_model(tiny_encoder):
    """Some tokenizers say no limit, and a longer window has no positions."""
    tagger = Tagger.fresh(str(tiny_encoder), LabelSet(("PER",)), device="cpu")
    tokenizer = copy.deepcopy(tagger.tokenizer)
    tokenizer.model_max_length = int(1e30)
    tagger.model.config.max_position_embeddings = 40
    short = Tagger(tagger.model, tokenizer, device="cpu")
    assert short.words.max_subwords == 40
    assert len(next(iter(short.predict([Sentence(("Ana", "paints") * 100)])))) == 200
    assert [longest_input(SimpleNamespace(max_position_embeddings=514, model_type=kind, pad_token_id=1))
            for kind in ("xlm-roberta", "bert")] == [512, 514]  # fmt: skip
    assert longest_input(None) > 10**9
