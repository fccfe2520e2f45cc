"""The code of tiles: what `tiles` says in Python, emitted so that all sums stay in the registers there are.

A tile is cut into groups of cells, a row and a piece of a column each, and each group is a loop over k.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from llvmlite import ir
from numba.core import cgutils

from fnn.kernel.emitter import INDEX, Numbers, Registers, either, matrix_of, registers, sum_products

# A row, and a column with a piece of it.
Column = tuple[int, int]
Cell = tuple[int, Column]
# Columns that a group has where registers are few: of networks, whose rows are loaded too, and of units.
_STRIP, _UNITS_STRIP = 4, 2


def _groups(rows: int, across: Sequence[Column], here: Registers, strip: int) -> Iterator[list[Cell]]:
    """Yield the cells of a tile in groups whose sums stay in registers, strip after strip of columns."""
    width = len(across) if here.pieces == 1 else min(len(across), strip)
    height = max(1, here.sums // width)
    for at in range(0, len(across), width):
        for row in range(0, rows, height):
            yield [(r, column) for r in range(row, min(row + height, rows)) for column in across[at : at + width]]


def _zeros(c: Numbers, pieces: int, count: int) -> list[Any]:
    return [ir.Constant(ir.VectorType(c.vector.element, c.vector.count // pieces), None)] * count


def _shifted(builder: Any, start: Any, *steps: tuple[Any, int]) -> Any:
    """Emit start + Σ step · count."""
    for step, count in steps:
        start = builder.add(start, builder.mul(step, INDEX(count)))
    return start


def _value(of: Numbers, i: Any, piece: int, pieces: int) -> Any:
    """Emit a piece of what is at i: a lane value, or of a plain array a number that all lanes share."""
    return of.one(i, pieces) if of.plain else of.lanes(i, piece, pieces)


def _by_piece(a: Numbers, cells: Sequence[Cell]) -> list[tuple[Any, Column]]:
    """Return the keys of cells: a row's operand depends on the piece too, unless all lanes share it."""
    return [((r, 0 if a.plain else p), (v, p)) for r, (v, p) in cells]


def emit_tile(context: Any, builder: Any, sig: Any, args: Any, rows: int, columns: int) -> Any:
    """Emit a tile of a product of networks."""
    *matrices, place, depth, add = args
    (c, (c0, cr, cc)), (a, (a0, ar, ak)), (b, (b0, bk, bc)) = (
        matrix_of(context, builder, *pair) for pair in zip(sig.args, matrices, strict=False)
    )
    (first, column), add, here = cgutils.unpack_tuple(builder, place), _flag(builder, add), registers(context)
    c0 = builder.add(builder.add(c0, builder.mul(first, cr)), builder.mul(column, cc))
    a0, b0 = builder.add(a0, builder.mul(first, ar)), builder.add(b0, builder.mul(column, bc))

    def of_row(_: Any, places: Sequence[Any], key: tuple[int, int]) -> Any:
        return _value(a, _shifted(builder, places[0], (ar, key[0])), key[1], here.pieces)

    def of_column(_: Any, places: Sequence[Any], key: Column) -> Any:
        return _value(b, _shifted(builder, places[1], (bc, key[0])), key[1], here.pieces)

    for cells in _groups(rows, [(v, p) for p in range(here.pieces) for v in range(columns)], here, _STRIP):
        at = [(_shifted(builder, c0, (cr, r), (cc, v)), p) for r, (v, p) in cells]

        def added(at: Sequence[tuple[Any, int]] = at) -> list[Any]:
            return [c.lanes(i, p, here.pieces) for i, p in at]

        begun = either(builder, add, added, _zeros(c, here.pieces, len(at)))
        sums = sum_products(
            builder, depth, [(a0, ak), (b0, bk)], _by_piece(a, cells), begun, of_row, of_column
        )  # fmt: skip
        for (i, p), total in zip(at, sums, strict=True):
            c.put(i, total, p)
    return context.get_dummy_value()


def emit_units_tile(context: Any, builder: Any, sig: Any, args: Any, rows: int, vectors: int) -> Any:
    """Emit a tile of a product of units: one of many lane values only where registers hold them."""
    if vectors > 1 and registers(context).pieces > 1:
        return context.get_dummy_value()
    *matrices, place, depth, flags = args
    (c, (c0, cr, _)), (a, (a0, ar, ak)), (b, (b0, bk, _)) = (
        matrix_of(context, builder, *pair) for pair in zip(sig.args, matrices, strict=False)
    )
    (first, column, columns), L = cgutils.unpack_tuple(builder, place), c.vector.count
    add, biased = (_flag(builder, flag) for flag in cgutils.unpack_tuple(builder, flags))
    c0, a0 = (builder.add(start, builder.mul(first, step)) for start, step in ((c0, cr), (a0, ar)))
    c0, b0 = builder.add(c0, column), builder.add(b0, column)
    bias, tail = builder.add(b0, builder.mul(depth, bk)), builder.sub(columns, INDEX((vectors - 1) * L))

    def emit(here: Registers, across: Sequence[Column]) -> None:
        def of_b(start: Any, key: Column) -> Any:
            return b.lanes(builder.add(start, INDEX(key[0] * L)), key[1], here.pieces)

        def of_row(_: Any, places: Sequence[Any], r: int) -> Any:
            return a.one(_shifted(builder, places[0], (ar, r)), here.pieces)

        def of_column(_: Any, places: Sequence[Any], key: Column) -> Any:
            return of_b(places[1], key)

        for cells in _groups(rows, across, here, _UNITS_STRIP):
            at = [(_shifted(builder, c0, (cr, r), (INDEX(L), v)), v, p) for r, (v, p) in cells]

            def added(at: Sequence[tuple[Any, int, int]] = at) -> list[Any]:
                return [c.lanes(i, p, here.pieces) for i, _, p in at]

            begun = either(builder, add, added, _zeros(c, here.pieces, len(at)))
            sums = sum_products(builder, depth, [(a0, ak), (b0, bk)], cells, begun, of_row, of_column)

            def with_bias(cells: Sequence[Cell] = cells, sums: Sequence[Any] = sums) -> list[Any]:
                last = {key: of_b(bias, key) for key in dict.fromkeys(key for _, key in cells)}
                return [builder.fadd(total, last[key]) for (_, key), total in zip(cells, sums, strict=True)]

            _put(c, at, either(builder, biased, with_bias, sums), vectors, tail)

    _whole_or_half(builder, registers(context), vectors, tail, L, emit)
    return context.get_dummy_value()


