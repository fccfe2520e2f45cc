"""Columns from arrays: a mapping of names to arrays, a 2-D array, a frame of pandas or Polars."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fnn.data.blocks import Block, unique
from fnn.data.columns import Column
from fnn.data.words import read_categories
from fnn.errors import InvalidSetting


def array_blocks(source: Any, rows: int) -> Iterator[Block]:
    """Yield the rows of arrays or a frame, at most so many at a time.

    Raises InvalidSetting for arrays of several lengths or none, of other than one dimension in a mapping or two
    without names, and for what is neither numbers, booleans, text nor dates.
    """
    columns = tuple(array_column(name, values) for name, values in _named(source))
    lengths = {len(column.values) for column in columns}
    if len(lengths) != 1 or lengths == {0}:
        raise InvalidSetting("data", sorted(lengths), "columns of as many rows each, at least one")
    for first in range(0, max(lengths), rows):
        part = slice(first, first + rows)
        taken = tuple(column._replace(values=column.values[part]) for column in columns)
        yield Block(taken, np.arange(first + 1, first + 1 + len(taken[0].values)))


def _named(source: Any) -> Iterator[tuple[str, Any]]:
    """Yield names and columns."""
    if isinstance(source, Mapping):
        names = list(source)
    elif hasattr(source, "columns") and hasattr(source, "to_numpy"):
        names = list(source.columns)
    else:
        array = np.asarray(source)
        if array.ndim != 2 or 0 in array.shape:
            raise InvalidSetting("data", source, "the path of a table, a frame, or arrays: by name, or (N, I)")
        yield from ((f"x{place}", column) for place, column in enumerate(array.T, 1))
        return
    words = [str(name) for name in names]
    unique("arrays" if isinstance(source, Mapping) else "frame", words)
    yield from ((word, source[name]) for word, name in zip(words, names, strict=True))


def array_column(name: str, values: Any) -> Column:
    """Return a column of the kind that an array's dtype, or the objects in it, are."""
    if isinstance(values, (list, tuple)):  # of which NumPy would make words, were there one among numbers
        return _object_column(name, list(values))
    array = _plain(values)
    if array.ndim != 1:
        raise InvalidSetting("data", array.shape, f"one value for each row in column {name}")
    if array.dtype.kind in "buif":
        return Column(name, "boolean" if array.dtype.kind == "b" else "number", array.astype(np.float64))
    if array.dtype.kind == "M":
        return read_categories(name, ["" if np.isnat(v) else str(v) for v in array])
    if array.dtype.kind == "U":
        return read_categories(name, array.tolist())
    if array.dtype.kind == "O":
        return _object_column(name, array.tolist())
    raise InvalidSetting("data", str(array.dtype), f"numbers, booleans, text or dates in column {name}")


def _plain(values: Any) -> NDArray[Any]:
    """Return a column as an array of NumPy; of numbers that pandas keeps with a mask, float64."""
    dtype = getattr(values, "dtype", None)
    kind = getattr(dtype, "kind", "")
    if not isinstance(dtype, np.dtype) and kind in ("i", "u", "f") and hasattr(values, "to_numpy"):
        return np.asarray(values.to_numpy(np.float64, na_value=np.nan))
    if str(dtype) == "category" and hasattr(values, "astype"):  # of pandas: categories, though they be numbers
        return np.asarray(values.astype(str))
    return np.asarray(values)


def _object_column(name: str, values: list[Any]) -> Column:
    """Return the column of Python's objects: all numbers, all booleans, or else all text."""
    there = [value for value in values if not _absent(value)]
    if all(isinstance(value, (bool, np.bool_)) for value in there) and there:
        kind = "boolean"
    elif all(isinstance(value, (int, float, np.number)) and not isinstance(value, bool) for value in there):
        kind = "number"
    elif all(hasattr(value, "isoformat") for value in there):
        return read_categories(name, ["" if _absent(value) else value.isoformat() for value in values])
    elif all(isinstance(value, str) for value in there):
        return read_categories(name, ["" if _absent(value) else value for value in values])
    else:
        raise InvalidSetting("data", there[:5], f"numbers, booleans or text, of one kind, in column {name}")
    return Column(name, kind, np.array([np.nan if _absent(value) else float(value) for value in values]))


def _absent(value: Any) -> bool:
    """Whether an object stands for a missing value: None, NaN, and what pandas has for them."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, (float, np.floating)) and bool(np.isnan(value))
