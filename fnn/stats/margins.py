"""Tests against a margin: how unlikely the pairs are if the effect is at most, or at least, so much.

Every p is one-sided, and exact: under its hypothesis it is below α with probability at most α, whatever is not known.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

# The confidence with which the share of pairs that differ is bounded is 1 − BETA, which is added to p. Of more pairs
# than EXACT the normal distribution says the same.
BETA, EXACT, STEPS = 1e-5, 20_000, 16


class Sides(NamedTuple):
    """p of the effect being at most a value, small where it is above; and of its being at least that."""

    above: float
    below: float

    @property
    def two_sided(self) -> float:
        """p of the effect being that value."""
        return min(1.0, 2 * min(self))

    def at_least(self, other: "Sides") -> "Sides":
        """Return the larger p of each side: what two tests say together."""
        return Sides(max(self.above, other.above), max(self.below, other.below))


def share_sides(count: int, runs: int, share: float) -> Sides:
    """Return what count of runs says against a share, by the exact binomial test."""
    from scipy.stats import binom

    return Sides(float(binom.sf(count - 1, runs, share)), float(binom.cdf(count, runs, share)))


def difference_sides(up: int, down: int, runs: int, difference: float) -> Sides:
    """Return what pairs that differ one way and the other say against P(up) − P(down) being some difference.

    How many pairs differ at all is not known: p is the largest over the shares of them that confidence intervals hold,
    and what the intervals may miss. Berger & Boos, "P values maximized over a confidence set for the nuisance
    parameter", J. Am. Stat. Assoc. 89 (1994).
    """
    below = _p_above(down, up, runs, -difference)
    return Sides(_p_above(up, down, runs, difference), below)


@lru_cache(maxsize=2**14)
def _p_above(up: int, down: int, runs: int, difference: float) -> float:
    """Return the p-value of P(up) − P(down) being at most the difference."""
    from scipy.stats import norm

    seen = up - down
    if seen <= runs * difference:  # it is on that side itself
        return 1.0
    # Bounds on the share that differs: from how many do, and from how many are down, of which it is twice and d.
    (low, high), (least, most) = (_bounds(count, runs) for count in (up + down, down))
    low = max(abs(difference), low, 2 * least + difference)
    high = max(low, min(1.0, high, 2 * most + difference))
    differing = np.linspace(low, high, STEPS)
    if runs > EXACT:
        spread = np.sqrt(runs * np.maximum(differing - difference**2, 1e-300))
        tails = norm.sf((seen - 0.5 - runs * difference) / spread)
    else:
        tails = _tails(differing, difference, runs, seen)
    return float(min(1.0, tails.max() + BETA))


def _bounds(count: int, runs: int) -> tuple[float, float]:
    """Return the interval of a share at the confidence 1 − BETA/2. Clopper & Pearson, Biometrika 26 (1934)."""
    from scipy.stats import beta

    low = float(beta.ppf(BETA / 4, count, runs - count + 1)) if count else 0.0
    return low, float(beta.ppf(1 - BETA / 4, count + 1, runs - count)) if count < runs else 1.0


def _tails(differing: NDArray[np.float64], difference: float, runs: int, least: int) -> NDArray[np.float64]:
    """Return the chance that as many more pairs are up than down, for each share of pairs that differ.

    The sum of independent steps of −1, 0 and 1 has the n-th power of their characteristic function.
    """
    up, down = (differing + difference) / 2, (differing - difference) / 2
    size = 1 << (2 * runs).bit_length()
    turn = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    step = (1 - differing)[:, None] + up[:, None] * turn + down[:, None] * turn.conj()
    chances = np.fft.irfft(_power(step, runs), size, axis=1)
    # The sum k stands at k modulo size: from `least` to `runs` above 0, and below 0 where least is.
    places = np.arange(least, runs + 1) % size
    tails: NDArray[np.float64] = np.clip(chances[:, places], 0, None).sum(axis=1)
    return tails


def _power(values: NDArray[np.complex128], exponent: int) -> NDArray[np.complex128]:
    """Return complex values to a whole power by squaring: NumPy takes a logarithm, ten times as long."""
    result = np.ones_like(values)
    while exponent:
        if exponent & 1:
            result = result * values
        values, exponent = values * values, exponent >> 1
    return result


# ---- several hypotheses of several claims ----


def adjusted(p: ArrayLike) -> NDArray[np.float64]:
    """Return p-values (M, H) adjusted for there being M claims, of whose H hypotheses no two can be true together.

    Rejecting those below α errs at all in at most α of studies, as by Holm's procedure with one hypothesis each. At
    every step as many hypotheses may still be true as claims have one left that is not rejected: Shaffer, "Modified
    sequentially rejective multiple test procedures", J. Am. Stat. Assoc. 81 (1986). NaN is no hypothesis, and stays.
    """
    values = np.asarray(p, np.float64)
    order = np.argsort(values, axis=None, kind="stable")
    left = np.isfinite(values).sum(axis=1)
    result = np.full(values.size, np.nan)
    largest = 0.0
    for place in order:
        value = float(values.flat[place])
        if np.isnan(value):
            break  # NaN is sorted to the end
        largest = max(largest, min(1.0, value * int((left > 0).sum())))
        result[place] = largest
        left[place // values.shape[1]] -= 1
    return result.reshape(values.shape)
