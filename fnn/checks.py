"""Checks at the boundary: what Python, TOML and the command line hand over is of a type and in a range, or refused.

A check takes the name of a setting and what came; it returns that as the rest of the code has it, or raises
InvalidSetting. Booleans are no numbers, and a float is no whole number, whatever its value; NumPy's numbers are as
good as Python's.
"""

import math
import numbers
import operator
import os
import sys
from collections.abc import Callable, Iterable, Sized
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fnn.errors import InvalidSetting
from fnn.formats import size
from fnn.machine import memory

Check = Callable[[str, Any], Any]

# Beyond every seed. Seeds are kept as 64-bit integers with a sign.
SEEDS_END = 2**63


# ---- one value ----


def one_of(name: str, got: object, accepted: Iterable[str]) -> str:
    """Return `got` if it is one of the accepted names; else raise `InvalidSetting` with the nearest of them."""
    names = list(accepted)
    if isinstance(got, str) and got in names:
        return names[names.index(got)]
    word = got.lower().replace("_", "-") if isinstance(got, str) else ""
    near = get_close_matches(word, names, n=1, cutoff=0.5)
    hint = f" (did you mean {near[0]}?)" if near else ""
    raise InvalidSetting(name, got, f"one of {', '.join(names)}{hint}")


def named(table: Iterable[str]) -> Callable[[str, Any], str]:
    """Return a check for one of the names of a table."""
    return lambda name, got: one_of(name, got, table)


def number(
    low: float,
    high: float = math.inf,
    *,
    open_low: bool = False,
    open_high: bool = False,
    words: str | None = None,
) -> Callable[[str, Any], float]:
    """Return a check for a finite number between two bounds. words: what is expected, if not in the usual words."""
    if words is None:
        words = f"a finite number {'above' if open_low else 'of at least'} {low:g}"
        if math.isfinite(high):
            words += f" and {'below' if open_high else 'at most'} {high:g}"

    def check(name: str, got: Any) -> float:
        try:
            value = float(got) if isinstance(got, numbers.Real) and not isinstance(got, bool) else math.nan
        except OverflowError:
            value = math.nan
        above = value > low if open_low else value >= low
        below = value < high if open_high else value <= high
        if not (above and below and math.isfinite(value)):
            raise InvalidSetting(name, got, words)
        return value

    return check


def whole(low: int, high: int = 2**31 - 1, words: str | None = None) -> Callable[[str, Any], int]:
    """Return a check for a whole number from low to high. words: what is expected, if not in the usual words."""
    expected = words or f"a whole number of at least {low} and below 2^{high.bit_length()}"

    def check(name: str, got: Any) -> int:
        try:
            value = operator.index(got)
        except TypeError:
            value = low - 1
        if isinstance(got, bool) or not low <= value <= high:
            raise InvalidSetting(name, got, expected)
        return value

    return check


def optional(check: Check) -> Check:
    """Return a check that takes None too."""
    return lambda name, got: None if got is None else check(name, got)


def boolean(name: str, got: Any) -> bool:
    """Check for true or false."""
    if not isinstance(got, (bool, np.bool_)):
        raise InvalidSetting(name, got, "true or false")
    return bool(got)


def function(name: str, got: Any) -> Any:
    """Check for what can be called, or None."""
    if not (got is None or callable(got)):
        raise InvalidSetting(name, got, "a function, or none")
    return got


def path(name: str, got: Any) -> Path:
    """Check for the path of a file or a folder."""
    text = os.fspath(got) if isinstance(got, os.PathLike) else got
    if not isinstance(text, str) or not text or "\0" in text:
        raise InvalidSetting(name, got, "a path")
    return Path(text)


seed_number = whole(0, SEEDS_END - 1)
threads = optional(whole(1, words="a whole number of at least 1"))


# ---- several values ----


def seed_count(got: Any, first: Any, least: int = 1) -> int:
    """Return how many seeds there are, from the first on. Raises InvalidSetting for either."""
    words = f"a whole number of at least {least}, with the first seed no more than 2^63"
    return whole(least, SEEDS_END - seed_number("seed", first), words)("seeds", got)


def seed_range(got: Any, first: Any, least: int = 1, default: int = 0) -> range:
    """Return the seeds that `seeds` means: so many from the first on, or a range or list of such as follow each other.

    first: None is `default`. Raises InvalidSetting for either, and for a first seed beside seeds that are named.
    """
    if isinstance(got, (range, list, tuple)) or (isinstance(got, np.ndarray) and got.ndim):
        if first is not None:
            raise InvalidSetting("seed", first, "none of it beside seeds that are named, which say where they begin")
        named = got if isinstance(got, range) and got.step == 1 and got else seeds("seeds", got)
        begin, count = seed_number("seeds", named[0]), length(named)
        if not isinstance(named, range) and not np.array_equal(named, np.arange(begin, begin + count)):
            raise InvalidSetting("seeds", got, "how many, or seeds that follow one another, such as range(1000)")
        return range(begin, begin + seed_count(count, begin, least))
    begin = default if first is None else first
    count = seed_count(got, begin, least)
    return range(operator.index(begin), operator.index(begin) + count)


