"""Cards as the hub reads them, and uploads to a server that speaks as the hub does."""

from __future__ import annotations

import base64
import json
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import huggingface_hub
import pytest
from huggingface_hub import HfApi, ModelCard, metadata_load
from huggingface_hub.repocard import RepoCard
from huggingface_hub.repocard_data import model_index_to_eval_results
from tests.toy import sentences

from xlner.cli import main
from xlner.errors import ModelError, UsageError, XlnerError
from xlner.integrations.hub import push
from xlner.tagger import Tagger
from xlner.tagger.card import model_card

RESULT = {
    "name": "Spanish: gold", "file": "es.gold.conll", "f1": 0.76543219, "precision": 0.7, "recall": 0.85,
    "low": 0.7, "high": 0.8, "sentences": 60,
}  # fmt: skip


def card(**changes):
    values = {
        "languages": ["eng", "spa"], "types": ["LOC", "PER"], "encoder": "owner/encoder", "method": "Distilled.",
        "reference": "Somebody.", "data": [], "settings": {}, "results": [RESULT], "limits": ["Small."],
        "licence": "cc-by-4.0",
    }  # fmt: skip
    return model_card(**{**values, **changes})


@pytest.fixture
def model(tiny_model, tmp_path):
    shutil.copytree(tiny_model, tmp_path / "model")
    (tmp_path / "model" / "README.md").write_text(card())
    return tmp_path / "model"


def test_the_hub_reads_languages_licence_and_results(tmp_path):
    (tmp_path / "README.md").write_text(card())
    data = ModelCard.load(tmp_path / "README.md").data
    assert (data.language, data.license, data.base_model) == (["en", "es"], "cc-by-4.0", "owner/encoder")
    assert data.to_dict()["library_name"] == "transformers"
    assert data.pipeline_tag == "token-classification"
    results = {r.metric_type: r for r in data.eval_results}
    assert {m: r.metric_value for m, r in results.items()} == {"f1": 0.765432, "precision": 0.7, "recall": 0.85}
    assert (results["f1"].dataset_name, results["f1"].dataset_type) == ("Spanish: gold", "es.gold.conll")
    name, again = model_index_to_eval_results(metadata_load(tmp_path / "README.md")["model-index"])
    assert (name, len(again)) == ("xlner-en-es", 3)
    assert "# Named entity recognition: English, Spanish" in RepoCard.load(tmp_path / "README.md").text


def test_a_card_says_nothing_that_is_not_known():
    data = ModelCard(card(results=[], licence=None, encoder="embedded")).data.to_dict()
    assert not {"model-index", "license", "base_model"} & set(data)


@pytest.mark.parametrize("licence", ["other", "CC BY 4.0: see LICENSE"])
def test_any_licence_can_be_written(licence):
    assert ModelCard(card(licence=licence)).data.license == licence


def test_the_model_gives_the_same_entities_in_a_pipeline(model):
    from transformers import pipeline

    tag = pipeline("token-classification", str(model), aggregation_strategy="first", device="cpu")
    items = [s.with_text() for s in sentences(30, "spa", seed=8)]
    ours = [
        [(s.offsets[x.start][0], s.offsets[x.end - 1][1], x.label) for x in s.spans]
        for s in Tagger.load(model, device="cpu").predict(items)
    ]
    theirs = [
        [(e["start"] + (s.text[e["start"]] == " "), e["end"], e["entity_group"]) for e in tag(s.text)] for s in items
    ]
    assert sum(map(len, ours)) > 40
    assert ours == theirs


def test_a_dry_run_shows_files_and_card_and_needs_no_network(model, capsys, monkeypatch):
    monkeypatch.setattr(huggingface_hub, "HfApi", None)
    (model / "notes.txt").write_text("mine")
    (model / "pytorch_model.bin").write_text("pickled")
    with pytest.raises(SystemExit) as stopped:
        main(["push", str(model), "owner/name", "--dry-run", "--json"])
    assert not stopped.value.code
    told = json.loads(capsys.readouterr().out)
    assert told["files"]["model.safetensors"] == (model / "model.safetensors").stat().st_size
    assert told["bytes"] == sum(told["files"].values())
    assert told["left_out"] == ["notes.txt", "pytorch_model.bin"]
    assert told["card"]["model-index"][0]["results"][0]["dataset"]["name"] == "Spanish: gold"
    assert (told["url"], told["notes"], told["private"]) == (None, [], False)
    with pytest.raises(SystemExit):
        main(["push", str(model), "owner/name", "--dry-run", "--private"])
    text = capsys.readouterr().out
    assert "owner/name (private)" in text
    assert "license: cc-by-4.0" in text


