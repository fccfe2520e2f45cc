"""Figures of what `fnn.train` and `fnn.sweep` give, on axes that are returned: the public names of `fnn.plots`.

Each draws into a new figure, which a notebook shows and `plt.show()` too, or into `figure`, one of one's own.
"""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from fnn import checks
from fnn.config import Config
from fnn.data.synthetic import Data
from fnn.errors import InvalidSetting
from fnn.formats import setting
from fnn.plots import channels, hardest, image_results, run, sweep, sweep_groups, table
from fnn.plots.style import STYLE
from fnn.sweeps.query import Runs
from fnn.sweeps.summaries import summarize_groups
from fnn.training.results import Results

# What scores are called in a figure.
_SCORES = {"accuracy": "accuracy", "r2": "R²"}


def learning_curve(results: Results, *, figure: Figure | None = None) -> tuple[Axes, Axes]:
    """Draw the loss over epochs, and below it the accuracy, or R² of numbers; return the axes of both.

    Lines of one network, quantile bands of many; what is held out for validation stands beside what is learnt from.
    Raises InvalidSetting for results without curves (`curve_every=0`).

    >>> import fnn
    >>> results = fnn.train(fnn.Config(), *fnn.data.xor(), seeds=20)
    >>> loss, accuracy = fnn.plots.learning_curve(results)
    >>> accuracy.get_ylabel()
    'accuracy'
    """
    if not len(results.curve_epochs):
        raise InvalidSetting("results", "results without curves", "those of a training with curve_every above 0")
    if results.score_name == "accuracy" and not results.validation_loss_curve.size:
        top, bottom, *_ = _drawn(figure, *run.FIGURES["learning-curve.png"], results, None)
        return top, bottom
    curves = results.curves
    held_out = table.Curves(curves.validation_loss, curves.validation_score) if curves.validation_loss.size else None
    content = table.LearningCurves(
        f"{len(results):,} networks" if len(results) > 1 else f"seed {results.seeds[0]}",
        curves.epochs, table.Curves(curves.loss, curves.score), held_out, score=_SCORES[results.score_name],
        measured=results.measured, stopped=int(results.stopped.max()),
    )  # fmt: skip
    top, bottom, *_ = _drawn(figure, None, table.learning_curves, content)
    return top, bottom


def predictions(results: Results, x: ArrayLike, y: ArrayLike, *, figure: Figure | None = None) -> tuple[Axes, Axes]:
    """Draw samples in the plane with their labels, and beside them what is answered; return the axes of both.

    x: (N, 2), y: (N,) or (N, 1) of 0 and 1. Raises InvalidSetting for other samples.

    >>> import fnn
    >>> x, y = fnn.data.xor()
    >>> truth, answers = fnn.plots.predictions(fnn.train(fnn.Config(), x, y), x, y)
    """
    left, right, *_ = _drawn(figure, *run.FIGURES["predictions.png"], results, _in_the_plane(results, x, y))
    return left, right


def decision_boundary(results: Results, x: ArrayLike, y: ArrayLike, *, figure: Figure | None = None) -> Axes:
    """Draw what a network answers over the plane, or the share of several that answer 1, with the samples; return ax.

    x: (N, 2), y: (N,) or (N, 1) of 0 and 1. Raises InvalidSetting for other samples.

    >>> import fnn
    >>> x, y = fnn.data.xor()
    >>> ax = fnn.plots.decision_boundary(fnn.train(fnn.Config(), x, y, seeds=20), x, y)
    """
    return _drawn(figure, *run.FIGURES["decision-boundary.png"], results, _in_the_plane(results, x, y))[0]


def learning_rate(results: Results, *, figure: Figure | None = None) -> Axes:
    """Draw the learning rate over epochs, of the first config; return ax.

    >>> import fnn
    >>> ax = fnn.plots.learning_rate(fnn.train(fnn.Config(), *fnn.data.xor()))
    >>> ax.get_xlabel()
    'epoch'
    """
    return _drawn(figure, *run.FIGURES["learning-rate.png"], results, None)[0]


def kernels(results: Results, *, figure: Figure | None = None) -> Axes:
    """Draw the windows of the first convolution, of several networks a row each, like channels below like; return ax.

    Raises InvalidSetting for results without a convolution, and of networks of several shapes.

    >>> import fnn, numpy as np
    >>> x = np.random.default_rng(0).random((20, 8, 8))
    >>> config = fnn.Config(hidden="conv4:3-pool2-8", image=(8, 8), epochs=5)
    >>> ax = fnn.plots.kernels(fnn.train(config, x, x.mean(axis=(1, 2)) > 0.5, seeds=3))
    """
    return _drawn(figure, None, channels.kernels, image_results.kernels_of_results(results))[0]


def feature_maps(
    results: Results, x: ArrayLike, y: ArrayLike | None = None, *, figure: Figure | None = None
) -> list[Axes]:
    """Draw images, and beside each what the layers of the median network make of it; return the axes of panels.

    x: (N, H, W), (N, H, W, C) or rows; the first ten are drawn, or with y, classes (N,), one of each class that is
    answered rightly. Raises InvalidSetting for results without a convolution or pooling.

    >>> import fnn, numpy as np
    >>> x = np.random.default_rng(0).random((20, 8, 8))
    >>> config = fnn.Config(hidden="conv4:3-pool2-8", image=(8, 8), epochs=5)
    >>> image, conv, pool = fnn.plots.feature_maps(fnn.train(config, x, x.mean(axis=(1, 2)) > 0.5), x)
    """
    content = image_results.feature_maps_of_results(results, x, y)
    return _drawn(figure, None, channels.feature_maps, content)[: 1 + len(content.layers)]


