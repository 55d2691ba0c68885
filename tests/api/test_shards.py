"""Prediction in shards: the same bytes as in one process, and nothing done twice."""

from __future__ import annotations

import gzip
import json
import multiprocessing
import os
import signal
from functools import partial

import pytest
from tests.quick_model import make_model
from tests.toy import sentences, write_conll, write_text

import xlner.api.predict
import xlner.api.shard_plan
import xlner.api.shards
from xlner.api.predict import label_blocks, predict, write_predictions
from xlner.api.shard_plan import Job
from xlner.api.shards import predict_shards
from xlner.cli import main
from xlner.data import load, read_text
from xlner.data.blocks import Reader, Stretch
from xlner.errors import DataError, ModelError, UsageError, XlnerError

FILES = ("a.txt", "b.conll", "c.txt.gz")


@pytest.fixture(scope="module")
def world(tmp_path_factory, tiny_encoder):
    folder = tmp_path_factory.mktemp("shards")
    make_model(folder / "model", tiny_encoder)
    write_text(folder / "a.txt", sentences(120, "spa"))
    write_conll(folder / "b.conll", sentences(60, "spa", seed=3))
    write_text(folder / "c.txt", sentences(80, "spa", seed=4))
    (folder / "c.txt.gz").write_bytes(gzip.compress((folder / "c.txt").read_bytes()))
    return folder


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch, world):
    monkeypatch.setattr(xlner.api.predict, "Reader", partial(Reader, block_bytes=1000, block_sentences=25))
    monkeypatch.setattr(xlner.api.shard_plan, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(xlner.api.shard_plan, "BLOCK_SENTENCES", 25)
    monkeypatch.chdir(world)


def joined(job):
    return b"".join(job.path(n).read_bytes() for n in range(job.count))


def in_one(output, **how):
    written = {key: how.pop(key) for key in ("format", "ids") if key in how}
    write_predictions(output, predict("model", FILES, **how), **{"format": "conll", **written})
    return output.read_bytes()


@pytest.mark.parametrize("how", [{}, {"format": "jsonl", "ids": True}, {"ids": True, "mapping": {"PER": "O"}}])
def test_shards_joined_are_the_bytes_of_one_process(tmp_path, how):
    whole = in_one(tmp_path / "whole", **how)
    for count in (1, 3, 8):
        job = Job("model", FILES, str(tmp_path / str(count)), count, **how)
        result = predict_shards(job)
        assert joined(job) == whole
        assert result.as_dict()["sentences"] == 260
        assert job.done() == list(range(count))
        assert all(not job.mark(n).read_bytes() for n in range(count))


def test_each_shard_can_be_made_by_another_process_in_any_order(tmp_path):
    job = Job("model", FILES, str(tmp_path / "out"), 3)
    for shard in (2, 0, 1):
        assert [r.shard for r in predict_shards(job, shard=shard).reports] == [shard]
        assert predict_shards(job, shard=shard).reports == ()  # it is there
    assert joined(job) == in_one(tmp_path / "whole")


def test_more_shards_than_blocks_leave_empty_files(tmp_path):
    job = Job("model", ("a.txt",), str(tmp_path / "out"), 40)
    result = predict_shards(job)
    assert 0 < result.empty < 40
    assert "shards are empty" in result.describe()
    assert len(load(_file(tmp_path / "all.conll", joined(job)))) == 120


def test_ids_name_file_line_and_sentence(tmp_path):
    (tmp_path / "two.txt").write_text("Ana visita Arcol. Boris deja Berin.\n\nChidi hoy.\n")
    write_predictions(tmp_path / "o.jsonl", predict("model", tmp_path / "two.txt"), format="jsonl", ids=True)
    ids = [json.loads(line)["id"] for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    assert [i.removeprefix(str(tmp_path)) for i in ids] == ["/two.txt:1:1", "/two.txt:1:2", "/two.txt:3:1"]
    write_predictions(tmp_path / "o.conll", predict("model", tmp_path / "two.txt"), format="conll", ids=True)
    assert "two.txt:1:2\nBoris\tB-PER\n" in (tmp_path / "o.conll").read_text()
    for name in ("o.jsonl", "o.conll"):  # and they can be read again
        assert [s.words for s in load(tmp_path / name)] == [s.words for s in predict("model", tmp_path / "two.txt")]
    with pytest.raises(UsageError, match="not to html"):
        write_predictions(tmp_path / "o.html", [], format="html", ids=True)


def test_a_line_of_several_sentences_is_in_one_shard(tmp_path):
    """With returns alone as line ends a file is read as a whole, and divided by sentences."""
    lines = ["Ana visita Arcol.", *(["Ana visita Arcol. Boris deja Berin."] * 60)]
    (tmp_path / "old.txt").write_bytes("\r".join(lines).encode())
    files, how = (str(tmp_path / "old.txt"),), {"format": "jsonl", "ids": True}
    write_predictions(tmp_path / "whole", predict("model", files), **how)
    job = Job("model", files, str(tmp_path / "out"), 4, **how)
    predict_shards(job)
    assert joined(job) == (tmp_path / "whole").read_bytes()


def killed_in_shard_1(output):
    """A process that dies while it writes the second shard."""

    def dying(*arguments):
        for n, sentence in enumerate(label_blocks(*arguments)):
            if dying.shard == 1 and n == 5:
                os.kill(os.getpid(), signal.SIGKILL)
            yield sentence
        dying.shard += 1

    dying.shard = 0
    xlner.api.shards.label_blocks = dying
    predict_shards(Job("model", FILES, output, 3))


def test_after_a_kill_only_what_is_missing_is_made(tmp_path):
    output = str(tmp_path / "out")
    process = multiprocessing.get_context("fork").Process(target=killed_in_shard_1, args=(output,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    job = Job("model", FILES, output, 3)
    assert job.done() == [0]
    before = job.path(0).stat().st_mtime_ns
    assert [r.shard for r in predict_shards(job).reports] == [1, 2]
    assert job.path(0).stat().st_mtime_ns == before
    assert joined(job) == in_one(tmp_path / "whole")
    assert {p.suffix for p in (tmp_path / "out").iterdir()} == {".conll", ".done", ".json"}  # and no leftovers


def test_a_part_that_was_deleted_is_made_again(tmp_path):
    job = Job("model", FILES, str(tmp_path / "out"), 3)
    predict_shards(job)
    job.path(1).unlink()
    assert job.done() == [0, 2]
    assert [r.shard for r in predict_shards(job).reports] == [1]
    assert joined(job) == in_one(tmp_path / "whole")


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"count": 4}, "shards"),
        ({"format": "jsonl"}, "format"),
        ({"mapping": {"PER": "PERSON"}}, "mapping"),
        ({"sources": ("a.txt",)}, "sources"),
    ],
)
def test_other_settings_are_refused(tmp_path, other, named):
    how = {"model": "model", "sources": FILES, "output": str(tmp_path / "out"), "count": 3}
    predict_shards(Job(**how), shard=0)
    with pytest.raises(UsageError, match=rf"different: {named}\)"):
        predict_shards(Job(**{**how, **other}), shard=1)


