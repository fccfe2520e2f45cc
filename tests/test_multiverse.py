"""The multiverse: which specifications a claim has, at which rates its arms run there, and what is trained."""

from itertools import product

import numpy as np
from arm_results import arm_results

import fnn
from fnn.studies.best_rates import SEARCH_SEEDS, best_rate
from fnn.studies.metrics import Measure
from fnn.studies.model import Alternative, Arm, Claim, Level
from fnn.studies.requests import request, run_key
from fnn.studies.runs import run
from fnn.studies.specifications import specifications, specified_arms
from fnn.studies.study import study

BASE = {"data": "xor4", "epochs": 60}


def levels(name, *values):
    return tuple(Level(str(value), {name: value}) for value in values)


NUISANCE = {
    "init": levels("init", "normal", "xavier"),
    "beta2": levels("beta2", 0.9, 0.999),
    "lr": (Level("as stated", {}), Level("best", {"lr": "best"})),
    "data_seed": levels("data_seed", 1, 2),
    "coded": (
        Level("as published", {}),
        Level("Adam as coded", {"bias_correction": "first", "epsilon_place": "inside"}),
        Level("warm-up too", {"bias_correction": "first", "epsilon_place": "inside", "warmup_peak": 1.0}),
    ),
}


def axes(claim, nuisance=NUISANCE):
    """Return the axes of a claim's specifications, each with its labels."""
    made = specifications(claim, nuisance)
    assert len({tuple(s.levels.items()) for s in made}) == len(made)
    return {axis: list(dict.fromkeys(s.levels[axis] for s in made)) for axis in made[0].levels}


def claim(*arms, **changes):
    return Claim(
        id="c", sentence="S", figure=None, measure=Measure("epochs"), pairs=((0, 1),) if len(arms) > 1 else (),
        arms=tuple(Arm(f"arm {k}", {**BASE, **settings}) for k, settings in enumerate(arms)), up=False, margin=0.6,
        factor=1.0, nuisance=tuple(NUISANCE), note="",
    )._replace(**changes)  # fmt: skip


def test_what_the_claim_is_about_and_what_changes_nothing_is_no_axis():
    assert axes(claim({}, {"optimizer": "sgd"})) == {
        "init": ["normal", "xavier"], "beta2": ["0.9", "0.999"], "lr": ["as stated", "best"],
        "coded": ["as published", "Adam as coded"],  # without a warm-up its peak is none; xor4 is not drawn
    }  # fmt: skip
    assert len(specifications(claim({}, {"optimizer": "sgd"}), NUISANCE)) == 2**4
    assert axes(claim({"optimizer": "sgd"})).keys() == {"init", "lr"}  # descent has no beta2, and nothing of Adam's
    drawn = {"data": "linear"}
    assert "data_seed" in axes(claim(drawn, {**drawn, "optimizer": "sgd"}))
    assert "data_seed" not in axes(claim(drawn, {**drawn, "data_seed": 7}))
    assert "lr" not in axes(claim({"lr": 0.1}, {"lr": 0.5}))


def test_of_settings_that_go_together_those_that_the_arms_differ_in_stay():
    warm = {"scheduler": "warmup-linear", "warmup": 20}
    assert axes(claim(warm, {}))["coded"] == ["as published", "Adam as coded", "warm-up too"]
    high = claim({**warm, "warmup_peak": 2.0}, warm)
    assert axes(high)["coded"] == ["as published", "Adam as coded"]
    coded = next(s for s in specifications(high, NUISANCE) if s.levels["coded"] == "Adam as coded")
    configs = [arm.trial.config for arm in specified_arms(coded, None)]
    assert [(c.bias_correction, c.epsilon_place, c.warmup_peak) for c in configs] == [
        ("first", "inside", 2.0), ("first", "inside", None),
    ]  # fmt: skip


def test_settings_that_do_not_go_together_are_no_specification():
    bce = claim({"loss": "bce"}, nuisance=("output", "init"))
    nuisance = {"output": levels("output", "sigmoid", "tanh"), "init": NUISANCE["init"]}
    assert [s.levels["output"] for s in specifications(bce, nuisance)] == ["sigmoid"] * 2


