"""What figures show of runs over epochs and samples: quantiles of curves, shares reached by a value, answers."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fnn.network.functions import predict
from fnn.stats.intervals import quantiles
from fnn.training.results import Results

Array = NDArray[np.floating[Any]]

# Networks that predict at once, so that what they compute stays in a core's cache.
_AT_ONCE = 32


def subsample(count: int, most: int) -> NDArray[np.int64]:
    """Return the indices of at most `most` of `count` points, evenly apart from the first on, and of the last."""
    every = -(-count // most)
    return np.unique(np.append(np.arange(0, count, every), count - 1))


def curve_quantiles(
    curves: Array, probabilities: Sequence[float], most: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the indices of the points kept of curves (S, P), P', and the quantiles over runs there: (Q, P')."""
    points = subsample(curves.shape[1], most)
    return points, quantiles(curves[:, points], probabilities)


def cumulative_share(values: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the distinct finite values of runs (S,) in ascending order, and the share of runs of at most each.

    The empirical distribution function, at its steps; a run that is infinite or NaN counts among the runs.
    """
    v = np.asarray(values, np.float64)
    at, counts = np.unique(v[np.isfinite(v)], return_counts=True)
    return at, np.cumsum(counts) / len(v)


def solved_by_epoch(epochs_to_solve: ArrayLike, budget: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return epochs from 0 to the budget, and the share of runs (S,) solved after each; −1 is a run not solved."""
    epochs = np.asarray(epochs_to_solve, np.float64)
    at, share = cumulative_share(np.where(epochs >= 0, epochs, np.inf))
    last = share[-1:] if len(share) else np.zeros(1)
    return np.concatenate(([0], at, [budget])), np.concatenate(([0], share, last))


def predictions(results: Results, x: Array, most: int | None = None) -> Iterator[Array]:
    """Yield the last output for each sample of the networks, or of the first `most`, some of them at a time.

    x: (N, I) → (some of S, N). Of one output that is it, of softmax over the classes 0 and 1 the probability of 1.
    """
    params = tuple(w[:most] for w in results.params)
    for begin in range(0, len(params[0]), _AT_ONCE):
        part = tuple(w[begin : begin + _AT_ONCE] for w in params)
        yield predict(results.layers[0], part, x)[..., -1]


def answer_share(results: Results, x: Array, most: int | None = None) -> NDArray[np.float64]:
    """Return the share of networks, or of the first `most`, that answer 1 at each sample. x: (N, I) → (N,)."""
    total, networks = np.zeros(len(x)), 0
    for outputs in predictions(results, x, most):
        total += (outputs > 0.5).sum(axis=0)
        networks += len(outputs)
    return total / networks


def wrong_share(results: Results, x: Array, labels: ArrayLike, most: int | None = None) -> NDArray[np.float64]:
    """Return the share of networks, or of the first `most`, that answer each sample wrongly. x: (N, I) → (N,).

    labels: (N,) of 0 and 1. An answer that is not a number is wrong, whatever the label.
    """
    total, networks, wanted = np.zeros(len(x)), 0, np.asarray(labels) > 0.5
    for outputs in predictions(results, x, most):
        total += (~np.isfinite(outputs) | ((outputs > 0.5) != wanted)).sum(axis=0)
        networks += len(outputs)
    return total / networks
