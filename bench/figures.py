"""Two pictures of a run: time against the size of the stack, and the share of the FMA peak against width."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, PercentFormatter

from fnn.files import replacing
from fnn.plots.labels import add_title
from fnn.plots.palette import INK, ONE, ZERO
from fnn.plots.style import STYLE

from .run import APART, SKIPPED, Row
from .tables import duration


class Look(NamedTuple):
    """How a contender is drawn: a colour for who made it, a marker and a dash for which of theirs it is."""

    color: str
    marker: str
    dash: str = "-"


# Okabe & Ito's colours, which all kinds of colour vision tell apart.
LOOKS = {
    "fnn": Look(ZERO, "o"),
    "fnn-numpy": Look("#56B4E9", "D"),
    "numpy-loop": Look("#56B4E9", "v", ":"),
    "jax": Look(ONE, "s"),
    "jax-last": Look(ONE, "^", "--"),
    "jax-threads": Look(ONE, "D", "-."),
    "torch": Look("#009E73", "s"),
    "torch-func": Look("#009E73", "^", "--"),
    "torch-loop": Look("#009E73", "v", ":"),
    "sklearn": Look("#CC79A7", "v", ":"),
    "fann": Look(INK, "v", ":"),
}


# Why a line ends before the axis does: the mark at its end, and what it says.
ENDS = {SKIPPED: ("|", "the next would take too long"), APART: ("X", "the next does not agree with fnn")}


def lines_by_contender(ax: Axes, rows: Sequence[Row], values: str) -> Axes:
    """Draw one line a contender over `at`, with the quartiles of times as a band; a mark says why it ends early."""
    for name, look in LOOKS.items():
        line = sorted((row for row in rows if row.contender == name and row.seconds), key=lambda row: row.at)
        if not line:
            continue
        at, heights = [row.at for row in line], [_height(row, values) for row in line]
        front = 4 if name == "fnn" else 3
        ax.plot(
            at, heights, color=look.color, marker=look.marker, linestyle=look.dash, label=line[0].title, zorder=front,
            linewidth=2.6 if name == "fnn" else 1.4, markersize=6 if name == "fnn" else 4.5, markeredgecolor="white",
            markeredgewidth=0.6,
        )  # fmt: skip
        if values == "seconds":
            low, high = ([(row.seconds or [0, 0, 0])[k] for row in line] for k in (0, 2))
            ax.fill_between(at, low, high, color=look.color, alpha=0.2, linewidth=0)
        _mark_end(ax, [row for row in rows if row.contender == name], at[-1], heights[-1], look.color)
    return ax


def _mark_end(ax: Axes, rows: Sequence[Row], last: float, height: float, color: str) -> None:
    """Mark the end of a line where the next case has no time, by why it has none."""
    later = sorted((row for row in rows if row.at > last), key=lambda row: row.at)
    if later and later[0].status in ENDS:
        marker, _ = ENDS[later[0].status]
        ax.plot([last], [height], marker, color=color, markersize=13 if marker == "|" else 9, markeredgewidth=2.2,
                zorder=5, label=f"_{later[0].status}")  # fmt: skip


def _height(row: Row, values: str) -> float:
    return row.seconds[1] if values == "seconds" and row.seconds else row.share or 0.0


def time_against_size(ax: Axes, rows: Sequence[Row]) -> Axes:
    """Draw the seconds that a stack takes over its size, both by powers of ten."""
    lines_by_contender(ax, rows, "seconds")
    ax.set(xscale="log", yscale="log", xlabel="networks in the stack", ylabel="time to train them all")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.0f}"))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: _round(v)))
    ax.minorticks_off()
    return ax


def _round(seconds: float) -> str:
    """Return a power of ten as a person says it."""
    number, unit = duration(seconds).split()
    return f"{float(number.replace(',', '')):,.0f} {unit}"


def share_against_width(ax: Axes, rows: Sequence[Row], title: str) -> Axes:
    """Draw the share of the FMA peak over the width of the two hidden layers."""
    lines_by_contender(ax, rows, "share")
    widths = sorted({row.at for row in rows if row.seconds})
    ax.set_xscale("log", base=2)
    ax.set_xticks(widths, [f"{w:g}" for w in widths])
    ax.minorticks_off()
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.set(xlabel="width of the two hidden layers", ylim=(0, max([1.0, *(row.share or 0.0 for row in rows)])))
    ax.set_title(title)
    return ax


def _legend(figure: Figure, axes: Sequence[Axes]) -> None:
    """Name every line once, beside the axes, from the top of the picture downwards."""
    named: dict[str, Line2D] = {}
    for ax in axes:
        for line in ax.get_lines():
            if not str(line.get_label()).startswith("_"):
                named.setdefault(str(line.get_label()), line)

    def last(name: str) -> float:
        """Return how high a line ends; of times, which end at stacks of different sizes, the time of one network."""
        (x, y) = np.asarray(named[name].get_xydata())[-1]
        return float(y / x if axes[0].get_yscale() == "log" else y)

    names = sorted(named, key=last, reverse=True)
    figure.legend([named[name] for name in names], names, loc="outside right center", handlelength=3)
    ends = {str(line.get_label())[1:] for ax in axes for line in ax.get_lines()} & set(ENDS)
    handles = [Line2D([], [], color=INK, linestyle="", marker=ENDS[end][0], markersize=9, markeredgewidth=2)
               for end in sorted(ends)]  # fmt: skip
    if handles:
        words = [f"the line ends: {ENDS[end][1]}" for end in sorted(ends)]
        figure.legend(handles, words, loc="outside lower center", ncols=len(words))


def draw_sizes(figure: Figure, rows: Sequence[Row]) -> None:
    """Time against stack size."""
    ax = time_against_size(figure.subplots(), rows)
    _legend(figure, [ax])
    add_title(figure, "how long a stack of networks trains", "XOR of the lab, 500 epochs, float32; bands: quartiles")


def draw_widths(figure: Figure, rows: Sequence[Row]) -> None:
    """The share of the peak against width, a panel for each precision."""
    dtypes = sorted({row.dtype for row in rows if row.dtype and row.seconds})
    axes = figure.subplots(1, len(dtypes), sharey=True, squeeze=False)[0]
    for ax, dtype in zip(axes, dtypes, strict=True):
        share_against_width(ax, [row for row in rows if row.dtype == dtype], dtype)
    axes[0].set_ylabel("share of the FMA peak")
    for ax in axes[1:]:
        ax.tick_params(labelleft=False)
    _legend(figure, axes)
    add_title(figure, "how much of the machine's peak is used", "networks of two hidden layers as wide as each other")


FIGURES = {
    "size": ("time-against-size.png", (8.4, 4.8), draw_sizes),
    "width": ("peak-against-width.png", (10.4, 4.4), draw_widths),
}


def save_figures(folder: Path, rows: Sequence[Row]) -> list[Path]:
    """Draw what there are rows for into the folder; return the files."""
    paths = []
    with mpl.rc_context(STYLE):
        for work, (name, size, draw) in FIGURES.items():
            drawn = [row for row in rows if row.work == work]
            if any(row.seconds for row in drawn):
                figure = Figure(figsize=size, layout="constrained")
                draw(figure, drawn)
                with replacing(folder / name) as part:
                    figure.savefig(part)
                paths.append(folder / name)
    return paths
