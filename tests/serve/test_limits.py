"""Bounds of requests, the token, and where a server listens."""

from __future__ import annotations

import socket
import time

import pytest
from starlette.testclient import TestClient
from tests.serve.conftest import request, running, send_raw, serving

from xlner.api.serve import serve
from xlner.errors import ModelError, OptionError, UsageError, XlnerError
from xlner.serve.models import named_models
from xlner.serve.run import check_access, listen

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def small(tagger):
    with serving(tagger, max_body=2000, max_characters=500, max_texts=3) as app:
        yield app


@pytest.fixture(scope="module")
def guarded(tagger):
    with serving(tagger, token="open-sesame") as app:
        yield app


@pytest.fixture(scope="module")
def small_address(small):
    with running(small) as where:
        yield where


def test_head_says_what_get_would_say_without_its_body(app):
    client = TestClient(app)
    for path in ("/", "/health", "/metrics", "/openapi.json"):
        reply = client.head(path)
        assert (reply.status_code, reply.content) == (200, b"")
    assert client.head("/predict").status_code == 405


@pytest.mark.parametrize(
    ("address", "body", "message"),
    [
        ("/predict", {"text": "a" * 501}, "501 characters, and 500 are the most"),
        ("/predict", {"text": ["a" * 250, "b" * 251]}, "501 characters"),
        ("/predict", {"words": ["a"] * 300}, "599 characters"),
        ("/predict", {"text": ["a"] * 4}, "4 texts are sent, and 3 are the most"),
        ("/predict", {"words": [["a"]] * 4}, "4 texts"),
        ("/predict", {"tasks": [{"data": {"text": "a"}}] * 4}, "4 texts"),
        ("/hf", {"inputs": "a" * 501}, "501 characters"),
        ("/doccano", {"text": "a" * 501}, "501 characters"),
        ("/predict", {"text": "a" * 2000}, "larger than 2000 bytes"),
        ("/webhook", {"text": "a" * 2000}, "larger than 2000 bytes"),
    ],
)
def test_what_is_too_large_is_refused_with_the_bound(small, address, body, message):
    reply = TestClient(small).post(address, json=body)
    assert reply.status_code == 413
    assert message in reply.json()["error"]


def chunked(*parts):
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in (*parts, b""))


def test_a_body_in_chunks_is_counted_as_it_comes(small_address):
    many = chunked(*[b"a" * 100] * 50)
    assert b" 413 " in send_raw(small_address, request(many, "Transfer-Encoding: chunked"))
    good = chunked(b'{"text": "Ana', b" visits", b' Arcol"}')
    reply = send_raw(small_address, request(good, "Transfer-Encoding: chunked"))
    assert b" 200 " in reply
    assert b"Arcol" in reply


def test_a_body_that_is_said_to_be_huge_is_not_waited_for(small_address):
    reply = send_raw(small_address, request(b"{", "Content-Length: 100000000"))
    assert b" 413 " in reply
    assert b"larger than 2000 bytes" in reply


def test_who_hangs_up_or_sends_rubbish_harms_nobody(small_address):
    host, port = small_address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(request(b"{", "Content-Length: 1000"))
    assert b" 400 " in send_raw(small_address, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
    assert b" 400 " in send_raw(small_address, request(b"zz\r\n", "Transfer-Encoding: chunked"))
    body = b'{"text": "Ana"}'
    assert b" 200 " in send_raw(small_address, request(body, f"Content-Length: {len(body)}"))


def test_bodies_count_while_they_come(tagger):
    with serving(tagger, max_body=2000) as app, running(app) as address:
        host, port = address.removeprefix("http://").split(":")
        waiting = []
        for _ in range(9):  # eight bodies are held at most
            connection = socket.create_connection((host, int(port)), timeout=10)
            connection.sendall(request(b"a" * 1900, "Content-Length: 1990"))
            waiting.append(connection)
        assert b" 503 " in waiting[-1].recv(100)
        for connection in waiting:
            connection.close()
        body = b'{"text": "Ana"}'
        until = time.monotonic() + 10
        while b" 200 " not in send_raw(address, request(body, f"Content-Length: {len(body)}")):
            assert time.monotonic() < until


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (None, 401),
        ("Bearer wrong", 401),
        ("Bearer ", 401),
        ("Basic !!", 401),
        ("open-sesame", 401),
        ("Bearer open-sesame", 200),
        ("bearer  open-sesame", 200),
        ("Token open-sesame", 200),
        ("Basic YW55Om9wZW4tc2VzYW1l", 200),
        ("Basic b3Blbi1zZXNhbWU=", 401),
        (b"Bearer \xff\xfe", 401),
    ],
)
def test_a_token_opens_the_server(guarded, header, status):
    client = TestClient(guarded)
    headers = {} if header is None else {"Authorization": header}
    reply = client.post("/predict", json={"text": "Ana"}, headers=headers)
    assert reply.status_code == status
    assert client.get("/metrics", headers=headers).status_code == status
    assert client.get("/openapi.json", headers=headers).status_code == status
    assert [client.get(path).status_code for path in ("/", "/health", "/ready")] == [200] * 3
    assert client.get("/?model=nope").status_code == 200
    assert client.post("/ready", content=b"x", headers=headers).status_code == (405 if status == 200 else status)
    assert client.get("/health?model=nope", headers=headers).status_code == (404 if status == 200 else status)
    if status == 401:
        assert reply.headers["WWW-Authenticate"] == "Bearer"
        assert "open-sesame" not in reply.text


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "10.0.0.1", "example.org", ""])
def test_a_host_that_others_reach_needs_a_token(host):
    with pytest.raises(UsageError, match="needed"):
        check_access(host, None)
    check_access(host, "open-sesame")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "::1", "[::1]"])
