"""The command in a process of its own: it says where it listens, answers, and stops without losing a request."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
import uvicorn

from xlner.cli import main
from xlner.serve.gate import State
from xlner.serve.limits import Limits
from xlner.serve.run import Server, listen


def start(model, *more):
    """The process, and where it listens."""
    process = subprocess.Popen(
        [sys.executable, "-m", "xlner", "serve", f"toy={model}", "--port", "0", "--device", "cpu", *more],
        stderr=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    for line in process.stderr:
        if match := re.match(r"serving at http://127\.0\.0\.1:(\d+) \(toy\); Ctrl-C stops\n", line):
            return process, int(match[1])
    raise AssertionError("it did not start")


def post(port, body, connection=None):
    """Status and answer; over one connection again and again, if that is given."""
    connection = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/predict", json.dumps(body), {"Content-Type": "application/json"})
    reply = connection.getresponse()
    return reply.status, json.loads(reply.read())


def test_sigterm_loses_no_request_that_was_taken(toy_model):
    """Clients ask without a pause while the server is told to stop; each question is answered or not taken at all."""
    process, port = start(toy_model, "--drain-seconds", "0.3")
    answered, lost, at_the_door = [], [], []

    def ask(number, keep):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30) if keep else None
        text = f"Ana visits Arcol {'today ' * (200 if number % 3 == 0 else 3)}."
        while True:
            try:
                status, body = post(port, {"text": text}, connection)
            except ConnectionRefusedError:  # not taken: nobody listens any more
                return
            except (OSError, http.client.HTTPException) as error:
                # The system may let a connection in after the last look of the server, which never has it then.
                fresh = connection is None and isinstance(error, ConnectionResetError)
                (at_the_door if fresh else lost).append(error)
                return
            answered.append((status, len(body["results"])))

    threads = [threading.Thread(target=ask, args=(i, i % 2)) for i in range(6)]
    for thread in threads:
        thread.start()
    while len(answered) < 30:
        time.sleep(0.01)
    before = len(answered)
    process.send_signal(signal.SIGTERM)
    for thread in threads:
        thread.join(30)
    assert process.wait(30) == 0
    assert lost == []
    assert len(at_the_door) < 2
    assert set(answered) == {(200, 1)}
    assert len(answered) > before
    assert "Traceback" not in process.stderr.read()


def test_who_came_before_the_door_was_closed_gets_an_answer():
    """The loop of the server has no time to take connections; the system lets them in, and then it is told to stop."""

    async def answer(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    listener = listen("127.0.0.1", 0)
    config = uvicorn.Config(answer, log_level="critical", lifespan="off", timeout_graceful_shutdown=5)
    server = Server(config, State(), Limits())

    async def stop_at_once():
        await server.startup([listener])
        clients = [socket.create_connection(listener.getsockname()) for _ in range(5)]
        for client in clients:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        await server.shutdown([listener])
        return [client.recv(4096) for client in clients]

    config.load()
    server.lifespan = config.lifespan_class(config)
    assert [said.split(b"\r\n")[0] for said in asyncio.run(stop_at_once())] == [b"HTTP/1.1 200 OK"] * 5


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["serve", "./nowhere"], 1, "no model at './nowhere'"),
        (["serve", "a=./nowhere", "a=./other"], 2, "two models have the name a"),
        (["serve", "./nowhere", "--host", "0.0.0.0"], 2, "--host 0.0.0.0 can be reached from other machines"),
        (["serve", "./nowhere", "--port", "99999"], 2, "--port must be"),
        (["serve", "./nowhere", "--token", "two words"], 2, "--token must be"),
        (["serve", "./nowhere", "--max-body", "7"], 2, "--max-body"),
        (["serve"], 2, "Missing argument"),
    ],
)
def test_a_mistake_is_one_message(words, code, message, capsys, monkeypatch):
    monkeypatch.delenv("XLNER_TOKEN", raising=False)
    with pytest.raises(SystemExit) as stopped:
        main([*words, *(() if "--port" in words else ("--port", "0"))] if len(words) > 1 else words)
    assert stopped.value.code == code
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_the_token_may_come_from_the_environment(capsys, monkeypatch):
    monkeypatch.setenv("XLNER_TOKEN", "open-sesame")
    with pytest.raises(SystemExit):
        main(["serve", "./nowhere", "--host", "0.0.0.0", "--port", "0"])
    assert "no model at" in capsys.readouterr().err  # and not that a token is needed


def test_the_demo_model_finds_what_its_head_was_fitted_on(tiny_encoder, tmp_path, monkeypatch):
    from tests.toy import sentences, write_conll

    from xlner.evaluate import score
    from xlner.serve import demo

    items = sentences(60)
    path = write_conll(tmp_path / "toy.conll", items)
    monkeypatch.setattr(demo, "demo_file", lambda name: path)
    tagger = demo.demo_tagger(encoder=str(tiny_encoder), device="cpu")
    assert score(items, list(tagger.predict(items))).f1 > 0.8
    mapped = demo.demo_tagger(encoder=str(tiny_encoder), mapping={"LOC": "PLACE"}, device="cpu")
    assert set(mapped.labels.types) == {"PLACE", "PER"}
