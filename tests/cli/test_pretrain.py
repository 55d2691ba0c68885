"""`xlner pretrain`: flags, the folder that it leaves, and kills of the process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import typer
import yaml
from safetensors.torch import load_file
from tests.conftest import ROOT
from tests.toy import overriding, sentences, write_conll, write_text
from typer.testing import CliRunner

import xlner
from xlner.cli import main
from xlner.cli.parts import part_command, values_of
from xlner.errors import DataError, UsageError
from xlner.flags import Choice
from xlner.methods import METHODS


def run(*words, code=0):
    with pytest.raises(SystemExit) as stopped:
        main([str(w) for w in words])
    assert (stopped.value.code or 0) == code


@pytest.fixture
def world(tmp_path):
    write_text(tmp_path / "es.txt", sentences(80, "spa"))
    write_conll(tmp_path / "en.conll", sentences(60))
    return tmp_path


def words_of(world, encoder, output, *more):
    texts = ["--text", f"es={world / 'es.txt'}", "--text", f"en={world / 'en.conll'}"]
    return overriding(
        ["pretrain", *texts, "--encoder", encoder, "--output", output, "--batch-subwords", "256"],
        more,
    )


def test_it_leaves_a_run_that_is_an_encoder(world, tiny_encoder, capsys):
    run(*words_of(world, tiny_encoder, world / "run", "--epochs", "2"))
    told = capsys.readouterr()
    assert told.out == ""
    assert "es: 76 sentences" in told.err
    assert f"encoder: {world / 'run' / 'model'}" in told.err
    names = {p.name for p in (world / "run").iterdir()}
    assert names == {
        "config.yaml", "data.json", "environment.json", "metrics.json", "metrics.jsonl", "model", "training_time.json",
    }  # fmt: skip
    record = yaml.safe_load((world / "run" / "config.yaml").read_text())
    assert record["text"] == [["spa", str(world / "es.txt")], ["eng", str(world / "en.conll")]]
    assert record["options"]["epochs"] == 2
    assert "checkpoint_seconds" not in record["options"]
    data = json.loads((world / "run" / "data.json").read_text())
    assert {role: entry.get("sentences") for role, entry in data.items()} == {
        "text 1 (spa)": 80, "text 2 (eng)": 60, "encoder": None,
    }  # fmt: skip
    side = json.loads((world / "run" / "model" / "xlner.json").read_text())["pretraining"][0]
    assert [f["name"] for f in side["files"]] == ["es.txt", "en.conll"]
    assert side["files"][0]["sha256"] == data["text 1 (spa)"]["sha256"]


def test_other_commands_take_its_folder_as_encoder(world, tiny_encoder, capsys):
    run(*words_of(world, tiny_encoder, world / "run"))
    run(
        "train", "--source", f"en={world / 'en.conll'}", "--encoder", world / "run", "--epochs", "1", "--output",
        world / "tagger",
    )  # fmt: skip
    data = json.loads((world / "tagger" / "data.json").read_text())
    assert [t["language"] for t in data["encoder"]["pretraining"][0]["texts"]] == ["spa", "eng"]
    capsys.readouterr()
    run("predict", world / "tagger", world / "es.txt")
    assert capsys.readouterr().out


def test_json_is_all_of_stdout(world, tiny_encoder, capsys):
    run(*words_of(world, tiny_encoder, world / "run", "--json"))
    metrics = json.loads(capsys.readouterr().out)
    assert metrics["held_out"]["spa"]["after"]["words"] > 0
    assert metrics == json.loads((world / "run" / "metrics.json").read_text())


def test_a_finished_run_is_only_read_and_another_one_is_refused(world, tiny_encoder, capsys):
    run(*words_of(world, tiny_encoder, world / "run"))
    stamp = (world / "run" / "model" / "model.safetensors").stat().st_mtime_ns
    run(*words_of(world, tiny_encoder, world / "run", "--checkpoint-seconds", "5"))
    assert (world / "run" / "model" / "model.safetensors").stat().st_mtime_ns == stamp
    capsys.readouterr()
    run(*words_of(world, tiny_encoder, world / "run", "--masked", "0.3"), code=2)
    assert "different: masked" in capsys.readouterr().err
    run(*words_of(world, tiny_encoder, world / "run", "--resume", "never"), code=2)


@pytest.mark.parametrize(("more", "said"), [
    (["--epochs", "0"], "--epochs must be at least 1, got '0'"),
    (["--masked", "1"], "--masked must be below 1, got '1'"),
    (["--text", "es.txt"], "--text wants LANG=FILE"),
    (["--text", "de=nowhere.txt"], "nowhere.txt: no such file"),
    (["--encoder", "./nowhere"], "there is no model folder nowhere"),
    (["--freeze-layers", "9"], "--freeze-layers is 9, but the encoder has 2 layers"),
])  # fmt: skip
def test_what_cannot_be_is_said_in_one_sentence(world, tiny_encoder, capsys, more, said):
    with pytest.raises(SystemExit) as stopped:
        main([str(w) for w in words_of(world, tiny_encoder, world / "run", *more)])
    assert stopped.value.code in (1, 2)
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told


def test_python_has_the_same(world, tiny_encoder):
    result = xlner.pretrain([("es", world / "es.txt")], world / "run", encoder=str(tiny_encoder))
    assert result.model == world / "run" / "model"
    with pytest.raises(UsageError, match="at least one `text LANG=FILE` is needed"):
        xlner.pretrain([], world / "none")
    with pytest.raises(DataError, match="no such file"):
        xlner.pretrain([("es", "nowhere.txt")], world / "none")
    with pytest.raises(UsageError, match="`masked` must be above 0"):
        xlner.pretrain([("es", world / "es.txt")], world / "none", options={"masked": 0})


def test_files_of_one_language_are_one_text(world, tiny_encoder):
    files = [("es", world / "es.txt"), ("spa", write_text(world / "more.txt", sentences(20, "spa", seed=3)))]
    result = xlner.pretrain(files, world / "run", encoder=str(tiny_encoder))
    assert result.metrics["texts"]["spa"]["sentences"] == 95


def test_a_killed_process_ends_with_the_same_encoder(world, tiny_encoder):
    def words(output):
        return words_of(world, tiny_encoder, world / output, "--epochs", "5", "--checkpoint-seconds", "0")

    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    process = subprocess.Popen(
        [sys.executable, "-m", "xlner", *map(str, words("killed"))], env=environment, stderr=subprocess.DEVNULL
    )
    while process.poll() is None and steps(world / "killed") < 5:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() != 0
    run(*words("killed"))
    run(*words("whole"))
    whole, killed = (load_file(world / n / "model" / "model.safetensors") for n in ("whole", "killed"))
    assert all(whole[k].equal(killed[k]) for k in whole)


def steps(folder):
    """Steps that the last checkpoint of a run holds."""
    try:
        return json.loads((folder / "checkpoint" / "state.json").read_text())["step"]
    except (OSError, ValueError):
        return 0


@pytest.mark.parametrize(("words", "passes"), [
    (["--epochs", "4"], 0), (["--pretrain.epochs", "2"], 2), (["--epochs", "4", "--pretrain-epochs", "1"], 1),
])  # fmt: skip
def test_flags_of_the_taggers_training_do_not_turn_it_on(words, passes):
    """--epochs is for teachers and student; --seed is for everything."""
    seen = []
    app = typer.Typer()

    @app.command(cls=part_command([Choice("method", "methods", "distill", fixed=True)]))
    def command(context: typer.Context) -> None:
        seen.append(METHODS.options("distill", values_of(context, "method")))

    assert CliRunner().invoke(app, [*words, "--seed", "7"]).exit_code == 0
    options = seen[0]
    assert options.pretrain.epochs == passes
    assert options.pretrain.seed == options.teacher.seed == options.student.seed == 7
    assert options.teacher.epochs == options.student.epochs == (4 if "--epochs" in words else None)
