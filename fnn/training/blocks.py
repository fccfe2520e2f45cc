"""Stacks in blocks, which threads train: what is the same whether networks or units lie in the lanes."""

from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.config import ORDERS
from fnn.kernel.arguments import SETTINGS, Batches, Curves, Epochs, Records, Samples, Scratch, State
from fnn.kernel.simd import WIDTH
from fnn.network.functions import Array, flatten
from fnn.network.losses import ERRORS
from fnn.network.schedules import SCHEDULES
from fnn.training.grouping import Stack
from fnn.training.layout import Cuts, Plan, aligned, rules
from fnn.training.powers import power_for
from fnn.training.progress import Report
from fnn.training.results import Outcome

_SCHEDULE_SETTINGS = ("gamma", "decay_every", "power", "warmup")


class Filling(NamedTuple):
    """How a stack fills the lanes: in blocks of so many networks.

    plan: how layers lie in lane arrays. laid: lays rows of numbers of S networks (S, n) into blocks (B, n, L);
    weights: rows of weights (S, K) likewise; gathered: is the inverse of that. samples: as the kernel is given them;
    targets: numbers of scratch for the targets of a batch.
    """

    networks: int
    plan: Plan
    laid: Callable[[NDArray[Any]], NDArray[Any]]
    weights: Callable[[Array], Array]
    gathered: Callable[[Array], Array]
    samples: Samples
    targets: tuple[int, ...]


def batch_size(stack: Stack) -> int:
    """Return how many samples are learnt from at a time."""
    return min(stack.config.batch_size or len(stack.x), len(stack.x))


