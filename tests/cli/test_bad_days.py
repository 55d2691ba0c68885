"""What a user meets on a bad day. docs/bad_days.md lists it."""

from __future__ import annotations

import errno
import json
import shutil

import pytest
from safetensors import SafetensorError
from tests.cli.test_main_job import finished, run, world  # noqa: F401 - fixtures

from xlner.data import load


def train(world, source, output, code=0):  # noqa: F811
    run("train", "--source", f"en={source}", "--output", output, "--config", world / "fast.yaml", code=code)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no sentence in it"),
        (b"\n\n \n", "no sentence in it"),
        (b"Ana O\nBoris\n", ":2: "),
        (b"Ana O\nBoris B-PER extra words here\n", ":2: "),
        (b"Ana\tPERSON?\n", ":1: "),
        ("Ana O\nMaría B-PER\n".encode("latin-1"), "iconv -f LATIN1"),
        (b"Ana O\nvisits O\n", "no entities"),
        (b"Only raw text here.\nNobody labelled it.\n", ":2: "),
        (b"Raw text\nNo tag\n", "is no tag"),
    ],
)
def test_training_data_that_cannot_be_used_says_so(world, tmp_path, capsys, content, message):  # noqa: F811
    (tmp_path / "train.conll").write_bytes(content)
    train(world, tmp_path / "train.conll", tmp_path / "run", code=1)
    error = capsys.readouterr().err
    assert message in error
    assert "train.conll" in error or "no entities" in error
    assert not (tmp_path / "run").exists()


def test_raw_text_without_sentences_is_an_error(world, finished, tmp_path, capsys):  # noqa: F811
    (tmp_path / "raw.txt").write_text("\n \n")
    run(
        "transfer", "--source", f"en={finished / 'teachers' / '1-en'}", "--target", f"es={tmp_path / 'raw.txt'}",
        "--output", tmp_path / "r", code=1,
    )  # fmt: skip
    assert "no sentence in it" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "x" * 100_000,
        "Ana visita Arcol " * 1_700,
        "a\u0301\u200b \u200b👩‍👩‍👧 🇪🇸 \u202eabc",
        "محمد يزور بيروت",
        "小明去北京。",
        "สมชายไปกรุงเทพ",
        "Ana",
    ],
)
def test_any_text_is_predicted_word_for_word(finished, tmp_path, capsys, text):  # noqa: F811
    (tmp_path / "in.txt").write_text(text, "utf-8")
    run("predict", finished, tmp_path / "in.txt", "--format", "jsonl")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    for line in lines:
        assert [line["text"][a:b] for a, b in line["offsets"]] == line["tokens" if "tokens" in line else "words"]
    assert sum(len(line["text"].replace(" ", "")) for line in lines) == len(text.replace(" ", ""))


def test_an_empty_file_is_an_error(finished, tmp_path, capsys):  # noqa: F811
    (tmp_path / "in.txt").write_text("")
    run("predict", finished, tmp_path / "in.txt", code=1)
    assert "in.txt: no sentence in it" in capsys.readouterr().err


def test_a_sentence_of_5000_words_keeps_every_word(finished, tmp_path, capsys):  # noqa: F811
    (tmp_path / "in.conll").write_text("\n".join("Ana O" if i % 9 else "Arcol O" for i in range(5000)) + "\n")
    run("predict", finished, tmp_path / "in.conll", "--output", tmp_path / "out.conll")
    (sentence,) = load(tmp_path / "out.conll").sentences
    assert len(sentence) == 5000
    run("predict", finished, tmp_path / "in.conll", "--on-long", "error", code=1)
    assert "5000 subwords" in capsys.readouterr().err


def test_types_that_the_model_does_not_know_are_missed_and_counted(world, finished, tmp_path, capsys):  # noqa: F811
    text = (world / "gold.conll").read_text().replace("-LOC", "-PLANET")
    (tmp_path / "gold.conll").write_text(text)
    run("evaluate", finished, tmp_path / "gold.conll", "--json")
    per_type = json.loads(capsys.readouterr().out)["per_type"]
    assert per_type["PLANET"]["recall"] == 0
    run("evaluate", finished, tmp_path / "gold.conll", "--map", "PLANET=LOC", "--json")
    assert json.loads(capsys.readouterr().out)["per_type"]["LOC"]["recall"] > 0.9


def test_a_model_without_label_names_is_refused(world, finished, tmp_path, capsys):  # noqa: F811
    shutil.copytree(finished / "model", tmp_path / "model")
    config = json.loads((tmp_path / "model" / "config.json").read_text())
    n = len(config["id2label"])
    config["id2label"] = {str(i): f"LABEL_{i}" for i in range(n)}
    config["label2id"] = {f"LABEL_{i}": i for i in range(n)}
    (tmp_path / "model" / "config.json").write_text(json.dumps(config))
    run("evaluate", tmp_path / "model", world / "gold.conll", code=1)
    assert "Write id2label" in capsys.readouterr().err


def test_an_encoder_is_no_ner_model(tiny_encoder, world, capsys):  # noqa: F811
    run("evaluate", tiny_encoder, world / "gold.conll", code=1)
    assert "is no NER model" in capsys.readouterr().err


def test_predictions_with_other_words_are_refused(world, finished, tmp_path, capsys):  # noqa: F811
    lines = (world / "gold.conll").read_text().splitlines(keepends=True)
    (tmp_path / "short.conll").write_text("".join(lines[1:]))
    run("evaluate", tmp_path / "short.conll", world / "gold.conll", code=1)
    assert "error:" in capsys.readouterr().err


@pytest.mark.parametrize("stage", ["soft labels", "checkpoint", "model"])
def test_a_full_disk_is_one_message_and_resume_goes_on(world, tmp_path, monkeypatch, capsys, stage):  # noqa: F811
    where = {
        "soft labels": "xlner.methods.soft_labels.save_file",
        "checkpoint": "xlner.train.checkpoint.save_file",
        "model": "xlner.tagger.tagger.Tagger.save",
    }[stage]

    def full(*args, **kwargs):
        if stage == "soft labels":
            raise OSError(errno.ENOSPC, "No space left on device")
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    words = [
        "transfer", "--source", f"en={world / 'train.conll'}", "--target", f"es={world / 'raw.txt'}",
        "--gold", world / "gold.conll", "--output", tmp_path / "run", "--config", world / "fast.yaml",
    ]  # fmt: skip
    with monkeypatch.context() as patch:
        patch.setattr(where, full)
        run(*words, code=1)
    assert "the disk is full" in capsys.readouterr().err
    run(*words)
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["target"]["f1"] > 0.9


def test_settings_files_are_checked(world, tmp_path, capsys):  # noqa: F811
    for text, code, message in [
        ("teacher: {epoch: 3}", 2, "the method direct has no option 'teacher.epoch'; it has: learning_rate, epochs"),
        ("teacher: [1, 2]", 2, "mapping"),
        ("loss: [", 1, "is no YAML"),
        ("- a", 1, "a mapping of settings is wanted"),
        ("teacher: {epochs: many}", 2, "c.yaml: teacher: epochs must be a whole number, got 'many'"),
    ]:
        (tmp_path / "c.yaml").write_text(text)
        run(
            "train", "--source", f"en={world / 'train.conll'}", "--output", tmp_path / "r",
            "--config", tmp_path / "c.yaml", code=code,
        )  # fmt: skip
        assert message in capsys.readouterr().err
