"""Verdicts on numbers whose truth is known."""

import numpy as np
import pytest

from fnn.studies.contrasts import Bounds, difference_effect, share_effect, weakest
from fnn.studies.verdicts import Adjusted, adjust, seeds_to_decide, verdict


def shifted(rng, by, runs=1000):
    """Return two arms of which the first is above the second with probability Φ(by/√2)."""
    return rng.normal(by, 1, runs), rng.normal(0, 1, runs)


def alone(effect):
    """Return the verdict on the only claim of a study."""
    return verdict(effect, *adjust([effect]))


@pytest.mark.parametrize(
    ("by", "margin", "expected"),
    [
        (1.0, 0.6, "supported"),  # Φ(0.71) = 0.76
        (0.0, 0.6, "no difference"),
        (-1.0, 0.6, "reversed"),
        (0.12, 0.6, "too small"),  # Φ(0.085) = 0.534: there, but not worth the name
        (0.358, 0.6, "undecided"),  # Φ(0.253) = 0.6, the margin itself
    ],
)
def test_a_paired_difference_of_known_size(rng, by, margin, expected):
    runs = 4000 if expected == "too small" else 1000
    assert alone(difference_effect(*shifted(rng, by, runs), margin, shares=False)) == expected


def test_a_factor_asks_for_more_and_what_is_nearly_alike_counts_for_neither(rng):
    b = rng.uniform(90, 110, 1000)
    a = 1.08 * b
    assert alone(difference_effect(a, b, 0.6, shares=False)) == "supported"
    assert alone(difference_effect(a, b, 0.6, shares=False, factor=1.05)) == "supported"
    # By a factor of 1.1 all tie: no difference of that size.
    by_a_tenth = difference_effect(a, b, 0.6, shares=False, factor=1.10)
    assert (by_a_tenth.effect, by_a_tenth.ties) == (0.5, 1)
    assert alone(by_a_tenth) == "no difference"


def test_identical_arms_have_no_difference(rng):
    a = rng.normal(10, 1, 500)
    for factor in (1.0, 1.5):
        effect = difference_effect(a, a, 0.6, shares=False, factor=factor)
        assert (effect.effect, effect.wins, effect.ties, effect.losses) == (0.5, 0, 1, 0)
        assert effect.at_null == (1, 1)
        assert alone(effect) == "no difference"
    half = rng.integers(0, 2, 500)
    assert alone(difference_effect(half, half, 0.1, shares=True)) == "no difference"


def test_unsolved_runs_are_beyond_every_factor():
    effect = difference_effect(np.full(100, np.inf), np.full(100, 5.0), 0.6, shares=False, factor=2.0)
    assert effect.effect == 1
    assert difference_effect(np.full(100, np.inf), np.full(100, np.inf), 0.6, shares=False, factor=2.0).effect == 0.5


def test_shares_against_each_other_and_against_a_share():
    a, b = np.arange(1000) < 900, np.arange(1000) < 700
    effect = difference_effect(a, b, 0.1, shares=True)
    assert effect.effect == pytest.approx(0.2)
    assert alone(effect) == "supported"
    assert alone(difference_effect(a, b, 0.27, shares=True)) == "too small"
    assert alone(difference_effect(a, b, 0.35, shares=True)) == "cannot be tested here"  # b leaves no more than 0.3
    for margin, up, expected in [
        (0.8, True, "supported"), (0.95, True, "falls short"), (0.9, True, "undecided"),
        (0.95, False, "supported"), (0.8, False, "falls short"), (0.9, False, "undecided"),
    ]:  # fmt: skip
        assert alone(share_effect(a, margin, up=up)) == expected


def test_where_the_other_arm_is_at_its_ceiling_nothing_can_be_told():
    solved, rough = np.ones(300), np.zeros(300)
    assert alone(difference_effect(solved, solved, 0.05, shares=True)) == "cannot be tested here"
    assert alone(difference_effect(solved, 1 - solved, 0.05, shares=True)) == "supported"
    bounds = Bounds(0.0)
    # Nothing is smoother than a curve without a rise, and two without one tie.
    for up in (True, False):
        effect = difference_effect(rough, rough, 0.6, shares=False, up=up, bounds=bounds)
        assert alone(effect) == "cannot be tested here"
    # Where it is the other way round, that can be told all the same.
    assert alone(difference_effect(rough + 1, rough, 0.6, shares=False, up=False, bounds=bounds)) == "reversed"
    assert alone(difference_effect(rough + 1, rough, 0.6, shares=False, bounds=bounds)) == "supported"


