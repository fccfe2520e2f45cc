"""The kernel's side of training: which way to fill the lanes suits what, compiled once for each precision."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from fnn.config import Config
from fnn.kernel.rng import philox_into
from fnn.training import networks_in_lanes, samples_in_lanes
from fnn.training.grouping import Stack, numeric_settings
from fnn.training.results import Fit


def way(config: Config, samples: int) -> Fit:
    """Return the `fit` that suits a config on so many samples; never does it depend on the size of the stack."""
    return samples_in_lanes.fit if samples_in_lanes.suits(config, samples) else networks_in_lanes.fit


@cache
def compile_for(fit: Fit, dtype: str) -> None:
    """Compile a kernel for this precision, or load it from Numba's cache: one compilation serves every network."""
    config, x = Config(hidden=(), epochs=1), np.zeros((1, 1), dtype)
    params, numeric = (np.zeros((1, 2, 1), dtype),), numeric_settings([config])
    fit(Stack(config, config.layers(1, 1), params, numeric, x, x, np.arange(0)), threads=1)


@cache
def compile_philox() -> None:
    """Compile the drawing of random numbers, or load it."""
    philox(np.zeros(1, np.uint64), 1, 0)


def philox(seeds: NDArray[np.uint64], blocks: int, stream: int) -> NDArray[np.uint64]:
    """Return `rng.philox` of the same arguments, compiled."""
    words = np.empty((len(seeds), 4 * blocks), np.uint64)
    philox_into(words, seeds, np.uint64(stream))
    return words
