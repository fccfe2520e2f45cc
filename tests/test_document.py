"""The document of a study, from made-up results of its arms."""

import numpy as np
import pytest
from arm_results import arm_results

from fnn.config import SEED
from fnn.stats.comparisons import improvement, seeds_needed
from fnn.stats.intervals import Interval
from fnn.studies.cell_document import multiverse_document
from fnn.studies.cells import Cells
from fnn.studies.contrasts import difference_effect
from fnn.studies.document import study_document, without_figures
from fnn.studies.looks import look_at, plan
from fnn.studies.metrics import Measure
from fnn.studies.model import Arm, Claim, Finding, Study
from fnn.studies.requests import run_key
from fnn.studies.verdicts import VERDICTS

RUNS = 200
ARMS = [Arm(f"lr {lr}", {"data": "xor4", "lr": lr}) for lr in (0.1, 0.2, 0.3, 0.4, 0.5)]
# Better than the first for all seeds, for 130 of 200, for none; for 12 of 200, all others alike.
WINS, LOSSES = (0, 200, 130, 0, 12), (0, 0, 70, 200, 0)


def measured(wins, losses):
    values = np.full(RUNS, 100.0)
    values[:wins] = 50
    values[RUNS - losses :] = 150
    return arm_results(np.zeros(RUNS, int))._replace(measures={Measure("epochs"): values})


RESULTS = {run_key(arm.trial): measured(*row) for arm, *row in zip(ARMS, WINS, LOSSES, strict=True)}


def claim(k):
    return Claim(
        id=f"c{k}", sentence=f"S{k}", figure="f", measure=Measure("epochs"), arms=(ARMS[k], ARMS[0]), pairs=((0, 1),),
        up=False, margin=0.6, factor=1.0, nuisance=(), note="a\n  note",
    )  # fmt: skip


KEYS = ("c1", "c2", "c3", "c4")
SECTION = {"id": "s", "title": "S", "text": "", "figures": ["f"], "claims": list(KEYS)}
STUDY = Study(
    name="mine", file="mine.toml", title="T", intro="two\nlines", sections=(SECTION,), figures={},
    claims=tuple(map(claim, (1, 2, 3, 4))), findings=(Finding("n", "N", "text", "text", "f", "mine.toml, line 1"),),
    tables=(), published=(), nuisance={}, rates=(), draws=30,
)  # fmt: skip


def document(cells=None, seeds=range(7, 7 + RUNS), draws=30, results=RESULTS, **fields):
    mine = STUDY._replace(**fields)
    looks = plan(seeds, 1, until_decided=False)
    decisions = look_at(mine, results, looks[0], draws, {})
    return study_document(mine, results, decisions, looks, draws, cells or {}, until_decided=False)


def test_each_claim_has_its_verdict_and_how_its_pairs_came_out():
    made = document()
    claims = made["claims"]
    assert [c["verdict"] for c in claims.values()] == ["supported", "undecided", "reversed", "too small"]
    assert {word: n for word, n in made["counts"].items() if n} == {
        "supported": 1, "undecided": 1, "reversed": 1, "too small": 1,
    }  # fmt: skip
    assert set(made["counts"]) == set(VERDICTS)
    shares = [(c["wins"], c["ties"], c["losses"]) for c in claims.values()]
    pairs = zip(WINS[1:], LOSSES[1:], strict=True)
    expected = [(won / RUNS, 1 - (won + lost) / RUNS, lost / RUNS) for won, lost in pairs]
    assert shares == [pytest.approx(row) for row in expected]


def test_an_undecided_claim_has_the_fresh_runs_that_a_new_study_would_need():
    claims = document()["claims"]
    undecided = claims["c2"]
    comparison = improvement(np.arange(RUNS) >= 130, np.full(RUNS, 0.5))
    assert (undecided["effect"], undecided["low"], undecided["high"]) == pytest.approx(tuple(comparison)[:3])
    # An interval as wide as that of 200 seeds has to be narrower to be on one side of 60%.
    assert undecided["fresh_needed"] > 2 * RUNS
    assert [claims[key]["fresh_needed"] for key in ("c1", "c3", "c4")] == [None] * 3


