"""Dropout by bytes: the same rate, mean and gradient as torch's, and nothing at prediction."""

import pytest
import torch
from torch import nn
from transformers import BertModel

from xlner.train.dropout import ByteDropout, use_byte_dropout


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_tenth_is_dropped_and_the_mean_stays(dtype):
    torch.manual_seed(1)
    x = torch.ones(301, 333, dtype=dtype, requires_grad=True)
    y = ByteDropout(0.1)(x)
    assert y.dtype == dtype
    assert (y == 0).float().mean().item() == pytest.approx(26 / 256, abs=0.004)
    assert y.float().mean().item() == pytest.approx(1, abs=0.01)
    y.sum().backward()
    assert torch.equal(x.grad, y)  # dropped inputs get no gradient, kept ones their scale


def test_rows_and_columns_are_dropped_alike():
    torch.manual_seed(2)
    dropped = ByteDropout(0.5)(torch.ones(1000, 64)) == 0
    assert dropped.float().mean(0).std() < 0.03
    assert abs(torch.corrcoef(dropped.float().T).triu(1)).max() < 0.15


def test_the_seed_decides():
    torch.manual_seed(3)
    first, second = ByteDropout(0.3)(torch.ones(50)), ByteDropout(0.3)(torch.ones(50))
    torch.manual_seed(3)
    assert torch.equal(ByteDropout(0.3)(torch.ones(50)), first)
    assert not torch.equal(first, second)


@pytest.mark.parametrize("rate", [0.0, 0.001])
def test_small_rates_are_left_to_torch(rate):
    assert ByteDropout(rate)(torch.ones(10)).shape == (10,)


def test_everything_dropped_gives_zeros():
    assert torch.equal(ByteDropout(1.0)(torch.ones(9)), torch.zeros(9))


def test_a_model_keeps_its_weights_and_predicts_without_dropout():
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.2), nn.Sequential(nn.Dropout(0.4)))
    names = list(model.state_dict())
    use_byte_dropout(model)
    assert [type(m) for m in model.modules()].count(ByteDropout) == 2
    assert (model[1].p, model[2][0].p) == (0.2, 0.4)
    assert list(model.state_dict()) == names
    x = torch.ones(3, 4)
    assert torch.equal(model.eval()(x), model[0](x))


def test_attention_of_a_bert_stays_what_it_was_and_drops_bytes_in_training(tiny_encoder, tmp_path):
    model = BertModel.from_pretrained(tiny_encoder, add_pooling_layer=False, attn_implementation="eager").eval()
    ids = torch.tensor([[0, 5, 6, 7, 2], [0, 5, 2, 1, 1]])
    mask = (ids != 1).long()
    before = model(input_ids=ids, attention_mask=mask).last_hidden_state
    use_byte_dropout(model)
    after = model(input_ids=ids, attention_mask=mask).last_hidden_state
    torch.testing.assert_close(after[mask.bool()], before[mask.bool()])
    for module in model.modules():  # what is left of dropout is in attention
        if isinstance(module, ByteDropout) and module is not model.encoder.layer[0].attention.self.dropout:
            module.p = 0.0
    model.train()
    assert not torch.equal(model(input_ids=ids, attention_mask=mask).last_hidden_state, after)
    model.save_pretrained(tmp_path)
    assert "bytes" not in (tmp_path / "config.json").read_text("utf-8")
