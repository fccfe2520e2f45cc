"""Published results beside ours: intervals as their author printed them, times on paper, agreement either way."""

import math

import numpy as np
import pytest
from arm_results import arm_results

from fnn.stats.intervals import wilson
from fnn.studies.model import Arm, PublishedResult
from fnn.studies.parse import load
from fnn.studies.replications import agrees, middle_half, newcombe, reading_document, replication_document
from fnn.studies.runs import run_key

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
    interval = newcombe(a / m, wilson(a, m), b / n, wilson(b, n))
    assert interval == pytest.approx((low, high), abs=1e-4)


def published(successes=None, runs=None, at_least=None, time=None):
    low, high = wilson(successes, runs) if runs else (None, None)
    return {"successes": successes, "runs": runs, "at_least": at_least, "time": time, "low": low, "high": high}


def ours(successes, runs=1000):
    low, high = wilson(successes, runs)
    return {"successes": successes, "runs": runs, "low": low, "high": high}


@pytest.mark.parametrize(
    ("published", "ours", "expected"),
    [
        (published(25, 30), ours(840), True),
        (published(25, 30), ours(600), False),
        (published(25, 30), ours(990), False),
        (published(25, 30, time=730), ours(840), True),
        (published(25, 30, time=901), ours(840), False),
        (published(time=600), ours(5), True),
        (published(time=599), ours(5), False),
        (published(at_least=0.99), ours(985), True),  # whose interval ends at 99.1%
        (published(at_least=0.99), ours(980), False),
    ],
)
def test_ours_agree_in_share_and_in_time(published, ours, expected):
    assert agrees(published, ours, (600.0, 900.0)) is expected


def runs_that_met(epochs, met):
    """Return results of runs: the epochs they made, and whether they met their rule; the others are solved later."""
    epochs, met = np.array(epochs), np.array(met)
    return arm_results(np.where(met, -1, epochs + 1000), met=met, stopped=epochs)


def test_times_on_paper():
    runs = runs_that_met([10, 20, 30, 100], [True, True, True, False])
    assert reading_document(RULE, runs, "median")["time"] == 20
    skewed = runs_that_met([10, 20, 60, 100], [True, True, True, False])
    assert reading_document(RULE, skewed, "mean")["time"] == 30
    # Over all four, the fourth taking forever: 4 / (1/10 + 1/20 + 1/30) = 4 / (11/60)
    assert reading_document(RULE, runs, "harmonic mean")["time"] == pytest.approx(240 / 11)
    # A run that meets its rule before the first epoch counts as if it took one: 3 / (1 + 1/5 + 1/5)
    at_once = runs_that_met([0, 5, 5], [True, True, True])
    assert reading_document(RULE, at_once, "harmonic mean")["time"] == pytest.approx(3 / 1.4)
    reading = reading_document(RULE, runs, "mean")
    assert (reading["successes"], reading["runs"], reading["q25"], reading["q75"]) == (3, 4, 10, 30)
    assert (reading["low"], reading["high"]) == wilson(3, 4)


def test_without_a_rule_success_is_a_solved_task_and_its_time_the_epochs_to_solve():
    reading = reading_document(NO_RULE, runs_that_met([10, 20, 30, 100], [True, True, True, False]), "median")
    assert (reading["successes"], reading["time"]) == (1, 1100)


def test_without_success_there_is_no_time_and_no_agreement():
    runs = runs_that_met([100, 100], [False, False])
    assert reading_document(RULE, runs, "mean")["time"] is None
    half = middle_half(RULE, runs, "mean")
    assert all(map(math.isnan, half))
    assert not agrees(published(time=100), ours(0, 2), half)


def test_the_middle_half_is_of_the_runs_that_the_statistic_is_over():
    runs = runs_that_met([10, 20, 30, 40, 50, 100, 100, 100], [True] * 5 + [False] * 3)
    assert middle_half(RULE, runs, "mean") == (20, 40)
    assert middle_half(RULE, runs, "harmonic mean") == (30, math.inf)


def test_a_result_under_readings_that_disagree_depends_on_them():
    arms = tuple(Arm(f"weights ±{scale}", {**RULE.settings, "init_scale": scale}) for scale in (0.5, 1.0))
    result = PublishedResult(
        id="x", title="T", source="S", what="W", open="the weights", successes=25, runs=30, at_least=None,
        statistic="median", time=20, arms=arms,
    )  # fmt: skip
    near = runs_that_met([10, 20, 20, 20, 30], [True] * 5)
    far = runs_that_met([60, 70, 80, 80, 90], [True] * 5)

    def replicated(*results):
        by_key = {run_key(arm.trial): r for arm, r in zip(arms, results, strict=True)}
        return replication_document(result, by_key, range(5))

    assert replicated(near, near)["verdict"] == "reproduced"
    assert replicated(far, far)["verdict"] == "not reproduced"
    depends = replicated(near, far)
    assert depends["verdict"] == "depends"
    assert [reading["agrees"] for reading in depends["ours"]] == [True, False]
    assert depends["words"] == (
        "Published: 25 of 30 runs and a median of 20 epochs. Ours succeed in 100.0% of runs, after a median of 20 to "
        "80 epochs. 1 of 2 readings agree with it."
    )
    assert "--init-scale 0.5,1.0" in depends["command"]


def test_times_on_both_sides_of_the_published_one_are_said_to_be():
    arms = tuple(Arm(f"weights ±{scale}", {**RULE.settings, "init_scale": scale}) for scale in (0.5, 1.0))
    result = PublishedResult("x", "T", "S", "W", "", None, None, None, "mean", 50, arms)
    results = (runs_that_met([10, 11, 12], [True] * 3), runs_that_met([90, 91, 92], [True] * 3))
    by_key = {run_key(arm.trial): r for arm, r in zip(arms, results, strict=True)}
    assert replication_document(result, by_key, range(3))["words"].endswith(
        "after a mean of 11 to 91 epochs. 0 of 2 readings agree with it. Their times lie on both sides of it."
    )


# ---- the literature's study ----


def test_the_literature_has_the_results_asked_for():
    published = {result.id: result for result in load("xor-literature").published}
    batch = published["batch-momentum"]
    assert (batch.successes, batch.runs, batch.statistic, batch.time) == (25, 30, "median", 730)
    for arm in batch.arms:
        config = arm.trial.config
        assert (config.hidden, config.optimizer, config.stop_max_error) == ((2,), "momentum", 0.5)
        assert config.batch_size == len(arm.trial.samples.x) == 4
    for hidden in (1, 2, 4, 8, 16, 32):
        result = published[f"pdp-{hidden}"]
        # at H = 2 what was measured, 245; the formula says 247
        assert result.time == pytest.approx(280 - 33 * math.log2(hidden), abs=0.5 if hidden != 2 else 2)
        # ½Σ(t − o)² at rate 0.25 is Σ(t − o)² at half of it
        assert {(a.trial.config.hidden, a.trial.config.lr) for a in result.arms} == {((hidden,), 0.125)}
    minima = published["pdp-local-minima"]
    assert minima.at_least == 0.99
    assert {arm.trial.config.hidden for arm in minima.arms} == {(2,)}
    assert all(result.open for result in published.values())
