"""Encoding: columns become the numbers that networks are given, the same at training and at prediction.

Numbers stay as they are, true is 1 and false 0, a category is one-hot: a 1 in its own input, 0 in those of the other
categories of its column. Columns are matched by name, whatever their order.
"""

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fnn.checks import fits, one_of
from fnn.data.columns import Column, Table
from fnn.data.features import (
    CONSTANT,
    FEATURE_KINDS,
    MISSING,
    UNKNOWN,
    Encoder,
    Feature,
    encoder_document,
    encoder_from_document,
)
from fnn.errors import InvalidSetting

__all__ = [
    "CONSTANT", "MISSING", "MOST_CATEGORIES", "UNKNOWN", "Encoder", "Feature", "complete_rows", "encode",
    "encoder_document", "encoder_from_document", "learn_encoder",
]  # fmt: skip

# More categories than these would be more inputs than anyone means by a column.
MOST_CATEGORIES = 1000
# More inputs for each row are no table that could be learnt from: its rows and columns have changed places, as a rule.
INPUTS_A_ROW = 1000
# What columns become features of; dates become none.
_FEATURES = {"number": "number", "boolean": "boolean", "text": "category"}
# So many rows are encoded at a time: of 50 inputs they stay in a processor's cache.
_ROWS = 2048


# ---- learning ----


def learn_encoder(
    table: Table, ignore: Collection[str] = (), missing: str = "error", unknown: str = "none", constant: str = "drop"
) -> Encoder:
    """Return how the columns of a table become inputs, all but those to ignore.

    A column that says nothing, as it has no values or all are alike, is left out, and `dropped` says why; with constant
    `keep` numbers that are alike stay. Raises InvalidSetting for missing values where they are an error, for dates, for
    columns of text that are names of rows or have more than `MOST_CATEGORIES` categories, where no column or no row is
    left, and for more inputs than rows or the memory allow.
    """
    one_of("missing", missing, MISSING)
    one_of("unknown", unknown, UNKNOWN)
    one_of("constant", constant, CONSTANT)
    columns = table.drop(ignore).columns
    reasons = {column.name: _useless(column, missing, constant) for column in columns}
    useful = [column for column in columns if not reasons[column.name]]
    if not useful:
        raise InvalidSetting("data", table.source, "a column to learn from: all have one value, or none")
    for column in useful:
        _check_kind(column)
        if missing == "error":
            _check_present(column)
    rows = _all_present(useful) if missing == "drop" else np.ones(table.rows, np.bool_)
    if not rows.any():
        raise InvalidSetting("missing", missing, "a row that lacks no value")
    features = tuple(_feature(column, rows, missing == "indicator") for column in useful)
    encoder = Encoder(features, missing, unknown, tuple((name, why) for name, why in reasons.items() if why))
    _check_size(table.source, encoder.inputs, int(rows.sum()))
    return encoder


def _check_size(source: str, inputs: int, rows: int) -> None:
    if inputs > INPUTS_A_ROW * rows:
        count = "1 row" if rows == 1 else f"{rows:,} rows"
        words = f"at most {INPUTS_A_ROW * rows:,} inputs for {count}; its columns make {inputs:,}"
        raise InvalidSetting("data", source, f"{words} (are columns and rows in each other's place?)")
    fits("data", source, 8 * rows * inputs)


def _useless(column: Column, missing: str, constant: str) -> str:
    """Return why a column is left out, or nothing."""
    present = column.values[~column.missing]
    if not present.size:
        return "no values"
    if (present != present[0]).any() or (missing == "indicator" and len(present) < len(column.values)):
        return ""
    return "" if constant == "keep" and column.kind == "number" else "constant"


def _check_kind(column: Column) -> None:
    if column.kind not in _FEATURES:
        raise InvalidSetting(
            "data", f"dates in column {column.name}", f"numbers made of them, such as the year; or ignore {column.name}"
        )


def _check_present(column: Column, otherwise: str = "") -> None:
    count = int(column.missing.sum())
    if count:
        values = "1 value" if count == 1 else f"{count:,} values"
        raise InvalidSetting(
            "data",
            f"{values} missing in column {column.name}",
            f"all of them, or {otherwise}missing = mean, drop or indicator",
        )


def _all_present(columns: Collection[Column]) -> NDArray[np.bool_]:
    complete: NDArray[np.bool_] = ~np.any([column.missing for column in columns], axis=0)
    return complete


def _feature(column: Column, rows: NDArray[np.bool_], indicates: bool) -> Feature:
    indicator = indicates and bool(column.missing.any())
    categories = _categories(column, rows) if column.kind == "text" else ()
    return Feature(column.name, _FEATURES[column.kind], categories, indicator)


def _categories(column: Column, rows: NDArray[np.bool_]) -> tuple[str, ...]:
    """Return the categories that are in the rows, in order."""
    counts = np.bincount(column.values[rows] + 1, minlength=len(column.categories) + 1)[1:]
    names = tuple(sorted(column.categories[place] for place in np.flatnonzero(counts)))
    if len(names) > MOST_CATEGORIES:
        words = f"at most {MOST_CATEGORIES:,}: merge the rare ones, or ignore {column.name}"
        raise InvalidSetting("data", f"{len(names):,} categories in column {column.name}", words)
    if 2 < len(names) == counts.sum():
        words = f"categories that repeat: ignore {column.name}, which names rows and says nothing of others"
        raise InvalidSetting("data", f"another text in every row of column {column.name}", words)
    return names