def test_p_values_are_corrected_for_all_claims():
    claims = document()["claims"]
    p = {key: c["p"] for key, c in claims.items()}
    # All pairs one way: (6/10)^200 and (4/10)^200. That it is not known how many tie adds 1e-5, on either side.
    assert 0 < p["c1"] <= 3e-5
    assert 0 < p["c3"] <= 3e-5
    # Of the smallest there may be four true ones, of the largest only as many as are left.
    adjusted = {key: c["p_adjusted"] for key, c in claims.items()}
    smallest = min(p, key=p.get)
    assert adjusted[smallest] == pytest.approx(4 * p[smallest])
    assert adjusted["c2"] == p["c2"] > 0.05
    assert all(p[key] <= adjusted[key] <= 4 * p[key] for key in p)
    # 12 of 200 up and none down is a difference: (1/2)^12, twice.
    assert 2 * 0.5**12 <= claims["c4"]["p_null_adjusted"] < 0.05
    assert claims["c4"]["p_adjusted"] < 0.05


def test_a_share_alone_has_no_wins_and_no_hypothesis_of_no_difference():
    alone = claim(1)._replace(measure=Measure("solved"), pairs=(), up=True, margin=0.9)
    results = {key: r._replace(measures={Measure("solved"): np.ones(RUNS)}) for key, r in RESULTS.items()}
    made = document(results=results, claims=(alone,))["claims"]["c1"]
    assert made["verdict"] == "supported"
    assert [made[name] for name in ("null", "wins", "ties", "losses", "p_null_adjusted", "between_draws")] == [None] * 6


def test_cells_stand_beside_a_claim_and_leave_its_verdict(rng):
    levels = [{"init": value} for value in ("normal", "xavier", "he")]
    up, none = (difference_effect(rng.random(99), low, 0.6, shares=False) for low in (np.zeros(99), np.ones(99)))
    cells = dict.fromkeys(KEYS, Cells(levels, [0, 0, 0], [up], ["supported"], None, 99))
    cells["c1"] = Cells(levels, [0, 1, 0], [up, none], ["supported", "reversed"], 0, 99)
    made = document(cells)
    first = made["claims"]["c1"]
    assert (first["verdict"], first["depends_on"]) == ("supported", ["init"])
    multiverse = first["multiverse"]
    assert [
        (c["verdict"], c["effect"], c["levels"], c["specifications"], c["stated"]) for c in multiverse["cells"]
    ] == [
        ("reversed", 0, {"init": ["xavier"]}, 1, False),
        ("supported", 1, {"init": ["normal", "he"]}, 2, True),
    ]
    assert [multiverse[name] for name in ("specifications", "runs", "counts", "mixed")] == [
        3, 99, {"supported": 1, "reversed": 1}, True,
    ]  # fmt: skip
    assert made["claims"]["c3"]["verdict"] == "reversed"  # whatever its cells say
    assert (made["claims"]["c3"]["multiverse"]["mixed"], made["claims"]["c3"]["depends_on"]) == (False, [])
    assert made["multiverse"]
    assert document()["claims"]["c1"]["multiverse"] is None


def test_effects_of_another_kind_stand_on_the_claims_scale():
    """Of 100 pairs 70 up and 20 down: 0.75 as a probability, 50 points as a difference."""
    a = np.repeat([1, 0, 0], [70, 20, 10])
    b = np.repeat([0, 1, 0], [70, 20, 10])
    probability, points = (difference_effect(a, b, margin, shares=s) for s, margin in ((False, 0.6), (True, 0.1)))
    cells = Cells([{"measure": "a"}, {"measure": "b"}], [0, 1], [probability, points], ["supported"] * 2, 0, 100)
    higher = difference_effect(a[::-1], np.zeros(100), 0.1, shares=True)  # 70 points are 0.85
    ranked = Cells([{"measure": m} for m in "ab"], [0, 1], [higher, probability], ["supported"] * 2, 0, 100)
    assert [c["effect"] for c in multiverse_document(ranked, 0.5)["cells"]] == pytest.approx([0.75, 0.85])
    for null, effect, margins in ((0.5, 0.75, [0.6, 0.55]), (0.0, 0.5, [0.2, 0.1])):
        made = multiverse_document(cells, null)["cells"]
        assert [c["effect"] for c in made] == pytest.approx([effect] * 2)
        assert sorted(c["margin"] for c in made) == pytest.approx(sorted(margins))
        assert made[0]["low"] == pytest.approx(made[1]["low"])


