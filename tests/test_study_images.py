"""A study whose arms look at their two inputs as an image: from its file to verdicts, cells, looks and a page."""

import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import fnn
from fnn.cli import main
from fnn.config import SEED
from fnn.studies.study import study

RUNS = 60
CONVOLVED = """
title = "Windows"
rates = [0.1, 0.3]
[base]
data = "xor4"
epochs = 120
[nuisance]
init = ["normal", "xavier"]
hidden = ["2x2", "4x4"]
lr = "best"
[figures.kinds]
title = "Kinds"
[[figures.kinds.arms]]
label = "dense"
[[figures.kinds.arms]]
label = "convolution"
image = "1x2"
hidden = "conv3:1-conv4:2"
[figures.answers]
title = "Answers"
kind = "answers"
[[figures.answers.arms]]
label = "pooled"
image = "1x2"
hidden = "conv4:1-pool2-4"
[[claims]]
id = "faster"
sentence = "A convolution is faster."
figure = "kinds"
metric = "epochs"
arms = ["convolution"]
than = ["dense"]
direction = "lower"
margin = 0.6
alternatives = [{ label = "wider", arms = [{ label = "of 8", hidden = "conv8:1-8", image = "1x2" }] }]
[[claims]]
id = "learns"
sentence = "A convolution learns it."
settings = { image = "1x2" }
arms = [{ label = "window of both", hidden = "conv4:2-4" }]
at_least = 0.5
nuisance = ["init"]
"""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "windows.toml"
    path.write_text(CONVOLVED)
    return path


def trained(**settings):
    config = fnn.Config(epochs=120, **settings)
    return fnn.train(config, *fnn.data.xor4(), seeds=range(SEED, SEED + RUNS), curve_every=0)


def test_arms_are_the_networks_that_training_gives_and_figures_show_them(path):
    document = study(path, seeds=RUNS, out=path.parent / "out")
    arms = {arm["label"]: arm for claim in document["claims"].values() for arm in claim["arms"]}
    direct = {
        "dense": trained(),
        "convolution": trained(hidden="conv3:1-conv4:2", image="1x2"),
        "window of both": trained(),  # which is a dense layer
    }
    assert arms.keys() == direct.keys()
    for label, runs in direct.items():
        assert arms[label]["solved"] == runs.solved.mean()
        assert arms[label]["loss"]["median"] == pytest.approx(np.median(runs.loss))
    assert arms["convolution"]["loss"] != arms["dense"]["loss"]
    for figure in document["figures"].values():
        assert ET.parse(path.parent / "out" / figure["file"]).getroot().tag.endswith("svg")
    assert "convolution" in (path.parent / "out" / "index.html").read_text(encoding="utf-8")


def test_in_other_settings_a_convolution_stays_one_and_other_sizes_are_tried_beside(path):
    claims = study(path, seeds=RUNS, multiverse=True)["claims"]
    faster, learns = (claims[key]["multiverse"] for key in ("faster", "learns"))
    assert faster["specifications"] == 2 * 2 * 2  # init, lr, and the measure: the arms differ in hidden
    assert faster["by"].keys() == {"init", "lr", "measure"}
    assert faster["by"]["measure"].keys() == {"as stated", "wider"}
    assert (learns["specifications"], learns["by"].keys()) == (2, {"init"})


def test_looks_decide_about_convolutions_as_one_look_does(path):
    whole, until = (study(path, seeds=640, until_decided=decided)["claims"] for decided in (False, True))
    decided = {key for key, claim in until.items() if claim["stopped"]["decided"]}
    assert decided
    assert all((whole[key]["verdict"] == "supported") == (until[key]["verdict"] == "supported") for key in decided)


def test_the_command_under_a_claim_trains_the_same_convolutions(path, monkeypatch, capsys):
    monkeypatch.chdir(path.parent)
    claim = study(path, seeds=RUNS)["claims"]["faster"]
    for command in claim["command"].split(" && "):
        assert main.run(command.split()[1:]) == 0
    capsys.readouterr()
    assert main.run(["show", "faster.db", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out.splitlines()[-1])["arms"]
    assert sorted(arm["solved"] for arm in shown) == sorted(arm["solved"] for arm in claim["arms"])
    assert len(shown) == 2
