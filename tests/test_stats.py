import functools
import itertools
import math

import numpy as np
import pytest
import scipy.optimize
import scipy.special
import scipy.stats

from fnn.stats.comparisons import (
    _discordant,
    difference,
    holm,
    improvement,
    median_ratio,
    seeds_needed,
    share_difference,
    signed_rank,
)
from fnn.stats.intervals import Interval, bootstrap, median_interval, quantiles, spread, wilson


@pytest.mark.parametrize(("successes", "runs"), [(0, 1), (1, 1), (0, 50), (50, 50), (889, 1000), (1, 7)])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_wilson_is_scipys(successes, runs, confidence):
    theirs = scipy.stats.binomtest(successes, runs).proportion_ci(confidence, method="wilson")
    assert wilson(successes, runs, confidence) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


@pytest.mark.parametrize(("successes", "runs"), [(1, 0), (0, 0), (-1, 5), (6, 5)])
def test_wilson_refuses_what_is_no_proportion(successes, runs):
    with pytest.raises(ValueError, match="expected 0 <= successes <= runs"):
        wilson(successes, runs)


def test_quantiles_count_nan_as_the_worst():
    assert quantiles([1, 2, 3, 4], [0.5, 0.25]).tolist() == [2.5, 1.75]
    assert quantiles([3, np.nan, 1, 2, np.inf], [0, 0.5, 1]).tolist() == [1, 3, np.inf]


def test_spread():
    assert spread([5, 1, 2, 3, 4]) == (3, 2, 4, 1, 5)
    assert spread([]) is None


# ---- intervals ----


