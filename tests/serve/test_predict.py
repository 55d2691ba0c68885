"""`/predict`: texts and words in, entities with offsets out."""

from __future__ import annotations

import pytest
from tests.toy import sentences

from xlner.data import read_text

TEXTS = {
    "plain": "Ana visits Arcol. Boris likes Berin.",
    "right to left": "زار Ana مدينة Arcol. وصل Boris إلى Berin.",
    "Han": "Ana visits Arcol。李明住在北京。Boris likes Berin。",
    "emoji": "😀 Ana visits 👩‍👩‍👧 Arcol 🇹🇿 today",
    "decomposed": "Ánnè Ana visits Arcol cafe\u0301",
    "CRLF": "Ana visits Arcol\r\n\r\nBoris likes Berin\r\n",
    "zero width": "\u200bAna\u200b visits \ufeffArcol",
    "null": "Ana\x00 visits Arcol\x07",
    "Thai": "Ana visits กรุงเทพ Arcol",
}


def spans(client, body, **more):
    reply = client.post("/predict", json=body, **more)
    assert reply.status_code == 200, reply.text
    return [result["spans"] for result in reply.json()["results"]]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_offsets_count_code_points_of_the_text_that_was_sent(client, text):
    (found,) = spans(client, {"text": text})
    assert {s["text"] for s in found} >= {"Ana", "Arcol"}
    for span in found:
        assert text[span["start"] : span["end"]] == span["text"]
        assert 0 < span["score"] <= 1


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_entities_are_those_of_the_tagger(client, tagger, text):
    expected = [(s.label, x.surface(s)) for x in tagger.predict(read_text(text)) for s in x.spans]
    assert [(s["label"], s["text"]) for s in spans(client, {"text": text})[0]] == expected


@pytest.mark.parametrize("text", ["", " ", " \r\n\t\u3000 ", "\u200b", "\x00"])
def test_a_text_without_words_has_no_entities(client, text):
    (result,) = client.post("/predict", json={"text": text}).json()["results"]
    assert result["spans"] == []
    assert result["windows"] == 0


def test_several_texts_are_answered_in_order(client):
    texts = ["Ana visits Arcol", "", "Boris likes Berin", "nothing"]
    alone = [spans(client, {"text": text})[0] for text in texts]
    assert spans(client, {"text": texts}) == alone
    assert spans(client, {"text": []}) == []


def test_words_are_kept_and_spans_count_them(client, tagger):
    items = sentences(5)
    expected = [[(s.start, s.end, s.label) for s in x.spans] for x in tagger.predict(items)]
    found = spans(client, {"words": [list(s.words) for s in items]})
    assert [[(s["start"], s["end"], s["label"]) for s in one] for one in found] == expected
    reply = client.post("/predict", json={"words": list(items[0].words)}).json()
    assert reply["results"][0]["unit"] == "words"
    assert reply["results"][0]["spans"] == found[0]
    assert spans(client, {"words": []}) == [[]]
    assert spans(client, {"words": [[], ["Ana"]]})[0] == []


def test_a_hundred_thousand_words_come_back(client):
    text = ("Ana visits Arcol today and " * 4 + "\n") * 5_000
    (result,) = client.post("/predict", json={"text": text}).json()["results"]
    last = result["spans"][-1]
    assert text[last["start"] : last["end"]] == last["text"]
    assert len(result["spans"]) >= 40_000
    assert result["windows"] == 5_000


def test_windows_of_one_long_sentence_are_counted(client):
    (result,) = client.post("/predict", json={"text": "Ana visits Arcol today " * 200}).json()["results"]
    assert result["windows"] > 5


def test_sentences_and_words_come_on_request(client):
    text = "Ana visits Arcol.\r\n😀 Boris likes Berin."
    (result,) = client.post("/predict", json={"text": text, "sentences": True}).json()["results"]
    assert len(result["sentences"]) == 2
    for sentence in result["sentences"]:
        assert [text[a:b] for a, b in sentence["offsets"]] == sentence["words"]
    assert "sentences" not in client.post("/predict", json={"text": text}).json()["results"][0]