def misclassified(results: Results, x: ArrayLike, y: ArrayLike, *, figure: Figure | None = None) -> list[Axes]:
    """Draw the images that most networks get wrong with their answers, the hardest first; return the axes of panels.

    x: (N, H, W), (N, H, W, C) or rows, y: classes (N,), or (N, C). Networks that diverged are left out. Raises
    InvalidSetting for results without images, and for labels that are no classes.

    >>> import fnn, numpy as np
    >>> x = np.random.default_rng(0).random((20, 8, 8))
    >>> y = x.mean(axis=(1, 2)) > 0.5
    >>> config = fnn.Config(hidden="conv4:3-pool2-8", image=(8, 8), epochs=5)
    >>> picture, bars, *others = fnn.plots.misclassified(fnn.train(config, x, y, seeds=3), x, y)
    """
    return _drawn(figure, None, hardest.misclassified, image_results.misclassified_of_results(results, x, y))


def solved_shares(runs: Results | Runs, *, figure: Figure | None = None) -> Axes:
    """Draw the share of networks solved with its 95% interval, a row for each combination of settings; return ax.

    >>> import fnn
    >>> runs = fnn.sweep("xor", optimizer=["sgd", "adam"], seeds=20)
    >>> ax = fnn.plots.solved_shares(runs)
    >>> ax.get_xlabel()
    'share solved'
    """
    return _of_runs(figure, sweep.solved_shares, runs)[0]


def epochs_to_solve(runs: Results | Runs, *, figure: Figure | None = None) -> list[Axes]:
    """Draw the share of networks solved by each epoch, for each combination of settings; return the axes of panels.

    >>> import fnn
    >>> results = fnn.train([fnn.Config(lr=0.1), fnn.Config(lr=1)], *fnn.data.xor(), seeds=20)
    >>> len(fnn.plots.epochs_to_solve(results))
    1
    """
    return [ax for ax in _of_runs(figure, sweep.epochs_to_solve, runs) if ax.get_visible() and ax.axison]


def heat_map(runs: Results | Runs, *, figure: Figure | None = None) -> list[Axes]:
    """Draw the share solved over two settings that are numbers; return the axes of panels, and of the colour bar last.

    Raises InvalidSetting where fewer than two vary.

    >>> import fnn
    >>> runs = fnn.sweep("xor", lr=[0.1, 1], momentum=[0.5, 0.9], optimizer="momentum", seeds=5)
    >>> ax, bar = fnn.plots.heat_map(runs)
    """
    return [ax for ax in _of_runs(figure, sweep.heat_map, runs) if ax.get_visible() and ax.axison]


def _drawn(
    figure: Figure | None, size: tuple[float, float] | None, draw: Callable[..., object], *content: Any
) -> list[Axes]:
    """Call draw(figure, *content), by itself on a new figure of that size; return its axes."""
    with mpl.rc_context(STYLE):
        own = plt.figure(figsize=size, layout="constrained") if figure is None else figure
        if draw(own, *content) is False:
            if figure is None:
                plt.close(own)
            raise InvalidSetting("runs", "runs without that", "runs that differ in two settings that are numbers")
        own.canvas.draw_idle()
    return list(own.axes)


def _in_the_plane(results: Results, x: ArrayLike, y: ArrayLike) -> Data:
    """Check for samples that a figure of the plane shows."""
    samples = checks.samples(x, y)
    if samples[0].shape[1] != 2 or samples[1].shape[1] != 1 or not np.isin(samples[1], (0, 1)).all():
        shapes = samples[0].shape, samples[1].shape
        raise InvalidSetting("x, y", shapes, "samples in the plane, x (N, 2), with labels 0 and 1, y (N,)")
    results[0].predict(samples[0][:1])  # refuses what the networks do not take
    return Data(*samples)


def _of_runs(figure: Figure | None, draw: Callable[..., object], given: Results | Runs) -> list[Axes]:
    runs = _as_runs(given)
    summaries = summarize_groups(runs)
    grouped = {name: [s.group.settings[name] for s in summaries] for name in summaries[0].group.settings}
    data = sweep_groups.FigureData(None, runs, summaries, sweep_groups.hue(grouped))  # type: ignore[arg-type]  # read for curves only
    return _drawn(figure, None, draw, data)


def _as_runs(given: Results | Runs) -> Runs:
    """Return results as a sweep would have given them."""
    if isinstance(given, Runs):
        return given
    names = [field.name for field in fields(Config) if field.name != "seed"]
    columns = {name: [_stored(getattr(config, name)) for config in given.configs] for name in names}
    C = len(given.configs)
    return Runs(
        columns, list(range(C)), np.repeat(np.arange(C), len(given) // C), given.seeds, given.loss, given.score,
        given.solved, given.epochs_to_solve, given.diverged, given.stopped, given.met,
    )  # fmt: skip


def _stored(value: Any) -> Any:
    """Return a setting as a store has it: widths as 4x4."""
    return setting(value) if isinstance(value, tuple) else value
