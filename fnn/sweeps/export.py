"""A store's runs as other programs read them: CSV, Parquet and NumPy's .npz, a row or an entry a run."""

import csv
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fnn.errors import InvalidSetting
from fnn.files import replacing
from fnn.sweeps import store
from fnn.sweeps.store import Condition, Connection

# Runs held in memory at a time.
_ROWS = 2**16
_KINDS = {"INTEGER": np.int64, "REAL": np.float64}


def export(connection: Connection, path: Path, where: Sequence[Condition] = ()) -> int:
    """Write the runs that meet all conditions to the path, in the form its ending says; return how many there are.

    .csv and .parquet hold the view `runs`; .npz its columns as arrays, and, where all runs have curves over the same
    epochs, `curve_epochs` (P,), `loss_curve` and `accuracy_curve` (R, P). Parquet needs the extra `parquet`.
    Raises InvalidSetting for another ending, and for Parquet without the extra.
    """
    if path.suffix not in FORMATS:
        raise InvalidSetting("to", str(path), f"a file that ends in {', '.join(FORMATS)}")
    with replacing(path) as part:
        return FORMATS[path.suffix](connection, store.select(connection, store.RUN_COLUMNS, where), part, where)


def _batches(rows: sqlite3.Cursor) -> Iterator[list[tuple[Any, ...]]]:
    while batch := rows.fetchmany(_ROWS):
        yield batch


def _csv(_connection: Connection, rows: sqlite3.Cursor, path: Path, _where: Sequence[Condition]) -> int:
    count = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(column[0] for column in rows.description)
        for batch in _batches(rows):
            writer.writerows(batch)
            count += len(batch)
    return count


def _parquet(_connection: Connection, rows: sqlite3.Cursor, path: Path, _where: Sequence[Condition]) -> int:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise InvalidSetting("to", str(path), "the extra parquet: python -m pip install 'fnn[parquet]'") from None
    kinds = {"INTEGER": pa.int64(), "REAL": pa.float64()}
    names = [column[0] for column in rows.description]
    schema = pa.schema([(name, kinds.get(store.RUNS[name], pa.string())) for name in names])
    count = 0
    with parquet.ParquetWriter(path, schema) as writer:
        for batch in _batches(rows):
            columns = [
                pa.array(column, field.type) for column, field in zip(zip(*batch, strict=True), schema, strict=True)
            ]
            writer.write_table(pa.table(columns, schema=schema))
            count += len(batch)
    return count


def _npz(connection: Connection, rows: sqlite3.Cursor, path: Path, where: Sequence[Condition]) -> int:
    names = [column[0] for column in rows.description]
    parts: list[list[NDArray[Any]]] = [[] for _ in names]
    for batch in _batches(rows):
        for part, name, column in zip(parts, names, zip(*batch, strict=True), strict=True):
            part.append(_array(name, column))
    arrays = {name: np.concatenate(part) if part else np.empty(0) for name, part in zip(names, parts, strict=True)}
    curves = store.select(connection, "c.grid, c.loss, c.accuracy", where).fetchall()
    grids = {grid for grid, _, _ in curves}
    if len(grids) == 1 and None not in grids:
        _, *blobs = zip(*curves, strict=True)
        loss, accuracy = (np.frombuffer(b"".join(column), "<f4").reshape(len(curves), -1) for column in blobs)
        arrays |= {
            "curve_epochs": store.grid_epochs(connection, *grids),
            "loss_curve": loss,
            "accuracy_curve": accuracy,
        }
    np.savez_compressed(path, allow_pickle=False, **arrays)
    return len(arrays["seed"])


def _array(name: str, column: Sequence[Any]) -> NDArray[Any]:
    """Return a column as numbers, or as text; where there is nothing, NaN, or −1 among whole numbers, or ""."""
    kind = _KINDS.get(store.RUNS[name])
    if kind is np.int64:
        return np.array([-1 if value is None else value for value in column], np.int64)
    return np.array(column, kind) if kind else np.array(["" if value is None else value for value in column])


FORMATS: dict[str, Callable[[Connection, sqlite3.Cursor, Path, Sequence[Condition]], int]] = {
    ".csv": _csv,
    ".parquet": _parquet,
    ".npz": _npz,
}
