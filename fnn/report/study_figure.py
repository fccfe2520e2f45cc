"""Figures of a study: what its arms did over seeds, as a chart of a page."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.formats import share
from fnn.plots.palette import is_ordered
from fnn.report import chart
from fnn.report.chart import Axis, Panel, Piece
from fnn.report.chart_file import save_chart
from fnn.report.markup import Html, element
from fnn.report.svg import SHARES, Scale

Array = NDArray[Any]

# From which share wrong on a point has the next colour, and what the key says.
WRONG = ((0.0, "wrong in none"), (1e-9, "up to 5%"), (0.05, "up to 20%"), (0.2, "up to 50%"), (0.5, "more"))


class Curve(NamedTuple):
    """An arm in a panel. x: (P,), y: (P,), or its quantiles 5, 25, 50, 75 and 95% (5, P)."""

    label: str
    x: Array
    y: Array


class Answers(NamedTuple):
    """An arm's samples x: (N, 2), their labels: (N,), and the share of its runs that answer each wrongly: (N,)."""

    label: str
    x: Array
    labels: Array
    wrong: Array


class StudyFigure(NamedTuple):
    """A figure: curves of each arm by the panel's name in `PANELS`, or else the answers of each arm.

    runs: in words. mark: a value on the x axis to rule a line at.
    """

    title: str
    runs: str
    panels: Mapping[str, Sequence[Curve]]
    answers: Sequence[Answers] = ()
    mark: float | None = None


def _epochs(curves: Sequence[Curve]) -> Axis:
    return Axis(Scale(0, max(1, *(curve.x[-1] for curve in curves))), "epoch")


def _share(label: str) -> Axis:
    return Axis(SHARES, label, shares=True)


def losses(curves: Sequence[Curve]) -> Panel:
    """The loss over epochs."""
    first = np.array([curve.y[2, 0] for curve in curves])
    first = first[np.isfinite(first)]
    return Panel(_epochs(curves), chart.loss_axis([c.y for c in curves], float(np.median(first)) if len(first) else 0))


def final_losses(curves: Sequence[Curve]) -> Panel:
    """The share of each arm's runs that end with at most each loss."""
    axis = chart.loss_axis([curve.x for curve in curves], math.nan, "loss in the end")
    return Panel(axis, _share("runs that end no higher"))


def rates(curves: Sequence[Curve]) -> Panel:
    """The learning rate over epochs."""
    top = max(float(np.max(curve.y)) for curve in curves)
    return Panel(_epochs(curves), Axis(Scale(0, 1.05 * top or 1), "learning rate"))


PANELS: dict[str, Callable[[Sequence[Curve]], Panel]] = {
    "loss": losses,
    "accuracy": lambda curves: Panel(_epochs(curves), _share("accuracy")),
    "solved": lambda curves: Panel(_epochs(curves), _share("solved by then")),
    "rate": rates,
    "final": final_losses,
}
# Of panels with bands: the quantile below or above which the worst of twenty runs lie.
WORST = {"loss": 4, "accuracy": 0}


def curves_panel(name: str, curves: Sequence[Curve], mark: float | None = None) -> Piece:
    """Return a panel: medians over the bands between their quartiles, or steps; and a rule at the mark."""
    panel = PANELS[name](curves)
    look = arm_looks([curve.label for curve in curves])
    parts: list[Html] = []
    if name in WORST:
        parts += [chart.band(panel, c.x, c.y[1], c.y[3], classes) for c, classes in zip(curves, look, strict=True)]
    for curve, classes in zip(curves, look, strict=True):
        if name in WORST:
            parts.append(chart.line(panel, curve.x, curve.y[WORST[name]], f"worst {classes}"))
            parts.append(chart.line(panel, curve.x, curve.y[2], classes))
        else:
            parts.append(chart.steps(panel, *(_to_the_edges(panel, curve) if name == "final" else curve[1:]), classes))
    parts += [] if mark is None else [chart.rule(panel, mark)]
    return panel.draw(*parts)


def _to_the_edges(panel: Panel, curve: Curve) -> tuple[Array, Array]:
    """Return a share that rises with losses from one end of the axis to the other; none are below the first."""
    scale, last = panel.x.scale, curve.y[-1:] if len(curve.y) else np.zeros(1)
    return np.concatenate([[scale.low], curve.x, [scale.high]]), np.concatenate([[0.0], curve.y, last])


def arm_looks(labels: Sequence[str]) -> list[str]:
    """Return the classes of arms; their colours are in order where they are."""
    return chart.looks(len(labels), ordered=is_ordered(labels))


def answers_panel(answers: Answers) -> Piece:
    """Return the samples of an arm: the mark is the label, the colour the share of runs that are wrong there."""
    low, high = answers.x.min(axis=0), answers.x.max(axis=0)
    margin = 0.08 * max(*(high - low), 1e-9)
    across, up = (Axis(Scale(a - margin, b + margin), name) for a, b, name in zip(low, high, ("x₁", "x₂"), strict=True))
    panel = Panel(across, up, height=400)
    kinds = np.searchsorted([least for least, _ in WRONG], answers.wrong, side="right") - 1
    at = panel.place(answers.x[:, 0], answers.x[:, 1])
    # The worst on top.
    marks = (
        _spot(at[k, 0], at[k, 1], int(answers.labels[k]), f"w{kinds[k]}")
        for k in np.argsort(answers.wrong, kind="stable")
    )
    return panel.draw(*marks, title=answers.label)


def _spot(x: float, y: float, label: int, kind: str) -> Html:
    if label:
        return element("rect", x=f"{x - 4.5:g}", y=f"{y - 4.5:g}", width=9, height=9, class_=f"spot {kind}")
    return element("circle", cx=f"{x:g}", cy=f"{y:g}", r=5, class_=f"spot {kind}")


def _keys(content: StudyFigure) -> list[Piece]:
    if content.answers:
        labels = [chart.key(_spot(13, 11, k, "w0"), f"label {k}") for k in (0, 1)]
        return labels + [chart.key(_spot(13, 11, 0, f"w{k}"), text) for k, (_, text) in enumerate(WRONG)]
    curves = next(iter(content.panels.values()))
    names = [curve.label for curve in curves]
    if "solved" in content.panels:
        shares = (share(curve.y[-1]) for curve in content.panels["solved"])
        names = [f"{name} · {solved} solved" for name, solved in zip(names, shares, strict=True)]
    keys = [chart.line_key(look, name) for look, name in zip(arm_looks([c.label for c in curves]), names, strict=True)]
    return keys + ([chart.line_key("rule", "printed")] if content.mark is not None else [])


def draw(content: StudyFigure) -> tuple[list[Piece], list[Piece]]:
    """Return panels and keys of a figure."""
    panels = [curves_panel(name, curves, content.mark) for name, curves in content.panels.items()]
    return panels or [answers_panel(answers) for answers in content.answers], _keys(content)


def how_drawn(content: StudyFigure) -> str:
    """Return what lines and bands are, to stand after the runs; nothing where there are no bands."""
    return (
        "; lines are medians, bands quartiles, thin lines where the worst 5% begin"
        if set(content.panels) & set(WORST)
        else ""
    )


def save(path: Path, content: StudyFigure, label: str) -> tuple[int, int]:
    """Draw a figure into a file; return its width and height in pixels. label: the figure in words."""
    return save_chart(path, [content.title, f"{content.runs}{how_drawn(content)}"], *draw(content), label)
