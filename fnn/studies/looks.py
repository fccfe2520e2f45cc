"""Looks: when a study's claims are tested, planned before the first run; a claim that is decided is trained no further.

Without `until_decided` there is one look, at all runs. With it there are several, at each of which a study may err at a
level of its own (`stats.spending`), together at most at LEVEL, over all looks and claims. For comparing agents of
reinforcement learning so: Mathieu et al., "AdaStop: adaptive statistical testing for sound comparisons of deep RL
agents", Trans. Mach. Learn. Res. (2024), whose tests permute runs where these are exact against a margin.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from fnn.stats.margins import adjusted
from fnn.stats.spending import look_levels
from fnn.studies.contrasts import LEVEL, Effect
from fnn.studies.effects import claim_effect
from fnn.studies.kept import Part
from fnn.studies.model import Study
from fnn.studies.requests import Key, run_key
from fnn.studies.runs import ArmResults
from fnn.studies.verdicts import (
    FALLS_SHORT,
    NO_DIFFERENCE,
    REVERSED,
    SUPPORTED,
    TOO_SMALL,
    UNDECIDED,
    UNTESTABLE,
    Adjusted,
    verdict,
)

# Looks at these shares of the runs, but at no fewer runs of an arm than LEAST, which decide next to nothing. From the
# share HOPE on a claim that all runs would not decide, if they went on as they did, is given up.
SHARES, LEAST, HOPE = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1), 30, 1 / 4

# Which of a claim's two hypotheses each verdict rejects: that the effect is the margin, that there is none. What ends a
# claim is one of these; that none of them is told yet does not.
REJECTED = {
    SUPPORTED: (True, True), REVERSED: (True, True), TOO_SMALL: (True, True), FALLS_SHORT: (True, True),
    NO_DIFFERENCE: (True, False), UNTESTABLE: (False, False),
}  # fmt: skip


class Look(NamedTuple):
    """A look. part: the seeds trained for it; runs: of each arm by then, over all draws.

    level, last_level: what it may spend, and what the last look may.
    """

    number: int
    part: Part
    runs: int
    level: float
    last_level: float

    @property
    def of_draw(self) -> int:
        """The runs of each draw by then."""
        return self.part.of_draw if self.part.end is None else self.part.end

    @property
    def is_last(self) -> bool:
        """Whether no more seeds are planned."""
        return self.of_draw == self.part.of_draw


class Decision(NamedTuple):
    """What is said of a claim, and at which look. arms: their results then. given_up: more runs are not worth it.

    p: corrected for all claims, and for the looks: below LEVEL where the look's own is below its level.
    """

    verdict: str
    effect: Effect
    p: Adjusted
    look: Look
    given_up: bool = False
    arms: Sequence[ArmResults] = ()

    @property
    def is_decided(self) -> bool:
        """Whether there is something to be said of the claim."""
        return self.verdict in REJECTED

    @property
    def rejected(self) -> tuple[bool, bool]:
        """Which of the claim's hypotheses are rejected."""
        return REJECTED.get(self.verdict, (False, False))


def plan(seeds: range, draws: int, *, until_decided: bool) -> list[Look]:
    """Return the looks at a study's runs, `draws` of the data: one, or as planned. All draws are there at each."""
    draws = min(draws, len(seeds))
    of_draw = len(seeds) // draws
    ends = sorted({max(1, round(share * of_draw)) for share in SHARES}) if until_decided else [of_draw]
    ends = [end for end in ends if end * draws >= LEAST or end == of_draw]
    parts = [Part(seeds, draws, begin, end) for begin, end in zip([0, *ends], ends, strict=False)]
    levels = look_levels(ends, LEVEL)
    return [
        Look(number, part, end * draws if end < of_draw else len(seeds), level, levels[-1])
        for number, (part, end, level) in enumerate(zip(parts, ends, levels, strict=True), 1)
    ]


# ---- what is decided at a look ----


