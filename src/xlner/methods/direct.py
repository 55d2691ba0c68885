"""Direct transfer: train on labelled source text, use the model on the target as it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from xlner.core.labels import LabelSet
from xlner.core.seed import seed_everything
from xlner.core.types import Sentence
from xlner.errors import ModelError, UsageError
from xlner.evaluate import score
from xlner.methods.task import MethodOptions, Task
from xlner.tagger import Tagger
from xlner.train import TrainOptions, make_loss, train
from xlner.train.examples import LabelledChunks


def fit(task: Task, options: MethodOptions, folder: Path) -> Tagger:
    """Train one tagger on all labelled sources together; a single source that is a model is taken as it is.

    The encoder has seen the target language in pretraining, so a head trained on English entities finds many Spanish
    ones. This is the baseline that every other method has to beat.

    Args:
        task: sources, labels and dev data are used; raw text is not.
        options: `encoder` and `teacher`.
        folder: keeps the checkpoint and metrics while training.

    Raises:
        UsageError: several sources, one of them a model without data; or weights or a pool, which are for teachers.
        ModelError: a model whose outputs are not those of the task one by one.

    Reference: Wu & Dredze, EMNLP 2019.
    """
    if options.weights != MethodOptions.weights:
        raise UsageError("--weights is for teachers; --method direct has none and trains on all data alike")
    if options.pool:
        raise UsageError("--pool is for teachers; --method direct trains one model on all data anyway")
    models = [s for s in task.sources if s.model]
    if models and len(task.sources) > 1:
        raise UsageError(
            f"--method direct trains on data; source {models[0].language} is a model. "
            "Use --method distill to learn from several models"
        )
    if models:
        tagger = Tagger.load(
            models[0].model or "", mapping=task.mapping, labels=task.labels,
            device=options.teacher.device, precision=options.teacher.precision,
        )  # fmt: skip
        if not tagger.outputs.one_to_one:
            raise ModelError(
                f"the outputs of {models[0].model} cannot be kept in a copy: types are dropped or joined by --map, or "
                "its tags are not IOB2. Use it where it is (xlner predict MODEL --map OLD=NEW), or --method distill"
            )
        return tagger.with_own_head()
    sentences = [sentence for source in task.sources for sentence in source.sentences]
    return supervise(
        sentences,
        task.labels,
        encoder=options.encoder,
        languages=sorted({s.language for s in task.sources}),
        options=options.teacher,
        folder=folder,
        dev=task.dev,
        title="train on " + ", ".join(s.name for s in task.sources),
    )


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
    """A tagger trained on labelled sentences; what `xlner train` does, and how teachers are made.

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
    chunks = LabelledChunks(tagger, sentences)
    train(tagger, chunks, make_loss("ce"), options=options, folder=folder, dev=dev_f1(dev), title=title)
    return tagger


def dev_f1(dev: Sequence[Sentence]) -> Callable[[Tagger], float] | None:
    """A function from a tagger to its F1 on `dev`, or None without dev data."""
    if not dev:
        return None
    return lambda tagger: score(dev, list(tagger.predict(dev))).f1
