"""How sure the labels of projected sentences are, kept beside them: for selection, and for soft labels."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

from xlner.core.files import replace_file
from xlner.core.labels import LabelSet
from xlner.core.types import Sentence
from xlner.project.fates import Reason
from xlner.project.result import Projected
from xlner.tagger import Tagger
from xlner.train.examples import Example, examples_of

Array = np.ndarray
_SURE = (Reason.PROJECTED, Reason.LOST_CAPITALS)


@dataclass(frozen=True, kw_only=True)
class SourceTags:
    """What a tagger found probable on the source side.

    Args:
        labels: give the order of tags, O first.
        sentences: that it read.
        rows: tag probabilities, one array per sentence. Shapes: (n_words, n_tags).
    """

    labels: LabelSet
    sentences: Sequence[Sentence]
    rows: Sequence[Array]

    def of(self, numbers: Sequence[int]) -> SourceTags:
        """Those of some of the sentences."""
        return SourceTags(
            labels=self.labels, sentences=[self.sentences[n] for n in numbers], rows=[self.rows[n] for n in numbers]
        )

    def by_type(self, number: int, source: Sentence) -> Array:
        """Probabilities of O and of each type of the words of a projected source sentence.

        If that is not the sentence that the tagger read (a back-translation of it, say), its entities are sure.

        Returns:
            Shape: (n_words, 1 + n_types), float32.
        """
        if source.words != self.sentences[number].words:
            certain = np.eye(1 + 2 * len(self.labels.types), dtype=np.float32)
            return _by_type(certain[np.maximum(self.labels.tag_ids(source), 0)])
        return _by_type(self.rows[number])


@dataclass(frozen=True, kw_only=True)
class Certainty:
    """How sure the labels of some projected sentences are.

    Args:
        sentences: the least probability of a label of each sentence: of an entity what its tagger gives it times the
            score of its projection, of other words of the source side that of O. 0 if an entity was lost. Shape:
            (n_sentences,), float32.
        spans: number of entities of each sentence. Shape: (n_sentences,), int32.
        types: names of the columns of `entities` after the first, which is O; none if no tagger labelled the source.
        entities: what the tagger found probable of each entity: the mean over its words in the source, sentence by
            sentence. Shape: (n_entities, 1 + n_types), float32.
    """

    sentences: Array
    spans: Array
    types: tuple[str, ...] = ()
    entities: Array

    @classmethod
    def of(cls, items: Sequence[Projected], tags: SourceTags | None) -> Certainty:
        """That of projected sentences.

        Args:
            items: the projection.
            tags: of their source sides, in the same order; None where gold labels were projected.
        """
        types = () if tags is None else tags.labels.types
        entities: list[Array] = []
        sentences = []
        for number, item in enumerate(items):
            of_types = None if tags is None else tags.by_type(number, item.source)
            origins = {span: fate.entity for fate in item.fates for span in fate.spans}
            least = 0.0 if any(f.reason not in _SURE for f in item.fates) else 1.0
            for span in item.sentence.spans:
                probable = 1.0
                if of_types is not None:
                    origin = origins[span]
                    entities.append(of_types[origin.start : origin.end].mean(0))
                    probable = float(entities[-1][1 + types.index(span.label)])
                least = min(least, probable * _score(span.score))
            if of_types is not None:
                outside = np.ones(len(item.source), bool)
                for fate in item.fates:
                    outside[fate.entity.start : fate.entity.end] = False
                least = min(least, float(of_types[outside, 0].min(initial=1.0)))
            sentences.append(least)
        return cls(
            sentences=np.array(sentences, np.float32),
            spans=np.array([len(item.sentence.spans) for item in items], np.int32),
            types=types,
            entities=np.array(entities, np.float32).reshape(-1, 1 + len(types)),
        )

    def save(self, file: Path) -> None:
        arrays = {"sentences": self.sentences, "spans": self.spans, "entities": self.entities}
        with replace_file(file) as place:
            save_file(arrays, place, metadata={"types": json.dumps(self.types)})

    @classmethod
    def load(cls, file: Path) -> Certainty:
        with safe_open(file, framework="numpy") as stored:
            arrays = {name: stored.get_tensor(name) for name in ("sentences", "spans", "entities")}
            return cls(types=tuple(json.loads(stored.metadata()["types"])), **arrays)

    def soft_labels(self, sentences: Sequence[Sentence], labels: LabelSet) -> tuple[list[Array], list[Array]]:
        """Targets and weights of the words of the sentences that this is of.

        A word of an entity has the probabilities of the entity's types in the source, with the tags of its place, and
        the score of the projection as its weight. Other words are O with weight 1, or unknown with weight 0. Where gold
        labels were projected only the weight is soft.

        Args:
            sentences: all of them, in order.
            labels: give the order of tags.

        Returns:
            Per sentence the targets, of shape (n_words, n_tags), and the weights, of shape (n_words,), both float32.
        """
        targets, weights, entity = [], [], 0
        for sentence in sentences:
            ids = np.asarray(labels.tag_ids(sentence), np.int64)
            rows = np.eye(len(labels.tags), dtype=np.float32)[np.maximum(ids, 0)]
            counts = (ids >= 0).astype(np.float32)
            for span in sentence.spans:
                counts[span.start : span.end] = _score(span.score)
                if self.types:
                    rows[span.start : span.end] = self._tags(self.entities[entity], span.end - span.start, labels)
                entity += 1
            targets.append(rows)
            weights.append(counts)
        return targets, weights

    def examples(self, tagger: Tagger, sentences: Sequence[Sentence], chosen: Sequence[int]) -> list[Example]:
        """Some of the sentences that this is of, with soft labels, as training data.

        Args:
            tagger: that learns.
            sentences: all of them, in order.
            chosen: numbers of those to learn from.
        """
        targets, weights = self.soft_labels(sentences, tagger.labels)
        words = [sentences[n].words for n in chosen]
        return examples_of(tagger.words, words, [targets[n] for n in chosen], [weights[n] for n in chosen])

    def _tags(self, probable: Array, n_words: int, labels: LabelSet) -> Array:
        """Tag probabilities of the words of an entity. Shape: (n_words, n_tags)."""
        out = np.zeros((n_words, len(labels.tags)), np.float32)
        out[:, 0] = probable[0]
        for column, name in enumerate(self.types, 1):
            out[0, labels.tags.index(f"B-{name}")] = probable[column]
            out[1:, labels.tags.index(f"I-{name}")] = probable[column]
        return out


def _by_type(rows: Array) -> Array:
    """Probabilities of O and of each type. Shapes: (n_words, 1 + 2 n_types) to (n_words, 1 + n_types)."""
    return np.concatenate([rows[:, :1], rows[:, 1::2] + rows[:, 2::2]], axis=1)


def _score(score: float | None) -> float:
    return 1.0 if score is None else score


def surest(parts: Sequence[Certainty], share: float) -> list[Array]:
    """Numbers of the surest sentences of each part, in order; all parts compete.

    Sentences with entities and those without are chosen among apart, so that their proportion stays.

    Args:
        parts: of one text.
        share: of each of the two kinds to take, rounded up.

    Reference: Ni, Dinu & Florian, ACL 2017, choose projected sentences by a score of their quality; this score is
        ours.
    """
    scores = np.concatenate([p.sentences for p in parts])
    with_entities = np.concatenate([p.spans for p in parts]) > 0
    taken = np.zeros(len(scores), bool)
    for numbers in (np.flatnonzero(with_entities), np.flatnonzero(~with_entities)):
        order = np.argsort(-scores[numbers], kind="stable")
        taken[numbers[order[: math.ceil(round(share * len(numbers), 6))]]] = True
    ends = np.cumsum([len(p.sentences) for p in parts])
    return [np.flatnonzero(part) for part in np.split(taken, ends[:-1])]
