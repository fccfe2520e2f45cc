"""What emits code for lane values: arrays as their numbers in memory, lane values in the registers there are, loops.

A lane value is 512 bits. Where registers are narrower, two or more hold one: its *pieces*. Left to LLVM, a loop over
sums in lane values would need more registers than there are, and each sum would go to memory and back at every step.
So loops that sum are emitted piece by piece, few enough sums at a time.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from llvmlite import ir
from numba import types
from numba.core import cgutils

from fnn.kernel.lane_types import LanesType, call_intrinsic, has_wide_registers, splat, vector_of

INDEX = ir.IntType(64)


class Registers(NamedTuple):
    """The registers of a processor: how many hold a lane value, and how many sums a loop keeps in them.

    A sum waits four cycles for its next step and two steps start a cycle: eight sums or more are to be under way.
    """

    pieces: int
    sums: int


def registers(context: Any) -> Registers:
    """Return what the processor that is compiled for has: 32 registers of 512 bits, or 16 of 256."""
    return Registers(1, 16) if has_wide_registers(context) else Registers(2, 8)


class Numbers:
    """An array in the code that is emitted. Index i is number i of a plain array, row i of a lane array."""

    def __init__(self, context: Any, builder: Any, array_type: types.Array, array: Any) -> None:
        self.builder, self.vector = builder, vector_of(LanesType(array_type.dtype))
        self.data, self.align = (
            context.make_array(array_type)(context, builder, array).data,
            array_type.dtype.bitwidth // 8,
        )
        self.plain = array_type.ndim == 1

    def _at(self, i: Any, lane: int = 0) -> Any:
        if not self.plain:
            i = self.builder.mul(i, INDEX(self.vector.count))
        return self.builder.gep(self.data, [self.builder.add(i, INDEX(lane))], inbounds=True)

    def number(self, i: Any) -> Any:
        """Return number i."""
        return self.builder.load(self._at(i))

    def one(self, i: Any, pieces: int = 1) -> Any:
        """Return number i of a plain array in every lane of a piece."""
        return splat(self.builder, self.number(i), self._piece(pieces))

    def lanes(self, i: Any, piece: int = 0, pieces: int = 1) -> Any:
        """Return a piece of the lane value at i."""
        vector = self._piece(pieces)
        address = self.builder.bitcast(self._at(i, piece * vector.count), vector.as_pointer())
        loaded = self.builder.load(address, typ=vector)
        loaded.align = self.align
        return loaded

    def put(self, i: Any, v: Any, piece: int = 0) -> None:
        """Store v as a piece of the lane value at i."""
        address = self._at(i, piece * v.type.count)
        stored = self.builder.store(v, self.builder.bitcast(address, v.type.as_pointer()))
        stored.align = self.align

    def put_first(self, i: Any, v: Any, count: Any, piece: int = 0) -> None:
        """Store those of the first `count` lanes that are in v; what lies behind is written back as it is."""
        builder, L = self.builder, v.type.count
        left = builder.sub(count, INDEX(piece * L))
        with builder.if_else(builder.icmp_signed("<", left, INDEX(L))) as (some, every):
            with some:
                places = ir.Constant(ir.VectorType(INDEX, L), [INDEX(k) for k in range(L)])
                mask = builder.icmp_signed("<", places, splat(builder, left, places.type))
                self.put(i, builder.select(mask, v, self.lanes(i, piece, self.vector.count // L)), piece)
            with every:
                self.put(i, v, piece)

    def _piece(self, pieces: int) -> ir.Type:
        return ir.VectorType(self.vector.element, self.vector.count // pieces)


def matrix_of(context: Any, builder: Any, kind: Any, value: Any) -> tuple[Numbers, list[Any]]:
    """Return a matrix's array, and where it starts and its steps."""
    array, *places = cgutils.unpack_tuple(builder, value)
    return Numbers(context, builder, kind.types[0], array), places


def either(builder: Any, condition: Any, there: Callable[[], list[Any]], otherwise: list[Any]) -> list[Any]:
    """Emit what gives the values of `there()` where the condition holds, else the others."""
    before = builder.block
    with builder.if_then(condition):
        values = there()
        inside = builder.block
    chosen = []
    for value, other in zip(values, otherwise, strict=True):
        merged = _phi(builder, other, before)
        merged.add_incoming(value, inside)
        chosen.append(merged)
    return chosen


def _phi(builder: Any, value: Any, block: Any) -> Any:
    phi = builder.phi(value.type)
    phi.add_incoming(value, block)
    return phi


# The operand of a row, or of a column, of a tile at step k: `operand(k, places, key)`, at places that move with k.
Operand = Callable[[Any, Sequence[Any], Any], Any]


def sum_products(
    builder: Any,
    depth: Any,
    moving: Sequence[tuple[Any, Any]],
    cells: Sequence[tuple[Any, Any]],
    totals: Sequence[Any],
    row: Operand,
    column: Operand,
) -> list[Any]:
    """Emit a loop over k that adds to each total the product of its row's operand and its column's; return the sums.

    depth: how often, at least once. moving: starts and steps of places that move with k. cells: each total's keys, of
    its row and of its column.
    """
    begun, loop, done = builder.block, builder.append_basic_block("loop"), builder.append_basic_block("done")
    builder.branch(loop)
    builder.position_at_end(loop)
    phis = [_phi(builder, value, begun) for value in (INDEX(0), *(start for start, _ in moving), *totals)]
    k, places, sums = phis[0], phis[1 : 1 + len(moving)], phis[1 + len(moving) :]
    columns = {key: column(k, places, key) for key in dict.fromkeys(key for _, key in cells)}
    rows = {key: row(k, places, key) for key in dict.fromkeys(key for key, _ in cells)}
    added = [
        call_intrinsic(builder, "fma", rows[r], columns[v], total) for (r, v), total in zip(cells, sums, strict=True)
    ]
    moved = [builder.add(place, step) for place, (_, step) in zip(places, moving, strict=True)]
    following = builder.add(k, INDEX(1)), *moved, *added
    for phi, value in zip(phis, following, strict=True):
        phi.add_incoming(value, loop)
    builder.cbranch(builder.icmp_signed("<", following[0], depth), loop, done)
    builder.position_at_end(done)
    return added
