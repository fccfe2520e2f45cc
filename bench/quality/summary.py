"""What all records say together: means of each set with intervals of differences, and ratios over all sets."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from fnn.stats.intervals import Interval
from fnn.stats.resampled import corrected_interval

from .contenders import TITLES
from .measures import BINS
from .record import Record
from .sets import SETS

OURS = "fnn"


class Score(NamedTuple):
    """What one scores on one set, the means over its splits, None where there are none.

    error: 1 − accuracy, or of numbers the root of the mean square; difference: how much more (above 0) the ensemble's
    error is on the same splits, with its corrected interval; against, log_loss_against, brier_against: the ensemble's
    over it, each a quotient of means over the same splits. coverage, width: of intervals for numbers. fit, predict:
    median seconds; speed: how many times as long as the ensemble it takes to learn.
    """

    of: str
    who: str
    repeats: int
    error: float | None
    log_loss: float | None
    brier: float | None
    calibration_error: float | None
    coverage: float | None
    width: float | None
    fit: float | None
    predict: float | None
    difference: list[float] | None
    against: float | None
    log_loss_against: float | None
    brier_against: float | None
    speed: float | None


class Overall(NamedTuple):
    """What one scores over all its sets. Ratios are the ensemble's over its own: geometric means, with intervals.

    Intervals are of sets such as these, t's on logarithms: [mean, low, high]. classes, numbers: of the sets of each.
    calibration_error, coverage: means. repeats: the fewest and the most of a set. speed: over the sets that were timed,
    of which there are so many. reliability: shares of answers by confidence, of which each set's weigh alike.
    """

    who: str
    sets: int
    repeats: list[int]
    error: list[float] | None
    classes: list[float] | None
    numbers: list[float] | None
    log_loss: list[float] | None
    brier: list[float] | None
    calibration_error: float | None
    coverage: float | None
    speed: float | None
    timed: int
    reliability: dict[str, list[float]] | None


def scores(records: Sequence[Record]) -> list[Score]:
    """Return what each who answered scores on each set, in the order of `SETS` and `TITLES`."""
    by: dict[tuple[str, str], dict[int, Record]] = {}
    for record in records:
        if not record.failed:
            by.setdefault((record.of, record.who), {})[record.repeat] = record
    return [_score(by[of, who], by.get((of, OURS), {})) for of in SETS for who in TITLES if (of, who) in by]


def _splits(records: Iterable[Record], name: str) -> list[float]:
    return [value for record in records for value in record.folds.get(name, ())]


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _score(theirs: dict[int, Record], ours: dict[int, Record]) -> Score:
    first, both = next(iter(theirs.values())), sorted(theirs.keys() & ours.keys())

    def mean(name: str) -> float | None:
        return _mean(_splits(theirs.values(), name))

    def median(name: str) -> float | None:
        values = _splits(theirs.values(), name)
        return float(np.median(values)) if values else None

    def pair(name: str) -> tuple[list[float], list[float]]:
        there = [k for k in both if name in ours[k].folds and name in theirs[k].folds]
        return _splits((ours[k] for k in there), name), _splits((theirs[k] for k in there), name)

    # An error of none in so many rows is counted as half a row, for ratios.
    least = 0.5 / (sum(first.rows) * max(1, len(both))) if first.reliability else 0.0
    errors = [record.calibration_error for record in theirs.values() if record.calibration_error is not None]
    return Score(
        of=first.of,
        who=first.who,
        repeats=len(theirs),
        error=mean("error"),
        log_loss=mean("log_loss"),
        brier=mean("brier"),
        calibration_error=_mean(errors),
        coverage=mean("coverage"),
        width=mean("width"),
        fit=median("fit"),
        predict=median("predict"),
        difference=_difference(*pair("error"), *first.rows),
        against=_ratio(*pair("error"), least),
        log_loss_against=_ratio(*pair("log_loss")),
        brier_against=_ratio(*pair("brier")),
        speed=_speed(*pair("fit")),
    )


def _difference(ours: list[float], theirs: list[float], train: float, test: float) -> list[float] | None:
    if not ours:
        return None
    interval = list(map(float, corrected_interval(np.subtract(ours, theirs), train, test)))
    return interval if all(map(math.isfinite, interval)) else None


def _ratio(ours: Sequence[float], theirs: Sequence[float], least: float = 0.0) -> float | None:
    """Return the quotient of two means, each at least so much; None where there is nothing, or nothing to divide by."""
    if not ours or not theirs:
        return None
    above, below = max(float(np.mean(ours)), least), max(float(np.mean(theirs)), least)
    return above / below if above > 0 and below > 0 and math.isfinite(above / below) else None


def _speed(ours: Sequence[float], theirs: Sequence[float]) -> float | None:
    return float(np.median(theirs) / np.median(ours)) if ours and theirs else None


def overall(all_scores: Sequence[Score], records: Sequence[Record]) -> list[Overall]:
    """Return what each who answered scores over its sets."""
    return [
        _overall(who, [score for score in all_scores if score.who == who], records)
        for who in TITLES
        if any(score.who == who for score in all_scores)
    ]


def _overall(who: str, its: Sequence[Score], records: Sequence[Record]) -> Overall:
    kinds = {numbers: [s.against for s in its if SETS[s.of].numbers == numbers] for numbers in (False, True)}
    speed = geometric_mean([s.speed for s in its])
    return Overall(
        who=who,
        sets=len(its),
        repeats=[min(s.repeats for s in its), max(s.repeats for s in its)],
        error=geometric_mean([s.against for s in its]),
        classes=geometric_mean(kinds[False]),
        numbers=geometric_mean(kinds[True]),
        log_loss=geometric_mean([s.log_loss_against for s in its]),
        brier=geometric_mean([s.brier_against for s in its]),
        calibration_error=_mean([s.calibration_error for s in its if s.calibration_error is not None]),
        coverage=_mean([s.coverage for s in its if s.coverage is not None]),
        speed=speed[0] if speed else None,
        timed=sum(s.speed is not None for s in its),
        reliability=_reliability([r for r in records if r.who == who and r.reliability]),
    )


def geometric_mean(ratios: Sequence[float | None]) -> list[float] | None:
    """Return the geometric mean of ratios, with its interval at 95%: [mean, low, high]; of one, itself thrice."""
    there = [math.log(ratio) for ratio in ratios if ratio]
    if not there:
        return None
    interval = corrected_interval(there, 1, 0) if len(there) > 1 else Interval(there[0], there[0], there[0])
    return [math.exp(value) for value in interval]


def _reliability(records: Sequence[Record]) -> dict[str, list[float]] | None:
    if not records:
        return None
    total = np.zeros((3, BINS))
    for of in {record.of for record in records}:
        sums = np.zeros((3, BINS))
        for record in records:
            if record.of == of and record.reliability:
                sums += [record.reliability[name] for name in ("counts", "confidence", "right")]
        total += sums / sums[0].sum()
    share, confidence, right = total / total[0].sum()
    there = share > 0
    middle = np.where(there, confidence / np.where(there, share, 1), 0)
    hits = np.where(there, right / np.where(there, share, 1), 0)
    return {"share": share.tolist(), "confidence": middle.tolist(), "right": hits.tolist()}
