"""How the rows of a table are split where only some of it is said, and the splits of a problem."""

from collections.abc import Mapping, Sequence
from typing import Any

from fnn import checks
from fnn.data.split import Split, Splitting, check_splitting, make_splits
from fnn.ensembles.presets import VALIDATION, keeps_best
from fnn.ensembles.problem import Problem


def known_settings(name: str, given: Mapping[str, Any] | None, fields: Sequence[str]) -> dict[str, Any]:
    """Check the names of settings that go together; None is not set."""
    for key in given or {}:
        checks.one_of(name, key, fields)
    return {key: value for key, value in (given or {}).items() if value is not None}


def splitting_of(preset: str, settings: Mapping[str, Any], given: Mapping[str, Any] | None) -> Splitting:
    """Return how rows are split: as is said, and by itself with a fifth held out where anything needs it.

    Raises InvalidSetting for unknown names, and as `check_splitting` does.
    """
    known = known_settings("splitting", given, Splitting._fields)
    if "validation" not in known:
        elsewhere = known.get("folds") or known.get("bootstrap")
        known["validation"] = VALIDATION if keeps_best(preset, settings) or not elsewhere else 0.0
        if known.get("bootstrap") and not known.get("folds"):
            known["validation"] = 0.0  # what is out of the bag is held out
    return check_splitting(Splitting(**known))


def validates(splitting: Splitting) -> bool:
    """Return whether rows are held out to choose epochs by."""
    return bool(splitting.validation or splitting.bootstrap)


def validates_once(splitting: Splitting) -> bool:
    """Return whether rows are split once, into some to learn from and some to validate on."""
    s = splitting
    return bool(s.validation) and not s.folds and s.repeats == 1 and not s.bootstrap


def splits_of(problem: Problem, splitting: Splitting, seeds: int) -> list[Split]:
    """Return the splits of a problem's rows."""
    return make_splits(
        splitting, problem.rows, problem.labels, problem.groups, seeds, class_names=problem.target.classes
    )
