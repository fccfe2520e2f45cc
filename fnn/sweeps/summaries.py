"""What is true of each combination of settings in a store: runs grouped into arms, and a summary of each."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.errors import InvalidSetting, one_of
from fnn.stats.intervals import Interval, Spread, median_interval, spread, wilson
from fnn.sweeps.store import SETTINGS, Runs

# What rows can be sorted by, beside settings.
COLUMNS = ("runs", "solved", "epochs", "loss", "diverged")


class Arm(NamedTuple):
    """The runs of one combination of settings. places: of its settings among those of `Runs`; runs: (R,) indices."""

    settings: dict[str, Any]
    places: list[int]
    runs: NDArray[np.int64]

    @property
    def label(self) -> str:
        """The combination in words."""
        return ", ".join(f"{name} {said(value)}" for name, value in self.settings.items()) or "all"


class Summary(NamedTuple):
    """An arm's runs: `solved` of them end with accuracy 1, a share inside `interval` with confidence 95%.

    epochs: to solve, over the solved; loss: the median over all runs with its 95% interval, a run that diverged
    counting as infinite loss.
    """

    arm: Arm
    runs: int
    solved: int
    interval: tuple[float, float]
    epochs: Spread | None
    loss: Interval
    diverged: int


def said(value: Any) -> str:
    """Return a setting's value as it is typed."""
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def arms(runs: Runs, by: Sequence[str] | None = None) -> list[Arm]:
    """Group runs by these settings, by itself by all that vary; numbers ascend, names keep the store's order.

    Raises InvalidSetting for an unknown name.
    """
    names = runs.varying if by is None else [one_of("by", name.replace("-", "_"), SETTINGS) for name in by]
    ranks = {name: {value: k for k, value in enumerate(ordered(runs.settings[name]))} for name in names}
    groups: dict[tuple[Any, ...], list[int]] = {}
    for place in range(len(runs.ids)):
        groups.setdefault(tuple(runs.settings[name][place] for name in names), []).append(place)
    found = sorted(groups, key=lambda values: [ranks[name][value] for name, value in zip(names, values, strict=True)])
    order = np.argsort(runs.arm, kind="stable")
    bounds = np.searchsorted(runs.arm[order], np.arange(len(runs.ids) + 1))
    return [
        Arm(
            dict(zip(names, values, strict=True)),
            groups[values],
            np.sort(np.concatenate([order[bounds[place] : bounds[place + 1]] for place in groups[values]])),
        )
        for values in found
    ]


def ordered(values: Sequence[Any]) -> list[Any]:
    """Return the distinct values: numbers in ascending order after None, names in the order they come."""
    distinct = list(dict.fromkeys(values))
    if any(isinstance(value, str) for value in distinct):
        return distinct
    return sorted(distinct, key=lambda value: (value is not None, value or 0))


def summary(runs: Runs, arm: Arm) -> Summary:
    """Return the summary of one arm."""
    own = arm.runs
    solved = runs.solved[own]
    count = int(solved.sum())
    return Summary(
        arm=arm,
        runs=len(own),
        solved=count,
        interval=wilson(count, len(own)),
        epochs=spread(runs.epochs_to_solve[own][solved]),
        loss=median_interval(runs.loss[own]),
        diverged=int((runs.diverged[own] >= 0).sum()),
    )


def summaries(runs: Runs, by: Sequence[str] | None = None, sort: str | None = None) -> list[Summary]:
    """Return the summary of each arm. sort: a setting, or one of runs, solved, epochs, loss, diverged; with a − before
    it the greatest comes first.

    Raises InvalidSetting for unknown names.
    """
    found = [summary(runs, arm) for arm in arms(runs, by)]
    if sort is None:
        return found
    name = sort.removeprefix("-").replace("-", "_")
    grouped = list(found[0].arm.settings) if found else []
    if name not in COLUMNS and name not in grouped:
        raise InvalidSetting("sort", sort, f"one of {', '.join((*COLUMNS, *grouped))}, or one with - before it")
    return sorted(found, key=lambda s: _rank(s, name), reverse=sort.startswith("-"))


def _rank(s: Summary, name: str) -> tuple[bool, Any]:
    own = {
        "runs": s.runs,
        "solved": s.solved / s.runs,
        "epochs": s.epochs.median if s.epochs else np.inf,
        "loss": s.loss.estimate,
        "diverged": s.diverged,
    }
    value = own[name] if name in own else s.arm.settings[name]
    return value is not None, value if value is not None else 0
