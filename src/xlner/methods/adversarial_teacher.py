"""A tagger whose encoder tells as little as it can which language it reads, and scores of raw text by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Protocol

from xlner.core.languages import bcp47
from xlner.core.run_folder import RunFolder
from xlner.core.seed import seed_everything
from xlner.core.types import Sentence
from xlner.errors import UsageError
from xlner.methods.augmenting import labelled_chunks
from xlner.methods.selecting import SCORES, doubt, write_scores
from xlner.methods.supervised import dev_f1, fresh_tagger
from xlner.methods.task import Task
from xlner.methods.teachers import teacher_of
from xlner.tagger import Tagger
from xlner.train import TrainOptions, train
from xlner.train.adversarial import SOURCE, TARGET, Adversarial
from xlner.train.examples import RawChunks
from xlner.train.loop import forget
from xlner.train.processes import main_first, main_process, wait_for_all

NAME = "adversarial"


class AdversarialOptions(Protocol):
    """Options that a method must have to train an adversarial teacher."""

    @property
    def encoder(self) -> str: ...
    @property
    def teacher(self) -> TrainOptions: ...
    @property
    def reversal(self) -> float: ...
    @property
    def discriminator_size(self) -> int: ...
    @property
    def discriminator_sentences(self) -> int: ...
    @property
    def chunk_sentences(self) -> int: ...


def adversarial_teacher(task: Task, options: AdversarialOptions, run: RunFolder) -> Path:
    """Train a tagger on all sources against a discriminator of source and target text, and score the raw text by it.

    It starts from the encoder; or from the first source that is a model, and learns what the models say of their text.
    What is in the run's folder already is taken.

    Args:
        task: sources, types, raw text, dev data.
        options: of training and discriminator.
        run: the tagger goes into `teachers/adversarial`, the scores into `raw_scores.safetensors`.

    Returns:
        The model.

    Raises:
        UsageError: a source that is a model lacks a type.
    """
    assert task.raw is not None
    folder, scores = run.path / "teachers" / NAME, run.path / SCORES
    if not ((folder / "model" / "config.json").is_file() and scores.is_file()):
        tagger, labelled, settings = _start(task, options, folder)
        some = list(islice((s for s in task.raw() if s.words), options.discriminator_sentences))
        objective = Adversarial(
            tagger.model.config.hidden_size, size=options.discriminator_size, strength=options.reversal
        )
        streams = {SOURCE: labelled_chunks(tagger, labelled, settings), TARGET: RawChunks(tagger, some)}
        train(
            tagger, streams, objective, options=settings, folder=folder, dev=dev_f1(task.dev), title=f"teacher {NAME}"
        )
        with main_first():
            if not scores.is_file():
                score = partial(doubt, tagger, objective.discriminator)
                write_scores(task.raw, score, scores, chunk_sentences=options.chunk_sentences)
        if main_process():
            tagger.save(folder / "model")
            forget(folder)
        wait_for_all()
    return folder / "model"


def _start(task: Task, options: AdversarialOptions, folder: Path) -> tuple[Tagger, Sequence[Sentence], TrainOptions]:
    """The tagger, what it learns from, and how it is trained."""
    settings = options.teacher
    labelled: list[Sentence] = []
    tagger: Tagger | None = None
    for source in task.sources:
        labelled += source.sentences
        if source.model:
            teacher = teacher_of(source, task, folder, encoder=options.encoder, options=settings)
            model = teacher.load(settings, dropout=settings.dropout)
            if lacks := set(task.labels.types) - set(model.outputs.known):
                raise UsageError(
                    f"`select_by discriminator` trains one tagger on all sources, and the model of source "
                    f"{bcp47(source.language)} does not know {', '.join(sorted(lacks))}"
                )
            labelled += model.predict(source.text)
            tagger = tagger or model
    seed_everything(settings.seed)
    if tagger is not None:
        settings = replace(settings, epochs=settings.epochs or 1)  # as a student that starts from its teacher
        return (tagger if tagger.has_matching_head else tagger.with_matching_head()), labelled, settings
    languages = sorted({code for s in task.sources for code in s.languages})
    fresh = fresh_tagger(options.encoder, task.labels, languages, settings)
    return fresh, labelled, settings
