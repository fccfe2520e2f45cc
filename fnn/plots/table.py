"""Figures of training on a table: how networks learnt and which columns they need, beside what they predict.

`FIGURES` has them all; `save_figures` draws those there is something for.
"""

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from fnn.plots.channels import FeatureMaps, Kernels, feature_maps, kernels
from fnn.plots.classification import ConfusionMatrix, ReliabilityDiagram, confusion_matrix, reliability_diagram
from fnn.plots.decision_map import DecisionMap, decision_map
from fnn.plots.hardest import Misclassified, misclassified
from fnn.plots.labels import add_title, shorten
from fnn.plots.lines import curve, end_ticks, epoch_axis, loss_axis, quantile_bands, whiskers
from fnn.plots.palette import INK, ONE, ZERO
from fnn.plots.regression import PredictedNumbers, predicted_against_true
from fnn.plots.style import save_figure
from fnn.stats.curves import curve_quantiles
from fnn.stats.intervals import Interval, quantiles

Array = NDArray[Any]

# Quantiles of a band, and the epochs it is drawn from: no eye sees more.
LEVELS, MOST_EPOCHS = (0.05, 0.25, 0.5, 0.75, 0.95), 200
MOST_COLUMNS = 20
# Below this, R² is of networks that have yet to learn the mean.
LEAST_SCORE = -0.25


# ---- learning ----


class Curves(NamedTuple):
    """Loss and score of S networks at P epochs, on one part of the table: (S, P) each."""

    loss: Array
    score: Array


class LearningCurves(NamedTuple):
    """How S networks learnt. epochs: (P,). kept: (S,) the epoch each keeps its weights of, None where it is the last.

    score: what the score is, accuracy or R². diverged: the epochs after which networks did. measured: (P,) bool, the
    epochs after which the part that is learnt from was measured, None for all. stopped: the epoch after which no
    network went on, the last that is shown, None for all.
    """

    about: str
    epochs: NDArray[np.integer[Any]]
    training: Curves
    validation: Curves | None = None
    kept: NDArray[np.integer[Any]] | None = None
    score: str = "accuracy"
    diverged: NDArray[np.integer[Any]] | None = None
    measured: NDArray[np.bool_] | None = None
    stopped: int | None = None


def learning_curves(figure: Figure, content: LearningCurves) -> None:
    """Loss (log scale) above the score, on both parts: lines of one network, quantile bands of many."""
    figure.set_size_inches(6.4, 5.2)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    many = len(content.training.loss) > 1
    handles: list[Any] = []
    every = np.ones(len(content.epochs), np.bool_)
    if content.stopped is not None:
        every[np.searchsorted(content.epochs, content.stopped) + 1 :] = False
    measured = every if content.measured is None else every & content.measured
    for name, color, part, points in (
        ("training", ZERO, content.training, measured), ("validation", ONE, content.validation, every)
    ):  # fmt: skip
        if part is not None:
            _part_curves(top, content.epochs[points], part.loss[:, points], color)
            _part_curves(bottom, content.epochs[points], part.score[:, points], color)
            handles.append(Line2D([], [], color=color, label=f"{name}{', median' if many else ''}"))
    if many:
        handles += [Patch(color="0.3", alpha=alpha, linewidth=0, label=text)
                    for alpha, text in ((0.4, "25–75%"), (0.15, "5–95% of networks"))]  # fmt: skip
    loss_axis(top, content.training.loss[:, 0])
    _score_axis(bottom)
    if content.kept is not None:
        handles.append(_mark_kept(top, bottom, content.kept))
    if content.diverged is not None and len(content.diverged):
        end_ticks(top, content.diverged, "_", ONE, "×")
        handles.append(Line2D([], [], color=ONE, marker="x", linestyle="", label=f"{len(content.diverged):,} diverged"))
    top.set_ylabel("loss")
    bottom.set(xlabel="epoch", ylabel=content.score)
    epoch_axis(bottom)
    figure.legend(
        handles=handles, loc="outside lower center", ncols=min(len(handles), 3), columnspacing=1.4, fontsize=9
    )
    add_title(figure, f"loss and {content.score} while training", content.about)


def _part_curves(ax: Axes, epochs: NDArray[np.integer[Any]], values: Array, color: str) -> None:
    if len(values) == 1:
        curve(ax, epochs, values[0], "", color)
        return
    shown, levels = curve_quantiles(values, LEVELS, MOST_EPOCHS)
    quantile_bands(ax, epochs[shown], levels, color)


