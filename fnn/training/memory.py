"""How much memory training takes, and what it returns, by its shapes."""

import math
from collections import Counter
from collections.abc import Sequence
from operator import attrgetter

import numpy as np

from fnn.checks import fits
from fnn.config import DTYPES, Config
from fnn.formats import setting
from fnn.machine import memory
from fnn.network.functions import shapes

# Of a network, beside weights and curves: seed, split, loss and score, twice, four epochs, and whether it met a rule.
_OUTCOME = 11 * 8
# Results are put together from those of stacks, and so take this many times their memory meanwhile; measured.
COPIES = 2.5
# Bytes that one network takes while it is trained, beside its results: of each weight, so many and so many times its
# precision (gradient, optimizer, lanes, and the draws of its first value), and on the NumPy path as many times the
# precision of each unit's output on each sample. Measured, and rather too few: what fits is not to be refused.
_OF_WEIGHT, _OF_WEIGHT_SIZE, _OF_OUTPUT_SIZE = 16, 2, 4


def network_bytes(config: Config, inputs: int, outputs: int, points: int, held_out: bool = False) -> int:
    """Return the bytes of one network's results, with curves of so many points, of what is held out too if anything."""
    weights = sum(math.prod(shape) for shape in shapes(config.layers(inputs, outputs)))
    return weights * np.dtype(DTYPES[config.dtype]).itemsize + _curve_bytes(points, held_out) + _OUTCOME


def _curve_bytes(points: int, held_out: bool) -> int:
    return (4 if held_out else 2) * 4 * points


def training_bytes(config: Config, inputs: int, outputs: int, samples: int) -> int:
    """Return the bytes that one network takes at least while it is trained. samples: on the NumPy path, else 0."""
    layers, size = config.layers(inputs, outputs), np.dtype(DTYPES[config.dtype]).itemsize
    weights = sum(math.prod(shape) for shape in shapes(layers))
    units = sum(layer.fan_out for layer in layers)
    return weights * (_OF_WEIGHT + _OF_WEIGHT_SIZE * size) + samples * units * _OF_OUTPUT_SIZE * size


def most_seeds(
    configs: Sequence[Config],
    inputs: int,
    outputs: int,
    curve_every: int,
    *,
    parts: int = 1,
    held_out: bool = False,
    samples: int = 0,
) -> int | None:
    """Return with how many seeds each of the configs can train in the memory there is.

    parts: on each of which every seed trains; held_out: whether samples are, so that there are curves of them;
    samples: on the NumPy path, else 0. None where the system does not say. Raises InvalidSetting if it is none: for
    `epochs` where curves take more than weights, else for `hidden`, or for `configs` where each would fit alone.
    """
    longest = max(map(attrgetter("epochs"), configs))
    points = curve_length(longest, curve_every)
    alike = [*map(attrgetter("hidden", "input_scale", "dtype"), configs)]
    counts, examples = Counter(alike), dict(zip(alike, configs, strict=True))
    each, meanwhile = 0, 0
    for kind, config in examples.items():
        size = int(COPIES * parts * network_bytes(config, inputs, outputs, points, held_out))
        curves = int(COPIES * parts * _curve_bytes(points, held_out))
        meanwhile = max(meanwhile, training := training_bytes(config, inputs, outputs, samples))
        name, got = ("epochs", longest) if curves > size / 2 else ("hidden", setting(config.hidden))
        fits(name, got, size + training + 8 * points)
        each += size * counts[kind]
    rest = meanwhile + 8 * points
    fits("configs", len(configs), each + rest)
    there = memory()
    return None if there is None else (there - rest) // each


def curve_length(epochs: int, every: int) -> int:
    """Return how many points a curve over so many epochs has, from 0 to the last: none for `every` 0."""
    return 0 if every == 0 else -(-epochs // every) + 1
