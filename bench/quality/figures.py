"""A picture of a run: how much of what is answered with a confidence is right."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from fnn.bench.figures import Look
from fnn.files import replacing
from fnn.plots.labels import add_title
from fnn.plots.palette import INK, ONE, ZERO
from fnn.plots.style import STYLE

from .contenders import TITLES
from .summary import Overall

# Okabe & Ito's colours; what is of one maker has one of them.
LOOKS = {
    "fnn": Look(ZERO, "o"),
    "fnn-untempered": Look(ZERO, "D", "--"),
    "mlp": Look("#CC79A7", "v"),
    "bagging": Look("#CC79A7", "^", "--"),
    "forest": Look("#009E73", "s"),
    "boosting": Look("#009E73", "P", "--"),
    "realmlp": Look(ONE, "X"),
    "tabm": Look(ONE, "*", "--"),
}
# A bin with a smaller share of the answers is left out: what is right of a few says nothing.
LEAST_SHARE = 0.005


def draw_reliability(figure: Figure, overall: Sequence[Overall]) -> None:
    """Draw the share that is right against the confidence it was answered with, one line for each who answered."""
    ax = figure.add_subplot()
    ax.plot((0, 1), (0, 1), color=INK, linewidth=1, linestyle=(0, (4, 3)), label="calibrated")
    for who, look in LOOKS.items():
        its = next((each for each in overall if each.who == who and each.reliability), None)
        if not its or not its.reliability:
            continue
        share, confidence, right = (np.array(its.reliability[name]) for name in ("share", "confidence", "right"))
        there = share >= LEAST_SHARE
        ax.plot(
            confidence[there], right[there], color=look.color, marker=look.marker, linestyle=look.dash,
            label=TITLES[who], zorder=4 if who == "fnn" else 3, linewidth=2.2 if who == "fnn" else 1.2,
        )  # fmt: skip
    ax.set(xlim=(0.2, 1.01), ylim=(0, 1.02), xlabel="confidence of the answer", ylabel="share that is right")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(PercentFormatter(1))
    figure.legend(loc="outside right center", frameon=False)
    about = "above the dashed line more is right than was promised; tables with classes, each weighing alike"
    add_title(figure, "what is right of what is answered with a confidence", about)


def save_figures(folder: Path, overall: Sequence[Overall]) -> list[Path]:
    """Write the picture to a folder, where there are probabilities; return the files."""
    if not any(each.reliability for each in overall):
        return []
    path = folder / "reliability.png"
    with mpl.rc_context(STYLE), replacing(path) as part:
        figure = Figure(figsize=(8.4, 5.2), layout="constrained")
        draw_reliability(figure, overall)
        figure.savefig(part, format="png", dpi=150)
    return [path]
