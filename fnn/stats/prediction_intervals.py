"""Intervals for numbers to come: as wide as networks differ and as rows differ from their mean, measured on rows that
the networks have not learnt from.

An interval is mean ± q · √(variance + residual): `variance` between the networks of an ensemble, which differs from row
to row, `residual` of the rows about the ensemble's mean, the same for all rows of an output. q is chosen so that the
given share of rows lies inside, as split conformal prediction has it (Papadopoulos et al., "Inductive confidence
machines for regression", ECML 2002; Lei et al., "Distribution-free predictive inference for regression", J. Am. Stat.
Assoc. 113 (2018), section 5.2, for a scale that differs from row to row).

What is assumed: new rows come from where these came from, and are exchangeable with them; rows of one group are not,
unless new rows are of the same groups. The share is over rows as a whole, not of every kind of rows. Where these rows
also chose the epoch that is kept, and as `residual` is estimated from them as well, the intervals come out slightly
too narrow. Rows held out by other splits have other networks: what is measured there holds for an ensemble as large.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fnn.rng import SPLIT, philox
from fnn.stats.intervals import Interval, wilson

Array = NDArray[np.float64]


class LearnedInterval(NamedTuple):
    """residual: (O,), variance of rows about the mean; q: the factor on the root of both variances, maybe infinite."""

    residual: Array
    q: float


def learn_interval(mean: ArrayLike, variance: ArrayLike, y: ArrayLike, confidence: float = 0.95) -> LearnedInterval:
    """Return what makes intervals of an ensemble's mean and variance over networks. All: (N, O).

    residual is the mean square of y − mean beyond the mean variance, at least 0. q is the ⌈(M + 1) · confidence⌉-th
    smallest of the M = N·O distances |y − mean| / √(variance + residual): outputs share it, each in its own scale. It
    is infinite where there are too few (fewer than 19, at 95%). Raises ValueError for shapes that differ or no row.
    """
    m, v, t = _checked(mean, variance, y)
    residual = np.maximum(((t - m) ** 2 - v).mean(axis=0), 0.0)
    distances = np.sort(_distances(m, v, t, residual), axis=None)
    # Rounding must not lift the product above a whole number.
    rank = math.ceil((len(distances) + 1) * confidence - 1e-9)
    return LearnedInterval(residual, float(distances[rank - 1]) if rank <= len(distances) else math.inf)


def prediction_interval(mean: ArrayLike, variance: ArrayLike, learned: LearnedInterval) -> tuple[Array, Array]:
    """Return the ends of the interval of each row and output. mean, variance: (N, O) → low, high: (N, O)."""
    m, v = np.asarray(mean, np.float64), np.asarray(variance, np.float64)
    half = learned.q * np.sqrt(v + learned.residual) if math.isfinite(learned.q) else np.full(m.shape, np.inf)
    return m - half, m + half


def measured_coverage(mean: ArrayLike, variance: ArrayLike, y: ArrayLike, confidence: float = 0.95) -> Interval | None:
    """Return which share of rows lies inside intervals learnt from other rows, with its Wilson interval.

    Rows are halved at random; each half is measured with what is learnt from the other. All: (N, O). Of several outputs
    it is the mean share, as uncertain as N rows make it. None where the halves are too small for a finite interval.
    """
    m, v, t = _checked(mean, variance, y)
    order = np.argsort(philox(np.zeros(1, np.uint64), -(-len(t) // 4), SPLIT)[0, : len(t)], kind="stable")
    halves = order[: len(t) // 2], order[len(t) // 2 :]
    if not halves[0].size:
        return None
    inside = 0
    for learn, measure in (halves, halves[::-1]):
        learned = learn_interval(m[learn], v[learn], t[learn], confidence)
        if not math.isfinite(learned.q):
            return None
        inside += int((_distances(m[measure], v[measure], t[measure], learned.residual) <= learned.q).sum())
    low, high = wilson(round(inside / t.shape[1]), len(t))
    return Interval(inside / t.size, low, high)


def _checked(mean: ArrayLike, variance: ArrayLike, y: ArrayLike) -> tuple[Array, Array, Array]:
    m, v, t = (np.asarray(values, np.float64) for values in (mean, variance, y))
    if m.ndim != 2 or not m.size or not m.shape == v.shape == t.shape:
        raise ValueError(f"mean, variance, y: got shapes {m.shape}, {v.shape}, {t.shape}; expected N × O of each")
    if not (np.isfinite(m).all() and np.isfinite(t).all() and (v >= 0).all() and np.isfinite(v).all()):
        raise ValueError("mean, variance, y: got what is not finite, or a variance below 0; expected finite numbers")
    return m, v, t


def _distances(mean: Array, variance: Array, y: Array, residual: Array) -> Array:
    """Return |y − mean| in units of √(variance + residual); 0 where both are 0, infinite where only the latter is."""
    error, scale = np.abs(y - mean), np.sqrt(variance + residual)
    beyond = np.where(error > 0, np.inf, 0.0)
    return np.divide(error, scale, out=beyond, where=scale > 0)
