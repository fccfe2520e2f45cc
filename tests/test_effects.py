"""Effects of claims from the results of their arms: against intervals made here, and in words."""

import numpy as np
import pytest
from arm_results import arm_results
from scipy.stats import binomtest, sem, t

from fnn.stats.comparisons import improvement, share_difference
from fnn.stats.intervals import wilson
from fnn.studies.effects import arm_document, claim_effect, in_words, levels_of
from fnn.studies.metrics import Measure
from fnn.studies.model import Arm, Claim


def claim(count, pairs=(), name="epochs", **fields):
    arms = tuple(Arm(f"arm {k}", {"data": "xor4"}) for k in range(count))
    defaults = {
        "id": "c", "sentence": "S", "figure": None, "measure": Measure(name), "arms": arms, "pairs": pairs,
        "up": False, "margin": 0.6, "factor": 1.0, "nuisance": (), "note": "",
    }  # fmt: skip
    return Claim(**(defaults | fields))


def measured(claim, *rows):
    """Return results of arms with these values of the claim's measure."""
    measures = [{claim.measure: np.array(row, float)} for row in rows]
    return [arm_results(np.zeros(len(row), int))._replace(measures=m) for row, m in zip(rows, measures, strict=True)]


FAST, SLOW = [10, 20, 30, 40, 50, 60], [15, 25, 35, 45, 45, np.inf]


@pytest.mark.parametrize("cells", [1, 5])
def test_a_lower_measure_is_an_improvement_at_a_level_shared_by_all_comparisons(cells):
    faster = claim(2, ((0, 1),))
    effect = claim_effect(faster, measured(faster, FAST, SLOW), cells)
    expected = improvement(FAST, SLOW, 1 - 0.05 / cells)
    assert (effect.effect, effect.low, effect.high) == pytest.approx(tuple(expected)[:3])
    assert (effect.effect, effect.wins, effect.ties, effect.losses) == pytest.approx((5 / 6, 5 / 6, 0, 1 / 6))
    assert (effect.null, effect.margin, effect.up) == (0.5, 0.6, True)
    # Without ties it is a sign test, which an exact binomial test of the margin says the same of. Which pairs tie is
    # not known of others, and makes p no smaller.
    assert binomtest(5, 6, 0.6, alternative="greater").pvalue <= effect.claimed
    assert effect.at_null.above == pytest.approx(binomtest(5, 6, 0.5, alternative="greater").pvalue, abs=1e-4)


def test_direction_factor_and_place_of_the_weakest_pair():
    slower = claim(2, ((0, 1),), up=True)
    assert claim_effect(slower, measured(slower, SLOW, FAST)).effect == pytest.approx(5 / 6)
    # By a factor of 1.4: 10 against 15, and 60 against never; 50 against 45 is a tie then, as are the others.
    by_factor = claim(2, ((0, 1),), factor=1.4)
    effect = claim_effect(by_factor, measured(by_factor, FAST, SLOW))
    assert (effect.wins, effect.ties, effect.losses) == pytest.approx((2 / 6, 4 / 6, 0))
    assert effect.effect == pytest.approx(2 / 6 + 4 / 6 / 2)
    two = claim(3, ((0, 1), (0, 2)))
    effect = claim_effect(two, measured(two, FAST, SLOW, FAST))
    assert (effect.comparison, effect.effect) == (1, 0.5)
    expected = improvement(FAST, FAST, 1 - 0.05 / 2)
    assert (effect.low, effect.high) == pytest.approx((expected.low, expected.high))


def test_of_comparisons_beyond_doubt_the_one_with_the_smallest_lead_is_shown():
    """Their p against the margin are all next to nothing, and the least of them is not the strongest for it."""
    more = claim(4, ((0, 1), (0, 2), (0, 3)), "solved", up=True, margin=0.1)
    runs = np.arange(1000)
    rows = [runs < 870, runs < 446, runs < 348, runs < 547]
    effect = claim_effect(more, measured(more, *rows))
    assert (effect.comparison, effect.effect) == (2, pytest.approx(0.323))


def test_shares_are_compared_as_differences_and_alone_against_the_margin():
    often, seldom = [1] * 9 + [0], [1] * 5 + [0] * 5
    more = claim(2, ((0, 1),), "solved", up=True, margin=0.1)
    effect = claim_effect(more, measured(more, often, seldom))
    assert (effect.effect, effect.low, effect.high) == pytest.approx(tuple(share_difference(often, seldom))[:3])
    assert (effect.effect, effect.wins, effect.ties, effect.losses) == pytest.approx((0.4, 0.4, 0.6, 0))
    alone = claim(2, (), "solved", up=True, margin=0.7)
    effect = claim_effect(alone, measured(alone, often, seldom))
    assert (effect.effect, effect.comparison, effect.wins) == (0.5, 1, None)
    assert (effect.low, effect.high) == wilson(5, 10, 1 - 0.05 / 2)
    assert effect.at_margin.above == pytest.approx(binomtest(5, 10, 0.7, alternative="greater").pvalue)


def over_draws(claim, draws, *rows):
    return [r._replace(draws=draws) for r in measured(claim, *rows)]


