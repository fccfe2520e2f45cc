"""The lane value: the same number of many networks, side by side in one SIMD register.

A small network leaves a SIMD unit idle: a 4x4 layer is no work for a matrix product. So the kernel turns the stack
sideways. It reads as the training of one network, but every number in it is a row of L numbers, one for each of L
networks: 16 of float32, 8 of float64. Nothing is ever summed across a row, so no width is wasted, and what a network
computes cannot depend on its neighbours.

A *lane array* is a C-contiguous array (rows, L), and `load(a, i)` takes its row i as a lane value. Lane values know
arithmetic (+ − · /), comparisons, which give masks, and the functions of this file; `store(a, i, v)` puts one back.

Each function here is plain Python on NumPy rows of any length L, which is what it means. For compiled code, Numba is
told what instruction each function is (`lane_types` has the types).

So a kernel written with these functions runs in two ways: compiled, and with NUMBA_DISABLE_JIT=1 as NumPy, slowly,
to be read, tested and measured for coverage. Another target would have to supply these functions and no more.
"""

import operator
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numpy.typing import NDArray

from fnn.kernel.lane_types import (
    LanesType,
    MaskType,
    call_intrinsic,
    has_wide_registers,
    instruction,
    lanes_of,
    mask_of,
    same_lanes,
    splat,
    vector_of,
)

Lanes = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]

# One 512-bit register. Where registers are narrower, LLVM takes two or four for a lane value.
WIDTH = {np.dtype(np.float32): 16, np.dtype(np.float64): 8}

# ---- arithmetic and comparison: the operators themselves ----

for _operator, _name in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):

    @instruction(_operator, (LanesType, LanesType), same_lanes)
    def _arithmetic(_context: Any, builder: Any, _sig: Any, args: Any, name: str = _name) -> Any:
        return getattr(builder, name)(*args)


for _operator, _name in (
    (operator.lt, "<"),
    (operator.le, "<="),
    (operator.gt, ">"),
    (operator.ge, ">="),
    (operator.eq, "=="),
):

    @instruction(_operator, (LanesType, LanesType), mask_of)
    def _comparison(_context: Any, builder: Any, _sig: Any, args: Any, name: str = _name) -> Any:
        return builder.fcmp_ordered(name, *args)


for _operator, _name in ((operator.and_, "and_"), (operator.or_, "or_")):

    @instruction(_operator, (MaskType, MaskType), mask_of)
    def _logic(_context: Any, builder: Any, _sig: Any, args: Any, name: str = _name) -> Any:
        return getattr(builder, name)(*args)


