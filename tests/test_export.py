import csv
import sqlite3
import sys
from contextlib import closing

import numpy as np
import pytest

import fnn
from fnn.data.split import Splitting
from fnn.ensembles.presets import Preparation
from fnn.ensembles.problem import Roles, read_problem
from fnn.stats.scores import SCORES
from fnn.sweeps.conditions import parse_condition
from fnn.sweeps.connect import open_store
from fnn.sweeps.export import FORMATS, export, exported_columns
from fnn.sweeps.query import read_curves, read_runs
from fnn.sweeps.run import fill
from fnn.sweeps.schema import SPLIT_COLUMNS, score_columns
from fnn.sweeps.tables import plan_table


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "runs.db"
    fnn.sweep("xor4", lr=[0.1, 50.0], optimizer=["sgd", "adam"], output="identity", epochs=200, seeds=9, out=path)
    return path


def rows(path):
    with open_store(path) as connection:
        found = connection.execute("SELECT * FROM runs ORDER BY key, seed")
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found]


def written(path, to, where=()):
    with open_store(path) as connection:
        return export(connection, to, [parse_condition(text) for text in where])


def by_key(table):
    return sorted(table, key=lambda row: (row["key"], int(row["seed"])))


def test_csv_has_every_run_and_every_digit(path, tmp_path):
    assert written(path, tmp_path / "a.csv") == 36
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        table = by_key(csv.DictReader(file))
    for ours, theirs in zip(table, rows(path), strict=True):
        assert {k: (None if v == "" else v) for k, v in ours.items()} == {
            k: None if v is None else repr(v) if isinstance(v, float) else str(v) for k, v in theirs.items()
        }
    assert any(row["final_loss"] in ("", "inf") for row in table)  # a diverged one is among them


