"""Samples that are learnt from measured now and then: what training is does not depend on it, and what it ends with."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from ways import WAYS, train_by

import fnn
from fnn.data.samples import Part
from fnn.network.scores import score_of
from fnn.plots.run import learning_curve
from fnn.training.train import train_parts

rng = np.random.default_rng(5)
X = rng.normal(size=(200, 3))
Y = (X[:, :1] * X[:, 1:2] > 0).astype(float)
SETTINGS = {
    "hidden": 8, "loss": "bce", "epochs": 23, "batch_size": 16, "order": "shuffled", "lr": 0.02, "init": "xavier",
}  # fmt: skip
# What the samples learnt from say on the way.
MEASURED = ("loss_curve", "score_curve")
HELD_OUT = ("validation_loss", "validation_score", "validation_loss_curve", "validation_score_curve")


def part(held_out=60):
    return Part(X, Y, np.ones(200), np.ones(200 - held_out), 200 - held_out, score_of(Y, "bce"))


def train(way, held_out=60, **settings):
    return train_by(way, [fnn.Config(**SETTINGS, **settings)], [part(held_out)], seeds=range(19), threads=2)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("settings", [{}, {"keep": "best"}, {"keep": "best", "patience": 3}, {"patience": 2}], ids=str)
def test_networks_and_what_they_end_with_are_the_same_and_curves_hold_what_was_measured_last(settings, way):
    every, seldom = train(way, **settings), train(way, **settings, measure_every=5)
    for name in ("loss", "score", "best_epoch", "stopped", "diverged", *HELD_OUT):
        assert np.array_equal(getattr(seldom, name), getattr(every, name)), name
    assert np.array_equal(seldom.flat[0], every.flat[0])
    measured = np.append(np.arange(24) // 5 * 5, 23)[[*range(23), 24]]
    for name in MEASURED:
        for curve, whole, stopped in zip(getattr(seldom, name), getattr(every, name), every.stopped, strict=True):
            going = np.arange(24) < stopped
            assert np.array_equal(curve[going], whole[measured][going]), name
            assert going[-1] or (curve[stopped:] == curve[stopped]).all()


@pytest.mark.parametrize("way", ["networks", "units"])
def test_a_rule_is_looked_at_where_samples_are_measured(way):
    every = train(way, held_out=0)
    limit = float(np.median(every.loss_curve[:, 12]))
    first = [int(np.argmax(curve[::5] <= limit)) * 5 for curve in every.loss_curve]
    seldom = train(way, held_out=0, stop_loss=limit, measure_every=5)
    met = np.array([(curve[::5] <= limit).any() for curve in every.loss_curve])
    assert met.sum() > 0
    assert seldom.stopped[met].tolist() == np.array(first)[met].tolist()
    assert seldom.met[met].all()


def test_all_samples_at_once_are_measured_in_every_epoch_for_it_costs_nothing():
    whole = SETTINGS | {"batch_size": None}
    for backend in ("numba", "numpy"):
        every, seldom = (
            train_parts([fnn.Config(**whole, measure_every=k)], [part()], seeds=3, backend=backend) for k in (1, 7)
        )
        assert np.array_equal(seldom.loss_curve, every.loss_curve)
        assert len(np.unique(seldom.loss_curve[0])) == 24


@pytest.mark.parametrize("backend", ["numba", "numpy"])
def test_a_network_that_diverges_between_measures_is_found_at_the_next(backend):
    settings = SETTINGS | {"loss": "mse", "output": "identity", "activation": "relu", "optimizer": "sgd", "lr": 1e12}
    lost = fnn.train(fnn.Config(**settings, measure_every=9), X, Y, seeds=2, backend=backend)
    assert lost.diverged.tolist() == lost.stopped.tolist() == [9, 9]


def test_curves_are_drawn_through_what_was_measured():
    results = train_parts([fnn.Config(**SETTINGS, measure_every=5)], [part()], seeds=1)
    assert np.flatnonzero(results.measured).tolist() == [0, 5, 10, 15, 20, 23]
    loss, score = fnn.plots.learning_curve(results)
    for ax, curves in ((loss, results.loss_curve), (score, results.score_curve)):
        training, validation = ax.get_lines()[:2]
        assert training.get_xdata().tolist() == [0, 5, 10, 15, 20, 23]
        assert training.get_ydata().tolist() == curves[0, results.measured].tolist()
        assert validation.get_xdata().tolist() == list(range(24))


@pytest.mark.parametrize("networks", [1, 12])
def test_curves_of_a_run_are_drawn_through_what_was_measured(networks):
    results = fnn.train(fnn.Config(**SETTINGS, measure_every=5), X, Y, seeds=networks)
    figure = Figure()
    learning_curve(figure, results)
    for ax, curves in zip(figure.axes, (results.loss_curve, results.accuracy_curve), strict=True):
        lines = [line for line in ax.get_lines() if len(line.get_xdata()) > 2]
        assert lines
        assert all(line.get_xdata().tolist() == [0, 5, 10, 15, 20, 23] for line in lines)
        median = np.quantile(curves[:, results.measured], 0.5, axis=0)
        assert any(np.allclose(line.get_ydata(), median) for line in lines)


def test_curves_are_drawn_as_long_as_a_network_goes_on():
    results = train_parts([fnn.Config(**SETTINGS | {"lr": 0.0}, patience=3)], [part()], seeds=1, curve_every=2)
    assert results.stopped.tolist() == [3]
    for ax in fnn.plots.learning_curve(results):
        assert ax.get_lines()[1].get_xdata().tolist() == [0, 2, 4]


def test_of_several_configs_the_epochs_are_those_that_all_measure():
    configs = [fnn.Config(**SETTINGS, measure_every=k) for k in (2, 3)]
    assert np.flatnonzero(train_parts(configs, [part()]).measured).tolist() == [0, 6, 12, 18, 23]
