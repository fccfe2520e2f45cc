from dataclasses import replace

import numpy as np
import pytest
from matplotlib import image
from matplotlib.figure import Figure

import fnn
from fnn.plots import run as plots
from fnn.plots.style import limits
from fnn.stats.curves import answer_share, wrong_share


@pytest.fixture(scope="module", params=[1, 30], ids=["one network", "a stack"])
def drawn(request, xor, tmp_path_factory):
    config, *samples = xor
    results = fnn.train(config, *samples, seeds=range(request.param))
    folder = tmp_path_factory.mktemp("figures")
    return results, plots.save_figures(folder, results, fnn.data.Data(*samples))


def test_every_figure_exists_and_shows_something(drawn):
    _, paths = drawn
    assert [p.name for p in paths] == [
        "learning-curve.png",
        "predictions.png",
        "decision-boundary.png",
        "learning-rate.png",
    ]
    for path in paths:
        pixels = image.imread(path)[..., :3]
        assert min(pixels.shape[:2]) > 400
        assert (pixels.min(axis=2) < 0.9).mean() > 0.01, f"{path.name} is blank"
        coloured = np.ptp(pixels, axis=2) > 0.2
        assert coloured.mean() > 0.001, f"{path.name} shows no data"


def test_the_learning_curve_draws_the_losses_it_was_given(drawn):
    results, _ = drawn
    figure = Figure()
    plots.learning_curve(figure, results, None)
    top, bottom = figure.axes
    epochs, losses = top.get_lines()[0].get_data()
    assert {0, 500} < set(epochs)
    assert losses == pytest.approx(np.median(results.loss_curve, axis=0)[epochs], rel=1e-6)
    assert top.get_yscale() == "log"
    assert bottom.get_lines()[0].get_ydata() == pytest.approx(np.median(results.accuracy_curve, axis=0)[epochs])


def test_the_bands_of_a_stack_are_its_quantiles(drawn):
    results, _ = drawn
    figure = Figure()
    plots.learning_curve(figure, results, None)
    bands = figure.axes[0].collections
    if len(results) == 1:
        assert not bands
        return
    last = results.loss_curve[:, -1].astype(float)
    for band, probabilities in zip(bands, ([0.05, 0.95], [0.25, 0.75]), strict=True):
        corners = {tuple(corner) for corner in band.get_paths()[0].vertices}
        assert {(500, level) for level in np.quantile(last, probabilities)} <= corners


def test_predictions_stand_beside_the_truth_and_wrong_ones_are_ringed(xor):
    config, *samples = xor
    data = fnn.data.Data(*samples)
    results = fnn.train(fnn.Config(epochs=20), *data, seeds=[3])
    answers = fnn.predict(results.layers[0], results.network(0), data.x)[:, 0] > 0.5
    wrong = answers != data.y[:, 0]
    assert 0 < wrong.sum() < len(wrong)
    figure = Figure()
    plots.predictions(figure, results, data)
    left, right = figure.axes
    zeros, ones, rings = (part.get_offsets() for part in right.collections)
    np.testing.assert_array_equal(left.collections[1].get_offsets(), data.x[data.y[:, 0] == 1])
    np.testing.assert_array_equal(zeros, data.x[~answers])
    np.testing.assert_array_equal(ones, data.x[answers])
    np.testing.assert_array_equal(rings, data.x[wrong])
    stack = Figure()
    results = fnn.train(config, *data, seeds=range(30))
    plots.predictions(stack, results, data)
    wrong = wrong_share(results, data.x, data.y[:, 0])
    assert 0 < wrong.max() < 1
    for marks, label in zip(stack.axes[1].collections, (0, 1), strict=True):
        np.testing.assert_array_equal(marks.get_array(), wrong[data.y[:, 0] == label])


def test_what_is_not_a_number_is_wrong_whatever_the_label():
    config = fnn.Config(activation="identity", output="identity", optimizer="sgd", lr=10.0)
    samples = fnn.data.xor()
    results = fnn.train(config, *samples, seeds=range(3))
    nowhere = replace(results, flat=(np.full_like(results.flat[0], np.nan),))
    np.testing.assert_array_equal(wrong_share(nowhere, samples.x, samples.y[:, 0]), 1)


