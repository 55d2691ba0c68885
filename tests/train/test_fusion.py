"""Fusion: which layers read pairs, what single sentences learn, and going on after a kill."""

from __future__ import annotations

import pytest
import torch
from tests.methods.test_bitext import in_spanish
from tests.toy import make_encoder, sentences
from tests.train.stopping import all_numbers, stopping
from tests.train.test_contrastive import LABELS, OPTIONS, taught

from xlner.core.seed import seed_everything
from xlner.errors import ModelError, OptionError
from xlner.methods.paired import PairedChunks, Taught
from xlner.tagger import Tagger
from xlner.train import train
from xlner.train.batches import collate
from xlner.train.fusion import Fusion
from xlner.train.losses import soft_cross_entropy
from xlner.train.objective import StepInput, StreamInput


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return str(make_encoder(tmp_path_factory.mktemp("encoder") / "three", layers=3))


def fused(encoder, **settings):
    torch.manual_seed(0)
    tagger = Tagger.fresh(encoder, LABELS, device="cpu", precision="fp32")
    tagger.model.eval()
    return Fusion(tagger, **{"first": 1, "layers": 1, "self_teaching": 0.5, **settings})


def batch(changed=None):
    """Three sentences, then their translations; the last translation may be another one."""
    items = [in_spanish(s) for s in sentences(3, seed=6)]
    if changed is not None:
        items[2] = changed
    both = [Taught.of(s, LABELS) for s in (*sentences(3, seed=6), *items)]
    tagger = Tagger.fresh(batch.encoder, LABELS)
    made = collate(PairedChunks(tagger, both).load(0), tagger.pad_id)
    return made.ids, made.mask


def test_a_sentence_reads_its_own_translation_and_no_other(encoder):
    batch.encoder = encoder
    objective = fused(encoder)
    other = sentences(9, "spa", seed=2)[8]
    with torch.inference_mode():
        logits, changed = (objective.fused(*batch(x)) for x in (None, other))
    length = min(logits.shape[1], changed.shape[1])
    same = [torch.allclose(logits[i, :4], changed[i, :4], atol=1e-5) for i in range(3)]
    assert length > 4
    assert same == [True, True, False]


def test_padding_is_not_read(encoder):
    batch.encoder = encoder
    objective = fused(encoder)
    ids, mask = batch()
    more = [torch.nn.functional.pad(x, (0, 7)) for x in (ids, mask)]
    with torch.inference_mode():
        a, b = objective.fused(ids, mask), objective.fused(*more)[:, : ids.shape[1]]
    assert torch.allclose(a[mask == 1], b[mask == 1], atol=1e-5)


def test_it_does_not_matter_how_attention_is_computed(encoder):
    batch.encoder = encoder
    objective = fused(encoder)
    ids, mask = batch()
    with torch.inference_mode():
        eager = objective.fused(ids, mask)
        objective.tagger.model.set_attn_implementation("sdpa")
        other = objective.fused(ids, mask)
    assert torch.allclose(eager[mask == 1], other[mask == 1], atol=1e-4)


def test_single_sentences_are_read_as_before(encoder):
    batch.encoder = encoder
    objective = fused(encoder)
    ids, mask = batch()
    with torch.inference_mode():
        before = objective.tagger.model(input_ids=ids, attention_mask=mask).logits
        objective.fused(ids, mask)
        after = objective.tagger.model(input_ids=ids, attention_mask=mask).logits
    assert torch.equal(before, after)


@pytest.mark.parametrize("self_teaching", [0.0, 0.5, 1.0])
def test_a_word_counts_alike_whether_another_sentence_has_a_translation_or_not(encoder, monkeypatch, self_teaching):
    objective = fused(encoder, self_teaching=self_teaching)
    monkeypatch.setattr(objective, "fused", lambda ids, mask: ids[:, :, None] * torch.tensor([0.2, -0.1, 0.3]))
    torch.manual_seed(3)
    logits, targets, ids = torch.randn(9, 3), torch.rand(9, 3).softmax(-1), torch.randint(9, (3, 3))

    def loss(*windows):
        rows = torch.arange(3).repeat_interleave(3)
        mine = sum(rows == w for w in windows).bool()
        places = {w: i for i, w in enumerate(windows)}
        stream = StreamInput(
            logits[mine], None, ids[list(windows)], torch.ones(len(windows), 3),
            torch.tensor([places[w] for w in rows[mine].tolist()]), torch.arange(3).repeat(len(windows)),
            targets[mine], torch.ones(int(mine.sum())), torch.tensor([(0, 0, -1)[w] for w in windows]),
        )  # fmt: skip
        return objective(StepInput({"x": stream}, 0.0))[0].item()

    assert loss(0, 1, 2) == pytest.approx((6 * loss(0, 1) + 3 * loss(2)) / 9, abs=1e-5)


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_self_teaching_is_the_share_of_soft_labels(encoder, monkeypatch, share):
    objective = fused(encoder, self_teaching=share)
    torch.manual_seed(3)
    logits, of_pair, targets = torch.randn(4, 3), torch.randn(4, 3), torch.rand(4, 3).softmax(-1)
    monkeypatch.setattr(objective, "fused", lambda ids, mask: of_pair.reshape(2, 2, 3))
    ids, ones = torch.ones(2, 2, dtype=torch.int64), torch.ones(4)
    rows, columns = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 0, 1])
    stream = StreamInput(logits, None, ids, ids, rows, columns, targets, ones, torch.tensor([0, 0]))
    value, _ = objective(StepInput({"": stream}, 1.0))
    known, soft = (soft_cross_entropy(logits, t, ones) for t in (targets, of_pair.softmax(-1)))
    torch.testing.assert_close(value, soft_cross_entropy(of_pair, targets, ones) + (1 - share) * known + share * soft)


def test_what_cannot_be_fused_is_said(encoder):
    with pytest.raises(OptionError, match="`fused_layers` and those before are 4, but the encoder has 3"):
        fused(encoder, layers=3)
    tagger = Tagger.fresh(encoder, LABELS)
    tagger.model.config.model_type = "other"
    with pytest.raises(ModelError, match="of the kind other cannot read pairs"):
        Fusion(tagger, first=0, layers=1, self_teaching=0.5)


def fit(encoder, folder, *, stop_after=-1):
    seed_everything(1)
    tagger = Tagger.fresh(encoder, LABELS, dropout=0.1)
    objective = stopping(Fusion)(tagger, first=1, layers=1, self_teaching=0.5)
    objective.left = stop_after
    train(tagger, PairedChunks(tagger, taught(30)), objective, options=OPTIONS, folder=folder)
    return all_numbers(tagger, None)


@pytest.mark.parametrize("at", [1, 5])
def test_a_killed_training_goes_on_to_the_last_bit(encoder, tmp_path, at):
    whole = fit(encoder, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        fit(encoder, tmp_path / "cut", stop_after=at)
    assert torch.equal(fit(encoder, tmp_path / "cut"), whole)
