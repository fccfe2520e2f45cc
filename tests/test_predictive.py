"""What some number of runs would have given: p-values on paper, against other procedures, and by how often they err."""

from itertools import combinations
from math import comb

import numpy as np
import pytest
from scipy.stats import ttest_ind

from fnn.stats.predictive import (
    STATISTICS,
    fastest_p,
    harmonic_mean,
    least_runs,
    predicted,
    share_p,
    slowest_p,
    two_sided,
    two_sided_interval,
)


def test_the_harmonic_mean_counts_a_run_that_takes_forever():
    # 4 / (1/10 + 1/20 + 1/30 + 0) = 4 / (11/60)
    assert harmonic_mean(np.array([10, 20, 30, np.inf])) == pytest.approx(240 / 11)
    # What takes less than an epoch counts as one: 3 / (1 + 1/5 + 1/5)
    assert harmonic_mean(np.array([0.0, 5, 5])) == pytest.approx(3 / 1.4)
    assert harmonic_mean(np.array([np.inf, np.inf])) == np.inf


@pytest.mark.parametrize(("share", "runs"), [(0.99, (67, 66)), (0.96, (23, 22)), (0.8, (5, 4)), (1.0, (1, 1))])
def test_the_least_number_of_runs_that_gives_a_share(share, runs):
    assert least_runs(share) == runs
    fewer = [s / n for n in range(1, runs[0]) for s in range(n + 1)]
    assert share not in {round(value, 2) for value in fewer}


@pytest.mark.parametrize(("ours", "runs", "of"), [(934, 1000, 30), (5, 10, 7), (10, 10, 4), (0, 9, 3)])
def test_shares_are_compared_by_all_outcomes_there_can_be(ours, runs, of):
    for told in range(of + 1):
        both = ours + told
        weights = [comb(of, k) * comb(runs, both - k) if both >= k else 0 for k in range(of + 1)]
        below, above = sum(weights[: told + 1]), sum(weights[told:])
        expected = min(2 * min(below, above) / sum(weights), 1)
        assert share_p(ours, runs, told, of) == pytest.approx(expected, rel=1e-9)
    told = np.arange(of + 1)
    assert share_p(ours, runs, told, of) == pytest.approx([float(share_p(ours, runs, k, of)[0]) for k in told])


def test_one_run_is_compared_with_ours_by_its_rank():
    ours = predicted([30, 10, 20, 50, 40], 1, ["mean"], resamples=9, rng=np.random.default_rng(0))["mean"]
    assert ours.tolist() == [10, 20, 30, 40, 50]
    # Of six runs any is the fastest as likely as any other: faster than all of five, either way, is 2 of 6.
    assert two_sided(ours, [5, 15, 30, 45, 60], 0.0).tolist() == pytest.approx([2 / 6, 4 / 6, 1, 4 / 6, 2 / 6])
    # 8 may have been 10 before it was rounded to tens
    assert two_sided(ours, [8], 5.0) == pytest.approx(4 / 6)


def test_a_mean_is_compared_as_two_means_are():
    """Against Student's test of our values and theirs, which uses their variance too: alike where they are normal."""
    rng = np.random.default_rng(1)
    ours, theirs = rng.normal(100, 10, 200), rng.normal(100, 10, 40)
    for shift in (-5, -2, 0, 1, 3):
        drawn = predicted(ours, 40, ["mean"], resamples=9999, rng=rng)["mean"]
        assert two_sided(drawn, theirs.mean() + shift, 0.0) == pytest.approx(
            ttest_ind(ours, theirs + shift).pvalue, abs=0.03
        )


def test_beyond_very_many_runs_only_ours_are_uncertain():
    values = np.random.default_rng(2).lognormal(3, 1, 400)
    drawn = predicted(values, 10**6, ["mean"], resamples=2000, rng=np.random.default_rng(3))["mean"]
    assert drawn.std() == pytest.approx(values.std() / 20, rel=0.1)  # 20, the root of 400


def test_the_fastest_and_the_slowest_by_all_orders_there_can_be():
    """Of 5 of ours and 3 of theirs, which stand in any of 56 orders as often as in any other."""
    ours = np.array([10.0, 20, 30, 40, 50])
    orders = [set(places) for places in combinations(range(8), 3)]
    before = np.array([min(places) for places in orders])  # how many of ours are faster than all of theirs
    for faster, told in enumerate((5.0, 15, 25, 35, 45, 55)):
        expected = min(2 * min((before >= faster).mean(), (before <= faster).mean()), 1)
        assert fastest_p(ours, 3, told) == pytest.approx(expected)
        assert slowest_p(-ours, 3, -told) == pytest.approx(expected)
    # One as fast as the second of ours may stand before or after it.
    assert fastest_p(ours, 3, 20.0) == pytest.approx(min(2 * min((before >= 1).mean(), (before <= 2).mean()), 1))


EXTREMES = {"fastest": fastest_p, "slowest": slowest_p}


@pytest.mark.parametrize("runs", [2, 24])
@pytest.mark.parametrize("statistic", ["mean", "median", "harmonic mean", *EXTREMES])
def test_what_runs_of_the_same_kind_give_is_too_far_out_as_often_as_promised(runs, statistic):
    rng = np.random.default_rng([runs, len(statistic)])
    many = []
    for _ in range(600):
        ours, theirs = rng.lognormal(5, 0.8, 150), STATISTICS[statistic](rng.lognormal(5, 0.8, runs))
        if statistic in EXTREMES:
            many.append(float(EXTREMES[statistic](ours, runs, theirs)[0]))
        else:
            drawn = predicted(ours, runs, [statistic], resamples=499, rng=rng)[statistic]
            many.append(float(two_sided(drawn, theirs, 0.0)))
    # 5%, with three standard errors of 600 studies; of ranks there are few, and of their p not all near 5%
    assert (0.0 if statistic in EXTREMES else 0.025) < np.mean(np.array(many) <= 0.05) < 0.08


def test_the_interval_holds_what_is_not_too_far_out():
    drawn = np.sort(np.random.default_rng(5).gamma(3, 100, 999))
    for level in (0.05, 0.006, 0.3):
        low, high = two_sided_interval(drawn, level)
        p = two_sided(drawn, drawn, 0.0)
        assert (low, high) == (drawn[p > level].min(), drawn[p > level].max())


def test_without_a_run_nothing_is_predicted():
    for runs in (1, 5):
        with pytest.raises(ValueError, match="values: got no run; expected at least one"):
            predicted([], runs, ["mean"], resamples=9, rng=np.random.default_rng(0))
