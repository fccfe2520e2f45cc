"""Random numbers for a whole stack at once; network `s` depends on its own seed alone.

The generator is Philox4x64-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): a keyed
bijection of a counter, so the numbers of thousands of seeds are one array expression. The uniforms are bit for
bit those of NumPy's `Generator(Philox(key=seed)).random()`.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fnn.elementary import cos_sin, log

Uints = NDArray[np.uint64]
Numbers = NDArray[np.float64]

MULTIPLIERS = np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157)
KEY_STEPS = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBB67AE8584CAA73B)
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)

# The second word of the key sets apart what is drawn, so that what is drawn of one seed for one end is independent of
# what is drawn for another.
WEIGHTS, DATA, ORDER, DROPOUT, SPLIT, PERMUTED = range(6)
# Pairs of normals made at a time: what a core's cache keeps from one step to the next.
_PAIRS_AT_ONCE = 2**11


def multiply(a: np.uint64, b: Uints) -> tuple[Uints, Uints]:
    """Return the high and the low 64 bits of the 128-bit product a·b, by halves of 32 bits."""
    a_low, a_high, b_low, b_high = a & _LOW, a >> _HALF, b & _LOW, b >> _HALF
    lowest = a_low * b_low
    middle = a_high * b_low + (lowest >> _HALF)
    carry = a_low * b_high + (middle & _LOW)
    return a_high * b_high + (middle >> _HALF) + (carry >> _HALF), (carry << _HALF) | (lowest & _LOW)


def philox(seeds: Uints, blocks: int, stream: int = WEIGHTS, skip: int = 0) -> Uints:
    """Return `blocks` blocks of each seed's random words, after the first `skip`. seeds: (S,) → (S, 4·blocks)."""
    words = np.zeros((4, len(seeds), blocks), np.uint64)
    words[0] = np.arange(skip + 1, skip + blocks + 1, dtype=np.uint64)  # NumPy counts up before it draws
    key0, key1 = seeds[:, None], np.uint64(stream)
    with np.errstate(over="ignore"):  # arithmetic modulo 2⁶⁴ is meant
        for _ in range(10):
            high0, low0 = multiply(MULTIPLIERS[0], words[0])
            high1, low1 = multiply(MULTIPLIERS[1], words[2])
            words = np.stack((high1 ^ words[1] ^ key0, low1, high0 ^ words[3] ^ key1, low0))
            key0, key1 = key0 + KEY_STEPS[0], key1 + KEY_STEPS[1]
    return np.moveaxis(words, 0, -1).reshape(len(seeds), 4 * blocks)


def unit(words: Uints) -> Any:
    """Return the upper 53 bits of each word as a number on [0, 1)."""
    return np.float64(words >> np.uint64(11)) * 2.0**-53


def box_muller(u: Numbers, v: Numbers) -> tuple[Numbers, Numbers]:
    """Return pairs of standard normals from pairs of uniforms on [0, 1).

    Box & Muller, "A note on the generation of random normal deviates", Ann. Math. Stat. 29 (1958).
    """
    radius = np.sqrt(-2.0 * log(1.0 - u))
    cos, sin = cos_sin(v)
    return radius * cos, radius * sin


def uniforms(seeds: ArrayLike, count: int, stream: int = WEIGHTS) -> Numbers:
    """Return `count` uniforms on [0, 1) for each seed. seeds: (S,) non-negative integers → (S, count)."""
    numbers: Numbers = unit(philox(np.asarray(seeds, np.uint64), -(-count // 4), stream)[:, :count])
    return numbers


def normals(seeds: ArrayLike, count: int, stream: int = WEIGHTS) -> Numbers:
    """Return `count` standard normals for each seed, from pairs of its uniforms. seeds: (S,) → (S, count)."""
    even = count + count % 2
    pairs = uniforms(seeds, even, stream).reshape(-1, 2)
    for first in range(0, len(pairs), _PAIRS_AT_ONCE):
        u, v = pairs[first : first + _PAIRS_AT_ONCE].T
        u[:], v[:] = box_muller(u, v)
    return pairs.reshape(-1, even)[:, :count]


class Draws(NamedTuple):
    """What draws `uniforms` and `normals`, with the bits of these functions: they themselves, or a faster two."""

    uniforms: Callable[[Uints, int], Numbers]
    normals: Callable[[Uints, int], Numbers]


NUMPY = Draws(uniforms, normals)


# A chance is so many of 2¹⁶: of one random word, four units know whether they stay.
CHANCES, UNITS = 2**16, 16


def dropout_threshold(chance: ArrayLike) -> NDArray[np.float64]:
    """Return how many of 2¹⁶ words leave a unit out: the nearest whole number to the chance, below all of them."""
    return np.minimum(np.rint(np.asarray(chance, np.float64) * CHANCES), CHANCES - 1.0)


def dropout_masks(
    seeds: ArrayLike, threshold: NDArray[np.float64], units: int, samples: tuple[int, int, int], epoch: int
) -> Numbers:
    """Return what dropout multiplies hidden units by: 0 with a chance of threshold/2¹⁶, else what makes up for that.

    seeds, threshold: (S,) → (S, count, units). samples: the first and the count of them by their place in this epoch's
    order, and how many an epoch has. Inverted dropout: Srivastava et al. (JMLR 2014), section 10.
    """
    first, count, each_epoch = samples
    blocks = -(-units // UNITS)  # of a sample
    words = philox(np.asarray(seeds, np.uint64), count * blocks, DROPOUT, (epoch * each_epoch + first) * blocks)
    quarters = np.stack([(words >> np.uint64(16 * i)) & np.uint64(0xFFFF) for i in range(4)], axis=-1)
    chances = quarters.reshape(len(words), count, UNITS * blocks)[:, :, :units].astype(np.float64)
    limit = threshold[:, None, None]
    return np.where(chances >= limit, CHANCES / (CHANCES - limit), 0.0)


def permutations(seeds: ArrayLike, count: int, epoch: int) -> NDArray[np.int64]:
    """Return an order of `count` samples for each seed, another one in every epoch. seeds: (S,) → (S, count).

    Fisher & Yates's shuffle, inside out (Durstenfeld, Algorithm 235, CACM 7 (1964)): sample i goes to place
    ⌊u·(i + 1)⌋, and what is there to place i. u is the seed's random word i of this epoch, over 2⁶⁴.
    """
    blocks = -(-count // 4)
    words = philox(np.asarray(seeds, np.uint64), blocks, ORDER, skip=epoch * blocks)
    order = np.zeros((len(words), count), np.int64)
    row = np.arange(len(words))
    for i in range(count):
        place, _ = multiply(np.uint64(i + 1), words[:, i])
        order[:, i] = order[row, place]
        order[row, place] = i
    return order
