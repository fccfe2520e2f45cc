"""What is true of each combination of settings in a store: runs in groups that are alike, and a summary of each."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.checks import one_of
from fnn.errors import InvalidSetting
from fnn.formats import setting
from fnn.stats.intervals import Interval, Spread, median_interval, spread, wilson
from fnn.sweeps.query import Runs

# What rows can be sorted by, beside settings.
COLUMNS = ("runs", "solved", "epochs", "loss", "diverged")


class Group(NamedTuple):
    """The runs of one combination of settings. places: of its settings among those of `Runs`; runs: (R,) indices."""

    settings: dict[str, Any]
    places: list[int]
    runs: NDArray[np.int64]

    @property
    def label(self) -> str:
        """The combination in words."""
        return ", ".join(f"{name} {setting(value)}" for name, value in self.settings.items()) or "all"


class GroupSummary(NamedTuple):
    """A group's runs: `solved` of them end with accuracy 1, a share inside `interval` with confidence 95%.

    epochs: to solve, over the solved; loss: the median over all runs with its 95% interval, a run that diverged
    counting as infinite loss.
    """

    group: Group
    runs: int
    solved: int
    interval: tuple[float, float]
    epochs: Spread | None
    loss: Interval
    diverged: int


def group_runs(runs: Runs, by: Sequence[str] | None = None) -> list[Group]:
    """Group runs by these settings, by itself by all that vary; numbers ascend, names keep the store's order.

    Raises InvalidSetting for an unknown name.
    """
    names = runs.varying if by is None else [one_of("by", name.replace("-", "_"), runs.settings) for name in by]
    ranks = {name: {value: k for k, value in enumerate(ordered(runs.settings[name]))} for name in names}
    places: dict[tuple[Any, ...], list[int]] = {}
    for place in range(len(runs.ids)):
        places.setdefault(tuple(runs.settings[name][place] for name in names), []).append(place)
    order = np.argsort(runs.trial, kind="stable")
    bounds = np.searchsorted(runs.trial[order], np.arange(len(runs.ids) + 1))
    return [
        Group(
            dict(zip(names, values, strict=True)),
            places[values],
            np.sort(np.concatenate([order[bounds[place] : bounds[place + 1]] for place in places[values]])),
        )
        for values in sorted(places, key=lambda row: [ranks[name][v] for name, v in zip(names, row, strict=True)])
    ]


def ordered(values: Sequence[Any]) -> list[Any]:
    """Return the distinct values: numbers in ascending order after None, names in the order they come."""
    distinct = list(dict.fromkeys(values))
    if any(isinstance(value, str) for value in distinct):
        return distinct
    return sorted(distinct, key=lambda value: (value is not None, value or 0))


def summarize_group(runs: Runs, group: Group) -> GroupSummary:
    """Return the summary of one group."""
    members = group.runs
    solved = runs.solved[members]
    count = int(solved.sum())
    return GroupSummary(
        group=group,
        runs=len(members),
        solved=count,
        interval=wilson(count, len(members)),
        epochs=spread(runs.epochs_to_solve[members][solved]),
        loss=median_interval(runs.loss[members]),
        diverged=int((runs.diverged[members] >= 0).sum()),
    )


def summarize_groups(runs: Runs, by: Sequence[str] | None = None, sort: str | None = None) -> list[GroupSummary]:
    """Return the summary of each group. sort: a setting, or one of runs, solved, epochs, loss, diverged; with a −
    before it the greatest comes first.

    Raises InvalidSetting for unknown names.
    """
    summaries = [summarize_group(runs, group) for group in group_runs(runs, by)]
    if sort is None:
        return summaries
    name = sort.removeprefix("-").replace("-", "_")
    grouped = list(summaries[0].group.settings) if summaries else []
    if name not in COLUMNS and name not in grouped:
        raise InvalidSetting("sort", sort, f"one of {', '.join((*COLUMNS, *grouped))}, or one with - before it")
    return sorted(summaries, key=lambda s: _rank(s, name), reverse=sort.startswith("-"))


def _rank(s: GroupSummary, name: str) -> tuple[bool, Any]:
    columns = {
        "runs": s.runs,
        "solved": s.solved / s.runs,
        "epochs": s.epochs.median if s.epochs else np.inf,
        "loss": s.loss.estimate,
        "diverged": s.diverged,
    }
    value = columns[name] if name in columns else s.group.settings[name]
    return value is not None, value if value is not None else 0
