"""Tables of text: CSV and its kin, block by block through the standard library's reader."""

import csv
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from fnn.data.blocks import Block, unique
from fnn.data.columns import Column
from fnn.data.dialect import Dialect, Form, csv_options, find_dialect, open_text
from fnn.data.words import read_categories, read_numbers
from fnn.errors import InvalidSetting

_FIELDS = 2**18  # in one block; as Python's strings they take some 60 bytes each


def csv_blocks(path: Path, form: Form, rows: int, kinds: Mapping[str, str]) -> Iterator[Block]:
    """Yield the rows of a file, at most so many at a time; a column known as text is not tried as numbers.

    Raises InvalidSetting for a file that is empty, has no rows, is no text, or has rows of several lengths.
    """
    dialect = find_dialect(path, form)
    with open_text(path, dialect.encoding) as file:
        reader = csv.reader(file, **csv_options(dialect.delimiter, dialect.quote))  # type: ignore[arg-type]
        lines = _rows(path, reader)
        first = next(lines, None)
        if first is None:
            raise InvalidSetting("data", str(path), "a table; this file is empty")
        names = _names(path, first[1], dialect)
        yielded = False
        for block in _blocks(path, _chain(first, lines, dialect), names, min(rows, max(_FIELDS // len(names), 64))):
            yielded = True
            yield _parse(names, block, dialect, kinds)
        if not yielded:
            raise InvalidSetting("data", str(path), "a table with rows; this one has a header only")


Row = tuple[int, list[str]]


def _rows(path: Path, reader: Any) -> Iterator[Row]:
    """Yield each row that is not empty with the line it ends on."""
    try:
        for row in reader:
            if row:
                yield reader.line_num, row
    except csv.Error as error:
        expected = f"a table; its line {reader.line_num:,} cannot be read ({error})"
        raise InvalidSetting("data", str(path), expected) from None


def _chain(first: Row, others: Iterator[Row], dialect: Dialect) -> Iterator[Row]:
    if not dialect.header:
        yield first
    yield from others


def _names(path: Path, first: list[str], dialect: Dialect) -> list[str]:
    """Return the columns' names: x1, x2, … without a header, and for a name that is empty."""
    names = [word.strip() if dialect.header else "" for word in first]
    names = [name or f"x{place}" for place, name in enumerate(names, 1)]
    unique(str(path), names)
    return names


def _blocks(path: Path, rows: Iterator[Row], names: list[str], most: int) -> Iterator[list[Row]]:
    width = len(names)
    while block := list(islice(rows, most)):
        for line, row in block:
            if len(row) != width:
                expected = f"{width} fields in each row; line {line:,} has {len(row)}"
                raise InvalidSetting("data", str(path), expected)
        yield block


def _parse(names: list[str], rows: list[Row], dialect: Dialect, kinds: Mapping[str, str]) -> Block:
    columns = zip(*(row for _, row in rows), strict=True)
    lines = np.fromiter((line for line, _ in rows), np.int64, len(rows))
    parsed = (_column(name, words, dialect.decimal, kinds) for name, words in zip(names, columns, strict=True))
    return Block(tuple(parsed), lines, "line", dialect.decimal)


def _column(name: str, words: tuple[str, ...], decimal: str, kinds: Mapping[str, str]) -> Column:
    values = None if kinds.get(name) == "text" else read_numbers(words, decimal)
    return read_categories(name, words) if values is None else Column(name, "number", values)


def count_csv_rows(path: Path) -> int | None:
    """Return how many lines a file has: about its rows, and a little more with a header or quoted newlines."""
    with path.open("rb") as file:
        return sum(part.count(b"\n") for part in iter(lambda: file.read(2**20), b""))