def test_a_host_of_this_machine_needs_none(host):
    check_access(host, None)


@pytest.mark.parametrize("token", ["", " ", "two words", "schlüssel", "a\nb"])
def test_a_token_can_be_sent_in_a_header(token):
    with pytest.raises(UsageError, match="token"):
        check_access("127.0.0.1", token)


@pytest.mark.parametrize("models", [{}, []])
def test_a_server_needs_a_model(models):
    with pytest.raises(OptionError, match="`models` names no model to serve"):
        serve(models, port=0)


def test_a_single_model_needs_no_list():
    with pytest.raises(ModelError, match=r"no model at '\./nowhere'"):
        serve("./nowhere", port=0)


def test_a_host_that_cannot_be_is_said():
    with pytest.raises(UsageError, match=r"`host a\.\.b` is not known"):
        listen("a..b", 0)


def test_windows_lets_no_second_server_share_a_port(monkeypatch):
    """There SO_REUSEADDR would let it."""
    asked = []

    class Socket(socket.socket):
        def setsockopt(self, *words):
            asked.append(words)

    monkeypatch.setattr("xlner.serve.run.sys.platform", "win32")
    monkeypatch.setattr("socket.SO_EXCLUSIVEADDRUSE", -5, raising=False)
    monkeypatch.setattr("socket.socket", Socket)
    listen("127.0.0.1", 0).close()
    assert asked == [(socket.SOL_SOCKET, -5, 1)]


def test_a_port_that_is_taken_is_said():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(XlnerError, match=r"Address already in use; `port 0` takes a free one"):
            listen("127.0.0.1", other.getsockname()[1])
    with pytest.raises(UsageError, match="65535"):
        listen("127.0.0.1", 70_000)
    with pytest.raises(UsageError, match="not known"):
        listen("no.such.host.invalid", 0)


@pytest.mark.parametrize(
    ("items", "named"),
    [
        (["runs/sw"], {"sw": "runs/sw"}),
        (["runs/sw/model"], {"sw": "runs/sw/model"}),
        (["runs/sw/", "es=runs/b"], {"sw": "runs/sw/", "es": "es=runs/b"[3:]}),
        (["someone/model-x"], {"model-x": "someone/model-x"}),
        (["./odd name=1"], {"odd-name-1": "./odd name=1"}),
    ],
)
def test_models_have_names(items, named):
    assert named_models(items) == named


@pytest.mark.parametrize("item", ["model", "./model", "."])
def test_a_model_in_the_folder_at_hand_has_the_name_of_its_run(tmp_path, monkeypatch, item):
    (tmp_path / "swahili" / "model").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "swahili")
    assert named_models([item]) == {"swahili": item}


def test_a_link_to_a_model_has_the_name_of_the_link(tmp_path):
    (tmp_path / "run-17").mkdir()
    (tmp_path / "sw").symlink_to(tmp_path / "run-17")
    assert named_models([str(tmp_path / "sw")]) == {"sw": str(tmp_path / "sw")}


@pytest.mark.parametrize("items", [["a/m", "b/m"], ["x=a", "x=b"], ["x="], ["/"]])
def test_names_of_models_are_checked(items):
    with pytest.raises(UsageError, match="NAME=MODEL"):
        named_models(items)