@pytest.mark.parametrize("values", [[3.0], [1, 2], [4, 1, 3], [2, 7, 1, 8], [5, 5, 1, 9, 2]])
@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.95])
def test_the_median_s_interval_is_that_of_all_resamples_there_are(values, confidence):
    """Brute force: the quantiles of the lower and the upper median over all Sˢ resamples."""
    resamples = np.sort(np.array(list(itertools.product(values, repeat=len(values)))), axis=1)
    tail = (1 - confidence) / 2
    lower, upper = resamples[:, (len(values) - 1) // 2], resamples[:, len(values) // 2]
    ends = np.quantile(lower, tail, method="inverted_cdf"), np.quantile(upper, 1 - tail, method="inverted_cdf")
    assert median_interval(values, confidence) == (np.median(values), *ends)


def test_the_median_s_interval_is_the_bootstrap_s_of_many_resamples(rng):
    values = rng.lognormal(size=301)
    ours, theirs = median_interval(values), bootstrap(values, np.median, seed=3, resamples=40_000)
    ranks = np.searchsorted(np.sort(values), [ours[:], theirs[:]])
    assert np.abs(ranks[0] - ranks[1]).max() <= 1


def test_infinite_and_undefined_losses_are_the_worst():
    values = [1.0, 2.0, np.nan, 3.0, np.inf]
    assert median_interval(values) == (3.0, 1.0, np.inf)
    assert median_interval([np.nan, np.inf]) == (np.inf, np.inf, np.inf)


def test_the_median_of_no_run_is_refused():
    with pytest.raises(ValueError, match="got no run; expected at least one"):
        median_interval([])


def test_the_median_s_interval_turns_with_the_values(rng):
    for runs in (1, 2, 9, 10, 100, 1001):
        values = rng.normal(size=runs)
        estimate, low, high = median_interval(values)
        assert median_interval(-values) == (-estimate, -high, -low)


def test_bootstrap_takes_infinity_as_the_worst(rng):
    values = rng.lognormal(size=101)
    values[values > 1.5] = np.inf  # about a third
    values[:3] = np.nan
    ours, theirs = median_interval(values), bootstrap(values, np.median, seed=3)
    ranks = np.searchsorted(np.sort(values), [ours[:], theirs[:]])
    assert np.abs(ranks[0] - ranks[1]).max() <= 1
    assert bootstrap(values, np.mean, seed=3) == (np.inf, np.inf, np.inf)
    assert bootstrap([5.0], np.median, seed=3) == (5, 5, 5)
    rare = np.r_[np.inf, np.arange(40.0)]  # in 64% of resamples
    found = bootstrap(rare, np.mean, seed=3)
    assert math.isfinite(found.low)
    assert found.high == np.inf


def test_bootstrap_depends_on_its_seed_alone_and_is_scipy_s(rng):
    values = rng.normal(size=50)
    first, again, other = (bootstrap(values, np.mean, seed=s, method="BCa") for s in (1, 1, 2))
    assert first == again != other
    assert first.estimate == values.mean()
    t = scipy.stats.t.interval(0.95, 49, values.mean(), scipy.stats.sem(values))
    assert first[1:] == pytest.approx(t, abs=0.1 * values.std())


# ---- comparisons ----


def pairs(up, down, both, neither):
    """Return two arms by how many seeds only the first, only the second, both and neither of them solve."""
    return np.array([(1, 0)] * up + [(0, 1)] * down + [(1, 1)] * both + [(0, 0)] * neither, bool).T


def test_share_difference_is_what_is_published():
    """Complete response before and after consolidation (Cavo et al. 2012), as worked by Fagerland, Lydersen & Laake,
    "Statistical analysis of contingency tables" (2017), chapter 8: Tango's interval and McNemar's exact test."""
    found = share_difference(*pairs(6, 16, 59, 80))
    assert found == pytest.approx((-0.0621, -0.1240, -0.0054, 0.052479), abs=5e-5)
    # Exact: twice the tail of 22 tosses of a fair coin, at most 6 heads.
    assert found.p == pytest.approx(2 * sum(math.comb(22, k) for k in range(7)) / 2**22)


@pytest.mark.parametrize(("up", "down", "runs"), [(6, 16, 161), (0, 9, 100), (1, 0, 40), (300, 200, 1000)])
def test_its_interval_ends_where_the_score_test_gives_up(up, down, runs):
    """Tango's score: the likelihood of the three counts, maximised by search under the difference of an end."""
    found = _discordant(up, down, runs, 0.95)
    for d in (found.low, found.high):
        least, most = max(0.0, -d), (1 - d) / 2  # what the share of `down` can be

        def unlikely(less, d=d):
            return -scipy.special.xlogy((up, down, runs - up - down), (less + d, less, 1 - 2 * less - d)).sum()

        less = scipy.optimize.minimize_scalar(unlikely, bounds=(least, most), options={"xatol": 1e-10}).x
        score = (up - down - runs * d) / math.sqrt(runs * (2 * less + d - d * d))
        assert abs(score) == pytest.approx(1.959964, abs=1e-4)


@pytest.mark.parametrize(("up", "runs"), [(0, 7), (3, 10), (10, 10), (500_200, 1_000_000)])
def test_where_all_pairs_differ_its_interval_is_wilson_s(up, runs):
    found = _discordant(up, runs - up, runs, 0.95)
    assert (0.5 + found.low / 2, 0.5 + found.high / 2) == pytest.approx(wilson(up, runs), abs=1e-9)


def test_without_pairs_that_differ_there_is_no_difference():
    for same in (np.ones(30, bool), np.zeros(30, bool)):
        found = share_difference(same, same)
        assert (found.effect, found.p) == (0, 1)
        assert found.high == -found.low == pytest.approx(wilson(0, 30)[1])
    far = share_difference(np.ones(30, bool), np.zeros(30, bool))
    assert (far.effect, far.high) == (1, 1)
    assert far.p == 2.0**-29
    assert share_difference(np.zeros(30, bool), np.ones(30, bool)) == (-1, -1, -far.low, far.p)


def test_a_run_without_a_number_did_not_solve():
    a, b = [1.0, np.nan, 1.0, 0.0], [1.0, 1.0, np.nan, np.nan]
    assert share_difference(a, b) == share_difference([1, 0, 1, 0], [1, 1, 0, 0])
    nowhere = np.full(30, np.nan)
    assert share_difference(nowhere, np.ones(30)).effect == -1
    assert share_difference(nowhere, np.zeros(30)).effect == 0


@pytest.mark.parametrize(("a", "b"), [([], []), ([1], [1, 2]), ([[1, 2]], [[1, 2]])])
def test_arms_need_a_run_each_for_each_seed(a, b):
    for compare in (
        share_difference,
        improvement,
        signed_rank,
        functools.partial(difference, seed=1),
        functools.partial(median_ratio, seed=1),
    ):
        with pytest.raises(ValueError, match="expected a run of each arm for each seed"):
            compare(a, b)


def test_improvement_counts_ties_by_half_and_infinity_last():
    a, b = [1, 2, np.inf, 4, np.nan, 6], [2, 2, np.inf, 3, 5, np.inf]
    found = improvement(a, b)  # better twice, worse twice, alike twice
    assert (found.effect, found.p) == (0.5, 1)
    assert improvement([1] * 9, [2] * 9).effect == 1
    turned = improvement(b, a)
    assert (turned.low, turned.high) == pytest.approx((1 - found.high, 1 - found.low))


def test_signed_rank_is_scipy_s_and_takes_infinity_by_rank(rng):
    a, b = rng.lognormal(size=80), rng.lognormal(size=80) * 1.4
    found = signed_rank(a, b)
    assert found.p == pytest.approx(scipy.stats.wilcoxon(a, b).pvalue)
    assert found.effect == np.median(a - b)
    worst, huge = a.copy(), a.copy()
    worst[:5], huge[:5] = np.inf, 1e9
    assert signed_rank(worst, b).p == pytest.approx(signed_rank(huge, b).p, rel=0.05)
    unsolved, beyond = a.copy(), a.copy()
    unsolved[:5], beyond[:5] = np.nan, b[:5] + 1e9  # which tie: by rank they are the same
    assert signed_rank(unsolved, b).p == scipy.stats.wilcoxon(beyond, b, zero_method="pratt").pvalue
    ties = np.where(np.arange(80) < 30, b, a)
    assert signed_rank(ties, b).p == scipy.stats.wilcoxon(ties - b, zero_method="pratt").pvalue
    assert signed_rank(a, a) == (0, 0, 0, 1)
    assert signed_rank([np.inf, np.nan], [np.inf, np.inf]).p == 1


def test_differences_and_ratios_of_medians_are_of_the_same_resamples(rng):
    luck = rng.normal(size=200)
    a, b = np.exp(luck + 0.5 + 0.01 * rng.normal(size=200)), np.exp(luck)
    ratio = median_ratio(a, b, seed=1, resamples=999)
    assert ratio.effect == np.median(a) / np.median(b)
    assert ratio.low < math.exp(0.5) < ratio.high
    # The luck of a seed is in both arms: drawn together they agree, drawn apart they would not to 3%.
    assert ratio.high / ratio.low < 1.03
    found = difference(a, b, seed=1, statistic=np.mean, resamples=999)
    assert found.effect == pytest.approx((a - b).mean())
    assert found.low < found.effect < found.high
    assert found.p == ratio.p == 2 / 1000  # as little as 999 resamples can say


def test_differences_and_ratios_take_infinity_as_the_worst():
    inf, nan = np.inf, np.nan
    a, b = [1, 2, 3, inf, nan], [2, 3, inf, inf, inf]  # medians 3 and infinite
    assert difference(a, b, seed=1)[:3] == (-inf, -inf, 0)
    assert difference(b, a, seed=1)[:3] == (inf, 0, inf)
    assert median_ratio(a, b, seed=1)[:3] == (0, 0, 1)
    assert median_ratio(b, a, seed=1)[:3] == (inf, 1, inf)
    assert difference([inf] * 4, [nan] * 4, seed=1) == (0, 0, 0, 1)
    assert median_ratio([inf] * 4, [nan] * 4, seed=1) == (1, 1, 1, 1)
    # What three pairs can say by their signs, though all resamples agree.
    assert difference([1, 2, 3], [5, 6, 7], seed=1) == (-4, -4, -4, 0.25)
    with pytest.raises(ValueError, match="got 0; expected values above 0"):
        median_ratio([0, 1], [1, 1], seed=1)


def test_the_bootstrap_s_p_is_the_level_at_which_the_interval_loses_what_is_none(rng):
    a, b = rng.normal(size=(2, 60))
    a += 0.25
    found = difference(a, b, seed=4, statistic=np.mean)
    assert 0.005 < found.p < 0.995
    at = difference(a, b, seed=4, statistic=np.mean, confidence=1 - found.p)
    assert min(abs(at.low), abs(at.high)) < 1e-3
    assert found.p == pytest.approx(scipy.stats.ttest_rel(a, b).pvalue, rel=0.3)


def test_holm_on_paper():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]).tolist() == [1, 1]
    assert holm([]).tolist() == []


