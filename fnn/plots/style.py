"""The style of all figures, and the pieces that planes and cells are drawn from: points, fields, colour bars.

Each piece takes arrays and an `ax`, draws, and returns the `ax`. 0 is blue and a circle, 1 orange and a square.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize, to_hex
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from fnn.files import replacing
from fnn.plots.palette import COLORS, INK, ONE, RAMP, ZERO

Array = NDArray[np.floating[Any]]

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

WRONG = LinearSegmentedColormap.from_list("wrong", ["#FFFFFF", "#F2A93B", "#B3261E", "#4A0509"])

# What a label of the plane looks like: value, colour, mark.
LABELS = ((0, ZERO, "o"), (1, ONE, "s"))

# The scale of shares in cells. A cell wider than this, in inches, has its number in it.
SHARES: Any = {"cmap": "cividis", "vmin": 0, "vmax": 1}
CELL = 0.32


def save_figure(
    path: Path,
    draw: Callable[..., object],
    *content: Any,
    size: tuple[float, float] | None = None,
    style: Mapping[str, Any] = MappingProxyType({}),
) -> Figure | None:
    """Call draw(figure, *content) and write the figure to `path`; return it.

    None, and no file, where `draw` returns False: it has nothing to show. size: in inches. style: over the common one.
    """
    with mpl.rc_context(STYLE | dict(style)):
        figure = Figure(figsize=size, layout="constrained")
        if draw(figure, *content) is False:
            return None
        with replacing(path) as part:
            figure.savefig(part)
        return figure


def literal(text: str) -> str:
    """Return text that Matplotlib shows as it is: without formulas between dollars, or names hidden for their `_`."""
    escaped = text.replace("$", r"\$")
    return f" {escaped}" if escaped.startswith("_") else escaped


def line_colors(count: int, *, ordered: bool) -> list[str]:
    """Return colours for so many arms: those of the house, of arms that have an order those of a ramp."""
    if not ordered:
        return [COLORS[k % len(COLORS)] for k in range(count)]
    ramp = LinearSegmentedColormap.from_list("ramp", RAMP)
    return [to_hex(ramp(k / max(count - 1, 1))) for k in range(count)]


# ---- the plane ----


def points(ax: Axes, x: Array, labels: Array) -> Axes:
    """Draw samples in the plane with their labels. x: (N, 2), labels: (N,) of 0 and 1."""
    for value, color, marker in LABELS:
        chosen = x[labels == value]
        look: Any = {"color": color, "marker": marker, "edgecolors": "white", "linewidths": 0.7, "zorder": 3}
        ax.scatter(chosen[:, 0], chosen[:, 1], s=_size(x), label=f"label {value}", **look)
    return _plane(ax, x)


def wrong_points(ax: Axes, x: Array, labels: Array, wrong: Array) -> Axes:
    """Draw samples in the plane, the mark their label, the colour the share of networks that answer them wrongly.

    x: (N, 2), labels, wrong: (N,). The scale ends at the worst point, so that a tenth is seen too.
    """
    most = max(0.05, math.ceil(100 * wrong.max()) / 100)
    shade: Any = {"cmap": WRONG, "vmin": 0, "vmax": most}
    for value, _, marker in LABELS:
        chosen = labels == value
        ax.scatter(x[chosen, 0],
            x[chosen, 1], s=_size(x), c=wrong[chosen], marker=marker, edgecolors=INK, linewidths=0.6, zorder=3,
                   **shade)  # fmt: skip
    percent_axis(color_bar(ax, "wrong", **shade).yaxis)
    return _plane(ax, x)


def _size(x: Array) -> float:
    return 34.0 if len(x) <= 60 else 20.0 if len(x) <= 300 else 8.0


def field(ax: Axes, grid_x: Array, grid_y: Array, values: Array, label: str) -> Axes:
    """Draw numbers between 0 and 1 over the plane, with their contour at 1/2. values: (len(grid_y), len(grid_x))."""
    shade: Any = {"cmap": FIELD, "vmin": 0, "vmax": 1}
    ax.pcolormesh(grid_x, grid_y, values, shading="gouraud", rasterized=True, **shade)
    if values.min() < 0.5 < values.max():
        ax.contour(grid_x, grid_y, values, levels=[0.5], colors=INK, linewidths=1.2)
    ax.grid(visible=False)
    color_bar(ax, label, **shade)
    return ax


def color_bar(ax: Axes, label: str, cmap: Any, vmin: float, vmax: float) -> Axes:
    """Draw what colours mean beside `ax`, as high as it is whatever its aspect; return the axes of the bar."""
    beside = ax.inset_axes((1.03, 0, 0.045, 1))
    beside.grid(visible=False)
    figure_of(ax).colorbar(ScalarMappable(Normalize(vmin, vmax), cmap), cax=beside, label=label)
    return beside


def _plane(ax: Axes, x: Array) -> Axes:
    ax.set(aspect="equal", xlabel="x₁", ylabel="x₂")
    (left, right), (low, high) = limits(x)
    ax.set(xlim=(left, right), ylim=(low, high))
    return ax


def limits(x: Array) -> NDArray[np.float64]:
    """Return the part of the plane to show for samples x: (N, 2), as ((left, right), (low, high))."""
    low, high = x.min(axis=0), x.max(axis=0)
    margin = 0.08 * max(*(high - low), 1e-9)
    return np.stack((low - margin, high + margin), axis=1)


# ---- cells, axes and legends ----


def cells(ax: Axes, columns: Sequence[str], rows: Sequence[str], share: Array, width: float) -> Axes:
    """Draw shares between 0 and 1 as coloured cells, with their numbers where they fit. share: (rows, columns).

    width: of a cell, in inches.
    """
    ax.imshow(share, **SHARES, origin="lower", aspect="auto")
    steep: Any = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    narrow = max(map(len, columns)) * 0.075 > width
    ax.set_xticks(range(len(columns)), columns, fontsize=8, **steep if narrow else {})
    ax.set_yticks(range(len(rows)), rows, fontsize=8)
    ax.grid(visible=False)
    if width > CELL:
        for r, c in np.argwhere(np.isfinite(share)):
            dark = share[r, c] < 0.55
            ax.text(
                c, r, f"{share[r, c]:.0%}", ha="center", va="center", fontsize=7, color="white" if dark else "black"
            )
    return ax


def percent_axis(axis: Any) -> None:
    """Write shares as per cent along an axis of `ax`."""
    axis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.3g}%"))


def figure_of(ax: Axes) -> Figure | SubFigure:
    """Return the figure, or the part of one, that `ax` is in."""
    figure = ax.get_figure(root=False)
    assert figure is not None
    return figure


def legend(ax: Axes, most: int = 5) -> Axes:
    """Name the marks of `ax` below the whole figure, at most so many in a row; a single one needs no name."""
    handles, labels = ax.get_legend_handles_labels()
    if len(labels) > 1:
        columns = balanced(len(labels), most)
        figure_of(ax).legend(handles, labels, loc="outside lower center", ncols=columns, columnspacing=1.2)
    return ax


def balanced(count: int, most: int) -> int:
    """Return how many things stand in a row where there are at most so many, and rows are as even as can be."""
    rows = -(-count // most)
    return -(-count // rows)
