"""`fnn predict` and the job behind it: what is written is what the model says, whole or not at all."""

import csv
import io
import json
import signal
from dataclasses import replace

import numpy as np
import pytest
from ensemble_sample import TABLE, TASKS, model_of
from processes import fnn_process, wait_for
from terminal import OnTerminal

import fnn
from fnn.cli.main import run
from fnn.data.reading import Form
from fnn.ensembles.model_file import save_model
from fnn.ensembles.predict import predict_to
from fnn.ensembles.writers import WRITERS
from fnn.errors import InvalidSetting

COLUMNS = {
    "binary": ["class", "probability", "spread"],
    "multiclass": ["class", "probability", "spread"],
    "multilabel": [f"{name}_{what}" for name in ("sour", "sweet") for what in ("class", "probability", "spread")],
    "regression": ["value", "spread", "low", "high"],
    "several": [f"{name}_{what}" for name in ("price", "weight") for what in ("value", "spread", "low", "high")],
}


def write_table(path, table=TABLE, repeat=1):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(table)
        for _ in range(repeat):
            writer.writerows(zip(*(list(column) for column in table.values()), strict=True))
    return path


def read_answers(text):
    return list(csv.DictReader(io.StringIO(text)))


def expected_rows(model):
    """Return what a model's methods say of the table, as rows of the columns that are written."""
    answers, spread = model.predict(TABLE), model.spread(TABLE)
    rows = []
    for n in range(len(answers)):
        if model.task == "regression":
            parts = [np.atleast_1d(part[n]) for part in (answers, spread, *model.interval(TABLE))]
            rows.append(np.stack(parts, axis=1).ravel().tolist())
            continue
        shares = model.predict_proba(TABLE)[n]
        if model.task == "multilabel":
            triples = zip(answers[n].tolist(), np.where(answers[n], shares, 1 - shares), spread[n], strict=True)
            rows.append([value for triple in triples for value in triple])
        else:
            place = shares.argmax()
            rows.append([answers[n].item(), shares[place], spread[n][place]])
    return rows


def as_text(value):
    return str(value).lower() if isinstance(value, bool) else value if isinstance(value, str) else repr(value)


@pytest.mark.parametrize("task", TASKS)
def test_csv_has_what_the_model_says_with_every_digit(tmp_path, task):
    model = model_of(task)
    stream = io.StringIO()
    done = predict_to(stream, model, TABLE, Form())
    rows = read_answers(stream.getvalue())
    assert (done.rows, done.unanswered, list(done.columns)) == (5, 0, COLUMNS[task])
    for row, expected in zip(rows, expected_rows(model), strict=True):
        assert list(row) == COLUMNS[task]
        texts = [as_text(v if isinstance(v, (str, bool, int)) else float(v)) for v in expected]
        assert list(row.values()) == texts
    for name in done.classes:
        column = "class" if len(model.target_names) == 1 else f"{name}_class"
        given = [row[column] for row in rows]
        assert {as_text(value): count for value, count in done.classes[name].items()} == {
            value: given.count(value) for value in set(given)
        }
    assert len(done.classes) == (0 if model.task == "regression" else len(model.target_names))


@pytest.mark.parametrize("task", TASKS)
def test_parquet_keeps_types(tmp_path, task):
    parquet = pytest.importorskip("pyarrow.parquet")
    model = model_of(task)
    predict_to(tmp_path / "a.parquet", model, TABLE, Form())
    rows = parquet.read_table(tmp_path / "a.parquet").to_pylist()
    assert [list(row.values()) for row in rows] == expected_rows(model)
    assert list(rows[0]) == COLUMNS[task]


