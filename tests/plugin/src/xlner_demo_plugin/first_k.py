"""A method of a third party: train on the first sentences only."""

from __future__ import annotations

from xlner.component import option, options
from xlner.methods.method import Fitted, Method
from xlner.train.options import TrainOptions


class FirstK(Method):
    """Train on the first k labelled sentences only.

    Reference: made up for a test.
    """

    @options
    class Options:
        """Settings of the method."""

        k: int = option(100, "How many sentences.", ge=1, unit="sentences")
        encoder: str = option("embedded", "What the tagger starts from.")
        teacher: TrainOptions = option(TrainOptions, "Training.")

    @classmethod
    def fit(cls, task, options, run):
        """Train on `options.k` sentences."""
        from xlner.methods.supervised import supervise

        sentences = [s for source in task.sources for s in source.sentences][: options.k]
        model = supervise(
            sentences,
            task.labels,
            encoder=options.encoder,
            languages=[source.language for source in task.sources],
            options=options.teacher,
            folder=run.path,
        )
        return Fitted(model=model, notes=(f"trained on {len(sentences)} sentences",))
