"""From the tags of any model to IOB2 probabilities over a label set, matched by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from xlner.core.labels import LabelSet
from xlner.core.tags import split_tag
from xlner.errors import ModelError

_BEGIN = {"B", "S", "U", "W"}


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities over the last axis. Shapes: (..., n_tags) both."""
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


class OutputMap:
    """Turns a model's tag probabilities into those of a label set, by name.

    Tags of BIOES and BILOU models fall onto B- and I-. A model in which a type has no B- is one of IO or IOB1, where
    entities open with I-, and B- only parts neighbours of one type: there an I- behind anything else than its own type
    gives its mass to B-. A type mapped to "O" gives its mass to O.

    Args:
        model_tags: the model's tags by output index.
        mapping: renames types, "MISC" -> "O" for example.
        labels: the label set to end in; None takes the model's own types after mapping, in the model's order.

    Attributes:
        unused: the names in `mapping` that the model does not have.
        renames: whether its types are others than those of the model.

    Raises:
        ModelError: a tag cannot be read, the model has no O, or a type is not in `labels`.
    """

    def __init__(
        self,
        model_tags: Sequence[str],
        *,
        mapping: Mapping[str, str] | None = None,
        labels: LabelSet | None = None,
    ) -> None:
        mapping = mapping or {}
        try:
            split = [split_tag(t) for t in model_tags]
        except ValueError as error:
            raise ModelError(f"the model's labels are no NER tags: {error}") from None
        if "O" not in model_tags:
            raise ModelError(
                f"the model has no tag O among {', '.join(model_tags)}. Name the output for no entity O in id2label of "
                "its config.json."
            )
        renamed = [(p, mapping.get(label, label) if label else "O") for p, label in split]
        self.unused = tuple(sorted(set(mapping) - {label for _, label in split}))
        types = list(dict.fromkeys(label for _, label in renamed if label != "O"))
        self.labels = labels or LabelSet(tuple(types))
        strangers = [t for t in types if t not in self.labels.types]
        if strangers:
            raise ModelError(
                f"the model knows {', '.join(strangers)}, the label set is {', '.join(self.labels.types)}; "
                f"map them, e.g. `mapping {strangers[0]}=O`"
            )
        self.known = frozenset(types)
        own = {label for _, label in split if label}
        self.renames = own != set(self.labels.types) or any(mapping.get(label, label) != label for label in own)
        tags = self.labels.tags
        self._names = list(model_tags)
        self._matrix = np.zeros((len(model_tags), len(tags)), np.float32)
        for i, (prefix, label) in enumerate(renamed):
            tag = "O" if label == "O" else f"{'B' if prefix in _BEGIN else 'I'}-{label}"
            self._matrix[i, tags.index(tag)] = 1.0
        begun = {label for p, label in split if p in _BEGIN}
        self._opens_inside = any(p == "I" and label not in begun for p, label in split)
        self._identity = self._matrix.shape[0] == self._matrix.shape[1] and np.array_equal(
            self._matrix, np.eye(len(tags), dtype=np.float32)
        )

    @property
    def is_identity(self) -> bool:
        """Whether the model's outputs pass unchanged."""
        return self._identity

    @property
    def one_to_one(self) -> bool:
        """Whether each tag is one output of the model, so that a head with these tags says the same."""
        return bool((self._matrix.sum(0) == 1).all() and (self._matrix.sum(1) == 1).all())

    def rows(self) -> list[int | None]:
        """For each tag of the label set the model's tag that says it best, or None for a type it does not know.

        Length: n_tags. A tag of the same name is preferred; of several that are renamed to it, the first is taken. A
        begin tag that the model lacks, or opens no entity with, is taken from its I- tag.
        """
        tags, best = self.labels.tags, []
        for column, tag in enumerate(tags):
            rows = np.flatnonzero(self._matrix[:, column]).tolist()
            best.append(next((r for r in rows if self._names[r] == tag), rows[0] if rows else None))
        for i in range(1, len(tags), 2):
            if best[i] is None or (self._opens_inside and best[i + 1] is not None):
                best[i] = best[i + 1]
        return best

    def __call__(self, probabilities: np.ndarray) -> np.ndarray:
        """IOB2 probabilities. Shapes: (n_words, n_model_tags) -> (n_words, n_tags)."""
        if self._identity:
            return probabilities
        out = probabilities @ self._matrix
        if self._opens_inside and self.labels.types:
            begin, inside = out[:, 1::2], out[:, 2::2]
            either = begin + inside
            best = np.concatenate([[-1], np.where(out[:, 0] > either.max(1), -1, either.argmax(1))])
            opens = best[:-1, None] != np.arange(inside.shape[1])[None]
            begin[opens] = either[opens]
            inside[opens] = 0.0
        return out
