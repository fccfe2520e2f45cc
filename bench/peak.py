"""What the machine can do, and what the work asks for: multiplications and additions."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from fnn.config import Config
from fnn.kernel.jit import standalone
from fnn.kernel.simd import fma, load, store
from fnn.training.layout import aligned

# Operations of one exponential as `fnn.lanes` computes it (range reduction, polynomial, scaling), by precision.
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


def chain_operations(dtype: str, turns: int) -> int:
    """Return the operations of the 24 chains over all lanes, a fused multiply-add counting as two."""
    return turns * 24 * 2 * (64 // np.dtype(dtype).itemsize)


def peak(dtype: str, threads: int, turns: int = 2_000_000) -> float:
    """Return the operations per second of fused multiply-adds on that many threads."""
    arrays = [aligned((3, 64 // np.dtype(dtype).itemsize), dtype) for _ in range(threads)]
    _chains_into(arrays[0], 1)
    with ThreadPoolExecutor(threads) as pool:
        start = time.perf_counter()
        list(pool.map(lambda a: _chains_into(a, turns), arrays))
        seconds = time.perf_counter() - start
    return threads * chain_operations(dtype, turns) / seconds


def operations(config: Config, inputs: int, outputs: int, samples: int) -> float:
    """Return the operations of training one network with adam: multiplications, additions, and EXP for each exp.

    A sample costs two for each weight forwards, two for its gradient, two for passing the error on (not to the
    inputs); for each unit 9 around its activation (its sum, slope and error), and an exponential in a sigmoid or a
    tanh. A weight costs 14 in Adam.
    """
    layers = config.layers(inputs, outputs)
    weights = sum((layer.fan_in + 1) * layer.fan_out for layer in layers)
    passed_on = sum(layer.fan_in * layer.fan_out for layer in layers[1:])
    units = sum(layer.fan_out for layer in layers)
    exponentials = sum(layer.fan_out for layer in layers if layer.activation in ("sigmoid", "tanh"))
    a_sample = 4 * weights + 2 * passed_on + 9 * units + EXP[config.dtype] * exponentials
    return config.epochs * (samples * a_sample + 14 * weights)
