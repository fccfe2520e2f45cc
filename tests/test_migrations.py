"""Stores of earlier versions, and of a later one with a new setting: they open, show, extend and export as before."""

import csv
import hashlib
import re
import shutil
import sqlite3
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import pytest

import fnn
from fnn import checks
from fnn.cli import main
from fnn.stats.scores import SCORES, Score
from fnn.sweeps.conditions import parse_condition
from fnn.sweeps.connect import open_store
from fnn.sweeps.export import export
from fnn.sweeps.grid import Trial
from fnn.sweeps.migrations import MIGRATIONS, applied, steps
from fnn.sweeps.plan import plan
from fnn.sweeps.query import count_other_versions, read_curves, read_runs
from fnn.sweeps.run import fill
from fnn.sweeps.schema import ORIGINAL, VERSION, setting_columns
from fnn.sweeps.write import add_settings, trial_key
from fnn.training.train import NUMERICS

WRITTEN = ("data", "points", "noise", "data_seed", "backend", "numerics", "data_digest")
FIXTURES = Path(__file__).parent / "fixtures"
# Of version 2: eight settings of four seeds each on two data sets, and three runs in shuffled batches.
OLD = FIXTURES / "store-v2.db"
# What a store has had columns of since then.
LATER = [name for name in setting_columns() if name not in (*ORIGINAL, *WRITTEN)]
ADDED = [f"add {name}" for name in LATER]
SPEC = {
    "data": ["xor4", "moons"], "noise": [0.0, 0.1], "optimizer": ["sgd", "adam"], "lr": [0.1, 1.0], "epochs": 40,
    "hidden": "2", "stop_loss": 0.01,
}  # fmt: skip


@pytest.fixture
def old(tmp_path):
    return Path(shutil.copy(OLD, tmp_path / "old.db"))


def table(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def exported(store, to):
    with open_store(store) as connection:
        export(connection, to)
    return table(to)


def without(rows, *names):
    return [{name: value for name, value in row.items() if name not in names} for row in rows]


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def user_version(path):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0]


def cells(text):
    """Return what a table shows, row by row under its heads, whatever numbers and heads looked like when it did."""
    heads = {"epochs to solve (quartiles)": "epochs of the solved (quartiles)"}
    text = re.sub(r"(?<=[\d%])–(?=\d)", " to ", text).replace("−", "-")
    first, *rows = (re.split(r" {2,}", line) for line in text.splitlines())
    return [dict(zip([heads.get(h, h).replace("_", "-") for h in first], row, strict=True)) for row in rows]


def test_an_old_store_is_shown_as_the_version_that_wrote_it_showed_it(old, capsys):
    """But for points and hash of the data, which their names tell."""
    before = old.read_bytes()
    assert main.run(["show", str(old)]) == 0
    rows = cells((FIXTURES / "show.txt").read_text(encoding="utf-8"))
    for row in rows:
        del row["points"], row["data-digest"]
    assert cells(capsys.readouterr().out) == rows
    assert old.read_bytes() == before
    assert user_version(old) == 2


def test_an_old_store_is_exported_as_the_version_that_wrote_it_exported_it_but_for_the_keys(old, tmp_path):
    rows = exported(old, tmp_path / "a.csv")
    expected = table(FIXTURES / "runs.csv")
    assert without(rows, "key", *LATER) == without(expected, "key")
    # One key for each that there was.
    assert len({(a["key"], b["key"]) for a, b in zip(rows, expected, strict=True)}) == 17


def test_reading_an_old_store_needs_no_write_access(old, tmp_path):
    old.chmod(0o444)
    old.parent.chmod(0o555)  # there is no room for a journal either
    try:
        with open_store(old) as connection:
            assert len(read_runs(connection).seed) == 67
            assert read_curves(connection, 1).loss.shape == (4, 6)
            for statement in ("DELETE FROM results", "UPDATE settings SET lr = 0", "PRAGMA user_version = 3"):
                with pytest.raises(sqlite3.OperationalError, match=r"readonly|read-only"):
                    connection.execute(statement)
    finally:
        old.parent.chmod(0o755)
    assert old.read_bytes() == OLD.read_bytes()


