"""Figures of a store: what the arms of a sweep did, side by side, from the store alone.

One setting is told by colour, line and marker, the others by panels. Colours are Okabe & Ito's.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from textwrap import fill
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fnn.files import replacing
from fnn.plots.run import STYLE
from fnn.stats.intervals import quantiles
from fnn.sweeps.query import Curves, Runs, read_curves
from fnn.sweeps.schema import SETTINGS, Connection
from fnn.sweeps.summaries import Group, GroupSummary, ordered, value_text

Array = NDArray[Any]

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D1F")
LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)), (0, (7, 2, 1, 2)))
MARKERS = "osD^vPX*"

# What a page holds.
MOST_PANELS, MOST_ROWS, MOST_CELLS, COLUMNS = 12, 60, 12, 3
WIDTH = 7.6


class Picture(NamedTuple):
    """What the figures draw: arms with their summaries, `hue` the setting told by colour, None if there is none."""

    connection: Connection
    runs: Runs
    summaries: list[GroupSummary]
    hue: str | None

    @property
    def hues(self) -> list[Any]:
        """The values told by colour."""
        return ordered([s.group.settings[self.hue] for s in self.summaries]) if self.hue else [None]

    def panels(self, without: Sequence[str] = ()) -> dict[str, list[GroupSummary]]:
        """Return the arms of each panel under its title: those alike in all but the hue, or in all but `without`."""
        apart = without or ([self.hue] if self.hue else [])
        found: dict[str, list[GroupSummary]] = {}
        for s in self.summaries:
            rest = ", ".join(f"{name} {value_text(v)}" for name, v in s.group.settings.items() if name not in apart)
            found.setdefault(rest, []).append(s)
        return found

    def look(self, s: GroupSummary) -> tuple[str, Any, str, str]:
        """Return colour, line, marker and name of an arm."""
        value = s.group.settings[self.hue] if self.hue else None
        k = self.hues.index(value)
        return COLORS[k], LINES[k], MARKERS[k], f"{self.hue} {value_text(value)}" if self.hue else s.group.label

    @property
    def who(self) -> str:
        """The number of runs, of each arm and in all."""
        counts = sorted({s.runs for s in self.summaries})
        each = f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,} to {counts[-1]:,}"
        if len(self.summaries) == 1:
            return f"{each} runs"
        return f"{each} runs an arm, {sum(s.runs for s in self.summaries):,} in all"


def hue(settings: dict[str, list[Any]]) -> str | None:
    """Choose the setting told by colour: of those with at most 8 values a named one, of those the one with most."""
    sizes = {name: len(set(values)) for name, values in settings.items()}
    fitting = [name for name, size in sizes.items() if 1 < size <= len(COLORS)]
    return max(fitting, key=lambda name: (SETTINGS[name] == "TEXT" and name != "hidden", sizes[name]), default=None)


# ---- pieces ----


def bands(ax: Axes, epochs: Array, levels: Array, color: str, line: Any, label: str) -> Axes:
    """Draw a median over epochs with the band between its quartiles. levels: (3, P)."""
    ax.fill_between(epochs, levels[0], levels[2], color=color, alpha=0.18, linewidth=0)
    ax.plot(epochs, levels[1], color=color, linestyle=line, label=label)
    return ax


def steps(ax: Axes, epochs: Array, share: Array, color: str, line: Any, label: str) -> Axes:
    """Draw a share that rises with epochs, and stays at its ceiling. epochs, share: (P,)."""
    ax.step(epochs, share, where="post", color=color, linestyle=line, label=label)
    return ax


def whiskers(ax: Axes, place: float, share: float, interval: tuple[float, float], color: str, marker: str) -> Axes:
    """Draw a share as a mark with its interval, lying at a height."""
    ax.plot(interval, (place, place), color=color, linewidth=2.2, solid_capstyle="butt", alpha=0.55)
    ax.plot([share], [place], marker, color=color, markersize=5.5, markeredgecolor="white", markeredgewidth=0.6)
    return ax


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


def _finish(figure: Figure, title: str, picture: Picture, left_out: str = "") -> None:
    """Name what is told by colour below, and say above what is shown of how many runs."""
    named: dict[str, Any] = {}
    for ax in figure.axes:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            named.setdefault(label, handle)
    if len(named) > 1 or picture.hue:
        columns = min(len(named), 4)
        figure.legend(list(named.values()), list(named), loc="outside lower center", ncols=columns, columnspacing=1.4)
    figure.suptitle(f"{title}\n{picture.who}{left_out}", fontsize=10.5)


def _cut(shown: int, of: int, what: str) -> str:
    return f"; the first {shown} of {of} {what}: --where and --by choose" if of > shown else ""


# ---- the figures ----


def learning_curves(figure: Figure, picture: Picture) -> bool:
    """Loss over epochs, the median and the quartiles of each arm."""
    panels, drawn = picture.panels(), False
    for title, ax in _grid(figure, list(panels)):
        for s in panels[title]:
            found = _curves(picture, s.group)
            if found is None:
                continue
            epochs, loss = found
            levels = quantiles(loss, [0.25, 0.5, 0.75])
            color, line, _, label = picture.look(s)
            bands(ax, epochs, np.where(np.isfinite(levels), levels, np.nan), color, line, label)
            drawn = True
        ax.set_yscale("log", nonpositive="mask")
        ax.set_xlabel("epoch")
        ax.label_outer()
    for ax in figure.axes:
        if ax.get_subplotspec().is_first_col():  # type: ignore[union-attr]
            ax.set_ylabel("loss")
    _finish(figure, "loss while training, median and quartiles", picture, _cut(MOST_PANELS, len(panels), "panels"))
    return drawn


def _curves(picture: Picture, group: Group) -> tuple[NDArray[np.int64], Array] | None:
    """Return the epochs and the loss curves of an arm, of all its settings that have the same epochs."""
    seeds = picture.runs.seed
    found: list[Curves] = []
    for place in group.places:
        own = seeds[group.runs[picture.runs.trial[group.runs] == place]]
        curves = read_curves(picture.connection, picture.runs.ids[place], range(int(own.min()), int(own.max()) + 1))
        if curves is not None and (not found or np.array_equal(curves.epochs, found[0].epochs)):
            found.append(curves)
    return (found[0].epochs, np.concatenate([curves.loss for curves in found])) if found else None


def solved_shares(figure: Figure, picture: Picture) -> bool:
    """The share of runs solved, with its 95% interval, a row an arm."""
    shown = [(title, s) for title, members in picture.panels().items() for s in members]
    count, rows = len(shown), shown[:MOST_ROWS]
    figure.set_size_inches(WIDTH, 0.21 * len(rows) + 1.7)
    ax = figure.subplots()
    labels, place, last = [], 0.0, rows[0][0]
    for title, s in rows:
        place -= 0.6 * (title != last)  # a gap between panels
        color, _, marker, name = picture.look(s)
        whiskers(ax, place, s.solved / s.runs, s.interval, color, marker)
        labels.append((place, ", ".join(filter(None, (title, name if picture.hue else "")))))
        place, last = place - 1, title
    ax.set_yticks([height for height, _ in labels], [text for _, text in labels], fontsize=8)
    ax.set(xlim=(-0.02, 1.02), ylim=(place + 0.3, 0.7), xlabel="share solved")
    ax.xaxis.set_major_formatter(mpl.ticker.PercentFormatter(1))
    figure.suptitle(
        f"share of runs solved, with 95% intervals\n{picture.who}{_cut(MOST_ROWS, count, 'arms')}", fontsize=10.5
    )
    return True


def epochs_to_solve(figure: Figure, picture: Picture) -> bool:
    """The share of runs solved by each epoch; where a line ends, the unsolved are above it."""
    panels = picture.panels()
    for title, ax in _grid(figure, list(panels)):
        for s in panels[title]:
            budget = max(picture.runs.settings["epochs"][place] for place in s.group.places)
            epochs = np.sort(picture.runs.epochs_to_solve[s.group.runs][picture.runs.solved[s.group.runs]])
            at, after = np.unique(epochs, return_index=True)
            share = np.append(after[1:], len(epochs)) / s.runs if len(epochs) else np.empty(0)
            color, line, _, label = picture.look(s)
            steps(
                ax,
                np.concatenate(([0], at, [budget])),
                np.concatenate(([0], share, share[-1:] if len(share) else [0])),
                color,
                line,
                label,
            )
        ax.set(ylim=(-0.02, 1.02), xlabel="epoch")
        ax.yaxis.set_major_formatter(mpl.ticker.PercentFormatter(1))
        ax.set_xlim(left=0)
        ax.label_outer()
    for ax in figure.axes:
        if ax.get_subplotspec().is_first_col():  # type: ignore[union-attr]
            ax.set_ylabel("solved by then")
    _finish(
        figure, "epochs to solve: share of runs solved by each epoch", picture, _cut(MOST_PANELS, len(panels), "panels")
    )
    return True


def heat_map(figure: Figure, picture: Picture) -> bool:
    """The share solved over two settings that are numbers, if two vary."""
    settings = picture.summaries[0].group.settings
    numeric = [name for name in settings if SETTINGS[name] != "TEXT"]
    if len(numeric) < 2:
        return False
    across, up = sorted(numeric, key=lambda name: -len({s.group.settings[name] for s in picture.summaries}))[:2]
    columns, rows = (ordered([s.group.settings[name] for s in picture.summaries]) for name in (across, up))
    panels = picture.panels([across, up])
    drawn: Any = None
    for title, ax in _grid(figure, list(panels), height=max(1.6, 0.26 * len(rows) + 0.9)):
        share = np.full((len(rows), len(columns)), np.nan)
        for s in panels[title]:
            share[rows.index(s.group.settings[up]), columns.index(s.group.settings[across])] = s.solved / s.runs
        drawn = cells(ax, columns, rows, share)
        ax.set(xlabel=across, ylabel=up)
        ax.label_outer()
    bar = figure.colorbar(drawn, ax=figure.axes, shrink=0.8, label="share solved")
    bar.ax.yaxis.set_major_formatter(mpl.ticker.PercentFormatter(1))
    figure.suptitle(f"share of runs solved\n{picture.who}{_cut(MOST_PANELS, len(panels), 'panels')}", fontsize=10.5)
    return True


FIGURES: dict[str, Callable[[Figure, Picture], bool]] = {
    "learning-curves.png": learning_curves,
    "solved-share.png": solved_shares,
    "epochs-to-solve.png": epochs_to_solve,
    "heat-map.png": heat_map,
}


def save_figures(folder: Path, connection: Connection, runs: Runs, summaries: list[GroupSummary]) -> list[Path]:
    """Draw the figures there is something for into the folder; return the files."""
    grouped = {name: [s.group.settings[name] for s in summaries] for name in summaries[0].group.settings}
    picture = Picture(connection, runs, summaries, hue(grouped))
    paths = []
    with mpl.rc_context(STYLE):
        for name, draw in FIGURES.items():
            figure = Figure(layout="constrained")
            if draw(figure, picture):
                with replacing(folder / name) as part:
                    figure.savefig(part)
                paths.append(folder / name)
    return paths
