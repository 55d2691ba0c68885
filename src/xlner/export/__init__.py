"""Floor 8: taggers as graphs, which run without torch. Can be called like the command of its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlner.core.rooms import callable_room, lazy_names

if TYPE_CHECKING:
    from xlner.export.folder import write_exported
    from xlner.export.parity import Parity, compared

__all__ = ["Parity", "compared", "write_exported"]

__getattr__ = lazy_names(__name__, {"folder": ("write_exported",), "parity": ("Parity", "compared")})
callable_room(__name__, "xlner.api.export:export")
