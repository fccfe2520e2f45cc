"""Studies until decided: the looks planned, their error over all claims, and the runs that join those there are."""

import json
import re
from functools import partial

import numpy as np
import pytest
from processes import interrupted

import fnn
from fnn.cli import main
from fnn.errors import InvalidSetting
from fnn.stats.spending import look_levels
from fnn.studies.contrasts import difference_effect, share_effect
from fnn.studies.kept import Part
from fnn.studies.looks import Decision, Look, decide, is_hopeless, plan, run
from fnn.studies.parse import load
from fnn.studies.study import _requests, study

MINE = """
title = "Mine"
draws = 4

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
id = "as-good"
sentence = "A little momentum lowers the loss."
metric = "loss"
arms = [{ label = "a little", optimizer = "momentum", momentum = 0.001 }]
direction = "lower"
than = [{ label = "none", optimizer = "momentum", momentum = 0.0 }]
margin = 0.8

[[claims]]
id = "xor-lower"
sentence = "XOR is as easy."
metric = "loss"
arms = [{ label = "XOR", data = "xor4", momentum = 0.9 }]
direction = "lower"
than = [{ label = "linear" }]
margin = 0.55

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
    [(2, 1, [2]), (2, 30, [2]), (40, 1, [40]), (100, 1, [50, 100]), (100, 30, [30, 60, 100]), (480, 1, [30, 60, 120, 240, 480])],
)  # fmt: skip
def test_few_seeds_have_few_looks_and_none_at_which_nothing_could_be_told(seeds, draws, runs):
    looks = plan(range(seeds), draws, until_decided=True)
    assert [look.runs for look in looks] == runs
    assert sum(look.level for look in looks) == pytest.approx(0.05)
    assert [look.is_last for look in looks] == [False] * (len(runs) - 1) + [True]


# ---- the error over all looks and claims ----


def wrong_studies(rng, looks, effect, wrong, claims=31, studies=150):
    """Return the share of studies with a wrong verdict at any look. effect: of a claim, from its outcomes so far."""
    draws, count = looks[0].part.draws, 0
    for _ in range(studies):
        outcomes = [outcome(rng, draws, looks[-1].of_draw) for _ in range(claims)]
        decided = [None] * claims
        for look in looks:
            now = [d or effect(o[:, : look.of_draw], look.level) for d, o in zip(decided, outcomes, strict=True)]
            decided = decide(now, look)
        count += any(d.verdict in wrong for d in decided)
    return count / studies


def outcome(rng, draws, runs):
    """Return numbers (D, n) that are uniform from 0 to 1; over several draws they are shifted by their draw."""
    return rng.random((draws, runs)) + (rng.normal(0, 0.3, (draws, 1)) if draws > 1 else 0)


def pairs(outcomes, share, margin, level):
    """Return the effect of pairs of which that share is one way round, the others the other way."""
    up = np.abs(outcomes - 0.5) < (share / 2 if len(outcomes) == 1 else OVER_DRAWS[share])
    return difference_effect(up.ravel(), ~up.ravel(), margin, shares=False, draws=len(outcomes), level=level)


def runs(outcomes, share, margin, level):
    """Return the effect of runs of which that share is solved."""
    return share_effect((outcomes < share).ravel(), margin, up=True, draws=len(outcomes), level=level)


# How near to the middle these shares of the outcomes are, over all draws.
AWAY = np.abs(outcome(np.random.default_rng(1), 1_000_000, 1) - 0.5)
OVER_DRAWS = {share: float(np.quantile(AWAY, share)) for share in (0.5, 0.6)}
FIXED, DRAWN = (plan(range(480), draws, until_decided=True) for draws in (1, 15))
AT_MARGIN = {"supported", "no difference", "reversed", "too small", "falls short"}
CASES = {
    "at the margin": (partial(pairs, share=0.6, margin=0.6), AT_MARGIN, FIXED),
    "at the margin, over draws": (partial(pairs, share=0.6, margin=0.6), AT_MARGIN, DRAWN),
    "at the share": (partial(runs, share=0.9, margin=0.9), AT_MARGIN, FIXED),
    "no difference": (partial(pairs, share=0.5, margin=0.6), {"supported", "reversed", "too small"}, FIXED),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_a_study_of_31_claims_errs_at_any_look_in_at_most_a_twentieth(rng, case):
    effect, wrong, looks = CASES[case]
    assert len(looks) == 5
    assert wrong_studies(rng, looks, lambda outcomes, level: effect(outcomes, level=level), wrong) <= 0.05
