"""A tagger from labelled sentences: what teachers and direct transfer have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from xlner.core.labels import LabelSet
from xlner.core.seed import seed_everything
from xlner.core.types import Sentence
from xlner.evaluate import score
from xlner.tagger import Tagger
from xlner.train import TrainOptions, make_loss, train
from xlner.train.examples import Chunks, LabelledChunks
from xlner.train.objective import Objective

Lesson = Callable[[Tagger], tuple[Chunks | Mapping[str, Chunks], Objective]]
"""From a tagger that is to learn to its data and its objective; called once it is seeded."""


def supervise(
    sentences: Sequence[Sentence],
    labels: LabelSet,
    *,
    encoder: str,
    languages: Sequence[str],
    options: TrainOptions,
    folder: Path,
    dev: Sequence[Sentence] = (),
    title: str = "train",
    lesson: Lesson | None = None,
) -> Tagger:
    """A tagger trained on labelled sentences.

    Args:
        sentences: labelled data.
        labels: the entity types to learn.
        encoder: "embedded", a folder or a hub id.
        languages: ISO 639-3 codes of the data.
        options: training settings.
        folder: where checkpoint and metrics live; an interrupted training goes on from there.
        dev: labelled sentences; if given, the epoch with the best F1 on them is kept.
        title: for the progress bar.
        lesson: what is learnt instead of the labels of `sentences` alone.
    """
    seed_everything(options.seed)
    tagger = Tagger.fresh(
        encoder,
        labels,
        languages=languages,
        device=options.device,
        precision=options.precision,
        dropout=options.dropout,
    )
    chunks, objective = lesson(tagger) if lesson else (LabelledChunks(tagger, sentences), make_loss("ce"))
    train(tagger, chunks, objective, options=options, folder=folder, dev=dev_f1(dev), title=title)
    return tagger


def dev_f1(dev: Sequence[Sentence]) -> Callable[[Tagger], float] | None:
    """A function from a tagger to its F1 on `dev`, or None without dev data."""
    if not dev:
        return None
    return lambda tagger: score(dev, list(tagger.predict(dev))).f1
