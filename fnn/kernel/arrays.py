"""Arrays as the parts of kernels hand them on: as a plain row of numbers, and as a matrix that lies in one.

Both are instructions, not functions: Numba would compile a function anew for each constant that it is called with.
"""

from typing import Any

from numba import types
from numba.np.arrayobj import populate_array
from numpy.typing import NDArray

from fnn.kernel.lane_types import instruction

Matrix = tuple[NDArray[Any], int, int, int]


def flat(a: NDArray[Any]) -> NDArray[Any]:
    """Return an array as a plain one: the same numbers, row after row."""
    return a.reshape(a.size)


def matrix(a: NDArray[Any], start: int, row_step: int, column_step: int) -> Matrix:
    """Return where in an array a matrix starts, and the steps to its next row and its next column."""
    return a, start, row_step, column_step


def _row_of(array: types.Array) -> types.Array:
    return types.Array(array.dtype, 1, "C")


@instruction(flat, (types.Array,), _row_of)
def _flat(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    whole = context.make_array(sig.args[0])(context, builder, args[0])
    row = context.make_array(sig.return_type)(context, builder)
    populate_array(row, whole.data, [whole.nitems], [whole.itemsize], whole.itemsize, meminfo=None)
    return row._getvalue()  # Numba has no other name for it


@instruction(matrix, (types.Array, *[types.Integer] * 3), lambda a, *_: types.Tuple((a, *[types.int64] * 3)))
def _matrix(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    places = [context.cast(builder, v, kind, types.int64) for v, kind in zip(args[1:], sig.args[1:], strict=True)]
    return context.make_tuple(builder, sig.return_type, [args[0], *places])
