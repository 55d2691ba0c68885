"""Soft labels on disk: the probabilities of each teacher for each word of the raw target text.

One folder per teacher, one safetensors file per chunk of sentences. A file holds the words themselves, so a student
with any tokenizer can learn from it, and is written whole or not at all, so an interrupted run goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from itertools import islice
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from xlner.core.costs import Costs
from xlner.core.damage import undamaged
from xlner.core.files import atomic, replace_file
from xlner.core.labels import LabelSet
from xlner.core.progress import progress
from xlner.core.shared import give, shared_folder, take
from xlner.core.types import Sentence
from xlner.errors import DataError
from xlner.methods.lower_case import LowerCase, without_lower_case_names
from xlner.methods.uncertainty import certainty
from xlner.methods.weights import TeacherWeights
from xlner.tagger import Tagger
from xlner.tagger.encode import WordEncoder
from xlner.tagger.label_consistency import FormProbabilities
from xlner.train.examples import Example, examples_of

_INDEX = "index.json"
STEPS = ".steps.json"  # beside each file: the time that it took


def write_soft_labels(
    teacher: Tagger,
    raw: Callable[[], Iterator[Sentence]],
    folder: Path,
    *,
    chunk_sentences: int,
    title: str,
    identity: str | None = None,
) -> tuple[int, ...]:
    """Let one teacher label the raw text, chunk by chunk; chunks already on disk are kept.

    Chunks that another run of the same teacher shares are taken from there; see `xlner.core.shared`.

    Args:
        teacher: answers in the label set of the task.
        raw: gives the same stream of sentences at every call.
        folder: where `00000.safetensors`, ... go.
        chunk_sentences: sentences per chunk; memory is bounded by one chunk.
        title: for the progress bar.
        identity: all that decides what the teacher says of a sentence, as text; None shares nothing.

    Returns:
        Sentences per chunk. Sentences without words are passed over.

    Raises:
        DataError: the stream has no sentence.
    """
    index = folder / _INDEX
    if index.is_file():
        with undamaged(index, remove=folder):
            return tuple(json.loads(index.read_text("utf-8"))["sizes"])
    folder.mkdir(parents=True, exist_ok=True)
    sizes: list[int] = []
    costs = Costs()
    stream = (s for s in raw() if s.words)
    with progress(title, total=None) as bar:
        while block := list(islice(stream, chunk_sentences)):
            place = folder / f"{len(sizes):05d}.safetensors"
            shared = _shared(identity, teacher, block)
            if not place.is_file() and not (shared and take(shared, place)):
                with costs.of("soft labels", len(block)):
                    rows = np.concatenate(teacher.probabilities(block)).astype(np.float16)
                with atomic(place.with_suffix(STEPS)) as out:  # first: a file that is there has its time
                    out.write(json.dumps(costs.take()) + "\n")
                with replace_file(place) as unfinished:
                    save_file(_pack([s.words for s in block], rows), unfinished)
                if shared:
                    give(place, shared)
            sizes.append(len(block))
            bar.update(advance=1, note=f"{sum(sizes):,} sentences")
    if not sizes:
        raise DataError("the raw target text has no sentences")
    with atomic(index) as out:
        out.write(json.dumps({"tags": list(teacher.labels.tags), "sizes": sizes}))
    return tuple(sizes)


def _shared(identity: str | None, teacher: Tagger, block: Sequence[Sentence]) -> Path | None:
    """Where the soft labels of some sentences are shared."""
    folder = shared_folder("soft_labels")
    if folder is None or identity is None:
        return None
    decides = [identity, teacher.labels.tags, [s.words for s in block], [s.language for s in block], version("xlner")]
    return folder / f"{hashlib.sha256(json.dumps(decides).encode()).hexdigest()}.safetensors"


@dataclass(frozen=True)
class SoftLabelChunks:
    """The merged soft labels of one or several teachers as training data, one chunk of one teacher in memory at a time.

    With `consistency` there is also one row of probabilities per different word form.

    Args:
        folders: one per teacher, from `write_soft_labels` over the same raw text.
        weights: how much each teacher counts.
        known: per teacher the entity types it knows; it has no say about others.
        labels: the label set of the student.
        encoder: the student's.
        sizes: sentences per chunk.
        floor: words whose most probable tag, merged and smoothed, has less than this are masked.
        consistency: how far words that look alike are labelled alike, 0 to 1; see `FormProbabilities`.
        lower_case: what names without a capital are; see `without_lower_case_names`.
        vote: where all teachers find the same tag most probable, it counts so much as a hard label beside the soft
            ones, which count 1. The cross-entropy of the mixture that is made of both is the sum of their losses.
        certainty: words count by how sure their soft label is, to this power.
    """

    folders: Sequence[Path]
    weights: TeacherWeights
    known: Sequence[frozenset[str]]
    labels: LabelSet
    encoder: WordEncoder
    sizes: Sequence[int]
    floor: float = 0.0
    consistency: float = 0.0
    lower_case: LowerCase = "entity"
    vote: float = 0.0
    certainty: float = 0.0

    def load(self, index: int) -> list[Example]:
        return examples_of(self.encoder, *self.sentences(index))

    def sentences(self, index: int) -> tuple[list[list[str]], list[np.ndarray], list[np.ndarray]]:
        """Words, targets and weights of the sentences of one chunk.

        Shapes for each sentence: (n_words,), (n_words, n_tags), (n_words,).
        """
        words, merged, agreed, known = self._merged(index)
        flat = [w for sentence in words for w in sentence]
        if self.consistency:
            merged = self._of_forms.smooth(flat, merged, self.consistency)
        counts = (merged.max(1) >= self.floor) * known
        if self.certainty:
            counts = counts * certainty(merged) ** self.certainty
        if self.vote:
            merged, counts = with_votes(merged, counts, agreed, self.vote)
        edges = np.cumsum([len(sentence) for sentence in words])[:-1]
        return words, np.split(merged, edges), np.split(counts, edges)

    @cached_property
    def _of_forms(self) -> FormProbabilities:
        parts = (self._merged(i) for i in range(len(self.sizes)))
        return FormProbabilities.of(([w for s in words for w in s], merged) for words, merged, *_ in parts)

    def _merged(self, index: int) -> tuple[list[list[str]], np.ndarray, np.ndarray, np.ndarray]:
        """Words of one chunk, the teachers' mean, the tag that all vote for or -1, and 0 for words to be masked."""
        words, lengths = _unpack(_arrays(self.folders[0], index))
        of_teachers = (_arrays(folder, index)["probabilities"].astype(np.float32) for folder in self.folders)
        first = sum(self.sizes[:index])
        weights = self.weights.of_words(lengths, self.labels, first_sentence=first)
        votes: list[np.ndarray] = []

        def counted() -> Iterator[np.ndarray]:
            for rows in of_teachers:
                votes.append(rows.argmax(1))
                yield rows

        merged = merge(counted(), weights, self.known, self.labels)
        agreed = agreed_tags(votes, [bool(w.any()) for w in weights], self.known, self.labels)
        known = np.ones(len(merged), np.float32)
        if self.lower_case != "entity":
            merged, known = without_lower_case_names(words, merged, self.labels, how=self.lower_case)
            agreed = np.where(agreed == merged.argmax(1), agreed, -1)
        return words, merged, agreed, known


