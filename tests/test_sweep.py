"""Sweeps by the ways they may be interrupted, resumed and extended: the file's runs are those of one that was not."""

import json
import signal
import sqlite3
import subprocess
import sys

import numpy as np
import pytest
from processes import fnn_process, wait_for

import fnn
from fnn.config import SEED
from fnn.sweeps.connect import open_store
from fnn.sweeps.plan import CHUNK, CHUNK_BYTES, plan
from fnn.sweeps.query import read_curves, read_runs
from fnn.sweeps.run import fill
from fnn.sweeps.schema import RESULTS
from fnn.sweeps.summaries import group_runs
from fnn.sweeps.write import Batch, add_settings, begin_session, write_results
from fnn.training.train import NUMERICS

SPEC = {"data": "xor", "optimizer": ["sgd", "adam"], "lr": [0.1, 1.0], "epochs": 40}


def everything(path):
    """Return all runs and curves of a store as plain rows."""
    with open_store(path) as connection:
        runs = connection.execute(
            f'SELECT s."key", r.seed, {", ".join(RESULTS)} FROM results r JOIN settings s ON s.id = r.settings '
            'ORDER BY s."key", r.seed'
        ).fetchall()
        curves = connection.execute(
            'SELECT s."key", c.seed, g.epochs, c.loss, c.accuracy FROM curves c JOIN settings s ON s.id = c.settings '
            'JOIN grids g ON g.id = c.grid ORDER BY s."key", c.seed'
        ).fetchall()
    return runs, curves


class Counting:
    """A connection that notes how many runs are inserted at a time.

    SQLite's own trace would call back into Python while it holds its lock, which another thread may wait for with
    Python's.
    """

    def __init__(self, connection):
        self.connection, self.sizes = connection, []

    def __getattr__(self, name):
        return getattr(self.connection, name)

    def executemany(self, statement, rows):
        rows = list(rows)
        if statement.startswith("INSERT OR IGNORE INTO results"):
            self.sizes.append(len(rows))
        return self.connection.executemany(statement, rows)


def trained(path, chunk=CHUNK, seeds=1000, seed=SEED, **spec):
    """Sweep with at most so many networks at a time; return how many were trained, and the sizes of the chunks."""
    with open_store(path, create=True) as connection:
        counting = Counting(connection)
        swept, _ = fill(counting, plan(seeds=seeds, seed=seed, **spec)._replace(chunk=chunk))
    assert sum(counting.sizes) == swept.trained
    return swept.trained, counting.sizes


def test_a_sweep_is_every_combination_with_every_seed_as_train_has_it():
    runs = fnn.sweep(**SPEC, seeds=30, seed=7)
    assert runs.settings["optimizer"] == ["sgd", "sgd", "adam", "adam"]
    x, y = fnn.data.xor()
    configs = [fnn.Config(optimizer=o, lr=lr, epochs=40) for o in ("sgd", "adam") for lr in (0.1, 1.0)]
    results = fnn.train(configs, x, y, seeds=range(7, 37))
    np.testing.assert_array_equal(runs.loss, results.loss)
    np.testing.assert_array_equal(runs.epochs_to_solve, results.epochs_to_solve)
    np.testing.assert_array_equal(runs.column("lr"), np.tile(np.repeat([0.1, 1.0], 30), 2))