def decide(effects: Sequence[Effect | Decision], look: Look) -> list[Decision | None]:
    """Return what is decided of a study's claims at a look, None of those that go on.

    effects: of each claim that goes on, by all its runs so far; of the others what was decided.

    All claims are in the family at every look, and what is rejected once stays rejected. Unless an earlier look erred,
    which its own level pays for, only false hypotheses are; so the first true one to be rejected now has a p that is
    below the level when multiplied by the number of claims with a true one at least: of which the chance, over all of
    them, is at most the level. Maurer & Bretz, "Multiple testing in group sequential trials using graphical
    approaches", Stat. Biopharm. Res. 5 (2013), have this for weighted Bonferroni tests.
    """
    family = adjusted([_p(entry) for entry in effects]).tolist()
    words = [
        entry.verdict if isinstance(entry, Decision) else verdict(entry, Adjusted(*p), len(effects), look.level)
        for entry, p in zip(effects, family, strict=True)
    ]
    going_on = sum(isinstance(entry, Effect) for entry in effects)
    return [
        entry if isinstance(entry, Decision) else _decision(word, entry, Adjusted(*p), look, going_on)
        for word, entry, p in zip(words, effects, family, strict=True)
    ]


def _p(entry: Effect | Decision) -> list[float]:
    """Return p of both hypotheses of a claim: 0 of one that is rejected, 1 of one that is tested no more."""
    effect, rejected = (entry.effect, entry.rejected) if isinstance(entry, Decision) else (entry, None)
    null = math.nan if effect.at_null is None else effect.at_null.two_sided
    if rejected is None:
        return [effect.p, null]
    return [float(not rejected[0]), math.nan if math.isnan(null) else float(not rejected[1])]


def _decision(word: str, effect: Effect, p: Adjusted, look: Look, going_on: int) -> Decision | None:
    given_up = not look.is_last and word == UNDECIDED and is_hopeless(effect, look, going_on)
    if not (look.is_last or given_up or word in REJECTED):
        return None
    # NaN, of no hypothesis, stays.
    overall = Adjusted(*np.minimum(np.multiply(p, LEVEL / look.level), 1.0).tolist())
    return Decision(word, effect, overall, look, given_up)


def is_hopeless(effect: Effect, look: Look, claims: int) -> bool:
    """Return whether all runs would not decide a claim at the last look, if they go on as they did.

    claims: that went on to this look, for which p is corrected. The effect's distance from the margin in standard
    errors grows as those shrink; over draws they shrink little, where runs vary between draws. To give up says nothing,
    and so does not err. Conditional power "under the current trend": Lachin, "A review of methods for futility stopping
    based on conditional power", Stat. Med. 24 (2005).
    """
    from scipy.stats import norm

    now, then = look.of_draw, look.part.of_draw
    if now < round(HOPE * then):
        return False
    grown = then / now
    if effect.variance and sum(effect.variance):
        between, within = effect.variance
        grown = (between + within / now) / (between + within / then)
    return bool(2 * norm.sf(norm.isf(effect.p / 2) * np.sqrt(grown)) * claims >= look.last_level)


def look_at(
    study: Study, results: Mapping[Key, ArmResults], look: Look, draws: int, before: Mapping[str, Decision]
) -> dict[str, Decision]:
    """Return what is decided of claims at a look and before, from the results of all arms so far."""
    arms = {
        claim.id: [results[run_key(arm.trial, draws)] for arm in claim.arms]
        for claim in study.claims
        if claim.id not in before
    }
    effects = [
        claim_effect(claim, arms[claim.id], level=look.level) if claim.id in arms else before[claim.id]
        for claim in study.claims
    ]
    decided = zip(study.claims, decide(effects, look) if effects else (), strict=True)
    return {
        claim.id: decision._replace(arms=arms[claim.id]) if claim.id in arms else decision
        for claim, decision in decided
        if decision
    }
