"""The one training loop. Methods hand it data and an objective; nobody subclasses it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from xlner.core.files import atomic
from xlner.core.progress import Bar, progress
from xlner.tagger.tagger import Tagger
from xlner.train.checkpoint import drop_checkpoint
from xlner.train.examples import Chunks
from xlner.train.objective import Objective
from xlner.train.optimizer import trainable
from xlner.train.options import TrainOptions
from xlner.train.pace import BATCH_SUBWORDS, pace
from xlner.train.state import TrainResult
from xlner.train.training import BEST, CHECKPOINT, Training

__all__ = ["BATCH_SUBWORDS", "TrainResult", "forget", "pace", "train", "trainable"]

LOG_EVERY = 20  # steps of an epoch
TIME = "training_time.json"  # sentences, passes counted, and the seconds of all processes that trained


def train(
    tagger: Tagger,
    chunks: Chunks | Mapping[str, Chunks],
    objective: Objective,
    *,
    options: TrainOptions,
    folder: Path,
    dev: Callable[[Tagger], float] | None = None,
    title: str = "train",
) -> TrainResult:
    """Train `tagger` in place, and leave `metrics.jsonl` and `training_time.json` in `folder`.

    Interrupted at any moment and called again with the same arguments, it continues from its last checkpoint and ends
    with the same weights as an undisturbed run. Under `torchrun` or `accelerate launch` each process takes its share
    of the batches.

    Args:
        tagger: fresh or trained; its trainable weights are changed.
        chunks: the data; or several streams of them, by name. Then each step has one batch of each: the first stream
            decides the epochs, the others go round as long as it takes.
        objective: what is minimised, such as `make_loss("ce")`.
        options: settings.
        folder: where checkpoint and metrics live.
        dev: gives dev F1 of the current weights; asked after each epoch, and the best epoch's weights are kept.
        title: what the progress bar calls it.

    Raises:
        DataError: there is nothing to learn from.
        ModelError: the loss or a weight became infinite or NaN.
    """
    streams = chunks if isinstance(chunks, Mapping) else {"": chunks}
    training = Training(tagger, streams, objective, options=options, folder=folder)
    training.resume()
    state, epochs = training.state, training.epochs
    with progress(f"{title}, epoch {state.epoch + 1}/{epochs}", total=1.0) as bar:
        while state.epoch < epochs and not state.stop:
            bar.update(title=f"{title}, epoch {state.epoch + 1}/{epochs}")
            _epoch(training, bar)
            with training.average.in_place():  # what dev data judges is what the training would end with
                training.end_epoch(None if dev is None else dev(tagger))
            training.checkpoint()
    if training.accelerator.is_main_process:
        sentences = sum(next(iter(streams.values())).sizes) * state.epoch
        with atomic(folder / TIME) as out:
            out.write(json.dumps({"sentences": sentences, "seconds": round(state.seconds, 3)}) + "\n")
    return training.finish()


def forget(folder: Path) -> None:
    """Remove what only a resume needs, once the trained model is saved."""
    drop_checkpoint(folder / CHECKPOINT)
    (folder / BEST).unlink(missing_ok=True)


def _epoch(training: Training, bar: Bar) -> None:
    """The rest of the current epoch, with checkpoints and a line of metrics every few steps."""
    started, subwords = time.monotonic(), 0
    for batches in training.batches():
        training.step(batches)
        subwords += sum(b.subwords for b in batches.values()) * training.world
        bar.update(done=training.done)
        if training.state.batch % LOG_EVERY == 0:
            speed = subwords / (time.monotonic() - started)
            mean = training.log(subwords_per_second=round(speed, 1))
            bar.update(note=f"loss {mean:.4f}, {speed:,.0f} subwords/s")
        if training.due():
            training.checkpoint()
    training.check()
    training.tagger.model.eval()
