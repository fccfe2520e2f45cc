"""Tables on terminals of every width, and text in every encoding."""

import codecs
import json
import os
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from terminal import OnTerminal, printed

import fnn
from fnn.cli import columns, main
from fnn.cli.encoding import HANDLER, plain

NUMBERS = re.compile(r"[\d.,]+(?:e−?\d+)?%?")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a store of runs on several data sets, with names and without."""
    path = tmp_path_factory.mktemp("stores")
    fnn.sweep(["xor", "moons"], lr=[1e-5, 0.1], epochs=90, seeds=9, out=path / "two.db")
    return path


def cells(text):
    """Return the numbers of a text, in order of their letters."""
    return sorted(NUMBERS.findall(text))


@pytest.mark.parametrize("width", [200, 100, 80, 60, 40, 24])
def test_no_number_is_cut_however_narrow_the_terminal(folder, width):
    code, lines = printed(folder, width, "show", "two.db")
    whole = subprocess.run(
        [sys.executable, "-m", "fnn", "show", "two.db"], cwd=folder, capture_output=True, encoding="utf-8", check=True
    ).stdout
    assert code == 0
    assert "…" not in "".join(lines)
    assert max(map(len, lines)) <= width
    heads, *rows = whole.splitlines()
    shown = "\n".join(lines)
    if len(lines) > 2 * len(rows):  # a block each, in which heads stand again
        assert all(number in cells(shown) for number in cells("\n".join(rows)))
    else:
        assert cells(shown) == cells(whole)
    assert all(word in shown for word in re.findall(r"[a-z]+", heads))


CELLS = st.lists(st.sampled_from(["0.5", "12,345", "(1 to 2)", "1.2e−8", "abc", "漢字"]), max_size=9).map(" ".join)


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=4), st.integers(10, 120))
def test_folded_or_stacked_every_word_is_there(rows, width):
    heads = ["FIRST", "THE SECOND", "THIRD (95%)"]
    widths = columns._fitting(heads, rows, width)
    lines = list(columns._table(heads, rows, widths, ruled=False) if widths else columns._stacked(heads, rows, width))
    assert not widths or max(map(columns._cells, lines)) <= width
    words = [word for row in rows for cell in row for word in cell.split()]
    assert sorted(w for w in " ".join(lines).split() if w not in " ".join(heads)) == sorted(words)


def test_data_sets_are_told_by_name_and_nothing_by_a_hash_of_64_digits(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    assert main.run(["show", "two.db", "--by", "data,data-digest"]) == 0
    first, *rows = capsys.readouterr().out.splitlines()
    assert first.split()[:3] == ["data", "data-digest", "runs"]
    assert {len(row.split()[1]) for row in rows} == {8}
    assert main.run(["show", "two.db"]) == 0
    first, *rows = capsys.readouterr().out.splitlines()
    assert first.split()[:3] == ["data", "lr", "runs"]
    assert [row.split()[:2] for row in rows] == [["xor", "1e-5"], ["xor", "0.1"], ["moons", "1e-5"], ["moons", "0.1"]]


def test_points_that_differ_within_a_data_set_are_told():
    runs = fnn.sweep("moons", points=[20, 30], noise=[0.0, 0.1], epochs=2, seeds=2)
    assert runs.varying == ["points", "noise"]
    together = fnn.sweep("moons", zip=[{"points": [20, 30], "noise": [0.0, 0.1]}], epochs=2, seeds=2)
    assert together.varying == ["points", "noise"]
    assert fnn.sweep(["moons", "xor"], data_seed=[1, 2], epochs=2, seeds=2).varying == ["data", "data_seed"]


# ---- encodings ----

ENCODINGS = ["utf-8", "cp1252", "latin-1", "ascii"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("words", [
    ("--help",), *((name, "--help") for name in ("train", "predict", "sweep", "show", "export", "study", "bench")),
    ("show", "two.db"), ("train", "--data", "xor4", "--no-plots"), ("train", "--data", "xor", "--no-plots", "--rows"),
    ("train", "--data", "ŷ.csv"),
], ids=" ".join)  # fmt: skip
def test_every_encoding_takes_help_tables_and_errors(folder, words, encoding):
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "COLUMNS": "100"}
    command = [sys.executable, "-m", "fnn", *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    out, err = done.stdout.decode(encoding), done.stderr.decode(encoding)
    assert done.returncode == (2 if "ŷ.csv" in words else 0), err
    assert "Traceback" not in err
    assert "?" not in out.replace("(did you mean", "")
    if words[-1] == "--help":
        borders = [line for line in out.splitlines() if line.startswith(("│", "|"))]
        assert borders
        assert {len(line) for line in borders} == {100}


def test_a_locale_of_c_is_no_traceback(folder):
    environment = {**os.environ, "PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
    environment.pop("PYTHONIOENCODING", None)
    for words in (("--help",), ("show", "two.db"), ("train", "--data", "xor", "--seeds", "4")):
        command = [sys.executable, "-m", "fnn", *words]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.isascii()


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_a_progress_bar_takes_every_encoding(tmp_path, encoding):
    code, _, screen = OnTerminal(tmp_path, PYTHONIOENCODING=encoding).finish()
    assert code == 0
    assert "100%" in screen
    assert "Traceback" not in screen


def test_csv_on_stdout_is_utf_8_whatever_the_terminal_is(tmp_path):
    (tmp_path / "t.csv").write_text("x,colour\n" + "1,grün\n2,ŷellow\n" * 20, encoding="utf-8")
    run = [sys.executable, "-m", "fnn"]
    words = ("--target", "colour", "--no-plots", "--epochs", "2", "--seeds", "2")
    subprocess.run([*run, "train", "--data", "t.csv", *words], cwd=tmp_path, capture_output=True, check=True)
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    words = ("predict", "fnn-t/model.npz", "--data", "t.csv", "--out", "-")
    done = subprocess.run([*run, *words], env=environment, cwd=tmp_path, capture_output=True, check=True)
    assert {line.split(",")[0] for line in done.stdout.decode("utf-8").splitlines()[1:]} <= {"grün", "ŷellow"}


@given(st.text(), st.sampled_from(ENCODINGS))
def test_any_text_is_printed_in_any_encoding(text, encoding):
    encoded = text.encode(encoding, HANDLER)
    assert bool(codecs.decode(encoded, encoding)) == bool(text)
    if text.isascii():
        assert encoded == text.encode()


def test_what_stands_for_a_letter_is_read_as_it():
    assert plain("1.2e−8 × √n ≤ 3 … 40–50 Müller – ‘a’", "ascii") == "1.2e-8 x sqrtn <= 3 ... 40-50 Muller - 'a'"
    assert plain("1.2e−8 – ü ×", "cp1252") == "1.2e-8 – ü ×"
    assert plain("漢", "ascii") == "?"


# ---- a row for each network ----


def test_rows_are_of_one_shape_whether_of_one_network_or_many(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    documents = []
    for seeds in ("1", "3"):
        words = ["train", "--data", "xor", "--seeds", seeds, "--no-plots", "--json"]
        assert main.run([*words, "--rows"]) == 0
        documents.append(json.loads(capsys.readouterr().out))
        assert main.run(words) == 0
        assert "rows" not in json.loads(capsys.readouterr().out)
    one, three = documents
    assert len(three["rows"]) == 3
    assert one["rows"] == three["rows"][:1]
    results = fnn.train(fnn.Config(), *fnn.data.xor(), seeds=[row["seed"] for row in three["rows"]])
    assert [row["loss"] for row in three["rows"]] == results.loss.tolist()
    assert [row["epochs_to_solve"] is not None for row in three["rows"]] == results.solved.tolist()
    assert [row["solved"] for row in three["rows"]] == results.solved.tolist()


def test_rows_of_a_store_are_its_runs(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    assert main.run(["show", "two.db", "--json", "--rows", "--where", "data=xor"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert len(document["rows"]) == 18
    assert {row["lr"] for row in document["rows"]} == {1e-5, 0.1}
    arm = document["arms"][1]
    of_arm = [row["solved"] for row in document["rows"] if row["lr"] == arm["settings"]["lr"]]
    assert sum(of_arm) / len(of_arm) == arm["solved"]
    assert main.run(["show", "two.db", "--rows"]) == 0
    head, *_ = capsys.readouterr().out.splitlines()
    assert head.split()[:4] == ["data", "lr", "seed", "solved"]
