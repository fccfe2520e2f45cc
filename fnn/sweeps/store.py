"""The store: runs in one SQLite file, a row a run, that a killed process leaves whole.

Settings are kept once, in `settings`; `results` has a row for each seed, `curves` its loss and accuracy while
training, as little-endian float32 after the epochs of its row in `grids`, little-endian int32. The view `runs` puts
settings and results side by side. `sessions` says what wrote them: versions, machine, command, start and end.

The `key` of settings is a hash of all that a run's numbers depend on but its seed: settings, the data's numbers, the
backend and the version of its arithmetic. So (key, seed) is a run, here and in any other file.
"""

import hashlib
import json
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import repeat
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_type_hints

import numpy as np
from numpy.typing import NDArray

from fnn.config import Config
from fnn.errors import InvalidSetting, one_of
from fnn.machine import versions
from fnn.sweeps.grid import CONFIG_SETTINGS, Arm
from fnn.training.results import Results
from fnn.training.train import NUMERICS

Connection = sqlite3.Connection
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# What tells the file from any other SQLite file, and the version of the tables in it.
APPLICATION, VERSION = 0x666E6E, 2

_TYPES = {int: "INTEGER", float: "REAL"}


def _column_type(hint: Any) -> str:
    return next((_TYPES[kind] for kind in (hint, *get_args(hint)) if kind in _TYPES and hint is not tuple), "TEXT")


_HINTS = {**get_type_hints(Config), "hidden": str}
# The columns of `settings`, in their order, with their types.
SETTINGS = {
    "data": "TEXT",
    "points": "INTEGER",
    "noise": "REAL",
    "data_seed": "INTEGER",
    **{name: _column_type(_HINTS[name]) for name in CONFIG_SETTINGS},
    "backend": "TEXT",
    "numerics": "INTEGER",
    "data_digest": "TEXT",
}
RESULTS = {
    "final_loss": "REAL",  # `loss` is the setting's name
    "final_accuracy": "REAL",
    "solved": "INTEGER",
    "epochs_to_solve": "INTEGER",
    "diverged": "INTEGER",
    "stopped": "INTEGER",
    "met": "INTEGER",
}

# The columns of the view `runs`.
RUNS = {**SETTINGS, "seed": "INTEGER", **RESULTS, "key": "TEXT", "session": "INTEGER"}


def _listed(columns: Iterable[str], prefix: str = "") -> str:
    return ", ".join(f'{prefix}"{column}"' for column in columns)


def _typed(columns: dict[str, str]) -> str:
    return ", ".join(f'"{name}" {kind}' for name, kind in columns.items())


# The columns of the view `runs`, as they stand in its query.
RUN_COLUMNS = f'{_listed(SETTINGS, "s.")}, r.seed, {_listed(RESULTS, "r.")}, s."key", r.session'

_SCHEMA = f"""
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY, started TEXT NOT NULL, ended TEXT, command TEXT, fnn TEXT, python TEXT, numpy TEXT,
    numba TEXT, system TEXT, processor TEXT, threads INTEGER
);
CREATE TABLE settings (id INTEGER PRIMARY KEY, "key" TEXT NOT NULL UNIQUE, {_typed(SETTINGS)});
CREATE TABLE results (
    settings INTEGER NOT NULL REFERENCES settings, seed INTEGER NOT NULL, {_typed(RESULTS)},
    session INTEGER NOT NULL REFERENCES sessions, PRIMARY KEY (settings, seed)
) WITHOUT ROWID;
CREATE TABLE grids (id INTEGER PRIMARY KEY, epochs BLOB NOT NULL UNIQUE);
CREATE TABLE curves (
    settings INTEGER NOT NULL REFERENCES settings, seed INTEGER NOT NULL, grid INTEGER NOT NULL REFERENCES grids,
    loss BLOB NOT NULL, accuracy BLOB NOT NULL, PRIMARY KEY (settings, seed)
) WITHOUT ROWID;
CREATE VIEW runs AS
    SELECT {RUN_COLUMNS}
    FROM results AS r JOIN settings AS s ON s.id = r.settings;
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {VERSION};
"""


