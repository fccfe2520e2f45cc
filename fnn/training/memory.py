"""How much memory what `train` returns takes, by its shapes."""

import math
from collections import Counter
from collections.abc import Sequence
from operator import attrgetter

import numpy as np

from fnn.checks import fits
from fnn.config import DTYPES, Config, as_words
from fnn.machine import memory
from fnn.network.functions import shapes

# Of a network, beside weights and curves: seed, split, loss and score, twice, four epochs, and whether it met a rule.
_OUTCOME = 11 * 8


def network_bytes(config: Config, inputs: int, outputs: int, points: int, held_out: bool = False) -> int:
    """Return the bytes of one network's results, with curves of so many points, of what is held out too if anything."""
    weights = sum(math.prod(shape) for shape in shapes(config.layers(inputs, outputs)))
    return weights * np.dtype(DTYPES[config.dtype]).itemsize + _curve_bytes(points, held_out) + _OUTCOME


def _curve_bytes(points: int, held_out: bool) -> int:
    return (4 if held_out else 2) * 4 * points


def most_seeds(
    configs: Sequence[Config], inputs: int, outputs: int, curve_every: int, *, parts: int = 1, held_out: bool = False
) -> int | None:
    """Return with how many seeds each of the configs can train, for the results to fit the memory there is.

    parts: on each of which every seed trains; held_out: whether samples are, so that there are curves of them. None
    where the system does not say. Raises InvalidSetting if it is none: for `epochs` where curves take more than
    weights, else for `hidden`, or for `configs` where each would fit alone.
    """
    longest = max(map(attrgetter("epochs"), configs))
    points = curve_length(longest, curve_every)
    alike = [*map(attrgetter("hidden", "input_scale", "dtype"), configs)]
    counts, examples = Counter(alike), dict(zip(alike, configs, strict=True))
    each = 0
    for kind, config in examples.items():
        size = parts * network_bytes(config, inputs, outputs, points, held_out)
        curves = parts * _curve_bytes(points, held_out)
        name, got = ("epochs", longest) if curves > size / 2 else ("hidden", as_words(config.hidden))
        fits(name, got, size + 8 * points)
        each += size * counts[kind]
    fits("configs", len(configs), each + 8 * points)
    there = memory()
    return None if there is None else (there - 8 * points) // each


def curve_length(epochs: int, every: int) -> int:
    """Return how many points a curve over so many epochs has, from 0 to the last: none for `every` 0."""
    return 0 if every == 0 else -(-epochs // every) + 1
