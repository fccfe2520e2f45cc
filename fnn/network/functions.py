"""The lab in NumPy: `init`, `forward`, `backward`, `update`, pure functions on plain tuples of arrays.

Parameters are `(W1, ..., Wd)`, one array a layer, `W: (I+1, O)`, the last row the bias. The same functions serve a
stack of S networks, `W: (S, I+1, O)`, by broadcasting. This is also the oracle of the kernels, which say the same
under the same names.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from fnn import rng
from fnn.network.initializers import INITIALIZERS
from fnn.network.layers import LAYER_KINDS, Layers, activations
from fnn.network.losses import LOSSES, REDUCTIONS
from fnn.network.optimizers import OPTIMIZERS, State

Array = NDArray[np.floating[Any]]
Params = tuple[Array, ...]
# Numbers drawn at a time: what a cache keeps from one step of the drawing to the next.
_DRAWN_AT_ONCE = 2**15


class Pass(NamedTuple):
    """What a forward pass leaves for the backward pass.

    outputs: the input, then each layer's output, (..., N, I) … (..., N, O); logits: each layer's sums before its
    activation, one fewer.
    """

    outputs: tuple[Array, ...]
    logits: tuple[Array, ...]


def shapes(layers: Layers) -> list[tuple[int, ...]]:
    """Return the shape of each layer's weights, (I+1, O)."""
    return [LAYER_KINDS[layer.kind].shape(layer) for layer in layers]


def unflatten(flat: NDArray[Any], layers: Layers) -> tuple[NDArray[Any], ...]:
    """Cut rows of K numbers into parameters, without copying. flat: (..., K) → W: (..., I+1, O) for each layer."""
    params, start = [], 0
    for shape in shapes(layers):
        size = math.prod(shape)
        params.append(flat[..., start : start + size].reshape(*flat.shape[:-1], *shape))
        start += size
    return tuple(params)


def flatten(params: Params) -> Array:
    """Return the parameters as rows of K numbers, layer after layer: the inverse of `unflatten`."""
    return np.concatenate([w.reshape(*w.shape[:-2], -1) for w in params], axis=-1)


def init(
    layers: Layers,
    seeds: ArrayLike,
    initializer: str = "normal",
    scale: float | NDArray[np.float64] = 1.0,
    dtype: DTypeLike = np.float64,
    draws: rng.Draws = rng.NUMPY,
) -> Params:
    """Draw initial parameters. One seed gives W: (I+1, O); S seeds give W: (S, I+1, O).

    scale: a factor on the weights, one number or one for each seed. Network s depends on its own seed alone.
    draws: `rng.NUMPY`, or faster ones with the same bits.
    """
    entry = INITIALIZERS[initializer]
    seeds = np.asarray(seeds, np.uint64)
    layer_scale = flatten(tuple(LAYER_KINDS[layer.kind].initial_scale(layer, entry) for layer in layers))
    each, scales = np.atleast_1d(seeds), np.broadcast_to(scale, seeds.shape or 1)
    flat = np.empty((len(each), layer_scale.size), dtype)
    at_once = max(1, _DRAWN_AT_ONCE // layer_scale.size)
    for first in range(0, len(each), at_once):
        part = slice(first, first + at_once)
        flat[part] = entry.draw(draws, each[part], layer_scale.size) * layer_scale * scales[part, None]
    return unflatten(flat if seeds.ndim else flat[0], layers)


def forward(layers: Layers, params: Params, x: Array) -> Pass:
    """Return every layer's output for samples x: (N, I), or (S, N, I) where each network of a stack has its own."""
    outputs, logits = [x], []
    for layer, activation, w in zip(layers, activations(layers), params, strict=True):
        logits.append(LAYER_KINDS[layer.kind].forward(w, outputs[-1]))
        outputs.append(activation.apply(logits[-1]))
    return Pass(tuple(outputs), tuple(logits))


def predict(layers: Layers, params: Params, x: Array) -> Array:
    """Return the networks' answers. x: (N, I) → (..., N, O). Where a network diverged, they are inf or NaN."""
    with np.errstate(over="ignore", invalid="ignore"):
        return forward(layers, params, x).outputs[-1]


def backward(layers: Layers, params: Params, done: Pass, y: Array, loss: str = "mse", reduction: str = "sum") -> Params:
    """Return the gradient of the loss with respect to each weight, in the shapes of params.

    reduction: `sum` over samples and outputs, or their `mean`. y: (N, O), or (S, N, O) as x in `forward`.
    """
    *inputs, output = done.outputs
    slopes = [
        activation.slope(z if activation.from_logits else a)
        for activation, z, a in zip(activations(layers), done.logits, done.outputs[1:], strict=True)
    ]
    factor = REDUCTIONS[reduction](y.shape[-2] * y.shape[-1])
    delta = LOSSES[loss].gradient(output, y, slopes[-1]) * y.dtype.type(factor)
    gradients: list[Array] = []
    for i in reversed(range(len(layers))):
        kind = LAYER_KINDS[layers[i].kind]
        gradients.append(kind.gradient(inputs[i], delta))
        if i > 0:
            delta = kind.input_gradient(params[i], delta) * slopes[i - 1]
    return tuple(reversed(gradients))


def start(optimizer: str, params: Params) -> tuple[State, ...]:
    """Return the optimizer's state before the first update, one tuple of arrays a layer."""
    return tuple(OPTIMIZERS[optimizer].init(w) for w in params)


def update(
    optimizer: str, params: Params, gradients: Params, state: tuple[State, ...], t: int, lr: Any, h: Any
) -> tuple[Params, tuple[State, ...]]:
    """Take step t (from 1) at rate lr; return the new parameters and the new state.

    h: the hyperparameters, a `Config` or a record of arrays (S, 1, 1) under the same names.
    """
    step = OPTIMIZERS[optimizer].update
    pairs = [step(w, g, s, t, lr, h) for w, g, s in zip(params, gradients, state, strict=True)]
    return tuple(w for w, _ in pairs), tuple(s for _, s in pairs)


def mean_loss(done: Pass, y: Array, loss: str = "mse") -> Any:
    """Return the loss averaged over samples and outputs: a number for one network, (S,) for a stack."""
    return LOSSES[loss].value(done.logits[-1], done.outputs[-1], y).mean(axis=(-2, -1))


def accuracy(output: Array, y: Array) -> Any:
    """Return the share of samples with every output on the side of 1/2 its label is on; NaN is on neither.

    output: (..., N, O), y: (N, O) → a number for one network, (S,) for a stack.
    """
    right = np.where(y > 0.5, output > 0.5, output <= 0.5)
    return right.all(axis=-1).mean(axis=-1)
