"""The figures of a study, from the results of its arms: what is drawn of each kind, and the files."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from fnn.network.schedules import rates
from fnn.report import study_figure as plots
from fnn.report.document import FigureDocument
from fnn.report.study_figure import Answers, Curve, StudyFigure
from fnn.stats.curves import cumulative_share, solved_by_epoch
from fnn.studies.effects import run_counts
from fnn.studies.model import Arm, Figure, Study
from fnn.studies.requests import Key
from fnn.studies.runs import ArmResults, of_arm

# The panels of each kind of figure, by their names in `plots.study`.
PANELS = {"curves": ("loss", "solved"), "accuracy": ("accuracy", "solved"), "schedule": ("rate", "loss"),
          "final": ("final",)}  # fmt: skip


def _final(arm: Arm, results: ArmResults) -> Curve:
    """Return the share of runs that end with at most each loss above 0, which a logarithmic axis has not."""
    losses, share = cumulative_share(results.loss)
    above = losses > 0
    return Curve(arm.label, losses[above], share[above])


def _rate(arm: Arm) -> Curve:
    """Return the learning rate in each epoch, the last's to its end."""
    config = arm.trial.config
    epochs = np.arange(config.epochs + 1)
    lr = rates(config.scheduler, epochs[:-1], config.epochs, config)
    return Curve(arm.label, epochs, np.append(lr, lr[-1]))


CURVES: dict[str, Callable[[Arm, ArmResults], Curve]] = {
    "loss": lambda arm, r: Curve(arm.label, r.curve_epochs, r.loss_levels),
    "accuracy": lambda arm, r: Curve(arm.label, r.curve_epochs, r.accuracy_levels),
    "solved": lambda arm, r: Curve(arm.label, *solved_by_epoch(r.epochs, arm.trial.config.epochs)),
    "rate": lambda arm, _: _rate(arm),
    "final": _final,
}


def figure_content(figure: Figure, results: Sequence[ArmResults]) -> StudyFigure:
    """Return what is drawn; results: of each of its arms."""
    runs = f"{run_counts(results)} runs" + (" an arm" if len(figure.arms) > 1 else "")
    runs += f", over {results[0].draws} draws of the data" if results[0].draws > 1 else ""
    arms = list(zip(figure.arms, results, strict=True))
    if figure.kind == "answers":
        return StudyFigure(figure.title, runs, {}, [_answers(arm, r) for arm, r in arms])
    panels = PANELS[figure.kind]
    if len({arm.trial.config.loss for arm in figure.arms}) > 1:  # losses of two kinds do not share an axis
        panels = tuple("accuracy" if name == "loss" else name for name in panels)
    curves = {name: [CURVES[name](arm, r) for arm, r in arms] for name in panels}
    return StudyFigure(figure.title, runs, curves, mark=figure.mark)


def _answers(arm: Arm, results: ArmResults) -> Answers:
    samples = arm.trial.samples
    return Answers(arm.label, samples.x, samples.y[:, 0], 1 - results.right)


def save_figures(
    folder: Path, study: Study, results: Mapping[Key, ArmResults], draws: int
) -> dict[str, FigureDocument]:
    """Draw the figures of a study into the folder; return them for the document. draws: of the data."""
    return {
        figure.id: _save(
            folder / f"{figure.id}.svg",
            figure,
            [of_arm(results, arm, 1 if figure.of_one_draw else draws) for arm in figure.arms],
        )
        for figure in study.figures.values()
    }


def _save(path: Path, figure: Figure, results: Sequence[ArmResults]) -> FigureDocument:
    content = figure_content(figure, results)
    alt = figure.alt or f"{figure.title}: {', '.join(arm.label for arm in figure.arms)}"
    width, height = plots.save(path, content, alt)
    return {
        "title": figure.title,
        "alt": alt,
        "caption": f"{figure.caption} {content.runs}{plots.how_drawn(content)}.".strip(),
        "file": path.name,
        "width": width,
        "height": height,
    }