def test_an_old_store_is_extended_and_its_runs_stay_apart_as_those_of_an_earlier_arithmetic(old, tmp_path, capsys):
    planned = plan(**SPEC, seeds=6, curve_points=5)
    with open_store(old, create=True) as connection:
        for trained in (96, 0):
            swept, ids = fill(connection, planned)
            assert (swept.total, swept.trained) == (96, trained)
        assert len(read_runs(connection).only(ids).seed) == 96
        assert len(read_runs(connection).seed) == 67 + 96
        assert count_other_versions(connection, NUMERICS) == {1: 67}
        assert applied(connection) == steps()
    assert user_version(old) == VERSION
    fnn.sweep(**SPEC, seeds=6, curve_points=5, out=tmp_path / "new.db")
    rows, expected = exported(old, tmp_path / "a.csv"), table(FIXTURES / "runs.csv")
    earlier = [row for row in rows if row["numerics"] == "1"]
    assert without(earlier, "key", *LATER) == without(expected, "key")
    new = [row for row in rows if row["numerics"] == str(NUMERICS)]
    assert without(new, "session") == without(exported(tmp_path / "new.db", tmp_path / "b.csv"), "session")
    assert main.run(["sweep", "--data", "xor4", "--seeds", "2", "--epochs", "2", "--out", str(old)]) == 0
    assert f"67 runs of version 1 of the arithmetic stay apart: this is version {NUMERICS}" in capsys.readouterr().out


def test_a_migrated_store_has_the_keys_of_its_own_arithmetic(old):
    trials = plan(**{**SPEC, "data": "xor4", "noise": 0.0}, seeds=4).trials
    with open_store(old, create=True) as connection:
        keys = {key for (key,) in connection.execute('SELECT "key" FROM settings')}
        assert {trial_key(trial, "numba", 1) for trial in trials} < keys


def test_the_version_before_refuses_a_migrated_store(old):
    """It would compute other keys, and train everything again beside what is there: it asks for exactly 2."""
    with open_store(old, create=True):
        pass
    assert user_version(old) == 3


def test_keys_are_those_of_other_files_too():
    """A key is promised: it is the same in every version. What it hashes is written out here."""
    (lab,) = plan(data="xor4").trials
    data = f'"data_digest": "{lab.samples.digest}"'
    assert trial_key(lab, "numba", 1) == sha256('{"backend": "numba", ' + data + ', "numerics": 1}')
    (other,) = plan(data="xor4", hidden="2", lr=0.5, epsilon=1e-5, stop_loss=0.01, step_size=7).trials
    settings = '"hidden": "2", "lr": 0.5, "numerics": 1, "step_size": 7, "stop_loss": 0.01'
    assert trial_key(other, "numpy", 1) == sha256('{"backend": "numpy", ' + f"{data}, {settings}}}")


# ---- a setting that is to come ----


@dataclass(frozen=True, slots=True, kw_only=True)
class Later(fnn.Config):
    """The settings with one more."""

    sparsity: float = field(default=0.25, metadata={"check": checks.number(0)})
    shape: str | None = field(default=None, metadata={"check": lambda _, got: got})


def later(trials, **settings):
    return [Trial(t.samples, Later(**{**asdict(t.config), **settings})) for t in trials]


@pytest.fixture(params=["version 2", "today's"])
def earlier(request, old, tmp_path):
    """A store without the setting."""
    if request.param == "version 2":
        return old
    fnn.sweep(**SPEC, seeds=4, curve_points=5, out=tmp_path / "today.db")
    return tmp_path / "today.db"


def test_a_store_from_before_a_setting_shows_its_default(earlier):
    before = earlier.read_bytes()
    with open_store(earlier, config=Later) as connection:
        runs = read_runs(connection)
        condition = parse_condition("sparsity=0.25", setting_columns(Later))
        assert len(read_runs(connection, [condition]).seed) == len(runs.seed)
    assert set(runs.settings["sparsity"]) == {0.25}
    assert set(runs.settings["shape"]) == {None}
    assert list(runs.settings) == list(setting_columns(Later))
    assert earlier.read_bytes() == before


