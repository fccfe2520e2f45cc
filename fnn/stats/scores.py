"""Scores of predictions, each for a whole stack of networks at once.

p: (S, N, O), probabilities, or numbers in the target's units; y: (N, O), labels 0 and 1, one-hot ones of many classes,
or numbers; weight: (N,) or None. A score is (S,). Where a prediction is no number, it is NaN, but an accuracy counts
the row as wrong; of no rows it is NaN. A row of weight 2 counts as two, one of weight 0 as none. Of one network there
may be several weights, (D, N), with a score (D,) of each.
"""

from collections.abc import Callable, Mapping
from math import inf
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fnn.checks import one_of
from fnn.elementary import log

Array = NDArray[np.float64]
Compute = Callable[[NDArray[np.floating[Any]], Array, Array], Array]


class Score(NamedTuple):
    """A score: which way is better, and the function for each task that it is of use for: (p, y, weight) → (S,).

    bounds: what it cannot be below and above.
    """

    lower_is_better: bool
    of_task: Mapping[str, Compute]
    bounds: tuple[float, float]

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that it is of use for."""
        return tuple(self.of_task)

    def compute(self, p: ArrayLike, y: ArrayLike, weight: ArrayLike | None, task: str) -> Array:
        """Return the score of each network. p: (S, N, O), y: (N, O), weight: (N,) of 0 and above, or None → (S,).

        weight: (D, N), of one network's rows drawn anew D times, say → (D,).

        Raises InvalidSetting for a task that it is of no use for, ValueError for shapes that do not belong together.
        """
        function = self.of_task[one_of("task", task, self.of_task)]
        predictions, labels = np.asarray(p), np.asarray(y, np.float64)
        weights = np.ones(len(labels)) if weight is None else np.asarray(weight, np.float64)
        several = weights.ndim == 2 and len(predictions) == 1
        if (
            predictions.ndim != 3
            or predictions.shape[1:] != labels.shape
            or (weights.shape[several:] != labels.shape[:1])
        ):
            shapes = f"{predictions.shape}, {labels.shape}, {weights.shape}"
            raise ValueError(f"p, y, weight: got shapes {shapes}; expected (S, N, O), (N, O), (N,)")
        counted = weights.any(axis=0) if several else weights > 0
        if not counted.all():
            predictions, labels, weights = predictions[:, counted], labels[counted], weights[..., counted]
        if not len(labels):
            return np.full(len(weights if several else predictions), np.nan)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            return function(predictions, labels, weights)


def _mean(values: Any, weight: Array) -> Array:
    """Return the weighted mean over rows. values: (S, N) → (S,). No matrix product: its bits depend on S.

    weight: (N,), or (D, N) of values (1, N) → (D,).
    """
    return np.asarray((values * weight).sum(axis=1) / weight.sum(axis=-1))


# ---- classes ----


def _clipped(p: NDArray[np.floating[Any]]) -> Array:
    """Return probabilities in float64, none nearer to 0 and 1 than the resolution of their own dtype."""
    eps = float(np.finfo(p.dtype).eps) if p.dtype.kind == "f" else float(np.finfo(np.float64).eps)
    return np.clip(p.astype(np.float64), eps, 1 - eps)


def _log(q: Array) -> Array:
    """Return ln q, NaN of NaN, in the same bits on every processor: a store may be written by several."""
    return np.where(np.isnan(q), np.nan, log(np.where(np.isnan(q), 1.0, q)))


def _log_loss_of_labels(p: NDArray[np.floating[Any]], y: Array, weight: Array) -> Array:
    """Return the mean over rows and outputs of −[y log p + (1 − y) log(1 − p)]."""
    q = _clipped(p)
    return _mean(-(y * _log(q) + (1 - y) * _log(1 - q)).mean(axis=2), weight)


def _log_loss_of_classes(p: NDArray[np.floating[Any]], y: Array, weight: Array) -> Array:
    """Return the mean over rows of −log p of their class."""
    return _mean(-(y * _log(_clipped(p))).sum(axis=2), weight)


def _accuracy_of_labels(p: NDArray[np.floating[Any]], y: Array, weight: Array) -> Array:
    """Return the share of rows with every output on the side of 1/2 that its label is on."""
    right = np.where(y > 0.5, p > 0.5, p <= 0.5).all(axis=2)
    return _mean(right.astype(np.float64), weight)


def _accuracy_of_classes(p: NDArray[np.floating[Any]], y: Array, weight: Array) -> Array:
    """Return the share of rows whose class is the most probable, the first of several that are."""
    right = (p.argmax(axis=2) == y.argmax(axis=1)) & ~np.isnan(p).any(axis=2)
    return _mean(right.astype(np.float64), weight)


def _brier_of_labels(p: NDArray[np.floating[Any]], y: Array, weight: Array) -> Array:
    """Return the mean over rows and outputs of (p − y)²."""
    return _mean(((p.astype(np.float64) - y) ** 2).mean(axis=2), weight)


def _brier_of_classes(p: NDArray[np.floating[Any]], y: Array, weight: Array) -> Array:
    """Return the mean over rows of the sum over classes of (p − y)², from 0 to 2.

    Brier, "Verification of forecasts expressed in terms of probability", Mon. Weather Rev. 78 (1950).
    """
    return _mean(((p.astype(np.float64) - y) ** 2).sum(axis=2), weight)


def _area(p: NDArray[np.floating[Any]], positive: NDArray[np.bool_], weight: Array) -> Array:
    """Return the probability that a positive row is ranked above a negative one, ties counting half. p: (N,).

    It is the area under the ROC curve; Hanley & McNeil, Radiology 143 (1982). NaN where there is none of either.
    weight: (N,) → (), or (D, N) → (D,).
    """
    if np.isnan(p).any():
        return np.full(weight.shape[:-1], np.nan)
    order = np.argsort(p, kind="stable")
    ranked = p[order]
    first = np.flatnonzero(np.concatenate(([True], ranked[1:] != ranked[:-1])))
    above = np.add.reduceat(np.where(positive, weight, 0.0)[..., order], first, axis=-1)
    below = np.add.reduceat(np.where(positive, 0.0, weight)[..., order], first, axis=-1)
    pairs = above.sum(axis=-1) * below.sum(axis=-1)
    ranks = (above * (np.cumsum(below, axis=-1) - below / 2)).sum(axis=-1)
    return np.asarray(np.where(pairs > 0, ranks / np.where(pairs > 0, pairs, 1.0), np.nan))


def _auc(p: NDArray[np.floating[Any]], y: Array, weight: Array) -> Array:
    """Return the mean over outputs of the area under the ROC curve: of classes, each against the rest.

    An output that has the same label in all rows has none, and is left out; where all have, the score is NaN.
    """
    positive = y > 0.5
    both = np.flatnonzero(positive.any(axis=0) & ~positive.all(axis=0))
    if not both.size:
        return np.full(weight.shape[:-1] or len(p), np.nan)
    # (S, O), or of several weights (1, O, D)
    areas = np.array([[_area(network[:, o], positive[:, o], weight) for o in both] for network in p])
    if areas.ndim == 2:
        return np.asarray(areas.mean(axis=1))
    there = ~np.isnan(areas[0])  # a draw may lack a class
    counts = there.sum(axis=0)
    return np.asarray(np.where(counts, np.where(there, areas[0], 0).sum(axis=0) / np.maximum(counts, 1), np.nan))


# ---- numbers ----


def _by_output(values: Array, weight: Array) -> Array:
    """Return the weighted mean over rows. values: (S, N, O) → (S, O)."""
    return np.stack([_mean(values[:, :, o], weight) for o in range(values.shape[2])], axis=1)


def _rmse(p: NDArray[np.floating[Any]], y: Array, weight: Array) -> Array:
    """Return the root of the mean square of p − y over rows, the mean of them over outputs."""
    return np.asarray(np.sqrt(_by_output((p.astype(np.float64) - y) ** 2, weight)).mean(axis=1))


def _mae(p: NDArray[np.floating[Any]], y: Array, weight: Array) -> Array:
    """Return the mean of |p − y| over rows and outputs."""
    return _mean(np.abs(p.astype(np.float64) - y).mean(axis=2), weight)


def _r2(p: NDArray[np.floating[Any]], y: Array, weight: Array) -> Array:
    """Return 1 − Σ(p − y)² / Σ(y − mean of y)², the mean of them over outputs.

    Of an output with one value, which leaves nothing to explain, it is 1 where it is met exactly, else 0.
    """
    left = _by_output((p.astype(np.float64) - y) ** 2, weight)
    there = _by_output((y - _by_output(y[None], weight)[:, None]) ** 2, weight)
    counted = (weight if weight.ndim == 2 else weight[None])[:, :, None] > 0
    flat = np.where(counted, y, inf).min(axis=1) == np.where(counted, y, -inf).max(axis=1)
    explained = 1 - left / np.where(flat, 1.0, there)
    constant = np.where(np.isnan(left), np.nan, left == 0)
    return np.asarray(np.where(flat, constant, explained).mean(axis=1))


def _for_labels_and_classes(labels: Compute, classes: Compute) -> dict[str, Compute]:
    return {"binary": labels, "multiclass": classes, "multilabel": labels}


SCORES: dict[str, Score] = {
    "log_loss": Score(True, _for_labels_and_classes(_log_loss_of_labels, _log_loss_of_classes), (0, inf)),
    "accuracy": Score(False, _for_labels_and_classes(_accuracy_of_labels, _accuracy_of_classes), (0, 1)),
    "brier": Score(True, _for_labels_and_classes(_brier_of_labels, _brier_of_classes), (0, 2)),
    "auc": Score(False, _for_labels_and_classes(_auc, _auc), (0, 1)),
    "rmse": Score(True, {"regression": _rmse}, (0, inf)),
    "mae": Score(True, {"regression": _mae}, (0, inf)),
    "r2": Score(False, {"regression": _r2}, (-inf, 1)),
}


def scores_of_task(task: str) -> tuple[str, ...]:
    """Return the names of the scores that are of use for a task. Raises InvalidSetting for an unknown task."""
    tasks = dict.fromkeys(name for score in SCORES.values() for name in score.tasks)
    one_of("task", task, tasks)
    return tuple(name for name, score in SCORES.items() if task in score.tasks)


def default_score(task: str) -> str:
    """Return the name of the score that a task is judged by: the first of those that are of use for it."""
    return scores_of_task(task)[0]
