"""The effect of a claim about tables: on each data set from its splits, and over the data sets; and its verdict."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.stats.intervals import Interval
from fnn.stats.levels import draws_interval, draws_sides
from fnn.stats.margins import Sides, adjusted
from fnn.stats.scores import Score
from fnn.stats.strata import (
    Stratum,
    interquartile_parts,
    least_p,
    splits_needed,
    strata_interval,
    strata_sides,
    win_share,
)
from fnn.studies.contrasts import LEVEL, Effect, weakest
from fnn.studies.table_model import ENSEMBLE, IMPROVEMENT, MIDDLE, POPULATION, TableClaim, TableStudy, score_of
from fnn.studies.table_runs import Key, TableScores, setup_of
from fnn.studies.verdicts import FALLS_SHORT, NO_DIFFERENCE, UNDECIDED, Adjusted, verdict

Array = NDArray[np.float64]
Results = Mapping[Key, TableScores]


class DatasetEffect(NamedTuple):
    """An effect on one data set, with its interval over splits; wins, ties, losses: shares of what is compared.

    values: (R,), of each split. room: (R,), the effect if the first arm were perfect; infinite where nothing is best.
    """

    name: str
    interval: Interval
    wins: float
    ties: float
    losses: float
    values: Array
    room: Array
    overlap: float


class TableEffect(NamedTuple):
    """What a claim's comparisons say together, and what the one that is shown says.

    beyond: p of the effect not being above the mirror image of the margin: small where it is not as much worse.
    beneath: of its not being below that. datasets: the shown comparison on each; splits: of each data set that would
    decide, None where none would. population: whether the data sets are taken for a sample.
    """

    effect: Effect
    mirror: Sides
    datasets: tuple[DatasetEffect, ...]
    splits: int | None
    population: bool


def arm_values(claim: TableClaim, study: TableStudy, results: Results, place: int, name: str) -> Array:
    """Return what an arm of a claim scores on each split of a data set, higher being better: (R, S), of ensembles
    (R, 1). Normalized: 0 is the answer that knows no inputs, 1 the best there can be.
    """
    dataset = study.datasets[name]
    scores = results[name, setup_of(study, claim.arms[place], dataset)]
    key, score = score_of(claim.metric, dataset.task)
    values = scores.ensembles[key][:, None] if claim.of == ENSEMBLE else scores.members[key]
    return oriented(values, scores.blind[key][:, None], score, normalized=claim.normalized)


def oriented(values: Array, blind: Array, score: Score, *, normalized: bool) -> Array:
    """Return scores with higher being better; normalized, so that blind is 0 and the best 1."""
    if not normalized:
        return -values if score.lower_is_better else values
    best = score.bounds[0] if score.lower_is_better else score.bounds[1]
    if (blind == best).any():  # there is nothing to learn
        return np.zeros_like(values)
    return (values - blind) / (best - blind)


def table_effect(claim: TableClaim, study: TableStudy, results: Results) -> TableEffect:
    """Return the effect of a claim: of its weakest comparison, as `contrasts.weakest` has it."""
    by_pair = [[_on_dataset(claim, study, results, pair, name) for name in claim.datasets] for pair in claim.pairs]
    joint = [_over_datasets(claim, study, results, pair, each) for pair, each in zip(claim.pairs, by_pair, strict=True)]
    effect = weakest([entry.effect for entry in joint])
    shown = joint[effect.comparison]
    mirror = Sides(*(min(1.0, len(joint) * p) for p in shown.mirror))
    return shown._replace(effect=effect, mirror=mirror)


def _on_dataset(
    claim: TableClaim, study: TableStudy, results: Results, pair: tuple[int, int], name: str
) -> DatasetEffect:
    a, b = (arm_values(claim, study, results, place, name) for place in pair)
    dataset = study.datasets[name]
    scores = results[name, setup_of(study, claim.arms[pair[0]], dataset)]
    confidence = 1 - LEVEL / len(claim.pairs)
    if claim.effect == IMPROVEMENT:
        shares = np.array([win_share(x, y) for x, y in zip(a, b, strict=True)])
        values, room = shares[:, 0] + shares[:, 1] / 2, np.full(len(a), np.inf)
        wins, ties, losses = map(float, shares.mean(axis=0))
    else:
        values, room = a.mean(axis=1) - b.mean(axis=1), _room(claim, dataset.task, b)
        wins, ties, losses = (float(x.mean()) for x in (values > 0, values == 0, values < 0))
    interval = strata_interval([Stratum(values, scores.overlap)], confidence)
    return DatasetEffect(name, _clipped(claim, interval), wins, ties, losses, values, room, scores.overlap)


def _room(claim: TableClaim, task: str, b: Array) -> Array:
    """Return by how much a perfect arm would be better than b, on each split."""
    _, score = score_of(claim.metric, task)
    best = 1.0 if claim.normalized else -score.bounds[0] if score.lower_is_better else score.bounds[1]
    return np.asarray(best - b.mean(axis=1))


def _clipped(claim: TableClaim, interval: Interval) -> Interval:
    """Return the interval of a probability within what one can be."""
    if claim.effect != IMPROVEMENT:
        return interval
    return Interval(interval.estimate, max(interval.low, 0.0), min(interval.high, 1.0))


def _over_datasets(
    claim: TableClaim, study: TableStudy, results: Results, pair: tuple[int, int], each: Sequence[DatasetEffect]
) -> TableEffect:
    """Return one comparison over all data sets of a claim."""
    strata = _strata(claim, study, results, pair, each)
    confidence, population = 1 - LEVEL / len(claim.pairs), len(each) >= POPULATION
    interval = strata_interval(strata, confidence)
    means = np.array([stratum.values.mean() for stratum in strata])
    if population:
        over = draws_interval(means, confidence)
        interval = Interval(interval.estimate, min(interval.low, over.low), max(interval.high, over.high))

    def sides(value: float) -> Sides:
        within = strata_sides(strata, value)
        return within.at_least(draws_sides(means, value)) if population else within

    interval = _clipped(claim, interval)
    room = [Stratum(entry.room, entry.overlap) for entry in each]
    out_of_reach = strata_sides(room, claim.margin).below if all(np.isfinite(entry.room).all() for entry in each) else 1
    effect = Effect(
        name="probability of improvement" if claim.effect == IMPROVEMENT else f"difference in {claim.measured}",
        effect=interval.estimate,
        low=interval.low,
        high=interval.high,
        null=claim.null,
        margin=claim.margin,
        at_margin=sides(claim.margin),
        at_null=sides(claim.null),
        least=min(1.0, 2 * least_p(strata)),
        out_of_reach=out_of_reach,
        wins=float(np.mean([entry.wins for entry in each])),
        ties=float(np.mean([entry.ties for entry in each])),
        losses=float(np.mean([entry.losses for entry in each])),
    )
    mirror = sides(2 * claim.null - claim.margin)
    return TableEffect(effect, mirror, tuple(each), splits_needed(strata, claim.margin), population)


def _strata(
    claim: TableClaim, study: TableStudy, results: Results, pair: tuple[int, int], each: Sequence[DatasetEffect]
) -> list[Stratum]:
    """Return what is averaged over data sets: effects; or the arms' parts in their interquartile means, apart."""
    if claim.aggregate != MIDDLE:
        return [Stratum(entry.values, entry.overlap) for entry in each]
    a, b = (
        interquartile_parts([arm_values(claim, study, results, k, entry.name).mean(axis=1) for entry in each])
        for k in pair
    )
    return [Stratum(row, entry.overlap) for row, entry in zip(a - b, each, strict=True)]


