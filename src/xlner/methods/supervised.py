"""A tagger from labelled sentences: what teachers and direct transfer have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from xlner.core.labels import LabelSet
from xlner.core.seed import seed_everything
from xlner.core.types import Sentence
from xlner.encoder.depth import layers_of, retain_layers
from xlner.errors import OptionError
from xlner.evaluate import score
from xlner.methods.augmenting import labelled_chunks
from xlner.tagger import Tagger
from xlner.train import TrainOptions, make_loss, train
from xlner.train.examples import Chunks
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
    head_seed: int | None = None,
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
        head_seed: of the new head; None for that of the training.
        lesson: what is learnt instead of the labels of `sentences` alone.
    """
    seed_everything(options.seed if head_seed is None else head_seed)
    tagger = fresh_tagger(encoder, labels, languages, options)
    chunks: Chunks | Mapping[str, Chunks] = labelled_chunks(tagger, sentences, options)
    objective: Objective = make_loss("ce")
    if lesson is not None:
        chunks, objective = lesson(tagger)
    train(tagger, chunks, objective, options=options, folder=folder, dev=dev_f1(dev), title=title)
    return tagger


def fresh_tagger(encoder: str, labels: LabelSet, languages: Sequence[str], options: TrainOptions) -> Tagger:
    """A tagger with a new head on the layer of an encoder that the options name. Seed first.

    Raises:
        OptionError: there is no such layer.
    """
    tagger = Tagger.fresh(
        encoder, labels, languages=languages,
        device=options.device, precision=options.precision, dropout=options.dropout,
    )  # fmt: skip
    if options.random_weights:
        tagger.model.load_state_dict(type(tagger.model)(tagger.model.config).state_dict())
    if options.layer is not None:
        read_layer(tagger, options.layer)
    return tagger


def read_layer(tagger: Tagger, layer: int) -> None:
    """Leave out the layers of a tagger's encoder above one of them.

    Args:
        tagger: changed in place.
        layer: counted from 1.

    Raises:
        OptionError: there is no such layer.
        ModelError: the encoder cannot be built with fewer layers.
    """
    there = len(layers_of(tagger.model))
    if layer > there:
        raise OptionError("layer", f"is {layer}, but the encoder has {there}")
    if layer < there:
        retain_layers(tagger.model, range(layer))


def dev_f1(dev: Sequence[Sentence]) -> Callable[[Tagger], float] | None:
    """A function from a tagger to its F1 on `dev`, or None without dev data."""
    if not dev:
        return None
    return lambda tagger: score(dev, list(tagger.predict(dev))).f1
