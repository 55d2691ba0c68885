"""What is computed from clouds of sentence vectors: arrays of rows, one per sentence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def evenly(rows: np.ndarray, most: int) -> np.ndarray:
    """At most so many rows, evenly spaced from first to last."""
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).round().astype(np.int64)]


def squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Shape: (n_a, n_dimensions) and (n_b, n_dimensions) to (n_a, n_b), float32."""
    square = np.square(a).sum(1)[:, None] + np.square(b).sum(1)[None] - 2 * (a @ b.T)
    return np.maximum(square, 0, out=square)


def mean_kernel(a: np.ndarray, b: np.ndarray, width: float) -> float:
    """Mean of the RBF kernel over all pairs of rows."""
    return float(np.exp(squared_distances(a, b) / np.float32(-2 * width**2)).mean(dtype=np.float64))


def median_distance(clouds: Sequence[np.ndarray], most: int = 1000) -> float:
    """Median distance between rows of all clouds together, on a sample of about `most` rows."""
    sample = np.concatenate([evenly(c, max(2, most // len(clouds))) for c in clouds])
    above = squared_distances(sample, sample)[np.triu_indices(len(sample), 1)]
    return max(float(np.sqrt(np.median(above))) if len(above) else 1.0, 1e-6)


def laplacian_spectrum(cloud: np.ndarray, neighbours: int) -> np.ndarray:
    """Eigenvalues of the normalised Laplacian of the nearest-neighbour graph, ascending. Shape: (n_rows,), float64."""
    n = len(cloud)
    distances = squared_distances(cloud, cloud)
    np.fill_diagonal(distances, np.inf)
    nearest = np.argsort(distances, 1, kind="stable")[:, : min(neighbours, n - 1)]
    edges = np.zeros((n, n))
    edges[np.arange(n)[:, None], nearest] = 1
    edges = np.maximum(edges, edges.T)
    root = edges.sum(1) ** -0.5
    return np.linalg.eigvalsh(np.eye(n) - root[:, None] * edges * root[None])


def linear_cka(x: np.ndarray, y: np.ndarray) -> float:
    """Linear CKA of two sets of features of the same items.

    Args:
        x: Shape: (n_items, n_dimensions).
        y: Shape: (n_items, n_other_dimensions).

    Returns:
        In [0, 1]; 0 if a side is the same for all items.
    """
    x, y = (side.astype(np.float64) - side.mean(0, dtype=np.float64) for side in (x, y))
    between = np.square(y.T @ x).sum()
    within = np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)
    return float(between / within) if within > 0 else 0.0


def retrieved(x: np.ndarray, y: np.ndarray) -> float:
    """Share of rows whose nearest row of the other side, by cosine, is that of the same index; mean of both directions.

    Args:
        x: Shape: (n_items, n_dimensions).
        y: Shape: as `x`.
    """
    cosines, right = _unit(x) @ _unit(y).T, np.arange(len(x))
    return float(((cosines.argmax(1) == right).mean() + (cosines.argmax(0) == right).mean()) / 2)


def _unit(x: np.ndarray) -> np.ndarray:
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
