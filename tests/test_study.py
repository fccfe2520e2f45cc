"""Studies: files that say what is wrong in them, metrics on paper, verdicts on data whose truth is known."""

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest

import cli
import fnn
from fnn import study
from fnn.stats import Comparison

SMALL = """
title = "A small study"
[base]
data = "xor4"
epochs = 60
[arms.slow]
optimizer = "sgd"
lr = 0.01
[arms.fast]
optimizer = "adam"
[arms.other]
loss = "bce"
[[sections]]
id = "one"
title = "Only one"
[[figures]]
id = "curves"
section = "one"
title = "Both"
arms = ["slow", "fast"]
[[claims]]
id = "adam-first"
section = "one"
sentence = "Adam is <faster> & better."
metric = "epochs to solve"
arm = "fast"
against = ["slow"]
figure = "curves"
nuisance = ["init"]
[[claims]]
id = "sgd-lower"
section = "one"
sentence = "Plain descent ends lower."
metric = "final loss"
arm = "slow"
against = ["fast"]
[nuisance]
init = ["normal", "xavier"]
"""


def loaded(tmp_path, text=SMALL, **changes):
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    return study.load(tmp_path / "mine.toml")


@pytest.mark.parametrize(("old", "new", "message"), [
    ('metric = "final loss"', 'metric = "final los"', r"got 'final los'; .*mean final loss.*mine.toml, line LINE"),
    ('arm = "slow"\n', 'arm = "slwo"\n', r"got 'slwo'; expected one of slow, fast.*line LINE"),
    ('[arms.fast]\n', '[arms.fast]\nlrr = 3\n', r"got 'lrr'.*did you mean lr.*line LINE"),
    ('lr = 0.01', 'lr = -1', r"got -1; expected lr: a finite number.*line LINE"),
    ('title = "Both"', 'titel = "Both"', r"got 'titel'; expected .*did you mean title.*line LINE"),
    ('nuisance = ["init"]', 'nuisance = ["lr"]', r"got 'lr'; expected one of init"),
    ('figure = "curves"', 'figure = "curve"', r"got 'curve'.*did you mean curves"),
    ('against = ["slow"]\n', '', r"got 'adam-first'; expected arms to compare with"),
    ('against = ["fast"]\n', 'against = ["other"]\n', r"got 'final loss'; expected a metric that different losses"),
    ('title = "A small study"', 'title = ', r"expected a TOML file"),
])  # fmt: skip
def test_what_is_wrong_in_a_file_is_said_with_its_line(old, new, message, tmp_path):
    text = SMALL.replace(old, new)
    line = text[: text.index(new.strip().rpartition("\n")[2])].count("\n") + 1 if new.strip() else 0
    with pytest.raises(fnn.InvalidSetting, match=message.replace("LINE", str(line))):
        loaded(tmp_path, change=(old, new))


def results(**fields):
    return SimpleNamespace(**{name: np.array(value) for name, value in fields.items()})


def test_metrics_on_paper():
    # Over the last fifth of ten epochs, the last two points: a rise by a factor of 10, a fall, and no number.
    curves = np.array([[1.0] * 8 + [0.01, 0.1], [1.0] * 8 + [0.1, 0.01], [1.0] * 8 + [1.0, np.nan]])
    runs = results(
        loss_curve=curves,
        solved=[True, False, False],
        epochs_to_solve=[3, -1, -1],
        loss=[0.1, 0.01, np.nan],
        accuracy_curve=[[0.5] * 9 + [1.0]] * 3,
    )
    assert study.late_roughness(runs).tolist() == [1.0, 0.0, math.inf]
    assert study.METRICS["epochs to solve"](runs, 0).tolist() == [3, math.inf, math.inf]
    assert study.METRICS["final loss"](runs, 0).tolist() == [0.1, 0.01, math.inf]
    assert study.METRICS["loss at epoch"](runs, 8).tolist() == [0.01, 0.1, 1.0]
    assert study.METRICS["accuracy at epoch"](runs, 9).tolist() == [0, 0, 0]
    assert np.isfinite(study.METRICS["solved"](runs, 0)).tolist() == [True, False, False]


