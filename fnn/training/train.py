"""`train`: settings and samples in; trained networks, and what happened to them, out."""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from fnn import checks, rng
from fnn.config import DTYPES, Config
from fnn.errors import InvalidSetting
from fnn.machine import processors
from fnn.network import functions
from fnn.network.functions import Array
from fnn.network.layers import Layer
from fnn.training import numpy_path
from fnn.training.grouping import Stack, group_alike, numeric_settings, seeds_of
from fnn.training.memory import most_seeds
from fnn.training.progress import Progress, ProgressReporter, Report
from fnn.training.results import Fit, Ints, Outcome, Results

BACKENDS = ("numba", "numpy")
# The version of the arithmetic: raise it with every change that changes a trained network's bits. Runs of different
# versions are never mixed. 2: sums over many samples by chunks, draws and rates by operations of our own.
NUMERICS = 2

# Numbers that stay in a core's cache, and numbers that may stand in memory for one array of a stack.
_CACHE, _MEMORY = 2**17, 2**20


def train(
    configs: Config | Sequence[Config],
    x: ArrayLike,
    y: ArrayLike,
    *,
    seeds: Iterable[int] | None = None,
    backend: str = BACKENDS[0],
    threads: int | None = None,
    curve_every: int = 1,
    on_progress: Callable[[Progress], None] | None = None,
) -> Results:
    """Train one network for each config, or for each config and each seed, on the same samples.

    x: (N, I), y: (N, O). seeds: every config is trained with each of them, config by config; without, each config
    with its own `seed`. backend: `numba` is the compiled kernel, `numpy` the lab it is checked against. threads: of
    the kernel, by itself one for each processor. curve_every: epochs between two points of the curves; 0 keeps none.
    A network depends on its own settings and seed alone, not on what trains beside it; its bits are the same in any
    stack, in any order and on any number of threads.

    Raises InvalidSetting for what is no such thing, for samples that do not fit together, and for more networks and
    points of curves than fit the memory there is.
    """
    began = time.perf_counter()
    checks.one_of("backend", backend, BACKENDS)
    threads, on_progress = checks.threads("threads", threads), checks.function("on_progress", on_progress)
    curve_every = checks.whole(0)("curve_every", curve_every)
    configs = _configs(configs)
    x, y = checks.samples(x, y)
    table = _seeds(configs, seeds, most_seeds(configs, x.shape[1], y.shape[1], curve_every))
    curve_epochs = _curve_epochs(max(config.epochs for config in configs), curve_every)
    ready = _numpy() if backend == "numpy" else _numba(threads or processors(), configs, table, (*x.shape, y.shape[1]))
    compiled = time.perf_counter()
    reporter = ProgressReporter(on_progress, table.size) if on_progress else None
    flat: list[Array] = [np.empty(0)] * len(configs)
    layers: list[tuple[Layer, ...]] = [()] * len(configs)
    outcomes: list[tuple[Ints, Outcome]] = []
    for members in group_alike(configs):
        alike = [configs[c] for c in members]
        outcome = _train_alike(alike, table[members], (x, y, curve_epochs), ready, reporter)
        shared, rows = alike[0].layers(x.shape[1], y.shape[1]), list(outcome.flat.reshape(*table[members].shape, -1))
        if len(members) == len(configs):  # then they are in order, and there are no others
            flat, layers = rows, [shared] * len(configs)
        else:
            for c, row in zip(members, rows, strict=True):
                flat[c], layers[c] = row, shared
        outcomes.append((np.arange(table.size).reshape(table.shape)[members].ravel(), outcome))
    return Results(
        configs=configs,
        seeds=table.ravel(),
        layers=tuple(layers),
        flat=tuple(flat),
        **{name: _scatter(outcomes, name) for name in Outcome._fields if name != "flat"},
        curve_epochs=curve_epochs,
        seconds=time.perf_counter() - compiled,
        compile_seconds=compiled - began,
    )


def _configs(configs: Any) -> tuple[Config, ...]:
    """Check for one Config or several."""
    words = "a Config, or several"
    row: list[Config] = []
    try:
        for config in (configs,) if isinstance(configs, Config) else configs:
            if not isinstance(config, Config):
                raise InvalidSetting("configs", config, words)
            row.append(config)
    except TypeError:
        raise InvalidSetting("configs", configs, words) from None
    if not row:
        raise InvalidSetting("configs", row, "at least one Config")
    return tuple(row)