# ---- encoding ----


def encode(
    encoder: Encoder,
    table: Table,
    dtype: DTypeLike = np.float64,
    passed_over: Collection[str] = (),
    first_row: int = 1,
) -> NDArray[Any]:
    """Return the inputs of a table's rows: (N, I), NaN where a number is missing, for `scale` to fill.

    passed_over: columns that may or may not be there and are no inputs, such as targets and weights. first_row: the
    number of the table's first row in what it was read from. Raises InvalidSetting for a column that lacks, is of
    another kind or was not there at training, and for missing values and unknown categories where they are an error.
    """
    columns = _matching_columns(encoder, table, passed_over)
    lookups = [_lookup(encoder, *pair, first_row) for pair in zip(encoder.features, columns, strict=True)]
    x = np.zeros((table.rows, encoder.inputs), dtype)
    for first in range(0, table.rows, _ROWS):
        rows, place = slice(first, first + _ROWS), 0
        for feature, column, lookup in zip(encoder.features, columns, lookups, strict=True):
            width = feature.inputs
            _encode_into(x[rows, place : place + width], feature, column._replace(values=column.values[rows]), lookup)
            place += width
    return x


def _encode_into(x: NDArray[Any], feature: Feature, column: Column, lookup: NDArray[np.intp]) -> None:
    """Write rows of one column into its inputs, (n, width), which are 0."""
    if feature.kind == "category":
        places = lookup[column.values]
        rows = np.flatnonzero(places >= 0)
        x[rows, places[rows]] = 1
    else:
        x[:, 0] = column.values
    if feature.indicator:
        x[:, -1] = column.missing


def _matching_columns(encoder: Encoder, table: Table, passed_over: Collection[str] = ()) -> list[Column]:
    """Return the column of each feature. Raises InvalidSetting as `encode` does, for names and kinds."""
    names = {feature.name for feature in encoder.features}
    there = set(table.names)
    lacking = [feature.name for feature in encoder.features if feature.name not in there]
    if lacking:
        raise InvalidSetting("data", f"columns {_some(table.names)}", f"{_columns(lacking)} too, as at training")
    known = {*names, *passed_over, *(name for name, _ in encoder.dropped)}
    more = [name for name in table.names if name not in known]
    if more:
        raise InvalidSetting("data", _columns(more), f"columns as at training: {_some(sorted(names))}")
    return [_matching(feature, table.column(feature.name)) for feature in encoder.features]


def _matching(feature: Feature, column: Column) -> Column:
    """Return a column as its feature needs it. One without a value is of any kind."""
    suits = column.kind in FEATURE_KINDS[feature.kind]
    if suits and feature.kind == "boolean" and column.kind == "number":
        suits = bool(np.isin(column.values[~column.missing], (0, 1)).all())
    if suits:
        return column
    if column.missing.all():
        return _without_values(feature, len(column.values))
    raise InvalidSetting("data", f"column {feature.name} of {column.kind}", f"of {feature.kind}, as at training")


def _without_values(feature: Feature, rows: int) -> Column:
    if feature.kind == "category":
        return Column(feature.name, "text", np.full(rows, -1, np.int32))
    return Column(feature.name, feature.kind, np.full(rows, np.nan))


def _lookup(encoder: Encoder, feature: Feature, column: Column, first_row: int) -> NDArray[np.intp]:
    """Return the place in a feature's categories of each of the column's, -1 for none; the last is of missing ones."""
    if encoder.missing == "error":
        _check_present(column, "a model that was trained with ")
    known = {word: place for place, word in enumerate(feature.categories)}
    lookup = np.array([*(known.get(word, -1) for word in column.categories), -1])
    if encoder.unknown == "error" and feature.kind == "category" and (lookup[:-1] < 0).any():
        unknown = np.flatnonzero((lookup[column.values] < 0) & ~column.missing)
        if unknown.size:
            word, row = column.categories[column.values[unknown[0]]], first_row + int(unknown[0])
            raise InvalidSetting("data", f"{word} in column {feature.name}, row {row:,}", f"{_some(known)}")
    return lookup


def complete_rows(table: Table, encoder: Encoder) -> NDArray[np.bool_]:
    """Return which rows lack no value of a feature: (N,). Raises InvalidSetting for a column that lacks."""
    names = {feature.name for feature in encoder.features}
    return _all_present(_matching_columns(encoder, table, set(table.names) - names))


def _columns(names: Collection[str]) -> str:
    return f"column{'s' if len(names) > 1 else ''} {_some(names)}"


def _some(names: Collection[str]) -> str:
    """Return the first few names, and how many there are if more."""
    first = ", ".join(list(names)[:8])
    return first if len(names) <= 8 else f"{first}, … ({len(names):,})"
