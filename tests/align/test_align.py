"""What `xlner align` does with files, from Python and from the command line."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest
from tests.toy import overriding

from xlner.align import Alignment
from xlner.align.combined import CombinedAligner
from xlner.align.files import FilesAligner
from xlner.align.gold import Gold, score_alignments
from xlner.align.statistical import ThotAligner
from xlner.api.align import align
from xlner.cli import main
from xlner.errors import DataError, UsageError
from xlner.registry import Registry


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    source, target = tmp_path / "a.txt", tmp_path / "b.txt"
    source.write_text("Ana visits Arcol .\n\nBoris likes Cadova\nthe end\n", "utf-8")
    target.write_text("Ana visita Arcol .\nhoy\nBoris quiere Cadova\nel fin\n", "utf-8")
    return source, target


def known(monkeypatch: pytest.MonkeyPatch, name: str, make: object) -> None:
    """As if somebody had registered an aligner."""
    load = Registry.load
    monkeypatch.setattr(Registry, "load", lambda self, wanted: make if wanted == name else load(self, wanted))


class Diagonal:
    """Links word i to word i; stops after some pairs, as a killed run does."""

    def __init__(self, stop: int | None = None) -> None:
        self.stop, self.seen = stop, 0

    def align(self, pairs):
        if self.stop is not None and self.seen >= self.stop:
            raise KeyboardInterrupt
        self.seen += len(pairs)
        return [Alignment.of((i, i) for i in range(min(len(s), len(t)))) for s, t in pairs]


def test_one_line_per_pair(files, tmp_path):
    report = align(*files, tmp_path / "out", aligner=Diagonal())
    lines = (tmp_path / "out").read_text().split("\n")
    assert lines == ["0-0 1-1 2-2 3-3", "", "0-0 1-1 2-2", "0-0 1-1", ""]
    assert (report.pairs, report.empty, report.unlinked, report.links) == (4, 1, 0, 9)
    assert not list(tmp_path.glob("*.partial*"))


def test_a_killed_run_goes_on(files, tmp_path, monkeypatch):
    made = iter([Diagonal(stop=2), Diagonal(), Diagonal()])
    known(monkeypatch, "diagonal", lambda: next(made))
    out, partial = tmp_path / "out", tmp_path / "out.partial"
    with pytest.raises(KeyboardInterrupt):
        align(*files, out, aligner="diagonal", chunk=1)
    assert not out.exists()
    partial.write_text(partial.read_text() + "0-0 1", "utf-8")  # a line that was being written
    assert align(*files, out, aligner="diagonal", chunk=1).resumed == 2
    assert out.read_text() == "0-0 1-1 2-2 3-3\n\n0-0 1-1 2-2\n0-0 1-1\n"
    assert align(*files, out, aligner="diagonal", chunk=1).resumed == 0


def combined_with_a_file(tmp_path: Path, stop: int | None = None) -> CombinedAligner:
    """Takes what either says; nothing from the diagonal."""

    class Nothing(Diagonal):
        def align(self, pairs):
            return [Alignment.of(()) for _ in super().align(pairs)]

    inner = CombinedAligner(members=[FilesAligner(path=tmp_path / "links"), Nothing(stop)], how="union")
    return CombinedAligner(members=[inner, Nothing()], how="union")


def test_a_killed_run_goes_on_at_the_right_line_of_a_members_file(files, tmp_path, monkeypatch):
    lines = "0-0 1-1\n\n0-1\n1-1\n"
    (tmp_path / "links").write_text(lines, "utf-8")
    made = iter([combined_with_a_file(tmp_path, stop=2), combined_with_a_file(tmp_path)])
    known(monkeypatch, "both", lambda: next(made))
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        align(*files, out, aligner="both", chunk=1)
    assert align(*files, out, aligner="both", chunk=1).resumed == 2
    assert out.read_text() == lines


def test_lines_that_changed_since_are_other_work(files, tmp_path, monkeypatch):
    (tmp_path / "links").write_text("0-0 1-1\n\n0-1\n1-1\n", "utf-8")
    killed = combined_with_a_file(tmp_path, stop=2)
    (tmp_path / "links").write_text("3-3\n\n0-1\n1-1\n", "utf-8")
    made = iter([killed, combined_with_a_file(tmp_path)])
    known(monkeypatch, "both", lambda: next(made))
    with pytest.raises(KeyboardInterrupt):
        align(*files, tmp_path / "out", aligner="both", chunk=1)
    assert align(*files, tmp_path / "out", aligner="both", chunk=1).resumed == 0
    assert (tmp_path / "out").read_text().startswith("3-3\n")


@pytest.mark.parametrize(
    ("lines", "message"),
    [("0-0\n\n0-1\n", "3 lines for 4"), ("0-0\n\n0-1\n1-1\n0-0\n", "5 lines for 4"), ("0-0\n\n0-7\n1-1\n", "links:3")],
)
def test_files_that_do_not_fit_are_refused_before_work(files, tmp_path, lines, message):
    (tmp_path / "links").write_text(lines, "utf-8")
    for aligner in (FilesAligner(path=tmp_path / "links"), combined_with_a_file(tmp_path)):
        with pytest.raises(DataError, match=message):
            align(*files, tmp_path / "out", aligner=aligner, chunk=1)
    assert not list(tmp_path.glob("out*"))


def test_other_work_is_not_gone_on_with(files, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        align(*files, out, aligner=Diagonal(stop=2), chunk=1)
    assert align(*files, out, aligner=Diagonal(), chunk=1).resumed == 0
    assert out.read_text().count("\n") == 4


def test_the_place_of_the_output_is_looked_at_before_work(files, tmp_path):
    pytest.importorskip("thot")
    before = sorted(tmp_path.iterdir())
    for output in (tmp_path, files[0] / "out"):
        with pytest.raises(UsageError, match="`output"):
            align(*files, output, aligner="thot", options={"model": "ibm1"}, save=tmp_path / "kept")
    assert sorted(tmp_path.iterdir()) == before
    align(*files, tmp_path / "new" / "out", aligner="thot", options={"model": "ibm1"})
    assert (tmp_path / "new" / "out").is_file()


def test_an_error_of_the_data_leaves_nothing_to_go_on_with(files, tmp_path):
    class Picky(Diagonal):
        def align(self, pairs):
            if self.seen == 2:
                raise DataError("no such word", path="words", line=3)
            return super().align(pairs)

    with pytest.raises(DataError, match="words:3"):
        align(*files, tmp_path / "out", aligner=Picky(), chunk=1)
    assert not list(tmp_path.glob("out*"))


def test_another_aligner_in_the_same_folder_is_other_work(files, tmp_path, monkeypatch):
    pytest.importorskip("thot")
    how = {"aligner": "thot", "load": tmp_path / "kept", "chunk": 1}
    for model, resumed in (("fast_align", 2), ("hmm", 0)):
        align(*files, aligner="thot", options={"model": "fast_align"}, save=tmp_path / "kept")
        with monkeypatch.context() as patch:
            make, seen = ThotAligner.align, []

            def killed(self, pairs, make=make, seen=seen):
                seen.append(pairs)
                if len(seen) > 2:
                    raise KeyboardInterrupt
                return make(self, pairs)

            patch.setattr(ThotAligner, "align", killed)
            with pytest.raises(KeyboardInterrupt):
                align(*files, tmp_path / "out", **how, resume="never")
        if model != "fast_align":
            align(*files, aligner="thot", options={"model": model}, save=tmp_path / "kept")
        assert align(*files, tmp_path / "out", **how).resumed == resumed


def test_unequal_files_are_refused_before_work(files, tmp_path):
    files[1].write_text("eins\n", "utf-8")
    with pytest.raises(DataError, match=r"has 1 sentences.*has 4"):
        align(*files, tmp_path / "out", aligner=Diagonal(stop=0))
    assert not (tmp_path / "out").exists()


def test_gold_counts_sure_and_possible_links():
    def links(text: str) -> Alignment:
        return Alignment.from_pharaoh(text)

    gold = [Gold(links("0-0 1-1"), links("0-0 1-1 1-2")), Gold(links("0-0"), links("0-0"))]
    score = score_alignments([links("0-0 1-2 2-2"), links("")], gold)
    assert (score.predicted, score.sure, score.possible) == (3, 3, 4)
    assert score.precision == pytest.approx(2 / 3)
    assert score.recall == pytest.approx(1 / 3)
    assert score.aer == pytest.approx(1 - (1 + 2) / (3 + 3))
    perfect = score_alignments([g.sure for g in gold], gold)
    assert (perfect.precision, perfect.recall, perfect.f1, perfect.aer) == (1, 1, 1, 0)


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as caught:
        main([str(a) for a in arguments])
    return int(caught.value.code or 0)


def test_command_line(files, tmp_path, tiny_encoder, capsys):
    gold, out = tmp_path / "gold", tmp_path / "out"
    gold.write_text("1-1 2-2 3-3 4p4\n\n1-1 2-2 3-3\n1-1 2-2\n", "utf-8")
    common = ["align", "--source", files[0], "--target", files[1]]
    ours = ["--encoder", tiny_encoder, "--layer", 1, "--method", "mutual", "--option", "centre=false"]
    assert run(*common, *ours, "--output", out, "--scores", "--gold", gold, "--gold-base", 1, "--json") == 0
    result = json.loads(capsys.readouterr().out)
    assert result["pairs"] == 4
    assert result["empty"] == 1
    assert 0 <= result["f1"] <= 1
    lines = out.read_text().splitlines()
    assert len(lines) == 4
    assert lines[1] == ""
    assert all(0 < float(item.partition(":")[2]) <= 1 for line in lines for item in line.split())
    # What was written can be read as an aligner's output.
    assert run(*common, "--aligner", "files", "--option", f"path={out}", "--output", tmp_path / "again") == 0
    again = (tmp_path / "again").read_text().splitlines()
    assert again == [" ".join(item.partition(":")[0] for item in line.split()) for line in lines]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--aligner", "nobody", "--output", "x"], 2, "embedding"),
        ([], 2, "--output"),
        (["--method", "magic", "--output", "x"], 2, "itermax"),
        (["--option", "nothing", "--output", "x"], 2, "KEY=VALUE"),
        (["--option", "speed=9", "--output", "x"], 2, "speed"),
        (["--layer", "99", "--output", "x"], 2, "--layer"),
        (["--words", "chars", "--output", "x"], 2, "segment"),
        (["--gold-base", "2", "--gold", "G"], 2, "--gold-base"),
        (["--gold", "G"], 1, "G:1"),
        (["--gold", "nowhere"], 1, "no such file"),
        (["--save", "folder"], 2, "--save"),
        (["--aligner", "files", "--output", "x"], 2, "--path is needed"),
        (["--aligner", "files", "--option", "path=[1]", "--output", "x"], 2, "--path must be text"),
        (["--aligner", "thot", "--save", "."], 2, "--save ."),
        (["--aligner", "thot", "--option", "model=eflomal", "--option", "seed=x", "--output", "x"], 2, "whole number"),
        (["--aligner", "thot", "--option", "seed=-1", "--output", "x"], 2, "--seed must be at least 0"),
        (["--aligner", "thot", "--option", "iterations=true", "--output", "x"], 2, "whole number"),
        (["--aligner", "thot", "--device", "cpu", "--output", "x"], 2, "--device is an option of"),
        (["--aligner", "thot", "--threshold", "0.2", "--output", "x"], 2, "--threshold is an option of"),
        (["--aligner", "thot", "--encoder", "embedded", "--output", "x"], 2, "--encoder is an option of"),
        (["--aligner", "combined", "--encoder", "embedded", "--output", "x"], 2, "--encoder is an option of"),
        (["--aligner", "combined", "--device", "cpu", "--output", "x"], 2, "--device is an option of"),
        (["--aligner", "combined", "--threshold", "7", "--output", "x"], 2, "--threshold"),
        (["--aligner", "combined", "--option", "members=[5,thot]", "--output", "x"], 2, "member 1 is '5'"),
        (["--aligner", "combined", "--option", "members=thot", "--output", "x"], 2, "--members must be a list"),
        (["--aligner", "combined", "--option", "members=[{model: hmm}, thot]", "--output", "x"], 2, "member 1"),
        (["--aligner", "combined", "--option", "members=[thot, {name: thot, a: 1}]", "--output", "x"], 2, "member 2"),
        (["--aligner", "combined", "--option", "members=[thot]", "--output", "x"], 2, "at least two"),
        (["--aligner", "combined", "--option", "bonus=x", "--output", "x"], 2, "--bonus must be a number"),
        (["--aligner", "combined", "--option", "bonus=.nan", "--output", "x"], 2, "--bonus must be a number"),
        (["--aligner", "combined", "--option", "votes=2", "--output", "x"], 2, "how=vote"),
        (["--aligner", "combined", "--option", "how=all", "--output", "x"], 2, "one of union"),
        (
            ["--aligner", "combined", "--option", "how=vote", "--option", "votes=0", "--output", "x"],
            2,
            "--votes must be at",
        ),
        (["--option", "hubs=abc", "--output", "x"], 2, "--hubs must be a whole number"),
        (["--method", "mutual", "--option", "temperature=1", "--output", "x"], 2, "--temperature is for"),
        (["--aligner", "thot", "--load", "fa", "--option", "model=ibm4", "--output", "x"], 2, "leave out model"),
        (["--aligner", "layers", "--option", "chunk=-5", "--output", "x"], 2, "--chunk must be at least 1"),
        (["--aligner", "layers", "--option", "floor=.nan", "--output", "x"], 2, "--floor must be a number"),
        (["--aligner", "layers", "--option", "layers=[]", "--output", "x"], 2, "--layers names none"),
        (
            ["--aligner", "tuned", "--option", "learning_rate=1e4", "--output", "x"],
            2,
            "--learning-rate must be below",
        ),
        (["--method", "mutual", "--option", "method=itermax", "--output", "x"], 2, "give one of them"),
        (["--option", "method=mutual", "--option", "method=itermax", "--output", "x"], 2, "given twice"),
        (["--aligner", "layers", "--device", "meta", "--output", "x"], 2, "--device meta cannot be used here"),
        (["--aligner", "thot", "--output", "b.txt"], 2, "is one of the inputs"),
        (["--aligner", "thot", "--output", "-", "--json"], 2, "both want standard output"),
        (["--source", "-", "--target", "-", "--aligner", "thot", "--output", "x"], 2, "for one file only"),
        (["--scores", "--gold", "G"], 2, "--scores"),
        (["--gold-base", "1", "--output", "x"], 2, "--gold-base"),
    ],
)
def test_mistakes_are_explained(files, tmp_path, tiny_encoder, capsys, monkeypatch, arguments, code, message):
    monkeypatch.chdir(tmp_path)
    Path("G").write_text("9-0\n\n\n\n", "utf-8")
    both = ["align", "--source", files[0], "--target", files[1]]
    encoder = [] if "--aligner" in arguments else ["--encoder", tiny_encoder]
    assert run(*overriding([*both, *encoder], arguments)) == code
    assert message in capsys.readouterr().err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["G", "a.txt", "b.txt"]


def test_links_to_standard_output(files, tmp_path, capsys):
    lines = tmp_path / "links"
    assert run("align", "--source", files[0], "--target", files[1], "--aligner", "thot", "--output", lines) == 0
    capsys.readouterr()
    assert run("align", "--source", files[0], "--target", files[1], "--aligner", "thot", "--output", "-") == 0
    assert capsys.readouterr().out == lines.read_text("utf-8")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.txt", "b.txt", "links"]


def test_links_into_a_pipe_and_through_a_link(files, tmp_path):
    pipe, link, real = tmp_path / "pipe", tmp_path / "link", tmp_path / "real"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text("utf-8")), daemon=True)
    reader.start()
    link.symlink_to(real)
    for output in (pipe, link):
        assert run("align", "--source", files[0], "--target", files[1], "--aligner", "thot", "--output", output) == 0
    reader.join(timeout=20)
    assert read == [real.read_text("utf-8")]
    assert link.is_symlink()
    assert pipe.is_fifo()


def test_words_of_scripts_without_spaces(tmp_path):
    source, target = tmp_path / "ja", tmp_path / "th"
    source.write_text("東京都に住んでいます。京都大学で日本語を勉強しました。\n", "utf-8")
    target.write_text("ฉันอาศัยอยู่ในกรุงโตเกียวและเรียนที่มหาวิทยาลัยเกียวโต\n", "utf-8")
    whole = align(source, target, aligner=Diagonal())
    assert whole.links == 1
    assert len(whole.notes) == 2
    split = align(source, target, aligner=Diagonal(), words="segment", source_language="ja", target_language="th")
    assert split.links > 5
    assert not split.notes


def test_statistical_models_come_back_as_they_were_saved(files, tmp_path):
    pytest.importorskip("thot")
    for model in ("fast_align", "hmm", "eflomal", "ibm1", "ibm2", "ibm4"):
        align(*files, tmp_path / "one", aligner="thot", options={"model": model}, save=tmp_path / model, scores=True)
        align(*files, tmp_path / "two", aligner="thot", load=tmp_path / model, scores=True)
        assert (tmp_path / "one").read_text() == (tmp_path / "two").read_text()
    with pytest.raises(UsageError, match="`load"):
        align(*files, aligner="embedding", load=tmp_path / "hmm")


def test_a_file_of_links_that_is_read_is_never_replaced(files, tmp_path):
    links = tmp_path / "links"
    links.write_text("0-0 1-1\n\n0-1\n1-1\n", "utf-8")
    before = links.read_bytes()
    member = {"name": "files", "path": str(links)}
    for how in (
        {"aligner": "files", "options": {"path": str(links)}},
        {"aligner": "combined", "options": {"members": [member, {"name": "combined", "members": [member, member]}]}},
        {"aligner": FilesAligner(path=str(links))},
    ):
        with pytest.raises(UsageError, match="is one of the inputs"):
            align(*files, links, **how)
    assert links.read_bytes() == before


def test_an_unfinished_file_under_a_link_is_not_gone_on_with(files, tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("years of work", "utf-8")
    (tmp_path / "out.partial").symlink_to(precious)
    align(*files, tmp_path / "out", aligner=Diagonal())
    assert precious.read_text("utf-8") == "years of work"
    assert (tmp_path / "out").is_file()
    assert not (tmp_path / "out").is_symlink()


def test_an_aligner_that_has_learned_is_used_as_it_is(files, tmp_path):
    pytest.importorskip("thot")
    pairs = [(s.split(), t.split()) for s, t in [("Ana visits Arcol .", "Ana visita Arcol .")] * 5]
    thot = ThotAligner(model="ibm1").fit(pairs)
    combined = CombinedAligner(members=[Diagonal(), thot])
    learned = thot._directions
    for aligner in (thot, combined):
        align(*files, aligner=aligner)
        assert thot._directions is learned
    align(*files, aligner=thot, fit=files)
    assert thot._directions is not learned
