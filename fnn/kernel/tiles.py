"""Tiles of matrix products: a few rows by a few columns of c = a·b, whose sums stay in registers, in the order of k.

A matrix is its array, where in it it starts, and the steps to its next row and its next column. Where networks lie in
the lanes, each number of c is a lane value, and those of a and b are too, or numbers that all lanes share. Where units
do, c and b are plain arrays, L columns of them side by side are a lane value, and a is spread, number by number.

Tiles come in two kinds. Those of a product begin at zero, or at c itself. Those behind a window begin at a matrix of
their own, and find their rows, and the columns of a, by lists of offsets.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils

from fnn.kernel.arrays import Matrix
from fnn.kernel.emitter import INDEX, Numbers, Registers, either, matrix_of, registers, sum_products
from fnn.kernel.lane_types import instruction
from fnn.kernel.simd import WIDTH, fma, load, store

# ---- what tiles are, in Python ----


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
        """Write a tile of c[r, j] = start[r, j] + Σₖ a[r, k]·b[k, j], of which offsets say where rows, and a's columns, lie.

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

# ---- what is emitted for them ----

# A row, and a column with the piece of it.
Cell = tuple[int, tuple[int, int]]


def _groups(rows: int, across: Sequence[tuple[int, int]], here: Registers, most: int) -> Iterator[list[Cell]]:
    """Yield the cells of a tile in groups whose sums stay in registers, strip after strip of columns.

    across: columns, each with a piece, of which `most` are a strip where registers are few.
    """
    width = len(across) if here.pieces == 1 else min(len(across), most)
    height = max(1, here.sums // width)
    for at in range(0, len(across), width):
        for row in range(0, rows, height):
            yield [(r, column) for r in range(row, min(row + height, rows)) for column in across[at : at + width]]


def _zero(c: Numbers, here: Registers) -> Any:
    return ir.Constant(ir.VectorType(c.vector.element, c.vector.count // here.pieces), None)


def _shifted(builder: Any, start: Any, *steps: tuple[Any, int]) -> Any:
    """Emit start + Σ step · count."""
    for step, count in steps:
        start = builder.add(start, builder.mul(step, INDEX(count)))
    return start


def _emit_tile(context: Any, builder: Any, sig: Any, args: Any, rows: int, columns: int) -> Any:
    *matrices, place, depth, add = args
    (c, (c0, cr, cc)), (a, (a0, ar, ak)), (b, (b0, bk, bc)) = (
        matrix_of(context, builder, *pair) for pair in zip(sig.args, matrices, strict=False)
    )
    here, (row, column) = registers(context), cgutils.unpack_tuple(builder, place)
    add = builder.trunc(add, ir.IntType(1))
    c0 = builder.add(builder.add(c0, builder.mul(row, cr)), builder.mul(column, cc))
    a0, b0 = builder.add(a0, builder.mul(row, ar)), builder.add(b0, builder.mul(column, bc))

    def value(of: Numbers, i: Any, piece: int) -> Any:
        return of.one(i, here.pieces) if of.plain else of.lanes(i, piece, here.pieces)

    across = [(v, p) for p in range(here.pieces) for v in range(columns)]
    for cells in _groups(rows, across, here, 4):
        at = [(_shifted(builder, c0, (cr, r), (cc, v)), p) for r, (v, p) in cells]
        begun = either(
            builder, add, lambda at=at: [c.lanes(i, p, here.pieces) for i, p in at], [_zero(c, here)] * len(at)
        )
        # The row's operand depends on the piece too, unless all lanes share it.
        keyed = [((r, 0 if a.plain else p), (v, p)) for r, (v, p) in cells]
        sums = sum_products(
            builder, depth, [(a0, ak), (b0, bk)], keyed, begun,
            lambda _, places: (
                lambda key: value(a, _shifted(builder, places[0], (ar, key[0])), key[1]),
                lambda key: value(b, _shifted(builder, places[1], (bc, key[0])), key[1]),
            ),
        )  # fmt: skip
        for (i, p), total in zip(at, sums, strict=True):
            c.put(i, total, p)
    return context.get_dummy_value()


def _emit_units_tile(context: Any, builder: Any, sig: Any, args: Any, rows: int, vectors: int) -> Any:
    *matrices, place, depth, flags = args
    (c, (c0, cr, _)), (a, (a0, ar, ak)), (b, (b0, bk, _)) = (
        matrix_of(context, builder, *pair) for pair in zip(sig.args, matrices, strict=False)
    )
    here, L = registers(context), c.vector.count
    row, column, columns = cgutils.unpack_tuple(builder, place)
    add, biased = (builder.trunc(flag, ir.IntType(1)) for flag in cgutils.unpack_tuple(builder, flags))
    c0, a0 = (builder.add(start, builder.mul(row, step)) for start, step in ((c0, cr), (a0, ar)))
    c0, b0 = builder.add(c0, column), builder.add(b0, column)
    bias, tail = builder.add(b0, builder.mul(depth, bk)), builder.sub(columns, INDEX((vectors - 1) * L))

    def emit(here: Registers, across: Sequence[tuple[int, int]]) -> None:
        for cells in _groups(rows, across, here, 2):
            at = [(_shifted(builder, c0, (cr, r), (INDEX(L), v)), v, p) for r, (v, p) in cells]
            begun = either(
                builder, add, lambda at=at: [c.lanes(i, p, here.pieces) for i, _, p in at], [_zero(c, here)] * len(at)
            )

            def of_b(start: Any, key: tuple[int, int]) -> Any:
                return b.lanes(builder.add(start, INDEX(key[0] * L)), key[1], here.pieces)

            sums = sum_products(
                builder, depth, [(a0, ak), (b0, bk)], cells, begun,
                lambda _, places: (
                    lambda r: a.one(_shifted(builder, places[0], (ar, r)), here.pieces),
                    lambda key: of_b(places[1], key),
                ),
            )  # fmt: skip

            def with_bias(cells: Sequence[Cell] = cells, sums: Sequence[Any] = sums) -> list[Any]:
                last = {key: of_b(bias, key) for key in dict.fromkeys(key for _, key in cells)}
                return [builder.fadd(total, last[key]) for (_, key), total in zip(cells, sums, strict=True)]

            for (i, v, p), total in zip(at, either(builder, biased, with_bias, sums), strict=True):
                if v + 1 < vectors:
                    c.put(i, total, p)
                else:
                    c.put_first(i, total, tail, p)

    _emit_whole_or_half(builder, here, vectors, tail, L, emit)
    return context.get_dummy_value()


def _emit_window_tile(context: Any, builder: Any, sig: Any, args: Any, rows: int, columns: int) -> Any:
    *matrices, listed, place, depth = args
    (c, (c0, c_rows, cc)), (a, (a0, a_rows, a_columns)), (b, (b0, bk, bc)), (s, (s0, s_rows, sc)) = (
        matrix_of(context, builder, *pair) for pair in zip(sig.args, matrices, strict=False)
    )
    offsets, here, units = Numbers(context, builder, sig.args[4], listed), registers(context), c.plain
    row, column, left, keeps = cgutils.unpack_tuple(builder, place)
    c0, b0, s0 = (builder.add(start, builder.mul(column, step)) for start, step in ((c0, cc), (b0, bc), (s0, sc)))
    L = c.vector.count
    last = builder.sub(left, INDEX((columns - 1) * L))

    def places(start: Any, rows_list: Any) -> list[Any]:
        at = builder.add(rows_list, row)
        return [builder.add(start, offsets.number(builder.add(at, INDEX(r)))) for r in range(rows)]

    c_places, a_places, s_places = places(c0, c_rows), places(a0, a_rows), places(s0, s_rows)

    def value(of: Numbers, i: Any, piece: int, pieces: int) -> Any:
        return of.one(i, pieces) if of.plain else of.lanes(i, piece, pieces)

    def lanes(of: Numbers, i: Any, step: Any, key: tuple[int, int], pieces: int) -> Any:
        if units:
            return of.lanes(builder.add(i, INDEX(key[0] * L)), key[1], pieces)
        return value(of, _shifted(builder, i, (step, key[0])), key[1], pieces)

    def emit(here: Registers, across: Sequence[tuple[int, int]]) -> None:
        for cells in _groups(rows, across, here, 2 if units else 4):
            keyed = [((r, 0 if a.plain else p), (v, p)) for r, (v, p) in cells]

            def operands(k: Any, at: Sequence[Any]) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
                seen = offsets.number(builder.add(a_columns, k))
                return (
                    lambda key: value(a, builder.add(a_places[key[0]], seen), key[1], here.pieces),
                    lambda key: lanes(b, at[0], bc, key, here.pieces),
                )

            begun = [lanes(s, s_places[r], sc, key, here.pieces) for r, key in cells]
            sums = sum_products(builder, depth, [(b0, bk)], keyed, begun, operands)
            steps = [INDEX(L) if units else cc] * len(cells)
            at = [
                (_shifted(builder, c_places[r], (step, v)), v, p)
                for (r, (v, p)), step in zip(cells, steps, strict=True)
            ]
            if not units:
                for (i, _, p), total in zip(at, sums, strict=True):
                    c.put(i, total, p)
                continue
            with builder.if_else(builder.trunc(keeps, ir.IntType(1))) as (kept, free):
                with kept:
                    for (i, v, p), total in zip(at, sums, strict=True):
                        if v + 1 < columns:
                            c.put(i, total, p)
                        else:
                            c.put_first(i, total, last, p)
                with free:
                    for (i, _, p), total in zip(at, sums, strict=True):
                        c.put(i, total, p)

    if not units:
        emit(here, [(v, p) for p in range(here.pieces) for v in range(columns)])
        return context.get_dummy_value()
    _emit_whole_or_half(builder, here, columns, last, L, emit)
    return context.get_dummy_value()


def _emit_whole_or_half(
    builder: Any,
    here: Registers,
    vectors: int,
    tail: Any,
    L: int,
    emit: Callable[[Registers, Sequence[tuple[int, int]]], None],
) -> None:
    """Emit a tile of units; of one lane value, or where registers are narrower of the last, half is enough if it is."""
    across = [(v, p) for v in range(vectors) for p in range(here.pieces)]
    if here.pieces == 1 and vectors > 1:
        emit(here, across)
        return
    narrow = [cell for cell in ((v, p) for v in range(vectors) for p in range(2))][:-1]
    with builder.if_else(builder.icmp_signed(">", tail, INDEX(L // 2))) as (whole, half):
        with whole:
            emit(here, across)
        with half:
            emit(here._replace(pieces=2), narrow)


def _add_instructions(
    tiles: dict[tuple[int, int], Callable[..., None]], kinds: Sequence[Any], emit: Callable[..., Any]
) -> None:
    for (rows, columns), function in tiles.items():

        @instruction(function, tuple(kinds), lambda *_: types.none)
        def _(context: Any, builder: Any, sig: Any, args: Any, rows: int = rows, columns: int = columns) -> Any:
            return emit(context, builder, sig, args, rows, columns)


_MATRICES = [types.BaseTuple] * 3
_add_instructions(_TILES, [*_MATRICES, types.BaseTuple, types.Integer, types.Boolean], _emit_tile)
_add_instructions(_UNITS_TILES, [*_MATRICES, types.BaseTuple, types.Integer, types.BaseTuple], _emit_units_tile)
_add_instructions(
    _WINDOW_TILES, [*_MATRICES, types.BaseTuple, types.Array, types.BaseTuple, types.Integer], _emit_window_tile
)