def test_parquet_keeps_types_and_nulls(path, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    assert written(path, tmp_path / "a.parquet") == 36
    assert by_key(parquet.read_table(tmp_path / "a.parquet").to_pylist()) == rows(path)


def test_npz_has_the_columns_and_the_curves_as_arrays(path, tmp_path):
    assert written(path, tmp_path / "a.npz", ["optimizer=adam"]) == 18
    with np.load(tmp_path / "a.npz", allow_pickle=False) as file:
        arrays = dict(file)
    runs = fnn.sweep("xor4", lr=[0.1, 50.0], optimizer="adam", output="identity", epochs=200, seeds=9)
    np.testing.assert_array_equal(arrays["final_loss"], runs.loss)
    np.testing.assert_array_equal(arrays["epochs_to_solve"], runs.epochs_to_solve)
    np.testing.assert_array_equal(arrays["lr"], runs.column("lr"))
    assert set(arrays["optimizer"]) == {"adam"}
    with open_store(path) as connection:
        ids = read_runs(connection, [parse_condition("optimizer=adam")]).ids
        curves = np.concatenate([read_curves(connection, own).loss for own in ids])
    np.testing.assert_array_equal(arrays["loss_curve"], curves)
    assert arrays["curve_epochs"][-1] == 200


# ---- runs on splits of a table ----


FOLDS = {"validation": 0.2, "folds": 2, "repeats": 2, "bootstrap": False, "split_seed": 7, "per_seed": False}


@pytest.fixture(scope="module")
def of_table(tmp_path_factory):
    """A store with runs on 4 splits of a table, of 2 settings with 3 seeds each; and 2 runs on no table."""
    folder = tmp_path_factory.mktemp("of-table")
    numbers = np.random.default_rng(5).normal(size=(60, 2)).round(3)
    lines = [f"{a},{b},{'yes' if a + b > 0 else 'no'}" for a, b in numbers]
    (folder / "t.csv").write_text("a,b,label\n" + "\n".join(lines) + "\n", encoding="utf-8")
    planned = plan_table(
        read_problem(folder / "t.csv", Roles(target="label")), preset="table", splitting=Splitting(**FOLDS),
        preparation=Preparation("robust", True), hidden=["2", "3"], epochs=3, seeds=3,
    )  # fmt: skip
    with open_store(folder / "runs.db", create=True) as connection:
        fill(connection, planned)
    fnn.sweep("xor4", epochs=2, seeds=2, out=folder / "runs.db")
    return folder / "runs.db"


def joined(path):
    """Return every run's split and scores beside its key and seed, as plain SQL has them."""
    names = [*SPLIT_COLUMNS, *score_columns()]
    with closing(sqlite3.connect(path)) as plain:
        rows = plain.execute(
            f'SELECT s."key", r.seed, {", ".join(names)} FROM results AS r JOIN settings AS s ON s.id = r.settings '
            "LEFT JOIN splits AS p ON p.settings = s.id LEFT JOIN scores AS c ON c.settings = s.id AND c.seed = r.seed "
            'ORDER BY s."key", r.seed'
        ).fetchall()
    return [dict(zip(["key", "seed", *names], row, strict=True)) for row in rows]


def as_written(name):
    return f"score_{name}" if name in SCORES else name


def read_back(to):
    """Return the rows of a file as Python's values, with None for what is not there."""
    if to.suffix == ".csv":
        with to.open(newline="", encoding="utf-8") as file:
            return [{name: text or None for name, text in row.items()} for row in csv.DictReader(file)]
    if to.suffix == ".parquet":
        return pytest.importorskip("pyarrow.parquet").read_table(to).to_pylist()
    with np.load(to, allow_pickle=False) as file:
        columns = {name: file[name].tolist() for name in file.files if not name.startswith(("curve", "loss_", "accu"))}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return [{n: None if v in ("", -1) or str(v) == "nan" else v for n, v in row.items()} for row in rows]


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_has_the_split_and_the_scores_of_each_run(of_table, tmp_path, suffix):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    assert written(of_table, tmp_path / f"a{suffix}") == 26
    kind = str if suffix == ".csv" else (lambda value: value)
    table = by_key(read_back(tmp_path / f"a{suffix}"))
    for ours, theirs in zip(table, joined(of_table), strict=True):
        expected = {as_written(n): None if v is None else kind(v) for n, v in theirs.items()}
        assert {name: ours[name] for name in expected} == expected
    on_table = [row for row in table if row["fold"] is not None]
    assert {(int(row["repeat"]), int(row["fold"])) for row in on_table} == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert {row["scored_on"] for row in on_table} == {"test"}
    assert {row["scored_on"] for row in table if row["fold"] is None} == {None}
    assert all(0 <= float(row["score_accuracy"]) <= 1 for row in on_table)


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        ({"folds": None}, "validation"),
        ({"validation": 0.0}, "test"),
        ({"folds": None, "validation": 0.0, "repeats": 1}, "training"),
    ],
)
def test_the_part_that_is_scored_on_is_named(of_table, tmp_path, changed, part):
    planned = plan_table(
        read_problem(of_table.with_name("t.csv"), Roles(target="label")), preset="table",
        splitting=Splitting(**{**FOLDS, **changed}), preparation=Preparation("robust", True), hidden="2",
        epochs=2, seeds=2,
    )  # fmt: skip
    assert {trial.samples.about.held_out for trial in planned.trials} == {part}
    with open_store(tmp_path / "a.db", create=True) as connection:
        fill(connection, planned)
    written(tmp_path / "a.db", tmp_path / "a.csv")
    assert {row["scored_on"] for row in read_back(tmp_path / "a.csv")} == {part}


def test_no_column_stands_there_twice_and_runs_on_no_table_have_none_of_it(of_table, path):
    with open_store(of_table) as connection:
        columns = list(exported_columns(connection))
        names = [row[1] for row in connection.execute("PRAGMA table_info(runs)")]
    added = [*SPLIT_COLUMNS, "scored_on", *(as_written(name) for name in score_columns())]
    assert columns == [*names, *added]
    assert len(set(columns)) == len(columns)
    with open_store(path) as connection:
        assert list(exported_columns(connection)) == names


def test_other_endings_and_a_missing_extra_are_said(path, tmp_path, monkeypatch):
    with pytest.raises(fnn.InvalidSetting, match=r"to: .*expected a file that ends in .csv, .parquet, .npz"):
        written(path, tmp_path / "a.xlsx")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(fnn.InvalidSetting, match=r"to: .*expected the extra parquet"):
        written(path, tmp_path / "a.parquet")
    assert list(tmp_path.iterdir()) == []
