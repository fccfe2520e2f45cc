"""Verdicts: from the effect of a claim to a word, at an error rate that is kept over all claims of a study.

A claim is a list of comparisons, all of which it says are true. Two hypotheses are tested of each, which cannot be true
together: that its effect is the margin, and that there is none. A verdict says on which side of them it is.
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fnn.stats.comparisons import seeds_needed
from fnn.stats.intervals import Interval
from fnn.stats.margins import adjusted
from fnn.studies.contrasts import LEVEL, Effect

# In the multiverse cells share seeds, and settings that change next to nothing repeat what chance did: where at most
# this share of the cells disagrees, the claim is not called mixed.
CELL_COMPARISONS, TOLERATED = 5, 0.1

SUPPORTED, MIXED, UNDECIDED = "supported", "mixed", "undecided"
# What "not as claimed" can mean, and why nothing can be said.
REVERSED, NO_DIFFERENCE, TOO_SMALL, FALLS_SHORT = "reversed", "no difference", "too small", "falls short"
TOO_FEW, UNTESTABLE = "too few runs", "cannot be tested here"
REFUTED = (REVERSED, NO_DIFFERENCE, TOO_SMALL, FALLS_SHORT)
VERDICTS = (SUPPORTED, *REFUTED, MIXED, UNDECIDED, UNTESTABLE, TOO_FEW)


class Adjusted(NamedTuple):
    """p of a claim's two hypotheses, corrected for all claims of a study: of the margin, and of no difference."""

    margin: float
    null: float


def adjust(effects: Sequence[Effect]) -> list[Adjusted]:
    """Return the corrected p of each effect; of a share alone there is no hypothesis of no difference."""
    rows = [[effect.p, effect.at_null.two_sided if effect.at_null else math.nan] for effect in effects]
    return [Adjusted(*map(float, row)) for row in adjusted(np.reshape(rows, (-1, 2)))]


def verdict(effect: Effect, p: Adjusted, claims: int = 1, level: float = LEVEL) -> str:
    """Return the verdict on an effect. p: corrected; claims: so many; level: at which the study may err at all.

    Supported: beyond the margin. Else, short of it: reversed, if it is the other way; too small, if it is there but not
    worth the name; no difference, if neither can be told; falls short, of a share. Where the margin is out of reach it
    cannot be tested, and where so few runs could not support it whatever they said, they are too few.
    """
    if p.margin < level and effect.claimed < effect.against:
        return SUPPORTED
    null, sure = effect.at_null, p.null < level
    if p.margin < level and sure and null and null.below < null.above:
        return REVERSED
    if effect.out_of_reach * claims < level:
        return UNTESTABLE
    if p.margin >= level:
        return TOO_FEW if effect.least * claims >= level else UNDECIDED
    return FALLS_SHORT if null is None else TOO_SMALL if sure else NO_DIFFERENCE


def seeds_to_decide(effect: Effect, runs: int) -> int | None:
    """Return about how many fresh runs (draws, where there are several) would decide an undecided claim.

    In two digits; None where none would.
    """
    units = effect.draws if effect.draws > 1 else runs
    needed = seeds_needed(Interval(effect.effect, effect.low, effect.high), units, effect.margin)
    if needed is None:
        return None
    seeds = max(needed, units + 1)
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
    kinds = [_side(word) for word in cells.verdicts]
    counts, most = Counter(kinds), TOLERATED * len(kinds)
    for side, other in ((True, False), (False, True)):
        if counts[other] > most and (_side(alone) is side or counts[side] > most):
            return MIXED, depends_on(cells)
    return alone, []


def _side(word: str) -> bool | None:
    """Return whether a verdict says that the claim is true, or that it is not; None where it says neither."""
    return True if word == SUPPORTED else False if word in REFUTED else None


def depends_on(cells: Cells) -> list[str]:
    """Return the setting whose values tell supported from refuted best, and those nearly as good, best first.

    How well is the information, in bits, that the value gives about the verdict among the cells that have one; where
    these are of one kind, about which cells have one.
    """
    decided = [k for k, word in enumerate(cells.verdicts) if _side(word) is not None]
    sides = [SUPPORTED if _side(cells.verdicts[k]) else REFUTED[0] for k in decided]
    part = Cells([cells.settings[k] for k in decided], sides)
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
