"""Floor 4: the tagger, from words to probabilities to entities, and its folder on disk."""

from xlner.tagger.tagger import Tagger

__all__ = ["Tagger"]
