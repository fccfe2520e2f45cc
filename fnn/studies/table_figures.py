"""The figures of a study of tables, from what its arms score."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from fnn.report import table_figure as plots
from fnn.report.document import FigureDocument
from fnn.report.table_figure import ArmScores, DatasetPanel
from fnn.stats.resampled import corrected_interval
from fnn.stats.scores import SCORES, default_score
from fnn.studies.model import Figure
from fnn.studies.table_model import Dataset, TableStudy
from fnn.studies.table_runs import Key, TableScores, setup_of

Results = Mapping[Key, TableScores]


def save_figures(folder: Path, study: TableStudy, results: Results) -> dict[str, FigureDocument]:
    """Draw the figures of a study into the folder; return them for the document."""
    return {figure.id: _save(folder / f"{figure.id}.svg", figure, study, results) for figure in study.figures.values()}


def _save(path: Path, figure: Figure, study: TableStudy, results: Results) -> FigureDocument:
    panels = [dataset_panel(figure, study, dataset, results) for dataset in study.datasets.values()]
    arms, names = ", ".join(arm.label for arm in figure.arms), ", ".join(study.datasets)
    alt = figure.alt or f"{figure.title}: scores of {arms} on {names}"
    width, height = plots.save(path, figure.title, panels, alt)
    return {
        "title": figure.title,
        "alt": alt,
        "caption": f"{figure.caption} {study.splits} splits of each data set.".strip(),
        "file": path.name,
        "width": width,
        "height": height,
    }


def dataset_panel(figure: Figure, study: TableStudy, dataset: Dataset, results: Results) -> DatasetPanel:
    """Return what is drawn of a data set: the score that its task is judged by, of each arm's ensembles."""
    name = default_score(dataset.task)
    arms = []
    for arm in figure.arms:
        scores = results[dataset.name, setup_of(study, arm, dataset)]
        mean = corrected_interval(scores.ensembles[name], 1, scores.overlap)
        ends = (mean.low, mean.high) if np.isfinite(mean.low) else (mean.estimate, mean.estimate)
        arms.append(ArmScores(arm.label, scores.ensembles[name], mean.estimate, ends))
    better = "lower" if SCORES[name].lower_is_better else "higher"
    return DatasetPanel(
        dataset.name, f"{name.replace('_', ' ')} ({better} is better)", arms, float(scores.blind[name].mean())
    )
