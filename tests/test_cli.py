"""The command as a user meets it: processes of their own, in an empty folder."""

import json
import os
import re
import subprocess
import sys
from dataclasses import fields

import numpy as np
import pytest
from processes import interrupted
from terminal import OnTerminal

import fnn
from fnn.cli import main
from fnn.ensembles.model_file import load_model
from fnn.formats import answer, number

FILES = ["decision-boundary.png", "learning-curve.png", "learning-rate.png", "model.npz", "predictions.png"]


def test_train_prints_a_row_for_every_point_then_loss_and_accuracy_and_names_its_files(command, tmp_path):
    done = command("train", "--data", "linear")
    assert done.returncode == 0
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    x, y = fnn.data.linear()
    model = load_model(tmp_path / "fnn-linear" / "model.npz")
    p = fnn.predict(model.layers, model.params, x)
    assert lines[0].split() == ["point", "x1", "x2", "true", "predicted"]
    for i in range(100):
        assert lines[i + 1].split() == [str(i + 1), *map(number, (*x[i], y[i, 0])), answer(p[0, i, 0])]
    assert re.fullmatch(r"loss +\S+e−[89]", lines[102])
    assert re.fullmatch(r"accuracy +100\.0%", lines[103])
    assert all(name in lines[-1] for name in ("fnn-linear", *FILES))
    assert sorted(f.name for f in (tmp_path / "fnn-linear").iterdir()) == FILES


def test_many_seeds_print_the_summary(command, tmp_path):
    done = command("train", "--data", "xor", "--seeds", 200, "--backend", "numpy", "--out", "deep/er")
    assert done.returncode == 0
    assert re.search(r"solved +\d+ of 200 = \d\d\.\d%   \(95% interval \d\d.\d% to \d\d.\d%\)", done.stdout)
    assert sorted(f.name for f in (tmp_path / "deep" / "er").iterdir()) == FILES
    assert load_model(tmp_path / "deep" / "er" / "model.npz").params[0].shape == (200, 3, 4)


def test_json_prints_one_document_and_nothing_else(command, tmp_path):
    done = command("train", "--data", "moons", "--points", 50, "--noise", 0.1, "--json", "--no-plots", "--lr", 0.05)
    document = json.loads(done.stdout)
    assert done.stderr == ""
    assert (document["data"], document["points"], document["noise"]) == ("moons", 50, 0.1)
    assert document["config"]["lr"] == 0.05
    assert [f.name for f in (tmp_path / "fnn-moons").iterdir()] == ["model.npz"]
    assert document["files"] == ["fnn-moons/model.npz"]


