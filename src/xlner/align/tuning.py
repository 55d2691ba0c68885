"""How the encoder of the aligner `tuned` learns, and the file of what it has learned."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from xlner.align.alignment import Alignment
from xlner.align.embedding import SOFTMAX_TEMPERATURE
from xlner.align.matching import FAR, refine
from xlner.align.subwords import SubwordEncoder
from xlner.align.windows import WordPair
from xlner.core.progress import progress
from xlner.errors import ModelError
from xlner.tagger.device import pick_precision

WEIGHTS_FILE = "tuned.safetensors"


def learn(
    encoder: SubwordEncoder,
    pairs: Sequence[WordPair],
    links: Sequence[Alignment],
    rng: random.Random,
    *,
    learning_rate: float,
    batch: int,
) -> None:
    """One pass over the pairs in batches of like length, in random order.

    Args:
        encoder: whose layers learn; its weights must be in fp32.
        pairs: sentence pairs.
        links: what to learn, one alignment per pair.
        rng: of the order.
        learning_rate: highest rate; it rises over the first tenth of the steps and falls from there on.
        batch: pairs per step.
    """
    dtype, _ = pick_precision("auto", encoder.device)
    parameters = list(encoder.layer_weights().values())
    encoder.train_only(parameters)
    optimizer = torch.optim.AdamW(parameters, lr=learning_rate, weight_decay=0.0, fused=True)
    order = sorted(range(len(pairs)), key=lambda k: (len(pairs[k][0]) + len(pairs[k][1]), k))
    batches = [order[k : k + batch] for k in range(0, len(order), batch)]
    rng.shuffle(batches)
    with torch.enable_grad(), progress("learning to align", total=1.0) as bar:
        for step, chosen in enumerate(batches):
            done = step / len(batches)
            optimizer.param_groups[0]["lr"] = learning_rate * min(1, 10 * (done + 1 / len(batches)), 1 - done)
            loss = alignment_loss(encoder, [pairs[k] for k in chosen], [links[k] for k in chosen], dtype)
            if not loss.requires_grad:  # all links lie behind the cut of the window
                continue
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            optimizer.zero_grad()
            bar.update(done=(step + 1) / len(batches))


def weights_of(encoder: SubwordEncoder) -> dict[str, torch.Tensor]:
    """A copy of the weights that learn, by name."""
    return {name: p.detach().cpu().clone() for name, p in encoder.layer_weights().items()}


def write_weights(folder: Path, weights: dict[str, torch.Tensor], embeddings: str) -> None:
    """Write weights, and what tells the embeddings that they go with from others."""
    save_file(weights, folder / WEIGHTS_FILE, metadata={"embeddings": embeddings})


def read_weights(folder: Path) -> tuple[dict[str, torch.Tensor], str]:
    """What `write_weights` wrote.

    Raises:
        ModelError: the file is missing or broken.
    """
    try:
        with safe_open(folder / WEIGHTS_FILE, "pt") as file:
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return weights, (file.metadata() or {}).get("embeddings", "")
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{folder} holds no saved aligner ({error})") from None


def put_weights(encoder: SubwordEncoder, weights: dict[str, torch.Tensor], embeddings: str) -> bool:
    """Give an encoder weights that were learned; False if they are of another encoder."""
    here = encoder.layer_weights()
    same = {k: p.shape for k, p in here.items()} == {k: t.shape for k, t in weights.items()}
    if not same or encoder.embeddings_checksum() != embeddings:
        return False
    with torch.no_grad():
        for name, parameter in here.items():
            parameter.copy_(weights[name])
    return True


def alignment_loss(
    encoder: SubwordEncoder, pairs: Sequence[WordPair], links: Sequence[Alignment], dtype: torch.dtype | None
) -> torch.Tensor:
    """How unlikely the links are: for a linked subword, minus the logarithm of the probability that the other side's
    subwords linked to its word have together; the mean over linked subwords, summed over both directions."""
    (source, source_words), (target, target_words) = (
        encoder.states([pair[side] for pair in pairs], dtype) for side in (0, 1)
    )
    wanted = _cells(links, source_words.cpu().numpy(), target_words.cpu().numpy()).to(source_words.device)
    real_source, real_target = source_words >= 0, target_words >= 0
    inside = real_source[:, :, None] & real_target[:, None, :]
    product = _units(source, real_source) @ _units(target, real_target).transpose(1, 2)
    similarity = (refine(product, inside) / SOFTMAX_TEMPERATURE).masked_fill(~inside, FAR)
    loss = similarity.new_zeros(())
    for dim in (1, 2):
        linked = wanted.any(dim)
        if linked.any():
            log_probabilities = similarity.log_softmax(dim).masked_fill(~wanted, FAR).logsumexp(dim)
            loss = loss - log_probabilities[linked].mean()
    return loss


def _units(states: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
    """Vectors less the mean of their sentence, at length 1; 0 in the padding."""
    count = real.sum(1)[:, None, None]
    mean = (states * real[..., None]).sum(1, keepdim=True) / count * (count > 1)
    return torch.nn.functional.normalize(states - mean, dim=-1) * real[..., None]


def _cells(links: Sequence[Alignment], source: np.ndarray, target: np.ndarray) -> torch.Tensor:
    """Which subwords belong to linked words. Shape: (n_pairs, n_source, n_target), bool."""
    out = np.zeros((len(links), source.shape[1], target.shape[1]), bool)
    for cells, alignment, rows, columns in zip(out, links, source, target, strict=True):
        words = np.zeros((rows.max() + 2, columns.max() + 2), bool)  # the last row and column stand for padding
        for i, j in alignment.links():
            if i <= rows.max() and j <= columns.max():
                words[i, j] = True
        cells[:] = words[np.ix_(rows, columns)]
    return torch.from_numpy(out)
