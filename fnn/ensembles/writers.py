"""Answers as files, a part of the rows at a time: CSV and Parquet."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, TextIO

from fnn.errors import InvalidSetting

# Rows that a Parquet file keeps together, at least: of few, its readers would have much to look up and little to read.
_ROW_GROUP = 2**16
# The Python type of each column by its name; None stands for nothing in all of them.
Schema = Mapping[str, type]
# Takes the columns of some rows, in the order of the schema.
Write = Callable[[Sequence[Sequence[Any]]], None]


def csv_writer(stream: TextIO, schema: Schema) -> Write:
    """Return what writes lines of CSV: every digit of a number, true and false, nothing for None."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(schema)
    words = {True: "true", False: "false", None: None}

    def write(columns: Sequence[Sequence[Any]]) -> None:
        texts = [
            [words[value] for value in column] if kind is bool else column
            for kind, column in zip(schema.values(), columns, strict=True)
        ]
        writer.writerows(zip(*texts, strict=True))

    return write


@contextmanager
def _csv(path: Path, schema: Schema) -> Iterator[Write]:
    with path.open("w", newline="", encoding="utf-8") as file:
        yield csv_writer(file, schema)


@contextmanager
def _parquet(path: Path, schema: Schema) -> Iterator[Write]:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise InvalidSetting("out", str(path), "the extra parquet: python -m pip install 'fnn[parquet]'") from None
    kinds = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    fields = pa.schema([(name, kinds[kind]) for name, kind in schema.items()])

    waiting: list[Any] = []

    def write(columns: Sequence[Sequence[Any]]) -> None:
        arrays = [pa.array(column, field.type) for column, field in zip(columns, fields, strict=True)]
        waiting.append(pa.table(arrays, schema=fields))
        if sum(table.num_rows for table in waiting) >= _ROW_GROUP:
            write_group()

    def write_group() -> None:
        if waiting:
            writer.write_table(pa.concat_tables(waiting))
        waiting.clear()

    with parquet.ParquetWriter(path, fields) as writer:
        yield write
        write_group()


WRITERS: dict[str, Callable[[Path, Schema], AbstractContextManager[Write]]] = {".csv": _csv, ".parquet": _parquet}
