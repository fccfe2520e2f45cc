"""`train`: settings and samples in; trained networks, and what happened to them, out."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fnn import checks
from fnn.config import KEEPS, Config
from fnn.data.samples import Part, part_from_arrays
from fnn.errors import InvalidSetting
from fnn.formats import setting
from fnn.machine import processors
from fnn.network.functions import Array
from fnn.network.labels import read_labels
from fnn.network.layers import Layer
from fnn.network.scores import SCORES, score_of
from fnn.training.grouping import group_alike, seeds_of
from fnn.training.memory import most_seeds
from fnn.training.outcome import Ints, Outcome
from fnn.training.progress import Progress, ProgressReporter
from fnn.training.results import Results
from fnn.training.snapshots import Snapshots
from fnn.training.work import Work, numba_backend, numpy_backend, train_alike, turns_of

BACKENDS = ("numba", "numpy")
# The version of the arithmetic: raise it with every change that changes a trained network's bits. Runs of different
# versions are never mixed. 2: sums over many samples by chunks, draws and rates by operations of our own.
NUMERICS = 2


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
    turns = turns_of(table.shape[1], len(parts), per_seed)
    seeds_of_all = np.concatenate([table[:, turn.seeds] for turn in turns], axis=1)
    curve_epochs = _curve_epochs(max(config.epochs for config in configs), curve_every)
    work = Work(configs, parts, table, turns, curve_epochs, snapshots)
    ready = numpy_backend() if backend == "numpy" else numba_backend(threads or processors(), work)
    compiled = time.perf_counter()
    reporter = ProgressReporter(on_progress, seeds_of_all.size) if on_progress else None
    flat: list[Array] = [np.empty(0)] * len(configs)
    layers: list[tuple[Layer, ...]] = [()] * len(configs)
    outcomes: list[tuple[Ints, Outcome]] = []
    places = np.arange(seeds_of_all.size).reshape(seeds_of_all.shape)
    for members in group_alike(configs):
        outcome = train_alike(work, members, ready, reporter)
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


def _scatter(outcomes: Sequence[tuple[Ints, Outcome]], name: str) -> Any:
    """Return one field of all networks in their own order, from the stacks that trained them."""
    parts = [getattr(outcome, name) for _, outcome in outcomes]
    if len(parts) == 1:  # all networks, in order
        return parts[0]
    whole = np.empty((sum(map(len, parts)), *parts[0].shape[1:]), parts[0].dtype)
    for (index, _), part in zip(outcomes, parts, strict=True):
        whole[index] = part
    return whole
