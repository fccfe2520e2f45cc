"""What became of a stack that was trained, as those who train it say it."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.data.samples import Part
from fnn.network.functions import Array
from fnn.network.scores import SCORES

Ints = NDArray[np.int64]


class Outcome(NamedTuple):
    """What became of a stack of S networks; the fields are those of `Results`, `flat`: (S, K) its weights as rows."""

    flat: Array
    loss: NDArray[np.float64]
    score: NDArray[np.float64]
    epochs_to_solve: Ints
    diverged: Ints
    stopped: Ints
    met: NDArray[np.bool_]
    loss_curve: NDArray[np.float32]
    score_curve: NDArray[np.float32]
    validation_loss: NDArray[np.float64]
    validation_score: NDArray[np.float64]
    best_epoch: Ints
    validation_loss_curve: NDArray[np.float32]
    validation_score_curve: NDArray[np.float32]


# What trains stacks, one in each module for a way to train: `fit(stacks, report)`.
Fit = Callable[..., list[Outcome]]


def measure_rows(part: Part) -> int:
    """Return how many numbers measure a network: loss and misses, and the same on what is held out, if anything is."""
    return 4 if part.held_out else 2


def score_totals(part: Part) -> list[float]:
    """Return what the misses are a share of: on what is learnt from, and on what is held out, if anything is."""
    score, bounds = SCORES[part.score], (0, part.training, len(part.x))
    parts = [slice(a, b) for a, b in pairwise(bounds) if b > a]
    return [score.total(part.y[some], part.weight[some]) for some in parts]


def outcome(
    flat: Array,
    measures: NDArray[Any],
    totals: Sequence[float],
    curves: Sequence[NDArray[np.float32]],
    epochs_to_solve: Ints,
    diverged: Ints,
    stopped: Ints,
    met: NDArray[np.bool_],
    best_epoch: Ints,
) -> Outcome:
    """Return what became of S networks.

    measures: (2 or 4, S), see `measure_rows`; curves: (2 or 4, S, P), of scores where those are of misses.
    """
    rows = np.array(measures, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):  # all of one number, or diverged
        rows[1::2] = [(total - misses) / total for total, misses in zip(totals, rows[1::2], strict=True)]
    held_out = len(rows) > 2
    none, nothing = np.full(len(flat), np.nan), np.empty((len(flat), 0), np.float32)
    checked, checked_curves = (rows[2:], curves[2:]) if held_out else ((none, none), (nothing, nothing))
    return Outcome(
        flat, rows[0], rows[1], epochs_to_solve, diverged, stopped, met, curves[0], curves[1],
        checked[0], checked[1], best_epoch, checked_curves[0], checked_curves[1],
    )  # fmt: skip
