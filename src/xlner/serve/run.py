"""The running server: where it listens, and how it stops."""

from __future__ import annotations

import asyncio
import ctypes
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_address
from types import FrameType
from typing import Any, cast

import uvicorn
from fastapi import FastAPI

from xlner.errors import UsageError, XlnerError
from xlner.serve.gate import State
from xlner.serve.limits import Limits

_ARENA_MAX = -8  # M_ARENA_MAX of malloc.h
_KEEP_ALIVE = 75  # seconds; longer than clients keep a connection, so that none is closed as they use it again
_FIRST_WORDS = 0.2  # seconds, for a connection that was taken last to say what it wants
_LONGEST_ANSWER = 5.0  # seconds, for answers that are ready but not sent when the time for requests is over


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine can reach what listens at `host`."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_access(host: str, token: str | None) -> None:
    """Raises UsageError: others could reach the server and need no token, or the token is none."""
    if token is not None and (not token.strip() or not token.isascii() or not token.isprintable() or " " in token):
        raise UsageError("`token` must be printable ASCII characters without spaces, and not empty")
    if token is None and not is_loopback(host):
        raise UsageError(
            f"`host {host}` can be reached from other machines, so a `token` is needed; the environment variable "
            "XLNER_TOKEN can hold it, too"
        )


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        UsageError: there is no such host or port.
        XlnerError: the port is taken.
    """
    if not 0 <= port < 65536:
        raise UsageError(f"`port` must be from 0 (any free one) to 65535, got {port}")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise UsageError(f"`host {host}` is not known: {getattr(error, 'strerror', error)}") from None
    listener = socket.socket(family, kind, protocol)
    try:
        if sys.platform == "win32":  # there SO_REUSEADDR would let two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise XlnerError(f"cannot listen at {host}:{port}: {error.strerror}; `port 0` takes a free one") from None
    return listener


def address_of(listener: socket.socket, host: str) -> str:
    """What to type into a browser on this machine."""
    port = listener.getsockname()[1]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host.strip("[]") else host)
    return f"http://{shown}:{port}"


def share_heaps() -> None:
    """Let all threads of the process share two heaps of glibc; elsewhere this does nothing.

    Batches are computed by threads that come and go. With a heap for each, what one frees another cannot use, and
    memory grows for a long time.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").mallopt(_ARENA_MAX, 2)


class Server(uvicorn.Server):
    """Stops without losing a request that it took.

    Told to stop, it says so at `/ready` and lets connections end with their next answer; after `drain_seconds` it takes
    no more and answers what is under way. A second signal ends it at once.
    """

    def __init__(self, config: uvicorn.Config, state: State, limits: Limits) -> None:
        super().__init__(config)
        self._state, self._drain = state, limits.drain_seconds
        self._stop_at = float("inf")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal came."""
        if self._state.stopping:
            self.should_exit = self.force_exit = True
        self._state.stopping = True
        idle = sig == signal.SIGINT and not self.server_state.tasks  # a person at a terminal waits
        self._stop_at = time.monotonic() + (0 if idle else self._drain)

    async def on_tick(self, counter: int) -> bool:
        """Whether to stop now."""
        if time.monotonic() >= self._stop_at:  # never set back: a signal or a thread may set it meanwhile
            self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer those too that the system let in and nobody looked at yet; it would reset their connections."""
        waiting = [connection for listener in sockets or () for connection in _at_the_door(listener)]
        for server in self.servers:
            server.close()
        for connection in waiting:
            await asyncio.get_running_loop().connect_accepted_socket(self._protocol, connection)
        if not self.force_exit:
            await asyncio.sleep(_FIRST_WORDS)
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        kind = cast(Any, self.config.http_protocol_class)
        return cast(
            asyncio.Protocol,
            kind(config=self.config, server_state=self.server_state, app_state=self.lifespan.state),
        )


def _at_the_door(listener: socket.socket) -> Iterator[socket.socket]:
    """The connections that the system let in and that nobody took."""
    listener.setblocking(False)
    with suppress(OSError):  # BlockingIOError: nobody is left
        while True:
            yield listener.accept()[0]


def run(app: FastAPI, listener: socket.socket, *, limits: Limits, state: State) -> None:
    """Serve until a signal comes.

    Args:
        app: what answers.
        listener: from `listen`.
        limits: how long requests may take, and how long a stop.
        state: shared with the application.
    """
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, lifespan="off", server_header=False, ws="none",
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=int(limits.max_seconds + _LONGEST_ANSWER) + 1,
    )  # fmt: skip
    Server(config, state, limits).run(sockets=[listener])
