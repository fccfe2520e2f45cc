"""A store's runs as other programs read them: CSV, Parquet and NumPy's .npz, a row or an entry a run.

A run on a split of a table has its split and its scores in the row: it is scored on one part, so there is nothing that
a longer table would say.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.errors import InvalidSetting
from fnn.files import replacing
from fnn.stats.scores import SCORES
from fnn.sweeps.conditions import Condition
from fnn.sweeps.query import ROWS, grid_epochs, has_splits, run_columns, select_runs, stacked_curves
from fnn.sweeps.schema import CHOSEN_COLUMNS, RESULTS, SPLIT_COLUMNS, Connection, check_column, quoted

_KINDS = {"INTEGER": np.int64, "REAL": np.float64}


# As `OfSplit.held_out` has it; of no split, none.
_SCORED_ON = (
    "CASE WHEN p.test_rows > 0 THEN 'test' WHEN p.validation_rows > 0 THEN 'validation' "
    "WHEN p.train_rows > 0 THEN 'training' END"
)


class Selected(NamedTuple):
    """A column of what is exported: SQL as `select_runs` takes it, and the type of its values."""

    sql: str
    kind: str


def exported_columns(connection: Connection) -> dict[str, Selected]:
    """Return the columns of the view `runs`, and in a store with runs on tables those of splits and scores.

    Scores are `score_NAME`, beside `final_accuracy` and the like, which are of the training part; `scored_on` is the
    part that they are of.
    """
    of_results = {"seed", "session", *RESULTS}
    runs = run_columns(connection).items()
    columns = {name: Selected(f"{'r' if name in of_results else 's'}.{quoted(name)}", kind) for name, kind in runs}
    if not has_splits(connection):
        return columns
    columns |= {name: Selected(f"p.{quoted(name)}", kind) for name, kind in SPLIT_COLUMNS.items()}
    columns["scored_on"] = Selected(_SCORED_ON, "TEXT")
    columns |= {name: Selected(f"h.{quoted(name)}", kind) for name, kind in CHOSEN_COLUMNS.items()}
    return columns | {f"score_{name}": Selected(f"h.{quoted(name)}", "REAL") for name in SCORES}


class _Runs(NamedTuple):
    """What is exported: the runs of a store that meet all conditions. columns: under their names."""

    connection: Connection
    columns: Mapping[str, Selected]
    where: Sequence[Condition]

    def batches(self) -> Iterator[list[tuple[Any, ...]]]:
        """Yield rows, as many at a time as may be held in memory, once their types are checked."""
        rows = select_runs(self.connection, ", ".join(column.sql for column in self.columns.values()), self.where)
        while batch := rows.fetchmany(ROWS):
            for (name, (_, kind)), column in zip(self.columns.items(), zip(*batch, strict=True), strict=True):
                check_column(name, kind, column)
            yield batch


def export(connection: Connection, path: Path, where: Sequence[Condition] = ()) -> int:
    """Write the runs that meet all conditions to the path, in the form its ending says; return how many there are.

    .csv and .parquet hold `exported_columns`; .npz these as arrays, and, where all runs have curves over the same
    epochs, `curve_epochs` (P,), `loss_curve` and `accuracy_curve` (R, P). Parquet needs the extra `parquet`.
    Raises InvalidSetting for another ending, and for Parquet without the extra.
    """
    if path.suffix not in FORMATS:
        raise InvalidSetting("to", str(path), f"a file that ends in {', '.join(FORMATS)}")
    with replacing(path) as part:
        return FORMATS[path.suffix](_Runs(connection, exported_columns(connection), where), part)


def _csv(runs: _Runs, path: Path) -> int:
    count = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(runs.columns)
        for batch in runs.batches():
            writer.writerows(batch)
            count += len(batch)
    return count


def _parquet(runs: _Runs, path: Path) -> int:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise InvalidSetting("to", str(path), "the extra parquet: python -m pip install 'fnn[parquet]'") from None
    kinds = {"INTEGER": pa.int64(), "REAL": pa.float64()}
    schema = pa.schema([(name, kinds.get(kind, pa.string())) for name, (_, kind) in runs.columns.items()])
    count = 0
    with parquet.ParquetWriter(path, schema) as writer:
        for batch in runs.batches():
            columns = [
                pa.array(column, field.type) for column, field in zip(zip(*batch, strict=True), schema, strict=True)
            ]
            writer.write_table(pa.table(columns, schema=schema))
            count += len(batch)
    return count


def _npz(runs: _Runs, path: Path) -> int:
    parts: dict[str, list[NDArray[Any]]] = {name: [] for name in runs.columns}
    for batch in runs.batches():
        for (name, (_, kind)), column in zip(runs.columns.items(), zip(*batch, strict=True), strict=True):
            parts[name].append(_array(kind, column))
    arrays = {name: np.concatenate(part) if part else np.empty(0) for name, part in parts.items()}
    np.savez_compressed(path, allow_pickle=False, **arrays, **_curves(runs))
    return len(arrays["seed"])


def _curves(runs: _Runs) -> dict[str, NDArray[Any]]:
    """Return the curves of all runs by their names in the file; none unless all have them over the same epochs."""
    rows = select_runs(runs.connection, "c.grid, c.loss, c.accuracy", runs.where).fetchall()
    grids = {grid for grid, _, _ in rows}
    if len(grids) != 1 or None in grids:
        return {}
    epochs = grid_epochs(runs.connection, *grids)
    _, *blobs = zip(*rows, strict=True)
    loss, accuracy = (stacked_curves(column, len(epochs)) for column in blobs)
    return {"curve_epochs": epochs, "loss_curve": loss, "accuracy_curve": accuracy}


def _array(kind: str, column: Sequence[Any]) -> NDArray[Any]:
    """Return a column as numbers, or as text; where there is nothing, NaN, or −1 among whole numbers, or ""."""
    if kind == "TEXT":
        return np.array(["" if value is None else value for value in column])
    if kind == "INTEGER":
        column = [-1 if value is None else value for value in column]
    return np.array(column, _KINDS[kind])


FORMATS: dict[str, Callable[[_Runs, Path], int]] = {".csv": _csv, ".parquet": _parquet, ".npz": _npz}
