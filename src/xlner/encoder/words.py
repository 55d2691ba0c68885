"""Words to subwords, as they would stand in running text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import regex

# Scripts that put no space between words, with their punctuation.
UNSPACED = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Line_Break=Complex_Context}\u3000-\u303F\u30FC\uFF00-\uFFEF]"
)
_BEFORE = "\ue000"  # a character that is in no vocabulary, so no piece joins it with what follows
_PREFIXED = regex.compile(r"(\p{Ll}{1,6})(\p{Lu}\p{L}+.*)", regex.DOTALL)


class Pieces(NamedTuple):
    """Subwords of one word.

    Args:
        ids: subword ids.
        head: which of them speaks for the word: the first, behind a prefix.
    """

    ids: list[int]
    head: int


def special_tokens(tokenizer: Any) -> tuple[list[int], list[int]]:
    """The special tokens that a tokenizer puts before and behind a sentence; either may be missing."""
    word = tokenizer(["a"], is_split_into_words=True, return_special_tokens_mask=True)
    ids, special = list(word["input_ids"]), list(word["special_tokens_mask"])
    if all(special):  # a word that it does not know may count as a special token, too
        ids = list(tokenizer("")["input_ids"])
        return ids[: len(ids) // 2], ids[len(ids) // 2 :]
    first, last = special.index(0), len(special) - special[::-1].index(0)
    return ids[:first], ids[last:]


def word_pieces(tokenizer: Any, words: Sequence[str]) -> list[Pieces]:
    """The subwords of each word, without special tokens, and the one that its label is read from.

    Tokenizers that take words one by one put the mark of a space before each. Two kinds of words fare badly with that:

    - Running Chinese, Japanese or Thai has no spaces, so an encoder has hardly seen such marks there, and often spends
      a piece on each. A word that begins with a character of such a script gets the pieces it has behind others.
    - Shona, Xhosa and Zulu write prefixes and names as one word, *kuHarare*. Small letters before a capital are taken
      for a prefix: prefix and name get the pieces of two words, and the name speaks for the word.

    Args:
        tokenizer: a fast one that takes pre-split words.
        words: may repeat; a word of nothing but control characters can have no piece.
    """
    with_prefix = [_PREFIXED.fullmatch(w) for w in words]
    parts = [
        p for w, prefixed in zip(words, with_prefix, strict=True) for p in (prefixed.groups() if prefixed else (w,))
    ]
    pieces = iter(_pieces(tokenizer, parts))
    out = []
    for prefixed in with_prefix:
        prefix = next(pieces) if prefixed else []
        out.append(Pieces([*prefix, *next(pieces)], len(prefix)))
    return out


def _pieces(tokenizer: Any, words: Sequence[str]) -> list[list[int]]:
    if not words:
        return []
    inner = [bool(UNSPACED.match(w)) for w in words]
    texts = [[_BEFORE + w] if inside else [w] for w, inside in zip(words, inner, strict=True)]
    plain = {"is_split_into_words": True, "add_special_tokens": False}
    ids_of = [list(ids) for ids in tokenizer([*texts, [_BEFORE]], **plain)["input_ids"]]
    before = ids_of.pop()
    cut = len(before)
    odd = [i for i, inside in enumerate(inner) if inside and (ids_of[i][:cut] != before or len(ids_of[i]) == cut)]
    if odd:  # the pieces of such a word cannot be told from what stands before it
        for i, ids in zip(odd, tokenizer([[words[i]] for i in odd], **plain)["input_ids"], strict=True):
            ids_of[i] = [*before, *ids]
    return [ids[cut:] if inside else ids for ids, inside in zip(ids_of, inner, strict=True)]
