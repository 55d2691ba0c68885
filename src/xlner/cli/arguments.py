"""What several commands parse alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from xlner.core.languages import iso3
from xlner.errors import UsageError


def language_value(text: str, *, option: str) -> tuple[str, str]:
    """`"en=train.conll"` as ("eng", "train.conll").

    Raises:
        UsageError: no "=", nothing behind it, or no language before it.
    """
    code, sep, value = text.partition("=")
    if not (sep and value):
        raise UsageError(f"{option} wants LANG=FILE, such as {option} en=train.conll; got '{text}'")
    return iso3(code), value


def one_per_language(items: Sequence[str], *, option: str) -> dict[str, str]:
    """Several LANG=FILE as a mapping; a language may come once."""
    out: dict[str, str] = {}
    for item in items:
        language, value = language_value(item, option=option)
        if language in out:
            raise UsageError(f"{option} names {language} twice: {out[language]} and {value}")
        out[language] = value
    return out


_EXPONENT = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+")  # 1e-4 is text to YAML, which wants 1.0e-4


def key_values(items: list[str]) -> dict[str, Any]:
    """`["model=ibm4", "iterations=3"]` as options; values are read as YAML."""
    import yaml

    out: dict[str, Any] = {}
    for item in items:
        key, sep, value = item.partition("=")
        if not (sep and key):
            raise UsageError(f"--option wants KEY=VALUE, such as --option model=ibm4; got '{item}'")
        name = key.replace("-", "_")
        if name in out:
            raise UsageError(f"--option {key} is given twice")
        try:
            out[name] = float(value) if _EXPONENT.fullmatch(value.strip()) else yaml.safe_load(value)
        except yaml.YAMLError:
            raise UsageError(f"--option {key}: '{value}' is no value that YAML reads") from None
    return out
