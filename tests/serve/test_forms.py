"""Answers in the forms of other tools, read back by those tools or by our own readers."""

from __future__ import annotations

import json

import pytest
from tests.serve.conftest import serving
from tests.serve.known_names import names_tagger

from xlner.data import load

TEXT = "😀 Ana visits Arcol.\nBoris Chidi likes Berin 北京 Dorsk."
CONFIG = """<View>
  <Header value="Mark names"/>
  <Labels name="marks" toName="article">
    <Label value="PER" background="red"/><Label value="Place" predicted_values="LOC,GPE"/>
  </Labels>
  <Text name="article" value="$body" granularity="word"/>
</View>"""


def post(client, address, body, status=200):
    reply = client.post(address, json=body)
    assert reply.status_code == status, reply.text
    return reply.json()


def entities(client, text):
    (result,) = post(client, "/predict", {"text": text})["results"]
    return [(s["start"], s["end"], s["label"]) for s in result["spans"]]


def test_hugging_face_gets_what_its_pipeline_gives(client):
    answer = post(client, "/hf", {"inputs": TEXT, "parameters": {"aggregation_strategy": "simple"}})
    assert [(e["start"], e["end"], e["entity_group"]) for e in answer] == entities(client, TEXT)
    assert all(TEXT[e["start"] : e["end"]] == e["word"] and 0 < e["score"] <= 1 for e in answer)
    several = post(client, "/hf", {"inputs": [TEXT, "", "Ana"]})
    assert several[:2] == [answer, []]
    assert len(several) == 3
    people = post(client, "/hf", {"inputs": TEXT, "parameters": {"ignore_labels": ["O", "LOC"]}})
    assert {e["entity_group"] for e in people} == {"PER"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "'inputs': field required"),
        ({"inputs": 3}, "string"),
        ({"inputs": "a", "parameters": {"aggregation_strategy": "none"}}, "'simple', 'first', 'average' or 'max'"),
    ],
)
def test_a_bad_body_of_hugging_face_is_refused(client, body, message):
    assert message in post(client, "/hf", body, 422)["error"]


def test_doccano_reads_its_labels(client, tmp_path):
    labels = post(client, "/doccano", {"text": TEXT})
    assert [(x["start_offset"], x["end_offset"], x["label"]) for x in labels] == entities(client, TEXT)
    assert all(set(x) == {"label", "start_offset", "end_offset"} for x in labels)
    path = tmp_path / "doccano.jsonl"
    path.write_text(json.dumps({"text": TEXT, "entities": labels}) + "\n", "utf-8")
    assert surfaces(load(path)) == ["Ana", "Arcol", "Boris", "Chidi", "Berin", "Dorsk"]


def test_prodigy_reads_its_task(client, tmp_path):
    task = post(client, "/prodigy", {"text": TEXT})
    assert [(s["start"], s["end"], s["label"]) for s in task["spans"]] == entities(client, TEXT)
    for span in task["spans"]:
        assert task["tokens"][span["token_start"]]["start"] == span["start"]
        assert task["tokens"][span["token_end"]]["end"] == span["end"]
    assert all(TEXT[t["start"] : t["end"]] == t["text"] for t in task["tokens"])
    assert [t["id"] for t in task["tokens"]] == list(range(len(task["tokens"])))
    path = tmp_path / "prodigy.jsonl"
    path.write_text(json.dumps({**task, "answer": "accept", "_view_id": "ner_manual"}) + "\n", "utf-8")
    assert surfaces(load(path, format="prodigy")) == ["Ana", "Arcol", "Boris", "Chidi", "Berin", "Dorsk"]


def surfaces(corpus):
    return [s.surface(x) for s in corpus.sentences for x in s.spans]


def tasks(*texts, key="body"):
    return [{"id": i, "data": {key: text}, "is_labeled": False} for i, text in enumerate(texts)]


def test_label_studio_gets_one_result_per_task_with_the_names_of_its_interface(client):
    body = {
        "tasks": [*tasks("Ana visits Arcol", ""), {"id": 7, "data": {"other": 1}}, *tasks("Boris")],
        "label_config": CONFIG, "project": "1.17", "params": {"login": None, "password": None, "context": None},
    }  # fmt: skip
    answer = post(client, "/predict", body)
    assert [len(x["result"]) for x in answer["results"]] == [2, 0, 0, 1]
    assert [x["score"] is None for x in answer["results"]] == [False, True, True, False]
    assert {x["model_version"] for x in answer["results"]} == {answer["model_version"]} == {"toy-1"}
    person, place = answer["results"][0]["result"]
    assert (person["from_name"], person["to_name"], person["type"]) == ("marks", "article", "labels")
    assert person["value"] == {"start": 0, "end": 3, "text": "Ana", "labels": ["PER"]}
    assert place["value"]["labels"] == ["Place"]


