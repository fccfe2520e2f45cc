"""What some number of runs would have given, by other runs of the same kind: predictive distributions, and p-values.

A published mean of 25 runs is one draw from the distribution of means of 25 runs, not one run among others.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

# Numbers that stand in memory at a time; runs beyond which those published add nothing to the uncertainty of ours.
_BLOCK, MOST_RUNS = 2**22, 10_000


def harmonic_mean(values: Array, axis: int = -1) -> Any:
    """Return the harmonic mean, of values of 1 at least; an infinite one adds nothing to the sum."""
    with np.errstate(divide="ignore"):  # of nothing but infinite values
        return values.shape[axis] / np.sum(1 / np.maximum(values, 1), axis=axis)


# How a number sums up its runs.
STATISTICS: dict[str, Callable[..., Any]] = {
    "median": np.median, "mean": np.mean, "harmonic mean": harmonic_mean, "fastest": np.min, "slowest": np.max,
}  # fmt: skip


def predicted(
    values: ArrayLike, runs: int, statistics: Sequence[str], *, resamples: int, rng: np.random.Generator
) -> dict[str, Array]:
    """Return what each statistic of `runs` runs could be, sorted (R,), given the values of other such runs, (S,).

    The runs are drawn from a bootstrap resample of the values, a new one each time, so that the statistics vary for
    two reasons: that only so many runs were made there, and that only S were made here. One draw of a resample is a
    draw of the values: for one run these themselves are returned. More than 10,000 runs count as so many. Raises
    ValueError without values. Davison & Hinkley, "Bootstrap methods and their application" (1997), section 6.3.3.
    """
    v = np.sort(np.asarray(values, np.float64))
    if runs == 1 and len(v):
        return dict.fromkeys(statistics, v)
    return {name: np.sort(each) for name, each in draws(v, runs, statistics, resamples=resamples, rng=rng).items()}


def draws(
    values: ArrayLike, runs: int, statistics: Sequence[str], *, resamples: int, rng: np.random.Generator
) -> dict[str, Array]:
    """Return the statistics of `predicted` as they are drawn, those of the same runs at the same place: (R,) each."""
    v = np.asarray(values, np.float64)
    if len(v) == 0:
        raise ValueError("values: got no run; expected at least one")
    runs = min(runs, MOST_RUNS)
    parts: dict[str, list[Array]] = {name: [] for name in statistics}
    size = max(1, _BLOCK // (len(v) + runs))
    for begin in range(0, resamples, size):
        count = min(size, resamples - begin)
        resample = rng.integers(len(v), size=(count, len(v)), dtype=np.int32)
        places = rng.integers(len(v), size=(count, runs), dtype=np.int32)
        made = v[np.take_along_axis(resample, places, axis=1)]
        for name in statistics:
            parts[name].append(STATISTICS[name](made, axis=-1))
    return {name: np.concatenate(each) for name, each in parts.items()}


def two_sided(drawn: Array, published: ArrayLike, rounding: float, least: float = 0.0) -> Array:
    """Return how often what is drawn, sorted (R,), lies as far out as each published number, on its side, twice.

    rounding: by how much the number may have been rounded, either way. least: the least p that there can be.
    """
    count, values = len(drawn), np.asarray(published, np.float64)
    above = count - np.searchsorted(drawn, values - rounding, "left")
    below = np.searchsorted(drawn, values + rounding, "right")
    return np.clip(2 * (np.minimum(above, below) + 1) / (count + 1), least, 1.0)


def fastest_p(values: ArrayLike, runs: int, published: ArrayLike) -> Array:
    """Return p of each published least number of so many runs, given the values of other such runs, (S,); exact.

    A resample of ours has none beyond ours, where the least of others often is. But in one row with theirs ours stand
    in any order with the same probability: that the first j are all ours has probability ∏ (S − i) / (S + runs − i)
    over i < j. Epstein, "Tables for the distribution of the number of exceedances", Ann. Math. Stat. 25 (1954).
    """
    v, told = np.sort(np.asarray(values, np.float64)), np.atleast_1d(np.asarray(published, np.float64))
    places = np.arange(len(v))
    ours_first = np.concatenate([[1.0], np.cumprod((len(v) - places) / (len(v) + runs - places)), [0.0]])
    at_least = ours_first[np.searchsorted(v, told, "left")]
    at_most = 1 - ours_first[np.searchsorted(v, told, "right") + 1]
    return np.asarray(np.minimum(2 * np.minimum(at_least, at_most), 1.0), np.float64)


def slowest_p(values: ArrayLike, runs: int, published: ArrayLike) -> Array:
    """Return p of each published greatest number of so many runs, as `fastest_p` does of the least."""
    return fastest_p(-np.asarray(values, np.float64), runs, -np.asarray(published, np.float64))


def two_sided_interval(drawn: Array, level: float) -> tuple[float, float]:
    """Return the least and the greatest of what is drawn, sorted, whose `two_sided` p is above the level."""
    outside = min(int(np.floor(level * (len(drawn) + 1) / 2)), (len(drawn) + 1) // 2)
    k = max(outside - 1, 0)
    return float(drawn[k]), float(drawn[-1 - k])


def share_p(successes: int, runs: int, published: ArrayLike, of: int) -> Array:
    """Return p of each published number of successes of so many runs, as of the same share as ours; exact.

    Given the successes of both together, those published are hypergeometric: twice the probability of as few, or of
    as many. Fisher, "Statistical methods for research workers" (5th ed., 1934), section 21.02.
    """
    from scipy.stats import hypergeom

    told, back = np.unique(np.atleast_1d(np.asarray(published, np.int64)), return_inverse=True)
    law = hypergeom(runs + of, successes + told, of)
    tail = np.minimum(law.cdf(told), law.sf(told - 1))
    return np.asarray(np.minimum(2 * tail, 1.0)[back], np.float64)


def least_runs(share: float, rounding: float = 0.005) -> tuple[int, int]:
    """Return the least number of runs of which a share is printed so, rounded, and its successes."""
    runs = next(n for n in range(1, 10**6) if abs(round(share * n) / n - share) <= rounding + 1e-12)
    return runs, round(share * runs)
