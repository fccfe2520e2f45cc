"""Tiles of matrix products: a few rows by a few columns of c = a·b, whose sums stay in registers, in the order of k.

A matrix is its array, where in it it starts, and the steps to its next row and its next column. Where networks lie in
the lanes, each number of c is a lane value, and those of a and b are too, or numbers that all lanes share. Where units
do, c and b are plain arrays, L columns of them side by side are a lane value, and a is spread, number by number.

Tiles come in two kinds. Those of a product begin at zero, or at c itself. Those behind a window begin at a matrix of
their own, and find their rows, and the columns of a, by lists of offsets.
"""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
from numba import types

from fnn.kernel.arrays import Matrix
from fnn.kernel.lane_types import instruction
from fnn.kernel.simd import WIDTH, fma, load, store
from fnn.kernel.tile_code import emit_tile, emit_units_tile, emit_window_tile


def _tile(rows: int, columns: int) -> Callable[..., None]:
    """Return what computes a tile of rows by columns of networks."""

    def tile(c_matrix: Matrix, a_matrix: Matrix, b_matrix: Matrix, place: Any, depth: int, add: Any) -> None:
        """Write a tile of c = a·b, or of c += a·b where `add`. place: its first row and column."""
        (c, c0, cr, cc), (a, a0, ar, ak), (b, b0, bk, bc), (row, column) = c_matrix, a_matrix, b_matrix, place
        for r, j in product(range(row, row + rows), range(column, column + columns)):
            total = load(c, c0 + r * cr + j * cc) if add else np.zeros(c.shape[-1], c.dtype)
            for k in range(depth):
                total = fma(load(a, a0 + r * ar + k * ak), load(b, b0 + k * bk + j * bc), total)
            store(c, c0 + r * cr + j * cc, total)

    tile.__name__ = f"tile_{rows}x{columns}"
    return tile


def _units_tile(rows: int, vectors: int) -> Callable[..., None]:
    """Return what computes a tile of rows by so many lane values of units."""

    def tile(c_matrix: Matrix, a_matrix: Matrix, b_matrix: Matrix, place: Any, depth: int, flags: Any) -> None:
        """Write a tile of c = a·b, or of c += a·b where `add`.

        place: its row and its column in c, and how many columns there are from there on. flags: add, and whether row
        `depth` of b is added at the end.
        """
        (c, c0, cr, _), (a, a0, ar, ak), (b, b0, bk, _) = c_matrix, a_matrix, b_matrix
        (row, column, columns), (add, biased) = place, flags
        width = min(columns, vectors * WIDTH[c.dtype])
        c0, a0, b0 = c0 + row * cr + column, a0 + row * ar, b0 + column
        for r in range(rows):
            total = c[c0 + r * cr : c0 + r * cr + width] if add else np.zeros(width, c.dtype)
            for k in range(depth):
                total = a[a0 + r * ar + k * ak] * b[b0 + k * bk : b0 + k * bk + width] + total
            c[c0 + r * cr : c0 + r * cr + width] = total + b[b0 + depth * bk :][:width] if biased else total

    tile.__name__ = f"units_{rows}x{vectors}"
    return tile


def _window_tile(rows: int, columns: int) -> Callable[..., None]:
    """Return what computes a tile behind a window, of rows by columns of networks, or by lane values of units."""

    def tile(
        c_matrix: Matrix, a_matrix: Matrix, b_matrix: Matrix, start: Matrix, offsets: Any, place: Any, depth: int
    ) -> None:
        """Write a tile of c[r, j] = start[r, j] + Σₖ a[r, k]·b[k, j]; offsets say where rows, and a's columns, are.

        place: its first row and column, how many columns there are from there on, and, of units, whether what lies
        behind the last one is to stay as it is.
        """
        (c, c0, c_rows, cc), (a, a0, a_rows, a_columns), (b, b0, bk, bc) = c_matrix, a_matrix, b_matrix
        (s, s0, s_rows, sc), (row, column, left, _) = start, place
        width = min(left, columns * WIDTH[c.dtype]) if c.ndim == 1 else columns
        for r, j in product(range(row, row + rows), range(column, column + width)):
            total = s[s0 + offsets[s_rows + r] + j * sc]
            for k in range(depth):
                i = a0 + offsets[a_rows + r] + offsets[a_columns + k]
                total = a[i] * b[b0 + k * bk + j * bc] + total
            c[c0 + offsets[c_rows + r] + j * cc] = total

    tile.__name__ = f"window_{rows}x{columns}"
    return tile


tile_4x4, tile_4x2, tile_4x1, tile_1x4, tile_1x1 = (_tile(r, v) for r, v in ((4, 4), (4, 2), (4, 1), (1, 4), (1, 1)))
units_4x4, units_1x4 = _units_tile(4, 4), _units_tile(1, 4)
units_8x2, units_4x2, units_1x2 = _units_tile(8, 2), _units_tile(4, 2), _units_tile(1, 2)
units_8x1, units_4x1, units_1x1 = _units_tile(8, 1), _units_tile(4, 1), _units_tile(1, 1)
window_8x2, window_4x4, window_4x2, window_1x4, window_1x2 = (
    _window_tile(r, v) for r, v in ((8, 2), (4, 4), (4, 2), (1, 4), (1, 2))
)
window_8x1, window_4x1, window_1x1 = (_window_tile(r, 1) for r in (8, 4, 1))
_WINDOW_TILES = {
    (8, 2): window_8x2, (4, 4): window_4x4, (4, 2): window_4x2, (1, 4): window_1x4, (1, 2): window_1x2,
    (8, 1): window_8x1, (4, 1): window_4x1, (1, 1): window_1x1,
}  # fmt: skip
_TILES = {
    (4, 4): tile_4x4, (4, 2): tile_4x2, (4, 1): tile_4x1, (1, 4): tile_1x4, (1, 1): tile_1x1,
}  # fmt: skip
_UNITS_TILES = {
    (4, 4): units_4x4, (1, 4): units_1x4, (8, 2): units_8x2, (4, 2): units_4x2, (1, 2): units_1x2,
    (8, 1): units_8x1, (4, 1): units_4x1, (1, 1): units_1x1,
}  # fmt: skip


def _add_instructions(
    tiles: dict[tuple[int, int], Callable[..., None]], kinds: Sequence[Any], emit: Callable[..., Any]
) -> None:
    for (rows, columns), function in tiles.items():

        @instruction(function, tuple(kinds), lambda *_: types.none)
        def _(context: Any, builder: Any, sig: Any, args: Any, rows: int = rows, columns: int = columns) -> Any:
            return emit(context, builder, sig, args, rows, columns)


_MATRICES = [types.BaseTuple] * 3
_add_instructions(_TILES, [*_MATRICES, types.BaseTuple, types.Integer, types.Boolean], emit_tile)
_add_instructions(_UNITS_TILES, [*_MATRICES, types.BaseTuple, types.Integer, types.BaseTuple], emit_units_tile)
_add_instructions(
    _WINDOW_TILES, [*_MATRICES, types.BaseTuple, types.Array, types.BaseTuple, types.Integer], emit_window_tile
)