def _seeds(configs: Sequence[Config], seeds: Iterable[int] | None, most: int | None) -> Ints:
    """Return the seed of each network: (C, n), n at most `most`."""
    if seeds is None:
        return seeds_of(configs)[:, None]
    return np.tile(checks.seeds("seeds", seeds, most), (len(configs), 1))


def _curve_epochs(epochs: int, every: int) -> Ints:
    if every == 0:
        return np.arange(0)
    points = np.arange(0, epochs + 1, every)
    return points if points[-1] == epochs else np.append(points, epochs)


class _Backend(NamedTuple):
    """What trains a stack: `fit`, what draws its weights, and how many networks at once."""

    fit: Fit
    draws: rng.Draws
    at_once: Callable[[Sequence[Layer], int], int]


def _numpy() -> _Backend:
    def at_once(layers: Sequence[Layer], samples: int) -> int:  # a layer's outputs are to stay in a core's cache
        return max(1, _CACHE // (samples * max(layer.fan_out for layer in layers)))

    return _Backend(numpy_path.fit, rng.NUMPY, at_once)


def _weights(layers: Sequence[Layer]) -> int:
    return sum(math.prod(shape) for shape in functions.shapes(layers))


def _numba(threads: int, configs: Sequence[Config], table: Ints, shape: tuple[int, int, int]) -> _Backend:
    """Return the kernel, compiled for these configs, with the seeds (C, n) of table, on samples of N, I and O."""
    from fnn.training import lanes  # Numba is slow to import, and the NumPy path does without it

    def fit(stack: Stack, report: Report | None) -> Outcome:
        way = lanes.way(stack.config, shape, len(stack.params[0]), threads)
        lanes.compile_for(way, stack.config.dtype)
        return way(stack, report, threads=threads)

    def at_once(layers: Sequence[Layer], _samples: int) -> int:  # the weights are to leave memory for others
        return max(1, _MEMORY // _weights(layers))

    for members in group_alike(configs):
        first = configs[members[0]]
        networks = min(len(members) * table.shape[1], at_once(first.layers(*shape[1:]), shape[0]))
        lanes.compile_for(lanes.way(first, shape, networks, threads), first.dtype)
    shapes = {config.hidden: config for config in configs}.values()
    draws = lanes.draws(table.size * max(_weights(config.layers(*shape[1:])) for config in shapes))
    return _Backend(fit, draws, at_once)


def _train_alike(
    configs: Sequence[Config],
    table: Ints,
    samples: tuple[Array, Array, Ints],
    backend: _Backend,
    reporter: ProgressReporter | None,
) -> Outcome:
    """Train configs of one stack with the seeds (C, n) of table, so many networks at once as the backend likes.

    samples: x, y and the epochs of curves.
    """
    first, seeds, dtype = configs[0], table.ravel(), DTYPES[configs[0].dtype]
    x, y, curve_epochs = samples
    layers = first.layers(x.shape[1], y.shape[1])
    numeric = {**numeric_settings(configs, table.shape[1]), "seed": seeds}
    x, y = x.astype(dtype), y.astype(dtype)
    outcomes = []
    size = backend.at_once(layers, len(x))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # divergence is a result, and recorded
        for begin in range(0, len(seeds), size):
            part = slice(begin, begin + size)
            scale = numeric["init_scale"][part]
            params = functions.init(layers, seeds[part], first.init, scale, dtype, draws=backend.draws)
            settings = {name: values[part] for name, values in numeric.items()}
            report = reporter.next_stack(len(seeds[part])) if reporter else None
            outcomes.append(backend.fit(Stack(first, layers, params, settings, x, y, curve_epochs), report))
    return outcomes[0] if len(outcomes) == 1 else Outcome(*map(np.concatenate, zip(*outcomes, strict=True)))


def _scatter(outcomes: Sequence[tuple[Ints, Outcome]], name: str) -> Any:
    """Return one field of all networks in their own order, from the stacks that trained them."""
    parts = [getattr(outcome, name) for _, outcome in outcomes]
    if len(parts) == 1:  # all networks, in order
        return parts[0]
    whole = np.empty((sum(map(len, parts)), *parts[0].shape[1:]), parts[0].dtype)
    for (index, _), part in zip(outcomes, parts, strict=True):
        whole[index] = part
    return whole
