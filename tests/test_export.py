import csv
import sys

import numpy as np
import pytest

import fnn
from fnn.sweeps.conditions import parse_condition
from fnn.sweeps.connect import open_store
from fnn.sweeps.export import export
from fnn.sweeps.query import read_curves, read_runs


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


def test_other_endings_and_a_missing_extra_are_said(path, tmp_path, monkeypatch):
    with pytest.raises(fnn.InvalidSetting, match=r"to: .*expected a file that ends in .csv, .parquet, .npz"):
        written(path, tmp_path / "a.xlsx")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(fnn.InvalidSetting, match=r"to: .*expected the extra parquet"):
        written(path, tmp_path / "a.parquet")
    assert list(tmp_path.iterdir()) == []
