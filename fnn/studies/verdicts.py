"""Verdicts: from one number a run to supported, refuted, mixed or undecided.

A claim is a list of comparisons, all of which it says are true: arm a against arm b, paired by seed, or one arm's
share of solved runs against a share. It is as true as the weakest of them. Intervals are Bonferroni's over them.
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from fnn.stats.comparisons import improvement, seeds_needed, share_difference
from fnn.stats.intervals import Interval, wilson

LEVEL = 0.05
# In the multiverse an interval is at 99%, as if it were one of so many, so that half a percent of the cells are on the
# wrong side by chance; where at most this share of them disagrees, the claim is not called mixed. Cells share seeds,
# and settings that change next to nothing, as the precision, repeat what chance did: hence as much as a tenth.
CELL_COMPARISONS, TOLERATED = 5, 0.1

SUPPORTED, REFUTED, MIXED, UNDECIDED = "supported", "refuted", "mixed", "undecided"


class Effect(NamedTuple):
    """An effect with its interval; above `margin` (below, unless up) it is as claimed. null: no difference.

    comparison: which of the claim's comparisons it is.
    """

    name: str
    effect: float
    low: float
    high: float
    p: float
    null: float | None
    margin: float
    up: bool = True
    comparison: int = 0

    @property
    def beyond_margin(self) -> float:
        """How far the interval's nearer end is beyond the margin; negative where it holds the margin or less."""
        return self.low - self.margin if self.up else self.margin - self.high

    @property
    def short_of_margin(self) -> float:
        """How far the interval's farther end falls short of the margin; negative where it gets there."""
        return self.margin - self.high if self.up else self.low - self.margin


def difference_effect(
    a: ArrayLike, b: ArrayLike, margin: float, *, shares: bool, factor: float = 1.0, comparisons: int = 1
) -> Effect:
    """Return by how much a is above b: of shares the difference, else the probability of a being above factor · b.

    a, b: (S,), entry k of both of the same seed.
    """
    confidence = 1 - LEVEL / comparisons
    if shares:
        return Effect("difference in share", *share_difference(a, b, confidence), 0.0, margin)
    name = "probability of improvement" + (f" by a factor {factor:g}" if factor > 1 else "")
    return Effect(name, *improvement(factor * np.asarray(b, np.float64), a, confidence), 0.5, margin)


def share_effect(successes: ArrayLike, margin: float, *, up: bool, comparisons: int = 1) -> Effect:
    """Return a share that is claimed to be at least (at most, unless up) the margin; p by the exact binomial test.

    successes: (S,) of 0 and 1.
    """
    from scipy.stats import binomtest

    count, runs = int(np.sum(successes)), int(np.size(successes))
    low, high = wilson(count, runs, 1 - LEVEL / comparisons)
    p = float(binomtest(count, runs, margin, alternative="greater" if up else "less").pvalue)
    return Effect("share of runs", count / runs, low, high, p, None, margin, up)


def weakest(effects: Sequence[Effect]) -> Effect:
    """Return the comparison that is most against the claim, with the largest p of all.

    That all are true is rejected unless each is: an intersection–union test, which needs no correction.
    Berger, "Multiparameter hypothesis testing and acceptance sampling", Technometrics 24 (1982).
    """
    gaps = [(e.effect - e.margin) * (1 if e.up else -1) for e in effects]
    k = int(np.argmin(gaps))
    return effects[k]._replace(p=max(e.p for e in effects), comparison=k)


def verdict(effect: Effect, p: float) -> str:
    """Return the verdict on an effect; p: after correction for the study's other claims.

    Supported: the interval lies beyond the margin, and p < 0.05. Refuted: it lies short of the margin, so that the
    difference is absent, smaller than worth the name, or the opposite.
    """
    if effect.beyond_margin > 0 and p < LEVEL:
        return SUPPORTED
    return REFUTED if effect.short_of_margin > 0 else UNDECIDED


def seeds_to_decide(effect: Effect, runs: int) -> int | None:
    """Return about how many seeds would decide an undecided claim, in two digits; None where none would."""
    needed = seeds_needed(Interval(effect.effect, effect.low, effect.high), runs, effect.margin)
    if needed is None:
        return None
    seeds = max(needed, runs + 1)
    unit = int(10 ** max(0, math.floor(math.log10(seeds)) - 1))
    return -(-seeds // unit) * unit


# ---- the multiverse ----


class Cells(NamedTuple):
    """The verdicts of a claim under combinations of settings. settings: of each cell; verdicts: of each cell."""

    settings: Sequence[dict[str, str]]
    verdicts: Sequence[str]

    def by(self) -> dict[str, dict[str, Counter[str]]]:
        """Return the verdicts counted under each value of each setting."""
        counts: dict[str, dict[str, Counter[str]]] = {}
        for cell, word in zip(self.settings, self.verdicts, strict=True):
            for name, value in cell.items():
                counts.setdefault(name, {}).setdefault(value, Counter())[word] += 1
        return counts


def overall_verdict(alone: str, cells: Cells) -> tuple[str, list[str]]:
    """Return the verdict over all combinations, and the settings it depends on if it is mixed.

    alone: the verdict under the study's own settings. Mixed is what is supported in more cells than a few, or under the
    study's own settings, and refuted in more than a few; or the other way round.
    """
    counts = Counter(cells.verdicts)
    most = TOLERATED * len(cells.verdicts)
    for word in (SUPPORTED, REFUTED):
        other = REFUTED if word == SUPPORTED else SUPPORTED
        if counts[other] > most and (alone == word or counts[word] > most):
            return MIXED, depends_on(cells)
    return alone, []


def depends_on(cells: Cells) -> list[str]:
    """Return the setting whose values tell supported from refuted best, and those nearly as good, best first.

    How well is the information, in bits, that the value gives about the verdict among the cells that have one; where
    these are of one kind, about which cells have one.
    """
    decided = [k for k, word in enumerate(cells.verdicts) if word in (SUPPORTED, REFUTED)]
    part = Cells([cells.settings[k] for k in decided], [cells.verdicts[k] for k in decided])
    part = part if len(set(part.verdicts)) > 1 else cells
    whole = _bits(Counter(part.verdicts))
    gains = {
        name: whole - sum(_bits(counts) * counts.total() for counts in values.values()) / len(part.verdicts)
        for name, values in part.by().items()
    }
    best = max(gains.values(), default=0.0)
    return [name for name in sorted(gains, key=lambda name: -gains[name]) if gains[name] > max(0.75 * best, 1e-9)]


def _bits(counts: Counter[str]) -> float:
    """Return the entropy of a distribution. Shannon, Bell Syst. Tech. J. 27 (1948)."""
    return -sum(n / counts.total() * math.log2(n / counts.total()) for n in counts.values() if n)
