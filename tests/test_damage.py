"""Damaged stores: what is wrong with one is said in a line, by whatever command meets it."""

import contextlib
import json
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import fnn
from fnn.cli import main
from fnn.report import text as report
from fnn.sweeps.connect import open_store
from fnn.sweeps.export import export
from fnn.sweeps.query import read_curves, read_runs
from fnn.sweeps.summaries import summarize_groups

OLD = Path(__file__).parent / "fixtures" / "store-v2.db"
SPEC = {"data": "xor4", "optimizer": ["sgd", "adam"], "lr": [0.1, 1.0], "epochs": 4, "hidden": "2", "backend": "numpy"}

VALUES = (
    None, b"", b"\xff\xfe", "text", "", "2", -1, 0, 7, 2**62, 1.5, float("inf"), -float("inf"), "4x4", b"\0" * 24,
)  # fmt: skip
NOT_UTF8 = "CAST(x'C328FF' AS TEXT)"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("damage") / "whole.db"
    fnn.sweep(**SPEC, seeds=3, curve_points=2, out=path)
    return path


# ---- ways to damage a file ----


def flip_bytes(path, dice):
    content = bytearray(path.read_bytes())
    for _ in range(dice.choice((1, 3, 30, 300))):
        content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
    path.write_bytes(content)


def flip_text(path, dice):
    """Change letters where the file holds text: names of tables and columns, and settings."""
    content = bytearray(path.read_bytes())
    letters = [k for k, byte in enumerate(content) if chr(byte).isalnum() and byte < 128]
    for place in dice.choices(letters, k=dice.choice((1, 5))):
        content[place] = dice.choice(b"aZ0 \"'\xff")
    path.write_bytes(content)


