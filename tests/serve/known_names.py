"""A tagger that knows the names of the toy language wherever they stand, whatever is around them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from tests.toy import PEOPLE, PLACES

from xlner.encoder import load_tokenizer
from xlner.tagger import Tagger


class NamesNetwork:
    """Gives each subword the tag of its word in a list; people are surer than places."""

    tags: Sequence[str] = ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")
    batch_subwords = 1024
    side_by_side = False

    def __init__(self, tokenizer) -> None:
        self._logits = np.zeros((len(tokenizer), len(self.tags)), np.float32)
        self._logits[:, 0] = 2.0
        for words, tag, sure in ((PLACES, 1, 5.0), (PEOPLE, 3, 7.0)):
            for word in words:
                self._logits[tokenizer.convert_tokens_to_ids("▁" + word), tag] = sure

    def __call__(self, input_ids: np.ndarray, attention_mask: np.ndarray) -> np.ndarray:
        return self._logits[input_ids]


def names_tagger(encoder) -> Tagger:
    tokenizer = load_tokenizer(encoder)
    return Tagger(NamesNetwork(tokenizer), tokenizer)
