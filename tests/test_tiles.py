"""Tiles of products: NumPy's products of whole numbers, exactly, of every shape, and nothing written beside them."""

import itertools

import numpy as np
import pytest

from fnn.kernel import products, units_products, units_windows, windows
from fnn.kernel.arrays import matrix
from fnn.kernel.jit import standalone
from fnn.kernel.simd import WIDTH
from fnn.training.layout import aligned

KINDS = ["float32", "float64"]
SHAPES = [(1, 1, 1), (3, 2, 5), (4, 4, 4), (5, 7, 3), (8, 16, 2), (9, 17, 6), (12, 33, 1), (13, 70, 9), (2, 6, 25)]
# What no product of such small numbers is.
UNTOUCHED = 12345.0


@standalone
def product_of_networks(c, a, b, sizes, add):
    _, columns, depth = sizes
    products.product_into(matrix(c, 2, columns, 1), matrix(a, 0, depth, 1), matrix(b, 0, columns, 1), *sizes, add)


@standalone
def product_of_units(c, a, b, sizes, flags):
    _, columns, depth = sizes
    step = columns + 3
    units_products.product_into(matrix(c, 2, step, 1), matrix(a, 0, depth, 1), matrix(b, 0, columns, 1), *sizes, flags)


@standalone
def windows_of_networks(c, a, b, start, offsets, sizes):
    windows.offset_product_into(
        matrix(c, 2, 0, 1), matrix(a, 0, 100, 200), matrix(b, 0, sizes[1], 1), matrix(start, 0, 300, 1), offsets, sizes
    )


@standalone
def windows_of_units(c, a, b, start, offsets, sizes, keeps):
    units_windows.units_offset_product_into(
        matrix(c, 2, 0, 1), matrix(a, 0, 100, 200), matrix(b, 0, sizes[1], 1), matrix(start, 0, 300, 1), offsets, sizes,
        keeps,
    )  # fmt: skip


def drawn(rng, dtype, *shape):
    """Return whole numbers whose sums of products are exact."""
    return rng.integers(-9, 10, shape).astype(dtype)


def laid(numbers, room=100):
    """Return numbers in a row, with room behind that holds others."""
    row = aligned((numbers.size + room,), numbers.dtype)
    row[: numbers.size], row[numbers.size :] = numbers.ravel(), UNTOUCHED
    return row


def lanes(numbers):
    """Return (L, ·) numbers as a lane array."""
    rows = aligned((numbers[0].size, len(numbers)), numbers.dtype)
    rows[:] = numbers.reshape(len(numbers), -1).T
    return rows


@pytest.mark.parametrize("dtype", KINDS)
@pytest.mark.parametrize("sizes", SHAPES)
@pytest.mark.parametrize("add", [False, True])
@pytest.mark.parametrize("shared", [None, "a", "b"])
def test_products_of_networks(rng, dtype, sizes, add, shared):
    """shared: which factor is one for all lanes, as weights are where samples lie in them."""
    (rows, columns, depth), L = sizes, WIDTH[np.dtype(dtype)]
    a, b = drawn(rng, dtype, L, rows, depth), drawn(rng, dtype, L, depth, columns)
    a, b = (np.broadcast_to(v[:1], v.shape) if shared == name else v for name, v in (("a", a), ("b", b)))
    given = drawn(rng, dtype, L, rows, columns)
    c = aligned((rows * columns + 4, L), dtype)
    c[:] = UNTOUCHED
    c[2:-2] = lanes(given)
    one, other = (laid(v[0]) if shared == name else lanes(v) for name, v in (("a", a), ("b", b)))
    product_of_networks(c, one, other, sizes, add)
    assert np.array_equal(c[2:-2], lanes(a @ b + given * add))
    assert (c[[0, 1, -2, -1]] == UNTOUCHED).all()


