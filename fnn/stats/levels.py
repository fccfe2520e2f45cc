"""Effects over two levels: runs within draws of the data, draws among all that could have been drawn."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.stats.intervals import Interval
from fnn.stats.margins import Sides

Array = NDArray[np.float64]


class Variance(NamedTuple):
    """The variance of an effect between draws, and of one run within a draw."""

    between: float
    within: float

    @property
    def share_between(self) -> float:
        """The share of the variance of one run of one draw that is between draws; 0 where nothing varies."""
        total = self.between + self.within
        return self.between / total if total else 0.0


def draws_interval(effects: Array, confidence: float = 0.95) -> Interval:
    """Return the mean of the effects of D draws, (D,), with its interval by Student's t; without end where D is 1."""
    from scipy.stats import t

    mean = float(effects.mean())
    if len(effects) < 2:
        return Interval(mean, -np.inf, np.inf)
    half = float(t.ppf((1 + confidence) / 2, len(effects) - 1) * _standard_error(effects))
    return Interval(mean, mean - half, mean + half)


def draws_sides(effects: Array, value: float) -> Sides:
    """Return what the effects of D draws, (D,), say against their mean being a value, by Student's t."""
    from scipy.stats import t

    if len(effects) < 2:
        return Sides(1.0, 1.0)
    away, error = float(effects.mean()) - value, _standard_error(effects)
    if error == 0:
        return Sides(float(away <= 0), float(away >= 0))
    above = float(t.sf(away / error, len(effects) - 1))
    return Sides(above, 1 - above)


def _standard_error(effects: Array) -> float:
    return float(effects.std(ddof=1) / np.sqrt(len(effects)))


def variance_components(scores: Array) -> Variance:
    """Return the variance between D draws and within them, of scores (D, n), by the method of moments.

    Searle, Casella & McCulloch, "Variance components" (1992), chapter 3; a negative estimate is 0.
    """
    draws, runs = scores.shape
    within = float(scores.var(axis=1, ddof=1).mean()) if runs > 1 else 0.0
    between = float(scores.mean(axis=1).var(ddof=1)) - within / runs if draws > 1 else 0.0
    return Variance(max(0.0, between), within)
