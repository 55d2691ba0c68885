"""Extension points: a name leads to a lazy import, in-tree from a dict, from third parties by entry point."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from typing import Any

from xlner.component import Description, describe, from_values, options_class
from xlner.errors import UsageError, XlnerError

# Extension point -> where its registry is; for commands that list parts, and for tests that visit every one.
POINTS = {
    "methods": "xlner.methods:METHODS",
    "aligners": "xlner.align:ALIGNERS",
    "matchers": "xlner.project.matchers:MATCHERS",
    "scores": "xlner.project.scores:SCORES",
    "translators": "xlner.translate:TRANSLATORS",
    "similarities": "xlner.similarity:SIMILARITIES",
    "formats": "xlner.data.formats:FORMATS",
    "augmentations": "xlner.augment:AUGMENTATIONS",
}


def _entries(point: str) -> Any:
    """The entry points of other packages. Only who looks for them pays for the import."""
    return _entries_on(point, tuple(sys.path))


@cache  # each look opens a file of every installed package, which took most of the time of reading a small file
def _entries_on(point: str, path: tuple[str, ...]) -> Any:
    from importlib.metadata import entry_points

    return entry_points(group=f"xlner.{point}")


@dataclass(frozen=True)
class Registry:
    """The parts of one extension point.

    Args:
        point: plural name of the point; third parties register under the entry-point group `xlner.<point>`.
        builtin: name -> "module:attribute", imported only when asked for.
        one: what one of them is called.
        aliases: further names -> names; not listed.
    """

    point: str
    builtin: Mapping[str, str]
    one: str = ""
    aliases: Mapping[str, str] = field(default_factory=dict)

    def canonical(self, name: str) -> str:
        """The registered name behind an alias; other names as they are."""
        return self.aliases.get(name, name)

    def names(self) -> list[str]:
        """All known names, in-tree ones first, without importing any of them."""
        extra = sorted(e.name for e in _entries(self.point))
        return [*self.builtin, *(n for n in extra if n not in self.builtin)]

    def loadable(self) -> list[str]:
        """The names without those of other packages' parts that cannot be imported."""
        out = []
        for name in self.names():
            with suppress(XlnerError):
                self.load(name)
                out.append(name)
        return out

    def load(self, name: str) -> Any:
        """The part called `name`, as it was registered.

        Raises:
            UsageError: nobody registered that name; the message lists the names that exist.
            XlnerError: a part of another package cannot be imported.
        """
        name = self.canonical(name)
        if name in self.builtin:
            return look_up(self.builtin[name])
        for entry in _entries(self.point):
            if entry.name == name:
                try:
                    return entry.load()
                except XlnerError:
                    raise
                except Exception as error:
                    whose = f" of the package {entry.dist.name}" if entry.dist else ""
                    raise XlnerError(f"the {self.one} {name}{whose} cannot be imported: {error}") from error
        near = get_close_matches(name, self.names(), 1)
        hint = f". Did you mean {near[0]}?" if near else ""
        raise UsageError(f"no {self.one or self.point} called '{name}'; there are: {', '.join(self.names())}{hint}")

    def describe(self, name: str) -> Description:
        """What a part says of itself."""
        return describe(name, self.load(name))

    def options(self, name: str, values: Mapping[str, Any] | None = None) -> Any:
        """The options of a part from plain values; its defaults where none are given.

        Raises:
            OptionError: it has no such option, or a value cannot be.
        """
        return from_values(options_class(self.load(name)), values or {}, owner=f"the {self.one} {name}")

    def build(self, name: str, values: Mapping[str, Any] | None = None) -> Any:
        """The part of that name, made with options from plain values; one that names no `Options` is made without any.

        Raises:
            OptionError: it has no such option, or a value cannot be.
        """
        part, options = self.load(name), self.options(name, values)
        return part(options) if hasattr(part, "Options") else part()


def look_up(place: str) -> Any:
    """What "module:attribute" names."""
    module, _, attribute = place.partition(":")
    return getattr(importlib.import_module(module), attribute)
