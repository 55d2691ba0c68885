"""How many projections an entity may, must or should have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from xlner.errors import UsageError

Sense = Literal["<=", "=", ">="]


@dataclass(frozen=True)
class Constraint:
    """Number of projections per source entity.

    One at most is the setting for data: with more, an exact solver fills the sentence with spans.

    Args:
        sense: "<=", "=" or ">=".
        n_proj: the number; 0 is allowed with ">=" only and means no constraint.
    """

    sense: Sense = "<="
    n_proj: int = 1

    def __post_init__(self) -> None:
        if self.sense not in ("<=", "=", ">="):
            raise UsageError(f"--constraint is <=, = or >=; got '{self.sense}'")
        if self.n_proj < (0 if self.sense == ">=" else 1):
            raise UsageError(f"--n-proj must be at least 1 (0 with >=), got {self.n_proj}")

    def __str__(self) -> str:
        return f"{self.sense} {self.n_proj}"
