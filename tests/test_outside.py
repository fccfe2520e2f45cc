"""Published results beside ours: intervals as their author printed them, times on paper, agreement either way."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from fnn.stats.intervals import wilson
from fnn.studies.model import Arm
from fnn.studies.replications import agrees, document, middle, newcombe, ours
from fnn.studies.runs import key
from fnn.studies.study import load

RULE = Arm("as published", {"data": "xor4", "epochs": 100, "stop_max_error": 0.5})
NO_RULE = Arm("as published", {"data": "xor4", "epochs": 100})


# Newcombe (1998), table II, method 10; the last two are its cases of shares of 0 and 1.
@pytest.mark.parametrize(
    ("a", "m", "b", "n", "low", "high"),
    [
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (6, 7, 2, 7, 0.0582, 0.8062),
        (5, 56, 0, 29, -0.0381, 0.1926),
        (0, 10, 0, 20, -0.1611, 0.2775),
        (10, 10, 0, 20, 0.6791, 1.0),
    ],
)
def test_the_interval_of_a_difference_is_the_one_its_author_printed(a, m, b, n, low, high):
    found = newcombe(a / m, wilson(a, m), b / n, wilson(b, n))
    assert found == pytest.approx((low, high), abs=1e-4)


def published(successes=None, runs=None, at_least=None, time=None):
    low, high = wilson(successes, runs) if runs else (None, None)
    return {"successes": successes, "runs": runs, "at_least": at_least, "time": time, "low": low, "high": high}


def share(successes, runs=1000):
    low, high = wilson(successes, runs)
    return {"successes": successes, "runs": runs, "low": low, "high": high}


@pytest.mark.parametrize(
    ("told", "own", "expected"),
    [
        (published(25, 30), share(840), True),
        (published(25, 30), share(600), False),
        (published(25, 30), share(990), False),
        (published(25, 30, time=730), share(840), True),
        (published(25, 30, time=901), share(840), False),
        (published(time=600), share(5), True),
        (published(time=599), share(5), False),
        (published(at_least=0.99), share(985), True),  # whose interval ends at 99.1%
        (published(at_least=0.99), share(980), False),
    ],
)
def test_ours_agree_in_share_and_in_time(told, own, expected):
    assert agrees(told, own, (600.0, 900.0)) is expected


def record(epochs, met):
    """Four or so runs: the epochs they made, and whether they met their rule."""
    met = np.array(met)
    return SimpleNamespace(met=met, stopped=np.array(epochs), solved=~met, epochs=np.array(epochs) + 1000)


def test_times_on_paper():
    runs = record([10, 20, 30, 100], [True, True, True, False])
    assert ours(RULE, runs, "median")["time"] == 20
    assert ours(RULE, record([10, 20, 60, 100], [True, True, True, False]), "mean")["time"] == 30
    # Over all four, the fourth taking forever: 4 / (1/10 + 1/20 + 1/30) = 4 / (11/60)
    assert ours(RULE, runs, "harmonic mean")["time"] == pytest.approx(240 / 11)
    found = ours(RULE, runs, "mean")
    assert (found["successes"], found["runs"], found["q25"], found["q75"]) == (3, 4, 10, 30)
    assert (found["low"], found["high"]) == wilson(3, 4)


def test_without_a_rule_success_is_a_solved_task_and_its_time_the_epochs_to_solve():
    found = ours(NO_RULE, record([10, 20, 30, 100], [True, True, True, False]), "median")
    assert (found["successes"], found["time"]) == (1, 1100)


def test_without_success_there_is_no_time_and_no_agreement():
    runs = record([100, 100], [False, False])
    assert ours(RULE, runs, "mean")["time"] is None
    half = middle(RULE, runs, "mean")
    assert all(map(math.isnan, half))
    assert not agrees(published(time=100), share(0, 2), half)


def test_the_middle_half_is_of_the_runs_that_the_statistic_is_over():
    runs = record([10, 20, 30, 40, 50, 100, 100, 100], [True] * 5 + [False] * 3)
    assert middle(RULE, runs, "mean") == (20, 40)
    assert middle(RULE, runs, "harmonic mean") == (30, math.inf)


def test_a_result_under_readings_that_disagree_depends_on_them():
    readings = [Arm(f"weights ±{scale}", {**RULE.settings, "init_scale": scale}) for scale in (0.5, 1.0)]
    entry = {
        "id": "x", "title": "T", "source": "S", "what": "W", "open": "the weights", "statistic": "median",
        "at_least": None, "successes": 25, "runs": 30, "time": 20, "arms": readings,
    }  # fmt: skip
    near, far = record([10, 20, 20, 20, 30], [True] * 5), record([60, 70, 80, 80, 90], [True] * 5)

    def found(*records):
        return document(entry, {key(a.trial): r for a, r in zip(readings, records, strict=True)}, range(5))

    assert found(near, near)["verdict"] == "reproduced"
    assert found(far, far)["verdict"] == "not reproduced"
    depends = found(near, far)
    assert depends["verdict"] == "depends"
    assert [own["agrees"] for own in depends["ours"]] == [True, False]
    assert depends["words"] == (
        "Published: 25 of 30 runs and a median of 20 epochs. Ours succeed in 100.0% of runs, after a median of 20 to "
        "80 epochs. 1 of 2 readings agree with it."
    )
    assert "--init-scale 0.5,1.0" in depends["command"]


# ---- the literature's study ----


def test_the_literature_has_the_results_asked_for():
    entries = {entry["id"]: entry for entry in load("xor-literature").outside}
    told = entries["batch-momentum"]
    assert (told["successes"], told["runs"], told["statistic"], told["time"]) == (25, 30, "median", 730)
    for arm in told["arms"]:
        config = arm.trial.config
        assert (config.hidden, config.optimizer, config.stop_max_error) == ((2,), "momentum", 0.5)
        assert config.batch_size == len(arm.trial.samples.x) == 4
    for hidden in (1, 2, 4, 8, 16, 32):
        entry = entries[f"pdp-{hidden}"]
        # at H = 2 what was measured, 245; the formula says 247
        assert entry["time"] == pytest.approx(280 - 33 * math.log2(hidden), abs=0.5 if hidden != 2 else 2)
        # ½Σ(t − o)² at rate 0.25 is Σ(t − o)² at half of it
        assert {(a.trial.config.hidden, a.trial.config.lr) for a in entry["arms"]} == {((hidden,), 0.125)}
    minima = entries["pdp-local-minima"]
    assert minima["at_least"] == 0.99
    assert {arm.trial.config.hidden for arm in minima["arms"]} == {(2,)}
    assert all(entry["open"] for entry in entries.values())
