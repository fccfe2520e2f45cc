import sqlite3
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

import fnn
from fnn.machine import versions
from fnn.sweeps import grid
from fnn.sweeps.conditions import parse_condition
from fnn.sweeps.connect import open_store
from fnn.sweeps.query import count_runs, missing_seeds, read_curves, read_runs
from fnn.sweeps.schema import RESULTS, SETTINGS, SPLIT_COLUMNS, VERSION, score_columns
from fnn.sweeps.write import Batch, add_settings, begin_session, end_session, trial_key, write_results
from fnn.training.train import NUMERICS


@pytest.fixture
def connection(tmp_path):
    with open_store(tmp_path / "runs.db", create=True) as opened:
        yield opened


def filled(connection, spec, seeds, **options):
    """Train a specification in one go and write it; return the trials, ids and results."""
    trials = grid.trials(spec)
    configs, samples = [trial.config for trial in trials], trials[0].samples
    results = fnn.train(configs, samples.x, samples.y, seeds=seeds, backend="numpy", **options)
    ids = add_settings(connection, trials, "numpy")
    write_results(connection, [Batch(begin_session(connection, "a test", versions()), ids, results)])
    return trials, ids, results


SPEC = {
    "data": "xor4",
    "lr": [0.1, 1e3],
    "optimizer": ["sgd", "adam"],
    "epochs": 150,
    "output": ["sigmoid", "identity"],
}


def test_what_is_written_is_read_bit_for_bit(connection):
    trials, ids, results = filled(connection, SPEC, range(5, 11), curve_every=7)
    runs = read_runs(connection)
    assert runs.ids == ids
    np.testing.assert_array_equal(runs.seed, results.seeds)
    np.testing.assert_array_equal(runs.trial, np.repeat(np.arange(8), 6))
    for name in ("loss", "accuracy", "solved", "epochs_to_solve", "diverged", "stopped", "met"):
        np.testing.assert_array_equal(getattr(runs, name), getattr(results, name), err_msg=name)
    assert (runs.diverged >= 0).any()  # or the test would not see how NaN and infinity are kept
    assert runs.settings["lr"] == [trial.config.lr for trial in trials]
    for place, own in enumerate(ids):
        curves = read_curves(connection, own)
        rows = slice(6 * place, 6 * place + 6)
        np.testing.assert_array_equal(curves.epochs, results.curve_epochs)
        np.testing.assert_array_equal(curves.loss, results.loss_curve[rows])
        np.testing.assert_array_equal(curves.accuracy, results.accuracy_curve[rows])


def test_every_setting_is_a_column_of_its_own_that_plain_sql_reads(connection, tmp_path):
    filled(connection, SPEC, range(3))
    with closing(sqlite3.connect(tmp_path / "runs.db")) as plain:
        columns = [row[1] for row in plain.execute("PRAGMA table_info(runs)")]
        assert {field.name for field in fields(fnn.Config)} < set(columns)
        assert len(columns) == len(set(columns)) == len(SETTINGS) + len(RESULTS) + 3
        rows = plain.execute("SELECT lr, optimizer, seed, final_loss FROM runs WHERE optimizer = 'adam'").fetchall()
    assert len(rows) == 12
    assert {row[0] for row in rows} == {0.1, 1e3}


