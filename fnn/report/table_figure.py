"""The figure of a study of tables: what arms score on every split, a panel for each data set."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.report import chart
from fnn.report.chart import BOTTOM, TOP, Axis, Panel, Piece
from fnn.report.chart_file import save_chart
from fnn.report.markup import Html, element
from fnn.report.study_figure import arm_looks
from fnn.report.svg import Scale

Array = NDArray[Any]

# In pixels: a row of a panel, the least room for the names of arms and the most, and the letters of that.
ROW, LEAST, MOST = 26, 50, 190


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


def dataset_panel(content: DatasetPanel) -> Piece:
    """Return every arm in a row: the scores of its splits, and their mean with its interval."""
    rows, labels = len(content.arms), [arm.label for arm in content.arms]
    names = [_cut(label) for label in labels]
    shown = np.concatenate([[*arm.interval, *arm.splits] for arm in content.arms])
    shown = shown[np.isfinite(shown)]
    low, high = (float(shown.min()), float(shown.max())) if len(shown) else (0.0, 1.0)
    margin = 0.04 * (high - low) or 0.05 * max(abs(high), 1e-3)
    left = max(LEAST, min(MOST, max(map(chart.text_width, names)) + 12))
    panel = Panel(
        Axis(Scale(low - margin, high + margin), content.score), Axis(Scale(-0.6, rows - 0.4)),
        height=TOP + BOTTOM + ROW * rows, left=left,
    )  # fmt: skip
    parts: list[Html] = []
    for k, (arm, look, name) in enumerate(zip(content.arms, arm_looks(labels), names, strict=True)):
        parts += _arm(panel, rows - 1 - k, arm, look.split()[0])
        y = panel.place(np.array(low), np.array(rows - 1 - k))[1]
        parts.append(element("text", name, x=left - 8, y=f"{y + 4:g}", text_anchor="end"))
    return panel.draw(*parts, title=content.name, numbers_left=False)


def _cut(label: str) -> str:
    """Return a name, or of one that has no room its begin and its end, as those of arms differ there."""
    most = int((MOST - 12) / chart.LETTER)
    return label if len(label) <= most else f"{label[: most // 2]}…{label[len(label) - (most - most // 2 - 1) :]}"


def _arm(panel: Panel, height: float, arm: ArmScores, look: str) -> list[Html]:
    shift = np.linspace(-0.22, 0.22, len(arm.splits)) if len(arm.splits) > 1 else np.zeros(1)
    dots = panel.place(np.asarray(arm.splits), height + shift)
    (left, y), (right, _) = panel.place(np.array(arm.interval), np.array(float(height)))
    middle = panel.place(np.array(arm.mean), np.array(height))[0]
    parts = [element("circle", cx=f"{x:g}", cy=f"{up:g}", r=2, class_=f"split {look}") for x, up in dots]
    parts.append(element("path", d=f"M{left:g} {y:g}H{right:g}", class_=f"bar {look}"))
    return [*parts, element("circle", cx=f"{middle:g}", cy=f"{y:g}", r=4.5, class_=f"point {look}")]


def save(path: Path, title: str, panels: Sequence[DatasetPanel], label: str) -> tuple[int, int]:
    """Draw a figure into a file; return its width and height in pixels. label: the figure in words."""
    note = "points: ensembles of a split; marks: their mean, with its 95% interval"
    return save_chart(path, [title, note], [dataset_panel(panel) for panel in panels], [], label)
