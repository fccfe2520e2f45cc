"""Random numbers, compiled: the bits of `fnn.rng`, number by number."""

import numpy as np

from fnn import rng
from fnn.kernel.jit import entry, inlined, standalone

# What `fnn.rng` does with arrays, does for numbers: the multiplication is the same function, compiled.
_multiply = inlined(rng.multiply)
ORDER = rng.ORDER
MULTIPLIER0, MULTIPLIER1 = rng.MULTIPLIERS
KEY_STEP0, KEY_STEP1 = rng.KEY_STEPS


@inlined
def philox_block(seed, stream, counter):
    """Return four of the random words of `rng.philox`, those of one count from 1; all uint64."""
    w0, w1, w2, w3 = counter, np.uint64(0), np.uint64(0), np.uint64(0)
    key0, key1 = seed, stream
    for _ in range(10):
        high0, low0 = _multiply(MULTIPLIER0, w0)
        high1, low1 = _multiply(MULTIPLIER1, w2)
        w0, w1, w2, w3 = high1 ^ w1 ^ key0, low1, high0 ^ w3 ^ key1, low0
        key0, key1 = key0 + KEY_STEP0, key1 + KEY_STEP1
    return w0, w1, w2, w3


@entry
def philox_into(words, seeds, stream):
    """Write the random words of `rng.philox`. words: (S, 4·blocks), seeds: (S,), all uint64."""
    for s in range(len(seeds)):
        for block in range(words.shape[1] // 4):
            drawn = philox_block(seeds[s], stream, np.uint64(block + 1))
            for i in range(4):
                words[s, 4 * block + i] = drawn[i]


@standalone
def order_into(order, seeds, epoch, N):
    """Write `rng.permutations` of each network: order: (N, L), seeds: (L,)."""
    blocks = (N + 3) // 4
    for k in range(len(seeds)):
        for block in range(blocks):
            words = philox_block(seeds[k], np.uint64(ORDER), np.uint64(epoch * blocks + block + 1))
            for i in range(4 * block, min(4 * block + 4, N)):
                place, _ = _multiply(np.uint64(i + 1), words[i - 4 * block])
                order[i, k] = order[np.int64(place), k]
                order[np.int64(place), k] = i