def test_every_class_has_its_probability():
    for task, names in {
        "binary": ["no", "yes"],
        "multiclass": ["3", "5", "8"],
        "multilabel": ["sour", "sweet"],
    }.items():
        model, stream = model_of(task), io.StringIO()
        predict_to(stream, model, TABLE, Form(), every_class=True)
        shares = [[float(row[f"p_{name}"]) for name in names] for row in read_answers(stream.getvalue())]
        np.testing.assert_array_equal(shares, model.predict_proba(TABLE))
    with pytest.raises(InvalidSetting, match="probabilities: got True; expected a model of classes"):
        predict_to(io.StringIO(), model_of("regression"), TABLE, Form(), every_class=True)


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("task", TASKS)
def test_rows_without_an_answer_are_there_and_empty(tmp_path, task, suffix):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow.parquet")
    table = TABLE | {"sugar": np.array([1.5, np.nan, 0.25, 7.0, np.nan])}
    done = predict_to(tmp_path / f"a{suffix}", model_of(task, missing="drop"), table, Form(), task == "multiclass")
    assert (done.rows, done.unanswered) == (5, 2)
    assert all(sum(counts.values()) == 3 for counts in done.classes.values())
    if suffix == ".csv":
        rows = [list(row.values()) for row in read_answers((tmp_path / "a.csv").read_text(encoding="utf-8"))]
    else:
        parquet = pytest.importorskip("pyarrow.parquet")
        rows = [
            ["" if v is None else v for v in row.values()]
            for row in parquet.read_table(tmp_path / "a.parquet").to_pylist()
        ]
    assert [all(value == "" for value in row) for row in rows] == [False, True, False, False, True]
    assert [any(value == "" for value in row) for row in rows] == [False, True, False, False, True]


def test_progress_is_told_and_ends_at_all_rows(tmp_path):
    told = []
    path = write_table(tmp_path / "long.csv", repeat=30_000)
    predict_to(tmp_path / "a.csv", model_of("binary"), path, Form(), on_progress=lambda *now: told.append(now))
    done = [rows for rows, _ in told]
    assert done == sorted(done)
    assert len(done) > 2
    assert done[-1] == 150_000
    assert {total for _, total in told} <= {None, 150_001}  # lines, of which one is the header


# ---- the command ----


@pytest.fixture
def files(tmp_path):
    return save_model(tmp_path / "model.npz", model_of("binary")), write_table(tmp_path / "new.csv")