def test_every_way_to_measure_a_claim_meets_every_setting_and_trains_the_same():
    ways = (
        Alternative("loss at epoch 10", Measure("loss", 10), False, 0.6, 1.0),
        Alternative("by a factor 1.2", Measure("epochs"), False, 0.6, 1.2),
    )
    made = specifications(claim({}, {"optimizer": "sgd"}, alternatives=ways, nuisance=("init", "beta2")), NUISANCE)
    labels = ("as stated", "loss at epoch 10", "by a factor 1.2")
    assert [tuple(s.levels.values()) for s in made] == list(product(("normal", "xavier"), ("0.9", "0.999"), labels))
    assert [(s.claim.measure, s.claim.factor) for s in made[:3]] == [
        (Measure("epochs"), 1.0), (Measure("loss", 10), 1.0), (Measure("epochs"), 1.2),
    ]  # fmt: skip
    for k in range(0, len(made), 3):
        assert made[k].settings == made[k + 1].settings == made[k + 2].settings
    assert [s.is_stated for s in made] == [True] + [False] * 11


def test_other_arms_of_a_claim_meet_every_setting_but_those_that_arms_differ_in():
    """A convolution beside dense layers, at two sizes: hidden is what the claim is about, Adam's settings are not."""
    nuisance = {**NUISANCE, "hidden": levels("hidden", "3x3", "5x5")}
    pair = [{"image": "1x2", "hidden": hidden} for hidden in ("conv3:1-4", "4x4")]
    larger = tuple(Arm(f"larger {k}", {**BASE, **pair[0], "hidden": hidden}) for k, hidden in enumerate(("8", "8x8")))
    way = Alternative("larger", Measure("epochs"), False, 0.6, 1.0, larger, ((0, 1),))
    either = claim(*pair, nuisance=("hidden", "init", "beta2"), alternatives=(way,))
    made = specifications(either, nuisance)
    assert [tuple(s.levels.values()) for s in made] == list(
        product(("normal", "xavier"), ("0.9", "0.999"), ("as stated", "larger"))
    )
    hidden = {s.levels["measure"]: [arm.trial.config.hidden for arm in specified_arms(s, None)] for s in made}
    assert hidden == {"as stated": [("conv3:1", 4), (4, 4)], "larger": [(8,), (8, 8)]}
    # What only the other arms differ in, or only they use, is theirs too.
    sgd = tuple(Arm(arm.label, {**arm.settings, "optimizer": "sgd"}) for arm in larger)
    plain = [{**settings, "optimizer": "sgd"} for settings in pair]
    adam = claim(*plain, nuisance=("init", "beta2"), alternatives=(way._replace(arms=larger),))
    assert axes(adam, nuisance)["beta2"] == ["0.9", "0.999"]
    assert "beta2" not in axes(adam._replace(alternatives=(way._replace(arms=sgd),)), nuisance)


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
    made = specifications(both._replace(nuisance=("init", "lr")), {**NUISANCE, "init": levels("init", "normal")})
    arms = {s.levels["lr"]: specified_arms(s, best) for s in reversed(made)}
    assert [arm.settings["lr"] for arm in arms["best"]] == expected
    assert all("dtype" not in arm.settings for arm in arms["best"])  # which only the search is in
    assert [arm.trial.config.lr for arm in arms["as stated"]] == [0.1, 0.1]


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


def test_the_seeds_of_the_search_are_none_that_can_be_tested_with():
    first = SEARCH_SEEDS.start
    assert first > fnn.Config().seed + 10**9
    assert first + len(SEARCH_SEEDS) < 2**63


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


