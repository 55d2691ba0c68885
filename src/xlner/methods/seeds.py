"""Several seeds of one teacher: options, and the mean of their weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from xlner.component import option, options

if TYPE_CHECKING:
    from xlner.tagger import Tagger
    from xlner.train import TrainOptions

Average = Literal["probabilities", "weights"]


@options
class TeacherSeeds:
    """How many teachers are trained on one source."""

    teacher_seeds: int = option(
        1, "Teachers per source with data, trained with consecutive seeds and averaged; costs as many trainings.", ge=1
    )

    @property
    def average_of_seeds(self) -> Average:
        """What of the teachers of one source is averaged: for one that is read by other steps, the weights."""
        return "weights"


@options
class AveragedSeeds(TeacherSeeds):
    """How many teachers are trained on one source, and what of them is averaged."""

    average: Average = option(
        "probabilities",
        "What of the seeds of a teacher is averaged: probabilities, as all of them label the raw text; or weights, "
        "which makes one teacher of them.",
    )

    @property
    def average_of_seeds(self) -> Average:
        """What of the teachers of one source is averaged, as the user says."""
        return self.average


class Train(Protocol):
    """Trains a tagger from one and the same start, whatever the seed."""

    def __call__(self, *, options: TrainOptions, folder: Path, title: str) -> Tagger: ...


def seeds_of(options: TrainOptions, count: int) -> list[TrainOptions]:
    """The same training with consecutive seeds, beginning with its own."""
    return [replace(options, seed=options.seed + i) for i in range(count)]


def trained(train: Train, options: TrainOptions, count: int, folder: Path, *, title: str) -> Tagger:
    """A training; or the mean of the weights of several, which differ in dropout and in the order of batches.

    All start from the same weights, head included: the way from there to each of them is short, so that what lies
    between them is as good.

    Args:
        train: one of them.
        options: of the first; the others have the seeds behind its seed.
        count: how many there are.
        folder: of the training; several live in `seeds/1`, `seeds/2`, ... in it, and a finished one is reused.
        title: for progress bars.

    Reference: Wortsman et al., ICML 2022 (model soups, the uniform one).
    """
    from xlner.train.loop import forget
    from xlner.train.processes import main_process, wait_for_all

    if count == 1:
        return train(options=options, folder=folder, title=title)
    models = []
    for number, one in enumerate(seeds_of(options, count), 1):
        place = folder / "seeds" / str(number)
        models.append(place / "model")
        if not (models[-1] / "config.json").is_file():
            tagger = train(options=one, folder=place, title=f"{title}, seed {one.seed}")
            if main_process():
                tagger.save(models[-1])
                forget(place)
            wait_for_all()
    return mean_of(models, options)


def mean_of(models: Sequence[Path], options: TrainOptions) -> Tagger:
    """A tagger with the mean of the weights of several, which have the same shape and labels.

    Args:
        models: their folders.
        options: name the device and the precision.
    """
    from xlner.tagger import Tagger
    from xlner.tagger.interpolate import interpolate

    tagger = Tagger.load(models[0], device=options.device, precision=options.precision)
    mean = interpolate(models, [1.0] * len(models))
    tagger.model.load_state_dict(mean, strict=False)  # a weight that is tied to another one has no copy in the files
    return tagger
