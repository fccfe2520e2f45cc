"""What the machine can do, and what the work asks for: multiplications and additions."""

import math
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from fnn.config import Config
from fnn.kernel.arrays import flat
from fnn.kernel.jit import standalone
from fnn.kernel.plain import half, has_wide_registers, store_row
from fnn.kernel.simd import fma, load, store
from fnn.network.layers import LAYER_KINDS, Layer
from fnn.training.layout import aligned

# Operations of one exponential as the kernel computes it (range reduction, polynomial, scaling), by precision.
EXP = {"float32": 19, "float64": 29}


@standalone
def _chains_into(a, turns):
    """Run 24 independent chains of fused multiply-adds: enough to hide the latency of two units."""
    v = load(a, 0)
    c = (v, v, v, v, v, v, v, v, v, v, v, v, v, v, v, v, v, v, v, v, v, v, v, v)
    x, y = load(a, 1), load(a, 2)
    for _ in range(turns):
        c = (
            fma(c[0], x, y), fma(c[1], x, y), fma(c[2], x, y), fma(c[3], x, y), fma(c[4], x, y), fma(c[5], x, y),
            fma(c[6], x, y), fma(c[7], x, y), fma(c[8], x, y), fma(c[9], x, y), fma(c[10], x, y), fma(c[11], x, y),
            fma(c[12], x, y), fma(c[13], x, y), fma(c[14], x, y), fma(c[15], x, y), fma(c[16], x, y),
            fma(c[17], x, y), fma(c[18], x, y), fma(c[19], x, y), fma(c[20], x, y), fma(c[21], x, y),
            fma(c[22], x, y), fma(c[23], x, y),
        )  # fmt: skip
    total = c[0]
    for k in range(24):
        total = total + c[k]
    store(a, 0, total)


@standalone
def _narrow_chains_into(a, turns):
    """Run 12 of half as many lanes: of registers of 256 bits there are 16, and a sum out of them waits for memory."""
    v, x, y = half(load(a, 0)), half(load(a, 1)), half(load(a, 2))
    c = (v, v, v, v, v, v, v, v, v, v, v, v)
    for _ in range(turns):
        c = (
            fma(c[0], x, y), fma(c[1], x, y), fma(c[2], x, y), fma(c[3], x, y), fma(c[4], x, y), fma(c[5], x, y),
            fma(c[6], x, y), fma(c[7], x, y), fma(c[8], x, y), fma(c[9], x, y), fma(c[10], x, y), fma(c[11], x, y),
        )  # fmt: skip
    total = c[0]
    for k in range(12):
        total = total + c[k]
    store_row(flat(a), 0, total)


@standalone
def _wide(a):
    return has_wide_registers(a)


def chain_operations(dtype: str, turns: int) -> int:
    """Return the operations of the chains over all lanes, a fused multiply-add counting as two."""
    chains = 24 if _wide(aligned((1, 64 // np.dtype(dtype).itemsize), dtype)) else 6
    return turns * chains * 2 * (64 // np.dtype(dtype).itemsize)


def peak(dtype: str, threads: int, turns: int = 2_000_000) -> float:
    """Return the operations per second of fused multiply-adds on that many threads."""
    arrays = [aligned((3, 64 // np.dtype(dtype).itemsize), dtype) for _ in range(threads)]
    chains = _chains_into if _wide(arrays[0]) else _narrow_chains_into
    chains(arrays[0], 1)
    with ThreadPoolExecutor(threads) as pool:
        start = time.perf_counter()
        list(pool.map(lambda a: chains(a, turns), arrays))
        seconds = time.perf_counter() - start
    return threads * chain_operations(dtype, turns) / seconds


def parameters(layer: Layer) -> int:
    """Return how many weights and biases a layer has."""
    return math.prod(LAYER_KINDS[layer.kind].shape(layer))


def operations(config: Config, inputs: int, outputs: int, samples: int, measures: bool = False) -> float:
    """Return the operations of training one network with adam: multiplications, additions, and EXP for each exp.

    A sample costs two for each weight, wherever its window is, forwards, two for its gradient, two for passing the
    error on (not to the inputs); for each unit 9 around its activation where that is a sigmoid, a tanh or a softmax
    (its sum, slope and error) and an exponential, else 4. A weight costs 14 in Adam, at each update. measures: whether
    with mini-batches all samples are passed forwards once more before the first epoch, after every `measure_every` and
    after the last, at two for each weight, one for each unit, and the exponentials.
    """
    layers = config.layers(inputs, outputs)
    products = [LAYER_KINDS[layer.kind].multiply_adds(layer) for layer in layers]
    weights, passed_on = sum(parameters(layer) for layer in layers), sum(products[1:])
    forwards = sum(products) + sum(layer.fan_out for layer in layers if parameters(layer))
    units = sum(layer.fan_out for layer in layers)
    curved = sum(layer.fan_out for layer in layers if layer.activation in ("sigmoid", "tanh", "softmax"))
    learnt = 4 * forwards + 2 * passed_on + 4 * units + (5 + EXP[config.dtype]) * curved
    measured = 2 * forwards + units + EXP[config.dtype] * curved
    updates = -(-samples // min(config.batch_size or samples, samples))
    passes = 1 + -(-config.epochs // config.measure_every) if measures and updates > 1 else 0
    return config.epochs * (samples * learnt + updates * 14 * weights) + passes * samples * measured