def seeds(name: str, got: Any, most: int | None = None) -> NDArray[np.int64]:
    """Check for seeds: (n,). most: so many fit the memory there is, if that is known."""
    words = "whole numbers from 0 to 2^63 - 1, at least one"
    try:
        if isinstance(got, (str, bytes)):
            raise TypeError
        each = iter(got)
    except TypeError:
        raise InvalidSetting(name, got, f"how many, such as 5; or which, such as range(5): {words}") from None
    check, most = whole(0, SEEDS_END - 1, words), sys.maxsize - 1 if most is None else most
    if isinstance(got, Sized):
        _at_most(name, length(got), most)
    if isinstance(got, range) and got:  # whose ends are all there is to check
        check(name, min(got[0], got[-1]))
        check(name, max(got[0], got[-1]))
        return got[0] + got.step * np.arange(len(got), dtype=np.int64)
    row = np.fromiter((check(name, value) for value in islice(each, most + 1)), np.int64)
    if not row.size:
        raise InvalidSetting(name, [], words)
    _at_most(name, row.size, most)
    return row


def seeds_of_each(got: Any, first: NDArray[np.int64], most: int | None = None) -> NDArray[np.int64]:
    """Return the seeds of each of C configs, (C, n): so many from its own first on, (C,), or the seeds that are named.

    most: so many fit the memory there is, if that is known. Raises InvalidSetting.
    """
    if isinstance(got, numbers.Integral) and not isinstance(got, bool):
        count = seed_count(got, int(first.max()))
        _at_most("seeds", count, sys.maxsize if most is None else most)
        return first[:, None] + np.arange(count)
    return np.tile(seeds("seeds", got, most), (len(first), 1))


def length(got: Sized) -> int:
    """Return how many there are: of a range, even where that is more than `len` can say."""
    return max(0, -(-(got.stop - got.start) // got.step)) if isinstance(got, range) else len(got)


def _at_most(name: str, count: int, most: int) -> None:
    if count > most:
        raise InvalidSetting(name, count, f"at most {most:,}, which fit the memory of {size(memory() or 0)}")


def samples(x: Any, y: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Check for samples: x (N, I) and y (N, O), finite numbers, as float64; (N,) is one column of either.

    x may be images too, (N, H, W) or (N, H, W, C).
    """
    columns, labels = inputs(x), table("y", y)
    if len(columns) != len(labels):
        shapes = columns.shape, labels.shape
        raise InvalidSetting("x, y", shapes, "shapes (N, I) and (N, O), as many rows in y as in x")
    return columns, labels


def inputs(got: Any) -> NDArray[np.float64]:
    """Check for rows of finite numbers, (N, I); images, (N, H, W) or (N, H, W, C), are a row each."""
    shape = np.shape(got) if isinstance(got, np.ndarray) else ()
    return table("x", got.reshape(shape[0], -1) if len(shape) in (3, 4) and shape[0] else got)


def table(name: str, got: Any) -> NDArray[np.float64]:
    """Check for rows of finite numbers, (N, columns), as float64; (N,) is one column."""
    rows = _numbers(name, got)
    rows = rows[:, None] if rows.ndim == 1 else rows
    if rows.ndim != 2 or 0 in rows.shape:
        raise InvalidSetting(name, f"shape {rows.shape}", "a row for each sample, (N, columns), none of them 0")
    return rows


def weights(got: Any, count: int) -> NDArray[np.float64]:
    """Check for the weights of so many samples: (N,), none below 0, not all 0."""
    values = _numbers("weight", got)
    if values.shape != (count,):
        raise InvalidSetting("weight", values.shape, f"shape ({count},), a weight for each sample")
    if (values < 0).any() or not values.any():
        raise InvalidSetting("weight", float(values.min()), "weights of at least 0, not all of them 0")
    return values


def _numbers(name: str, got: ArrayLike) -> NDArray[np.float64]:
    """Check for an array of finite numbers; labels may be true and false."""
    words = "an array of finite numbers"
    try:
        given = np.asarray(got)
        plain = given.dtype.kind in "biuf"
        if not plain and not (given.dtype.kind == "O" and all(isinstance(v, numbers.Number) for v in given.flat)):
            raise TypeError
        values = np.asarray(given, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise InvalidSetting(name, got, words) from None
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        raise InvalidSetting(name, float(values[tuple(bad[0])]), f"{words}; it is at {bad[0].tolist()}")
    return values


# ---- memory ----


def fits(name: str, got: object, takes: int) -> None:
    """Refuse what would take more bytes than the machine has memory, where the system tells how much that is."""
    there = memory()
    if there is not None and takes > there:
        raise InvalidSetting(name, got, f"what fits the memory of {size(there)}; this takes {size(takes)}")
