"""The lab in NumPy: `init`, `forward`, `backward`, `update`, pure functions on plain tuples of arrays.

Parameters are `(W1, ..., Wd)`, one array a layer, `W: (I+1, O)`, the last row the bias. The same functions serve a
stack of S networks, `W: (S, I+1, O)`, by broadcasting. This is also the oracle of the kernels, which say the same
under the same names.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from fnn import rng
from fnn.errors import InvalidSetting
from fnn.network.initializers import INITIALIZERS, OUTPUT_INITS, PARAMETRIZATIONS
from fnn.network.layers import LAYER_KINDS, Layers, activations
from fnn.network.losses import DEFAULTS, LOSSES, REDUCTIONS, weighted_mean
from fnn.network.optimizers import OPTIMIZERS, State
from fnn.network.scores import SCORES

Array = NDArray[np.floating[Any]]
Params = tuple[Array, ...]
# Numbers drawn at a time: what a cache keeps from one step of the drawing to the next.
_DRAWN_AT_ONCE = 2**15


class Pass(NamedTuple):
    """What a forward pass leaves for the backward pass.

    outputs: the input, then each layer's output, (..., N, I) … (..., N, O); logits: each layer's sums before its
    activation, one fewer. masks: what dropout multiplied each layer's outputs by, None where nothing.
    """

    outputs: tuple[Array, ...]
    logits: tuple[Array, ...]
    masks: tuple[Array | None, ...]


def shapes(layers: Layers) -> list[tuple[int, ...]]:
    """Return the shape of each layer's weights, (I+1, O)."""
    return [LAYER_KINDS[layer.kind].shape(layer) for layer in layers]


