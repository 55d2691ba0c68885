"""An exported model is loaded by its hub id, from a server that answers as the hub does."""

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
from tests.toy import sentences, write_conll

from xlner.cli import main

ID = "owner/exported-ner"


@pytest.fixture
def hub(exported, tmp_path):
    """Serves the files of an exported model under one id."""
    folder = tmp_path / "on-the-hub"
    shutil.copytree(exported, folder)
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            if self.path.startswith(f"/api/models/{ID}/tree"):
                files = [
                    {"type": "file", "path": p.name, "size": p.stat().st_size, "oid": "a" * 40}
                    for p in folder.iterdir()
                ]
                self._answer(json.dumps(files).encode())
                return
            if self.path.startswith(f"/api/models/{ID}"):
                names = [{"rfilename": p.name} for p in folder.iterdir()]
                self._answer(json.dumps({"id": ID, "sha": "a" * 40, "siblings": names}).encode())
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
            self.send_header("X-Repo-Commit", "a" * 40)
            if error:
                self.send_header("X-Error-Code", error)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(data)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.asked, server.folder = asked, folder
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


def test_an_exported_model_is_taken_from_the_hub(hub, tmp_path, capsys):
    text = str(write_conll(tmp_path / "text.conll", sentences(5)))
    found = run(hub, tmp_path / "cache", "-m", "xlner", "predict", ID, text)
    with pytest.raises(SystemExit):
        main(["predict", str(hub.folder), text])
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
