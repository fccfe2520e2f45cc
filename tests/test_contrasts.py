"""Contrasts of arms: symmetries, what stands at the ends of a scale, and levels, against SciPy and paper."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fnn.stats.intervals import wilson
from fnn.stats.levels import draws_sides
from fnn.stats.margins import BETA, Sides, difference_sides, share_sides
from fnn.studies.contrasts import Bounds, difference_effect, share_effect, weakest

VALUES = st.sampled_from([0.0, 0.5, 1.0, 1.04, 1.5, 2.0, np.inf, np.nan])
PAIRS = st.lists(st.tuples(VALUES, VALUES), min_size=6, max_size=24).filter(lambda pairs: len(pairs) % 2 == 0)


@given(PAIRS, st.sampled_from([1.0, 1.1, 2.0]), st.sampled_from([1, 2]), st.booleans())
def test_shares_of_pairs_make_the_effect_and_swapped_arms_mirror_it(pairs, factor, draws, shares):
    a, b = np.array(pairs).T
    options = {"shares": shares, "factor": factor, "draws": draws}
    margin, null, unit = (0.1, 0.0, 1.0) if shares else (0.6, 0.5, 0.5)
    effect = difference_effect(a, b, margin, **options)
    assert effect.wins + effect.ties + effect.losses == pytest.approx(1)
    assert effect.effect == pytest.approx(null + unit * (effect.wins - effect.losses))
    assert null - unit - 1e-12 <= effect.low <= effect.effect + 1e-12
    assert effect.effect - 1e-12 <= effect.high <= null + unit + 1e-12
    # That b is below a is that a is above b; that b is above a is the opposite, with wins for losses.
    assert difference_effect(b, a, margin, up=False, **options)[:6] == effect[:6]
    opposite = difference_effect(b, a, margin, **options)
    assert (opposite.wins, opposite.losses) == (effect.losses, effect.wins)
    assert (opposite.low, opposite.high) == pytest.approx((2 * null - effect.high, 2 * null - effect.low))
    assert opposite.at_null == pytest.approx(effect.at_null[::-1])


def test_a_run_that_diverged_is_worst_and_one_without_an_answer_did_not_solve():
    assert difference_effect([np.nan] * 4, [5.0] * 4, 0.6, shares=False, up=False).losses == 1
    assert difference_effect([np.nan, np.inf], [np.inf, np.nan], 0.6, shares=False).ties == 1
    effect = difference_effect([1, 1, np.nan], [np.nan, 1, 0], 0.1, shares=True)
    assert (effect.wins, effect.losses) == pytest.approx((1 / 3, 0))
    assert share_effect([1, np.nan, 1, 0], 0.5, up=True).effect == 0.5


def test_without_draws_a_share_is_binomial():
    effect = share_effect(np.arange(50) < 41, 0.7, up=True)
    assert (effect.low, effect.high) == wilson(41, 50)
    assert effect.claimed == pytest.approx(stats.binomtest(41, 50, 0.7, alternative="greater").pvalue)
    assert effect.against == pytest.approx(stats.binomtest(41, 50, 0.7, alternative="less").pvalue)
    at_most = share_effect(np.arange(50) < 41, 0.7, up=False)
    assert (at_most.claimed, at_most.against) == (effect.against, effect.claimed)
    assert effect.p == at_most.p == 2 * effect.claimed


def test_the_least_p_is_that_of_runs_which_are_all_as_claimed():
    for runs in (5, 20):
        ones, zeros = np.ones(runs), np.zeros(runs)
        mixed = np.arange(runs) % 2
        assert (
            difference_effect(mixed, zeros, 0.6, shares=False).least
            == difference_effect(ones, zeros, 0.6, shares=False).p
            == pytest.approx(2 * 0.6**runs, abs=3 * BETA)
        )
        assert share_effect(mixed, 0.6, up=True).least == pytest.approx(2 * 0.6**runs)
        assert share_effect(mixed, 0.6, up=False).least == pytest.approx(2 * 0.4**runs)


def test_what_is_left_of_the_scale_decides_whether_a_margin_is_within_reach():
    """Of 40 pairs, 30 have the other arm at its ceiling or both at a bound: 10 are left, of which a fifth is 8."""
    solved = np.arange(40) >= 10
    effect = difference_effect(np.ones(40), solved, 0.2, shares=True)
    assert effect.out_of_reach == pytest.approx(stats.binom.cdf(10, 40, 0.2))
    # Claimed to be fewer, it is the 30 solved that could be.
    fewer = difference_effect(np.zeros(40), solved, 0.2, shares=True, up=False)
    assert fewer.out_of_reach == pytest.approx(stats.binom.cdf(30, 40, 0.2))
    # Both without a rise tie at the bound; where only b is there, a can be above it and cannot be below.
    rough, flat = np.arange(40.0), np.zeros(40)
    half = np.where(np.arange(40) < 20, 0.0, 1.0)
    above = difference_effect(half, flat, 0.8, shares=False, bounds=Bounds(0.0))
    assert above.out_of_reach == pytest.approx(stats.binom.cdf(20, 40, 0.6))  # 0.8 is ½ + 0.6/2
    assert difference_effect(rough + 1, flat, 0.6, shares=False, bounds=Bounds(0.0)).out_of_reach > 0.99
    below = difference_effect(rough + 1, flat, 0.6, shares=False, up=False, bounds=Bounds(0.0))
    assert below.out_of_reach == pytest.approx(stats.binom.cdf(0, 40, 0.2))
    assert difference_effect(flat, flat, 0.6, shares=False).out_of_reach == 1  # without bounds ties say no such thing


# ---- draws ----


def test_over_draws_a_share_has_the_interval_of_their_means_where_that_is_wider():
    rows = np.array([[1] * 8, [1] * 8, [1, 1, 0, 0, 0, 0, 0, 0], [1] * 6 + [0] * 2, [0] * 8, [1] * 8])
    effect = share_effect(rows.ravel(), 0.5, up=True, draws=6)
    means = rows.mean(axis=1)
    low, _ = stats.t.interval(0.95, 5, means.mean(), stats.sem(means))
    assert effect.effect == means.mean()
    assert effect.low <= low < wilson(int(rows.sum()), 48)[0]
    assert effect.high == 1.0  # where the interval would go on
    assert effect.at_margin == share_sides(int(rows.sum()), 48, 0.5).at_least(draws_sides(means, 0.5))
    assert effect.claimed >= stats.ttest_1samp(means, 0.5, alternative="greater").pvalue


def test_draws_that_agree_by_chance_leave_the_interval_of_their_runs():
    solved = np.tile([1, 1, 1, 0], 10)  # three of four in each of ten draws
    effect = share_effect(solved, 0.5, up=True, draws=10)
    assert (effect.low, effect.high) == wilson(30, 40)
    assert effect.variance.between == 0
    one, over = (difference_effect(solved, np.full(40, 0.5), 0.6, shares=False, draws=d) for d in (1, 10))
    assert (over.low, over.high, over.at_margin) == (one.low, one.high, one.at_margin)


def test_over_draws_p_is_the_larger_of_what_runs_and_draws_say():
    rng = np.random.default_rng(11)
    rates = rng.beta(2, 1, 20)
    scores = rng.random((20, 30)) < rates[:, None]
    a, b = scores.astype(float).ravel(), np.full(600, 0.5)
    effect = difference_effect(a, b, 0.6, shares=False, draws=20)
    within = difference_sides(int(a.sum()), int(600 - a.sum()), 600, 0.2)
    over = draws_sides(2 * scores.mean(axis=1) - 1, 0.2)
    assert effect.at_margin == pytest.approx((max(within.above, over.above), max(within.below, over.below)))
    assert effect.at_margin.above > 2 * within.above
    # On the scale of the effect, where a win is 1, a tie ½ and a loss 0, the variance is that of a share.
    between = scores.mean(axis=1).var(ddof=1) - scores.var(axis=1, ddof=1).mean() / 30
    assert effect.variance.between == pytest.approx(between)


def test_the_order_of_draws_and_of_runs_within_them_changes_nothing():
    rng = np.random.default_rng(3)
    a, b = rng.normal(0.3, 1, (6, 10)) + rng.normal(0, 2, (6, 1)), rng.normal(0, 1, (6, 10))
    effect = difference_effect(a.ravel(), b.ravel(), 0.6, shares=False, draws=6)
    draws, runs = rng.permutation(6), rng.permutation(10)
    moved = difference_effect(a[draws][:, runs].ravel(), b[draws][:, runs].ravel(), 0.6, shares=False, draws=6)
    assert np.allclose([effect.effect, effect.low, effect.high, *effect.at_margin, *effect.variance],
                       [moved.effect, moved.low, moved.high, *moved.at_margin, *moved.variance])  # fmt: skip
    # But which draw a run is of does.
    mixed = difference_effect(a.T.ravel(), b.T.ravel(), 0.6, shares=False, draws=6)
    assert mixed.effect == effect.effect
    assert mixed.variance.between < effect.variance.between


def test_a_level_shared_by_several_comparisons_widens_the_interval_and_no_p():
    rng = np.random.default_rng(5)
    a, b = rng.normal(0.5, 1, 120), rng.normal(0, 1, 120)
    for draws in (1, 12):
        one, three = (difference_effect(a, b, 0.6, shares=False, draws=draws, comparisons=k) for k in (1, 3))
        assert three.low < one.low < one.high < three.high
        assert three.at_margin == one.at_margin
        one, three = (share_effect(a > 0, 0.6, up=True, draws=draws, comparisons=k) for k in (1, 3))
        assert three.low < one.low < one.high < three.high


# ---- several comparisons ----


def test_what_several_comparisons_say_together():
    base = share_effect(np.arange(100) < 70, 0.5, up=True)
    effects = [
        base._replace(at_margin=Sides(above, below), at_null=Sides(above / 10, below), least=least, out_of_reach=out)
        for above, below, least, out in [(0.001, 1.0, 1e-9, 1.0), (0.03, 0.99, 1e-6, 0.2), (0.0, 1.0, 1e-3, 0.9)]
    ]
    both = weakest(effects)
    assert (both.claimed, both.against) == (0.03, 1.0)  # the largest p that each is; three times the least that not
    assert both.comparison == 1
    assert both.at_null == pytest.approx((0.009, 1.0))
    assert (both.least, both.out_of_reach) == (1e-3, pytest.approx(0.6))
    assert weakest(effects[:1]) == effects[0]
    # Where one is against the claim it is shown, however far the others are for it.
    against = base._replace(at_margin=Sides(0.9, 0.004), effect=0.4)
    all_of_them = weakest([*effects, against])
    assert (all_of_them.comparison, all_of_them.effect) == (3, 0.4)
    assert (all_of_them.claimed, all_of_them.against) == (0.9, pytest.approx(4 * 0.004))


def test_a_claim_of_two_that_one_refutes_errs_in_a_twentieth_of_studies():
    """Both at the margin: that either is not so is said, over all outcomes of 25 runs each, in 5% at most."""
    runs, margin = 25, 0.6
    effects = [share_effect(np.arange(runs) < k, margin, up=True) for k in range(runs + 1)]
    chance = stats.binom.pmf(np.arange(runs + 1), runs, margin)
    together = [[weakest([a, b]) for b in effects] for a in effects]
    for name in ("claimed", "against"):
        below = np.array([[getattr(effect, name) <= 0.05 for effect in row] for row in together])
        assert 0 < chance @ below @ chance <= 0.05
