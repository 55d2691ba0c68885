"""Text without spaces, aligned in the pieces that an encoder knows rather than character by character."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from xlner.align import Alignment, WordPair
from xlner.core.types import Sentence

Groups = list[list[int]]


def is_unspaced(sentence: Sentence) -> bool:
    """Whether most words touch the next one. Without text and offsets nothing is known of spaces."""
    offsets = sentence.offsets
    if sentence.text is None or offsets is None or len(offsets) < 2:
        return False
    return 2 * sum(a[1] == b[0] for a, b in pairwise(offsets)) > len(offsets) - 1


def groups_of(sentence: Sentence, tokenizer: Any) -> Groups:
    """Which words an encoder reads as one piece, in order; every word by itself unless the text is unspaced.

    Chinese, Japanese or Thai text from a file has characters or little more for words. An encoder that is given them
    one by one meets each as a word of its own, and has never seen most of them so.

    Args:
        sentence: the words, with text and offsets if there are any.
        tokenizer: a fast one; not asked for other sentences.
    """
    offsets = sentence.offsets
    alone = [[i] for i in range(len(sentence))]
    if offsets is None or not is_unspaced(sentence):
        return alone
    pieces = tokenizer(sentence.text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)[
        "offset_mapping"
    ]
    starts = np.array([start for start, end in pieces if end > start], int)
    if not len(starts):
        return alone
    owners = np.searchsorted(starts, [start for start, _ in offsets], side="right").tolist()
    out: Groups = []
    for index, owner in enumerate(owners):
        if index and owner == owners[index - 1] and offsets[index - 1][1] == offsets[index][0]:
            out[-1].append(index)
        else:
            out.append([index])
    return out


def grouped(source: Sentence, target: Sentence, tokenizer: Any | None) -> tuple[WordPair, tuple[Groups, Groups]]:
    """A sentence pair as an aligner is to see it, and which words each of its words is made of.

    Args:
        source: a sentence.
        target: its translation.
        tokenizer: of the encoder that the aligner reads; None if it reads none.
    """
    if tokenizer is None:
        return (source.words, target.words), ([[i] for i in range(len(source))], [[i] for i in range(len(target))])
    a, b = groups_of(source, tokenizer), groups_of(target, tokenizer)
    return (joined(source.words, a), joined(target.words, b)), (a, b)


def joined(words: Sequence[str], groups: Groups) -> list[str]:
    """The words of each group as one."""
    return ["".join(words[i] for i in group) for group in groups]


def spread(alignment: Alignment, source: Groups, target: Groups) -> Alignment:
    """Links between groups as links between all of their words."""
    links, of = [], []
    for number, (i, j) in enumerate(alignment.links()):
        for a in source[i]:
            for b in target[j]:
                links.append((a, b))
                of.append(number)
    scores = None if alignment.scores is None else alignment.scores[np.array(of, int)]
    return Alignment(np.array(links, np.int32).reshape(-1, 2), scores)
