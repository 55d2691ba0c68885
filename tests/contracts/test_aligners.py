"""What every aligner promises, in-tree or not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from xlner.align import ALIGNERS, Alignment

PAIRS = [
    (["Ana", "visits", "Arcol", "today"], ["hoy", "Ana", "visita", "Arcol"]),
    ([], ["Ana"]),
    (["Boris", "Boris", "Boris"], ["Boris"]),
    (["Ana"], []),
    ([], []),
    (["阿納", "去", "東京", "。"], ["อานา", "ไป", "โตเกียว"]),
    (["東京都に行った人たちは昨日帰った"], ["ана", "уехала"]),
    (["\u200b", "x"], ["x", "\u200b"]),
    (["مرحبا", "👋🏽"], ["hi", "👋🏽"]),
]
BITEXT = [(["Ana", "visits", "Arcol"], ["Ana", "visita", "Arcol"]), (["Ana", "again"], ["Ana", "otra", "vez"])] * 20
LONG = (["Ana", "visits", "Arcol", "again"] * 500, ["Ana", "visita", "Arcol", "otra", "vez"] * 400)


@pytest.fixture(
    params=[*ALIGNERS.names(), "embedding-optimal", "combined-prior", "combined-mixed", "thot-hmm", "thot-eflomal"]
)
def make(request: pytest.FixtureRequest, tiny_encoder: Path, tmp_path: Path):
    """Makes one aligner per call, always with the same settings."""
    name, _, variant = request.param.partition("-")
    if name in ("thot", "combined", "tuned"):
        pytest.importorskip("thot")
    if variant == "optimal":
        pytest.importorskip("scipy")
    kind = ALIGNERS.load(name)

    def build(pairs):
        if name == "embedding":
            return kind(encoder=str(tiny_encoder), layers=1, precision="fp32", method=variant or "softmax")
        if name == "layers":
            return kind(encoder=str(tiny_encoder), layers=(1, 2), precision="fp32")
        if name == "tuned":
            return kind(encoder=str(tiny_encoder), layers=1, precision="fp32").fit([*PAIRS, *BITEXT])
        if name == "files":
            lines = ("0-0" if s and t else "" for s, t in pairs)
            (tmp_path / "links.txt").write_text("".join(line + "\n" for line in lines), "utf-8")
            return kind(path=tmp_path / "links.txt")
        if name == "thot":
            return kind(model=variant or "fast_align").fit([*PAIRS, *BITEXT])
        encoder = {"name": "embedding", "encoder": str(tiny_encoder), "layers": 1, "precision": "fp32"}
        how = {"prior": {"how": "prior", "threshold": 0.1}, "mixed": {"how": "mixed"}}.get(variant, {"how": "union"})
        return kind(members=[encoder, {"name": "thot", "model": "fast_align"}], **how).fit([*PAIRS, *BITEXT])

    return build


def _same(a: list[Alignment], b: list[Alignment]) -> bool:
    return [x.links() for x in a] == [x.links() for x in b]


class TestAligner:
    def test_one_per_pair_in_range_and_sorted(self, make):
        made = make(PAIRS).align(PAIRS)
        assert len(made) == len(PAIRS)
        for (source, target), alignment in zip(PAIRS, made, strict=True):
            links = alignment.links()
            assert links == sorted(set(links))
            assert all(0 <= i < len(source) and 0 <= j < len(target) for i, j in links)
            assert alignment.pairs.dtype == np.int32
            if alignment.scores is not None:
                assert alignment.scores.dtype == np.float32
                assert ((alignment.scores >= 0) & (alignment.scores <= 1)).all()

    def test_an_empty_side_has_no_links(self, make):
        made = make(PAIRS).align(PAIRS)
        assert all(len(a) == 0 for a, (s, t) in zip(made, PAIRS, strict=True) if not (s and t))
        assert make([]).align([]) == []

    def test_the_same_call_gives_the_same(self, make):
        aligner = make(PAIRS)
        first = aligner.align(PAIRS)
        assert _same(first, aligner.align(PAIRS))
        assert _same(first, make(PAIRS).align(PAIRS))

    def test_order_is_kept(self, make):
        turned = PAIRS[::-1]
        assert _same(make(PAIRS).align(PAIRS)[::-1], make(turned).align(turned))

    def test_long_sentences_are_aligned_to_their_end(self, make, request):
        fine = request.node.callspec.params["make"] not in (
            "files",
            "thot-hmm",
            "thot-eflomal",
        )  # they learn little from a toy bitext
        slow = request.node.callspec.params["make"] == "thot-eflomal"
        long = (LONG[0][:300], LONG[1][:250]) if slow else LONG
        pairs = [long, PAIRS[0], long]
        made = make(pairs).align(pairs)
        assert [len(a) > 0 for a in made] == [True] * 3
        assert (made[0].pairs.max(0) < [len(side) for side in long]).all()
        assert made[0].links() == made[2].links()
        if fine:
            assert made[0].pairs[-1, 0] > 1500

    def test_tuples_will_do(self, make):
        pairs = tuple((tuple(s), tuple(t)) for s, t in PAIRS)
        assert len(make(PAIRS).align(pairs)) == len(PAIRS)
