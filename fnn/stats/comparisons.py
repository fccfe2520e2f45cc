"""Paired comparisons over runs: entry k of both arms is the run of the same seed.

What is compared is better when it is lower, as a loss or a number of epochs; a run that diverged, or never solved its
task, counts as infinite: worse than every finite value, alike with the others that did.
"""

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fnn.stats.intervals import Interval, median_interval, resample, worst


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


def difference_interval(up: int, down: int, runs: int, confidence: float = 0.95) -> Interval:
    """Return (up − down) / runs, for pairs that differ one way and the other, with its interval.

    Tango, "Equivalence test and confidence interval for the difference in proportions for the paired-sample design",
    Stat. Med. 17 (1998); without ties it is Wilson's. Of 200 pairs it covers 94.4–95.6% wherever 4% or more differ, by
    the probability of all counts there can be; Bonett & Price's (2012) 94.4–98.1%, Wald's 91.1–95.3%.
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    return Interval((up - down) / runs, _score_low(up, down, runs, z), -_score_low(down, up, runs, z))


def _discordant(up: int, down: int, runs: int, confidence: float) -> Comparison:
    """Return the difference; p: exact, of up among up + down. McNemar, Psychometrika 12 (1947)."""
    from scipy.stats import binomtest

    p = float(binomtest(up, up + down).pvalue) if up + down else 1.0
    return Comparison(*difference_interval(up, down, runs, confidence), p)


def share_difference(a: ArrayLike, b: ArrayLike, confidence: float = 0.95) -> Comparison:
    """Return by how much the share of true entries of a is above that of b; p by McNemar's exact test. a, b: (S,).

    NaN is not true: such a run did not solve its task.
    """
    x, y = (arm != 0 for arm in _paired(np.nan_to_num(a), np.nan_to_num(b)))
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
    interval, drawn = resample(rows, statistic, seed, confidence, resamples)
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

    Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Stat. 6 (1979). Raises ValueError for
    what is no probability.
    """
    values = np.asarray(p, np.float64)
    bad = values[~((values >= 0) & (values <= 1))]
    if bad.size:
        raise ValueError(f"p: got {bad[0]:g}; expected probabilities, from 0 to 1")
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
