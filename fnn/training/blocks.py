"""Stacks in blocks, which threads train: what is the same whether networks or units lie in the lanes."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn import rng
from fnn.config import KEEPS, ORDERS
from fnn.kernel.arguments import SETTINGS, TOTAL_SCORE, Batches, Curves, Epochs, Records, Samples, Scratch, State
from fnn.kernel.simd import WIDTH
from fnn.network.functions import Array, flatten, rates
from fnn.network.losses import ERRORS, LOSSES
from fnn.network.schedules import SCHEDULES
from fnn.training.grouping import Stack
from fnn.training.layout import Cuts, Plan, aligned, rules
from fnn.training.outcome import Outcome, measure_rows, outcome, score_totals
from fnn.training.powers import power_for
from fnn.training.progress import Report
from fnn.training.snapshots import spans

_SCHEDULE_SETTINGS = ("gamma", "decay_every", "power", "warmup")


class Filling(NamedTuple):
    """How a stack fills the lanes: in blocks of so many networks.

    plan: how layers lie in lane arrays. laid: lays rows of numbers of S networks (S, n) into blocks (B, n, L);
    weights: rows of weights (S, K) likewise; gathered: is the inverse of that. samples: as the kernel is given them;
    targets: the shape of scratch for the targets of a batch, masks: for those of dropout.
    """

    networks: int
    plan: Plan
    laid: Callable[[NDArray[Any]], NDArray[Any]]
    weights: Callable[[Array], Array]
    gathered: Callable[[Array], Array]
    samples: Samples
    targets: tuple[int, ...]
    masks: tuple[int, int]


def batch_size(stack: Stack) -> int:
    """Return how many samples are learnt from at a time."""
    return min(stack.config.batch_size or stack.part.training, stack.part.training)


def together(stack: Stack) -> bool:
    """Return whether one pass on all samples both measures and learns."""
    return batch_size(stack) == stack.part.training and not stack.drops


def measured_every(stack: Stack) -> int:
    """Return how many epochs are from one pass that measures to the next; what learns from all samples measures too."""
    return 1 if together(stack) else stack.config.measure_every


def totals(stack: Stack) -> Array:
    """Return `Samples.totals`: what sums over samples are divided by."""
    part, each_output = stack.part, LOSSES[stack.config.loss].each_output
    outputs, (scores, *held_out) = part.y.shape[1], score_totals(part)
    losses = [float(w.sum(dtype=np.float64)) for w in (part.weight[: part.training], part.weight[part.training :])]
    per_sample = outputs if each_output else 1
    emphasis = float(part.emphasis.mean(dtype=np.float64))
    values = losses[0] * per_sample, scores, losses[1] * per_sample, *(held_out or [0.0])
    return np.array([*values, per_sample * emphasis, losses[0] * outputs])


def numeric_rows(stack: Stack) -> Array:
    """Return `State.settings` of each network: (S, len(SETTINGS)), float64."""
    numeric = {**stack.numeric, "dropout": rng.dropout_threshold(stack.numeric["dropout"])}
    return np.stack([numeric[name] for name in SETTINGS], axis=1).astype(np.float64)


def uneven_rates(stack: Stack) -> Array | None:
    """Return the factor on the rate of each weight, (1, K), None where all are 1."""
    factors = flatten(rates(stack.layers, stack.config.parametrization, stack.config))[None]
    return factors.astype(stack.part.x.dtype) if (factors != 1).any() else None


def clips(stack: Stack) -> bool:
    """Return whether the gradient of any network may be too long."""
    return bool((stack.numeric["clip_norm"] >= 0).any())


class Blocks:
    """What the threads that train one stack share: each writes the blocks it was given, and no others."""

    def __init__(self, stack: Stack, filling: Filling, cuts: Cuts) -> None:
        config, N, P = stack.config, stack.part.training, len(stack.curve_epochs)
        flat, R = flatten(stack.params), measure_rows(stack.part)
        self.stack, self.filling, self.cuts, self.L = stack, filling, cuts, WIDTH[flat.dtype]
        self.size = batch_size(stack)
        self.shuffled = ORDERS[config.order] and self.size < N
        by_errors = any((stack.numeric[f"stop_{name}"] >= 0).any() for name in ERRORS)
        self.rules = rules(config, stack.part.score, by_errors=by_errors, clips=clips(stack))
        self.weights = filling.weights(flat)
        self.kept = self.array(len(self.weights), self.weights.shape[1] if KEEPS[config.keep] else 1)
        uneven = uneven_rates(stack)
        self.rates = self.array(1) + 1 if uneven is None else filling.weights(uneven)[0]
        self.settings = filling.laid(numeric_rows(stack).astype(flat.dtype))
        networks = slice(0, filling.networks)
        self.seeds = filling.laid(stack.numeric["seed"].astype(np.uint64)[:, None])[:, 0, networks].copy()
        self.schedule = {name: filling.laid(stack.numeric[name][:, None])[:, 0] for name in _SCHEDULE_SETTINGS}
        self.uniform = all((values == values[0, 0]).all() for values in self.schedule.values())
        self.power = power_for(0 if self.uniform else self.schedule["power"].size * config.epochs)
        self.common: dict[int, tuple[Array, NDArray[np.int64]]] = {}
        shape = len(self.weights), filling.networks
        self.measures = np.zeros((shape[0], R, shape[1]))
        self.best = self.array(shape[0], 6)
        self.best[:, :4], self.best[:, 4] = np.inf, -1
        self.epochs_to_solve, self.diverged = np.full((2, *shape), -1)
        self.stopped, self.met = np.full(shape, config.epochs), np.zeros(shape, np.bool_)
        self.reached, self.next_point = np.full(shape[0], -1), np.zeros(shape[0], np.int64)
        self.point_measures = np.empty((shape[0], R, shape[1], P), np.float32)
        self.slots, self.active = self.array(shape[0], 2 * self.weights.shape[1]), self.array(shape[0]) + 1

    def __len__(self) -> int:
        return len(self.weights)

    def array(self, *shape: int) -> Array:
        """Return a lane array of zeros."""
        return aligned((*shape, self.L), self.weights.dtype)

    def spans(self, blocks: slice, cancel: NDArray[np.int64]) -> Any:
        """Yield the epochs of a call of the kernel, with the rates of these blocks."""
        epochs, snapshots = self.stack.config.epochs, self.stack.snapshots
        for begin, end in spans(epochs, self.cuts.segment, snapshots):
            if snapshots:
                rows = self.filling.gathered(self.weights[blocks])
                snapshots.take_into(begin, blocks.start * self.filling.networks, rows)
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
            rates=self.rates,
            kept=self.kept[blocks],
        )

    def batches(self) -> Batches:
        """Return how samples are cut into batches, and a thread's own arrays for that."""
        order, plan = np.zeros((self.stack.part.training, self.filling.networks), np.int64), self.filling.plan
        units = plan.units if self.stack.drops else 0
        words = np.zeros((5, plan.layout.part * -(-units // rng.UNITS)), np.uint64)
        targets, masks = (aligned(shape, self.weights.dtype) for shape in (self.filling.targets, self.filling.masks))
        every = measured_every(self.stack)
        return Batches(self.size, together(self.stack), every, self.shuffled, targets, order, units, masks, words)

    def scratch(self) -> Scratch:
        """Return a thread's own arrays for what passes through the layers."""
        plan = self.filling.plan
        rows = plan.values, plan.logits, plan.delta, plan.transposed, plan.spare
        return Scratch(*map(self.array, rows))

    def records(self, blocks: slice) -> Records:
        """Return where it is written what becomes of these blocks."""
        return Records(
            measures=self.measures[blocks],
            epochs_to_solve=self.epochs_to_solve[blocks],
            diverged=self.diverged[blocks],
            stopped=self.stopped[blocks],
            met=self.met[blocks],
            reached=self.reached[blocks],
            row=self.array(5),
            best=self.best[blocks],
            errors=self.array(2, 3),
        )

    def curves(self, blocks: slice) -> Curves:
        """Return where the curves of these blocks are written."""
        return Curves(self.stack.curve_epochs, self.point_measures[blocks], self.next_point[blocks])

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
        loss, misses = (self.measures[:, row].ravel()[:S][begun] for row in range(2))
        total = self.filling.samples.totals[TOTAL_SCORE]
        return done, loss, (total - misses) / total

    def outcome(self) -> Outcome:
        """Return what became of the S networks."""
        S, L = len(self.stack.params[0]), self.filling.networks

        def each(values: NDArray[Any]) -> NDArray[Any]:
            return values.reshape(values.shape[0] * values.shape[1], *values.shape[2:])[:S]

        measures = np.stack([each(self.measures[:, row]) for row in range(self.measures.shape[1])])
        curves = [each(self.point_measures[:, row]) for row in range(len(measures))]
        best = np.stack([each(self.best[:, row, :L]) for row in range(6)])
        flat, best_epoch = self.filling.gathered(self.weights), best[4].astype(np.int64)
        if KEEPS[self.stack.config.keep]:
            kept = best_epoch >= 0
            flat = np.where(kept[:, None], self.filling.gathered(self.kept), flat)
            measures = np.where(kept, best[: len(measures)], measures)
        elif measured_every(self.stack) > 1:
            measures[:2] = best[:2]
        return outcome(
            flat, measures, score_totals(self.stack.part), curves, each(self.epochs_to_solve), each(self.diverged),
            each(self.stopped), each(self.met), best_epoch,
        )  # fmt: skip


# Training some blocks, to the end unless it is cancelled: `train(blocks, cancel)`.
Train = Callable[[slice, NDArray[np.int64]], None]


class Job(NamedTuple):
    """The blocks of one stack, and what trains some of them."""

    blocks: Blocks
    train: Train


def share_out(turns: Sequence[tuple[Job, slice]], threads: int, report: Report | None) -> None:
    """Let threads train blocks, a slice at a turn. Ctrl-C ends them at their next epoch."""
    cancel, jobs = np.zeros(1, np.int64), list({id(job): job for job, _ in turns}.values())
    with ThreadPoolExecutor(threads) as pool:
        waiting: set[Future[None]] = {pool.submit(job.train, turn, cancel) for job, turn in turns}
        try:
            while waiting:
                done, waiting = wait(waiting, timeout=0.1, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
                if report:
                    report_progress(jobs, report)
        except BaseException:
            cancel[0] = 1
            pool.shutdown(cancel_futures=True)
            raise


def report_progress(jobs: Sequence[Job], report: Report) -> None:
    """Report how far the networks of all jobs are."""
    done, loss, score = zip(*(job.blocks.progress() for job in jobs), strict=True)
    report(sum(done), np.concatenate(loss), np.concatenate(score))


def train_all(jobs: Sequence[Job], threads: int, report: Report | None, *, at_once: int, alone: int) -> None:
    """Let threads train all blocks, at most so many at a time, few enough that every thread is busy to the end.

    One block of less work than `alone`, in weights × samples × epochs, is trained without a thread.
    """
    B, stack = sum(len(job.blocks) for job in jobs), jobs[0].blocks.stack
    if B == 1 and len(jobs[0].blocks.filling.plan.places) * len(stack.part.x) * stack.config.epochs < alone:
        jobs[0].train(slice(0, 1), np.zeros(1, np.int64))
        if report:
            report_progress(jobs, report)
        return
    size = max(1, min(at_once, B // (4 * threads)))
    turns = [(job, slice(b, min(b + size, len(job.blocks)))) for job in jobs for b in range(0, len(job.blocks), size)]
    share_out(turns, threads, report)
