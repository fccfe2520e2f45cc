"""The store: runs in one SQLite file, a row a run, that a killed process leaves whole. Here, its tables.

Settings are kept once, in `settings`; `results` has a row for each seed, `curves` its loss and accuracy while
training, as little-endian float32 after the epochs of its row in `grids`, little-endian int32. The view `runs` puts
settings and results side by side. `sessions` says what wrote them: versions, machine, command, start and end.
`migrations` says by which steps the file came to these tables. Of runs on a table of data, `splits` has the split that
settings were trained on, and `scores` what each run scores on what it held out.

The `key` of settings is a hash of all that a run's numbers depend on but its seed: the settings that are not at their
default, the data's numbers, the backend and the version of its arithmetic. So (key, seed) is a run, here and in any
other file, and a setting that comes later leaves the keys of what does not use it as they are. The defaults are part
of what keys mean: to change one takes a migration.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

from fnn.config import Config
from fnn.formats import setting
from fnn.stats.scores import SCORES

Connection = sqlite3.Connection

# What tells the file from any other SQLite file, and the version of the tables in it. From 3 on, the file lists its
# migrations; 2 came before.
APPLICATION, VERSION, UNLISTED = 0x666E6E, 3, 2


class Damaged(sqlite3.DatabaseError):
    """What a store holds is not what belongs there."""


class Column(NamedTuple):
    """A setting's column: the type SQLite keeps it as, and the default as it stands there."""

    kind: str
    default: Any


# The settings that every store has; the columns of others come by migrations.
ORIGINAL = (
    "hidden", "activation", "output", "init", "init_scale", "dtype", "loss", "reduction", "epochs", "batch_size",
    "order", "stop_loss", "stop_max_error", "stop_rms", "stop_mean_error", "optimizer", "lr", "momentum", "beta1",
    "beta2", "alpha", "bias_correction", "epsilon", "epsilon_place", "weight_decay", "eta_minus", "eta_plus",
    "step_min", "step_max", "scheduler", "gamma", "step_size", "power", "warmup", "warmup_peak",
)  # fmt: skip
_DATA = {"data": "TEXT", "points": "INTEGER", "noise": "REAL", "data_seed": "INTEGER"}
_PROVENANCE = {"backend": "TEXT", "numerics": "INTEGER", "data_digest": "TEXT"}
RESULTS = {
    "final_loss": "REAL",  # `loss` is the setting's name
    "final_accuracy": "REAL",
    "solved": "INTEGER",
    "epochs_to_solve": "INTEGER",
    "diverged": "INTEGER",
    "stopped": "INTEGER",
    "met": "INTEGER",
}
# Who trained: `sessions` has a row for each process, in a cluster for each worker. What tells workers apart came later.
_FIRST_OF_SESSION = {
    "fnn": "TEXT", "python": "TEXT", "numpy": "TEXT", "numba": "TEXT", "system": "TEXT", "processor": "TEXT",
    "threads": "INTEGER",
}  # fmt: skip
OF_WORKER = {"llvm": "TEXT", "family": "TEXT", "features": "TEXT", "host": "TEXT", "worker": "TEXT", "probe": "TEXT"}
SESSION_COLUMNS = {**_FIRST_OF_SESSION, **OF_WORKER}
# What is kept of a split of a table, beside the settings of runs on it.
SPLIT_COLUMNS = {
    "source": "TEXT", "target": "TEXT", "task": "TEXT", "scaling": "TEXT", "smooth_clip": "INTEGER",
    "class_weight": "TEXT", "validation": "REAL", "folds": "INTEGER", "repeats": "INTEGER", "bootstrap": "INTEGER",
    "split_seed": "INTEGER", "repeat": "INTEGER", "fold": "INTEGER", "train_rows": "INTEGER",
    "validation_rows": "INTEGER", "test_rows": "INTEGER",
}  # fmt: skip
# And of a run there: the epoch whose weights are kept, and what it is chosen by; beside scores on what is held out, of
# which every store has these, and those of others come by migrations.
CHOSEN_COLUMNS = {"best_epoch": "INTEGER", "validation_loss": "REAL", "validation_score": "REAL"}
ORIGINAL_SCORES = ("log_loss", "accuracy", "brier", "auc", "rmse", "mae", "r2")
# What Python has where SQLite has these types.
_TYPES = {"INTEGER": (int, type(None)), "REAL": (float, int, type(None)), "TEXT": (str, type(None))}


# ---- columns ----


_COLUMNS: dict[type[Config], Mapping[str, Column]] = {}


def config_columns(config: type[Config] = Config) -> Mapping[str, Column]:
    """Return the columns of the settings of that class, all but the seed, in the order of its fields."""
    if config not in _COLUMNS:
        hints = get_type_hints(config)
        _COLUMNS[config] = {
            field.name: Column(_kind(hints[field.name]), column_value(field.default))
            for field in fields(config)
            if field.name != "seed"
        }
    return _COLUMNS[config]


