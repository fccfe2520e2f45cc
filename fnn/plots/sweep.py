"""Figures of a store: its groups of runs side by side, from the store alone.

The values of one setting differ in colour, line and marker, those of the others are in panels.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fnn.formats import setting
from fnn.plots.labels import add_title
from fnn.plots.lines import end_ticks, epoch_axis, loss_axis, quartile_band, steps, thin_lines, whiskers
from fnn.plots.palette import is_ordered
from fnn.plots.style import balanced, cells, literal, percent_axis, save_figure
from fnn.plots.sweep_groups import DATA, FigureData, hue
from fnn.stats.curves import solved_by_epoch, subsample
from fnn.stats.intervals import quantiles
from fnn.sweeps.query import Curves, Runs, read_curves
from fnn.sweeps.schema import SETTINGS, Connection
from fnn.sweeps.summaries import Group, GroupSummary, ordered

Array = NDArray[Any]

# What a page holds. Of the runs that are not solved so many are drawn one by one, where a median would hide them.
MOST_PANELS, MOST_ROWS, COLUMNS, MOST_FAILED = 12, 60, 3, 12
WIDTH = 7.6
# How the ends of runs are marked.
ENDS = {"stopped": "|", "diverged": "×"}
# Of many names in an order so many are in the legend; in the cell that panels leave is room for fewer.
MOST_NAMED, MOST_IN_CELL = 12, 9
# ---- panels ----


def panel_columns(count: int) -> int:
    """Return how many of so many panels stand in a row: three, or two where that leaves fewer cells blank."""
    return min(count, min((COLUMNS, COLUMNS - 1), key=lambda columns: (-count % columns, -columns)))


def _grid(figure: Figure, titles: Sequence[str], height: float = 2.3) -> Iterator[tuple[str, Axes]]:
    """Yield a panel for each title, with common axes, in rows that fit; of very many the first twelve."""
    shown = titles[:MOST_PANELS]
    columns = panel_columns(len(shown))
    rows = -(-len(shown) // columns)
    figure.set_size_inches(WIDTH if columns > 1 else 6.4, height * rows + 1.5 + 0.8 * (rows == 1))
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for k, (ax, title) in enumerate(zip(axes, shown, strict=False)):
        ax.set_title(literal(fill(title, 76 // columns)), fontsize=9)
        yield title, ax
        lowest, first = k + columns >= len(shown), k % columns == 0
        ax.tick_params(labelbottom=lowest, labelleft=first)
        for label, keep in ((ax.xaxis.label, lowest), (ax.yaxis.label, first)):
            label.set_visible(keep)
    for k, ax in enumerate(axes[len(shown) :]):
        ax.set_axis_off()
        if k:
            ax.remove()


def _left_cell(figure: Figure) -> Axes | None:
    """Return the cell that panels leave, for a legend or a colour bar; None if there is none."""
    return next((ax for ax in figure.axes if not ax.axison), None)


def _add_legend_and_title(figure: Figure, title: str, data: FigureData, count: int) -> None:
    """Add the names of the colours, in a cell that is left or else below, and above what is shown of how many runs."""
    named: dict[str, Any] = {}
    for ax in figure.axes:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            named.setdefault(label, handle)
    if len(named) > 1 or data.hue:
        shown = list(named)
        if len(shown) > MOST_NAMED and is_ordered(data.hue_values):
            shown = [shown[k] for k in np.unique(np.linspace(0, len(shown) - 1, MOST_NAMED).round().astype(int))]
        cell, handles = _left_cell(figure), [named[name] for name in shown]
        if cell is not None and len(shown) <= MOST_IN_CELL:
            cell.legend(handles, shown, loc="center")
        else:
            columns = balanced(len(shown), max(1, min(5, 88 // (8 + max(map(len, shown))))))
            figure.legend(handles, shown, loc="outside lower center", ncols=columns, columnspacing=1.4)
    add_title(figure, title, data.about + _left_out(MOST_PANELS, count, "panels"))


def _left_out(most: int, count: int, kind: str) -> str:
    return f"\nthe first {most} of {count} {kind}: --where and --by choose" if count > most else ""


# ---- the figures ----


def learning_curves(figure: Figure, data: FigureData) -> bool:
    """Loss over epochs, the median and the quartiles of each group, and some of the runs that fail behind a median of
    those that do not.
    """
    panels, first, failing = data.panels(), [], False
    ended = dict.fromkeys(ENDS, False)
    for title, ax in _grid(figure, list(panels)):
        for s in panels[title]:
            curves = _curves(data, s.group)
            if curves is not None:
                color, line, _, label = data.line_style(s)
                quartile_band(ax, curves.epochs, quantiles(curves.loss, [0.25, 0.5, 0.75]), color, line, label)
                failing |= _failed_runs(ax, curves, color, few=len(panels[title]) <= MOST_FAILED // 2)
                first.append(float(np.median(curves.loss[:, 0])))
                ended = {word: drawn | _ends(ax, data, s, color, word) for word, drawn in ended.items()}
        epoch_axis(ax).set(xlabel="epoch", ylabel="loss")
        ax.set_xlim(left=0)
    if first:
        loss_axis(figure.axes[0], first)  # the others share it
        notes = ["thin: runs that are not solved"] if failing else []
        notes += [f"{ENDS[word]} runs that {word}" for word, drawn in ended.items() if drawn]
        title = "\n".join(filter(None, ("loss while training, median and quartiles", "; ".join(notes))))
        _add_legend_and_title(figure, title, data, len(panels))
    return bool(first)


def _failed_runs(ax: Axes, curves: Curves, color: str, *, few: bool) -> bool:
    """Draw some of a group's runs that end with wrong answers, where most have none; return whether there are any."""
    failed = np.flatnonzero(curves.accuracy[:, -1] < 1)
    if not few or not 0 < len(failed) <= len(curves.loss) / 2:
        return False
    some = failed[subsample(len(failed), MOST_FAILED)]
    thin_lines(ax, curves.epochs, curves.loss[some], "_", color)
    return True


