"""Recipes: settings under a name. Each is a YAML file in this folder, with a method and some of its options.

The first line of a file says what it is, in a comment. What a recipe does not say has its default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from xlner.api.config import Config, read_config
from xlner.errors import UsageError
from xlner.flags import merged


def recipes() -> list[str]:
    """The names of all recipes."""
    return sorted(p.name.removesuffix(".yaml") for p in files(__package__).iterdir() if p.name.endswith(".yaml"))


def recipe(name: str) -> Config:
    """The method and the options of a recipe.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in recipes():
        raise UsageError(f"`recipe` is one of {', '.join(recipes())}, got '{name}'")
    return replace(read_config(Path(str(files(__package__) / f"{name}.yaml"))), path=f"the recipe {name}")


def with_recipe(config: Config, name: str | None, *, method: str | None = None) -> Config:
    """A configuration with what a recipe says where the configuration says nothing.

    Args:
        config: wins over the recipe; the recipe that it names is taken if no other is.
        name: of the recipe; None for none, or for that of the configuration.
        method: the method that somebody asked for beside it; wins over that of the configuration.

    Raises:
        UsageError: there is no such recipe, or it is for another method.
    """
    name = name if name is not None else config.inputs.get("recipe")
    if name is None:
        return config
    of_recipe = recipe(name)
    asked = method or config.method
    if asked not in (None, of_recipe.method):
        raise UsageError(f"`recipe {name}` is for the method {of_recipe.method}, and `method {asked}` was asked for")
    return replace(
        config,
        method=of_recipe.method,
        options=merged(of_recipe.options, config.options),
        path=config.path or of_recipe.path,
    )


def method_and_options(name: str | None, method: str | None, options: Any, *, default: str) -> tuple[str, Any]:
    """The method and its options of a function call that may name a recipe.

    Args:
        name: of the recipe, or None.
        method: that is asked for, or None.
        options: of the method: an instance of its `Options`, which leaves a recipe nothing to say; a mapping; or None.
        default: the method if neither is named.

    Raises:
        UsageError: as for `with_recipe`; or there is a recipe beside an instance of `Options`.
    """
    if name is not None and options is not None and not isinstance(options, Mapping):
        raise UsageError("`recipe` goes with options as a mapping, and an object with all options was given")
    config = with_recipe(Config(), name, method=method)
    chosen = method or config.method or default
    return chosen, options if name is None else merged(config.options, options or {})
