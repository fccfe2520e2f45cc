"""The lab's way to train: the functions of `fnn.network` in a loop over epochs.

It is what the kernels are checked against, and needs NumPy and the standard library only.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fnn import rng
from fnn.config import ORDERS, Config
from fnn.network.functions import (
    Array,
    Params,
    backward,
    clipped,
    flatten,
    forward,
    mean_loss,
    misses,
    rates,
    start,
    update,
)
from fnn.network.layers import may_drop
from fnn.network.losses import ERRORS
from fnn.network.schedules import SCHEDULES
from fnn.training.grouping import Stack
from fnn.training.outcome import Outcome
from fnn.training.progress import Report
from fnn.training.recorder import Recorder

_EPOCHS_AT_ONCE = 64


def hyperparameters(config: Config, numeric: Mapping[str, NDArray[Any]], dtype: DTypeLike) -> SimpleNamespace:
    """Return what is an `h` of update for a stack: numeric settings (S,) as (S, 1, 1), which broadcast with weights.

    config: has the settings by name, which are those of the whole stack.
    """
    arrays = {name: values.astype(dtype).reshape(-1, 1, 1) for name, values in numeric.items()}
    return SimpleNamespace(bias_correction=config.bias_correction, epsilon_place=config.epsilon_place, **arrays)


def meets_rule(
    numeric: Mapping[str, NDArray[Any]], loss: Array, output: Array, y: Array, weight: Array | None = None
) -> NDArray[np.bool_]:
    """Return whether each network meets a stopping rule that is set for it: (S,).

    output: (S, N, O), y: (N, O), weight: (N,) how often each sample counts.
    """
    met = loss <= numeric["stop_loss"]
    for name, measure in ERRORS.items():
        limits = numeric[f"stop_{name}"]
        if (limits >= 0).any():
            met |= measure(np.abs(output - y), weight) <= limits
    return met


def batches(size: int, count: int, seeds: NDArray[np.int64] | None, epoch: int) -> Iterator[slice | NDArray[np.int64]]:
    """Yield which of `count` samples each update of an epoch is made on, `size` or fewer, as an index of x: (N, I).

    That is a slice; or with seeds: (S,), each network's own samples, (S, size), in this epoch's order of its own. A
    batch of all samples has no order.
    """
    order = None if seeds is None or size == count else rng.permutations(seeds, count, epoch)
    for first in range(0, count, size):
        batch = slice(first, first + size)
        yield batch if order is None else order[:, batch]


def rates_of_epochs(config: Config, h: SimpleNamespace) -> Iterator[NDArray[np.float64]]:
    """Yield the learning rates of each epoch, (S, 1, 1), those of some epochs computed at a time."""
    for begin in range(0, config.epochs + 1, _EPOCHS_AT_ONCE):
        epochs = np.arange(begin, min(begin + _EPOCHS_AT_ONCE, config.epochs + 1))
        yield from SCHEDULES[config.scheduler](epochs[:, None, None, None], config.epochs, h)


def masks(stack: Stack, first: int, count: int, epoch: int) -> Sequence[Array | None]:
    """Return what dropout multiplies each layer's outputs by for samples at these places of the epoch's order."""
    drops = may_drop(stack.layers)
    widths = [layer.fan_out * drop for layer, drop in zip(stack.layers, drops, strict=True)]
    threshold, samples = rng.dropout_threshold(stack.numeric["dropout"]), (first, count, stack.part.training)
    drawn = rng.dropout_masks(stack.numeric["seed"], threshold, sum(widths), samples, epoch).astype(stack.part.x.dtype)
    ends = np.cumsum(widths)
    return [drawn[:, :, end - width : end] if width else None for width, end in zip(widths, ends, strict=True)]


class _Learner:
    """What learns from batches: the gradient of one, and the optimizer's step along it."""

    def __init__(self, stack: Stack) -> None:
        config, part = stack.config, stack.part
        self.stack, self.config, self.part = stack, config, part
        self.x, self.y = part.x[: part.training], part.y[: part.training]
        self.h = hyperparameters(config, stack.numeric, part.x.dtype)
        self.weight = part.emphasis if part.weighted else None
        self.mean_weight = float(part.emphasis.mean(dtype=np.float64))
        self.clips = bool((stack.numeric["clip_norm"] >= 0).any())
        uneven = [w.astype(part.x.dtype) for w in rates(stack.layers, config.parametrization, config)]
        self.factors = tuple(uneven) if any((w != 1).any() for w in uneven) else None
        self.state, self.updates = start(config.optimizer, stack.params), 0
        self.size = min(config.batch_size or part.training, part.training)
        self.seeds = stack.numeric["seed"] if ORDERS[config.order] else None
        self.together = self.size == part.training and not stack.drops

    def epoch(self, params: Params, epoch: int, rate: Array, measured: Any) -> Iterator[Params]:
        """Yield the weights after each update. measured: the pass on all samples, which serves where it can."""
        for place, batch in enumerate(batches(self.size, self.part.training, self.seeds, epoch)):
            done, first = measured, place * self.size
            if not self.together:
                x = self.x[batch]
                dropped = masks(self.stack, first, x.shape[-2], epoch) if self.stack.drops else None
                done = forward(self.stack.layers, params, x, dropped)
            params = self._step(params, done, batch, rate)
            yield params

    def _step(self, params: Params, done: Any, batch: Any, rate: Array) -> Params:
        config, weight = self.config, None if self.weight is None else self.weight[batch]
        gradients = backward(
            self.stack.layers, params, done, self.y[batch], config.loss, config.reduction,
            weight=weight, mean_weight=self.mean_weight, h=self.h,
        )  # fmt: skip
        if self.clips:
            gradients = clipped(gradients, self.h.clip_norm)
        self.updates += 1
        params, self.state = update(
            config.optimizer, params, gradients, self.state, self.updates, rate, self.h, self.factors
        )
        return params


