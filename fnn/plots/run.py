"""Figures of one run, or of a stack of one config: what its networks learnt, and how; and which of them failed.

Statistics come from `fnn.stats.curves`; here they are drawn.
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fnn.config import Config
from fnn.data.synthetic import Data
from fnn.network.functions import predict
from fnn.network.schedules import rates
from fnn.plots.labels import add_title, plural, settings_line
from fnn.plots.lines import curve, end_ticks, ends, epoch_axis, loss_axis, quantile_bands, thin_lines
from fnn.plots.palette import INK, ONE, ZERO
from fnn.plots.style import field, legend, limits, percent_axis, points, save_figure, wrong_points
from fnn.stats.curves import answer_share, curve_quantiles, subsample, wrong_share
from fnn.training.results import Results

# A map of answers is drawn from so many networks, a band of curves from so many epochs: no eye sees more. Fewer
# networks than FEW are drawn one by one, of those that failed at most MOST_FAILED.
MOST_NETWORKS, MOST_EPOCHS, FEW, MOST_FAILED = 1000, 200, 8, 40
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


def learning_curve(figure: Figure, results: Results, data: Data | None = None, about: str = "") -> None:
    """Loss (log scale) above accuracy, over epochs: lines of few networks; of many quantile bands, and thin lines of
    those that are not solved. Marks are where networks stopped or diverged. Between the epochs after which networks
    measured, lines are straight.
    """
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    for ax, curves in ((top, results.loss_curve), (bottom, results.accuracy_curve)):
        if len(results) <= FEW:
            _few(ax, results, curves)
        else:
            _many(ax, results, curves)
        ax.set_xlim(0, _last_epoch(results))
    loss_axis(top, results.loss_curve[:, 0])
    top.set_ylabel("loss")
    epoch_axis(bottom).set(xlabel="epoch", ylim=(-0.03, 1.03), ylabel="accuracy")
    percent_axis(bottom.yaxis)
    for ax, curves in ((top, results.loss_curve), (bottom, results.accuracy_curve)):
        _mark_ends(ax, results, curves)
    legend(top, most=3)
    add_title(figure, "loss and accuracy while training", _about(results, data, about))


def _few(ax: Axes, results: Results, curves: NDArray[Any]) -> None:
    """Draw networks one by one, each to the epoch it ends with; those that are not solved are dashed."""
    for k, values in enumerate(curves):
        there = results.measured & (results.curve_epochs <= _ended(results)[k])
        solved = bool(results.solved[k])
        name = "solved" if solved else "not solved"
        named = name in ax.get_legend_handles_labels()[1]
        curve(ax, results.curve_epochs[there], values[there], "_" if named else name, ZERO if solved else ONE)
        ax.lines[-1].set_linestyle("-" if solved else "--")


def _many(ax: Axes, results: Results, curves: NDArray[Any]) -> None:
    """Draw the quantiles of all networks, and over them, where some are solved, those that are not."""
    epochs, curves = results.curve_epochs[results.measured], curves[:, results.measured]
    shown, levels = curve_quantiles(curves, LEVELS, MOST_EPOCHS)
    quantile_bands(ax, epochs[shown], levels)
    failed = np.flatnonzero(~results.solved)
    if len(failed) and results.solved.any():
        some = failed[subsample(len(failed), MOST_FAILED)]
        name = "not solved" if len(some) == len(failed) else f"not solved, {len(some)} of {len(failed):,}"
        thin_lines(ax, epochs[shown], curves[np.ix_(some, shown)], name)


def _ended(results: Results) -> NDArray[np.int64]:
    """Return the epoch that each network ends with: (S,)."""
    return np.where(results.diverged >= 0, results.diverged, results.stopped)


def _last_epoch(results: Results) -> int:
    """Return the epoch to which anything is trained: later ones would be level lines."""
    return max(1, int(_ended(results).max()))


def _mark_ends(ax: Axes, results: Results, curves: NDArray[Any]) -> None:
    """Mark where networks met a stopping rule, and where they diverged: on the lines of few, of many on the axis."""
    for chosen, word, marker, color in (
        (results.met & (results.diverged < 0), "stopped", "o", INK), (results.diverged >= 0, "diverged", "X", ONE),
    ):  # fmt: skip
        if not chosen.any():
            continue
        epochs = _ended(results)[chosen]
        name = f"{word} after {epochs[0]:,}" if len(results) == 1 else f"{int(chosen.sum()):,} {word}"
        if len(results) <= FEW:
            heights = np.array([_last_height(results, curve, k) for k, curve in enumerate(curves) if chosen[k]])
            ends(ax, epochs, heights, name, marker, color)
        else:
            end_ticks(ax, epochs, name, color, "×" if word == "diverged" else "|")


def _last_height(results: Results, values: NDArray[Any], k: int) -> float:
    """Return the last finite number of a network's curve up to its end, NaN if there is none."""
    there = values[(results.curve_epochs <= _ended(results)[k]) & np.isfinite(values)]
    return float(there[-1]) if len(there) else math.nan


