"""Lane values at any place of a plain array, as where units lie in the lanes.

Where networks lie in the lanes, row i of a lane array is one number of L networks. Where units do, a matrix is a plain
array, row after row, and L of its numbers side by side are a lane value, wherever they start. `load(a, i)` of a plain
array is its number i in every lane; `load_from(a, i)` is the L numbers from number i on.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numpy.typing import NDArray

from fnn.kernel import lane_types
from fnn.kernel.arrays import Matrix
from fnn.kernel.emitter import INDEX, Numbers, matrix_of
from fnn.kernel.jit import policy
from fnn.kernel.lane_types import LanesType, instruction, lanes_of
from fnn.kernel.simd import WIDTH, Lanes


def load_from(a: NDArray[Any], i: int) -> Lanes:
    """Return the L numbers from number i of a plain array on."""
    lanes: Lanes = a[i : i + WIDTH[a.dtype]].copy()
    return lanes


def store_row(a: NDArray[Any], i: int, v: Lanes) -> None:
    """Put all lanes of v at number i of a plain array and after."""
    a[i : i + len(v)] = v


def store_first(a: NDArray[Any], i: int, v: Lanes, count: int) -> None:
    """Put the first `count` lanes of v at number i of a plain array and after."""
    a[i : i + min(len(v), count)] = v[:count]


def load_like(a: NDArray[Any], i: int, v: Lanes) -> Lanes:
    """Return the numbers from number i of a plain array on, as many as v has lanes."""
    lanes: Lanes = a[i : i + len(v)].copy()
    return lanes


def number(a: NDArray[Any], i: int) -> Any:
    """Return number i of a plain array; i is not looked at, where Numba would see whether it counts from behind."""
    return a[i]


def half(v: Lanes) -> Lanes:
    """Return the first half of the lanes."""
    return v[: len(v) // 2]


def has_wide_registers(_a: NDArray[Any]) -> bool:
    """Return whether the processor has registers of 512 bits, which a tile of many lane values needs."""
    return True


@policy
def row_of(count, L):
    """Return how many numbers are a row of `count` in full lanes."""
    return (count + L - 1) // L * L


def transpose_into(b_matrix: Matrix, a_matrix: Matrix) -> None:
    """Write L rows of L numbers of a as columns of b."""
    (b, b0, br, _), (a, a0, ar, _) = b_matrix, a_matrix
    for r in range(WIDTH[a.dtype]):
        for k in range(WIDTH[a.dtype]):
            b[b0 + k * br + r] = a[a0 + r * ar + k]


@instruction(load_from, (types.Array, types.Integer), lanes_of)
def _load_from(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return Numbers(context, builder, sig.args[0], args[0]).lanes(args[1])


@instruction(store_row, (types.Array, types.Integer, LanesType), lambda *_: types.none)
def _store_row(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    Numbers(context, builder, sig.args[0], args[0]).put(*args[1:])
    return context.get_dummy_value()


@instruction(load_like, (types.Array, types.Integer, LanesType), lambda _, __, v: v)
def _load_like(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    pieces = 512 // sig.return_type.scalar.bitwidth // sig.return_type.count
    return Numbers(context, builder, sig.args[0], args[0]).lanes(args[1], 0, pieces)


@instruction(number, (types.Array, types.Integer), lambda a, _: a.dtype)
def _number(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    data = context.make_array(sig.args[0])(context, builder, args[0]).data
    return builder.load(builder.gep(data, [args[1]], inbounds=True))


@instruction(has_wide_registers, (types.Array,), lambda _: types.boolean)
def _has_wide_registers(context: Any, _builder: Any, _sig: Any, _args: Any) -> Any:
    return context.get_constant(types.boolean, lane_types.has_wide_registers(context))


@instruction(half, (LanesType,), lambda v: LanesType(v.scalar, v.count // 2))
def _half(_context: Any, builder: Any, sig: Any, args: Any) -> Any:
    places = ir.Constant(ir.VectorType(ir.IntType(32), sig.return_type.count), list(range(sig.return_type.count)))
    return builder.shuffle_vector(args[0], args[0], places)


@instruction(store_first, (types.Array, types.Integer, LanesType, types.Integer), lambda *_: types.none)
def _store_first(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    array, i, v, count = args
    Numbers(context, builder, sig.args[0], array).put_first(i, v, count)
    return context.get_dummy_value()


@instruction(transpose_into, (types.BaseTuple, types.BaseTuple), lambda *_: types.none)
def _transpose(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    (b, (b0, br, _)), (a, (a0, ar, _)) = (
        matrix_of(context, builder, *pair) for pair in zip(sig.args, args, strict=True)
    )
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