def zero_page(path, dice):
    content = bytearray(path.read_bytes())
    size = dice.choice((64, 512, 4096))
    begin = dice.randrange(len(content) // size) * size
    content[begin : begin + size] = bytes(size)
    path.write_bytes(content)


def swap_pages(path, dice):
    content = path.read_bytes()
    pages = [content[k : k + 4096] for k in range(0, len(content), 4096)]
    a, b = dice.randrange(1, len(pages)), dice.randrange(1, len(pages))
    pages[a], pages[b] = pages[b], pages[a]
    path.write_bytes(b"".join(pages))


def truncate(path, dice):
    path.write_bytes(path.read_bytes()[: dice.randrange(path.stat().st_size)])


def edit(path, dice):
    """Put values where they do not belong, as far as SQLite lets them."""
    with closing(sqlite3.connect(path)) as connection:
        table = dice.choice(("settings", "results", "curves", "grids", "sessions"))
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        for column in dice.sample(columns, k=min(len(columns), dice.choice((1, 2)))):
            rowid = "id" if "id" in columns else "seed"  # SQLite's own random numbers have no seed
            where = dice.choice(("1", f"{rowid} % 2 = 0"))
            value = NOT_UTF8 if dice.random() < 0.2 else "?"
            with contextlib.suppress(sqlite3.IntegrityError):  # a key takes no such value
                connection.execute(
                    f'UPDATE OR IGNORE {table} SET "{column}" = {value} WHERE {where}',
                    (dice.choice(VALUES),) if value == "?" else (),
                )
        connection.commit()


def drop(path, dice):
    with closing(sqlite3.connect(path)) as connection:
        table = dice.choice(("settings", "results", "curves", "grids", "sessions"))
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        statement = dice.choice((
            f"DROP TABLE {table}", f"DELETE FROM {table}", "DROP VIEW runs", "DROP TABLE IF EXISTS migrations",
            f'ALTER TABLE {table} RENAME COLUMN "{dice.choice(columns)}" TO other',
            f'ALTER TABLE {table} DROP COLUMN "{dice.choice(columns)}"',
            f"UPDATE sqlite_master SET sql = replace(sql, '{dice.choice(columns)}', 'x')",
        ))  # fmt: skip
        try:
            connection.execute("DROP VIEW runs") if "COLUMN" in statement else None
            connection.execute("PRAGMA writable_schema = ON")
            connection.execute(statement)
            connection.commit()
        except sqlite3.Error:  # a key column cannot be dropped
            connection.rollback()
            connection.execute(f"DELETE FROM {table}")
            connection.commit()


DAMAGES = (flip_bytes, flip_text, zero_page, swap_pages, truncate, edit, drop)
# Of each kind of damage; seven kinds make 301 damaged stores.
COPIES = 43


# ---- what meets it ----


def shown(path, _folder):
    with open_store(path) as connection:
        runs = read_runs(connection)
        summaries = summarize_groups(runs)
        if summaries:
            report.group_columns(summaries)
        json.dumps([report.group_document(s) for s in summaries], allow_nan=False)
        for s in summaries:
            report.group_row(s)
        for settings in runs.ids:
            read_curves(connection, settings)


def exported(ending):
    def use(path, folder):
        with open_store(path) as connection:
            export(connection, folder / f"runs{ending}")

    return use


def swept(path, _folder):
    fnn.sweep(**SPEC, seeds=4, curve_points=2, out=path)


USES = (shown, exported(".csv"), exported(".npz"), swept)


def outcome(use, path, folder):
    """Return what a use raised and said, of the errors that commands turn into a line: others would be tracebacks.

    The error itself would keep its traceback, and with it the file, open.
    """
    try:
        use(path, folder)
    except (fnn.InvalidSetting, sqlite3.Error, OSError) as error:
        return type(error), str(error)
    return None, ""


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_store_is_said_to_be_one(whole, tmp_path, damage):
    raised = []
    for k in range(COPIES):
        for n, use in enumerate(USES):
            # A name of its own: what a use was refused from may stay open until it is collected as garbage.
            path = Path(shutil.copy(OLD if k % 3 == 2 else whole, tmp_path / f"damaged-{k}-{n}.db"))
            damage(path, random.Random(f"{damage.__name__} {k}"))
            raised.append(outcome(use, path, tmp_path))
    refused = [text for kind, text in raised if kind is fnn.InvalidSetting]
    assert len(refused) > COPIES / 4  # or it would not be damage
    assert all(text.startswith("store: got ") and text.isprintable() for text in refused)


ONE_LINE = {
    "text that is not UTF-8": f"UPDATE settings SET optimizer = {NOT_UTF8}",
    "a loss that is text": "UPDATE results SET final_loss = 'low'",
    "an epoch that is a blob": "UPDATE results SET stopped = x'00'",
    "a rate that is text": "UPDATE settings SET lr = 'fast'",
    "no results": "DROP TABLE results",
    "no settings": "DROP TABLE settings",
}
ONE_LINE_OF_CURVES = {
    "a blob of another length": "UPDATE curves SET loss = x'0000'",
    "a missing grid": "DELETE FROM grids",
    "no curves": "DROP TABLE curves",
}


@pytest.mark.parametrize("statement", [*ONE_LINE.values(), *ONE_LINE_OF_CURVES.values()],
                         ids=[*ONE_LINE, *ONE_LINE_OF_CURVES])  # fmt: skip
def test_a_command_says_so_in_one_line_and_exits_with_2(whole, tmp_path, statement, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(whole, "a.db")
    with closing(sqlite3.connect("a.db")) as connection:
        connection.execute(statement)
        connection.commit()
    commands = [["export", "a.db", "--to", "a.npz"]]
    if statement in ONE_LINE.values():
        commands += [["show", "a.db"], ["export", "a.db", "--to", "a.csv"]]
    if "DROP" in statement:
        commands.append(["sweep", "--data", "xor4", "--epochs", "4", "--seeds", "3", "--out", "a.db"])
    for command in commands:
        assert main.run([*command]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        option = "--out" if command[0] == "sweep" else "store"
        assert err.startswith(f"fnn: {option}: got 'a.db'; expected a store of fnn, as `fnn sweep --out` writes it (")
        assert err.count("\n") == 1
    assert not list(tmp_path.glob("a.[cn]*"))


def test_a_truncated_store_is_one_line_too(whole, tmp_path, capsys):
    path = tmp_path / "a.db"
    path.write_bytes(whole.read_bytes()[:5000])
    assert main.run(["show", str(path)]) == 2
    assert capsys.readouterr().err.startswith(f"fnn: store: got '{path}'; expected a store of fnn")


def edited(whole, path, script):
    shutil.copy(whole, path)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
    return path


def test_settings_that_stand_there_twice_are_not_counted_twice(whole, tmp_path):
    with open_store(whole) as connection:
        (made_by,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'settings'").fetchone()
    without_keys = made_by.replace("INTEGER PRIMARY KEY", "INTEGER").replace(" UNIQUE", "").replace("settings", "again")
    path = edited(
        whole,
        tmp_path / "a.db",
        f"""
        PRAGMA legacy_alter_table = ON;
        {without_keys};
        INSERT INTO again SELECT * FROM settings UNION ALL SELECT * FROM settings;
        DROP TABLE settings;
        ALTER TABLE again RENAME TO settings;
    """,
    )
    with (
        pytest.raises(fnn.InvalidSetting, match="results are not those of the settings"),
        open_store(path) as connection,
    ):
        read_runs(connection)


@pytest.mark.parametrize("base", ["whole", "old"])
def test_a_column_that_is_gone_is_not_taken_for_a_setting_to_come(whole, tmp_path, base):
    script = "DROP VIEW runs; ALTER TABLE settings DROP COLUMN lr;"
    path = edited(whole if base == "whole" else OLD, tmp_path / "a.db", script)
    before = path.read_bytes()
    for create in (False, True):
        with pytest.raises(fnn.InvalidSetting, match="no column lr"), open_store(path, create=create):
            pass
    assert path.read_bytes() == before