def test_what_a_card_lacks_is_told(model):
    (model / "README.md").write_text(card(results=[], licence=None))
    notes = push(model, "owner/name", dry_run=True).notes
    assert [word for note in notes for word in ("no licence", "no results") if word in note] == [
        "no licence", "no results"
    ]  # fmt: skip
    (model / "README.md").unlink()
    assert "has no card" in push(model, "owner/name", dry_run=True).notes[0]
    (model / "README.md").write_text("---\nlicense: [\n---\n")
    with pytest.raises(UsageError, match="head cannot be read"):
        push(model, "owner/name", dry_run=True)


def test_what_is_no_model_is_refused(model, tmp_path, tiny_encoder):
    with pytest.raises(ModelError, match="there is no such folder"):
        push(tmp_path / "nothing", "owner/name", dry_run=True)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="there is no model"):
        push(tmp_path / "empty", "owner/name", dry_run=True)
    with pytest.raises(ModelError, match="label"):
        push(tiny_encoder, "owner/name", dry_run=True)
    with pytest.raises(UsageError, match="no name of a repository"):
        push(model, "a/b/c", dry_run=True)
    (model / "model.safetensors").rename(model / "pytorch_model.bin")
    with pytest.raises(ModelError, match="no weights in safetensors"):
        push(model, "owner/name", dry_run=True)


def test_without_a_token_nothing_is_tried(model, monkeypatch, capsys):
    monkeypatch.setattr(huggingface_hub, "get_token", lambda: None)
    with pytest.raises(SystemExit) as stopped:
        main(["push", str(model), "owner/name"])
    assert stopped.value.code == 2
    assert "there is no token for the hub; run 'hf auth login'" in capsys.readouterr().err


@pytest.fixture
def hub(monkeypatch):
    """A server that takes uploads as the hub does, and remembers them."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            size = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(size) if size else self._chunks()
            asked.append((self.path, self.headers["Authorization"], body))
            answer, status = {}, 200
            if self.path == "/api/repos/create":
                answer = {"url": f"{server.url}/owner/name"}
                status = 403 if b"forbidden" in body else 200
            elif "/preupload/" in self.path:
                answer = {
                    "files": [
                        {"path": f["path"], "uploadMode": "regular", "shouldIgnore": False}
                        for f in json.loads(body)["files"]
                    ]
                }
            elif "/commit/" in self.path:
                answer = {"success": True, "commitOid": "a" * 40, "commitUrl": f"{server.url}/owner/name/commit/aaa"}
            self._answer(answer, status)

        def do_GET(self):
            asked.append((self.path, self.headers["Authorization"], b""))
            self._answer({"error": "no"}, 404)

        def _chunks(self):
            data = b""
            while size := int(self.rfile.readline() or b"0", 16):
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return data

        def _answer(self, answer, status):
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url, server.asked = f"http://127.0.0.1:{server.server_address[1]}", asked
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def test_an_upload_sends_the_files_of_the_model_alone(model, hub):
    (model / "notes.txt").write_text("mine")
    made = push(model, "owner/name", private=True, api=HfApi(endpoint=hub.url, token="secret"))
    assert made.url == f"{hub.url}/owner/name/commit/aaa"
    assert "are at http" in made.describe()
    assert {token for _, token, _ in hub.asked} <= {"Bearer secret", None}
    create = next(json.loads(body) for path, _, body in hub.asked if path == "/api/repos/create")
    assert (create["name"], create["organization"]) == ("name", "owner")
    assert create.get("private") or create.get("visibility") == "private"
    commit = next(body for path, _, body in hub.asked if "/commit/" in path)
    lines = [json.loads(line) for line in commit.splitlines()]
    sent = {x["value"]["path"]: base64.b64decode(x["value"]["content"]) for x in lines if x["key"] == "file"}
    assert set(sent) == set(made.files)
    assert sent["README.md"] == (model / "README.md").read_bytes()
    assert sent["model.safetensors"] == (model / "model.safetensors").read_bytes()


def test_a_refusal_is_told_in_a_line(model, hub):
    with pytest.raises(XlnerError, match="the hub refused forbidden/name: ") as caught:
        push(model, "forbidden/name", api=HfApi(endpoint=hub.url, token="secret"))
    assert "\n" not in str(caught.value)
    hub.shutdown()
    hub.server_close()
    with pytest.raises(XlnerError, match="the hub cannot be reached"):
        push(model, "owner/name", api=HfApi(endpoint=hub.url, token="secret"))


def test_a_name_without_an_owner_is_refused(model):
    with pytest.raises(UsageError, match="names no owner"):
        push(model, "my-model", dry_run=True)
