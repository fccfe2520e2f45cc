"""What rows that were held out say of an ensemble's answers: of probabilities a temperature, of numbers intervals."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.config import Config
from fnn.ensembles.evaluation import PartAnswers
from fnn.ensembles.presets import TEMPERATURES
from fnn.ensembles.problem import Problem
from fnn.stats.intervals import Interval
from fnn.stats.prediction_intervals import LearnedInterval, learn_interval, measured_coverage
from fnn.stats.temperature import learn_temperature

# Outputs that are probabilities, where classes are learnt.
PROBABILITIES = ("sigmoid", "softmax")


class Calibration(NamedTuple):
    """A temperature of probabilities, and intervals of numbers with their coverage, as `Model` has them."""

    temperature: float = 1.0
    learned_interval: LearnedInterval | None = None
    coverage: Interval | None = None


def calibrate(
    problem: Problem, config: Config, held_out: PartAnswers, temperature: str, weight: NDArray[np.float64] | None
) -> Calibration:
    """Return what is learnt from an ensemble's answers of rows that its networks did not learn from.

    temperature: of `presets.TEMPERATURES`. weight: (N,), how much each row of the problem counts.
    Nothing where there are no rows, or an answer is no number.
    """
    task, rows = problem.target.task, held_out.rows
    if not rows.size or not np.isfinite(held_out.mean).all():
        return Calibration()
    y = problem.target.y[rows]
    if task == "regression":
        learned = learn_interval(held_out.mean, held_out.variance, y)
        if not np.isfinite(learned.q):
            return Calibration()
        return Calibration(1.0, learned, measured_coverage(held_out.mean, held_out.variance, y))
    if not TEMPERATURES[temperature] or config.output not in PROBABILITIES:
        return Calibration()
    return Calibration(learn_temperature(task, held_out.mean, y, None if weight is None else weight[rows]))