class Blocks:
    """What the threads that train one stack share: each writes the blocks it was given, and no others."""

    def __init__(self, stack: Stack, filling: Filling, cuts: Cuts) -> None:
        config, N, P = stack.config, len(stack.x), len(stack.curve_epochs)
        flat = flatten(stack.params)
        self.stack, self.filling, self.cuts, self.L = stack, filling, cuts, WIDTH[flat.dtype]
        self.size = batch_size(stack)
        self.shuffled = ORDERS[config.order] and self.size < N
        self.rules = rules(config, any((stack.numeric[f"stop_{name}"] >= 0).any() for name in ERRORS))
        self.weights = filling.weights(flat)
        settings = np.stack([stack.numeric[name] for name in SETTINGS], axis=1)
        self.settings = filling.laid(settings.astype(flat.dtype))
        networks = slice(0, filling.networks)
        self.seeds = filling.laid(stack.numeric["seed"].astype(np.uint64)[:, None])[:, 0, networks].copy()
        self.schedule = {name: filling.laid(stack.numeric[name][:, None])[:, 0] for name in _SCHEDULE_SETTINGS}
        self.uniform = all((values == values[0, 0]).all() for values in self.schedule.values())
        self.power = power_for(0 if self.uniform else self.schedule["power"].size * config.epochs)
        self.common: dict[int, tuple[Array, NDArray[np.int64]]] = {}
        shape = len(self.weights), filling.networks
        self.loss, self.correct = np.zeros((2, *shape))
        self.epochs_to_solve, self.diverged = np.full((2, *shape), -1)
        self.stopped, self.met = np.full(shape, config.epochs), np.zeros(shape, np.bool_)
        self.reached, self.next_point = np.full(shape[0], -1), np.zeros(shape[0], np.int64)
        self.loss_curve, self.accuracy_curve = np.empty((2, *shape, P), np.float32)
        self.slots, self.active = self.array(shape[0], 2 * self.weights.shape[1]), self.array(shape[0])

    def __len__(self) -> int:
        return len(self.weights)

    def array(self, *shape: int) -> Array:
        """Return a lane array of zeros."""
        return aligned((*shape, self.L), self.weights.dtype)

    def spans(self, blocks: slice, cancel: NDArray[np.int64]) -> Any:
        """Yield the epochs of a call of the kernel, with the rates of these blocks."""
        epochs = self.stack.config.epochs
        for begin in range(0, epochs + 1, self.cuts.segment):
            end = min(begin + self.cuts.segment, epochs + 1)
            yield Epochs(begin, end, epochs, cancel, *self._factors(blocks, begin, end))

    def state(self, blocks: slice) -> State:
        """Return what training moves of these blocks."""
        weights = self.weights[blocks]
        powers = self.array(len(weights), 2)
        powers[:] = 1
        return State(
            weights=weights,
            slots=self.slots[blocks],
            powers=powers,
            settings=self.settings[blocks],
            seeds=self.seeds[blocks],
            active=self.active[blocks],
            gradient=self.array(2, weights.shape[1]),
        )

    def batches(self) -> Batches:
        """Return how samples are cut into batches, and a thread's own arrays for that."""
        order = np.zeros((len(self.stack.x), self.filling.networks), np.int64)
        return Batches(self.size, self.shuffled, aligned(self.filling.targets, self.weights.dtype), order)

    def scratch(self) -> Scratch:
        """Return a thread's own arrays for what passes through the layers."""
        plan = self.filling.plan
        return Scratch(*(self.array(rows) for rows in (plan.values, plan.logits, plan.delta, plan.transposed)))

    def records(self, blocks: slice) -> Records:
        """Return where it is written what becomes of these blocks."""
        return Records(
            loss=self.loss[blocks],
            correct=self.correct[blocks],
            epochs_to_solve=self.epochs_to_solve[blocks],
            diverged=self.diverged[blocks],
            stopped=self.stopped[blocks],
            met=self.met[blocks],
            reached=self.reached[blocks],
            row=self.array(3),
            errors=self.array(2, 3),
        )

    def curves(self, blocks: slice) -> Curves:
        """Return where the curves of these blocks are written."""
        return Curves(
            self.stack.curve_epochs, self.loss_curve[blocks], self.accuracy_curve[blocks], self.next_point[blocks]
        )

    def _factors(self, blocks: slice, begin: int, end: int) -> tuple[Array, NDArray[np.int64]]:
        """Return the factors on the rate, and which of them each of these epochs has."""
        if not self.uniform:
            return self._factors_of({name: v[blocks] for name, v in self.schedule.items()}, begin, end)
        if begin not in self.common:  # by whichever thread comes first; two that do compute the same
            first = {name: v[:1, :1] for name, v in self.schedule.items()}
            self.common[begin] = self._factors_of(first, begin, end)
        return self.common[begin]

    def _factors_of(
        self, schedule: Mapping[str, NDArray[Any]], begin: int, end: int
    ) -> tuple[Array, NDArray[np.int64]]:
        config = self.stack.config
        h = SimpleNamespace(lr=1.0, base_lr=1.0, **{name: v[:, None] for name, v in schedule.items()})
        epochs, epoch_index = np.arange(begin, end), np.arange(end - begin)
        if config.scheduler == "exponential" and (h.decay_every == h.decay_every[0, 0, 0]).all():
            # All rates fall together, and seldom: only what they fall to is computed.
            falls = np.diff(np.floor(epochs / h.decay_every[0, 0, 0] + 1e-9), prepend=-1) > 0
            epochs, epoch_index = epochs[falls], np.cumsum(falls) - 1
        factors = np.empty((len(h.gamma), len(epochs), self.L), self.weights.dtype)
        factors[:] = SCHEDULES[config.scheduler](epochs[:, None], config.epochs, h, self.power)
        return factors, epoch_index

    def progress(self) -> tuple[float, Array, Array]:
        """Return how many of the networks are done, in shares, and losses and accuracies of those begun."""
        S = len(self.stack.params[0])
        reached = np.repeat(self.reached, self.filling.networks)[:S]
        begun = reached >= 0
        done = float(np.minimum(reached[begun] / max(self.stack.config.epochs, 1), 1).sum())
        return done, self.loss.ravel()[:S][begun], self.correct.ravel()[:S][begun] / len(self.stack.x)

    def outcome(self) -> Outcome:
        """Return what became of the S networks."""
        S = len(self.stack.params[0])

        def each(values: NDArray[Any]) -> NDArray[Any]:
            return values.reshape(values.shape[0] * values.shape[1], *values.shape[2:])[:S]

        return Outcome(
            flat=self.filling.gathered(self.weights),
            loss=each(self.loss),
            accuracy=each(self.correct) / len(self.stack.x),
            epochs_to_solve=each(self.epochs_to_solve),
            diverged=each(self.diverged),
            stopped=each(self.stopped),
            met=each(self.met),
            loss_curve=each(self.loss_curve),
            accuracy_curve=each(self.accuracy_curve),
        )


# Training some blocks, to the end unless it is cancelled: `train(blocks, cancel)`.
Train = Callable[[slice, NDArray[np.int64]], None]


def share_out(blocks: Blocks, train: Train, turns: list[slice], threads: int, report: Report | None) -> None:
    """Let threads train the blocks, a slice at a turn. Ctrl-C ends them at their next epoch."""
    cancel = np.zeros(1, np.int64)
    with ThreadPoolExecutor(threads) as pool:
        waiting: set[Future[None]] = {pool.submit(train, turn, cancel) for turn in turns}
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


def train_all(blocks: Blocks, train: Train, threads: int, report: Report | None, *, at_once: int, alone: int) -> None:
    """Let threads train all blocks, at most so many at a time, few enough that every thread is busy to the end.

    One block of less work than `alone`, in weights × samples × epochs, is trained without a thread.
    """
    B, stack = len(blocks), blocks.stack
    if B == 1 and len(blocks.filling.plan.places) * len(stack.x) * stack.config.epochs < alone:
        train(slice(0, 1), np.zeros(1, np.int64))
        if report:
            report(*blocks.progress())
        return
    size = max(1, min(at_once, B // (4 * threads)))
    share_out(blocks, train, [slice(b, min(b + size, B)) for b in range(0, B, size)], threads, report)
