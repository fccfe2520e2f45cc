"""Activations, each with its derivative in terms of its output where that says it, else in terms of its logits."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

LEAK = 0.01
# Of selu: the fixed point of mean 0 and variance 1. Klambauer et al. (NeurIPS 2017), equation 14.
SELU_SCALE, SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717


class Activation(NamedTuple):
    """`apply(z)` gives the output a of the logits z; `slope(a)` gives da/dz, or `slope(z)` where `from_logits`.

    All keep the shape and the dtype. low, high: between which outputs lie, of an output layer's.
    """

    apply: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    from_logits: bool = False
    low: float = -math.inf
    high: float = math.inf


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


def elu(z: Array) -> Array:
    """Return z where z > 0, else eᶻ − 1. Clevert, Unterthiner & Hochreiter (ICLR 2016), with α = 1."""
    return np.where(z > 0, z, np.expm1(np.minimum(z, 0)))


def selu(z: Array) -> Array:
    """Return λz where z > 0, else λα(eᶻ − 1). Klambauer et al. (NeurIPS 2017)."""
    a: Array = SELU_SCALE * np.where(z > 0, z, SELU_ALPHA * np.expm1(np.minimum(z, 0)))
    return a


def selu_slope(a: Array) -> Array:
    """Return λ where a > 0, else a + λα."""
    slope: Array = np.where(a > 0, a.dtype.type(SELU_SCALE), a + a.dtype.type(SELU_SCALE * SELU_ALPHA))
    return slope


def _normal_cdf(z: Array) -> Array:
    """Return Φ(z) = ½ erfc(−z/√2), number by number: NumPy has no erfc, and the standard library does."""
    values = [0.5 * math.erfc(-v * math.sqrt(0.5)) for v in z.ravel().tolist()]
    return np.array(values, z.dtype).reshape(z.shape)


def gelu(z: Array) -> Array:
    """Return z·Φ(z), Φ the normal distribution function. Hendrycks & Gimpel (2016), without approximation."""
    return z * _normal_cdf(z)


def gelu_slope(z: Array) -> Array:
    """Return Φ(z) + z·φ(z)."""
    return _normal_cdf(z) + z * np.exp(z * z * -0.5) * z.dtype.type(1 / math.sqrt(2 * math.pi))


def _tanh_softplus(z: Array) -> Array:
    """Return tanh(log(1 + eᶻ))."""
    t: Array = np.tanh(np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))))
    return t


def mish(z: Array) -> Array:
    """Return z·tanh(log(1 + eᶻ)). Misra (BMVC 2020)."""
    return z * _tanh_softplus(z)


def mish_slope(z: Array) -> Array:
    """Return t + z·(1 − t²)·sigmoid(z) for t = tanh(log(1 + eᶻ))."""
    t = _tanh_softplus(z)
    slope: Array = t + z * (1 - t * t) * sigmoid(z)
    return slope


ACTIVATIONS = {
    "sigmoid": Activation(sigmoid, lambda a: a * (1 - a), low=0, high=1),
    "tanh": Activation(np.tanh, lambda a: 1 - a * a, low=-1, high=1),
    "relu": Activation(relu, lambda a: (a > 0).astype(a.dtype), low=0),
    "leaky-relu": Activation(leaky_relu, lambda a: np.where(a > 0, a.dtype.type(1), a.dtype.type(LEAK))),
    "identity": Activation(identity, np.ones_like),
    "elu": Activation(elu, lambda a: np.where(a > 0, a.dtype.type(1), a + 1)),
    "selu": Activation(selu, selu_slope),
    "gelu": Activation(gelu, gelu_slope, from_logits=True),
    "mish": Activation(mish, mish_slope, from_logits=True),
}


def softmax(z: Array) -> Array:
    """Return e^zⱼ / Σₖ e^zₖ over the last axis, from differences to the largest so that nothing overflows."""
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    a: Array = e / e.sum(axis=-1, keepdims=True)
    return a


def _no_slope(a: Array) -> Array:
    """Return NaN: every output depends on every logit, and the loss that goes with it takes its own gradient."""
    return np.full_like(a, np.nan)


# What an output layer may apply: what its loss can be computed from.
OUTPUT_ACTIVATIONS = {
    **{name: ACTIVATIONS[name] for name in ("sigmoid", "tanh", "relu", "leaky-relu", "identity")},
    "softmax": Activation(softmax, _no_slope, low=0, high=1),
}
