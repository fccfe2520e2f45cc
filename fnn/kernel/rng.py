"""Random numbers, compiled: the bits of `fnn.rng`, number by number."""

import numpy as np

import fnn.kernel.elementary  # noqa: F401, of which rng.box_muller is made
from fnn import rng
from fnn.kernel.jit import entry, inlined, merged, standalone

# What `fnn.rng` does with arrays, does for numbers: these are the same functions, compiled.
_multiply, _unit, _box_muller = inlined(rng.multiply), merged(rng.unit), merged(rng.box_muller)
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


@merged
def _uniforms_into(u, v, keys, stream, size):
    """Write two pairs of uniforms for each seed and counter: the first ones, and after all of them the second ones."""
    for i in range(size):
        w0, w1, w2, w3 = philox_block(keys[0, i], stream, keys[1, i])
        u[i], v[i], u[size + i], v[size + i] = _unit(w0), _unit(w1), _unit(w2), _unit(w3)


@merged
def _normals_into(u, v, size):
    """Write pairs of normals in the place of pairs of uniforms, as `rng.normals` does."""
    for i in range(size):
        u[i], v[i] = _box_muller(u[i], v[i])


@entry
def draw_into(draws, seeds, stream, normal, keys, u, v):
    """Write `rng.uniforms` of each seed, or `rng.normals`. draws: (S, count), seeds: (S,); stream: uint64.

    keys: (2, C) uint64, u and v: (2·C,) are scratch for C blocks of four numbers at a time. Each step is a loop over
    them, of which LLVM makes vectors; a loop over one network's blocks would often be too short.
    """
    count, k, j = draws.shape[1], 0, 0
    while k < len(seeds):
        first_k, first_j, size = k, j, 0
        while size < keys.shape[1] and k < len(seeds):
            keys[0, size], keys[1, size] = seeds[k], np.uint64(j // 4 + 1)
            size, j = size + 1, j + 4
            if j >= count:
                k, j = k + 1, 0
        _uniforms_into(u, v, keys, stream, size)
        if normal:
            _normals_into(u, v, 2 * size)
        k, j = first_k, first_j
        for i in range(size):
            for pair in (i, i + size):
                if j < count:
                    draws[k, j] = u[pair]
                if j + 1 < count:
                    draws[k, j + 1] = v[pair]
                j += 2
            if j >= count:
                k, j = k + 1, 0


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
