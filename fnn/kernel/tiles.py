"""Lane values at any place of a plain array, and the tiles of matrix products in which units lie in the lanes.

Where networks lie in the lanes, row i of a lane array is one number of L networks. Where units do, a matrix is a plain
array, row after row, and L of its numbers side by side are a lane value, wherever they start. `load(a, i)` of a plain
array is its number i in every lane; `load_from(a, i)` is the L numbers from number i on.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numpy.typing import NDArray

from fnn.kernel.arrays import Matrix
from fnn.kernel.lane_types import LanesType, call_intrinsic, instruction, lanes_of, splat, vector_of
from fnn.kernel.simd import WIDTH, Lanes

INDEX = ir.IntType(64)


def load_from(a: NDArray[Any], i: int) -> Lanes:
    """Return the L numbers from number i of a plain array on."""
    lanes: Lanes = a[i : i + WIDTH[a.dtype]].copy()
    return lanes


def store_row(a: NDArray[Any], i: int, v: Lanes) -> None:
    """Put all lanes of v at number i of a plain array and after."""
    a[i : i + len(v)] = v


def transpose_into(b_matrix: Matrix, a_matrix: Matrix) -> None:
    """Write L rows of L numbers of a as columns of b."""
    (b, b0, br, _), (a, a0, ar, _) = b_matrix, a_matrix
    for r in range(WIDTH[a.dtype]):
        for k in range(WIDTH[a.dtype]):
            b[b0 + k * br + r] = a[a0 + r * ar + k]


class _Numbers:
    """A plain array in the code that is emitted: lane values at places of it."""

    def __init__(self, context: Any, builder: Any, array_type: types.Array, array: Any) -> None:
        self.builder, self.vector = builder, vector_of(LanesType(array_type.dtype))
        self.data, self.align = (
            context.make_array(array_type)(context, builder, array).data,
            array_type.dtype.bitwidth // 8,
        )

    def _at(self, i: Any) -> Any:
        return self.builder.gep(self.data, [i], inbounds=True)

    def one(self, i: Any) -> Any:
        """Return number i in every lane."""
        return splat(self.builder, self.builder.load(self._at(i)), self.vector)

    def lanes(self, i: Any) -> Any:
        """Return the numbers from i on."""
        address = self.builder.bitcast(self._at(i), self.vector.as_pointer())
        loaded = self.builder.load(address, typ=self.vector)
        loaded.align = self.align
        return loaded

    def put(self, i: Any, v: Any) -> None:
        """Store v at number i and after."""
        stored = self.builder.store(v, self.builder.bitcast(self._at(i), self.vector.as_pointer()))
        stored.align = self.align

    def put_first(self, i: Any, v: Any, count: Any) -> None:
        """Store the first `count` lanes of v; what lies behind is written back as it is."""
        builder, L = self.builder, self.vector.count
        with builder.if_else(builder.icmp_signed("<", count, INDEX(L))) as (some, every):
            with some:
                places = ir.Constant(ir.VectorType(INDEX, L), [INDEX(k) for k in range(L)])
                mask = builder.icmp_signed("<", places, splat(builder, count, places.type))
                self.put(i, builder.select(mask, v, self.lanes(i)))
            with every:
                self.put(i, v)


@instruction(load_from, (types.Array, types.Integer), lanes_of)
def _load_from(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return _Numbers(context, builder, sig.args[0], args[0]).lanes(args[1])


@instruction(store_row, (types.Array, types.Integer, LanesType), lambda *_: types.none)
def _store_row(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    _Numbers(context, builder, sig.args[0], args[0]).put(*args[1:])
    return context.get_dummy_value()


def _matrix(context: Any, builder: Any, kind: Any, value: Any) -> tuple[_Numbers, list[Any]]:
    """Return a matrix's array, and where it starts and its steps."""
    array, *places = cgutils.unpack_tuple(builder, value)
    return _Numbers(context, builder, kind.types[0], array), places


