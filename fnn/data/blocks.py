"""Blocks of rows, as the readers give them, made into columns of the kinds they turn out or are known to be."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.data.columns import Column
from fnn.data.words import BOOLEANS, is_number, kind_of, sorted_categories
from fnn.errors import InvalidSetting


class Block(NamedTuple):
    """Some rows of a source: columns of kind "number", "boolean" or "text", what is infinite too.

    lines: (N,), where each row stands in the source; unit: what that counts, "line" or "row"; decimal: what the digits
    of a number after the point follow in words.
    """

    columns: tuple[Column, ...]
    lines: NDArray[np.int64]
    unit: str = "row"
    decimal: str = "."


def unique(source: str, names: Sequence[str]) -> None:
    """Refuse two columns of one name."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InvalidSetting("data", source, f"columns of different names; two are named {name}")
        seen.add(name)


def clashes(blocks: Iterable[Block]) -> list[str]:
    """Return the names of the columns that hold numbers in one block and words in another."""
    kinds: dict[str, set[str]] = {}
    for block in blocks:
        for column in block.columns:
            if not column.missing.all():
                kinds.setdefault(column.name, set()).add(column.kind)
    return [name for name, each in kinds.items() if {"number", "text"} <= each]


def join(blocks: Sequence[Block]) -> Block:
    """Return blocks without clashes as one."""
    lines = np.concatenate([block.lines for block in blocks])
    columns = (_join(pieces) for pieces in zip(*(block.columns for block in blocks), strict=True))
    return blocks[0]._replace(columns=tuple(columns), lines=lines)


def _join(pieces: Sequence[Column]) -> Column:
    name = pieces[0].name
    if all(piece.kind != "text" for piece in pieces):
        kind = next((piece.kind for piece in pieces if not piece.missing.all()), pieces[0].kind)
        return Column(name, kind, np.concatenate([piece.values for piece in pieces]))
    words: list[str] = []
    values = []
    for piece in pieces:
        places = piece.values if piece.kind == "text" else np.full(len(piece.values), -1, np.int32)
        values.append(np.where(places < 0, -1, places + len(words)).astype(np.int32))
        words += piece.categories
    return sorted_categories(name, np.concatenate(values), words)


def settle(block: Block, source: str, kinds: Mapping[str, str]) -> tuple[Column, ...]:
    """Return the columns of a block, each of the kind it is known to be, or else of the kind that it looks.

    Raises InvalidSetting where a known kind does not fit, and for a number that is infinite.
    """
    return tuple(_settle(column, block, source, kinds.get(column.name)) for column in block.columns)


def _settle(column: Column, block: Block, source: str, kind: str | None) -> Column:
    if column.kind == "text":
        column = _settle_words(column, block, source, kind or kind_of(column.categories))
    elif column.kind == "number" and kind == "boolean":
        _refuse(~np.isin(column.values, (0, 1)) & ~column.missing, column, block, source, "true or false")
    elif kind == "text":
        column = _as_text(column)
    if column.kind in ("number", "boolean"):
        _refuse(np.isinf(column.values), column, block, source, "finite numbers")
        return column._replace(kind=kind or column.kind)
    return column


def _settle_words(column: Column, block: Block, source: str, kind: str) -> Column:
    if kind == "number":
        return _as_number(column, block, source)
    return _as_boolean(column, block, source) if kind == "boolean" else column._replace(kind=kind)


def _as_boolean(column: Column, block: Block, source: str) -> Column:
    each = BOOLEANS | {"0": 0.0, "1": 1.0}
    floats = _as_floats(column, block, source, "boolean", {w: each.get(w.lower()) for w in column.categories})
    return floats._replace(categories=_first_words(column, floats.values))


def _first_words(column: Column, values: NDArray[np.float64]) -> tuple[str, ...]:
    """Return as what false and true first stand in a column's rows; nothing unless both are there."""
    rows = [np.flatnonzero(values == truth) for truth in (0, 1)]
    if not all(there.size for there in rows):
        return ()
    return tuple(column.categories[column.values[there[0]]] for there in rows)


def _as_number(column: Column, block: Block, source: str) -> Column:
    each = {
        word: float(word.replace(block.decimal, ".")) if is_number(word, block.decimal) else None
        for word in column.categories
    }
    return _as_floats(column, block, source, "number", each)


def _as_floats(column: Column, block: Block, source: str, kind: str, each: Mapping[str, float | None]) -> Column:
    unknown = np.array([*(value is None for value in each.values()), False])
    _refuse(unknown[column.values], column, block, source, "numbers" if kind == "number" else "true or false")
    values = np.array([*each.values(), np.nan], np.float64)
    return Column(column.name, kind, values[column.values])


def _as_text(column: Column) -> Column:
    """Return numbers as the words a table would have for them: 3 for 3.0, true for a boolean."""
    if column.kind == "text":
        return column
    values, places = np.unique(column.values, return_inverse=True, equal_nan=True)
    if column.kind == "boolean":
        words = ["true" if value else "false" for value in values.tolist()]
    else:
        words = [str(int(value)) if value.is_integer() else repr(value) for value in values.tolist()]
    places = np.where(np.isnan(values), -1, np.arange(len(values)))[places.reshape(-1)]
    return sorted_categories(column.name, places.astype(np.int32), words)


def _refuse(bad: NDArray[np.bool_], column: Column, block: Block, source: str, expected: str) -> None:
    """Refuse a column in which some values are bad, with the first of them and its line."""
    if not bad.any():
        return
    row = int(bad.argmax())
    value = column.values[row]
    got = column.categories[value] if column.kind in ("text", "date") else float(value)
    where = f"in column {column.name}, {block.unit} {block.lines[row]:,}"
    raise InvalidSetting("data", source, f"{expected} {where}: it has {got}")