@pytest.mark.parametrize(("margin", "claims", "least"), [(0.6, 1, 8), (0.6, 31, 14), (0.5, 1, 6), (0.9, 31, 68)])
def test_below_a_least_number_of_runs_no_outcome_says_anything(margin, claims, least):
    """All pairs one way have the chance margin^n at the margin: 2 · 31 · 0.6^14 is the first below 0.05."""
    for runs in (2, least - 1, least, 2 * least):
        effect = difference_effect(np.ones(runs), np.zeros(runs), margin, shares=False)
        p = Adjusted(min(1, claims * effect.p), min(1, claims * effect.at_null.two_sided))
        assert verdict(effect, p, claims) == ("too few runs" if runs < least else "supported")
        share = share_effect(np.ones(runs), margin, up=True)
        assert verdict(share, Adjusted(claims * share.p, 1), claims) == (
            "too few runs" if runs < least else "supported"
        )


def test_a_verdict_needs_the_corrected_p():
    effect = difference_effect(
        np.arange(40.0), np.arange(40.0) - np.where(np.arange(40) < 29, 1, -1), 0.5, shares=False
    )
    assert alone(effect) == "supported"
    assert verdict(effect, Adjusted(50 * effect.p, 1.0)) == "undecided"


def test_a_claim_is_as_true_as_its_weakest_comparison(rng):
    strong, weak = (difference_effect(*shifted(rng, by), 0.6, shares=False) for by in (2.0, 0.0))
    claimed = weakest([strong, weak])
    assert (claimed.effect, claimed.comparison) == (weak.effect, 1)
    assert claimed.claimed == max(strong.claimed, weak.claimed)
    assert claimed.against == 2 * weak.against
    high, low = share_effect(np.ones(50), 0.5, up=False), share_effect(np.zeros(50), 0.5, up=False)
    assert weakest([high, low]).effect == 1  # at most: the larger speaks against


def test_the_comparison_that_is_least_sure_decides_not_the_smallest():
    """72 of 1,000 pairs up and none down is less than 290 up and 210 down, and surer to be above 5 points."""

    def pairs(up, down):
        a, b = np.zeros(1000), np.zeros(1000)
        a[:up], b[up : up + down] = 1, 1
        return difference_effect(a, b, 0.05, shares=True)

    sure, unsure = pairs(72, 0), pairs(290, 210)
    assert sure.effect < unsure.effect
    assert (alone(sure), alone(unsure)) == ("supported", "undecided")
    both = weakest([sure, unsure])
    assert (both.comparison, alone(both)) == (1, "undecided")


def test_draws_count_and_not_their_runs(rng):
    """Where the answer hangs on the draw, 990 runs of 30 draws are 30 answers."""
    draws = rng.random(30) < 0.7
    a = np.repeat(draws, 33).astype(float)
    one = difference_effect(a, np.full(990, 0.5), 0.6, shares=False)
    over = difference_effect(a, np.full(990, 0.5), 0.6, shares=False, draws=30)
    assert one.effect == over.effect
    assert over.high - over.low > 3 * (one.high - one.low)
    assert over.variance.share_between > 0.95
    assert over.claimed > 10 * one.claimed
    # Where the draw changes nothing the interval is that of the runs.
    a = rng.random(990) < 0.7
    alike = difference_effect(a, np.full(990, 0.5), 0.6, shares=False, draws=30)
    assert alike.variance.share_between < 0.05
    assert alike.low <= difference_effect(a, np.full(990, 0.5), 0.6, shares=False).low


def test_seeds_that_would_decide(rng):
    effect = difference_effect(*shifted(rng, 0.5, 60), 0.6, shares=False)
    assert alone(effect) == "undecided"
    seeds = seeds_to_decide(effect, 60)
    assert seeds > 60
    assert alone(difference_effect(*shifted(rng, 0.5, 4 * seeds), 0.6, shares=False)) == "supported"
    assert seeds_to_decide(effect._replace(margin=effect.effect), 60) is None
