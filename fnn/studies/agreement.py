"""Whether our runs of a reading could be what was published, and how often that answer is wrong.

What was published is a number of successes, a time of them, the fastest and the slowest of them, or some of these: each
is a part with a p-value of its own, that of its having come from runs like ours. A reading agrees unless a part's p is
too low; the level is shared among all parts of all results of a source, so that the right reading, which is the same
for all of them, is called wrong in at most 5% of cases.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.stats import predictive
from fnn.studies.model import Arm, PublishedResult
from fnn.studies.runs import ArmResults

Array = NDArray[Any]
# Numbers of simulated results, or of one that was published, by part: (M,) each.
Numbers = Mapping[str, Array]

EXTREMES = {"fastest": predictive.fastest_p, "slowest": predictive.slowest_p}
LEVEL, RESAMPLES, SIMULATED = 0.05, 4999, 500
# By how much a wrong reading is off, where the rule's errors are simulated: points of a share, a factor on times.
SHARES_OFF, FACTORS_OFF = (0.05, 0.1, 0.2, 0.3), (1.1, 1.25, 1.5, 2.0, 3.0)


def has_stopping_rule(arm: Arm) -> bool:
    """Return whether an arm has a stopping rule."""
    return bool(arm.trial.config.stops)


def succeeded(arm: Arm, results: ArmResults) -> NDArray[np.bool_]:
    """Return whether each run met its stopping rule within the budget; without a rule, whether it is solved: (S,)."""
    return np.asarray(results.met if has_stopping_rule(arm) else results.solved, bool)


def epochs(arm: Arm, results: ArmResults) -> Array:
    """Return the epochs until each run met its stopping rule; without a rule, until it is solved: (S,)."""
    return results.stopped if has_stopping_rule(arm) else results.epochs


def parts(result: PublishedResult) -> tuple[str, ...]:
    """Return what of a result is compared."""
    share = result.successes is not None or result.share is not None or result.at_least is not None
    ends = [name for name in ("fastest", "slowest") if getattr(result, name) is not None]
    return (*(["solved"] if share else []), *(["time"] if result.time is not None else []), *ends)


def least_counts(result: PublishedResult) -> tuple[int | None, int | None]:
    """Return how many runs were made and succeeded, the least that it can have been, as far as the source tells."""
    if result.runs is not None:
        return result.runs, result.successes
    return predictive.least_runs(result.share) if result.share is not None else (None, None)


class Reading(NamedTuple):
    """Our runs of one reading, as they are compared with a result. of: of how many runs its times are.

    times: the values they are drawn from; drawn: what the published time could be, sorted (R,), empty without success.
    """

    result: PublishedResult
    runs: int
    successes: int
    of: int
    times: Array
    drawn: Array


def reading(
    result: PublishedResult, arm: Arm, results: ArmResults, rng: np.random.Generator, of: int | None = None
) -> Reading:
    """Return our runs as they are compared with a result; of: runs whose time was published, by itself the least."""
    success = succeeded(arm, results)
    times = epochs(arm, results)[success].astype(float)
    runs, successes = least_counts(result)
    count = successes
    if result.statistic == "harmonic mean":  # of all runs: one without success takes forever
        times, count = np.where(success, epochs(arm, results), np.inf), runs
    elif count is None and runs is not None:
        count = round(runs * success.mean())
    of = of or max(count or 1, 1)
    drawn = np.empty(0)
    if success.any() and result.time is not None:
        statistic = result.statistic
        drawn = predictive.predicted(times, of, [statistic], resamples=RESAMPLES, rng=rng)[statistic]
    return Reading(result, len(success), int(success.sum()), of, times, drawn)


def _statistic(result: PublishedResult, part: str) -> str:
    return result.statistic if part == "time" else part


def published(result: PublishedResult) -> Numbers:
    """Return the numbers of what was published: (1,) each."""
    numbers = {"solved": least_counts(result)[1], "time": result.time, "fastest": result.fastest}
    numbers |= {"slowest": result.slowest}
    return {part: np.array([numbers[part]]) for part in parts(result) if numbers[part] is not None}


def p_values(ours: Reading, numbers: Numbers) -> dict[str, Array]:
    """Return p of each part being as published, (M,), had it come from runs like ours; 0 of a time without success."""
    from scipy.stats import binom

    runs = least_counts(ours.result)[0]
    p: dict[str, Array] = {}
    for part in parts(ours.result):
        if ours.result.at_least is not None and part == "solved":
            # A bound, not a number of runs: one-sided, and doubled to be of the same kind as the others.
            p[part] = np.atleast_1d(min(2 * binom.cdf(ours.successes, ours.runs, ours.result.at_least), 1.0))
        elif part == "solved":
            p[part] = predictive.share_p(ours.successes, ours.runs, numbers[part], runs or 1)
        elif not ours.successes:
            p[part] = np.zeros(len(numbers[part]))
        elif part in EXTREMES:
            p[part] = EXTREMES[part](ours.times, ours.of, numbers[part])
        else:
            p[part] = predictive.two_sided(
                ours.drawn, numbers[part], ours.result.rounding, least_time_p(len(ours.times))
            )
    return p


def least_time_p(runs: int) -> float:
    """Return the least p of a time compared with so many runs: so often one more lies beyond all of them."""
    return 2 / (runs + 1)


def least_p(ours: Reading, numbers: Numbers) -> Array:
    """Return the least p of all parts, (M,)."""
    p: Array = np.min(np.broadcast_arrays(*p_values(ours, numbers).values()), axis=0)
    return p


# ---- how often the rule errs ----


def simulated(ours: Reading, rng: np.random.Generator, points: float = 0.0, factor: float = 1.0) -> Numbers:
    """Return results that runs like ours could have given, (M,): of a share so many points off, of times by a factor.

    They are drawn from a resample of ours, a new one each time: ours are not known better than that.
    """
    runs, numbers = least_counts(ours.result)[0], dict[str, Array]()
    if "solved" in parts(ours.result) and runs is not None:
        shares = rng.binomial(ours.runs, ours.successes / ours.runs, SIMULATED) / ours.runs
        numbers["solved"] = rng.binomial(runs, np.clip(shares + points, 0, 1))
    times = [part for part in parts(ours.result) if part != "solved"]
    statistics = [_statistic(ours.result, part) for part in times]
    if times:
        made = predictive.draws(ours.times, ours.of, statistics, resamples=SIMULATED, rng=rng)
        numbers |= {part: made[_statistic(ours.result, part)] * factor for part in times}
    return numbers


def agreement(ours: Reading, level: float, rng: np.random.Generator, points: float = 0.0, factor: float = 1.0) -> float:
    """Return how often a reading agrees that is so far off what was published: not at all off is the right one."""
    if ours.result.at_least is not None:
        return _agreement_with_bound(ours, level, points)
    return float((least_p(ours, simulated(ours, rng, points, factor)) > level).mean())


def _agreement_with_bound(ours: Reading, level: float, points: float) -> float:
    """Return how often runs like ours agree with a least share, if their own is so many points below it; exact."""
    from scipy.stats import binom

    least = ours.result.at_least or 0.0
    counts = np.arange(ours.runs + 1)
    agree = 2 * binom.cdf(counts, ours.runs, least) > level
    return float(binom.pmf(counts, ours.runs, max(least - abs(points), 0.0))[agree].sum())


def errors(ours: Reading, level: float, rng: np.random.Generator) -> dict[str, list[tuple[float, float]]]:
    """Return by how much a reading's share and times are off, and how often it agrees all the same.

    Either way off, whichever agrees more often.
    """
    found: dict[str, list[tuple[float, float]]] = {"solved": [], "time": []}
    if "solved" in parts(ours.result):
        share = ours.successes / ours.runs
        for off in SHARES_OFF:
            ways = [way for way in (-off, off) if 0 <= share + way <= 1]
            found["solved"] += [(off, max(agreement(ours, level, rng, way) for way in ways))] if ways else []
    if len(ours.drawn):
        for off in FACTORS_OFF:
            found["time"].append((off, max(agreement(ours, level, rng, factor=way) for way in (off, 1 / off))))
    return found


def wrong_too(
    by_result: Sequence[Sequence[Reading]], joint: Sequence[Sequence[int]], level: float, rng: np.random.Generator
) -> float | None:
    """Return how often a wrong reading agrees beside the right one, on average over which of those tried is right.

    by_result: of each result of a source its readings; joint: each reading of them all, by its place in each. None
    where there is but one, or where a bound was published.
    """
    usable = [
        k for k, places in enumerate(joint) if all(_has_numbers(r[p]) for r, p in zip(by_result, places, strict=True))
    ]
    if len(joint) < 2 or not usable:
        return None
    return float(np.mean([_wrong_beside(by_result, joint, k, level, rng) for k in usable]))


def _has_numbers(ours: Reading) -> bool:
    return ours.result.at_least is None and (ours.successes > 0 or not set(parts(ours.result)) - {"solved"})


def _wrong_beside(
    by_result: Sequence[Sequence[Reading]],
    joint: Sequence[Sequence[int]],
    right: int,
    level: float,
    rng: np.random.Generator,
) -> float:
    agree = np.ones((len(joint), SIMULATED), bool)
    for k, readings in enumerate(by_result):
        numbers = simulated(readings[joint[right][k]], rng)
        of_each = np.array([least_p(each, numbers) > level for each in readings])
        agree &= of_each[[places[k] for places in joint]]
    return float(np.delete(agree, right, axis=0).any(axis=0).mean())


# ---- readings of several results of one source ----


def joint_readings(results: Sequence[PublishedResult]) -> Iterator[tuple[tuple[str, ...], tuple[int, ...]]]:
    """Yield each reading of all that a source's results leave open: its answers, and of each result its arm's place.

    What has the same name in several results is one question, with one answer for all of them.
    """
    questions: dict[str, tuple[str, ...]] = {}
    for result in results:
        questions |= dict(result.open_choices)
    for answers in product(*questions.values()):
        chosen = dict(zip(questions, answers, strict=True))
        yield answers, tuple(_place(result, chosen) for result in results)


def _place(result: PublishedResult, chosen: Mapping[str, str]) -> int:
    """Return the place of the arm that has these answers: arms stand as the product of the choices."""
    place = 0
    for key, names in result.open_choices:
        place = place * len(names) + names.index(chosen[key])
    return place