def opened(path: Path | str, *, create: bool = False) -> Connection:
    """Open the store at that path, or one in memory (":memory:"); make it where `create` says so.

    Raises InvalidSetting for a file that is not a store, or of a version this one does not know, and leaves it as it
    is; OSError or sqlite3.Error where the file cannot be read or written.
    """
    words = "a store of fnn, as `fnn sweep --out` writes it"
    if str(path) != ":memory:" and not create and not Path(path).is_file():
        raise InvalidSetting("store", str(path), words)
    # The writer is a thread of its own. A reader waits for a commit to end.
    connection = sqlite3.connect(path, timeout=60, check_same_thread=False, isolation_level=None)
    try:
        kind, made = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
        empty = not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if create and empty and kind == 0:
            connection.executescript(f"BEGIN IMMEDIATE;\n{_SCHEMA}\nCOMMIT;")
        elif kind != APPLICATION:
            raise InvalidSetting("store", str(path), words)
        elif made != VERSION:
            raise InvalidSetting("store", str(path), f"a store of version {VERSION}, not {made}")
    except sqlite3.DatabaseError as error:
        connection.close()
        if not isinstance(error, sqlite3.OperationalError):
            raise InvalidSetting("store", str(path), f"{words} ({error})") from error
        raise
    except InvalidSetting:
        connection.close()
        raise
    return connection


@contextmanager
def alone(path: Path, on_wait: Any = None) -> Iterator[None]:
    """Hold the file for one writer: a second sweep waits until the first ends, however that ends.

    on_wait: called once if there is something to wait for. Without a name to lock (":memory:") and on systems without
    `flock`, it does nothing: there SQLite's own locks keep the file whole, and runs may be trained twice.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    if str(path) == ":memory:":
        yield
        return
    # Not through SQLite's own handle: closing this one, or any other, would give up SQLite's locks. It stays open
    # until the connection is closed.
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if on_wait:
                on_wait()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


# ---- writing ----


def key(arm: Arm, backend: str) -> str:
    """Return the hash of all that the numbers of an arm's runs depend on but the seed."""
    about = {name: _column(getattr(arm.config, name)) for name in CONFIG_SETTINGS}
    about |= {"backend": backend, "numerics": NUMERICS, "data_digest": arm.samples.digest}
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:32]


def _column(value: Any) -> Any:
    return ("x".join(map(str, value)) or "none") if isinstance(value, tuple) else value


def begin_session(connection: Connection, command: str, threads: int | None) -> int:
    """Note who writes from now on; return the session's id."""
    row = {"started": _now(), "command": command, **versions(threads)}
    into = f"INSERT INTO sessions ({_listed(row)}) VALUES ({', '.join('?' * len(row))})"
    return int(connection.execute(into, tuple(row.values())).lastrowid or 0)


def end_session(connection: Connection, session: int) -> None:
    """Note that the session came to its end."""
    connection.execute("UPDATE sessions SET ended = ? WHERE id = ?", (_now(), session))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def add_settings(connection: Connection, arms: Sequence[Arm], backend: str) -> list[int]:
    """Add what is not there yet; return the id of each arm's settings."""
    ids = []
    into = f'INSERT OR IGNORE INTO settings ("key", {_listed(SETTINGS)}) VALUES (?{", ?" * len(SETTINGS)})'
    digests: dict[int, str] = {}
    connection.execute("BEGIN IMMEDIATE")
    try:
        for arm in arms:
            digest = digests.setdefault(id(arm.samples), arm.samples.digest)
            about = [_column(getattr(arm.config, name)) for name in CONFIG_SETTINGS]
            row = [*arm.samples[:4], *about, backend, NUMERICS, digest]
            own = key(arm, backend)
            connection.execute(into, (own, *row))
            ids.append(connection.execute('SELECT id FROM settings WHERE "key" = ?', (own,)).fetchone()[0])
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return ids


def counts(connection: Connection, seeds: range) -> dict[int, int]:
    """Return how many of the seeds are there, for each settings' id that has any."""
    rows = connection.execute(
        "SELECT settings, count(*) FROM results WHERE seed BETWEEN ? AND ? GROUP BY settings", (seeds[0], seeds[-1])
    )
    return dict(rows.fetchall())


def missing(connection: Connection, settings: int, seeds: range) -> Ints:
    """Return those of the seeds that have no run."""
    rows = connection.execute(
        "SELECT seed FROM results WHERE settings = ? AND seed BETWEEN ? AND ?", (settings, seeds[0], seeds[-1])
    )
    return np.setdiff1d(np.arange(seeds[0], seeds[-1] + 1), np.fromiter((row[0] for row in rows), np.int64))