# ---- verdicts ----


class TableVerdict(NamedTuple):
    """A verdict, and p of the effect being the margin, and of there being none, corrected for all claims."""

    word: str
    p_adjusted: float
    p_null_adjusted: float


def table_verdicts(effects: Sequence[TableEffect]) -> list[TableVerdict]:
    """Return the verdicts on the claims of a study, all corrected together.

    Of each claim three hypotheses are tested, of which at most one is true: that the effect is the margin, none, and
    the margin's mirror image. No difference is what lies between margin and mirror image, a region of practical
    equivalence; where the effect is known only to be less than the margin it falls short.
    """
    rows = [[e.effect.p, e.effect.at_null.two_sided if e.effect.at_null else 1.0, e.mirror.two_sided] for e in effects]
    verdicts = []
    for entry, corrected in zip(effects, adjusted(np.reshape(rows, (-1, 3))), strict=True):
        margin, null, mirror = map(float, corrected)
        word = _word(entry, Adjusted(margin, null), mirror, len(effects))
        verdicts.append(TableVerdict(word, margin, null))
    return verdicts


def _word(entry: TableEffect, p: Adjusted, p_mirror: float, claims: int) -> str:
    word = verdict(entry.effect, p, claims)
    equivalent = p_mirror < LEVEL and entry.mirror.above < entry.mirror.below
    return FALLS_SHORT if word == NO_DIFFERENCE and not equivalent else word


def repeats_to_decide(entry: TableEffect, word: str, folds: int) -> int | None:
    """Return about how many repeats of the splits would decide an undecided claim; None where none would."""
    return -(-entry.splits // folds) if word == UNDECIDED and entry.splits else None