def test_a_store_from_before_a_setting_is_extended(earlier, tmp_path):
    planned = plan(**SPEC, seeds=4, curve_points=5)
    with open_store(earlier, create=True, config=Later) as connection:
        same = planned._replace(trials=later(planned.trials))
        for trained in (64 if earlier.name == "old.db" else 0, 0):  # of an earlier arithmetic: beside what is there
            assert fill(connection, same)[0].trained == trained
        other = planned._replace(trials=later(planned.trials, sparsity=0.5, shape="round"))
        assert fill(connection, other)[0].trained == 64
        assert fill(connection, other)[0].trained == 0
        assert applied(connection) == steps(Later) == [*steps(), "add sparsity", "add shape"]
    rows = exported_by(earlier, tmp_path / "a.csv")
    assert {(row["sparsity"], row["shape"]) for row in rows} == {("0.25", ""), ("0.5", "round")}
    assert sum(row["sparsity"] == "0.5" for row in rows) == 64


def exported_by(store, to, config=Later):
    with open_store(store, config=config) as connection:
        export(connection, to)
    return table(to)


# ---- a score that is to come ----

# Of version 3, with the scores there were at first: two settings on two folds of a table, with two seeds each.
OLD_TABLE = FIXTURES / "store-v3-table.db"
LATER_SCORE = Score(
    True, {"binary": lambda p, y, weight: np.abs(p - y).mean(axis=(1, 2)), "regression": lambda p, y, weight: p}, (0, 1)
)


@pytest.fixture
def later_score():
    """One more score, which stands between others."""
    before = dict(SCORES)
    first, *others = before
    SCORES.clear()
    SCORES.update({name: {"later": LATER_SCORE, **before}[name] for name in (first, "later", *others)})
    yield
    SCORES.clear()
    SCORES.update(before)


@pytest.fixture
def old_table(tmp_path):
    return Path(shutil.copy(OLD_TABLE, tmp_path / "old-table.db"))


def scores_of(store, *names):
    with open_store(store) as connection:
        rows = connection.execute(f"SELECT settings, seed, {', '.join(names)} FROM scores ORDER BY settings, seed")
        return rows.fetchall()


def swept_on_table(folder, store, seeds):
    numbers = np.random.default_rng(8).normal(size=(40, 2)).round(3)
    lines = [f"{a},{b},{'yes' if a > b else 'no'}" for a, b in numbers]
    (folder / "two.csv").write_text("a,b,label\n" + "\n".join(lines) + "\n", encoding="utf-8")
    words = ["--target", "label", "--folds", "2", "--hidden", "2,3", "--epochs", "4", "--seeds", str(seeds)]
    return main.run(["sweep", "--data", str(folder / "two.csv"), *words, "--out", str(store)])


def test_a_store_from_before_a_score_shows_and_exports_without_it_and_is_left_as_it_is(
    old_table, tmp_path, capsys, later_score
):
    before = old_table.read_bytes()
    assert main.run(["show", str(old_table)]) == 0
    expected = (FIXTURES / "show-table.txt").read_text(encoding="utf-8").replace("(-0.1", "(−0.1")
    assert capsys.readouterr().out == expected
    rows = exported(old_table, tmp_path / "a.csv")
    assert {row["score_later"] for row in rows} == {""}
    assert list(rows[0])[-len(SCORES) :] == [f"score_{name}" for name in SCORES]
    with closing(sqlite3.connect(OLD_TABLE)) as plain:
        there = plain.execute("SELECT auc, r2, brier FROM scores ORDER BY settings, seed").fetchall()
    assert [(float(row["score_auc"]), None, float(row["score_brier"])) for row in rows] == there
    assert {row["score_r2"] for row in rows} == {""}
    assert old_table.read_bytes() == before