def test_another_model_is_refused(tmp_path, world, tiny_encoder):
    make_model(tmp_path / "model", tiny_encoder, seed=1)
    predict_shards(Job("model", FILES, str(tmp_path / "out"), 3), shard=0)
    with pytest.raises(UsageError, match=r"different: model\)"):
        predict_shards(Job(str(tmp_path / "model"), FILES, str(tmp_path / "out"), 3), shard=1)


def test_a_text_that_changes_in_between_is_refused_and_leaves_no_shard(tmp_path):
    write_text(tmp_path / "a.txt", sentences(100, "spa"))
    job = Job("model", (str(tmp_path / "a.txt"),), str(tmp_path / "out"), 2)
    predict_shards(job, shard=0)
    write_text(tmp_path / "a.txt", sentences(100, "spa", seed=1))
    with pytest.raises(DataError, match="not what it was when the shards were divided"):
        predict_shards(job, shard=1)
    assert job.done() == [0]
    assert not job.path(1).exists()


def test_folders_with_other_things_are_left_alone(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("mine")
    with pytest.raises(UsageError, match="holds other things, such as thesis"):
        predict_shards(Job("model", FILES, str(tmp_path / "out"), 3))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--shards", 3, "--shard", 3, "--output", "o"], "--shard is a number from 0 to 2"),
        (["--shards", 0, "--output", "o"], "--shards must be at least 1"),
        (["--shards", 3], "--shards needs --output"),
        (["--shards", 3, "--output", "o", "--format", "html"], "not as html"),
        (["--shards", 3, "--output", "o", "--label-consistency", 0.5], "a shard does not have it"),
        (["--shards", 3, "--output", "o", "--on", "mars"], "--on is local or ray"),
        (["--shards", 3, "--shard", 1, "--output", "o", "--on", "ray"], "leave --shard out"),
        (["--shard", 1], "go with --shards"),
        (["--workers", 2], "go with --shards"),
        (["--output", "a.txt"], "is one of the inputs, which would be lost"),
        (["--shards", 3, "--output", "o", "--workers", 2], "--workers and --gpus are for Ray"),
        (["--shards", 3, "--output", "o", "--on", "ray", "--workers", 0], "--workers must be at least 1"),
        (["a.txt", "--shards", 3, "--output", "o"], "a.txt is given twice"),
    ],
)
def test_wrong_use_is_told(capsys, words, message):
    with pytest.raises(SystemExit) as stopped:
        main(["predict", "model", "a.txt", *map(str, words)])
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_the_command_line_makes_shards(tmp_path, capsys):
    for shard in (0, 1):
        with pytest.raises(SystemExit) as stopped:
            main(["predict", "model", *FILES, "--shards", "2", "--shard", str(shard), "--output", "sh", "--json"])
        assert not stopped.value.code
        assert json.loads(capsys.readouterr().out)["made"] == [shard]
    assert joined(Job("model", FILES, "sh", 2)) == in_one(tmp_path / "whole")
    with pytest.raises(SystemExit):
        main(["predict", "model", *FILES, "--shards", "2", "--output", "sh"])
    assert "cat sh/part-*.conll" in capsys.readouterr().err


