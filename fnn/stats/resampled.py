"""Means over splits of one table, and their differences: what the overlap of the splits leaves certain of them.

The parts that are trained on share rows, so scores of splits are not independent, and their spread says too little of
how far their mean may be off. Nadeau & Bengio, "Inference for the generalization error", Mach. Learn. 52 (2003), take
test rows / training rows for the ratio of covariance to what is left of the variance, which makes the variance of the
mean of R splits (1/R + test rows / training rows) · s², with t of R − 1 degrees of freedom. Repeated folds are R =
folds · repeats splits; Bouckaert & Frank, "Evaluating the replicability of significance tests for comparing learning
algorithms", PAKDD 2004.

A score of a split is of the ensemble trained on it, or the mean over its seeds: seeds of a split are no splits.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fnn.stats.comparisons import Comparison, holm
from fnn.stats.intervals import Interval

Array = NDArray[np.float64]


def corrected_interval(values: ArrayLike, train_rows: float, test_rows: float, confidence: float = 0.95) -> Interval:
    """Return the mean of a score over splits, with the interval corrected for their overlap. values: (R,).

    train_rows, test_rows: of a split, on average. test_rows 0 is no overlap: the usual interval of a mean. One split,
    or a value that is not finite, leaves everything possible: −∞ to ∞. Raises ValueError without a value.
    """
    v = np.asarray(values, np.float64)
    if v.ndim != 1 or not v.size:
        raise ValueError(f"values: got shape {v.shape}; expected a value for each split, at least one")
    mean, low, high, _ = _differences(v[None], _factor(len(v), train_rows, test_rows), confidence)[:, 0]
    return Interval(float(mean), float(low), float(high))


def _factor(splits: int, train_rows: float, test_rows: float) -> float:
    """Return the variance of the mean of scores over the variance of a score."""
    if not (train_rows > 0 and 0 <= test_rows < math.inf):
        raise ValueError(f"train_rows, test_rows: got {train_rows}, {test_rows}; expected above 0, at least 0")
    return 1 / splits + test_rows / train_rows


def _finite(values: Array) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(values).all(axis=1))


def _differences(values: Array, factor: float, confidence: float) -> Array:
    """Return mean, low, high, and p of a mean of 0, of each row of values (M, R). → (4, M)"""
    from scipy.special import stdtr, stdtrit

    splits, finite = values.shape[1], _finite(values)
    safe = np.where(finite[:, None], values, 0.0)
    with np.errstate(invalid="ignore"):  # infinities of both signs
        mean = np.where(finite, safe.mean(axis=1), values.mean(axis=1))
    if splits == 1:
        return np.array([mean, *np.full((2, len(mean)), [[-np.inf], [np.inf]]), np.ones(len(mean))])
    # Values that are all alike have no spread, where their mean may differ from them in its last bit.
    alike = (safe == safe[:, :1]).all(axis=1)
    error = np.where(alike, 0.0, np.sqrt(factor * safe.var(axis=1, ddof=1)))
    half = np.where(finite, stdtrit(splits - 1, (1 + confidence) / 2) * error, np.inf)
    t = np.divide(np.abs(mean), error, out=np.where(mean == 0, 0.0, np.inf), where=error > 0)
    p = np.where(finite, 2 * stdtr(splits - 1, -t), 1.0)
    middle = np.where(finite, mean, 0.0)
    return np.array([mean, middle - half, middle + half, p])


# ---- settings compared ----


class BestComparison(NamedTuple):
    """Settings compared with the best of them, which has the best mean score over splits.

    differences: of each setting's score from the best's, with its corrected interval (of this one difference) and p;
    of the best from itself: 0. p_adjusted: (A,). worse: (A,), whether a setting can be told from the best.
    """

    best: int
    means: tuple[Interval, ...]
    differences: tuple[Comparison, ...]
    p_adjusted: Array
    worse: NDArray[np.bool_]


def compare_with_best(
    scores: ArrayLike, train_rows: float, test_rows: float, lower_is_better: bool, confidence: float = 0.95
) -> BestComparison:
    """Return which settings can be told from the best. scores: (A, R), column k of all settings from the same split.

    p: of the corrected t-test of the paired differences. p_adjusted: Holm's, over all pairs of settings, as the best is
    chosen by the same scores: of settings that are all alike, the best and the worst differ more than two named
    beforehand. Where a score is not finite, its setting failed: it is worse than the best, whatever p, unless all did.
    Raises ValueError unless there are a setting and a split.
    """
    x = np.asarray(scores, np.float64)
    if x.ndim != 2 or not x.size:
        raise ValueError(f"scores: got shape {x.shape}; expected settings × splits, at least one of each")
    factor = _factor(x.shape[1], train_rows, test_rows)
    failed = ~_finite(x)
    means = np.where(failed, np.inf, np.where(failed[:, None], 0.0, x).mean(axis=1) * (1 if lower_is_better else -1))
    best = int(means.argmin())
    intervals = tuple(corrected_interval(row, train_rows, test_rows, confidence) for row in x)
    differences = tuple(Comparison(*map(float, row)) for row in _against(x, best, factor, confidence).T)
    adjusted = _adjusted(x, best, failed, factor)
    worse = (adjusted < 1 - confidence) | (failed & (not failed[best]))
    return BestComparison(best, intervals, differences, adjusted, worse)


def _against(x: Array, setting: int, factor: float, confidence: float = 0.95) -> Array:
    """Return effect, low, high and p of every setting's difference from one of them. x: (A, R) → (4, A)"""
    with np.errstate(invalid="ignore"):  # both infinite
        return _differences(x - x[setting], factor, confidence)


def _adjusted(x: Array, best: int, failed: NDArray[np.bool_], factor: float) -> Array:
    """Return the p of every setting's difference from the best, adjusted for there being all pairs. → (A,)"""
    p = np.array([_against(x, setting, factor)[3] for setting in range(len(x))])
    pairs = np.triu(~(failed | failed[:, None]), 1)
    adjusted = np.ones_like(p)
    adjusted[pairs] = holm(p[pairs])
    return np.asarray(np.minimum(adjusted[best], adjusted[:, best]))