def test_each_draw_of_the_data_says_one_effect_and_the_interval_is_over_them():
    faster = claim(2, ((0, 1),))
    won = np.array([[1, 1, 1, 0], [1, 0, 0, 0], [1, 1, 1, 1]])  # of 3 draws the first is faster in 3, 1 and 4 of 4
    effect = claim_effect(faster, over_draws(faster, 3, np.where(won, 1.0, 3.0).ravel(), np.full(12, 2.0)))
    low, high = t.interval(0.95, 2, np.mean([0.75, 0.25, 1]), sem([0.75, 0.25, 1]))
    assert effect.effect == pytest.approx(8 / 12)
    assert effect.draws == 3
    assert effect.low <= max(low, 0)
    assert effect.high >= min(high, 1)
    # On paper: the draws' shares vary by 7/48, of which a third of the mean variance within, ((1/4 + 1/4)/3) / 4.
    assert effect.variance.within == pytest.approx(1 / 6)
    assert effect.variance.between == pytest.approx(7 / 48 - 1 / 24)


def test_an_arm_whose_data_are_fixed_is_cut_as_the_other_is():
    """Of 3 draws 3 seeds each are compared, which of 10 runs on fixed data are the first 9, in the same blocks."""
    faster = claim(2, ((0, 1),))
    rng = np.random.default_rng(5)
    drawn, fixed = rng.random(9), rng.random(10)
    (a, b) = measured(faster, drawn, fixed)
    effect = claim_effect(faster, [a._replace(draws=3), b])
    assert effect == claim_effect(faster, over_draws(faster, 3, drawn, fixed[:9]))
    assert levels_of([a._replace(draws=3), b]) == (3, 3)
    assert levels_of([b, b]) == (1, 10)


def test_words_have_the_numbers():
    faster = claim(2, ((0, 1),), factor=1.4)
    rows = measured(faster, FAST, SLOW)
    effect = claim_effect(faster, rows)
    assert in_words(faster, effect, rows) == (
        "Epochs to solve are lower by a factor of 1.4 or more with arm 0 than with arm 1 for 33.3% of seeds, alike for "
        f"66.7%, the other way round for 0.0%: 66.7%, ties counting half (95% interval, {effect.low:.1%} to "
        f"{effect.high:.1%}). Beyond 60% it is worth the name. The medians of all runs, "
        "the unsolved counting as later than all others, are 35 and 35."
    )
    often, seldom = [1] * 9 + [0], [1] * 5 + [0] * 5
    more = claim(3, ((0, 1), (0, 2)), up=True, margin=0.1, measure=Measure("solved", 100))
    rows = measured(more, often, seldom, seldom)
    effect = claim_effect(more, rows)
    assert in_words(more, effect, rows) == (
        "The weakest of 2 comparisons: 90.0% of the runs with arm 0 are solved by epoch 100, 50.0% of those with arm "
        f"1: 40.0 points (joint 95% interval, {100 * effect.low:.1f} points to {100 * effect.high:.1f} points) in the "
        "direction claimed. From 10.0 points on it is worth the name."
    )
    alone = claim(1, (), "solved", margin=0.7)
    rows = measured(alone, seldom)
    low, high = wilson(5, 10)
    assert in_words(alone, claim_effect(alone, rows), rows) == (
        f"50.0% of the runs with arm 0 are solved (95% interval, {low:.1%} to {high:.1%}); claimed is at most 70%."
    )


def test_an_arm_is_summed_up_over_its_runs():
    arm = Arm("a", {"data": "xor4"})
    document = arm_document(arm, arm_results([10, 30, -1, 20], loss=[1, 2, 3, 4], diverged=[-1, -1, 7, -1]))
    low, high = wilson(3, 4)
    assert document == {
        "label": "a", "runs": 4, "solved": 0.75, "solved_low": low, "solved_high": high,
        "epochs": {"median": 20, "q25": 15, "q75": 25},
        "loss": {"median": 2.5, "low": 1, "high": 4}, "diverged": 1,
    }  # fmt: skip
    over = arm_document(arm, arm_results([10, 30, -1, -1], draws=2))  # all of one draw, none of the other
    assert (over["solved"], over["solved_low"], over["solved_high"]) == (0.5, 0, 1)
    nothing = arm_document(arm, arm_results([-1, -1], loss=[np.nan, np.nan], diverged=[3, 4]))
    assert (nothing["epochs"], nothing["loss"], nothing["solved"]) == (None, None, 0)


def test_a_share_of_runs_whose_metric_is_above_a_value():
    """That a run may oscillate: of ten runs two climb faster than 0.01, and one that is just there does not."""
    roughness = np.array([0.0, 0.0, 0.01, 0.02, 0.0, np.inf, 0.0, 0.0, 0.005, 0.0])
    rough = claim(1, (), up=True, margin=0.1, measure=Measure("roughness", 20, None, 0.01))
    rows = measured(rough, roughness > 0.01)
    effect = claim_effect(rough, rows)
    low, high = wilson(2, 10)
    assert (effect.effect, effect.low, effect.high, effect.name) == (0.2, low, high, "share of runs")
    assert effect.claimed == pytest.approx(binomtest(2, 10, 0.1, alternative="greater").pvalue)
    assert in_words(rough, effect, rows) == (
        f"20.0% of the runs with arm 0 have roughness from epoch 20 above 0.01 (95% interval, {low:.1%} to "
        f"{high:.1%}); claimed is at least 10%."
    )
