"""Targets: what is to be learnt of a table, and which task that is.

By itself the task follows from the columns. One column of text or of true and false is classes: binary where they are
two, else multiclass. So are whole numbers of two values, or of at most 20 with 10 rows for each on average: a quality
from 3 to 8 is six classes. Other numbers are regression. Of several columns, true and false or 0 and 1 in each are
multilabel, and other numbers regression of several outputs.
"""

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.checks import fits, one_of
from fnn.data.columns import Column, Table
from fnn.errors import InvalidSetting

# Whole numbers of more values are taken for numbers, and so are those that have fewer rows for each.
_MOST_VALUES, _ROWS_A_VALUE = 20, 10
# More classes, or fewer rows for each on average, are no classes that could be learnt.
MOST_CLASSES, ROWS_A_CLASS = 1000, 2
# So many columns are named where none has the name that was asked for: the nearest.
_NEAREST = 12


class Target(NamedTuple):
    """What is to be learnt. names: of the columns; task: of `TASKS`; y: (N, O), each number finite.

    classes: of binary and multiclass, as text and in order, else (). class_kind: what labels were in the table, "text",
    "number" or "boolean", which is what is neither. Yes and no in words are text, as they first stand in the table, no
    before yes; label_words has these for each column of multilabel, where one has words, else (). y is the number of
    the class for binary, 0 or 1; one-hot for multiclass; 0 or 1 in each column for multilabel; the numbers themselves
    for regression.
    """

    names: tuple[str, ...]
    task: str
    classes: tuple[str, ...]
    class_kind: str
    y: NDArray[np.float64]
    label_words: tuple[tuple[str, str], ...] = ()


# ---- which columns ----


def resolve_columns(table: Table, words: Any, setting: str = "target") -> tuple[str, ...]:
    """Return the names of columns: given by name, by place (from 1, or from the last one, -1), or several of these.

    Several are in one text with commas between them, or in a sequence. A name goes before a place. Raises
    InvalidSetting for a column that is not there, with the nearest names, for one that comes twice, and for none.
    """
    names = tuple(_resolve(table.names, word, setting) for word in _split(table.names, words))
    if not names or len(set(names)) < len(names):
        raise InvalidSetting(setting, words, "one column or more, none of them twice")
    return names


def _split(names: Sequence[str], words: Any) -> list[Any]:
    if isinstance(words, str):
        return [words] if words in names else [word.strip() for word in words.split(",")]
    if isinstance(words, Iterable):
        return [part for word in words for part in (_split(names, word) if isinstance(word, str) else [word])]
    return [words]


def _resolve(names: Sequence[str], word: Any, setting: str) -> str:
    if isinstance(word, str) and word in names:
        return word
    try:
        place = None if isinstance(word, (bool, float)) else int(word)
    except (TypeError, ValueError):
        place = None
    if place is None:
        return one_of(setting, word, get_close_matches(str(word), names, n=_NEAREST, cutoff=0) or names[:_NEAREST])
    if not 1 <= abs(place) <= len(names):
        raise InvalidSetting(setting, word, f"a column's name, or its place from 1 to {len(names):,}")
    return names[place - 1 if place > 0 else place]


# ---- what is learnt of them ----


def read_target(table: Table, names: Sequence[str], task: str | None = None) -> Target:
    """Return what is to be learnt of columns of these names. task: of `TASKS`, None to infer it as said above.

    Raises InvalidSetting for an unknown task, a missing value, dates, a column of one value only, more classes than
    rows allow, and for columns that do not go with the task or with one another.
    """
    if task is not None:
        one_of("task", task, TASKS)
    columns = [table.column(name) for name in names]
    for column in columns:
        _check(column)
    return TASKS[task or _infer_task(columns)](columns)


def _check(column: Column) -> None:
    if column.kind == "date":
        raise InvalidSetting("target", column.name, "numbers or classes; these are dates, of which to make numbers")
    missing = np.flatnonzero(column.missing)
    if missing.size:
        count = "1 is" if missing.size == 1 else f"{missing.size:,} are"
        words = f"a value in each row; {count} missing, first in row {missing[0] + 1:,}"
        raise InvalidSetting("target", column.name, words)
    if not column.values.size or (column.values == column.values[0]).all():
        what = "class" if column.kind != "number" else "value"
        raise InvalidSetting("target", column.name, f"values that differ; all rows have one {what}")


