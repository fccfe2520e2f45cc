"""Figures of what an ensemble predicts for rows whose target is known: classes, probabilities, numbers.

Each is a function draw(figure, content); blue is right, orange wrong.
"""

import re
from collections.abc import Sequence
from itertools import takewhile
from textwrap import fill
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from numpy.typing import NDArray

from fnn.plots.style import INK, ONE, ZERO, literal, percent_axis
from fnn.stats.intervals import wilson

Array = NDArray[Any]

# Of more classes the rarest are one; cells of so many classes have room for a share under the count.
MOST_CLASSES, MOST_SHARES = 24, 12
MOST_OUTPUTS = 6
# Of more rows intervals would be a grey cloud; of more still, points would hide how many lie on each other.
MOST_BARS, MOST_POINTS = 150, 2000

RIGHT, WRONG = (LinearSegmentedColormap.from_list(name, ["#FFFFFF", name]) for name in (ZERO, ONE))
DENSITY = LinearSegmentedColormap.from_list("density", ["#CFE3F1", ZERO, "#00263F"])


def shorten(names: Sequence[str], most: int) -> list[str]:
    """Return names of at most so many characters for a figure: of longer ones the middle is left out.

    Names that would be alike then (they begin and end with the same words) go without the words that begin all.
    """
    words = [" ".join(name.split()) for name in names]
    long = [name for name in words if len(name) > most]
    short = {name: _cut(name, most, (most - 1) // 2) for name in long}
    if len(set(short.values())) < len(short):
        same = takewhile(lambda letters: letters[0] == letters[1], zip(min(long), max(long), strict=False))
        begin = len(re.sub(r"[^\W_]*$", "", "".join(letter for letter, _ in same)))
        short = {name: _cut(f"…{name[begin:]}", most, 0) for name in long}
    return [literal(short.get(name, name)) for name in words]


def _cut(name: str, most: int, end: int) -> str:
    """Return the name, or its begin and its last `end` characters: `most` characters in all."""
    if len(name) <= most:
        return name
    return f"{name[: most - 1 - end].rstrip()}…{name[len(name) - end :].lstrip()}"


def add_title(figure: Figure, title: str, about: str) -> None:
    """Say above the figure what is shown, and under that of which data and networks, in lines that fit its width."""
    width = int(figure.get_size_inches()[0] * 12)
    figure.suptitle("\n".join(fill(literal(line), width) for line in (title, about) if line), fontsize=10.5)


# ---- classes ----


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
    figure.set_size_inches(max(5.2, cell * C + 2.6), max(4.2, cell * C + 2.2))
    ax = figure.subplots()
    shares = counts / np.maximum(rows, 1)[:, None]
    right = np.eye(C, dtype=bool)
    wrong, folded = ~right, len(content.classes) > C
    right[-1, -1] &= not folded  # among the classes that are one here some are taken for others of them
    for cells, cmap, gamma in ((right, RIGHT, 1), (wrong, WRONG, 0.5)):
        ax.imshow(np.ma.array(shares, mask=~cells), cmap=cmap, norm=PowerNorm(gamma, 0, 1), aspect="auto")
    _write_counts(ax, counts, shares)
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


def _write_counts(ax: Axes, counts: NDArray[np.integer[Any]], shares: Array) -> None:
    """Write the count into each cell that has one, and under it the share of the class where there is room."""
    C = len(counts)
    for r, c in np.argwhere(counts):
        share = f"\n{shares[r, c]:.0%}" if C <= MOST_SHARES else ""
        color = "white" if shares[r, c] > 0.6 else "black"
        size = 8.5 if C <= 8 else 7.5 if C <= MOST_SHARES else 6
        ax.text(c, r, f"{counts[r, c]:,}{share}", ha="center", va="center", fontsize=size, color=color)


class Reliability(NamedTuple):
    """Predicted probabilities against what came true, in B bins; NaN where a bin is empty.

    edges: (B+1,) of the bins. confidence, share: (B,) the ensemble's mean probability in a bin, and the share of its
    rows for which it came true; counts: (B,) its rows. error: the expected calibration error. of: what the probability
    is of. members: (2, B), the ends of a band of the networks' own shares; members_error: their median error.
    """

    about: str
    edges: Array
    confidence: Array
    share: Array
    counts: NDArray[np.integer[Any]]
    error: float
    of: str = "predicted class"
    members: Array | None = None
    members_error: float | None = None


def reliability(figure: Figure, content: Reliability) -> None:
    """The share that came true over the probability predicted, with 95% intervals; below, the rows in each bin."""
    figure.set_size_inches(5.2, 6.0)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
    top.plot((0, 1), (0, 1), color=INK, linewidth=1, linestyle=(0, (4, 3)), label="calibrated")
    if content.members is not None:
        middles = (content.edges[:-1] + content.edges[1:]) / 2
        low, high = content.members
        top.fill_between(middles, low, high, color=ZERO, alpha=0.2, linewidth=0, label="networks, 5–95%")
    some = content.counts > 0
    ends = [wilson(round(s * n), int(n)) for s, n in zip(content.share[some], content.counts[some], strict=True)]
    top.vlines(content.confidence[some], *np.array(ends).T, color=ZERO, linewidth=1.4, alpha=0.7)
    top.plot(content.confidence[some], content.share[some], "o-", color=ZERO, markersize=4.5, label="ensemble")
    top.set(ylabel="share that came true", xlim=(0, 1), ylim=(-0.02, 1.02))
    for axis in (top.xaxis, top.yaxis):
        percent_axis(axis)
    top.legend(loc="upper left")
    _write_bins(bottom, content)
    bottom.set_xlabel(f"probability of {shorten([content.of], 40)[0]}")
    networks = "" if content.members_error is None else f", one network's {content.members_error:.3f}"
    add_title(figure, f"reliability: expected calibration error {content.error:.3f}{networks}", content.about)


def _write_bins(ax: Axes, content: Reliability) -> None:
    """Draw how many rows each bin has, with the number, as most have few beside the last."""
    edges, counts = content.edges, content.counts
    ax.bar(edges[:-1], counts, np.diff(edges), align="edge", color=ZERO, alpha=0.5, edgecolor="white")
    for left, right, count in zip(edges[:-1], edges[1:], counts, strict=True):
        if count:
            text = f"{count:,}" if count < 10_000 else f"{count / 1000:,.0f}k"
            ax.annotate(text, ((left + right) / 2, count), (0, 2), textcoords="offset points", ha="center", fontsize=7)
    ax.set(ylabel="rows", ylim=(0, 1.22 * max(1, int(counts.max()))))
    ax.grid(visible=False, axis="x")


# ---- numbers ----


class PredictedNumbers(NamedTuple):
    """Numbers predicted and true, in the targets' units. true, mean, low, high: (N, O); names: (O,).

    low, high: the ends of 95% intervals. scores: (O,) in words.
    """

    about: str
    names: Sequence[str]
    true: Array
    mean: Array
    low: Array | None = None
    high: Array | None = None
    scores: Sequence[str] = ()


def predicted_against_true(figure: Figure, content: PredictedNumbers) -> None:
    """The true number over the predicted one, and under it what is left of it: two panels for each output."""
    outputs = min(len(content.names), MOST_OUTPUTS)
    columns = 1 if outputs == 1 else 2 if outputs in (2, 4) else 3
    bands = -(-outputs // columns)
    figure.set_size_inches((5.6, 6.2) if outputs == 1 else (3.3 * columns + 0.3, 4.3 * bands + 0.8))
    grid = GridSpec(2 * bands, columns, figure, height_ratios=(3, 1.3) * bands)
    for k in range(outputs):
        band, column = divmod(k, columns)
        top = figure.add_subplot(grid[2 * band, column])
        bottom = figure.add_subplot(grid[2 * band + 1, column], sharex=top)
        _numbers_panel(top, bottom, content, k)
        if column == 0:
            top.set_ylabel("true")
            bottom.set_ylabel("true − predicted")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    if labels:
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), columnspacing=1.4)
    left_out = len(content.names) - outputs
    note = f"; the first {outputs} of {len(content.names)} outputs" if left_out else ""
    dense = f"; darker: more of {len(content.true):,} rows" if len(content.true) > MOST_POINTS else ""
    add_title(figure, f"predicted and true{note}{dense}", content.about)


def _numbers_panel(top: Axes, bottom: Axes, content: PredictedNumbers, k: int) -> None:
    """Draw one output: its numbers, and its residuals below."""
    true, mean = content.true[:, k], content.mean[:, k]
    ends = [mean.min(), mean.max(), true.min(), true.max()]
    margin = 0.05 * max(max(ends) - min(ends), 1e-9)
    limits = min(ends) - margin, max(ends) + margin
    top.plot(limits, limits, color=INK, linewidth=1, linestyle=(0, (4, 3)))
    bottom.axhline(0, color=INK, linewidth=1, linestyle=(0, (4, 3)))
    _cloud(top, mean, true, content, k)
    _cloud(bottom, mean, true - mean, content, k)
    top.set(xlim=(mean.min() - margin, mean.max() + margin), ylim=limits)
    top.tick_params(labelbottom=False)
    bottom.set_xlabel("predicted")
    name = shorten(content.names, 34)[k]
    top.set_title("\n".join((name, *content.scores[k : k + 1])), fontsize=9.5)


def _cloud(ax: Axes, x: Array, y: Array, content: PredictedNumbers, k: int) -> None:
    """Draw rows as points, those outside their intervals in orange; where there are very many as cells."""
    if len(x) > MOST_POINTS:
        ax.hexbin(x, y, gridsize=45, mincnt=1, bins="log", cmap=DENSITY, linewidths=0.1)
        return
    size, alpha = (22, 0.85) if len(x) <= MOST_BARS else (12, 0.45)
    style: Any = {"s": size, "alpha": alpha, "edgecolors": "white", "linewidths": 0.4, "zorder": 3}
    if content.low is None or content.high is None:
        ax.scatter(x, y, c=ZERO, **style)
        return
    low, high, true = content.low[:, k], content.high[:, k], content.true[:, k]
    inside = (low <= true) & (true <= high)
    shift = y - true  # 0 above, −mean below: there intervals lie around 0
    for chosen, color, text in ((inside, ZERO, "in its 95% interval"), (~inside, ONE, "outside of it")):
        if len(x) <= MOST_BARS:
            ax.vlines(x[chosen], (low + shift)[chosen], (high + shift)[chosen], color=color, linewidth=0.8, alpha=0.35)
        ax.scatter(x[chosen], y[chosen], c=color, label=text, **style)
