"""Packages whose names are looked up when used, and those that can be called like the command of their name."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any


class _Room(ModuleType):
    def __call__(self, *arguments: Any, **options: Any) -> Any:
        module, _, name = self.__dict__["__command__"].partition(":")
        return getattr(importlib.import_module(module), name)(*arguments, **options)


def lazy_names(package: str, homes: Mapping[str, Iterable[str]]) -> Callable[[str], Any]:
    """The `__getattr__` of a package that imports a module of its own when one of its names is first used.

    No name is that of a module beside it: an import of that module would put the module in its place.

    Args:
        package: its `__name__`.
        homes: module of the package -> names that live there.
    """
    module_of = {name: module for module, names in homes.items() for name in names}

    def look_up(name: str) -> Any:
        if name not in module_of:
            raise AttributeError(f"module '{package}' has no attribute '{name}'")
        value = getattr(importlib.import_module(f"{package}.{module_of[name]}"), name)
        sys.modules[package].__dict__[name] = value
        return value

    return look_up


def callable_room(package: str, command: str) -> None:
    """Let a package be called like the function of the command line that has its name.

    `import xlner` and `import xlner.train` make one attribute `xlner.train`; so it is the package, and can be called.

    Args:
        package: its `__name__`.
        command: "module:function", imported when called.
    """
    room = sys.modules[package]
    room.__dict__["__command__"] = command
    room.__class__ = _Room


class _Deferred(ModuleType):
    """A package that nobody has used yet."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


def defer(package: str) -> None:
    """Let a package load when something of it is used, and not when it is imported. Without effect if it is loaded.

    Args:
        package: its name.
    """
    sys.modules.setdefault(package, _Deferred(package))
