"""Studies until decided: the looks planned, their error over all claims, and the runs that join those there are."""

import json
import re

import numpy as np
import pytest
from document_shape import mismatches
from processes import interrupted
from scipy.stats import binom

import fnn
from fnn.cli import main
from fnn.errors import InvalidSetting
from fnn.report.document import StudyDocument
from fnn.stats.spending import look_levels
from fnn.studies.contrasts import difference_effect, share_effect
from fnn.studies.kept import Part
from fnn.studies.looks import decide, is_hopeless, plan
from fnn.studies.parse import load
from fnn.studies.requests import networks
from fnn.studies.runs import arm_results, trained
from fnn.studies.runs import run as train_all
from fnn.studies.study import _requests, study
from fnn.studies.verdicts import REFUTED

MINE = """
title = "Mine"
draws = 8

[base]
data = "linear"
points = 20
hidden = "3"
epochs = 40
lr = 0.3

[figures.optimizers]
title = "Two optimizers"
[[figures.optimizers.arms]]
label = "adam"
[[figures.optimizers.arms]]
label = "sgd"
optimizer = "sgd"

[figures.answers]
title = "Answers"
kind = "answers"
[[figures.answers.arms]]
label = "adam"

[[claims]]
id = "adam-lower"
sentence = "Adam reaches a lower loss."
figure = "optimizers"
metric = "loss"
arms = ["adam"]
direction = "lower"
than = ["sgd"]
margin = 0.55

[[claims]]
id = "momentum-lower"
sentence = "Momentum lowers the loss beside a higher rate."
metric = "loss"
arms = [{ label = "momentum", optimizer = "momentum", momentum = 0.5 }]
direction = "lower"
than = [{ label = "rate", optimizer = "sgd", lr = 0.6 }]
margin = 0.55

[[claims]]
id = "xor-harder"
sentence = "XOR is harder."
metric = "solved"
arms = [{ label = "XOR", data = "xor4" }]
direction = "lower"
than = [{ label = "linear" }]
margin = 0.1

[[claims]]
id = "xor-hard"
sentence = "XOR is hard."
arms = [{ label = "XOR", data = "xor4" }]
at_most = 0.19

[[findings]]
id = "arms"
title = "Arms"
text = "Beside the claims."
kind = "arms"
[[findings.arms]]
label = "wide"
hidden = "5"

[[outside]]
id = "rates"
title = "Ours"
source = "This test"
what = "xor4"
successes = 5
runs = 10
settings = { data = "xor4", hidden = "2", stop_loss = 0.01 }
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("looks") / "mine.toml"
    path.write_text(MINE)
    return path


@pytest.fixture(scope="module")
def document(path):
    return study(path, seeds=642, seed=5, until_decided=True, out=path.parent / "out")


# ---- the plan ----


def test_looks_double_and_spend_in_proportion_to_their_runs():
    looks = plan(range(1000), 1, until_decided=True)
    assert [look.runs for look in looks] == [62, 125, 250, 500, 1000]
    levels = [look.level for look in looks]
    assert levels == pytest.approx([0.0031, 0.00315, 0.00625, 0.0125, 0.025])
    assert sum(levels) == pytest.approx(0.05)
    assert look_levels([30], 0.05) == [0.05]


def test_every_look_has_all_draws_and_more_seeds_of_each():
    looks = plan(range(1000), 30, until_decided=True)
    assert [(look.runs, look.of_draw) for look in looks] == [(60, 2), (120, 4), (240, 8), (480, 16), (1000, 33)]
    seeds = [look.part.chosen(30) for look in looks]
    assert all(len(of_draws) == 30 for of_draws in seeds)
    # Together they are the seeds of a study that is not until decided, in their order, and none is trained twice.
    at_once = plan(range(1000), 30, until_decided=False)[0].part.chosen(30)
    for draw in range(30):
        assert [seed for of_draws in seeds for seed in of_draws[draw]] == at_once[draw]
        assert at_once[draw] == list(range(33 * draw, 33 * draw + 33))
    # Arms whose data are not drawn have the same seeds, and at last those that are left over.
    fixed = [look.part.chosen(1)[0] for look in looks]
    assert fixed[0] == [seed for of_draw in seeds[0] for seed in of_draw]
    assert sorted(seed for some in fixed for seed in some) == list(range(1000))
    assert fixed[-1][-10:] == list(range(990, 1000))


@pytest.mark.parametrize(
    ("seeds", "draws", "runs"),
    [
        (2, 1, [2]), (2, 30, [2]), (40, 1, [40]), (100, 1, [50, 100]), (100, 30, [30, 60, 100]),
        (480, 1, [30, 60, 120, 240, 480]),
    ],
)  # fmt: skip
def test_few_seeds_have_few_looks_and_none_at_which_nothing_could_be_told(seeds, draws, runs):
    looks = plan(range(seeds), draws, until_decided=True)
    assert [look.runs for look in looks] == runs
    assert sum(look.level for look in looks) == pytest.approx(0.05)
    assert [look.is_last for look in looks] == [False] * (len(runs) - 1) + [True]


# ---- the error over all looks and claims ----


CLAIMS = 31
FIXED, DRAWN = plan(range(480), 1, until_decided=True), plan(range(990), 30, until_decided=True)
AT_MARGIN, NO_DIFFERENCE = {"supported", *REFUTED}, {"supported", "reversed", "too small"}


def pairs(runs, level):
    up = runs.ravel()
    return difference_effect(up, ~up, 0.6, shares=False, draws=len(runs), level=level)


def alone(runs, level):
    return share_effect(runs.ravel(), 0.6, up=True, draws=len(runs), level=level)


def exact_error(looks, effect, share, wrong):
    """Return the chance of any wrong verdict of a study on fixed data, of whose runs that share is 1 in each claim.

    Counts of such runs go from look to look by binomial steps. Until the first claim is decided all are in the family
    with both their hypotheses, so one that is decided among undecided ones is decided in that way at any look.
    """
    still, erred, before = np.ones(1), 0.0, 0
    for look in looks:
        steps = binom.pmf(np.arange(look.runs - before + 1), look.runs - before, share)
        still, before = np.convolve(still, steps), look.runs
        undecided = effect(np.arange(look.runs)[None] < round(0.6 * look.runs), look.level)
        for count in np.flatnonzero(still > 1e-12):
            of_count = effect(np.arange(look.runs)[None] < count, look.level)
            decided = decide([of_count, *[undecided] * (CLAIMS - 1)], look._replace(last_level=1.0))[0]
            if decided and decided.verdict in wrong:
                erred += still[count]
                still[count] = 0
    return 1 - (1 - erred) ** CLAIMS


@pytest.mark.slow
@pytest.mark.parametrize(
    ("effect", "share", "wrong"),
    [(pairs, 0.6, AT_MARGIN), (alone, 0.6, AT_MARGIN), (pairs, 0.5, NO_DIFFERENCE)],
    ids=["at the margin", "at the share", "without a difference"],
)
def test_a_study_of_31_claims_errs_at_any_look_in_at_most_a_twentieth(effect, share, wrong):
    assert len(FIXED) == 5
    assert 0.001 < exact_error(FIXED, effect, share, wrong) <= 0.05
    # Looks at 5% each err more often.
    assert exact_error([look._replace(level=0.05) for look in FIXED], effect, share, wrong) > 0.05


@pytest.mark.slow
def test_over_draws_it_errs_no_more_often(rng):
    """Of each draw the share may be anywhere about 0.6, which is the margin."""
    wrong, studies = 0, 150
    for _ in range(studies):
        runs = [rng.random((30, DRAWN[-1].of_draw)) < rng.beta(3, 2, (30, 1)) for _ in range(CLAIMS)]
        decided = [None] * CLAIMS
        for look in DRAWN:
            now = [d or pairs(r[:, : look.of_draw], look.level) for d, r in zip(decided, runs, strict=True)]
            decided = decide(now, look)
        wrong += any(d.verdict in AT_MARGIN for d in decided)
    assert wrong / studies <= 0.05


def test_what_is_decided_stays_in_the_family_and_stays_decided():
    """Of three claims one is decided; another needs its p, times the two that may still be true, below the level."""
    look = FIXED[1]
    effects = [difference_effect(np.arange(60) < up, np.arange(60) >= up, 0.5, shares=False) for up in (60, 30, 42)]
    first = decide(effects, FIXED[0])
    assert [d and d.verdict for d in first] == ["supported", None, None]
    p = effects[2].p
    for level, expected in ((2.01 * p, True), (1.99 * p, False)):
        second = decide([first[0], *effects[1:]], look._replace(level=level))
        assert second[0] is first[0]
        assert second[1] is None
        assert bool(second[2]) is expected
    # So a p for all looks is below 5% where the look's own is below its level.
    assert decide([first[0], *effects[1:]], look._replace(level=2.01 * p))[2].p.margin == pytest.approx(0.05 / 1.005)


@pytest.mark.parametrize(
    ("share", "number", "expected"),
    [
        (0.62, 3, True),  # 0.4 standard errors above the margin, 0.9 with four times the runs
        (0.62, 2, False),  # a quarter of the runs is not there yet
        (0.68, 3, False),  # 1.8, and 3.6
    ],
)
def test_a_claim_is_given_up_where_all_runs_would_not_decide_it(share, number, expected):
    look = FIXED[number - 1]
    up = np.arange(look.runs) < share * look.runs
    assert not is_hopeless(difference_effect(up, ~up, 0.4, shares=False), look, 31)
    assert is_hopeless(difference_effect(up, ~up, 0.6, shares=False), look, 1) is expected


def test_more_runs_of_the_same_draws_bring_only_what_varies_within_them():
    look = plan(range(990), 30, until_decided=True)[2]
    # Of 30 draws 22 say yes: 0.73, 1.6 standard errors above the margin, however many runs say the same.
    sure = np.repeat(np.arange(30) < 22, look.of_draw)
    # In every draw 5 or 6 of 8 runs do: 0.65, which is as far in standard errors that shrink with the runs.
    alike = (np.arange(8) < 5 + (np.arange(30)[:, None] % 5 == 0)).ravel()
    effects = [difference_effect(up, ~up, 0.6, shares=False, draws=30) for up in (sure, alike)]
    assert all(0.05 < effect.p < 0.2 for effect in effects)
    assert [is_hopeless(effect, look, 1) for effect in effects] == [True, False]


# ---- runs ----


def test_runs_that_join_those_there_are_bit_for_bit_the_runs_trained_at_once(path):
    spec, seeds = load(path), range(7, 107)
    requests = _requests(spec, spec.draws)
    looks = plan(seeds, spec.draws, until_decided=True)
    assert len(looks) == 2
    kept = {key: [] for key in requests}
    for look in looks:
        for key, more in trained(requests, look.part):
            kept[key].append(more)
    at_once = train_all(requests, seeds)
    for key, (first, second) in kept.items():
        joined = arm_results(first.and_more(second), requests[key])
        for name, value in at_once[key]._asdict().items():
            if name == "measures":
                assert joined.measures.keys() == value.keys()
                for measure, values in value.items():
                    np.testing.assert_array_equal(joined.measures[measure], values)
            else:
                np.testing.assert_array_equal(getattr(joined, name), value, err_msg=name)
    assert sum(networks(requests, look.part) for look in looks) == networks(requests, Part(seeds))
    assert sum(len(results.loss) for results in at_once.values()) == networks(requests, Part(seeds))


def test_each_claim_stops_at_the_look_that_decides_it(document):
    where = {key: claim["stopped"] for key, claim in document["claims"].items()}
    assert {key: (stop["look"], stop["runs"]) for key, stop in where.items()} == {
        "adam-lower": (1, 40), "momentum-lower": (1, 40), "xor-harder": (3, 160), "xor-hard": (5, 642),
    }  # fmt: skip
    assert [(stop["decided"], stop["given_up"]) for stop in where.values()] == [
        (True, False), (True, False), (False, True), (False, False),
    ]  # fmt: skip
    assert [look["runs"] for look in document["looks"]] == [40, 80, 160, 320, 642]
    assert [look["decided"] for look in document["looks"]] == [2, 0, 0, 0, 0]
    assert [look["given_up"] for look in document["looks"]] == [0, 0, 1, 0, 0]
    assert sum(look["level"] for look in document["looks"]) == pytest.approx(0.05)
    claims = document["claims"]
    assert (claims["xor-harder"]["verdict"], claims["xor-hard"]["verdict"]) == ("undecided", "undecided")
    assert claims["xor-harder"]["fresh_needed"]
    # Adam's runs go on for another claim; this one has those at which it was decided.
    assert [arm["runs"] for arm in claims["adam-lower"]["arms"]] == [40, 40]
    assert mismatches(document, StudyDocument) == []


def test_only_what_undecided_claims_need_is_trained(document):
    # Adam on XOR and on linear data, the other arms of the first two claims; one draw for the answers and the finding;
    # the published result.
    assert document["trainings"]["done"] == 642 + 160 + 3 * 40 + 40 + 40 + 642
    assert document["trainings"]["planned"] == 5 * 640 + 3 * 642
    assert document["figures"]["optimizers"]["caption"] == (
        "40 to 160 runs an arm, over 8 draws of the data; lines are medians, bands quartiles, "
        "thin lines where the worst 5% begin."
    )
    assert document["figures"]["answers"]["caption"] == "40 runs."
    assert document["findings"][0]["table"]["rows"][0][-1] == "40"
    assert [reading["runs"] for reading in document["outside"][0]["ours"]] == [642]


def test_a_claim_that_is_open_to_the_last_look_has_the_runs_and_the_answer_of_a_study_without_looks(document, path):
    whole = study(path, seeds=642, seed=5)
    for name in ("effect", "p", "arms", "command"):
        assert document["claims"]["xor-hard"][name] == whole["claims"]["xor-hard"][name]
    assert whole["looks"] == []
    assert whole["claims"]["xor-hard"]["stopped"] is None
    assert whole["trainings"] == {"done": 5126, "planned": 5126}
    assert document["outside"] == whole["outside"]


def test_the_command_under_a_claim_that_stopped_trains_its_seeds_and_no_more(document, path):
    data_seed = load(path).claims[0].arms[0].trial.samples.data_seed
    first = document["claims"]["adam-lower"]["command"]
    assert first.startswith("for draw in {0..7}; do ")
    assert f"--data-seed $(({data_seed} + draw)) --seed $((5 + 80 * draw)) --seeds 5 " in first
    seeds = plan(range(5, 647), 8, until_decided=True)[0].part.chosen(8)
    assert seeds == [list(range(5 + 80 * draw, 5 + 80 * draw + 5)) for draw in range(8)]
    direct = [
        fnn.train(fnn.Config(hidden="3", epochs=40, lr=0.3), *fnn.data.linear(20, seed=data_seed + draw), seeds=own)
        for draw, own in enumerate(seeds)
    ]
    arm = document["claims"]["adam-lower"]["arms"][0]
    assert arm["solved"] == np.concatenate([r.solved for r in direct]).mean()
    assert arm["loss"]["median"] == pytest.approx(np.median(np.concatenate([r.loss for r in direct])))
    assert document["claims"]["xor-hard"]["command"].endswith(" --seed 5 --seeds 642 --out xor-hard.db")


def test_intervals_are_of_the_look_and_say_so(document, path):
    claim = document["claims"]["adam-lower"]
    assert "(99.7% interval, " in claim["words"]
    assert claim["p_adjusted"] < 0.05
    page = (path.parent / "out" / "index.html").read_text()
    assert "Decided at look 1 of 5, after 40 runs of an arm. Its interval is of 99.7%" in page
    assert "Given up at look 3 of 5, after 160 runs of an arm: all planned runs" in page
    assert "1,644 of 5,126 trainings" in page
    assert "40 (0.31%), 80 (0.31%), 160 (0.62%), 320 (1.25%), 642 (2.50%)" in page


# ---- the lab's study ----


@pytest.mark.slow
def test_the_labs_verdicts_are_those_of_a_thousand_seeds_with_at_most_a_quarter_of_the_trainings():
    until, whole = (study("lab", seeds=1000, until_decided=decided) for decided in (True, False))
    assert until["trainings"]["planned"] == whole["trainings"]["done"]
    assert until["trainings"]["done"] <= whole["trainings"]["done"] / 4
    sides = [{key: side(claim["verdict"]) for key, claim in document["claims"].items()} for document in (until, whole)]
    decided = {key for key, claim in until["claims"].items() if claim["stopped"]["decided"]}
    assert len(decided) >= 0.8 * len(sides[0])
    assert {key: sides[0][key] for key in decided} == {key: sides[1][key] for key in decided}


def side(word):
    """Return whether a verdict says that a claim is so, or not so, or neither: in which way may take more runs."""
    return "not so" if word in REFUTED else word


# ---- the command ----


def test_the_command_prints_looks_and_trainings(path, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main.run(["study", str(path), "--seeds", "642", "--seed", "5", "--until-decided"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert re.match(r"verdict +claim +effect \(interval\)", out)
    assert re.search(r"\nsupported +Adam reaches a lower loss\. .* decided at look 1, 40 runs\n", out)
    assert re.search(r"\nundecided +XOR is harder\. .* given up at look 3, 160 runs; a new study would need about", out)
    assert re.search(r"\nundecided +XOR is hard\. .* open at look 5, 642 runs", out)
    assert "\n1,644 of 5,126 trainings; looks planned at 40 (0.31%), 80 (0.31%), " in out
    written = json.loads((tmp_path / "fnn-study-mine" / "verdicts.json").read_text())
    assert written["command"] == "fnn study mine.toml --seeds 642 --seed 5 --until-decided"


def test_few_seeds_are_one_look_at_all_of_them(path):
    few = study(path, seeds=20, until_decided=True)
    assert [(look["runs"], look["level"]) for look in few["looks"]] == [(20, 0.05)]
    assert few["trainings"]["done"] == few["trainings"]["planned"]
    whole = study(path, seeds=20)
    assert {k: c["verdict"] for k, c in few["claims"].items()} == {k: c["verdict"] for k, c in whole["claims"].items()}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("mine.toml", "--multiverse"), r"--until-decided: expected no multiverse beside it: .*"),
        (("xor-literature",), r"--until-decided: expected a study with claims: .*"),
        (("mine.toml", "--seeds", "1"), r"--seeds: got 1; expected .*"),
    ],
)
def test_what_does_not_go_together_is_one_line_and_exit_code_2(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text(MINE)
    assert main.run(["study", *arguments, "--until-decided"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(rf"fnn: .*{message}\n", err)
    assert [entry.name for entry in tmp_path.iterdir()] == ["mine.toml"]


def test_until_decided_is_yes_or_no(path):
    with pytest.raises(InvalidSetting, match=r"until_decided: got 'maybe'"):
        study(path, until_decided="maybe")


def test_an_interrupted_study_until_decided_leaves_nothing_behind(tmp_path):
    (tmp_path / "long.toml").write_text(MINE.replace("epochs = 40", "epochs = 20000000"))
    ended = interrupted(tmp_path, "fnn-study-long", "study", "long.toml", "--seeds", 100, "--until-decided")
    assert ended == (130, "", "fnn: interrupted\n", [])
