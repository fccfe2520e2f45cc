"""Tests against a margin: by all outcomes there can be, by published procedures, and by how often they err."""

import itertools

import numpy as np
import pytest
from scipy import stats

from fnn.stats.comparisons import holm
from fnn.stats.margins import BETA, Sides, adjusted, difference_sides, share_sides


def chance(up, down, runs, p_up, p_down):
    return stats.multinomial.pmf([up, down, runs - up - down], runs, [p_up, p_down, 1 - p_up - p_down])


def outcomes(runs):
    return [(u, d) for u in range(runs + 1) for d in range(runs + 1 - u)]


@pytest.mark.parametrize("difference", [0.0, 0.05, 0.2, -0.2, 0.6])
@pytest.mark.parametrize("differing", [0.1, 0.3, 0.6, 0.99])
def test_no_p_is_below_a_level_more_often_than_that(difference, differing):
    """Over all outcomes of 40 pairs, with what is not known, how many differ, at several values."""
    if abs(difference) > differing:
        return
    runs, up, down = 40, (differing + difference) / 2, (differing - difference) / 2
    rows = [(chance(u, d, runs, up, down), difference_sides(u, d, runs, difference)) for u, d in outcomes(runs)]
    for level in (0.05, 0.01, 0.001):
        assert sum(weight for weight, sides in rows if sides.above <= level) <= level
        assert sum(weight for weight, sides in rows if sides.below <= level) <= level


def test_p_is_the_worst_case_over_what_is_not_known():
    """Against the sum over all outcomes, at a grid of shares that differ."""
    runs, up, down, difference = 30, 19, 4, 0.2
    grid = np.linspace(difference, 1, 200)
    those = [(u, d) for u, d in outcomes(runs) if u - d >= up - down]
    tails = [sum(chance(*seen, runs, (r + difference) / 2, (r - difference) / 2) for seen in those) for r in grid]
    p = difference_sides(up, down, runs, difference).above
    assert p <= max(tails) + BETA + 1e-9  # not over all shares, only over those that are likely
    inside = [tail for tail, r in zip(tails, grid, strict=True) if abs(r - 23 / 30) < 0.1]
    assert p >= max(inside) - 1e-4


def test_pairs_that_all_differ_are_a_sign_test():
    for up in (3, 12, 18):
        p = difference_sides(up, 20 - up, 20, 0.0)
        low, high = (stats.binomtest(up, 20, alternative=side).pvalue for side in ("greater", "less"))
        if up > 10:
            assert p.above == pytest.approx(low + BETA, abs=2e-5)
        if up < 10:
            assert p.below == pytest.approx(high + BETA, abs=2e-5)


def test_the_sides_mirror_each_other_and_identical_arms_differ_in_nothing():
    p, mirrored = difference_sides(30, 12, 100, 0.05), difference_sides(12, 30, 100, -0.05)
    assert (p.above, p.below) == (mirrored.below, mirrored.above)
    assert difference_sides(0, 0, 100, 0.0) == Sides(1, 1)
    # A hundred ties are evidence against a difference of a fifth, and so are a thousand against one of a hundredth.
    assert difference_sides(0, 0, 100, 0.2).below < 1e-3
    assert difference_sides(0, 0, 100, 0.2).above == 1


def test_many_pairs_are_as_the_normal_distribution_has_them():
    """20,000 pairs are counted, 20,001 are not: the p of both is the same."""
    few, many = (difference_sides(6_100, 5_700, runs, 0.01).above for runs in (20_000, 20_001))
    assert many == pytest.approx(few, rel=0.03)
    assert 0.001 < few < 0.1


def test_shares_are_tested_by_the_binomial():
    p = share_sides(93, 100, 0.9)
    assert p.above == pytest.approx(stats.binomtest(93, 100, 0.9, alternative="greater").pvalue)
    assert p.below == pytest.approx(stats.binomtest(93, 100, 0.9, alternative="less").pvalue)
    assert p.two_sided == 2 * min(p)


def test_with_one_hypothesis_each_it_is_holm():
    p = np.array([0.01, 0.04, 0.03, 0.005])
    assert adjusted(p[:, None])[:, 0] == pytest.approx(holm(p))
    assert adjusted(np.empty((0, 2))).shape == (0, 2)


def test_two_hypotheses_that_exclude_each_other_count_once():
    # Three claims; one has no second hypothesis. In order: .001 of three claims with one left, .002 the same, then two
    # claims have one left, as the first has none.
    p = [[0.001, 0.002], [0.01, 0.2], [0.03, np.nan]]
    expected = [[0.003, 0.006], [0.02, 0.2], [0.06, np.nan]]
    np.testing.assert_allclose(adjusted(p), expected)


def test_adjusted_p_are_those_of_the_closed_test():
    """By brute force: a hypothesis is rejected if every set that could be true together with it is, by Bonferroni."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        p = rng.random((3, 2)) ** 3
        sets = [
            [(claim, which) for claim, which in enumerate(choice) if which is not None]
            for choice in itertools.product((0, 1, None), repeat=3)
        ]
        got = adjusted(p)
        for claim, which in itertools.product(range(3), range(2)):
            closed = max(min(1.0, min(p[at] for at in some) * len(some)) for some in sets if (claim, which) in some)
            assert got[claim, which] >= closed - 1e-12  # a shortcut, which is never bolder
        smallest = np.unravel_index(p.argmin(), p.shape)
        assert got[smallest] == pytest.approx(min(1.0, 3 * p.min()))


@pytest.mark.parametrize("runs", [100, 1000])
def test_at_the_margin_a_study_errs_at_all_in_five_of_a_hundred_at_most(runs):
    """31 claims, each exactly at its margin or without any difference: any verdict on either hypothesis is wrong."""
    rng, studies, claims, margin = np.random.default_rng(runs), 200, 31, 0.2
    wrong = 0
    for _ in range(studies):
        p = np.full((claims, 2), 1.0)
        for claim, differing in enumerate(np.linspace(0.25, 1, claims)):
            at = margin if claim % 2 else 0.0
            up, down, _ = rng.multinomial(runs, [(differing + at) / 2, (differing - at) / 2, 1 - differing])
            p[claim] = [difference_sides(int(up), int(down), runs, d).two_sided for d in (margin, 0.0)]
        rejected = adjusted(p) < 0.05
        true = np.arange(claims) % 2 == 1
        wrong += bool(rejected[true, 0].any() or rejected[~true, 1].any())
    # 10 of 200 expected at most; three standard deviations above are 19.
    assert wrong <= 19
