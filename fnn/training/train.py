"""`train`: settings and samples in; trained networks, and what happened to them, out."""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fnn import checks
from fnn import rng as draws
from fnn.config import DTYPES, Config, Layer, named_settings, numeric_settings
from fnn.errors import InvalidSetting
from fnn.machine import processors
from fnn.network import functions as network
from fnn.network.functions import Array, Outcome, Params
from fnn.training.memory import most_seeds

Ints = NDArray[np.int64]

BACKENDS = ("numba", "numpy")
# The version of the arithmetic: raise it with every change that changes a trained network's bits. Runs of different
# versions are never mixed.
NUMERICS = 1

# Numbers that stay in a core's cache, and numbers that may stand in memory for one array of a stack.
_CACHE, _MEMORY = 2**17, 2**20


class Progress(NamedTuple):
    """How far training is: `done` of `total` networks (fractions count), their median loss and mean accuracy."""

    done: float
    total: int
    loss: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Results:
    """What became of S networks; network k has the settings `configs[k // n]` and the seed `seeds[k]`, n = S / C.

    loss, accuracy: (S,) at the end. epochs_to_solve: (S,) epochs after which accuracy is 1 and stays 1, −1 if it
    does not. diverged: (S,) epochs after which the loss is NaN or infinite, −1 if never. stopped: (S,) epochs made;
    met: (S,) whether they ended because a stopping rule was met, be it after the last of them. loss_curve,
    accuracy_curve: (S, P) after curve_epochs: (P,), from 0; P = 0 if none were asked for. All on all samples.
    A network that diverged or met a rule keeps its weights from then on, and its curves go on level.
    flat: (n, K) for each config, the weights as rows; `params` and `network` give them as tuples.
    seconds: of wall-clock time, but for the compile_seconds spent on compiling the kernel or loading it.
    """

    configs: tuple[Config, ...]
    seeds: Ints
    layers: tuple[tuple[Layer, ...], ...]
    flat: tuple[Array, ...]
    loss: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    epochs_to_solve: Ints
    diverged: Ints
    stopped: Ints
    met: NDArray[np.bool_]
    curve_epochs: Ints
    loss_curve: NDArray[np.float32]
    accuracy_curve: NDArray[np.float32]
    seconds: float
    compile_seconds: float

    def __len__(self) -> int:
        return len(self.seeds)

    @property
    def solved(self) -> NDArray[np.bool_]:
        """Whether each network's accuracy is 1 at the end: (S,)."""
        return self.epochs_to_solve >= 0

    @property
    def params(self) -> Params:
        """The stacked parameters, W: (S, I+1, O); ValueError where networks differ in their layers or precision."""
        if len({(layers, flat.dtype) for layers, flat in zip(self.layers, self.flat, strict=True)}) > 1:
            raise ValueError("the networks differ in their layers: take them one by one with network(k)")
        return network.unflatten(self.flat[0] if len(self.flat) == 1 else np.concatenate(self.flat), self.layers[0])

    def config(self, k: int) -> Config:
        """Return the settings of network k, its own seed among them."""
        return replace(self.configs[k // len(self.flat[0])], seed=int(self.seeds[k]))

    def network(self, k: int) -> Params:
        """Return the parameters of network k, W: (I+1, O)."""
        c, row = divmod(k, len(self.flat[0]))
        return network.unflatten(self.flat[c][row], self.layers[c])


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
    ready = _numpy() if backend == "numpy" else _numba(threads, configs, len(x))
    compiled = time.perf_counter()
    teller = _Teller(on_progress, table.size) if on_progress else None
    flat: list[Array] = [np.empty(0)] * len(configs)
    layers: list[tuple[Layer, ...]] = [()] * len(configs)
    records: list[tuple[Ints, Outcome]] = []
    for members in _alike(configs):
        outcome = _train_alike([configs[c] for c in members], table[members], x, y, curve_epochs, ready, teller)
        own = configs[members[0]].layers(x.shape[1], y.shape[1])
        rows = list(outcome.flat.reshape(len(members), table.shape[1], -1))
        if len(members) == len(configs):  # then they are in order, and there are no others
            flat, layers = rows, [own] * len(configs)
        else:
            for c, row in zip(members, rows, strict=True):
                flat[c], layers[c] = row, own
        records.append((np.arange(table.size).reshape(table.shape)[members].ravel(), outcome))
    return Results(
        configs=configs,
        seeds=table.ravel(),
        layers=tuple(layers),
        flat=tuple(flat),
        **{name: _scatter(records, name) for name in Outcome._fields if name != "flat"},
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
        return np.fromiter(map(attrgetter("seed"), configs), np.int64, len(configs))[:, None]
    return np.tile(checks.seeds("seeds", seeds, most), (len(configs), 1))


def _curve_epochs(epochs: int, every: int) -> Ints:
    if every == 0:
        return np.arange(0)
    points = np.arange(0, epochs + 1, every)
    return points if points[-1] == epochs else np.append(points, epochs)


def _alike(configs: Sequence[Config]) -> list[list[int]]:
    """Return the places of configs that differ only in numbers, and so train in one stack."""
    keys = list(map(named_settings, configs))
    if keys.count(keys[0]) == len(keys):  # as is usual, and quickly seen
        return [list(range(len(keys)))]
    groups: dict[tuple[object, ...], list[int]] = {}
    for c, key in enumerate(keys):
        groups.setdefault(key, []).append(c)
    return list(groups.values())


class _Backend(NamedTuple):
    """What trains a stack: `fit` as `network.fit`, `philox` as `draws.philox`, and how many networks at once."""

    fit: Callable[..., Outcome]
    philox: draws.Philox
    at_once: Callable[[Sequence[Layer], int], int]


def _numpy() -> _Backend:
    def at_once(layers: Sequence[Layer], samples: int) -> int:  # a layer's outputs are to stay in a core's cache
        return max(1, _CACHE // (samples * max(layer.fan_out for layer in layers)))

    return _Backend(network.fit, draws.philox, at_once)


def _numba(threads: int | None, configs: Sequence[Config], samples: int) -> _Backend:
    from fnn.training import networks_in_lanes as stacks  # Numba is slow to import, and the NumPy path does without it
    from fnn.training import samples_in_lanes as crowds

    stacks.philox(np.zeros(1, np.uint64), 1, 0)
    for crowded, dtype in {(crowds.suits(config, samples), config.dtype) for config in configs}:
        crowds.compile_for(dtype) if crowded else stacks.compile_for(dtype)

    def fit(config: Config, *rest: Any) -> Outcome:
        chosen: Callable[..., Outcome] = crowds.fit if crowds.suits(config, samples) else stacks.fit
        return chosen(config, *rest, threads=threads or processors())

    def at_once(layers: Sequence[Layer], _samples: int) -> int:  # the weights are to leave memory for others
        return max(1, _MEMORY // sum(math.prod(shape) for shape in network.shapes(layers)))

    return _Backend(fit, stacks.philox, at_once)


def _train_alike(
    configs: Sequence[Config],
    table: Ints,
    x: Array,
    y: Array,
    curve_epochs: Ints,
    backend: _Backend,
    teller: "_Teller | None",
) -> Outcome:
    """Train configs of one stack with the seeds (C, n) of table, so many networks at once as the backend likes."""
    first, seeds, dtype = configs[0], table.ravel(), DTYPES[configs[0].dtype]
    layers = first.layers(x.shape[1], y.shape[1])
    numbers = {**numeric_settings(configs, table.shape[1]), "seed": seeds}
    x, y = x.astype(dtype), y.astype(dtype)
    outcomes = []
    size = backend.at_once(layers, len(x))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # divergence is a result, and recorded
        for begin in range(0, len(seeds), size):
            part = slice(begin, begin + size)
            scale = numbers["init_scale"][part]
            params = network.init(layers, seeds[part], first.init, scale, dtype, philox=backend.philox)
            own = {name: values[part] for name, values in numbers.items()}
            tell = teller.part(len(seeds[part])) if teller else None
            outcomes.append(backend.fit(first, layers, params, own, x, y, curve_epochs, tell))
    return outcomes[0] if len(outcomes) == 1 else Outcome(*map(np.concatenate, zip(*outcomes, strict=True)))


def _scatter(records: Sequence[tuple[Ints, Outcome]], name: str) -> Any:
    """Return one field of all networks in their own order, from the stacks that trained them."""
    parts = [getattr(outcome, name) for _, outcome in records]
    if len(parts) == 1:  # all networks, in order
        return parts[0]
    whole = np.empty((sum(map(len, parts)), *parts[0].shape[1:]), parts[0].dtype)
    for (index, _), part in zip(records, parts, strict=True):
        whole[index] = part
    return whole


class _Teller:
    """Passes on progress at most twenty times a second, so that telling costs nothing beside training."""

    def __init__(self, on_progress: Callable[[Progress], None], total: int) -> None:
        self.on_progress, self.total = on_progress, total
        self.done, self.last = 0, 0.0

    def part(self, networks: int) -> Callable[[float, Array, Array], None]:
        """Return what the next networks are to be told of: how many are done, their losses and accuracies."""
        before = self.done
        self.done += networks

        def tell(done: float, loss: Array, accuracy: Array) -> None:
            now = time.perf_counter()
            if now - self.last > 0.05 or done == networks:
                self.last = now
                so_far = float(np.median(loss)), float(np.mean(accuracy))
                self.on_progress(Progress(before + done, self.total, *so_far))

        return tell