def test_the_tables_are_those_of_the_readme(connection):
    """The schema is promised: what is read by others does not change without a new version."""
    tables = {
        name: [row[1] for row in connection.execute(f"PRAGMA table_info({name})")]
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
    }
    assert tables["results"] == [
        "settings", "seed", "final_loss", "final_accuracy", "solved", "epochs_to_solve", "diverged", "stopped",
        "met", "session",
    ]  # fmt: skip
    assert tables["curves"] == ["settings", "seed", "grid", "loss", "accuracy"]
    assert tables["grids"] == ["id", "epochs"]
    assert tables["splits"] == ["settings", *SPLIT_COLUMNS]
    assert tables["scores"] == ["settings", "seed", *score_columns()]
    text = (Path(__file__).parents[1] / "fnn" / "sweeps" / "README.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in text for name in (*SPLIT_COLUMNS, *score_columns()))
    of_tables = {"splits", "scores"}
    assert set(tables) == {"sessions", "settings", "results", "curves", "grids", "runs", "migrations"} | of_tables
    assert VERSION == 3


def test_the_session_says_where_runs_come_from(connection):
    filled(connection, SPEC, range(2))
    row = dict(zip([c[0] for c in connection.execute("SELECT * FROM sessions").description],
                   connection.execute("SELECT * FROM sessions").fetchone(), strict=True))  # fmt: skip
    assert row["command"] == "a test"
    assert row["numpy"] == np.__version__
    assert row["started"].startswith("20")
    assert row["ended"] is None
    end_session(connection, row["id"])
    assert connection.execute("SELECT ended FROM sessions").fetchone()[0] >= row["started"]


def test_a_run_is_written_once(connection):
    _, ids, results = filled(connection, SPEC, range(4))
    before = read_runs(connection)
    wrong = replace(results, loss=results.loss + 1)
    write_results(connection, [Batch(1, ids, wrong)])
    after = read_runs(connection)
    np.testing.assert_array_equal(after.loss, before.loss)
    assert len(after.seed) == 32


def test_keys_tell_apart_what_changes_a_run_and_nothing_else():
    (trial,) = grid.trials({"data": "linear"})
    base = trial_key(trial, "numba")
    assert trial_key(grid.trials({"data": "linear"})[0], "numba") == base
    others = {
        "data": grid.trials({"data": "linear", "data_seed": 2})[0],
        "points": grid.trials({"data": "linear", "points": 99})[0],
        **{f"config {k}": trial._replace(config=config) for k, config in enumerate((
            fnn.Config(lr=0.2), fnn.Config(dtype="float32"), fnn.Config(hidden="4x5"), fnn.Config(stop_loss=0.1),
        ))},
    }  # fmt: skip
    keys = [trial_key(other, "numba") for other in others.values()] + [trial_key(trial, "numpy"), base]
    assert len(set(keys)) == len(keys)
    assert trial_key(trial._replace(config=fnn.Config(seed=7)), "numba") == base  # the seed is beside the key


def test_another_version_of_the_arithmetic_does_not_mix(connection):
    trials, ids, _ = filled(connection, SPEC, range(2))
    earlier = add_settings(connection, trials, "numpy", NUMERICS - 1)
    assert not set(earlier) & set(ids)
    assert add_settings(connection, trials, "numpy") == ids


def test_missing_and_counts(connection):
    _, ids, _ = filled(connection, {"data": "xor4", "epochs": 2}, [3, 4, 8])
    assert count_runs(connection, range(4, 10)) == {ids[0]: 2}
    assert missing_seeds(connection, ids[0], range(2, 10)).tolist() == [2, 5, 6, 7, 9]


@pytest.mark.parametrize(("text", "count"), [
    ("lr=0.1", 12), ("lr=1e3", 12), ("lr=0.1,1000", 24), ("lr!=0.1", 12), ("lr<=0.1", 12), ("lr > 0.1", 12),
    ("optimizer=sgd", 12), ("optimizer=sgd,adam", 24), ("optimizer!=sgd,adam", 0), ("seed>=1", 16), ("seed=0,2", 16),
    ("stop-loss=none", 24), ("stop_loss!=none", 0), ("hidden=4x4", 24), ("step-size=none", 24),
])  # fmt: skip
def test_conditions(connection, text, count):
    filled(connection, SPEC, range(3))
    runs = read_runs(connection, [parse_condition(text)])
    assert len(runs.seed) == count
    assert (count == 0) == (runs.ids == [])


@pytest.mark.parametrize(("text", "message"), [
    ("lr", "expected a condition such as"), ("lrr=1", "did you mean lr"), ("lr=fast", "expected numbers for lr"),
    ("lr<1,2", "expected one value after <"), ("seed=1.5", "numbers for seed"), ("lr=1; drop table runs", "numbers"),
])  # fmt: skip
def test_wrong_conditions(text, message):
    with pytest.raises(fnn.InvalidSetting, match=f"where: .*{message}"):
        parse_condition(text)


def test_what_is_no_store_is_refused_and_left_alone(tmp_path):
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as plain:
        plain.execute("CREATE TABLE mine (a)")
        plain.commit()
    text = tmp_path / "text.db"
    text.write_text("not a database, and long enough to look at" * 100)
    for path in (other, text):
        before = path.read_bytes()
        for create in (True, False):
            with (
                pytest.raises(fnn.InvalidSetting, match=rf"store: got '{path}'; expected a store of fnn"),
                open_store(path, create=create),
            ):
                pass
        assert path.read_bytes() == before
    with pytest.raises(fnn.InvalidSetting, match="expected a store of fnn"), open_store(tmp_path / "none.db"):
        pass
    assert not (tmp_path / "none.db").exists()


def test_curves_of_different_epochs_are_not_mixed(connection):
    _, ids, results = filled(connection, {"data": "xor4", "epochs": 20}, range(6), curve_every=5)
    filled(connection, {"data": "xor4", "epochs": 20}, range(6, 8), curve_every=2)
    curves = read_curves(connection, ids[0])
    assert curves.epochs.tolist() == [0, 5, 10, 15, 20]
    np.testing.assert_array_equal(curves.loss, results.loss_curve)
    assert read_curves(connection, 99) is None