def predictions(figure: Figure, results: Results, data: Data, about: str = "") -> None:
    """The lab's two panels: the ground truth, and what is predicted, or the share of a stack that is wrong."""
    _fit_height(figure, data, 0.41 * 7.6 if len(results) == 1 else 0.37 * 7.6, 2.2)
    left, right = figure.subplots(1, 2)
    labels = data.y[:, 0]
    points(left, data.x, labels).set_title("ground truth")
    wrong = wrong_share(results, data.x, labels, MOST_NETWORKS)
    if len(results) == 1:
        points(right, data.x, np.where(wrong > 0, 1 - labels, labels)).set_title("prediction")
        ringed = data.x[wrong > 0]
        right.scatter(*ringed.T, s=95, facecolors="none", edgecolors=INK, label="wrong")
    else:
        wrong_points(right, data.x, labels, wrong).set_title("share of networks that are wrong")
    right.tick_params(labelleft=False)
    right.set_ylabel("")
    legend(right if len(results) == 1 else left)
    title = f"what is predicted at {plural(len(data.x), 'point')}"
    add_title(figure, title, _about(results, data, about, MOST_NETWORKS))


def decision_boundary(figure: Figure, results: Results, data: Data, about: str = "") -> None:
    """What one network answers at each point of the plane, or the share of a stack that answers 1, and the points."""
    (left, right), (low, high) = limits(data.x)
    _fit_height(figure, data, 4.3, 1.9)
    side = 161 if len(results) == 1 else 101
    grid_x, grid_y = np.linspace(left, right, side), np.linspace(low, high, side)
    grid = np.stack(np.meshgrid(grid_x, grid_y), axis=-1).reshape(-1, 2)
    ax = figure.subplots()
    if len(results) == 1:
        values, label = predict(results.layers[0], results.network(0), grid)[:, -1], "prediction"
    else:
        values, label = answer_share(results, grid, MOST_NETWORKS), "networks that answer 1"
    values = np.clip(np.nan_to_num(values, nan=0.5), 0, 1).reshape(side, side)
    points(field(ax, grid_x, grid_y, values, label), data.x, data.y[:, 0])
    if len(results) > 1:
        percent_axis(ax.child_axes[0].yaxis)
    legend(ax)
    title = "answers over the plane; the line is where they turn"
    add_title(figure, title, _about(results, data, about, MOST_NETWORKS), beside=0.4)


def _fit_height(figure: Figure, data: Data, width: float, beside: float) -> None:
    """Make the figure as high as the plane is where panels are so wide, in inches; beside: what titles and such take.

    A part of a figure keeps its size.
    """
    (left, right), (low, high) = limits(data.x)
    if isinstance(figure, Figure):
        figure.set_figheight(max(2.8, min(1.5, (high - low) / (right - left)) * width + beside))


def learning_rate(figure: Figure, results: Results, _data: Data | None = None, _about: str = "") -> None:
    """The learning rate over epochs, each epoch's from its begin to its end."""
    config = results.configs[0]
    ax = figure.subplots()
    epochs, lr = learning_rates(config)
    ax.step(np.append(epochs, config.epochs), np.append(lr, lr[-1]), where="post", color=ZERO)
    epoch_axis(ax).set(xlabel="epoch", ylabel="learning rate", xlim=(0, config.epochs))
    ax.set_ylim(0, 1.05 * max(float(lr.max()), 1e-12))
    add_title(figure, f"learning rate: {config.scheduler} schedule", settings_line(config))


def learning_rates(config: Config) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the epochs of a config, and the learning rate in each: (E,)."""
    epochs = np.arange(config.epochs)
    return epochs, rates(config.scheduler, epochs, config.epochs, config)


def _about(results: Results, data: Data | None, about: str, most: float = math.inf) -> str:
    """Return data and networks in a line, and the settings in another."""
    S, solved, diverged = len(results), int(results.solved.sum()), int((results.diverged >= 0).sum())
    networks = f"seed {results.seeds[0]}" if S == 1 else f"{S:,} networks"
    if most < S:
        networks = f"the first {most:,} of {networks}"
    state = ("solved" if solved else "not solved") if S == 1 else f"{solved:,} solved"
    state += f", {'' if S == 1 else f'{diverged:,} '}diverged" if diverged else ""
    samples = about or (plural(len(data.x), "point") if data is not None else "")
    return f"{f'{samples}: ' if samples else ''}{networks}, {state}\n{settings_line(results.configs[0])}"


FIGURES: dict[str, tuple[tuple[float, float], Callable[[Figure, Results, Data, str], None]]] = {
    "learning-curve.png": ((6.4, 5.4), learning_curve),
    "predictions.png": ((7.6, 4.4), predictions),
    "decision-boundary.png": ((5.6, 5.5), decision_boundary),
    "learning-rate.png": ((6.4, 3.4), learning_rate),
}


def save_figures(folder: Path, results: Results, data: Data, about: str = "") -> list[Path]:
    """Draw every figure of a run, or of a stack of one config, into the folder; return the files.

    about: what the data are called, for the titles.
    """
    for name, (size, draw) in FIGURES.items():
        save_figure(folder / name, draw, results, data, about, size=size)
    return [folder / name for name in FIGURES]
