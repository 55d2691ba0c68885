"""What a server says when it has too much to do, takes too long, fails, or is left alone by who asked."""

from __future__ import annotations

import socket
import threading
import time

from starlette.testclient import TestClient
from tests.serve.conftest import request, running, send_raw, serving


class Slow:
    """The tagger, held until it may go on."""

    def __init__(self, tagger):
        self._tagger = tagger
        self.begun, self.may = threading.Semaphore(0), threading.Event()

    def __getattr__(self, name):
        return getattr(self._tagger, name)

    def probabilities(self, sentences):
        self.begun.release()
        assert self.may.wait(20)
        return self._tagger.probabilities(sentences)


def test_a_full_queue_answers_503_and_others_are_not_lost(tagger):
    slow = Slow(tagger)
    with serving(slow, max_waiting=2, gather_ms=0, batch_subwords=64) as app, TestClient(app) as client:
        replies = []

        def ask():
            replies.append(client.post("/predict?model=toy", json={"text": "Ana " * 60}))

        threads = [threading.Thread(target=ask)]
        threads[0].start()
        slow.begun.acquire(timeout=10)
        threads += [threading.Thread(target=ask) for _ in range(5)]
        for thread in threads[1:]:
            thread.start()
        until = time.monotonic() + 10
        while len(replies) < 3 and time.monotonic() < until:
            time.sleep(0.01)
        assert [r.status_code for r in replies] == [503] * 3
        assert all(int(r.headers["Retry-After"]) >= 1 and "waiting" in r.json()["error"] for r in replies)
        assert 'xlner_requests_waiting{model="toy"} 2.0' in client.get("/metrics").text
        slow.may.set()
        for thread in threads:
            thread.join()
    assert sorted(r.status_code for r in replies) == [200] * 3 + [503] * 3


def test_a_request_that_takes_too_long_is_given_up(tagger):
    slow = Slow(tagger)
    with serving(slow, max_seconds=0.2) as app:
        reply = TestClient(app).post("/predict", json={"text": "Ana"})
        slow.may.set()
    assert reply.status_code == 503
    assert "no answer within 0.2 s" in reply.json()["error"]
    assert reply.headers["Retry-After"] == "10"


def test_what_nobody_waits_for_any_more_is_not_begun(tagger):
    slow = Slow(tagger)
    with serving(slow, gather_ms=0, batch_subwords=64) as app, running(app) as address:
        host, port = address.removeprefix("http://").split(":")
        where = (host, int(port))
        first, second = (socket.create_connection(where, timeout=10) for _ in range(2))
        body = b'{"text": "Ana"}'
        first.sendall(request(body, f"Content-Length: {len(body)}"))
        assert slow.begun.acquire(timeout=10)
        second.sendall(request(body, f"Content-Length: {len(body)}"))
        wait_for(lambda: b'xlner_requests_waiting{model="toy"} 1.0' in metrics_of(address))
        second.close()
        wait_for(lambda: b'xlner_requests_total{endpoint="/predict",status="499"} 1.0' in metrics_of(address))
        slow.may.set()
        assert b" 200 " in b"".join(iter(lambda: first.recv(65536), b""))
        first.close()
        assert not slow.begun.acquire(timeout=0.2)


def metrics_of(address):
    return send_raw(address, b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")


def wait_for(what):
    until = time.monotonic() + 10
    while not what():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_failure_of_the_model_is_one_sentence(tagger):
    class Broken(Slow):
        def probabilities(self, sentences):
            raise ZeroDivisionError("secret")

    with serving(Broken(tagger)) as app:
        reply = TestClient(app, raise_server_exceptions=False).post("/predict", json={"text": "Ana"})
    assert reply.status_code == 500
    assert reply.json() == {"error": "the server failed; its log says why"}
