"""Predicting in bf16 on a CPU: weights are cast once, and the numbers are those of autocast."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.toy import sentences
from transformers import AutoModelForMaskedLM

from xlner.core.labels import LabelSet
from xlner.methods.supervised import supervise
from xlner.tagger import Tagger
from xlner.tagger.cast import CastOnce
from xlner.train.options import TrainOptions

IDS = np.array([[0, 5, 6, 7, 2], [0, 8, 2, 1, 1]])
MASK = (IDS != 1).astype(np.int64)


@pytest.fixture
def tagger(tiny_encoder):
    torch.manual_seed(0)
    return Tagger.fresh(str(tiny_encoder), LabelSet(("LOC", "PER")), device="cpu", precision="bf16")


def by_autocast(tagger):
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        out = tagger.model.eval()(input_ids=torch.from_numpy(IDS), attention_mask=torch.from_numpy(MASK))
    return out.logits.float().numpy()


def test_the_numbers_are_those_of_autocast(tagger):
    assert np.array_equal(tagger.network(IDS, MASK), by_autocast(tagger))


@pytest.mark.parametrize("fused", [False, True])  # torch does not count the steps of a fused optimizer as changes
def test_weights_that_change_count_at_once(tagger, fused):
    optimizer = torch.optim.AdamW(tagger.model.parameters(), lr=1e-4, fused=fused)
    for _ in range(3):
        before = tagger.network(IDS, MASK)
        tagger.model.train()
        tagger.model(input_ids=torch.from_numpy(IDS)).logits.sum().backward()
        optimizer.step()
        after = tagger.network(IDS, MASK)
        assert not np.array_equal(before, after)
        assert np.array_equal(after, by_autocast(tagger))


def test_weights_that_are_put_in_the_place_of_others_count(tagger):
    tagger.network(IDS, MASK)
    tagger.model.load_state_dict({n: torch.zeros_like(p) for n, p in tagger.model.state_dict().items()}, assign=True)
    assert not tagger.network(IDS, MASK).any()


def test_biases_alone_count(tagger):
    before = tagger.network(IDS, MASK)
    tagger.model.classifier.bias.data += 1
    assert tagger.network(IDS, MASK) == pytest.approx(before + 1, abs=0.02)


def test_after_training_with_dev_data_the_tagger_reads_its_last_weights(tiny_encoder, tmp_path):
    made = supervise(
        sentences(40), LabelSet(("LOC", "PER")), encoder=str(tiny_encoder), languages=["eng"],
        options=TrainOptions(epochs=3, learning_rate=1e-3, device="cpu", precision="bf16"), folder=tmp_path,
        dev=sentences(5),
    )  # fmt: skip
    assert np.array_equal(made.network(IDS, MASK), by_autocast(made))


def test_only_linear_layers_have_weights_of_their_own(tagger):
    made = CastOnce(torch.bfloat16)(tagger.model)
    table, copied = tagger.model.get_input_embeddings().weight, made.get_input_embeddings().weight
    assert copied.data_ptr() == table.data_ptr()
    assert {m.weight.dtype for m in made.modules() if type(m) is torch.nn.Linear} == {torch.bfloat16}
    assert {p.dtype for p in tagger.model.parameters()} == {torch.float32}
    assert not made.training


def test_a_table_that_is_a_layer_too_stays_as_it_is(tiny_encoder):
    model = AutoModelForMaskedLM.from_pretrained(tiny_encoder)
    made = CastOnce(torch.bfloat16)(model)
    assert made.get_output_embeddings().weight.dtype == torch.float32
    assert made.get_output_embeddings().weight is made.get_input_embeddings().weight


def test_hooks_see_what_is_computed(tagger):
    tagger.network(IDS, MASK)
    seen = []
    hook = tagger.model.classifier.register_forward_hook(lambda *_: seen.append(1))
    list(tagger.predict(sentences(3)))
    hook.remove()
    assert seen
