"""How far apart linguists' descriptions of two languages are; needs no text, only language codes."""

from __future__ import annotations

from functools import partial
from typing import Literal

import numpy as np

from xlner.core.languages import name
from xlner.errors import UsageError
from xlner.similarity import uriel
from xlner.similarity.matrix import SimilarityMatrix
from xlner.similarity.pairs import symmetric
from xlner.similarity.texts import Texts


class Typology:
    """Angular distance between URIEL features of one domain, from 0 (alike) to 1.

    Args:
        domain: "genetic" (families), "geographic" (distances to points on the globe), "syntactic", "phonological" or
            "inventory" (sounds).

    Raises:
        MissingExtraError: when asked for a matrix without the extra `typology`.

    Reference:
        Littell et al., "URIEL and lang2vec", EACL 2017. Khan et al., "URIEL+", COLING 2025, whose tables and formula
        these are. Data: CC BY-SA 4.0.

    Limits:
        Many languages are described in part or not at all: those have no value, with the reason, and distances rest
        on the features known of both. Databases that URIEL+ can merge in, such as Grambank, are not.
    """

    higher_is_closer = False
    needs: Literal["codes"] = "codes"

    def __init__(self, domain: str) -> None:
        if domain not in uriel.DOMAINS:
            raise UsageError(f"typology is one of {', '.join(uriel.DOMAINS)}; got '{domain}'")
        self.domain = domain

    def matrix(self, texts: Texts) -> SimilarityMatrix:
        """Symmetric, in [0, 1]; no value where features are not known."""
        table = dict(zip(texts.languages, uriel.features(self.domain, texts.languages), strict=True))

        def compare(a: str, b: str) -> float | str:
            for code in (b, a):
                if not np.isfinite(table[code]).any():
                    return f"URIEL has no {self.domain} features of {name(code)}"
                if self.domain == "genetic" and not np.nan_to_num(table[code]).any():
                    return f"URIEL has no family of {name(code)}"
            found = uriel.angular_distance(table[a], table[b])
            return f"no {self.domain} feature is known of both {name(b)} and {name(a)}" if np.isnan(found) else found

        return symmetric(f"typology:{self.domain}", texts.languages, compare, higher_is_closer=False)


genetic = partial(Typology, "genetic")
geographic = partial(Typology, "geographic")
syntactic = partial(Typology, "syntactic")
phonological = partial(Typology, "phonological")
inventory = partial(Typology, "inventory")
