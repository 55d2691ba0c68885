"""Objectives that stop a training, as a kill does."""

from __future__ import annotations

import torch


def stopping(kind):
    """An objective of some kind that can be killed: `left` says after how many steps; -1 for never."""

    class Stopped(kind):
        left = -1

        def __call__(self, step):
            if self.left == 0:
                raise KeyboardInterrupt
            self.left -= 1
            return super().__call__(step)

    return Stopped


def all_numbers(tagger, objective):
    """All that a training has changed, of the tagger and of the objective's modules."""
    modules = (tagger.model, *getattr(objective, "modules", {}).values())
    return torch.cat([t.flatten().double() for m in modules for t in m.state_dict().values()])
