"""Stratification: units are dealt to parts so that each part has its share of every class, and of all rows.

A unit is a row, or a group of rows that stay together; its profile is how many rows of each class, and in all, it has.
Of dealing them out as evenly as can be, which is NP-hard for groups, this is the greedy algorithm: large units first,
each to where the sum over columns of the profile of (dealt − quota)² / quota grows least. Rows come out with every
class within one row of its quota in each part, and the parts' sizes as their quotas have it.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]


def deal(
    profile: Counts, profiles: Counts, units: Counts, words: NDArray[np.uint64], quotas: Sequence[int]
) -> NDArray[np.int64]:
    """Return which part each unit is dealt to, −1 for those that are not. → (U,)

    profile: (U,), each unit's place in profiles (V, C + 1), whose last column is all rows; units: those to deal;
    words: (U,), random; quotas: as the parts' sizes are to one another. Units alike are dealt at random, and units of
    about the same size in random order: sizes in strict order would leave repeats with one way to deal groups.
    """
    order = units[np.argsort(words[units], kind="stable")]
    kinds, first, count = np.unique(profile[order], return_index=True, return_counts=True)
    ends = np.cumsum(count)
    alike = order[np.argsort(profile[order], kind="stable")]
    octave = np.frexp(profiles[kinds, -1])[1]
    dealt = np.zeros((len(quotas), profiles.shape[1]), np.int64)
    parts = np.full(len(profile), -1)
    for kind in np.lexsort((first, -octave)):
        columns = profiles[kinds[kind]]
        shares = _shares((dealt @ columns).tolist(), int(columns @ columns), quotas, int(count[kind]))
        dealt += np.outer(shares, columns)
        parts[alike[ends[kind] - count[kind] : ends[kind]]] = np.repeat(np.arange(len(quotas)), shares)
    return parts


def _shares(dealt: list[int], square: int, quotas: Sequence[int], count: int) -> list[int]:
    """Return how many of `count` units alike each part gets.

    dealt: the product of what each part has with the unit's profile; square: that of the profile with itself. The next
    unit adds (2·dealt + square) / quota to a part's sum, less what is the same for all, and 2·square / quota more for
    each that it has got before: together they are poured in as water, up to one level, and what is left over, fewer
    than there are parts, one by one.
    """
    base, step = [2 * d + square for d in dealt], 2 * square
    shares = [0] * len(base) if count == 1 else _pour(base, step, quotas, count)
    for _ in range(count - sum(shares)):
        cost = [(b + n * step) / q for b, n, q in zip(base, shares, quotas, strict=True)]
        shares[cost.index(min(cost))] += 1
    return shares


def _pour(base: list[int], step: int, quotas: Sequence[int], count: int) -> list[int]:
    """Return how many units, rounded down, stand in each part at the level where they are `count` in all."""
    volume, width = count * step, 0
    for b, q in sorted(zip(base, quotas, strict=True), key=lambda part: part[0] / part[1]):
        if width and b * width >= volume * q:  # begins above the level
            break
        volume, width = volume + b, width + q
    return [max(volume * q - b * width, 0) // (step * width) for b, q in zip(base, quotas, strict=True)]
