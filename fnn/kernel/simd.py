"""The lane value: the same number of many networks, side by side in one SIMD register.

A small network leaves a SIMD unit idle: a 4x4 layer is no work for a matrix product. So the kernel turns the stack
sideways. It reads as the training of one network, but every number in it is a row of L numbers, one for each of L
networks: 16 of float32, 8 of float64. Nothing is ever summed across a row, so no width is wasted, and what a network
computes cannot depend on its neighbours.

A *lane array* is a C-contiguous array (rows, L), and `load(a, i)` takes its row i as a lane value. Lane values know
arithmetic (+ − · /), comparisons, which give masks, and the functions of this file; `store(a, i, v)` puts one back.

Each function here is plain Python on NumPy rows of any length L, which is what it means. For compiled code, Numba is
told two types whose data model is an LLVM vector, and what instruction each function is. LLVM's own vectoriser does
not get there: it must assume that arrays overlap. `fma`, `exp` and the like are spelled out for the same reason:
there is no library of vectors to call.

So a kernel written with these functions runs in two ways: compiled, and with NUMBA_DISABLE_JIT=1 as NumPy, slowly,
to be read, tested and measured for coverage. Another target would have to supply these functions and no more.
"""

import operator
import os
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import lower_builtin, models, register_model
from numpy.typing import NDArray

from fnn.kernel.jit import inlined

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
Lanes = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]

# One 512-bit register. Where registers are narrower, LLVM takes two or four for a lane value.
WIDTH = {np.dtype(np.float32): 16, np.dtype(np.float64): 8}

# ---- the types, as Numba is told of them ----


class LanesType(types.Type):
    """A row of `count` numbers of a float type."""

    def __init__(self, scalar: types.Float) -> None:
        self.scalar, self.count = scalar, 512 // scalar.bitwidth
        super().__init__(name=f"lanes({scalar} x {self.count})")


class MaskType(types.Type):
    """A row of `count` truth values."""

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__(name=f"mask({count})")


def _vector(lanes: LanesType) -> ir.Type:
    return ir.VectorType(ir.FloatType() if lanes.scalar.bitwidth == 32 else ir.DoubleType(), lanes.count)


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, fe_type: LanesType) -> None:
        super().__init__(manager, fe_type, _vector(fe_type))


@register_model(MaskType)
class _MaskModel(models.PrimitiveModel):
    def __init__(self, manager: Any, fe_type: MaskType) -> None:
        super().__init__(manager, fe_type, ir.VectorType(ir.IntType(1), fe_type.count))


def _instruction(function: Callable[..., Any], arguments: tuple[Any, ...], returns: Callable[..., Any]) -> Decorator:
    """Decorate what emits `function` for arguments of these kinds; `returns` gives the type of the result."""

    class Typing(AbstractTemplate):
        def generic(self, args: tuple[types.Type, ...], kws: Any) -> Any:
            ours = not kws and len(args) == len(arguments) and all(map(isinstance, args, arguments)) and _match(args)
            result = returns(*args) if ours else None
            return result and signature(result, *args)

    infer_global(function)(Typing)
    lowered: Decorator = lower_builtin(function, *arguments)
    return lowered


def _match(args: tuple[types.Type, ...]) -> bool:
    """Return whether all lane values among the arguments are of one type."""
    return len({a for a in args if isinstance(a, LanesType)}) <= 1


def _same(*args: LanesType) -> LanesType:
    return next(a for a in args if isinstance(a, LanesType))


def _mask(first: Any, *_: Any) -> MaskType:
    return MaskType(first.count)


def _row(array: Any, *_: Any) -> LanesType | None:
    return LanesType(array.dtype) if isinstance(array.dtype, types.Float) and array.ndim <= 2 else None


def _intrinsic(builder: Any, name: str, *args: Any) -> Any:
    """Call an LLVM intrinsic that is overloaded on the type of its arguments."""
    vector = args[0].type
    suffix = f"v{vector.count}{'f32' if vector.element == ir.FloatType() else 'f64'}"
    kind = ir.FunctionType(vector, [a.type for a in args])
    called = builder.module.globals.get(f"llvm.{name}.{suffix}")
    return builder.call(called or ir.Function(builder.module, kind, f"llvm.{name}.{suffix}"), args)


