"""Labels: what a loss cannot mean is refused, and what it can is understood, wherever arrays come in."""

import numpy as np
import pytest
from ways import WAYS, train_by

import fnn
from fnn.cli.main import run
from fnn.data.samples import Part
from fnn.errors import InvalidSetting
from fnn.network.labels import read_labels
from fnn.network.scores import SCORES, score_of

SOFTMAX = {"loss": "cross-entropy", "output": "softmax"}
X = np.linspace(-1, 1, 30)[:, None]
THREE = np.arange(30) // 10


def test_a_column_of_classes_is_learnt_as_classes_by_softmax():
    results = fnn.train(fnn.Config(hidden=8, lr=0.05, **SOFTMAX), X, THREE, seeds=range(5))
    assert results.params[-1].shape == (5, 9, 3)
    answers = fnn.predict(results.layers[0], results.params, X).argmax(axis=-1)
    assert results.score == pytest.approx((answers == THREE).mean(axis=1))
    assert results.solved.any()
    given = fnn.train(fnn.Config(hidden=8, lr=0.05, **SOFTMAX), X, np.eye(3)[THREE], seeds=range(5))
    assert np.array_equal(given.flat[0], results.flat[0])


@pytest.mark.parametrize(
    ("settings", "y", "message"),
    [
        ({}, THREE, r"y: got 2\.0; expected labels from 0 to 1 with output sigmoid: output softmax and loss cross-ent"),
        ({"loss": "bce"}, THREE, r"classes 0, 1, 2, output identity"),
        ({"loss": "bce"}, THREE % 2 * 2 - 1, r"y: got -1\.0; .*such as 0 and 1 for -1 and 1"),
        ({}, THREE % 2 * 2 - 1, r"y: got -1\.0; .*output tanh for labels -1 and 1"),
        ({"output": "tanh"}, THREE, r"labels from -1 to 1 with output tanh"),
        ({"output": "relu"}, -THREE, r"labels of at least 0 with output relu"),
        ({"loss": "huber"}, X[:, 0] * 50, r"output identity and loss mse for numbers; .*fnn\.fit"),
        (SOFTMAX, THREE + 1, r"y: got '1, 2, 3'; expected with loss cross-entropy in one column whole numbers from 0"),
        (SOFTMAX, np.zeros(30), r"y: got '0'; .* at least two"),
        (SOFTMAX, X, r"y: got '-1, .*, …'"),
        (SOFTMAX, np.eye(3)[THREE] * 2, r"y: got \[2\.0, 0\.0, 0\.0\]; expected rows of probabilities"),
        (SOFTMAX, np.ones((30, 2)) - [2.0, 0.0], r"rows of probabilities"),
        ({}, ["a"] * 30, "y: got"),
        ({}, np.where(THREE > 1, np.nan, 0), r"y: got nan; .*it is at \[20\]"),
        ({}, np.zeros((30, 2, 1)), r"y: got 'shape \(30, 2, 1\)'; expected a row for each sample"),
        ({}, np.zeros(29), r"x, y: got \(\(30, 1\), \(29, 1\)\); expected shapes .*as many rows in y as in x"),
    ],
)
def test_labels_that_a_loss_cannot_mean_are_refused(settings, y, message):
    config = fnn.Config(hidden=2, epochs=2, **settings)
    for call in (
        lambda: fnn.train(config, X, y),
        lambda: fnn.train(config, X, y, backend="numpy"),
        lambda: fnn.sweep((X, y), hidden=2, epochs=2, seeds=2, **settings),
    ):
        with pytest.raises(InvalidSetting, match=message):
            call()


def test_a_label_of_what_is_held_out_is_read_as_the_others():
    config = fnn.Config(hidden=2, epochs=2, **SOFTMAX)
    results = fnn.train(config, X, THREE % 2, validation=(X, THREE))  # a class that is held out alone
    assert results.layers[0][-1].fan_out == 3
    with pytest.raises(InvalidSetting, match="y: got 2"):
        fnn.train(fnn.Config(hidden=2, epochs=2), X, THREE % 2, validation=(X, THREE))


def test_one_column_may_be_given_without_its_second_axis():
    config = fnn.Config(hidden=2, epochs=5)
    flat = fnn.train(config, X[:, 0], THREE % 2, validation=(X[:, 0], THREE % 2))
    assert flat.loss == fnn.train(config, X, (THREE % 2)[:, None]).loss
    assert flat.validation_loss == flat.loss


def test_a_sweep_over_named_data_learns_classes_by_softmax():
    runs = fnn.sweep("xor4", seeds=20, lr=0.1, **SOFTMAX)
    assert 0 < runs.solved.sum() < 20 or runs.epochs_to_solve.min() > 0


def test_a_refused_sweep_writes_nothing(tmp_path):
    with pytest.raises(InvalidSetting):
        fnn.sweep((X, THREE), seeds=2, out=tmp_path / "x.db", activation=["tanh", "relu"], output=["identity", "tanh"])
    assert not list(tmp_path.iterdir())


def test_two_labels_are_scored_only_where_the_score_tells_them_apart():
    def of(*values):
        return score_of(np.array(values, float)[:, None], "mse")

    assert [of(0, 1), of(0.1, 0.9), of(0, 0), of(1, 1)] == ["sides"] * 4
    assert [of(-1, 1), of(-0.9, 0.9, 0.9)] == ["signs"] * 2
    assert [of(1, 2), of(-2, -1), of(3, 3), of(0, 1, 2), of(0, 0.2)] == ["squares"] * 5


@pytest.mark.parametrize("way", WAYS)
def test_labels_of_either_sign_are_answered_by_the_sign_in_every_way(way, rng):
    x = rng.normal(size=(64, 2))
    y = np.sign(x[:, :1] * x[:, 1:])
    part = Part(x, y, np.ones(64), np.ones(64), 64, score_of(y, "mse"))
    assert part.score == "signs"
    results = train_by(way, [fnn.Config(output="tanh", lr=0.02, epochs=30)], [part], seeds=range(9))
    answers = fnn.predict(results.layers[0], results.params, x)
    assert results.score == pytest.approx(((answers > 0) == (y > 0)).all(axis=-1).mean(axis=-1))
    assert (results.score != ((answers > 0.5) == (y > 0)).all(axis=-1).mean(axis=-1)).any()


def test_nan_is_on_no_side():
    y = np.array([[-1.0], [1.0]])
    assert SCORES["signs"].miss(np.array([[np.nan], [np.nan]]), y).tolist() == [1, 1]
    assert SCORES["signs"].miss(np.array([[-0.1], [0.1]]), y).tolist() == [0, 0]


def test_labels_that_are_fine_stay_as_they_are():
    y = np.array([[0.25, 0.75], [1.0, 0.0]])
    for loss, output in (("cross-entropy", "softmax"), ("bce", "sigmoid"), ("mse", "sigmoid"), ("mse", "identity")):
        assert read_labels(y, loss, output) is y


def test_the_command_line_learns_two_classes_by_softmax_and_says_the_probability_of_1(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ["train", "--data", "xor4", "--loss", "cross-entropy", "--output", "softmax"]
    assert run([*words, "--seed", "1"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:5]]
    assert [(label, float(p.replace("−", "-")) > 0.5) for *_, label, p in rows] == [
        ("0", False),
        ("1", True),
        ("1", True),
        ("0", False),
    ]
    model = fnn.load("fnn-xor4/model.npz")
    assert model.task == "multiclass"
    assert model.predict({"x1": [0, 0, 1, 1], "x2": [0, 1, 0, 1]}).tolist() == [0, 1, 1, 0]
