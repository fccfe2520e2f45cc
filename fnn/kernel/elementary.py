"""`fnn.elementary`, compiled: the same functions, number by number; LLVM makes vectors of loops over them."""

from typing import Any

from llvmlite import ir
from numba import types

from fnn import elementary
from fnn.kernel.jit import entry, shared
from fnn.kernel.lane_types import instruction


@instruction(elementary.to_bits, (types.Float,), lambda _: types.int64)
def _to_bits(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
    return builder.bitcast(args[0], ir.IntType(64))


@instruction(elementary.from_bits, (types.Integer,), lambda _: types.float64)
def _from_bits(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
    return builder.bitcast(args[0], ir.DoubleType())


for _function in (elementary.log, elementary.cos_sin, elementary.exp_product):
    shared(_function)


@entry
def exp_product_into(values, high, low, p):
    """Write `elementary.exp_product`. values: (B, E, L); high, low, p: the same, or 1 for B or E."""
    B, E, L = values.shape
    for b in range(B):
        for e in range(E):
            log_b, log_e = min(b, high.shape[0] - 1), min(e, high.shape[1] - 1)
            p_b, p_e = min(b, p.shape[0] - 1), min(e, p.shape[1] - 1)
            for k in range(L):
                values[b, e, k] = elementary.exp_product(high[log_b, log_e, k], low[log_b, log_e, k], p[p_b, p_e, k])
