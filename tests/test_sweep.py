"""Sweeps by the ways they may be interrupted, resumed and extended: the file's runs are those of one that was not."""

import importlib
import json
import random
import signal
import subprocess
import sys
import time
from contextlib import closing

import numpy as np
import pytest

import fnn
from fnn.sweeps import store

sweep = importlib.import_module("fnn.sweep")  # `fnn.sweep` is its function

SPEC = {"data": "xor", "optimizer": ["sgd", "adam"], "lr": [0.1, 1.0], "epochs": 40}


def everything(path):
    """Return all runs and curves of a store as plain rows."""
    with closing(store.opened(path)) as connection:
        runs = connection.execute(
            f'SELECT s."key", r.seed, {", ".join(store.RESULTS)} FROM results r JOIN settings s ON s.id = r.settings '
            'ORDER BY s."key", r.seed'
        ).fetchall()
        curves = connection.execute(
            'SELECT s."key", c.seed, g.epochs, c.loss, c.accuracy FROM curves c JOIN settings s ON s.id = c.settings '
            'JOIN grids g ON g.id = c.grid ORDER BY s."key", c.seed'
        ).fetchall()
    return runs, curves


@pytest.fixture
def chunks(monkeypatch):
    """Make chunks small and of changing size, as on a machine whose speed changes; give the sizes trained."""
    sizes, dice, train = [], random.Random(5), sweep.train

    def counted(configs, *samples, **options):
        results = train(configs, *samples, **options)
        sizes.append(len(results))
        monkeypatch.setattr(sweep, "_SECONDS", results.seconds / len(results) * dice.randint(1, 150))
        return results

    monkeypatch.setattr(sweep, "train", counted)
    return sizes


def test_a_sweep_is_every_combination_with_every_seed_as_train_has_it():
    runs = fnn.sweep(**SPEC, seeds=30, seed=7)
    assert runs.settings["optimizer"] == ["sgd", "sgd", "adam", "adam"]
    x, y = fnn.data.xor()
    configs = [fnn.Config(optimizer=o, lr=lr, epochs=40) for o in ("sgd", "adam") for lr in (0.1, 1.0)]
    results = fnn.train(configs, x, y, seeds=range(7, 37))
    np.testing.assert_array_equal(runs.loss, results.loss)
    np.testing.assert_array_equal(runs.epochs_to_solve, results.epochs_to_solve)
    np.testing.assert_array_equal(runs.column("lr"), np.tile(np.repeat([0.1, 1.0], 30), 2))


def test_chunks_of_any_size_give_the_same_runs_each_once(tmp_path, chunks):
    fnn.sweep(**SPEC, seeds=700, out=tmp_path / "cut.db")
    assert sum(chunks) == 2800
    assert len(set(chunks)) > 5
    fnn.sweep(**SPEC, seeds=700, out=tmp_path / "whole.db", backend="numba")
    assert everything(tmp_path / "cut.db") == everything(tmp_path / "whole.db")


def test_running_it_again_trains_only_what_is_missing(tmp_path, chunks):
    path = tmp_path / "a.db"
    fnn.sweep(**SPEC, seeds=20, seed=10, out=path)
    assert sum(chunks) == 80
    again = fnn.sweep(**SPEC, seeds=20, seed=10, out=path)
    assert sum(chunks) == 80
    assert len(again.seed) == 80
    fnn.sweep(**SPEC, seeds=50, seed=0, out=path)  # more seeds, on both sides
    assert sum(chunks) == 200
    more = fnn.sweep(**{**SPEC, "lr": [0.1, 0.3, 1.0]}, seeds=50, seed=0, out=path)  # another value
    assert sum(chunks) == 300
    assert len(more.seed) == 300
    fewer = fnn.sweep(**{**SPEC, "lr": 0.3}, seeds=5, seed=0, out=path)
    assert sum(chunks) == 300
    assert (len(fewer.seed), set(fewer.settings["lr"])) == (10, {0.3})
    whole = fnn.sweep(**{**SPEC, "lr": [0.1, 0.3, 1.0]}, seeds=50, seed=0, out=tmp_path / "b.db")
    assert len(whole.seed) == 300
    assert everything(path) == everything(tmp_path / "b.db")


def test_other_data_or_numerics_are_trained_apart(tmp_path, chunks, monkeypatch):
    path = tmp_path / "a.db"
    for k, options in enumerate(({}, {"data_seed": 2}, {"points": 50}, {"noise": 0.1}, {"dtype": "float32"}), 1):
        runs = fnn.sweep("linear", seeds=5, epochs=5, out=path, **options)
        assert (sum(chunks), len(runs.seed)) == (5 * k, 5)
    monkeypatch.setattr(store, "NUMERICS", store.NUMERICS + 1)
    assert len(fnn.sweep("linear", seeds=5, epochs=5, out=path).seed) == 5
    assert sum(chunks) == 30


def test_own_arrays(rng):
    x, y = rng.normal(size=(12, 3)), rng.integers(0, 2, (12, 2))
    runs = fnn.sweep((x, y), seeds=4, epochs=6, hidden=["3", "2x2"])
    assert runs.settings["data"] == ["own", "own"]
    results = fnn.train(fnn.Config(hidden="2x2", epochs=6), x, y, seeds=range(312551116, 312551120))
    np.testing.assert_array_equal(runs.loss[runs.arm == 1], results.loss)


@pytest.mark.parametrize(("points", "kept"), [(None, 41), (10, 11), (1, 2), (0, 0)])
def test_curves_are_thinned(tmp_path, points, kept):
    fnn.sweep("xor", epochs=40, seeds=3, curve_points=points, out=tmp_path / "a.db")
    with closing(store.opened(tmp_path / "a.db")) as connection:
        curves = store.read_curves(connection, 1)
    assert (curves is None) if kept == 0 else (curves.loss.shape == (3, kept))


