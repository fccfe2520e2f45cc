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


class Scaling(NamedTuple):
    """What is done to each input: (x − center) · factor. center, factor, fill: (I,); factor is 0 where x is constant.

    fill: what a missing number is taken for, the mean of those that are there. smooth_clip: then x / √(1 + (x/3)²),
    which leaves small numbers as they are and none beyond ±3 (RealMLP, Holzmüller et al., NeurIPS 2024).
    """

    center: Array
    factor: Array
    fill: Array
    smooth_clip: bool


class _Sorted(NamedTuple):
    """The numbers of one column that are there and weigh something, in ascending order, and their weights, both (n,).

    mean: theirs, by weight.
    """

    values: Array
    weight: Array
    mean: float

    @property
    def low(self) -> float:
        return float(self.values[0])

    @property
    def high(self) -> float:
        return float(self.values[-1])


def _standard(column: _Sorted) -> tuple[float, float]:
    """Return mean and standard deviation, which is divided by n, as scikit-learn's StandardScaler has it."""
    deviation = column.values - column.mean
    scale = max(abs(float(deviation[0])), abs(float(deviation[-1])))  # so that no square overflows
    variance = float((column.weight * (deviation / scale) ** 2).sum() / column.weight.sum())
    return column.mean, scale * float(np.sqrt(variance))


def _robust(column: _Sorted) -> tuple[float, float]:
    """Return the median and the interquartile range, or half the range where that is 0."""
    first, median, third = _quartiles(column)
    return median, third - first or column.high / 2 - column.low / 2


def _quartiles(column: _Sorted) -> Array:
    """Return the three quartiles: of several numbers that could be one, the middle between the lowest and the highest.

    It is `method="averaged_inverted_cdf"` of `numpy.quantile`. Rows of weight 2 and rows that come twice have the same.
    """
    below = column.weight.cumsum()
    levels = np.array([0.25, 0.5, 0.75]) * below[-1]
    lower, upper = (column.values[below.searchsorted(levels, side)] for side in ("left", "right"))
    return np.asarray(lower / 2 + upper / 2, np.float64)


# Center and spread of a column that is not constant; none: it stays as it is.
SCALINGS: dict[str, Callable[[_Sorted], tuple[float, float]]] = {
    "robust": _robust,
    "standard": _standard,
    "none": lambda _: (0.0, 1.0),
}


def learn_scaling(x: Array, kind: str, smooth_clip: bool, weight: Array | None = None) -> Scaling:
    """Return the scaling of inputs by a name of `SCALINGS`. x: (N, I), NaN where a number is missing; weight: (N,).

    Raises InvalidSetting for an unknown name.
    """
    measure = SCALINGS[one_of("scaling", kind, SCALINGS)]
    columns = np.zeros((3, x.shape[1]))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # numbers may be too far apart, or too close
        for k in range(x.shape[1]):
            columns[:, k] = _column(_sorted(x[:, k], weight), measure, constant=1.0 if kind == "none" else 0.0)
    center, factor, fill = columns
    return Scaling(center, factor, fill, smooth_clip)


def _column(
    column: _Sorted | None, measure: Callable[[_Sorted], tuple[float, float]], constant: float
) -> tuple[float, float, float]:
    """Return center, factor and fill. constant: the factor of a column whose numbers are all alike."""
    if column is None:
        return 0.0, constant, 0.0
    if column.low == column.high:
        return (0.0 if constant else column.low), constant, column.low
    center, spread = measure(column)
    factor = 1 / np.float64(spread)
    return center, float(factor) if np.isfinite(factor) else 0.0, column.mean


def _sorted(values: Array, weight: Array | None) -> _Sorted | None:
    """Return what there is in a column, sorted; None where there is nothing."""
    there = ~np.isnan(values) if weight is None else ~np.isnan(values) & (weight > 0)
    present = values[there]
    if not present.size:
        return None
    if weight is None:
        present.sort()
        weights = np.ones(len(present))
    else:
        order = present.argsort(kind="stable")
        present, weights = present[order], weight[there][order]
    return _Sorted(present, weights, float((present * (weights / weights.sum())).sum()))


def scale(scaling: Scaling, x: Array, dtype: DTypeLike = np.float64) -> NDArray[Any]:
    """Return inputs as networks are given them. x: (N, I), NaN where a number is missing → (N, I) of dtype."""
    scaled = np.empty(x.shape, dtype)
    for first in range(0, len(x), _ROWS):
        rows = slice(first, first + _ROWS)
        scaled[rows] = _scale_rows(scaling, x[rows])
    return scaled


def _scale_rows(scaling: Scaling, x: Array) -> Array:
    z = np.where(np.isnan(x), scaling.fill, x)
    with np.errstate(over="ignore"):
        z -= scaling.center
        z *= scaling.factor
        if scaling.smooth_clip:
            np.clip(z, -1e150, 1e150, out=z)  # whose squares are numbers; all beyond become ±3 anyway
            z /= np.sqrt(1 + (z / 3) ** 2)
    return z