def _ends(ax: Axes, data: FigureData, s: GroupSummary, color: str, word: str) -> bool:
    """Mark above the axis the epochs after which a group's runs stopped or diverged; return whether any did."""
    runs, members = data.runs, s.group.runs
    diverged = runs.diverged[members]
    if word == "diverged":
        epochs = diverged[diverged >= 0]
    else:
        epochs = runs.stopped[members][runs.met[members] & (diverged < 0)]
    if len(epochs):
        end_ticks(ax, epochs, "_", color, ENDS[word])
    return bool(len(epochs))


def _curves(data: FigureData, group: Group) -> Curves | None:
    """Return the curves of a group, of all its settings that have the same epochs."""
    seeds = data.runs.seed
    parts: list[Curves] = []
    for place in group.places:
        of_place = seeds[group.runs[data.runs.trial[group.runs] == place]]
        some = range(int(of_place.min()), int(of_place.max()) + 1)
        curves = read_curves(data.connection, data.runs.ids[place], some)
        if curves is not None and (not parts or np.array_equal(curves.epochs, parts[0].epochs)):
            parts.append(curves)
    if not parts:
        return None
    loss, accuracy = (np.concatenate([getattr(part, name) for part in parts]) for name in ("loss", "accuracy"))
    return Curves(parts[0].epochs, loss, accuracy)


def solved_shares(figure: Figure, data: FigureData) -> bool:
    """The share of runs solved, with its 95% interval, a row a group."""
    shown = [(title, s) for title, members in data.panels().items() for s in members]
    count, rows = len(shown), shown[:MOST_ROWS]
    figure.set_size_inches(WIDTH, 0.21 * len(rows) + 1.9)
    ax = figure.subplots()
    labels: list[tuple[float, str]] = []
    height, last = 0.0, rows[0][0]
    for title, s in rows:
        height -= 0.6 * (title != last)  # a gap between panels
        color, _, marker, name = data.line_style(s)
        whiskers(ax, height, s.solved / s.runs, s.interval, color, marker)
        labels.append((height, ", ".join(filter(None, (title, name if data.hue else ""))) or "all runs"))
        height, last = height - 1, title
    ax.set_yticks([y for y, _ in labels], [literal(fill(text, 44)) for _, text in labels], fontsize=8)
    ax.set(xlim=(-0.02, 1.02), ylim=(height + 0.3, 0.7), xlabel="share solved")
    percent_axis(ax.xaxis)
    note = _left_out(MOST_ROWS, count, "arms")
    add_title(figure, "share of runs solved, with 95% intervals", data.about + note)
    return True