def test_settings_are_not_compared_by_a_score_that_none_of_their_runs_has(old_table, capsys, later_score):
    assert main.run(["show", str(old_table), "--metric", "later"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "metric: got 'later'; expected a score that these runs have" in line


def test_a_store_from_before_a_score_is_extended_by_runs_that_have_it(old_table, tmp_path, capsys, later_score):
    kept = scores_of(old_table, "log_loss", "auc", "later")
    for _ in range(2):
        assert swept_on_table(tmp_path, old_table, 3) == 0
    assert "0 trained, 12 were there" in capsys.readouterr().out
    swept_on_table(tmp_path, tmp_path / "new.db", 3)  # where the column stands in its place from the start
    names = ("log_loss", "auc", "later", "rmse", "best_epoch")
    assert scores_of(old_table, *names[:3])[:8] == kept
    assert {row[-1] for row in kept} == {None}
    assert [row[1:] for row in scores_of(old_table, *names)[8:]] == [
        row[1:] for row in scores_of(tmp_path / "new.db", *names)
    ]
    assert all(0 < row[4] < 1 for row in scores_of(old_table, *names)[8:])
    with open_store(old_table) as connection:
        # In the order in which they were made: a setting may have come since the store was.
        assert sorted(applied(connection)) == sorted(steps())
    assert steps() == [*MIGRATIONS, *ADDED, "add score later"]


def test_a_store_from_before_tables_gets_the_scores_that_came_since(old, tmp_path, later_score):
    assert scores_of(old, "auc", "later") == []
    assert swept_on_table(tmp_path, old, 2) == 0
    assert all(row[2] is not None and row[3] is not None for row in scores_of(old, "auc", "later"))
    assert len(scores_of(old, "later")) == 8


def test_a_store_with_a_later_score_is_refused_and_left_alone(tmp_path, monkeypatch):
    with monkeypatch.context() as later:
        later.setitem(SCORES, "later", LATER_SCORE)
        with open_store(tmp_path / "a.db", create=True):
            pass
    before = (tmp_path / "a.db").read_bytes()
    for create in (True, False):
        with (
            pytest.raises(fnn.InvalidSetting, match="not of one that made the step 'add score later'"),
            open_store(tmp_path / "a.db", create=create),
        ):
            pass
    assert (tmp_path / "a.db").read_bytes() == before


@pytest.mark.parametrize("table", ["splits", "scores"])
def test_a_store_that_lost_a_column_of_its_tables_is_said_to_be_damaged(old_table, table):
    with closing(sqlite3.connect(old_table)) as plain:
        name = plain.execute("SELECT name FROM pragma_table_info(?) ORDER BY cid DESC", (table,)).fetchone()[0]
        plain.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
    with pytest.raises(fnn.InvalidSetting, match=f"no column {name}"), open_store(old_table):
        pass


def test_a_new_store_lists_the_settings_it_was_made_with(tmp_path):
    with open_store(tmp_path / "a.db", create=True, config=Later) as connection:
        assert applied(connection) == steps(Later)
        add_settings(connection, later(plan(data="xor4").trials), "numpy")


def test_a_store_of_a_later_version_is_refused_and_left_alone(tmp_path):
    with open_store(tmp_path / "a.db", create=True, config=Later):
        pass
    before = (tmp_path / "a.db").read_bytes()
    for create in (True, False):
        with (
            pytest.raises(fnn.InvalidSetting, match=r"expected a store of this version, not of one .* 'add sparsity'"),
            open_store(tmp_path / "a.db", create=create),
        ):
            pass
    assert (tmp_path / "a.db").read_bytes() == before


@pytest.mark.parametrize("version", [1, 4, 99])
def test_a_store_of_another_version_is_refused(tmp_path, version):
    with open_store(tmp_path / "a.db", create=True) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    with (
        pytest.raises(fnn.InvalidSetting, match=f"a store of version 2 or 3, not {version}"),
        open_store(tmp_path / "a.db", create=True),
    ):
        pass


def test_a_migration_is_made_whole_or_not_at_all(old, monkeypatch):
    def fails(connection, schema, config):
        MIGRATIONS["hash what differs"](connection, schema, config)
        raise sqlite3.OperationalError("power is out")

    monkeypatch.setitem(MIGRATIONS, "and one more", fails)
    with pytest.raises(fnn.InvalidSetting, match="power is out"), open_store(old, create=True):
        pass
    assert user_version(old) == 2
    with closing(sqlite3.connect(old)) as plain, closing(sqlite3.connect(OLD)) as untouched:
        query = 'SELECT id, "key" FROM settings ORDER BY id'
        assert plain.execute(query).fetchall() == untouched.execute(query).fetchall()
