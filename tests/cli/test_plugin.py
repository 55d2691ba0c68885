"""The way of a third party: a package with parts of its own, installed as a user would."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.toy import sentences, write_conll, write_text

from xlner.cli import main

PACKAGE = Path(__file__).resolve().parents[1] / "plugin"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Where the package is."""
    place = tmp_path_factory.mktemp("site")
    build = tmp_path_factory.mktemp("build") / "plugin"
    subprocess.run(["cp", "-r", str(PACKAGE), str(build)], check=True)
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run([*install, "--target", str(place), str(build)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return place


@pytest.fixture
def xlner(installed, monkeypatch, capsys):
    """Runs the command line where the package is installed too."""
    monkeypatch.syspath_prepend(installed)

    def run(*words, code=0):
        with pytest.raises(SystemExit) as end:
            main(list(map(str, words)))
        said = capsys.readouterr()
        assert end.value.code == code, said.err
        return said.out + said.err

    return run


@pytest.fixture
def task(tmp_path, tiny_encoder):
    write_conll(tmp_path / "en.conll", sentences(80))
    write_text(tmp_path / "es.txt", sentences(10, "spa"))
    return [
        "transfer", "--method", "first-k", "--source", f"en={tmp_path / 'en.conll'}",
        "--target", f"es={tmp_path / 'es.txt'}", "--encoder", tiny_encoder, "--epochs", "2",
    ]  # fmt: skip


def test_its_method_is_there_for_a_command_of_its_own(installed):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(installed), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-m", "xlner", "methods"]
    assert "first-k" in subprocess.run(command, capture_output=True, text=True, env=environment, check=True).stdout


def test_its_parts_are_listed_and_have_help(xlner):
    assert "Train on the first k labelled sentences only." in xlner("methods")
    assert "diagonal" in xlner("aligners")
    assert "length" in xlner("scores")
    assert "--k NUMBER" in xlner("transfer", "--method", "first-k", "--help")
    assert "--shift NUMBER" in xlner("align", "--aligner", "diagonal", "--help")
    assert "--softness NUMBER" in xlner("project", "--score", "length", "--help")


def test_its_method_runs_goes_on_and_is_refused_other_options(xlner, task, tmp_path):
    run = tmp_path / "run"
    said = xlner(*task, "--k", "20", "--output", run)
    assert "trained on 20 sentences" in said
    assert "k: 20" in (run / "config.yaml").read_text()
    assert "k: 20" in (run / "model" / "README.md").read_text()
    before = (run / "model" / "model.safetensors").read_bytes()
    xlner(*task, "--k", "20", "--output", run)  # only read
    for lost in ("metrics.json", "fitted.json"):
        (run / lost).unlink()
    shutil.rmtree(run / "model")
    (tmp_path / "a.yaml").write_text("method: {name: first-k, options: {k: 20}}\n")
    xlner(*task[:1], *task[3:], "--config", tmp_path / "a.yaml", "--output", run)  # made again from YAML
    assert (run / "model" / "model.safetensors").read_bytes() == before
    assert "different: k" in xlner(*task, "--k", "21", "--output", run, code=2)
    assert "--k must be at least 1, got '0'" in xlner(*task, "--k", "0", "--output", tmp_path / "b", code=2)
    assert "option of the methods distill" in xlner(*task, "--loss", "mse", "--output", tmp_path / "b", code=2)


def test_its_aligner_and_score_project(xlner, tmp_path):
    items = sentences(6)
    write_conll(tmp_path / "en.conll", items)
    write_text(tmp_path / "es.txt", items)
    words = ["project", "--source", tmp_path / "en.conll", "--target", tmp_path / "es.txt", "--aligner", "diagonal"]
    xlner(*words, "--score", "align=0.5,length=0.5", "--output", tmp_path / "out.conll")
    entities = json.loads(xlner("evaluate", tmp_path / "out.conll", tmp_path / "en.conll", "--json").splitlines()[0])
    assert entities["f1"] == 1.0


def test_a_package_that_cannot_be_imported_spoils_nothing_else(tmp_path, monkeypatch, capsys):
    about = tmp_path / "bad-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: bad\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[xlner.methods]\nbad = bad_module:Bad\n")
    (tmp_path / "bad_module.py").write_text("import not_there\n")
    monkeypatch.syspath_prepend(tmp_path)

    def xlner(*words):
        with pytest.raises(SystemExit) as end:
            main(words)
        return end.value.code, *capsys.readouterr()

    code, out, err = xlner("methods")
    assert code == 0
    assert "direct" in out
    assert "bad" not in out
    assert "the method bad of the package bad cannot be imported: No module named 'not_there'" in err
    assert xlner("methods", "bad")[0] == 1
    code, _, err = xlner("transfer", "--method", "direct", "--loss", "mse")
    assert code == 2
    assert "--loss is an option of the methods distill" in err
