"""Verdicts on numbers whose truth is known."""

import numpy as np
import pytest

from fnn.stats.comparisons import holm
from fnn.studies.verdicts import (
    Cells,
    difference_effect,
    overall_verdict,
    seeds_to_decide,
    share_effect,
    verdict,
    weakest,
)


def shifted(rng, by, runs=1000):
    """Return two arms of which the first is above the second with probability Φ(by/√2)."""
    return rng.normal(by, 1, runs), rng.normal(0, 1, runs)


@pytest.mark.parametrize(
    ("by", "margin", "expected"),
    [
        (1.0, 0.6, "supported"),  # Φ(0.71) = 0.76
        (0.0, 0.6, "refuted"),  # no difference
        (-1.0, 0.6, "refuted"),  # the opposite
        (0.12, 0.6, "refuted"),  # Φ(0.085) = 0.534: there, but not worth the name
        (0.358, 0.6, "undecided"),  # Φ(0.253) = 0.6, the margin itself
    ],
)
def test_a_paired_difference_of_known_size(rng, by, margin, expected):
    effect = difference_effect(*shifted(rng, by), margin, shares=False)
    assert verdict(effect, effect.p) == expected


def test_a_factor_asks_for_more(rng):
    b = rng.uniform(90, 110, 1000)
    a = 1.08 * b
    assert verdict(difference_effect(a, b, 0.6, shares=False), 0.0) == "supported"
    assert verdict(difference_effect(a, b, 0.6, shares=False, factor=1.05), 0.0) == "supported"
    assert verdict(difference_effect(a, b, 0.6, shares=False, factor=1.10), 0.0) == "refuted"


def test_unsolved_runs_are_beyond_every_factor():
    effect = difference_effect(np.full(100, np.inf), np.full(100, 5.0), 0.6, shares=False, factor=2.0)
    assert effect.effect == 1
    assert difference_effect(np.full(100, np.inf), np.full(100, np.inf), 0.6, shares=False, factor=2.0).effect == 0.5


def test_shares_against_each_other_and_against_a_share():
    a, b = np.arange(1000) < 900, np.arange(1000) < 700
    effect = difference_effect(a, b, 0.1, shares=True)
    assert effect.effect == pytest.approx(0.2)
    assert verdict(effect, effect.p) == "supported"
    assert verdict(difference_effect(a, b, 0.3, shares=True), 0.0) == "refuted"
    for margin, up, expected in [
        (0.8, True, "supported"), (0.95, True, "refuted"), (0.9, True, "undecided"),
        (0.95, False, "supported"), (0.8, False, "refuted"), (0.9, False, "undecided"),
    ]:  # fmt: skip
        effect = share_effect(a, margin, up=up)
        assert verdict(effect, effect.p) == expected
    # The interval, 88% to 92%, holds what is claimed: not even a p of 0 makes that sure.
    assert verdict(share_effect(a, 0.905, up=False), 0.0) == "undecided"
    assert verdict(share_effect(a, 0.895, up=True), 0.0) == "undecided"


def test_supported_needs_the_corrected_p_too():
    effect = difference_effect(
        np.arange(40.0), np.arange(40.0) - np.where(np.arange(40) < 29, 1, -1), 0.5, shares=False
    )
    assert effect.low > 0.5
    assert verdict(effect, effect.p) == "supported"
    assert verdict(effect, float(holm([effect.p] * 50)[0])) == "undecided"


def test_a_claim_is_as_true_as_its_weakest_comparison(rng):
    strong, weak = (difference_effect(*shifted(rng, by), 0.6, shares=False) for by in (2.0, 0.0))
    claimed = weakest([strong, weak])
    assert (claimed.effect, claimed.comparison) == (weak.effect, 1)
    assert claimed.p == max(strong.p, weak.p)
    low, high = share_effect(np.ones(50), 0.5, up=False), share_effect(np.zeros(50), 0.5, up=False)
    assert weakest([high, low]).effect == 1  # at most: the larger speaks against


def test_seeds_that_would_decide(rng):
    effect = difference_effect(*shifted(rng, 0.5, 60), 0.6, shares=False)
    assert verdict(effect, effect.p) == "undecided"
    seeds = seeds_to_decide(effect, 60)
    assert seeds > 60
    assert verdict(difference_effect(*shifted(rng, 0.5, 4 * seeds), 0.6, shares=False), 0.0) == "supported"
    assert seeds_to_decide(effect._replace(margin=effect.effect), 60) is None


def grid(word):
    cells = [{"hidden": h, "init": i, "dtype": d} for h in ("2x2", "4x4") for i in ("a", "b") for d in ("32", "64")]
    return Cells(cells, [word(cell) for cell in cells])


def test_cells_that_disagree_are_mixed_and_the_setting_is_named():
    cells = grid(lambda cell: "supported" if cell["hidden"] == "4x4" else "refuted")
    assert overall_verdict("supported", cells) == ("mixed", ["hidden"])
    assert overall_verdict("refuted", cells) == ("mixed", ["hidden"])
    assert cells.by()["hidden"]["2x2"] == {"refuted": 4}
    assert cells.by()["init"]["a"] == {"supported": 2, "refuted": 2}


def test_what_is_undecided_in_a_cell_disagrees_with_nothing():
    cells = grid(lambda cell: "undecided" if cell["hidden"] == "4x4" else "refuted")
    assert overall_verdict("refuted", cells) == ("refuted", [])
    assert overall_verdict("undecided", cells) == ("undecided", [])
    assert overall_verdict("supported", cells) == ("mixed", ["hidden"])


def test_a_setting_that_tells_verdicts_better_comes_first():
    def word(cell):
        return "supported" if cell["init"] == "a" and (cell["hidden"], cell["dtype"]) != ("2x2", "32") else "refuted"

    assert overall_verdict("supported", grid(word)) == ("mixed", ["init"])


def test_a_tenth_of_the_cells_does_not_make_a_claim_mixed_and_more_do():
    cells = [{"k": str(k)} for k in range(100)]
    for few, expected in ((10, "supported"), (11, "mixed")):
        words = ["refuted"] * few + ["supported"] * (100 - few)
        assert overall_verdict("supported", Cells(cells, words))[0] == expected
