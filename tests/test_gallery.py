"""The figures of `fnn.plots`: they take results, return axes, and show their numbers."""

import subprocess
import sys

import numpy as np
import pytest
from matplotlib import pyplot as plt

import fnn
from fnn.errors import InvalidSetting

X, Y = fnn.data.xor()


@pytest.fixture(autouse=True)
def closed():
    plt.switch_backend("Agg")
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def results():
    return fnn.train([fnn.Config(lr=0.1), fnn.Config(lr=1.0)], X, Y, seeds=30)


def test_a_learning_curve_shows_the_loss_and_the_accuracy(results):
    top, bottom = fnn.plots.learning_curve(results[3])
    assert top.get_lines()[0].get_ydata()[-1] == pytest.approx(results.loss_curve[3, -1])
    assert (top.get_ylabel(), bottom.get_ylabel(), bottom.get_xlabel()) == ("loss", "accuracy", "epoch")
    top, _ = fnn.plots.learning_curve(results)
    medians = [line.get_ydata()[-1] for line in top.get_lines() if line.get_label() == "median"]
    assert medians == [pytest.approx(np.median(results.loss))]


def test_a_learning_curve_of_numbers_or_with_validation_has_their_score():
    numbers = fnn.train(fnn.Config(output="identity"), X[:, 0], np.sin(X[:, 0]), seeds=5)
    assert fnn.plots.learning_curve(numbers)[1].get_ylabel() == "R²"
    held_out = fnn.train(fnn.Config(epochs=50), X, Y, seeds=5, validation=(X[:4], Y[:4]))
    top, _ = fnn.plots.learning_curve(held_out)
    ends = {round(float(np.asarray(line.get_ydata())[-1]), 6) for line in top.get_lines()}
    assert round(float(np.median(held_out.validation_loss)), 6) in ends


def test_figures_of_the_plane_take_arrays(results):
    left, right = fnn.plots.predictions(results[0], X.tolist(), Y[:, 0])
    assert left.figure is right.figure
    ax = fnn.plots.decision_boundary(results.where(lr=0.1), X, Y)
    assert (ax.get_xlim()[0] < X.min(), ax.get_xlim()[1] > X.max()) == (True, True)
    for x, y in ((X[:, 0], Y), (X, Y + 1), (X, np.hstack((Y, Y))), (X[:5], Y)):
        with pytest.raises(InvalidSetting, match="x, y: got"):
            fnn.plots.predictions(results, x, y)
    assert len(plt.get_fignums()) == 2


def test_the_learning_rate_is_that_of_the_config(results):
    (line,) = fnn.plots.learning_rate(results).get_lines()
    assert line.get_ydata()[0] == 0.1


def test_what_a_sweep_and_train_give_are_drawn_alike(results):
    runs = fnn.sweep("xor", lr=[0.1, 1.0], seeds=30)
    for given in (results, runs):
        ax = fnn.plots.solved_shares(given)
        shares = [line.get_xdata()[0] for line in ax.get_lines() if len(line.get_xdata()) == 1]
        assert shares == [results.where(lr=lr).solved.mean() for lr in (0.1, 1.0)]
        (ax,) = fnn.plots.epochs_to_solve(given)
        assert sorted(line.get_ydata()[-1] for line in ax.get_lines()) == sorted(shares)


def test_a_heat_map_needs_two_settings_that_are_numbers(results):
    runs = fnn.sweep("xor", lr=[0.1, 1], momentum=[0.5, 0.9], optimizer="momentum", seeds=5)
    ax, bar = fnn.plots.heat_map(runs)
    assert {ax.get_xlabel(), ax.get_ylabel()} == {"lr", "momentum"}
    assert bar.figure is ax.figure
    with pytest.raises(InvalidSetting, match="two settings that are numbers"):
        fnn.plots.heat_map(results)
    assert len(plt.get_fignums()) == 1


def test_a_figure_of_one_s_own_is_drawn_into(results, tmp_path):
    figure = plt.figure(layout="constrained")
    assert fnn.plots.learning_rate(results, figure=figure).figure is figure
    figure.savefig(tmp_path / "lr.png")
    assert (tmp_path / "lr.png").stat().st_size > 1000
    assert len(plt.get_fignums()) == 1


def test_results_without_curves_have_no_learning_curve():
    with pytest.raises(InvalidSetting, match="curve_every above 0"):
        fnn.plots.learning_curve(fnn.train(fnn.Config(epochs=2), X, Y, curve_every=0))


def test_matplotlib_is_loaded_when_a_figure_is_asked_for():
    code = """
import sys, fnn
assert "learning_curve" in dir(fnn.plots)
assert not {"matplotlib", "numpy"} & set(sys.modules)
assert not hasattr(fnn.plots, "pie_chart")
"""
    subprocess.run([sys.executable, "-c", code], check=True)
