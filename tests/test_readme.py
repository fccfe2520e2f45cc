"""Documents are what they say: commands print what is shown, tables list what there is, links lead somewhere."""

import contextlib
import re
import sqlite3

import pytest
from generate import (
    BLOCK,
    DOCUMENTS,
    PYTHON,
    README,
    SHELL,
    TABLE,
    alike,
    run_command,
    run_python,
    with_blocks,
    with_results,
    write_study,
)
from matplotlib import image
from tables import BLOCKS, ROOT, on_tables, recorded

import fnn
from fnn.bench.run import Row
from fnn.sweeps.connect import open_store
from fnn.sweeps.export import export
from fnn.sweeps.plan import options

TEXT = README.read_text(encoding="utf-8")
STORE = ROOT / "fnn" / "sweeps" / "README.md"


def test_what_is_alike_differs_in_times_and_last_digits_alone():
    shown = "solved 180 of 200; loss 1.54e-07\ntrained in 0.015 s; wrote a"
    assert alike("solved 180 of 200; loss 1.55e-07\ntrained in 1.7 s; wrote a", shown)
    assert not alike("solved 170 of 200; loss 1.54e-07\ntrained in 0.015 s; wrote a", shown)
    assert not alike("solved 180 of 200; loss 1.54e-05\ntrained in 0.015 s; wrote a", shown.replace("e-07", "e-02"))
    assert not alike("missed 180 of 200; loss 1.54e-07\ntrained in 0.015 s; wrote a", shown)


@pytest.mark.parametrize(
    ("name", "commands"),
    [
        ("README.md", ["train", "train", "train", "predict", "sweep", "show"]),
        ("fnn/studies/README.md", ["study", "study", "study"]),
    ],
)
def test_commands_print_what_is_shown(name, commands, tmp_path):
    """They run one after the other in one folder, as a reader would."""
    text = (ROOT / name).read_text(encoding="utf-8")
    write_study(text, tmp_path)
    examples = SHELL.findall(text)
    assert [line.split()[1] for _, line, _ in examples] == commands
    for _, line, shown in examples:
        printed = run_command(line, tmp_path)
        assert shown.strip()
        assert alike(printed, shown), printed


def test_python_prints_what_is_shown():
    ((_, code, shown),) = PYTHON.findall(TEXT)
    assert len(code.splitlines()) <= 10
    printed = run_python(code)
    assert shown.strip()
    assert alike(printed, shown), printed


def test_the_readme_is_no_longer_than_a_reader_is_patient():
    assert len(TEXT.splitlines()) <= 225  # three recipes for more machines among them


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_tables_are_those_the_script_writes(path):
    text = path.read_text(encoding="utf-8")
    assert with_blocks(text) == text


def test_every_generated_table_stands_somewhere_and_is_not_empty():
    blocks = [match for path in DOCUMENTS for match in BLOCK.findall(path.read_text(encoding="utf-8"))]
    assert {name for _, name, _ in blocks} == set(BLOCKS)
    assert all(len(text) > 100 for _, _, text in blocks)


def test_a_table_shows_each_peer_in_its_fastest_form():
    def row(contender, seconds, networks=64, what="64 of width 64, batch 256", **values):
        return Row(
            work="tables", what=what, at=64, dtype="float32", contender=contender, title=contender, networks=networks,
            seconds=[seconds] * 3, per_second=networks / seconds, **values,
        )  # fmt: skip

    rows = [row("fnn", 0.5, share=0.71), row("jax", 3.0), row("jax-threads", 1.5), row("torch", 2.0)]
    rows += [row("torch-loop", 0.01, networks=1), row("sklearn", 1.2, networks=2)]
    alone = [
        row("fnn", 0.02, 1, "1 of width 32, batch 32", share=0.2),
        row("torch-loop", 0.1, 1, "1 of width 32, batch 32"),
    ]
    _, _, *lines = on_tables([*rows, *alone]).splitlines()
    # A loop over single networks is no stack; where there is one network it counts.
    assert lines == [
        "| 64 of width 64, batch 256, float32 | 500 ms | 2.00 s | 1.50 s | 600 ms | 3.0 | 4 | 71% |",
        "| 1 of width 32, batch 32, float32 | 20.0 ms | 100 ms | – | – | 5.0 | 3 | 20% |",
    ]
    # The short table is without what was asked.
    assert on_tables([*rows, *alone], "1 of width 32, batch 32").splitlines()[2:] == [lines[1].replace("| 3 |", "|")]


def test_the_script_writes_what_was_changed(tmp_path):
    text = "Mine\n\n<!-- generated: sweeps -->\n| old |\n\n```console\n$ fnn --version\nfnn 0\n```\n"
    written = with_results(with_blocks(text), tmp_path)
    assert f"```console\n$ fnn --version\nfnn {fnn.__version__}\n```\n" in written
    assert "| old |" not in written
    networks = [f"{row['networks']:,} networks" for row in recorded("sweep")["sweeps"].values()]
    assert all(f"| {name} |" in written for name in networks)
    assert with_blocks(written) == written


@pytest.fixture
def small_store(tmp_path, monkeypatch):
    """A folder with a store, and the share solved by each optimizer."""
    swept = fnn.sweep("xor4", optimizer=["sgd", "adam"], lr=[0.1, 1.0], epochs=50, seeds=20, out=tmp_path / "xor.db")
    monkeypatch.chdir(tmp_path)
    assert len(swept.solved) == 80
    with contextlib.closing(sqlite3.connect("xor.db")) as connection:
        yield connection


