"""`xlner serve` as a function: models behind HTTP."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

from xlner.errors import MissingExtraError, OptionError
from xlner.serve.limits import Limits


def serve(
    models: str | Sequence[str] | Mapping[str, str],
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    token: str | None = None,
    mapping: Mapping[str, str] | None = None,
    device: str | None = None,
    limits: Limits | None = None,
    on_start: Callable[[str], None] | None = None,
) -> None:
    """Serve models until the process gets SIGINT or SIGTERM; then every request that was taken is answered.

    Args:
        models: run folders, model folders or hub ids, alone or as `NAME=MODEL`; or a mapping from names. The first is
            the default. "demo" is a model to try the server with.
        host: address to listen at. Other machines cannot reach the default.
        port: to listen at; 0 takes a free one.
        token: what requests must know; needed where others can reach `host`.
        mapping: type renames applied to what the models say.
        device: torch device name.
        limits: of requests.
        on_start: told where the server listens, and by which models, when it takes requests.

    Raises:
        MissingExtraError: the server's libraries are not installed.
        ModelError: a model cannot be loaded.
        OptionError: no model is named.
        UsageError: the host is open to others without a token, or a name is taken twice.
        XlnerError: the port is taken.
    """
    try:
        from xlner.serve.app import make_app
        from xlner.serve.gate import State
        from xlner.serve.metrics import Metrics
        from xlner.serve.run import address_of, check_access, listen, run, share_heaps
    except ModuleNotFoundError as error:
        if error.name and error.name.startswith("xlner"):
            raise
        raise MissingExtraError("`xlner serve`", extra="serve") from None
    from xlner.serve.models import load_models, named_models

    # torch keeps a compiled product for each shape of batch, up to a thousand, and a server sees ever new shapes.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "32")
    if isinstance(models, str):
        models = [models]
    named = dict(models) if isinstance(models, Mapping) else named_models(models)
    if not named:
        raise OptionError("models", "names no model to serve; give a run folder, a model folder or a hub id")
    check_access(host, token)
    limits, metrics, state = limits or Limits(), Metrics(), State()
    listener = listen(host, port)
    share_heaps()
    try:
        served = load_models(named, mapping=mapping, device=device, limits=limits, on_batch=metrics.on_batch)
        app = make_app(served, limits=limits, token=token, metrics=metrics, state=state)
        if on_start is not None:
            on_start(f"{address_of(listener, host)} ({', '.join(named)})")
        run(app, listener, limits=limits, state=state)
        served.close()
    finally:
        listener.close()
