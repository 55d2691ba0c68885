"""What several commands parse alike."""

from __future__ import annotations

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


def key_values(items: list[str]) -> dict[str, Any]:
    """`["model=ibm4", "iterations=3"]` as options; values are read as YAML."""
    import yaml

    out: dict[str, Any] = {}
    for item in items:
        key, sep, value = item.partition("=")
        if not (sep and key):
            raise UsageError(f"--option wants KEY=VALUE, such as --option model=ibm4; got '{item}'")
        try:
            out[key.replace("-", "_")] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise UsageError(f"--option {key}: '{value}' is no value that YAML reads") from None
    return out
