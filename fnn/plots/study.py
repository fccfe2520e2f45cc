"""Figures of a study: what its arms did over seeds, in the colours and lines of the figures of a store."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fnn.plots.style import (
    COLORS,
    LINES,
    literal,
    percent_axis,
    points,
    quartile_band,
    save_figure,
    shaded_points,
    steps,
)

Array = NDArray[Any]

DPI = 144


class Curve(NamedTuple):
    """An arm in a panel. x: (P,), y: (P,), or where it has a band its quartiles (3, P)."""

    label: str
    x: Array
    y: Array


class Answers(NamedTuple):
    """An arm's samples x: (N, 2), their labels: (N,), and the share of its runs that answer 1 at each: (N,)."""

    label: str
    x: Array
    labels: Array
    share: Array


class StudyFigure(NamedTuple):
    """A figure: curves of each arm by the panel's name in `PANELS`, or else the answers of each arm.

    runs: in words. mark: a value on the x axis to rule a line at.
    """

    title: str
    runs: str
    panels: Mapping[str, Sequence[Curve]]
    answers: Sequence[Answers] = ()
    mark: float | None = None


def line_style(k: int) -> tuple[str, Any]:
    """Return colour and line of the k-th arm."""
    return COLORS[k % len(COLORS)], LINES[k % len(LINES)]


def losses(ax: Axes, curves: Sequence[Curve]) -> Axes:
    """Draw the loss over epochs, median and quartiles of each arm."""
    for k, curve in enumerate(curves):
        quartile_band(ax, curve.x, curve.y, *line_style(k), curve.label)
    ax.set_yscale("log", nonpositive="mask")
    ax.set(xlabel="epoch", ylabel="loss", xlim=(0, None))
    return ax


def accuracies(ax: Axes, curves: Sequence[Curve]) -> Axes:
    """Draw the accuracy over epochs, median and quartiles of each arm."""
    for k, curve in enumerate(curves):
        quartile_band(ax, curve.x, curve.y, *line_style(k), curve.label)
    ax.set(xlabel="epoch", ylabel="accuracy", xlim=(0, None))
    return _share_axis(ax)


def solved(ax: Axes, curves: Sequence[Curve]) -> Axes:
    """Draw the share of each arm's runs that are solved by each epoch."""
    for k, curve in enumerate(curves):
        steps(ax, curve.x, curve.y, *line_style(k), curve.label)
    ax.set(xlabel="epoch", ylabel="solved by then", xlim=(0, None))
    return _share_axis(ax)


def rates(ax: Axes, curves: Sequence[Curve]) -> Axes:
    """Draw the learning rate of each arm over epochs."""
    for k, curve in enumerate(curves):
        steps(ax, curve.x, curve.y, *line_style(k), curve.label)
    ax.set(xlabel="epoch", ylabel="learning rate", xlim=(0, None))
    ax.set_ylim(bottom=0)
    return ax


def final_losses(ax: Axes, curves: Sequence[Curve]) -> Axes:
    """Draw the share of each arm's runs that end with at most each loss."""
    for k, curve in enumerate(curves):
        steps(ax, curve.x, curve.y, *line_style(k), curve.label)
    ax.set_xscale("log")
    ax.set(xlabel="loss in the end", ylabel="runs that end no higher")
    return _share_axis(ax)


def _share_axis(ax: Axes) -> Axes:
    ax.set_ylim(-0.02, 1.02)
    percent_axis(ax.yaxis)
    return ax


PANELS: dict[str, Callable[[Axes, Sequence[Curve]], Axes]] = {
    "loss": losses,
    "accuracy": accuracies,
    "solved": solved,
    "rate": rates,
    "final": final_losses,
}


def draw(figure: Figure, content: StudyFigure) -> None:
    """Draw a study's figure, with the number of its runs."""
    if content.answers:
        _draw_answers(figure, content.answers)
    else:
        _draw_panels(figure, content)
    bands = "" if content.answers or "final" in content.panels else "; lines: median, bands: quartiles"
    figure.suptitle(f"{literal(content.title)}\n{content.runs}{bands}")


def _draw_panels(figure: Figure, content: StudyFigure) -> None:
    panels = content.panels
    figure.set_size_inches(8.4 if len(panels) > 1 else 6.4, 3.9)
    for ax, (name, curves) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True):
        PANELS[name](ax, curves)
        if content.mark is not None:
            ax.axvline(content.mark, color="0.25", linewidth=1.2, label="printed")
    handles, labels = figure.axes[-1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(len(labels), 5), columnspacing=1.4)


def _draw_answers(figure: Figure, arms: Sequence[Answers]) -> None:
    """Draw the labels of each arm's samples, and beside them what its runs answer."""
    figure.set_size_inches(7.4, 3.5 * len(arms) + 0.6)
    for (left, right), arm in zip(figure.subplots(len(arms), 2, squeeze=False), arms, strict=True):
        points(left, arm.x, arm.labels).set_title(f"{literal(arm.label)}: labels")
        shaded_points(right, arm.x, arm.share).set_title(f"{literal(arm.label)}: share that answers 1")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)


def save(path: Path, content: StudyFigure) -> tuple[int, int]:
    """Draw a figure into a file; return its width and height in pixels."""
    figure = save_figure(path, draw, content, style={"figure.titlesize": 10.5, "savefig.dpi": DPI})
    assert figure
    width, height = figure.get_size_inches()
    return int(width * DPI), int(height * DPI)
