"""What every aligner promises, in-tree or not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.contracts.options import every_option, needed, right_value, three_ways, wrong_values

from xlner.align import ALIGNERS, Alignment, Saves
from xlner.component import OptionField, to_values
from xlner.errors import UsageError

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

    def test_one_pair(self, make):
        assert len(make(PAIRS[:1]).align(PAIRS[:1])) == 1

    def test_what_was_saved_comes_back(self, make, tmp_path):
        aligner = make(PAIRS)
        if not isinstance(aligner, Saves):
            pytest.skip("has nothing to save")
        aligner.save(tmp_path / "kept")
        again = type(aligner).load(tmp_path / "kept")
        assert _same(aligner.align(PAIRS), again.align(PAIRS))
        again.save(tmp_path / "again")
        assert (tmp_path / "again/aligner.json").read_text() == (tmp_path / "kept/aligner.json").read_text()

    def test_tuples_will_do(self, make):
        pairs = tuple((tuple(s), tuple(t)) for s, t in PAIRS)
        assert len(make(PAIRS).align(pairs)) == len(PAIRS)


# Options that mean something only beside others, or whose values no type tells.
BESIDE = {("combined", "votes"): {"how": "vote"}, ("combined", "share"): {"how": "mixed"}}
VALUES = {("combined", "votes"): 2, ("combined", "members"): ["thot", {"name": "layers", "layers": [1, 2]}]}


@pytest.mark.parametrize("name", ALIGNERS.names())
def test_an_aligner_describes_itself(name: str) -> None:
    described = ALIGNERS.describe(name)
    assert described.summary.endswith(".")
    assert all(f.help.endswith(".") for f in described.fields)


@pytest.mark.parametrize("name", ALIGNERS.names())
def test_defaults_make_one(name: str, tmp_path: Path) -> None:
    if name in ("thot", "combined", "tuned"):
        pytest.importorskip("thot")
    values = needed(ALIGNERS, name)
    if "path" in values:
        values["path"] = str(tmp_path / "links")
        (tmp_path / "links").write_text("0-0\n", "utf-8")
    made = ALIGNERS.build(name, values)
    assert made.align([]) == []
    assert to_values(made.options) == to_values(ALIGNERS.options(name, values))


@pytest.mark.parametrize(("name", "option"), every_option("aligners"))
def test_an_option_is_given_in_three_ways(name: str, option: OptionField) -> None:
    value = VALUES.get((name, option.name), right_value(option))
    python, in_yaml, by_flag = three_ways("aligners", name, option, value, BESIDE.get((name, option.name), {}))
    assert python == in_yaml == by_flag
    assert to_values(python)[option.name] == value


@pytest.mark.parametrize(("name", "option"), every_option("aligners"))
def test_what_cannot_be_is_refused_by_its_name(name: str, option: OptionField) -> None:
    for value in wrong_values(option):
        with pytest.raises(UsageError, match=f"the aligner {name}: `{option.name}` must be"):
            ALIGNERS.options(name, needed(ALIGNERS, name) | {option.name: value})
    with pytest.raises(UsageError, match=f"the aligner {name} has no option 'magic'"):
        ALIGNERS.build(name, {"magic": 1})


def test_members_are_looked_at_before_any_is_made() -> None:
    for members, message in (
        ("thot", "`members` must be a list"),
        (["thot"], "at least two aligners, got 1"),
        (["thot", 5], "member 2 is '5'"),
        (["thot", {"name": "magic"}], "member 2: no aligner called 'magic'"),
        (["thot", {"name": "thot", "iterations": 0}], "member 2: the aligner thot: `iterations` must be at least 1"),
    ):
        with pytest.raises(UsageError, match=message):
            ALIGNERS.options("combined", {"members": members})