def test_a_claim_keeps_its_verdict_and_names_the_setting_that_it_depends_on(tmp_path):
    (tmp_path / "mixed.toml").write_text(MIXED)
    progress = []
    document = study(
        tmp_path / "mixed.toml", seeds=200, multiverse=True, on_progress=lambda *args: progress.append(args)
    )
    claim = document["claims"]["solves"]
    assert claim["verdict"] == "supported"
    assert claim["depends_on"] == ["lr"]
    multiverse = claim["multiverse"]
    assert (multiverse["specifications"], multiverse["mixed"], multiverse["depends_on"]) == (4, True, ["lr"])
    # Nothing learns at rate 0: with either kind of weights no run is solved, and none has to be told from another.
    assert multiverse["by"]["lr"]["0"].keys() == {"falls short"}
    assert "falls short" not in multiverse["by"]["lr"]["as stated"]
    assert sum(cell["specifications"] for cell in multiverse["cells"]) == 4
    assert [cell["levels"]["init"] for cell in multiverse["cells"] if cell["stated"]] == [["normal"]]
    assert [now for now in progress if now[1] > 1][-1] == (800, 800, "multiverse: 800 of 800 networks")
    assert progress[-1] == (1, 1, "testing the claims")


def test_how_many_networks_there_will_be_is_told_from_the_first_and_is_never_too_few(tmp_path):
    text = MIXED.replace("lr = [0.0]", 'lr = "best"').replace("[base]", "rates = [0.1, 0.3]\n[base]")
    (tmp_path / "mixed.toml").write_text(text)
    progress = []
    study(tmp_path / "mixed.toml", seeds=50, multiverse=True, on_progress=lambda *args: progress.append(args))
    told = [(total, words) for _, total, words in progress if words.startswith("multiverse")]
    # Two kinds of weights at two rates of 100 seeds are searched; then 50 seeds as stated and at the best rate.
    assert told[0][0] == 400 + 4 * 50
    assert "of at most 600 networks" in told[0][1]
    assert told[-1][0] in (500, 550, 600)  # where the best rate is the stated one nothing is trained again
    assert "at most" not in told[-1][1]


def test_the_best_rate_is_searched_and_then_tested(tmp_path):
    text = MIXED.replace('lr = [0.0]\ninit = ["normal", "xavier"]', 'lr = "best"').replace(
        "epochs = 100", "epochs = 200\nlr = 0.0"
    )
    (tmp_path / "mixed.toml").write_text(text.replace("[base]", "rates = [0.0, 0.1]\n[base]"))
    claim = study(tmp_path / "mixed.toml", seeds=100, multiverse=True)["claims"]["solves"]
    assert claim["multiverse"]["by"]["lr"] == {
        "as stated": {"falls short": 1},  # nothing learns at rate 0
        "best": {"supported": 1},
    }


def test_cells_are_tried_with_the_first_400_seeds(tmp_path):
    text = MIXED.replace('lr = [0.0]\ninit = ["normal", "xavier"]', "lr = [0.0]")
    (tmp_path / "mixed.toml").write_text(text)
    progress = []
    document = study(
        tmp_path / "mixed.toml", seeds=500, multiverse=True, on_progress=lambda *args: progress.append(args)
    )
    assert [now for now in progress if now[1] > 1][-1][:2] == (800, 800)  # two cells
    assert document["claims"]["solves"]["multiverse"]["runs"] == 400


CODED = """
title = "Coded"
[base]
data = "xor4"
epochs = 200
[nuisance]
as_coded = [{ label = "as published" }, { label = "as coded", lr = 0.0 }]
[[claims]]
id = "solves"
sentence = "Adam solves it."
arms = [{ label = "adam" }]
at_least = 0.5
nuisance = []
[[claims]]
id = "stuck"
sentence = "Without a rate nothing is learnt."
arms = [{ label = "none", lr = 0.0 }]
at_most = 0.5
"""


def test_a_panel_lists_the_claims_that_settings_which_go_together_turn(tmp_path):
    (tmp_path / "coded.toml").write_text(CODED)
    document = study(tmp_path / "coded.toml", seeds=500, multiverse=True)
    assert document["panels"] == [
        {
            "axis": "as_coded", "columns": ["as published", "as coded"], "settings": ["", "lr 0"], "claims": 1,
            "turned": [
                {"id": "solves", "sentence": "Adam solves it.", "verdicts": ["supported", "falls short"]},
            ],
        }
    ]  # fmt: skip
    # With all seeds: as good a test as that of the study's own settings.
    assert document["claims"]["solves"]["arms"][0]["runs"] == 500
    assert study(tmp_path / "coded.toml", seeds=20)["panels"] == []
