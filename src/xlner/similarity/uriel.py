"""Features of languages out of the package urielplus, read where they lie.

The package copies its tables into its own folder when its main class is first made, which fails where that folder is
read-only and races when several processes start, and it sets up logging for the whole process. So the package is never
imported: its tables are plain arrays, found through the metadata of the installed package.
"""

from __future__ import annotations

import importlib.metadata
from functools import lru_cache
from pathlib import Path

import numpy as np

from xlner.errors import MissingExtraError, ModelError

PACKAGE = "urielplus"
_FOLDER = "urielplus/database/original_uriel"
_FILES = {
    "genetic": ("family_features.npz", ""),
    "geographic": ("geocoord_features.npz", ""),
    "syntactic": ("features.npz", "S_"),
    "phonological": ("features.npz", "P_"),
    "inventory": ("features.npz", "INV_"),
}
DOMAINS = tuple(_FILES)

# Macrolanguages, which xlner uses, and the single language that people mean, under which some tables have the data.
_ALSO = {
    "aka": "twi", "ara": "arb", "aym": "ayr", "aze": "azj", "est": "ekk", "fas": "pes", "fil": "tgl", "grn": "gug",
    "kur": "kmr", "lav": "lvs", "mlg": "plt", "mon": "khk", "msa": "zsm", "nep": "npi", "nob": "nor", "nor": "nob",
    "ori": "ory", "orm": "gaz", "pus": "pbu", "que": "quz", "sqi": "als", "swa": "swh", "uzb": "uzn", "yid": "ydd",
    "zho": "cmn",
}  # fmt: skip


@lru_cache(maxsize=8)
def features(domain: str, languages: tuple[str, ...]) -> np.ndarray:
    """Feature values, the greatest over all sources that know one; NaN where none does.

    Args:
        domain: one of `DOMAINS`.
        languages: ISO 639-3 codes. Of a macrolanguage, the language that is usually meant counts too.

    Returns:
        Shape: (n_languages, n_features), float64.

    Raises:
        MissingExtraError: urielplus is not installed.
        ModelError: its tables are not where they belong.
    """
    file, prefix = _FILES[domain]
    path = _folder() / file
    try:
        with np.load(path, allow_pickle=False) as table:
            codes = {str(code): row for row, code in enumerate(table["langs"])}
            columns = np.char.startswith(table["feats"], prefix)
            rows = [[codes[c] for c in (code, _ALSO.get(code, "")) if c in codes] for code in languages]
            wanted = sorted({r for of_language in rows for r in of_language})
            data = table["data"][wanted][:, columns]
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{path} is no table of URIEL as this version of xlner knows it: {error}") from error
    place = {row: i for i, row in enumerate(wanted)}
    out = np.full((len(languages), int(columns.sum())), np.nan)
    for i, of_language in enumerate(rows):
        if of_language:
            known = np.concatenate([data[place[r]] for r in of_language], axis=1)
            best = np.where(known > -1, known, -np.inf).max(1)
            out[i] = np.where(np.isfinite(best), best, np.nan)
    return out


def angular_distance(u: np.ndarray, v: np.ndarray) -> float:
    """`2 arccos(cos(u, v)) / pi` over the features known of both; NaN if there are none. In [0, 1].

    Reference: Khan et al., "URIEL+: Enhancing Linguistic Inclusion and Usability in a Typological and Multilingual
    Knowledge Base", COLING 2025; its `new_distance` gives the same with four digits, this one with six.
    """
    known = np.isfinite(u) & np.isfinite(v)
    if not known.any():
        return float("nan")
    a, b = (np.ones(int(known.sum())) if not x[known].any() else x[known] for x in (u, v))
    cosine = a @ b / (np.linalg.norm(a) * np.linalg.norm(b))
    return round(float(2 * np.arccos(np.clip(cosine, -1, 1)) / np.pi), 6)  # of equal features arccos makes some 1e-8


def installed() -> bool:
    """Whether urielplus is there."""
    try:
        importlib.metadata.distribution(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _folder() -> Path:
    try:
        distribution = importlib.metadata.distribution(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        raise MissingExtraError("typology", extra="typology") from None
    return Path(str(distribution.locate_file(_FOLDER)))
