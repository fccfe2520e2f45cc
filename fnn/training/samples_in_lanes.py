"""One network and a crowd of samples: here samples lie in the lanes, and threads share them.

Where samples are many, a network alone need not leave lanes idle: its rows of L samples pass through the same
functions as a stack's single samples do, with its weights as plain numbers that `load` spreads. Each lane sums the
gradient over its own samples; at the end of the batch the lanes are summed too.

The samples are cut into chunks, by their number and the network's shape alone, and the chunks' sums are added in the
order of the chunks. So a network has the same bits on any number of threads, and in any stack: whether samples or
networks lie in the lanes is never up to the size of the stack.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fnn.config import Config, Layer, numeric_settings
from fnn.kernel import epoch as kernels
from fnn.kernel.epoch import (
    FAN_OUT,
    H_LR,
    backward_into,
    errors_into,
    forward_into,
    loss_into,
    meets,
    ones_into,
    record_into,
    update_into,
)
from fnn.kernel.jit import entry, policy
from fnn.kernel.simd import WIDTH, add_one, give_way, load, peek, select, spread, store
from fnn.network.functions import Array, Outcome, Params, flatten
from fnn.network.losses import ERRORS, LOSSES, REDUCTIONS
from fnn.network.optimizers import BIAS_CORRECTIONS, EPSILON_PLACES, OPTIMIZERS
from fnn.network.schedules import SCHEDULES
from fnn.training.networks_in_lanes import aligned, plan, sideways

# From so many samples on, they lie in the lanes. So many chunks, if there are samples and memory (bytes) enough.
LEAST, _CHUNKS, _MEMORY = 1024, 16, 2**26
# Turns a thread waits for the others before it gives way.
_PATIENCE = 2000


@policy
def meet(gate, threads, cancel):
    """Wait until all threads are here, or training is cancelled. gate: two counters, a cache line apart."""
    if threads == 1:
        return
    turn = peek(gate, 8)
    if add_one(gate, 0) == threads - 1:
        gate[0] = 0
        add_one(gate, 8)
        return
    waited = 0
    while peek(gate, 8) == turn and peek(cancel, 0) == 0:
        waited += 1
        if waited > _PATIENCE:
            give_way()


@policy
def lanes_sum(row):
    """Return the sum over the lanes of row 0 of a lane array, halves onto halves; the row is used up."""
    half = row.shape[1] // 2
    while half > 0:
        for k in range(half):
            row[0, k] += row[0, k + half]
        half //= 2
    return row[0, 0]


@policy
def lanes_largest(row):
    """Return the largest number in row 0 of a lane array."""
    largest = row[0, 0]
    for k in range(1, row.shape[1]):
        largest = max(largest, row[0, k])
    return largest


@policy
def errors_of_chunks_into(errors, spare):
    """Write what `errors_into` says of all chunks, (C, 3, L), into every lane of the first."""
    for i in range(3):
        v = load(errors[0], i)
        for c in range(1, len(errors)):
            other = load(errors[c], i)
            v = v + other if i > 0 else select(other > v, other, v)
        store(spare, 0, v)
        store(errors[0], i, spread(spare, lanes_sum(spare) if i > 0 else lanes_largest(spare)))


@entry
def train_shared_into(
    thread, threads, gate, going, w, rows, s, powers, h, factors, of_epoch, layers, x, y, weight, N,
    chunk, part, loss, reduction, rules, optimizer, bias_correction, epsilon_place, epochs, begin, end,
    values, logits, delta, g, sums, errors, gradient, flat, spare, active,
    row, losses, rights, since, diverged, stopped, met, reached, curve_epochs, loss_curve, accuracy_curve, cancel,
):  # fmt: skip
    """Train one network from epoch `begin` to before `end`, as one of `threads` threads that all call this.

    w: (K,), the weights, and rows: (K / L, L), the same numbers; s, powers: the optimizer's state for `rows`, and
    h: (15, L) the settings, the same in every lane; factors: (F,), the schedule's, and of_epoch; x, y, weight:
    samples in the lanes, R rows, N of them real; chunk: rows to a chunk, part: rows passed through at a time.
    rules: whether the network stops by its errors.
    values, logits, delta, spare: (·, L) scratch of this thread; g: (C, K, L), sums: (C, 2, L), errors: (C, 3, L)
    of all chunks; gradient: (K / L, L), flat: its numbers in a row; active: (1, L); row: (3, 1), losses …: (1,);
    curves: (1, P); going: (1,).
    """
    R, C, K, width = len(weight), len(g), len(w), layers[-1, FAN_OUT]
    inputs = len(x) // R
    ones_into(values, layers, part)
    point = np.searchsorted(curve_epochs, begin)
    for epoch in range(begin, end):
        for c in range(thread, C, threads):
            total = right = spread(values, 0.0)
            for i in range(3 if rules else 0):
                store(errors[c], i, total)
            for first in range(c * chunk, min(R, (c + 1) * chunk), part):
                samples = min(part, min(R, (c + 1) * chunk) - first)
                forward_into(values, logits, layers, w, x, first * inputs, samples)
                total, right = loss_into(
                    delta, values, logits, layers, y, weight, first, samples, loss, reduction, total, right
                )
                if rules:
                    errors_into(errors[c], values, layers, y, weight, first, samples)
                if epoch < epochs:
                    backward_into(g[c], delta, values, layers, w, x, first * inputs, samples, first > c * chunk)
            store(sums[c], 0, total)
            store(sums[c], 1, right)
        meet(gate, threads, cancel)
        if cancel[0]:
            return
        for k in range(thread * K // threads, (thread + 1) * K // threads):
            v = load(g[0], k)
            for c in range(1, C):
                v = v + load(g[c], k)
            store(spare, 0, v)
            flat[k] = lanes_sum(spare)
        meet(gate, threads, cancel)
        if thread == 0:
            for i in range(2):
                v = load(sums[0], i)
                for c in range(1, C):
                    v = v + load(sums[c], i)
                store(spare, 0, v)
                row[i, 0] = lanes_sum(spare)
            row[0, 0] /= N * width
            if rules:
                errors_of_chunks_into(errors, spare)
            now_met = meets(spread(spare, row[0, 0]), errors[0], h, rules, N * width)
            store(spare, 0, select(now_met, spread(spare, 1.0), spread(spare, 0.0)))
            row[2, 0] = spare[0, 0]
            going[0] = record_into(active[0, :1], row, epoch, N, losses, rights, since, diverged, stopped, met)
            active[0, :] = active[0, 0]
            while point < len(curve_epochs) and (curve_epochs[point] == epoch or going[0] == 0):
                loss_curve[0, point] = row[0, 0]
                accuracy_curve[0, point] = row[1, 0] / N
                point += 1
            reached[0] = epochs if going[0] == 0 else epoch
            if reached[0] < epochs:
                rate = load(h, H_LR) * load(factors, of_epoch[epoch - begin])
                update_into(
                    rows, s, gradient, active, 0, powers, h, rate, optimizer, bias_correction, epsilon_place,
                    epoch == 0,
                )  # fmt: skip
        meet(gate, threads, cancel)
        if cancel[0] or peek(reached, 0) == epochs:
            return


def suits(config: Config, samples: int) -> bool:
    """Return whether samples are to lie in the lanes: never up to the size of the stack, and not for mini-batches."""
    return samples >= LEAST and (config.batch_size or samples) >= samples


class _Network:
    """One network under training, its samples in the lanes."""

    def __init__(
        self,
        config: Config,
        flat: Array,
        numbers: Mapping[str, float],
        crowd: "_Crowd",
        curve_epochs: NDArray[np.int64],
    ) -> None:
        L, dtype, P = WIDTH[flat.dtype], flat.dtype, len(curve_epochs)
        self.config, self.crowd, self.curve_epochs, self.numbers = config, crowd, curve_epochs, numbers
        K = crowd.plan.weights
        self.rows = aligned((-(-K // L), L), dtype)
        self.w = self.rows.reshape(-1)[:K]
        self.w[:] = crowd.plan.spaced(flat[None])[0]
        self.h = aligned((len(kernels.SETTINGS), L), dtype)
        self.h[:] = np.array([numbers[name] for name in kernels.SETTINGS], dtype)[:, None]
        self.s, self.powers, self.gradient, self.active = (
            aligned((rows, L), dtype) for rows in (2 * len(self.rows), 2, len(self.rows), 1)
        )
        self.powers[:] = 1
        self.row = np.zeros((3, 1), dtype)
        self.rules = any(numbers[f"stop_{name}"] >= 0 for name in ERRORS)
        self.loss, self.right = np.zeros((2, 1))
        self.since, self.diverged = np.full((2, 1), -1)
        self.stopped, self.met, self.reached = np.full(1, config.epochs), np.zeros(1, np.bool_), np.full(1, -1)
        self.going, self.gate = np.ones(1, np.int64), np.zeros(16, np.int64)
        self.loss_curve, self.accuracy_curve = np.empty((2, 1, P), np.float32)
        h = SimpleNamespace(**{**numbers, "lr": 1.0, "base_lr": 1.0})
        epochs = np.arange(config.epochs + 1)
        rates = np.broadcast_to(SCHEDULES[config.scheduler](epochs, config.epochs, h), epochs.shape)
        self.factors, self.of_epoch = np.array(rates, dtype), epochs

    def train(self, thread: int, threads: int, cancel: NDArray[np.int64], shared: "_Shared") -> None:
        """Train to the end, as one of so many threads."""
        config, crowd = self.config, self.crowd
        train_shared_into(
            thread, threads, self.gate, self.going, self.w, self.rows, self.s, self.powers, self.h,
            self.factors, self.of_epoch, crowd.plan.table, crowd.x, crowd.y, crowd.weight, crowd.N,
            crowd.chunk, crowd.plan.part, list(LOSSES).index(config.loss),
            REDUCTIONS[config.reduction](crowd.N * crowd.width), self.rules, list(OPTIMIZERS).index(config.optimizer),
            list(BIAS_CORRECTIONS).index(config.bias_correction), list(EPSILON_PLACES).index(config.epsilon_place),
            config.epochs, 0, config.epochs + 1,
            *crowd.scratch(self.h.dtype), shared.g, shared.sums, shared.errors, self.gradient, self.gradient.ravel(),
            aligned((1, self.h.shape[1]), self.h.dtype), self.active,
            self.row, self.loss, self.right, self.since, self.diverged, self.stopped, self.met, self.reached,
            self.curve_epochs, self.loss_curve, self.accuracy_curve, cancel,
        )  # fmt: skip


class _Shared:
    """Sums of the chunks, which the threads that train one network share."""

    def __init__(self, crowd: "_Crowd", dtype: Any) -> None:
        L = WIDTH[np.dtype(dtype)]
        self.g = aligned((crowd.chunks, crowd.plan.weights, L), dtype)
        self.sums, self.errors = (aligned((crowd.chunks, rows, L), dtype) for rows in (2, 3))


class _Crowd:
    """Samples laid into the lanes, and how they are cut."""

    def __init__(self, layers: Sequence[Layer], x: Array, y: Array) -> None:
        self.N, self.width = y.shape
        L = WIDTH[x.dtype]
        R = -(-self.N // L)
        # A row of samples is to the plan what a sample is to a stack's.
        self.plan = plan(layers, R)
        self.chunks = max(1, min(_CHUNKS, R // self.plan.part, _MEMORY // (64 * self.plan.weights)))
        self.chunk = -(-R // self.chunks)
        self.chunks = -(-R // self.chunk)
        inputs = np.concatenate((x, np.ones((self.N, 1), x.dtype)), axis=1)
        self.x, self.y, self.weight = (_in_lanes(columns, L) for columns in (inputs, y, np.ones((self.N, 1), x.dtype)))
        self.weight.reshape(-1)[self.N :] = 0  # copies that fill the last row count for nothing

    def scratch(self, dtype: Any) -> list[Array]:
        """Return a thread's own arrays."""
        L = WIDTH[np.dtype(dtype)]
        return [aligned((rows, L), dtype) for rows in (self.plan.values, self.plan.widest, 2 * self.plan.widest)]


