"""Rows as scikit-learn has them, arrays or frames, checked as it checks them; and how often each of them counts.

Rows that are alike are one row of as much weight, in an order that is drawn from what they are. So weights are what
they say: a row of weight 2 and the same row twice give the same network to the last bit, as a row of weight 0 and none
do; and that holds for what is drawn as well, batches, dropout, and the rows held out to choose an epoch by. It has one
more use: of two rows alike, none is learnt from while the other is validated on, which would choose too late an epoch.
"""

from collections.abc import Mapping
from numbers import Number
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_array, validate_data

from fnn.data.columns import Column, Table
from fnn.data.reading import Form, read_chunks
from fnn.rng import DATA, philox

Floats = NDArray[np.float64]


class Rows(NamedTuple):
    """D rows of which no two are alike, with targets y (D, O) and how often each counts: weight (D,), above 0."""

    table: Table
    y: Floats
    weight: Floats


def is_frame(x: Any) -> bool:
    """Return whether x is a frame, of pandas or Polars, whose columns may be of several kinds."""
    return hasattr(x, "columns") and hasattr(x, "to_numpy")


def read_columns(estimator: Any, x: Any, *, reset: bool) -> Table | dict[str, Any]:
    """Return x as what `fnn.data.reading` reads, its columns by name, x1, x2 … where they have none.

    reset: whether their names and number become the estimator's, or have to be those that it has. Raises ValueError and
    TypeError as scikit-learn does: for other columns, and of arrays for whatever are no finite numbers. Numbers may be
    missing where `estimator.missing` says what becomes of them.
    """
    if is_frame(x):
        validate_data(estimator, x, reset=reset, skip_check_array=True)
        columns = [x.iloc[:, k] if hasattr(x, "iloc") else x.to_series(k) for k in range(x.shape[1])]
        return dict(zip(_names(estimator, len(columns)), columns, strict=True))
    finite = True if estimator.missing == "error" else "allow-nan"
    values = np.ascontiguousarray(
        validate_data(estimator, x, reset=reset, dtype=np.float64, ensure_all_finite=finite).T
    )
    pairs = zip(_names(estimator, len(values)), values, strict=True)
    return Table(tuple(Column(name, "number", column) for name, column in pairs), "arrays")


def _names(estimator: Any, columns: int) -> list[str]:
    names = getattr(estimator, "feature_names_in_", None)
    return [f"x{k}" for k in range(1, columns + 1)] if names is None else [str(name) for name in names]


def read_weights(name: str, weight: Any, rows: int) -> Floats:
    """Return how often each of so many rows counts: (N,). Raises ValueError for weights below 0, and for all 0."""
    if weight is None or isinstance(weight, Number):
        weight = np.full(rows, 1.0 if weight is None else weight)
    values: Floats = check_array(weight, ensure_2d=False, dtype=np.float64, input_name=name)
    if values.shape != (rows,):
        raise ValueError(f"{name}.shape == {values.shape}, expected {(rows,)}: a weight for each row")
    if (values < 0).any():
        raise ValueError(f"Negative values in data passed to `{name}`: a row counts no less than 0 times")
    if not values.any():
        raise ValueError(f"{name} must contain at least one non-zero number: all weights are zero")
    return values


def count_rows(
    columns: Table | dict[str, Any], y: Floats, weight: Floats, kinds: Mapping[str, str] | None = None
) -> Rows:
    """Return the rows that count, each once. y: (N, O), weight: (N,). kinds: what columns are known to be, by name."""
    there = np.flatnonzero(weight)
    (table,) = read_chunks(columns, Form(), rows=len(weight), kinds=kinds)
    keys = np.column_stack([*(column.values for column in table.columns), y])[there].astype(np.float64)
    keys += 0.0  # −0 is 0
    keys[np.isnan(keys)] = np.nan  # whatever its bits
    words = keys.view(np.dtype((np.void, keys.itemsize * keys.shape[1]))).ravel()
    _, first, inverse = np.unique(words, return_index=True, return_inverse=True)
    # Weights are added up in order of their size, for sums depend on order too.
    by_size = np.lexsort((weight[there], inverse))
    begins = np.searchsorted(inverse[by_size], np.arange(len(first)))
    total = np.add.reduceat(weight[there][by_size], begins)
    # In the order of their bytes, batches of rows that follow each other would be unlike one another.
    drawn = philox(np.zeros(1, np.uint64), -(-len(first) // 4), DATA)[0, : len(first)].argsort(kind="stable")
    rows = there[first[drawn]]
    return Rows(table.take(rows), y[rows], total[drawn])