@pytest.mark.parametrize("data", fnn.data.DATA)
def test_every_data_set_trains(data, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main.run(["train", "--data", data, "--epochs", "20", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["data"], document["points"]) == (data, len(fnn.data.make(data).x))
    assert all((tmp_path / name).exists() for name in document["files"])


def test_every_field_of_config_is_an_option_with_its_default(command):
    help_text = command("train", "--help", env={**os.environ, "COLUMNS": "200"}).stdout
    for field in fields(fnn.Config):
        assert f"--{field.name.replace('_', '-')} " in help_text
    document = json.loads(command("train", "--data", "xor4", "--epochs", 500, "--json", "--no-plots").stdout)
    assert fnn.Config(**document["config"]) == fnn.Config()


BAD = [
    (("train",), r"Missing option '--data'"),
    (("train", "--data", "xro"), r"--data: got 'xro'; expected one of linear, xor, .*\(did you mean xor\?\)"),
    (("train", "--data", "xor", "--hidden", "4x0"), r"--hidden: got '4x0'; expected widths .* such as 4x4"),
    (("train", "--data", "xor", "--lr", "-1"), r"--lr: got -1.0; expected a finite number of at least 0"),
    (("train", "--data", "xor", "--lr", "nan"), r"--lr: got nan; expected a finite number"),
    (("train", "--data", "xor", "--lr", "fast"), r"--lr: got 'fast'; expected a number"),
    (("train", "--data", "xor", "--epochs", "0"), r"--epochs: got 0; expected a whole number of at least 1"),
    (("train", "--data", "xor", "--optimizer", "adma"), r"--optimizer: got 'adma'; .*\(did you mean adam\?\)"),
    (("train", "--data", "xor", "--step-size", "0"), r"--step-size: got 0; expected"),
    (("train", "--data", "xor", "--seeds", "0"), r"--seeds: got 0; expected"),
    (("train", "--data", "xor", "--points", "7"), r"--points: got 7; expected 21"),
    (("train", "--data", "moons", "--noise", "inf"), r"--noise: got inf; expected"),
    (("train", "--data", "xor", "--backend", "cuda"), r"--backend: got 'cuda'; expected one of"),
    (("train", "--data", "xor", "--hiden", "4"), r"no such option: --hiden \(did you mean --hidden\?\)"),
    (("train", "--data", "xor", "--optimiser", "sgd"), r"no such option: --optimiser \(did you mean --optimizer\?\)"),
    (("train", "--data", "xor", "--zzz", "4"), r"no such option: --zzz"),
    (("train", "--data", "xor", "--fixed"), r"--fixed: expected none of it beside a named data set"),
    (("train", "--data", "file"), r"--target: not given; expected the column to learn"),
    (("train", "--data", "xor", "--seeds", "1000000000"), r"--seeds: got 1000000000; expected at most [\d,]+, wh"),
    (("train", "--data", "xor", "--hidden", "32767x32767x32767"), r"--hidden: .* fits the memory of .*; this takes"),
    (("train", "--data", "linear", "--points", "2000000000"), r"--points: .* fits the memory of .*; this takes 380 GB"),
    (("trian",), r"No such command 'trian'"),
    (("train", "--data", "xor", "--out", "file/folder"), r"--out: got 'file/folder'; expected a folder that can be"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=lambda v: v if isinstance(v, str) else " ".join(v))
def test_bad_input_is_one_line_and_exit_code_2_and_writes_nothing(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    assert main.run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(rf"fnn: .*{message}.*\n", err)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_full_disk_is_one_line_and_exit_code_1(command, tmp_path):
    (tmp_path / "fnn-xor").mkdir()
    (tmp_path / "fnn-xor" / "model.npz").mkdir()  # what is in the way cannot be replaced by a file
    done = command("train", "--data", "xor", "--epochs", 5)
    assert done.returncode == 1
    assert re.fullmatch(r"fnn: .*model\.npz.*\n", done.stderr)
    assert [p.name for p in (tmp_path / "fnn-xor").iterdir()] == ["model.npz"]


def test_divergence_is_a_result(command):
    done = command(
        "train", "--data", "xor", "--activation", "identity", "--output", "identity", "--optimizer", "sgd", "--lr", 9
    )
    assert done.returncode == 0
    assert done.stderr == ""
    assert re.search("diverged +after", done.stdout)


def test_interrupted_says_so_and_leaves_no_model(tmp_path):
    ended = interrupted(tmp_path, "fnn-xor", "train", "--data", "xor", "--epochs", 20_000_000)
    assert ended == (130, "", "fnn: interrupted\n", [])


def test_a_closed_pipe_is_no_traceback(tmp_path):
    words = f"{sys.executable} -m fnn train --data linear --no-plots --epochs 2 | true"
    done = subprocess.run(words, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr == ""


@pytest.mark.parametrize(("options", "shown"), [
    ((), r"100%.*loss \d\S*e−\d  accuracy \d"),
    (("--backend", "numpy"), r"100%.*loss \d\S*e−\d  accuracy \d"),
    (("--seeds", "3"), r"3 of 3 networks, median loss"),
    (("--json",), None),
])  # fmt: skip
def test_a_terminal_gets_a_progress_bar(options, shown, tmp_path):
    code, out, screen = OnTerminal(tmp_path, *options).finish()
    assert code == 0
    assert "training" not in out
    if shown:
        assert re.search(shown, screen)
    else:
        assert screen == ""


@pytest.mark.slow
def test_two_first_runs_at_once_both_compile_say_so_and_train(tmp_path):
    runs = [OnTerminal(tmp_path, "--out", str(k), NUMBA_CACHE_DIR=str(tmp_path / "cache")) for k in range(2)]
    for code, out, screen in [run.finish() for run in runs]:
        assert code == 0
        assert re.search(r"\n21 +1 +0 +1 ", out)
        assert screen.count("compiling the kernel") == 1
    first, second = (load_model(tmp_path / str(k) / "model.npz").params for k in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_the_command_alone_prints_help_and_nothing_else(command):
    done = command()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == command("--help").stdout
    assert "train" in done.stdout


def test_version(command):
    assert command("--version").stdout == f"fnn {fnn.__version__}\n"


def test_the_printed_model_is_readable_without_pickle(command, tmp_path):
    command("train", "--data", "xor", "--no-plots")
    with np.load(tmp_path / "fnn-xor" / "model.npz", allow_pickle=False) as file:
        assert file["W1"].shape == (1, 3, 4)
