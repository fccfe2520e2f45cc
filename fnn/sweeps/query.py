"""What a store is asked: its runs under conditions, their curves, and which of a sweep's runs it lacks.

What comes out of the file is checked: SQLite keeps any value in any column. Raises Damaged, an error of SQLite's.
"""

import math
import re
import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.config import CHECKS
from fnn.formats import counted
from fnn.frames import as_frame, loss_line, matching, none_as_nan, settings_line, solved_line, typed_column
from fnn.sweeps.conditions import Condition, clauses
from fnn.sweeps.schema import RESULTS, Connection, Damaged, check_column, columns_of, listed

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# Runs held in memory at a time, as Python's objects.
ROWS = 2**16


def select_runs(connection: Connection, columns: str, where: Sequence[Condition] = ()) -> sqlite3.Cursor:
    """Return rows of runs that meet all conditions, in the order of their settings, then of their seeds.

    columns: SQL over results r, their settings s, and what is NULL where a run has none: curves c, split p, scores h.
    """
    which, arguments = clauses(where)
    join = "".join(f" LEFT JOIN {table}" for name, table in _JOINED.items() if re.search(rf"\b{name}\.", columns))
    return connection.execute(
        f"SELECT {columns} FROM results AS r JOIN settings AS s ON s.id = r.settings{join}"
        f" WHERE {which} ORDER BY r.settings, r.seed",
        arguments,
    )


_JOINED = {
    "c": "curves AS c ON c.settings = r.settings AND c.seed = r.seed",
    "p": "splits AS p ON p.settings = r.settings",
    "h": "scores AS h ON h.settings = r.settings AND h.seed = r.seed",
}


def run_columns(connection: Connection) -> dict[str, str]:
    """Return the columns of the view `runs` with their types."""
    return columns_of(connection, "runs")


def has_splits(connection: Connection) -> bool:
    """Return whether a store has runs on splits of a table."""
    return bool(connection.execute("SELECT EXISTS (SELECT 1 FROM splits)").fetchone()[0])


# ---- runs ----


class Runs(NamedTuple):
    """R runs of C settings. settings: a column (C,) under each name; trial: (R,) each run's place in those columns.

    seed, loss, accuracy, solved: (R,); epochs_to_solve, diverged: (R,) epochs, −1 where there is none; stopped: (R,)
    epochs made; met: (R,) whether a stopping rule was. A loss that is not a number is NaN. ids: of the settings in the
    store. `frame()` gives a row for each run, `where(lr=0.1)` the runs of these settings.
    """

    settings: dict[str, list[Any]]
    ids: list[int]
    trial: Ints
    seed: Ints
    loss: Floats
    accuracy: Floats
    solved: NDArray[np.bool_]
    epochs_to_solve: Ints
    diverged: Ints
    stopped: Ints
    met: NDArray[np.bool_]

    def __repr__(self) -> str:
        lines = [f"Runs: {counted(len(self.seed), 'network')}, {counted(len(np.unique(self.seed)), 'seed')}"]
        lines += [settings_line(self.settings, self.varying), loss_line(self.loss, self.diverged)]
        lines += [solved_line(self.epochs_to_solve, int(self.stopped.max(initial=0)))]
        return "\n".join([*lines, "see       .frame(), .where(lr=0.1), .column('lr'), .loss, .solved"])

    def frame(self, kind: str | None = None) -> Any:
        """Return a row for each run: the settings that differ, seed, loss, accuracy and so on.

        kind: pandas, polars, or arrays for a dict of arrays (R,); by itself the first of them that is installed. What
        there is none of, as the epochs of a run that never solved, is NaN. Raises InvalidSetting for another kind.
        """
        columns = {name: typed_column(self.settings[name])[self.trial] for name in self.varying}
        columns |= {"seed": self.seed, "loss": self.loss, "accuracy": self.accuracy, "solved": self.solved}
        epochs = {name: none_as_nan(getattr(self, name)) for name in ("epochs_to_solve", "diverged")}
        return as_frame(columns | epochs | {"stopped": self.stopped}, kind)

    def where(self, **settings: Any) -> "Runs":
        """Return the runs of these settings, such as lr=0.1. Raises InvalidSetting where there are none."""
        checked = {name: CHECKS.get(name, lambda _name, value: value) for name in self.settings}
        columns = {name: self.settings.get(name, []) for name in settings}
        return self.only(np.array(self.ids)[matching(columns, settings, checked)].tolist())

    def only(self, ids: Sequence[int]) -> "Runs":
        """Return the runs of these settings."""
        wanted = set(ids)
        kept = [c for c, settings in enumerate(self.ids) if settings in wanted]
        place = np.full(len(self.ids), -1)
        place[kept] = np.arange(len(kept))
        chosen = np.isin(self.trial, kept)
        settings = {name: [values[c] for c in kept] for name, values in self.settings.items()}
        columns: list[Any] = [column[chosen] for column in self[3:]]
        return Runs(settings, [self.ids[c] for c in kept], place[self.trial[chosen]], *columns)

    def column(self, name: str) -> NDArray[Any]:
        """Return one setting of each run: (R,)."""
        return np.array(self.settings[name])[self.trial]

    @property
    def varying(self) -> list[str]:
        """The settings of which there is more than one value, in the order of the columns.

        Of data that are told apart by name, neither their number of points nor their hash is one.
        """
        names = [name for name, values in self.settings.items() if len(set(values)) > 1]
        return [name for name in names if not (name in _TOLD_BY and self._told(name, names))]

    def _told(self, name: str, names: Sequence[str]) -> bool:
        """Whether what else tells data apart, of these settings, tells this setting too."""
        by = [other for other in _TOLD_BY[name] if other in names]
        rows = list(zip(*(self.settings[other] for other in by), strict=True)) if by else []
        return bool(by) and len(set(rows)) == len(set(zip(rows, self.settings[name], strict=True)))


