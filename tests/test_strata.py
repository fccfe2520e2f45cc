"""Effects over splits of several data sets, against the test of one, arithmetic on paper, SciPy and a bootstrap."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnn.stats.resampled import compare_with_best, corrected_interval
from fnn.stats.strata import (
    Stratum,
    interquartile_mean,
    interquartile_parts,
    least_p,
    splits_needed,
    strata_interval,
    strata_sides,
    win_share,
)

RNG = np.random.default_rng(7)


def test_of_one_data_set_it_is_the_corrected_interval_and_its_p():
    values = RNG.normal(0.1, 1, 15)
    one = [Stratum(values, 1 / 4)]
    assert strata_interval(one) == pytest.approx(corrected_interval(values, 4, 1))
    # The corrected t-test of the difference from an arm that scores 0 everywhere.
    tested = compare_with_best([values, np.zeros(15)], 4, 1, lower_is_better=False)
    other = next(d for k, d in enumerate(tested.differences) if k != tested.best)
    assert strata_sides(one, 0.0).two_sided == pytest.approx(other.p)


def test_two_data_sets_by_hand():
    """Means 2 and 4, variances 2 and 8; 1/2 + 1/2 = 1 and 1/2 + 0: their means vary by 2 and 4, the mean by 6/4.

    Satterthwaite: (2 + 4)² / (2²/1 + 4²/1) = 1.8 degrees of freedom.
    """
    from scipy.stats import t

    strata = [Stratum(np.array([1.0, 3.0]), 0.5), Stratum(np.array([2.0, 6.0]), 0.0)]
    error = math.sqrt(6 / 4)
    half = t.ppf(0.975, 1.8) * error
    assert strata_interval(strata) == pytest.approx((3, 3 - half, 3 + half))
    # By their signs four splits can say no less than 1 in 16.
    assert strata_sides(strata, 1.0) == pytest.approx((t.sf(2 / error, 1.8), t.cdf(2 / error, 1.8)))
    assert least_p(strata) == 1 / 16


def test_splits_that_all_say_the_same_say_it_by_their_signs():
    alike = [Stratum(np.full(5, 0.1), 1 / 4)]
    assert strata_interval(alike) == pytest.approx((0.1, 0.1, 0.1))
    assert strata_sides(alike, 0.05) == (1 / 32, 1.0)
    assert strata_sides(alike, 0.2) == (1.0, 1 / 32)
    nothing = [Stratum(np.zeros(12), 1 / 4)]
    assert strata_sides(nothing, 0.0) == (1.0, 1.0)
    assert strata_sides(nothing, 0.01) == (1.0, 2.0**-12)


def test_one_split_says_nothing():
    strata = [Stratum(np.array([1.0]), 0.25), Stratum(np.array([1.0, 2.0]), 0.25)]
    assert strata_interval(strata) == (1.25, -math.inf, math.inf)
    assert strata_sides(strata, 0.0) == (1.0, 1.0)


def test_level_and_coverage_over_five_data_sets_of_unequal_spread():
    """Splits without overlap, so that they are independent; 2,000 studies, margins for chance of 4 standard errors."""
    spread, studies = np.array([0.2, 0.5, 1.0, 2.0, 4.0])[:, None], 2000
    held, above = 0, 0
    for _ in range(studies):
        strata = [Stratum(row, 0.0) for row in RNG.normal(1.0, spread, (5, 10))]
        low, high = strata_interval(strata)[1:]
        held += low <= 1 <= high
        above += strata_sides(strata, 1.0).above < 0.05
    chance = math.sqrt(0.05 * 0.95 / studies)
    assert held / studies == pytest.approx(0.95, abs=4 * chance)
    assert above / studies == pytest.approx(0.05, abs=4 * chance)


def test_the_interquartile_mean_is_scipys_trimmed_one():
    from scipy.stats import trim_mean

    values = RNG.lognormal(size=(5, 11))
    assert interquartile_mean(values) == pytest.approx(trim_mean(values, 0.25, axis=None))
    assert interquartile_mean([1, 2, 3, 10]) == 2.5


def test_parts_of_an_interquartile_mean_by_hand():
    """Of 1, 2, 3, 10 the middle half is 2 and 3; the others count as these: 2.5 ± 0.5 · 4 / 2."""
    assert interquartile_parts([[1, 2], [3, 10]]) == pytest.approx(np.array([[1.5, 1.5], [3.5, 3.5]]))


@given(st.lists(st.floats(-5, 5), min_size=4, max_size=40))
def test_parts_have_the_interquartile_mean_as_their_mean(values):
    assert interquartile_parts(values).mean() == pytest.approx(interquartile_mean(values), abs=1e-9)


def test_the_spread_of_parts_is_that_of_a_stratified_bootstrap():
    """As rliable has it: splits are drawn anew within each data set, and their interquartile mean is taken."""
    values = RNG.normal(np.array([0, 0.3, 1, 1.2, 3])[:, None], 1.0, (5, 60))
    rows = np.arange(5)[:, None]
    drawn = [interquartile_mean(values[rows, RNG.integers(0, 60, (5, 60))]) for _ in range(4000)]
    low, high = strata_interval([Stratum(row, 0.0) for row in interquartile_parts(values)])[1:]
    assert (high - low) / (2 * 1.968) == pytest.approx(np.std(drawn), rel=0.06)


def test_win_shares_are_mann_whitneys_u():
    from scipy.stats import mannwhitneyu

    a, b = RNG.integers(0, 6, 20), RNG.integers(1, 7, 30)
    wins, ties, losses = win_share(a, b)
    assert wins + ties / 2 == pytest.approx(mannwhitneyu(a, b).statistic / 600)
    assert wins + ties + losses == pytest.approx(1)
    assert win_share([1, 2], [1, 3]) == (0.25, 0.25, 0.5)


def test_more_splits_decide_only_what_their_overlap_lets_them():
    values = np.array([-1.0, 1.0, -1.0, 1.0, -1.0, 1.0])  # variance 6/5, mean 0
    # 2.8 standard errors from 1: the variance has to be (1/2.8)² = 0.1274 of s² · (1/R + overlap).
    needed = splits_needed([Stratum(values, 0.0)], 1.0)
    assert needed == math.ceil(1.2 / (1 / (1.959964 + 0.8416212)) ** 2)
    assert splits_needed([Stratum(values, 0.25)], 1.0) is None
    assert splits_needed([Stratum(values, 0.05)], 1.0) > needed
