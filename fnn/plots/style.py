"""The style of all figures, and the pieces that they are drawn from: bands, steps, whiskers, cells, points, fields.

Each piece takes arrays and an `ax`, draws, and returns the `ax`. Blue is 0 and orange is 1 everywhere (Okabe & Ito's
colours, told apart by all kinds of colour vision), and so are the marks, circle and square.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fnn.files import replacing

Array = NDArray[np.floating[Any]]
Epochs = NDArray[np.integer[Any] | np.floating[Any]]

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

# What tells the arms of a figure apart.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D1F")
LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)), (0, (7, 2, 1, 2)))
MARKERS = "osD^vPX*"

# Cells have their numbers in them where there are at most so many in a row.
MOST_CELLS = 12


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


# ---- lines ----


def curve(ax: Axes, epochs: Epochs, values: Array, label: str, color: str = ZERO) -> Axes:
    """Draw one line over epochs. epochs, values: (P,)."""
    ax.plot(epochs, values, color=color, label=label)
    ax.set_xlim(0, epochs[-1])
    return ax


def quantile_bands(ax: Axes, epochs: Epochs, levels: Array, color: str = ZERO) -> Axes:
    """Draw a median with two quantile bands. levels: (5, P), the quantiles 5, 25, 50, 75 and 95%."""
    low, q25, median, q75, high = _finite(levels)
    ax.fill_between(epochs, low, high, color=color, alpha=0.15, linewidth=0, label="5–95%")
    ax.fill_between(epochs, q25, q75, color=color, alpha=0.3, linewidth=0, label="25–75%")
    return curve(ax, epochs, median, "median", color)


def quartile_band(ax: Axes, epochs: Epochs, levels: Array, color: str, line: Any, label: str) -> Axes:
    """Draw a median over epochs with the band between its quartiles. levels: (3, P)."""
    q25, median, q75 = _finite(levels)
    ax.fill_between(epochs, q25, q75, color=color, alpha=0.18, linewidth=0)
    ax.plot(epochs, median, color=color, linestyle=line, label=literal(label))
    return ax


def _finite(levels: Array) -> Array:
    """Return the levels with NaN, which is not drawn, for infinity."""
    return np.where(np.isfinite(levels), levels, np.nan)


def steps(ax: Axes, epochs: Epochs, share: Array, color: str, line: Any, label: str) -> Axes:
    """Draw a share that rises with epochs, and stays at its ceiling. epochs, share: (P,)."""
    ax.step(epochs, share, where="post", color=color, linestyle=line, label=literal(label))
    return ax


def whiskers(ax: Axes, height: float, share: float, interval: tuple[float, float], color: str, marker: str) -> Axes:
    """Draw a share as a mark with its interval, lying at a height."""
    ax.plot(interval, (height, height), color=color, linewidth=2.2, solid_capstyle="butt", alpha=0.55)
    ax.plot([share], [height], marker, color=color, markersize=5.5, markeredgecolor="white", markeredgewidth=0.6)
    return ax


# ---- the plane ----


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
    return _plane(ax, x)


def shaded_points(ax: Axes, x: Array, share: Array) -> Axes:
    """Draw samples in the plane, each coloured by a share between 0 and 1. x: (N, 2), share: (N,)."""
    drawn = ax.scatter(
        x[:, 0], x[:, 1], s=30, c=share, cmap=FIELD, vmin=0, vmax=1, edgecolors=INK, linewidths=0.6, zorder=3
    )
    figure_of(ax).colorbar(drawn, ax=ax, shrink=0.8)
    return _plane(ax, x)


def field(ax: Axes, grid_x: Array, grid_y: Array, values: Array, label: str) -> Axes:
    """Draw numbers between 0 and 1 over the plane, with their contour at 1/2. values: (len(grid_y), len(grid_x))."""
    drawn = ax.pcolormesh(grid_x, grid_y, values, cmap=FIELD, vmin=0, vmax=1, shading="gouraud", rasterized=True)
    if values.min() < 0.5 < values.max():
        ax.contour(grid_x, grid_y, values, levels=[0.5], colors=INK, linewidths=1.2)
    ax.grid(visible=False)
    figure_of(ax).colorbar(drawn, ax=ax, label=label, shrink=0.8)
    return ax


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


def cells(ax: Axes, columns: Sequence[float], rows: Sequence[float], share: Array) -> Any:
    """Draw shares between 0 and 1 as coloured cells, with their numbers where they fit. share: (rows, columns)."""
    drawn = ax.imshow(share, cmap="cividis", vmin=0, vmax=1, origin="lower", aspect="auto")
    across, up = ([f"{value:.3g}" for value in values] for values in (columns, rows))
    steep: Any = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if len(columns) > 4 else {}
    ax.set_xticks(range(len(columns)), across, fontsize=8, **steep)
    ax.set_yticks(range(len(rows)), up, fontsize=8)
    ax.grid(visible=False)
    if max(len(columns), len(rows)) <= MOST_CELLS:
        for r, c in np.argwhere(np.isfinite(share)):
            dark = share[r, c] < 0.55
            ax.text(
                c, r, f"{share[r, c]:.0%}", ha="center", va="center", fontsize=7, color="white" if dark else "black"
            )
    return drawn


def percent_axis(axis: Any) -> None:
    """Write shares as per cent along an axis of `ax`."""
    axis.set_major_formatter(mpl.ticker.PercentFormatter(1))


def figure_of(ax: Axes) -> Figure:
    """Return the figure that `ax` is in."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    return figure


def legend(ax: Axes) -> Axes:
    """Name the marks of `ax` below the whole figure."""
    handles, labels = ax.get_legend_handles_labels()
    figure_of(ax).legend(handles, labels, loc="outside lower center", ncols=len(labels), columnspacing=1.2)
    return ax
