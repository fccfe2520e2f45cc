"""Distinct cells, from outcomes that are made; what all cells say together; and how often that errs."""

import numpy as np
import pytest
from arm_results import arm_results

from fnn.studies.cells import SAME_OUTCOMES, SAME_RUNS, Cells, distinct_cells, run_order
from fnn.studies.contrasts import difference_effect
from fnn.studies.metrics import Measure
from fnn.studies.model import Alternative, Arm, Claim
from fnn.studies.multiverse import cells
from fnn.studies.specifications import Specification
from fnn.studies.verdicts import REFUTED, adjust, verdict

RUNS = 400
CLAIM = Claim(
    id="c", sentence="S", figure=None, measure=Measure("epochs"), pairs=((0, 1),), up=False, margin=0.6, factor=1.0,
    arms=tuple(Arm(f"arm {k}", {"data": "xor4", "lr": 0.1 + k / 10}) for k in range(2)), nuisance=("k",), note="",
)  # fmt: skip


def arms(first, second, measure=CLAIM.measure):
    """Return the results of two arms with these epochs to solve."""
    return [arm_results(np.asarray(e, int))._replace(measures={measure: np.asarray(e, float)}) for e in (first, second)]


def specified(labels, claim=CLAIM):
    return [Specification(claim, {"k": str(label)}, {}) for label in labels]


def drawn(rng, shift=30):
    """Return epochs of two arms, the second so many later on average."""
    return rng.integers(50, 150, RUNS), rng.integers(50, 150, RUNS) + shift


# ---- which cells are one ----


def test_the_same_runs_under_another_name_are_one_cell(rng):
    a, b = drawn(rng)
    rounded = a + (rng.random(RUNS) < 0.05)  # an epoch later now and then, as another precision has it
    made = cells(specified("abc"), [arms(a, b), arms(rounded, b), arms(*drawn(rng))])
    assert made.cell_of == [0, 0, 1]
    assert made.members(0) == {"k": ["a", "b"]}
    assert len(made.effects) == len(made.verdicts) == 2
    assert made.runs == RUNS


def test_cells_in_which_one_arm_always_wins_agree_and_are_two_where_the_runs_are_others(rng):
    a, b = drawn(rng, shift=200)
    c, d = drawn(rng, shift=200)
    made = cells(specified("abc"), [arms(a, b), arms(c, d), arms(a + 1, b + 1)])
    assert made.cell_of == [0, 1, 0]
    assert made.verdicts == ["supported", "supported"]


def test_the_same_runs_that_say_other_things_are_two_cells(rng):
    """Another measure, or another factor, of the same networks."""
    a, b = drawn(rng, shift=10)
    ways = [Alternative("", CLAIM.measure, False, 0.6, factor) for factor in (1.0, 1.0001, 2.0)]
    specs = [Specification(CLAIM.measured(way), {"k": str(way.factor)}, {}) for way in ways]
    assert cells(specs, [arms(a, b)] * 3).cell_of == [0, 0, 1]
    stricter = Specification(CLAIM._replace(margin=0.7), {"k": "0.7"}, {})
    assert cells([specs[0], stricter], [arms(a, b)] * 2).cell_of == [0, 1]


@pytest.mark.parametrize(("agreeing", "one"), [(0.96, True), (0.94, False)])
def test_cells_are_one_where_nineteen_in_twenty_seeds_say_the_same(rng, agreeing, one):
    outcome = rng.choice([-1.0, 0.0, 1.0], (1, RUNS))
    other = outcome.copy()
    changed = round((1 - agreeing) * RUNS)
    other[0, :changed] = (other[0, :changed] + 2) % 3 - 1
    assert (outcome == other).mean() == pytest.approx(agreeing)
    order = run_order(arms(*drawn(rng)), RUNS)
    assert distinct_cells([outcome, other], [order, order], [0.2, 0.2]) == [0, 0 if one else 1]
    # In the comparison where they agree least, not on average.
    both = [np.vstack([outcome, outcome]), np.vstack([outcome, other])]
    assert distinct_cells(both, [order, order], [0.2, 0.2]) == [0, 0 if one else 1]


def test_as_much_disagreement_as_makes_two_moves_an_effect_by_no_more_than_a_cell_leaves_open(rng):
    """The threshold's reason: the half width of the interval of 400 pairs, and the farthest that effects can be."""
    a, b = drawn(rng, shift=0)
    effect = difference_effect(-a, -b, 0.6, shares=False)
    c = a.copy()
    late = np.flatnonzero(a < b)[: round((1 - SAME_OUTCOMES) * RUNS)]
    c[late] = b[late] + 1
    moved = effect.effect - difference_effect(-c, -b, 0.6, shares=False).effect
    assert moved == pytest.approx(1 - SAME_OUTCOMES)
    assert moved == pytest.approx((effect.high - effect.low) / 2, rel=0.1)


def test_runs_are_ranked_by_epochs_and_the_unsolved_by_loss():
    r = arm_results([30, 10, -1, -1, 10], loss=[1e-3, 1e-3, 0.2, 0.1, 1e-6])
    order = run_order([r], 5)[0]
    assert list(np.argsort(order)) == [4, 1, 0, 3, 2]
    assert (order.mean(), (order**2).sum()) == (pytest.approx(0), pytest.approx(1))
    # Runs that end in one minimum are alike, however they are rounded.
    stuck = arm_results([-1] * 4, loss=0.25 + np.arange(4) * 1e-9)
    assert not run_order([stuck], 4).any()
    broken = arm_results([-1] * 3, loss=[np.nan, 0.2, np.inf])
    assert list(np.argsort(run_order([broken], 3)[0], kind="stable")) == [1, 0, 2]


