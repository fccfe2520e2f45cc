"""Pieces that figures over epochs are drawn from: curves, bands, failing runs, ends, steps, whiskers, and their axes.

Each takes arrays and an `ax`, draws, and returns the `ax`. What a legend is to name has a label.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from numpy.typing import NDArray

from fnn.plots.palette import INK, ONE, ZERO
from fnn.plots.style import literal

Array = NDArray[np.floating[Any]]
Epochs = NDArray[np.integer[Any] | np.floating[Any]]

# A loss so many times the first is of a network that diverges: the axis ends there.
BLOWN_UP = 100.0


def curve(ax: Axes, epochs: Epochs, values: Array, label: str, color: str = ZERO) -> Axes:
    """Draw one line over epochs; what is not finite is left out. epochs, values: (P,)."""
    ax.plot(epochs, _finite(values), color=color, label=label)
    ax.set_xlim(0, max(1, epochs[-1]))
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


def thin_lines(ax: Axes, epochs: Epochs, values: Array, label: str, color: str = ONE) -> Axes:
    """Draw runs one by one, thin, in the order given. values: (S, P)."""
    alpha = max(0.25, min(0.8, 8 / max(len(values), 1)))
    for run in _finite(values):
        ax.plot(epochs, run, color=color, linewidth=0.8, alpha=alpha, label="_", zorder=1.9)
    ax.plot([], [], color=color, linewidth=0.8, label=label)  # in the legend it is not pale
    return ax


def ends(ax: Axes, epochs: Epochs, heights: Array, label: str, marker: str, color: str = INK) -> Axes:
    """Mark where runs end, at the edge where that lies outside of the axes. epochs, heights: (S,)."""
    heights = np.clip(heights, *ax.get_ylim())
    ax.plot(epochs, heights, marker, color=color, markersize=6, markeredgewidth=1.4, label=label, zorder=4,
            clip_on=False)  # fmt: skip
    return ax


def end_ticks(ax: Axes, epochs: Epochs, label: str, color: str = INK, marker: str = "|") -> Axes:
    """Draw a mark above the axis of epochs, | or ×, for each run that ends there. epochs: (S,)."""
    mark: Any = {"marker": "x" if marker == "×" else marker, "linestyle": "", "color": color, "markersize": 7}
    pale = max(0.15, min(0.8, 20 / max(len(epochs), 1)))
    ax.plot(epochs, np.full(len(epochs), 0.03), transform=ax.get_xaxis_transform(), markeredgewidth=0.9, alpha=pale,
            label="_", **mark)  # fmt: skip
    ax.plot([], [], markeredgewidth=0.9, label=label, **mark)  # in the legend it is not pale
    return ax


def _finite(values: Array) -> Array:
    """Return the values with NaN, which is not drawn, for infinity."""
    return np.where(np.isfinite(values), values, np.nan)


def steps(ax: Axes, epochs: Epochs, share: Array, color: str, line: Any, label: str) -> Axes:
    """Draw a share that rises with epochs, and stays at its ceiling. epochs, share: (P,)."""
    ax.step(epochs, share, where="post", color=color, linestyle=line, label=literal(label))
    return ax


def whiskers(ax: Axes, height: float, share: float, interval: tuple[float, float], color: str, marker: str) -> Axes:
    """Draw a share as a mark with its interval, lying at a height."""
    ax.plot(interval, (height, height), color=color, linewidth=2.2, solid_capstyle="butt", alpha=0.55)
    ax.plot([share], [height], marker, color=color, markersize=5.5, markeredgecolor="white", markeredgewidth=0.6,
            clip_on=False)  # fmt: skip
    return ax


# ---- axes ----


def epoch_axis(ax: Axes) -> Axes:
    """Number epochs as whole ones."""
    ax.xaxis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10], integer=True, min_n_ticks=2))
    return ax


def loss_axis(ax: Axes, first: Sequence[float] | Array = ()) -> Axes:
    """Make the y axis of losses logarithmic, with numbers on it also where it spans little.

    first: losses before training; what is far above them (the last of a network that diverges) leaves the axis.
    """
    ax.set_yscale("log", nonpositive="mask")
    low, high = ax.get_ylim()
    finite = np.asarray(first)[np.isfinite(first)]
    most = BLOWN_UP * float(np.median(finite)) if len(finite) else np.inf
    if high > most > low:
        least = ax.dataLim.minposy
        low, high = (0.7 * least if np.isfinite(least) else low), most
        ax.set_ylim(low, high)
    if high < 1000 * low:
        # Within three decades powers of ten alone would leave it without numbers.
        fine = (1.0, 2.0, 3.0, 5.0, 7.0) if high > 3 * low else (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)
        subs = (1.0, 2.0, 5.0) if high > 20 * low else fine
        ax.yaxis.set_major_locator(MaxNLocator(4) if high < 1.6 * low else LogLocator(subs=subs, numticks=20))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
        ax.yaxis.set_minor_formatter(NullFormatter())
    return ax
