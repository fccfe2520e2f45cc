"""A row for each network: what became of it, for a JSON document and in words."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fnn.formats import number, setting, share
from fnn.sweeps.query import Runs
from fnn.training.results import Results

Row = dict[str, Any]

_WORDS: Mapping[str, Callable[[Any], str]] = {
    "seed": str,
    "solved": lambda value: "yes" if value else "no",
    "accuracy": share,
    "met": lambda value: "yes" if value else "no",
}


def result_rows(results: Results) -> list[Row]:
    """Return a row for each network, in the order of training: its seed and the rest.

    Epochs are null where there are none; a number that is not finite is null.
    """
    return [{"seed": int(results.seeds[k])} | _outcome(results, k, results.score[k]) for k in range(len(results))]


def fit_rows(results: Results) -> list[Row]:
    """Return a row for each network that learnt a table: its seed and split, its losses, and the epoch that is kept."""
    return [
        {
            "seed": int(results.seeds[k]),
            "split": int(results.split[k]),
            "loss": finite(results.loss[k]),
            "score": finite(results.score[k]),
            "validation_loss": finite(results.validation_loss[k]),
            "validation_score": finite(results.validation_score[k]),
            "best_epoch": _epoch(results.best_epoch[k]),
            "diverged": _epoch(results.diverged[k]),
            "stopped": int(results.stopped[k]),
        }
        for k in range(len(results))
    ]


def store_rows(runs: Runs, names: Sequence[str]) -> list[Row]:
    """Return a row for each run of a store: these of its settings, its seed and the rest."""
    of_settings = [{name: runs.settings[name][c] for name in names} for c in range(len(runs.ids))]
    return [
        of_settings[runs.trial[k]] | {"seed": int(runs.seed[k])} | _outcome(runs, k, runs.accuracy[k])
        for k in range(len(runs.seed))
    ]


def row_words(rows: Sequence[Row]) -> list[list[str]]:
    """Return rows as words; – for what there is not."""
    return [[_word(name, value) for name, value in row.items()] for row in rows]


def finite(value: float) -> float | None:
    """Return a number for a JSON document, None for one that is not finite."""
    return float(value) if math.isfinite(value) else None


def _outcome(of: Any, k: int, accuracy: float) -> Row:
    return {
        "solved": bool(of.epochs_to_solve[k] >= 0),
        "epochs_to_solve": _epoch(of.epochs_to_solve[k]),
        "loss": finite(of.loss[k]),
        "accuracy": finite(accuracy),
        "diverged": _epoch(of.diverged[k]),
        "stopped": int(of.stopped[k]),
        "met": bool(of.met[k]),
    }


def _epoch(value: int) -> int | None:
    return None if value < 0 else int(value)


def _word(name: str, value: Any) -> str:
    if name in _WORDS:
        return _WORDS[name](value)
    return number(value) if value is None or isinstance(value, (int, float)) else setting(value)