@pytest.mark.parametrize("dtype", KINDS)
@pytest.mark.parametrize("sizes", SHAPES)
@pytest.mark.parametrize("flags", list(itertools.product([False, True], repeat=2)))
def test_products_of_units(rng, dtype, sizes, flags):
    (rows, columns, depth), (add, biased) = sizes, flags
    a, b = drawn(rng, dtype, rows, depth), drawn(rng, dtype, depth + 1, columns)
    given = np.full((rows, columns + 3), UNTOUCHED, dtype)
    given[:, :columns] = drawn(rng, dtype, rows, columns)
    c = laid(np.concatenate(([UNTOUCHED] * 2, given.ravel())).astype(dtype))
    product_of_units(c, laid(a), laid(b), sizes, flags)
    rows_of = c[2 : 2 + given.size].reshape(given.shape)
    assert np.array_equal(rows_of[:, :columns], a @ b[:-1] + given[:, :columns] * add + b[-1] * biased)
    assert (rows_of[:, columns:] == UNTOUCHED).all()
    assert (c[:2] == UNTOUCHED).all()
    assert (c[2 + given.size :] == UNTOUCHED).all()


def seen(rng, sizes, step):
    """Return where rows and columns of a lie among its numbers, overlapping as windows do, and offsets that say so."""
    rows, _, depth = sizes
    of_rows, of_columns = np.sort(rng.integers(0, 20, rows)), np.sort(rng.integers(0, 20, depth))
    offsets = np.zeros(400, np.int64)
    offsets[:rows], offsets[100 : 100 + rows], offsets[200 : 200 + depth] = np.arange(rows) * step, of_rows, of_columns
    return np.add.outer(of_rows, of_columns), offsets


@pytest.mark.parametrize("dtype", KINDS)
@pytest.mark.parametrize("sizes", SHAPES)
@pytest.mark.parametrize("shared", [False, True])
def test_windows_of_networks(rng, dtype, sizes, shared):
    (rows, columns, depth), L = sizes, WIDTH[np.dtype(dtype)]
    at, offsets = seen(rng, sizes, columns)
    a, b, start = drawn(rng, dtype, L, 40), drawn(rng, dtype, L, depth, columns), drawn(rng, dtype, L, 1, columns)
    b = np.broadcast_to(b[:1], b.shape) if shared else b
    c = aligned((rows * columns + 4, L), dtype)
    c[:] = UNTOUCHED
    windows_of_networks(c, lanes(a), laid(b[0]) if shared else lanes(b), lanes(start), offsets, sizes)
    assert np.array_equal(c[2:-2], lanes(a[:, at] @ b + start))
    assert (c[[0, 1, -2, -1]] == UNTOUCHED).all()


@pytest.mark.parametrize("dtype", KINDS)
@pytest.mark.parametrize("sizes", SHAPES)
@pytest.mark.parametrize("gap", [0, 3])
def test_windows_of_units_that_keep_what_lies_behind(rng, dtype, sizes, gap):
    rows, columns, depth = sizes
    at, offsets = seen(rng, sizes, columns + gap)
    a, b, start = drawn(rng, dtype, 40), drawn(rng, dtype, depth, columns), drawn(rng, dtype, 1, columns)
    c = laid(np.full(2 + rows * (columns + gap), UNTOUCHED, dtype))
    windows_of_units(c, laid(a), laid(b), laid(start), offsets, sizes, True)
    rows_of = c[2 : 2 + rows * (columns + gap)].reshape(rows, -1)
    assert np.array_equal(rows_of[:, :columns], a[at] @ b + start)
    assert (rows_of[:, columns:] == UNTOUCHED).all()
    assert (c[:2] == UNTOUCHED).all()
    assert (c[2 + rows_of.size :] == UNTOUCHED).all()


@pytest.mark.parametrize("dtype", KINDS)
@pytest.mark.parametrize("sizes", [sizes for sizes in SHAPES if sizes[1] <= 8])
def test_windows_of_narrow_units_write_no_further_than_half_a_lane_value(rng, dtype, sizes):
    """Or one, where half is too little: rows that follow each other, each written over by the next, come out right."""
    (rows, columns, depth), L = sizes, WIDTH[np.dtype(dtype)]
    at, offsets = seen(rng, sizes, columns)
    a, b, start = drawn(rng, dtype, 40), drawn(rng, dtype, depth, columns), drawn(rng, dtype, 1, columns)
    c = laid(np.full(2 + rows * columns, UNTOUCHED, dtype))
    windows_of_units(c, laid(a), laid(b), laid(start), offsets, sizes, False)
    assert np.array_equal(c[2 : 2 + rows * columns].reshape(rows, -1), a[at] @ b + start)
    written = L // 2 if columns <= L // 2 else L
    assert (c[2 + (rows - 1) * columns + written :] == UNTOUCHED).all()
