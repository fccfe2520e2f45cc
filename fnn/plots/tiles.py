"""Small images in the cells of an axes, of which those of one row of pixels, signals, are lines.

Cells are squares of size 1 from (0, 0), top left, on; `cells_axes` gives them their shape.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from fnn.plots.palette import COLORS, INK, ONE, ZERO
from fnn.plots.style import figure_of

Array = NDArray[np.floating[Any]]

# Below 0 blue, above it orange, 0 white. Of numbers that are none of them negative, darker is more.
SIGNED = LinearSegmentedColormap.from_list("signed", ["#00324F", ZERO, "#FFFFFF", ONE, "#5E2900"])
POSITIVE = LinearSegmentedColormap.from_list("positive", ["#FFFFFF", "#7FB8D8", ZERO, "#00253B"])
# What is left free on each side of a cell, and how many channels of an image that is none of colours are shown.
_MARGIN, MOST_CHANNELS = 0.045, 4


class Scale(NamedTuple):
    """What numbers of several images look like: from low to high."""

    cmap: Any
    low: float
    high: float


def scale_of(values: Array) -> Scale:
    """Return one scale for all values: from 0 on where none is below it, else with 0 in its middle."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if low >= 0:
        return Scale(POSITIVE, 0.0, high or 1.0)
    most = max(-low, high)
    return Scale(SIGNED, -most, most)


def is_signal(height: int, width: int) -> bool:
    """Return whether images of that size are of one row or column of pixels, which is drawn as a line."""
    return (height == 1) != (width == 1)


def tile(ax: Axes, values: Array, column: float, row: float, scale: Scale) -> None:
    """Draw one channel (H, W) in the cell whose corner is there, with a thin frame, as 0 is white."""
    if is_signal(*values.shape):
        _line(ax, values.ravel(), column, row, scale, INK)
    else:
        _image(ax, values, column, row, cmap=scale.cmap, vmin=scale.low, vmax=scale.high)
    side = 1 - 2 * _MARGIN
    frame: Any = {"fill": False, "edgecolor": "0.82", "linewidth": 0.5}
    ax.add_patch(Rectangle((column + _MARGIN, row + _MARGIN), side, side, **frame))


def picture(ax: Axes, image: Array, column: float, row: float, low: float, high: float) -> None:
    """Draw an image (H, W, C) as what it is, in grey, in colours or as a line, in the cell whose corner is there.

    Of three channels they are red, green and blue; of other numbers the first few lie beside each other. low, high:
    what is black and what is white.
    """
    height, width, channels = image.shape
    if is_signal(height, width):
        for k, color in zip(range(channels), (INK, *COLORS) if channels == 1 else COLORS, strict=False):
            _line(ax, image[..., k].ravel(), column, row, Scale(None, low, high), color)
        return
    if channels == 3:
        _image(ax, np.clip((image - low) / ((high - low) or 1.0), 0, 1), column, row)
        return
    beside = np.concatenate([image[..., k] for k in range(min(channels, MOST_CHANNELS))], axis=1)
    _image(ax, beside, column, row, cmap="gray", vmin=low, vmax=high)


def picture_aspect(image: Sequence[int]) -> float:
    """Return how many times as wide as high a picture of an image (H, W, C) is."""
    height, width, channels = image
    return aspect(
        height, width * (1 if channels == 3 else min(channels, MOST_CHANNELS)), signal=is_signal(height, width)
    )


def aspect(height: int, width: int, *, signal: bool | None = None) -> float:
    """Return how many times as wide as high a cell is for images of that size."""
    if is_signal(height, width) if signal is None else signal:
        return 1.6
    return min(4.0, max(0.4, width / height))


def brightness_range(images: Array) -> tuple[float, float]:
    """Return what is black and what is white: 0 and 1, or 0 and 255, where pixels are such, else the ends of all."""
    finite = images[np.isfinite(images)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if low >= 0 and 0.5 < high <= 1:
        return 0.0, 1.0
    if low >= 0 and 128 <= high <= 255:
        return 0.0, 255.0
    return low, high if high > low else low + 1.0


def _image(ax: Axes, values: Array, column: float, row: float, **look: Any) -> None:
    extent = (column + _MARGIN, column + 1 - _MARGIN, row + 1 - _MARGIN, row + _MARGIN)
    ax.imshow(values, extent=extent, aspect="auto", interpolation="nearest", **look)


def _line(ax: Axes, values: Array, column: float, row: float, scale: Scale, color: str) -> None:
    """Draw a signal from the left of a cell to its right, with a thin line at 0 where that is within the scale."""
    P, high, span = len(values), scale.high, (scale.high - scale.low) or 1.0
    left, right = column + 2 * _MARGIN, column + 1 - 2 * _MARGIN

    def height(value: Any) -> Any:
        return row + 2 * _MARGIN + (1 - 4 * _MARGIN) * (high - value) / span

    if scale.low <= 0 <= high:
        ax.plot((left, right), (height(0.0),) * 2, color="0.75", linewidth=0.6, zorder=1)
    across = np.linspace(left, right, P) if P > 1 else np.array([(left + right) / 2])
    ax.plot(across, height(values), color=color, linewidth=0.9, marker="o" if P <= 12 else "", markersize=1.8)


# ---- the axes of cells ----


def cells_axes(ax: Axes, columns: float, rows: float, top: float = 0.0) -> Axes:
    """Make an axes one of so many cells, from the height `top` on, without a frame."""
    ax.set(xlim=(0, columns), ylim=(rows, top), aspect="auto")
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0, labelsize=7.5)
    return ax


def tell_scale(ax: Axes, scale: Scale, label: str, *, signal: bool) -> None:
    """Say below an axes what colours mean, or from where to where lines go."""
    if signal:
        at_0 = ", grey at 0" if scale.low < 0 < scale.high else ""
        ax.set_xlabel(f"{label}\n{scale.low:.2g} to {scale.high:.2g}{at_0}".replace("-", "−"), fontsize=8)
        return
    mappable = ScalarMappable(Normalize(scale.low, scale.high), scale.cmap)
    bar = figure_of(ax).colorbar(mappable, ax=ax, location="bottom", fraction=0.05, aspect=30, pad=0.02, shrink=0.9)
    bar.ax.tick_params(labelsize=7.5)
    bar.ax.grid(visible=False)
    bar.ax.locator_params(nbins=5)
    bar.set_label(label, fontsize=8)
