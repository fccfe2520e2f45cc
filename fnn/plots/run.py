"""Figures of one run, or of a stack of one config: what its networks learnt, and how.

Statistics come from `fnn.stats.curves`; here they are drawn.
"""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fnn.config import Config
from fnn.data.synthetic import Data
from fnn.network.functions import predict
from fnn.network.schedules import rates
from fnn.plots.style import INK, ZERO, curve, field, legend, limits, points, quantile_bands, save_figure, shaded_points
from fnn.stats.curves import answer_share, curve_quantiles
from fnn.training.results import Results

# A map of answers is drawn from so many networks, a band of curves from so many epochs: no eye sees more.
MOST_NETWORKS, MOST_EPOCHS = 1000, 200
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


def learning_curve(figure: Figure, results: Results, _data: Data) -> None:
    """Loss (log scale) above accuracy, over epochs: lines of one network, quantile bands of many."""
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    for ax, name, curves in ((top, "loss", results.loss_curve), (bottom, "accuracy", results.accuracy_curve)):
        if len(results) == 1:
            curve(ax, results.curve_epochs, np.where(np.isfinite(curves[0]), curves[0], np.nan), name)
        else:
            shown, levels = curve_quantiles(curves, LEVELS, MOST_EPOCHS)
            quantile_bands(ax, results.curve_epochs[shown], levels)
        ax.set_ylabel(name)
    top.set_yscale("log", nonpositive="mask")
    bottom.set(xlabel="epoch", ylim=(-0.03, 1.03))
    if len(results) > 1:
        top.legend(loc="lower left")
    figure.suptitle(_title(results, "loss and accuracy while training"))


def predictions(figure: Figure, results: Results, data: Data) -> None:
    """The lab's two panels: the ground truth, and beside it what is predicted."""
    left, right = figure.subplots(1, 2)
    labels = data.y[:, 0]
    points(left, data.x, labels).set_title("ground truth")
    answers = answer_share(results, data.x, MOST_NETWORKS)
    if len(results) == 1:
        points(right, data.x, answers).set_title("prediction")
        wrong = data.x[answers != labels]
        right.scatter(wrong[:, 0], wrong[:, 1], s=95, facecolors="none", edgecolors=INK, label="wrong")
    else:
        shaded_points(right, data.x, answers).set_title("share that answers 1")
    legend(right if len(results) == 1 else left)
    figure.suptitle(_title(results, f"{len(data.x)} points", MOST_NETWORKS))


def decision_boundary(figure: Figure, results: Results, data: Data) -> None:
    """What one network answers at each point of the plane, or the share of a stack that answers 1, and the points."""
    (left, right), (low, high) = limits(data.x)
    side = 161 if len(results) == 1 else 101
    grid_x, grid_y = np.linspace(left, right, side), np.linspace(low, high, side)
    grid = np.stack(np.meshgrid(grid_x, grid_y), axis=-1).reshape(-1, 2)
    ax = figure.subplots()
    if len(results) == 1:
        outputs = predict(results.layers[0], results.network(0), grid)
        values, label, title = outputs[:, -1], "prediction", "decision boundary"
    else:
        values, label, title = (
            answer_share(results, grid, MOST_NETWORKS),
            "share that answers 1",
            "answers over the plane",
        )
    values = np.clip(np.nan_to_num(values, nan=0.5), 0, 1).reshape(side, side)
    points(field(ax, grid_x, grid_y, values, label), data.x, data.y[:, 0])
    legend(ax)
    ax.set_title(_title(results, title, MOST_NETWORKS))


def learning_rate(figure: Figure, results: Results, _data: Data) -> None:
    """The learning rate over epochs."""
    config = results.configs[0]
    ax = figure.subplots()
    ax.step(*learning_rates(config), where="post", color=ZERO)
    ax.set(xlabel="epoch", ylabel="learning rate", xlim=(0, config.epochs), title=f"schedule: {config.scheduler}")
    ax.set_ylim(bottom=0)


def learning_rates(config: Config) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the epochs of a config, and the learning rate in each: (E,)."""
    epochs = np.arange(config.epochs)
    return epochs, rates(config.scheduler, epochs, config.epochs, config)


def _title(results: Results, text: str, most: float = math.inf) -> str:
    networks = f"seed {results.seeds[0]}" if len(results) == 1 else f"{len(results):,} networks"
    if len(results) > most:
        networks = f"the first {most:,} of {networks}"
    return f"{text} ({networks})"


FIGURES: dict[str, tuple[tuple[float, float], Callable[[Figure, Results, Data], None]]] = {
    "learning-curve.png": ((6.4, 4.8), learning_curve),
    "predictions.png": ((7.2, 3.7), predictions),
    "decision-boundary.png": ((5.4, 4.9), decision_boundary),
    "learning-rate.png": ((6.4, 3.2), learning_rate),
}


def save_figures(folder: Path, results: Results, data: Data) -> list[Path]:
    """Draw every figure of a run, or of a stack of one config, into the folder; return the files."""
    for name, (size, draw) in FIGURES.items():
        save_figure(folder / name, draw, results, data, size=size)
    return [folder / name for name in FIGURES]
