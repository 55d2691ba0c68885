"""The one training loop. Methods hand it data and a loss; nobody subclasses it."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from safetensors.torch import load_file, save_file

from xlner.core.progress import progress
from xlner.core.seed import seed_everything
from xlner.errors import DataError, ModelError
from xlner.tagger.device import autocast
from xlner.tagger.tagger import Tagger
from xlner.train.checkpoint import (
    drop_checkpoint,
    load_checkpoint,
    optimizer_tensors,
    restore_optimizer,
    save_checkpoint,
)
from xlner.train.dropout import use_byte_dropout
from xlner.train.examples import Chunks, epoch_batches
from xlner.train.losses import Loss
from xlner.train.options import TrainOptions

PASSES = (3, 20)  # least and most for a new head, when the options do not say
BATCH_SUBWORDS = (128, 768)  # least and most, likewise
STEPS = 333  # per pass, that batches of little data are made small for


@dataclass(frozen=True)
class TrainResult:
    """What a training came to: steps taken, epochs run, dev F1 per epoch, and the epoch whose weights were kept."""

    steps: int
    epochs: int
    dev: tuple[float, ...]
    kept_epoch: int


def pace(chunks: Chunks, options: TrainOptions, processes: int = 1) -> tuple[int, int]:
    """Padded subwords per batch and process, and passes, that suit an amount of data.

    What counts is the number of steps: a new head on a thousand sentences stays at "no entity" after a handful of large
    batches, and learns from the same sentences in many small ones. Where even the smallest batches are few, there are
    more passes.

    Args:
        chunks: the data, judged by the length of examples in the first chunk that has some.
        options: what they say is taken.
        processes: how many share the batches.

    Raises:
        DataError: no word has a label to learn from.
    """
    (least, most), (few, many) = BATCH_SUBWORDS, PASSES
    loaded = ((size, chunks.load(i)) for i, size in enumerate(chunks.sizes) if size)
    first, examples = next(((size, found) for size, found in loaded if found), (1, []))
    if not examples:
        raise DataError("no word is left to learn from: all labels are unknown, or less sure than --confidence-floor")
    subwords = sum(len(e.ids) for e in examples) / first * sum(chunks.sizes) / processes
    batch = options.batch_subwords or int(min(most, max(least, subwords / STEPS)))
    return batch, options.epochs or min(many, max(few, math.ceil(few * STEPS * batch / subwords)))


def train(
    tagger: Tagger,
    chunks: Chunks,
    loss: Loss,
    *,
    options: TrainOptions,
    folder: Path,
    dev: Callable[[Tagger], float] | None = None,
    title: str = "train",
) -> TrainResult:
    """Train `tagger` in place, and leave `metrics.jsonl` in `folder`.

    Interrupted at any moment and called again with the same arguments, it continues from its last checkpoint and ends
    with the same weights as an undisturbed run. Under `torchrun` or `accelerate launch` each process takes its share
    of the batches.

    Args:
        tagger: fresh or trained; its trainable weights are changed.
        chunks: the data.
        loss: from logits, targets and weights of the words of a batch to a scalar.
        options: settings.
        folder: where checkpoint and metrics live.
        dev: gives dev F1 of the current weights; asked after each epoch, and the best epoch's weights are kept.
        title: what the progress bar calls it.

    Raises:
        ModelError: the loss became infinite or NaN.
    """
    folder.mkdir(parents=True, exist_ok=True)
    accelerator = Accelerator(
        cpu=tagger.device.type == "cpu", log_with=list(options.report_to) or None, project_dir=str(folder)
    )
    if options.report_to:
        accelerator.init_trackers("xlner", config={k: str(v) for k, v in asdict(options).items()})
    rank, world = accelerator.process_index, accelerator.num_processes
    use_byte_dropout(tagger.model)
    names, optimizer = trainable(tagger, options)
    model, optimizer = accelerator.prepare(tagger.model, optimizer)
    device = accelerator.device
    by_name = dict(tagger.model.named_parameters())
    trained = [by_name[n] for n in names]
    seed_everything(options.seed + 7919 * rank)

    budget, epochs = pace(chunks, options, world)
    place = folder / "checkpoint"
    state: dict[str, Any] = {
        "epoch": 0,
        "batch": 0,
        "step": 0,
        "dev": [],
        "kept": 0,
        "best": -1.0,
        "stop": False,
    }
    saved = load_checkpoint(place)
    if saved is not None:
        tensors, state = saved
        _restore(tagger, optimizer, names, tensors, rank)
    metrics = _Metrics(folder / "metrics.jsonl", keep_steps=state["step"] or -1, active=accelerator.is_main_process)
    if not state["step"]:
        metrics.write({"step": 0, "batch_subwords": budget, "epochs": epochs})
    best_file = folder / "best.safetensors"

    def checkpoint() -> None:
        chance = accelerator.gather(_chance(device)[None].to(device)).cpu() if world > 1 else _chance(device)[None]
        if accelerator.is_main_process:
            weights = {f"model.{n}": p for n, p in zip(names, trained, strict=True)}
            rng = {f"random.{r}": row for r, row in enumerate(chance)}
            save_checkpoint(place, {**weights, **optimizer_tensors(optimizer, names), **rng}, state)

    with progress(f"{title}, epoch {state['epoch'] + 1}/{epochs}", total=1.0) as bar:
        last_save = time.monotonic()
        for epoch in range(state["epoch"], epochs):
            if state["stop"]:
                break
            bar.update(title=f"{title}, epoch {epoch + 1}/{epochs}")
            model.train()
            started, subwords, running = time.monotonic(), 0, torch.zeros((), device=device)
            count = 0
            batches = epoch_batches(
                chunks,
                epoch=epoch,
                seed=options.seed,
                budget=budget,
                pad_id=tagger.pad_id,
                skip=state["batch"],
                rank=rank,
                world=world,
            )
            for batch in batches:
                done = (epoch + batch.share) / epochs
                rate = options.learning_rate * _schedule(done, options.warmup)
                for group in optimizer.param_groups:
                    group["lr"] = rate
                with autocast(device, tagger.dtype):
                    logits = model(input_ids=batch.ids.to(device), attention_mask=batch.mask.to(device)).logits
                words = logits.float()[batch.rows.to(device), batch.columns.to(device)]
                value = loss(words, batch.targets.to(device), batch.weights.to(device))
                accelerator.backward(value)
                accelerator.clip_grad_norm_(trained, options.clip)
                optimizer.step()
                optimizer.zero_grad()
                running += value.detach()
                subwords += batch.subwords * world
                count += 1
                state["step"] += 1
                state["batch"] += 1
                bar.update(done=done)
                if count % 20 == 0:
                    mean = running.item() / count
                    if not mean < float("inf"):
                        raise ModelError(
                            f"the loss became {mean} in epoch {epoch + 1} at step {state['step']}; "
                            "lower --learning-rate or use --precision fp32"
                        )
                    seconds = time.monotonic() - started
                    line = {"step": state["step"], "epoch": epoch + batch.share, "loss": mean, "lr": rate}
                    metrics.write({**line, "subwords_per_second": round(subwords / seconds, 1)})
                    accelerator.log({"loss": mean, "lr": rate}, step=state["step"])
                    bar.update(note=f"loss {mean:.4f}, {subwords / seconds:,.0f} subwords/s")
                if _due(accelerator, last_save, options.checkpoint_seconds):
                    checkpoint()
                    last_save = time.monotonic()
            state["epoch"], state["batch"] = epoch + 1, 0
            if dev is not None:
                f1 = dev(tagger)
                state["dev"].append(f1)
                metrics.write({"step": state["step"], "epoch": epoch + 1, "dev_f1": f1})
                accelerator.log({"dev_f1": f1}, step=state["step"])
                if f1 > state["best"]:
                    state["best"], state["kept"] = f1, epoch + 1
                    if accelerator.is_main_process:
                        _save_weights(best_file, names, trained)
                elif options.patience and epoch + 1 - state["kept"] >= options.patience:
                    state["stop"] = True
            checkpoint()
            last_save = time.monotonic()

    accelerator.wait_for_everyone()
    if dev is not None and 0 < state["kept"] < state["epoch"]:
        best = load_file(best_file)
        with torch.no_grad():
            for name, parameter in zip(names, trained, strict=True):
                parameter.copy_(best[name])
    for tracker in accelerator.trackers:  # end_training() would also end the process group, which the caller needs
        tracker.finish()
    tagger.model.eval()
    return TrainResult(state["step"], state["epoch"], tuple(state["dev"]), state["kept"] or state["epoch"])


def forget(folder: Path) -> None:
    """Remove what only a resume needs, once the trained model is saved."""
    drop_checkpoint(folder / "checkpoint")
    (folder / "best.safetensors").unlink(missing_ok=True)


def _schedule(done: float, warmup: float) -> float:
    """Share of the peak learning rate when the share `done` of training is done: a linear rise, then a linear fall."""
    if done < warmup:
        return done / warmup
    return max(0.0, (1 - done) / (1 - warmup))


def trainable(tagger: Tagger, options: TrainOptions) -> tuple[list[str], torch.optim.Optimizer]:
    """Freeze what the options say; names of the rest in the order of their optimizer, which decays matrices only."""
    base: Any = tagger.model.base_model
    if options.freeze_embeddings:
        base.get_input_embeddings().requires_grad_(False)
        if hasattr(base, "embeddings"):
            base.embeddings.requires_grad_(False)
    layers: Any = max((m for m in base.modules() if isinstance(m, torch.nn.ModuleList)), key=len, default=[])
    frozen = len(layers) // 4 if options.freeze_layers is None else options.freeze_layers
    if frozen > len(layers):
        raise ModelError(f"--freeze-layers {frozen}, but the encoder has {len(layers)} layers")
    for layer in list(layers)[:frozen]:
        layer.requires_grad_(False)
    named = [(n, p) for n, p in tagger.model.named_parameters() if p.requires_grad]
    matrices = [(n, p) for n, p in named if p.ndim > 1]
    vectors = [(n, p) for n, p in named if p.ndim <= 1]
    groups = [
        {"params": [p for _, p in matrices], "weight_decay": options.weight_decay},
        {"params": [p for _, p in vectors], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=options.learning_rate, eps=1e-8, fused=True)
    return [n for n, _ in matrices + vectors], optimizer


def _chance(device: torch.device) -> torch.Tensor:
    """The state of torch's generator that dropout draws from."""
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()


