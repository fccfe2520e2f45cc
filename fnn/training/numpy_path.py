"""The lab's way to train: the functions of `fnn.network` in a loop over epochs.

It is what the kernels are checked against, and needs NumPy and the standard library only.
"""

from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fnn import rng
from fnn.config import ORDERS, Config
from fnn.network.functions import Array, accuracy, backward, flatten, forward, mean_loss, start, update
from fnn.network.losses import ERRORS
from fnn.network.schedules import SCHEDULES
from fnn.training.grouping import Stack
from fnn.training.progress import Report
from fnn.training.results import Outcome

_EPOCHS_AT_ONCE = 64


def hyperparameters(config: Config, numeric: Mapping[str, NDArray[Any]], dtype: DTypeLike) -> SimpleNamespace:
    """Return what is an `h` of update for a stack: numeric settings (S,) as (S, 1, 1), which broadcast with weights.

    config: has the settings by name, which are those of the whole stack.
    """
    arrays = {name: values.astype(dtype).reshape(-1, 1, 1) for name, values in numeric.items()}
    return SimpleNamespace(bias_correction=config.bias_correction, epsilon_place=config.epsilon_place, **arrays)


def meets_rule(numeric: Mapping[str, NDArray[Any]], loss: Array, output: Array, y: Array) -> NDArray[np.bool_]:
    """Return whether each network meets a stopping rule that is set for it: (S,). output: (S, N, O), y: (N, O)."""
    met = loss <= numeric["stop_loss"]
    for name, measure in ERRORS.items():
        limits = numeric[f"stop_{name}"]
        if (limits >= 0).any():
            met |= measure(np.abs(output - y)) <= limits
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


def rates(config: Config, h: SimpleNamespace) -> Iterator[NDArray[np.float64]]:
    """Yield the learning rates of each epoch, (S, 1, 1), those of some epochs computed at a time."""
    for begin in range(0, config.epochs + 1, _EPOCHS_AT_ONCE):
        epochs = np.arange(begin, min(begin + _EPOCHS_AT_ONCE, config.epochs + 1))
        yield from SCHEDULES[config.scheduler](epochs[:, None, None, None], config.epochs, h)


class Recorder:
    """What becomes of a stack, epoch by epoch. going: (S,), which networks still train."""

    def __init__(self, stack: Stack) -> None:
        S, self.stack = len(stack.params[0]), stack
        self.epochs_to_solve, self.diverged = np.full(S, -1), np.full(S, -1)
        self.stopped, self.met = np.full(S, stack.config.epochs), np.zeros(S, np.bool_)
        self.curves = np.empty((2, S, len(stack.curve_epochs)), np.float32)
        self.point = 0
        self.going = np.ones(S, np.bool_)
        self.loss: Array = np.empty(S)
        self.accuracy: NDArray[np.float64] = np.empty(S)

    def close(self, epoch: int, loss: Array, output: Array) -> None:
        """Note the loss (S,) and the output (S, N, O) after an epoch; the last time before training ends, for good."""
        y, running = self.stack.y, self.stopped >= epoch
        self.loss, self.accuracy = loss, accuracy(output, y)
        self.diverged[running & ~np.isfinite(loss)] = epoch
        solved = (self.accuracy == 1) & (self.diverged < 0)
        self.epochs_to_solve = np.where(solved, np.where(self.epochs_to_solve < 0, epoch, self.epochs_to_solve), -1)
        self.met |= running & (self.diverged < 0) & meets_rule(self.stack.numeric, loss, output, y)
        self.stopped[running & ((self.diverged >= 0) | self.met)] = epoch
        if self.point < self.curves.shape[2] and epoch == self.stack.curve_epochs[self.point]:
            self.curves[:, :, self.point] = self.loss, self.accuracy
            self.point += 1
        self.going = self.stopped > epoch

    def outcome(self, params: tuple[Array, ...]) -> Outcome:
        """Return what became of the networks with these weights; curves go on level to their end."""
        self.curves[:, :, self.point :] = np.stack((self.loss, self.accuracy))[:, :, None]
        return Outcome(
            flatten(params), self.loss.astype(float), self.accuracy, self.epochs_to_solve, self.diverged, self.stopped,
            self.met, self.curves[0], self.curves[1],
        )  # fmt: skip


def fit(stack: Stack, report: Report | None = None) -> Outcome:
    """Train a stack to the end; `report` hears of every epoch."""
    config, layers, params, numeric, x, y, _ = stack
    N = len(x)
    size = min(config.batch_size or N, N)
    exact, h = (hyperparameters(config, numeric, dtype) for dtype in (np.float64, x.dtype))
    recorder, state, updates = Recorder(stack), start(config.optimizer, params), 0
    for epoch, rate in enumerate(rates(config, exact)):
        done = forward(layers, params, x)
        recorder.close(epoch, mean_loss(done, y, config.loss), done.outputs[-1])
        if report:
            report(len(params[0]) * epoch / config.epochs, recorder.loss, recorder.accuracy)
        going = recorder.going
        if not going.any():
            break
        lr = rate.astype(x.dtype)
        for batch in batches(size, N, numeric["seed"] if ORDERS[config.order] else None, epoch):
            if size < N:  # on all samples, the pass that measured serves
                done = forward(layers, params, x[batch])
            gradients = backward(layers, params, done, y[batch], config.loss, config.reduction)
            updates += 1
            moved, state = update(config.optimizer, params, gradients, state, updates, lr, h)
            if going.all():
                params = moved
            else:
                params = tuple(np.where(going[:, None, None], new, w) for new, w in zip(moved, params, strict=True))
    return recorder.outcome(params)