def read_runs(connection: Connection, where: Sequence[Condition] = (), seeds: range | None = None) -> Runs:
    """Return the runs that meet all conditions, in the order of their settings, then of their seeds."""
    if seeds is not None:
        where = [*where, Condition("seed", ">=", (seeds[0],)), Condition("seed", "<=", (seeds[-1],))]
    ids, settings = _read_settings(connection, where)
    names = ("settings", "seed", *RESULTS)
    rows = select_runs(connection, f"r.settings, r.seed, {listed(RESULTS, 'r.')}", where)
    parts: list[list[NDArray[Any]]] = [[np.empty(0, np.int64 if k < 2 else np.float64) for k in range(len(names))]]
    while part := rows.fetchmany(ROWS):  # as numbers, not as Python's objects, a million runs are 64 MB
        columns = list(zip(*part, strict=True))
        for name, column in zip(names, columns, strict=True):
            check_column(name, RESULTS.get(name, "INTEGER"), column, null=name in RESULTS)
        parts.append([np.array(column, parts[0][k].dtype) for k, column in enumerate(columns)])
    of = {name: np.concatenate(pieces) for name, pieces in zip(names, zip(*parts, strict=True), strict=True)}
    if not np.array_equal(np.unique(of["settings"]), np.array(ids, np.int64)):
        raise Damaged("results are not those of the settings")
    return Runs(
        settings=settings,
        ids=ids,
        trial=np.searchsorted(np.array(ids, np.int64), of["settings"]),
        seed=of["seed"],
        loss=of["final_loss"],
        accuracy=of["final_accuracy"],
        solved=of["solved"] == 1,
        epochs_to_solve=_epochs(of["epochs_to_solve"]),
        diverged=_epochs(of["diverged"]),
        stopped=_epochs(of["stopped"]),
        met=of["met"] == 1,
    )


def _read_settings(connection: Connection, where: Sequence[Condition]) -> tuple[list[int], dict[str, list[Any]]]:
    """Return the ids of the settings that have runs, and a column of their values under each name."""
    kinds = {name: kind for name, kind in run_columns(connection).items() if name not in _NO_SETTING}
    which, arguments = clauses(where)
    rows = connection.execute(
        f"SELECT s.id, {listed(kinds, 's.')} FROM settings AS s WHERE EXISTS ("
        f"SELECT 1 FROM results AS r WHERE r.settings = s.id AND {which}) ORDER BY s.id",
        arguments,
    ).fetchall()
    ids, *columns = zip(*rows, strict=True) if rows else ((), *([()] * len(kinds)))
    for (name, kind), column in zip(kinds.items(), columns, strict=True):
        check_column(name, kind, column)
        if math.inf in column or -math.inf in column:
            raise Damaged(f"column {name} holds what is not finite")
    return list(ids), dict(zip(kinds, map(list, columns), strict=True))


