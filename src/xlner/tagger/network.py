"""The forward pass behind a tagger: numpy in, numpy out."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from xlner.core.labels import model_tags
from xlner.errors import ModelError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

INPUTS = ("input_ids", "attention_mask")
OUTPUT = "logits"
"""Names in graphs that are exported."""

AGAIN = "Export the model again, with `xlner export`."


@runtime_checkable
class Network(Protocol):
    """What a tagger asks of a token classifier, be it of torch, ONNX or anything else."""

    @property
    def tags(self) -> Sequence[str]:
        """The tags by output index, as the model names them."""
        ...

    @property
    def batch_subwords(self) -> int:
        """Padded subwords per batch that suit it."""
        ...

    @property
    def side_by_side(self) -> bool:
        """Whether batches are faster from several threads at a time, each with a core of its own."""
        ...

    def __call__(self, input_ids: np.ndarray, attention_mask: np.ndarray) -> np.ndarray:
        """Scores of the tags of each subword. Threads may call it at the same time.

        Args:
            input_ids: subword ids, padded. Shape: (n_windows, longest), int64.
            attention_mask: 1 where there is a subword. Shape: (n_windows, longest), int64.

        Returns:
            Logits. Shape: (n_windows, longest, n_tags), float32.
        """
        ...


class TorchNetwork:
    """A Hugging Face token classifier, in evaluation mode while it predicts.

    Args:
        model: its config names its labels.
        device: a torch device name; None takes an accelerator if there is one.
        precision: "auto", "fp32" or "bf16".

    Raises:
        OptionError: there is no such device or precision.
    """

    def __init__(self, model: PreTrainedModel, *, device: str | None = None, precision: str = "auto") -> None:
        from xlner.tagger.device import pick_device, pick_precision

        self.device = pick_device(device)
        self.dtype, self.precision_reason = pick_precision(precision, self.device)
        self.model: Any = model
        self.model.to(self.device)  # type: ignore[arg-type]
        self._lock = threading.Lock()
        self._readers, self._was_training = 0, False
        self._cast: Any = None

    def copy(self, model: PreTrainedModel) -> TorchNetwork:
        """Another model on the same device and in the same precision."""
        network = TorchNetwork(model, device=str(self.device))
        network.dtype, network.precision_reason = self.dtype, self.precision_reason
        return network

    @property
    def tags(self) -> Sequence[str]:
        return model_tags(self.model.config.id2label)

    @property
    def batch_subwords(self) -> int:
        if not self.side_by_side:
            return 16384
        return 256 if self.dtype is None else 512  # fits the caches of a CPU, and gives work to all cores

    @property
    def side_by_side(self) -> bool:
        return self.device.type == "cpu"

    def __call__(self, input_ids: np.ndarray, attention_mask: np.ndarray) -> np.ndarray:
        import torch

        from xlner.tagger.device import autocast

        with self._evaluating(), torch.inference_mode(), autocast(self.device, self.dtype):
            out = self._to_read()(
                input_ids=torch.from_numpy(input_ids).to(self.device),
                attention_mask=torch.from_numpy(attention_mask).to(self.device),
            )
        return out.logits.float().cpu().numpy()

    def _to_read(self) -> Any:
        """The model, or on a CPU with bf16 a copy that has its weights in bf16."""
        if self.dtype is None or self.device.type != "cpu":
            return self.model
        if self._cast is None:
            from xlner.tagger.cast import CastOnce

            self._cast = CastOnce(self.dtype)
        return self._cast(self.model)

    @contextmanager
    def _evaluating(self) -> Iterator[None]:
        """Evaluation mode from the first thread that comes to the last one that goes; then the mode as it was."""
        with self._lock:
            if not self._readers:
                self._was_training = self.model.training
                if self._was_training:
                    self.model.eval()
            self._readers += 1
        try:
            yield
        finally:
            with self._lock:
                self._readers -= 1
                if not self._readers and self._was_training:
                    self.model.train()


def check_interface(
    file: Path, inputs: Mapping[str, str], outputs: Mapping[str, Sequence[Any]], *, wanted: str, n_tags: int
) -> None:
    """See that a graph takes subwords and gives a score of each tag.

    Args:
        file: of the graph.
        inputs: what it takes, and of which type.
        outputs: what it gives, and of which shape.
        wanted: the type that its inputs must have.
        n_tags: how many tags the model names.

    Raises:
        ModelError: it does something else.
    """
    if inputs != dict.fromkeys(INPUTS, wanted) or OUTPUT not in outputs:
        raise ModelError(
            f"{file} takes {', '.join(inputs)} and gives {', '.join(outputs)}; wanted are {' and '.join(INPUTS)} "
            f"(int64) and {OUTPUT}. {AGAIN}"
        )
    shape = outputs[OUTPUT]
    if len(shape) != 3 or shape[-1] != n_tags:
        raise ModelError(
            f"{file} gives scores of shape {shape}, and id2label (config.json) names {n_tags} tags. {AGAIN}"
        )
