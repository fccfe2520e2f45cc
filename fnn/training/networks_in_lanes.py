"""From networks to lanes and back: a stack is laid sideways into blocks, which threads train."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fnn.config import ORDERS, Config, Layer, numeric_settings
from fnn.kernel import epoch as kernels
from fnn.kernel.simd import WIDTH
from fnn.network.activations import ACTIVATIONS
from fnn.network.functions import Array, Outcome, Params, flatten
from fnn.network.losses import ERRORS, LOSSES, REDUCTIONS
from fnn.network.optimizers import BIAS_CORRECTIONS, EPSILON_PLACES, OPTIMIZERS
from fnn.network.schedules import SCHEDULES

# Bytes of scratch for the samples passed through at a time, and of weights that stay in a core's cache meanwhile.
_SCRATCH, _CACHE = 2**16, 2**20
# Bytes of inputs that are written once and stay, rather than anew for every part.
_INPUTS = 2**15
# Epochs for which the schedule is laid out in advance.
_SEGMENT = 2**14
# Blocks a thread takes at a time. One block of less work than this, in weights × samples × epochs, is done in less than
# the fifth of a second for which Ctrl-C may wait: it is not worth a thread.
_TASK, _AT_ONCE = 8, 2**26


@dataclass(frozen=True, slots=True)
class Plan:
    """How layers lie in lane arrays. table: see `kernels`; places: (K,) the row of each weight, of `weights` rows.

    part: samples passed through at a time; kept: whether the inputs of all samples stay in scratch, beside those of a
    batch; values, widest: rows of scratch.
    """

    table: NDArray[np.int64]
    places: NDArray[np.int64]
    weights: int
    part: int
    kept: bool
    values: int
    widest: int

    def spaced(self, flat: Array) -> Array:
        """Return rows of K weights (S, K) as rows of `weights` numbers, each weight in its place."""
        if self.weights == flat.shape[1]:
            return flat
        rows = np.zeros((len(flat), self.weights), flat.dtype)
        rows[:, self.places] = flat
        return rows

    def together(self, rows: Array) -> Array:
        """Return the weights in rows that `spaced` made: its inverse."""
        return rows if self.weights == len(self.places) else rows[:, self.places]


def plan(layers: Sequence[Layer], samples: int, *, batches: bool = False) -> Plan:
    """Lay out the layers for so many samples, which are trained on in batches or all at once."""
    steps = [layer.fan_out + (layer.fan_out % 16 == 0) for layer in layers]
    row = sum(layer.fan_in + 1 for layer in layers) + layers[-1].fan_out
    weights = sum((layer.fan_in + 1) * step for layer, step in zip(layers, steps, strict=True))
    # Weights that a core's cache does not keep are fetched anew for every part: then let there be few.
    least = 8 if 64 * weights < _CACHE else 28
    part = min(samples, max(least, _SCRATCH // (64 * (row + 3 * max(steps)))))
    part = -(-samples // -(-samples // part))  # parts of one size
    part = min(samples, part + -part % 4)
    kept = 64 * samples * (layers[0].fan_in + 1) <= _INPUTS
    table, places, start, inputs = [], [], 0, 0
    for d, (layer, step) in enumerate(zip(layers, steps, strict=True)):
        activation = list(ACTIVATIONS).index(layer.activation)
        rows = samples + part * batches if kept and d == 0 else part
        outputs = inputs + rows * (layer.fan_in + 1)
        output_step = layer.fan_out + (d + 1 < len(layers))
        table.append((layer.fan_in, layer.fan_out, activation, start, inputs, outputs, output_step, step))
        places.append(start + np.add.outer(np.arange(layer.fan_in + 1) * step, np.arange(layer.fan_out)).ravel())
        start, inputs = start + (layer.fan_in + 1) * step, outputs
    values = inputs + part * layers[-1].fan_out
    return Plan(np.array(table), np.concatenate(places), weights, part, kept, values, part * max(steps))


def aligned(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Return an array of zeros that starts on a cache line: a lane value is one."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    raw = np.zeros(size + 64, np.uint8)
    begin = -raw.ctypes.data % 64
    return raw[begin : begin + size].view(dtype).reshape(shape)


def sideways(rows: NDArray[Any], L: int) -> NDArray[Any]:
    """Lay S networks (S, K) into lane arrays (B, K, L); copies of the last one fill the last block."""
    S, K = rows.shape
    B = -(-S // L)
    if S < B * L:
        rows = np.concatenate([rows, np.repeat(rows[-1:], B * L - S, axis=0)])
    blocks = aligned((B, K, L), rows.dtype)
    blocks[:] = rows.reshape(B, L, K).transpose(0, 2, 1)
    return blocks


def upright(blocks: NDArray[Any], S: int) -> NDArray[Any]:
    """Return the S networks of lane arrays (B, K, L) as rows (S, K): the inverse of `sideways`."""
    B, K, L = blocks.shape
    return blocks.transpose(0, 2, 1).reshape(B * L, K)[:S]


class _Stack:
    """What the threads that train one stack share: each writes the blocks it was given, and no others."""

    def __init__(
        self,
        config: Config,
        layers: Sequence[Layer],
        flat: Array,
        numbers: Mapping[str, NDArray[Any]],
        x: Array,
        y: Array,
        curve_epochs: NDArray[np.int64],
    ) -> None:
        L, P = WIDTH[flat.dtype], len(curve_epochs)
        self.config, self.x, self.y, self.curve_epochs = config, x, y, curve_epochs
        self.weight = np.ones(len(x), x.dtype)
        self.size = min(config.batch_size or len(x), len(x))
        self.shuffled = ORDERS[config.order] and self.size < len(x)
        self.rules = any((numbers[f"stop_{name}"] >= 0).any() for name in ERRORS)
        self.plan = plan(layers, len(x), batches=self.size < len(x))
        self.w = sideways(self.plan.spaced(flat), L)
        B = len(self.w)
        settings = np.stack([numbers[name] for name in kernels.SETTINGS], axis=1)
        self.h = sideways(settings.astype(flat.dtype), L)
        self.seeds = sideways(numbers["seed"].astype(np.uint64)[:, None], L)[:, 0]
        self.schedule = {
            name: sideways(numbers[name][:, None], L)[:, 0] for name in ("gamma", "decay_every", "power", "warmup")
        }
        self.common: dict[int, tuple[Array, NDArray[np.int64]]] = {}
        self.uniform = all((values == values[0, 0]).all() for values in self.schedule.values())
        self.loss, self.right = np.zeros((2, B, L))
        self.since, self.diverged = np.full((2, B, L), -1)
        self.stopped, self.met = np.full((B, L), config.epochs), np.zeros((B, L), np.bool_)
        self.reached = np.full(B, -1)
        self.loss_curve, self.accuracy_curve = np.empty((2, B, L, P), np.float32)

    def factors(self, blocks: slice, begin: int, end: int) -> tuple[Array, NDArray[np.int64]]:
        """Return the schedule for a rate of 1, (1 or B, F, L), and which of the F each epoch has: (end − begin,)."""
        if not self.uniform:
            return self._factors({name: v[blocks] for name, v in self.schedule.items()}, begin, end)
        if begin not in self.common:  # by whichever thread comes first; two that do find the same
            self.common[begin] = self._factors({name: v[:1, :1] for name, v in self.schedule.items()}, begin, end)
        return self.common[begin]

    def _factors(self, schedule: dict[str, NDArray[Any]], begin: int, end: int) -> tuple[Array, NDArray[np.int64]]:
        h = SimpleNamespace(lr=1.0, base_lr=1.0, **{name: v[:, None] for name, v in schedule.items()})
        epochs, of_epoch = np.arange(begin, end), np.arange(end - begin)
        if self.config.scheduler == "exponential" and (h.decay_every == h.decay_every[0, 0, 0]).all():
            # All rates fall together, and seldom: only what they fall to is computed.
            falls = np.diff(np.floor(epochs / h.decay_every[0, 0, 0] + 1e-9), prepend=-1) > 0
            epochs, of_epoch = epochs[falls], np.cumsum(falls) - 1
        rates = np.asarray(SCHEDULES[self.config.scheduler](epochs[:, None], self.config.epochs, h), self.w.dtype)
        shape = (len(h.gamma), len(epochs), self.w.shape[2])
        return np.array(np.broadcast_to(rates, shape), order="C"), of_epoch  # a copy: read-only is a signature more

    def train(self, blocks: slice, cancel: NDArray[np.int64]) -> slice:
        """Train these blocks to the end."""
        config, plan = self.config, self.plan
        w = self.w[blocks]
        B, K, L = w.shape
        named: tuple[tuple[Mapping[str, Any], str], ...] = (
            (LOSSES, config.loss),
            (REDUCTIONS, config.reduction),
            (OPTIMIZERS, config.optimizer),
            (BIAS_CORRECTIONS, config.bias_correction),
            (EPSILON_PLACES, config.epsilon_place),
        )

        def scratch(*shape: int) -> Array:
            return aligned(shape, w.dtype)

        state, powers = scratch(B, 2 * K, L), scratch(B, 2, L)
        powers[:] = 1
        rows = (plan.values, plan.widest, 2 * plan.widest, K, plan.part * self.y.shape[1])
        work, order = [scratch(count, L) for count in rows], np.zeros((len(self.x), L), np.int64)
        errors, row, active = scratch(3, L), scratch(3, L), scratch(B, L)
        for begin in range(0, config.epochs + 1, _SEGMENT):
            end = min(begin + _SEGMENT, config.epochs + 1)
            kernels.train_into(
                w, state, powers, self.h[blocks], *self.factors(blocks, begin, end), self.seeds[blocks], plan.table,
                self.x, self.y.ravel(), self.weight, plan.part, plan.kept, self.size, self.shuffled,
                *(list(table).index(name) for table, name in named[:2]), self.rules,
                *(list(table).index(name) for table, name in named[2:]), config.epochs, begin, end,
                *work, order, errors, row, active,
                self.loss[blocks], self.right[blocks], self.since[blocks], self.diverged[blocks], self.stopped[blocks],
                self.met[blocks], self.reached[blocks],
                self.curve_epochs, self.loss_curve[blocks], self.accuracy_curve[blocks], cancel,
            )  # fmt: skip
        return blocks

    def progress(self, S: int) -> tuple[float, Array, Array]:
        """Return how many of the S networks are done, in shares, and losses and accuracies of those begun."""
        reached = np.repeat(self.reached, self.w.shape[2])[:S]
        begun = reached >= 0
        done = float(np.minimum(reached[begun] / self.config.epochs, 1).sum())
        return done, self.loss.ravel()[:S][begun], self.right.ravel()[:S][begun] / len(self.y)

    def outcome(self, S: int) -> Outcome:
        """Return what became of the S networks."""

        def each(values: NDArray[Any]) -> NDArray[Any]:
            return values.reshape(-1)[:S]

        def curve(values: NDArray[Any]) -> NDArray[Any]:
            B, L, P = values.shape
            return values.reshape(B * L, P)[:S]

        return Outcome(
            flat=self.plan.together(upright(self.w, S)),
            loss=each(self.loss),
            accuracy=each(self.right) / len(self.y),
            epochs_to_solve=each(self.since),
            diverged=each(self.diverged),
            stopped=each(self.stopped),
            met=each(self.met),
            loss_curve=curve(self.loss_curve),
            accuracy_curve=curve(self.accuracy_curve),
        )


@cache
def compile_for(dtype: str) -> None:
    """Compile the kernel for this precision, or load it from Numba's cache: one compilation serves every network."""
    config, x = Config(hidden=(), epochs=1), np.zeros((1, 1), dtype)
    params = (np.zeros((1, 2, 1), dtype),)
    fit(config, config.layers(1, 1), params, numeric_settings([config]), x, x, np.arange(0), threads=1)


