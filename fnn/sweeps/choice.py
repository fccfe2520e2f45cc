"""Model choice: settings compared over the splits of a table, by what their networks score on what was held out."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.checks import one_of
from fnn.errors import InvalidSetting
from fnn.stats.resampled import BestComparison, compare_with_best
from fnn.stats.scores import SCORES, default_score, scores_of_task
from fnn.sweeps.conditions import Condition, clauses
from fnn.sweeps.query import Runs
from fnn.sweeps.schema import Connection, config_columns, quoted
from fnn.sweeps.summaries import group_runs


class SplitScores(NamedTuple):
    """A settings' mean scores on the splits that all have, over seeds: values (A, R); runs: (A,), networks of each.

    train_rows, test_rows: of a split, on average.
    """

    settings: Sequence[Mapping[str, Any]]
    values: NDArray[np.float64]
    runs: Sequence[int]
    train_rows: float
    test_rows: float


def read_split_scores(
    connection: Connection, runs: Runs, metric: str | None, by: Sequence[str] | None, where: Sequence[Condition]
) -> tuple[str, SplitScores]:
    """Return the score that settings are compared by, and what each scores on each split.

    metric: by itself the first of the task's. Raises InvalidSetting for a metric that the task has not, and for
    settings that have no split in common.
    """
    (task,) = connection.execute("SELECT task FROM splits LIMIT 1").fetchone()
    name = default_score(task) if metric is None else one_of("metric", metric.replace("-", "_"), scores_of_task(task))
    of_settings = _rows(connection, name, where)
    if of_settings and all(row[1] is None for row in of_settings.values()):
        raise InvalidSetting("metric", name, "a score that these runs have: they were trained before it was there")
    names = [n for n in runs.varying if n in config_columns()] if by is None else by
    groups = group_runs(runs, names)
    members = [[of_settings[runs.ids[k]] for k in group.places if runs.ids[k] in of_settings] for group in groups]
    table = [_by_split(rows) for rows in members]
    common = sorted(set.intersection(*map(set, table)))
    if not common:
        raise InvalidSetting("by", by, "settings that were trained on the same splits")
    rows = list(of_settings.values())
    return name, SplitScores(
        [group.settings for group in groups],
        np.array([[each[split] for split in common] for each in table]),
        [sum(int(row[-1]) for row in each) for each in members],
        float(np.mean([row[2] for row in rows])),
        float(np.mean([row[3] for row in rows])),
    )


def _rows(connection: Connection, name: str, where: Sequence[Condition]) -> dict[int, Sequence[Any]]:
    """Return, by the id of settings: their split, the mean score over seeds, rows of both parts, and how many runs."""
    which, arguments = clauses(where)
    split = "p.target || '/' || p.split_seed || '/' || p.repeat || '/' || p.fold"
    rows = connection.execute(
        f"SELECT p.settings, {split}, avg(c.{quoted(name)}), p.train_rows, "
        "CASE p.test_rows WHEN 0 THEN p.validation_rows ELSE p.test_rows END, count(*) "
        "FROM splits AS p JOIN settings AS s ON s.id = p.settings JOIN results AS r ON r.settings = p.settings "
        "JOIN scores AS c ON c.settings = r.settings AND c.seed = r.seed "
        f"WHERE {which} GROUP BY p.settings",
        arguments,
    ).fetchall()
    return {row[0]: row[1:] for row in rows}


def _by_split(rows: Sequence[Sequence[Any]]) -> dict[str, float]:
    """Return the mean score on each split, of settings that are grouped together."""
    values: dict[str, list[float]] = {}
    for split, value, *_ in rows:
        values.setdefault(split, []).append(np.nan if value is None else value)
    return {split: float(np.mean(each)) for split, each in values.items()}


def compare(name: str, scores: SplitScores) -> BestComparison:
    """Return which settings can be told from the best, paired over splits."""
    return compare_with_best(scores.values, scores.train_rows, scores.test_rows, SCORES[name].lower_is_better)
