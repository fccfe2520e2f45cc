"""Blocks of rows, as the readers give them, made into columns of the kinds they turn out or are known to be."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fnn.data.columns import Column
from fnn.data.words import BOOLEANS, is_number, kind_of, sorted_categories
from fnn.errors import InvalidSetting


class Block(NamedTuple):
    """Some rows of a source: columns of kind "number", "boolean" or "text", what is infinite too.

    lines: (N,), where each row stands in the source; unit: what that counts, "line" or "row"; decimal: what the digits
    of a number after the point follow in words.
    """

    columns: tuple[Column, ...]
    lines: NDArray[np.int64]
    unit: str = "row"
    decimal: str = "."


def unique(source: str, names: Sequence[str]) -> None:
    """Refuse two columns of one name."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InvalidSetting("data", source, f"columns of different names; two are named {name}")
        seen.add(name)


def join(blocks: Iterator[Block]) -> tuple[Block, list[str]]:
    """Return blocks, at least one, as one, and the names of columns that hold numbers in one and words in another.

    Memory is that of the whole and of one block: each is let go once it is added. Of those columns the first kind is
    kept, and nothing where they are of the other.
    """
    first = next(blocks)
    second = next(blocks, None)
    if second is None:
        return first, []
    columns, lines = [_Joined(column) for column in first.columns], _Growing(np.int64)
    for block in chain([first, second], blocks):
        lines.extend(block.lines)
        for joined, column in zip(columns, block.columns, strict=True):
            joined.add(column)
    whole = tuple(column.finish() for column in columns)
    return first._replace(columns=whole, lines=lines.finish()), [c.name for c in columns if c.clashes]


class _Growing:
    """An array that grows at its end, by an eighth: where it is large, the system moves it without a copy."""

    def __init__(self, dtype: DTypeLike) -> None:
        self.size, self._values = 0, np.empty(0, dtype)

    def extend(self, values: NDArray[Any]) -> None:
        """Add values."""
        end = self.size + len(values)
        if end > len(self._values):
            self._values.resize(max(end, self.size + self.size // 8), refcheck=False)
        self._values[self.size : end] = values
        self.size = end

    def finish(self) -> NDArray[Any]:
        """Return all values; none can be added then."""
        self._values.resize(self.size, refcheck=False)
        return self._values


class _Joined:
    """Pieces of a column behind each other. kind: that of the first piece that has values, or else of the first."""

    def __init__(self, first: Column) -> None:
        self.name, self.kind, self.has_values, self.clashes = first.name, first.kind, False, False
        self.words: dict[str, int] = {}
        self._begin(0)

    def _begin(self, missing: int) -> None:
        dtype, nothing = (np.int32, -1) if self.kind == "text" else (np.float64, np.nan)
        self.values = _Growing(dtype)
        self.values.extend(np.full(missing, nothing, dtype))

    def add(self, piece: Column) -> None:
        has_values, same = not piece.missing.all(), (piece.kind == "text") == (self.kind == "text")
        self.clashes |= has_values and self.has_values and not same
        if has_values and not self.has_values:
            self.kind, self.has_values = piece.kind, True
            if not same:
                self._begin(self.values.size)
        elif not same:
            piece = Column(self.name, self.kind, np.full(len(piece.values), -1 if self.kind == "text" else np.nan))
        if self.kind == "text":  # each piece has categories of its own; the last place is of what is missing
            places = [*(self.words.setdefault(word, len(self.words)) for word in piece.categories), -1]
            piece = piece._replace(values=np.array(places, np.int32)[piece.values.astype(np.int32)])
        self.values.extend(piece.values)

    def finish(self) -> Column:
        values = self.values.finish()
        return (
            sorted_categories(self.name, values, list(self.words))
            if self.kind == "text"
            else Column(self.name, self.kind, values)
        )


def settle(block: Block, source: str, kinds: Mapping[str, str]) -> tuple[Column, ...]:
    """Return the columns of a block, each of the kind it is known to be, or else of the kind that it looks.

    Raises InvalidSetting where a known kind does not fit, and for a number that is infinite.
    """
    return tuple(_settle(column, block, source, kinds.get(column.name)) for column in block.columns)


def _settle(column: Column, block: Block, source: str, kind: str | None) -> Column:
    if column.kind == "text":
        column = _settle_words(column, block, source, kind or kind_of(column.categories))
    elif column.kind == "number" and kind == "boolean":
        _refuse(~np.isin(column.values, (0, 1)) & ~column.missing, column, block, source, "true or false")
    elif kind == "text":
        column = _as_text(column)
    if column.kind in ("number", "boolean"):
        _refuse(np.isinf(column.values), column, block, source, "finite numbers")
        return column._replace(kind=kind or column.kind)
    return column


def _settle_words(column: Column, block: Block, source: str, kind: str) -> Column:
    if kind == "number":
        return _as_number(column, block, source)
    return _as_boolean(column, block, source) if kind == "boolean" else column._replace(kind=kind)


def _as_boolean(column: Column, block: Block, source: str) -> Column:
    each = BOOLEANS | {"0": 0.0, "1": 1.0}
    floats = _as_floats(column, block, source, "boolean", {w: each.get(w.lower()) for w in column.categories})
    return floats._replace(categories=_first_words(column, floats.values))


def _first_words(column: Column, values: NDArray[np.float64]) -> tuple[str, ...]:
    """Return as what false and true first stand in a column's rows; nothing unless both are there."""
    rows = [np.flatnonzero(values == truth) for truth in (0, 1)]
    if not all(there.size for there in rows):
        return ()
    return tuple(column.categories[column.values[there[0]]] for there in rows)


def _as_number(column: Column, block: Block, source: str) -> Column:
    each = {
        word: float(word.replace(block.decimal, ".")) if is_number(word, block.decimal) else None
        for word in column.categories
    }
    return _as_floats(column, block, source, "number", each)


def _as_floats(column: Column, block: Block, source: str, kind: str, each: Mapping[str, float | None]) -> Column:
    unknown = np.array([*(value is None for value in each.values()), False])
    _refuse(unknown[column.values], column, block, source, "numbers" if kind == "number" else "true or false")
    values = np.array([*each.values(), np.nan], np.float64)
    return Column(column.name, kind, values[column.values])


def _as_text(column: Column) -> Column:
    """Return numbers as the words a table would have for them: 3 for 3.0, true for a boolean."""
    if column.kind == "text":
        return column
    values, places = np.unique(column.values, return_inverse=True, equal_nan=True)
    if column.kind == "boolean":
        words = ["true" if value else "false" for value in values.tolist()]
    else:
        words = [str(int(value)) if value.is_integer() else repr(value) for value in values.tolist()]
    places = np.where(np.isnan(values), -1, np.arange(len(values)))[places.reshape(-1)]
    return sorted_categories(column.name, places.astype(np.int32), words)


def _refuse(bad: NDArray[np.bool_], column: Column, block: Block, source: str, expected: str) -> None:
    """Refuse a column in which some values are bad, with the first of them and its line."""
    if not bad.any():
        return
    row = int(bad.argmax())
    value = column.values[row]
    got = column.categories[value] if column.kind in ("text", "date") else float(value)
    where = f"in column {column.name}, {block.unit} {block.lines[row]:,}"
    raise InvalidSetting("data", source, f"{expected} {where}: it has {got}")
