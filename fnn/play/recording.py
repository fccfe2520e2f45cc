"""Networks trained for a page: what became of them, and their weights and losses on the way."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.config import DTYPES, Config
from fnn.data.samples import part_from_arrays
from fnn.network.functions import Array, weights
from fnn.network.scores import score_of
from fnn.play.frames import Fidelity, curve_places, fidelity_for, frame_epochs, most_networks
from fnn.play.points import Points
from fnn.training.progress import Progress
from fnn.training.results import Results
from fnn.training.snapshots import Snapshots
from fnn.training.train import train_parts

Ints = NDArray[np.int64]


class Recording(NamedTuple):
    """S networks of one setting. name: what the setting is called beside another, "" where it is alone.

    epochs: (F,) after which `flat` (S, F, K) has their weights, each at most the setting's own; curve_epochs: (P,),
    and losses (S, P) after those.
    """

    name: str
    results: Results
    epochs: Ints
    flat: Array
    curve_epochs: Ints
    losses: NDArray[np.float32]

    @property
    def config(self) -> Config:
        """The settings, but for the seed."""
        return self.results.configs[0]


def record(
    settings: Sequence[tuple[str, Config]],
    points: Points,
    seeds: range,
    *,
    backend: str = "numba",
    threads: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> tuple[list[Recording], Fidelity]:
    """Train each setting, which has a name, with each seed; keep as much of it as a page holds.

    Raises InvalidSetting where that would be too little, before anything is trained.
    """
    counts = [weights(config.layers(*_widths(points))) for _, config in settings]
    fidelity = fidelity_for(len(seeds), counts, len(points.x))
    frames = frame_epochs(max(config.epochs for _, config in settings), fidelity.frames)
    run: dict[str, Any] = {"backend": backend, "threads": threads}
    recordings = []
    for place, (name, config) in enumerate(settings):
        told = on_progress and _of_several(on_progress, place, len(settings))
        recordings.append(_record(name, config, points, seeds, frames, fidelity, {**run, "on_progress": told}))
    return recordings, fidelity


def networks_that_fit(configs: Sequence[Config], points: Points, most: int) -> int:
    """Return how many networks of each setting a page holds, at least one and at most so many."""
    counts = [weights(config.layers(*_widths(points))) for config in configs]
    return max(1, min(most, most_networks(counts, len(points.x))))


def _widths(points: Points) -> tuple[int, int]:
    return points.x.shape[1], points.y.shape[1]


def _of_several(on_progress: Callable[[Progress], None], place: int, count: int) -> Callable[[Progress], None]:
    """Return what reports one setting's progress as that of all."""

    def report(now: Progress) -> None:
        on_progress(now._replace(done=place * now.total + now.done, total=count * now.total))

    return report


def _record(
    name: str, config: Config, points: Points, seeds: range, frames: Ints, fidelity: Fidelity, run: dict[str, Any]
) -> Recording:
    # Of very many epochs, only every so many have a loss kept: weights are kept after such ones.
    every = max(1, config.epochs // 4000)
    ended = np.minimum(np.minimum(frames, config.epochs) // every * every, config.epochs)
    ended[frames >= config.epochs] = config.epochs
    epochs, place = np.unique(ended, return_inverse=True)
    count = weights(config.layers(*_widths(points)))
    snapshots = Snapshots(epochs, np.empty((len(seeds), len(epochs), count), DTYPES[config.dtype]))
    part = part_from_arrays(points.x, points.y, None, None, config.loss, score_of)
    results = train_parts([config], [part], seeds=seeds, curve_every=every, snapshots=snapshots, **run)
    kept = curve_places(epochs, config.epochs // every * every, fidelity.points) // every * every
    kept = np.unique(np.append(kept, config.epochs))
    columns = np.searchsorted(results.curve_epochs, kept)
    return Recording(name, results, ended, snapshots.flat[:, place], kept, results.loss_curve[:, columns])
