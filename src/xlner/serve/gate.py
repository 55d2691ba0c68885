"""What every request passes before the application sees it: the token, the size of its body, and the counters."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xlner.serve.limits import Limits
from xlner.serve.metrics import Metrics
from xlner.serve.problems import Refusal, come_again

_OPEN = ("/", "/health", "/ready")  # to be seen without the token: the page asks for it, probes have none
_READ_ON = 4  # bodies of so many times the bound are read to their end, so that the sender sees the answer
_BODY_SECONDS = 30.0


@dataclass
class State:
    """What the server is about. `stopping` is set when it was told to stop."""

    stopping: bool = False


class _Gone(Exception):
    """The sender hung up."""


class Gate:
    """ASGI middleware around the application.

    Args:
        app: the application.
        limits: sizes of bodies, alone and together.
        metrics: told every request.
        state: of the server.
        token: what requests must know; None for nothing.
    """

    def __init__(self, app: ASGIApp, *, limits: Limits, metrics: Metrics, state: State, token: str | None) -> None:
        self._app, self._limits, self._metrics, self._state = app, limits, metrics, state
        self._token = None if token is None else token.encode()
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, started, held = 0, time.monotonic(), 0
        head = scope["method"] == "HEAD"  # what GET would say, without its body
        scope = {**scope, "method": "GET"} if head else scope

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *self._headers()]
            await send({**message, "body": b""} if head and message["type"] == "http.response.body" else message)

        def hold(size: int) -> None:
            nonlocal held
            held += size
            self._held += size
            if self._held > self._limits.max_held:
                raise come_again("the server holds as many bodies as it may", 5)

        self._metrics.under_way.inc()
        try:
            self._check_token(scope)
            body = await self._body(scope, receive, hold)
            started = time.monotonic()
            await _while_wanted(self._app(scope, _replay(body, receive), answer), receive, lambda: status > 0)
        except Refusal as refusal:
            await JSONResponse({"error": str(refusal)}, refusal.status, refusal.headers)(scope, receive, answer)
        except _Gone:
            status = 499  # as nginx writes it
        finally:
            self._held -= held
            self._metrics.under_way.dec()
            endpoint = getattr(scope.get("route"), "path", "none")
            self._metrics.requests.labels(endpoint, str(status or 500)).inc()
            if 200 <= status < 300:
                self._metrics.seconds.labels(endpoint).observe(time.monotonic() - started)

    def _headers(self) -> Iterable[tuple[bytes, bytes]]:
        yield b"x-content-type-options", b"nosniff"
        if self._state.stopping:
            yield b"connection", b"close"

    def _check_token(self, scope: Scope) -> None:
        # `/health?model=` may tell which models there are, which is not for everybody.
        asks = scope["path"] == "/health" and scope["query_string"]
        if self._token is None or (scope["method"] == "GET" and scope["path"] in _OPEN and not asks):
            return
        said = _token_of(dict(scope["headers"]).get(b"authorization", b""))
        if said is None or not hmac.compare_digest(said, self._token):
            what = "a token is needed" if said is None else "the token is wrong"
            raise Refusal(401, f"{what}; send the header Authorization: Bearer TOKEN", {"WWW-Authenticate": "Bearer"})

    async def _body(self, scope: Scope, receive: Receive, hold: Callable[[int], None]) -> bytes:
        if scope["method"] in ("GET", "HEAD"):
            return b""
        most = self._limits.max_body
        headers = dict(scope["headers"])
        declared = headers.get(b"content-length", b"")
        size = int(declared) if declared.isdigit() else 0
        refusal = Refusal(413, f"the body is larger than {most} bytes, the most that is taken", {"Connection": "close"})
        if size > most and (b"expect" in headers or size > _READ_ON * most):
            raise refusal
        try:
            async with asyncio.timeout(min(_BODY_SECONDS, self._limits.max_seconds)):
                body = await _read(receive, most, _READ_ON * most, hold)
        except TimeoutError:
            raise Refusal(408, "the body did not come in time", {"Connection": "close"}) from None
        if body is None:
            raise refusal
        return body


async def _read(receive: Receive, most: int, read_on: int, hold: Callable[[int], None]) -> bytes | None:
    """The body; None if it is larger than it may be, whatever its headers say.

    Args:
        receive: gives parts of it.
        most: bytes that it may have.
        read_on: bytes of a larger one that are read and forgotten.
        hold: told how many bytes more or less are in memory; may refuse them.
    """
    parts: list[bytes] = []
    size, more = 0, True
    while more and size <= read_on:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        part, more = message.get("body", b""), message.get("more_body", False)
        size += len(part)
        if size <= most:
            hold(len(part))
            parts.append(part)
        else:
            hold(-sum(map(len, parts)))
            parts.clear()
    return b"".join(parts) if size <= most else None


async def _while_wanted(work: Awaitable[None], receive: Receive, begun: Callable[[], bool]) -> None:
    """Do the work, unless the sender hangs up before there is an answer: what waits in a queue is then given up.

    Args:
        work: sends the answer.
        receive: tells that the sender hung up; the body was read from it.
        begun: whether the answer is on its way.

    Raises:
        _Gone: the sender hung up.
    """
    task, gone = asyncio.ensure_future(work), asyncio.ensure_future(_hang_up(receive))
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        if not task.done() and not begun():
            raise _Gone
        await task
    finally:
        task.cancel()
        gone.cancel()


async def _hang_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again


def _token_of(header: bytes) -> bytes | None:
    """The token in `Authorization`: behind Bearer or Token, or the password of Basic, which Label Studio can send."""
    kind, _, value = header.strip().partition(b" ")
    value = value.strip()
    if kind.lower() in (b"bearer", b"token") and value:
        return value
    if kind.lower() == b"basic":
        try:
            return base64.b64decode(value, validate=True).partition(b":")[2]
        except binascii.Error:
            return None
    return None


def problem(status: int, message: str, headers: dict[str, Any] | None = None) -> JSONResponse:
    """A refusal as an answer."""
    return JSONResponse({"error": message}, status, headers)
