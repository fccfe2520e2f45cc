"""What `train` gives: shown in five lines, asked for answers, cut, and taken elsewhere as rows."""

import numpy as np
import pytest

import fnn
from fnn.errors import InvalidSetting
from fnn.formats import number
from fnn.frames import as_frame

X, Y = fnn.data.xor()
CONFIGS = [fnn.Config(lr=0.1), fnn.Config(lr=1.0, hidden=8), fnn.Config(lr=0.1, dtype="float32", epochs=100)]


@pytest.fixture(scope="module")
def one():
    return fnn.train(fnn.Config(), X, Y[:, 0], seeds=200)


@pytest.fixture(scope="module")
def several():
    return fnn.train(CONFIGS, X, Y, seeds=[3, 1, 9])


def test_a_stack_is_shown_in_five_lines(one, several):
    assert repr(one).splitlines()[:4] == [
        "Results of 200 networks 2 → 4 → 4 → 1, 200 seeds",
        "settings  hidden 4x4, optimizer adam, lr 0.1, loss mse, epochs 500",
        "loss      "
        + f"median {number(np.median(one.loss))}, from {number(one.loss.min())} to {number(one.loss.max())}",
        f"solved    {one.solved.sum()} of 200 = {one.solved.mean():.1%}; of those the median is after "
        f"{number(np.median(one.epochs_to_solve[one.solved]))} epochs",
    ]
    for results in (one, several, several[0], one[~one.solved], one.best()):
        assert len(repr(results).splitlines()) == 5
        assert max(map(len, repr(results).splitlines())) <= 120
    assert "settings  hidden 4x4, 8; dtype float64, float32; epochs 500, 100; lr 0.1, 1" in repr(several)
    assert f"solved    after {one.best().epochs_to_solve[0]} of 500 epochs" in repr(one.best())
    assert "solved    not within 500 epochs" in repr(one[~one.solved][0])


def test_divergence_is_said_and_its_loss_kept_out_of_the_range():
    results = fnn.train(fnn.Config(optimizer="sgd", lr=1e6, output="identity"), X, Y, seeds=3)
    assert "loss      not finite; 3 diverged" in repr(results)
    assert np.abs(results.predict(X)).max() > 1e100
    assert len(results.best()) == 1


def test_answers_are_those_of_each_network(one, several):
    assert one.predict(X) == pytest.approx(fnn.predict(one.layers[0], one.params, X))
    answers = several.predict(X.tolist())
    assert answers.shape == (9, 21, 1)
    for k in range(9):
        config = k // 3
        x = X.astype(several.flat[config].dtype)
        assert np.array_equal(answers[k], fnn.predict(several.layers[config], several.network(k), x))


@pytest.mark.parametrize("x", [[0, 1], [[0, 1, 1]], np.zeros((1, 2, 2)), [[np.nan, 0]], [["a", "b"]], np.zeros((0, 2))])
def test_what_does_not_fit_is_refused(one, x):
    with pytest.raises(InvalidSetting, match="x: got"):
        one.predict(x)


def test_one_input_may_be_asked_without_its_second_axis():
    results = fnn.train(fnn.Config(hidden=3, output="identity", epochs=5), X[:, 0], X[:, 1])
    assert np.array_equal(results.predict(X[:, 0]), results.predict(X[:, :1]))


def test_some_networks_are_results_of_their_own(several):
    for which in (7, -2, slice(2, 8, 2), [8, 0, 4], several.seeds == 9, slice(None)):
        some, places = several[which], np.atleast_1d(np.arange(9)[which])
        assert some.seeds.tolist() == several.seeds[places].tolist()
        assert some.loss.tolist() == several.loss[places].tolist()
        assert some.loss_curve.shape[0] == len(some) == len(places)
        for k, place in enumerate(places):
            assert some.config(k) == several.config(place)
            assert all(map(np.array_equal, some.network(k), several.network(place)))
        assert np.array_equal(some.predict(X), several.predict(X)[places])
    with pytest.raises(IndexError):
        several[9]
    with pytest.raises(IndexError, match="none of the networks"):
        several[several.loss < 0]


def test_results_of_one_config_keep_their_one_stack(one):
    assert one[3:7].params[0].shape == (4, 3, 4)
    assert one[one.solved].config(0).hidden == (4, 4)


def test_the_best_is_that_of_the_lowest_loss_on_what_is_held_out(one):
    assert one.best().loss[0] == one.loss.min()
    held_out = fnn.train(fnn.Config(epochs=50), X, Y, seeds=30, validation=(X[:5], Y[:5]))
    best = held_out.best()
    assert best.validation_loss[0] == held_out.validation_loss.min()
    assert best.loss[0] != held_out.loss.min()


def test_curves_are_by_name(one):
    curves = one.curves
    assert curves.epochs.shape == (501,)
    assert curves.loss is one.loss_curve
    assert curves.score is one.accuracy_curve
    assert curves.validation_loss.shape == (200, 0)


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrays"])
def test_a_frame_has_a_row_for_each_network(several, kind):
    pytest.importorskip(kind) if kind != "arrays" else None
    frame = several.frame(kind)
    names = ["hidden", "dtype", "epochs", "lr", "seed", "loss", "accuracy", "solved", "epochs_to_solve", "diverged"]
    assert list(frame if kind == "arrays" else frame.columns) == [*names, "stopped"]
    assert list(frame["hidden"]) == ["4x4"] * 3 + ["8"] * 3 + ["4x4"] * 3
    assert list(frame["seed"]) == [3, 1, 9] * 3
    assert list(frame["loss"]) == several.loss.tolist()
    solved = np.asarray(frame["epochs_to_solve"])
    assert np.array_equal(np.isnan(solved), ~several.solved)


def test_a_frame_is_of_what_is_installed(one, monkeypatch):
    with pytest.raises(InvalidSetting, match=r"kind: got 'panda'; expected .* mean pandas"):
        one.frame("panda")
    monkeypatch.setattr("fnn.frames.find_spec", lambda name: None)
    assert set(one.frame()) == {"seed", "loss", "accuracy", "solved", "epochs_to_solve", "diverged", "stopped"}
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(InvalidSetting, match="kind: got 'pandas'; expected pandas installed"):
        as_frame({}, "pandas")


def test_numbers_have_a_score_and_no_accuracy():
    results = fnn.train(fnn.Config(output="identity", hidden=8), X[:, 0], np.sin(X[:, 0]), seeds=3)
    assert results.score_name == "r2"
    assert "\nr2        median" in repr(results)
    assert "solved    " not in repr(results)
    for name in ("accuracy", "accuracy_curve"):
        with pytest.raises(AttributeError, match="`score` is r2"):
            getattr(results, name)
    assert list(results.frame("arrays")) == ["seed", "loss", "r2", "diverged", "stopped"]
