"""`train`: settings and samples in; trained networks, and what happened to them, out."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from fnn import checks, rng
from fnn.config import DTYPES, KEEPS, Config
from fnn.data.samples import Part, part_from_arrays
from fnn.errors import InvalidSetting
from fnn.formats import setting
from fnn.machine import processors
from fnn.network import functions
from fnn.network.functions import Array
from fnn.network.labels import read_labels
from fnn.network.layers import Layer
from fnn.network.scores import SCORES, score_of
from fnn.training import numpy_path
from fnn.training.grouping import Stack, group_alike, numeric_settings, seeds_of
from fnn.training.memory import most_seeds
from fnn.training.outcome import Fit, Ints, Outcome
from fnn.training.progress import Progress, ProgressReporter, Report
from fnn.training.results import Results
from fnn.training.snapshots import Snapshots

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
    seeds: int | Iterable[int] | None = None,
    weight: ArrayLike | None = None,
    validation: tuple[ArrayLike, ArrayLike] | None = None,
    backend: str = BACKENDS[0],
    threads: int | None = None,
    curve_every: int = 1,
    on_progress: Callable[[Progress], None] | None = None,
) -> Results:
    """Train one network for each config, or for each config and each seed, on the same samples.

    configs: settings, or several of them. x: (N, I) finite numbers; y: (N, O), what is to be answered; one column of
    either may be (N,). A column of classes 0, 1, 2 … is understood by output softmax with loss cross-entropy. weight:
    (N,) how often each sample counts, by itself once. validation: x and y of samples that are not learnt from, on which
    epochs are compared. seeds: how many, from each config's own `seed` on, or which, as a range or a list: every config
    is trained with each of them, config by config; without, each config with its own `seed` alone. backend: `numba` is
    the compiled kernel, `numpy` the lab it is checked against. threads: of the kernel, by itself one for each
    processor. curve_every: epochs between two points of the curves; 0 keeps none. on_progress: is called with a
    `Progress` now and then.

    Answers are scored as classes where the loss is cross-entropy; as labels where y has two values, one on each side of
    1/2, or −a and a, which 0 is between; else as numbers, by R².
    A network depends on its own settings and seed alone, not on what trains beside it; its bits are the same in any
    stack, in any order and on any number of threads.

    Raises InvalidSetting for what is no such thing, for samples that do not fit together, for labels that a loss or an
    output cannot mean (a 2 for bce or sigmoid), and for more networks and points of curves than fit the memory.

    >>> import fnn
    >>> x, y = fnn.data.xor()
    >>> results = fnn.train(fnn.Config(hidden=(4, 4), lr=0.1), x, y, seeds=200)
    >>> len(results), results.loss.shape, bool(results.solved.mean() > 0.8)
    (200, (200,), True)
    >>> results.config(0).seed, results.config(1).seed
    (312551116, 312551117)
    """
    configs = _configs(configs)
    _check_images(configs, x)
    return train_parts(
        configs, [labelled_part(configs, x, y, weight, validation)], seeds=seeds, backend=backend, threads=threads,
        curve_every=curve_every, on_progress=on_progress,
    )  # fmt: skip


def labelled_part(
    configs: Sequence[Config],
    x: ArrayLike,
    y: ArrayLike,
    weight: ArrayLike | None = None,
    validation: tuple[ArrayLike, ArrayLike] | None = None,
) -> Part:
    """Return arrays as what networks of these configs are given, y as their losses take it; see `train`.

    Raises InvalidSetting for samples that do not fit together, and for labels that a config cannot mean.
    """
    losses = {config.loss for config in configs}
    if "cross-entropy" in losses and len(losses) > 1:
        raise InvalidSetting("loss", sorted(losses), "cross-entropy of all configs or of none: it scores classes")
    part = part_from_arrays(x, y, weight, validation, configs[0].loss, score_of)
    for loss, output in {(config.loss, config.output): None for config in configs}:
        labels = read_labels(part.y, loss, output)
    return part._replace(y=labels)


def train_parts(
    configs: Sequence[Config],
    parts: Sequence[Part],
    *,
    per_seed: bool = False,
    seeds: int | Iterable[int] | None = None,
    backend: str = BACKENDS[0],
    threads: int | None = None,
    curve_every: int = 1,
    on_progress: Callable[[Progress], None] | None = None,
    snapshots: Snapshots | None = None,
) -> Results:
    """Train every config with every seed on each of P parts, all of one width: network k of a config is that of part
    k // n and seed k % n. per_seed: each part with seeds of its own, the first n // P on the first part and so on, and
    n networks of a config in all. snapshots: of one config on one part, written while it trains. The rest is as `train`
    has it.
    """
    began = time.perf_counter()
    checks.one_of("backend", backend, BACKENDS)
    threads, on_progress = checks.threads("threads", threads), checks.function("on_progress", on_progress)
    curve_every = checks.whole(0)("curve_every", curve_every)
    inputs, outputs = parts[0].x.shape[1], parts[0].y.shape[1]
    _need_validation(configs, parts)
    held_out, each = any(part.held_out for part in parts), 1 if per_seed else len(parts)
    samples = max(len(part.x) for part in parts) if backend == "numpy" else 0
    most = most_seeds(configs, inputs, outputs, curve_every, parts=each, held_out=held_out, samples=samples)
    table = _seeds(configs, seeds, most)
    turns = _turns(table.shape[1], len(parts), per_seed)
    seeds_of_all = np.concatenate([table[:, turn.seeds] for turn in turns], axis=1)
    curve_epochs = _curve_epochs(max(config.epochs for config in configs), curve_every)
    work = _Work(configs, parts, table, turns, curve_epochs, snapshots)
    ready = _numpy() if backend == "numpy" else _numba(threads or processors(), work)
    compiled = time.perf_counter()
    reporter = ProgressReporter(on_progress, seeds_of_all.size) if on_progress else None
    flat: list[Array] = [np.empty(0)] * len(configs)
    layers: list[tuple[Layer, ...]] = [()] * len(configs)
    outcomes: list[tuple[Ints, Outcome]] = []
    places = np.arange(seeds_of_all.size).reshape(seeds_of_all.shape)
    for members in group_alike(configs):
        outcome = _train_alike(work, members, ready, reporter)
        shared = configs[members[0]].layers(inputs, outputs)
        for c, row in zip(members, outcome.flat.reshape(*places[members].shape, -1), strict=True):
            flat[c], layers[c] = row, shared
        outcomes.append((places[members].ravel(), outcome))
    split = np.concatenate([np.full(len(range(*turn.seeds.indices(table.shape[1]))), turn.part) for turn in turns])
    return Results(
        configs=tuple(configs),
        seeds=seeds_of_all.ravel(),
        layers=tuple(layers),
        flat=tuple(flat),
        split=np.tile(split, len(configs)),
        **{name: _scatter(outcomes, name) for name in Outcome._fields if name != "flat"},
        curve_epochs=curve_epochs,
        seconds=time.perf_counter() - compiled,
        compile_seconds=compiled - began,
        score_name=SCORES[parts[0].score].name,
    )


class _Turn(NamedTuple):
    """Networks of one part: with which of the seeds."""

    part: int
    seeds: slice


class _Work(NamedTuple):
    """What is to be trained: each of C configs with the seeds (C, n) of table, turn by turn."""

    configs: Sequence[Config]
    parts: Sequence[Part]
    table: Ints
    turns: Sequence[_Turn]
    curve_epochs: Ints
    snapshots: Snapshots | None


def _turns(seeds: int, parts: int, per_seed: bool) -> list[_Turn]:
    """Return which seeds are trained on each part."""
    if not per_seed:
        return [_Turn(p, slice(0, seeds)) for p in range(parts)]
    of_part, rest = divmod(seeds, parts)
    if rest:
        raise ValueError(f"train_parts: got {parts} parts and {seeds} seeds; expected as many seeds of each part")
    return [_Turn(p, slice(p * of_part, (p + 1) * of_part)) for p in range(parts)]


def _need_validation(configs: Sequence[Config], parts: Sequence[Part]) -> None:
    """Refuse settings that compare epochs where nothing is held out."""
    if all(part.held_out for part in parts):
        return
    for config in configs:
        if KEEPS[config.keep]:
            raise InvalidSetting("keep", config.keep, "last, where no samples are held out to validate")
        if config.patience is not None:
            raise InvalidSetting("patience", config.patience, "none, where no samples are held out to validate")


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


def _seeds(configs: Sequence[Config], seeds: int | Iterable[int] | None, most: int | None) -> Ints:
    """Return the seed of each network: (C, n), n at most `most`."""
    return checks.seeds_of_each(1 if seeds is None else seeds, seeds_of(configs), most)


def _check_images(configs: Sequence[Config], x: Any) -> None:
    """Refuse images of another shape than a config's, though they may have as many numbers."""
    if not isinstance(x, np.ndarray) or x.ndim not in (3, 4):
        return
    shape = (*x.shape[1:], 1)[:3]
    for config in configs:
        if config.image not in (None, shape):
            raise InvalidSetting("image", setting(config.image), f"{setting(shape)}, as the images of x are")


