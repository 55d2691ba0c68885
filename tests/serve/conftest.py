"""Two tiny models behind one application, in this process."""

from __future__ import annotations

import socket
import sys
import threading
import traceback
from contextlib import contextmanager

import pytest
from tests.quick_model import make_model
from tests.serve.known_names import names_tagger

pytest.importorskip("fastapi", reason="the extra `serve` is not installed")


@pytest.fixture(scope="session")
def toy_model(tiny_encoder, tmp_path_factory):
    """A folder with a model that knows the toy language."""
    return make_model(tmp_path_factory.mktemp("served") / "toy", tiny_encoder, sure=3.0)


@pytest.fixture(scope="session")
def tagger(tiny_encoder):
    return names_tagger(tiny_encoder)


@pytest.fixture(scope="session")
def app(tagger):
    """Models `toy` and `sw`, which is Swahili."""
    with serving(tagger, gather_ms=0) as application:
        yield application


@contextmanager
def serving(tagger, *, token=None, **limits):
    """An application with its own counters and limits."""
    from xlner.serve import Limits, Models, ServedModel, make_app
    from xlner.serve.metrics import Metrics

    metrics, bounds = Metrics(), Limits(**limits)
    models = [
        ServedModel(name, tagger, limits=bounds, version=f"{name}-1", language=language, on_batch=metrics.on_batch)
        for name, language in (("toy", None), ("sw", "swa"))
    ]
    yield make_app(Models(models), limits=bounds, metrics=metrics, token=token)
    for model in models:
        model.close()


@pytest.fixture(scope="session")
def client(app):
    from starlette.testclient import TestClient

    return TestClient(app, raise_server_exceptions=False)


@contextmanager
def running(app, limits=None):
    """The application at a real socket, in a thread of this process; gives its address."""
    import uvicorn

    from xlner.serve.gate import State
    from xlner.serve.limits import Limits
    from xlner.serve.run import Server, address_of, listen

    listener = listen("127.0.0.1", 0)
    config = uvicorn.Config(app, log_level="critical", lifespan="off", ws="none", timeout_graceful_shutdown=3)
    server = Server(config, State(), limits or Limits())
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield address_of(listener, "127.0.0.1")
    server.should_exit = True
    thread.join(20)
    assert not thread.is_alive(), "".join(traceback.format_stack(sys._current_frames()[thread.ident]))


def send_raw(address, data, timeout=10.0):
    """Bytes over a socket of their own, and all that comes back."""
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=timeout) as connection:
        connection.sendall(data)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def request(body, *headers):
    """The bytes of a request to `/predict`."""
    head = ["POST /predict HTTP/1.1", "Host: x", "Connection: close", "Content-Type: application/json", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body
