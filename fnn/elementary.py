"""Logarithm, sine and cosine, powers: each a fixed sequence of operations that IEEE 754 rounds one way.

NumPy's own differ in the last bit from processor to processor. These are +, −, ·, / and what is done with the bits of
a number, nothing fused: the same bits wherever they run, for one number or an array of them, in NumPy or compiled.
What is compiled are these same functions, all but `log_parts` and `power`; so they do without `np.where`.

The coefficients of the polynomials interpolate at Chebyshev's points, in 60 digits.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
# What gives xᵖ as `power` does.
Power = Callable[[ArrayLike, ArrayLike], Any]

# Added to a number below 2⁵¹, it leaves the nearest whole number (the even one of two) in the low bits.
_ROUND, _ROUND_BITS = 1.5 * 2.0**52, 0x4338000000000000
# A mask of all but the lower 27 bits of a mantissa: products of two numbers cut so are exact.
_CUT = -0x8000000
_ROOT_HALF_BITS = 0x3FE6A09E667F3BCD
# In two parts: products of the first are exact with whole numbers below 2²¹, with 26 bits, with 26 bits.
_LN2, _LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10
_TWO_PI, _TWO_PI_LOW = 6.283185303211212, 3.968374318722162e-09
_TWO_THIRDS, _TWO_THIRDS_LOW = 0.6666666567325592, 9.934107462565104e-09

# 2·(artanh(s)/s − 1) / s² as a function of s² ≤ 0.0295: a relative error of 2⁻⁵⁷ in artanh(s).
_ARTANH = (
    *(0.666666666666667, 0.39999999999899505, 0.28571428625975487, 0.2222221113479508),
    *(0.18182889125261723, 0.15331721600556042, 0.14616449685043406),
)
# The same, one term on: 2·(artanh(s)/s − 1 − s²/3) / s⁴, for an error of 2⁻⁶⁶.
_ARTANH_TAIL = (
    *(0.4, 0.28571428571429364, 0.22222222221656232, 0.18181818335314404),
    *(0.15384594970895457, 0.13334804238225345, 0.11706248540922386, 0.11723051028097753),
)
# (sin 2πr − 2πr) / r³ and (cos 2πr − 1 + 2π²r²) / r⁴ as functions of r² ≤ 1/64: errors of 2⁻⁵⁶ and 2⁻⁵⁹.
_SIN = (
    *(-41.34170224039976, 81.60524927607504, -76.70585975304292, 42.0586939378057),
    *(-15.094641279579799, 3.8198307439799977, -0.7124440626779569),
)
_COS = (
    *(64.9393940226683, -85.45681720668455, 60.24464136502278),
    *(-26.426254911246687, 7.903305164742319, -1.7012215232027945),
)
# (eʳ − 1 − r) / r² for |r| ≤ ln(2)/2: an error of 2⁻⁶¹.
_EXP_TAIL = (
    *(0.5, 0.1666666666666667, 0.04166666666666667, 0.008333333333326136, 0.0013888888888883748),
    *(0.00019841269874820627, 2.4801587325547743e-05, 2.7557255400206422e-06, 2.75572736431103e-07),
    *(2.5105217004720745e-08, 2.0914686968086876e-09),
)


def to_bits(x: Array) -> NDArray[np.int64]:
    """Return the 64 bits of each number."""
    return x.view(np.int64)


def from_bits(bits: NDArray[np.int64]) -> Array:
    """Return the number of each 64 bits."""
    return bits.view(np.float64)


def log(x: Array) -> Array:
    """Return ln x for normal numbers x > 0, within 1 ulp.

    x = 2ᵏ·(1 + f) with 1 + f between √½ and √2; ln(1 + f) = 2·artanh(s), s = f / (2 + f), arranged as in Ng's
    `__ieee754_log` (fdlibm, 1993).
    """
    c0, c1, c2, c3, c4, c5, c6 = _ARTANH
    bits = to_bits(x)
    k = (bits - _ROOT_HALF_BITS) >> 52
    f = from_bits(bits - (k << 52)) - 1.0
    s = f / (2.0 + f)
    z = s * s
    tail = z * (c0 + z * (c1 + z * (c2 + z * (c3 + z * (c4 + z * (c5 + z * c6))))))
    half = 0.5 * f * f
    return k * _LN2 + (f - (half - (s * (half + tail) + k * _LN2_LOW)))


def cos_sin(turns: Array) -> tuple[Array, Array]:
    """Return cos 2πt and sin 2πt, within 1 ulp, for |t| < 2⁴⁹: what is left of t after whole quarters is exact."""
    s0, s1, s2, s3, s4, s5, s6 = _SIN
    c0, c1, c2, c3, c4, c5 = _COS
    shifted = 4.0 * turns + _ROUND
    quarter = to_bits(shifted)
    r = turns - 0.25 * (shifted - _ROUND)
    high = from_bits(to_bits(r) & _CUT)
    low, z = r - high, r * r
    cubed = r * z * (s0 + z * (s1 + z * (s2 + z * (s3 + z * (s4 + z * (s5 + z * s6))))))
    sin = high * _TWO_PI + (low * 6.283185307179586 + (high * _TWO_PI_LOW + cubed))
    square = 19.739208802178716 * z
    rest = 19.739208802178716 * ((z - high * high) - low * (r + high)) - 1.2530591017479423e-15 * z
    near = 1.0 - square
    fourth = z * z * (c0 + z * (c1 + z * (c2 + z * (c3 + z * (c4 + z * c5)))))
    cos = near + (((1.0 - near) - square) + (rest + fourth))
    cos_bits, sin_bits = to_bits(cos), to_bits(sin)
    swap = (cos_bits ^ sin_bits) & -(quarter & 1)
    cos_bits, sin_bits = cos_bits ^ swap, sin_bits ^ swap
    minus_cos, minus_sin = ((quarter + 1) & 2) << 62, (quarter & 2) << 62
    return from_bits(cos_bits ^ minus_cos), from_bits(sin_bits ^ minus_sin)


def log_parts(x: Array) -> tuple[Array, Array]:
    """Return ln x, x ≥ 0, as a sum: 26 bits of it and the rest, to 2⁻⁶⁴ of it; −2¹⁰²³ for 0.

    As `log`, with each product in exact parts, as in Ng's `__ieee754_pow` (fdlibm, 1993).
    """
    c0, c1, c2, c3, c4, c5, c6, c7 = _ARTANH_TAIL
    subnormal = x < 2.0**-1022
    bits = to_bits(x * np.where(subnormal, 2.0**54, 1.0))
    k = (bits - _ROOT_HALF_BITS) >> 52
    m = from_bits(bits - (k << 52))
    k = k - 54 * subnormal
    f, below = m - 1.0, _cut(m + 1.0)
    s = f / (m + 1.0)
    s_high = _cut(s)
    s_low = (f - s_high * below - s_high * (m - (below - 1.0))) / (m + 1.0)
    z_high, z_low = s_high * s_high, s_low * (s + s_high)
    z = z_high + z_low
    tail = z * z * (c0 + z * (c1 + z * (c2 + z * (c3 + z * (c4 + z * (c5 + z * (c6 + z * c7)))))))
    z_cut = _cut(z_high)
    third = _TWO_THIRDS * z_cut
    rest = (z_high - z_cut + z_low) * (2.0 / 3.0) + z_cut * _TWO_THIRDS_LOW + tail
    series = _cut(2.0 + (third + rest))
    product = s_high * series
    low = s_low * series + s * (rest - ((series - 2.0) - third))
    total = k * _LN2 + product
    low = (product - (total - k * _LN2)) + (low + k * _LN2_LOW)
    high = _cut(total + low)
    return np.where(x == 0, -(2.0**1023), high), np.where(x == 0, 0.0, low - (high - total))


def _cut(x: Array) -> Array:
    """Return the upper 26 bits of each number."""
    return from_bits(to_bits(x) & _CUT)


def exp_product(high: Array, low: Array, p: Array) -> Array:
    """Return exp(p·(high + low)), within 1 ulp, for what `log_parts` returns and p ≥ 0."""
    c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10 = _EXP_TAIL
    p_cut = from_bits(to_bits(p) & _CUT)
    y = np.minimum(np.maximum(p_cut * high, -750.0), 712.0)  # beyond, it is 0 or ∞
    y_low = np.minimum(np.maximum((p - p_cut) * high + p * low, -1.0), 1.0)
    shifted = y * 1.4426950408889634 + _ROUND
    n = shifted - _ROUND
    exact = y - n * _LN2
    y_low = y_low - n * _LN2_LOW
    r = exact + y_low
    tail = c4 + r * (c5 + r * (c6 + r * (c7 + r * (c8 + r * (c9 + r * c10)))))
    tail = r * r * (c0 + r * (c1 + r * (c2 + r * (c3 + r * tail)))) + (y_low - (r - exact))
    near = 1.0 + r
    whole = to_bits(shifted) - _ROUND_BITS
    half = whole >> 1  # 2ⁿ in two factors: it may be subnormal, or overflow
    scale = from_bits((half + 1023) << 52)
    return (near + ((r - (near - 1.0)) + tail)) * scale * from_bits((whole - half + 1023) << 52)


def power(x: ArrayLike, p: ArrayLike) -> Any:
    """Return xᵖ for finite x ≥ 0 and p ≥ 0, within 1 ulp; exact where it can be, and 0⁰ = 1.

    (0ᵖ is 0 from p = 10⁻³⁰⁴ on; below, it is what the least number above 0 gives.)
    """
    with np.errstate(over="ignore", under="ignore"):
        return exp_product(*log_parts(np.asarray(x, np.float64)), np.asarray(p, np.float64))
