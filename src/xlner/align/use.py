"""Aligners as callers name them: by name with options, made already, or saved in a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xlner.align.aligner import ALIGNERS, Aligner, InOrder
from xlner.align.files import LinkFile
from xlner.align.saved import read_options
from xlner.errors import UsageError


def check_use(aligner: str | Aligner, options: Mapping[str, Any], *, fits: bool, loads: bool, saves: bool) -> None:
    """Refuse what the aligner cannot do, before anything is read or loaded.

    Args:
        aligner: a name or an aligner.
        options: what the named aligner is to be made with.
        fits: it is to learn from bitext.
        loads: a saved one is to be used as it is.
        saves: it is to be saved.

    Raises:
        UsageError: it cannot.
    """
    if loads and fits:
        raise UsageError("`load` takes a fitted aligner as it is, `fit` fits one; give one of them")
    if options and (loads or not isinstance(aligner, str)):
        what = "`load` takes a saved aligner" if loads else "an aligner that is made already comes"
        raise UsageError(f"{what} with its settings; leave out {', '.join(options)}")
    if loads and not isinstance(aligner, str):
        raise UsageError("`load` wants the name of an aligner, not one that is made already")
    name = aligner if isinstance(aligner, str) else type(aligner).__name__
    kind = ALIGNERS.load(aligner) if isinstance(aligner, str) else type(aligner)
    if loads and not hasattr(kind, "load"):
        raise UsageError(f"`load`: the aligner {name} has nothing to load; name the one that was saved with `aligner`")
    chosen = getattr(aligner, "options", None)
    if isinstance(aligner, str) and not loads:
        chosen = ALIGNERS.options(aligner, options)
    if isinstance(kind, type):  # else a function makes it, and what that gives is seen later
        check_can(kind, name, fits=fits, saves=saves)
    if chosen is not None and hasattr(kind, "check_use"):
        kind.check_use(chosen, fits=fits, saves=saves)


def check_can(aligner: object, name: object, *, fits: bool, saves: bool) -> None:
    """Refuse what an aligner or its class has no method for.

    Raises:
        UsageError: it has none.
    """
    if fits and not hasattr(aligner, "fit"):
        raise UsageError(f"`fit`: the aligner {name} learns nothing from bitext")
    if saves and not hasattr(aligner, "save"):
        raise UsageError(f"`save`: the aligner {name} has nothing to save")


def build_or_load(aligner: str | Aligner, options: Mapping[str, Any], load: str | Path | None) -> Any:
    """The aligner: as it was handed over, made by name, or as it was saved."""
    if not isinstance(aligner, str):
        return aligner
    return ALIGNERS.build(aligner, options) if load is None else ALIGNERS.load(aligner).load(load)


def by_position(aligner: str | Aligner, options: Mapping[str, Any], load: str | Path | None = None) -> bool:
    """Whether an aligner, or a member of one that has members, answers by position, as lines of a file do.

    Args:
        aligner: a name or an aligner.
        options: what the named aligner is to be made with.
        load: the folder that it was saved in, instead.

    Raises:
        ModelError: the folder holds no saved aligner.
        UsageError: the aligner does not take the options.
    """
    if not isinstance(aligner, str):
        return isinstance(aligner, InOrder) and bool(aligner.digest())
    kind = ALIGNERS.load(aligner)
    if hasattr(kind, "by_position"):
        return bool(kind.by_position(_options(aligner, options, load)))
    return isinstance(kind, type) and issubclass(kind, InOrder)


def link_files(aligner: str | Aligner, options: Mapping[str, Any], load: str | Path | None = None) -> list[LinkFile]:
    """The files of links that an aligner reads, which no output may replace; see `by_position`."""
    kind = ALIGNERS.load(aligner) if isinstance(aligner, str) else type(aligner)
    if not hasattr(kind, "link_files"):
        return []
    chosen = _options(aligner, options, load) if isinstance(aligner, str) else getattr(aligner, "options", None)
    return list(kind.link_files(chosen))


def _options(aligner: str, options: Mapping[str, Any], load: str | Path | None) -> Any:
    if load is None:
        return ALIGNERS.options(aligner, options)
    return read_options(load, aligner, ALIGNERS.load(aligner).Options)
