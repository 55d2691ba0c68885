"""How translation models name languages, and which of their names is meant by a code of ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from xlner.core.languages import bcp47, iso3
from xlner.errors import OptionError, UsageError


@dataclass(frozen=True)
class Scheme:
    """How one family of models is told the languages.

    Args:
        token: pattern of the tokens that name languages; the group is the code.
        forced: the target's token is the first that the decoder must give; otherwise it stands before the source text.
        source: the tokenizer wants to know the source language.
    """

    token: re.Pattern[str]
    forced: bool
    source: bool


# model_type of transformers -> the schemes that its models use; the first with tokens in the vocabulary counts.
SCHEMES = {
    "m2m_100": (
        Scheme(re.compile(r"([a-z]{3}_[A-Z][a-z]{3})"), forced=True, source=True),  # NLLB
        Scheme(re.compile(r"__([a-z]{2,3})__"), forced=True, source=True),
    ),
    "mbart": (Scheme(re.compile(r"([a-z]{2,3}_[A-Z]{2})"), forced=True, source=True),),
    "marian": (Scheme(re.compile(r">>([A-Za-z]{2,3}(?:_[A-Za-z]+)?)<<"), forced=False, source=False),),
    "t5": (Scheme(re.compile(r"<2([a-z]{2,3}(?:_[A-Z][a-z]{3})?)>"), forced=False, source=False),),  # MADLAD
}
# What models say, where it is no code or another one than people use.
_MEANT = {"ns": "nso", "no": "nob"}
# The language of several under one code that models have, where there is no usual one.
_NEAR = {"nor": "nob", "pus": "pbt", "que": "quy", "ful": "fuv"}


def language_tokens(model_type: str, vocabulary: Iterable[str]) -> tuple[Scheme | None, dict[str, str]]:
    """The scheme of a model, and its languages: code of the model -> token."""
    words = list(vocabulary)
    for scheme in SCHEMES.get(model_type, ()):
        tokens = {m[1]: w for w in words if (m := scheme.token.fullmatch(w))}
        if tokens:
            return scheme, tokens
    return None, {}


def own_codes(items: Sequence[str]) -> dict[str, str]:
    """`["tw=twi_Latn"]` as {"aka": "twi_Latn"}: ISO 639-3 code -> the model's code that is meant by it.

    Raises:
        OptionError: one has no such form, names no language, or one that another names, too.
    """
    out: dict[str, str] = {}
    for item in items:
        language, _, code = item.partition("=")
        try:
            key = iso3(language)
        except UsageError as error:
            raise OptionError("codes", f"cannot be: {error}") from None
        if key in out:
            raise OptionError("codes", f"names {bcp47(key)} twice: {out[key]} and {code.strip()}")
        out[key] = code.strip()
        if not code.strip():
            raise OptionError("codes", f"must be LANGUAGE=CODE, such as tw=twi_Latn, got '{item}'")
    return out


def choose(code: str, offered: Iterable[str]) -> str | None:
    """The model's code that a user's code means, or None.

    The very language counts more than the one that it belongs to ("swh" for "sw", "pes" for "fa"), and the user's
    script, or the usual one of the language, more than others.
    """
    codes = sorted(offered)
    if code in codes:
        return code
    wanted, script = _parse(code)
    very = [c for c in codes if _parse(c)[0] == wanted]
    same = [c for c in codes if _iso3(c) == _iso3(code) is not None]
    for near in (very, same):
        if near:
            return next((c for c in near if _parse(c)[1] == script), near[0])
    usual = _NEAR.get(_iso3(code) or "")
    return None if usual in (None, code) else choose(usual, codes)


def known(offered: Iterable[str]) -> str:
    """The languages of a model, for a message."""
    return ", ".join(sorted({bcp47(c) if _iso3(c) else c for c in offered}))


@lru_cache(maxsize=2048)
def _parse(code: str) -> tuple[str, str | None]:
    """Language with three letters, without its macrolanguage, and script."""
    import langcodes

    try:
        language = langcodes.Language.get(_MEANT.get(code, code), normalize=False)
        return language.to_alpha3(), language.maximize().script
    except (ValueError, LookupError):
        return code, None


@lru_cache(maxsize=2048)
def _iso3(code: str) -> str | None:
    try:
        return iso3(_MEANT.get(code, code))
    except UsageError:
        return None
