"""The multiverse: which cells a claim has, at which rates its arms run there, and the verdict over all."""

import numpy as np
from arm_results import arm_results

import fnn
from fnn.stats.comparisons import improvement
from fnn.studies import multiverse
from fnn.studies.metrics import Measure
from fnn.studies.model import Arm, Claim
from fnn.studies.multiverse import SEARCH_SEEDS, best_rate, cell_arms, cell_verdict, claim_cells
from fnn.studies.runs import request, run, run_key
from fnn.studies.study import study

BASE = {"data": "xor4", "epochs": 60}
NUISANCE = {"init": ["normal", "xavier"], "beta2": [0.9, 0.999], "lr": ["best"], "data_seed": [1, 2]}


def claim(*arms, **changes):
    return Claim(
        id="c", sentence="S", figure=None, measure=Measure("epochs"), pairs=((0, 1),) if len(arms) > 1 else (),
        arms=tuple(Arm(f"arm {k}", {**BASE, **settings}) for k, settings in enumerate(arms)), up=False, margin=0.6,
        factor=1.0, nuisance=tuple(NUISANCE), note="",
    )._replace(**changes)  # fmt: skip


def test_cells_leave_out_what_the_claim_is_about_and_what_changes_nothing():
    cells = claim_cells(claim({}, {"optimizer": "sgd"}), NUISANCE)
    assert len(cells) == 2 * 2 * 2  # init, beta2, lr; xor4 is not drawn
    assert {"init": "normal", "beta2": 0.9, "lr": "as stated"} in cells
    assert claim_cells(claim({"optimizer": "sgd"}), NUISANCE)[0].keys() == {"init", "lr"}  # descent has no beta2
    drawn = {"data": "linear"}
    assert "data_seed" in claim_cells(claim(drawn, {**drawn, "optimizer": "sgd"}), NUISANCE)[0]
    assert "data_seed" not in claim_cells(claim(drawn, {**drawn, "data_seed": 7}), NUISANCE)[0]


def test_settings_that_do_not_go_together_are_no_cell():
    bce = claim({"loss": "bce"}, nuisance=("output",))
    assert claim_cells(bce, {"output": ["sigmoid", "tanh"]}) == [{"output": "sigmoid"}]


def test_each_arm_gets_the_rate_that_is_best_for_it_alone():
    rates, both = (0.01, 0.3, 3.0), claim({"epochs": 200}, {"epochs": 200, "optimizer": "sgd"})
    requests = {}
    for arm in both.arms:
        for rate in rates:
            request(requests, arm.under({"lr": rate, "dtype": "float32"}))
    best = best_rate(rates, run(requests, SEARCH_SEEDS))
    expected = []
    for optimizer in ("adam", "sgd"):
        configs = [fnn.Config(epochs=200, optimizer=optimizer, lr=rate, dtype="float32") for rate in rates]
        results = fnn.train(configs, *fnn.data.xor4(), seeds=SEARCH_SEEDS, curve_every=0)
        epochs = np.where(results.solved, results.epochs_to_solve, 400).reshape(3, -1).mean(axis=1)
        assert (epochs == epochs.min()).sum() == 1
        expected.append(rates[int(np.argmin(epochs))])
    assert expected[0] != expected[1]
    arms = cell_arms(both, {"lr": "best", "init": "normal"}, best)
    assert [arm.settings["lr"] for arm in arms] == expected
    assert all("dtype" not in arm.settings for arm in arms)  # which only the search is in
    assert [arm.trial.config.lr for arm in cell_arms(both, {"lr": "as stated"}, best)] == [0.1, 0.1]


