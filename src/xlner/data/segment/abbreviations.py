"""Abbreviations that keep their period, and what a period after them means. Small on purpose: the common ones.

The entry None holds what every language in Latin script gets; a word that is ordinary in some language ("mar" is the
sea in Spanish) stands with its own language only.
"""

from __future__ import annotations

from functools import lru_cache

# A name follows: the period never ends a sentence.
_TITLES: dict[str | None, str] = {
    None: "mr mrs ms dr prof",
    "eng": "st mt gen col maj sgt lt capt cpt cmdr rev hon gov sen rep pres messrs supt",
    "deu": "hr frl dipl ing bzw ca vgl str geb evtl inkl st hl v n",
    "spa": "sr sra srta dra dña ud uds excmo av avda lic ing st sta sto",
    "por": "sr sra srta dra exmo av eng sto sta",
    "fra": "m mm mgr st ste",
    "ita": "sig sigg dott avv ing on",
    "nld": "dhr mevr mw drs ir mr ds bijv ca st",
    "dan": "hr fru ca kl evt inkl skt sct st pr maks min",
    "swe": "dvs ca kl resp st s:t",
    "nob": "hr ca kl evt inkl",
    "tur": "sn doç av yrd",
    "pol": "inż mgr ul im np tzw św ks",
    "ces": "ing mgr tzv např sv",
    "hrv": "npr tzv sv ul gđa",
    "srp": "npr tzv sv ul gđa",
    "rus": "г гр ул им проф акад",
}
# A number follows: the period ends a sentence only when none does ("He said no.").
_NUMBERED: dict[str | None, str] = {
    None: "no nos nr vol pp fig sec art núm num nº",
    "eng": "p",
    "fra": "n p",
    "rus": "рис стр п",
}
# These stand at the end of a name or list, where a sentence may end as well: a capital after them begins a new one.
_FINAL: dict[str | None, str] = {
    None: "etc inc ltd corp vs",
    "eng": "co bros jr sr al approx dept assn ave blvd est jan feb mar apr jun jul aug sep sept oct nov dec",
    "deu": "usw chr jh jhd mio mrd tel jr sen",
    "nld": "enz jl",
    "dan": "osv mio mia mill kr pct stk",
    "swe": "osv milj mdr",
    "por": "ltda cia pág págs tel",
    "spa": "cía",
}


@lru_cache(maxsize=64)
def titles(language: str | None) -> frozenset[str]:
    """Abbreviations before a name, in lower case and without their period."""
    return _words(_TITLES, language)


@lru_cache(maxsize=64)
def numbered(language: str | None) -> frozenset[str]:
    """Abbreviations before a number."""
    return _words(_NUMBERED, language)


@lru_cache(maxsize=64)
def final(language: str | None) -> frozenset[str]:
    """Abbreviations after which a sentence may end."""
    return _words(_FINAL, language)


_SAME = {"nor": "nob", "nno": "nob"}  # languages with the abbreviations of another


def _words(table: dict[str | None, str], language: str | None) -> frozenset[str]:
    of_language = table.get(_SAME.get(language, language), "") if language is not None else ""
    return frozenset((table[None] + " " + of_language).split())


# Languages that write ordinals as digits and a period: "5. maj", "3. Oktober".
ORDINAL_PERIOD = frozenset(
    "deu dan nor nob nno fin est lav hun tur isl fao ces slk slv hrv srp bos hbs".split()  # noqa: SIM905
)
