"""exp and what is made of it, in lane values: there is no library of vectors to call."""

from typing import Any

import numpy as np
from llvmlite import ir

from fnn.kernel.jit import inlined
from fnn.kernel.lane_types import LanesType, call_intrinsic, instruction, same_lanes, vector_of
from fnn.kernel.simd import Lanes, constant, fma, magnitude, rounded, scale, select

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


# erfcx(x) / t for t = 3 / (3 + x), 0 ≤ x ≤ 11 or 28, erfcx(x) = e^(x²)·erfc(x), as a function of u, the place of t
# between −1 and 1; likewise, errors of 8e-9 and 2e-17.
_ERFCX = {
    32: (
        *(0.43124228715896606, 0.3101213574409485, 0.16983561217784882, 0.0686785951256752, 0.018589429557323456),
        *(0.002207633340731263, -0.00048637212603352964, -0.00020826797117479146, 7.087864105415065e-06),
        1.2624645023606718e-05,
    ),
    64: (
        *(0.38843880552671095, 0.30312258341190373, 0.18690947387380244, 0.08823169298471203, 0.029337551840641806),
        *(0.0051101598503114016, -0.0006133075969125256, -0.0005483850362428658, -3.944777102153889e-05),
        *(4.8287729527092985e-05, 7.932230457076397e-06, -5.052427417498031e-06, -9.437700919536046e-07),
        *(6.529126208438629e-07, 8.088778436295477e-08, -9.50107117576998e-08, -1.44577145460212e-10),
        *(1.3611875981765829e-08, -2.0586987189252414e-09, -1.6243350155569064e-09, 5.209694770972614e-10),
        *(1.1598230122373813e-10, -5.7290461231647405e-11),
    ),
}


def exp_tail(r: Lanes) -> Lanes:
    """Return (eʳ − 1 − r) / r² for |r| ≤ ln(2)/2."""
    return _polynomial(r, _EXP_TAIL)


def artanh_tail(t: Lanes) -> Lanes:
    """Return (artanh(s)/s − 1) / s² for t = s² ≤ 1/9."""
    return _polynomial(t, _ARTANH_TAIL)


def erfcx_tail(u: Lanes) -> Lanes:
    """Return erfcx(x) / t at the place u of t = 3 / (3 + x)."""
    return _polynomial(u, _ERFCX)


def _polynomial(v: Lanes, coefficients: dict[int, tuple[float, ...]]) -> Lanes:
    """Return Σ cₖ·vᵏ by Horner's rule."""
    last: Lanes
    *rest, last = (np.full_like(v, c) for c in coefficients[8 * v.dtype.itemsize])
    total = last
    for c in reversed(rest):
        total = fma(total, v, c)
    return total


for _series, _table in ((exp_tail, _EXP_TAIL), (artanh_tail, _ARTANH_TAIL), (erfcx_tail, _ERFCX)):

    @instruction(_series, (LanesType,), same_lanes)
    def _horner(_context: Any, builder: Any, sig: Any, args: Any, table: Any = _table) -> Any:
        v = vector_of(sig.return_type)
        *rest, total = (ir.Constant(v, [v.element(c)] * v.count) for c in table[sig.return_type.scalar.bitwidth])
        for c in reversed(rest):
            total = call_intrinsic(builder, "fma", total, args[0], c)
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


@inlined
def log_from_one(s: Lanes) -> Lanes:
    """Return log s for 1 ≤ s < 2¹⁶, within 4 ulp: log(1 + e), and of what is 2 or more whole powers of 2 apart."""
    one, power = constant(s, 1.0, 1.0), constant(s, 0.0, 0.0)
    zero, p8, p4, p2 = power, constant(s, 256.0, 256.0), constant(s, 16.0, 16.0), constant(s, 4.0, 4.0)
    p1 = constant(s, 2.0, 2.0)
    large = s >= p8
    s, power = select(large, s / p8, s), select(large, constant(s, 8.0, 8.0), zero)
    large = s >= p4
    s, power = select(large, s / p4, s), power + select(large, p2, zero)
    large = s >= p2
    s, power = select(large, s / p2, s), power + select(large, p1, zero)
    large = s >= p1
    s, power = select(large, s / p1, s), power + select(large, one, zero)
    return fma(power, constant(s, 0.6931471805599453, 0.6931471805599453), log1p_small(s - one))


@inlined
def expm1_below_zero(z: Lanes) -> Lanes:
    """Return eᶻ − 1 for z ≤ 0, within 4 ulp."""
    one, low = constant(z, 1.0, 1.0), constant(z, -104.0, -746.0)
    p, n = _expm1_parts(select(z < low, low, z))
    power = scale(one, n)
    return fma(p, power, power - one)


@inlined
def normal_cdf(z: Lanes) -> Lanes:
    """Return Φ(z) = ½ erfc(−z/√2), within 2 units in the last place of 1."""
    one, half, three = constant(z, 1.0, 1.0), constant(z, 0.5, 0.5), constant(z, 3.0, 3.0)
    far, most = magnitude(z) * constant(z, 0.7071067811865476, 0.7071067811865476), constant(z, 11.0, 28.0)
    x = select(far > most, most, far)  # beyond, erfc is 0
    t = three / (three + x)
    u = fma(
        t, constant(z, 2.5454545454545454, 2.2142857142857144), constant(z, -1.5454545454545454, -1.2142857142857142)
    )
    below = half * t * erfcx_tail(u) * exp(-(x * x))
    return select(z < constant(z, 0.0, 0.0), below, one - below)