@pytest.mark.parametrize("text", [TEXT, "👩‍👩‍👧 Ana\r\n\r\nArcol 𐐷 Berin", "e\u0301 Ana", "Ana 😀😀😀 Ana Arcol"])
def test_an_export_of_label_studio_gives_the_entities_back(client, tmp_path, text):
    (answer,) = post(client, "/predict", {"tasks": tasks(text), "label_config": CONFIG})["results"]
    for region in answer["result"]:
        value = region["value"]
        assert text[value["start"] : value["end"]] == value["text"]
    path = tmp_path / "export.json"
    path.write_text(json.dumps([{"id": 1, "data": {"body": text}, "annotations": [answer]}]), "utf-8")
    corpus = load(path)
    assert surfaces(corpus) == [r["value"]["text"] for r in answer["result"]]
    assert not corpus.report.dropped


def label_config(labels, text='<Text name="t" value="$body"/>'):
    return f'<View><Labels name="l" toName="t">{labels}</Labels>{text}</View>'


@pytest.mark.parametrize(
    ("config", "labels"),
    [
        (None, ["PER", "LOC"]),
        ("", ["PER", "LOC"]),
        (label_config('<Label value="per"/><Label value="loc"/>'), ["per", "loc"]),
        (label_config('<Label value="Person" alias="PER"/>'), ["PER"]),
        (label_config('<Label value="LOC"/>'), ["LOC"]),
        (label_config('<Label value="ORG"/>'), []),
        ('<View><Labels name="l" toName="t" value="$names"/><Text name="t" value="$body"/></View>', ["PER", "LOC"]),
    ],
)
def test_labels_are_matched_by_name(client, config, labels):
    key = "body" if config else "text"
    body = {"tasks": tasks("Ana visits Arcol", key=key), **({} if config is None else {"label_config": config})}
    (answer,) = post(client, "/predict", body)["results"]
    assert [r["value"]["labels"][0] for r in answer["result"]] == labels


def test_what_has_no_place_in_an_answer_is_counted(tiny_encoder):
    from starlette.testclient import TestClient

    with serving(names_tagger(tiny_encoder)) as app:
        client = TestClient(app)
        config = label_config('<Label value="LOC"/>')
        post(client, "/predict", {"tasks": [*tasks("Ana Arcol Boris"), {"data": {}}], "label_config": config})
        post(client, "/webhook", {"action": "ANNOTATION_CREATED", "annotation": {}})
        text = client.get("/metrics").text
    assert 'xlner_left_out_total{reason="label that the labelling interface lacks"} 2.0' in text
    assert 'xlner_left_out_total{reason="task without the text that the labelling interface names"} 1.0' in text
    assert "xlner_webhook_events_total 1.0" in text


BOMB = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]><View>&c;</View>'


@pytest.mark.parametrize("config", ["<View/>", "<View", "text", BOMB, '<View><Text name="t"/></View>', "\ud800"])
def test_an_interface_that_marks_no_text_is_refused_when_it_is_connected(client, config):
    data = json.dumps({"schema": config, "project": "1.17"})
    reply = client.post("/setup", content=data, headers={"Content-Type": "application/json"})
    assert reply.status_code == 409
    assert "the labelling interface" in reply.json()["error"]


def test_texts_that_would_have_to_be_fetched_are_refused(client):
    labels = '<Label value="PER"/>'
    config = label_config(labels, '<Text name="t" value="$body" valueType="url"/>')
    for address, body in (
        ("/setup", {"schema": config}),
        ("/predict", {"tasks": tasks("https://example.org/a.txt"), "label_config": config}),
    ):
        error = post(client, address, body, 409)["error"]
        assert 'valueType="url", and this server fetches no addresses' in error
    inline = label_config(labels, '<Text name="t" value="$body" valueType="text"/>')
    (answer,) = post(client, "/predict", {"tasks": tasks("Ana"), "label_config": inline})["results"]
    assert len(answer["result"]) == 1


def test_label_studio_connects(client):
    assert client.get("/health").json()["status"] == "UP"
    assert client.get("/models/sw/health").json()["model_class"] == "sw"
    setup = {"project": "1.17", "schema": CONFIG, "hostname": "http://localhost", "access_token": "x"}
    assert post(client, "/setup", setup) == {"model_version": "toy-1"}
    assert post(client, "/models/sw/setup", setup) == {"model_version": "sw-1"}
    answer = post(client, "/models/sw/predict", {"tasks": tasks("Ana"), "label_config": CONFIG})
    assert answer["model_version"] == "sw-1"
