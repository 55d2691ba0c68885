"""Models are loaded by their hub ids, from a server that answers as the hub does."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tests.quick_model import make_model
from tests.toy import sentences, write_conll

from xlner.api import shard_plan
from xlner.api.shard_plan import Job
from xlner.api.shards import predict_shards
from xlner.cli import main

ID = "owner/exported-ner"


@pytest.fixture
def hub(exported, tmp_path):
    """Serves the files of a model under one id: of an exported one, until `push` puts another in its place."""
    asked, commits = [], []

    def push(model):
        folder = shutil.copytree(model, tmp_path / f"on-the-hub-{len(commits)}")
        commits.append(("abcdef"[len(commits)] * 40, folder))
        return folder

    def commit(path):
        """The one that an address names, and its folder; the newest without a name."""
        return next(((name, folder) for name, folder in commits if name in path), commits[-1])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.commit, folder = commit(self.path)
            if self.path.startswith(f"/api/models/{ID}/tree"):
                files = [
                    {"type": "file", "path": p.name, "size": p.stat().st_size, "oid": "a" * 40}
                    for p in folder.iterdir()
                ]
                self._answer(json.dumps(files).encode())
                return
            if self.path.startswith(f"/api/models/{ID}"):
                names = [{"rfilename": p.name} for p in folder.iterdir()]
                self._answer(json.dumps({"id": ID, "sha": self.commit, "siblings": names}).encode())
                return
            file = folder / self.path.rpartition("/")[2]
            if self.path.startswith(f"/{ID}/resolve/") and file.is_file():
                self._answer(file.read_bytes())
            else:
                self._answer(b"{}", 404, "RepoNotFound" if ID not in self.path else "EntryNotFound")

        do_HEAD = do_GET

        def _answer(self, data, status=200, error=None):
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
            self.send_header("X-Repo-Commit", self.commit)
            if error:
                self.send_header("X-Error-Code", error)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(data)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.asked, server.push, server.folder = asked, push, push(exported)
    yield server
    server.shutdown()
    server.server_close()


def run(hub, cache, *command):
    """Run a command that takes models from this hub."""
    environment = {
        **os.environ,
        "HF_ENDPOINT": f"http://127.0.0.1:{hub.server_address[1]}",
        "HF_HOME": str(cache),
        "NO_PROXY": "127.0.0.1",
        "HF_HUB_OFFLINE": "0",
    }
    done = subprocess.run(
        [sys.executable, *map(str, command)], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("format", ["onnx", "openvino"])
def test_an_exported_model_is_taken_from_the_hub(hub, openvino, format, tmp_path, capsys):
    folder = hub.folder if format == "onnx" else hub.push(openvino.folder)
    text = str(write_conll(tmp_path / "text.conll", sentences(5)))
    found = run(hub, tmp_path / "cache", "-m", "xlner", "predict", ID, text)
    with pytest.raises(SystemExit):
        main(["predict", str(folder), text])
    assert found == capsys.readouterr().out != ""
    assert not any("safetensors" in path for path in hub.asked)


def test_a_spacy_pipeline_keeps_the_exported_model_that_it_took_from_the_hub(hub, tmp_path):
    spacy = pytest.importorskip("spacy")
    code = f"""
import spacy
nlp = spacy.blank("en")
nlp.add_pipe("xlner", config={{"model": "{ID}"}})
nlp.to_disk("{tmp_path}/pipeline")
"""
    run(hub, tmp_path / "cache", "-c", code)
    names = {p.name for p in (tmp_path / "pipeline" / "xlner" / "model").iterdir()}
    assert {p.name for p in hub.folder.iterdir() if p.suffix == ".onnx"} <= names
    assert spacy.load(tmp_path / "pipeline")("Mary lives in Paris").has_annotation("ENT_IOB")


def test_window_and_languages_of_a_model_of_the_hub_are_read(hub, model, tmp_path):
    folder = hub.push(model)
    (folder / "xlner.json").write_text(json.dumps({"languages": ["eng", "spa"], "max_subwords": 24}))
    code = f"""
from xlner import Tagger
tagger = Tagger.load("{ID}", device="cpu")
print(tagger.words.max_subwords, *tagger.languages)
"""
    assert run(hub, tmp_path / "cache", "-c", code) == "24 eng spa\n"
    (hub.push(model) / "xlner.json").unlink()  # a later revision has none
    assert run(hub, tmp_path / "cache", "-c", code) == "64\n"


def test_all_shards_are_made_by_the_revision_that_the_first_one_took(hub, model, tiny_encoder, tmp_path, monkeypatch):
    text = write_conll(tmp_path / "text.conll", sentences(40))
    monkeypatch.setattr(shard_plan, "BLOCK_SENTENCES", 10)

    def job(name, output):
        return Job(str(name), (str(text),), str(tmp_path / output), 2, device="cpu")

    def make(shard):
        code = f"""
import xlner.api.shard_plan as plan
from xlner.api.shards import predict_shards
plan.BLOCK_SENTENCES = 10
predict_shards(plan.{job(ID, "out")!r}, shard={shard})
"""
        run(hub, tmp_path / "cache", "-c", code)

    def made_by(name, output):
        predict_shards(job(name, output))
        return [job(name, output).path(shard).read_bytes() for shard in (0, 1)]

    hub.push(model)
    make(0)
    hub.push(other := make_model(tmp_path / "other", tiny_encoder, seed=3))
    make(1)
    found = [job(ID, "out").path(shard).read_bytes() for shard in (0, 1)]
    assert found == made_by(model, "expected")
    assert found[1] != made_by(other, "unwanted")[1]
