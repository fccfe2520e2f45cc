"""Gradients that are shortened, in lane values: `clipped` of `fnn/network/functions.py`.

The squares of a gradient's numbers are summed the same way however the lanes are filled: of weight k to sum k mod 4·L,
weights counted as `flatten` has them, and then sum after sum.
"""

from fnn.kernel.arguments import WEIGHT_COLUMNS, WEIGHT_ROWS, WEIGHT_STEP, WEIGHTS, settings_rows
from fnn.kernel.arrays import flat
from fnn.kernel.jit import inlined, policy
from fnn.kernel.simd import constant, fma, load, select, spread, sqrt, store

(H_CLIP,) = settings_rows("clip_norm")


@policy
def squares_into(sums, gradient, table):
    """Write the 4·L sums of squares of each network's gradient, networks in the lanes."""
    for q in range(len(sums)):
        store(sums, q, spread(sums, 0.0))
    k = 0
    for d in range(len(table)):
        for r in range(table[d, WEIGHT_ROWS]):
            for j in range(table[d, WEIGHT_COLUMNS]):
                g, q = load(gradient, table[d, WEIGHTS] + r * table[d, WEIGHT_STEP] + j), k % len(sums)
                store(sums, q, fma(g, g, load(sums, q)))
                k += 1


@policy
def units_squares_into(sums, gradient):
    """Write the sums of squares of one network's gradient, L side by side in each of four rows."""
    for q in range(len(sums)):
        store(sums, q, spread(sums, 0.0))
    for i in range(len(gradient)):
        g, q = load(gradient, i), i % len(sums)
        store(sums, q, fma(g, g, load(sums, q)))


@policy
def rows_sum(sums):
    """Return the sum over rows."""
    total = load(sums, 0)
    for q in range(1, len(sums)):
        total = total + load(sums, q)
    return total


@policy
def numbers_sum(sums):
    """Return the sum over all numbers, in every lane."""
    numbers = flat(sums)
    total = numbers[0]
    for q in range(1, len(numbers)):
        total += numbers[q]
    return spread(sums, total)


@inlined
def clip_into(gradient, settings, squares, rows):
    """Shorten a gradient whose squares have this sum to the length that is set, its rows from the first to the last."""
    one, limit = constant(squares, 1.0, 1.0), load(settings, H_CLIP)
    factor = limit / (sqrt(squares) + constant(squares, 1e-6, 1e-6))
    clips = (limit >= constant(squares, 0.0, 0.0)) & (factor < one)
    shorter = select(clips, factor, one)
    for i in range(rows[0], rows[1]):
        store(gradient, i, load(gradient, i) * shorter)
