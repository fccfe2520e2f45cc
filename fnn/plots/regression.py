"""The figure of predicted numbers: against the true ones, and what is left of these. Orange is outside the interval."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from fnn.plots.labels import add_title, shorten
from fnn.plots.palette import INK, ONE, ZERO

Array = NDArray[Any]

MOST_OUTPUTS = 6
# Of more rows intervals would be a grey cloud; of more still, points would hide how many lie on each other.
MOST_BARS, MOST_POINTS = 100, 2000

DENSITY = LinearSegmentedColormap.from_list("density", ["#CFE3F1", ZERO, "#00263F"])


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
    figure.align_ylabels()
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
    margin = 0.05 * max(max(ends) - min(ends), 1e-3 * max(map(abs, ends)), 1e-9)
    limits = min(ends) - margin, max(ends) + margin
    top.plot(limits, limits, color=INK, linewidth=1, linestyle=(0, (4, 3)))
    bottom.axhline(0, color=INK, linewidth=1, linestyle=(0, (4, 3)))
    _cloud(top, mean, true, content, k)
    _cloud(bottom, mean, true - mean, content, k)
    top.set(xlim=(mean.min() - margin, mean.max() + margin), ylim=limits)
    top.tick_params(labelbottom=False)
    bottom.set_xlabel("predicted")
    bottom.xaxis.set_major_locator(MaxNLocator(5))
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
            ax.vlines(x[chosen], (low + shift)[chosen], (high + shift)[chosen], color=color, linewidth=0.8, alpha=0.3)
        ax.scatter(x[chosen], y[chosen], c=color, label=text, **style)