def _curve_epochs(epochs: int, every: int) -> Ints:
    if every == 0:
        return np.arange(0)
    points = np.arange(0, epochs + 1, every)
    return points if points[-1] == epochs else np.append(points, epochs)


class _Backend(NamedTuple):
    """What trains stacks: `fit`, what draws their weights, and how many networks at once."""

    fit: Fit
    draws: rng.Draws
    at_once: Callable[[Sequence[Layer], int], int]


def _numpy() -> _Backend:
    def at_once(layers: Sequence[Layer], samples: int) -> int:  # a layer's outputs are to stay in a core's cache
        return max(1, _CACHE // (samples * max(layer.fan_out for layer in layers)))

    def fit(stacks: Sequence[Stack], report: Report | None) -> list[Outcome]:
        outcomes, before = [], 0
        for stack in stacks:
            outcomes.append(numpy_path.fit(stack, report and _after(report, before)))
            before += len(stack.params[0])
        return outcomes

    return _Backend(fit, rng.NUMPY, at_once)


def _after(report: Report, before: int) -> Report:
    """Return a report of networks that come after so many others."""
    return lambda done, loss, score: report(before + done, loss, score)


def _numba(threads: int, work: _Work) -> _Backend:
    """Return the kernel, compiled for these configs and parts."""
    from fnn.training import lanes  # Numba is slow to import, and the NumPy path does without it

    inputs, outputs = work.parts[0].x.shape[1], work.parts[0].y.shape[1]

    def fit(stacks: Sequence[Stack], report: Report | None) -> list[Outcome]:
        way = lanes.way(stacks[0].config, stacks[0].part, [len(stack.params[0]) for stack in stacks], threads)
        lanes.compile_for(way, stacks[0].config.dtype)
        return way(stacks, report, threads=threads)

    def at_once(layers: Sequence[Layer], _samples: int) -> int:  # the weights are to leave memory for others
        return max(1, _MEMORY // functions.weights(layers))

    for members in group_alike(work.configs):
        first = work.configs[members[0]]
        most = at_once(first.layers(inputs, outputs), 0)
        networks = [min(len(members) * work.table[0, turn.seeds].size, most) for turn in work.turns]
        lanes.compile_for(lanes.way(first, work.parts[0], networks, threads), first.dtype)
    shapes = {(config.hidden, config.input_scale): config for config in work.configs}.values()
    draws = lanes.draws(work.table.size * max(functions.weights(config.layers(inputs, outputs)) for config in shapes))
    return _Backend(fit, draws, at_once)


def _train_alike(work: _Work, members: Sequence[int], backend: _Backend, reporter: ProgressReporter | None) -> Outcome:
    """Train configs of one kind, of which `members` are the places, so many networks at once as the backend likes.

    The networks of the outcome are in the order of configs, then turns, then seeds.
    """
    configs = [work.configs[c] for c in members]
    outcomes, sizes = [], []
    size = backend.at_once(configs[0].layers(work.parts[0].x.shape[1], work.parts[0].y.shape[1]), len(work.parts[0].x))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # divergence is a result, and recorded
        waiting: list[Stack] = []
        for turn in work.turns:
            table = work.table[members][:, turn.seeds]
            sizes.append(table.shape[1])
            for stack in _stacks(configs, table, work, work.parts[turn.part], backend.draws, size):
                if waiting and sum(len(s.params[0]) for s in (*waiting, stack)) > size:
                    outcomes += _fit(backend, waiting, reporter)
                    waiting = []
                waiting.append(stack)
        outcomes += _fit(backend, waiting, reporter)
    if len(outcomes) == 1:
        return outcomes[0]
    whole = Outcome(*map(np.concatenate, zip(*outcomes, strict=True)))
    if len(sizes) == 1:
        return whole
    # Turn by turn as they were trained, config by config as they are returned.
    C, begun = len(members), np.cumsum([0, *(len(members) * n for n in sizes)])
    order = np.concatenate([a + np.arange(C * n).reshape(C, n) for a, n in zip(begun, sizes, strict=False)], axis=1)
    return Outcome(*(field[order.ravel()] for field in whole))


def _fit(backend: _Backend, stacks: Sequence[Stack], reporter: ProgressReporter | None) -> list[Outcome]:
    report = reporter.next_stack(sum(len(stack.params[0]) for stack in stacks)) if reporter else None
    return backend.fit(stacks, report)


def _stacks(
    configs: Sequence[Config], table: Ints, work: _Work, part: Part, draws: rng.Draws, size: int
) -> Iterator[Stack]:
    """Yield the networks of configs with the seeds (C, n) of table, at most `size` to a stack."""
    first, seeds, dtype = configs[0], table.ravel(), DTYPES[configs[0].dtype]
    layers = first.layers(part.x.shape[1], part.y.shape[1])
    numeric = {**numeric_settings(configs, table.shape[1]), "seed": seeds}
    typed = part.astype(dtype)
    for begin in range(0, len(seeds), size):
        some = slice(begin, begin + size)
        params = functions.init(
            layers, seeds[some], first.init, numeric["init_scale"][some], dtype, draws,
            parametrization=first.parametrization, output_init=first.output_init,
        )  # fmt: skip
        settings = {name: values[some] for name, values in numeric.items()}
        snapshots = work.snapshots.of(some) if work.snapshots else None
        yield Stack(first, layers, params, settings, typed, work.curve_epochs, snapshots)


def _scatter(outcomes: Sequence[tuple[Ints, Outcome]], name: str) -> Any:
    """Return one field of all networks in their own order, from the stacks that trained them."""
    parts = [getattr(outcome, name) for _, outcome in outcomes]
    if len(parts) == 1:  # all networks, in order
        return parts[0]
    whole = np.empty((sum(map(len, parts)), *parts[0].shape[1:]), parts[0].dtype)
    for (index, _), part in zip(outcomes, parts, strict=True):
        whole[index] = part
    return whole
