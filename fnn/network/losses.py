"""Losses: the value of each output, and the gradient with respect to the logits of the output layer.

`logits` are the output layer's sums before its activation, `output` what the activation makes of them, `slope` the
activation's derivative there. All: (..., N, O); y: (N, O).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

# The factor on the gradient's sum over a batch's samples and outputs; the reported loss is always the mean.
REDUCTIONS: dict[str, Callable[[int], float]] = {"sum": lambda _count: 1.0, "mean": lambda count: 1 / count}


# Measures of a network's errors |p − y|, (..., N, O), over samples and outputs, by which training may stop.
ERRORS: dict[str, Callable[[Array], Any]] = {
    "max_error": lambda error: error.max(axis=(-2, -1)),
    "rms": lambda error: np.sqrt((error * error).mean(axis=(-2, -1))),
    "mean_error": lambda error: error.mean(axis=(-2, -1)),
}


# The settings that stop a network: by its loss, and by the measures of its errors.
STOPS = ("stop_loss", *(f"stop_{name}" for name in ERRORS))


class Loss(NamedTuple):
    """`value(logits, output, y)` and `gradient(output, y, slope)`, both (..., N, O), not yet reduced."""

    value: Callable[[Array, Array, Array], Array]
    gradient: Callable[[Array, Array, Array], Array]


def squared_error(_logits: Array, output: Array, y: Array) -> Array:
    """Return (p − y)²."""
    return (output - y) ** 2


def squared_error_gradient(output: Array, y: Array, slope: Array) -> Array:
    """Return 2(p − y) · dp/dz."""
    return 2 * (output - y) * slope


def cross_entropy(logits: Array, _output: Array, y: Array) -> Array:
    """Return −[y log p + (1 − y) log(1 − p)] for p = sigmoid(z), as max(z, 0) − y·z + log(1 + e^-|z|)."""
    return np.maximum(logits, 0) - y * logits + np.log1p(np.exp(-np.abs(logits)))


def cross_entropy_gradient(output: Array, y: Array, _slope: Array) -> Array:
    """Return p − y: the sigmoid's slope p(1 − p) cancels the denominator of dL/dp."""
    return output - y


LOSSES = {
    "mse": Loss(squared_error, squared_error_gradient),
    "bce": Loss(cross_entropy, cross_entropy_gradient),
}
