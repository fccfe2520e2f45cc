"""Initializers: what is drawn for each weight, and how wide, from the layer's fan-in and fan-out.

One flat row of standard draws is made for each network and cut into its layers in order, bias rows included; each
layer is then scaled. So a network's weights depend on its seed and shape alone.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fnn import rng


def _signed_uniforms(seeds: ArrayLike, count: int, philox: rng.Philox = rng.philox) -> NDArray[np.float64]:
    return 2 * rng.uniforms(seeds, count, philox=philox) - 1


class Initializer(NamedTuple):
    """`draw(seeds, count, philox=…)`: (S, count); `scale(fan_in, fan_out)`; bias: whether biases are drawn, or 0."""

    draw: Callable[..., NDArray[np.float64]]
    scale: Callable[[int, int], float]
    bias: bool


INITIALIZERS = {
    # The lab's: standard normal, biases too.
    "normal": Initializer(rng.normals, lambda _i, _o: 1.0, bias=True),
    # Uniform on ±1 times init_scale, biases too.
    "uniform": Initializer(_signed_uniforms, lambda _i, _o: 1.0, bias=True),
    # Glorot & Bengio (AISTATS 2010), equation 16.
    "xavier": Initializer(_signed_uniforms, lambda i, o: math.sqrt(6 / (i + o)), bias=False),
    # He et al. (ICCV 2015), equation 10.
    "he": Initializer(rng.normals, lambda i, _o: math.sqrt(2 / i), bias=False),
}
