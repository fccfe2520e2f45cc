"""Matrix products in lane values, by tiles that stay in registers."""

from fnn.kernel.jit import inlined
from fnn.kernel.simd import fma, load, spread, store


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


@inlined
def fma4(a, b, c):
    """Return a·b + c for four b and c."""
    return fma(a, b[0], c[0]), fma(a, b[1], c[1]), fma(a, b[2], c[2]), fma(a, b[3], c[3])


@inlined
def product_into(c_matrix, a_matrix, b_matrix, rows, columns, depth, add):
    """Write c = a·b, or c += a·b where `add`: c[r, j] = Σₖ a[r, k]·b[k, j], summed in the order of k.

    A matrix is its lane array, where in it it starts, and the steps to the next row and to the next column.
    Tiles of 4×4 use every loaded value four times; what is left over goes by tiles of 1×4,
    4×2, 4×1 and 1×1. Columns come outermost, so that a strip of b stays in the cache while a passes by.
    """
    c, c0, cr, cc = c_matrix
    a, a0, ar, ak = a_matrix
    b, b0, bk, bc = b_matrix
    zero = spread(c, 0.0)
    zeros = (zero, zero, zero, zero)
    j = 0
    while j + 4 <= columns:
        r = 0
        while r + 4 <= rows:
            ci, ai, bi = c0 + r * cr + j * cc, a0 + r * ar, b0 + j * bc
            c_0 = c_1 = c_2 = c_3 = zeros
            if add:
                c_0, c_1 = load4(c, ci, cc), load4(c, ci + cr, cc)
                c_2, c_3 = load4(c, ci + 2 * cr, cc), load4(c, ci + 3 * cr, cc)
            for _ in range(depth):
                b_k = load4(b, bi, bc)
                c_0 = fma4(load(a, ai), b_k, c_0)
                c_1 = fma4(load(a, ai + ar), b_k, c_1)
                c_2 = fma4(load(a, ai + 2 * ar), b_k, c_2)
                c_3 = fma4(load(a, ai + 3 * ar), b_k, c_3)
                ai += ak
                bi += bk
            store4_into(c, ci, cc, c_0)
            store4_into(c, ci + cr, cc, c_1)
            store4_into(c, ci + 2 * cr, cc, c_2)
            store4_into(c, ci + 3 * cr, cc, c_3)
            r += 4
        while r < rows:
            ci, ai, bi = c0 + r * cr + j * cc, a0 + r * ar, b0 + j * bc
            c_0 = zeros
            if add:
                c_0 = load4(c, ci, cc)
            for _ in range(depth):
                c_0 = fma4(load(a, ai), load4(b, bi, bc), c_0)
                ai += ak
                bi += bk
            store4_into(c, ci, cc, c_0)
            r += 1
        j += 4
    while j < columns:
        two = j + 2 <= columns
        r = 0
        while r + 4 <= rows and two:
            ci, ai, bi = c0 + r * cr + j * cc, a0 + r * ar, b0 + j * bc
            c_0 = c_1 = zeros
            if add:
                c_0, c_1 = load4(c, ci, cr), load4(c, ci + cc, cr)
            for _ in range(depth):
                a_k = load4(a, ai, ar)
                c_0 = fma4(load(b, bi), a_k, c_0)
                c_1 = fma4(load(b, bi + bc), a_k, c_1)
                ai += ak
                bi += bk
            store4_into(c, ci, cr, c_0)
            store4_into(c, ci + cc, cr, c_1)
            r += 4
        while r + 4 <= rows and not two:
            ci, ai, bi = c0 + r * cr + j * cc, a0 + r * ar, b0 + j * bc
            c_0 = zeros
            if add:
                c_0 = load4(c, ci, cr)
            for _ in range(depth):
                c_0 = fma4(load(b, bi), load4(a, ai, ar), c_0)
                ai += ak
                bi += bk
            store4_into(c, ci, cr, c_0)
            r += 4
        while r < rows:
            for jj in range(j, j + 1 + two):
                ci, ai, bi = c0 + r * cr + jj * cc, a0 + r * ar, b0 + jj * bc
                total = zero
                if add:
                    total = load(c, ci)
                for _ in range(depth):
                    total = fma(load(a, ai), load(b, bi), total)
                    ai += ak
                    bi += bk
                store(c, ci, total)
            r += 1
        j += 1 + two
