"""Aligners from their names and options, with options that do not fit explained in plain words."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from xlner.align.aligner import ALIGNERS, Aligner
from xlner.errors import UsageError

_KINDS: dict[Any, tuple[str, Callable[[Any], bool]]] = {
    bool: ("true or false", lambda value: isinstance(value, bool)),
    int: ("a whole number", lambda value: isinstance(value, Integral) and not isinstance(value, bool)),
    float: ("a number", lambda value: isinstance(value, Real) and not isinstance(value, bool)),
    str: ("text", lambda value: isinstance(value, (str, Path))),
    Path: ("text", lambda value: isinstance(value, (str, Path))),
}


def make_aligner(name: str, options: Mapping[str, Any]) -> Aligner:
    """The aligner of that name.

    Raises:
        UsageError: there is none of that name, or it does not take these options.
    """
    check_options(name, options)
    made: Aligner = ALIGNERS.load(name)(**options)
    return made


def check_options(name: str, options: Mapping[str, Any]) -> None:
    """Refuse options that an aligner has not, that have the wrong kind of value, or that are missing.

    Raises:
        UsageError: names the option and what it takes.
    """
    kind = ALIGNERS.load(name)
    try:
        parameters = inspect.signature(kind).parameters
        hints = get_type_hints(kind if inspect.isfunction(kind) else kind.__init__)
    except (NameError, TypeError, ValueError):  # a third party's; it has to check its options itself
        return
    own = {k: p for k, p in parameters.items() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}
    for key, value in options.items():
        if key not in own and not any(p.kind == p.VAR_KEYWORD for p in parameters.values()):
            known = f"it has: {', '.join(own)}" if own else "it has none"
            raise UsageError(f"the aligner {name} has no option '{key}'; {known}")
        if not _is(value, hints.get(key, Any)):
            raise UsageError(f"the aligner {name}: {key} is {_in_words(hints[key])}; got '{value}'")
    for key, parameter in own.items():
        if parameter.default is parameter.empty and key not in options:
            raise UsageError(f"the aligner {name} needs {key}: give it with --option {key}=VALUE")


def _is(value: Any, hint: Any) -> bool:
    """Whether a value has the type of a hint; of a type that no option file can name, yes."""
    origin, of = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(_is(value, one) for one in of)
    if origin is Literal:
        return value in of
    if hint is NoneType:
        return value is None
    if hint in _KINDS:
        return _KINDS[hint][1](value)
    if origin is Sequence:
        listed = isinstance(value, Sequence) and not isinstance(value, (str, bytes))
        return listed and (of[0] not in _KINDS or all(_is(item, of[0]) for item in value))
    if isinstance(hint, type) and origin is None:
        return isinstance(value, hint)
    return True


def _in_words(hint: Any) -> str:
    origin, of = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(filter(None, map(_in_words, of))))
    if origin is Literal:
        return f"one of {', '.join(map(str, of))}"
    if origin is Sequence:
        return "a list" + (f" ({_in_words(of[0])} each)" if of[0] in _KINDS else "")
    return _KINDS[hint][0] if hint in _KINDS else ""