def test_huge_sweeps_keep_no_curves():
    assert sweep.plan(100_000, data="xor").points == 100
    assert sweep.plan(100_001, data="xor").points == 0
    assert sweep.plan(100_001, data="xor", curve_points=7).points == 7


def test_progress_counts_what_was_there(tmp_path):
    heard = []
    fnn.sweep(**SPEC, seeds=10, out=tmp_path / "a.db")
    fnn.sweep(**SPEC, seeds=40, out=tmp_path / "a.db", on_progress=heard.append)
    assert heard[0].done >= 40
    assert (heard[-1].done, heard[-1].total) == (160, 160)
    assert heard[-1].per_second > 0


# A process that has the kernel loaded forks the command, waits a moment, and kills it; twenty times. Then it lets one
# go to its end, and another one in a folder of its own. It prints how many were killed before they had ended.
KILLER = """
import os, random, signal, sys, time
import fnn
from fnn.cli import main
fnn.train(fnn.Config(), *fnn.data.xor())
def command(folder):
    child = os.fork()
    if child == 0:
        os.chdir(folder)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os._exit(main.run(sys.argv[1:]))
    return child
def end_of(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
dice, killed = random.Random(3), 0
for _ in range(20):
    child = command(".")
    time.sleep(dice.uniform(0.02, 0.2))
    os.kill(child, signal.SIGKILL)
    killed += end_of(child) == -signal.SIGKILL
os.mkdir("other")
os.system("cp runs.db killed.db")
print(killed, end_of(command(".")), end_of(command("other")))
"""


def test_killed_twenty_times_the_runs_are_those_of_an_uninterrupted_sweep(tmp_path):
    words = ["sweep", "--data", "xor", "--optimizer", "sgd,adam,rprop", "--lr", "0.1,1", "--epochs", "300"]
    words += ["--seeds", "5000", "--curve-points", "3", "--out", "runs.db"]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", KILLER, *words], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    killed, *codes = map(int, done.stdout.split())
    assert killed >= 15  # the sweep was not over before the kills were
    assert codes == [0, 0]
    assert count(tmp_path / "killed.db") < 30_000
    ours, theirs = everything(tmp_path / "runs.db"), everything(tmp_path / "other" / "runs.db")
    assert len(ours[0]) == len(ours[1]) == 30_000
    assert ours == theirs


def fnn_process(folder, *words, before=""):
    """Start the command as a process of its own, after a line of Python."""
    # Started from a script in the background, this process ignores Ctrl-C, and passes that on.
    listening = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    code = f"{listening}\n{before}\nfrom fnn.cli.main import main; main()"
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-c", code, *map(str, words)], cwd=folder, **pipes)


def wait_for(condition):
    deadline = time.monotonic() + 30
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert condition()


def count(path):
    try:
        with closing(store.opened(path)) as connection:
            return connection.execute("SELECT count(*) FROM results").fetchone()[0]
    except (fnn.InvalidSetting, store.sqlite3.Error):
        return 0


def test_ctrl_c_keeps_what_is_finished_and_says_how_to_go_on(tmp_path):
    words = ("sweep", "--data", "xor", "--seeds", 3_000_000, "--out", "a.db")
    process = fnn_process(tmp_path, *words)
    try:
        wait_for(lambda: count(tmp_path / "a.db") > 0)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    kept = count(tmp_path / "a.db")
    assert process.returncode == 130
    assert out == ""
    assert err == f"fnn: interrupted: a.db has {kept:,} runs with these seeds; the same command goes on from there\n"
    assert kept > 0


def test_a_second_sweep_on_the_file_waits_and_says_so(tmp_path):
    first = fnn_process(tmp_path, "sweep", "--data", "xor", "--seeds", 40_000, "--out", "a.db")
    try:
        wait_for(lambda: count(tmp_path / "a.db") > 0)
        second = fnn_process(
            tmp_path, "sweep", "--data", "xor", "--seeds", 20, "--lr", "0.5", "--out", "a.db", "--json"
        )
        out, err = second.communicate(timeout=60)
        first.communicate(timeout=60)
    finally:
        first.kill()
    assert first.returncode == second.returncode == 0
    assert err == "fnn: waiting for another sweep on a.db to end\n"
    assert json.loads(out)["trained"] == 20
    assert count(tmp_path / "a.db") == 40_020


def test_show_reads_while_a_sweep_writes(tmp_path):
    sweeping = fnn_process(tmp_path, "sweep", "--data", "xor", "--seeds", 3_000_000, "--out", "a.db")
    try:
        wait_for(lambda: count(tmp_path / "a.db") > 0)
        shown = fnn_process(tmp_path, "show", "a.db", "--json")
        out, err = shown.communicate(timeout=60)
        assert sweeping.poll() is None
    finally:
        sweeping.kill()
        sweeping.communicate()
    assert (shown.returncode, err) == (0, "")
    assert json.loads(out)["arms"][0]["runs"] > 0


def test_a_full_disk_is_one_line_and_what_was_committed_stays_readable(tmp_path):
    # Files may not grow beyond 3 MB, and the system says so by an error: as a full disk does.
    small = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))"
    small += "; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)"
    words = ("sweep", "--data", "xor", "--seeds", 50_000, "--out", "a.db")
    process = fnn_process(tmp_path, *words, before=small)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert err.startswith("fnn: ")
    assert err.endswith("what was committed to the store is kept\n")
    assert err.count("\n") == 1
    kept = count(tmp_path / "a.db")
    assert 0 < kept < 50_000
    with closing(store.opened(tmp_path / "a.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM curves").fetchone()[0] == kept
