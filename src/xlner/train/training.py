"""A training under way: one step, its checkpoint, and how it is taken up again."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import load_file

from xlner.component import to_values
from xlner.core.seed import seed_everything
from xlner.errors import ModelError
from xlner.tagger.device import autocast
from xlner.tagger.tagger import Tagger
from xlner.train.averaging import WeightAverage
from xlner.train.batches import Batch, Streams
from xlner.train.checkpoint import (
    load_checkpoint,
    optimizer_tensors,
    restore_optimizer,
    rng_state,
    save_checkpoint,
    save_weights,
    set_rng_state,
)
from xlner.train.dropout import use_byte_dropout
from xlner.train.examples import Chunks
from xlner.train.lora import merge_lora
from xlner.train.metrics import MetricsFile
from xlner.train.objective import Objective, StepInput, StreamInput, modules_of, prepared, split_loss, wants_hidden
from xlner.train.optimizer import add_modules, schedule, set_rates, trainable
from xlner.train.options import TrainOptions
from xlner.train.pace import pace
from xlner.train.processes import accelerator_for
from xlner.train.state import State, TrainResult
from xlner.train.trackers import check_trackers

CHECKPOINT, BEST, METRICS = "checkpoint", "best.safetensors", "metrics.jsonl"


class Training:
    """A training under way. `train` is the loop around it.

    Args:
        tagger: to be trained in place.
        streams: name -> data; the first decides the epochs.
        objective: what is minimised.
        options: settings.
        folder: where checkpoint and metrics live.

    Raises:
        DataError: there is nothing to learn from.
        OptionError: there is no such tracker.
    """

    def __init__(
        self,
        tagger: Tagger,
        streams: Mapping[str, Chunks],
        objective: Objective,
        *,
        options: TrainOptions,
        folder: Path,
    ) -> None:
        check_trackers(options.report_to)
        folder.mkdir(parents=True, exist_ok=True)
        self.tagger, self.objective, self.options, self.folder = tagger, objective, options, folder
        self.accelerator = accelerator_for(tagger.device, folder, options.report_to)
        if options.report_to:
            self.accelerator.init_trackers("xlner", config={k: str(v) for k, v in to_values(options).items()})
        self.rank, self.world = self.accelerator.process_index, self.accelerator.num_processes
        use_byte_dropout(tagger.model)
        seed_everything(options.seed)  # updates of LoRA start at random
        self.names, optimizer = trainable(tagger, options)
        self.modules = {n: m.to(tagger.device).train() for n, m in modules_of(objective).items()}
        self.module_names = add_modules(optimizer, self.modules, options)
        self.model, self.optimizer = self.accelerator.prepare(tagger.model, optimizer)
        by_name = dict(tagger.model.named_parameters())
        self.trained = [by_name[n] for n in self.names]
        self.module_parameters = [p for m in self.modules.values() for p in m.parameters() if p.requires_grad]
        # Modules belong to the weights they were trained with: both come from the same epoch, or are averaged together.
        named = {f"objective.{name}.{n}": p for name, m in self.modules.items() for n, p in m.named_parameters()}
        self.kept = {**dict(zip(self.names, self.trained, strict=True)), **named}
        self.average = WeightAverage(list(self.kept), list(self.kept.values()), options.average_from)
        seed_everything(options.seed + 7919 * self.rank)
        first = next(iter(streams.values()))
        self.budget, self.epochs = pace(first, options, self.world, tagger.device.type)
        self._data = dict(streams)
        self._start(State(processes=self.world, device=tagger.device.type))

    def _start(self, state: State) -> None:
        self.state = state
        self.position = self.done = self.rate = 0.0
        self.streams = Streams(
            self._data, seed=self.options.seed, budget=self.budget, pad_id=self.tagger.pad_id,
            rank=self.rank, world=self.world, positions=state.streams,
        )  # fmt: skip
        state.streams = self.streams.positions
        self._sums = {n: torch.tensor(v, device=self.tagger.device) for n, v in state.sums.items()}
        self._saved_at = time.monotonic()

    def resume(self) -> None:
        """Go on from the checkpoint in the folder, if there is one, and open `metrics.jsonl`."""
        saved = load_checkpoint(self.folder / CHECKPOINT)
        if saved is not None:
            tensors, values = saved
            state = State.of(values)
            state.check_begun(self.folder / CHECKPOINT, self.world, self.tagger.device.type)
            self._restore(tensors)
            self._start(state)
            self.average.restore(tensors, self.state.averaged)
        step = None if saved is None else self.state.step
        self.metrics = MetricsFile(
            self.folder / METRICS, step=step, epoch=self.state.epoch, active=self.accelerator.is_main_process
        )
        if step is None:
            self.metrics.write({"step": 0, "batch_subwords": self.budget, "epochs": self.epochs})

    def batches(self) -> Iterator[dict[str, Batch]]:
        """What is left of the current epoch, step by step; the model is in training mode."""
        self.model.train()
        return self.streams.epoch(self.state.epoch, skip=self.state.batch)

    def step(self, batches: Mapping[str, Batch]) -> None:
        """One update of the weights."""
        state = self.state
        first = next(iter(batches.values()))
        self.position = state.epoch + first.share
        self.done = self.position / self.epochs
        self.rate = self._rate(first.part / self.epochs)
        set_rates(self.optimizer, self.rate, self.done, self.objective)
        batches = prepared(self.objective, batches, (self.options.seed, state.step, self.rank))
        shown = StepInput({name: self._forward(batch) for name, batch in batches.items()}, self.done)
        value, parts = split_loss(self.objective(shown))
        if self.world > 1:  # every weight takes part on every process, whatever the objective reads
            value = value + sum(s.logits.sum() * 0 for s in shown.streams.values())
        self.accelerator.backward(value)
        self._share_gradients()
        self.accelerator.clip_grad_norm_([*self.trained, *self.module_parameters], self.options.clip)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.average.take(self.done)
        for name, part in {"loss": value, **parts}.items():
            part = part.detach()
            self._sums[name] = self._sums[name] + part if name in self._sums else 0.0 + part
        state.step += 1
        state.batch += 1
        state.summed += 1

    def _rate(self, part: float) -> float:
        if self.done >= 1 and self.state.step == 0:
            return self.options.learning_rate  # the only step of all
        # The schedule ends at 0, where the last step would teach nothing: it takes the rate of its middle.
        done = self.done if self.done < 1 else 1 - part / 2
        return self.options.learning_rate * schedule(done, self.options.warmup)

    def _forward(self, batch: Batch) -> StreamInput:
        device = self.tagger.device
        ids, mask, rows, columns = (t.to(device) for t in (batch.ids, batch.mask, batch.rows, batch.columns))
        hidden, states = None, ()
        outputs = {"output_hidden_states": True} if wants_hidden(self.objective) else {}
        with autocast(device, self.tagger.dtype):
            out = self.model(input_ids=ids, attention_mask=mask, **outputs)
        if outputs:
            states = out.hidden_states
            hidden = states[-1].float()
        logits = out.logits.float()[rows, columns]
        targets, weights, pairs = (t.to(device) for t in (batch.targets, batch.weights, batch.pairs))
        return StreamInput(logits, hidden, ids, mask, rows, columns, targets, weights, pairs, states)

    def _share_gradients(self) -> None:
        """The mean of the gradients of the objective's modules over all processes; the model's own are wrapped."""
        if self.world > 1:
            for p in self.module_parameters:
                p.grad = self.accelerator.reduce(torch.zeros_like(p) if p.grad is None else p.grad, "mean")

    def log(self, **extra: float) -> float:
        """Write a line of metrics: means since the epoch began. Gives the mean loss.

        Raises:
            ModelError: it is infinite or NaN.
        """
        state = self.state
        means = {name: value.item() / state.summed for name, value in self._sums.items()}
        self._refuse(means["loss"])
        self.metrics.write({"step": state.step, "epoch": self.position, **means, "lr": self.rate, **extra})
        self.accelerator.log({**means, "lr": self.rate}, step=state.step)
        return means["loss"]

    def end_epoch(self, f1: float | None) -> None:
        """Close an epoch, with its dev F1 if there is one; the best epoch's weights are put aside."""
        state = self.state
        state.epoch, state.batch, state.summed = state.epoch + 1, 0, 0
        self._sums = {}
        if f1 is None:
            return
        state.dev.append(f1)
        self.metrics.write({"step": state.step, "epoch": state.epoch, "dev_f1": f1})
        self.accelerator.log({"dev_f1": f1}, step=state.step)
        if f1 > state.best:
            state.best, state.best_epoch = f1, state.epoch
            if self.accelerator.is_main_process:
                save_weights(self.folder / BEST, self.kept)
        elif self.options.patience and state.epoch - state.best_epoch >= self.options.patience:
            state.stop = True

    def due(self) -> bool:
        """Whether to save now; the main process decides, since clocks differ."""
        due = time.monotonic() - self._saved_at >= self.options.checkpoint_seconds
        if self.world == 1:
            return due
        flag = torch.tensor([int(due and self.accelerator.is_main_process)], device=self.tagger.device)
        return bool(self.accelerator.reduce(flag, "sum").item())

    def checkpoint(self) -> None:
        """Save all that a resumed training needs.

        Raises:
            ModelError: a weight or the loss is infinite or NaN; the last checkpoint stays.
        """
        self.check()
        rng = rng_state(self.tagger.device)[None]
        if self.world > 1:
            rng = self.accelerator.gather(rng.to(self.tagger.device)).cpu()
        self.state.seconds += time.monotonic() - self._saved_at
        if self.accelerator.is_main_process:
            self.state.averaged = self.average.count
            self.state.sums = {name: value.item() for name, value in self._sums.items()}
            names = [*self.names, *self.module_names]
            save_checkpoint(
                self.folder / CHECKPOINT,
                {
                    **{f"model.{n}": p for n, p in zip(self.names, self.trained, strict=True)},
                    **self._module_tensors(),
                    **self.average.tensors(),
                    **optimizer_tensors(self.optimizer, names),
                    **{f"random.{r}": row for r, row in enumerate(rng)},
                },
                asdict(self.state),
            )
        self._saved_at = time.monotonic()

    def finish(self) -> TrainResult:
        """Take the best epoch's weights, if dev data chose one, or else the mean if there is one; and end the logs."""
        state = self.state
        self.accelerator.wait_for_everyone()
        if state.dev and 0 < state.best_epoch < state.epoch:
            best = load_file(self.folder / BEST)
            with torch.no_grad():
                for name, parameter in self.kept.items():
                    parameter.copy_(best[name])
        else:
            self.average.put()
        merge_lora(self.tagger.model)
        for tracker in self.accelerator.trackers:  # end_training() would also end the process group of the caller
            tracker.finish()
        self.tagger.model.eval()
        return TrainResult(state.step, state.epoch, tuple(state.dev), state.best_epoch or state.epoch)

    def check(self) -> None:
        """Raises ModelError: the loss or a weight is infinite or NaN."""
        if self.state.summed:
            self._refuse(self._sums["loss"].item() / self.state.summed)
        norms = torch.stack([p.detach().norm() for p in (*self.trained, *self.module_parameters)])
        if not norms.isfinite().all():
            self._refuse(math.nan)

    def _refuse(self, mean: float) -> None:
        if not math.isfinite(mean):
            raise ModelError(
                f"the loss became {mean} in epoch {self.state.epoch + 1} at step {self.state.step}; "
                "lower `learning_rate` or use `precision fp32`"
            )

    def _module_tensors(self) -> dict[str, torch.Tensor]:
        # Weights that share memory, as tied ones do, could not be written.
        named = ((f"objective.{name}.{n}", t) for name, m in self.modules.items() for n, t in m.state_dict().items())
        return {name: tensor.clone() for name, tensor in named}

    def _restore(self, tensors: dict[str, torch.Tensor]) -> None:
        with torch.no_grad():
            for name, parameter in zip(self.names, self.trained, strict=True):
                parameter.copy_(tensors[f"model.{name}"])
        for name, module in self.modules.items():
            prefix = f"objective.{name}."
            module.load_state_dict({k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)})
        optimizer = getattr(self.optimizer, "optimizer", self.optimizer)
        restore_optimizer(optimizer, [*self.names, *self.module_names], tensors)
        if (rng := tensors.get(f"random.{self.rank}")) is not None:
            set_rng_state(rng.to(torch.uint8), self.tagger.device)
