"""What answers are worth: errors, probabilities and intervals on rows held out."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.stats.calibration import expected_calibration_error, reliability
from fnn.stats.scores import SCORES

Floats = NDArray[np.float64]

BINS = 10
# Share of numbers that intervals are to hold.
CONFIDENCE = 0.95


class Answers(NamedTuple):
    """What is answered of n rows by M that are judged one by one, and by the mean of what they score.

    p: (M, n, C), probabilities, or (M, n, 1), numbers. fit, predict: seconds, None where they are another's.
    interval: low and high, (n,) each, where there are any.
    """

    p: Floats
    fit: float | None = None
    predict: float | None = None
    interval: tuple[Floats, Floats] | None = None


def one_hot(labels: NDArray[Any], classes: int) -> Floats:
    """Return 1 for each row's class and 0 for the others: (n,) → (n, C)."""
    return np.asarray(np.eye(classes)[labels])


def measure(answers: Answers, y: NDArray[Any], classes: int) -> dict[str, float]:
    """Return the scores of answers on rows y (n,), the mean over those that answered. classes: 0 of numbers.

    error: 1 − accuracy, or of numbers the root of the mean square. Probabilities count as float32 has them, in which
    most were computed: none is nearer to 0 than its resolution.
    """
    if not classes:
        scores = {"error": SCORES["rmse"].compute(answers.p, y[:, None], None, "regression")}
    else:
        p, labels = answers.p.astype(np.float32), one_hot(y, classes)
        scores = {name: SCORES[name].compute(p, labels, None, "multiclass") for name in ("log_loss", "brier")}
        scores["error"] = 1 - SCORES["accuracy"].compute(p, labels, None, "multiclass")
    values = {name: float(of_each.mean()) for name, of_each in scores.items()}
    if answers.interval:
        low, high = answers.interval
        values |= {"coverage": float(((low <= y) & (y <= high)).mean()), "width": float((high - low).mean())}
    seconds = {"fit": answers.fit, "predict": answers.predict}
    return values | {name: value for name, value in seconds.items() if value is not None}


def calibrated(
    folds: Sequence[Answers], y: Sequence[NDArray[Any]], classes: int
) -> tuple[float, dict[str, list[float]]]:
    """Return the calibration error over the rows of all folds, in bins of as many answers, and the reliability.

    The error is the mean over those that answered; the reliability, in bins of one width, counts all their answers.
    """
    labels = one_hot(np.concatenate(y), classes)
    errors, counts, confidence, right = [], np.zeros(BINS), np.zeros(BINS), np.zeros(BINS)
    for m in range(min(len(each.p) for each in folds)):
        p = np.clip(np.concatenate([each.p[m] for each in folds]), 0, 1)
        errors.append(expected_calibration_error(reliability(p, labels, BINS, cut="count")))
        bins = reliability(p, labels, BINS)
        there = bins.counts > 0
        counts += bins.counts
        confidence[there] += (bins.counts * bins.confidence)[there]
        right[there] += (bins.counts * bins.right)[there]
    sums = {"counts": counts, "confidence": confidence, "right": right}
    return float(np.mean(errors)), {name: values.tolist() for name, values in sums.items()}


def folded(values: Sequence[Mapping[str, float]]) -> dict[str, list[float]]:
    """Return the scores of folds under their names."""
    return {name: [each[name] for each in values] for name in values[0]}
