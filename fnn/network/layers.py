"""Layers: how a network is described, and what each kind of layer computes.

Weights of one layer are one array of two dimensions, (..., I+1, O) for a dense one; `...` is nothing for one network,
(S,) for a stack. Of a layer without weights it has no row.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.network.activations import ACTIVATIONS, OUTPUT_ACTIVATIONS, Activation
from fnn.network.initializers import Initializer, Parametrization
from fnn.network.windows import (
    Window,
    conv_forward,
    conv_gradient,
    conv_input_gradient,
    max_pool_forward,
    max_pool_input_gradient,
    mean_pool_forward,
    mean_pool_input_gradient,
)

Array = NDArray[np.floating[Any]]


class Layer(NamedTuple):
    """One layer, of so many inputs and outputs. kind: a name of `LAYER_KINDS`; window: of one that has one."""

    kind: str
    fan_in: int
    fan_out: int
    activation: str
    window: Window | None = None

    @property
    def image(self) -> Window:
        """The window of a layer that has one."""
        assert self.window is not None
        return self.window


Layers = Sequence[Layer]
Scales = NDArray[np.float64]


class LayerKind(NamedTuple):
    """What a layer of one kind computes. inputs: (..., N, I), logits and their gradient delta: (..., N, O).

    shape(layer): of its weights; initial_scale(layer, initializer, parametrization): the factor on what is drawn for
    each of them, and initial_value: what that is added to. rate(layer, h, parametrization): the factor on the learning
    rate of each. activated: whether it has an activation, which dropout may drop. multiply_adds(layer): how often a
    forward pass of one sample multiplies and adds. forward(layer, w, inputs): the logits. gradient(layer, inputs,
    delta): of the loss by the weights, and input_gradient(layer, w, inputs, delta): by the inputs.
    """

    shape: Callable[[Layer], tuple[int, int]]
    initial_scale: Callable[[Layer, Initializer, Parametrization], Scales]
    initial_value: float
    rate: Callable[[Layer, Any, Parametrization], Scales]
    activated: bool
    multiply_adds: Callable[[Layer], int]
    forward: Callable[[Layer, Array, Array], Array]
    gradient: Callable[[Layer, Array, Array], Array]
    input_gradient: Callable[[Layer, Array, Array, Array], Array]


# ---- weights with a bias row: of a dense layer, and of one that is dense on what a window sees ----


def _ends(layer: Layer) -> tuple[int, int]:
    """Return how many numbers a sum of logits is of, and for how many sums each number is used."""
    window = layer.window
    if window is None:
        return layer.fan_in, layer.fan_out
    return window.size, window.rows * window.columns * window.out_channels


def biased_shape(layer: Layer) -> tuple[int, int]:
    """Return (I+1, O): a row for each number that a sum is of, and the bias row last."""
    return _ends(layer)[0] + 1, layer.window.out_channels if layer.window else layer.fan_out


def biased_initial_scale(layer: Layer, initializer: Initializer, parametrization: Parametrization) -> Scales:
    """Return the initializer's scale for this fan-in and fan-out, on the bias row 0 where biases start at 0."""
    fan_in, fan_out = _ends(layer)
    scale = np.full(biased_shape(layer), initializer.scale(fan_in, fan_out))
    scale[:-1] *= parametrization(fan_in)
    scale[-1] *= initializer.bias
    return scale


def biased_rate(layer: Layer, h: Any, parametrization: Parametrization) -> Scales:
    """Return the parametrization's factor for the weights, and that of biases for the bias row."""
    rate = np.full(biased_shape(layer), parametrization(_ends(layer)[0]))
    rate[-1] = h.bias_lr
    return rate


def biased_multiply_adds(layer: Layer) -> int:
    """Return how many products all sums of a sample are of, those with zeros of padding too; biases are none."""
    return _ends(layer)[0] * layer.fan_out


def dense_forward(_layer: Layer, w: Array, inputs: Array) -> Array:
    """Return inputs · W + b."""
    return inputs @ w[..., :-1, :] + w[..., -1:, :]