# What describes data a second time, each with what may have told it already.
_TOLD_BY = {"points": ("data",), "data_digest": ("data", "points", "noise", "data_seed")}
_NO_SETTING = {"seed", *RESULTS, "key", "session"}


def _epochs(values: Floats) -> Ints:
    return np.asarray(np.nan_to_num(values, nan=-1), np.int64)


# ---- which are there ----


def count_runs(connection: Connection, seeds: range) -> dict[int, int]:
    """Return how many of the seeds are there, for each settings' id that has any."""
    rows = connection.execute(
        "SELECT settings, count(*) FROM results WHERE seed BETWEEN ? AND ? GROUP BY settings", (seeds[0], seeds[-1])
    )
    return dict(rows.fetchall())


def count_other_versions(connection: Connection, numerics: int) -> dict[int, int]:
    """Return how many runs there are of each other version of the arithmetic."""
    rows = connection.execute(
        "SELECT s.numerics, count(*) FROM results AS r JOIN settings AS s ON s.id = r.settings"
        " WHERE s.numerics != ? GROUP BY s.numerics ORDER BY s.numerics",
        (numerics,),
    )
    return dict(rows.fetchall())


def missing_seeds(connection: Connection, settings: int, seeds: range) -> Ints:
    """Return those of the seeds that have no run."""
    rows = connection.execute(
        "SELECT seed FROM results WHERE settings = ? AND seed BETWEEN ? AND ?", (settings, seeds[0], seeds[-1])
    ).fetchall()
    there = [row[0] for row in rows]
    check_column("seed", "INTEGER", there, null=False)
    return np.setdiff1d(seeds[0] + np.arange(len(seeds)), np.array(there, np.int64))


# ---- curves ----


class Curves(NamedTuple):
    """Curves of R runs of one settings; epochs: (P,), loss, accuracy: (R, P)."""

    epochs: Ints
    loss: NDArray[np.float32]
    accuracy: NDArray[np.float32]


def read_curves(connection: Connection, settings: int, seeds: range | None = None) -> Curves | None:
    """Return the curves of one settings' runs; of those that have the epochs most have. None if there are none."""
    among = "settings = ?" + (f" AND seed BETWEEN {seeds[0]} AND {seeds[-1]}" if seeds is not None else "")
    grid = connection.execute(
        f"SELECT grid FROM curves WHERE {among} GROUP BY grid ORDER BY count(*) DESC, grid LIMIT 1", (settings,)
    ).fetchone()
    if grid is None:
        return None
    rows = connection.execute(
        f"SELECT loss, accuracy FROM curves WHERE {among} AND grid IS ? ORDER BY seed", (settings, *grid)
    ).fetchall()
    epochs = grid_epochs(connection, *grid)
    loss, accuracy = (stacked_curves(blobs, len(epochs)) for blobs in zip(*rows, strict=True))
    return Curves(epochs, loss, accuracy)


def grid_epochs(connection: Connection, grid: Any) -> Ints:
    """Return the epochs of curves: (P,)."""
    row = connection.execute("SELECT epochs FROM grids WHERE id = ?", (grid,)).fetchone()
    if row is None or not isinstance(row[0], bytes) or len(row[0]) % 4:
        raise Damaged(f"no epochs of curves {grid}")
    return np.frombuffer(row[0], "<i4").astype(np.int64)


def stacked_curves(blobs: Sequence[Any], points: int) -> NDArray[np.float32]:
    """Return curves as they stand in the file as rows: (R, P)."""
    if not all(isinstance(blob, bytes) and len(blob) == 4 * points for blob in blobs):
        raise Damaged("curves of another length than their epochs")
    return np.frombuffer(b"".join(blobs), "<f4").reshape(len(blobs), points)
