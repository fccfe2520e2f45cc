"""Random numbers, compiled: the bits of `fnn.rng`, number by number."""

import numpy as np

import fnn.kernel.elementary  # noqa: F401, of which rng.box_muller is made
from fnn import rng
from fnn.kernel.arguments import FAN_OUT, MASKS, settings_rows
from fnn.kernel.jit import entry, inlined, merged, standalone

# What `fnn.rng` does with arrays, does for numbers: these are the same functions, compiled.
_multiply, _unit, _box_muller = inlined(rng.multiply), merged(rng.unit), merged(rng.box_muller)
ORDER = rng.ORDER
(H_DROPOUT,) = settings_rows("dropout")
MULTIPLIER0, MULTIPLIER1 = rng.MULTIPLIERS
KEY_STEP0, KEY_STEP1 = rng.KEY_STEPS


@inlined
def _philox_round(words, key0, key1):
    w0, w1, w2, w3 = words
    high0, low0 = _multiply(MULTIPLIER0, w0)
    high1, low1 = _multiply(MULTIPLIER1, w2)
    return high1 ^ w1 ^ key0, low1, high0 ^ w3 ^ key1, low0


@inlined
def philox_block(seed, stream, counter):
    """Return four of the random words of `rng.philox`, those of one count from 1; all uint64."""
    words = counter, np.uint64(0), np.uint64(0), np.uint64(0)
    for i in range(10):
        words = _philox_round(words, seed + np.uint64(i) * KEY_STEP0, stream + np.uint64(i) * KEY_STEP1)
    return words


@merged
def _philox_into(words, keys, stream, size):
    """Write `philox_block` of each seed and counter, round by round; the counters are words[0]."""
    for round_ in range(10):
        step0, key1 = np.uint64(round_) * KEY_STEP0, stream + np.uint64(round_) * KEY_STEP1
        for i in range(size):
            block = words[0, i], words[1, i], words[2, i], words[3, i]
            words[0, i], words[1, i], words[2, i], words[3, i] = _philox_round(block, keys[i] + step0, key1)


@merged
def _uniforms_into(u, v, words, size):
    """Write two pairs of uniforms for each block: the first ones, and after all of them the second ones."""
    for i in range(size):
        u[i], v[i], u[size + i], v[size + i] = (
            _unit(words[0, i]), _unit(words[1, i]), _unit(words[2, i]), _unit(words[3, i])
        )  # fmt: skip


@merged
def _normals_into(u, v, size):
    """Write pairs of normals in the place of pairs of uniforms, as `rng.normals` does."""
    for i in range(size):
        u[i], v[i] = _box_muller(u[i], v[i])


@entry
def draw_into(draws, seeds, stream, normal, keys, words, u, v):
    """Write `rng.uniforms` of each seed, or `rng.normals`. draws: (S, count), seeds: (S,); stream: uint64.

    keys: (C,) and words: (4, C) uint64, u and v: (2·C,) are scratch for C blocks of four numbers at a time. Each step
    is a loop over them, of which LLVM makes vectors; a loop over one network's blocks would often be too short.
    """
    count, k, j = draws.shape[1], 0, 0
    while k < len(seeds):
        first_k, first_j, size = k, j, 0
        while size < len(keys) and k < len(seeds):
            keys[size], words[0, size] = seeds[k], np.uint64(j // 4 + 1)
            words[1, size], words[2, size], words[3, size] = np.uint64(0), np.uint64(0), np.uint64(0)
            size, j = size + 1, j + 4
            if j >= count:
                k, j = k + 1, 0
        _philox_into(words, keys, stream, size)
        _uniforms_into(u, v, words, size)
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
def dropout_into(masks, words, seeds, settings, table, first, count, epoch, N):
    """Write `rng.dropout_masks` of each network, layer after layer from row table[d, MASKS] on: masks: (·, L).

    words: (5, C) uint64, scratch for the C blocks that `count` samples take.
    """
    units = 0
    for d in range(len(table)):
        units += table[d, FAN_OUT] if table[d, MASKS] >= 0 else 0
    blocks = (units + rng.UNITS - 1) // rng.UNITS
    size, begin = count * blocks, (epoch * N + first) * blocks + 1
    for k in range(len(seeds)):
        for i in range(size):
            words[0, i], words[1, i], words[2, i], words[3, i] = (
                np.uint64(begin + i), np.uint64(0), np.uint64(0), np.uint64(0)
            )  # fmt: skip
            words[4, i] = seeds[k]
        _philox_into(words, words[4], np.uint64(rng.DROPOUT), size)
        limit, unit = np.float64(settings[H_DROPOUT, k]), 0
        stays = rng.CHANCES / (rng.CHANCES - limit)
        for d in range(len(table)):
            if table[d, MASKS] >= 0:
                fan_out = table[d, FAN_OUT]
                for r in range(count):
                    for j in range(fan_out):
                        h = unit + j
                        word = words[h % rng.UNITS // 4, r * blocks + h // rng.UNITS]
                        chance = (word >> np.uint64(h % 4 * 16)) & np.uint64(0xFFFF)
                        masks[table[d, MASKS] + r * fan_out + j, k] = stays if np.float64(chance) >= limit else 0.0
                unit += fan_out


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