def _splat(builder: Any, scalar: Any, vector: ir.Type) -> Any:
    """Return a vector with the scalar in every place."""
    single = builder.insert_element(ir.Constant(vector, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), None)
    return builder.shuffle_vector(single, ir.Constant(vector, ir.Undefined), zeros)


# ---- arithmetic and comparison: the operators themselves ----

for _operator, _name in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):

    @_instruction(_operator, (LanesType, LanesType), _same)
    def _arithmetic(_context: Any, builder: Any, _sig: Any, args: Any, name: str = _name) -> Any:
        return getattr(builder, name)(*args)


for _operator, _name in (
    (operator.lt, "<"),
    (operator.le, "<="),
    (operator.gt, ">"),
    (operator.ge, ">="),
    (operator.eq, "=="),
):

    @_instruction(_operator, (LanesType, LanesType), _mask)
    def _comparison(_context: Any, builder: Any, _sig: Any, args: Any, name: str = _name) -> Any:
        return builder.fcmp_ordered(name, *args)


for _operator, _name in ((operator.and_, "and_"), (operator.or_, "or_")):

    @_instruction(_operator, (MaskType, MaskType), _mask)
    def _logic(_context: Any, builder: Any, _sig: Any, args: Any, name: str = _name) -> Any:
        return getattr(builder, name)(*args)


@_instruction(operator.neg, (LanesType,), _same)
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
    vector = _vector(LanesType(array_type.dtype))
    return builder.gep(builder.bitcast(data, vector.as_pointer()), [index], inbounds=True)