def weights(layers: Layers) -> int:
    """Return K, the number of a network's weights."""
    return sum(math.prod(shape) for shape in shapes(layers))


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
    *,
    parametrization: str = "standard",
    output_init: str = "drawn",
) -> Params:
    """Draw initial parameters. One seed gives W: (I+1, O); S seeds give W: (S, I+1, O).

    layers: as `Config.layers` gives them. initializer: normal, uniform, xavier or he. dtype: of the weights.
    scale: a factor on the weights, one number or one for each seed. Network s depends on its own seed alone.
    draws: `rng.NUMPY`, or faster ones with the same bits. parametrization, output_init: names, as `Config` has them.

    >>> import fnn
    >>> x, y = fnn.data.xor4()
    >>> layers = fnn.Config(hidden=2).layers(inputs=2, outputs=1)
    >>> [w.shape for w in fnn.init(layers, 7)], [w.shape for w in fnn.init(layers, range(100))]
    ([(3, 2), (3, 1)], [(100, 3, 2), (100, 3, 1)])
    """
    entry, form = INITIALIZERS[initializer], PARAMETRIZATIONS[parametrization]
    seeds = np.asarray(seeds, np.uint64)
    kinds = [LAYER_KINDS[layer.kind] for layer in layers]
    scales_of = [kind.initial_scale(layer, entry, form) for kind, layer in zip(kinds, layers, strict=True)]
    scales_of[-1] = scales_of[-1] * OUTPUT_INITS[output_init]
    layer_scale = flatten(tuple(scales_of))
    value = flatten(tuple(np.full(w.shape, kind.initial_value) for kind, w in zip(kinds, scales_of, strict=True)))
    each, scales = np.atleast_1d(seeds), np.broadcast_to(scale, seeds.shape or 1)
    flat = np.empty((len(each), layer_scale.size), dtype)
    at_once = max(1, _DRAWN_AT_ONCE // layer_scale.size)
    for first in range(0, len(each), at_once):
        part = slice(first, first + at_once)
        flat[part] = entry.draw(draws, each[part], layer_scale.size) * layer_scale * scales[part, None]
        if value.any():
            flat[part] += value
    return unflatten(flat if seeds.ndim else flat[0], layers)


def forward(layers: Layers, params: Params, x: Array, masks: Sequence[Array | None] | None = None) -> Pass:
    """Return every layer's output for samples x: (N, I), or (S, N, I) where each network of a stack has its own.

    layers: as `Config.layers` gives them; params: W (I+1, O) of each, or (S, I+1, O). masks: what to multiply each
    layer's outputs by, (..., N, O) or None; without, nothing is dropped.

    >>> import fnn
    >>> x, y = fnn.data.xor4()
    >>> layers = fnn.Config(hidden=2).layers(inputs=2, outputs=1)
    >>> done = fnn.forward(layers, fnn.init(layers, 7), x)
    >>> [outputs.shape for outputs in done.outputs]
    [(4, 2), (4, 2), (4, 1)]
    """
    outputs, logits = [x], []
    masks = tuple(masks or [None] * len(layers))
    for layer, activation, w, mask in zip(layers, activations(layers), params, masks, strict=True):
        logits.append(LAYER_KINDS[layer.kind].forward(layer, w, outputs[-1]))
        a = activation.apply(logits[-1])
        outputs.append(a if mask is None else a * mask)
    return Pass(tuple(outputs), tuple(logits), masks)


def predict(layers: Layers, params: Params, x: Array) -> Array:
    """Return the networks' answers. x: (N, I) → (..., N, O). Where a network diverged, they are inf or NaN.

    layers, params: as in `forward`.

    >>> import fnn
    >>> x, y = fnn.data.xor4()
    >>> layers = fnn.Config(hidden=2).layers(inputs=2, outputs=1)
    >>> fnn.predict(layers, fnn.init(layers, range(100)), x).shape
    (100, 4, 1)
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return forward(layers, params, x).outputs[-1]


def backward(
    layers: Layers,
    params: Params,
    done: Pass,
    y: Array,
    loss: str = "mse",
    reduction: str = "sum",
    *,
    weight: Array | None = None,
    mean_weight: float = 1.0,
    h: Any = DEFAULTS,
) -> Params:
    """Return the gradient of the loss with respect to each weight, in the shapes of params.

    done: what `forward` gave of the same params. Raises InvalidSetting for labels y of another shape than the outputs.

    reduction: `sum` over samples and outputs, or the `mean` that the loss is. y: (N, O), or (S, N, O) as x in
    `forward`; weight: how often each sample counts, (N,) or (S, N), of which the mean over all that is learnt from is
    mean_weight. h: what the loss reads, as in `update`.

    >>> import fnn
    >>> x, y = fnn.data.xor4()
    >>> layers = fnn.Config(hidden=2).layers(inputs=2, outputs=1)
    >>> params = fnn.init(layers, 7)
    >>> gradients = fnn.backward(layers, params, fnn.forward(layers, params, x), y)
    >>> [g.shape for g in gradients]
    [(3, 2), (3, 1)]
    """
    *inputs, output = done.outputs
    _need_labels_of(output, y)
    entry = LOSSES[loss]
    slopes = _slopes(layers, done)
    factor = REDUCTIONS[reduction](y.shape[-2] * (y.shape[-1] if entry.each_output else 1) * mean_weight)
    delta: Array = entry.gradient(output, y, slopes[-1], h) * y.dtype.type(factor)
    if weight is not None:
        delta = delta * weight[..., None]
    gradients: list[Array] = []
    for i in reversed(range(len(layers))):
        layer, kind = layers[i], LAYER_KINDS[layers[i].kind]
        gradients.append(kind.gradient(layer, inputs[i], delta))
        if i > 0:
            delta, mask = kind.input_gradient(layer, params[i], inputs[i], delta), done.masks[i - 1]
            delta = (delta if mask is None else delta * mask) * slopes[i - 1]
    return tuple(reversed(gradients))


def _slopes(layers: Layers, done: Pass) -> list[Array]:
    """Return each activation's slope, where dropout had not yet dropped any output."""
    slopes = []
    for activation, z, a, mask in zip(activations(layers), done.logits, done.outputs[1:], done.masks, strict=True):
        at = z if activation.from_logits else a if mask is None else activation.apply(z)
        slopes.append(activation.slope(at))
    return slopes


def start(optimizer: str, params: Params) -> tuple[State, ...]:
    """Return the optimizer's state before the first update, one tuple of arrays a layer.

    optimizer: its name; params: W (I+1, O) of each layer, or (S, I+1, O).

    >>> import fnn
    >>> x, y = fnn.data.xor4()
    >>> layers = fnn.Config(hidden=2).layers(inputs=2, outputs=1)
    >>> momentum, = fnn.start("momentum", fnn.init(layers, 7))[0]
    >>> momentum.shape
    (3, 2)
    """
    return tuple(OPTIMIZERS[optimizer].init(w) for w in params)


def rates(layers: Layers, parametrization: str, h: Any) -> Params:
    """Return the factor on the learning rate of each weight, in the shapes of params. h: a `Config`."""
    form = PARAMETRIZATIONS[parametrization]
    return tuple(LAYER_KINDS[layer.kind].rate(layer, h, form) for layer in layers)


def clipped(gradients: Params, limit: Any) -> Params:
    """Return gradients that are shortened to the length `limit` where they are longer, all layers as one vector.

    limit: a number, or (S, 1, 1) for a stack; below 0 there is none. As PyTorch's `clip_grad_norm_`; Pascanu, Mikolov &
    Bengio (ICML 2013).
    """
    squares = sum((g * g).sum(axis=(-2, -1), keepdims=True) for g in gradients)
    factor = limit / (np.sqrt(squares) + 1e-6)
    factor = np.where((limit >= 0) & (factor < 1), factor, 1).astype(gradients[0].dtype)
    return tuple(g * factor for g in gradients)


def update(
    optimizer: str,
    params: Params,
    gradients: Params,
    state: tuple[State, ...],
    t: int,
    lr: Any,
    h: Any,
    factors: Params | None = None,
) -> tuple[Params, tuple[State, ...]]:
    """Take step t (from 1) at rate lr; return the new parameters and the new state.

    optimizer: its name. params, gradients: W (I+1, O) of each layer, or (S, I+1, O); state: as `start` gives it.
    h: the hyperparameters, a `Config` or a record of arrays (S, 1, 1) under the same names. factors: on the rate of
    each weight, as `rates` gives them.

    One step of backpropagation, and the loss before and after it:

    >>> import fnn
    >>> x, y = fnn.data.xor4()
    >>> layers = fnn.Config(hidden=2).layers(inputs=2, outputs=1)
    >>> params, config = fnn.init(layers, 3), fnn.Config()
    >>> done, state = fnn.forward(layers, params, x), fnn.start("adam", params)
    >>> gradients = fnn.backward(layers, params, done, y)
    >>> better, state = fnn.update("adam", params, gradients, state, 1, config.lr, config)
    >>> fnn.mean_loss(fnn.forward(layers, better, x), y) < fnn.mean_loss(done, y)
    np.True_
    """
    step = OPTIMIZERS[optimizer].update
    each = [lr] * len(params) if factors is None else [lr * factor for factor in factors]
    pairs = [step(w, g, s, t, rate, h) for w, g, s, rate in zip(params, gradients, state, each, strict=True)]
    return tuple(w for w, _ in pairs), tuple(s for _, s in pairs)


def mean_loss(done: Pass, y: Array, loss: str = "mse", weight: Array | None = None, h: Any = DEFAULTS) -> Any:
    """Return the loss averaged over samples, and outputs: a number for one network, (S,) for a stack.

    done: what `forward` gave; y: (N, O); loss: its name. Raises InvalidSetting for y of another shape than the outputs.
    weight: (N,), how often each sample counts. h: what the loss reads, as in `update`.

    >>> import fnn
    >>> x, y = fnn.data.xor4()
    >>> layers = fnn.Config(hidden=2).layers(inputs=2, outputs=1)
    >>> done = fnn.forward(layers, fnn.init(layers, range(100)), x)
    >>> fnn.mean_loss(done, y).shape
    (100,)
    """
    _need_labels_of(done.outputs[-1], y)
    entry = LOSSES[loss]
    value = entry.value(done.logits[-1], done.outputs[-1], y, h)
    return weighted_mean(value if entry.each_output else value.sum(axis=-1, keepdims=True), weight)


def _need_labels_of(output: Array, y: Array) -> None:
    """Refuse labels of another shape, which NumPy would stretch to fit: (N,) beside (N, 1) makes (N, N)."""
    if y.shape[-2:] != output.shape[-2:]:
        raise InvalidSetting("y", f"shape {y.shape}", f"{output.shape[-2:]}, a row for each sample, as outputs are")


def misses(output: Array, y: Array, score: str = "sides", weight: Array | None = None) -> Any:
    """Return how far from right the answers are, summed over samples: a number, or (S,) for a stack; see `scores`."""
    miss = SCORES[score].miss(output, y)
    return (miss if weight is None else miss * weight).sum(axis=-1)


def accuracy(output: ArrayLike, y: ArrayLike) -> Any:
    """Return the share of samples with every output on the side of 1/2 its label is on; NaN is on neither.

    output: (..., N, O), y: (N, O), or (N,) of one output → a number for one network, (S,) for a stack. Raises
    InvalidSetting for labels of another shape, and for labels that are not from 0 to 1: of −1 and 1, or of classes
    0, 1, 2 in one column, 1/2 does not tell each from the others.

    >>> import fnn
    >>> fnn.accuracy([[0.9], [0.2], [0.6]], [1, 0, 0])
    0.6666666666666666
    """
    answers, labels = np.asarray(output), np.asarray(y)
    labels = labels[:, None] if labels.ndim == 1 and answers.shape[-1:] == (1,) else labels
    _need_labels_of(answers, labels)
    if not ((labels >= 0) & (labels <= 1)).all():
        raise InvalidSetting("y", labels.ravel()[:3].tolist(), "labels from 0 to 1, a column for each output")
    return _float_or_row((len(labels) - misses(answers, labels)) / len(labels))


def _float_or_row(values: Any) -> Any:
    """Return a number of one network as Python's, those of a stack as they are."""
    return values if np.ndim(values) else float(values)
