"""Initializers: what is drawn for each weight, and how wide, from the layer's fan-in and fan-out.

One flat row of standard draws is made for each network and cut into its layers in order, bias rows included; each
layer is then scaled. So a network's weights depend on its seed and shape alone.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

from fnn import rng


def _normals(draws: rng.Draws, seeds: rng.Uints, count: int) -> rng.Numbers:
    return draws.normals(seeds, count)


def _signed_uniforms(draws: rng.Draws, seeds: rng.Uints, count: int) -> rng.Numbers:
    return 2 * draws.uniforms(seeds, count) - 1


class Initializer(NamedTuple):
    """`draw(draws, seeds, count)`: (S, count); `scale(fan_in, fan_out)`; bias: whether biases are drawn, or 0."""

    draw: Callable[[rng.Draws, rng.Uints, int], rng.Numbers]
    scale: Callable[[int, int], float]
    bias: bool


# The factor on a layer's weights and on their rate, by its fan-in. In `ntk` form a weight is that factor times a number
# that is drawn and moved whatever the fan-in: Jacot, Gabriel & Hongler (NeurIPS 2018). An optimizer that takes steps of
# the rate's size, as adam does, moves the weight by the factor times such a step.
Parametrization = Callable[[int], float]
PARAMETRIZATIONS: dict[str, Parametrization] = {"standard": lambda _i: 1.0, "ntk": lambda i: 1 / math.sqrt(i)}
# What the last layer's drawn weights are multiplied by.
OUTPUT_INITS = {"drawn": 1.0, "zero": 0.0}

INITIALIZERS = {
    # The lab's: standard normal, biases too.
    "normal": Initializer(_normals, lambda _i, _o: 1.0, bias=True),
    # Uniform on ±1 times init_scale, biases too.
    "uniform": Initializer(_signed_uniforms, lambda _i, _o: 1.0, bias=True),
    # Glorot & Bengio (AISTATS 2010), equation 16.
    "xavier": Initializer(_signed_uniforms, lambda i, o: math.sqrt(6 / (i + o)), bias=False),
    # He et al. (ICCV 2015), equation 10.
    "he": Initializer(_normals, lambda i, _o: math.sqrt(2 / i), bias=False),
}
