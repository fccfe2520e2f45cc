"""Statistics over runs: intervals, quantiles, and paired comparisons. Runs are always the first axis.

In a comparison entry k of both arms is the run of the same seed. What is compared is better when it is lower, as a
loss or a number of epochs; a run that diverged, or never solved its task, counts as infinite. SciPy is imported where
it is used: the lab's own summary does without.
"""

import math
from collections.abc import Callable, Sequence
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
    met: runs that met a stopping rule, None if none is set; met_interval as `interval`; epochs_to_meet: over those.
    """

    runs: int
    solved: int
    interval: tuple[float, float]
    loss: Spread
    accuracy: Spread
    epochs_to_solve: Spread | None
    diverged: int
    met: int | None = None
    met_interval: tuple[float, float] | None = None
    epochs_to_meet: Spread | None = None


def summarize(results: Results) -> Summary:
    """Return the summary of all runs in results."""
    solved = int(results.solved.sum())
    met = int(results.met.sum()) if any(config.stops for config in results.configs) else None
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
        met=met,
        met_interval=None if met is None else wilson(met, len(results)),
        epochs_to_meet=spread(results.stopped[results.met]),
    )


# ---- intervals ----


class Interval(NamedTuple):
    """An estimate, and the ends of its confidence interval."""

    estimate: float
    low: float
    high: float


def worst(values: ArrayLike) -> NDArray[np.float64]:
    """Return the values with infinity for NaN."""
    v = np.asarray(values, np.float64)
    return np.where(np.isnan(v), np.inf, v)


def median_interval(values: ArrayLike, confidence: float = 0.95) -> Interval:
    """Return the median of values (S,) with its percentile bootstrap interval, of infinitely many resamples.

    The median of a resample is one of the values: it is at most the k-th smallest where at least half of S draws are
    among the k smallest, so its distribution is a binomial tail and needs no drawing. Efron, "Bootstrap methods:
    another look at the jackknife", Ann. Stat. 7 (1979), section 3. Of an even number, the lower end is that of the
    lower of the two middle values, the upper end that of the upper.
    """
    from scipy.stats import binom

    v = np.sort(worst(values))
    k = np.arange(1, len(v) + 1)
    lower, upper = (binom.sf(middle - 1, len(v), k / len(v)) for middle in ((len(v) + 1) // 2, len(v) // 2 + 1))
    tail = (1 - confidence) / 2
    low, high = int(np.searchsorted(lower, tail)), min(int(np.searchsorted(upper, 1 - tail)), len(v) - 1)
    return Interval(float(quantiles(v, [0.5])[0]), float(v[low]), float(v[high]))


def bootstrap(
    arms: ArrayLike,
    statistic: Callable[..., Any],
    *,
    seed: int,
    confidence: float = 0.95,
    resamples: int = 9999,
    method: str = "percentile",
) -> Interval:
    """Return a statistic of runs with its bootstrap interval.

    arms: (S,), or (A, S) of which runs of the same seed are drawn together. statistic: of A arrays and `axis`, such
    as np.mean. method: as SciPy has it; BCa is better for means and the like, percentile for medians.
    Efron & Tibshirani, "An introduction to the bootstrap" (1993), chapters 13 and 14.
    """
    from scipy import stats

    rows = np.atleast_2d(np.asarray(arms, np.float64))
    found = stats.bootstrap(
        tuple(rows), statistic, paired=True, vectorized=True, n_resamples=resamples, confidence_level=confidence,
        batch=max(1, 2**22 // rows.shape[1]), method=method, rng=np.random.default_rng(seed),
    ).confidence_interval  # fmt: skip
    return Interval(float(statistic(*rows, axis=-1)), float(found.low), float(found.high))


# ---- paired comparisons ----


class Comparison(NamedTuple):
    """An effect of arm a against arm b with its 95% interval, and the p-value of there being none."""

    effect: float
    low: float
    high: float
    p: float


def _discordant(up: int, down: int, runs: int, confidence: float) -> Comparison:
    """Return (up − down) / runs for pairs that differ one way and the other.

    Interval: Bonett & Price, "Adjusted Wald confidence interval for a difference of binomial proportions based on
    paired data", J. Educ. Behav. Stat. 37 (2012). p: exact, of up among up + down; McNemar, Psychometrika 12 (1947).
    """
    from scipy.stats import binomtest

    z = NormalDist().inv_cdf((1 + confidence) / 2)
    more, less = (up + 1) / (runs + 2), (down + 1) / (runs + 2)
    half = z * math.sqrt((more + less - (more - less) ** 2) / (runs + 2))
    p = float(binomtest(up, up + down).pvalue) if up + down else 1.0
    return Comparison((up - down) / runs, max(-1.0, more - less - half), min(1.0, more - less + half), p)


def share_difference(a: ArrayLike, b: ArrayLike, confidence: float = 0.95) -> Comparison:
    """Return by how much the share of true entries of a is above that of b; p by McNemar's exact test. a, b: (S,)."""
    x, y = np.asarray(a, bool), np.asarray(b, bool)
    return _discordant(int((x & ~y).sum()), int((y & ~x).sum()), len(x), confidence)


