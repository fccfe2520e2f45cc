"""Importance of the columns of a table to an ensemble: what its networks lose when a column's values are shuffled.

Breiman, "Random forests", Mach. Learn. 45 (2001), section 10. The inputs that are made of one column are shuffled
together, among the rows that were held out.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.ensembles.evaluation import SplitNetworks, answers, rows_of, score
from fnn.ensembles.problem import Problem
from fnn.rng import PERMUTED, philox
from fnn.stats.importance import importance_interval
from fnn.stats.intervals import Interval
from fnn.stats.scores import SCORES

# So often each column is shuffled, and on so many rows at most of a split; so many networks of all.
REPETITIONS, ROWS, NETWORKS = 5, 1000, 64


class ColumnImportance(NamedTuple):
    """What is lost of a score, in the way that is worse, when each of the columns is shuffled."""

    score: str
    names: tuple[str, ...]
    losses: tuple[Interval, ...]


def column_importance(
    problem: Problem, splits: Sequence[SplitNetworks], part: str, name: str, *, numba: bool
) -> ColumnImportance:
    """Return the importance of every column by this score on a part, with intervals over networks."""
    columns = _columns(problem)
    each = max(1, NETWORKS // len(splits))
    drops = [
        _drops(problem, of_split, rows_of(of_split.split, part)[:ROWS], columns, name, slice(0, each), numba=numba)
        for of_split in splits[:NETWORKS]
        if len(rows_of(of_split.split, part))
    ]
    by_column = np.concatenate(drops, axis=1)  # (columns, networks, repetitions)
    return ColumnImportance(name, tuple(columns), tuple(importance_interval(lost) for lost in by_column))


def _columns(problem: Problem) -> dict[str, NDArray[np.int64]]:
    """Return the places of the inputs that each column has become."""
    columns, start = {}, 0
    for feature in problem.encoder.features:
        width = feature.inputs
        columns[feature.name] = np.arange(start, start + width)
        start += width
    return columns


def _drops(
    problem: Problem,
    of_split: SplitNetworks,
    rows: NDArray[np.int64],
    columns: dict[str, NDArray[np.int64]],
    name: str,
    some: slice,
    *,
    numba: bool,
) -> NDArray[np.float64]:
    """Return what a split's networks lose by each column in each repetition: (columns, networks, repetitions)."""
    x = problem.x[rows]
    sign = 1.0 if SCORES[name].lower_is_better else -1.0
    before = score(problem, name, answers(of_split, x, some, numba=numba), rows)
    drops = np.empty((len(columns), len(before), REPETITIONS))
    for repetition in range(REPETITIONS):
        blocks = -(-len(rows) // 4)
        words = philox(np.zeros(1, np.uint64), blocks, PERMUTED, skip=repetition * blocks)[0, : len(rows)]
        order = np.argsort(words, kind="stable")
        for k, places in enumerate(columns.values()):
            shuffled = x.copy()
            shuffled[:, places] = x[order][:, places]
            after = score(problem, name, answers(of_split, shuffled, some, numba=numba), rows)
            drops[k, :, repetition] = sign * (after - before)
    return drops
