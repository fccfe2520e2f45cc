"""Pictures: functions that take arrays and an `ax`, draw, and return the `ax`; then the figures of one run.

Blue is 0 and orange is 1 everywhere (Okabe & Ito's colours, told apart by all kinds of colour vision), and so are
the marks, circle and square.
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fnn.data.synthetic import Data
from fnn.files import replacing
from fnn.network import functions as network
from fnn.network.schedules import SCHEDULES
from fnn.stats.comparisons import quantiles
from fnn.training.results import Results

Array = NDArray[np.floating[Any]]
Epochs = NDArray[np.int64]

ZERO, ONE, INK = "#0072B2", "#D55E00", "#333333"
FIELD = LinearSegmentedColormap.from_list("fnn", ["#4A9CC9", "#FAFAFA", "#E58B4A"])
STYLE: Any = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.grid": True,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.8,
    "axes.axisbelow": True,
    "lines.linewidth": 1.6,
    "legend.frameon": False,
    "savefig.dpi": 144,
}

# A map of answers is drawn from so many networks, a band of curves from so many epochs: no eye sees more.
MOST_NETWORKS, MOST_EPOCHS = 1000, 200


def curve(ax: Axes, epochs: Epochs, values: Array, label: str, color: str = ZERO) -> Axes:
    """Draw one line over epochs. epochs, values: (P,)."""
    ax.plot(epochs, values, color=color, label=label)
    ax.set_xlim(0, epochs[-1])
    return ax


def band(ax: Axes, epochs: Epochs, levels: Array, color: str = ZERO) -> Axes:
    """Draw a median with two quantile bands. levels: (5, P), the quantiles 5, 25, 50, 75 and 95%."""
    low, q25, median, q75, high = levels
    ax.fill_between(epochs, low, high, color=color, alpha=0.15, linewidth=0, label="5–95%")
    ax.fill_between(epochs, q25, q75, color=color, alpha=0.3, linewidth=0, label="25–75%")
    return curve(ax, epochs, median, "median", color)


def points(ax: Axes, x: Array, labels: Array) -> Axes:
    """Draw samples in the plane with their labels. x: (N, 2), labels: (N,) of 0 and 1."""
    for value, color, marker in ((0, ZERO, "o"), (1, ONE, "s")):
        chosen = x[labels == value]
        ax.scatter(
            chosen[:, 0],
            chosen[:, 1],
            s=26,
            c=color,
            marker=marker,
            edgecolors="white",
            linewidths=0.7,
            label=f"label {value}",
            zorder=3,
        )
    return _square(ax, x)


def shaded(ax: Axes, x: Array, share: Array) -> Axes:
    """Draw samples in the plane, each coloured by a share between 0 and 1. x: (N, 2), share: (N,)."""
    drawn = ax.scatter(
        x[:, 0], x[:, 1], s=30, c=share, cmap=FIELD, vmin=0, vmax=1, edgecolors=INK, linewidths=0.6, zorder=3
    )
    _figure(ax).colorbar(drawn, ax=ax, shrink=0.8)
    return _square(ax, x)


def field(ax: Axes, grid_x: Array, grid_y: Array, values: Array, label: str) -> Axes:
    """Draw numbers between 0 and 1 over the plane, with their contour at 1/2. values: (len(grid_y), len(grid_x))."""
    drawn = ax.pcolormesh(grid_x, grid_y, values, cmap=FIELD, vmin=0, vmax=1, shading="gouraud", rasterized=True)
    if values.min() < 0.5 < values.max():
        ax.contour(grid_x, grid_y, values, levels=[0.5], colors=INK, linewidths=1.2)
    ax.grid(visible=False)
    _figure(ax).colorbar(drawn, ax=ax, label=label, shrink=0.8)
    return ax


def _figure(ax: Axes) -> Figure:
    figure = ax.get_figure(root=True)
    assert figure is not None
    return figure


def _square(ax: Axes, x: Array) -> Axes:
    ax.set(aspect="equal", xlabel="x₁", ylabel="x₂")
    (left, right), (low, high) = limits(x)
    ax.set(xlim=(left, right), ylim=(low, high))
    return ax


def legend(ax: Axes) -> Axes:
    """Name the marks of `ax` below the whole figure."""
    handles, labels = ax.get_legend_handles_labels()
    _figure(ax).legend(handles, labels, loc="outside lower center", ncols=len(labels), columnspacing=1.2)
    return ax


def limits(x: Array) -> NDArray[np.float64]:
    """Return the part of the plane to show for samples x: (N, 2), as ((left, right), (low, high))."""
    low, high = x.min(axis=0), x.max(axis=0)
    margin = 0.08 * max(*(high - low), 1e-9)
    return np.stack((low - margin, high + margin), axis=1)


# ---- the figures of one run, or of one stack ----


def learning_curve(figure: Figure, results: Results, _data: Data) -> None:
    """Loss (log scale) above accuracy, over epochs: lines of one network, quantile bands of many."""
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    for ax, name, curves in ((top, "loss", results.loss_curve), (bottom, "accuracy", results.accuracy_curve)):
        if len(results) == 1:
            curve(ax, results.curve_epochs, np.where(np.isfinite(curves[0]), curves[0], np.nan), name)
        else:
            every = -(-curves.shape[1] // MOST_EPOCHS)
            shown = np.unique(np.append(np.arange(0, curves.shape[1], every), curves.shape[1] - 1))
            levels = quantiles(curves[:, shown], [0.05, 0.25, 0.5, 0.75, 0.95])
            band(ax, results.curve_epochs[shown], np.where(np.isfinite(levels), levels, np.nan))
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
    answers = answer_share(results, data.x)
    if len(results) == 1:
        points(right, data.x, answers).set_title("prediction")
        wrong = data.x[answers != labels]
        right.scatter(wrong[:, 0], wrong[:, 1], s=95, facecolors="none", edgecolors=INK, label="wrong")
    else:
        shaded(right, data.x, answers).set_title("share that answers 1")
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
        values, label, title = (
            network.predict(results.layers[0], results.network(0), grid)[:, 0],
            "prediction",
            "decision boundary",
        )
    else:
        values, label, title = answer_share(results, grid), "share that answers 1", "answers over the plane"
    values = np.clip(np.nan_to_num(values, nan=0.5), 0, 1).reshape(side, side)
    points(field(ax, grid_x, grid_y, values, label), data.x, data.y[:, 0])
    legend(ax)
    ax.set_title(_title(results, title, MOST_NETWORKS))


def learning_rate(figure: Figure, results: Results, _data: Data) -> None:
    """The learning rate over epochs."""
    config = results.configs[0]
    epochs = np.arange(config.epochs)
    rates = np.broadcast_to(SCHEDULES[config.scheduler](epochs, config.epochs, config), epochs.shape)
    ax = figure.subplots()
    ax.step(epochs, rates, where="post", color=ZERO)
    ax.set(xlabel="epoch", ylabel="learning rate", xlim=(0, config.epochs), title=f"schedule: {config.scheduler}")
    ax.set_ylim(bottom=0)


def answer_share(results: Results, x: Array) -> NDArray[np.float64]:
    """Return the share of networks, at most the first 1,000, that answer 1 at each point. x: (N, 2) → (N,)."""
    params, total = tuple(w[:MOST_NETWORKS] for w in results.params), np.zeros(len(x))
    for begin in range(0, len(params[0]), 32):
        part = tuple(w[begin : begin + 32] for w in params)
        total += (network.predict(results.layers[0], part, x)[..., 0] > 0.5).sum(axis=0)
    return total / len(params[0])


def _title(results: Results, what: str, most: float = math.inf) -> str:
    who = f"seed {results.seeds[0]}" if len(results) == 1 else f"{len(results):,} networks"
    if len(results) > most:
        who = f"the first {most:,} of {who}"
    return f"{what} ({who})"


FIGURES: dict[str, tuple[tuple[float, float], Callable[[Figure, Results, Data], None]]] = {
    "learning-curve.png": ((6.4, 4.8), learning_curve),
    "predictions.png": ((7.2, 3.7), predictions),
    "decision-boundary.png": ((5.4, 4.9), decision_boundary),
    "learning-rate.png": ((6.4, 3.2), learning_rate),
}


def save_figures(folder: Path, results: Results, data: Data) -> list[Path]:
    """Draw every figure of a run, or of a stack of one config, into the folder; return the files."""
    paths = []
    with mpl.rc_context(STYLE):
        for name, (size, draw) in FIGURES.items():
            figure = Figure(figsize=size, layout="constrained")
            draw(figure, results, data)
            with replacing(folder / name) as part:
                figure.savefig(part)
            paths.append(folder / name)
    return paths
