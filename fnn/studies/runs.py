"""Runs of a study: every distinct arm trained once with all seeds; of each what is requested is kept, and no curves."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.cluster.sizes import Sizes
from fnn.cluster.work import Executor, InProcess, Probe, Work
from fnn.config import SEED, Config
from fnn.data.samples import Part as TrainingPart
from fnn.data.samples import part_from_arrays
from fnn.data.synthetic import Recipe, make
from fnn.network.functions import weights
from fnn.network.hidden import has_windows
from fnn.network.optimizers import OPTIMIZERS
from fnn.network.scores import score_of
from fnn.stats.intervals import quantiles
from fnn.studies.kept import Part, Runs, runs_of
from fnn.studies.metrics import Measure
from fnn.studies.model import Arm
from fnn.sweeps import grid
from fnn.training.grouping import named_settings
from fnn.training.progress import Progress
from fnn.training.train import train_parts

Array = NDArray[Any]
Key = tuple[Any, ...]

# Points of all curves that stand in memory at a time.
_CURVES = 2**24
# Networks of an item on a cluster at most, and arms of a probe.
_MOST, _KINDS = 2**14, 4
# Quantiles of predictions, of curves.
LEVELS, CURVE_LEVELS = (0.05, 0.5, 0.95), (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass
class Request:
    """What is to be trained, and what is to be kept of its runs beside how they ended.

    draws: of the data, each with seeds of its own; 1 for the one draw that the trial names.
    """

    trial: grid.Trial
    draws: int = 1
    measures: set[Measure] = field(default_factory=set)
    curves: bool = False
    predictions: bool = False

    @property
    def needs_curves(self) -> bool:
        """Whether the loss of every epoch has to be known."""
        return self.curves or any(m.needs_curves for m in self.measures)


Requests = dict[Key, Request]


def request(
    requests: Requests,
    arm: Arm,
    measures: Sequence[Measure] = (),
    *,
    draws: int = 1,
    curves: bool = False,
    predictions: bool = False,
) -> None:
    """Add an arm to what is to be trained, or what is to be kept of it to one that is there already.

    draws: of the data, where they are drawn.
    """
    draws = draws if is_drawn(arm.trial) else 1
    entry = requests.setdefault(run_key(arm.trial, draws), Request(arm.trial, draws))
    entry.measures.update(measures)
    entry.curves |= curves
    entry.predictions |= predictions


class ArmResults(NamedTuple):
    """The results of an arm's S runs: (S,) each, and of each measure requested.

    met, stopped: as in `train.Results`. curve_epochs: (P,), loss_levels, accuracy_levels: quantiles (5, P); empty
    unless requested. outputs: quantiles of the predictions (3, N), right: the share right of each (N,), answers: the
    share that answers 1 of each (N,). draws: D, of the data; runs stand draw by draw, as many of each.
    """

    loss: Array
    accuracy: Array
    epochs: Array
    diverged: Array
    met: Array
    stopped: Array
    measures: dict[Measure, Array]
    curve_epochs: Array
    loss_levels: Array
    accuracy_levels: Array
    outputs: Array
    right: Array
    answers: Array
    draws: int = 1

    @property
    def solved(self) -> Array:
        """Whether each run's accuracy is 1 at the end: (S,)."""
        return self.epochs >= 0


def is_drawn(trial: grid.Trial) -> bool:
    """Return whether another seed of the data makes other data."""
    return trial.samples.data not in ("xor", "xor4") or trial.samples.noise > 0


def run_key(trial: grid.Trial, draws: int = 1) -> Key:
    """Return what runs depend on beside their seed.

    What their optimizer, warm-up, layers and data do not use is left out.
    """
    s, c = trial.samples, trial.config
    drawn = (s.data_seed, draws) if is_drawn(trial) else ()
    hyperparameters = {name for optimizer in OPTIMIZERS.values() for name in optimizer.uses}
    unused = hyperparameters - set(OPTIMIZERS[c.optimizer].uses)
    if c.scheduler != "warmup-linear":
        unused |= {"warmup", "warmup_peak"}
    if not has_windows(c.hidden):
        unused.add("image")
    defaults = {name: getattr(_DEFAULT, name) for name in unused}
    return (s.data, s.points, s.noise, drawn, replace(c, seed=SEED, **defaults))


