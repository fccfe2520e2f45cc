"""Figures of a study: what its arms did over seeds, median and quartiles; the style and the colours of the charts."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fnn.files import replacing
from fnn.network.schedules import SCHEDULES
from fnn.plots import run as plots
from fnn.plots.sweep import COLORS, LINES, bands, steps
from fnn.studies import model as claims
from fnn.studies.runs import Record

DPI = 144


def look(place: int) -> tuple[str, Any]:
    """Return colour and line of an arm by its place."""
    return COLORS[place % len(COLORS)], LINES[place % len(LINES)]


def _finite(levels: Any) -> Any:
    return np.where(np.isfinite(levels), levels, np.nan)


def losses(ax: Axes, arms: Sequence[claims.Arm], records: Sequence[Record]) -> Axes:
    """Draw the loss over epochs, median and quartiles of each arm."""
    for k, (arm, record) in enumerate(zip(arms, records, strict=True)):
        bands(ax, record.curve_epochs, _finite(record.loss_levels), *look(k), arm.label)
    ax.set_yscale("log", nonpositive="mask")
    ax.set(xlabel="epoch", ylabel="loss", xlim=(0, None))
    return ax


def accuracies(ax: Axes, arms: Sequence[claims.Arm], records: Sequence[Record]) -> Axes:
    """Draw the accuracy over epochs, median and quartiles of each arm."""
    for k, (arm, record) in enumerate(zip(arms, records, strict=True)):
        bands(ax, record.curve_epochs, record.accuracy_levels, *look(k), arm.label)
    ax.set(xlabel="epoch", ylabel="accuracy", xlim=(0, None))
    return _share(ax)


def solved(ax: Axes, arms: Sequence[claims.Arm], records: Sequence[Record]) -> Axes:
    """Draw the share of each arm's runs that are solved by each epoch."""
    for k, (arm, record) in enumerate(zip(arms, records, strict=True)):
        own = np.sort(record.epochs[record.solved])
        at, after = np.unique(own, return_index=True)
        share = np.append(after[1:], len(own)) / len(record.epochs) if len(own) else np.empty(0)
        last = share[-1:] if len(share) else np.zeros(1)
        budget = [arm.trial.config.epochs]
        steps(ax, np.concatenate(([0], at, budget)), np.concatenate(([0], share, last)), *look(k), arm.label)
    ax.set(xlabel="epoch", ylabel="solved by then", xlim=(0, None))
    return _share(ax)


def rates(ax: Axes, arms: Sequence[claims.Arm], _records: Sequence[Record]) -> Axes:
    """Draw the learning rate of each arm over epochs."""
    for k, arm in enumerate(arms):
        config = arm.trial.config
        epochs = np.arange(config.epochs)
        rate = np.broadcast_to(SCHEDULES[config.scheduler](epochs, config.epochs, config), epochs.shape)
        color, line = look(k)
        ax.step(epochs, rate, where="post", color=color, linestyle=line, label=arm.label)
    ax.set(xlabel="epoch", ylabel="learning rate", xlim=(0, None))
    ax.set_ylim(bottom=0)
    return ax


def final(ax: Axes, arms: Sequence[claims.Arm], records: Sequence[Record]) -> Axes:
    """Draw the share of each arm's runs that end with at most each loss."""
    for k, (arm, record) in enumerate(zip(arms, records, strict=True)):
        at = np.sort(record.loss[np.isfinite(record.loss) & (record.loss > 0)])
        zero = int((record.loss <= 0).sum())
        steps(ax, at, (zero + np.arange(1, len(at) + 1)) / len(record.loss), *look(k), arm.label)
    ax.set_xscale("log")
    ax.set(xlabel="loss in the end", ylabel="runs that end no higher")
    return _share(ax)


def answers(ax: Axes, arm: claims.Arm, record: Record) -> Axes:
    """Draw the share of an arm's runs that answer 1 at each sample."""
    x = arm.trial.samples.x
    return plots.shaded(ax, x, record.answers)


def _share(ax: Axes) -> Axes:
    ax.set_ylim(-0.02, 1.02)
    ax.yaxis.set_major_formatter(mpl.ticker.PercentFormatter(1))
    return ax


Draw = Callable[[Axes, Sequence[claims.Arm], Sequence[Record]], Axes]
PANELS: dict[str, tuple[Draw, ...]] = {
    "curves": (losses, solved),
    "accuracy": (accuracies, solved),
    "schedule": (rates, losses),
    "final": (final,),
}


def draw(figure: Figure, spec: claims.Figure, records: Sequence[Record]) -> None:
    """Draw a study's figure, with the number of its runs."""
    runs = f"{len(records[0].loss):,} runs" + (" an arm" if len(spec.arms) > 1 else "")
    if spec.kind == "answers":
        _truth_and_answers(figure, spec, records)
    else:
        panels = PANELS[spec.kind]
        if len({arm.trial.config.loss for arm in spec.arms}) > 1:  # losses of two kinds do not share an axis
            panels = tuple(accuracies if panel is losses else panel for panel in panels)
        figure.set_size_inches(8.4 if len(panels) > 1 else 6.4, 3.9)
        for ax, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
            panel(ax, spec.arms, records)
            if spec.mark is not None:
                ax.axvline(spec.mark, color="0.25", linewidth=1.2, label="printed")
        handles, labels = figure.axes[-1].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=min(len(labels), 5), columnspacing=1.4)
    figure.suptitle(
        f"{spec.title}\n{runs}{'' if spec.kind in ('answers', 'final') else '; lines: median, bands: quartiles'}"
    )


def _truth_and_answers(figure: Figure, spec: claims.Figure, records: Sequence[Record]) -> None:
    figure.set_size_inches(7.4, 3.5 * len(spec.arms) + 0.6)
    for row, arm, record in zip(figure.subplots(len(spec.arms), 2, squeeze=False), spec.arms, records, strict=True):
        samples = arm.trial.samples
        plots.points(row[0], samples.x, samples.y[:, 0]).set_title(f"{arm.label}: labels")
        answers(row[1], arm, record).set_title(f"{arm.label}: share that answers 1")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)


def save(folder: Path, spec: claims.Figure, records: Sequence[Record]) -> dict[str, Any]:
    """Draw a figure into the folder; return what the page says of it."""
    path = folder / f"{spec.id}.png"
    with mpl.rc_context({**plots.STYLE, "figure.titlesize": 10.5, "savefig.dpi": DPI}):
        figure = Figure(layout="constrained")
        draw(figure, spec, records)
        with replacing(path) as part:
            figure.savefig(part)
        width, height = (int(inches * DPI) for inches in figure.get_size_inches())
    runs = f"{len(records[0].loss):,} runs{' an arm' if len(spec.arms) > 1 else ''}."
    return {
        "title": spec.title,
        "alt": spec.alt or f"{spec.title}: {', '.join(arm.label for arm in spec.arms)}",
        "caption": f"{spec.caption} {runs}".strip(),
        "file": path.name,
        "width": width,
        "height": height,
    }
