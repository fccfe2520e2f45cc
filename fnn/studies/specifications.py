"""Specifications of a claim: the combinations of levels of its nuisance and of ways to measure it; what each trains."""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from fnn.errors import InvalidSetting
from fnn.studies.model import Arm, Claim, Level
from fnn.studies.parse_nuisance import BEST, MEASURE, STATED
from fnn.studies.requests import Key, run_key

BestRate = Callable[[Arm], float]


class Specification(NamedTuple):
    """A claim, measured in one way, and settings of its arms. levels: the label on each axis; `lr` may be `best`."""

    claim: Claim
    levels: dict[str, str]
    settings: dict[str, Any]

    @property
    def known_settings(self) -> dict[str, Any]:
        """The settings but for a rate that is still to be searched."""
        return {name: value for name, value in self.settings.items() if (name, value) != ("lr", BEST)}

    @property
    def at_best_rate(self) -> bool:
        """Whether each arm has the rate that is best for it."""
        return self.settings.get("lr") == BEST

    @property
    def is_stated(self) -> bool:
        """Whether it is what the claim itself says: the same runs, measured in the same way."""
        as_stated = self.levels.get(MEASURE, STATED) == STATED and not self.at_best_rate
        return as_stated and run_keys(self.claim, self.settings) == run_keys(self.claim, {})


def specifications(claim: Claim, nuisance: Mapping[str, Sequence[Level]]) -> list[Specification]:
    """Return the combinations to try: of the levels that make a difference, with every way to measure the claim."""
    every = {name: effective_levels(claim, nuisance[name]) for name in claim.nuisance}
    axes = {name: levels for name, levels in every.items() if len(levels) > 1}
    measured = [(STATED, claim), *((a.label, claim.measured(a)) for a in claim.alternatives)]
    made: list[Specification] = []
    for levels in product(*axes.values()):
        settings = {name: value for level in levels for name, value in level.settings.items()}
        labels = {name: level.label for name, level in zip(axes, levels, strict=True)}
        for label, way in measured:
            own = {MEASURE: label} if claim.alternatives else {}
            specification = Specification(way, {**labels, **own}, settings)
            if run_keys(way, specification.known_settings) is not None:
                made.append(specification)
    return made


def effective_levels(claim: Claim, levels: Sequence[Level]) -> list[Level]:
    """Return the levels of an axis that train something of their own, without settings in which the arms differ.

    Those are what the claim is about. The best rate is not known yet, and stays.
    """
    ways = [claim, *(claim.measured(a) for a in claim.alternatives if a.arms)]
    arms = [arm for way in ways for arm in way.arms]
    about = {name for arm in arms for name in arm.settings if len({_typed(a, name) for a in arms}) > 1}
    kept: dict[Any, Level] = {}
    for level in levels:
        settings = {name: value for name, value in level.settings.items() if name not in about}
        is_best = settings.get("lr") == BEST
        key = level.label if is_best else tuple(run_keys(way, settings) for way in ways)
        kept.setdefault(key, Level(level.label, settings))
    return list(kept.values())


def _typed(arm: Arm, name: str) -> tuple[type, Any]:
    """Return a setting with its type: true equals 1, and is no rate."""
    return type(arm.settings.get(name)), arm.settings.get(name)


def run_keys(claim: Claim, changes: Mapping[str, Any]) -> tuple[Key, ...] | None:
    """Return what would be trained for a claim; None where settings do not go together."""
    try:
        return tuple(run_key(arm.under(changes).trial) for arm in claim.arms)
    except InvalidSetting:
        return None


def specified_arms(specification: Specification, best: BestRate) -> tuple[Arm, ...]:
    """Return the arms of a specification, each at the rate best for it where that is asked for."""
    arms = tuple(arm.under(specification.known_settings) for arm in specification.claim.arms)
    if not specification.at_best_rate:
        return arms
    return tuple(arm.under({"lr": best(arm)}) for arm in arms)