def agreed_tags(
    votes: Sequence[np.ndarray], counted: Sequence[bool], known: Sequence[frozenset[str]], labels: LabelSet
) -> np.ndarray:
    """The tag of each word that all teachers with a say vote for, or -1.

    A teacher with weight 0 has no say. One that does not know a type has none where others vote for that type and it
    votes for O; O itself needs all.

    Args:
        votes: of each teacher. Shapes: (n_words,).
        counted: whether a teacher has any weight.
        known: types of each teacher.
        labels: of the student.
    """
    chosen = [(v, of) for v, has, of in zip(votes, counted, known, strict=True) if has]
    first = np.zeros_like(votes[0])  # the first vote that is not O
    for vote, _ in chosen:
        first = np.where(first == 0, vote, first)
    type_of = np.array(["", *(t for t in labels.types for _ in "BI")])
    agree = np.ones(len(first), bool)
    for vote, of in chosen:
        blind = (vote == 0) & ~np.isin(type_of[first], ["", *of])
        agree &= (vote == first) | blind
    return np.where(agree, first, -1)


def with_votes(
    targets: np.ndarray, weights: np.ndarray, agreed: np.ndarray, vote: float
) -> tuple[np.ndarray, np.ndarray]:
    """Targets and weights in which agreed tags count as hard labels too.

    Args:
        targets: soft labels. Shape: (n_words, n_tags).
        weights: how much each word counts. Shape: (n_words,).
        agreed: the tag that all teachers vote for, or -1. Shape: (n_words,).
        vote: weight of the hard label; that of the soft one is 1.

    Returns:
        `(p + vote * onehot) / (1 + vote)` and the weight times `1 + vote` where there is an agreed tag, so that their
        cross-entropy is `weight * (CE(p) + vote * CE(onehot))`. Shapes as given.

    Reference: Wu et al., IJCAI 2020 (UniTrans), the voting scheme.
    """
    rows = np.flatnonzero(agreed >= 0)
    mixed, raised = targets.copy(), weights.copy()
    mixed[rows, agreed[rows]] += vote
    mixed[rows] /= 1 + vote
    raised[rows] *= 1 + vote
    return mixed, raised