@pytest.mark.parametrize("p", [[0.1, np.nan], [np.nan], [0.2, -0.1], [1.1], [np.inf, 0.5]])
def test_holm_refuses_what_is_no_probability(p):
    with pytest.raises(ValueError, match=r"p: got .*; expected probabilities"):
        holm(p)


def test_seeds_needed_are_the_sample_size_of_a_paired_test():
    # On paper: effect 0.5 ± 1 of 100 runs, so a deviation of 5.10 a pair; 80% power takes (1.960 + 0.842)² (5.10/0.5)².
    found = Interval(0.5, -0.5, 1.5)
    assert seeds_needed(found, 100) == math.ceil((1.959964 + 0.841621) ** 2 * (10 / 1.959964 / 0.5) ** 2) == 818
    assert seeds_needed(found, 100, power=0.5) == 400  # half the half-width
    assert seeds_needed(found, 100, margin=1, power=0.5) == 400
    lopsided = Interval(0.5, -0.1, np.inf)
    assert seeds_needed(lopsided, 100, power=0.5) == 144
    assert seeds_needed(lopsided, 100, margin=1) is None
    assert seeds_needed(found, 100, margin=0.5) is None
    assert seeds_needed(Interval(-np.inf, -np.inf, 0), 100) is None


def test_as_many_seeds_as_needed_decide_in_four_studies_of_five(rng):
    shift, half = 0.2, 1.959964 * math.sqrt(2 / 1000)  # pairs of standard normals differ by a deviation of √2
    more = seeds_needed(Interval(shift, shift - half, shift + half), 1000)
    a, b = rng.normal(size=(2, 4000, more))
    assert np.mean(scipy.stats.ttest_rel(a + shift, b, axis=1).pvalue < 0.05) == pytest.approx(0.8, abs=0.02)


