"""The application: endpoints, the page, errors as one sentence, and the gate around all of it."""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, Response

from xlner.serve import bodies as b
from xlner.serve.gate import Gate, State, problem
from xlner.serve.limits import Limits
from xlner.serve.metrics import Metrics
from xlner.serve.models import Models
from xlner.serve.problems import Refusal, sentence_of
from xlner.serve.routes import PROBLEMS, Endpoints, model_routes

_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def make_app(
    models: Models,
    *,
    limits: Limits | None = None,
    token: str | None = None,
    metrics: Metrics | None = None,
    state: State | None = None,
) -> FastAPI:
    """The ASGI application.

    Args:
        models: that answer.
        limits: of requests.
        token: what requests must know; None for nothing.
        metrics: where to count; those that the models were loaded with.
        state: tells the application that the server is stopping.
    """
    limits, metrics, state = limits or Limits(), metrics or Metrics(), state or State()
    metrics.watch(models)

    app = FastAPI(
        title="xlner", version=version("xlner"), summary="Named entities of text in many languages.", docs_url=None,
        redoc_url=None,
    )  # fmt: skip
    shared = Endpoints(models, limits, metrics)
    app.include_router(model_routes(shared, in_path=False))
    app.include_router(model_routes(shared, in_path=True))
    _add_server_routes(app, models, metrics, state)
    _add_problems(app)
    app.add_middleware(Gate, limits=limits, metrics=metrics, state=state, token=token)
    return app


def _add_server_routes(app: FastAPI, models: Models, metrics: Metrics, state: State) -> None:
    page = Path(__file__).with_name("page.html").read_text("utf-8")
    policy = {"Content-Security-Policy": _policy(page), "Referrer-Policy": "no-referrer"}
    refused: dict[int | str, dict[str, Any]] = {401: PROBLEMS[401]}

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    async def show() -> HTMLResponse:
        return HTMLResponse(page, headers=policy)

    @app.get("/ready", response_model=b.ReadyOut, responses={503: {"model": b.ReadyOut}}, tags=["server"])
    async def ready() -> JSONResponse:
        """Whether requests are taken: 200, or 503 while the server stops."""
        return JSONResponse({"status": "stopping" if state.stopping else "ready"}, 503 if state.stopping else 200)

    @app.get("/models", response_model=list[b.ModelOut], responses=refused, tags=["server"])
    async def list_models() -> JSONResponse:
        """The models, the default first."""
        return JSONResponse(
            [{"name": m.name, "version": m.version, "labels": list(m.labels), "language": m.language} for m in models]
        )

    @app.get(
        "/metrics", response_class=Response, tags=["server"],
        responses={**refused, 200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )  # fmt: skip
    async def show_metrics() -> Response:
        """Counters in the form of Prometheus."""
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _policy(page: str) -> str:
    """Nothing but the page's own script and styles, and requests to this server."""
    scripts = [hashlib.sha256(script.encode()).digest() for script in _SCRIPT.findall(page)]
    allowed = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _add_problems(app: FastAPI) -> None:
    @app.exception_handler(Refusal)
    async def refused(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Refusal)
        return problem(error.status, str(error), error.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return problem(422, sentence_of(error.errors()))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        said = {
            404: f"there is nothing at {request.url.path[:80]}; /openapi.json has the addresses",
            405: f"{request.method} is no method of this address; /openapi.json has them",
            400: "the body cannot be read; send JSON in UTF-8",
        }
        return problem(error.status_code, said.get(error.status_code, str(error.detail)), dict(error.headers or {}))

    @app.exception_handler(Exception)
    async def failed(_: Request, error: Exception) -> JSONResponse:
        return problem(500, "the server failed; its log says why")