@instruction(operator.neg, (LanesType,), same_lanes)
def _negate(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
    return builder.fneg(args[0])


# ---- memory ----


def load(a: NDArray[Any], i: int) -> Lanes:
    """Return row i of a lane array; of a plain array (rows,), its number i for every lane."""
    row: Lanes = a[i].copy()
    return row


def store(a: NDArray[Any], i: int, v: Lanes) -> None:
    """Put a lane value into row i of a lane array."""
    a[i] = v


def spread(a: NDArray[Any], value: float) -> Lanes:
    """Return a lane value with one number in every lane, of the kind `load(a, ...)` gives."""
    return np.full(a.shape[-1], value, a.dtype)


def _address(context: Any, builder: Any, array_type: types.Array, array: Any, index: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    vector = vector_of(LanesType(array_type.dtype))
    return builder.gep(builder.bitcast(data, vector.as_pointer()), [index], inbounds=True)


@instruction(load, (types.Array, types.Integer), lanes_of)
def _load(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    if sig.args[0].ndim == 1:
        data = context.make_array(sig.args[0])(context, builder, args[0]).data
        return splat(builder, builder.load(builder.gep(data, [args[1]], inbounds=True)), vector_of(sig.return_type))
    loaded = builder.load(_address(context, builder, sig.args[0], *args), typ=vector_of(sig.return_type))
    loaded.align = sig.args[0].dtype.bitwidth // 8  # NumPy promises no more; on a cache line it costs nothing
    return loaded


@instruction(store, (types.Array, types.Integer, LanesType), lambda *_: types.none)
def _store(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    stored = builder.store(args[2], _address(context, builder, sig.args[0], *args[:2]))
    stored.align = sig.args[0].dtype.bitwidth // 8
    return context.get_dummy_value()


@instruction(spread, (types.Array, types.Number), lanes_of)
def _spread(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    scalar = context.cast(builder, args[1], sig.args[1], sig.return_type.scalar)
    return splat(builder, scalar, vector_of(sig.return_type))


# ---- functions ----


def fma(a: Lanes, b: Lanes, c: Lanes) -> Lanes:
    """Return a·b + c, rounded once where it is compiled."""
    return a * b + c


def sqrt(a: Lanes) -> Lanes:
    """Return √a, correctly rounded."""
    return np.sqrt(a)


def magnitude(a: Lanes) -> Lanes:
    """Return |a|."""
    return np.abs(a)


def rounded(a: Lanes) -> Lanes:
    """Return the nearest whole number, the even one of two."""
    return np.rint(a)


def select(mask: Mask, a: Lanes, b: Lanes) -> Lanes:
    """Return a where the mask is true, else b."""
    return np.where(mask, a, b)


def any_lane(mask: Mask) -> bool:
    """Return whether the mask is true in any lane."""
    return bool(mask.any())


def scale(a: Lanes, n: Lanes) -> Lanes:
    """Return a·2ⁿ for whole numbers n, rounded once: also where that is subnormal, infinite or NaN."""
    return np.ldexp(a, np.nan_to_num(n, nan=0).astype(np.int32))


def scale_by_halves(a: Lanes, n: Lanes) -> Lanes:
    """Return `scale` as it is computed where the processor has no instruction for it."""
    return scale(a, n)


for _function, _name in ((fma, "fma"), (sqrt, "sqrt"), (magnitude, "fabs"), (rounded, "rint")):

    @instruction(_function, (LanesType,) * (3 if _function is fma else 1), same_lanes)
    def _call(_context: Any, builder: Any, _sig: Any, args: Any, name: str = _name) -> Any:
        return call_intrinsic(builder, name, *args)


@instruction(select, (MaskType, LanesType, LanesType), lambda _, a, __: a)
def _select(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
    return builder.select(*args)


@instruction(any_lane, (MaskType,), lambda _: types.boolean)
def _any(_context: Any, builder: Any, sig: Any, args: Any) -> Any:
    bits = ir.IntType(sig.args[0].count)
    return builder.icmp_unsigned("!=", builder.bitcast(args[0], bits), bits(0))


@instruction(scale, (LanesType, LanesType), same_lanes)
def _scale(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    if not has_wide_registers(context):
        return _by_halves(context, builder, sig, args)
    a, n = args
    every, rounding = ir.IntType(a.type.count), ir.IntType(32)
    kind = ir.FunctionType(a.type, [a.type, a.type, a.type, every, rounding])
    name = f"llvm.x86.avx512.mask.scalef.{'ps' if sig.return_type.scalar.bitwidth == 32 else 'pd'}.512"
    called = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
    return builder.call(called, [a, n, a, every(-1), rounding(4)])  # 4: round as everything else does


@instruction(scale_by_halves, (LanesType, LanesType), same_lanes)
def _by_halves(_context: Any, builder: Any, sig: Any, args: Any) -> Any:
    """Multiply by 2^(n/2) twice, made from its bits: what is rounded is only the second product."""
    a, n = args
    bits, mantissa, bias = (32, 23, 127) if sig.return_type.scalar.bitwidth == 32 else (64, 52, 1023)
    words = ir.VectorType(ir.IntType(bits), a.type.count)

    def constant(kind: ir.Type, value: Any) -> Any:
        return ir.Constant(kind, [kind.element(value)] * kind.count)

    # Adding 1.5·2^mantissa leaves a whole number in the low bits: with the bias, the exponent's.
    into_low_bits = constant(a.type, 1.5 * 2.0**mantissa + bias)
    half = call_intrinsic(builder, "rint", builder.fmul(n, constant(a.type, 0.5)))
    for part in (half, builder.fsub(n, half)):
        low = builder.bitcast(builder.fadd(part, into_low_bits), words)
        a = builder.fmul(a, builder.bitcast(builder.shl(low, constant(words, mantissa)), a.type))
    return a


def constant(v: Lanes, single: float, double: float) -> Lanes:
    """Return a number in every lane, of the kind of v: for float32 the first, for float64 the second."""
    return np.full(len(v), single if v.dtype == np.float32 else double, v.dtype)


@instruction(constant, (LanesType, types.Number, types.Number), same_lanes)
def _constant(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    scalar, chosen = sig.return_type.scalar, 1 if sig.return_type.scalar.bitwidth == 32 else 2
    return splat(builder, context.cast(builder, args[chosen], sig.args[chosen], scalar), vector_of(sig.return_type))
