"""Packages that share their name with a command, such as `xlner.train`: called, they do what the command does."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any


class _Room(ModuleType):
    def __call__(self, *arguments: Any, **options: Any) -> Any:
        module, _, name = self.__dict__["__command__"].partition(":")
        return getattr(importlib.import_module(module), name)(*arguments, **options)


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


def lazy_names(package: str, places: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of a package whose names are looked up when they are used, so that importing it costs nothing.

    Args:
        package: its `__name__`.
        places: name -> module of the package that has it.
    """

    def look_up(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module '{package}' has no attribute '{name}'")
        value = getattr(importlib.import_module(f"{package}.{places[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    return look_up


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
