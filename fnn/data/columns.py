"""A table in columns, each of one kind, whatever it was read from."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.checks import one_of

# "number" and "boolean" hold float64, NaN where a value is missing; "text" and "date" hold places in the categories.
KINDS = ("number", "boolean", "text", "date")


class Column(NamedTuple):
    """A column of a table.

    Of kind "number" or "boolean" values are float64 (N,), NaN where missing; of kind "text" or "date" they are int32
    (N,), places in `categories`, -1 where missing. A table's categories are those its rows had when it was read, in
    order; rows taken from it keep them all. The categories of a boolean that was read from words are those it was first
    written as, of false and of true; it has none where it was no words.
    """

    name: str
    kind: str
    values: NDArray[Any]
    categories: tuple[str, ...] = ()

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Which values are missing: (N,)."""
        return self.values < 0 if self.kind in ("text", "date") else np.isnan(self.values)


@dataclass(frozen=True)
class Table:
    """Columns of as many rows each, under names of their own. source: a path, "frame" or "arrays"."""

    columns: tuple[Column, ...]
    source: str

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.columns[0].values) if self.columns else 0

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.names)}

    def column(self, name: str) -> Column:
        """Return a column. Raises InvalidSetting where there is none of that name, with the nearest."""
        return self.columns[self._places[one_of("column", name, self._places)]]

    def take(self, rows: Any) -> "Table":
        """Return the rows of an index: numbers of rows, a mask, or a slice."""
        return Table(tuple(column._replace(values=column.values[rows]) for column in self.columns), self.source)

    def drop(self, names: Collection[str]) -> "Table":
        """Return the table without columns."""
        gone = set(names)
        return Table(tuple(column for column in self.columns if column.name not in gone), self.source)

    @property
    def digest(self) -> str:
        """The SHA-256 of names, kinds, categories and values, in hexadecimal digits: the same wherever it was read."""
        content = hashlib.sha256()
        for column in self.columns:
            words = () if column.kind == "boolean" else column.categories  # true is true, however it is written
            content.update(repr((column.name, column.kind, words, len(column.values))).encode())
            dtype = "<i4" if column.kind in ("text", "date") else "<f8"
            content.update(np.ascontiguousarray(column.values, dtype).data)
        return content.hexdigest()
