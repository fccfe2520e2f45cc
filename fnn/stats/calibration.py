"""Calibration: whether of the answers given with a confidence that share is right."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fnn.checks import one_of
from fnn.stats.intervals import wilson

Array = NDArray[np.float64]

# What a confidence is of, and how bins are cut.
EVENTS = ("top-label", "positive")
CUTS = ("width", "count")


class Reliability(NamedTuple):
    """Bins of answers by their confidence, which is above the lower edge and at most the upper.

    edges: (B + 1,). counts: (B,), answers in each bin. confidence: (B,), their mean confidence. right: (B,), the share
    of them that is right, with its Wilson interval at 95%, low and high: (B,). Of an empty bin these are NaN.
    """

    edges: Array
    counts: NDArray[np.int64]
    confidence: Array
    right: Array
    low: Array
    high: Array


def reliability(
    p: ArrayLike, y: ArrayLike, bins: int = 10, event: str = "top-label", cut: str = "width"
) -> Reliability:
    """Return the bins of a reliability diagram. p, y: (N, O), probabilities and labels 0 and 1.

    event: `top-label`, that the most probable class is the row's (one output is the probability of the second of two);
    `positive`, that a label is 1, of each row and output. cut: `width`, bins from 0 to 1 of the same width; `count`,
    bins of about as many answers, fewer where confidences are alike. Raises InvalidSetting for another event or cut,
    ValueError for what is no probability.

    Guo, Pleiss, Sun & Weinberger, "On calibration of modern neural networks", ICML 2017.
    """
    confidence, right = _events(np.asarray(p, np.float64), np.asarray(y, np.float64) > 0.5, event)
    edges = _edges(confidence, bins, one_of("cut", cut, CUTS))
    place = np.digitize(confidence, edges[1:-1], right=True)
    counts = np.bincount(place, minlength=len(edges) - 1)
    hits = np.bincount(place, right, len(counts))
    with np.errstate(invalid="ignore"):
        means, shares = np.bincount(place, confidence, len(counts)) / counts, hits / counts
    ends = [wilson(int(h), int(n)) if n else (np.nan, np.nan) for h, n in zip(hits, counts, strict=True)]
    low, high = np.array(ends).T
    return Reliability(edges, counts, means, shares, low, high)


def _events(p: Array, y: NDArray[np.bool_], event: str) -> tuple[Array, Array]:
    """Return the confidence in each event, and 1 where it came, else 0."""
    if p.ndim != 2 or p.shape != y.shape or not p.size or not ((p >= 0) & (p <= 1)).all():
        raise ValueError(f"p, y: got shapes {p.shape}, {y.shape}; expected N × O probabilities and as many labels")
    if one_of("event", event, EVENTS) == "positive":
        return p.ravel(), y.ravel().astype(np.float64)
    if p.shape[1] == 1:
        return np.maximum(p, 1 - p)[:, 0], ((p > 0.5) == y)[:, 0].astype(np.float64)
    return p.max(axis=1), (p.argmax(axis=1) == y.argmax(axis=1)).astype(np.float64)


def _edges(confidence: Array, bins: int, cut: str) -> Array:
    """Return the edges of bins, each above the one before it; the first bin has what is at its lower edge too."""
    if bins < 1:
        raise ValueError(f"bins: got {bins}; expected at least 1")
    if cut == "width":
        return np.linspace(0, 1, bins + 1)
    last = np.arange(1, bins + 1) * len(confidence) // bins - 1  # of each bin, were no two alike
    edges = np.unique(np.sort(confidence)[np.concatenate(([0], np.maximum(last, 0)))])
    return edges if len(edges) > 1 else np.repeat(edges, 2)


def expected_calibration_error(bins: Reliability) -> float:
    """Return the mean over answers of how far their bin's share of right ones is from its mean confidence."""
    gaps = np.abs(bins.right - bins.confidence)
    return float((bins.counts * np.where(bins.counts > 0, gaps, 0.0)).sum() / bins.counts.sum())
