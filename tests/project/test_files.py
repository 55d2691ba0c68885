"""The command and its files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import pytest
from tests.project.conftest import sentence
from tests.toy import overriding
from typer.testing import CliRunner

from xlner.align import ALIGNERS, Alignment
from xlner.align.layers import LayersAligner
from xlner.align.merging import mixed
from xlner.api.project import project as project_files
from xlner.cli import as_flags
from xlner.cli import project as command_module
from xlner.component import Part, option, options
from xlner.data import load
from xlner.encoder.depth import HALFWAY, TWO_THIRDS, layer_at
from xlner.errors import DataError, ModelError, UsageError, XlnerError
from xlner.project import Evidence, project
from xlner.project.files import Outputs
from xlner.project.scores.embedding import EmbeddingScore

SOURCE = "Mira\tB-PER\nleft\tO\nthe\tO\nLake\tB-ORG\nBank\tI-ORG\n\nnothing\tO\n\nOslo\tB-LOC\n"
TARGET = "Mira verließ die Seebank\n\nnichts hier\n"
LINKS = "0-0 1-1 2-2 3-3 4-3\n\n\n"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name, text in (("s.conll", SOURCE), ("t.txt", TARGET), ("links.txt", LINKS)):
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def run(files: Path, *more: str) -> list[str]:
    import typer

    app = typer.Typer()
    app.command(cls=command_module.COMMAND)(command_module.command)
    arguments = [
        "--source",
        str(files / "s.conll"),
        "--target",
        str(files / "t.txt"),
        "--output",
        str(files / "o.conll"),
    ]
    result = CliRunner().invoke(app, overriding(arguments, more))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        result.exception.args = (as_flags(str(result.exception)),)
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


@pytest.mark.parametrize("matcher", ["exact", "greedy", "ilp", "program", "heuristic"])
def test_one_output_sentence_per_target_sentence(files: Path, matcher: str) -> None:
    more = [
        "--matcher",
        matcher,
        "--alignment",
        str(files / "links.txt"),
        "--json",
        "--losses",
        str(files / "lost.jsonl"),
    ]
    summary = json.loads(run(files, *more, "--html", str(files / "page.html"))[-1])
    assert summary["sentences"] == 3
    assert summary["fates"] == {"projected": 2, "no alignment": 1}
    text = (files / "o.conll").read_text("utf-8")
    assert text.splitlines()[:4] == ["Mira\tB-PER", "verließ\tO", "die\tO", "Seebank\tB-ORG"]
    assert "nichts\t_" in text
    (lost,) = (json.loads(line) for line in (files / "lost.jsonl").read_text("utf-8").splitlines())
    assert (lost["sentence"], lost["entity"], lost["reason"]) == (3, "Oslo", "no alignment")
    assert "<svg" in (files / "page.html").read_text("utf-8")


def test_unequal_numbers_are_an_error_before_work(files: Path) -> None:
    (files / "t.txt").write_text("eins\n", "utf-8")
    with pytest.raises(DataError, match="has 1 sentences, but the source"):
        run(files)
    assert not (files / "o.conll").exists()


def test_an_alignment_of_another_text_is_an_error(files: Path) -> None:
    (files / "links.txt").write_text("0-0\n0-0\n", "utf-8")
    with pytest.raises(DataError, match="has 2 lines"):
        run(files, "--alignment", str(files / "links.txt"))
    (files / "links.txt").write_text("9-0\n\n\n", "utf-8")
    with pytest.raises(DataError, match="links words up to"):
        run(files, "--alignment", str(files / "links.txt"))


@pytest.mark.parametrize(
    "more",
    [["--matcher", "magic"], ["--score", "magic"], ["--score", "ner"], ["--candidates", "x"], ["--constraint", "!="],
     ["--matcher", "heuristic", "--variant", "magic"], ["--words", "magic"], ["--min-score", "7"], ["--n-proj", "0"],
     ["--score", "align=nan"], ["--score", "align=inf"], ["--score", "align=-1"], ["--score", "align,align"],
     ["--threshold", "nan"], ["--threshold", "inf"], ["--min-score", "nan"]],
)  # fmt: skip
def test_wrong_usage_is_said(files: Path, more: list[str]) -> None:
    with pytest.raises(UsageError):
        run(files, "--alignment", str(files / "links.txt"), *more)


@pytest.mark.parametrize(
    "more",
    [["--variant", "paper"], ["--d", "3"], ["--thr", "0.5"], ["--aligner", "thot"], ["--encoder", "embedded"],
     ["--device", "cpu"], ["--nmt-model", "x"], ["--score", "align", "--ner-model", "x"],
     ["--matcher", "heuristic", "--threshold", "0.5"], ["--matcher", "heuristic", "--score", "align"],
     ["--matcher", "heuristic", "--n-proj", "1"], ["--matcher", "markers", "--d", "1"], ["--matcher", "markers"],
     ["--candidates", "ner", "--max-words", "3"]],
)  # fmt: skip
def test_an_option_without_effect_is_refused(files: Path, more: list[str]) -> None:
    with pytest.raises(UsageError, match=r"has no effect here|is an option of the (matcher|score|aligner)"):
        run(files, "--alignment", str(files / "links.txt"), *more)
    assert not (files / "o.conll").exists()


def test_outputs_and_min_score_are_checked_before_the_inputs_are_read(files: Path) -> None:
    for outputs, words in (
        (Outputs(files), "is a folder"),
        (Outputs(files / "s.conll" / "o.conll"), "no folder"),
        (Outputs(files / "o", losses=files / "o"), "another output"),
    ):
        with pytest.raises(UsageError, match=words):
            project_files("no such file", "nor this", outputs)
    with pytest.raises(UsageError, match="`min_score`"):
        project_files("no such file", "nor this", Outputs(), min_score=2)


def test_a_source_without_labels_is_an_error(files: Path) -> None:
    (files / "raw.txt").write_text("Mira left\n\nOslo\n", "utf-8")
    with pytest.raises(DataError, match="no labels in it"):
        project_files(files / "raw.txt", files / "t.txt", Outputs(files / "o.conll"))


def test_a_constraint_without_room_is_said(files: Path) -> None:
    (files / "links.txt").write_text("0-0 3-0 4-0\n\n\n", "utf-8")
    more = ["--alignment", str(files / "links.txt"), "--constraint", "=", "--max-words", "1", "--score", "align"]
    (files / "t.txt").write_text("Mira\n\nnichts hier\n", "utf-8")
    assert "note: sentences without room for '= 1' projections per entity: 1" in run(files, *more)
    assert json.loads(run(files, *more, "--json")[-1])["sentences_with_unmet_constraint"] == 1


def test_an_aligner_that_must_be_told_something_says_so(files: Path) -> None:
    with pytest.raises(UsageError, match=r"needs? path|--path is needed"):
        run(files, "--aligner", "files")
    with pytest.raises(UsageError, match="there are: embedding, layers"):
        run(files, "--aligner", "magic")


class Deaf(Part):
    """An aligner that takes no option."""

    def align(self, pairs: Sequence[object]) -> list[Alignment]:
        return [Alignment.of([(0, 0)]) for _ in pairs]


class Spy(Deaf):
    """An aligner that remembers what it was told."""

    told: ClassVar[list[tuple[str, str | None]]] = []

    @options
    class Options:
        encoder: str = option("embedded", "An encoder.")
        device: str | None = option(None, "A device.")

    def align(self, pairs: Sequence[object]) -> list[Alignment]:
        self.told.append((self.options.encoder, self.options.device))
        return super().align(pairs)


def test_encoder_and_device_reach_the_aligner(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("Spy", "Deaf"):
        monkeypatch.setitem(ALIGNERS.builtin, name.lower(), f"{__name__}:{name}")  # type: ignore[arg-type]
    source, target = [sentence("Ana", (0, 1, "PER"))], [sentence("Ana")]
    made = project(source, target, aligner="spy", aligner_options={"encoder": "mine"}, device="cpu")
    assert made.counts == {"projected": 1}
    assert Spy.told == [("mine", "cpu")]
    assert project(source, target, aligner="deaf").counts == {"projected": 1}
    with pytest.raises(UsageError, match="`device` has no effect here"):
        project(source, target, aligner="deaf", device="cpu")
    with pytest.raises(UsageError, match="the aligner deaf has no option 'encoder'"):
        project(source, target, aligner="deaf", aligner_options={"encoder": "mine"})


def test_an_aligner_learns_from_more_text_and_takes_its_options(files: Path) -> None:
    (files / "t.txt").write_text("Mira verließ die Seebank\nnichts\nschläft Hauptstadt heute\n", "utf-8")
    (files / "more.s").write_text("Mira sleeps\nOslo sleeps\nOslo\ntoday\n" * 30, "utf-8")
    (files / "more.t").write_text("Mira schläft\nschläft Hauptstadt\nHauptstadt\nheute\n" * 30, "utf-8")
    asked = (
        "--score",
        "align",
        "--aligner",
        "thot",
        "--option",
        "model=fast_align",
        "--option",
        "symmetrisation=intersection",
    )
    run(files, *asked, "--fit", str(files / "more.s"), str(files / "more.t"))
    assert [s.key for s in load(files / "o.conll").sentences[2].spans] == [(1, 2, "LOC")]
    run(files, *asked)
    assert [s.key for s in load(files / "o.conll").sentences[2].spans] != [(1, 2, "LOC")]
    (files / "empty").write_text("", "utf-8")
    for wrong, told in (
        (("--aligner", "thot", "--option", "model=magic"), "--model must be one of"),
        (("--fit", str(files / "more.s"), str(files / "more.t")), "layers learns nothing"),
        (("--fit", str(files / "empty"), str(files / "empty")), "layers learns nothing"),
        (("--load", "x"), "layers has nothing to load"),
        (("--aligner", "thot", "--load", "x"), "holds no saved aligner"),
        (("--matcher", "markers", "--option", "how=mixed"), "--how has no effect"),
    ):
        with pytest.raises(XlnerError, match=told):
            run(files, *wrong)


def test_a_file_among_aligners_answers_for_the_pair_at_its_line(files: Path) -> None:
    (files / "links.txt").write_text("0-0\n\n0-1\n", "utf-8")
    (files / "t.txt").write_text("Mira verließ die Seebank\nnichts\nin Oslo\n", "utf-8")
    links = f"path={files / 'links.txt'}"
    members = f"members=[{{name: files, {links.replace('=', ': ')}}}, thot]"
    for asked in (
        ("--aligner", "files", "--option", links),
        ("--aligner", "combined", "--option", "how=mixed", "--option", members),
    ):
        run(files, "--score", "align", *asked)
        assert [s.key for s in load(files / "o.conll").sentences[2].spans] == [(1, 2, "LOC")]
    (files / "links.txt").write_text("0-0\n", "utf-8")
    with pytest.raises(DataError, match="links"):
        run(files, "--aligner", "files", "--option", links)


def test_layers_go_by_the_depth_of_the_encoder(tiny_encoder: Path) -> None:
    assert [layer_at(share, "embedded") for share in (HALFWAY, TWO_THIRDS)] == [6, 8]
    assert [layer_at(share, str(tiny_encoder)) for share in (HALFWAY, TWO_THIRDS)] == [1, 1]
    with pytest.raises(ModelError):
        layer_at(HALFWAY, str(tiny_encoder / "nothing"))
    source, target = [sentence("Ana met Arcol", (0, 1, "PER"))], [sentence("Ana traf Arcol")]
    encoder = {"encoder": str(tiny_encoder)}
    made = project(
        source, target, aligner_options=encoder, score="align,embedding", score_options=encoder, device="cpu"
    )
    assert made.items[0].alignment is not None


def test_a_labelled_target_keeps_its_words_and_loses_its_labels(files: Path) -> None:
    (files / "t.conll").write_text("Mira\tO\nging\tB-LOC\n\nx\tO\n\nOslo\tB-ORG\n", "utf-8")
    (files / "links.txt").write_text("0-0\n\n0-0\n", "utf-8")
    project_files(files / "s.conll", files / "t.conll", Outputs(files / "o.jsonl"), alignment=files / "links.txt")
    made = load(files / "o.jsonl").sentences
    assert [s.key for s in made[0].spans] == [(0, 1, "PER")]
    assert [s.key for s in made[2].spans] == [(0, 1, "LOC")]


def test_markers_read_the_marked_file(files: Path) -> None:
    (files / "t.txt").write_text("[Mira] verließ die [Seebank]\nnichts\n[Oslo]\n", "utf-8")
    assert json.loads(run(files, "--matcher", "markers", "--json")[-1])["fates"] == {"projected": 3}


def test_losses_say_why_marks_do_not_add_up(files: Path) -> None:
    (files / "t.txt").write_text("[Mira] verließ die Seebank\nnichts\n[Oslo]\n", "utf-8")
    run(files, "--matcher", "markers", "--losses", str(files / "lost.jsonl"))
    lost = [json.loads(line) for line in (files / "lost.jsonl").read_text("utf-8").splitlines()]
    assert [r["detail"] for r in lost] == ["1 marked strings for 2 entities"] * 2


def test_the_default_aligner_and_embeddings_on_a_tiny_encoder(tiny_encoder: Path) -> None:
    sources = [sentence("Ana met Arcol", (0, 1, "PER"), (2, 3, "ORG")), sentence("Ana", (0, 1, "PER")), sentence("x")]
    targets = [sentence("Ana traf Arcol"), sentence(""), sentence("y")]
    aligner = LayersAligner(encoder=str(tiny_encoder), layers=(1, 2), device="cpu")
    result = project(sources, targets, aligner=aligner)
    assert len(result) == 3
    assert result.items[0].alignment is not None
    assert {f.reason.name for f in result.items[1].fates} == {"EMPTY_TARGET"}
    pairs = [(s.words, t.words) for s, t in zip(sources, targets, strict=True)]
    first = aligner.align(pairs)
    assert [a.links() for a in first] == [a.links() for a in aligner.align(pairs)]
    assert all(a.scores is not None and ((a.scores > 0) & (a.scores <= 1)).all() for a in first)
    from xlner.project import Pair

    scorer = EmbeddingScore(encoder=str(tiny_encoder), layer=1, device="cpu")
    import numpy as np

    (values,) = scorer([Pair(sources[0], targets[0])], [np.array([(0, 1), (0, 3)], np.int32)], Evidence())
    assert values.shape == (2, 2)
    assert ((values >= 0) & (values <= 1 + 1e-9)).all()


def test_statistics_add_their_share() -> None:
    import numpy as np

    soft = Alignment(np.array([(0, 0), (1, 1)]), np.array([1.0, 0.5]))
    made = mixed(soft, [Alignment.of([(0, 0), (2, 2)])], 0.2)
    assert made.links() == [(0, 0), (1, 1), (2, 2)]
    assert made.scores is not None
    assert made.scores.tolist() == pytest.approx([1.0, 0.4, 0.2])


def test_links_from_a_file_count_words_at_spaces(files: Path) -> None:
    """The file numbers 'sagt:' as one word, so the target is not cut into more."""
    (files / "s.conll").write_text("He\tO\nsays\tO\n:\tO\nOslo\tB-LOC\n", "utf-8")
    (files / "t.txt").write_text("Er sagt: Oslo\n", "utf-8")
    (files / "links.txt").write_text("0-0 1-1 3-2\n", "utf-8")
    for more in (
        ["--aligner", "files", "--option", f"path={files / 'links.txt'}"],
        ["--aligner", "combined", "--option", f"members=[{{name: files, path: {files / 'links.txt'}}}, thot]"],
    ):
        run(files, *more)
        assert load(files / "o.conll").sentences[0].words == ("Er", "sagt:", "Oslo")


def test_no_output_replaces_an_input_or_drops_the_labels(files: Path) -> None:
    links = ["--alignment", str(files / "links.txt")]
    for name in ("s.conll", "t.txt", "links.txt"):
        (files / "link").unlink(missing_ok=True)
        (files / "link").symlink_to(files / name)
        for path in (files / name, files / "link", files / ".." / files.name / name):
            with pytest.raises(UsageError, match="is one of the inputs"):
                run(files, *links, "--losses", str(path))
    assert (files / "s.conll").read_text("utf-8") == SOURCE
    with pytest.raises(UsageError, match="another output goes there"):
        run(files, *links, "--losses", str(files / ".." / files.name / "o.conll"))
    with pytest.raises(UsageError, match="plain text holds no labels"):
        run(files, *links, "--output", str(files / "o.txt"))


def test_what_is_said_twice_or_changes_nothing_is_refused(files: Path) -> None:
    with pytest.raises(UsageError, match="both say what encoder is"):
        run(files, "--encoder", "embedded", "--option", "encoder=x")
    (files / "t.txt").write_text("Mira\tO\n\nnichts\tO\n\nhier\tO\n", "utf-8")
    with pytest.raises(UsageError, match="--words segment has no effect here"):
        run(files, "--words", "segment", "--alignment", str(files / "links.txt"))


def test_standard_streams_serve_one_file_each(files: Path) -> None:
    links = ["--alignment", str(files / "links.txt")]
    with pytest.raises(UsageError, match="for one file only"):
        run(files, "--target", "-", "--alignment", "-")
    with pytest.raises(UsageError, match="both want standard output"):
        run(files, *links, "--output", "-", "--json")
    with pytest.raises(UsageError, match="another output goes there"):
        run(files, *links, "--output", "-", "--losses", "-")


def test_a_sum_of_scores_is_their_mean(files: Path) -> None:
    """So that a threshold means the same for every weighting, and no score is cut off at 1."""
    found = []
    for score in ("string", "string=5", "align=1,string=1"):
        run(files, "--alignment", str(files / "links.txt"), "--score", score, "--output", str(files / "o.jsonl"))
        found.append([s.score for x in load(files / "o.jsonl").sentences for s in x.spans])
    assert found[0] == found[1]
    assert found[2][0] == pytest.approx(1.0)  # Mira is Mira
    assert 0 < (found[2][1] or 0) < 1


@pytest.mark.parametrize("name", ["o.conll", "o.jsonl"])
def test_a_sentence_of_unknown_words_is_not_read_back_as_free_of_entities(files: Path, name: str) -> None:
    run(files, "--alignment", str(files / "links.txt"), "--output", str(files / name))
    lost = load(files / name).sentences[-1]
    assert lost.words == ("nichts", "hier")
    assert not lost.labelled or lost.missing == ((0, 2),)


def test_columns_of_the_labelled_file_can_be_named(files: Path) -> None:
    numbered = "1\tMira\tB-PER\tO\n2\tleft\tO\tO\n\n1\tnothing\tO\tO\n\n1\tOslo\tB-LOC\tO\n"
    (files / "s.conll").write_text(numbered, "utf-8")
    (files / "links.txt").write_text("0-0 1-1\n\n\n", "utf-8")
    more = ["--matcher", "heuristic", "--alignment", str(files / "links.txt"), "--json"]
    summary = json.loads(run(files, *more, "--token-column", "1", "--tag-column=2", "--min-score", "0.1")[-1])
    assert summary["entities"] == 2
    assert summary["settings"]["min_score"] == 0.1
    with pytest.raises(UsageError, match="--tag-column must be a whole number"):
        run(files, *more, "--tag-column", "last")


def test_what_reading_took_for_granted_is_told(files: Path) -> None:
    (files / "s.conll").write_text("1 Mira PER\n2 left O\n\n1 nothing O\n\n1 Oslo LOC\n", "utf-8")
    (files / "links.txt").write_text("0-0 1-1\n\n\n", "utf-8")
    more = ["--matcher", "heuristic", "--alignment", str(files / "links.txt"), "--json"]
    summary = json.loads(run(files, *more)[-1])
    assert any("s.conll" in note and "column 0" in note for note in summary["notes"])
    assert any("s.conll" in note and "types" in note for note in summary["notes"])


def a_member_that_reads(files: Path) -> dict[str, object]:
    links = {"name": "files", "path": str(files / "links.txt")}
    return {"members": [links, links], "how": "union"}


def test_words_are_split_at_spaces_beside_a_saved_aligner_that_reads_links(files: Path) -> None:
    (files / "t.txt").write_text("Mira verließ die See-Bank.\n\nnichts hier\n", "utf-8")
    (files / "saved").mkdir()
    saved = {"aligner": "combined", **a_member_that_reads(files)}
    (files / "saved/aligner.json").write_text(json.dumps(saved), "utf-8")
    how = {"matcher": "heuristic", "aligner": "combined", "load": files / "saved"}
    result = project_files(files / "s.conll", files / "t.txt", files / "o.conll", **how)
    assert result.sentences[0].words == ("Mira", "verließ", "die", "See-Bank.")


def test_a_file_of_links_that_is_read_is_never_replaced(files: Path) -> None:
    for how in ({"aligner": "files", "aligner_options": {"path": str(files / "links.txt")}},
                {"aligner": "combined", "aligner_options": a_member_that_reads(files)}):  # fmt: skip
        with pytest.raises(UsageError, match="is one of the inputs"):
            project_files(
                files / "s.conll", files / "t.txt", Outputs(files / "o.conll", losses=files / "links.txt"), **how
            )
    assert (files / "links.txt").read_text("utf-8") == LINKS


def test_named_columns_hold_for_a_target_that_has_them(tmp_path):
    from xlner.api.project import project
    from xlner.project.files import Outputs

    for name, words in (("s.tsv", "Zuri saw Oyo"), ("t.tsv", "Zuri vio Oyo")):
        rows = zip(["a)", "b)", "c)"], words.split(), ["B-PER", "O", "B-LOC"], strict=True)
        (tmp_path / name).write_text("".join("\t".join(row) + "\n" for row in rows), "utf-8")
    (tmp_path / "links.txt").write_text("0-0 1-1 2-2\n")
    result = project(
        tmp_path / "s.tsv", tmp_path / "t.tsv", Outputs(), alignment=tmp_path / "links.txt", reading={"token_column": 1}
    )
    assert result.sentences[0].words == ("Zuri", "vio", "Oyo")


def test_links_that_count_a_source_word_as_two_are_refused(tmp_path):
    from xlner.api.project import project
    from xlner.project.files import Outputs

    (tmp_path / "s.conll").write_text("10\u00a0000\tO\nin\tO\nOyo\tB-LOC\n", "utf-8")
    (tmp_path / "t.txt").write_text("10,000 en Oyo\n", "utf-8")
    (tmp_path / "links.txt").write_text("0-0 1-0 2-1 3-2\n")
    with pytest.raises(DataError, match="count it as several words"):
        project(tmp_path / "s.conll", tmp_path / "t.txt", Outputs(), alignment=tmp_path / "links.txt")
