"""Layers: how a network is described, and what each kind of layer computes.

Weights of one layer are one array, (..., I+1, O) for a dense one; `...` is nothing for one network, (S,) for a stack.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.network.activations import ACTIVATIONS, OUTPUT_ACTIVATIONS, Activation
from fnn.network.initializers import Initializer

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

    shape(layer): of its weights; initial_scale(layer, initializer): the factor on what is drawn for each of them.
    forward(w, inputs): the logits. gradient(inputs, delta): of the loss by the weights, and input_gradient(w, delta):
    by the inputs.
    """

    shape: Callable[[Layer], tuple[int, ...]]
    initial_scale: Callable[[Layer, Initializer], NDArray[np.float64]]
    forward: Callable[[Array, Array], Array]
    gradient: Callable[[Array, Array], Array]
    input_gradient: Callable[[Array, Array], Array]


def dense_shape(layer: Layer) -> tuple[int, int]:
    """Return (I+1, O): a row for each input, and the bias row last."""
    return layer.fan_in + 1, layer.fan_out


def dense_initial_scale(layer: Layer, initializer: Initializer) -> NDArray[np.float64]:
    """Return the initializer's scale for this fan-in and fan-out, on the bias row 0 where biases start at 0."""
    scale = np.full(dense_shape(layer), initializer.scale(layer.fan_in, layer.fan_out))
    scale[-1] *= initializer.bias
    return scale


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


LAYER_KINDS: dict[str, LayerKind] = {
    "dense": LayerKind(dense_shape, dense_initial_scale, dense_forward, dense_gradient, dense_input_gradient),
}


def activations(layers: Layers) -> list[Activation]:
    """Return each layer's activation; the last one's is among those of output layers."""
    return [*(ACTIVATIONS[layer.activation] for layer in layers[:-1]), OUTPUT_ACTIVATIONS[layers[-1].activation]]
