"""A tagger from labelled sentences: what teachers and direct transfer have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from xlner.core.labels import LabelSet
from xlner.core.seed import seed_everything
from xlner.core.types import Sentence
from xlner.evaluate import score
from xlner.methods.augmenting import labelled_chunks
from xlner.tagger import Tagger
from xlner.train import TrainOptions, make_loss, train


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
    chunks = labelled_chunks(tagger, sentences, options)
    train(tagger, chunks, make_loss("ce"), options=options, folder=folder, dev=dev_f1(dev), title=title)
    return tagger


def dev_f1(dev: Sequence[Sentence]) -> Callable[[Tagger], float] | None:
    """A function from a tagger to its F1 on `dev`, or None without dev data."""
    if not dev:
        return None
    return lambda tagger: score(dev, list(tagger.predict(dev))).f1
