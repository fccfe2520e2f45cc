"""Figures of predicted classes and their probabilities. Blue is right, orange wrong."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from fnn.plots.labels import add_title, compact, shorten
from fnn.plots.palette import INK, ONE, ZERO
from fnn.plots.style import legend, percent_axis
from fnn.stats.calibration import Reliability

Array = NDArray[Any]

# Of more classes the rarest are one; cells of so many classes have room for a share under the count.
MOST_CLASSES, MOST_SHARES = 24, 12

RIGHT, WRONG = (LinearSegmentedColormap.from_list(name, ["#FFFFFF", name]) for name in (ZERO, ONE))


class ConfusionMatrix(NamedTuple):
    """Rows by their class and the class predicted for them. counts: (C, C), a row of it for each true class."""

    about: str
    classes: Sequence[str]
    counts: NDArray[np.integer[Any]]


def confusion_matrix(figure: Figure, content: ConfusionMatrix) -> None:
    """How many rows of each class are predicted as each, and the share of the class that is; darker is more of it."""
    classes, counts = _fold_classes(content)
    C, rows = len(classes), counts.sum(axis=1)
    cell = 0.62 if C <= MOST_SHARES else 0.34
    figure.set_size_inches(max(5.8, cell * C + 2.6), max(4.2, cell * C + 2.2))
    ax = figure.subplots()
    shares = counts / np.maximum(rows, 1)[:, None]
    right = np.eye(C, dtype=bool)
    wrong, folded = ~right, len(content.classes) > C
    right[-1, -1] &= not folded  # among the classes that are one here some are taken for others of them
    for cells, cmap, gamma in ((right, RIGHT, 1), (wrong, WRONG, 0.5)):
        ax.imshow(np.ma.array(shares, mask=~cells), cmap=cmap, norm=PowerNorm(gamma, 0, 1), aspect="auto")
    _write_counts(ax, counts, shares, right | wrong)
    long = 0.08 * max(map(len, classes)) > (cell if C > 4 else 1.4)
    steep: Any = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if long else {}
    ax.set_xticks(range(C), classes, fontsize=8, **steep)
    labels = [f"{name}  ({count:,})" for name, count in zip(classes, rows, strict=True)]
    ax.set_yticks(range(C), labels, fontsize=8)
    ax.set_xticks(np.arange(C + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(C + 1) - 0.5, minor=True)
    ax.grid(visible=False)
    ax.grid(which="minor")
    ax.tick_params(which="minor", length=0)
    ax.set(xlabel="predicted", ylabel="true (rows)")
    hits, total = int(np.trace(content.counts)), int(content.counts.sum())
    add_title(figure, f"confusion matrix: {hits:,} of {total:,} right ({hits / max(total, 1):.1%})", content.about)


def _fold_classes(content: ConfusionMatrix) -> tuple[list[str], NDArray[np.integer[Any]]]:
    """Return names and counts of the classes to show: of very many the most frequent, and what is left as one."""
    counts, C = content.counts, len(content.classes)
    most = 20 if C <= MOST_SHARES else 14
    if C <= MOST_CLASSES:
        return shorten(content.classes, most), counts
    by_rows = np.argsort(-counts.sum(axis=1), kind="stable")
    kept = np.sort(by_rows[: MOST_CLASSES - 1])
    place = np.full(C, len(kept))
    place[kept] = np.arange(len(kept))
    folded = np.zeros((MOST_CLASSES, MOST_CLASSES), counts.dtype)
    np.add.at(folded, (place[:, None], place[None, :]), counts)
    return [*shorten([content.classes[k] for k in kept], most), f"{C - len(kept)} others"], folded


def _write_counts(ax: Axes, counts: NDArray[np.integer[Any]], shares: Array, colored: Array) -> None:
    """Write the count into each cell that has one, and under it the share of the class where there is room."""
    C = len(counts)
    for r, c in np.argwhere(counts):
        share = f"\n{shares[r, c]:.0%}" if C <= MOST_SHARES else ""
        color = "white" if shares[r, c] > 0.6 and colored[r, c] else "black"
        size = 8.5 if C <= 8 else 7.5 if C <= MOST_SHARES else 6
        ax.text(c, r, f"{compact(counts[r, c])}{share}", ha="center", va="center", fontsize=size, color=color)


class ReliabilityDiagram(NamedTuple):
    """Predicted probabilities against what came true. bins: the ensemble's, B of them. error: its expected calibration
    error. of: what the probability is of.

    members: (2, B), the ends of a band of the networks' own shares, NaN where a bin is empty; members_error: their
    median error; None for one network.
    """

    about: str
    bins: Reliability
    error: float
    of: str = "the predicted class"
    members: Array | None = None
    members_error: float | None = None


def reliability_diagram(figure: Figure, content: ReliabilityDiagram) -> None:
    """The share that came true over the probability predicted, with 95% intervals; below, the rows in each bin."""
    figure.set_size_inches(5.8, 6.4)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
    bins, some = content.bins, content.bins.counts > 0
    top.plot((0, 1), (0, 1), color=INK, linewidth=1, linestyle=(0, (4, 3)), label="calibrated")
    if content.members is not None:
        middles = (bins.edges[:-1] + bins.edges[1:]) / 2
        top.fill_between(middles, *content.members, color=ZERO, alpha=0.2, linewidth=0, label="networks, 5–95%")
    at = bins.confidence[some]
    top.vlines(at, bins.low[some], bins.high[some], color=ZERO, linewidth=1.4, alpha=0.7, label="95% interval")
    answer = "network" if content.members is None else "ensemble"
    top.plot(at, bins.right[some], "o-", color=ZERO, markersize=4.5, label=answer)
    top.set(ylabel="share that came true", xlim=(0, 1), ylim=(-0.02, 1.02))
    for axis in (top.xaxis, top.yaxis):
        percent_axis(axis)
    legend(top)
    _write_bins(bottom, bins)
    bottom.set_xlabel(f"probability of {shorten([content.of], 40)[0]}")
    networks = "" if content.members_error is None else f" (one network: {content.members_error:.3f})"
    add_title(figure, f"reliability: expected calibration error {content.error:.3f}{networks}", content.about)


def _write_bins(ax: Axes, bins: Reliability) -> None:
    """Draw how many rows each bin has, with the number, as most have few beside the last."""
    edges, counts = bins.edges, bins.counts
    ax.bar(edges[:-1], counts, np.diff(edges), align="edge", color=ZERO, alpha=0.5, edgecolor="white")
    for left, right, count in zip(edges[:-1], edges[1:], counts, strict=True):
        if count and right - left > 0.08:
            ax.annotate(
                compact(count),
                ((left + right) / 2, count),
                (0, 2),
                textcoords="offset points",
                ha="center",
                fontsize=7,
            )
    ax.set(ylabel="rows", ylim=(0, 1.22 * max(1, int(counts.max()))))
    ax.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda count, _: compact(count)))
    ax.grid(visible=False, axis="x")
