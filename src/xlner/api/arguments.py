"""Values that are written as text: LANG=FILE, KEY=VALUE."""

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
        raise UsageError(f"`{option}` wants LANG=FILE, such as `{option} en=train.conll`; got '{text}'")
    return iso3(code), value


def one_per_language(items: Sequence[str], *, option: str) -> dict[str, str]:
    """Several LANG=FILE as a mapping; a language may come once."""
    out: dict[str, str] = {}
    for item in items:
        language, value = language_value(item, option=option)
        if language in out:
            raise UsageError(f"`{option}` names {language} twice: {out[language]} and {value}")
        out[language] = value
    return out


_EXPONENT = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+")  # 1e-4 is text to YAML, which wants 1.0e-4


def key_values(items: Sequence[str]) -> dict[str, Any]:
    """`["model=ibm4", "iterations=3"]` as options; values are read as YAML."""
    import yaml

    out: dict[str, Any] = {}
    for item in items:
        key, sep, value = item.partition("=")
        if not (sep and key):
            raise UsageError(f"`option` wants KEY=VALUE, such as `option model=ibm4`; got '{item}'")
        name = key.replace("-", "_")
        if name in out:
            raise UsageError(f"`option {key}` is given twice")
        try:
            out[name] = float(value) if _EXPONENT.fullmatch(value.strip()) else yaml.safe_load(value)
        except yaml.YAMLError:
            raise UsageError(f"`option {key}`: '{value}' is no value that YAML reads") from None
    return out


def languages_with_text(items: Sequence[str]) -> dict[str, str | None]:
    """`["en=a.txt", "fon"]` as {"eng": "a.txt", "fon": None}."""
    out: dict[str, str | None] = {}
    for item in items:
        named = one_per_language([item], option="language") if "=" in item else {iso3(item): None}
        for code, path in named.items():
            if code in out:
                raise UsageError(f"`language` names {code} twice: {out[code] or 'without text'} and {path or item}")
            out[code] = path
    return out


def measure_options(items: Sequence[str]) -> dict[str, dict[str, Any]]:
    """`["lexical:ngrams.n=4"]` as `{"lexical:ngrams": {"n": 4}}`; values are read as YAML."""
    from xlner.similarity import SIMILARITIES

    by_measure: dict[str, list[str]] = {}
    for item in items:
        head = item.partition("=")[0]
        known = [n for n in SIMILARITIES.names() if head.startswith(f"{n}.")]
        measure = max(known, key=len) if known else head.rpartition(".")[0]
        if not measure or "=" not in item:
            raise UsageError(f"`option` wants MEASURE.KEY=VALUE, such as `option lexical:ngrams.n=4`; got '{item}'")
        by_measure.setdefault(measure, []).append(item.removeprefix(f"{measure}."))
    return {measure: key_values(pairs) for measure, pairs in by_measure.items()}


def bitext_group(item: str) -> dict[str, str]:
    """`"en=a.txt,es=b.txt"` as files by language; a comma in a file name is no border unless LANG= follows."""
    return one_per_language(re.split(r",(?=[A-Za-z][A-Za-z0-9-]*=)", item), option="bitext")
