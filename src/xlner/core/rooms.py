"""Packages that share their name with a command, such as `xlner.train`: called, they do what the command does."""

from __future__ import annotations

import importlib
import sys
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
