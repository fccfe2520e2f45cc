"""Scaling: inputs brought to one size, by numbers learnt from rows that are trained on and applied to all others.

A row of weight 2 counts as two rows, and weights all alike as none. Nothing is computed but with sums in NumPy's fixed
order, quotients and square roots, so a scaling is the same on every machine.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fnn.checks import one_of

Array = NDArray[np.float64]

# So many rows are scaled at a time: of 50 columns they stay in a processor's cache.
_ROWS = 2048
# What centered inputs are held to.
LARGEST = float(np.finfo(np.float64).max)
# What scaled inputs are held to, so that they are numbers in float32 too.
MOST = float(np.finfo(np.float32).max)


class Scaling(NamedTuple):
    """What is done to each input: (x − center) · factor. center, factor, fill: (I,); factor is 0 where x is constant.

    fill: what a missing number is taken for, the mean of those that are there. smooth_clip: then x / √(1 + (x/3)²),
    which leaves small numbers as they are and none beyond ±3 (RealMLP, Holzmüller et al., NeurIPS 2024).
    """

    center: Array
    factor: Array
    fill: Array
    smooth_clip: bool


class _Present(NamedTuple):
    """The numbers of one column that are there and weigh something, and their weights: (n,). mean: by weight."""

    values: Array
    weight: Array
    mean: float
    low: float
    high: float


def _standard(column: _Present) -> tuple[float, float]:
    """Return mean and standard deviation, which is divided by n, as scikit-learn's StandardScaler has it."""
    deviation = column.values - column.mean
    scale = max(column.high - column.mean, column.mean - column.low)  # so that no square overflows
    variance = float((column.weight * (deviation / scale) ** 2).sum() / column.weight.sum())
    return column.mean, scale * float(np.sqrt(variance))


def _robust(column: _Present) -> tuple[float, float]:
    """Return the median and the interquartile range, or half the range where that is 0."""
    first, median, third = _quartiles(column)
    return median, third - first or column.high / 2 - column.low / 2


def _quartiles(column: _Present) -> Array:
    """Return the three quartiles: of several numbers that could be one, the middle between the lowest and the highest.

    It is `method="averaged_inverted_cdf"` of `numpy.quantile`. Rows of weight 2 and rows that come twice have the same.
    """
    if (column.weight == column.weight[0]).all():  # then numbers can be sorted by themselves, in half the time
        values, below = np.sort(column.values), column.weight.cumsum()
    else:
        order = column.values.argsort(kind="stable")
        values, below = column.values[order], column.weight[order].cumsum()
    levels = np.array([0.25, 0.5, 0.75]) * below[-1]
    lower, upper = (values[below.searchsorted(levels, side)] for side in ("left", "right"))
    return np.asarray(lower / 2 + upper / 2, np.float64)


# Center and spread of a column that is not constant; none: it stays as it is.
SCALINGS: dict[str, Callable[[_Present], tuple[float, float]]] = {
    "robust": _robust,
    "standard": _standard,
    "none": lambda _: (0.0, 1.0),
    # Of all columns together, which are pixels of an image: one pixel is not brighter than another for it.
    "pixels": _standard,
}


def learn_scaling(
    x: Array, kind: str, smooth_clip: bool, weight: Array | None = None, rows: NDArray[np.int64] | None = None
) -> Scaling:
    """Return the scaling of inputs by a name of `SCALINGS`. x: (N, I), NaN where a number is missing.

    rows: (n,), those that are learnt from, by itself all; weight: (n,), of those. Raises InvalidSetting for an unknown
    name.
    """
    measure = SCALINGS[one_of("scaling", kind, SCALINGS)]
    if kind == "pixels":
        return _of_pixels(x if rows is None else x[rows], smooth_clip, weight)
    columns = np.zeros((3, x.shape[1]))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # numbers may be too far apart, or too close
        for k in range(x.shape[1]):
            values = x[:, k] if rows is None else x[rows, k]
            columns[:, k] = _column(_present(values, weight), measure, constant=1.0 if kind == "none" else 0.0)
    center, factor, fill = columns
    return Scaling(center, factor, fill, smooth_clip)


def _of_pixels(x: Array, smooth_clip: bool, weight: Array | None) -> Scaling:
    """Return the scaling by mean and standard deviation of all numbers together."""
    inputs = x.shape[1]
    each = None if weight is None else np.repeat(weight, inputs)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        center, factor, fill = _column(_present(x.ravel(), each), _standard, constant=0.0)
    return Scaling(np.full(inputs, center), np.full(inputs, factor), np.full(inputs, fill), smooth_clip)


def _column(
    column: _Present | None, measure: Callable[[_Present], tuple[float, float]], constant: float
) -> tuple[float, float, float]:
    """Return center, factor and fill. constant: the factor of a column whose numbers are all alike."""
    if column is None:
        return 0.0, constant, 0.0
    if column.low == column.high:
        return (0.0 if constant else column.low), constant, column.low
    center, spread = measure(column)
    factor = 1 / np.float64(spread)
    return center, float(factor) if np.isfinite(factor) else 0.0, column.mean


def _present(values: Array, weight: Array | None) -> _Present | None:
    """Return the numbers of a column, None where there are none."""
    there = ~np.isnan(values) if weight is None else ~np.isnan(values) & (weight > 0)
    present = values[there]
    if not present.size:
        return None
    weights = np.ones(len(present)) if weight is None else weight[there]
    mean = float((present * (weights / weights.sum())).sum())
    return _Present(present, weights, mean, float(present.min()), float(present.max()))


def scale(
    scaling: Scaling, x: Array, dtype: DTypeLike = np.float64, rows: NDArray[np.int64] | None = None
) -> NDArray[Any]:
    """Return inputs as networks are given them. x: (N, I), NaN where a number is missing → (n, I) of dtype.

    rows: (n,), those that are wanted, by itself all.
    """
    scaled = np.empty((len(x) if rows is None else len(rows), x.shape[1]), dtype)
    for first in range(0, len(scaled), _ROWS):
        some = slice(first, first + _ROWS)
        scaled[some] = _scale_rows(scaling, x[some if rows is None else rows[some]])
    return scaled


def scale_each(scaling: Scaling, x: Array, dtype: DTypeLike = np.float64) -> NDArray[Any]:
    """Return inputs (N, I) by each of P scalings, whose center, factor and fill are (P, I) → (P, N, I)."""
    center, factor, fill, smooth_clip = scaling
    each = Scaling(center[:, None], factor[:, None], fill[:, None], smooth_clip)
    return _scale_rows(each, x).astype(dtype)


def _scale_rows(scaling: Scaling, x: Array) -> Array:
    z = np.where(np.isnan(x), scaling.fill, x)
    with np.errstate(over="ignore"):
        z -= scaling.center
        np.clip(z, -LARGEST, LARGEST, out=z)  # infinity times a factor of 0 would be no number
        z *= scaling.factor
    np.clip(z, -MOST, MOST, out=z)
    return z / np.sqrt(1 + (z / 3) ** 2) if scaling.smooth_clip else z
