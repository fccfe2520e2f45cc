"""Scores: how far from right an answer is, and the share of what could be wrong that is right.

A score is (total − misses) / total, the misses being the weighted sum over samples: accuracy for labels, R² for
numbers.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]


class Score(NamedTuple):
    """`miss(output, y)`: (..., N) of each sample, from output (..., N, O) and y (N, O); NaN output is a miss.

    total(y, weight): what the misses of samples with these weights (N,) are a share of. name: of the score.
    """

    miss: Callable[[Array, Array], Array]
    total: Callable[[Array, Array], float]
    name: str


def wrong_side(output: Array, y: Array) -> Array:
    """Return 1 where an output is not on the side of 1/2 its label is on, else 0; NaN is on neither."""
    right = np.where(y > 0.5, output > 0.5, output <= 0.5).all(axis=-1)
    return np.where(right, output.dtype.type(0), output.dtype.type(1))


def wrong_sign(output: Array, y: Array) -> Array:
    """Return 1 where an output is not on the side of 0 its label is on, else 0; NaN is on neither."""
    right = np.where(y > 0, output > 0, output <= 0).all(axis=-1)
    return np.where(right, output.dtype.type(0), output.dtype.type(1))


def wrong_class(output: Array, y: Array) -> Array:
    """Return 1 where the largest output, the first of several, is not that of the class, else 0."""
    largest = np.where(np.isnan(output).any(axis=-1), -1, output.argmax(axis=-1))
    return np.where(largest == y.argmax(axis=-1), output.dtype.type(0), output.dtype.type(1))


def squared_distance(output: Array, y: Array) -> Array:
    """Return Σ (p − y)² over outputs."""
    miss: Array = ((output - y) ** 2).sum(axis=-1)
    return miss


def _weights(_y: Array, weight: Array) -> float:
    return float(weight.sum(dtype=np.float64))


def _variation(y: Array, weight: Array) -> float:
    """Return Σ w (y − ȳ)² over samples and outputs, ȳ the weighted mean of each output."""
    y, w = y.astype(np.float64), weight.astype(np.float64)[:, None]
    return float((w * (y - (w * y).sum(axis=0) / w.sum()) ** 2).sum())


# By which of the two, on what is held out, an epoch is the best.
MONITORS = ("loss", "score")

SCORES = {
    "sides": Score(wrong_side, _weights, "accuracy"),
    "largest": Score(wrong_class, _weights, "accuracy"),
    "squares": Score(squared_distance, _variation, "r2"),
    "signs": Score(wrong_sign, _weights, "accuracy"),
}


def score_of(y: Array, loss: str) -> str:
    """Return how answers are scored: as classes, as labels or as numbers; a name of `SCORES`. y: (N, O).

    As labels where y has two values that the score tells apart: one on each side of 1/2, or −a and a, which 0 is
    between; and where all of y is 0 or 1.
    """
    if loss == "cross-entropy":
        return "largest"
    low, high = float(y.min()), float(y.max())
    if not ((y == low) | (y == high)).all():
        return "squares"
    if low == -high < 0:
        return "signs"
    return "sides" if low <= 0.5 < high or low == high in (0.0, 1.0) else "squares"