def _restore(tagger: Tagger, optimizer: Any, names: list[str], tensors: dict[str, torch.Tensor], rank: int) -> None:
    parameters = dict(tagger.model.named_parameters())
    with torch.no_grad():
        for name in names:
            parameters[name].copy_(tensors[f"model.{name}"])
    restore_optimizer(getattr(optimizer, "optimizer", optimizer), names, tensors)
    state = tensors.get(f"random.{rank}")
    if state is not None:
        setter = torch.cuda.set_rng_state if tagger.device.type == "cuda" else torch.set_rng_state
        setter(state.to(torch.uint8))


def _save_weights(path: Path, names: list[str], parameters: Sequence[torch.Tensor]) -> None:
    partial = path.with_suffix(".partial")
    save_file({n: p.detach().contiguous().cpu() for n, p in zip(names, parameters, strict=True)}, partial)
    partial.replace(path)


def _due(accelerator: Accelerator, last: float, every: float) -> bool:
    """Whether to save now; the main process decides, since clocks differ."""
    due = time.monotonic() - last >= every
    if accelerator.num_processes == 1:
        return due
    flag = torch.tensor([int(due and accelerator.is_main_process)], device=accelerator.device)
    return bool(accelerator.reduce(flag, "sum").item())


class _Metrics:
    """Appends JSON lines; on resume it first forgets lines of steps that will be taken again."""

    def __init__(self, path: Path, *, keep_steps: int, active: bool) -> None:
        self.path, self.active = path, active
        if not active:
            return
        lines = path.read_text("utf-8").splitlines() if path.is_file() else []
        kept = []
        for line in lines:
            try:
                if json.loads(line)["step"] <= keep_steps:
                    kept.append(line + "\n")
            except (ValueError, KeyError):  # the last line of a killed run may be cut
                continue
        path.write_text("".join(kept), "utf-8")

    def write(self, values: dict[str, Any]) -> None:
        if self.active:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(values) + "\n")