def test_the_command_in_a_process_of_its_own_gives_the_same_numbers(tmp_path, files, command):
    done = command("predict", *("model.npz", "--data", "new.csv"))
    assert (done.returncode, done.stderr) == (0, "")
    model = model_of("binary")
    no, yes = (model.predict(TABLE).tolist().count(word) for word in ("no", "yes"))
    assert done.stdout.splitlines() == [
        "new-predictions.csv: 5 rows by 3 networks: class, probability, spread",
        f"good: no {no}, yes {yes}",
    ]
    rows = read_answers((tmp_path / "new-predictions.csv").read_text(encoding="utf-8"))
    assert [[row["class"], float(row["probability"]), float(row["spread"])] for row in rows] == expected_rows(model)
    again = command("predict", "model.npz", "--data", "new.csv", "--out", "-", "--probabilities")
    assert again.returncode == 0
    assert again.stderr.startswith("stdout: 5 rows by 3 networks: class, probability, spread, p_no, p_yes\n")
    assert [{**row, **read} for row, read in zip(rows, read_answers(again.stdout), strict=True)] == read_answers(
        again.stdout
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.npz", "new-predictions.csv", "new.csv"]


def test_json_has_what_was_written_and_the_coverage(tmp_path, command):
    save_model(tmp_path / "model.npz", model_of("several"))
    write_table(tmp_path / "new.csv")
    words = ("predict", "model.npz", "--data", "new.csv", "--out", "deep/er/a.csv")
    document = json.loads(command(*words, "--json").stdout)
    assert document == {
        "model": "model.npz", "data": "new.csv", "out": "deep/er/a.csv", "networks": 3, "task": "regression",
        "targets": ["price", "weight"], "coverage": [0.94, 0.9, 0.97], "rows": 5, "unanswered": 0,
        "columns": COLUMNS["several"], "classes": {},
    }  # fmt: skip
    assert (tmp_path / "deep" / "er" / "a.csv").exists()
    lines = command(*words).stdout.splitlines()
    held = "measured, it held 94.0% (90.0% to 97.0%) of rows that it was not learnt from"
    assert lines[1] == f"low to high is meant to hold 95% of such numbers; {held}"


BAD = {
    "no model": (["none.npz"], "none.npz: expected a file that is there"),
    "a table for a model": (["new.csv"], "new.csv: expected a model.npz of fnn (File is not a zip file)"),
    "no table": (["model.npz", "--data", "none.csv"], "--data: got 'none.csv'"),
    "another ending": (["model.npz", "--out", "a.txt"], "--out: got 'a.txt'; expected a file that ends in .csv or"),
    "a missing column": (["model.npz", "--data", "short.csv"], "sugar"),
    "the model": (["model.npz", "--out", "./model.npz"], "--out: got './model.npz'; expected another file"),
    "the table": (["model.npz", "--out", "new.csv"], "--out: got 'new.csv'; expected another file"),
    "stdout twice": (["model.npz", "--out", "-", "--json"], "--out: got '-'; expected a file, as --json has stdout"),
    "a way to take categories": (
        ["model.npz", "--unknown", "skip"],
        "--unknown: got 'skip'; expected one of none, error",
    ),
    "an unknown category": (["model.npz", "--unknown", "error"], "colour"),
    "classes of numbers": (
        ["numbers.npz", "--probabilities"],
        "--probabilities: expected a model of classes",
    ),
    "a folder": (
        ["model.npz", "--out", "new.csv/a.csv"],
        "--out: got 'new.csv'; expected a folder that can be written",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_exit_code_2_and_writes_nothing(tmp_path, monkeypatch, capsys, files, case):
    monkeypatch.chdir(tmp_path)
    save_model(tmp_path / "numbers.npz", model_of("regression"))
    write_table(tmp_path / "short.csv", {name: column for name, column in TABLE.items() if name != "sugar"})
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    (model, *words), line = BAD[case]
    assert run(["predict", model, *([] if "--data" in words else ["--data", "new.csv"]), *words]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert line in err
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_an_interrupted_job_leaves_no_half_file_and_keeps_the_old_one(tmp_path):
    save_model(tmp_path / "model.npz", model_of("binary", networks=64))
    write_table(tmp_path / "long.csv", repeat=200_000)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.csv").write_text("what was there\n", encoding="utf-8")
    process = fnn_process(tmp_path, "predict", "model.npz", "--data", "long.csv", "--out", "out/a.csv")
    try:
        wait_for(lambda: len(list((tmp_path / "out").iterdir())) > 1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert (process.returncode, out, err) == (130, "", "fnn: interrupted\n")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.csv"]
    assert (tmp_path / "out" / "a.csv").read_text(encoding="utf-8") == "what was there\n"


def test_a_terminal_gets_a_progress_bar(tmp_path, files):
    code, out, screen = OnTerminal(tmp_path, command=("predict", "model.npz", "--data", "new.csv")).finish()
    assert code == 0
    assert out.startswith("new-predictions.csv: 5 rows")
    assert "predicting" in screen
    assert "5 rows" in screen


def test_help_is_there_and_needs_nothing_slow(command):
    done = command("predict", "--help")
    assert done.returncode == 0
    assert "MODEL" in done.stdout


def test_fnn_load_predicts_as_the_command_does(tmp_path, files, command):
    command("predict", "model.npz", "--data", "new.csv", "--out", "a.csv")
    model = fnn.load(tmp_path / "model.npz")
    rows = read_answers((tmp_path / "a.csv").read_text(encoding="utf-8"))
    assert [row["class"] for row in rows] == model.predict(tmp_path / "new.csv").tolist()
    assert replace(model, about={}).predict(TABLE).tolist() == model.predict(TABLE).tolist()
