"""Losses: the value of each output, and the gradient with respect to the logits of the output layer.

`logits` are the output layer's sums before its activation, `output` what the activation makes of them, `slope` the
activation's derivative there. All: (..., N, O); y: (N, O). `h` holds the hyperparameters: a `Config`, or for a stack a
record of arrays (S, 1, 1) under the same names.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

# The factor on the gradient's sum over a batch; count: what its loss is the mean of, times the mean weight of a sample.
# The reported loss is always the mean.
REDUCTIONS: dict[str, Callable[[float], float]] = {"sum": lambda _count: 1.0, "mean": lambda count: 1 / count}


def weighted_mean(values: Array, weight: Array | None) -> Any:
    """Return the mean of values (..., N, O) over samples and outputs, of samples with these weights (N,) if any."""
    if weight is not None:
        values = values * (weight[:, None] / weight.mean())
    return values.mean(axis=(-2, -1))


def largest(errors: Array, weight: Array | None) -> Any:
    """Return the largest of errors (..., N, O), of samples with these weights (N,) if any; 0 of them is no sample."""
    return (errors if weight is None else errors * (weight[:, None] > 0)).max(axis=(-2, -1))


# Measures of a network's errors |p − y|, (..., N, O), over samples and outputs, by which training may stop.
ERRORS: dict[str, Callable[[Array, Array | None], Any]] = {
    "max_error": largest,
    "rms": lambda error, weight: np.sqrt(weighted_mean(error * error, weight)),
    "mean_error": weighted_mean,
}


# The settings that stop a network: by its loss, and by the measures of its errors.
STOPS = ("stop_loss", *(f"stop_{name}" for name in ERRORS))


class Loss(NamedTuple):
    """`value(logits, output, y, h)` and `gradient(output, y, slope, h)`, both (..., N, O), not yet reduced.

    output: the activation it needs, None for any. each_output: whether it is the mean over a sample's outputs, or their
    sum. uses: the hyperparameters it reads from h.
    """

    value: Callable[[Array, Array, Array, Any], Array]
    gradient: Callable[[Array, Array, Array, Any], Array]
    output: str | None = None
    each_output: bool = True
    uses: tuple[str, ...] = ()


def squared_error(_logits: Array, output: Array, y: Array, _h: Any) -> Array:
    """Return (p − y)²."""
    return (output - y) ** 2


def squared_error_gradient(output: Array, y: Array, slope: Array, _h: Any) -> Array:
    """Return 2(p − y) · dp/dz."""
    return 2 * (output - y) * slope


def huber(_logits: Array, output: Array, y: Array, h: Any) -> Array:
    """Return e²/2 for e = p − y, or δ(|e| − δ/2) where |e| > δ. Huber (Ann. Math. Stat. 35, 1964)."""
    error = output - y
    clipped: Array = np.clip(error, -h.huber_delta, h.huber_delta)
    return clipped * (error - clipped / 2)


def huber_gradient(output: Array, y: Array, slope: Array, h: Any) -> Array:
    """Return p − y, at most δ in size, · dp/dz."""
    gradient: Array = np.clip(output - y, -h.huber_delta, h.huber_delta) * slope
    return gradient


def smoothed(y: Array, classes: int, h: Any) -> Array:
    """Return targets with the share ε of each spread evenly over the classes. Szegedy et al. (CVPR 2016), section 7."""
    target: Array = y * (1 - h.label_smoothing) + h.label_smoothing / classes
    return target


def binary_cross_entropy(logits: Array, _output: Array, y: Array, _h: Any) -> Array:
    """Return −[y log p + (1 − y) log(1 − p)] for p = sigmoid(z), as max(z, 0) − y·z + log(1 + e^-|z|)."""
    return np.maximum(logits, 0) - y * logits + np.log1p(np.exp(-np.abs(logits)))


def binary_cross_entropy_gradient(output: Array, y: Array, _slope: Array, h: Any) -> Array:
    """Return p − y: the sigmoid's slope p(1 − p) cancels the denominator of dL/dp. y: with its labels smoothed."""
    return output - smoothed(y, 2, h)


def cross_entropy(logits: Array, _output: Array, y: Array, _h: Any) -> Array:
    """Return −y log p for p = softmax(z), from the logits: log pⱼ = zⱼ − log Σₖ e^zₖ."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    value: Array = y * (np.log(np.exp(shifted).sum(axis=-1, keepdims=True)) - shifted)
    return value


def cross_entropy_gradient(output: Array, y: Array, _slope: Array, h: Any) -> Array:
    """Return p − y, which holds where the targets of a sample sum to 1. y: with its labels smoothed."""
    return output - smoothed(y, y.shape[-1], h)


# The reported value of both cross-entropies is that of the labels as they are: smoothing is a way to train.
LOSSES = {
    "mse": Loss(squared_error, squared_error_gradient),
    "bce": Loss(binary_cross_entropy, binary_cross_entropy_gradient, "sigmoid", uses=("label_smoothing",)),
    "cross-entropy": Loss(
        cross_entropy, cross_entropy_gradient, "softmax", each_output=False, uses=("label_smoothing",)
    ),
    "huber": Loss(huber, huber_gradient, uses=("huber_delta",)),
}
# What losses read where nothing else is said.
DEFAULTS = SimpleNamespace(huber_delta=1.0, label_smoothing=0.0)
