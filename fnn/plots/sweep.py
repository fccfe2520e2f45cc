"""Figures of a store: its groups of runs side by side, from the store alone.

The values of one setting differ in colour, line and marker, those of the others are in panels.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from textwrap import fill
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fnn.plots.style import COLORS, LINES, MARKERS, cells, percent_axis, quartile_band, save_figure, steps, whiskers
from fnn.stats.curves import solved_by_epoch
from fnn.stats.intervals import quantiles
from fnn.sweeps.query import Curves, Runs, read_curves
from fnn.sweeps.schema import SETTINGS, Connection
from fnn.sweeps.summaries import Group, GroupSummary, ordered, value_text

Array = NDArray[Any]

# What a page holds.
MOST_PANELS, MOST_ROWS, COLUMNS = 12, 60, 3
WIDTH = 7.6


class FigureData(NamedTuple):
    """What the figures draw: summaries of groups of runs; `hue` is the setting shown by colour, None if none is."""

    connection: Connection
    runs: Runs
    summaries: list[GroupSummary]
    hue: str | None

    @property
    def hue_values(self) -> list[Any]:
        """The values shown by colour."""
        return ordered([s.group.settings[self.hue] for s in self.summaries]) if self.hue else [None]

    def panels(self, without: Sequence[str] = ()) -> dict[str, list[GroupSummary]]:
        """Return the summaries of each panel under its title: alike in all but the hue, or in all but `without`."""
        apart = without or ([self.hue] if self.hue else [])
        panels: dict[str, list[GroupSummary]] = {}
        for s in self.summaries:
            title = ", ".join(f"{name} {value_text(v)}" for name, v in s.group.settings.items() if name not in apart)
            panels.setdefault(title, []).append(s)
        return panels

    def line_style(self, s: GroupSummary) -> tuple[str, Any, str, str]:
        """Return colour, line, marker and name of a group."""
        value = s.group.settings[self.hue] if self.hue else None
        k = self.hue_values.index(value)
        return COLORS[k], LINES[k], MARKERS[k], f"{self.hue} {value_text(value)}" if self.hue else s.group.label

    @property
    def run_counts(self) -> str:
        """The number of runs, of each group and in all, in words."""
        counts = sorted({s.runs for s in self.summaries})
        each = f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,} to {counts[-1]:,}"
        if len(self.summaries) == 1:
            return f"{each} runs"
        return f"{each} runs an arm, {sum(s.runs for s in self.summaries):,} in all"


def hue(settings: dict[str, list[Any]]) -> str | None:
    """Choose the setting shown by colour: of those with at most 8 values a named one, of those the one with most."""
    sizes = {name: len(set(values)) for name, values in settings.items()}
    fitting = [name for name, size in sizes.items() if 1 < size <= len(COLORS)]
    return max(fitting, key=lambda name: (SETTINGS[name] == "TEXT" and name != "hidden", sizes[name]), default=None)


# ---- panels ----


def _grid(figure: Figure, titles: Sequence[str], height: float = 2.3) -> Iterator[tuple[str, Axes]]:
    """Yield a panel for each title, three to a row, with common axes; of very many the first twelve."""
    shown = titles[:MOST_PANELS]
    columns = min(COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    figure.set_size_inches(WIDTH if columns > 1 else 5.6, height * rows + 1.3)
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for k, (ax, title) in enumerate(zip(axes, shown, strict=False)):
        ax.set_title(fill(title, 30 if columns > 1 else 60), fontsize=9)
        ax.tick_params(labelbottom=k + columns >= len(shown))
        yield title, ax
    for ax in axes[len(shown) :]:
        ax.set_visible(False)


def _add_legend_and_title(figure: Figure, title: str, data: FigureData, left_out: str = "") -> None:
    """Add the names of the colours below, and above what is shown of how many runs."""
    named: dict[str, Any] = {}
    for ax in figure.axes:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            named.setdefault(label, handle)
    if len(named) > 1 or data.hue:
        columns = min(len(named), 4)
        figure.legend(list(named.values()), list(named), loc="outside lower center", ncols=columns, columnspacing=1.4)
    figure.suptitle(f"{title}\n{data.run_counts}{left_out}", fontsize=10.5)


def _left_out(most: int, count: int, kind: str) -> str:
    return f"; the first {most} of {count} {kind}: --where and --by choose" if count > most else ""


def _label_first_column(figure: Figure, text: str) -> None:
    for ax in figure.axes:
        if ax.get_subplotspec().is_first_col():  # type: ignore[union-attr]
            ax.set_ylabel(text)


# ---- the figures ----


def learning_curves(figure: Figure, data: FigureData) -> bool:
    """Loss over epochs, the median and the quartiles of each group."""
    panels, drawn = data.panels(), False
    for title, ax in _grid(figure, list(panels)):
        for s in panels[title]:
            curves = _curves(data, s.group)
            if curves is not None:
                color, line, _, label = data.line_style(s)
                quartile_band(ax, curves.epochs, quantiles(curves.loss, [0.25, 0.5, 0.75]), color, line, label)
                drawn = True
        ax.set_yscale("log", nonpositive="mask")
        ax.set_xlabel("epoch")
        ax.label_outer()
    _label_first_column(figure, "loss")
    _add_legend_and_title(
        figure, "loss while training, median and quartiles", data, _left_out(MOST_PANELS, len(panels), "panels")
    )
    return drawn


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
    figure.set_size_inches(WIDTH, 0.21 * len(rows) + 1.7)
    ax = figure.subplots()
    labels, height, last = [], 0.0, rows[0][0]
    for title, s in rows:
        height -= 0.6 * (title != last)  # a gap between panels
        color, _, marker, name = data.line_style(s)
        whiskers(ax, height, s.solved / s.runs, s.interval, color, marker)
        labels.append((height, ", ".join(filter(None, (title, name if data.hue else "")))))
        height, last = height - 1, title
    ax.set_yticks([y for y, _ in labels], [text for _, text in labels], fontsize=8)
    ax.set(xlim=(-0.02, 1.02), ylim=(height + 0.3, 0.7), xlabel="share solved")
    percent_axis(ax.xaxis)
    figure.suptitle(
        f"share of runs solved, with 95% intervals\n{data.run_counts}{_left_out(MOST_ROWS, count, 'arms')}",
        fontsize=10.5,
    )
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
        ax.set(ylim=(-0.02, 1.02), xlabel="epoch")
        percent_axis(ax.yaxis)
        ax.set_xlim(left=0)
        ax.label_outer()
    _label_first_column(figure, "solved by then")
    _add_legend_and_title(
        figure,
        "epochs to solve: share of runs solved by each epoch",
        data,
        _left_out(MOST_PANELS, len(panels), "panels"),
    )
    return True


def heat_map(figure: Figure, data: FigureData) -> bool:
    """The share solved over two settings that are numbers, if two vary."""
    settings = data.summaries[0].group.settings
    numeric = [name for name in settings if SETTINGS[name] != "TEXT"]
    if len(numeric) < 2:
        return False
    across, up = sorted(numeric, key=lambda name: -len({s.group.settings[name] for s in data.summaries}))[:2]
    columns, rows = (ordered([s.group.settings[name] for s in data.summaries]) for name in (across, up))
    panels = data.panels([across, up])
    drawn: Any = None
    for title, ax in _grid(figure, list(panels), height=max(1.6, 0.26 * len(rows) + 0.9)):
        share = np.full((len(rows), len(columns)), np.nan)
        for s in panels[title]:
            share[rows.index(s.group.settings[up]), columns.index(s.group.settings[across])] = s.solved / s.runs
        drawn = cells(ax, columns, rows, share)
        ax.set(xlabel=across, ylabel=up)
        ax.label_outer()
    bar = figure.colorbar(drawn, ax=figure.axes, shrink=0.8, label="share solved")
    percent_axis(bar.ax.yaxis)
    figure.suptitle(
        f"share of runs solved\n{data.run_counts}{_left_out(MOST_PANELS, len(panels), 'panels')}", fontsize=10.5
    )
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
