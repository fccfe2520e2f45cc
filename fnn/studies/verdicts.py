"""Verdicts: from the effect of a claim to a word, at an error rate that is kept over all claims of a study.

A claim is a list of comparisons, all of which it says are true. Two hypotheses are tested of each, which cannot be true
together: that its effect is the margin, and that there is none. A verdict says on which side of them it is.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fnn.stats.comparisons import seeds_needed
from fnn.stats.intervals import Interval
from fnn.stats.margins import adjusted
from fnn.studies.contrasts import LEVEL, Effect

SUPPORTED, UNDECIDED = "supported", "undecided"
# What "not as claimed" can mean, and why nothing can be said.
REVERSED, NO_DIFFERENCE, TOO_SMALL, FALLS_SHORT = "reversed", "no difference", "too small", "falls short"
TOO_FEW, UNTESTABLE = "too few runs", "cannot be tested here"
REFUTED = (REVERSED, NO_DIFFERENCE, TOO_SMALL, FALLS_SHORT)
VERDICTS = (SUPPORTED, *REFUTED, UNDECIDED, UNTESTABLE, TOO_FEW)


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