def _infer_task(columns: Sequence[Column]) -> str:
    if len(columns) == 1:
        count = _class_count(columns[0])
        return "regression" if not count else "binary" if count == 2 else "multiclass"
    if all(map(_is_label, columns)):
        return "multilabel"
    if all(column.kind == "number" for column in columns):
        return "regression"
    kinds = ", ".join(f"{column.name} of {column.kind}" for column in columns)
    raise InvalidSetting("target", kinds, "several columns of numbers, or several of true and false or 0 and 1")


def _class_count(column: Column) -> int:
    """Return how many classes a column is by itself, 0 for numbers."""
    values = np.unique(column.values)
    if column.kind != "number" or (len(values) == 2 and _whole(values)):
        return len(values)
    few = len(values) <= _MOST_VALUES and len(values) * _ROWS_A_VALUE <= len(column.values)
    return len(values) if few and _whole(values) else 0


def _whole(values: NDArray[np.float64]) -> bool:
    return bool((values == np.floor(values)).all())


def _is_label(column: Column) -> bool:
    return column.kind == "boolean" or (column.kind == "number" and bool(np.isin(column.values, (0, 1)).all()))


# ---- tasks ----


def _binary(columns: Sequence[Column]) -> Target:
    column, classes, places = _classes("binary", columns)
    if len(classes) != 2:
        raise InvalidSetting("task", "binary", f"two classes; column {column.name} has {len(classes):,}")
    return Target((column.name,), "binary", classes, _class_kind(column), places[:, None].astype(np.float64))


def _multiclass(columns: Sequence[Column]) -> Target:
    column, classes, places = _classes("multiclass", columns)
    fits("target", column.name, 8 * len(places) * len(classes))
    y = np.zeros((len(places), len(classes)))
    y[np.arange(len(places)), places] = 1
    return Target((column.name,), "multiclass", classes, _class_kind(column), y)


def _classes(task: str, columns: Sequence[Column]) -> tuple[Column, tuple[str, ...], NDArray[np.intp]]:
    """Return the one column, its classes in order, and the place of each row's among them: (N,)."""
    if len(columns) != 1:
        raise InvalidSetting("task", task, f"one target column; {len(columns):,} are given")
    column, rows = columns[0], len(columns[0].values)
    values, places = np.unique(column.values, return_inverse=True)
    most = min(MOST_CLASSES, rows // ROWS_A_CLASS)
    if len(values) > most:
        words = f"at most {most:,} classes for {rows:,} rows; it has {len(values):,}"
        other = ", or task = regression" if column.kind == "number" else ""
        raise InvalidSetting("target", column.name, words + other)
    return column, tuple(_label(column, value) for value in values), places


def _label(column: Column, value: Any) -> str:
    """Return a class as text; what was written 3 or 3.0 in the table is 3."""
    if column.categories:
        return column.categories[int(value)]
    if column.kind == "boolean":
        return "true" if value else "false"
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _class_kind(column: Column) -> str:
    return "text" if column.categories else column.kind


def _multilabel(columns: Sequence[Column]) -> Target:
    for column in columns:
        if not _is_label(column):
            raise InvalidSetting("task", "multilabel", f"true and false or 0 and 1; column {column.name} has others")
    kinds = {_class_kind(column) for column in columns}
    kind = next(kind for kind in ("text", "boolean", "number") if kind in kinds)
    words = tuple((_label(column, 0.0), _label(column, 1.0)) for column in columns) if kind == "text" else ()
    return Target(_names(columns), "multilabel", (), kind, _stacked(columns), words)


def _regression(columns: Sequence[Column]) -> Target:
    for column in columns:
        if column.kind != "number":
            raise InvalidSetting("task", "regression", f"numbers; column {column.name} is {column.kind}")
    return Target(_names(columns), "regression", (), "number", _stacked(columns))


def _names(columns: Sequence[Column]) -> tuple[str, ...]:
    return tuple(column.name for column in columns)


def _stacked(columns: Sequence[Column]) -> NDArray[np.float64]:
    return np.stack([column.values for column in columns], axis=1).astype(np.float64)


# What is learnt of columns, for each task.
TASKS: dict[str, Callable[[Sequence[Column]], Target]] = {
    "binary": _binary,
    "multiclass": _multiclass,
    "multilabel": _multilabel,
    "regression": _regression,
}
