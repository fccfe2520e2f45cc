"""The lab in NumPy: `init`, `forward`, `backward`, `update`, pure functions on plain tuples of arrays.

Parameters are `(W1, ..., Wd)`, one array a layer, `W: (I+1, O)`, the last row the bias. The same functions serve a
stack of S networks, `W: (S, I+1, O)`, by broadcasting. This is also the oracle of the kernels, which say the same
under the same names.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from fnn import rng as draws
from fnn.config import ORDERS, Config, Layer
from fnn.network.activations import ACTIVATIONS
from fnn.network.initializers import INITIALIZERS
from fnn.network.losses import ERRORS, LOSSES, REDUCTIONS
from fnn.network.optimizers import OPTIMIZERS, State
from fnn.network.schedules import SCHEDULES

Array = NDArray[np.floating[Any]]
# Numbers drawn at a time: what a cache keeps from one step of the drawing to the next.
_DRAWN = 2**15
Params = tuple[Array, ...]
Layers = Sequence[Layer]


class Pass(NamedTuple):
    """What a forward pass leaves for the backward pass.

    outputs: the input, then each layer's output, (..., N, I) … (..., N, O); logits: (..., N, O), the last layer's
    sums before its activation.
    """

    outputs: tuple[Array, ...]
    logits: Array


def shapes(layers: Layers) -> list[tuple[int, int]]:
    """Return the shape (I+1, O) of each layer's weights."""
    return [(layer.fan_in + 1, layer.fan_out) for layer in layers]


