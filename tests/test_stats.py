import itertools
import math

import numpy as np
import pytest
import scipy.stats

from fnn import stats


@pytest.mark.parametrize(("successes", "runs"), [(0, 1), (1, 1), (0, 50), (50, 50), (889, 1000), (1, 7)])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_wilson_is_scipys(successes, runs, confidence):
    theirs = scipy.stats.binomtest(successes, runs).proportion_ci(confidence, method="wilson")
    assert stats.wilson(successes, runs, confidence) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


@pytest.mark.parametrize(("successes", "runs"), [(1, 0), (0, 0), (-1, 5), (6, 5)])
def test_wilson_refuses_what_is_no_proportion(successes, runs):
    with pytest.raises(ValueError, match="expected 0 <= successes <= runs"):
        stats.wilson(successes, runs)


def test_quantiles_count_nan_as_the_worst():
    assert stats.quantiles([1, 2, 3, 4], [0.5, 0.25]).tolist() == [2.5, 1.75]
    assert stats.quantiles([3, np.nan, 1, 2, np.inf], [0, 0.5, 1]).tolist() == [1, 3, np.inf]


def test_spread():
    assert stats.spread([5, 1, 2, 3, 4]) == (3, 2, 4, 1, 5)
    assert stats.spread([]) is None


# ---- intervals ----