# ---- calibration: what is said to hold in 95% of studies does ----

SWEEPS = 4000
COVERED = pytest.approx(0.95, abs=0.015)


def covered(intervals, truth):
    return np.mean([low <= truth <= high for low, high in intervals])


# Where only about ten runs fail, counts are so few that 95% is stepped over: 96.6% at 99% of 1,000.
@pytest.mark.slow
@pytest.mark.parametrize(("share", "runs"), [(0.9, 1000), (0.3, 200), (0.97, 1000), (0.5, 50)])
def test_wilson_covers(share, runs, rng):
    assert covered((wilson(int(k), runs) for k in rng.binomial(runs, share, SWEEPS)), share) == COVERED


@pytest.mark.slow
@pytest.mark.parametrize("runs", [200, 501, 1000])
def test_the_median_s_interval_covers(runs, rng):
    draws = rng.lognormal(sigma=2, size=(SWEEPS, runs))
    assert covered((median_interval(row)[1:] for row in draws), 1.0) == COVERED


def twins(rng, runs, effect, share):
    """Return solved runs of two arms whose seeds' luck is in both; and the true difference of their shares."""
    luck, own = rng.normal(size=(SWEEPS, runs)), rng.normal(size=(2, SWEEPS, runs))
    heights = (luck + own) / math.sqrt(2)
    ends = scipy.stats.norm.ppf([share + effect, share])
    return heights[0] < ends[0], heights[1] < ends[1]


@pytest.mark.slow
@pytest.mark.parametrize(("share", "effect", "runs"), [(0.9, 0.0, 500), (0.3, 0.1, 200), (0.8, 0.15, 1000)])
def test_share_difference_covers_and_errs_seldom(share, effect, runs, rng):
    a, b = twins(rng, runs, effect, share)
    found = [share_difference(x, y) for x, y in zip(a, b, strict=True)]
    assert covered(((c.low, c.high) for c in found), effect) == COVERED
    if effect == 0:
        assert np.mean([c.p <= 0.05 for c in found]) <= 0.055