def improvement(a: ArrayLike, b: ArrayLike, confidence: float = 0.95) -> Comparison:
    """Return P(a < b) + P(a = b)/2 over seeds, the probability that a is better; p by the exact sign test.

    1/2 is no difference. a, b: (S,). Agarwal et al., "Deep reinforcement learning at the edge of the statistical
    precipice", NeurIPS 2021, there for runs that are not paired.
    """
    x, y = worst(a), worst(b)
    d = _discordant(int((x < y).sum()), int((y < x).sum()), len(x), confidence)
    return Comparison(0.5 + d.effect / 2, 0.5 + d.low / 2, 0.5 + d.high / 2, d.p)


def signed_rank(a: ArrayLike, b: ArrayLike, confidence: float = 0.95) -> Comparison:
    """Return the median of a − b over seeds with its interval; p by Wilcoxon's signed-rank test. a, b: (S,).

    Two infinite values are a tie; an infinite difference is greater than all finite ones.
    """
    from scipy.stats import wilcoxon

    x, y = worst(a), worst(b)
    with np.errstate(invalid="ignore"):
        d = np.where(x == y, 0.0, x - y)
    effect, low, high = median_interval(d, confidence)
    finite = np.isfinite(d)
    beyond = 2 * np.max(np.abs(d[finite]), initial=0.5)  # in ranks, all that infinity says
    p = float(wilcoxon(np.where(finite, d, np.sign(d) * beyond), zero_method="pratt").pvalue) if d.any() else 1.0
    return Comparison(effect, low, high, p)


def difference(
    a: ArrayLike,
    b: ArrayLike,
    *,
    seed: int,
    statistic: Callable[..., Any] = np.median,
    confidence: float = 0.95,
    resamples: int = 9999,
) -> Interval:
    """Return statistic(a) − statistic(b) with its paired bootstrap interval. a, b: (S,), finite."""

    def apart(x: Any, y: Any, axis: int) -> Any:
        return statistic(x, axis=axis) - statistic(y, axis=axis)

    return bootstrap(np.stack((a, b)), apart, seed=seed, confidence=confidence, resamples=resamples)


def median_ratio(a: ArrayLike, b: ArrayLike, *, seed: int, confidence: float = 0.95, resamples: int = 9999) -> Interval:
    """Return median(a) / median(b) with its paired bootstrap interval. a, b: (S,), finite and above 0."""

    def ratio(x: Any, y: Any, axis: int) -> Any:
        return np.median(x, axis=axis) / np.median(y, axis=axis)

    return bootstrap(np.stack((a, b)), ratio, seed=seed, confidence=confidence, resamples=resamples)


# ---- several tests, and seeds to come ----


def holm(p: ArrayLike) -> NDArray[np.float64]:
    """Return p-values (M,) adjusted for there being M of them: rejecting those below α errs at all in α of studies.

    Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Stat. 6 (1979).
    """
    values = np.asarray(p, np.float64)
    order = np.argsort(values, kind="stable")
    steps = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    adjusted = np.empty(len(values))
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted


def seeds_needed(comparison: Comparison | Interval, runs: int, margin: float = 0.0) -> int | None:
    """Return about how many seeds leave `margin` outside the interval; None where the effect is the margin.

    An interval's half-width falls with the root of the number of seeds.
    """
    effect, low, high = comparison[:3]
    away = abs(effect - margin)
    half = (high - low) / 2
    return math.ceil(runs * (half / away) ** 2) if away > 0 and math.isfinite(half) else None
