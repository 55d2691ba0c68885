"""Weights as whole numbers: with a scale for each row or output, with one for each block, and with errors made good."""

from __future__ import annotations

import numpy as np

BLOCK_LARGEST = 127
BLOCKS = (128, 64, 32, 16)
"""Lengths of blocks that onnxruntime multiplies, the cheapest first."""
_TINY = 1e-12
# Chosen on English dev and raw Spanish, German and Swahili text, by how far scores of the embedded encoder move.
_DAMP = 0.1
_ROWS = 64  # rounded before what they change in all later rows is summed up, which is one product then


def rounded(values: np.ndarray, *, axis: int, largest: int) -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers from -largest to largest, and what to multiply them by; one scale for all values along `axis`."""
    scale = np.maximum(np.abs(values).max(axis, keepdims=axis == 1) / largest, _TINY).astype(np.float32)
    return np.rint(values / scale).astype(np.int8), scale


def compensated(values: np.ndarray, moments: np.ndarray, *, largest: int) -> tuple[np.ndarray, np.ndarray]:
    """As `rounded` along axis 0, but later rows make good what the rounding of earlier ones does to the outputs.

    Args:
        values: weights of a linear layer. Shape: (n_inputs, n_outputs).
        moments: mean of x xᵀ over inputs x of the layer. Shape: (n_inputs, n_inputs).
        largest: of the whole numbers.

    Returns:
        Shapes: (n_inputs, n_outputs), int8, and (n_outputs,), float32.

    Reference: Frantar et al., "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers",
    ICLR 2023, section 3.3: a fixed order, blocks of rows, and the Cholesky form of the inverse.
    """
    _, scale = rounded(values, axis=0, largest=largest)
    left = values.astype(np.float64)
    damped = moments + _DAMP * np.trace(moments) / len(moments) * np.eye(len(moments)) + _TINY * np.eye(len(moments))
    upper = np.linalg.cholesky(np.linalg.inv(damped)).T
    whole = np.empty(values.shape, np.int8)
    for start in range(0, len(left), _ROWS):
        end = min(start + _ROWS, len(left))
        errors = np.empty((end - start, left.shape[1]))
        for i in range(start, end):
            whole[i] = np.clip(np.rint(left[i] / scale), -largest, largest)
            errors[i - start] = (left[i] - whole[i] * scale) / upper[i, i]
            left[i + 1 : end] -= np.outer(upper[i, i + 1 : end], errors[i - start])
        left[end:] -= upper[start:end, end:].T @ errors
    return whole, scale


def block_length(n_inputs: int) -> int | None:
    """Into what blocks the inputs of a layer divide; None where into none that onnxruntime multiplies."""
    return next((length for length in BLOCKS if n_inputs % length == 0), None)


def in_blocks(values: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights with a scale for each block of inputs, as the operator MatMulNBits takes them.

    Args:
        values: weights of a linear layer. Shape: (n_inputs, n_outputs).
        length: of a block, from `block_length`.

    Returns:
        Whole numbers from 1 to 255, which stand for -127 to 127, and scales. Shapes: (n_outputs, n_blocks, length),
        uint8, and (n_outputs * n_blocks,), float32.
    """
    blocks = np.ascontiguousarray(values.T).reshape(values.shape[1], -1, length)
    scale = np.maximum(np.abs(blocks).max(-1, keepdims=True) / BLOCK_LARGEST, _TINY).astype(np.float32)
    return (np.rint(blocks / scale) + BLOCK_LARGEST + 1).astype(np.uint8), scale.reshape(-1)
