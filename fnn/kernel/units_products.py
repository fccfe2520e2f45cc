"""Matrix products with units in the lanes, by tiles that stay in registers."""

from fnn.kernel.jit import policy
from fnn.kernel.tiles import (
    tile_1x1,
    tile_1x2,
    tile_1x4,
    tile_4x1,
    tile_4x2,
    tile_4x4,
    tile_8x1,
    tile_8x2,
)


@policy
def product_into(c_matrix, a_matrix, b_matrix, rows, columns, depth, add, biased):
    """Write c = a·b, or c += a·b where `add`: c[r, j] = Σₖ a[r, k]·b[k, j], summed in the order of k.

    A matrix is its plain array, where in it it starts, and the step to the next row; of a, the step to the next
    column too. biased: b has one row more, which is added at the end. What `products.product_into` computes, with L
    columns j in the lanes instead of L networks.
    """
    c, c0, cr, _ = c_matrix
    a, a0, ar, ak = a_matrix
    b, b0, bk, _ = b_matrix
    L = 64 // c.itemsize
    j = 0
    while j < columns:
        tail = columns - j
        r = 0
        if tail > 3 * L:
            tail -= 3 * L
            while r + 4 <= rows:
                tile_4x4((c, c0 + r * cr + j, cr), (a, a0 + r * ar, ar, ak), (b, b0 + j, bk), depth, add, biased, tail)
                r += 4
            while r < rows:
                tile_1x4((c, c0 + r * cr + j, cr), (a, a0 + r * ar, ar, ak), (b, b0 + j, bk), depth, add, biased, tail)
                r += 1
            j += 4 * L
        elif tail > L:
            tail -= L
            while r + 8 <= rows:
                tile_8x2((c, c0 + r * cr + j, cr), (a, a0 + r * ar, ar, ak), (b, b0 + j, bk), depth, add, biased, tail)
                r += 8
            while r + 4 <= rows:
                tile_4x2((c, c0 + r * cr + j, cr), (a, a0 + r * ar, ar, ak), (b, b0 + j, bk), depth, add, biased, tail)
                r += 4
            while r < rows:
                tile_1x2((c, c0 + r * cr + j, cr), (a, a0 + r * ar, ar, ak), (b, b0 + j, bk), depth, add, biased, tail)
                r += 1
            j += 2 * L
        else:
            while r + 8 <= rows:
                tile_8x1((c, c0 + r * cr + j, cr), (a, a0 + r * ar, ar, ak), (b, b0 + j, bk), depth, add, biased, tail)
                r += 8
            while r + 4 <= rows:
                tile_4x1((c, c0 + r * cr + j, cr), (a, a0 + r * ar, ar, ak), (b, b0 + j, bk), depth, add, biased, tail)
                r += 4
            while r < rows:
                tile_1x1((c, c0 + r * cr + j, cr), (a, a0 + r * ar, ar, ak), (b, b0 + j, bk), depth, add, biased, tail)
                r += 1
            j += L
