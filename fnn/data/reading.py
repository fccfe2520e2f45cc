"""Tables from whatever holds them: files of several formats, frames, arrays."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from fnn.checks import path as path_check
from fnn.data.arrays import array_blocks
from fnn.data.arrow import arrow_blocks, arrow_table_blocks, count_arrow_rows, count_parquet_rows, parquet_blocks
from fnn.data.blocks import Block, join, settle
from fnn.data.columns import Table
from fnn.data.csv_reader import count_csv_rows, csv_blocks
from fnn.data.dialect import Form
from fnn.data.npz import count_npz_rows, npz_blocks
from fnn.errors import InvalidSetting

__all__ = ["FORMATS", "Form", "Format", "count_rows", "read_chunks", "read_table"]


class Format(NamedTuple):
    """How files of a suffix are read in blocks of at most so many rows, and their rows counted."""

    blocks: Callable[[Path, Form, int, Mapping[str, str]], Iterator[Block]]
    count_rows: Callable[[Path], int | None]


_CSV = Format(csv_blocks, count_csv_rows)
# What has another suffix, or none, is read as text.
_PARQUET, _ARROW = Format(parquet_blocks, count_parquet_rows), Format(arrow_blocks, count_arrow_rows)
FORMATS = {
    **dict.fromkeys((".csv", ".tsv", ".txt", ".data"), _CSV),
    **dict.fromkeys((".parquet", ".pq"), _PARQUET),
    **dict.fromkeys((".arrow", ".feather", ".ipc"), _ARROW),
    ".npz": Format(npz_blocks, count_npz_rows),
}

_ALL = 2**40


def read_table(source: Any, form: Form = Form()) -> Table:  # noqa: B008
    """Return the table in a file, a frame of pandas, Polars or Arrow, a mapping of arrays, or an array (N, I).

    Raises InvalidSetting for what cannot be read as a table.
    """
    if isinstance(source, Table):
        return source
    kinds: dict[str, str] = {}
    while True:
        block, texts = join(_blocks(source, form, _ALL, kinds))
        if not texts:
            return Table(settle(block, _name(source), {}), _name(source))
        # What looked like numbers is text further on: only the source still has its words.
        kinds |= dict.fromkeys(texts, "text")


def read_chunks(
    source: Any,
    form: Form = Form(),  # noqa: B008
    rows: int = 2**16,
    kinds: Mapping[str, str] | None = None,
) -> Iterator[Table]:
    """Yield the rows of what `read_table` reads in tables of at most so many, in bounded memory.

    kinds: what columns are known to be, by name. The others are of the kind that they look in each chunk.
    Raises InvalidSetting for what cannot be read, and where a column is not of the kind it is known to be.
    """
    if isinstance(source, Table):
        yield from (source.take(slice(first, first + rows)) for first in range(0, source.rows, rows))
        return
    for block in _blocks(source, form, rows, kinds or {}):
        yield Table(settle(block, _name(source), kinds or {}), _name(source))


def count_rows(source: Any) -> int | None:
    """Return about how many rows a source has, None where that takes reading it."""
    if isinstance(source, Table):
        return source.rows
    if isinstance(source, (str, os.PathLike)):
        path = _file(source)
        return FORMATS.get(path.suffix.lower(), _CSV).count_rows(path)
    columns = list(source.values()) if isinstance(source, Mapping) else [source]
    return len(columns[0]) if columns and hasattr(columns[0], "__len__") else None


def _blocks(source: Any, form: Form, rows: int, kinds: Mapping[str, str]) -> Iterator[Block]:
    if not isinstance(source, (str, os.PathLike)):
        yield from (arrow_table_blocks if _of_arrow(source) else array_blocks)(source, rows)
        return
    path = _file(source)
    try:
        yield from FORMATS.get(path.suffix.lower(), _CSV).blocks(path, form, rows, kinds)
    except OSError as error:
        raise InvalidSetting("data", str(path), f"a file that can be read ({error.strerror})") from None


def _of_arrow(source: Any) -> bool:
    """Whether a frame is a table of Arrow, or gives its rows as Arrow only."""
    return hasattr(source, "to_batches") or (hasattr(source, "__arrow_c_stream__") and not hasattr(source, "to_numpy"))


def _file(source: Any) -> Path:
    path = path_check("data", source)
    if not path.is_file():
        raise InvalidSetting("data", str(path), "a file" if path.exists() else "a file that is there")
    return path


def _name(source: Any) -> str:
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    return "frame" if hasattr(source, "columns") or _of_arrow(source) else "arrays"
