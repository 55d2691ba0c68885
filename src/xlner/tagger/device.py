"""Where to compute and in which precision, decided from what the hardware says of itself."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import torch

from xlner.errors import OptionError

PRECISIONS = ("auto", "fp32", "bf16")


def pick_device(name: str | None = None) -> torch.device:
    """The named device, else the accelerator that torch sees, else the CPU.

    Raises:
        OptionError: there is no such device, or nothing can be computed on it; with what torch says.
    """
    if name is not None:
        try:
            device = torch.device(name)
        except RuntimeError:
            raise OptionError("device", f"is cpu, cuda, cuda:1, mps, ...; got '{name}'") from None
        try:
            torch.zeros(1, device=device).item()
        except (RuntimeError, AssertionError, ImportError) as error:  # torch says "not there" in all of these ways
            why = str(error).strip().split("\n")[0]
            raise OptionError("device", f"{name} cannot be used here: {why or type(error).__name__}") from error
        return device
    accelerator = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    if accelerator is not None:
        local = os.environ.get("LOCAL_RANK")  # set by torchrun: one device per process
        return accelerator if local is None else torch.device(accelerator.type, int(local))
    return torch.device("cpu")


def _cpu_has_bf16() -> bool:
    """Whether the CPU multiplies bf16 natively (AVX-512 BF16 or AMX); elsewhere bf16 is emulated and slower."""
    flags = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, f, lambda: False)() for f in flags)


def pick_precision(wanted: str, device: torch.device) -> tuple[torch.dtype | None, str]:
    """The autocast type (None is plain fp32), and why, as a phrase for the log.

    Raises:
        OptionError: `wanted` is not one of auto, fp32, bf16.
    """
    if wanted not in PRECISIONS:
        raise OptionError("precision", f"must be one of {', '.join(PRECISIONS)}, got '{wanted}'")
    if wanted != "auto":
        return (torch.bfloat16 if wanted == "bf16" else None), "as asked"
    if device.type == "cpu":
        return (torch.bfloat16, "the CPU multiplies bf16") if _cpu_has_bf16() else (None, "the CPU has no bf16 units")
    if device.type == "cuda":
        gains = torch.cuda.is_bf16_supported(including_emulation=False)
        return (torch.bfloat16, "the GPU multiplies bf16") if gains else (None, "the GPU has no bf16 units")
    return None, f"{device.type} runs in fp32"


@contextlib.contextmanager
def autocast(device: torch.device, dtype: torch.dtype | None) -> Iterator[None]:
    """Autocast to `dtype`, or nothing when it is None."""
    with torch.autocast(device.type, dtype or torch.bfloat16, enabled=dtype is not None):
        yield