@instruction(transpose_into, (types.BaseTuple, types.BaseTuple), lambda *_: types.none)
def _transpose(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    (b, (b0, br, _)), (a, (a0, ar, _)) = (_matrix(context, builder, *pair) for pair in zip(sig.args, args, strict=True))
    L = a.vector.count

    def interleaved(v: Any, w: Any, half: int) -> Any:
        places = [k // 2 + half * L // 2 + L * (k % 2) for k in range(L)]
        return builder.shuffle_vector(v, w, ir.Constant(ir.VectorType(ir.IntType(32), L), places))

    rows = [a.lanes(builder.add(a0, builder.mul(INDEX(r), ar))) for r in range(L)]
    # A perfect shuffle of all L·L numbers is a turn of the index's bits by one: log₂ L of them swap row and column.
    for _ in range(L.bit_length() - 1):
        rows = [interleaved(rows[r // 2], rows[r // 2 + L // 2], r % 2) for r in range(L)]
    for k, row in enumerate(rows):
        b.put(builder.add(b0, builder.mul(INDEX(k), br)), row)
    return context.get_dummy_value()


def _either(builder: Any, condition: Any, there: Callable[[], list[Any]], otherwise: list[Any]) -> list[Any]:
    """Emit what gives the values of `there()` where the condition holds, else the others."""
    before = builder.block
    with builder.if_then(condition):
        values = there()
        inside = builder.block
    chosen = []
    for value, other in zip(values, otherwise, strict=True):
        phi = _phi(builder, other, before)
        phi.add_incoming(value, inside)
        chosen.append(phi)
    return chosen


def _phi(builder: Any, value: Any, block: Any) -> Any:
    phi = builder.phi(value.type)
    phi.add_incoming(value, block)
    return phi


def _tile(rows: int, vectors: int) -> Callable[..., None]:
    """Return what computes `rows` times `vectors` lane values of a product, all of them in registers."""

    def tile(c_matrix: Matrix, a_matrix: Matrix, b_matrix: Matrix, place: Any, depth: int, flags: Any) -> None:
        """Write a tile of c = a·b, or of c += a·b where `add`, summed in the order of k, the `depth` columns of a.

        place: its row and its column in c, and how many columns there are from there on. flags: add, and whether row
        `depth` of b is added at the end.
        """
        (c, c0, cr, _), (a, a0, ar, ak), (b, b0, bk, _) = c_matrix, a_matrix, b_matrix
        (row, column, columns), (add, biased) = place, flags
        c0, a0, b0, tail = c0 + row * cr + column, a0 + row * ar, b0 + column, columns - (vectors - 1) * WIDTH[c.dtype]
        width = (vectors - 1) * WIDTH[c.dtype] + min(tail, WIDTH[c.dtype])
        for r in range(rows):
            total = c[c0 + r * cr : c0 + r * cr + width] if add else np.zeros(width, c.dtype)
            for k in range(depth):
                total = a[a0 + r * ar + k * ak] * b[b0 + k * bk : b0 + k * bk + width] + total
            c[c0 + r * cr : c0 + r * cr + width] = total + b[b0 + depth * bk :][:width] if biased else total

    tile.__name__ = f"tile_{rows}x{vectors}"
    return tile


# The sums of a tile wait for each other four cycles long, two start a cycle: eight or more are to be under way.
tile_4x4, tile_1x4 = _tile(4, 4), _tile(1, 4)
tile_8x2, tile_4x2, tile_1x2 = _tile(8, 2), _tile(4, 2), _tile(1, 2)
tile_8x1, tile_4x1, tile_1x1 = _tile(8, 1), _tile(4, 1), _tile(1, 1)
_TILES = {
    **{(4, 4): tile_4x4, (1, 4): tile_1x4, (8, 2): tile_8x2, (4, 2): tile_4x2, (1, 2): tile_1x2},
    **{(8, 1): tile_8x1, (4, 1): tile_4x1, (1, 1): tile_1x1},
}
_KINDS = (*[types.BaseTuple] * 4, types.Integer, types.BaseTuple)

for (_rows, _vectors), _function in _TILES.items():

    @instruction(_function, _KINDS, lambda *_: types.none)
    def _emit_tile(context: Any, builder: Any, sig: Any, args: Any, rows: int = _rows, vectors: int = _vectors) -> Any:
        *matrices, place, depth, flags = args
        (c, (c0, cr, _)), (a, (a0, ar, ak)), (b, (b0, bk, _)) = (
            _matrix(context, builder, *pair) for pair in zip(sig.args, matrices, strict=False)
        )
        first, column, columns = cgutils.unpack_tuple(builder, place)
        add, biased = (builder.trunc(flag, ir.IntType(1)) for flag in cgutils.unpack_tuple(builder, flags))
        c0, a0 = (builder.add(start, builder.mul(first, step)) for start, step in ((c0, cr), (a0, ar)))
        c0, b0 = builder.add(c0, column), builder.add(b0, column)
        tail = builder.sub(columns, INDEX((vectors - 1) * c.vector.count))
        L, places = c.vector.count, [(r, v) for r in range(rows) for v in range(vectors)]
        zeros = [ir.Constant(c.vector, None)] * len(places)

        def shifted(start: Any, step: Any, r: int, v: int = 0) -> Any:
            return builder.add(builder.add(start, builder.mul(step, INDEX(r))), INDEX(v * L))

        totals = _either(builder, add, lambda: [c.lanes(shifted(c0, cr, r, v)) for r, v in places], zeros)
        begun, loop, done = builder.block, builder.append_basic_block("loop"), builder.append_basic_block("done")
        builder.branch(loop)
        builder.position_at_end(loop)
        counted, ai, bi, *sums = (_phi(builder, v, begun) for v in (INDEX(0), a0, b0, *totals))
        row = [b.lanes(builder.add(bi, INDEX(v * L))) for v in range(vectors)]
        spread = [a.one(shifted(ai, ar, r)) for r in range(rows)]
        added = [
            call_intrinsic(builder, "fma", spread[r], row[v], total) for (r, v), total in zip(places, sums, strict=True)
        ]
        following = builder.add(counted, INDEX(1)), builder.add(ai, ak), builder.add(bi, bk), *added
        for phi, value in zip((counted, ai, bi, *sums), following, strict=True):
            phi.add_incoming(value, loop)
        builder.cbranch(builder.icmp_signed("<", following[0], depth), loop, done)
        builder.position_at_end(done)
        bias = builder.add(b0, builder.mul(depth, bk))

        def with_bias() -> list[Any]:
            last = [b.lanes(builder.add(bias, INDEX(v * L))) for v in range(vectors)]
            return [builder.fadd(total, last[v]) for (_, v), total in zip(places, added, strict=True)]

        for (r, v), total in zip(places, _either(builder, biased, with_bias, added), strict=True):
            if v + 1 < vectors:
                c.put(shifted(c0, cr, r, v), total)
            else:
                c.put_first(shifted(c0, cr, r, v), total, tail)
        return context.get_dummy_value()
