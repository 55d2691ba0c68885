"""Floor 4: the tagger, from words to probabilities to entities, and its folder on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlner.core.rooms import lazy_names

if TYPE_CHECKING:
    from xlner.tagger.tagger import Tagger

__all__ = ["Tagger"]

__getattr__ = lazy_names(__name__, {"tagger": ("Tagger",)})
