"""Rows of results as a frame of pandas or Polars or as arrays, and the few words that a `repr` says of them."""

from collections.abc import Collection, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fnn import formats
from fnn.checks import Check, one_of
from fnn.errors import InvalidSetting

# In the order in which the first that is installed is taken; arrays need nothing.
KINDS = ("pandas", "polars", "arrays")
# What is told of one setting.
_TOLD = ("data", "hidden", "optimizer", "lr", "loss", "epochs")
# Values of a setting that a `repr` lists.
_LISTED = 6


def as_frame(columns: Mapping[str, NDArray[Any]], kind: str | None = None) -> Any:
    """Return columns (R,) as a frame of that kind, by itself of the first of `KINDS` that is installed.

    Raises InvalidSetting for another kind, and for one that is not installed.
    """
    if kind is None:
        kind = next(name for name in KINDS if name == "arrays" or find_spec(name))
    if one_of("kind", kind, KINDS) == "arrays":
        return dict(columns)
    try:
        return import_module(kind).DataFrame(dict(columns))
    except ImportError:
        raise InvalidSetting("kind", kind, f"{kind} installed, or arrays") from None


def typed_column(values: Sequence[Any]) -> NDArray[Any]:
    """Return the values of a setting as a column: numbers as they are, NaN for none of them, widths as 4x4."""
    if any(isinstance(value, tuple) for value in values):
        return np.array([formats.setting(value) for value in values])
    if any(value is None for value in values) and not any(isinstance(value, str) for value in values):
        return np.array([np.nan if value is None else value for value in values], np.float64)
    return np.array(values)


def none_as_nan(epochs: ArrayLike) -> NDArray[np.float64]:
    """Return epochs with NaN for −1, which stands for none: (R,)."""
    values = np.asarray(epochs, np.float64)
    return np.where(values < 0, np.nan, values)


def matching(
    columns: Mapping[str, Sequence[Any]], wanted: Mapping[str, Any], checks: Mapping[str, Check]
) -> NDArray[np.bool_]:
    """Return which rows of columns (C,) have the wanted value of each: (C,). checks: of what is wanted, by name.

    Raises InvalidSetting for a name or a value that no check takes, and where no row has them all.
    """
    rows = np.ones(max(map(len, columns.values()), default=0), bool)
    for name, got in wanted.items():
        value = checks[one_of("setting", name, checks)](name, got)
        rows &= [there in (value, formats.setting(value)) for there in columns[name]]
        if not rows.any():
            raise InvalidSetting(name, got, f"what there is: {value_words(columns[name])}")
    return rows


# ---- words ----


def value_words(values: Sequence[Any]) -> str:
    """Return the distinct values of a setting in words; of very many the first few."""
    distinct = list(dict.fromkeys(formats.setting(value) for value in values))
    more = f", … ({len(distinct):,})" if len(distinct) > _LISTED else ""
    return ", ".join(distinct[:_LISTED]) + more


def settings_line(columns: Mapping[str, Sequence[Any]], varying: Collection[str]) -> str:
    """Return the settings that vary in words, or of one setting what it is; columns (C,) by name."""
    several = [f"{name} {value_words(columns[name])}" for name in varying if name != "data_digest"]
    one = [f"{name} {value_words(columns[name][:1])}" for name in _TOLD if name in columns]
    return f"settings  {'; '.join(several) or ', '.join(one)}"


def loss_line(loss: NDArray[Any], diverged: NDArray[Any]) -> str:
    """Return what the losses of runs (R,) are, and how many diverged, after how many epochs or −1."""
    count = int((diverged >= 0).sum())
    return f"loss      {spread_words(loss)}{f'; {count:,} diverged' if count else ''}"


def solved_line(epochs_to_solve: NDArray[Any], epochs: int) -> str:
    """Return how many runs (R,) are solved and when; of one run, after how many of its epochs."""
    solved, runs = epochs_to_solve[epochs_to_solve >= 0], len(epochs_to_solve)
    if runs == 1:
        return f"solved    {f'after {solved[0]} of {epochs} epochs' if len(solved) else f'not within {epochs} epochs'}"
    after = f"; of those the median is after {formats.number(np.median(solved))} epochs" if len(solved) else ""
    return f"solved    {len(solved):,} of {runs:,} = {len(solved) / max(runs, 1):.1%}{after}"


def spread_words(values: ArrayLike) -> str:
    """Return one number, or the median and the range of those that are finite."""
    finite = np.asarray(values, np.float64)
    finite = finite[np.isfinite(finite)]
    if not len(finite):
        return "not finite"
    if np.size(values) == 1:
        return formats.number(finite[0])
    return f"median {formats.number(np.median(finite))}, from {formats.to(finite.min(), finite.max())}"
