"""How every command meets a word too many, a reader who has gone, a user who has seen enough, and damaged models."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.toy import sentences, write_conll, write_text

from xlner.cli import as_flags, main
from xlner.errors import DataError, ModelError, first_line


@pytest.mark.parametrize(
    "words",
    [
        ["transfer", "--source", "en=a", "--target", "es=b", "--target", "pt=c", "--output", "run"],
        ["evaluate", "a", "b", "--device", "cpu", "--device", "cuda"],
        ["data", "convert", "a", "b", "--to", "conll", "--to", "jsonl"],
        ["study", "run", "plan.yaml", "--output", "a", "--output", "b"],
    ],
)
def test_an_option_with_one_value_is_given_once(words, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(words)
    assert "is given 2 times; give it once" in capsys.readouterr().err


def test_a_type_is_renamed_once(tmp_path, capsys):
    gold = str(write_conll(tmp_path / "gold.conll", sentences(3)))
    with pytest.raises(SystemExit, match="2"):
        main(["evaluate", gold, gold, "--map", "PER=A", "--map", "PER=B"])
    assert "--map gives PER two names: A and B" in capsys.readouterr().err


def test_an_interrupted_command_says_how_to_go_on(monkeypatch, capsys):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("xlner.api.apply.evaluate", interrupted)
    with pytest.raises(SystemExit, match="130"):
        main(["evaluate", "a", "b"])
    assert "interrupted; where a command writes a run folder" in capsys.readouterr().err


def test_a_reader_who_has_gone_is_no_failure(tmp_path):
    text = write_conll(tmp_path / "long.conll", sentences(5000))
    script = f"import sys; from xlner.cli import main; main(['data', 'convert', {str(text)!r}, '-', '--to', 'conll'])"
    command = f'"{sys.executable}" -c "{script}" | head -1; exit ${{PIPESTATUS[0]}}'
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_reader_who_has_gone_does_not_make_a_failure_well(tmp_path):
    (tmp_path / "fails.py").write_text(
        "import sys, types, typer, xlner.cli\n"
        "def command():\n"
        "    sys.stdout.write('a line that is not sent yet')\n"
        "    raise typer.Exit(3)\n"
        "sys.modules['xlner.cli.fails'] = types.SimpleNamespace(command=command)\n"
        "xlner.cli.COMMANDS['fails'] = 'fails'\n"
        "xlner.cli.main(['fails'])\n"
    )
    command = f'"{sys.executable}" "{tmp_path / "fails.py"}" | true; exit ${{PIPESTATUS[0]}}'
    buffered = {**os.environ, "PYTHONUNBUFFERED": ""}  # else the line breaks the pipe before the command has failed
    assert subprocess.run(["bash", "-c", command], env=buffered, capture_output=True, timeout=120).returncode == 3


def test_without_standard_output_a_command_ends_as_usual(tmp_path):
    text = write_conll(tmp_path / "a.conll", sentences(5))
    words = f"'{sys.executable}' -m xlner data convert {text} {tmp_path / 'b.jsonl'} --to jsonl >&-"
    done = subprocess.run(["bash", "-c", words], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert (tmp_path / "b.jsonl").read_text().count("\n") == 5


def test_words_of_other_libraries_are_no_flags():
    error = ValueError("Should have a `model_type` key\nin its config")
    assert first_line(error) == "Should have a 'model_type' key"
    assert as_flags(str(ModelError(f"no model: {first_line(error)}"))) == "no model: Should have a 'model_type' key"


@pytest.mark.parametrize("file", ["model.safetensors", "xlner.json"])
def test_a_model_whose_files_are_cut_short_is_one_message(file, tmp_path, tiny_encoder, capsys):
    from xlner import train

    source = [("eng", str(write_conll(tmp_path / "en.conll", sentences(20))))]
    options = {"encoder": str(tiny_encoder), "teacher": {"epochs": 1}}
    model = train(source, tmp_path / "run", options=options).folder / "model"
    (model / file).write_bytes((model / file).read_bytes()[:10])
    with pytest.raises(SystemExit, match="1"):
        main(["predict", str(model), str(tmp_path / "en.conll")])
    assert capsys.readouterr().err.startswith("error: ")


def test_a_mistyped_file_is_not_asked_for_on_the_hub(tmp_path, capsys):
    gold = str(write_conll(tmp_path / "gold.conll", sentences(3)))
    with pytest.raises(SystemExit, match="1"):
        main(["evaluate", "predictons.jsonl", gold])
    assert "predictons.jsonl: no such file or model folder" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="1"):
        main(["predict", str(tmp_path / "no" / "run"), gold])
    assert "there is no such folder" in capsys.readouterr().err


def test_a_file_is_no_model_and_a_begun_run_has_none_yet(tmp_path, capsys):
    text = str(write_conll(tmp_path / "text.conll", sentences(3)))
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.yaml").write_text("method: {name: distill, options: {}}\n")
    for model, message in (
        (text, "is a file; a model is a folder"),
        (str(tmp_path / "run"), "run that is not finished"),
    ):
        with pytest.raises(SystemExit, match="1"):
            main(["predict", model, text])
        assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "damaged", ["metrics.json", "soft_labels/1-en/00000.safetensors", "soft_labels/1-en/index.json"]
)
def test_a_damaged_file_of_a_run_is_named_and_the_run_goes_on_without_it(damaged, tmp_path, tiny_encoder):
    from xlner import transfer

    def run():
        return transfer(source, target, tmp_path / "run", options=options, estimate=False)

    source = [("eng", str(write_conll(tmp_path / "en.conll", sentences(40))))]
    target = ("spa", str(write_text(tmp_path / "es.txt", sentences(20, "spa", seed=5))))
    options = {"encoder": str(tiny_encoder), "teacher": {"epochs": 1}, "student": {"epochs": 1}}
    run()
    place = tmp_path / "run" / damaged
    place.write_bytes(b"")
    if damaged != "metrics.json":
        for name in ("model", "metrics.json"):
            (shutil.rmtree if name == "model" else Path.unlink)(tmp_path / "run" / name)
    with pytest.raises(DataError, match=f"{damaged}: is damaged .*; remove .* and give the command again"):
        run()
    place.unlink() if damaged == "metrics.json" else shutil.rmtree(place.parent)
    assert run().metrics["types"] == ["LOC", "PER"]
