"""Statistics over runs: intervals, quantiles, and paired comparisons. Runs are always the first axis.

In a comparison entry k of both arms is the run of the same seed. What is compared is better when it is lower, as a
loss or a number of epochs; a run that diverged, or never solved its task, counts as infinite: worse than every finite
value, alike with the others that did. SciPy is imported where it is used: the lab's own summary does without.
"""

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fnn.training.results import Results


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

    The m-th smallest of a resample is at most the k-th smallest value where m or more of its S draws are among the k
    smallest: P(Binomial(S, k/S) ≥ m) = I(k/S; m, S − m + 1), the regularized incomplete beta function, whose inverse
    gives k without drawing. Efron, "Bootstrap methods: another look at the jackknife", Ann. Stat. 7 (1979), section
    3; Maritz & Jarrett, "A note on estimating the variance of the sample median", J. Am. Stat. Assoc. 73 (1978).
    The median is that of `quantiles`. Of an even number, the lower end is that of the lower of the two middle values,
    the upper end that of the upper. A single run is its own interval. Raises ValueError without runs.
    """
    from scipy.special import betaincinv

    v = worst(values)
    runs, tail = len(v), (1 - confidence) / 2
    if runs == 0:
        raise ValueError("values: got no run; expected at least one")
    low, high = (
        max(math.ceil(runs * betaincinv(middle, runs - middle + 1, share)), 1) - 1
        for middle, share in (((runs + 1) // 2, tail), (runs // 2 + 1, 1 - tail))
    )
    ends = np.partition(v, (low, high))
    return Interval(float(quantiles(v, [0.5])[0]), float(ends[low]), float(ends[high]))


# Infinity, where SciPy also takes the standard deviation of what it drew: the square of this is finite.
HUGE = 1e150


def _resampled(
    rows: NDArray[np.float64],
    statistic: Callable[..., Any],
    seed: int,
    confidence: float,
    resamples: int,
    method: str = "percentile",
) -> tuple[Interval, NDArray[np.float64]]:
    """Return the bootstrap interval of a statistic of rows (A, S), and its distribution (resamples,)."""
    from scipy import stats

    def finite(*arms: Any, axis: int) -> Any:
        return np.clip(worst(statistic(*arms, axis=axis)), -HUGE, HUGE)

    runs = rows.shape[1]
    estimate = float(statistic(*rows, axis=-1))
    if runs == 1:  # which SciPy refuses
        return Interval(estimate, estimate, estimate), np.full(resamples, estimate)
    found = stats.bootstrap(
        tuple(rows), finite, paired=True, vectorized=True, n_resamples=resamples, confidence_level=confidence,
        batch=max(1, 2**20 // runs), method=method, rng=np.random.default_rng(seed),
    )  # fmt: skip
    drawn = found.bootstrap_distribution
    drawn = np.where(np.abs(drawn) < HUGE, drawn, np.copysign(np.inf, drawn))
    tail = (1 - confidence) / 2
    # SciPy would interpolate towards what stands for infinity.
    ends = quantiles(drawn, [tail, 1 - tail]) if method == "percentile" else found.confidence_interval
    return Interval(estimate, *map(float, ends)), drawn


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
    as np.mean. method: as SciPy has it. Percentile takes infinite values (and those beyond 1e150 for such) and suits
    medians, whose jackknife, of which BCa makes its correction, takes but a few values; BCa is for smooth statistics
    of finite values. Of means of skewed values both cover too little: 93.5% of 500 lognormal ones.
    Efron & Tibshirani, "An introduction to the bootstrap" (1993), chapters 13 and 14.
    """
    return _resampled(np.atleast_2d(worst(arms)), statistic, seed, confidence, resamples, method)[0]


# ---- paired comparisons ----


class Comparison(NamedTuple):
    """An effect of arm a against arm b with its interval, and the p-value of there being none."""

    effect: float
    low: float
    high: float
    p: float


