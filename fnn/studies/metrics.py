"""Metrics: one number a run, in which lower is better for a loss or a number of epochs. Pure functions of results.

Each takes the results of S networks and an epoch, where it has one, and returns (S,); a run that never solved its
task, or diverged, counts as infinite. `same` names the settings in which runs must agree for their values to be
compared: the mse of one network says nothing beside the cross-entropy of another.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.checks import one_of
from fnn.errors import InvalidSetting
from fnn.stats.intervals import worst
from fnn.training.results import Results

Array = NDArray[np.float64]

# The end of a curve is its last fifth. A rise of less than a hundredth is no jag: on a log scale of several decades
# nobody sees it, and the rounding of a level curve to float32 is far below.
LATE, RISE = 0.2, np.log10(1.01)
# Losses below are alike: a curve in float32 does not tell them apart from 0.
FLOOR = 1e-30


def solved(results: Results, epoch: int | None) -> Array:
    """Return 1 where accuracy is 1 at the end, and has been since the epoch if there is one; else 0."""
    last = np.inf if epoch is None else epoch
    return ((results.epochs_to_solve >= 0) & (results.epochs_to_solve <= last)).astype(np.float64)


def epochs(results: Results, _epoch: int | None) -> Array:
    """Return the epochs after which accuracy is 1 and stays 1."""
    return np.where(results.epochs_to_solve >= 0, results.epochs_to_solve, np.inf)


def loss(results: Results, epoch: int | None) -> Array:
    """Return the loss at the end, or after that many epochs."""
    return worst(results.loss if epoch is None else results.loss_curve[:, _point(results, epoch)])


def accuracy(results: Results, epoch: int | None) -> Array:
    """Return the accuracy at the end, or after that many epochs: the one metric in which higher is better."""
    values = results.accuracy if epoch is None else results.accuracy_curve[:, _point(results, epoch)]
    return np.nan_to_num(np.asarray(values, np.float64), nan=0.0)


def best_loss(results: Results, _epoch: int | None) -> Array:
    """Return the lowest loss of the whole curve, which had to be known to stop there."""
    return worst(np.min(worst(results.loss_curve), axis=1))


def roughness(results: Results, epoch: int | None) -> Array:
    """Return how many decades the loss climbs an epoch, on average from that epoch on, or over the last fifth.

    Only the way up counts: a steep fall is no roughness, and a zigzag climbs as far as it falls back. In decades it
    does not depend on the unit of the loss (a factor ½ changes nothing) nor on how low the curve lies.
    """
    late = np.log10(np.maximum(_late(results, epoch), FLOOR))
    with np.errstate(invalid="ignore"):
        rises = np.diff(late, axis=1)
    climb = np.where(rises > RISE, rises, 0.0).mean(axis=1)
    return np.where(results.diverged >= 0, np.inf, climb)


def _late(results: Results, epoch: int | None) -> Array:
    last = results.loss_curve.shape[1] - 1
    return worst(results.loss_curve[:, last - max(1, int(LATE * last)) if epoch is None else _point(results, epoch) :])


def _point(results: Results, epoch: int) -> int:
    """Return the index of an epoch among the points of the curves."""
    return int(np.searchsorted(results.curve_epochs, epoch))


class Metric(NamedTuple):
    """A metric: what computes it, its name in words, and the settings it can only be compared within.

    takes_epoch, takes_until: whether it may be taken at (or from) an epoch, and up to one. whole_curve: whether it is
    computed from the losses of all epochs. low, high: the ends of its scale, where runs tie however different they are.
    up: whether more of it is better.
    """

    of: Callable[[Results, int | None], Array]
    words: str
    same: tuple[str, ...]
    takes_epoch: bool = False
    takes_until: bool = False
    whole_curve: bool = False
    low: float = -np.inf
    high: float = np.inf
    up: bool = False


METRICS: dict[str, Metric] = {
    "solved": Metric(solved, "share solved", (), takes_epoch=True, up=True),
    "epochs": Metric(epochs, "epochs to solve", (), low=0),
    "loss": Metric(loss, "final loss", ("loss", "output", "data"), takes_epoch=True, low=FLOOR),
    "accuracy": Metric(accuracy, "final accuracy", ("data",), takes_epoch=True, low=0, high=1, up=True),
    "best-loss": Metric(best_loss, "best loss", ("loss", "output", "data"), whole_curve=True, low=FLOOR),
    "roughness": Metric(
        roughness, "roughness over the last fifth", ("loss", "data"), takes_epoch=True, takes_until=True,
        whole_curve=True, low=0,
    ),
}  # fmt: skip


class Measure(NamedTuple):
    """A metric by name, the epoch at which (of roughness: from which on) it is taken, None for the end, and until when.

    until: the epoch at which runs are taken to end; None for all of it. above: makes it 1 where the metric is above
    this value, else 0; None for the metric itself.
    """

    name: str
    epoch: int | None = None
    until: int | None = None
    above: float | None = None

    @property
    def words(self) -> str:
        """What is measured, in words."""
        if self.above is not None:
            return f"{self._replace(above=None).words} above {self.above:g}"
        words = METRICS[self.name].words
        if self.epoch is None:
            return words
        if self.name == "solved":
            return f"{words} by epoch {self.epoch}"
        if self.until is not None:
            return f"{self.name} from epoch {self.epoch} to {self.until}"
        return f"{self.name} {'from' if self.name == 'roughness' else 'at'} epoch {self.epoch}"

    @property
    def needs_curves(self) -> bool:
        """Whether it is computed from curves."""
        return self.epoch is not None or METRICS[self.name].whole_curve

    def of(self, results: Results) -> Array:
        """Return the metric of each run, or whether it is above the value: (S,)."""
        if self.above is not None:
            return (self._replace(above=None).of(results) > self.above).astype(np.float64)
        if self.until is not None:
            early = np.where(results.diverged <= self.until, results.diverged, -1)
            results = replace(results, loss_curve=results.loss_curve[:, : self.until + 1], diverged=early)
        return METRICS[self.name].of(results, self.epoch)


def measure(name: object, epoch: object = None, until: object = None, above: float | None = None) -> Measure:
    """Return a measure. Raises InvalidSetting for a metric there is not, and for epochs where it takes none."""
    if above is not None:
        return measure(name, epoch, until)._replace(above=above)
    metric = METRICS[one_of("metric", name, METRICS)]
    if epoch is not None and not (metric.takes_epoch and _is_whole(epoch, 0)):
        names = ", ".join(name for name, metric in METRICS.items() if metric.takes_epoch)
        raise InvalidSetting("epoch", epoch, f"a whole number of epochs, with a metric of {names}")
    begin = epoch if isinstance(epoch, int) else None
    if until is None:
        return Measure(str(name), begin)
    begin = begin or 0
    if not (metric.takes_until and isinstance(until, int) and _is_whole(until, begin + 1)):
        names = ", ".join(name for name, metric in METRICS.items() if metric.takes_until)
        raise InvalidSetting("until", until, f"a whole number of epochs after `epoch`, with a metric of {names}")
    return Measure(str(name), begin, until)


def _is_whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
