"""Language codes: BCP-47 at the edge, ISO 639-3 inside."""

from __future__ import annotations

from functools import lru_cache

from xlner.errors import UsageError


@lru_cache(maxsize=512)
def iso3(code: str) -> str:
    """ISO 639-3 code of a language given as BCP-47 or ISO 639 in any length: "en", "eng", "pt-BR" -> "por".

    Raises:
        UsageError: nobody knows that code.
    """
    import langcodes

    try:
        language = langcodes.Language.get(code)
        if language.language and language.is_valid():
            return language.prefer_macrolanguage().to_alpha3()
    except (ValueError, LookupError):
        pass
    raise UsageError(f"'{code}' is no language code; use BCP-47 or ISO 639, such as en, sw, de-CH or swa")


@lru_cache(maxsize=512)
def bcp47(code: str) -> str:
    """The short code that people write: "eng" -> "en"; languages without a short code keep three letters."""
    import langcodes

    return langcodes.Language.get(iso3(code)).to_tag()


@lru_cache(maxsize=512)
def name(code: str) -> str:
    """English name of the language: "sw" -> "Swahili"."""
    import langcodes

    return langcodes.Language.get(iso3(code)).display_name("en")