def write(connection: Connection, session: int, ids: Sequence[int], results: Results) -> None:
    """Add the runs of results in one transaction. ids: of the settings of each of its configs."""
    settings = np.repeat(np.array(ids), len(results) // len(ids)).tolist()
    seeds = results.seeds.tolist()
    rows = zip(
        settings, seeds, results.loss.tolist(), results.accuracy.tolist(), results.solved.astype(int).tolist(),
        _nulls(results.epochs_to_solve), _nulls(results.diverged), results.stopped.tolist(),
        results.met.astype(int).tolist(), repeat(session),
        strict=False,
    )  # fmt: skip
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.executemany("INSERT OR IGNORE INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        if len(results.curve_epochs):
            grid = _grid(connection, results.curve_epochs)
            loss, accuracy = (
                np.ascontiguousarray(curves, "<f4") for curves in (results.loss_curve, results.accuracy_curve)
            )
            blobs = zip(settings, seeds, repeat(grid), map(bytes, loss), map(bytes, accuracy), strict=False)
            connection.executemany("INSERT OR IGNORE INTO curves VALUES (?, ?, ?, ?, ?)", blobs)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _nulls(values: Ints) -> list[int | None]:
    """Return the numbers, with None for −1."""
    return [None if value < 0 else value for value in values.tolist()]


def _grid(connection: Connection, epochs: Ints) -> int:
    blob = epochs.astype("<i4").tobytes()
    connection.execute("INSERT OR IGNORE INTO grids (epochs) VALUES (?)", (blob,))
    return int(connection.execute("SELECT id FROM grids WHERE epochs = ?", (blob,)).fetchone()[0])


# ---- reading ----


class Runs(NamedTuple):
    """R runs of C settings. settings: a column (C,) under each name; arm: (R,) each run's place in those columns.

    seed, loss, accuracy, solved: (R,); epochs_to_solve, diverged: (R,) epochs, −1 where there is none; stopped: (R,)
    epochs made; met: (R,) whether a stopping rule was. A loss that is not a number is NaN. ids: of the settings in the
    store.
    """

    settings: dict[str, list[Any]]
    ids: list[int]
    arm: Ints
    seed: Ints
    loss: Floats
    accuracy: Floats
    solved: NDArray[np.bool_]
    epochs_to_solve: Ints
    diverged: Ints
    stopped: Ints
    met: NDArray[np.bool_]

    def only(self, ids: Sequence[int]) -> "Runs":
        """Return the runs of these settings."""
        kept = [c for c, own in enumerate(self.ids) if own in set(ids)]
        place = np.full(len(self.ids), -1)
        place[kept] = np.arange(len(kept))
        chosen = np.isin(self.arm, kept)
        settings = {name: [values[c] for c in kept] for name, values in self.settings.items()}
        columns: list[Any] = [column[chosen] for column in self[3:]]
        return Runs(settings, [self.ids[c] for c in kept], place[self.arm[chosen]], *columns)

    def column(self, name: str) -> NDArray[Any]:
        """Return one setting of each run: (R,)."""
        return np.array(self.settings[name])[self.arm]

    @property
    def varying(self) -> list[str]:
        """The settings of which there is more than one value, in the order of the columns."""
        return [name for name, values in self.settings.items() if len(set(values)) > 1]


class Condition(NamedTuple):
    """A column of settings, or `seed`, an operator and the values of which one has to fit."""

    name: str
    operator: str
    values: tuple[Any, ...]


def condition(text: str) -> Condition:
    """Read a condition such as lr=0.1, optimizer=sgd,adam, lr<1 or seed>=100; commas separate alternatives.

    Raises InvalidSetting for another form, an unknown name, and words where numbers are.
    """
    parts = re.fullmatch(r"\s*([\w-]+)\s*(<=|>=|!=|=|<|>)\s*(.*?)\s*", text)
    if parts is None:
        raise InvalidSetting("where", text, "a condition such as lr=0.1, optimizer=sgd,adam or lr<=1")
    name, operator, right = parts[1].replace("-", "_"), parts[2], parts[3]
    one_of("where", name, [*SETTINGS, "seed"])
    if operator not in ("=", "!=") and "," in right:
        raise InvalidSetting("where", text, f"one value after {operator}")
    number: Any = {"INTEGER": int, "REAL": float}.get(SETTINGS.get(name, "INTEGER"))
    try:
        values = tuple(number(word) if number and word != "none" else word for word in right.split(","))
    except ValueError:
        raise InvalidSetting("where", text, f"numbers for {name}") from None
    return Condition(name, operator, tuple(None if number and value == "none" else value for value in values))


def select(connection: Connection, columns: str, where: Sequence[Condition] = ()) -> sqlite3.Cursor:
    """Return rows of runs that meet all conditions, in the order of their settings, then of their seeds.

    columns: SQL over results r, their settings s and their curves c, which are NULL where a run has none.
    """
    which, arguments = _clauses(where)
    join = " LEFT JOIN curves AS c ON c.settings = r.settings AND c.seed = r.seed" if "c." in columns else ""
    return connection.execute(
        f"SELECT {columns} FROM results AS r JOIN settings AS s ON s.id = r.settings{join}"
        f" WHERE {which} ORDER BY r.settings, r.seed",
        arguments,
    )


def _clauses(where: Sequence[Condition]) -> tuple[str, list[Any]]:
    """Return conditions as SQL, and its arguments."""
    parts: list[str] = ["1"]
    arguments: list[Any] = []
    for one in where:
        column = "r.seed" if one.name == "seed" else f's."{one.name}"'
        how = {"=": "IS", "!=": "IS NOT"}.get(one.operator, one.operator)  # NULL is a value like others
        between = " AND " if how == "IS NOT" else " OR "
        parts.append(f"({between.join([f'{column} {how} ?'] * len(one.values))})")
        arguments += one.values
    return " AND ".join(parts), arguments


def read(connection: Connection, where: Sequence[Condition] = (), seeds: range | None = None) -> Runs:
    """Return the runs that meet all conditions, in the order of their settings, then of their seeds."""
    if seeds is not None:
        where = [*where, Condition("seed", ">=", (seeds[0],)), Condition("seed", "<=", (seeds[-1],))]
    which, arguments = _clauses(where)
    found = connection.execute(
        f"SELECT s.id, {_listed(SETTINGS, 's.')} FROM settings AS s WHERE EXISTS ("
        f"SELECT 1 FROM results AS r WHERE r.settings = s.id AND {which}) ORDER BY s.id",
        arguments,
    ).fetchall()
    ids = [row[0] for row in found]
    names = ("settings", "seed", *RESULTS)
    rows = select(connection, f"r.settings, r.seed, {_listed(RESULTS, 'r.')}", where)
    parts: list[list[NDArray[Any]]] = [[np.empty(0, np.int64 if k < 2 else np.float64) for k in range(len(names))]]
    while part := rows.fetchmany(2**16):  # as numbers, not as Python's objects, a million runs are 64 MB
        parts.append([np.array(column, parts[0][k].dtype) for k, column in enumerate(zip(*part, strict=True))])
    found_runs = {name: np.concatenate(pieces) for name, pieces in zip(names, zip(*parts, strict=True), strict=True)}

    def epochs(name: str) -> Ints:
        return np.asarray(np.nan_to_num(found_runs[name], nan=-1), np.int64)

    return Runs(
        settings={name: [row[k] for row in found] for k, name in enumerate(SETTINGS, 1)},
        ids=ids,
        arm=np.searchsorted(np.array(ids, np.int64), found_runs["settings"]),
        seed=found_runs["seed"],
        loss=found_runs["final_loss"],
        accuracy=found_runs["final_accuracy"],
        solved=found_runs["solved"] == 1,
        epochs_to_solve=epochs("epochs_to_solve"),
        diverged=epochs("diverged"),
        stopped=epochs("stopped"),
        met=found_runs["met"] == 1,
    )


def grid_epochs(connection: Connection, grid: int) -> Ints:
    """Return the epochs of curves: (P,)."""
    blob = connection.execute("SELECT epochs FROM grids WHERE id = ?", (grid,)).fetchone()[0]
    return np.frombuffer(blob, "<i4").astype(np.int64)


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
        f"SELECT loss, accuracy FROM curves WHERE {among} AND grid = ? ORDER BY seed", (settings, *grid)
    ).fetchall()
    loss, accuracy = (np.frombuffer(b"".join(blobs), "<f4").reshape(len(rows), -1) for blobs in zip(*rows, strict=True))
    return Curves(grid_epochs(connection, *grid), loss, accuracy)
