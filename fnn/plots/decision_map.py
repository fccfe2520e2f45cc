"""The decision map: what an ensemble of two inputs answers over the plane, and the rows it learnt from and not."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from fnn.plots.labels import add_title, shorten
from fnn.plots.palette import COLORS, INK
from fnn.plots.style import FIELD, color_bar
from fnn.stats.curves import subsample

Array = NDArray[Any]
Extent = tuple[float, float, float, float]

# Of a part's rows so many are drawn: more would hide the map.
MOST_POINTS, MOST_NAMES = 1500, 20
MARKERS = "os^D"


class DecisionMap(NamedTuple):
    """What an ensemble answers over two inputs: names of these, and values (B, A) on a grid of x (A,) and y (B,).

    values: the place of the class, or the number predicted. agreement: (B, A) the share of networks that answer that
    class; None for numbers. parts: rows by the part's name, x (N, 2) and y (N,): places of classes, or numbers.
    """

    about: str
    names: tuple[str, str]
    x: Array
    y: Array
    values: Array
    parts: Mapping[str, tuple[Array, Array]]
    classes: Sequence[str] = ()
    agreement: Array | None = None
    target: str = ""


def decision_map(figure: Figure, content: DecisionMap) -> None:
    """The answer at each point of the plane, and the rows of both parts with the true ones."""
    figure.set_size_inches(7.2, 4.9)
    ax = figure.subplots()
    ax.grid(visible=False)
    extent = (content.x[0], content.x[-1], content.y[0], content.y[-1])
    if content.classes:
        handles = _class_map(ax, content, extent)
        title = f"{content.target or 'class'} predicted"
        title += "; paler where networks disagree" if content.agreement is not None else ""
    else:
        handles = _number_map(ax, content, extent)
        title = f"{content.target or 'number'} predicted, and true in the points"
    left_out = sum(len(x) for x, _ in content.parts.values()) - sum(len(x) for _, _, (x, _) in _points(content))
    note = f"; {left_out:,} rows are not drawn" if left_out else ""
    ax.set(xlim=extent[:2], ylim=extent[2:])
    across, up = shorten(content.names, 40)
    ax.set(xlabel=across, ylabel=up)
    if handles:
        if content.classes:
            figure.legend(handles=handles, loc="outside right center", fontsize=8.5, handlelength=1.2)
        else:  # a colour bar is on the right
            figure.legend(handles=handles, loc="outside lower center", fontsize=8.5, ncols=len(handles))
    add_title(figure, title, content.about + note, beside=1.8)


def class_colors(count: int) -> list[Any]:
    """Return colours for so many classes: those of the house, for more than eight those of a wider palette, again."""
    if count <= len(COLORS):
        return list(COLORS[:count])
    palette = mpl.colormaps["tab20"].colors  # type: ignore[attr-defined]
    return [palette[(2 * k + k // 10 % 2) % 20] for k in range(count)]


def _class_map(ax: Axes, content: DecisionMap, extent: Extent) -> list[Any]:
    colors = np.array([to_rgb(color) for color in class_colors(len(content.classes))])
    agreement = np.ones_like(content.values, float) if content.agreement is None else content.agreement
    least = 1 / len(content.classes)  # what the class most networks answer has at least
    strength = (0.06 + 0.46 * np.clip((agreement - least) / max(1 - least, 0.1), 0, 1))[..., None]
    image = 1 - strength * (1 - colors[content.values.astype(int)])
    ax.imshow(image, origin="lower", extent=extent, aspect="auto", interpolation="nearest")
    edge = "white" if len(colors) <= len(COLORS) else INK  # the wider palette has pale colours
    for marker, size, (x, y) in _points(content):
        ax.scatter(x[:, 0], x[:, 1], s=size, c=colors[y.astype(int)], marker=marker, edgecolors=edge, linewidths=0.5,
                   zorder=3)  # fmt: skip
    named = zip(colors[:MOST_NAMES], shorten(content.classes[:MOST_NAMES], 18), strict=True)
    patches: list[Any] = [Patch(color=color, label=name) for color, name in named]
    if len(colors) > MOST_NAMES:
        patches.append(Patch(color="none", label=f"{len(colors) - MOST_NAMES} others"))
    return patches + _part_handles(content)


def _number_map(ax: Axes, content: DecisionMap, extent: Extent) -> list[Any]:
    each = [content.values.ravel(), *(y for _, y in content.parts.values())]
    low, high = min(v.min() for v in each), max(v.max() for v in each)
    style: Any = {"cmap": FIELD, "vmin": low, "vmax": high}
    ax.imshow(content.values, origin="lower", extent=extent, aspect="auto", interpolation="bilinear", **style)
    for marker, size, (x, y) in _points(content):
        ax.scatter(x[:, 0], x[:, 1], s=size, c=y, marker=marker, edgecolors=INK, linewidths=0.5, zorder=3, **style)
    color_bar(ax, shorten([content.target], 40)[0], **style)
    return _part_handles(content)


def _points(content: DecisionMap) -> list[tuple[str, float, tuple[Array, Array]]]:
    """Return marker, size and rows of each part; of very many rows some, evenly apart."""
    total = sum(len(x) for x, _ in content.parts.values())
    size = 28.0 if total <= 300 else 14.0 if total <= MOST_POINTS else 8.0
    drawn = []
    for marker, (x, y) in zip(MARKERS, content.parts.values(), strict=False):
        shown = subsample(len(x), MOST_POINTS) if len(x) else np.arange(0)
        drawn.append((marker, size, (x[shown], y[shown])))
    return drawn


def _part_handles(content: DecisionMap) -> list[Any]:
    return [
        Line2D([], [], marker=marker, linestyle="", color="0.4", markeredgecolor="white", label=name)
        for marker, name in zip(MARKERS, content.parts, strict=False)
    ]
