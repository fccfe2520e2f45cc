"""Tables from the command line: what cannot be learnt or asked is one line and exit code 2, and leaves nothing."""

import csv
import io
import json
import re
import shutil
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from ensemble_sample import TABLE, model_of
from terminal import OnTerminal

import fnn
from fnn.cli.main import run
from fnn.ensembles.model_file import save_model

SMALL = ("--hidden", "4", "--epochs", "5", "--seeds", "2")
POINTS = np.random.default_rng(0).normal(size=(40, 2)).round(2).tolist()
DAYS = [f"2020-01-{day:02d}" for day in range(1, 6)]


def write_csv(path, columns):
    """Write columns under their names."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*(list(column) for column in columns.values()), strict=True))
    return path


def table(answer=lambda _n, a, b: "red" if a + b > 0 else "blue", **changed):
    """Return columns a, b and y of 40 rows, y by row, a and b."""
    a, b = zip(*POINTS, strict=True)
    return {"a": a, "b": b, "y": [answer(n, *point) for n, point in enumerate(POINTS)], **changed}


def instead(values, row, value):
    return [value if n == row else each for n, each in enumerate(values)]


# ---- files that are wrong ----

TABLES = {
    "good": table(),
    "one-class": table(lambda *_: "red"),
    "one-number": table(lambda *_: 1.5),
    "many-classes": table(lambda n, *_: f"class {n}"),
    "rare-class": table(lambda n, *_: "red" if n < 3 else "blue"),
    "nan-number": table(lambda n, a, b: "NaN" if n == 7 else a + b),
    "nan-class": table(lambda n, a, _b: "nan" if n == 7 else "red" if a > 0 else "blue"),
    "missing": table(a=instead(table()["a"], 5, "")),
    "dates": table(a=[f"2020-01-{n % 28 + 1:02d}" for n in range(40)]),
    "a-date-as-target": table(lambda n, *_: f"2020-01-{n % 28 + 1:02d}"),
    "new": TABLE,
    "no-sugar": {name: column for name, column in TABLE.items() if name != "sugar"},
    "one-more": TABLE | {"weight": range(5)},
    "one-more-of-dates": TABLE | {"day": DAYS},
    "acid-in-words": TABLE | {"acid": ["0.5", "3", "high", "2", "0"]},
    "acid-of-dates": TABLE | {"acid": DAYS},
    "acid-missing": TABLE | {"acid": ["0.5", "", "-1", "2", ""]},
    "acid-infinite": TABLE | {"acid": ["0.5", "3", "-1", "inf", "0"]},
}


def write_ragged(path):
    write_csv(path, table())
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(instead(lines, 12, lines[12] + ",9")) + "\n", encoding="utf-8")


def write_image(path):
    from matplotlib import image

    image.imsave(path.with_suffix(".png"), np.random.default_rng(0).random((20, 20, 3)))
    path.with_suffix(".png").rename(path)


def write_wide(path):
    values = np.random.default_rng(0).normal(size=(9_999, 5)).round(3)
    write_csv(path, {**{f"x{k}": column for k, column in enumerate(values)}, "y": [0, 1, 0, 1, 0]})


def write_header_only(path):
    path.write_text("a,b,y\n", encoding="utf-8")


def write_names_twice(path):
    path.write_text("a,a,y\n" + "".join(f"{a},{b},{int(a > 0)}\n" for a, b in POINTS), encoding="utf-8")


def write_utf_16(path):
    path.write_bytes("a,b,y\n1,2,ä\n3,4,ö\n".encode("utf-16"))


# ---- models that are wrong ----


def write_cut(path):
    data = save_model(path, model_of("binary")).read_bytes()
    path.write_bytes(data[: 2 * len(data) // 3])


def write_tampered(path):
    """Change one byte in the middle of an array."""
    data = bytearray(save_model(path, model_of("binary")).read_bytes())
    with zipfile.ZipFile(path) as file:
        info = file.getinfo("W1.npy")
    data[info.header_offset + info.file_size - 8] ^= 1
    path.write_bytes(data)


def write_foreign(path):
    np.savez(path, a=np.arange(3), b=np.eye(2))


def write_later(path):
    with np.load(save_model(path, model_of("binary")), allow_pickle=False) as file:
        arrays = dict(file)
    text = json.dumps(json.loads(str(arrays["model"])) | {"version": 3, "fnn": "9.0"})
    np.savez(path, **arrays | {"model": np.array(text)})


def write_bomb(path):
    """Write 32 MB of zeros as 32 kB."""
    array = io.BytesIO()
    np.save(array, np.zeros(2**22))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("model.npy", array.getvalue())


def write_claiming_bomb(path):
    """Write a table that says of itself, in its header and in the archive alike, that it has 32 TB."""
    array = io.BytesIO()
    np.lib.format.write_array_header_1_0(array, {"descr": "<f8", "fortran_order": False, "shape": (2**42, 1)})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("x.npy", array.getvalue())
        file.filelist[0].file_size = 2**45 + len(array.getvalue())


WRITERS = {
    "ragged.csv": write_ragged,
    "image.csv": write_image,
    "wide.csv": write_wide,
    "empty.csv": lambda path: path.touch(),
    "header-only.csv": write_header_only,
    "names-twice.csv": write_names_twice,
    "utf-16.csv": write_utf_16,
    "cut.npz": write_cut,
    "tampered.npz": write_tampered,
    "foreign.npz": write_foreign,
    "later.npz": write_later,
    "bomb.npz": write_bomb,
    "bomb-table.npz": write_claiming_bomb,
    "model.npz": lambda path: save_model(path, model_of("binary")),
    "numbers.npz": lambda path: save_model(path, model_of("regression")),
}

TRAIN = {
    "no such column": ("good.csv --target z", r"--target: got 'z'; expected one of .*y"),
    "a near name": ("good.csv --target yy", r"--target: got 'yy'; .*\(did you mean y\?\)"),
    "no such place": ("good.csv --target 4", r"--target: got '4'; expected a column's name, or its place from 1 to 3"),
    "no target": ("good.csv", r"--target: not given; expected the column to learn"),
    "one class": (
        "one-class.csv --target y",
        r"--target: got 'y'; expected values that differ; all rows have one class",
    ),
    "one number": ("one-number.csv --target y", r"--target: got 'y'; expected values that differ; .* have one value"),
    "more classes than rows allow": (
        "many-classes.csv --target y",
        r"got 'y'; expected at most 20 classes for 40 rows",
    ),
    "a fold without a class": (
        "rare-class.csv --target y --folds 5",
        r"--folds: got 5; expected at most 3, or a fold is without a class",
    ),
    "NaN among the target's numbers": (
        "nan-number.csv --target y",
        r"a value in each row; 1 is missing, first in row 8",
    ),
    "NaN among the target's classes": (
        "nan-class.csv --target y",
        r"a value in each row; 1 is missing, first in row 8",
    ),
    "a target of dates": (
        "a-date-as-target.csv --target y",
        r"--target: got 'y'; expected numbers or classes; these are dates",
    ),
    "ragged rows": ("ragged.csv --target y", r"ragged.csv'; expected 3 fields in each row; line 13 has 4"),
    "an image": ("image.csv --target y", r"image.csv'; expected a table of text such as CSV; this file is binary"),
    "an empty file": ("empty.csv --target y", r"empty.csv'; expected a table; this file is empty"),
    "a header only": ("header-only.csv --target y", r"expected a table with rows; this one has a header only"),
    "columns of one name": ("names-twice.csv --target y", r"columns of different names; two are named a"),
    "no file": ("none.csv --target y", r"none.csv'; expected a file that is there"),
    "wide": (
        "wide.csv --target y",
        r"at most 5,000 inputs for 5 rows; its columns make 9,999 \(are columns and rows in each",
    ),
    "missing numbers": (
        "missing.csv --target y",
        r"1 value missing in column a'; expected all of them, or missing = mean",
    ),
    "dates": ("dates.csv --target y", r"--data: got 'dates in column a'; expected numbers made of them"),
    "another zip": ("foreign.npz --target 1", r"foreign.npz'; expected an .npz file of arrays x and y"),
    "a zip bomb": (
        "bomb-table.npz --target 1",
        r"bomb-table.npz'; expected what fits the memory of .*; this takes 70.4 TB",
    ),
    "classes asked of numbers": (
        "good.csv --target a --task binary",
        r"--target: got 'a'; expected at most 20 classes for 40 rows; .* or task = regression",
    ),
    "no such scaling": (
        "good.csv --target y --scaling robots",
        r"--scaling: got 'robots'; .*\(did you mean robust\?\)",
    ),
    "one fold": ("good.csv --target y --folds 1", r"--folds: got 1; expected a whole number of at least 2"),
    "all held out": ("good.csv --target y --validation 1", r"--validation: got 1.0; expected"),
    "a weight in words": ("good.csv --target a --weight y", r"--weight: got 'y'; expected a column of numbers"),
}
PREDICT = {
    "a cut model": ("cut.npz new.csv", r"cut.npz: expected a model.npz of fnn \(File is not a zip file\)"),
    "one byte changed": (
        "tampered.npz new.csv",
        r"tampered.npz: expected a model.npz of fnn \(Bad CRC-32 for file 'W1.npy'",
    ),
    "another zip": ("foreign.npz new.csv", r"foreign.npz: expected a model.npz of fnn \(it has no config\)"),
    "a later version": ("later.npz new.csv", r"this is version 3, of fnn '9.0'; fnn .* reads up to 2"),
    "a zip bomb": (
        "bomb.npz new.csv",
        r"bomb.npz: expected a model.npz of fnn \(model.npy is compressed or encrypted\)",
    ),
    "a table as model": ("new.csv new.csv", r"new.csv: expected a model.npz of fnn \(File is not a zip file\)"),
    "an empty model": ("empty.csv new.csv", r"empty.csv: expected a model.npz of fnn"),
    "a missing column": (
        "model.npz no-sugar.csv",
        r"got 'columns colour, acid'; expected column sugar too, as at training",
    ),
    "an unknown column": (
        "model.npz one-more.csv",
        r"got 'column weight'; expected columns as at training: acid, colour, sugar",
    ),
    "an unknown column of dates": (
        "model.npz one-more-of-dates.csv",
        r"got 'column day'; expected columns as at training",
    ),
    "dates where numbers were": (
        "model.npz acid-of-dates.csv",
        r"expected numbers in column acid, line 2: it has 2020-01-01",
    ),
    "text where numbers were": ("model.npz acid-in-words.csv", r"expected numbers in column acid, line 4: it has high"),
    "infinity": ("model.npz acid-infinite.csv", r"expected finite numbers in column acid, line 5: it has inf"),
    "an unknown category": (
        "model.npz new.csv --unknown error",
        r"got 'blue in column colour, row 4'; expected red, white",
    ),
    "missing numbers": (
        "model.npz acid-missing.csv",
        r"2 values missing in column acid'; expected all of them, or a model that was",
    ),
    "ragged rows": ("model.npz ragged.csv", r"ragged.csv'; expected 3 fields in each row; line 13 has 4"),
    "an image": ("model.npz image.csv", r"image.csv'; expected a table of text such as CSV; this file is binary"),
    "an empty file": ("model.npz empty.csv", r"empty.csv'; expected a table; this file is empty"),
    "a zip bomb as table": ("model.npz bomb-table.npz", r"expected what fits the memory of"),
    "probabilities of numbers": (
        "numbers.npz new.csv --probabilities",
        r"--probabilities: expected a model of classes",
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with all of these files."""
    folder = tmp_path_factory.mktemp("tables")
    for name, columns in TABLES.items():
        write_csv(folder / f"{name}.csv", columns)
    for name, write in WRITERS.items():
        write(folder / name)
    return folder