@pytest.mark.parametrize("values", [[3.0], [1, 2], [4, 1, 3], [2, 7, 1, 8], [5, 5, 1, 9, 2]])
@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.95])
def test_the_median_s_interval_is_that_of_all_resamples_there_are(values, confidence):
    """Brute force: the quantiles of the lower and the upper median over all Sˢ resamples."""
    resamples = np.sort(np.array(list(itertools.product(values, repeat=len(values)))), axis=1)
    tail = (1 - confidence) / 2
    lower, upper = resamples[:, (len(values) - 1) // 2], resamples[:, len(values) // 2]
    ends = np.quantile(lower, tail, method="inverted_cdf"), np.quantile(upper, 1 - tail, method="inverted_cdf")
    assert stats.median_interval(values, confidence) == (np.median(values), *ends)


def test_the_median_s_interval_is_the_bootstrap_s_of_many_resamples(rng):
    values = rng.lognormal(size=301)
    ours, theirs = stats.median_interval(values), stats.bootstrap(values, np.median, seed=3, resamples=40_000)
    ranks = np.searchsorted(np.sort(values), [ours[:], theirs[:]])
    assert np.abs(ranks[0] - ranks[1]).max() <= 1


def test_infinite_and_undefined_losses_are_the_worst():
    values = [1.0, 2.0, np.nan, 3.0, np.inf]
    assert stats.median_interval(values) == (3.0, 1.0, np.inf)
    assert stats.median_interval([np.nan, np.inf]) == (np.inf, np.inf, np.inf)


def test_bootstrap_depends_on_its_seed_alone_and_is_scipy_s(rng):
    values = rng.normal(size=50)
    first, again, other = (stats.bootstrap(values, np.mean, seed=s, method="BCa") for s in (1, 1, 2))
    assert first == again != other
    assert first.estimate == values.mean()
    t = scipy.stats.t.interval(0.95, 49, values.mean(), scipy.stats.sem(values))
    assert first[1:] == pytest.approx(t, abs=0.1 * values.std())


# ---- comparisons ----

# A worked example: of 85 pairs, 26 + 37 are alike, 15 changed one way and 7 the other.
UP, DOWN, BOTH, NEITHER = 15, 7, 26, 37
PAIRS = np.array([(1, 0)] * UP + [(0, 1)] * DOWN + [(1, 1)] * BOTH + [(0, 0)] * NEITHER, bool).T


def test_share_difference_on_paper():
    found = stats.share_difference(*PAIRS)
    assert found.effect == pytest.approx((15 - 7) / 85)
    # Exact: twice the tail of 22 tosses of a fair coin, at most 7 heads.
    assert found.p == pytest.approx(2 * sum(math.comb(22, k) for k in range(8)) / 2**22)
    # Bonett & Price: one pair more each way, of two more: 16/87 and 8/87.
    half = 1.959963984540054 * math.sqrt((16 / 87 + 8 / 87 - (8 / 87) ** 2) / 87)
    assert (found.low, found.high) == pytest.approx((8 / 87 - half, 8 / 87 + half))


def test_without_pairs_that_differ_there_is_no_difference():
    for same in (np.ones(30, bool), np.zeros(30, bool)):
        found = stats.share_difference(same, same)
        assert (found.effect, found.p) == (0, 1)
        assert found.low == -found.high < 0
    far = stats.share_difference(np.ones(30, bool), np.zeros(30, bool))
    assert (far.effect, far.high) == (1, 1)
    assert far.p == 2.0**-29


def test_improvement_counts_ties_by_half_and_infinity_last():
    a, b = [1, 2, np.inf, 4, np.nan, 6], [2, 2, np.inf, 3, 5, np.inf]
    found = stats.improvement(a, b)  # better twice, worse twice, alike twice
    assert (found.effect, found.p) == (0.5, 1)
    assert stats.improvement([1] * 9, [2] * 9).effect == 1
    turned = stats.improvement(b, a)
    assert (turned.low, turned.high) == pytest.approx((1 - found.high, 1 - found.low))


def test_signed_rank_is_scipy_s_and_takes_infinity_by_rank(rng):
    a, b = rng.lognormal(size=80), rng.lognormal(size=80) * 1.4
    found = stats.signed_rank(a, b)
    assert found.p == pytest.approx(scipy.stats.wilcoxon(a, b).pvalue)
    assert found.effect == np.median(a - b)
    worst, huge = a.copy(), a.copy()
    worst[:5], huge[:5] = np.inf, 1e9
    assert stats.signed_rank(worst, b).p == pytest.approx(stats.signed_rank(huge, b).p, rel=0.05)
    assert stats.signed_rank(a, a) == (0, 0, 0, 1)
    assert stats.signed_rank([np.inf, np.nan], [np.inf, np.inf]).p == 1


def test_differences_and_ratios_of_medians_are_of_the_same_resamples(rng):
    luck = rng.normal(size=200)
    a, b = np.exp(luck + 0.5 + 0.01 * rng.normal(size=200)), np.exp(luck)
    ratio = stats.median_ratio(a, b, seed=1, resamples=999)
    assert ratio.estimate == np.median(a) / np.median(b)
    assert ratio.low < math.exp(0.5) < ratio.high
    # The luck of a seed is in both arms: drawn together they agree, drawn apart they would not to 3%.
    assert ratio.high / ratio.low < 1.03
    found = stats.difference(a, b, seed=1, statistic=np.mean, resamples=999)
    assert found.estimate == pytest.approx((a - b).mean())
    assert found.low < found.estimate < found.high


def test_holm_on_paper():
    assert stats.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert stats.holm([0.9, 0.8]).tolist() == [1, 1]
    assert stats.holm([]).tolist() == []


def test_seeds_needed_shrink_the_interval_to_the_effect(rng):
    up, down, runs = 60, 50, 1000
    found = stats.Comparison(*stats._discordant(up, down, runs, 0.95))
    assert found.low < 0 < found.high
    more = stats.seeds_needed(found, runs)
    scale = more / runs
    later = stats._discordant(round(up * scale), round(down * scale), more, 0.95)
    assert later.low == pytest.approx(0, abs=0.05 * later.effect)
    assert stats.seeds_needed(found, runs, margin=found.effect) is None


# ---- calibration: what is said to hold in 95% of studies does ----

SWEEPS = 4000
COVERED = pytest.approx(0.95, abs=0.015)


def covered(intervals, truth):
    return np.mean([low <= truth <= high for low, high in intervals])


# Where only about ten runs fail, counts are so few that 95% is stepped over: 96.6% at 99% of 1,000.
@pytest.mark.parametrize(("share", "runs"), [(0.9, 1000), (0.3, 200), (0.97, 1000), (0.5, 50)])
def test_wilson_covers(share, runs, rng):
    assert covered((stats.wilson(int(k), runs) for k in rng.binomial(runs, share, SWEEPS)), share) == COVERED


@pytest.mark.parametrize("runs", [100, 201, 1000])
def test_the_median_s_interval_covers(runs, rng):
    draws = rng.lognormal(sigma=2, size=(SWEEPS, runs))
    assert covered((stats.median_interval(row)[1:] for row in draws), 1.0) == COVERED


def twins(rng, runs, effect, share):
    """Return solved runs of two arms whose seeds' luck is in both; and the true difference of their shares."""
    luck, own = rng.normal(size=(SWEEPS, runs)), rng.normal(size=(2, SWEEPS, runs))
    heights = (luck + own) / math.sqrt(2)
    ends = scipy.stats.norm.ppf([share + effect, share])
    return heights[0] < ends[0], heights[1] < ends[1]


@pytest.mark.parametrize(("share", "effect", "runs"), [(0.9, 0.0, 500), (0.3, 0.1, 200), (0.8, 0.15, 1000)])
def test_share_difference_covers_and_errs_seldom(share, effect, runs, rng):
    a, b = twins(rng, runs, effect, share)
    found = [stats.share_difference(x, y) for x, y in zip(a, b, strict=True)]
    assert covered(((c.low, c.high) for c in found), effect) == COVERED
    if effect == 0:
        assert np.mean([c.p <= 0.05 for c in found]) <= 0.055


def test_improvement_covers_and_errs_seldom(rng):
    runs = 300
    luck, own = rng.normal(size=(SWEEPS, runs)), rng.normal(size=(2, SWEEPS, runs))
    for shift in (0.0, 0.4):
        a, b = np.exp(luck + own[0]), np.exp(luck + own[1] + shift)
        unsolved = luck > 1.5  # a seed so hard that neither arm solves it: a tie
        a, b = np.where(unsolved, np.inf, a), np.where(unsolved, np.inf, b)
        better = scipy.stats.norm.cdf(shift / math.sqrt(2))
        tied = scipy.stats.norm.sf(1.5)
        found = [stats.improvement(x, y) for x, y in zip(a, b, strict=True)]
        assert covered(((c.low, c.high) for c in found), tied / 2 + (1 - tied) * better) == COVERED
        if shift == 0:
            assert np.mean([c.p <= 0.05 for c in found]) <= 0.055


def test_signed_rank_covers_and_errs_seldom(rng):
    luck, own = rng.normal(size=(SWEEPS, 150)), rng.normal(size=(2, SWEEPS, 150))
    found = [stats.signed_rank(x, y) for x, y in zip(luck + own[0], luck + own[1], strict=True)]
    assert covered(((c.low, c.high) for c in found), 0) == COVERED
    assert np.mean([c.p <= 0.05 for c in found]) <= 0.055


# With 299 resamples instead of 9,999, and 100 runs, so that 4,000 of them take seconds.
def test_bootstrap_covers(rng):
    draws = rng.normal(size=(SWEEPS, 100))
    assert (
        covered((stats.bootstrap(row, np.mean, seed=k, resamples=299)[1:] for k, row in enumerate(draws)), 0) == COVERED
    )


def test_the_ratio_of_medians_covers(rng):
    luck, own = rng.normal(size=(SWEEPS, 101)), rng.normal(size=(2, SWEEPS, 101))
    pairs = enumerate(zip(np.exp(luck + own[0] + 0.3), np.exp(luck + own[1]), strict=True))
    found = (stats.median_ratio(x, y, seed=k, resamples=299)[1:] for k, (x, y) in pairs)
    assert covered(found, math.exp(0.3)) == COVERED


def test_holm_errs_in_one_study_of_twenty(rng):
    p = rng.uniform(size=(SWEEPS, 12))
    assert np.mean([(stats.holm(row) <= 0.05).any() for row in p]) <= 0.055