def shares(connection):
    """Return the share solved by each optimizer, counted in Python."""
    rows = connection.execute("SELECT optimizer, solved FROM runs").fetchall()
    by_optimizer = {name: [solved for other, solved in rows if other == name] for name in ("adam", "sgd")}
    assert all(len(solved) == 40 for solved in by_optimizer.values())
    return {name: sum(solved) / 40 for name, solved in by_optimizer.items()}


def test_the_store_is_read_by_sql_as_shown(small_store):
    (query,) = re.findall(r"```sql\n(.*?)```", STORE.read_text(encoding="utf-8"), re.DOTALL)
    rows = small_store.execute(query).fetchall()
    assert [row[:3] for row in rows] == [(o, lr, 20) for o in ("adam", "sgd") for lr in (0.1, 1.0)]
    means = {o: sum(row[3] for row in rows if row[0] == o) / 2 for o in ("adam", "sgd")}
    assert means == pytest.approx(shares(small_store))


def test_the_store_is_read_by_pandas_as_shown(small_store):
    pandas = pytest.importorskip("pandas")
    (reading,) = re.findall(r"^pandas\..*$", STORE.read_text(encoding="utf-8"), re.MULTILINE)
    reading = reading.replace('sqlite3.connect("xor.db")', "connection")
    frame = eval(reading, {"pandas": pandas, "connection": small_store})
    assert frame.groupby("optimizer").solved.mean().to_dict() == pytest.approx(shares(small_store))


def test_the_store_is_read_by_duckdb_as_shown(small_store):
    """DuckDB fetches its part for SQLite itself."""
    duckdb = pytest.importorskip("duckdb")
    (scanning,) = re.findall(r"^duckdb\..*$", STORE.read_text(encoding="utf-8"), re.MULTILINE)
    try:
        rows = eval(scanning, {"duckdb": duckdb}).fetchall()
    except duckdb.Error as error:
        if "extension" not in str(error):
            raise
        pytest.skip("DuckDB cannot fetch its extension here")
    assert dict(rows) == pytest.approx(shares(small_store))


def test_what_is_exported_of_runs_on_a_table_is_read_as_shown(tmp_path, monkeypatch):
    pandas, duckdb = pytest.importorskip("pandas"), pytest.importorskip("duckdb")
    monkeypatch.chdir(tmp_path)
    with open_store(ROOT / "tests" / "fixtures" / "store-v3-table.db") as connection:
        export(connection, tmp_path / "runs.csv")
        auc = connection.execute(
            "SELECT s.hidden, p.fold, avg(c.auc) FROM scores AS c JOIN splits AS p ON p.settings = c.settings "
            "JOIN settings AS s ON s.id = c.settings GROUP BY c.settings"
        ).fetchall()
    (shown,) = re.findall(r"```python\n(runs = .*?)```", STORE.read_text(encoding="utf-8"), re.DOTALL)
    reading, wide, long, by_duckdb = shown.splitlines()
    names = {"pandas": pandas, "duckdb": duckdb}
    exec(reading, names)
    means = eval(wide, names)
    assert {(h, f): means.loc[(0, f), int(h)] for h, f, _ in auc} == pytest.approx({(h, f): v for h, f, v in auc})
    assert len(eval(long, names)) == 2 * 8
    exec(by_duckdb, names)
    rows = names["by_split"].fetchall()
    assert {(str(h), f): v for h, _, f, v in rows} == pytest.approx({(h, f): v for h, f, v in auc})


def test_the_columns_of_the_store_are_those_described(small_store):
    text = STORE.read_text(encoding="utf-8")
    columns = {row[1] for row in small_store.execute("PRAGMA table_info(runs)")}
    described = set(re.findall(r"`(\w\w+)`", text.partition("The table `sessions`")[0])) - {"runs", "4x4"}
    settings = set(fnn.Config.__dataclass_fields__)
    assert described <= columns
    assert columns - described - settings == set()


def test_the_sweep_shown_as_a_file_is_one(tmp_path):
    (spec,) = re.findall(r"```toml\n(.*?)```", STORE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "spec.toml").write_text(spec)
    assert options(tmp_path / "spec.toml")["data"] == "xor"
    assert run_command("fnn sweep spec.toml --lr 0.1 --seeds 2 --json", tmp_path)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_and_names_of_files_lead_somewhere(path):
    text = path.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)]+)\)", text):
        assert (path.parent / link).exists(), link
    for name in re.findall(r"`((?:fnn|tests|bench|\.readme|\.ci)/[\w./-]*)`", text):
        assert (ROOT / name).exists(), name


def test_pictures_are_pictures():
    names = re.findall(r"!\[[^\]]+\]\((\.readme/[\w-]+\.png)\)", TEXT)
    assert len(names) == 5
    for name in names:
        picture = image.imread(ROOT / name)
        assert picture.shape[2] in (3, 4)
        assert picture.std() > 0.05


def test_the_first_two_commands_install_and_test():
    first, second = re.findall(r"^    (python -m pip install .*)$", TEXT, re.MULTILINE)
    assert first == "python -m pip install . && fnn train --data linear"
    assert second == "python -m pip install '.[test]' && python -m pytest"


def test_the_table_is_what_scikit_learn_ships(tmp_path):
    datasets = pytest.importorskip("sklearn.datasets")
    pytest.importorskip("pandas")
    path = tmp_path / "diabetes.csv"
    datasets.load_diabetes(as_frame=True, scaled=False).frame.to_csv(path, index=False)
    assert path.read_text(encoding="utf-8") == TABLE.read_text(encoding="utf-8")
