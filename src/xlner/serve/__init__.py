"""Floor 8: models behind HTTP, with batches over requests, the forms of other tools, limits, metrics and a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlner.core.rooms import callable_room, lazy_names

if TYPE_CHECKING:
    from xlner.serve.app import make_app
    from xlner.serve.limits import Limits
    from xlner.serve.models import Models, ServedModel, load_models

__all__ = ["Limits", "Models", "ServedModel", "load_models", "make_app"]

__getattr__ = lazy_names(
    __name__,
    {"app": ("make_app",), "limits": ("Limits",), "models": ("Models", "ServedModel", "load_models")},
)
callable_room(__name__, "xlner.api.serve:serve")
