"""Networks in the lanes: a stack is laid sideways into blocks of L networks, which threads train."""

from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fnn.config import ORDERS
from fnn.kernel.arguments import SETTINGS, Batches, Curves, Epochs, Records, Samples, Schedule, Scratch, State
from fnn.kernel.epoch import train_into
from fnn.kernel.simd import WIDTH
from fnn.network.functions import Array, flatten
from fnn.network.losses import ERRORS
from fnn.network.schedules import SCHEDULES
from fnn.training.grouping import Stack
from fnn.training.layout import CUTS, Cuts, aligned, plan, rules, sideways, upright
from fnn.training.powers import power_for
from fnn.training.progress import Report
from fnn.training.results import Outcome

# Blocks a thread takes at a time. One block of less work than this, in weights × samples × epochs, is done in less than
# the fifth of a second for which Ctrl-C may wait: it is not worth a thread.
_BLOCKS_AT_ONCE, _ALONE = 32, 2**26
_SCHEDULE_SETTINGS = ("gamma", "decay_every", "power", "warmup")


class Blocks:
    """What the threads that train one stack share: each writes the blocks it was given, and no others."""

    def __init__(self, stack: Stack, cuts: Cuts) -> None:
        config, x, y = stack.config, stack.x, stack.y
        flat, N, P = flatten(stack.params), len(x), len(stack.curve_epochs)
        L, self.stack, self.cuts = WIDTH[flat.dtype], stack, cuts
        self.size = min(config.batch_size or N, N)
        self.shuffled = ORDERS[config.order] and self.size < N
        self.rules = rules(config, any((stack.numeric[f"stop_{name}"] >= 0).any() for name in ERRORS))
        self.plan = plan(stack.layers, N, batches=self.size < N, cuts=cuts)
        self.samples = Samples(x, y.ravel(), np.ones(N, x.dtype), N, y.shape[1])
        self.weights = sideways(self.plan.spread_out(flat), L)
        settings = np.stack([stack.numeric[name] for name in SETTINGS], axis=1)
        self.settings = sideways(settings.astype(flat.dtype), L)
        self.seeds = sideways(stack.numeric["seed"].astype(np.uint64)[:, None], L)[:, 0]
        self.schedule = {name: sideways(stack.numeric[name][:, None], L)[:, 0] for name in _SCHEDULE_SETTINGS}
        self.uniform = all((values == values[0, 0]).all() for values in self.schedule.values())
        self.common: dict[int, Schedule] = {}
        self.power = power_for(0 if self.uniform else len(flat) * config.epochs)
        B = len(self.weights)
        self.loss, self.correct = np.zeros((2, B, L))
        self.epochs_to_solve, self.diverged = np.full((2, B, L), -1)
        self.stopped, self.met = np.full((B, L), config.epochs), np.zeros((B, L), np.bool_)
        self.reached, self.next_point = np.full(B, -1), np.zeros(B, np.int64)
        self.loss_curve, self.accuracy_curve = np.empty((2, B, L, P), np.float32)

    def __len__(self) -> int:
        return len(self.weights)

    def train(self, blocks: slice, cancel: NDArray[np.int64]) -> slice:
        """Train these blocks to the end."""
        epochs = self.stack.config.epochs
        state, scratch, batches = self._state(blocks), self._scratch(), self._batches()
        records, curves = self._records(blocks), self._curves(blocks)
        for begin in range(0, epochs + 1, self.cuts.segment):
            end = min(begin + self.cuts.segment, epochs + 1)
            span, schedule = Epochs(begin, end, epochs, cancel), self._factors(blocks, begin, end)
            train_into(
                self.plan.layout, self.samples, batches, self.rules, state, schedule, span, records, curves, scratch
            )
        return blocks

    def _array(self, *shape: int) -> Array:
        return aligned(shape, self.weights.dtype)

    def _state(self, blocks: slice) -> State:
        weights = self.weights[blocks]
        B, K, L = weights.shape
        powers = self._array(B, 2, L)
        powers[:] = 1
        return State(
            weights=weights,
            slots=self._array(B, 2 * K, L),
            powers=powers,
            settings=self.settings[blocks],
            seeds=self.seeds[blocks],
            active=self._array(B, L),
            gradient=self._array(K, L),
        )

    def _batches(self) -> Batches:
        L, order = self.weights.shape[2], np.zeros((len(self.stack.x), self.weights.shape[2]), np.int64)
        targets = self._array(self.plan.layout.part * self.stack.y.shape[1], L)
        return Batches(self.size, self.shuffled, targets, order)

    def _scratch(self) -> Scratch:
        L = self.weights.shape[2]
        return Scratch(*(self._array(rows, L) for rows in (self.plan.values, self.plan.logits, self.plan.delta)))

    def _records(self, blocks: slice) -> Records:
        L = self.weights.shape[2]
        return Records(
            loss=self.loss[blocks],
            correct=self.correct[blocks],
            epochs_to_solve=self.epochs_to_solve[blocks],
            diverged=self.diverged[blocks],
            stopped=self.stopped[blocks],
            met=self.met[blocks],
            reached=self.reached[blocks],
            row=self._array(3, L),
            errors=self._array(3, L),
        )

    def _curves(self, blocks: slice) -> Curves:
        return Curves(
            self.stack.curve_epochs, self.loss_curve[blocks], self.accuracy_curve[blocks], self.next_point[blocks]
        )

    def _factors(self, blocks: slice, begin: int, end: int) -> Schedule:
        """Return the schedule of these epochs for a rate of 1."""
        if not self.uniform:
            return self._factors_of({name: v[blocks] for name, v in self.schedule.items()}, begin, end)
        if begin not in self.common:  # by whichever thread comes first; two that do compute the same
            first = {name: v[:1, :1] for name, v in self.schedule.items()}
            self.common[begin] = self._factors_of(first, begin, end)
        return self.common[begin]

    def _factors_of(self, schedule: Mapping[str, NDArray[Any]], begin: int, end: int) -> Schedule:
        config = self.stack.config
        h = SimpleNamespace(lr=1.0, base_lr=1.0, **{name: v[:, None] for name, v in schedule.items()})
        epochs, epoch_index = np.arange(begin, end), np.arange(end - begin)
        if config.scheduler == "exponential" and (h.decay_every == h.decay_every[0, 0, 0]).all():
            # All rates fall together, and seldom: only what they fall to is computed.
            falls = np.diff(np.floor(epochs / h.decay_every[0, 0, 0] + 1e-9), prepend=-1) > 0
            epochs, epoch_index = epochs[falls], np.cumsum(falls) - 1
        factors = np.empty((len(h.gamma), len(epochs), self.weights.shape[2]), self.weights.dtype)
        factors[:] = SCHEDULES[config.scheduler](epochs[:, None], config.epochs, h, self.power)
        return Schedule(factors, epoch_index)

    def progress(self) -> tuple[float, Array, Array]:
        """Return how many of the networks are done, in shares, and losses and accuracies of those begun."""
        S = len(self.stack.params[0])
        reached = np.repeat(self.reached, self.weights.shape[2])[:S]
        begun = reached >= 0
        done = float(np.minimum(reached[begun] / self.stack.config.epochs, 1).sum())
        return done, self.loss.ravel()[:S][begun], self.correct.ravel()[:S][begun] / len(self.stack.x)

    def outcome(self) -> Outcome:
        """Return what became of the S networks."""
        S = len(self.stack.params[0])

        def each(values: NDArray[Any]) -> NDArray[Any]:
            return values.reshape(values.shape[0] * values.shape[1], *values.shape[2:])[:S]

        return Outcome(
            flat=self.plan.gathered(upright(self.weights, S)),
            loss=each(self.loss),
            accuracy=each(self.correct) / len(self.stack.x),
            epochs_to_solve=each(self.epochs_to_solve),
            diverged=each(self.diverged),
            stopped=each(self.stopped),
            met=each(self.met),
            loss_curve=each(self.loss_curve),
            accuracy_curve=each(self.accuracy_curve),
        )


def fit(stack: Stack, report: Report | None = None, *, threads: int, cuts: Cuts = CUTS) -> Outcome:
    """Train a stack as `numpy_path.fit` does, on so many threads. Ctrl-C ends them at their next epoch."""
    blocks, cancel = Blocks(stack, cuts), np.zeros(1, np.int64)
    B = len(blocks)
    if B == 1 and blocks.plan.weights * len(stack.x) * stack.config.epochs < _ALONE:
        blocks.train(slice(0, 1), cancel)
        if report:
            report(*blocks.progress())
        return blocks.outcome()
    size = max(1, min(_BLOCKS_AT_ONCE, B // (4 * threads)))
    with ThreadPoolExecutor(threads) as pool:
        waiting = {pool.submit(blocks.train, slice(b, min(b + size, B)), cancel) for b in range(0, B, size)}
        try:
            while waiting:
                done, waiting = wait(waiting, timeout=0.1, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
                if report:
                    report(*blocks.progress())
        except BaseException:
            cancel[0] = 1
            pool.shutdown(cancel_futures=True)
            raise
    return blocks.outcome()
