import numpy as np
import pytest

import fnn
from fnn.sweeps.connect import open_store
from fnn.sweeps.query import read_runs
from fnn.sweeps.summaries import group_runs, summarize_groups


@pytest.fixture(scope="module")
def runs():
    return fnn.sweep("xor", hidden=["4x4", "2x2"], lr=[1.0, 0.1, 0.01], optimizer=["sgd", "adam"], seeds=60)


def test_an_arm_for_each_combination_of_what_varies_in_a_sensible_order(runs):
    found = group_runs(runs)
    assert len(found) == 12
    assert list(found[0].settings) == ["hidden", "optimizer", "lr"]  # as the columns stand
    # Names in the order they came, numbers ascending.
    assert [tuple(a.settings.values()) for a in found[:4]] == [
        ("4x4", "sgd", 0.01), ("4x4", "sgd", 0.1), ("4x4", "sgd", 1.0), ("4x4", "adam", 0.01),
    ]  # fmt: skip
    for a in found:
        assert all(set(runs.column(name)[a.runs]) == {value} for name, value in a.settings.items())
    assert sorted(np.concatenate([a.runs for a in found])) == list(range(720))


def test_by_pools_the_other_settings(runs):
    found = group_runs(runs, ["optimizer"])
    assert [a.settings for a in found] == [{"optimizer": "sgd"}, {"optimizer": "adam"}]
    assert [len(a.runs) for a in found] == [360, 360]
    assert [a.label for a in group_runs(runs, [])] == ["all"]


def test_the_summary_is_what_numpy_says_of_the_runs(runs):
    for s in summarize_groups(runs):
        own = s.group.runs
        solved = runs.solved[own]
        assert (s.runs, s.solved, s.diverged) == (60, solved.sum(), 0)
        assert s.interval == fnn.wilson(s.solved, 60)
        assert s.loss.estimate == np.median(runs.loss[own])
        assert s.loss.low <= s.loss.estimate <= s.loss.high
        if s.solved:
            assert s.epochs[:3] == tuple(np.quantile(runs.epochs_to_solve[own][solved], [0.5, 0.25, 0.75]))
        else:
            assert s.epochs is None


def test_diverged_runs_count_as_infinite_loss():
    runs = fnn.sweep("xor", output="identity", activation="identity", optimizer="sgd", lr=9.0, seeds=20)
    (s,) = summarize_groups(runs)
    assert s.diverged == 20
    assert s.loss.estimate == np.inf


@pytest.mark.parametrize(("sort", "value"), [
    ("solved", lambda s: s.solved), ("-solved", lambda s: -s.solved), ("loss", lambda s: s.loss.estimate),
    ("lr", lambda s: s.group.settings["lr"]), ("-lr", lambda s: -s.group.settings["lr"]), ("runs", lambda s: s.runs),
    ("epochs", lambda s: s.epochs.median if s.epochs else np.inf), ("diverged", lambda s: s.diverged),
])  # fmt: skip
def test_sort(runs, sort, value):
    values = [value(s) for s in summarize_groups(runs, sort=sort)]
    assert values == sorted(values)


def test_settings_that_are_not_set_sort_first():
    runs = fnn.sweep("xor4", step_size=[5, None, 2], epochs=4, seeds=2)
    assert [s.group.settings["step_size"] for s in summarize_groups(runs)] == [None, 2, 5]
    assert [s.group.settings["step_size"] for s in summarize_groups(runs, sort="-step-size")] == [5, 2, None]
    assert group_runs(runs)[0].label == "step_size none"


def test_unknown_names_are_said(runs):
    with pytest.raises(fnn.InvalidSetting, match=r"by: got 'optimiser'.*did you mean optimizer"):
        summarize_groups(runs, ["optimiser"])
    with pytest.raises(fnn.InvalidSetting, match="sort: got 'speed'; expected one of runs, solved, epochs"):
        summarize_groups(runs, sort="speed")


def test_of_no_runs_there_are_no_arms():
    with open_store(":memory:", create=True) as connection:
        assert summarize_groups(read_runs(connection)) == []