def test_commands_make_it_again():
    assert document()["command"] == "fnn study mine.toml --seeds 200 --seed 7"
    assert document(draws=5)["command"] == "fnn study mine.toml --seeds 200 --seed 7 --draws 5"
    assert document(seeds=range(SEED, SEED + RUNS))["command"] == "fnn study mine.toml --seeds 200"
    up = difference_effect(np.ones(9), np.zeros(9), 0.6, shares=False)
    cells = dict.fromkeys(KEYS, Cells([{}], [0], [up], ["supported"], 0, 9))
    assert document(cells)["command"].endswith(" --seed 7 --multiverse")
    shipped = document(seeds=range(SEED, SEED + RUNS), name="lab", file="lab.toml")
    assert shipped["command"] == "fnn study lab --seeds 200"
    assert document()["claims"]["c1"]["command"] == (
        "fnn sweep --data xor4 --lr 0.2,0.1 --seed 7 --seeds 200 --out c1.db"
    )


# ---- levels ----


def test_claims_on_fixed_data_have_all_seeds_and_those_on_drawn_data_are_over_draws():
    """The same runs, once as all of one data set and once as 10 draws of 20."""
    drawn = tuple(Arm(arm.label, {"data": "linear", "lr": arm.settings["lr"]}) for arm in ARMS)
    over = claim(2)._replace(id="over", arms=(drawn[2], drawn[0]))
    by_key = {run_key(arm.trial, 10): r._replace(draws=10) for arm, r in zip(drawn, RESULTS.values(), strict=True)}
    made = document(draws=10, results=RESULTS | by_key, claims=(claim(2), over))
    fixed, spread = made["claims"]["c2"], made["claims"]["over"]
    assert (fixed["draws"], fixed["seeds"], fixed["between_draws"]) == (1, RUNS, None)
    assert (spread["draws"], spread["seeds"]) == (10, 20)
    # 130 of 200 wins in a row are all of the first six draws, half of one, none of the last three. Means vary by
    # (6·0.35² + 0.15² + 3·0.65²)/9 = 0.225, and within, of one draw in ten, runs by 5/19.
    within = 5 / 19 / 10
    between = 0.225 - within / 20
    assert spread["between_draws"] == pytest.approx(between / (between + within))
    assert spread["effect"] == fixed["effect"]
    assert spread["low"] < fixed["low"] < fixed["high"] < spread["high"]
    assert (made["drawn"], made["fixed"]) == (["linear"], ["xor4"])
    assert spread["command"].startswith("for draw in {0..9}; do fnn sweep --data linear --lr 0.3,0.1 ")
    # Draws would decide it, not runs.
    draws = seeds_needed(Interval(spread["effect"], spread["low"], spread["high"]), 10, 0.6)
    assert draws <= spread["fresh_needed"] <= 1.1 * draws


def test_data_with_noise_are_drawn_and_those_of_published_results_are_fixed():
    noisy = claim(1)._replace(arms=tuple(arm.under({"noise": 0.1}) for arm in (ARMS[1], ARMS[0])))
    results = {run_key(arm.trial, 10): RESULTS[run_key(ARMS[0].trial)]._replace(draws=10) for arm in noisy.arms}
    made = document(draws=10, results=results, claims=(noisy,))
    assert (made["drawn"], made["fixed"]) == (["xor4 with noise 0.1"], [])


def test_where_no_figures_are_drawn_none_is_named():
    made = document()
    bare = without_figures(made)
    assert [c["figure"] for c in made["claims"].values()] == ["f"] * 4
    assert {c["figure"] for c in (*bare["claims"].values(), *bare["findings"])} == {None}
    assert [section["figures"] for section in bare["sections"]] == [[]]
    assert STUDY.sections == (SECTION,)
    assert SECTION["figures"] == ["f"]


def test_words_are_in_one_line():
    made = document()
    assert (made["intro"], made["claims"]["c1"]["note"]) == ("two lines", "a note")
