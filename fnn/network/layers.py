"""Layers: how a network is described, and what each kind of layer computes.

Weights of one layer are one array, (..., I+1, O) for a dense one; `...` is nothing for one network, (S,) for a stack.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.network.activations import ACTIVATIONS, OUTPUT_ACTIVATIONS, Activation
from fnn.network.initializers import Initializer, Parametrization

Array = NDArray[np.floating[Any]]


class Layer(NamedTuple):
    """One layer; kind: a name of `LAYER_KINDS`."""

    kind: str
    fan_in: int
    fan_out: int
    activation: str


Layers = Sequence[Layer]


class LayerKind(NamedTuple):
    """What a layer of one kind computes. inputs: (..., N, I), logits and their gradient delta: (..., N, O).

    shape(layer): of its weights; initial_scale(layer, initializer, parametrization): the factor on what is drawn for
    each of them, and initial_value: what that is added to. rate(layer, h, parametrization): the factor on the learning
    rate of each. drops: whether dropout drops its outputs. forward(w, inputs): the logits. gradient(inputs, delta): of
    the loss by the weights, and input_gradient(w, delta): by the inputs.
    """

    shape: Callable[[Layer], tuple[int, ...]]
    initial_scale: Callable[[Layer, Initializer, Parametrization], NDArray[np.float64]]
    initial_value: float
    rate: Callable[[Layer, Any, Parametrization], NDArray[np.float64]]
    drops: bool
    forward: Callable[[Array, Array], Array]
    gradient: Callable[[Array, Array], Array]
    input_gradient: Callable[[Array, Array], Array]


def dense_shape(layer: Layer) -> tuple[int, int]:
    """Return (I+1, O): a row for each input, and the bias row last."""
    return layer.fan_in + 1, layer.fan_out


def dense_initial_scale(
    layer: Layer, initializer: Initializer, parametrization: Parametrization
) -> NDArray[np.float64]:
    """Return the initializer's scale for this fan-in and fan-out, on the bias row 0 where biases start at 0."""
    scale = np.full(dense_shape(layer), initializer.scale(layer.fan_in, layer.fan_out))
    scale[:-1] *= parametrization(layer.fan_in)
    scale[-1] *= initializer.bias
    return scale


def dense_rate(layer: Layer, h: Any, parametrization: Parametrization) -> NDArray[np.float64]:
    """Return the parametrization's factor for the weights, and that of biases for the bias row."""
    rate = np.full(dense_shape(layer), parametrization(layer.fan_in))
    rate[-1] = h.bias_lr
    return rate


def dense_forward(w: Array, inputs: Array) -> Array:
    """Return inputs · W + b."""
    return inputs @ w[..., :-1, :] + w[..., -1:, :]


def dense_gradient(inputs: Array, delta: Array) -> Array:
    """Return inputsᵀ · delta, and under it the sum of delta over samples for the bias."""
    weights = np.swapaxes(inputs, -1, -2) @ delta
    return np.concatenate((weights, delta.sum(axis=-2, keepdims=True)), axis=-2)


def dense_input_gradient(w: Array, delta: Array) -> Array:
    """Return delta · Wᵀ."""
    return delta @ np.swapaxes(w[..., :-1, :], -1, -2)


def scale_shape(layer: Layer) -> tuple[int, int]:
    """Return (1, I): a factor for each input."""
    return 1, layer.fan_in


def scale_forward(w: Array, inputs: Array) -> Array:
    """Return each input times its factor."""
    return inputs * w


def scale_gradient(inputs: Array, delta: Array) -> Array:
    """Return the sum of inputs · delta over samples."""
    gradient: Array = (inputs * delta).sum(axis=-2, keepdims=True)
    return gradient


LAYER_KINDS: dict[str, LayerKind] = {
    "dense": LayerKind(
        dense_shape, dense_initial_scale, 0.0, dense_rate, True, dense_forward, dense_gradient, dense_input_gradient
    ),
    # Each input times a factor that is learnt, 1 at first.
    "scale": LayerKind(
        scale_shape, lambda layer, _initializer, _parametrization: np.zeros(scale_shape(layer)), 1.0,
        lambda layer, h, _parametrization: np.full(scale_shape(layer), h.input_scale_lr), False,
        scale_forward, scale_gradient, lambda w, delta: delta * w,
    ),
}  # fmt: skip


def activations(layers: Layers) -> list[Activation]:
    """Return each layer's activation; the last one's is among those of output layers."""
    return [*(ACTIVATIONS[layer.activation] for layer in layers[:-1]), OUTPUT_ACTIVATIONS[layers[-1].activation]]
