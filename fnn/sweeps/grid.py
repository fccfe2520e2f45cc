"""Grids: what a sweep trains, written as lists, ranges and groups of settings that go together.

A specification maps names of settings, of `Config` and of the data, to one value or to several: a list, or a range
`{"log": [1e-4, 1], "n": 9}` or `{"linear": [0, 1], "n": 5}`. What is listed under different names is combined in
every way; lists within one group of `zip` are walked through together.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from fnn import data
from fnn.config import Config
from fnn.data.samples import Samples
from fnn.errors import InvalidSetting, one_of

DATA_SETTINGS = ("data", "points", "noise", "data_seed")
CONFIG_SETTINGS = tuple(field.name for field in fields(Config) if field.name != "seed")
NAMES = (*DATA_SETTINGS, *CONFIG_SETTINGS)

Choice = dict[str, Any]


class Arm(NamedTuple):
    """One combination of settings, to be trained with many seeds."""

    samples: Samples
    config: Config


def arms(spec: Mapping[str, Any], own: tuple[ArrayLike, ArrayLike] | None = None) -> list[Arm]:
    """Return the combinations of a specification, each once; names later in it vary faster.

    own: x (N, I) and y (N, O) to train on instead of one of the named data sets.
    Raises InvalidSetting for unknown names, empty lists, lists of one group that differ in length, and whatever a
    setting or a combination of settings does not allow.
    """
    made: dict[tuple[Any, ...], Samples] = {}
    found: dict[tuple[Any, ...], Arm] = {}
    for choice in choices(spec):
        settings = {name: choice.pop(name) for name in DATA_SETTINGS if name in choice}
        about = tuple(sorted(settings.items()))
        if about not in made:
            made[about] = _samples(settings, own)
        arm = Arm(made[about], Config(**choice))
        found.setdefault((about, arm.config), arm)
    return list(found.values())


def _samples(settings: Mapping[str, Any], own: tuple[ArrayLike, ArrayLike] | None) -> Samples:
    if own is not None:
        x, y = (np.array(values, np.float64) for values in own)
        return Samples("own", len(x), 0.0, 0, x, y)
    if "data" not in settings:
        raise InvalidSetting("data", None, f"one of {', '.join(data.DATA)}")
    noise, seed = float(settings.get("noise", 0.0)), settings.get("data_seed", data.SEED)
    x, y = data.make(settings["data"], settings.get("points"), noise, seed)
    return Samples(settings["data"], len(x), noise, seed, x, y)


def choices(spec: Mapping[str, Any]) -> Iterator[Choice]:
    """Yield each combination of a specification as one value under each name."""
    groups: list[list[Choice]] = []
    taken: set[str] = set()
    tables = [*({name: values} for name, values in spec.items() if name != "zip"), *_groups(spec.get("zip", ()))]
    for table in tables:
        for name in table:
            one_of("setting", name, NAMES)
            if name in taken:
                raise InvalidSetting(name, "a second time", "each setting once")
            taken.add(name)
        columns = {name: several(name, values) for name, values in table.items()}
        lengths = {len(values) for values in columns.values()}
        if len(lengths) > 1:
            said = ", ".join(f"{name} {len(values)}" for name, values in columns.items())
            raise InvalidSetting("zip", said, "lists of one length in a group")
        groups.append([dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)])
    for parts in product(*groups):
        yield {name: value for part in parts for name, value in part.items()}


def _groups(groups: Any) -> Sequence[Mapping[str, Any]]:
    groups = [groups] if isinstance(groups, Mapping) else groups
    if not (isinstance(groups, Sequence) and all(isinstance(group, Mapping) and group for group in groups)):
        raise InvalidSetting("zip", groups, "groups of lists under names of settings")
    return groups


def several(name: str, values: Any) -> list[Any]:
    """Return the values of one setting: of a list or an array its items, of a range its points, or the one value."""
    if isinstance(values, Mapping):
        return _range(name, values)
    if isinstance(values, (list, range, np.ndarray)):
        items = values.tolist() if isinstance(values, np.ndarray) else list(values)
        if not items:
            raise InvalidSetting(name, items, "at least one value")
        return items
    return [values]


def _range(name: str, values: Mapping[str, Any]) -> list[float]:
    """Return n points from one end to the other, in equal steps or in equal factors."""
    words = 'a range such as {"log": [1e-4, 1], "n": 9} or {"linear": [0, 1], "n": 5}'
    kind = next(iter(values.keys() - {"n"}), None)
    n, ends = values.get("n"), values.get(kind) if kind else None
    right = kind in ("log", "linear") and values.keys() == {kind, "n"} and isinstance(ends, Sequence) and len(ends) == 2
    if not (right and isinstance(n, int) and n >= 2 and all(isinstance(end, (int, float)) for end in ends or ())):
        raise InvalidSetting(name, dict(values), words)
    low, high = map(float, ends or ())
    if not (math.isfinite(low) and math.isfinite(high)) or (kind == "log" and min(low, high) <= 0):
        raise InvalidSetting(name, dict(values), f"{words}, with finite ends, above 0 for log")
    points = np.geomspace(low, high, n) if kind == "log" else np.linspace(low, high, n)
    # 0.1 rather than 0.10000000000000002: what is typed elsewhere is to be the same setting.
    return [float(f"{point:.12g}") for point in points]
