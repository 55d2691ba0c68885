"""What tutorials and how-tos show is run as it stands, on little data and a small encoder."""

from __future__ import annotations

import re
import shlex
import shutil
from itertools import pairwise
from pathlib import Path

import pytest
from tests.quick_model import make_model
from tests.site.commands import ROOT, blocks

from xlner.cli import main
from xlner.data import load
from xlner.data.demo import copy_corpus

TUTORIALS = ["quickstart.md", *(f"tutorials/{p.name}" for p in sorted((ROOT / "docs" / "tutorials").glob("*.md")))]
HOW_TOS = [f"howto/{p.name}" for p in sorted((ROOT / "docs" / "howto").glob("*.md"))]
SENTENCES = 8
READS_AN_ENCODER = {"train", "transfer", "pretrain", "align", "project"}
TRAINS = {"train", "transfer", "pretrain"}
# The files that how-tos speak of, and what they are here.
FILES = {
    "train.conll": "en.train.conll",
    "dev.conll": "en.dev.conll",
    "few.conll": "es.gold.conll",
    "german.conll": "de.gold.conll",
    "gold.conll": "es.gold.conll",
    "raw.txt": "es.raw.txt",
    "other.txt": "es.gold.conll",
    "labelled.en.conll": "en.train.conll",
    "translated.es.txt": "es.translation.conll",
}
MODELS = ("run", "other-run", "third-run")


def shorten(folder: Path) -> None:
    """Keep the first sentences of every file of the corpus."""
    for path in folder.iterdir():
        text = path.read_text("utf-8")
        between = "\n" if path.suffix == ".txt" else "\n\n"
        path.write_text(between.join(text.split(between)[:SENTENCES]) + "\n", "utf-8")


def small(line: str, encoder: Path) -> list[str]:
    """The words of a command, with the small encoder and one pass over the data."""
    words = shlex.split(re.sub(r"--(epochs|student-layers) \d+", r"--\1 1", line))[1:]
    sources = [after for word, after in pairwise(words) if word == "--source"]
    of_models = words[0] == "transfer" and all(Path(s.partition("=")[2]).is_dir() for s in sources)
    if words[0] in READS_AN_ENCODER and not of_models and not {"--encoder", "--alignment"} & set(words):
        words += ["--encoder", str(encoder)]
    if words[0] in TRAINS and "--epochs" not in words:
        words += ["--epochs", "1"]
    if words[0] == "transfer" and ("--bitext" in words or "--translation" in words):
        words += ["--aligner", f"{{name: layers, encoder: {encoder}}}"]
    return words


def run_page(page: str, encoder: Path, capsys: pytest.CaptureFixture[str]) -> int:
    """Run the commands and the Python of a page in the current folder, and give the number of commands."""
    count = 0
    for block in blocks(ROOT / "docs" / page):
        if block.kind == "yaml":
            Path("mine.yaml").write_text(block.text)
        if block.kind == "python" and block.runs:
            exec(compile(block.text, f"{page}:{block.line}", "exec"), {})
        for line in block.lines if block.kind == "sh" and block.runs else ():
            if not line.startswith("xlner "):
                continue
            with pytest.raises(SystemExit) as stopped:
                main(small(line, encoder))
            assert not stopped.value.code, (page, block.line, line, capsys.readouterr().err[-800:])
            count += 1
            if "--corpus" in line:
                shorten(Path("corpus"))
                assert len(list(load("corpus/en.train.conll").sentences)) == SENTENCES
    return count


@pytest.fixture(scope="module")
def prepared(tiny_encoder, tmp_path_factory):
    """The files and models that how-tos speak of."""
    folder = tmp_path_factory.mktemp("howto")
    copy_corpus(folder / "corpus")
    shorten(folder / "corpus")
    for name, file in FILES.items():
        shutil.copy(folder / "corpus" / file, folder / name)
    raw = "\n".join(" ".join(s.words) for s in load(folder / "translated.es.txt").sentences)
    (folder / "translated.es.txt").write_text(raw + "\n", "utf-8")
    for seed, name in enumerate(MODELS):
        make_model(folder / name / "model", tiny_encoder, types=("LOC", "ORG", "PER"), seed=seed)
    return folder


@pytest.mark.parametrize("page", TUTORIALS)
def test_the_commands_of_a_tutorial_run(page, tiny_encoder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run_page(page, tiny_encoder, capsys) or page == "tutorials/index.md"


@pytest.mark.parametrize("page", HOW_TOS)
def test_the_commands_of_a_how_to_run(page, prepared, tiny_encoder, tmp_path, monkeypatch, capsys):
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    run_page(page, tiny_encoder, capsys)
