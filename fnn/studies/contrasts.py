"""Contrasts: what runs say about one arm against another, or against a share, and against the margin of a claim.

Runs are paired by seed. Where data are drawn, runs stand draw by draw, D times n of them: every draw says one effect,
and the interval is of their mean, no narrower than if all runs were of one draw.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fnn.stats.comparisons import difference_interval
from fnn.stats.intervals import Interval, wilson, worst
from fnn.stats.levels import Variance, draws_interval, draws_sides, variance_components
from fnn.stats.margins import Sides, difference_sides, share_sides

LEVEL = 0.05

Array = NDArray[np.float64]


class Effect(NamedTuple):
    """An effect with its interval; above `margin` (below, unless up) it is as claimed. null: no difference, or None.

    at_margin, at_null: one-sided p against each. least: the p at the margin if all of so few runs were as claimed.
    out_of_reach: p of the margin being within reach, where the arm compared with is at its ceiling or both tie at a
    bound. wins, ties, losses: shares of pairs, None of a share alone. draws: D; variance: between and within them, None
    of one draw. comparison: which of the claim's comparisons it is. level: 1 − that of the intervals of them all.
    """

    name: str
    effect: float
    low: float
    high: float
    null: float | None
    margin: float
    at_margin: Sides
    at_null: Sides | None
    least: float
    up: bool = True
    out_of_reach: float = 1.0
    wins: float | None = None
    ties: float | None = None
    losses: float | None = None
    draws: int = 1
    variance: Variance | None = None
    comparison: int = 0
    level: float = LEVEL

    @property
    def claimed(self) -> float:
        """p of the effect not being as claimed: small where it is."""
        return self.at_margin.above if self.up else self.at_margin.below

    @property
    def against(self) -> float:
        """p of the effect being as claimed: small where it is not."""
        return self.at_margin.below if self.up else self.at_margin.above

    @property
    def p(self) -> float:
        """p of the effect being the margin itself."""
        return self.at_margin.two_sided


class Bounds(NamedTuple):
    """Values of a measure beyond which there is nothing: runs at the same one tie, however different they are."""

    low: float = -np.inf
    high: float = np.inf


def difference_effect(
    a: ArrayLike,
    b: ArrayLike,
    margin: float,
    *,
    shares: bool,
    up: bool = True,
    factor: float = 1.0,
    bounds: Bounds = Bounds(),  # noqa: B008, which is a tuple
    draws: int = 1,
    comparisons: int = 1,
    level: float = LEVEL,
) -> Effect:
    """Return by how much arm a is above b (below, unless up): of shares the difference, else the probability of it.

    a, b: (S,), entry k of both of the same seed, draw by draw. The effect is in the direction claimed, ties counting
    half. factor: a is above where it is that many times as much, below where b is; between the two they tie.
    """
    scores = outcomes(a, b, shares=shares, up=up, factor=factor).reshape(draws, -1)
    of_draws, pairs, won, lost = scores.mean(axis=1), scores.size, int((scores > 0).sum()), int((scores < 0).sum())
    # The effect is null + unit (P(up) − P(down)), of which `needed` is the margin.
    null, unit = (0.0, 1.0) if shares else (0.5, 0.5)
    needed, confidence = (margin - null) / unit, 1 - level / comparisons
    ends = _wider(difference_interval(won, lost, pairs, confidence), draws_interval(of_draws, confidence), -1.0)
    name = "probability of improvement" + (f" by a factor {factor:g}" if factor > 1 else "")
    informative = int((_true(b) != up).sum()) if shares else _informative(worst(a), worst(b), up, bounds)
    return Effect(
        name="difference in share" if shares else name,
        effect=null + unit * ends.estimate,
        low=null + unit * ends.low,
        high=null + unit * ends.high,
        null=null,
        margin=margin,
        at_margin=_both(difference_sides(won, lost, pairs, needed), of_draws, needed),
        at_null=_both(difference_sides(won, lost, pairs, 0.0), of_draws, 0.0),
        least=difference_sides(pairs, 0, pairs, needed).two_sided,
        out_of_reach=share_sides(informative, pairs, needed).below if needed > 0 else 1.0,
        wins=won / pairs,
        ties=1 - (won + lost) / pairs,
        losses=lost / pairs,
        draws=draws,
        variance=variance_components(unit * scores) if draws > 1 else None,
        level=level,
    )


def outcomes(a: ArrayLike, b: ArrayLike, *, shares: bool, up: bool = True, factor: float = 1.0) -> Array:
    """Return of each pair whether it is as claimed, 1, the other way round, −1, or a tie, 0: (S,)."""
    x, y = (_true(v) if shares else worst(v) for v in (a, b))
    more, less = (x, y) if up else (y, x)
    wins, losses = (more > less, less > more) if shares else (more > factor * less, less > factor * more)
    return wins.astype(np.float64) - losses


def share_effect(
    successes: ArrayLike, margin: float, *, up: bool, draws: int = 1, comparisons: int = 1, level: float = LEVEL
) -> Effect:
    """Return a share that is claimed to be at least (at most, unless up) the margin. successes: (S,) of 0 and 1."""
    scores = _true(successes).astype(np.float64).reshape(draws, -1)
    count, runs, confidence = int(scores.sum()), scores.size, 1 - level / comparisons
    within = Interval(count / runs, *wilson(count, runs, confidence))
    sides = _both(share_sides(count, runs, margin), scores.mean(axis=1), margin)
    least = share_sides(runs if up else 0, runs, margin).two_sided
    ends = _wider(within, draws_interval(scores.mean(axis=1), confidence), 0.0)
    return Effect(
        "share of runs", ends.estimate, ends.low, ends.high, None, margin, sides, None, least, up, draws=draws,
        variance=variance_components(scores) if draws > 1 else None, level=level,
    )  # fmt: skip


def _true(values: ArrayLike) -> NDArray[np.bool_]:
    """Return which values are true; NaN is not: such a run did not solve its task."""
    return np.asarray(np.nan_to_num(np.asarray(values, np.float64)) != 0)


def _wider(within: Interval, over: Interval, least: float) -> Interval:
    """Return the interval over draws, from `least` to 1, no narrower than if all runs were of one draw.

    Draws that say the same by chance would have an interval without width.
    """
    if not np.isfinite(over.low):
        return within
    low, high = min(within.low, over.low), max(within.high, over.high)
    return Interval(within.estimate, max(low, least), min(high, 1.0))


def _both(within: Sides, effects: Array, value: float) -> Sides:
    """Return what runs and their draws say together against a value: the larger p."""
    return within if len(effects) < 2 else within.at_least(draws_sides(effects, value))


def _informative(x: NDArray[Any], y: NDArray[Any], up: bool, bounds: Bounds) -> int:
    """Return how many pairs could be as claimed: not those where b is at the end of the scale, nor both at one end."""
    tied = ((x <= bounds.low) & (y <= bounds.low)) | ((x >= bounds.high) & (y >= bounds.high))
    return int((~tied & (y < bounds.high if up else y > bounds.low)).sum())


def weakest(effects: Sequence[Effect]) -> Effect:
    """Return what comparisons that are all claimed say together.

    All are as claimed only if each is: an intersection–union test, whose p is the largest and needs no correction
    (Berger, Technometrics 24, 1982). That one is not needs Bonferroni's. Shown is the one that is most against the
    claim where that is likelier, else the one that is least sure to be as claimed.
    """
    count = len(effects)
    claimed, against = max(e.claimed for e in effects), min(1.0, count * min(e.against for e in effects))
    by_lead = sorted(range(count), key=lambda k: (effects[k].effect - effects[k].margin) * (1 if effects[k].up else -1))
    # To so many digits, for p of what is beyond doubt are alike but for the last ones: of those the smallest lead.
    k = min(by_lead, key=lambda k: round(effects[k].against if against < claimed else -effects[k].claimed, 9))
    shown = effects[k]
    sides = Sides(claimed, against) if shown.up else Sides(against, claimed)
    null = shown.at_null and Sides(*(min(1.0, count * p) for p in shown.at_null))
    return shown._replace(
        at_margin=sides, at_null=null, least=max(e.least for e in effects), comparison=k,
        out_of_reach=min(1.0, count * min(e.out_of_reach for e in effects)),
    )  # fmt: skip
