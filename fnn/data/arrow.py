"""Columns from Arrow: its tables, and files of Parquet and Arrow (Feather), which say what each column is."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fnn.checks import fits
from fnn.data.blocks import Block, unique
from fnn.data.columns import Column
from fnn.data.dialect import Form
from fnn.data.words import sorted_categories
from fnn.errors import InvalidSetting

_BATCH = 2**13  # rows
_BUFFER = 2**16  # bytes of a column
# What pandas writes its index under; a frame's index is no column either.
_INDEX = re.compile(r"__index_level_[0-9]+__")


def parquet_blocks(path: Path, form: Form, rows: int, kinds: Mapping[str, str]) -> Iterator[Block]:  # noqa: ARG001
    """Yield the rows of a Parquet file, at most so many at a time. Raises InvalidSetting for what is none."""
    with _opened(path, "Parquet", _parquet) as file:
        fits("data", str(path), file.metadata.num_rows * file.metadata.num_columns * 8)
        # Threads would each keep memory of their own, and are no faster where so little is read at a time.
        batches = file.iter_batches(batch_size=min(rows, _BATCH), use_threads=False)
        yield from _guarded(path, "Parquet", _blocks(str(path), batches, rows))


def count_parquet_rows(path: Path) -> int:
    """Return how many rows a Parquet file has."""
    with _opened(path, "Parquet", _parquet) as file:
        return int(file.metadata.num_rows)


def arrow_blocks(path: Path, form: Form, rows: int, kinds: Mapping[str, str]) -> Iterator[Block]:  # noqa: ARG001
    """Yield the rows of an Arrow file, which Feather's are, at most so many at a time.

    Raises InvalidSetting for what is none.
    """
    with _opened(path, "Arrow", _ipc) as file:
        batches = (file.get_batch(place) for place in range(file.num_record_batches))
        yield from _guarded(path, "Arrow", _blocks(str(path), batches, rows))


def count_arrow_rows(path: Path) -> int:
    """Return how many rows an Arrow file has."""
    with _opened(path, "Arrow", _ipc) as file:
        return sum(file.get_batch(place).num_rows for place in range(file.num_record_batches))


def arrow_table_blocks(source: Any, rows: int) -> Iterator[Block]:
    """Yield the rows of a table of Arrow, or of what gives a stream of Arrow, at most so many at a time."""
    table = source if hasattr(source, "to_batches") else _pyarrow("frame").table(source)
    yield from _blocks("frame", table.to_batches(min(rows, _BATCH)), rows)


def _pyarrow(source: str) -> Any:
    try:
        import pyarrow
        import pyarrow.ipc
        import pyarrow.parquet
    except ImportError:
        raise InvalidSetting("data", source, "the extra parquet: python -m pip install 'fnn[parquet]'") from None
    return pyarrow


def _parquet(pyarrow: Any, path: Path) -> Any:
    # Buffered beforehand, all of the file would stay in memory; so, of every column a page or two does.
    return pyarrow.parquet.ParquetFile(path, pre_buffer=False, buffer_size=_BUFFER)


def _ipc(pyarrow: Any, path: Path) -> Any:
    return pyarrow.ipc.open_file(pyarrow.memory_map(str(path)))


def _opened(path: Path, kind: str, opening: Any) -> Any:
    pyarrow = _pyarrow(str(path))
    try:
        return opening(pyarrow, path)
    except (pyarrow.ArrowException, OSError) as error:
        raise _damaged(path, kind, error) from None


def _guarded(path: Path, kind: str, blocks: Iterator[Block]) -> Iterator[Block]:
    """Yield the blocks of a file; damage that shows in one of them is told as that of the file."""
    pyarrow = _pyarrow(str(path))
    try:
        yield from blocks
    except (pyarrow.ArrowException, OSError, UnicodeError) as error:
        raise _damaged(path, kind, error) from None


def _damaged(path: Path, kind: str, error: Exception) -> InvalidSetting:
    return InvalidSetting("data", str(path), f"a file of {kind} ({str(error).partition(chr(10))[0]})")


def _blocks(source: str, batches: Iterable[Any], rows: int) -> Iterator[Block]:
    """Yield a block for each batch, in pieces of at most so many rows."""
    first, empty = 1, True
    for batch in batches:
        batch.validate(full=True)  # offsets that someone made may point anywhere
        for start in range(0, batch.num_rows, rows):
            piece, empty = batch.slice(start, rows), False
            yield _block(source, piece, first)
            first += piece.num_rows
    if empty:
        raise InvalidSetting("data", source, "a table with rows; this one has none")


def _block(source: str, batch: Any, first: int) -> Block:
    places = [place for place, name in enumerate(batch.schema.names) if not _INDEX.fullmatch(name)]
    names = [batch.schema.names[place] for place in places]
    if not names:
        raise InvalidSetting("data", source, "a table with columns; this one has none")
    unique(source, names)
    columns = (_column(source, name, batch.column(place)) for name, place in zip(names, places, strict=True))
    return Block(tuple(columns), np.arange(first, first + batch.num_rows))


def _column(source: str, name: str, values: Any) -> Column:
    """Return an array of Arrow as a column: numbers, booleans, and dates and text by their words."""
    pyarrow = _pyarrow(source)
    types, kind = pyarrow.types, values.type
    if types.is_boolean(kind):
        return Column(name, "boolean", _floats(pyarrow, values.cast(pyarrow.int8())))
    if types.is_null(kind):
        return Column(name, "number", np.full(len(values), np.nan))
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return Column(name, "number", _floats(pyarrow, values))
    if types.is_dictionary(kind):
        return _categories(name, values.indices, values.dictionary.cast(pyarrow.string()))
    if types.is_date(kind) or types.is_timestamp(kind) or "string" in str(kind):
        coded = values.cast(pyarrow.string()).dictionary_encode()
        return _categories(name, coded.indices, coded.dictionary)
    raise InvalidSetting("data", source, f"numbers, booleans, text or dates in column {name}, not {kind}")


def _floats(pyarrow: Any, values: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    # safe=False: whole numbers beyond 2^53 are rounded, as those of text are.
    return np.array(values.cast(pyarrow.float64(), safe=False).to_numpy(zero_copy_only=False))


def _categories(name: str, places: Any, words: Any) -> Column:
    values = places.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    return sorted_categories(name, values, [word or "" for word in words.to_pylist()])