def merge(
    probabilities: Iterable[np.ndarray],
    weights: Sequence[np.ndarray],
    known: Sequence[frozenset[str]],
    labels: LabelSet,
) -> np.ndarray:
    """Weighted mean of teachers' probabilities, in which a type is judged only by teachers that know it.

    Per tag c of type t: `p[c] = sum_k a_k p_k[c] / sum_(k knows t) a_k`; O gets what is left, and rows are normalised.
    A teacher that does not know t calls its entities O, so its O says nothing against t. Where all teachers know
    all types this is the plain mixture. Where those that know t have no weight, as in a sentence that is far from all
    of them, they count alike.

    Args:
        probabilities: one per teacher, taken one at a time. Shape: (n_words, n_tags), float32.
        weights: a_k, one per teacher, of any shape that spreads over (n_words, n_tags - 1): the tags but O.
        known: types each teacher knows.
        labels: gives the order of tags, O first.

    Returns:
        Shape: (n_words, n_tags), float32.

    Reference: Wu et al., ACL 2020, the multi-source mixture of teachers; the handling of unknown types is ours.
    """
    knows = np.array([[t in types for t in labels.types for _ in "BI"] for types in known], np.float64)
    counted = [weight * row for weight, row in zip(weights, knows, strict=True)]
    total = sum(counted, np.zeros(1))
    entities = np.zeros(1, np.float32)
    for rows, part, row in zip(probabilities, counted, knows, strict=True):
        alike = row / np.maximum(knows.sum(0), 1)
        share = np.divide(part, total, out=np.broadcast_to(alike, total.shape).copy(), where=total > 0)
        entities = entities + share.astype(np.float32) * (rows / rows.sum(1, keepdims=True))[:, 1:]
    outside = np.maximum(1 - entities.sum(1, keepdims=True), 0)
    merged = np.concatenate([outside, entities], axis=1)
    return merged / merged.sum(1, keepdims=True)


def _arrays(folder: Path, index: int) -> dict[str, np.ndarray]:
    place = folder / f"{index:05d}.safetensors"
    with undamaged(place, remove=folder):
        return load_file(place)


def _pack(words: Sequence[Sequence[str]], probabilities: np.ndarray) -> dict[str, np.ndarray]:
    flat = [w.encode("utf-8", "surrogatepass") for sentence in words for w in sentence]
    return {
        "words": np.frombuffer(b"".join(flat), np.uint8),
        "bytes": np.array([len(w) for w in flat], np.int32),
        "lengths": np.array([len(s) for s in words], np.int32),
        "probabilities": probabilities,
    }


def _unpack(arrays: dict[str, np.ndarray]) -> tuple[list[list[str]], np.ndarray]:
    blob, stops = arrays["words"].tobytes(), np.cumsum(arrays["bytes"].astype(np.int64)).tolist()
    flat = [blob[a:b].decode("utf-8", "surrogatepass") for a, b in zip([0, *stops], stops, strict=False)]
    lengths = arrays["lengths"].astype(np.int64)
    ends = np.cumsum(lengths)
    return [flat[end - n : end] for end, n in zip(ends, lengths, strict=True)], lengths
