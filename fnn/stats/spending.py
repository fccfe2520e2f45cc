"""Alpha spending: how much of an error rate each of several looks at growing data may spend."""

from collections.abc import Sequence


def look_levels(runs: Sequence[int], alpha: float) -> list[float]:
    """Return the level of each look, from how many runs there are then: in proportion to those that are new.

    The levels sum to alpha, so all looks together err in at most that share of cases, however they depend on each
    other: a test at a look has to hold its own level, and nothing more. Early looks get little. Lan & DeMets, "Discrete
    sequential boundaries for clinical trials", Biometrika 70 (1983); α·t is the spending function of power 1 of Kim &
    DeMets, Biometrika 74 (1987).
    """
    return [alpha * (now - before) / runs[-1] for before, now in zip([0, *runs], runs, strict=False)]
