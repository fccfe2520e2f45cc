"""The kernel's side of training: which way to fill the lanes suits what, compiled once for each precision."""

from collections.abc import Sequence
from functools import cache

import numpy as np

from fnn import rng
from fnn.config import DTYPES, ORDERS, Config
from fnn.data.samples import Part
from fnn.kernel.rng import draw_into
from fnn.kernel.simd import WIDTH
from fnn.training import networks_in_lanes, samples_in_lanes, units_in_lanes
from fnn.training.choice import Work, units_are_faster
from fnn.training.grouping import Stack, numeric_settings
from fnn.training.outcome import Fit

# Numbers from which on they are drawn compiled: NumPy takes 5 ms for so many. Blocks of four drawn at a time.
_MANY, _BLOCKS = 2**16, 512
# The ways that give a network the same bits.
WAYS: dict[str, Fit] = {"networks": networks_in_lanes.fit, "units": units_in_lanes.fit}


def way(config: Config, part: Part, networks: Sequence[int], threads: int) -> Fit:
    """Return the `fit` that suits stacks of so many networks of a config each, on samples such as these."""
    layers, samples = config.layers(part.x.shape[1], part.y.shape[1]), part.training
    if samples_in_lanes.suits(config, layers, part):
        return samples_in_lanes.fit
    batch, L = min(config.batch_size or samples, samples), WIDTH[np.dtype(DTYPES[config.dtype])]
    work = Work(layers, samples, batch, 1 / config.measure_every, ORDERS[config.order], networks, threads, L)
    return WAYS["units" if units_are_faster(work) else "networks"]


@cache
def compile_for(fit: Fit, dtype: str) -> None:
    """Compile a kernel for this precision, or load it from Numba's cache: one compilation serves every network."""
    config, x = Config(hidden=(), epochs=1), np.zeros((1, 1), dtype)
    params, numeric = (np.zeros((1, 2, 1), dtype),), numeric_settings([config])
    part = Part(x, x, x[0] + 1, x[0] + 1, 1, "sides")
    fit([Stack(config, config.layers(1, 1), params, numeric, part, np.arange(0))], threads=1)


def draws(numbers: int) -> rng.Draws:
    """Return what draws so many numbers soonest: compiled, once that is worth the compiling."""
    if numbers < _MANY:
        return rng.NUMPY
    COMPILED.normals(np.zeros(1, np.uint64), 1)  # compile it now, or load it
    return COMPILED


def _uniforms(seeds: rng.Uints, count: int) -> rng.Numbers:
    return _draw(seeds, count, normal=False)


def _normals(seeds: rng.Uints, count: int) -> rng.Numbers:
    return _draw(seeds, count, normal=True)


def _draw(seeds: rng.Uints, count: int, normal: bool) -> rng.Numbers:
    numbers = np.empty((len(seeds), count))
    keys, words, pairs = np.empty(_BLOCKS, np.uint64), np.empty((4, _BLOCKS), np.uint64), np.empty((2, 2 * _BLOCKS))
    draw_into(numbers, seeds, np.uint64(rng.WEIGHTS), normal, keys, words, *pairs)
    return numbers


COMPILED = rng.Draws(_uniforms, _normals)
