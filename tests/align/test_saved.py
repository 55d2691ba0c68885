"""Saving and loading of aligners that learned something."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from xlner.align.combined import CombinedAligner
from xlner.align.saved import check_place, read_options, writing
from xlner.align.statistical import ThotAligner
from xlner.align.subwords import SubwordEncoder
from xlner.api.align import align
from xlner.errors import ModelError, UsageError
from xlner.registry import Registry

BITEXT = [(["Ana", "visits", "Arcol"], ["Ana", "visita", "Arcol"]), (["Ana", "again"], ["Ana", "otra", "vez"])] * 5


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    source, target = tmp_path / "a.txt", tmp_path / "b.txt"
    source.write_text("".join(" ".join(s) + "\n" for s, _ in BITEXT), "utf-8")
    target.write_text("".join(" ".join(t) + "\n" for _, t in BITEXT), "utf-8")
    return source, target


def everything(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def save_here(folder: Path, text: str = "x") -> None:
    with writing(folder, "thot", ThotAligner.Options()) as partial:
        (partial / "direct").write_text(text)


@pytest.mark.parametrize("inside", [["thesis.tex"], ["aligner.json", "thesis.tex"], ["deep/er/notes"], ["direct.txt"]])
def test_a_folder_of_something_else_is_never_replaced(files, tmp_path, inside):
    pytest.importorskip("thot")
    precious = tmp_path / "precious"
    for name in inside:
        (precious / name).parent.mkdir(parents=True, exist_ok=True)
        (precious / name).write_text("years of work")
    before = everything(tmp_path)
    with pytest.raises(UsageError, match="`save"):
        ThotAligner(model="ibm1").fit(BITEXT).save(precious)
    with pytest.raises(UsageError, match="`save"):
        align(*files, aligner="thot", options={"model": "ibm1"}, save=precious)
    assert everything(tmp_path) == before


def test_places_that_cannot_be(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    (tmp_path / "file").write_text("x")
    monkeypatch.chdir(tmp_path / "here")
    for place in (".", "..", "../here", "/", "../file", "../file/below"):
        with pytest.raises(UsageError, match="`save"):
            check_place(place)
    assert check_place("new/er") == tmp_path / "here/new/er"


def test_an_empty_folder_and_a_former_save_are_replaced(tmp_path):
    (tmp_path / "it").mkdir()
    for text in ("one", "two"):
        save_here(tmp_path / "it", text)
        assert (tmp_path / "it/direct").read_text() == text
    assert [p.name for p in tmp_path.iterdir()] == ["it"]


def test_a_save_that_fails_leaves_the_former_one(tmp_path):
    save_here(tmp_path / "it", "one")
    with pytest.raises(KeyboardInterrupt), writing(tmp_path / "it", "thot", ThotAligner.Options()):
        raise KeyboardInterrupt
    assert (tmp_path / "it/direct").read_text() == "one"
    assert [p.name for p in tmp_path.iterdir()] == ["it"]


def test_what_is_no_saved_aligner(tmp_path):
    pytest.importorskip("thot")
    for text in ("", "[1]", '{"model": "x"}', '{"model": "hmm", "speed": 9}', '{"model": "hmm", "seed": "x"}'):
        (tmp_path / "aligner.json").write_text(text)
        with pytest.raises(ModelError, match="holds no saved aligner"):
            ThotAligner.load(tmp_path)
    (tmp_path / "aligner.json").write_text('{"model": "hmm"}')
    with pytest.raises(ModelError, match="part of an aligner"):
        ThotAligner.load(tmp_path)
    (tmp_path / "aligner.json").write_text(json.dumps({"aligner": "combined"}))
    with pytest.raises(UsageError, match="`aligner combined`"):
        read_options(tmp_path, "thot", ThotAligner.Options)


def test_a_combination_comes_back_as_it_was_saved(files, tmp_path, tiny_encoder):
    pytest.importorskip("thot")
    encoder = {"name": "embedding", "encoder": tiny_encoder, "layers": 1, "precision": "fp32", "threshold": 0.1}
    inner = {"name": "combined", "how": "union", "members": [{"name": "thot", "model": "ibm1"}, {"name": "thot"}]}
    for number, options in enumerate(
        [
            {"members": [encoder, {"name": "thot", "model": "fast_align"}], "bonus": 0.3, "threshold": 0.35},
            {"members": [inner, encoder], "how": "vote", "votes": 1},
        ]
    ):
        kept, one, two = (tmp_path / f"{number}{name}" for name in ("kept", "one", "two"))
        align(*files, one, aligner="combined", options=options, fit=files, save=kept, scores=True)
        align(*files, two, aligner="combined", load=kept, scores=True)
        assert one.read_text() == two.read_text() != "\n" * len(BITEXT)
        again = tmp_path / f"{number}again"
        CombinedAligner.load(kept).save(again)
        assert everything(again).keys() == everything(kept).keys()
        assert (again / "aligner.json").read_text() == (kept / "aligner.json").read_text()


def test_a_combination_that_lost_a_member(tmp_path, files):
    pytest.importorskip("thot")
    align(*files, aligner="combined", options={"members": ["thot", "thot"], "how": "union"}, save=tmp_path / "kept")
    shutil.rmtree(tmp_path / "kept/member-2")
    with pytest.raises(ModelError, match="member-2 holds no saved aligner"):
        CombinedAligner.load(tmp_path / "kept")
    (tmp_path / "kept/aligner.json").write_text('{"aligner": "combined", "members": ["thot"]}')
    with pytest.raises(ModelError, match="at least two"):
        CombinedAligner.load(tmp_path / "kept")


class Learner:
    """Learns, but cannot be saved."""

    def fit(self, bitext):
        raise AssertionError("too late")

    def align(self, pairs):
        raise AssertionError("too late")


@pytest.mark.parametrize(
    ("members", "what", "message"),
    [
        ([{"name": "files", "path": "nowhere"}, "thot"], "save", "files answers for the pairs at hand"),
        (["thot", {"name": "combined", "members": ["learner", "thot"]}], "save", "learner learns"),
        (["thot", Learner()], "save", "Learner was made elsewhere"),
        (
            ["thot", {"name": "embedding", "encoder": SubwordEncoder.__new__(SubwordEncoder)}],
            "save",
            "`encoder` must be",
        ),
        (["embedding", {"name": "files", "path": "nowhere"}], "fit", "no member"),
    ],
)
def test_what_a_combination_cannot_do_is_refused_before_work(files, tmp_path, monkeypatch, members, what, message):
    def never(*args, **kwargs):
        raise AssertionError("made too early")

    load = Registry.load
    monkeypatch.setattr(Registry, "load", lambda self, name: Learner if name == "learner" else load(self, name))
    monkeypatch.setattr(Registry, "build", never)
    given = {"save": tmp_path / "kept"} if what == "save" else {"fit": files}
    with pytest.raises(UsageError, match=message):
        align(*files, aligner="combined", options={"members": members}, **given)
    assert not (tmp_path / "kept").exists()


def test_a_folder_that_a_killed_save_moved_aside_is_put_back(tmp_path):
    save_here(tmp_path / "it", "one")
    (tmp_path / "it").rename(tmp_path / ".former-it")
    assert read_options(tmp_path / "it", "thot", ThotAligner.Options) == ThotAligner.Options()
    (tmp_path / "it").rename(tmp_path / ".former-it")
    assert check_place(tmp_path / "it") == tmp_path / "it"
    assert (tmp_path / "it/direct").read_text() == "one"


def test_words_with_spaces_inside_are_still_known(tmp_path):
    pytest.importorskip("thot")
    bitext = [(["the", "city", name], ["thành phố", name]) for name in ("Ana", "Bo", "Cy", "Di")] * 5
    aligner = ThotAligner(model="fast_align").fit(bitext)
    aligner.save(tmp_path / "saved")
    pairs = [(["city"], ["thành phố"])]
    (before,), (after,) = aligner.align(pairs), ThotAligner.load(tmp_path / "saved").align(pairs)
    assert before == after
    assert before.scores[0] > 0.1
