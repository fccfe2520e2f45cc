"""Activations, each with its derivative in terms of its output: what backpropagation keeps is the output."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

LEAK = 0.01


class Activation(NamedTuple):
    """`apply(z)` gives the output a; `slope(a)` gives da/dz. Both keep the shape."""

    apply: Callable[[Array], Array]
    slope: Callable[[Array], Array]


def sigmoid(z: Array) -> Array:
    """Return 1 / (1 + e⁻ᶻ), from e^-|z| so that nothing overflows."""
    e = np.exp(-np.abs(z))
    a: Array = np.where(z >= 0, 1, e) / (1 + e)
    return a


def relu(z: Array) -> Array:
    """Return max(z, 0); NaN stays NaN."""
    return np.maximum(z, z.dtype.type(0))


def leaky_relu(z: Array) -> Array:
    """Return z where z > 0, else 0.01·z."""
    return np.where(z > 0, z, LEAK * z)


def identity(z: Array) -> Array:
    """Return z."""
    return z


ACTIVATIONS = {
    "sigmoid": Activation(sigmoid, lambda a: a * (1 - a)),
    "tanh": Activation(np.tanh, lambda a: 1 - a * a),
    "relu": Activation(relu, lambda a: (a > 0).astype(a.dtype)),
    "leaky-relu": Activation(leaky_relu, lambda a: np.where(a > 0, a.dtype.type(1), a.dtype.type(LEAK))),
    "identity": Activation(identity, np.ones_like),
}