def test_an_unsolved_run_counts_twice_the_budget_and_of_equals_the_lower_loss_is_better():
    (arm,) = claim({}).arms
    keys = [run_key(arm.under({"lr": rate, "dtype": "float32"}).trial) for rate in (0.1, 0.2)]

    def best(first, second):
        return best_rate((0.1, 0.2), dict(zip(keys, (first, second), strict=True)))(arm)

    # (10 + 120) / 2 = 65 epochs against 64; as they are, 10 and −1 would be fewer.
    assert best(arm_results([10, -1]), arm_results([64, 64])) == 0.2
    assert best(arm_results([10, -1]), arm_results([66, 66])) == 0.1
    assert best(arm_results([-1, -1], loss=[0.3, 0.3]), arm_results([-1, -1], loss=[0.2, 0.2])) == 0.2
    assert best(arm_results([-1, -1], loss=[0.3, 0.3]), arm_results([-1, -1], loss=[np.nan, np.nan])) == 0.1


def test_a_cell_is_decided_at_a_level_of_its_own():
    def word(wins, margin, runs=20):
        both = claim({}, {"optimizer": "sgd"}, margin=margin)
        values = [np.zeros(runs), np.where(np.arange(runs) < wins, 1.0, -1.0)]
        results = [arm_results(np.zeros(runs, int))._replace(measures={both.measure: v}) for v in values]
        return cell_verdict(both, results)

    def low(confidence):
        return improvement(np.zeros(20), np.where(np.arange(20) < 19, 1.0, -1.0), confidence).low

    # The interval is at 99%: what lies between its end and that at 95% is not beyond the margin.
    assert low(0.99) < 0.69 < low(0.95)
    assert (word(19, low(0.99) - 0.01), word(19, 0.69)) == ("supported", "undecided")
    # 16 of 20 have p = 0.0118, five times that is more than 0.05, though the interval ends above 0.512.
    assert (word(16, 0.5), word(17, 0.5)) == ("undecided", "supported")


def test_the_seeds_of_the_search_are_none_that_can_be_tested_with():
    first = multiverse.SEARCH_SEEDS.start
    assert first > fnn.Config().seed + 10**9
    assert first + len(multiverse.SEARCH_SEEDS) < 2**63


MIXED = """
title = "Mixed"
[base]
data = "xor4"
epochs = 100
[nuisance]
lr = [0.0]
init = ["normal", "xavier"]
[[claims]]
id = "solves"
sentence = "Adam solves it."
arms = [{ label = "adam" }]
at_least = 0.5
"""


def test_a_claim_that_depends_on_a_setting_is_mixed_and_names_it(tmp_path):
    (tmp_path / "mixed.toml").write_text(MIXED)
    progress = []
    document = study(
        tmp_path / "mixed.toml", seeds=200, multiverse=True, on_progress=lambda *args: progress.append(args)
    )
    claim = document["claims"]["solves"]
    assert claim["verdict"] == "mixed"
    assert claim["depends_on"] == ["lr"]
    assert claim["multiverse"]["cells"] == 4
    assert claim["multiverse"]["by"]["lr"]["0"] == {"falls short": 2}
    assert "falls short" not in claim["multiverse"]["by"]["lr"]["as stated"]
    assert progress[-1] == (800, 800, "multiverse: 800 of 800 networks")


def test_the_best_rate_is_searched_and_then_tested(tmp_path):
    text = MIXED.replace('lr = [0.0]\ninit = ["normal", "xavier"]', 'lr = "best"').replace(
        "epochs = 100", "epochs = 200\nlr = 0.0"
    )
    (tmp_path / "mixed.toml").write_text(text.replace("[base]", "rates = [0.0, 0.1]\n[base]"))
    claim = study(tmp_path / "mixed.toml", seeds=100, multiverse=True)["claims"]["solves"]
    by = claim["multiverse"]["by"]["lr"]
    assert by["as stated"] == {"falls short": 1}  # nothing learns at rate 0
    assert by["best"] == {"supported": 1}


def test_cells_are_tried_with_the_first_400_seeds(tmp_path):
    text = MIXED.replace('lr = [0.0]\ninit = ["normal", "xavier"]', "lr = [0.0]")
    (tmp_path / "mixed.toml").write_text(text)
    progress = []
    study(tmp_path / "mixed.toml", seeds=500, multiverse=True, on_progress=lambda *args: progress.append(args))
    assert progress[-1][:2] == (800, 800)  # two cells
