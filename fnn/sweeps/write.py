"""What a sweep writes to its store: settings, runs with their curves, and who wrote them."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.sweeps.chunks import ChunkRuns
from fnn.sweeps.grid import Trial
from fnn.sweeps.migrations import transaction
from fnn.sweeps.schema import (
    SESSION_COLUMNS,
    Connection,
    Damaged,
    column_value,
    config_columns,
    key,
    listed,
    score_columns,
    setting_columns,
)
from fnn.training.results import Results
from fnn.training.train import NUMERICS

Ints = NDArray[np.int64]


def begin_session(connection: Connection, command: str, who: Mapping[str, Any]) -> int:
    """Note whose runs are written from now on, by columns of `sessions`; return the session's id."""
    about = {name: value for name, value in who.items() if name in SESSION_COLUMNS}
    row = {"started": _now(), "command": command, **about}
    into = f"INSERT INTO sessions ({listed(row)}) VALUES ({', '.join('?' * len(row))})"
    return int(connection.execute(into, tuple(row.values())).lastrowid or 0)


def end_session(connection: Connection, session: int) -> None:
    """Note that the session came to its end."""
    connection.execute("UPDATE sessions SET ended = ? WHERE id = ?", (_now(), session))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def trial_key(trial: Trial, backend: str, numerics: int = NUMERICS) -> str:
    """Return the hash of all that the numbers of a trial's runs depend on but the seed."""
    return key(_settings(trial), (backend, numerics, trial.samples.digest), type(trial.config))


def _settings(trial: Trial) -> dict[str, object]:
    return {name: column_value(getattr(trial.config, name)) for name in config_columns(type(trial.config))}


def add_settings(connection: Connection, trials: Sequence[Trial], backend: str, numerics: int = NUMERICS) -> list[int]:
    """Add what is not there yet; return the id of each trial's settings."""
    columns = setting_columns(type(trials[0].config))
    into = f'INSERT OR IGNORE INTO settings ("key", {listed(columns)}) VALUES (?{", ?" * len(columns)})'
    different = {id(trial.samples): trial.samples for trial in trials}
    digests = {place: samples.digest for place, samples in different.items()}
    ids = []
    with transaction(connection):
        for trial in trials:
            samples, settings = trial.samples, _settings(trial)
            made = backend, numerics, digests[id(samples)]
            settings_key = key(settings, made, type(trial.config))
            data = samples.data, samples.points, samples.noise, samples.data_seed
            connection.execute(into, (settings_key, *data, *settings.values(), *made))
            row = connection.execute('SELECT id FROM settings WHERE "key" = ?', (settings_key,)).fetchone()
            if row is None:
                raise Damaged("settings cannot be added")
            ids.append(row[0])
            if samples.about is not None:
                _add_split(connection, row[0], samples.about.row)
    return ids


def _add_split(connection: Connection, settings: int, row: dict[str, Any]) -> None:
    """Note on which split of a table the runs of these settings are."""
    into = f"INSERT OR IGNORE INTO splits (settings, {listed(row)}) VALUES (?{', ?' * len(row)})"
    connection.execute(into, (settings, *row.values()))


class Batch(NamedTuple):
    """Runs to write: of which session, the ids of the settings of each of their trials, and scores of a table's."""

    session: int
    ids: Sequence[int]
    results: Results | ChunkRuns
    scores: NDArray[np.float64] | None = None


def write_results(connection: Connection, batches: Sequence[Batch]) -> None:
    """Add runs in one transaction: a commit waits for the disk, however little it has to write."""
    with transaction(connection):
        for batch in batches:
            _insert(connection, *batch)


def _insert(
    connection: Connection,
    session: int,
    ids: Sequence[int],
    results: Results | ChunkRuns,
    scores: NDArray[np.float64] | None,
) -> None:
    """Add the runs of results. scores: (S, columns of `score_columns`), of runs on a table."""
    settings = np.repeat(np.array(ids), len(results.seeds) // len(ids)).tolist()
    seeds = results.seeds.tolist()
    rows = zip(
        settings, seeds, results.loss.tolist(), results.score.tolist(), results.solved.astype(int).tolist(),
        _nulls(results.epochs_to_solve), _nulls(results.diverged), results.stopped.tolist(),
        results.met.astype(int).tolist(), repeat(session),
        strict=False,
    )  # fmt: skip
    connection.executemany("INSERT OR IGNORE INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    if scores is not None:
        values = [[None if math.isnan(value) else value for value in row] for row in scores.tolist()]
        columns = score_columns()  # by name: where scores came by migrations, they stand in another order
        marks = ", ".join("?" * (2 + len(columns)))
        into = f"INSERT OR IGNORE INTO scores (settings, seed, {listed(columns)}) VALUES ({marks})"
        kept = zip(settings, seeds, values, strict=True)
        connection.executemany(into, [(s, seed, *row) for s, seed, row in kept])
    if len(results.curve_epochs):
        grid = _grid(connection, results.curve_epochs)
        loss, accuracy = (np.ascontiguousarray(curves, "<f4") for curves in (results.loss_curve, results.score_curve))
        blobs = zip(settings, seeds, repeat(grid), map(bytes, loss), map(bytes, accuracy), strict=False)
        connection.executemany("INSERT OR IGNORE INTO curves VALUES (?, ?, ?, ?, ?)", blobs)


def _nulls(values: Ints) -> list[int | None]:
    """Return the numbers, with None for −1."""
    return [None if value < 0 else value for value in values.tolist()]


def _grid(connection: Connection, epochs: Ints) -> int:
    """Return the id of these epochs in `grids`."""
    blob = epochs.astype("<i4").tobytes()
    connection.execute("INSERT OR IGNORE INTO grids (epochs) VALUES (?)", (blob,))
    row = connection.execute("SELECT id FROM grids WHERE epochs = ?", (blob,)).fetchone()
    if row is None or row[0] is None:
        raise Damaged("epochs of curves cannot be added")
    return int(row[0])
