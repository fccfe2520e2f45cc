"""The figure of the samples that networks find hardest: each as its image, beside what the networks answer to it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from fnn.plots.labels import add_title, shorten
from fnn.plots.palette import INK, ONE, ZERO
from fnn.plots.style import percent_axis
from fnn.plots.tiles import brightness_range, cells_axes, picture, picture_aspect
from fnn.stats.hardest import Answered

Array = NDArray[np.floating[Any]]

# Samples that are shown, and classes of each; networks that have a dot each.
MOST_SAMPLES, MOST_CLASSES, MOST_DOTS = 12, 10, 200
_OTHER = "0.72"


class Misclassified(NamedTuple):
    """Samples that most networks get wrong, the hardest first. images: (n, H, W, C), answered, names: of each.

    wrong: of how many samples, `samples`, the networks together answer another class. where: what samples those are.
    """

    about: str
    images: Array
    answered: Sequence[Answered]
    names: Sequence[str]
    classes: Sequence[str]
    wrong: int
    samples: int
    where: str


def misclassified(figure: Figure, content: Misclassified) -> None:
    """Images with the mean probability of each class over networks, and a dot for each network; blue is the true class.

    Above each stands the share of networks that answer it rightly, orange where that is less than half.
    """
    n, C = len(content.answered), len(content.classes)
    columns = min(n, 3 if C <= 4 else 4)
    rows, shown = -(-n // columns), min(C, MOST_CLASSES)
    side = min(1.25, max(0.8, 0.14 * shown + 0.3))
    wide = max(1.2, side * min(2.0, picture_aspect(content.images.shape[1:])))  # so that what is true fits above
    figure.set_size_inches(max(5.6, columns * (wide + 1.75) + 0.4), rows * (max(side, 0.14 * shown) + 0.62) + 1.5)
    axes = figure.subplots(rows, 2 * columns, width_ratios=(wide, 1.3) * columns, squeeze=False)
    low, high = brightness_range(content.images)
    for k in range(rows * columns):
        left, right = axes[k // columns, 2 * (k % columns) : 2 * (k % columns) + 2]
        if k >= n:
            left.set_axis_off()
            right.set_axis_off()
            continue
        picture(left, content.images[k], 0, 0, low, high)
        cells_axes(left, 1, 1).set_aspect(1 / picture_aspect(content.images.shape[1:]))
        left.set(anchor="N", xticks=[], yticks=[])
        _bars(right, content.answered[k], content.classes, numbered=k + columns >= n)
        _head(left, right, content.names[k], content.answered[k], content.classes)
    figure.legend(handles=_handles(content), loc="outside lower center", ncols=3, columnspacing=1.4, fontsize=8.5)
    add_title(figure, _title(content), content.about)


def _head(left: Axes, right: Axes, name: str, answered: Answered, classes: Sequence[str]) -> None:
    """Write what a sample truly is and is called, and how many networks say so."""
    networks, share = len(answered.p), answered.right
    left.set_title(f"true {shorten(classes, 10)[answered.true]}", fontsize=8.5)
    left.set_xlabel(name, fontsize=8, color="0.35")
    said = f"{round(share * networks):,} of {networks:,} right" if networks > 1 else "right" if share else "wrong"
    right.set_title(said, fontsize=8.5, color=ONE if share < 0.5 else ZERO)


def _bars(ax: Axes, answered: Answered, classes: Sequence[str], *, numbered: bool) -> None:
    """Draw the mean probability of the true class and the most probable others, and each network's as a dot."""
    mean, p = answered.mean, answered.p
    places = _shown_classes(mean, answered.true)
    best = int(np.nanargmax(mean)) if np.isfinite(mean).any() else -1
    colors = [ZERO if c == answered.true else ONE if c == best else _OTHER for c in places]
    heights = np.arange(len(places))
    ax.barh(heights, np.nan_to_num(mean[places]), height=0.8, color=colors, linewidth=0)
    if len(p) > 1:
        some = p[np.linspace(0, len(p) - 1, min(len(p), MOST_DOTS)).astype(int)]
        # Networks lie a little apart, in their order, so that equal ones are seen.
        apart = np.linspace(-0.28, 0.28, len(some))
        pale = max(0.12, min(0.7, 28 / len(some)))
        ax.plot(some[:, places].T.ravel(), (heights[:, None] + apart).ravel(), "o", color=INK, markersize=1.6,
                markeredgewidth=0, alpha=pale, clip_on=False)  # fmt: skip
    names = shorten([classes[c] for c in places], 12)
    ax.set_yticks(heights, names, fontsize=7.5)
    for label, c in zip(ax.get_yticklabels(), places, strict=True):
        if c == answered.true:
            label.set(color=ZERO, fontweight="bold")
    ax.set(xlim=(0, 1), ylim=(len(places) - 0.4, -0.6), xticks=(0, 0.5, 1))
    ax.tick_params(axis="y", length=0, pad=2)
    ax.tick_params(axis="x", labelsize=7.5, labelbottom=numbered)
    ax.grid(visible=False, axis="y")
    percent_axis(ax.xaxis)


def _shown_classes(mean: Array, true: int) -> list[int]:
    """Return the true class and the most probable others, in the order of the classes."""
    order = np.argsort(-np.nan_to_num(mean, nan=-1.0), kind="stable")
    others = [int(c) for c in order if c != true][: MOST_CLASSES - 1]
    return sorted([true, *others])


def _handles(content: Misclassified) -> list[Any]:
    many = max(len(each.p) for each in content.answered) > 1
    mean = "mean probability of the" if many else "probability of the"
    handles: list[Any] = [Patch(color=ZERO, label=f"{mean} true class")]
    if any(int(np.nan_to_num(each.mean).argmax()) != each.true for each in content.answered):
        handles.append(Patch(color=ONE, label="of the class that is answered instead"))
    if many:
        handles.append(Line2D([], [], marker="o", markersize=3, linestyle="", color=INK, label="one network"))
    return handles


def _title(content: Misclassified) -> str:
    wrong, n = content.wrong, len(content.answered)
    each = "the ensemble" if max(len(a.p) for a in content.answered) > 1 else "the network"
    state = f"{each} is wrong in {wrong:,} of {content.samples:,} {content.where}"
    shown = "hardest first" if n == content.samples > 1 else f"the {n} hardest" if n > 1 else "the hardest"
    return f"misclassified: {state}; {shown}"
