"""Matrix products with units in the lanes, by tiles that stay in registers."""

from fnn.kernel.jit import policy
from fnn.kernel.plain import has_wide_registers
from fnn.kernel.tiles import (
    units_1x1,
    units_1x2,
    units_1x4,
    units_4x1,
    units_4x2,
    units_4x4,
    units_8x1,
    units_8x2,
)


@policy
def product_into(c, a, b, rows, columns, depth, flags):
    """Write c = a·b, or c += a·b: c[r, j] = Σₖ a[r, k]·b[k, j], summed in the order of k. All three are a `matrix`.

    flags: whether to add, and whether b has one row more, which is added at the end. What `products.product_into`
    computes, with L columns j in the lanes instead of L networks.
    """
    L, j, wide = 64 // c[0].itemsize, 0, has_wide_registers(c[0])
    while j < columns:
        r, left = 0, columns - j
        if wide and left > 3 * L:
            while r + 4 <= rows:
                units_4x4(c, a, b, (r, j, left), depth, flags)
                r += 4
            while r < rows:
                units_1x4(c, a, b, (r, j, left), depth, flags)
                r += 1
            j += 4 * L
        elif wide and left > L:
            while r + 8 <= rows:
                units_8x2(c, a, b, (r, j, left), depth, flags)
                r += 8
            while r + 4 <= rows:
                units_4x2(c, a, b, (r, j, left), depth, flags)
                r += 4
            while r < rows:
                units_1x2(c, a, b, (r, j, left), depth, flags)
                r += 1
            j += 2 * L
        else:
            while r + 8 <= rows:
                units_8x1(c, a, b, (r, j, left), depth, flags)
                r += 8
            while r + 4 <= rows:
                units_4x1(c, a, b, (r, j, left), depth, flags)
                r += 4
            while r < rows:
                units_1x1(c, a, b, (r, j, left), depth, flags)
                r += 1
            j += L