@_instruction(load, (types.Array, types.Integer), _row)
def _load(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    if sig.args[0].ndim == 1:
        data = context.make_array(sig.args[0])(context, builder, args[0]).data
        return _splat(builder, builder.load(builder.gep(data, [args[1]], inbounds=True)), _vector(sig.return_type))
    loaded = builder.load(_address(context, builder, sig.args[0], *args), typ=_vector(sig.return_type))
    loaded.align = sig.args[0].dtype.bitwidth // 8  # NumPy promises no more; on a cache line it costs nothing
    return loaded


@_instruction(store, (types.Array, types.Integer, LanesType), lambda *_: types.none)
def _store(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    stored = builder.store(args[2], _address(context, builder, sig.args[0], *args[:2]))
    stored.align = sig.args[0].dtype.bitwidth // 8
    return context.get_dummy_value()


@_instruction(spread, (types.Array, types.Number), _row)
def _spread(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    scalar = context.cast(builder, args[1], sig.args[1], sig.return_type.scalar)
    return _splat(builder, scalar, _vector(sig.return_type))


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


for _function, _name in ((fma, "fma"), (sqrt, "sqrt"), (magnitude, "fabs"), (rounded, "rint")):

    @_instruction(_function, (LanesType,) * (3 if _function is fma else 1), _same)
    def _call(_context: Any, builder: Any, _sig: Any, args: Any, name: str = _name) -> Any:
        return _intrinsic(builder, name, *args)


@_instruction(select, (MaskType, LanesType, LanesType), lambda _, a, __: a)
def _select(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
    return builder.select(*args)


@_instruction(any_lane, (MaskType,), lambda _: types.boolean)
def _any(_context: Any, builder: Any, sig: Any, args: Any) -> Any:
    bits = ir.IntType(sig.args[0].count)
    return builder.icmp_unsigned("!=", builder.bitcast(args[0], bits), bits(0))


@_instruction(scale, (LanesType, LanesType), _same)
def _scale(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    a, n = args
    single = sig.return_type.scalar.bitwidth == 32
    if has_scalef(context):
        return _scale_by_instruction(builder, a, n, "ps" if single else "pd")
    return _scale_by_halves(builder, a, n, *((32, 23, 127) if single else (64, 52, 1023)))


def has_scalef(context: Any) -> bool:
    """Return whether the processor compiled for has an instruction that is `scale`."""
    return "+avx512f" in context.codegen().magic_tuple()[2]


def _scale_by_instruction(builder: Any, a: Any, n: Any, suffix: str) -> Any:
    every, rounding = ir.IntType(a.type.count), ir.IntType(32)
    kind = ir.FunctionType(a.type, [a.type, a.type, a.type, every, rounding])
    name = f"llvm.x86.avx512.mask.scalef.{suffix}.512"
    called = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
    return builder.call(called, [a, n, a, every(-1), rounding(4)])  # 4: round as everything else does


def _scale_by_halves(builder: Any, a: Any, n: Any, bits: int, mantissa: int, bias: int) -> Any:
    """Multiply by 2^(n/2) twice, made from its bits: what is rounded is only the second product."""
    words = ir.VectorType(ir.IntType(bits), a.type.count)

    def constant(kind: ir.Type, value: Any) -> Any:
        return ir.Constant(kind, [kind.element(value)] * kind.count)

    # Adding 1.5·2^mantissa leaves a whole number in the low bits: with the bias, the exponent's.
    into_low_bits = constant(a.type, 1.5 * 2.0**mantissa + bias)
    half = _intrinsic(builder, "rint", builder.fmul(n, constant(a.type, 0.5)))
    for part in (half, builder.fsub(n, half)):
        low = builder.bitcast(builder.fadd(part, into_low_bits), words)
        a = builder.fmul(a, builder.bitcast(builder.shl(low, constant(words, mantissa)), a.type))
    return a


# ---- counters that threads share ----


def add_one(counters: NDArray[np.int64], i: int) -> int:
    """Add 1 to a counter, in one step for all threads; return what it was."""
    before = int(counters[i])
    counters[i] = before + 1
    return before


def peek(counters: NDArray[np.int64], i: int) -> int:
    """Return a counter as it is now, with all that was written before it became that."""
    return int(counters[i])


def give_way() -> None:
    """Let another thread have the processor, where the system knows how."""


@_instruction(add_one, (types.Array, types.Integer), lambda *_: types.int64)
def _add_one(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    data = context.make_array(sig.args[0])(context, builder, args[0]).data
    return builder.atomic_rmw("add", builder.gep(data, [args[1]]), ir.IntType(64)(1), "seq_cst")


@_instruction(peek, (types.Array, types.Integer), lambda *_: types.int64)
def _peek(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    data = context.make_array(sig.args[0])(context, builder, args[0]).data
    return builder.load_atomic(builder.gep(data, [args[1]]), "acquire", 8)


@_instruction(give_way, (), lambda: types.none)
def _give_way(context: Any, builder: Any, _sig: Any, _args: Any) -> Any:
    if hasattr(os, "sched_yield"):
        kind = ir.FunctionType(ir.IntType(32), [])
        called = builder.module.globals.get("sched_yield") or ir.Function(builder.module, kind, "sched_yield")
        builder.call(called, [])
    return context.get_dummy_value()


# ---- exp and what is made of it ----


def constant(v: Lanes, single: float, double: float) -> Lanes:
    """Return a number in every lane, of the kind of v: for float32 the first, for float64 the second."""
    return np.full(len(v), single if v.dtype == np.float32 else double, v.dtype)


@_instruction(constant, (LanesType, types.Number, types.Number), _same)
def _constant(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    scalar, chosen = sig.return_type.scalar, 1 if sig.return_type.scalar.bitwidth == 32 else 2
    return _splat(builder, context.cast(builder, args[chosen], sig.args[chosen], scalar), _vector(sig.return_type))


# (eʳ − 1 − r) / r² on |r| ≤ ln(2)/2, interpolated at Chebyshev's points in 60 digits: an error of 0.2 ulp in eʳ.
_EXP_TAIL = {
    32: (0.5, 0.16666576266288757, 0.041666556149721146, 0.008363178931176662, 0.0013926184037700295),
    64: (
        *(0.5000000000000001, 0.16666666666666669, 0.04166666666662413, 0.008333333333330062),
        *(0.0013888888917213717, 0.00019841269863053618, 2.4801521295954376e-05, 2.7557268459997064e-06),
        *(2.7620088445409746e-07, 2.510038549551032e-08),
    ),
}
# (artanh(s)/s − 1) / s² as a function of s² on 0 ≤ s² ≤ 1/9, likewise.
_ARTANH_TAIL = {
    32: (0.33333319425582886, 0.20003782212734222, 0.14118273556232452, 0.1342601329088211),
    64: (
        *(0.3333333333333333, 0.20000000000007298, 0.1428571428355253, 0.11111111358900891),
        *(0.09090894708663223, 0.07692785296456121, 0.06657067775440581, 0.06000577591428889),
        *(0.04400158825434387, 0.08082469084735669),
    ),
}


def exp_tail(r: Lanes) -> Lanes:
    """Return (eʳ − 1 − r) / r² for |r| ≤ ln(2)/2."""
    return _polynomial(r, _EXP_TAIL)


def artanh_tail(t: Lanes) -> Lanes:
    """Return (artanh(s)/s − 1) / s² for t = s² ≤ 1/9."""
    return _polynomial(t, _ARTANH_TAIL)


def _polynomial(v: Lanes, coefficients: dict[int, tuple[float, ...]]) -> Lanes:
    """Return Σ cₖ·vᵏ by Horner's rule."""
    last: Lanes
    *rest, last = (np.full_like(v, c) for c in coefficients[8 * v.dtype.itemsize])
    total = last
    for c in reversed(rest):
        total = fma(total, v, c)
    return total


for _series, _table in ((exp_tail, _EXP_TAIL), (artanh_tail, _ARTANH_TAIL)):

    @_instruction(_series, (LanesType,), _same)
    def _horner(_context: Any, builder: Any, sig: Any, args: Any, table: Any = _table) -> Any:
        v = _vector(sig.return_type)
        *rest, total = (ir.Constant(v, [v.element(c)] * v.count) for c in table[sig.return_type.scalar.bitwidth])
        for c in reversed(rest):
            total = _intrinsic(builder, "fma", total, args[0], c)
        return total


@inlined
def _expm1_parts(x: Lanes) -> tuple[Lanes, Lanes]:
    """Return eʳ − 1 and n of x = n·ln 2 + r, |r| ≤ ln(2)/2. The product n·ln 2 is taken off in two parts."""
    n = rounded(x * constant(x, 1.4426950216293335, 1.4426950408889634))
    r = fma(n, constant(x, -0.6931471824645996, -0.6931471805599453), x)
    r = fma(n, constant(x, 1.9046542121259336e-09, -2.3190468138462996e-17), r)
    return fma(r * r, exp_tail(r), r), n


@inlined
def _exp_below_one(x: Lanes) -> Lanes:
    """Return eˣ for x ≤ 0."""
    low = constant(x, -104.0, -746.0)  # below, eˣ is 0
    p, n = _expm1_parts(select(x < low, low, x))  # NaN is not below, and goes through
    return scale(p + constant(x, 1.0, 1.0), n)


@inlined
def exp(x: Lanes) -> Lanes:
    """Return eˣ, within 2 ulp everywhere: 0 and ∞ at the ends, subnormals where they belong, NaN for NaN."""
    high = constant(x, 89.0, 710.0)  # above, eˣ overflows
    return _exp_below_one(select(x > high, high, x))


@inlined
def sigmoid(z: Lanes) -> Lanes:
    """Return 1 / (1 + e⁻ᶻ), within 4 ulp, from e^-|z| as the NumPy path does."""
    one = constant(z, 1.0, 1.0)
    e = _exp_below_one(-magnitude(z))
    return select(z >= constant(z, 0.0, 0.0), one, e) / (one + e)


@inlined
def tanh(z: Lanes) -> Lanes:
    """Return tanh z, within 4 ulp, as t / (t + 2) with t = e²ᶻ − 1, which keeps its digits near 0."""
    far = constant(z, 44.0, 44.0)  # beyond, tanh is ±1
    x = select(z + z > far, far, select(z + z < -far, -far, z + z))
    p, n = _expm1_parts(x)
    power = scale(constant(z, 1.0, 1.0), n)
    t = fma(p, power, power - constant(z, 1.0, 1.0))
    return t / (t + constant(z, 2.0, 2.0))


@inlined
def log1p_small(e: Lanes) -> Lanes:
    """Return log(1 + e) for 0 ≤ e ≤ 1, within 4 ulp, as 2·artanh(s) with s = e / (2 + e)."""
    s = e / (constant(e, 2.0, 2.0) + e)
    t = s * s
    return fma((s + s) * t, artanh_tail(t), s + s)
