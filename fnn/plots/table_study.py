"""The figure of a study of tables: what arms score on every split, a panel for each data set."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from fnn.plots.labels import add_title, shorten
from fnn.plots.style import COLORS, MARKERS, literal, save_figure, whiskers

Array = NDArray[Any]

DPI, COLUMNS, LABEL = 144, 3, 28


class ArmScores(NamedTuple):
    """An arm's scores on the splits of a data set, (R,), their mean, and its interval."""

    label: str
    splits: Array
    mean: float
    interval: tuple[float, float]


class DatasetPanel(NamedTuple):
    """A data set: its name, what is scored, in words, and each arm. blind: the score of an answer without inputs."""

    name: str
    score: str
    arms: Sequence[ArmScores]
    blind: float


def scores(ax: Axes, panel: DatasetPanel) -> Axes:
    """Draw every arm in a row: the scores of its splits, and their mean with its interval."""
    rows = len(panel.arms)
    for k, arm in enumerate(panel.arms):
        height, color = rows - 1 - k, COLORS[k % len(COLORS)]
        shift = np.linspace(-0.22, 0.22, len(arm.splits)) if len(arm.splits) > 1 else np.zeros(1)
        ax.plot(arm.splits, height + shift, ".", color=color, alpha=0.35, markersize=4, markeredgewidth=0)
        whiskers(ax, height, arm.mean, arm.interval, color, MARKERS[k % len(MARKERS)])
    names = shorten([arm.label for arm in panel.arms], LABEL)
    ax.set_yticks(range(rows), [literal(name) for name in reversed(names)])
    ax.set_ylim(-0.6, rows - 0.4)
    ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.set(title=literal(shorten([panel.name], LABEL)[0]), xlabel=panel.score)
    return ax


def draw(figure: Figure, title: str, panels: Sequence[DatasetPanel]) -> None:
    """Draw the panels of all data sets, the arms named at the left."""
    columns = min(COLUMNS, len(panels))
    rows, arms = -(-len(panels) // columns), max(len(panel.arms) for panel in panels)
    figure.set_size_inches(2.2 + 2.6 * columns, 0.8 + rows * (0.9 + 0.24 * arms))
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for k, ax in enumerate(axes):
        if k >= len(panels):
            ax.set_axis_off()
            continue
        scores(ax, panels[k])
        if k % columns:
            ax.tick_params(labelleft=False)
    add_title(figure, title, "points: ensembles of a split; marks: their mean, with its 95% interval")


def save(path: Path, title: str, panels: Sequence[DatasetPanel]) -> tuple[int, int]:
    """Draw a figure into a file; return its width and height in pixels."""
    figure = save_figure(path, draw, title, panels, style={"figure.titlesize": 10.5, "savefig.dpi": DPI})
    assert figure
    width, height = figure.get_size_inches()
    return int(width * DPI), int(height * DPI)
