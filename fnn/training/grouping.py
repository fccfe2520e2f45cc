"""Which networks train in one stack, and their settings as arrays.

Configs that differ only in numbers train together, each network by its own numbers. Thousands of configs are read at
once: what is read of one is packed when it is first trained, and kept with it.
"""

import dataclasses
import operator
import struct
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.config import Config
from fnn.data.samples import Part
from fnn.network.functions import Params
from fnn.network.layers import Layer
from fnn.network.losses import STOPS
from fnn.training.snapshots import Snapshots

# Settings that may differ from network to network within one stack; by the other ones, configs fall into stacks.
NUMERIC = (
    *(f.name for f in dataclasses.fields(Config) if isinstance(f.default, float)),
    *("warmup", "decay_every", "base_lr"),
)
# Those of them that may be none: −1 then, which no loss, error, length or count of epochs gets to.
OPTIONAL = (*STOPS, "clip_norm", "patience")
_APART = (*NUMERIC, *OPTIONAL, "step_size", "warmup_peak", "seed")
NAMED = tuple(f.name for f in dataclasses.fields(Config) if f.name not in _APART)
_named_of, _numbers_of, _optional_of = (operator.attrgetter(*names) for names in (NAMED, NUMERIC, OPTIONAL))
_packed_of, _seed_of = operator.attrgetter("packed"), operator.attrgetter("seed")
_ROW = np.dtype([*((name, np.float64) for name in (*NUMERIC, *OPTIONAL)), ("seed", np.int64)])
_PACKING = struct.Struct(f"={len(NUMERIC) + len(OPTIONAL)}dq")


class Packed(NamedTuple):
    """A config as training reads it: the settings that are names, and the numbers as a row of `_ROW`."""

    named: tuple[object, ...]
    numbers: bytes


class Stack(NamedTuple):
    """S networks that train together on the same samples.

    config: has the settings by name, which are those of all. params: W (S, I+1, O); numeric: the settings that differ
    from network to network, (S,) each, and the seeds. part: the samples, of the dtype of params. Losses and scores, on
    all samples, are kept after curve_epochs: (P,), and weights where snapshots are asked for.
    """

    config: Config
    layers: Sequence[Layer]
    params: Params
    numeric: dict[str, NDArray[Any]]
    part: Part
    curve_epochs: NDArray[np.int64]
    snapshots: Snapshots | None = None

    @property
    def drops(self) -> bool:
        """Whether dropout leaves out units of any network."""
        return bool((self.numeric["dropout"] > 0).any())


@lru_cache(maxsize=2**12)
def _shared(named: tuple[object, ...]) -> tuple[object, ...]:
    """Return the first of equal keys: what is the same object need not be compared."""
    return named


def _pack(config: Config) -> Packed:
    optional = (-1.0 if value is None else value for value in _optional_of(config))
    packed = Packed(_shared(_named_of(config)), _PACKING.pack(*_numbers_of(config), *optional, config.seed))
    object.__setattr__(config, "packed", packed)
    return packed


def pack(configs: Sequence[Config]) -> list[Packed]:
    """Return what training reads of each config."""
    try:
        return list(map(_packed_of, configs))
    except AttributeError:  # some are trained for the first time
        return [getattr(config, "packed", None) or _pack(config) for config in configs]


def named_settings(config: Config) -> tuple[object, ...]:
    """Return the settings that networks of one stack share, as one key."""
    return pack([config])[0].named


def seeds_of(configs: Sequence[Config]) -> NDArray[np.int64]:
    """Return each config's own seed: (C,)."""
    return np.fromiter(map(_seed_of, configs), np.int64, len(configs))


def numeric_settings(configs: Sequence[Config], each: int = 1) -> dict[str, NDArray[Any]]:
    """Return the numeric settings of networks in the order of configs, `each` to a config: (S,) under each name.

    What may be None is −1 then. `seed` is the config's own, and whole.
    """
    rows = np.frombuffer(b"".join(packed.numbers for packed in pack(configs)), _ROW)
    return {name: np.repeat(rows[name], each) for name in _ROW.names or ()}


def group_alike(configs: Sequence[Config]) -> list[list[int]]:
    """Return the places of configs that differ only in numbers, and so train in one stack."""
    keys = [packed.named for packed in pack(configs)]
    if keys.count(keys[0]) == len(keys):  # as is usual, and quickly seen
        return [list(range(len(keys)))]
    groups: dict[tuple[object, ...], list[int]] = {}
    for place, key in enumerate(keys):
        groups.setdefault(key, []).append(place)
    return list(groups.values())
