"""How far apart linguists' descriptions of two languages are; needs no text, only language codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from xlner.component import Part
from xlner.core.languages import name
from xlner.similarity.pairs import symmetric

if TYPE_CHECKING:
    from xlner.similarity.matrix import SimilarityMatrix
    from xlner.similarity.texts import Texts

_OF_ALL = """
Angular, between URIEL features, from 0 (alike) to 1; see `Typology`.

Reference:
    Littell et al., "URIEL and lang2vec", EACL 2017. Khan et al., "URIEL+", COLING 2025. Data: CC BY-SA 4.0.
"""  # what the docstring of each domain has in common


class Typology(Part):
    """Angular distance between URIEL features of one domain, from 0 (alike) to 1.

    Attributes:
        domain: which features; one of `uriel.DOMAINS`.

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
    needs: ClassVar[frozenset[str]] = frozenset({"codes"})
    domain: ClassVar[str]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.__doc__ = f"{cls.__doc__}\n{_OF_ALL}"

    def matrix(self, texts: Texts) -> SimilarityMatrix:
        """Symmetric, in [0, 1]; no value where features are not known."""
        import numpy as np

        from xlner.similarity import uriel

        table = dict(zip(texts.languages, uriel.features(self.domain, texts.languages), strict=True))

        def compare(a: str, b: str) -> float | str:
            for code in (b, a):
                if not np.isfinite(table[code]).any():
                    return f"URIEL has no {self.domain} features of {name(code)}"
                if self.domain == "genetic" and not np.nan_to_num(table[code]).any():
                    return f"URIEL has no family of {name(code)}"
            distance = uriel.angular_distance(table[a], table[b])
            return (
                f"no {self.domain} feature is known of both {name(b)} and {name(a)}" if np.isnan(distance) else distance
            )

        return symmetric(f"typology:{self.domain}", texts.languages, compare, higher_is_closer=False)


class Genetic(Typology):
    """Distance of the families that two languages belong to."""

    domain = "genetic"


class Geographic(Typology):
    """Distance of the places where two languages are spoken, by how far they are from points on the globe."""

    domain = "geographic"


class Syntactic(Typology):
    """Distance of the grammars of two languages, as linguists describe them."""

    domain = "syntactic"


class Phonological(Typology):
    """Distance of the sound systems of two languages, as linguists describe them."""

    domain = "phonological"


class Inventory(Typology):
    """Distance of the sets of sounds of two languages."""

    domain = "inventory"