@pytest.mark.parametrize(("low", "high", "p", "word"), [
    (0.6, 0.7, 0.001, "supported"), (0.6, 0.7, 0.2, "undecided"), (0.5, 0.7, 0.001, "undecided"),
    (0.4, 0.54, 0.5, "refuted"), (0.1, 0.2, 1e-9, "refuted"),
])  # fmt: skip
def test_a_verdict_is_where_the_interval_lies(low, high, p, word):
    effect = study.Effect(Comparison((low + high) / 2, low, high, p), 0.5, 0.55, "b")
    assert study.verdict(effect, p) == word


def test_of_several_comparisons_all_have_to_hold():
    assert study.joined(["supported", "supported"]) == "supported"
    assert study.joined(["supported", "undecided"]) == "undecided"
    assert study.joined(["undecided", "refuted", "supported"]) == "refuted"


def test_verdicts_on_runs_whose_truth_is_known(rng):
    luck = rng.normal(size=1000)
    claim = {"metric": "final loss", "arm": "a", "against": ["b"]}

    def measured(a, b):
        return {
            n: study.Measured({("final loss", 0): np.exp(v)}, {}, np.empty((3, 0))) for n, v in (("a", a), ("b", b))
        }

    words = []
    for shift in (-0.5, 0.0, 0.5):
        noise = 0.3 * rng.normal(size=(2, 1000))
        (effect,) = study.effects(claim, measured(luck + noise[0] + shift, luck + noise[1]))
        words.append(study.verdict(effect, effect.found.p))
    assert words == ["supported", "refuted", "refuted"]
    few = measured(luck[:20] + 0.3 * rng.normal(size=20), luck[:20] + 0.3 * rng.normal(size=20) + 0.05)
    assert study.verdict(study.effects(claim, few)[0], 0.01) == "undecided"


def test_what_a_verdict_depends_on_is_the_setting_that_tells_the_cells_apart():
    by = {
        "init": {"a": {"supported": 10, "refuted": 0}, "b": {"supported": 0, "refuted": 10}},
        "seed": {"1": {"supported": 5, "refuted": 5}, "2": {"supported": 5, "refuted": 5}},
    }
    assert study._depends(by) == ["init"]


def test_a_study_from_file_to_page(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    loaded(tmp_path)
    assert cli.run(["study", "mine.toml", "--seeds", "300", "--multiverse"]) == 0
    out = capsys.readouterr().out
    assert "Adam is <faster> & better." in out
    folder = tmp_path / "fnn-study-mine"
    document = json.loads((folder / "verdicts.json").read_text(encoding="utf-8"))
    first, second = document["claims"]["adam-first"], document["claims"]["sgd-lower"]
    assert first["verdict"] == "supported"
    assert second["verdict"] == "refuted"
    assert first["multiverse"]["cells"] == 2
    assert document["counts"] == {"supported": 1, "refuted": 1, "mixed": 0, "undecided": 0}
    x, y = fnn.data.xor4()
    runs = [fnn.train(fnn.Config(epochs=60, **arm), x, y, seeds=range(312551116, 312551416)) for arm in (
        {"optimizer": "adam"}, {"optimizer": "sgd", "lr": 0.01})]  # fmt: skip
    a, b = (np.where(r.solved, r.epochs_to_solve, np.inf) for r in runs)
    assert first["effect"] == pytest.approx((a < b).mean() + (a == b).mean() / 2)
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "Adam is &lt;faster&gt; &amp; better." in page
    assert (folder / "curves.png").exists()


def test_the_shipped_study_says_the_same_of_two_blocks_of_seeds():
    lab = study.load("lab")
    blocks = [study.run(lab, 1000, seed)[0]["claims"] for seed in (312551116, 7_000_000)]
    flips = {
        key: (claim["verdict"], blocks[1][key]["verdict"])
        for key, claim in blocks[0].items()
        if claim["verdict"] != blocks[1][key]["verdict"]
    }
    assert flips == {}


def test_bad_input_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for arguments in (["study", "lba"], ["study", "lab", "--seeds", "0"], ["study", "lab", "--threads", "0"]):
        assert cli.run(arguments) == 2
        assert capsys.readouterr().err.count("\n") == 1
