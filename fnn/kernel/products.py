"""Matrix products in lane values, by tiles that stay in registers."""

from fnn.kernel.jit import inlined, policy
from fnn.kernel.simd import load, store
from fnn.kernel.tiles import tile_1x1, tile_1x4, tile_4x1, tile_4x2, tile_4x4


@inlined
def load4(a, i, step):
    """Return the rows i, i + step, i + 2·step and i + 3·step."""
    return load(a, i), load(a, i + step), load(a, i + 2 * step), load(a, i + 3 * step)


@inlined
def store4_into(a, i, step, v):
    """Put four lane values where `load4` finds them."""
    store(a, i, v[0])
    store(a, i + step, v[1])
    store(a, i + 2 * step, v[2])
    store(a, i + 3 * step, v[3])


@policy
def product_into(c, a, b, rows, columns, depth, add):
    """Write c = a·b, or c += a·b where `add`: c[r, j] = Σₖ a[r, k]·b[k, j], summed in the order of k.

    All three are a `matrix`. Tiles of 4×4 use every loaded value four times; what is left over goes by tiles of 1×4,
    4×2, 4×1 and 1×1. Columns come outermost, so that a strip of b stays in the cache while a passes by.
    """
    j = 0
    while j < columns:
        r, left = 0, columns - j
        if left >= 4:
            while r + 4 <= rows:
                tile_4x4(c, a, b, (r, j), depth, add)
                r += 4
            while r < rows:
                tile_1x4(c, a, b, (r, j), depth, add)
                r += 1
            j += 4
        elif left >= 2:
            while r + 4 <= rows:
                tile_4x2(c, a, b, (r, j), depth, add)
                r += 4
            while r < rows:
                tile_1x1(c, a, b, (r, j), depth, add)
                tile_1x1(c, a, b, (r, j + 1), depth, add)
                r += 1
            j += 2
        else:
            while r + 4 <= rows:
                tile_4x1(c, a, b, (r, j), depth, add)
                r += 4
            while r < rows:
                tile_1x1(c, a, b, (r, j), depth, add)
                r += 1
            j += 1
