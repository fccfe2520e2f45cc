"""The command under a claim, as a shell runs it: it trains the very runs of the study."""

import os
import shlex
import sqlite3
import subprocess
import sys

import numpy as np
import pytest

from fnn.config import SEED
from fnn.data.synthetic import SEED as DATA_SEED
from fnn.studies.command import sweep_command
from fnn.studies.kept import Part
from fnn.studies.model import Arm
from fnn.studies.requests import request
from fnn.studies.runs import of_arm, run, trained

BASE = {"data": "linear", "points": 20, "epochs": 15, "hidden": "2"}
SEEDS, DRAWS = range(5, 12), 2


def arms(*changes, **base):
    return [Arm(str(k), {**BASE, **base, **change}) for k, change in enumerate(changes)]


CASES = {
    "a grid": arms({"lr": 0.1}, {"lr": 0.5}),
    "no grid": arms({"lr": 0.1}, {"lr": 0.5, "optimizer": "sgd"}),
    "a first draw that is stated": arms({"lr": 0.1}, {"lr": 0.5}, data_seed=9),
    "first draws that differ": arms({"data_seed": 2}, {"data_seed": 40}),
    "one of them fixed": [*arms({}), Arm("fixed", {"data": "xor4", "epochs": 15, "hidden": "2"})],
}


@pytest.fixture
def shell(tmp_path):
    """Run a line in bash in an empty folder, where `fnn` is this one."""
    program = tmp_path / "bin" / "fnn"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m fnn "$@"\n')
    program.chmod(0o755)
    environment = {**os.environ, "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}

    def run(line):
        words = ["bash", "-c", line]
        return subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    return run


def stored(path, arm):
    """Return the losses that a store has of an arm, by draw and seed."""
    trial = arm.trial
    names = {"data": trial.samples.data, "lr": trial.config.lr, "optimizer": trial.config.optimizer}
    where = " AND ".join(f"{name} = ?" for name in names)
    with sqlite3.connect(path) as connection:
        rows = connection.execute(f"SELECT data_seed, seed, final_loss FROM runs WHERE {where}", tuple(names.values()))
        return {(data_seed, seed): loss for data_seed, seed, loss in rows}


@pytest.mark.parametrize("case", CASES)
def test_the_loop_over_draws_sweeps_the_runs_of_the_study_into_one_store(case, shell, tmp_path):
    requests = {}
    for arm in CASES[case]:
        request(requests, arm, draws=DRAWS)
    results = run(requests, SEEDS)
    done = shell(sweep_command(CASES[case], Part(SEEDS), "its own store.db", DRAWS))
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.glob("*.db")] == ["its own store.db"]
    runs = 3  # of 7 seeds in 2 draws
    for arm in CASES[case]:
        losses, first = stored(tmp_path / "its own store.db", arm), arm.settings.get("data_seed", DATA_SEED)
        expected = of_arm(results, arm, DRAWS).loss[: DRAWS * runs]
        drawn = arm.label != "fixed"  # whose data have no other seed, in a store either
        places = [(first + drawn * (k // runs), SEEDS.start + k) for k in range(DRAWS * runs)]
        np.testing.assert_array_equal([losses[place] for place in places], expected)
    with sqlite3.connect(tmp_path / "its own store.db") as connection:
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (DRAWS * runs * len(CASES[case]),)


def test_of_one_draw_it_is_one_sweep_without_a_loop():
    assert sweep_command(arms({"lr": 0.1}, {"lr": 0.5}), Part(range(SEED, SEED + 9)), "x.db") == (
        "fnn sweep --data linear --points 20 --epochs 15 --hidden 2 --lr 0.1,0.5 --seeds 9 --out x.db"
    )
    assert " && fnn sweep " in sweep_command(CASES["no grid"], Part(SEEDS), "x.db")
    assert "--data-seed 9 " in sweep_command(CASES["a first draw that is stated"], Part(SEEDS), "x.db")


@pytest.mark.parametrize("draws", [1, DRAWS], ids=["fixed data", "drawn data"])
def test_of_a_claim_that_stopped_at_a_look_it_sweeps_the_seeds_until_then(draws, shell, tmp_path):
    both = arms({"lr": 0.1}, {"lr": 0.5}, **({} if draws > 1 else {"data": "xor4", "points": 4}))
    part = Part(SEEDS, DRAWS, end=2)
    requests = {}
    for arm in both:
        request(requests, arm, draws=draws)
    done = shell(sweep_command(both, part, "x.db", draws))
    assert done.returncode == 0, done.stderr
    for arm, (_, runs) in zip(both, trained(requests, part), strict=True):
        losses = stored(tmp_path / "x.db", arm)
        assert sorted(seed for _, seed in losses) == [5, 6, 8, 9]  # of 5, 6 and 7, and of 8, 9 and 10
        np.testing.assert_array_equal([losses[key] for key in sorted(losses, key=lambda key: key[1])], runs.loss)


def test_of_fixed_data_with_all_seeds_there_is_no_loop():
    fixed = [Arm("a", {"data": "xor4"})]
    assert sweep_command(fixed, Part(range(5, 16), 3, 2, 3), "x.db").endswith(" --seed 5 --seeds 11 --out x.db")
    assert sweep_command(fixed, Part(range(5, 16), 1, 2, 4), "x.db").endswith(" --seed 5 --seeds 4 --out x.db")
