"""The kernel's side of training: which way to fill the lanes suits what, compiled once for each precision."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from fnn.config import DTYPES, ORDERS, Config
from fnn.kernel.rng import philox_into
from fnn.kernel.simd import WIDTH
from fnn.training import networks_in_lanes, samples_in_lanes, units_in_lanes
from fnn.training.choice import Work, units_are_faster
from fnn.training.grouping import Stack, numeric_settings
from fnn.training.results import Fit

# The ways that give a network the same bits.
WAYS: dict[str, Fit] = {"networks": networks_in_lanes.fit, "units": units_in_lanes.fit}


def way(config: Config, shape: tuple[int, int, int], networks: int, threads: int) -> Fit:
    """Return the `fit` that suits so many networks of a config on samples of this shape: N, I, O."""
    samples, inputs, outputs = shape
    layers = config.layers(inputs, outputs)
    if samples_in_lanes.suits(config, layers, samples):
        return samples_in_lanes.fit
    batch, L = min(config.batch_size or samples, samples), WIDTH[np.dtype(DTYPES[config.dtype])]
    work = Work(layers, samples, batch, ORDERS[config.order], networks, threads, L)
    return WAYS["units" if units_are_faster(work) else "networks"]


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
