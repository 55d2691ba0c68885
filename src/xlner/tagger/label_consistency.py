"""Words that look alike are labelled alike: soft labels smoothed over the whole raw text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import regex

from xlner.core.types import Sentence
from xlner.encoder.words import UNSPACED
from xlner.errors import OptionError

_FLOOR = 1e-4  # least probability of a tag, so that one sure mistake does not outvote every other occurrence
_SURENESS = 4  # power of the greatest probability of an occurrence by which it counts among those of its form
_ONE_CHARACTER = regex.compile(r"\X")


@dataclass(frozen=True)
class FormProbabilities:
    """The probabilities of each word form, averaged over a whole text.

    Teachers that do not know a language go by the context of each occurrence. They call the same name a place here and
    a person there, or miss it. Across a text such mistakes mostly cancel out.

    Args:
        rows: case-folded word form -> row of `means`. A single character of a script without spaces is no form: it
            is part of too many words.
        means: mean log probability of O and of each type, over occurrences that count the more the surer they are: by
            the fourth power of their greatest probability. Shape: (n_forms, 1 + n_types), float32.

    Reference: that equal words tend to have equal labels in a text was used for tagging by Finkel et al. (ACL 2005) and
    Krishnan & Manning (ACL 2006); the form for soft labels of teachers is ours.
    """

    rows: dict[str, int]
    means: np.ndarray

    @classmethod
    def of(cls, parts: Iterable[tuple[Sequence[str], np.ndarray]]) -> FormProbabilities:
        """From parts of the text: words, and probabilities of tags in the order O, B, I, B, I, ...

        Shape of the probabilities: (n_words, 1 + 2 n_types). Memory grows with the word forms, not with the text.
        """
        rows: dict[str, int] = {}
        totals, counts = np.zeros((0, 0)), np.zeros(0)
        for words, probabilities in parts:
            ids = np.array([rows.setdefault(f, len(rows)) for f in map(_form, words)], np.int64)
            classes = _classes(_tags(probabilities))
            logs, sure = np.log(classes), classes.max(1, initial=0) ** _SURENESS
            new_forms = len(rows) - len(counts)
            totals = np.concatenate([totals.reshape(-1, logs.shape[1]), np.zeros((new_forms, logs.shape[1]))])
            counts = np.concatenate([counts, np.zeros(new_forms)])
            np.add.at(totals, ids, logs * sure[:, None])
            np.add.at(counts, ids, sure)
        rows.pop("", None)
        return cls(rows, (totals / counts[:, None]).astype(np.float32))

    def smooth(self, words: Sequence[str], probabilities: np.ndarray, strength: float) -> np.ndarray:
        """Draw each word's probabilities towards those of its form: `q[c] ~ p[c]^(1-s) m[c]^s`, m the geometric mean.

        The classes c are O and the types; how a type divides into B and I stays. s is `strength` times the probability
        that the word does not continue an entity: "do" in "Banco do Brasil" is judged by its neighbours. p is taken to
        be at least 0.0001 for each tag, in m too; what that adds is taken away again, so a sure teacher stays sure.

        Args:
            words: of this part of the text.
            probabilities: O, B, I, B, I, ... Shape: (n_words, 1 + 2 n_types).
            strength: 0 changes nothing, 1 leaves words that begin an entity to their form alone.

        Returns:
            Shape: (n_words, 1 + 2 n_types), float32.
        """
        if not self.rows:
            return probabilities
        tags = _tags(probabilities)
        ids = np.array([self.rows.get(_form(w), -1) for w in words], np.int64)
        classes = _classes(tags)
        inside = tags[:, 2::2].sum(1)
        share = np.where(ids < 0, 0.0, strength * (1 - inside))[:, None]
        mixed = np.exp((1 - share) * np.log(classes) + share * self.means[ids])
        ratio = mixed / mixed.sum(1, keepdims=True) / classes
        ratio = np.concatenate([ratio[:, :1], np.repeat(ratio[:, 1:], 2, axis=1)], axis=1)
        added = np.maximum(tags - probabilities, 0)
        smooth = tags * ratio - added * np.minimum(ratio, 1)
        return (smooth / smooth.sum(1, keepdims=True)).astype(np.float32)


def smoothed(
    blocks: Sequence[tuple[Sequence[Sentence], Sequence[np.ndarray]]], strength: float
) -> Iterator[tuple[Sequence[Sentence], Sequence[np.ndarray]]]:
    """The probabilities of a whole text, in blocks of sentences, smoothed by the `FormProbabilities` of all of it.

    Shape of the probabilities of a sentence: (n_words, 1 + 2 n_types).
    """
    forms = FormProbabilities.of((_words(sentences), np.concatenate(rows)) for sentences, rows in blocks)
    for sentences, rows in blocks:
        tags = forms.smooth(_words(sentences), np.concatenate(rows), strength)
        yield sentences, np.split(tags, np.cumsum([len(r) for r in rows])[:-1])


def check_strength(value: float) -> None:
    """Raises OptionError: `label_consistency` is no share."""
    if not 0 <= value <= 1:
        raise OptionError("label_consistency", f"is in [0, 1], got {value}")


def _form(word: str) -> str:
    return "" if UNSPACED.match(word) and _ONE_CHARACTER.fullmatch(word) else word.casefold()


def _words(sentences: Sequence[Sentence]) -> list[str]:
    return [w for s in sentences for w in s.words]


def _tags(probabilities: np.ndarray) -> np.ndarray:
    """No tag below the floor, rows summing to 1. Shape: (n_words, 1 + 2 n_types)."""
    floored = np.maximum(probabilities, _FLOOR)
    return floored / floored.sum(1, keepdims=True)


def _classes(tags: np.ndarray) -> np.ndarray:
    """Probabilities of O and of each type. Shape: (n_words, 1 + n_types)."""
    return np.concatenate([tags[:, :1], tags[:, 1::2] + tags[:, 2::2]], axis=1)
