"""Effects over draws of the data: coverage and errors by simulation, components by paper arithmetic."""

import numpy as np
import pytest
from scipy import stats

from fnn.stats.levels import Variance, draws_interval, draws_sides, variance_components

RUNS = 33
# How the true effect of a draw is distributed, and its mean: alike, spread, skewed near the end of the scale.
DRAWN = {
    "alike": (lambda rng, size: np.full(size, 0.6), 0.6),
    "spread": (lambda rng, size: rng.beta(3, 2, size), 0.6),
    "two kinds": (lambda rng, size: rng.beta(0.3, 0.2, size), 0.6),
    "skewed": (lambda rng, size: rng.beta(9.5, 0.5, size), 0.95),
}


def effects(kind, draws, studies, seed):
    rng = np.random.default_rng(seed)
    drawn, mean = DRAWN[kind]
    return rng.binomial(RUNS, drawn(rng, (studies, draws))) / RUNS, mean


@pytest.mark.parametrize("draws", [10, 30, 100])
@pytest.mark.parametrize("kind", DRAWN)
def test_the_interval_over_draws_covers(kind, draws):
    rows, mean = effects(kind, draws, 2000, seed=draws)
    ends = np.array([draws_interval(row)[1:] for row in rows])
    covered = ((ends[:, 0] <= mean) & (mean <= ends[:, 1])).mean()
    # 10 draws of an effect near the end of its scale hardly show how skewed it is.
    least = 0.90 if (kind, draws) == ("skewed", 10) else 0.94
    assert covered >= least - 3 * np.sqrt(0.05 * 0.95 / 2000)


@pytest.mark.parametrize("kind", DRAWN)
def test_thirty_draws_keep_the_level_of_a_study_of_many_claims(kind):
    """At the level that is left to one of 31 claims."""
    level, studies = 0.05 / 31, 8_000
    rows, mean = effects(kind, 30, studies, seed=1)
    wrong = sum(draws_sides(row, mean).two_sided < level for row in rows)
    assert wrong <= stats.binom.ppf(0.999, studies, level)


def test_students_t_where_draws_are_not_skewed():
    values = np.array([0.2, 0.4, 0.6, 0.8])
    interval = draws_interval(values)
    low, high = stats.t.interval(0.95, 3, 0.5, stats.sem(values))
    assert interval == pytest.approx((0.5, low, high))
    p = draws_sides(values, 0.3)
    assert p.above == pytest.approx(stats.ttest_1samp(values, 0.3, alternative="greater").pvalue)
    assert p.below == pytest.approx(stats.ttest_1samp(values, 0.3, alternative="less").pvalue)


def test_the_interval_ends_where_the_test_turns():
    values = np.random.default_rng(3).beta(6, 1, 30)
    interval = draws_interval(values)
    assert draws_sides(values, interval.low).above == pytest.approx(0.025, abs=1e-9)
    assert draws_sides(values, interval.high).below == pytest.approx(0.025, abs=1e-9)


def test_draws_that_all_say_the_same_leave_it_to_the_runs():
    assert draws_interval(np.full(5, 0.7)) == (0.7, 0.7, 0.7)
    assert draws_sides(np.full(5, 0.7), 0.6) == (0, 1)
    assert draws_sides(np.full(5, 0.6), 0.6) == (1, 1)
    assert draws_sides(np.array([0.9]), 0.6) == (1, 1)
    assert draws_interval(np.array([0.9]))[1:] == (-np.inf, np.inf)


def test_components_on_paper():
    # Means 1 and 3, variance 2 between; within each 2: the means of two runs vary by 1 of it. Between 2 − 1.
    scores = np.array([[0.0, 2.0], [2.0, 4.0]])
    assert variance_components(scores) == Variance(1.0, 2.0)
    assert variance_components(scores).share_between == pytest.approx(1 / 3)
    assert variance_components(np.array([[0.0, 2.0], [0.0, 2.0]])).between == 0
    assert variance_components(np.ones((3, 4))).share_between == 0


def test_components_of_known_variances():
    rng = np.random.default_rng(0)
    scores = rng.normal(0, 2, (500, 1)) + rng.normal(0, 3, (500, 20))
    got = variance_components(scores)
    assert got.between == pytest.approx(4, rel=0.2)
    assert got.within == pytest.approx(9, rel=0.05)