def philox(seeds: NDArray[np.uint64], blocks: int, stream: int) -> NDArray[np.uint64]:
    """Return `draws.philox` of the same arguments, compiled."""
    words = np.empty((len(seeds), 4 * blocks), np.uint64)
    kernels.philox_into(words, seeds, np.uint64(stream))
    return words


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
    """Train a stack as `network.fit` does, on so many threads. Ctrl-C ends them at their next epoch."""
    stack = _Stack(config, layers, flatten(params), numbers, x, y, curve_epochs)
    B, S, cancel = len(stack.w), len(params[0]), np.zeros(1, np.int64)
    if B == 1 and stack.plan.weights * len(x) * config.epochs < _AT_ONCE:
        stack.train(slice(0, 1), cancel)
        if tell:
            tell(*stack.progress(S))
        return stack.outcome(S)
    size = max(1, min(_TASK, B // (4 * threads)))
    with ThreadPoolExecutor(threads) as pool:
        waiting = {pool.submit(stack.train, slice(b, min(b + size, B)), cancel) for b in range(0, B, size)}
        try:
            while waiting:
                done, waiting = wait(waiting, timeout=0.1, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
                if tell:
                    tell(*stack.progress(S))
        except BaseException:
            cancel[0] = 1
            pool.shutdown(cancel_futures=True)
            raise
    return stack.outcome(S)
