"""A plan: which tables, who answers, how often, and how."""

from collections.abc import Sequence
from typing import NamedTuple

from fnn.checks import number, one_of, optional, whole
from fnn.machine import processors

from .contenders import CONTENDERS, NETWORKS, OWN, REPEATS
from .sets import SETS

# Who answers where nobody is named.
EVERYONE = tuple(name for name, contender in CONTENDERS.items() if contender.unless_named)


class Plan(NamedTuple):
    """What is to be measured: sets and contenders by name, repeats of the folds at most, and how.

    cap: seconds after which nothing new begins.
    """

    sets: tuple[str, ...] = tuple(SETS)
    contenders: tuple[str, ...] = EVERYONE
    repeats: int = REPEATS
    seed: int = 0
    networks: int = NETWORKS
    threads: int | None = None
    cap: float | None = None


def check(plan: Plan) -> Plan:
    """Return a plan that can be run. Raises InvalidSetting for the first thing in it that cannot."""
    for name in plan.sets:
        one_of("sets", name, SETS)
    for name in plan.contenders:
        one_of("contenders", name, CONTENDERS)
    whole(1, REPEATS, f"a whole number from 1 to {REPEATS}")("repeats", plan.repeats)
    whole(0, words="a whole number of at least 0")("seed", plan.seed)
    whole(1, words="a whole number of at least 1")("networks", plan.networks)
    here = processors()
    optional(whole(1, here, f"a whole number from 1 to {here}, the processors there are"))("threads", plan.threads)
    optional(number(0, open_low=True, words="a finite number of seconds above 0"))("cap", plan.cap)
    return plan._replace(threads=plan.threads or here)


def plan(
    peers: bool,
    *,
    sets: str | None = None,
    contenders: str | None = None,
    repeats: int | None = None,
    networks: int | None = None,
    seed: int = 0,
    threads: int | None = None,
    cap: float | None = None,
) -> Plan:
    """Return the plan that is meant by names with commas between, None for all. Raises InvalidSetting as `check` does.

    peers: with everyone who is installed, and not the house alone, where contenders are not named.
    """
    who = tuple(name for name in EVERYONE if peers or name in OWN)
    return check(
        Plan(
            _names(sets, tuple(SETS)), _names(contenders, who), REPEATS if repeats is None else repeats, seed,
            NETWORKS if networks is None else networks, threads, cap,
        )
    )  # fmt: skip


def _names(words: str | None, every: Sequence[str]) -> tuple[str, ...]:
    return tuple(every) if words is None else tuple(word.strip() for word in words.split(","))
