"""Which way to fill the lanes is faster: a model of what each costs, fitted to measurements.

A network has the same bits whether networks or units lie in the lanes, so this is a matter of speed alone, and may
depend on how many networks and threads there are. `fnn bench --work layouts` measures how well it chooses.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from fnn.network.layers import Layer

# Activations that are a comparison or nothing; all others cost about as much as each other.
_CHEAP = ("identity", "relu", "leaky-relu")


class Work(NamedTuple):
    """What is to be trained: stacks of so many networks of these layers, L numbers in a lane value, on samples in
    batches, all of which are measured besides in that share of epochs.
    """

    layers: Sequence[Layer]
    samples: int
    batch: int
    measured: float
    shuffled: bool
    networks: Sequence[int]
    threads: int
    L: int


class Costs(NamedTuple):
    """Nanoseconds on one core: of a product's step of lanes, and how much more where weights overflow the cache, and
    where a layer is no wider than the lanes; of lanes through an activation, cheap or not; of a sample, and of a number
    of one that is put in order; of lanes of weights updated; of a batch's layer."""

    product: float
    far_product: float
    narrow_product: float
    cheap: float
    costly: float
    sample: float
    gathered: float
    update: float
    batch: float


# Fitted to 400 shapes drawn at random (widths 1 to 256, none to three hidden layers, 4 to 2,000 samples, batches of 16
# to all), on one core of an AMD EPYC: half of what it says lies within a sixth of what was measured. Only what stands
# beside each other matters; what a processor does faster, it does faster in both.
NETWORKS = {
    16: Costs(0.41, 0.2, 0.70, 2.4, 7.9, 27, 0.96, 4.6, 130),
    8: Costs(0.32, 0.2, 1.7, 3.3, 12, 11, 1.1, 8.5, 68),
}
UNITS = {
    16: Costs(0.45, 0.0, 0.30, 7.6, 14, 7.3, 1.0, 12, 300),
    8: Costs(0.39, 0.0, 0.08, 3.6, 16, 8.6, 1.1, 13, 310),
}
# Bytes of weights beyond which every product waits for them.
_CACHE = 2**21


def counts(work: Work, units: bool) -> Costs:
    """Return how often one epoch of a block of networks, or of one network, does what costs."""

    def wide(numbers: int) -> int:  # in lane values
        return -(-numbers // work.L) if units else numbers

    dims = [(layer.fan_in, layer.fan_out) for layer in work.layers if layer.kind == "dense"]
    N, batches = work.samples, -(-work.samples // work.batch)
    measures = work.measured if batches > 1 else 0.0
    forwards = sum((i + 1) * wide(o) for i, o in dims)
    backwards = sum(o * wide(i) for i, o in dims[1:])
    gradients = sum((o * wide(i) if o == 1 else i * wide(o)) + wide(o) for i, o in dims)
    products = N * (forwards * (1 + measures) + backwards + gradients)
    weights = sum((i + 1) * o for i, o in dims)
    lanes = 1 / work.L if units else 1
    far = 64 * lanes * weights > _CACHE
    outputs = [(layer.activation in _CHEAP, N * layer.fan_out * lanes * (1 + measures)) for layer in work.layers]
    return Costs(
        product=products,
        far_product=products * far,
        narrow_product=N * sum(wide(i + 1) if o == 1 else i + 1 for i, o in dims if wide(o) == 1),
        cheap=sum(count for cheap, count in outputs if cheap),
        costly=sum(count for cheap, count in outputs if not cheap),
        sample=N * (1 + measures),
        gathered=N * (dims[0][0] + dims[-1][1]) * (1 if units else work.L) * work.shuffled * (batches > 1),
        update=weights * lanes * batches,
        batch=batches * len(dims),
    )


def seconds(work: Work, units: bool) -> float:
    """Return about how long an epoch takes."""
    costs = (UNITS if units else NETWORKS)[work.L]
    each = sum(cost * count for cost, count in zip(costs, counts(work, units), strict=True)) * 1e-9
    blocks = sum(work.networks) if units else sum(-(-networks // work.L) for networks in work.networks)
    return each * math.ceil(blocks / work.threads)


def units_are_faster(work: Work) -> bool:
    """Return whether units in the lanes are the faster way.

    They are where layers look at images, by 3 to 4 times: of L networks at once, images do not fit the cache.
    """
    return any(layer.window for layer in work.layers) or seconds(work, units=True) < seconds(work, units=False)
