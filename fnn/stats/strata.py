"""Effects over the splits of several data sets: of one mean, or of an interquartile mean, over all of them.

A stratum is a data set: the effects of its splits, and by how much these overlap. The data sets are fixed, and each
counts the same (Agarwal et al., "Deep reinforcement learning at the edge of the statistical precipice", NeurIPS 2021,
who draw runs anew within each task); the variance within is that of `resampled`, which allows for the overlap.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fnn.stats.intervals import Interval
from fnn.stats.margins import Sides

Array = NDArray[np.float64]

# The share of values that an interquartile mean leaves out at each end.
CUT = 0.25


class Stratum(NamedTuple):
    """The effects of a data set's R splits, (R,), and test rows / training rows, by which the splits overlap."""

    values: Array
    overlap: float


class _Mean(NamedTuple):
    """A mean with its standard error and the degrees of freedom of that."""

    value: float
    error: float
    freedom: float


def strata_interval(strata: Sequence[Stratum], confidence: float = 0.95) -> Interval:
    """Return the mean of the strata's means with its interval; without ends where a stratum has one split."""
    from scipy.stats import t

    mean = _mean(strata)
    half = float(t.ppf((1 + confidence) / 2, mean.freedom)) * mean.error if np.isfinite(mean.error) else np.inf
    return Interval(mean.value, mean.value - half, mean.value + half)


def strata_sides(strata: Sequence[Stratum], value: float) -> Sides:
    """Return what strata say against the mean of their means being a value.

    Never more than so many splits can say by their signs, 2^−R: effects that are all alike have no spread to go by.
    """
    from scipy.stats import t

    mean, least = _mean(strata), least_p(strata)
    away = mean.value - value
    if not np.isfinite(mean.error):
        return Sides(1.0, 1.0)
    if mean.error == 0:
        return Sides(least if away > 0 else 1.0, least if away < 0 else 1.0)
    student = away / mean.error
    return Sides(*(max(least, float(p)) for p in (t.sf(student, mean.freedom), t.cdf(student, mean.freedom))))


def least_p(strata: Sequence[Stratum]) -> float:
    """Return the smallest p there can be of so many splits."""
    return 0.5 ** sum(len(stratum.values) for stratum in strata)


def _mean(strata: Sequence[Stratum]) -> _Mean:
    """Return the mean of the strata's means.

    Degrees of freedom: Satterthwaite, "An approximate distribution of estimates of variance components", Biometrics
    Bull. 2 (1946).
    """
    value = float(np.mean([stratum.values.mean() for stratum in strata]))
    if min(len(stratum.values) for stratum in strata) < 2:
        return _Mean(value, np.inf, 1.0)
    parts = np.array([_variance(stratum) for stratum in strata]) / len(strata) ** 2
    freedoms = np.array([len(stratum.values) - 1 for stratum in strata])
    total = float(parts.sum())
    freedom = total**2 / float((parts**2 / freedoms).sum()) if total else float(freedoms.sum())
    return _Mean(value, float(np.sqrt(total)), freedom)


def _variance(stratum: Stratum) -> float:
    """Return the variance of a stratum's mean. Nadeau & Bengio, Mach. Learn. 52 (2003)."""
    values = stratum.values
    if (values == values[0]).all():  # the mean of which may differ from them in its last bit
        return 0.0
    return (1 / len(values) + stratum.overlap) * float(values.var(ddof=1))


# ---- aggregates ----


def interquartile_mean(values: ArrayLike) -> float:
    """Return the mean of the middle half of values, all shapes alike; Agarwal et al. (2021)."""
    ordered = np.sort(np.asarray(values, np.float64), axis=None)
    cut = int(CUT * ordered.size)
    return float(ordered[cut : ordered.size - cut].mean())


def interquartile_parts(values: ArrayLike) -> Array:
    """Return the part of each value in the interquartile mean of all: their mean is it, their spread its uncertainty.

    They are the values of its influence function: a value beyond the quartiles counts as the quartile that it is
    beyond. Tukey & McLaughlin, "Less vulnerable confidence and significance procedures for location based on a single
    sample", Sankhyā A 25 (1963).
    """
    x = np.asarray(values, np.float64)
    ordered, cut = np.sort(x, axis=None), int(CUT * x.size)
    held = np.clip(x, ordered[cut], ordered[x.size - cut - 1])
    return np.asarray(interquartile_mean(x) + (held - held.mean()) * x.size / (x.size - 2 * cut))


def win_share(a: ArrayLike, b: ArrayLike) -> tuple[float, float, float]:
    """Return the shares of pairs in which a run of arm a is above one of arm b, alike, below. a: (S,), b: (T,).

    P(a > b) + P(a = b)/2 is the probability of improvement of Agarwal et al. (2021): every run of the one beside every
    run of the other.
    """
    x, y = np.asarray(a, np.float64)[:, None], np.asarray(b, np.float64)[None, :]
    return float((x > y).mean()), float((x == y).mean()), float((x < y).mean())


def splits_needed(strata: Sequence[Stratum], margin: float, power: float = 0.8) -> int | None:
    """Return about how many splits of each data set would tell the mean from a margin; None where none would.

    More splits of the same rows leave what their overlap leaves uncertain: R of them have a variance of
    (1/R + overlap) s².
    """
    from statistics import NormalDist

    mean = _mean(strata)
    away = abs(mean.value - margin)
    if not np.isfinite(mean.error) or away == 0:
        return None
    normal = NormalDist()
    needed = (away / (normal.inv_cdf(0.975) + normal.inv_cdf(power))) ** 2
    spread = np.array([stratum.values.var(ddof=1) for stratum in strata]) / len(strata) ** 2
    left = needed - float((spread * np.array([stratum.overlap for stratum in strata])).sum())
    return int(np.ceil(spread.sum() / left)) if left > 0 else None