def test_where_nothing_is_learnt_with_any_seed_cells_are_one(rng):
    stuck = [arm_results([-1] * RUNS, loss=0.25 + rng.random(RUNS) * 1e-9) for _ in range(4)]
    stuck = [r._replace(measures={CLAIM.measure: np.full(RUNS, np.inf)}) for r in stuck]
    assert cells(specified("ab"), [stuck[:2], stuck[2:]]).cell_of == [0, 0]


def test_ranks_have_the_correlation_that_scipy_gives(rng):
    from scipy.stats import spearmanr

    a, b = rng.integers(0, 40, RUNS), rng.integers(0, 40, RUNS)
    orders = [run_order([arm_results(e)], RUNS) for e in (a, b + a)]
    assert (orders[0] * orders[1]).sum() == pytest.approx(spearmanr(a, a + b).statistic)
    assert SAME_RUNS > 0.85  # what runs of other weights reach on shared draws of the data


# ---- what they say together ----

EFFECT = difference_effect(np.arange(20.0), np.zeros(20), 0.6, shares=False)


def grid(word):
    """Return distinct cells of three axes, whose verdict `word` says."""
    levels = [{"hidden": h, "init": i, "beta2": d} for h in ("2x2", "4x4") for i in "ab" for d in ("0.9", "1")]
    return Cells(levels, list(range(8)), [EFFECT] * 8, [word(row) for row in levels], 0, 400)


def test_the_axis_that_tells_verdicts_best_is_named():
    made = grid(lambda row: "supported" if row["hidden"] == "4x4" else "reversed")
    assert made.is_mixed
    assert made.depends_on() == ["hidden"]
    assert made.by()["hidden"]["2x2"] == {"reversed": 4}
    assert made.by()["init"]["a"] == {"supported": 2, "reversed": 2}

    def mostly(row):
        return "supported" if row["init"] == "a" and (row["hidden"], row["beta2"]) != ("2x2", "1") else "reversed"

    assert grid(mostly).depends_on() == ["init"]


def test_what_is_undecided_in_a_cell_disagrees_with_nothing():
    for word in ("supported", "reversed"):
        made = grid(lambda row, word=word: "undecided" if row["hidden"] == "4x4" else word)
        assert not made.is_mixed
        assert made.depends_on() == ["hidden"]
    assert grid(lambda _: "supported").depends_on() == []


def test_a_distinct_cell_counts_once_however_many_specifications_it_has():
    """Three names of one supported cell are no three; so `a` tells the verdict, and `b` does not."""
    levels = [{"a": "1", "b": b} for b in "xyz"] + [{"a": "2", "b": "x"}]
    made = Cells(levels, [0, 0, 0, 1], [EFFECT] * 2, ["supported", "reversed"], None, 400)
    assert made.by() == {
        "a": {"1": {"supported": 1}, "2": {"reversed": 1}},
        "b": {"x": {"supported": 1, "reversed": 1}, "y": {"supported": 1}, "z": {"supported": 1}},
    }
    assert made.depends_on() == ["a"]
    # Each axis sets one of four cells apart, a supported or a reversed one: as much as the other, though the supported
    # one has eight specifications.
    levels = [{"p": "1", "q": "x"}] * 8 + [{"p": "1", "q": "y"}, {"p": "2", "q": "y"}, {"p": "1", "q": "y"}]
    words = ["supported", "supported", "reversed", "reversed"]
    made = Cells(levels, [0] * 8 + [1, 2, 3], [EFFECT] * 4, words, None, 400)
    assert sorted(made.depends_on()) == ["p", "q"]


@pytest.mark.parametrize("truth", [0.6, 0.5, 0.65])
def test_a_claim_with_one_truth_in_all_cells_is_called_mixed_in_at_most_5_percent(rng, truth):
    """Simulated at the margin, without a difference, and beyond: 40 cells, a quarter of which repeat others."""
    studies, wrong, mixed = 300, 0, 0
    for _ in range(studies):
        wins = rng.random((30, RUNS)) < truth
        repeated = np.where(rng.random((10, RUNS)) < 0.02, rng.random((10, RUNS)) < truth, wins[:10])
        all_wins = np.vstack([wins, repeated])
        order = [rng.normal(size=(1, RUNS)) for _ in range(30)]
        order = [o / np.linalg.norm(o) for o in (*order, *order[:10])]
        outcomes = [np.where(row, 1.0, -1.0)[None] for row in all_wins]
        places = distinct_cells(outcomes, order, [0.2] * 40)
        assert places == [*range(30), *range(10)]
        effects = [difference_effect(row, ~row, 0.6, shares=False) for row in wins.astype(float) > 0]
        words = [verdict(e, p, 30) for e, p in zip(effects, adjust(effects), strict=True)]
        wrong += any(w in REFUTED for w in words) if truth > 0.6 else "supported" in words
        wrong += truth == 0.6 and "supported" not in words and any(w in REFUTED for w in words)
        mixed += Cells([], places, effects, words, None, RUNS).is_mixed
    # With 300 studies the binomial's 99.9% point at 5% is 9.7%.
    assert mixed / studies < 0.05
    assert wrong / studies < 0.097


def test_cells_of_two_truths_are_mixed(rng):
    first, second = drawn(rng, shift=40), drawn(rng, shift=-40)
    made = cells(specified("ab"), [arms(*first), arms(*second)])
    assert made.verdicts == ["supported", "reversed"]
    assert made.is_mixed
    assert made.depends_on() == ["k"]
