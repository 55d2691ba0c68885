"""Extension points: a name leads to a lazy import, in-tree from a dict, from third parties by entry point."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any

from xlner.errors import UsageError


@dataclass(frozen=True)
class Registry:
    """The implementations of one extension point.

    Args:
        point: plural name of the point; third parties register under the entry-point group `xlner.<point>`.
        builtin: name -> "module:attribute", imported only when asked for.
    """

    point: str
    builtin: Mapping[str, str]

    def names(self) -> list[str]:
        """All known names, in-tree ones first, without importing any of them."""
        extra = sorted(e.name for e in entry_points(group=f"xlner.{self.point}"))
        return [*self.builtin, *(n for n in extra if n not in self.builtin)]

    def load(self, name: str) -> Any:
        """The implementation called `name`.

        Raises:
            UsageError: nobody registered that name; the message lists the names that exist.
        """
        if name in self.builtin:
            module, _, attribute = self.builtin[name].partition(":")
            return getattr(importlib.import_module(module), attribute)
        for entry in entry_points(group=f"xlner.{self.point}"):
            if entry.name == name:
                return entry.load()
        raise UsageError(f"no {self.point} called '{name}'; there are: {', '.join(self.names())}")
