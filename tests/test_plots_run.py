import numpy as np
import pytest
from matplotlib import image
from matplotlib.figure import Figure

import fnn
from fnn.plots import run as plots
from fnn.plots.style import limits
from fnn.stats.curves import answer_share


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


def test_the_share_of_answers_is_counted_over_networks(drawn):
    results, _ = drawn
    grid = np.random.default_rng(0).random((50, 2))
    expected = np.mean(
        [fnn.predict(results.layers[0], results.network(k), grid)[:, 0] > 0.5 for k in range(len(results))], axis=0
    )
    assert answer_share(results, grid) == pytest.approx(expected)


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
