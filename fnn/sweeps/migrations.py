"""Migrations: named steps that bring a store of an earlier version to today's tables, each once and in order.

The table `migrations` lists those that were made, as sqlite-utils has it. A setting that is new needs none of its own:
its column comes with the step `add NAME`, and a new score's with `add score NAME`. Who only reads a store need not be
able to write it: there the steps are made on a copy of `settings`, and `scores` is a view with the columns it lacks;
both last as long as the connection.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial

from fnn.config import Config
from fnn.stats.scores import SCORES
from fnn.sweeps.schema import (
    CHOSEN_COLUMNS,
    OF_WORKER,
    ORIGINAL,
    ORIGINAL_SCORES,
    SPLIT_COLUMNS,
    VERSION,
    Connection,
    Damaged,
    check_column,
    columns_of,
    config_columns,
    key,
    listed,
    quoted,
    runs_view,
    setting_columns,
    table_tables,
    tables,
    typed,
)

# Where a step is made: in the file, or in the copy of who only reads.
FILE, COPY = "main", "temp"

_ADD, _ADD_SCORE = "add ", "add score "
Step = Callable[[Connection, str, type[Config]], None]


def hash_what_differs(connection: Connection, schema: str, config: type[Config]) -> None:
    """Let keys hash only what differs from its default, so that a new setting leaves them as they are."""
    there = columns_of(connection, "settings", schema)
    settings = [name for name in config_columns(config) if name in there]
    names = [*settings, "backend", "numerics", "data_digest"]
    rows = connection.execute(f"SELECT id, {listed(names)} FROM {schema}.settings").fetchall()
    for name, column in zip(names, list(zip(*rows, strict=True))[1:], strict=False):
        check_column(name, there[name], column)
    keys = [(key(dict(zip(settings, row[1:-3], strict=True)), row[-3:], config), row[0]) for row in rows]
    connection.executemany(f'UPDATE {schema}.settings SET "key" = ? WHERE id = ?', keys)


def make_room_for_tables(connection: Connection, schema: str, _config: type[Config]) -> None:
    """Make the tables of splits and scores, of which there are none before."""
    for statement in table_tables(schema, ORIGINAL_SCORES):
        connection.execute(statement)


def name_workers(connection: Connection, schema: str, _config: type[Config]) -> None:
    """Add what tells the workers of a cluster apart to `sessions`, of which who only reads has no copy."""
    if schema == FILE:
        for name, kind in OF_WORKER.items():
            connection.execute(f"ALTER TABLE sessions ADD COLUMN {quoted(name)} {kind}")


_TABLES = "make room for tables"
MIGRATIONS: dict[str, Step] = {
    "hash what differs": hash_what_differs, _TABLES: make_room_for_tables, "name workers": name_workers,
}  # fmt: skip


def add_setting(name: str, connection: Connection, schema: str, config: type[Config]) -> None:
    """Add the column of a setting; runs that were made before it have its default."""
    kind, default = config_columns(config)[name]
    literal = connection.execute("SELECT quote(?)", (default,)).fetchone()[0]
    connection.execute(f"ALTER TABLE {schema}.settings ADD COLUMN {quoted(name)} {kind} DEFAULT {literal}")


def add_score(name: str, connection: Connection, schema: str, _config: type[Config]) -> None:
    """Add the column of a score; runs that were made before it have none."""
    connection.execute(f"ALTER TABLE {schema}.scores ADD COLUMN {quoted(name)} REAL")


def applied(connection: Connection) -> list[str]:
    """Return the names of the steps that were made in the file."""
    if not connection.execute("SELECT count(*) FROM main.sqlite_master WHERE name = 'migrations'").fetchone()[0]:
        return []
    return [row[0] for row in connection.execute("SELECT name FROM main.migrations ORDER BY rowid")]


def _steps(config: type[Config]) -> dict[str, Step]:
    """Return all steps under their names, in their order."""
    settings = {_ADD + name: partial(add_setting, name) for name in config_columns(config) if name not in ORIGINAL}
    scores = {_ADD_SCORE + name: partial(add_score, name) for name in SCORES if name not in ORIGINAL_SCORES}
    return {**MIGRATIONS, **settings, **scores}


def steps(config: type[Config] = Config) -> list[str]:
    """Return the names of all steps in their order."""
    return list(_steps(config))


def unknown(connection: Connection, config: type[Config]) -> list[str]:
    """Return the steps made by a later version, which this one does not know."""
    known = steps(config)
    return [name for name in applied(connection) if name not in known]


def pending(connection: Connection, config: type[Config]) -> list[str]:
    """Return the names of the steps that are still to be made, in their order.

    Raises Damaged where a column is missing that no step is to add.
    """
    done = applied(connection)
    added = [name for name in done if name not in MIGRATIONS]
    of_scores = [name.removeprefix(_ADD_SCORE) for name in added if name.startswith(_ADD_SCORE)]
    of_settings = [name.removeprefix(_ADD) for name in added if not name.startswith(_ADD_SCORE)]
    _check_columns(connection, "settings", (*ORIGINAL, *of_settings))
    if _TABLES in done:
        _check_columns(connection, "splits", SPLIT_COLUMNS)
        _check_columns(connection, "scores", (*CHOSEN_COLUMNS, *ORIGINAL_SCORES, *of_scores))
    return [name for name in steps(config) if name not in done]


def _check_columns(connection: Connection, table: str, names: Iterable[str]) -> None:
    there = columns_of(connection, table, FILE)
    for name in names:
        if name not in there:
            raise Damaged(f"no column {name}")


def migrate(connection: Connection, config: type[Config] = Config) -> None:
    """Make the steps that are still to be made, in the file: all of them or none."""
    with transaction(connection):
        names = pending(connection, config)  # another process may just have made them
        _make(connection, FILE, names, config)
        _list(connection, names)


def read_migrated(connection: Connection, config: type[Config] = Config) -> None:
    """Make the steps that are still to be made on a copy of `settings`, which queries then find in its place."""
    names = pending(connection, config)
    if not names:
        return
    columns = columns_of(connection, "settings", FILE)
    kinds = {name: kind for name, kind in columns.items() if name != "id"}
    connection.execute("PRAGMA temp_store = MEMORY")
    if _TABLES not in names:
        names = _view_scores(connection, names)
    connection.execute(f"CREATE TEMP TABLE settings (id INTEGER PRIMARY KEY, {typed(kinds)})")
    row = listed(columns)
    connection.execute(f"INSERT INTO temp.settings ({row}) SELECT {row} FROM main.settings")
    _make(connection, COPY, names, config)


def _view_scores(connection: Connection, names: list[str]) -> list[str]:
    """Let queries find scores that are still to be added, without any; return the steps but for those.

    A copy would take the memory of the table, of which there is a row for each run.
    """
    missing = [name.removeprefix(_ADD_SCORE) for name in names if name.startswith(_ADD_SCORE)]
    if missing:
        nulls = "".join(f", NULL AS {quoted(name)}" for name in missing)
        connection.execute(f"CREATE TEMP VIEW scores AS SELECT *{nulls} FROM main.scores")
    return [name for name in names if not name.startswith(_ADD_SCORE)]


def create_tables(connection: Connection, config: type[Config] = Config) -> None:
    """Make the tables of a new store, unless another process just has."""
    with transaction(connection):
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            for statement in tables(config):
                connection.execute(statement)
            _list(connection, steps(config))


def _make(connection: Connection, schema: str, names: list[str], config: type[Config]) -> None:
    for name, step in _steps(config).items():
        if name in names:
            step(connection, schema, config)
    connection.execute(f"DROP VIEW IF EXISTS {schema}.runs")
    connection.execute(runs_view(setting_columns(config), schema))


def _list(connection: Connection, names: list[str]) -> None:
    """Note in the file which steps were made."""
    connection.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, made TEXT NOT NULL)")
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    connection.executemany("INSERT INTO migrations VALUES (?, ?)", [(name, now) for name in names])
    connection.execute(f"PRAGMA user_version = {VERSION}")


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """Write all of what is written inside, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
