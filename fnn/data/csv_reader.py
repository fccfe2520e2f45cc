"""Tables of text: CSV and its kin, block by block: at once, or where they are quoted by the standard library."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import numpy as np
from numpy.typing import NDArray

from fnn.data.blocks import Block, unique
from fnn.data.columns import Column
from fnn.data.dialect import Dialect, Form, csv_options, find_dialect, open_text
from fnn.data.digits import read_lines
from fnn.data.words import read_categories, read_numbers
from fnn.errors import InvalidSetting

_FIELDS = 2**16  # in one block, which so stays in a core's cache; as Python's strings they take some 60 bytes each


def csv_blocks(path: Path, form: Form, rows: int, kinds: Mapping[str, str]) -> Iterator[Block]:
    """Yield the rows of a file, at most so many at a time; a column known as text is not tried as numbers.

    Raises InvalidSetting for a file that is empty, has no rows, is no text, or has rows of several lengths.
    """
    dialect = find_dialect(path, form)
    with open_text(path, dialect.encoding) as file:
        reader = _reader(file, dialect)
        _, first = next(_rows(path, reader), (0, None))
        if first is None:
            raise InvalidSetting("data", str(path), "a table; this file is empty")
        names = _names(path, first, dialect)
        line = reader.line_num if dialect.header else file.seek(0)
        most = min(rows, max(_FIELDS // len(names), 64))
        blocks = _blocks(_Text(path, file, dialect, names), line, most, kinds)
        block = next(blocks, None)
        if block is None:
            raise InvalidSetting("data", str(path), "a table with rows; this one has a header only")
        yield from chain([block], blocks)


class _Text(NamedTuple):
    """An open file, how it is written, and the names of its columns."""

    path: Path
    file: TextIO
    dialect: Dialect
    names: list[str]


def _reader(lines: Iterable[str], dialect: Dialect) -> Any:
    return csv.reader(lines, **csv_options(dialect.delimiter, dialect.quote))  # type: ignore[arg-type]


def _blocks(text: _Text, line: int, most: int, kinds: Mapping[str, str]) -> Iterator[Block]:
    """Yield what comes after a line: so many lines at once, but row by row where they have quotes or are not alike."""
    words = np.array([kinds.get(name) == "text" for name in text.names])
    while lines := list(islice(text.file, most)):
        columns = _columns("".join(lines), text, words)
        if columns is None:
            taken, block = _row_by_row(text, lines, line, kinds)
        else:
            taken, block = (
                len(lines),
                Block(columns, np.arange(line + 1, line + 1 + len(lines)), "line", text.dialect.decimal),
            )
        line += taken
        if block is not None:
            words |= [column.kind == "text" for column in block.columns]
            yield block


def _columns(lines: str, text: _Text, words: NDArray[np.bool_]) -> tuple[Column, ...] | None:
    """Return lines as columns at once, None where they cannot be; words: which columns are known to hold words."""
    quote, delimiter, decimal = text.dialect.quote, text.dialect.delimiter, text.dialect.decimal
    if quote and quote in lines:
        return None
    columns = read_lines(lines, len(text.names), delimiter, decimal, words)
    if columns is None:
        return None
    return tuple(
        read_categories(name, column) if isinstance(column, list) else Column(name, "number", column)
        for name, column in zip(text.names, columns, strict=True)
    )


def _row_by_row(text: _Text, lines: list[str], line: int, kinds: Mapping[str, str]) -> tuple[int, Block | None]:
    """Return how many lines the rows take that begin in these lines, and the rows; None where all are empty."""
    taken = 0

    def feed() -> Iterator[str]:
        nonlocal taken
        for each in chain(lines, text.file):
            taken += 1
            yield each

    rows = []
    for row in _rows(text.path, _reader(feed(), text.dialect), line):
        rows.append(row)
        if taken >= len(lines):  # the last row may end behind them, where it has a newline in quotes
            break
    return taken, _parse(text, rows, kinds) if rows else None


Row = tuple[int, list[str]]


def _rows(path: Path, reader: Any, line: int = 0) -> Iterator[Row]:
    """Yield each row that is not empty with the line it ends on; line: how many come before the reader's."""
    try:
        for row in reader:
            if row:
                yield line + reader.line_num, row
    except csv.Error as error:
        expected = f"a table; its line {line + reader.line_num:,} cannot be read ({error})"
        raise InvalidSetting("data", str(path), expected) from None


def _names(path: Path, first: list[str], dialect: Dialect) -> list[str]:
    """Return the columns' names: x1, x2, … without a header, and for a name that is empty."""
    names = [word.strip() if dialect.header else "" for word in first]
    names = [name or f"x{place}" for place, name in enumerate(names, 1)]
    unique(str(path), names)
    return names


def _parse(text: _Text, rows: list[Row], kinds: Mapping[str, str]) -> Block:
    for line, row in rows:
        if len(row) != len(text.names):
            expected = f"{len(text.names)} fields in each row; line {line:,} has {len(row)}"
            raise InvalidSetting("data", str(text.path), expected)
    columns = zip(text.names, zip(*(row for _, row in rows), strict=True), strict=True)
    parsed = (_column(name, words, text.dialect.decimal, kinds) for name, words in columns)
    lines = np.fromiter((line for line, _ in rows), np.int64, len(rows))
    return Block(tuple(parsed), lines, "line", text.dialect.decimal)


def _column(name: str, words: tuple[str, ...], decimal: str, kinds: Mapping[str, str]) -> Column:
    values = None if kinds.get(name) == "text" else read_numbers(words, decimal)
    return read_categories(name, words) if values is None else Column(name, "number", values)


def count_csv_rows(path: Path) -> int | None:
    """Return how many lines a file has: about its rows, and a little more with a header or quoted newlines."""
    with path.open("rb") as file:
        return sum(part.count(b"\n") for part in iter(lambda: file.read(2**20), b""))