def unflatten(flat: NDArray[Any], layers: Layers) -> tuple[NDArray[Any], ...]:
    """Cut rows of K numbers into parameters, without copying. flat: (..., K) → W: (..., I+1, O) for each layer."""
    params, start = [], 0
    for rows, columns in shapes(layers):
        part = flat[..., start : start + rows * columns]
        params.append(part.reshape(*flat.shape[:-1], rows, columns))
        start += rows * columns
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
    philox: draws.Philox = draws.philox,
) -> Params:
    """Draw initial parameters. One seed gives W: (I+1, O); S seeds give W: (S, I+1, O).

    scale: a factor on the weights, one number or one for each seed. Network s depends on its own seed alone.
    philox: `draws.philox`, or a faster one with the same bits.
    """
    entry = INITIALIZERS[initializer]
    seeds = np.asarray(seeds, np.uint64)
    width = []
    for layer, shape in zip(layers, shapes(layers), strict=True):
        w = np.full(shape, entry.scale(layer.fan_in, layer.fan_out))
        w[-1] *= entry.bias
        width.append(w)
    row = flatten(tuple(width))
    own, scales = np.atleast_1d(seeds), np.broadcast_to(scale, seeds.shape or 1)
    flat = np.empty((len(own), row.size), dtype)
    at_once = max(1, _DRAWN // row.size)
    for first in range(0, len(own), at_once):
        part = slice(first, first + at_once)
        flat[part] = entry.draw(own[part], row.size, philox=philox) * row * scales[part, None]
    return unflatten(flat if seeds.ndim else flat[0], layers)


def forward(layers: Layers, params: Params, x: Array) -> Pass:
    """Return every layer's output for samples x: (N, I), or (S, N, I) where each network of a stack has its own."""
    outputs, logits = [x], x
    for layer, w in zip(layers, params, strict=True):
        logits = outputs[-1] @ w[..., :-1, :] + w[..., -1:, :]
        outputs.append(ACTIVATIONS[layer.activation].apply(logits))
    return Pass(tuple(outputs), logits)


def predict(layers: Layers, params: Params, x: Array) -> Array:
    """Return the networks' answers. x: (N, I) → (..., N, O). Where a network diverged, they are inf or NaN."""
    with np.errstate(over="ignore", invalid="ignore"):
        return forward(layers, params, x).outputs[-1]


def backward(layers: Layers, params: Params, done: Pass, y: Array, loss: str = "mse", reduction: str = "sum") -> Params:
    """Return the gradient of the loss with respect to each weight, in the shapes of params.

    reduction: `sum` over samples and outputs, or their `mean`. y: (N, O), or (S, N, O) as x in `forward`.
    """
    slopes = [ACTIVATIONS[layer.activation].slope for layer in layers]
    *inputs, output = done.outputs
    factor = REDUCTIONS[reduction](y.shape[-2] * y.shape[-1])
    delta = LOSSES[loss].gradient(output, y, slopes[-1](output)) * y.dtype.type(factor)
    gradients: list[Array] = []
    for i in reversed(range(len(layers))):
        weights = np.swapaxes(inputs[i], -1, -2) @ delta
        gradients.append(np.concatenate((weights, delta.sum(axis=-2, keepdims=True)), axis=-2))
        if i > 0:
            delta = (delta @ np.swapaxes(params[i][..., :-1, :], -1, -2)) * slopes[i - 1](inputs[i])
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


def record(config: Config, numbers: Mapping[str, NDArray[Any]], dtype: DTypeLike = np.float64) -> SimpleNamespace:
    """Return what is an `h` of update for a stack: numeric settings (S,) as (S, 1, 1), which broadcast with weights.

    config: has the settings by name, which are those of the whole stack.
    """
    arrays = {name: values.astype(dtype).reshape(-1, 1, 1) for name, values in numbers.items()}
    return SimpleNamespace(bias_correction=config.bias_correction, epsilon_place=config.epsilon_place, **arrays)


def mean_loss(done: Pass, y: Array, loss: str = "mse") -> Any:
    """Return the loss averaged over samples and outputs: a number for one network, (S,) for a stack."""
    return LOSSES[loss].value(done.logits, done.outputs[-1], y).mean(axis=(-2, -1))


def accuracy(output: Array, y: Array) -> Any:
    """Return the share of samples with every output on the side of 1/2 its label is on; NaN is on neither.

    output: (..., N, O), y: (N, O) → a number for one network, (S,) for a stack.
    """
    right = np.where(y > 0.5, output > 0.5, output <= 0.5)
    return right.all(axis=-1).mean(axis=-1)


def meets(numbers: Mapping[str, NDArray[Any]], loss: Array, output: Array, y: Array) -> NDArray[np.bool_]:
    """Return whether each network meets a stopping rule that is set for it: (S,). output: (S, N, O), y: (N, O)."""
    met = loss <= numbers["stop_loss"]
    for name, measure in ERRORS.items():
        limits = numbers[f"stop_{name}"]
        if (limits >= 0).any():
            met |= measure(np.abs(output - y)) <= limits
    return met


def batches(size: int, count: int, seeds: NDArray[np.int64] | None, epoch: int) -> Iterator[slice | NDArray[np.int64]]:
    """Yield which of `count` samples each update of an epoch is made on, `size` or fewer, as an index of x: (N, I).

    That is a slice; or with seeds: (S,), each network's own samples, (S, size), in this epoch's order of its own. A
    batch of all samples has no order.
    """
    order = None if seeds is None or size == count else draws.permutations(seeds, count, epoch)
    for first in range(0, count, size):
        batch = slice(first, first + size)
        yield batch if order is None else order[:, batch]


class Outcome(NamedTuple):
    """What became of a stack; the fields are those of `train.Results`, `flat`: (S, K) its weights as rows."""

    flat: Array
    loss: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    epochs_to_solve: NDArray[np.int64]
    diverged: NDArray[np.int64]
    stopped: NDArray[np.int64]
    met: NDArray[np.bool_]
    loss_curve: NDArray[np.float32]
    accuracy_curve: NDArray[np.float32]


def fit(
    config: Config,
    layers: Layers,
    params: Params,
    numbers: Mapping[str, NDArray[Any]],
    x: Array,
    y: Array,
    curve_epochs: NDArray[np.int64],
    tell: Callable[[float, Array, Array], None] | None = None,
) -> Outcome:
    """Train a stack to the end and keep the record of it.

    params: W (S, I+1, O); numbers: the settings that differ from network to network, each (S,), over those of
    config, and the seeds; x: (N, I), y: (N, O), of the dtype of params. Losses and accuracies, on all samples, are
    kept after curve_epochs: (P,); tell(networks done, a share of each one counting, losses, accuracies) hears of
    every epoch.
    """
    S, P, N = len(params[0]), len(curve_epochs), len(x)
    size = min(config.batch_size or N, N)
    exact, h = record(config, numbers), record(config, numbers, x.dtype)
    curves = np.empty((2, S, P), np.float32)
    since, diverged = np.full(S, -1), np.full(S, -1)
    stopped, met = np.full(S, config.epochs), np.zeros(S, np.bool_)
    state = start(config.optimizer, params)
    point = updates = 0
    for epoch in range(config.epochs + 1):
        done = forward(layers, params, x)
        loss, right = mean_loss(done, y, config.loss), accuracy(done.outputs[-1], y)
        running = stopped >= epoch
        diverged[running & ~np.isfinite(loss)] = epoch
        since = np.where((right == 1) & (diverged < 0), np.where(since < 0, epoch, since), -1)
        met |= running & (diverged < 0) & meets(numbers, loss, done.outputs[-1], y)
        stopped[running & ((diverged >= 0) | met)] = epoch
        if point < P and epoch == curve_epochs[point]:
            curves[:, :, point] = loss, right
            point += 1
        if tell:
            tell(S * epoch / config.epochs, loss, right)
        running = stopped > epoch
        if not running.any():
            break
        lr = SCHEDULES[config.scheduler](epoch, config.epochs, exact).astype(x.dtype)
        for batch in batches(size, N, numbers["seed"] if ORDERS[config.order] else None, epoch):
            if size < N:  # on all samples, the pass that measured serves
                done = forward(layers, params, x[batch])
            gradients = backward(layers, params, done, y[batch], config.loss, config.reduction)
            updates += 1
            moved, state = update(config.optimizer, params, gradients, state, updates, lr, h)
            if running.all():
                params = moved
            else:
                params = tuple(np.where(running[:, None, None], new, w) for new, w in zip(moved, params, strict=True))
    curves[:, :, point:] = np.stack((loss, right))[:, :, None]
    return Outcome(flatten(params), loss.astype(float), right, since, diverged, stopped, met, curves[0], curves[1])