def _mark_kept(top: Axes, bottom: Axes, kept: NDArray[np.integer[Any]]) -> Line2D:
    """Rule a line at the median of the epochs kept, and draw a short one for each; return the handle that names it."""
    median = float(quantiles(kept, [0.5])[0])
    for ax in (top, bottom):
        ax.axvline(median, color=INK, linewidth=1, linestyle=(0, (4, 3)))
    if len(kept) > 1:
        end_ticks(bottom, kept, "_")
    name = f"epochs kept, median {median:g}" if len(kept) > 1 else f"epoch kept, {median:g}"
    return Line2D([], [], color=INK, linewidth=1, linestyle=(0, (4, 3)), label=name)


def _score_axis(ax: Axes) -> None:
    """Show the scores that there are, but none of the first epochs so bad that it would hide how later ones differ."""
    low, high = ax.get_ylim()
    last = [np.asarray(line.get_ydata())[-1] for line in ax.get_lines() if len(np.asarray(line.get_ydata()))]
    least = min([LEAST_SCORE, *(score - 0.25 for score in last if np.isfinite(score))])
    ax.set_ylim(max(low, least), min(max(high, least + 0.1), 1.02))


# ---- columns ----


class Importance(NamedTuple):
    """What the score loses when a column is shuffled: an interval over networks for each of the I columns.

    lower_is_better: of the score, which then grows.
    """

    about: str
    names: Sequence[str]
    losses: Sequence[Interval]
    score: str = "accuracy"
    lower_is_better: bool = False


def importance(figure: Figure, content: Importance) -> None:
    """The columns that matter most, each a mark with its interval; the others in a note."""
    order = sorted(range(len(content.names)), key=lambda k: -content.losses[k].estimate)
    shown, rest = order[:MOST_COLUMNS], order[MOST_COLUMNS:]
    intervals = bool(np.isfinite(content.losses).all())  # of one network they are infinite
    figure.set_size_inches(6.4, 0.26 * len(shown) + 1.9)
    ax = figure.subplots()
    ax.axvline(0, color=INK, linewidth=1)
    for height, k in enumerate(shown):
        estimate, low, high = content.losses[k]
        whiskers(ax, -height, estimate, (low, high) if intervals else (estimate, estimate), ZERO, "o")
    ax.set_yticks([-height for height in range(len(shown))], shorten([content.names[k] for k in shown], 32), fontsize=9)
    ax.set_ylim(0.6 - len(shown), 0.6)
    change = f"{content.score} {'gained' if content.lower_is_better else 'lost'}"
    mean = ", mean and 95% interval over networks" if intervals else ""
    ax.set_xlabel(f"{change}{mean}{_rest([content.losses[k].estimate for k in rest])}", fontsize=9)
    add_title(figure, f"permutation importance: {change} when a column is shuffled", content.about)


def _rest(losses: Sequence[float]) -> str:
    """Return what the columns that are not shown lose, from the most on, in a line; none if there are none."""
    if not losses:
        return ""
    columns = "other column" if len(losses) == 1 else "other columns"
    return f"\n{len(losses)} {columns}: {sum(losses):.3g} summed, none above {losses[0]:.2g}"


# ---- all of them ----


class TableFigures(NamedTuple):
    """What the figures of a table draw; None where there is nothing to draw."""

    curves: LearningCurves | None = None
    confusion: ConfusionMatrix | None = None
    numbers: PredictedNumbers | None = None
    reliability: ReliabilityDiagram | None = None
    importance: Importance | None = None
    plane: DecisionMap | None = None
    kernels: Kernels | None = None
    maps: FeatureMaps | None = None
    misclassified: Misclassified | None = None


FIGURES: dict[str, tuple[str, Callable[[Figure, Any], None]]] = {
    "learning-curves.png": ("curves", learning_curves),
    "confusion-matrix.png": ("confusion", confusion_matrix),
    "predicted-and-true.png": ("numbers", predicted_against_true),
    "reliability.png": ("reliability", reliability_diagram),
    "importance.png": ("importance", importance),
    "decision-map.png": ("plane", decision_map),
    "kernels.png": ("kernels", kernels),
    "feature-maps.png": ("maps", feature_maps),
    "misclassified.png": ("misclassified", misclassified),
}


def save_figures(folder: Path, figures: TableFigures) -> list[Path]:
    """Draw the figures there is something for into the folder; return the files."""
    written = []
    for name, (field, draw) in FIGURES.items():
        content = getattr(figures, field)
        if content is not None:
            with warnings.catch_warnings():
                # A name in letters that no font here has is drawn as boxes: nothing a reader of the terminal can mend.
                warnings.filterwarnings("ignore", "Glyph", UserWarning)
                save_figure(folder / name, draw, content)
            written.append(folder / name)
    return written
