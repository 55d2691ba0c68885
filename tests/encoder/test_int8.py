import pytest
import torch

from xlner.align.embedding import EmbeddingAligner
from xlner.align.subwords import SubwordEncoder
from xlner.encoder.int8 import Int8Linear, to_int8
from xlner.errors import UsageError


def test_a_layer_in_eight_bits_gives_nearly_the_same():
    torch.manual_seed(0)
    linear = torch.nn.Linear(64, 48)
    x = torch.randn(2, 5, 64) * torch.logspace(-3, 3, 5)[:, None]  # rows of very different size
    exact, ours = linear(x), Int8Linear(linear)(x)
    assert ours.shape == exact.shape
    error = (ours - exact).norm(dim=-1) / (exact - linear.bias).norm(dim=-1)
    assert error.max() < 0.02


def test_a_row_does_not_depend_on_its_batch():
    layer = Int8Linear(torch.nn.Linear(32, 8, bias=False))
    x = torch.randn(7, 32)
    x[3] *= 1000
    assert torch.equal(layer(x)[2], layer(x[2:3])[0])


def test_nothing_but_zeros_and_nothing_at_all():
    linear = torch.nn.Linear(32, 8)
    assert torch.equal(Int8Linear(linear)(torch.zeros(1, 32))[0], linear.bias)
    assert Int8Linear(linear)(torch.zeros(0, 32)).shape == (0, 8)


def test_every_linear_layer_is_replaced():
    model = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.Sequential(torch.nn.Linear(8, 2)))
    to_int8(model)
    assert not any(isinstance(m, torch.nn.Linear) for m in model.modules())
    assert model(torch.ones(1, 8)).shape == (1, 2)


def test_an_encoder_in_eight_bits_links_like_in_full_precision(tiny_encoder):
    pairs = [(["Ana", "lives", "here"], ["Ana", "wohnt", "hier"]), (["a"], ["b", "c"])]
    full, small = (
        EmbeddingAligner(encoder=str(tiny_encoder), layers=1, device="cpu", precision=p).align(pairs)
        for p in ("fp32", "int8")
    )
    assert [a.links() for a in small] == [a.links() for a in full]


def test_auto_is_eight_bits_for_the_embedded_encoder_alone_where_the_cpu_has_units(tiny_encoder, monkeypatch):
    def is_int8(encoder: str) -> bool:
        found = SubwordEncoder(encoder, layers=(1,), device="cpu", precision="auto")
        return any(isinstance(m, Int8Linear) for m in found._model.modules())

    monkeypatch.setattr(torch.cpu, "_is_vnni_supported", lambda: True, raising=False)
    assert is_int8("embedded")
    assert not is_int8(str(tiny_encoder))
    monkeypatch.setattr(torch.cpu, "_is_vnni_supported", lambda: False)
    assert not is_int8("embedded")


def test_a_precision_that_cannot_be_is_refused_before_anything_is_loaded(monkeypatch):
    monkeypatch.setattr("xlner.align.subwords.pick_device", lambda name: torch.device("cuda"))
    with pytest.raises(UsageError, match="int8` is for a CPU"):
        SubwordEncoder("no/such/encoder", device="cuda", precision="int8")
    with pytest.raises(UsageError, match="auto, fp32, bf16, int8"):
        SubwordEncoder("no/such/encoder", precision="int4")