@pytest.mark.parametrize("chunk", [1, 7, 64, 150, 1000])
def test_chunks_of_any_size_give_the_same_runs_each_once(tmp_path, chunk):
    seeds = {1: 40, 7: 200}.get(chunk, 700)
    count, sizes = trained(tmp_path / "cut.db", chunk, **SPEC, seeds=seeds)
    assert count == 4 * seeds
    assert max(sizes) == min(chunk, seeds)
    assert len(sizes) == 4 * -(-seeds // chunk)
    fnn.sweep(**SPEC, seeds=seeds, out=tmp_path / "whole.db", backend="numba")
    assert everything(tmp_path / "cut.db") == everything(tmp_path / "whole.db")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_chunk_s_weights_and_curves_stay_within_their_bytes(dtype):
    wide = plan(data="xor4", hidden=["4x4", "128x128"], dtype=dtype, curve_points=0)
    results = fnn.train(
        [t.config for t in wide.trials[1:]], *fnn.data.xor4(), seeds=[1], curve_every=0, backend="numpy"
    )
    assert results.flat[0].nbytes < wide.network_bytes < results.flat[0].nbytes + 100
    assert wide.at_once == CHUNK_BYTES // wide.network_bytes < 4000
    long = plan(data="xor4", hidden="none", epochs=10**6, dtype=dtype, curve_points=10**6)
    assert long.at_once == CHUNK_BYTES // long.network_bytes == CHUNK_BYTES // 8 // 10**6
    assert plan(data="xor4", dtype=dtype).at_once == CHUNK


def test_running_it_again_trains_only_what_is_missing(tmp_path):
    path = tmp_path / "a.db"
    assert trained(path, **SPEC, seeds=20, seed=10) == (80, [40, 40])
    assert trained(path, **SPEC, seeds=20, seed=10) == (0, [])
    assert trained(path, **SPEC, seeds=50, seed=0)[0] == 120  # more seeds, on both sides
    more = {**SPEC, "lr": [0.1, 0.3, 1.0]}
    assert trained(path, 64, **more, seeds=50, seed=0)[0] == 100  # another value
    assert trained(path, **{**SPEC, "lr": 0.3}, seeds=5, seed=0)[0] == 0
    fewer = fnn.sweep(**{**SPEC, "lr": 0.3}, seeds=5, seed=0, out=path)
    assert (len(fewer.seed), set(fewer.settings["lr"])) == (10, {0.3})
    whole = fnn.sweep(**more, seeds=50, seed=0, out=tmp_path / "b.db")
    assert len(whole.seed) == 300
    assert everything(path) == everything(tmp_path / "b.db")


def test_other_data_or_settings_are_trained_apart(tmp_path):
    path = tmp_path / "a.db"
    for options in ({}, {"data_seed": 2}, {"points": 50}, {"noise": 0.1}, {"dtype": "float32"}, {"backend": "numpy"}):
        assert trained(path, data="linear", seeds=5, epochs=5, **options)[0] == 5
        assert trained(path, data="linear", seeds=5, epochs=5, **options)[0] == 0


def test_runs_of_an_earlier_arithmetic_are_kept_apart(tmp_path):
    path, planned = tmp_path / "a.db", plan(data="linear", seeds=5, epochs=5)
    results = fnn.train(planned.trials[0].config, *fnn.data.linear(), seeds=planned.seeds)
    with open_store(path, create=True) as connection:
        ids = add_settings(connection, planned.trials, "numba", NUMERICS - 1)
        write_results(connection, [Batch(begin_session(connection, "long ago", {}), ids, results)])
    assert trained(path, data="linear", seeds=5, epochs=5)[0] == 5
    with open_store(path) as connection:
        groups = group_runs(read_runs(connection))
    assert [(group.settings, len(group.runs)) for group in groups] == [
        ({"numerics": NUMERICS - 1}, 5), ({"numerics": NUMERICS}, 5),
    ]  # fmt: skip


def test_own_arrays(rng):
    x, y = rng.normal(size=(12, 3)), rng.integers(0, 2, (12, 2))
    runs = fnn.sweep((x, y), seeds=4, epochs=6, hidden=["3", "2x2"])
    assert runs.settings["data"] == ["own", "own"]
    results = fnn.train(fnn.Config(hidden="2x2", epochs=6), x, y, seeds=range(312551116, 312551120))
    np.testing.assert_array_equal(runs.loss[runs.trial == 1], results.loss)


@pytest.mark.parametrize(("points", "kept"), [(None, 41), (10, 11), (1, 2), (0, 0)])
def test_curves_are_thinned(tmp_path, points, kept):
    fnn.sweep("xor", epochs=40, seeds=3, curve_points=points, out=tmp_path / "a.db")
    with open_store(tmp_path / "a.db") as connection:
        curves = read_curves(connection, 1)
    assert (curves is None) if kept == 0 else (curves.loss.shape == (3, kept))


def test_huge_sweeps_keep_no_curves():
    assert plan(seeds=100_000, data="xor").points == 100
    assert plan(seeds=100_001, data="xor").points == 0
    assert plan(seeds=100_001, data="xor", curve_points=7).points == 7


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


@pytest.mark.slow
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


def count(path):
    try:
        with open_store(path) as connection:
            return connection.execute("SELECT count(*) FROM results").fetchone()[0]
    except (fnn.InvalidSetting, sqlite3.Error):
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


@pytest.mark.parametrize("without", [
    "import fcntl, os; del fcntl.flock, os.sched_getaffinity, os.sched_setaffinity, os.sysconf",
    "import sys; sys.modules['fcntl'] = None",
])  # fmt: skip
def test_where_the_system_has_no_locks_it_works_without(tmp_path, without):
    for seeds, trained_now in ((5, 5), (8, 3)):
        words = ("sweep", "--data", "xor4", "--epochs", 3, "--seeds", seeds, "--out", "a.db", "--json")
        process = fnn_process(tmp_path, *words, before=without)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, "")
        assert json.loads(out)["trained"] == trained_now
    assert count(tmp_path / "a.db") == 8


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
    with open_store(tmp_path / "a.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM curves").fetchone()[0] == kept