def emit_window_tile(context: Any, builder: Any, sig: Any, args: Any, rows: int, columns: int) -> Any:
    """Emit a tile of what is seen through a window, of networks or of units, of these as `emit_units_tile` does."""
    if columns > 1 and sig.args[0].types[0].ndim == 1 and registers(context).pieces > 1:
        return context.get_dummy_value()
    *matrices, listed, place, depth = args
    (c, (c0, c_rows, cc)), (a, (a0, a_rows, a_columns)), (b, (b0, bk, bc)), (s, (s0, s_rows, sc)) = (
        matrix_of(context, builder, *pair) for pair in zip(sig.args, matrices, strict=False)
    )
    offsets, units, L = Numbers(context, builder, sig.args[4], listed), c.plain, c.vector.count
    first, column, left, keeps = cgutils.unpack_tuple(builder, place)
    c0, b0, s0 = (builder.add(start, builder.mul(column, step)) for start, step in ((c0, cc), (b0, bc), (s0, sc)))
    last = builder.sub(left, INDEX((columns - 1) * L))

    def places_of(start: Any, rows_from: Any) -> list[Any]:
        at = builder.add(rows_from, first)
        return [builder.add(start, offsets.number(builder.add(at, INDEX(r)))) for r in range(rows)]

    c_places, a_places, s_places = places_of(c0, c_rows), places_of(a0, a_rows), places_of(s0, s_rows)

    def lanes(of: Numbers, i: Any, step: Any, key: Column, pieces: int) -> Any:
        if units:
            return of.lanes(builder.add(i, INDEX(key[0] * L)), key[1], pieces)
        return _value(of, _shifted(builder, i, (step, key[0])), key[1], pieces)

    def emit(here: Registers, across: Sequence[Column]) -> None:
        def of_row(k: Any, _: Sequence[Any], key: tuple[int, int]) -> Any:
            seen = offsets.number(builder.add(a_columns, k))
            return _value(a, builder.add(a_places[key[0]], seen), key[1], here.pieces)

        def of_column(_: Any, places: Sequence[Any], key: Column) -> Any:
            return lanes(b, places[0], bc, key, here.pieces)

        for cells in _groups(rows, across, here, _UNITS_STRIP if units else _STRIP):
            begun = [lanes(s, s_places[r], sc, key, here.pieces) for r, key in cells]
            sums = sum_products(builder, depth, [(b0, bk)], _by_piece(a, cells), begun, of_row, of_column)
            step = INDEX(L) if units else cc
            at = [(_shifted(builder, c_places[r], (step, v)), v, p) for r, (v, p) in cells]
            with builder.if_else(_flag(builder, keeps)) as (kept, free):
                with kept:
                    _put(c, at, sums, columns if units else columns + 1, last)
                with free:
                    _put(c, at, sums, columns + 1, last)

    if units:
        _whole_or_half(builder, registers(context), columns, last, L, emit)
    else:
        here = registers(context)
        emit(here, [(v, p) for p in range(here.pieces) for v in range(columns)])
    return context.get_dummy_value()


def _flag(builder: Any, flag: Any) -> Any:
    return builder.trunc(flag, ir.IntType(1))


def _put(c: Numbers, at: Sequence[tuple[Any, int, int]], sums: Sequence[Any], vectors: int, tail: Any) -> None:
    """Emit the stores of sums at their places; of the last of so many lane values of a row, only so many lanes."""
    for (i, v, p), total in zip(at, sums, strict=True):
        if v + 1 < vectors:
            c.put(i, total, p)
        else:
            c.put_first(i, total, tail, p)


def _whole_or_half(
    builder: Any, here: Registers, vectors: int, tail: Any, L: int, emit: Callable[[Registers, Sequence[Column]], None]
) -> None:
    """Emit a tile of units; of one lane value, for all of it and for its first half, which is all of a narrow layer.

    So what lies behind that half is left alone whatever the registers.
    """
    if vectors > 1:
        emit(here, [(v, 0) for v in range(vectors)])
        return
    with builder.if_else(builder.icmp_signed(">", tail, INDEX(L // 2))) as (whole, half):
        with whole:
            emit(here, [(0, p) for p in range(here.pieces)])
        with half:
            emit(here._replace(pieces=2), [(0, 0)])
