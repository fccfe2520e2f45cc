"""Batches: which arms of a study train at once, with which seeds; on a cluster in pieces of some of the seeds."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np

from fnn.cluster.sizes import Sizes
from fnn.data.samples import Part as TrainingPart
from fnn.data.samples import part_from_arrays
from fnn.data.synthetic import Recipe, make
from fnn.network.scores import score_of
from fnn.studies.kept import Part, Runs, runs_of
from fnn.studies.requests import Key, Request, draws_of
from fnn.sweeps import grid
from fnn.training.grouping import named_settings
from fnn.training.progress import Progress
from fnn.training.train import train_parts

# Points of all curves that stand in memory at a time.
_CURVES = 2**24


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


def pieces(batch: Batch, sizes: Sizes) -> Iterator[Batch]:
    """Yield a batch in pieces, of some of the seeds of each draw, each of the size that is right when it is taken."""
    begin, of_draw = 0, max(map(len, batch.seeds))
    while begin < of_draw:
        networks = max(1, sizes.networks(batch.places[0]) // (len(batch.places) * len(batch.seeds)))
        yield batch._replace(seeds=[seeds[begin : begin + networks] for seeds in batch.seeds])
        begin += networks


def batch_cost(batch: Batch, sizes: Sizes) -> float:
    """Return what a batch costs."""
    return sum(map(len, batch.seeds)) * sum(sizes.costs[place] for place in batch.places)


def _samples(trial: grid.Trial, draws: int) -> list[TrainingPart]:
    """Return the samples of each draw of a trial's data, from the one that it names on."""
    recipe = Recipe(trial.samples.data, trial.samples.points, trial.samples.noise, trial.samples.data_seed)
    later = (make(*recipe._replace(data_seed=recipe.data_seed + draw)) for draw in range(1, draws))
    pairs = [(trial.samples.x, trial.samples.y), *later]
    return [part_from_arrays(x, y, None, None, trial.config.loss, score_of) for x, y in pairs]


def batches(requests: Mapping[Key, Request], part: Part) -> Iterator[Batch]:
    """Yield arms to train at once, with all of their seeds."""
    places = {key: place for place, key in enumerate(requests)}
    for keys, curve_every in _groups_by_curves(requests, part.count(1)):
        seeds = part.chosen(draws_of(requests[keys[0]], len(part.seeds)))
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