def _paired(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Return both arms (2, S). Raises ValueError unless they have the same number of runs, at least one."""
    x, y = worst(a), worst(b)
    if x.ndim != 1 or x.shape != y.shape or not x.size:
        raise ValueError(f"a, b: got shapes {x.shape}, {y.shape}; expected a run of each arm for each seed")
    return np.stack((x, y))


def _minus(x: Any, y: Any) -> NDArray[np.float64]:
    """Return x − y, 0 where both are infinite."""
    return np.asarray(np.subtract(x, y, out=np.zeros(np.shape(x)), where=np.not_equal(x, y)))


def _over(x: Any, y: Any) -> NDArray[np.float64]:
    """Return x / y, 1 where both are infinite."""
    return np.asarray(np.divide(x, y, out=np.ones(np.shape(x)), where=np.not_equal(x, y)))


def _score_low(up: int, down: int, runs: int, z: float) -> float:
    """Return where the score test of (up − down) / runs being less gives up, z standard errors below."""
    from scipy.optimize import brentq

    def excess(d: float) -> float:
        # The likeliest share of `down` there can be if the difference is d: the root of a quadratic.
        half = (2 * runs - up + down) * d - up - down
        less = (math.sqrt(half * half + 8 * runs * down * d * (1 - d)) - half) / (4 * runs)
        return up - down - runs * d - z * math.sqrt(max(runs * (2 * less + d * (1 - d)), 0.0))

    estimate = (up - down) / runs
    # From just below the estimate, where without a pair that differs both terms vanish.
    return -1.0 if estimate == -1 else float(brentq(excess, -1.0, estimate - 1e-12))


def _discordant(up: int, down: int, runs: int, confidence: float) -> Comparison:
    """Return (up − down) / runs for pairs that differ one way and the other.

    Interval: Tango, "Equivalence test and confidence interval for the difference in proportions for the paired-sample
    design", Stat. Med. 17 (1998); without ties it is Wilson's. Of 200 pairs it covers 94.4–95.6% wherever 4% or more
    differ, by the probability of all counts there can be; Bonett & Price's (2012) 94.4–98.1%, Wald's 91.1–95.3%.
    p: exact, of up among up + down; McNemar, Psychometrika 12 (1947).
    """
    from scipy.stats import binomtest

    z = NormalDist().inv_cdf((1 + confidence) / 2)
    p = float(binomtest(up, up + down).pvalue) if up + down else 1.0
    low, high = _score_low(up, down, runs, z), -_score_low(down, up, runs, z)
    return Comparison((up - down) / runs, low, high, p)


def share_difference(a: ArrayLike, b: ArrayLike, confidence: float = 0.95) -> Comparison:
    """Return by how much the share of true entries of a is above that of b; p by McNemar's exact test. a, b: (S,)."""
    x, y = _paired(np.asarray(a, bool), np.asarray(b, bool))
    return _discordant(int((x > y).sum()), int((x < y).sum()), len(x), confidence)


def improvement(a: ArrayLike, b: ArrayLike, confidence: float = 0.95) -> Comparison:
    """Return P(a < b) + P(a = b)/2 over seeds, the probability that a is better; p by the exact sign test.

    1/2 is no difference. a, b: (S,). Agarwal et al., "Deep reinforcement learning at the edge of the statistical
    precipice", NeurIPS 2021, there for runs that are not paired.
    """
    x, y = _paired(a, b)
    d = _discordant(int((x < y).sum()), int((y < x).sum()), len(x), confidence)
    return Comparison(0.5 + d.effect / 2, 0.5 + d.low / 2, 0.5 + d.high / 2, d.p)


def signed_rank(a: ArrayLike, b: ArrayLike, confidence: float = 0.95) -> Comparison:
    """Return the median of a − b over seeds with its interval; p by Wilcoxon's signed-rank test. a, b: (S,).

    An infinite difference ranks above all finite ones; ties count in the ranks (Pratt, J. Am. Stat. Assoc. 54, 1959).
    The interval holds whatever the differences look like; the test asks whether they are symmetric about 0, so that
    where they are skewed it may reject while the interval has 0 inside. For one question with one answer there is
    `improvement`.
    """
    from scipy.stats import rankdata, wilcoxon

    d = _minus(*_paired(a, b))
    p = float(wilcoxon(np.sign(d) * rankdata(np.abs(d)), zero_method="pratt").pvalue) if d.any() else 1.0
    return Comparison(*median_interval(d, confidence), p)


def _compared(
    rows: NDArray[np.float64],
    statistic: Callable[..., Any],
    none: float,
    seed: int,
    confidence: float,
    resamples: int,
) -> Comparison:
    """Return a statistic of both arms, rows (2, S), with the p-value of its being `none`.

    p: twice the share of resamples on the far side of none, the least level whose interval has none outside, with
    one resample more on each side; Davison & Hinkley, "Bootstrap methods and their application" (1997), sections 4.4
    and 5. It is never below 2^(1 − S), what S pairs can say by their signs.
    """
    interval, drawn = _resampled(rows, statistic, seed, confidence, resamples)
    side = min((drawn <= none).sum(), (drawn >= none).sum())
    p = max(2 * (side + 1) / (resamples + 1), 2.0 ** (1 - rows.shape[1]))
    return Comparison(*interval, min(float(p), 1.0))


def difference(
    a: ArrayLike,
    b: ArrayLike,
    *,
    seed: int,
    statistic: Callable[..., Any] = np.median,
    confidence: float = 0.95,
    resamples: int = 9999,
) -> Comparison:
    """Return statistic(a) − statistic(b) with its paired bootstrap interval; none is 0. a, b: (S,).

    statistic: of an array and `axis`. Both infinite are no difference; np.median calls the middle of a finite and an
    infinite value infinite.
    """

    def apart(x: Any, y: Any, axis: int) -> Any:
        return _minus(statistic(x, axis=axis), statistic(y, axis=axis))

    return _compared(_paired(a, b), apart, 0.0, seed, confidence, resamples)


def median_ratio(
    a: ArrayLike, b: ArrayLike, *, seed: int, confidence: float = 0.95, resamples: int = 9999
) -> Comparison:
    """Return median(a) / median(b) with its paired bootstrap interval; none is 1. a, b: (S,), above 0.

    Both infinite are no difference. Raises ValueError if a value is not above 0.
    """
    rows = _paired(a, b)
    if not (rows > 0).all():
        raise ValueError(f"a, b: got {rows.min():g}; expected values above 0")

    def ratio(x: Any, y: Any, axis: int) -> Any:
        return _over(np.median(x, axis=axis), np.median(y, axis=axis))

    return _compared(rows, ratio, 1.0, seed, confidence, resamples)


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


def seeds_needed(
    comparison: Comparison | Interval, runs: int, margin: float = 0.0, power: float = 0.8, confidence: float = 0.95
) -> int | None:
    """Return how many seeds would leave `margin` outside the interval; None where no number can be told.

    If the true effect is the one found, they do so with probability `power`. The side of the interval towards the
    margin is z standard errors, z = Φ⁻¹((1 + confidence)/2), which fall with the root of the number of seeds:
    runs · (side / |effect − margin| · (1 + Φ⁻¹(power) / z))², the sample size of a test of a mean of pairs. margin:
    the smallest difference worth the name, or none at all; of ratios, take logarithms first. power 1/2 asks when the
    interval is expected to end at the margin.
    """
    effect, low, high = comparison[:3]
    away = abs(effect - margin)
    side = effect - low if effect > margin else high - effect
    if not (0 < away < math.inf and side < math.inf):
        return None
    normal = NormalDist()
    factor = 1 + normal.inv_cdf(power) / normal.inv_cdf((1 + confidence) / 2)
    return math.ceil(runs * (factor * side / away) ** 2)
