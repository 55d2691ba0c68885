"""How many projections an entity may, must or should have."""

from __future__ import annotations

from typing import Literal, NamedTuple

Sense = Literal["<=", "=", ">="]


class Constraint(NamedTuple):
    """Number of projections per source entity.

    One at most is the setting for data: with more, an exact solver fills the sentence with spans.

    Args:
        sense: "<=", "=" or ">=".
        n_proj: the number; 0 with ">=" means no constraint.
    """

    sense: Sense = "<="
    n_proj: int = 1

    def __str__(self) -> str:
        return f"{self.sense} {self.n_proj}"