def epochs_to_solve(figure: Figure, data: FigureData) -> bool:
    """The share of runs solved by each epoch; where a line ends, the unsolved are above it."""
    panels = data.panels()
    for title, ax in _grid(figure, list(panels)):
        for s in panels[title]:
            budget = max(data.runs.settings["epochs"][place] for place in s.group.places)
            epochs, share = solved_by_epoch(data.runs.epochs_to_solve[s.group.runs], budget)
            color, line, _, label = data.line_style(s)
            steps(ax, epochs, share, color, line, label)
        epoch_axis(ax).set(ylim=(-0.02, 1.02), xlabel="epoch", ylabel="solved by then")
        percent_axis(ax.yaxis)
        ax.set_xlim(left=0)
    _add_legend_and_title(figure, "epochs to solve: share of runs solved by each epoch", data, len(panels))
    return True


def heat_map(figure: Figure, data: FigureData) -> bool:
    """The share solved over two settings that are numbers, if two vary."""
    settings = data.summaries[0].group.settings
    numeric = [name for name in settings if SETTINGS[name] != "TEXT" and name not in DATA]
    if len(numeric) < 2:
        return False
    across, up = sorted(numeric, key=lambda name: -len({s.group.settings[name] for s in data.summaries}))[:2]
    columns, rows = (ordered([s.group.settings[name] for s in data.summaries]) for name in (across, up))
    panels = data.panels([across, up])
    width = (WIDTH - 1.8) / panel_columns(min(len(panels), MOST_PANELS)) / len(columns)
    for title, ax in _grid(figure, list(panels), height=max(1.6, 0.26 * len(rows) + 0.9)):
        share = np.full((len(rows), len(columns)), np.nan)
        for s in panels[title]:
            share[rows.index(s.group.settings[up]), columns.index(s.group.settings[across])] = s.solved / s.runs
        cells(ax, list(map(setting, columns)), list(map(setting, rows)), share, width)
        ax.set(xlabel=across.replace("_", "-"), ylabel=up.replace("_", "-"))
    cell, drawn = _left_cell(figure), figure.axes[0].images[0]
    if cell is not None:
        bar = figure.colorbar(drawn, cax=cell.inset_axes((0.1, 0.45, 0.8, 0.14)), orientation="horizontal")
        bar.set_ticks([0, 0.5, 1])
    else:
        bar = figure.colorbar(drawn, ax=figure.axes)
    bar.set_label("share solved")
    percent_axis(bar.ax.yaxis if cell is None else bar.ax.xaxis)
    add_title(figure, "share of runs solved", data.about + _left_out(MOST_PANELS, len(panels), "panels"))
    return True


FIGURES: dict[str, Callable[[Figure, FigureData], bool]] = {
    "learning-curves.png": learning_curves,
    "solved-share.png": solved_shares,
    "epochs-to-solve.png": epochs_to_solve,
    "heat-map.png": heat_map,
}


def save_figures(folder: Path, connection: Connection, runs: Runs, summaries: list[GroupSummary]) -> list[Path]:
    """Draw the figures there is something for into the folder; return the files."""
    grouped = {name: [s.group.settings[name] for s in summaries] for name in summaries[0].group.settings}
    data = FigureData(connection, runs, summaries, hue(grouped))
    drawn = (name for name, draw in FIGURES.items() if save_figure(folder / name, draw, data))
    return [folder / name for name in drawn]