def dense_gradient(_layer: Layer, inputs: Array, delta: Array) -> Array:
    """Return inputsᵀ · delta, and under it the sum of delta over samples for the bias."""
    weights = np.swapaxes(inputs, -1, -2) @ delta
    return np.concatenate((weights, delta.sum(axis=-2, keepdims=True)), axis=-2)


def dense_input_gradient(_layer: Layer, w: Array, _inputs: Array, delta: Array) -> Array:
    """Return delta · Wᵀ."""
    return delta @ np.swapaxes(w[..., :-1, :], -1, -2)


# ---- a factor for each input ----


def scale_shape(layer: Layer) -> tuple[int, int]:
    """Return (1, I): a factor for each input."""
    return 1, layer.fan_in


def scale_gradient(_layer: Layer, inputs: Array, delta: Array) -> Array:
    """Return the sum of inputs · delta over samples."""
    gradient: Array = (inputs * delta).sum(axis=-2, keepdims=True)
    return gradient


# ---- without weights ----


def no_shape(_layer: Layer) -> tuple[int, int]:
    """Return (0, 1): no row of weights."""
    return 0, 1


def no_gradient(_layer: Layer, inputs: Array, delta: Array) -> Array:
    """Return the gradient by no weights: (..., 0, 1)."""
    return np.zeros((*np.broadcast_shapes(inputs.shape[:-2], delta.shape[:-2]), 0, 1), delta.dtype)


def _nothing(*_: Any) -> Scales:
    return np.zeros((0, 1))


LAYER_KINDS: dict[str, LayerKind] = {
    "dense": LayerKind(
        biased_shape, biased_initial_scale, 0.0, biased_rate, True, biased_multiply_adds,
        dense_forward, dense_gradient, dense_input_gradient,
    ),
    # Each input times a factor that is learnt, 1 at first.
    "scale": LayerKind(
        scale_shape, lambda layer, _initializer, _parametrization: np.zeros(scale_shape(layer)), 1.0,
        lambda layer, h, _parametrization: np.full(scale_shape(layer), h.input_scale_lr), False,
        lambda layer: layer.fan_in,
        lambda _layer, w, inputs: inputs * w, scale_gradient, lambda _layer, w, _inputs, delta: delta * w,
    ),
    "conv": LayerKind(
        biased_shape, biased_initial_scale, 0.0, biased_rate, True, biased_multiply_adds,
        lambda layer, w, inputs: conv_forward(layer.image, w, inputs),
        lambda layer, inputs, delta: conv_gradient(layer.image, inputs, delta),
        lambda layer, w, _inputs, delta: conv_input_gradient(layer.image, w, delta),
    ),
    "max-pool": LayerKind(
        no_shape, _nothing, 0.0, _nothing, False, lambda _layer: 0,
        lambda layer, _w, inputs: max_pool_forward(layer.image, inputs), no_gradient,
        lambda layer, _w, inputs, delta: max_pool_input_gradient(layer.image, inputs, delta),
    ),
    "mean-pool": LayerKind(
        no_shape, _nothing, 0.0, _nothing, False, lambda _layer: 0,
        lambda layer, _w, inputs: mean_pool_forward(layer.image, inputs), no_gradient,
        lambda layer, _w, _inputs, delta: mean_pool_input_gradient(layer.image, delta),
    ),
}  # fmt: skip


def activations(layers: Layers) -> list[Activation]:
    """Return each layer's activation; the last one's is among those of output layers."""
    return [*(ACTIVATIONS[layer.activation] for layer in layers[:-1]), OUTPUT_ACTIVATIONS[layers[-1].activation]]


def may_drop(layers: Layers) -> list[bool]:
    """Return which layers have outputs that dropout may leave out: those with an activation, but the last."""
    return [LAYER_KINDS[layer.kind].activated and d + 1 < len(layers) for d, layer in enumerate(layers)]