def test_entities_below_a_score_are_left_out(client):
    every = spans(client, {"text": TEXTS["plain"]})[0]
    least = max(s["score"] for s in every)
    found = spans(client, {"text": TEXTS["plain"], "min_score": least})[0]
    assert 0 < len(found) < len(every)
    assert found == [s for s in every if s["score"] >= least]


@pytest.mark.parametrize(
    ("address", "body", "model"),
    [
        ("/predict", {}, "toy"),
        ("/predict?model=sw", {}, "sw"),
        ("/models/sw/predict", {}, "sw"),
        ("/predict", {"language": "swa"}, "sw"),
        ("/predict", {"language": "fr"}, "toy"),
        ("/predict?model=toy", {"language": "sw"}, "toy"),
    ],
)
def test_a_model_is_chosen_by_name_or_by_language(client, address, body, model):
    reply = client.post(address, json={"text": "Ana", **body}).json()
    assert reply["model"] == model
    assert reply["version"].startswith(f"{model}-")


BAD = [
    ("", "body is missing"),
    ("{", "no JSON"),
    ("[]", "JSON object"),
    ("null", "JSON object"),
    ("7", "JSON object"),
    ('"text"', "JSON object"),
    ("{}", "'text': field required"),
    ('{"txt": "a"}', "'text': field required"),
    ('{"text": 1}', "'text': must be a string or a list of strings"),
    ('{"text": ["a", 3]}', "'text': must be a string or a list of strings"),
    ('{"text": "a", "colour": 1}', "'colour' is no field"),
    ('{"text": "a", "min_score": 2}', "'min_score'"),
    ('{"text": "a", "min_score": NaN}', "'min_score'"),
    ('{"text": "a", "sentences": "perhaps"}', "'sentences'"),
    ('{"text": "\\ud83d"}', "surrogate"),
    ('{"words": ["\\udc00"]}', "surrogate"),
    ('{"words": "Ana"}', "list of words"),
    ('{"words": ["a", ["b"]]}', "list of words"),
    ('{"words": ["a", ""]}', "not empty"),
    ('{"words": [["a", 1]]}', "not empty"),
    ('{"words": ["a"], "text": "b"}', "'text' is no field"),
    ('{"tasks": 1}', "'tasks'"),
    ('{"tasks": [{"text": "a"}]}', "'tasks.0.data': field required"),
    ("[" * 100_000, ""),
    ('{"text": ' * 100_000, ""),
    ('{"text": ' + "1" * 10_000 + "}", ""),
    (b"\xff\xfe{", ""),
    (b'{"text": "\xff"}', ""),
]


@pytest.mark.parametrize(("body", "message"), BAD, ids=[str(b)[:40] for b, _ in BAD])
def test_a_bad_body_is_refused_with_one_sentence(client, body, message):
    reply = client.post("/predict", content=body, headers={"Content-Type": "application/json"})
    assert reply.status_code in (400, 422)
    error = reply.json()["error"]
    assert message in error
    assert "\n" not in error
    assert "Traceback" not in error
    assert len(error) < 300


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("POST", "/predict?model=none", 404),
        ("POST", "/models/none/predict", 404),
        ("GET", "/nowhere", 404),
        ("GET", "/nowhere/\ud7ff%ff%00", 404),
        ("GET", "/predict", 405),
        ("PUT", "/predict", 405),
    ],
)
def test_a_wrong_address_is_refused_with_one_sentence(client, method, address, status):
    reply = client.request(method, address, json={"text": "Ana"})
    assert reply.status_code == status
    assert set(reply.json()) == {"error"}


def test_a_language_that_nobody_knows_is_said(client):
    reply = client.post("/predict", json={"text": "Ana", "language": "klingonish\n"})
    assert reply.status_code == 404
    assert reply.json()["error"] == "'klingonish?' is no language code; use BCP-47 or ISO 639, such as sw"


def test_a_body_that_does_not_say_it_is_json_is_refused(client):
    reply = client.post("/predict", content='{"text": "Ana"}', headers={"Content-Type": "text/plain"})
    assert reply.status_code == 422
    assert "Content-Type: application/json" in reply.json()["error"]
