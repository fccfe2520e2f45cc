"""What is printed of settings compared on splits of one table: a row each, and which cannot be told from the best."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from fnn.formats import number, p_value, setting
from fnn.report.words import interval, interval_document
from fnn.stats.comparisons import Comparison
from fnn.stats.intervals import Interval
from fnn.stats.resampled import BestComparison

MOST_SETTINGS = 8


class ModelChoice(NamedTuple):
    """A settings compared by a score over splits of one table.

    settings: (A,), the values of those that vary, by name. runs: (A,), networks of each, over all splits.
    """

    score: str
    settings: Sequence[Mapping[str, Any]]
    runs: Sequence[int]
    splits: int
    comparison: BestComparison

    @property
    def order(self) -> list[int]:
        """The places of the settings, the best first, and those that failed last."""
        worse = [abs(d.effect) if np.isfinite(d.effect) else np.inf for d in self.comparison.differences]
        return sorted(range(len(self.settings)), key=lambda k: (k != self.comparison.best, worse[k]))


def choice_columns(choice: ModelChoice) -> list[str]:
    """Return the heads of the rows of settings."""
    return [*choice.settings[0], "runs", "splits", f"{choice.score} (95%)", "from the best (95%)", "p", "verdict"]


def choice_rows(choice: ModelChoice) -> list[list[str]]:
    """Return a row of words for each setting, the best first. p: adjusted for there being many."""
    rows = []
    for k in choice.order:
        verdict, difference, p = _verdict(choice, k), "", ""
        if verdict in ("worse", "cannot be told"):
            difference, p = (
                interval(_interval(choice.comparison.differences[k])),
                p_value(choice.comparison.p_adjusted[k]),
            )
        score = interval(choice.comparison.means[k])
        words = map(setting, choice.settings[k].values())
        rows.append([*words, f"{choice.runs[k]:,}", number(choice.splits), score, difference, p, verdict])
    return rows


def _verdict(choice: ModelChoice, k: int) -> str:
    if not np.isfinite(choice.comparison.means[k].estimate):
        return "failed"
    if k == choice.comparison.best:
        return "best"
    return "worse" if choice.comparison.worse[k] else "cannot be told"


def undecided_line(choice: ModelChoice) -> str:
    """Return in a line which settings cannot be told from the best, and how that was decided."""
    best = choice.comparison.best
    others = [k for k in choice.order if k != best and not choice.comparison.worse[k]]
    how = f"over {choice.splits} splits, corrected for their overlap and for many comparisons"
    if len(choice.settings) == 1:
        return "one setting: nothing to compare it with"
    if choice.splits == 1:
        return f"one split: nothing can be told from the best, {_label(choice, best)}; --folds and --repeats make more"
    if not others:
        return f"{_label(choice, best)} is better than all others ({how})"
    names = "; ".join(_label(choice, k) for k in others[:MOST_SETTINGS])
    more = f"; and {len(others) - MOST_SETTINGS} more" if len(others) > MOST_SETTINGS else ""
    return f"cannot be told from the best, {_label(choice, best)}: {names}{more} ({how})"


def choice_document(choice: ModelChoice) -> dict[str, Any]:
    """Return the comparison for a JSON document, the best setting first. A number that is not finite is null."""
    c = choice.comparison
    entries = [
        {
            "settings": dict(choice.settings[k]),
            "runs": choice.runs[k],
            "score": interval_document(c.means[k]),
            "difference": interval_document(_interval(c.differences[k])),
            "p": float(c.p_adjusted[k]),
            "worse": bool(c.worse[k]),
        }
        for k in choice.order
    ]
    return {"score": choice.score, "splits": choice.splits, "settings": entries, "summary": undecided_line(choice)}


def _interval(difference: Comparison) -> Interval:
    return Interval(difference.effect, difference.low, difference.high)


def _label(choice: ModelChoice, k: int) -> str:
    return ", ".join(f"{name} {setting(value)}" for name, value in choice.settings[k].items())