def test_networks_that_fail_are_drawn_and_the_ends_of_others_are_marked(xor):
    _, *samples = xor
    results = fnn.train(fnn.Config(stop_loss=0.001), *samples, seeds=range(60))
    failed = np.flatnonzero(~results.solved)
    assert 0 < len(failed) < plots.MOST_FAILED
    figure = Figure()
    plots.learning_curve(figure, results, fnn.data.Data(*samples), "xor")
    top = figure.axes[0]
    lines = [line for line in top.get_lines() if line.get_linewidth() == 0.8 and len(line.get_xdata())]
    last = sorted(float(line.get_ydata()[-1]) for line in lines)
    assert last == pytest.approx(sorted(results.loss_curve[failed, -1].tolist()))
    (ticks,) = [line for line in top.get_lines() if line.get_marker() == "|" and len(line.get_xdata())]
    assert sorted(ticks.get_xdata()) == sorted(results.stopped[results.met])
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["5–95%", "25–75%", "median", "not solved", f"{results.met.sum()} stopped"]
    assert f"xor: 60 networks, {results.solved.sum()} solved" in figure.get_suptitle()
    assert "stop-loss 0.001" in figure.get_suptitle()


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"stop_loss": 0.01}, "stopped"),
        ({"activation": "identity", "output": "identity", "optimizer": "sgd", "lr": 10.0}, "diverged"),
    ],
)
def test_a_line_ends_where_its_network_does(xor, settings, word):
    _, *samples = xor
    results = fnn.train(fnn.Config(**settings), *samples)
    epoch = int((results.diverged if word == "diverged" else results.stopped)[0])
    assert 0 < epoch < 500
    figure = Figure()
    plots.learning_curve(figure, results)
    for ax in figure.axes:
        line, mark = ax.get_lines()
        assert line.get_xdata()[-1] == mark.get_xdata()[0] == ax.get_xlim()[1] == epoch
        assert mark.get_label() == f"{word} after {epoch}"


def test_the_plane_is_coloured_by_what_is_answered_there(drawn, xor):
    results, _ = drawn
    figure = Figure()
    plots.decision_boundary(figure, results, fnn.data.Data(*xor[1:]))
    mesh = figure.axes[0].collections[0]
    corners = np.asarray(mesh.get_coordinates()).reshape(-1, 2)
    if len(results) == 1:
        expected = fnn.predict(results.layers[0], results.network(0), corners)[:, 0]
    else:
        expected = answer_share(results, corners)
    assert np.asarray(mesh.get_array()).ravel() == pytest.approx(expected)


def test_the_learning_rate_is_drawn_as_the_schedule_has_it(xor):
    results = fnn.train(fnn.Config(lr=0.2, scheduler="polynomial", epochs=4), *xor[1:])
    figure = Figure()
    plots.learning_rate(figure, results, None)
    (line,) = figure.axes[0].lines
    assert line.get_xdata().tolist() == [0, 1, 2, 3, 4]
    assert line.get_ydata() == pytest.approx([0.2, 0.15, 0.1, 0.05, 0.05])


def test_limits_leave_a_margin_even_around_one_point():
    assert limits(np.array([[0.0, 0.0], [1.0, 2.0]])).tolist() == [[-0.16, 1.16], [-0.16, 2.16]]
    (left, right), _ = limits(np.array([[3.0, 3.0]]))
    assert left < 3 < right


def test_divergence_is_drawn_too(tmp_path):
    config = fnn.Config(activation="identity", output="identity", optimizer="sgd", lr=10.0)
    samples = fnn.data.xor()
    for count in (1, 4):
        results = fnn.train(config, *samples, seeds=range(count))
        assert (results.diverged >= 0).all()
        assert len(plots.save_figures(tmp_path, results, samples)) == 4