def _in_lanes(columns: Array, L: int) -> Array:
    """Lay samples (N, I) into rows of lanes, (R·I, L), the I numbers of L samples after each other."""
    blocks = sideways(columns, L)
    return blocks.reshape(-1, L)


@cache
def compile_for(dtype: str) -> None:
    """Compile the kernel for this precision, or load it from Numba's cache: one compilation serves every network."""
    config, x = Config(hidden=(), epochs=1), np.zeros((1, 1), dtype)
    params = (np.zeros((1, 2, 1), dtype),)
    fit(config, config.layers(1, 1), params, numeric_settings([config]), x, x, np.arange(0), threads=1)


def fit(
    config: Config,
    layers: Sequence[Layer],
    params: Params,
    numbers: Mapping[str, NDArray[Any]],
    x: Array,
    y: Array,
    curve_epochs: NDArray[np.int64],
    tell: Callable[[float, Array, Array], None] | None = None,
    *,
    threads: int,
) -> Outcome:
    """Train a stack as `network.fit` does, network by network: each on all threads, or many on a thread each."""
    crowd, flat = _Crowd(layers, x, y), flatten(params)
    networks = [
        _Network(config, flat[k], {name: float(v[k]) for name, v in numbers.items()}, crowd, curve_epochs)
        for k in range(len(flat))
    ]
    cancel, together = np.zeros(1, np.int64), threads if len(networks) < threads else 1
    with ThreadPoolExecutor(threads) as pool:

        def alone(network: _Network) -> None:
            network.train(0, 1, cancel, _Shared(crowd, flat.dtype))

        try:
            if together == 1:
                _wait({pool.submit(alone, network) for network in networks}, networks, tell)
            else:
                shared = _Shared(crowd, flat.dtype)
                for network in networks:
                    begun = {pool.submit(network.train, t, together, cancel, shared) for t in range(together)}
                    _wait(begun, networks, tell)
        except BaseException:
            cancel[0] = 1
            pool.shutdown(cancel_futures=True)
            raise
    return _outcome(networks, crowd)


def _wait(
    waiting: set[Future[None]], networks: Sequence[_Network], tell: Callable[[float, Array, Array], None] | None
) -> None:
    while waiting:
        done, waiting = wait(waiting, timeout=0.1, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()
        if tell:
            reached = np.array([max(network.reached[0] / max(network.config.epochs, 1), 0) for network in networks])
            begun = [network for network in networks if network.reached[0] >= 0]
            loss, right = (np.array([getattr(n, name)[0] for n in begun]) for name in ("loss", "right"))
            if begun:
                tell(float(np.minimum(reached, 1).sum()), loss, right / begun[0].crowd.N)


def _outcome(networks: Sequence[_Network], crowd: _Crowd) -> Outcome:
    def each(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(network, name) for network in networks])

    return Outcome(
        flat=np.stack([network.w[crowd.plan.places] for network in networks]),
        loss=each("loss"),
        accuracy=each("right") / crowd.N,
        epochs_to_solve=each("since"),
        diverged=each("diverged"),
        stopped=each("stopped"),
        met=each("met"),
        loss_curve=each("loss_curve"),
        accuracy_curve=each("accuracy_curve"),
    )
