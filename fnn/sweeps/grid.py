"""Grids: what a sweep trains, written as lists, ranges and groups of settings that go together.

A specification maps names of settings, of `Config` and of the data, to one value or to several: a list, a tuple, or a
range `{"log": [1e-4, 1], "n": 9}` or `{"linear": [0, 1], "n": 5}`. What is listed under different names is combined
in every way; lists within one group of `zip` are walked through together. A tuple of widths is one value of `hidden`.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import product
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np

from fnn import data
from fnn.checks import fits, length, one_of
from fnn.config import Config
from fnn.data.samples import Samples, samples_from_recipe
from fnn.data.synthetic import Recipe, recipe
from fnn.errors import InvalidSetting
from fnn.network.functions import weights

DATA_SETTINGS = ("data", "points", "noise", "data_seed")
CONFIG_SETTINGS = tuple(field.name for field in fields(Config) if field.name != "seed")
NAMES = (*DATA_SETTINGS, *CONFIG_SETTINGS)

# Bytes of one value in a list, and of one combination of settings.
_VALUE, _TRIAL = 40, 1000

Choice = dict[str, Any]


class Trial(NamedTuple):
    """One combination of settings, to be trained with many seeds."""

    samples: Samples
    config: Config

    @property
    def cost(self) -> float:
        """What a network costs to train: about its multiply-adds, and as much for each sample as 10 weights take."""
        samples, config = self.samples, self.config
        return config.epochs * samples.points * (weights(config.layers(samples.inputs, samples.outputs)) + 10)


def trials(spec: Mapping[str, Any], samples: Samples | None = None) -> list[Trial]:
    """Return the combinations of a specification, each once; names later in it vary faster.

    samples: what to train on instead of one of the named data sets.
    Raises InvalidSetting for unknown names, empty lists, lists of one group that differ in length, more combinations
    than fit the memory, and whatever a setting or a combination of settings does not allow.
    """
    made: dict[Recipe, Samples] = {}
    combinations: dict[tuple[Recipe | None, Config], Trial] = {}
    for choice in choices(spec):
        of_data = {name: choice.pop(name) for name in DATA_SETTINGS if name in choice}
        how = _recipe(of_data, samples)
        if how is not None and how not in made:
            made[how] = samples_from_recipe(how)
        config = Config(**choice)
        trained_on = samples if samples is not None else made[how]  # type: ignore[index]
        combinations.setdefault((how, config), Trial(trained_on, config))
    return list(combinations.values())


def _recipe(settings: Mapping[str, Any], samples: Samples | None) -> Recipe | None:
    """Return how the data of a combination is made, None where samples are given."""
    if samples is not None:
        for name, value in settings.items():
            raise InvalidSetting(name, value, "none of it beside samples that are given")
        return None
    if "data" not in settings:
        raise InvalidSetting("data", None, f"one of {', '.join(data.DATA)}")
    return recipe(**settings)


def choices(spec: Mapping[str, Any]) -> Iterator[Choice]:
    """Yield each combination of a specification as one value under each name."""
    tables = [*({name: values} for name, values in spec.items() if name != "zip"), *_groups(spec.get("zip", ()))]
    taken: set[str] = set()
    for name in (name for table in tables for name in table):
        one_of("setting", name, NAMES)
        if name in taken:
            raise InvalidSetting(name, "a second time", "each setting once")
        taken.add(name)
    groups = [_rows(table) for table in tables]
    count = math.prod(map(len, groups))
    fits("combinations of settings", count, count * _TRIAL)
    for parts in product(*groups):
        yield {name: value for part in parts for name, value in part.items()}


def _rows(table: Mapping[str, Any]) -> list[Choice]:
    """Return what is under each name of a group at each place of its lists."""
    columns = {name: several(name, values) for name, values in table.items()}
    if len({len(values) for values in columns.values()}) > 1:
        lengths = ", ".join(f"{name} {len(values)}" for name, values in columns.items())
        raise InvalidSetting("zip", lengths, "lists of one length in a group")
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _groups(groups: Any) -> Sequence[Mapping[str, Any]]:
    groups = [groups] if isinstance(groups, Mapping) else groups
    if not (isinstance(groups, Sequence) and all(isinstance(group, Mapping) and group for group in groups)):
        raise InvalidSetting("zip", groups, "groups of lists under names of settings")
    return groups


def several(name: str, values: Any) -> list[Any]:
    """Return the values of one setting: of a list, tuple or array its items, of a range its points, or the one value.

    A tuple of widths is one value of `hidden`.
    """
    if isinstance(values, Mapping):
        return _range(name, values)
    if isinstance(values, np.ndarray):
        values = values.tolist()
    if isinstance(values, tuple) and name == "hidden" and not _of_alternatives(values):
        return [values]
    if not isinstance(values, (list, tuple, range)):
        return [values]
    fits(name, length(values), length(values) * _VALUE)
    if not values:
        raise InvalidSetting(name, values, "at least one value")
    if name == "hidden" and len(set(map(str, values))) < len(values):  # [4, 4], meant as layers, would be 4 twice
        raise InvalidSetting(name, values, "each alternative once; two layers are (4, 4) or 4x4")
    return list(values)


def _of_alternatives(values: tuple[Any, ...]) -> bool:
    return bool(values) and all(isinstance(value, (tuple, list, str)) for value in values)


def _range(name: str, values: Mapping[str, Any]) -> list[float]:
    """Return n points from one end to the other, in equal steps or in equal factors."""
    words = 'a range such as {"log": [1e-4, 1], "n": 9} or {"linear": [0, 1], "n": 5}'
    kind = next((key for key in ("log", "linear") if key in values), "")
    n, ends = values.get("n"), values.get(kind)
    two = isinstance(ends, Sequence) and len(ends) == 2 and all(map(_is_number, ends))
    if not (values.keys() == {kind, "n"} and two and isinstance(n, Integral) and _is_number(n) and int(n) >= 2):
        raise InvalidSetting(name, dict(values), words)
    low, high = map(_float, ends or ())
    if not (math.isfinite(low) and math.isfinite(high)) or (kind == "log" and min(low, high) <= 0):
        raise InvalidSetting(name, dict(values), f"{words}, with finite ends, above 0 for log")
    fits(name, int(n), int(n) * _VALUE)
    points = np.geomspace(low, high, int(n)) if kind == "log" else np.linspace(low, high, int(n))
    # 0.1 rather than 0.10000000000000002: what is typed elsewhere is to be the same setting.
    return [float(f"{point:.12g}") for point in points]


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _float(value: Any) -> float:
    """Return a number as a float, infinity if it is larger than all of them."""
    try:
        return float(value)
    except OverflowError:
        return math.inf