def _measures(stack: Stack, done: Any, part: slice, h: SimpleNamespace) -> tuple[Array, Array]:
    """Return losses and misses (S,) on some of the samples."""
    y, weight = stack.part.y[part], stack.part.weight[part] if stack.part.weighted else None
    loss = mean_loss(done, y, stack.config.loss, weight, h)
    return loss, misses(done.outputs[-1], y, stack.part.score, weight)


def fit(stack: Stack, report: Report | None = None) -> Outcome:
    """Train a stack to the end; `report` hears of every epoch."""
    config, layers, params, numeric, part, _, snapshots = stack
    learner, recorder = _Learner(stack), Recorder(stack)
    learnt, held_out = slice(0, part.training), slice(part.training, None)
    exact = hyperparameters(config, numeric, np.float64)
    weight, every = part.weight[learnt] if part.weighted else None, 1 if learner.together else config.measure_every
    for epoch, rate in enumerate(rates_of_epochs(config, exact)):
        measures, met = recorder.measures[:2], np.zeros(len(params[0]), np.bool_)
        if epoch % every == 0 or epoch == config.epochs:
            done = forward(layers, params, part.x[learnt])
            measures = np.stack(_measures(stack, done, learnt, learner.h))
            met = meets_rule(numeric, measures[0], done.outputs[-1], part.y[learnt], weight)
        if part.held_out:
            checked = forward(layers, params, part.x[held_out])
            measures = np.stack([*measures, *_measures(stack, checked, held_out, learner.h)])
        recorder.close(epoch, measures, met, params)
        if snapshots:
            snapshots.take_into(epoch, 0, flatten(params))
        if report:
            report(len(params[0]) * epoch / config.epochs, recorder.measures[0], recorder.scores[0])
        going = recorder.going
        if not going.any():
            if snapshots:
                snapshots.level_into(epoch, flatten(params))
            break
        for moved in learner.epoch(params, epoch, rate.astype(part.x.dtype), done):
            if going.all():
                params = moved
            else:
                params = tuple(np.where(going[:, None, None], new, w) for new, w in zip(moved, params, strict=True))

    def measure(kept: Params) -> tuple[Array, Array]:
        return _measures(stack, forward(layers, kept, part.x[learnt]), learnt, learner.h)

    return recorder.outcome(params, measure if every > 1 else None)
