"""Conditions on runs: as they are typed, and as SQL."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fnn.checks import one_of
from fnn.errors import InvalidSetting
from fnn.sweeps.schema import SETTINGS, quoted


class Condition(NamedTuple):
    """A column of settings, or `seed`, an operator and the values of which one has to fit."""

    name: str
    operator: str
    values: tuple[Any, ...]


def parse_condition(text: str, settings: Mapping[str, str] = SETTINGS) -> Condition:
    """Read a condition such as lr=0.1, optimizer=sgd,adam, lr<1 or seed>=100; commas separate alternatives.

    settings: the columns with their types. Raises InvalidSetting for another form, an unknown name, and words where
    numbers are.
    """
    parts = re.fullmatch(r"\s*([\w-]+)\s*(<=|>=|!=|=|<|>)\s*(.*?)\s*", text)
    if parts is None:
        raise InvalidSetting("where", text, "a condition such as lr=0.1, optimizer=sgd,adam or lr<=1")
    name, operator, right = parts[1].replace("-", "_"), parts[2], parts[3]
    one_of("where", name, [*settings, "seed"])
    if operator not in ("=", "!=") and "," in right:
        raise InvalidSetting("where", text, f"one value after {operator}")
    kind = settings.get(name, "INTEGER")
    try:
        return Condition(name, operator, tuple(_operand(word, kind) for word in right.split(",")))
    except ValueError:
        raise InvalidSetting("where", text, f"numbers for {name}") from None


def _operand(word: str, kind: str) -> Any:
    if kind == "TEXT":
        return word
    if word == "none":
        return None
    value = int(word) if kind == "INTEGER" else float(word)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValueError(word)  # no such number can be in the file
    return value


def clauses(where: Sequence[Condition]) -> tuple[str, list[Any]]:
    """Return conditions as SQL, and its arguments."""
    parts: list[str] = ["1"]
    arguments: list[Any] = []
    for one in where:
        column = "r.seed" if one.name == "seed" else f"s.{quoted(one.name)}"
        how = {"=": "IS", "!=": "IS NOT"}.get(one.operator, one.operator)  # NULL is a value like others
        between = " AND " if how == "IS NOT" else " OR "
        parts.append(f"({between.join([f'{column} {how} ?'] * len(one.values))})")
        arguments += one.values
    return " AND ".join(parts), arguments