@pytest.mark.slow
def test_improvement_covers_and_errs_seldom(rng):
    runs = 300
    luck, own = rng.normal(size=(SWEEPS, runs)), rng.normal(size=(2, SWEEPS, runs))
    for shift in (0.0, 0.4):
        a, b = np.exp(luck + own[0]), np.exp(luck + own[1] + shift)
        unsolved = luck > 1.5  # a seed so hard that neither arm solves it: a tie
        a, b = np.where(unsolved, np.inf, a), np.where(unsolved, np.inf, b)
        better = scipy.stats.norm.cdf(shift / math.sqrt(2))
        tied = scipy.stats.norm.sf(1.5)
        found = [improvement(x, y) for x, y in zip(a, b, strict=True)]
        assert covered(((c.low, c.high) for c in found), tied / 2 + (1 - tied) * better) == COVERED
        if shift == 0:
            assert np.mean([c.p <= 0.05 for c in found]) <= 0.055


@pytest.mark.slow
def test_signed_rank_covers_and_errs_seldom(rng):
    luck, own = rng.normal(size=(SWEEPS, 150)), rng.normal(size=(2, SWEEPS, 150))
    found = [signed_rank(x, y) for x, y in zip(luck + own[0], luck + own[1], strict=True)]
    assert covered(((c.low, c.high) for c in found), 0) == COVERED
    assert np.mean([c.p <= 0.05 for c in found]) <= 0.055


def epochs(rng, runs, later):
    """Return epochs to solve of two arms and the true medians, the second by a factor e^later, infinite in 19%: half
    of these for seeds too hard for either arm, half for each arm by itself."""
    luck, own = rng.normal(size=(SWEEPS, runs)), rng.normal(size=(2, SWEEPS, runs))
    unsolved = (rng.random((SWEEPS, runs)) < 0.1) | (rng.random((2, SWEEPS, runs)) < 0.1)
    scales = 100 * np.exp([0, later])
    middle = scipy.stats.norm.ppf(0.5 / 0.81) * math.sqrt(2)
    return np.where(unsolved, np.inf, scales[:, None, None] * np.exp(luck + own)), scales * math.exp(middle)


@pytest.mark.slow
def test_signed_rank_errs_seldom_where_runs_are_never_solved(rng):
    (a, b), _ = epochs(rng, 150, 0)
    assert np.mean([signed_rank(x, y).p <= 0.05 for x, y in zip(a, b, strict=True)]) <= 0.055


# With 199 or 299 resamples instead of 9,999, and 100 to 151 runs, so that 4,000 of them take seconds.
@pytest.mark.slow
def test_bootstrap_covers(rng):
    draws = rng.normal(size=(SWEEPS, 100))
    assert covered((bootstrap(row, np.mean, seed=k, resamples=299)[1:] for k, row in enumerate(draws)), 0) == COVERED


# Medians of fewer runs are covered more often, when the arms do not differ: 96.9% of 50, 96.4% of 101, 95.9% of 151.
@pytest.mark.slow
def test_the_ratio_of_medians_covers_and_errs_seldom(rng):
    luck, own = rng.normal(size=(SWEEPS, 151)), rng.normal(size=(2, SWEEPS, 151))
    both = enumerate(zip(*np.exp(luck + own), strict=True))
    found = [median_ratio(x, y, seed=k, resamples=199) for k, (x, y) in both]
    assert covered(((c.low, c.high) for c in found), 1) == COVERED
    assert np.mean([c.p <= 0.05 for c in found]) <= 0.055


@pytest.mark.slow
def test_the_difference_of_medians_covers_where_runs_are_never_solved(rng):
    arms, medians = epochs(rng, 101, 0.5)
    both = enumerate(zip(*arms, strict=True))
    found = (difference(x, y, seed=k, resamples=199) for k, (x, y) in both)
    assert covered(((c.low, c.high) for c in found), medians[0] - medians[1]) == COVERED


def test_holm_errs_in_one_study_of_twenty(rng):
    p = rng.uniform(size=(SWEEPS, 12))
    assert np.mean([(holm(row) <= 0.05).any() for row in p]) <= 0.055