def words_of(case):
    if case in TRAIN:
        return ["train", "--data", *TRAIN[case][0].split(), *SMALL]
    model, data, *words = PREDICT[case.removeprefix("predict: ")][0].split()
    return ["predict", model, "--data", data, *words]


def contents(folder):
    return {path.name: (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.iterdir()}


CASES = {**{name: message for name, (_, message) in TRAIN.items()},
         **{f"predict: {name}": message for name, (_, message) in PREDICT.items()}}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_one_line_and_exit_code_2_and_leaves_nothing(folder, monkeypatch, capfd, case):
    monkeypatch.chdir(folder)
    before = contents(folder)
    assert run(words_of(case)) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert re.fullmatch(rf"fnn: .*(?:{CASES[case]}).*\n", err)
    assert contents(folder) == before


@pytest.mark.parametrize("case", ["ragged rows", "wide", "predict: one byte changed", "predict: missing numbers"])
def test_the_same_in_a_process_of_its_own(folder, case):
    before = contents(folder)
    words = [sys.executable, "-m", "fnn", *words_of(case)]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(rf"fnn: .*(?:{CASES[case]}).*\n", done.stderr)
    assert contents(folder) == before


# ---- what is right ----


@pytest.fixture
def trained(folder, tmp_path, monkeypatch, capsys):
    """Return an empty folder but for the table and the model that learnt it."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(folder / "good.csv", tmp_path)
    words = ["train", "--data", "good.csv", "--target", "y", "--seeds", "3", "--hidden", "4", "--epochs", "20"]
    assert run([*words, "--no-plots", "--out", "m"]) == 0
    capsys.readouterr()
    return tmp_path


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_answers_go_to_csv_to_parquet_and_down_a_pipe_alike(trained, command):
    parquet = pytest.importorskip("pyarrow.parquet")
    answers = fnn.load(trained / "m" / "model.npz").predict(trained / "good.csv").tolist()
    words = ("predict", "m/model.npz", "--data", "good.csv")
    piped = command(*words, "--out", "-")
    assert piped.returncode == 0
    assert piped.stderr.splitlines()[0] == "stdout: 40 rows by 3 networks: class, probability, spread"
    for name in ("a.csv", "a.parquet"):
        assert command(*words, "--out", name).returncode == 0
    assert (trained / "a.csv").read_text(encoding="utf-8") == piped.stdout
    rows = parquet.read_table(trained / "a.parquet").to_pylist()
    assert [{name: str(value) for name, value in row.items()} for row in rows] == rows_of(piped.stdout)
    assert [row["class"] for row in rows] == answers


def test_columns_in_another_order_and_the_target_away_change_nothing(trained):
    columns = table()
    write_csv(trained / "turned.csv", {name: columns[name] for name in ("b", "a")})
    for name in ("good", "turned"):
        assert run(["predict", "m/model.npz", "--data", f"{name}.csv"]) == 0
    written = [(trained / f"{name}-predictions.csv").read_text(encoding="utf-8") for name in ("good", "turned")]
    assert written[0] == written[1]


def test_a_reader_that_has_enough_ends_the_command_without_a_word(trained):
    write_csv(trained / "long.csv", {name: list(column) * 2000 for name, column in table().items()})
    words = [sys.executable, "-m", "fnn", "predict", "m/model.npz", "--data", "long.csv", "--out", "-"]
    with subprocess.Popen(words, cwd=trained, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "class,probability,spread\n"
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 1


def test_a_bar_is_shown_in_a_terminal_only(trained, command):
    words = ("train", "--data", "good.csv", "--target", "y", *SMALL, "--no-plots")
    done = command(*words, "--out", "n")
    assert (done.returncode, done.stderr) == (0, "")
    code, out, screen = OnTerminal(trained, command=(*words, "--out", "o")).finish()
    assert code == 0
    assert "training" in screen
    assert "networks" in screen
    assert "\x1b" not in out + done.stdout


def test_a_table_of_many_columns_is_learnt_without_shuffling_each(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    values = np.random.default_rng(0).normal(size=(1_001, 40)).round(3)
    answers = ["up" if value > 0 else "down" for value in values[0]]
    write_csv(tmp_path / "t.csv", {**{f"x{k}": column for k, column in enumerate(values)}, "y": answers})
    assert run(["train", "--data", "t.csv", "--target", "y", *SMALL]) == 0
    assert "1,001 inputs" in capsys.readouterr().out
    names = {path.name for path in (tmp_path / "fnn-t").iterdir()}
    assert "confusion-matrix.png" in names
    assert "importance.png" not in names


def test_no_seeds_are_refused_and_not_taken_for_the_default(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("x,y\n" + "1,0\n2,1\n" * 30)
    assert run(["train", "--data", "t.csv", "--target", "y", "--seeds", "0"]) == 2
    assert capsys.readouterr().err.startswith("fnn: --seeds: got 0; expected")
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]