def of_arm(results: Mapping[Key, ArmResults], arm: Arm, draws: int = 1) -> ArmResults:
    """Return the results of an arm over that many draws of its data, where they are drawn."""
    return results[run_key(arm.trial, draws)]


_DEFAULT = Config()


def run(
    requests: Mapping[Key, Request],
    seeds: range,
    executor: Executor | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> dict[Key, ArmResults]:
    """Train each arm with the seeds; return what is requested of each. on_progress: is given the networks done."""
    parts = trained(requests, Part(seeds), executor, on_progress)
    return {key: arm_results(runs, requests[key]) for key, runs in parts}


class Batch(NamedTuple):
    """Arms to train together, by their places, with seeds of each draw of their data; curve_every: epochs, or 0."""

    places: list[int]
    seeds: list[list[int]]
    curve_every: int

    @property
    def networks(self) -> int:
        """How many there are."""
        return len(self.places) * sum(map(len, self.seeds))


class Batched(NamedTuple):
    """What is kept of a batch: the runs of each of its arms, and the seconds that they took."""

    runs: list[Runs]
    seconds: float

    @property
    def digest(self) -> str:
        """A hash of the bits of all losses and epochs."""
        arrays = (array for runs in self.runs for array in (runs.loss, runs.epochs, runs.loss_curve))
        return sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()[:16]


def train_batch(
    batch: Batch,
    requests: Sequence[Request],
    threads: int | None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Batched:
    """Train a batch of arms, which are on the same data."""
    entries = [requests[place] for place in batch.places]
    results = train_parts(
        [entry.trial.config for entry in entries], _samples(entries[0].trial, len(batch.seeds)), per_seed=True,
        seeds=[seed for of_draw in batch.seeds for seed in of_draw], threads=threads, curve_every=batch.curve_every,
        on_progress=on_progress,
    )  # fmt: skip
    n = len(results) // len(entries)
    kept = []
    for k, entry in enumerate(entries):
        asked = {"curves": entry.curves, "outputs": entry.predictions}
        kept.append(runs_of(results[k * n : (k + 1) * n], entry.trial.samples, entry.measures, **asked))
    return Batched(kept, results.seconds)


def trained(
    requests: Mapping[Key, Request],
    part: Part,
    executor: Executor | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> Iterator[tuple[Key, Runs]]:
    """Train each arm with some of the seeds; yield what is kept of each. on_progress: is given the networks done.

    executor: by itself this process.
    """
    if not requests:
        return
    executor = executor or InProcess()
    entries = list(requests.values())
    whole = list(_batches(requests, part))
    sizes, probe = None, None
    if executor.standing is not None:
        sizes = Sizes([_cost(entry) for entry in entries], _MOST)
        first = whole[0]._replace(places=whole[0].places[:_KINDS], seeds=[seeds[:1] for seeds in whole[0].seeds])
        here = train_batch(first, entries, None)
        sizes.learn(_batch_cost(first, sizes), here.seconds)
        probe = Probe(first, here.digest, attrgetter("digest"))
    items = whole if sizes is None else (piece for batch in whole for piece in _pieces(batch, sizes))
    missing = {place: sum(map(len, batch.seeds)) for batch in whole for place in batch.places}
    there: dict[int, Runs] = {}
    done, keys = 0, list(requests)

    def report(now: Progress | None) -> None:
        assert on_progress
        on_progress(done + (now.done if now else 0))

    for each in executor.each(Work(train_batch, entries, probe), items, report if on_progress else None):
        done += each.item.networks
        if sizes is not None:
            sizes.learn(_batch_cost(each.item, sizes), each.value.seconds)
        for place, runs in zip(each.item.places, each.value.runs, strict=True):
            there[place] = there[place].and_more(runs) if place in there else runs
            missing[place] -= len(runs.seeds)
            if not missing[place]:
                yield keys[place], there.pop(place)


def _pieces(batch: Batch, sizes: Sizes) -> Iterator[Batch]:
    """Yield a batch in pieces, of some of the seeds of each draw, each of the size that is right when it is taken."""
    begin, of_draw = 0, max(map(len, batch.seeds))
    while begin < of_draw:
        networks = max(1, sizes.networks(batch.places[0]) // (len(batch.places) * len(batch.seeds)))
        yield batch._replace(seeds=[seeds[begin : begin + networks] for seeds in batch.seeds])
        begin += networks


def _cost(entry: Request) -> float:
    """Return what a network costs: about its multiply-adds."""
    config, samples = entry.trial.config, entry.trial.samples
    return config.epochs * samples.points * (weights(config.layers(samples.inputs, samples.outputs)) + 10)


def _batch_cost(batch: Batch, sizes: Sizes) -> float:
    return sum(map(len, batch.seeds)) * sum(sizes.costs[place] for place in batch.places)


def networks(requests: Mapping[Key, Request], part: Part) -> int:
    """Return how many networks are trained for these requests."""
    return sum(part.count(_count(entry, len(part.seeds))) for entry in requests.values())


def _count(entry: Request, seeds: int) -> int:
    """Return of how many draws the runs are: no more than there are seeds."""
    return min(entry.draws, seeds)


def _samples(trial: grid.Trial, draws: int) -> list[TrainingPart]:
    """Return the samples of each draw of a trial's data, from the one that it names on."""
    recipe = Recipe(trial.samples.data, trial.samples.points, trial.samples.noise, trial.samples.data_seed)
    later = (make(*recipe._replace(data_seed=recipe.data_seed + draw)) for draw in range(1, draws))
    pairs = [(trial.samples.x, trial.samples.y), *later]
    return [part_from_arrays(x, y, None, None, trial.config.loss, score_of) for x, y in pairs]


def _batches(requests: Mapping[Key, Request], part: Part) -> Iterator[Batch]:
    """Yield arms to train at once, with all of their seeds."""
    places = {key: place for place, key in enumerate(requests)}
    for keys, curve_every in _groups_by_curves(requests, part.count(1)):
        seeds = part.chosen(_count(requests[keys[0]], len(part.seeds)))
        yield Batch([places[key] for key in keys], seeds, curve_every)


def _groups_by_curves(requests: Mapping[Key, Request], seeds: int) -> Iterator[tuple[list[Key], int]]:
    """Yield the keys of arms to train at once, and the epochs between points of their curves; 0 for no curves."""
    for group in _groups(requests):
        for curve_every in (1, 0):
            keys = [key for key in group if requests[key].needs_curves == bool(curve_every)]
            if keys:
                # The curves of loss and accuracy; without them the weights, which results hold too.
                numbers = 2 * (requests[keys[0]].trial.config.epochs + 1) if curve_every else 200
                size = max(1, _CURVES // (numbers * seeds))
                yield from ((keys[begin : begin + size], curve_every) for begin in range(0, len(keys), size))


def _groups(requests: Mapping[Key, Request]) -> list[list[Key]]:
    """Return the keys of arms with the same samples; within, those that train in one stack beside each other."""
    groups: dict[tuple[Any, ...], dict[tuple[Any, ...], list[Key]]] = {}
    for key, entry in requests.items():
        # Epochs too: a curve goes on level to the last epoch of all that train together.
        config = entry.trial.config
        groups.setdefault((*key[:4], config.epochs), {}).setdefault(named_settings(config), []).append(key)
    return [[key for alike in group.values() for key in alike] for group in groups.values()]


def arm_results(runs: Runs, entry: Request) -> ArmResults:
    """Return the results of an arm from all of its runs."""
    nothing = np.empty((0, 0))
    loss, accuracy = (
        quantiles(curve, CURVE_LEVELS) if entry.curves else nothing for curve in (runs.loss_curve, runs.accuracy_curve)
    )
    answers = runs.outputs > 0.5
    right = answers == (entry.trial.samples.y[:, 0] > 0.5) if entry.predictions else answers
    return ArmResults(
        runs.loss, runs.accuracy, runs.epochs, runs.diverged, runs.met, runs.stopped, runs.measures,
        runs.curve_epochs, loss, accuracy,
        np.quantile(runs.outputs, LEVELS, axis=0) if entry.predictions else nothing,
        right.mean(axis=0), answers.mean(axis=0), draws=_count(entry, len(runs.loss)),
    )  # fmt: skip
