"""Floor 6: sentences changed on purpose, to train on or to test with; entities follow their words."""

from xlner.augment.augmentation import AUGMENTATIONS, Augmentation

__all__ = ["AUGMENTATIONS", "Augmentation"]