def setting_columns(config: type[Config] = Config) -> dict[str, str]:
    """Return the columns of `settings`, in their order, with their types."""
    return {**_DATA, **{name: column.kind for name, column in config_columns(config).items()}, **_PROVENANCE}


def score_columns(scores: Iterable[str] = SCORES) -> dict[str, str]:
    """Return the columns of `scores` with their types, all but the run's: in the order in which they are computed."""
    return {**CHOSEN_COLUMNS, **dict.fromkeys(scores, "REAL")}


def _kind(hint: Any) -> str:
    kinds = (hint, *get_args(hint)) if get_origin(hint) is not tuple else ()
    return "INTEGER" if int in kinds else "REAL" if float in kinds else "TEXT"


def column_value(value: Any) -> Any:
    """Return a setting's value as it stands in its column: widths with x between them."""
    return setting(value) if isinstance(value, tuple) else value


SETTINGS = setting_columns()


def key(settings: Mapping[str, Any], made: Sequence[Any], config: type[Config] = Config) -> str:
    """Return the hash of all that the numbers of runs depend on but the seed.

    settings: those of `config` by their names, as they stand in columns; one that is not there is at its default.
    made: backend, numerics and the digest of the data.
    """
    defaults = {name: column.default for name, column in config_columns(config).items()}
    about = {name: value for name, value in settings.items() if value != defaults[name]}
    about |= dict(zip(_PROVENANCE, made, strict=True))
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:32]


def check_column(name: str, kind: str, values: Sequence[Any], *, null: bool = True) -> None:
    """Raise Damaged for a value of another type than the column's, which SQLite would keep. null: may be missing."""
    types = set(_TYPES.get(kind, ())) - (set() if null else {type(None)})
    if not set(map(type, values)) <= types:
        raise Damaged(f"column {name} holds what is no {kind}")


# ---- SQL ----


def listed(columns: Iterable[str], prefix: str = "") -> str:
    """Return columns with commas between."""
    return ", ".join(prefix + quoted(column) for column in columns)


def quoted(name: str) -> str:
    """Return a name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def typed(columns: Mapping[str, str]) -> str:
    """Return columns with their types."""
    return ", ".join(f"{quoted(name)} {kind}" for name, kind in columns.items())


def runs_view(settings: Iterable[str], schema: str = "main") -> str:
    """Return the SQL that makes the view `runs`."""
    return (
        f"CREATE VIEW {schema}.runs AS SELECT {listed(settings, 's.')}, r.seed, {listed(RESULTS, 'r.')}, "
        's."key", r.session FROM results AS r JOIN settings AS s ON s.id = r.settings'
    )


def table_tables(schema: str = "main", scores: Iterable[str] = SCORES) -> list[str]:
    """Return the SQL that makes what is kept of runs on tables, where it is not there: of splits, and scores."""
    return [
        f"CREATE TABLE IF NOT EXISTS {schema}.splits (settings INTEGER PRIMARY KEY, {typed(SPLIT_COLUMNS)})",
        f"CREATE TABLE IF NOT EXISTS {schema}.scores (settings INTEGER NOT NULL, seed INTEGER NOT NULL, "
        f"{typed(score_columns(scores))}, PRIMARY KEY (settings, seed)) WITHOUT ROWID",
    ]


def tables(config: type[Config] = Config) -> list[str]:
    """Return the SQL that makes the tables of a new store."""
    settings = setting_columns(config)
    return [
        "CREATE TABLE sessions (id INTEGER PRIMARY KEY, started TEXT NOT NULL, ended TEXT, command TEXT, "
        f"{typed(SESSION_COLUMNS)})",
        f'CREATE TABLE settings (id INTEGER PRIMARY KEY, "key" TEXT NOT NULL UNIQUE, {typed(settings)})',
        "CREATE TABLE results (settings INTEGER NOT NULL REFERENCES settings, seed INTEGER NOT NULL, "
        f"{typed(RESULTS)}, session INTEGER NOT NULL REFERENCES sessions, PRIMARY KEY (settings, seed)) WITHOUT ROWID",
        "CREATE TABLE grids (id INTEGER PRIMARY KEY, epochs BLOB NOT NULL UNIQUE)",
        "CREATE TABLE curves (settings INTEGER NOT NULL REFERENCES settings, seed INTEGER NOT NULL, "
        "grid INTEGER NOT NULL REFERENCES grids, loss BLOB NOT NULL, accuracy BLOB NOT NULL, "
        "PRIMARY KEY (settings, seed)) WITHOUT ROWID",
        *table_tables(),
        runs_view(settings),
        f"PRAGMA application_id = {APPLICATION}",
    ]


def columns_of(connection: Connection, table: str, schema: str | None = None) -> dict[str, str]:
    """Return the columns of a table or a view with their types, in their order."""
    where = (table,) if schema is None else (table, schema)
    rows = connection.execute(
        f"SELECT name, type FROM pragma_table_info(?{', ?' if schema else ''}) ORDER BY cid", where
    ).fetchall()
    if not rows:
        raise Damaged(f"no table {table}")
    return dict(rows)
