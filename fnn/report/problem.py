"""What is shown of a table before anything learns it: its columns, the task, and the settings of a preset."""

from dataclasses import fields
from typing import Any

from fnn.config import Config
from fnn.ensembles.presets import PRESETS, Preparation
from fnn.ensembles.problem import Problem
from fnn.report.table import TableData, Task


def table_data(problem: Problem) -> TableData:
    """Return what was read."""
    return TableData(
        source=problem.source,
        rows=problem.rows,
        columns=problem.columns,
        inputs=problem.encoder.inputs,
        categories={f.name: len(f.categories) for f in problem.encoder.features if f.categories},
        dropped=dict(problem.encoder.dropped),
        missing=problem.missing,
        policy=problem.encoder.missing,
        rows_dropped=problem.rows_dropped,
    )


def task_of(problem: Problem) -> Task:
    """Return what is predicted, and how that is known."""
    target = problem.target
    return Task(
        targets=target.names,
        name=target.task,
        reason="inferred; --task says otherwise" if problem.inferred else "as said",
        classes=target.classes,
    )


def preset_settings(preset: str, task: str, preparation: Preparation, config: Config) -> dict[str, Any]:
    """Return what a preset is made of for a task, and what was set beside it."""
    entry = PRESETS[preset]
    listed = {*entry.settings, *entry.by_task.get(task, {}), "loss", "output"}
    default = Config()
    shown = {
        f.name: getattr(config, f.name)
        for f in fields(Config)
        if f.name != "seed" and (f.name in listed or getattr(config, f.name) != getattr(default, f.name))
    }
    prepared = preparation._asdict()
    if task == "regression":
        del prepared["temperature"]  # which is of probabilities
    return {**prepared, **shown}