class Counting:
    """A tagger that finds nothing, and counts."""

    def __init__(self):
        self.computed = 0

    def predict(self, items, *, chunk):
        for item in items:
            self.computed += 1
            yield item.with_spans(())


def test_sentences_of_the_same_words_are_computed_once(tmp_path):
    (tmp_path / "a.txt").write_text("Ana visita Arcol.\nAna  visita Arcol.\nBoris.\nAna visita Arcol.\n")
    tagger = Counting()
    answers = list(label_blocks(tagger, Reader(), [Stretch(str(tmp_path / "a.txt"))]))
    assert [s.text for s in answers] == [s.text for s in read_text((tmp_path / "a.txt").read_text())]
    assert tagger.computed == 2


@pytest.mark.timeout(240)
@pytest.mark.skipif("XLNER_FULL_TESTS" not in os.environ, reason="a cluster takes a minute: set XLNER_FULL_TESTS=1")
def test_on_ray_only_the_shards_of_workers_that_die_are_made_again(tmp_path, monkeypatch):
    pytest.importorskip("ray")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    original = xlner.api.shards.make_shard

    def worked(job, work):
        mark = tmp_path / f"{work.id}.tried"
        tried = mark.read_text() if mark.exists() else ""
        mark.write_text(tried + "x")
        if work.id == "1" and not tried:
            os._exit(1)
        if work.id == "2":
            raise XlnerError("no such luck")
        return original(job, work.shard)

    monkeypatch.setattr(xlner.api.shards, "_worked", worked)
    job = Job("model", FILES, str(tmp_path / "out"), 3)
    result = predict_shards(job, on="ray", workers=2)
    assert [r.shard for r in result.reports] == [0, 1]
    assert result.failed == {2: "no such luck"}
    assert [(tmp_path / f"{n}.tried").read_text() for n in range(3)] == ["x", "xx", "x"]
    predict_shards(job)
    assert joined(job) == in_one(tmp_path / "whole")


def _file(path, data):
    path.write_bytes(data)
    return path


def test_a_mistyped_model_leaves_no_plan(tmp_path):
    (tmp_path / "a.txt").write_text("Ana vive en Lima.\n")
    with pytest.raises(ModelError, match="there is no such folder"):
        predict_shards(Job(str(tmp_path / "no" / "model"), (str(tmp_path / "a.txt"),), str(tmp_path / "out"), 2))
    assert not (tmp_path / "out").exists()
