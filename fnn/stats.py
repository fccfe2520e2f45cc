"""Statistics over runs: intervals and quantiles. Runs are always the first axis."""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fnn.train import Results


def wilson(successes: int, runs: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the score interval of a proportion. Wilson, J. Am. Stat. Assoc. 22 (1927).

    Raises ValueError unless 0 ≤ successes ≤ runs and runs > 0.
    """
    if not 0 <= successes <= runs or runs == 0:
        raise ValueError(f"successes, runs: got {successes}, {runs}; expected 0 <= successes <= runs, runs > 0")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    p, zz = successes / runs, z * z / runs
    centre = (p + zz / 2) / (1 + zz)
    half = z / (1 + zz) * math.sqrt(p * (1 - p) / runs + zz / (4 * runs))
    # The formula gives 0 and 1 exactly at the ends, but for rounding.
    return (0.0 if successes == 0 else centre - half), (1.0 if successes == runs else centre + half)


def quantiles(values: ArrayLike, probabilities: Sequence[float]) -> NDArray[np.float64]:
    """Return quantiles over runs; NaN counts as infinite, the worst a loss can be. (S, ...) → (Q, ...)."""
    v = np.asarray(values, np.float64)
    v = np.where(np.isnan(v), np.inf, v)
    # Between a finite value and infinity there is nothing to interpolate: take a run that is there.
    method: Any = "linear" if np.isfinite(v).all() else "inverted_cdf"
    return np.asarray(np.quantile(v, probabilities, axis=0, method=method))


class Spread(NamedTuple):
    """The quartiles of a number over runs."""

    median: float
    q25: float
    q75: float
    min: float
    max: float


def spread(values: ArrayLike) -> Spread | None:
    """Return the quartiles over runs, None if there is no run. values: (S,)."""
    if np.size(values) == 0:
        return None
    return Spread(*map(float, quantiles(values, [0.5, 0.25, 0.75, 0.0, 1.0])))


class Summary(NamedTuple):
    """What is true of S runs: `solved` of them end with accuracy 1, a share inside `interval` with confidence 95%.

    loss, accuracy: over all runs, one that diverged counting as infinite loss; epochs_to_solve: over the solved.
    """

    runs: int
    solved: int
    interval: tuple[float, float]
    loss: Spread
    accuracy: Spread
    epochs_to_solve: Spread | None
    diverged: int


def summarize(results: Results) -> Summary:
    """Return the summary of all runs in results."""
    solved = int(results.solved.sum())
    loss, accuracy = spread(results.loss), spread(results.accuracy)
    assert loss  # results hold at least one run
    assert accuracy
    return Summary(
        runs=len(results),
        solved=solved,
        interval=wilson(solved, len(results)),
        loss=loss,
        accuracy=accuracy,
        epochs_to_solve=spread(results.epochs_to_solve[results.solved]),
        diverged=int((results.diverged >= 0).sum()),
    )


class Interval(NamedTuple):
    """An estimate with the ends of its interval."""

    estimate: float
    low: float
    high: float


def median_interval(values: ArrayLike, confidence: float = 0.95) -> Interval:
    """TEMPORARY."""
    from scipy.stats import binom
    v = np.sort(np.where(np.isnan(values), np.inf, values)); n = len(v)
    k = np.arange(1, n + 1); m = n // 2 + 1
    cdf = binom.sf(m - 1, n, k / n)
    a = (1 - confidence) / 2
    return Interval(float(quantiles(v, [0.5])[0]), float(v[np.searchsorted(cdf, a)]), float(v[min(n - 1, np.searchsorted(cdf, 1 - a))]))
