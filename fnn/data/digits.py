"""Lines of nothing but numbers, read at once in NumPy: each step of the loop reads one character of all fields.

Digits up to 2^53 and powers of ten up to 10^22 are exact in float64, so their quotient is the number nearest to what is
written, as Python's float() has it: Clinger, "How to read floating point numbers accurately" (1990). The few fields
that are written otherwise (exponents, more digits, missing) are read one by one.
"""

import numpy as np
from numpy.typing import NDArray

from fnn.data.words import read_numbers

_LONGEST = 18  # characters: a sign, a point and 16 digits; as many decimals have an exact power of ten
_POWERS = 10.0 ** np.arange(_LONGEST + 1)
_EXACT = 2**53
_NEWLINE, _PLUS, _MINUS, _ZERO = b"\n+-0"


def read_lines(text: str, width: int, delimiter: str, decimal: str) -> NDArray[np.float64] | None:
    """Return lines without quotes as numbers, NaN where missing. → (N, width)

    None: one at least is no number, or the lines are not of so many fields, or this would be no faster than one by one.
    """
    text = text.replace("\r\n", "\n")
    text = text if text.endswith("\n") else text + "\n"
    rows = text.count("\n")
    if not text.isascii() or "\r" in text or len(text) > _LONGEST * rows * width:
        return None
    codes = np.frombuffer(text.encode() + bytes(_LONGEST), np.uint8)
    ends = np.flatnonzero((codes == ord(delimiter)) | (codes == _NEWLINE))
    blank = width == 1 and (text[0] == "\n" or "\n\n" in text)
    if blank or len(ends) != rows * width or (codes[ends[width - 1 :: width]] != _NEWLINE).any():
        return None
    starts = np.concatenate(([0], ends[:-1] + 1))
    values, plain = _read_fields(codes, starts, ends, ord(decimal))
    others = np.flatnonzero(~plain)
    words = [text[start:end] for start, end in zip(starts[others].tolist(), ends[others].tolist(), strict=True)]
    slowly = read_numbers(words, decimal)
    if slowly is None:
        return None
    values[others] = slowly
    return values.reshape(rows, width)


def _read_fields(
    codes: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64], point: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return fields as numbers, and which of them are plain: a sign or none, digits, one point or none. → (M,), (M,)"""
    negative = codes[starts] == _MINUS
    places = starts + (negative | (codes[starts] == _PLUS))
    lengths = np.minimum(ends - places, _LONGEST + 1).astype(np.int8)
    plain = lengths <= _LONGEST
    mantissa = np.zeros(len(starts), np.int64)
    digits, decimals = np.zeros((2, len(starts)), np.int8)
    after_point = np.zeros(len(starts), np.bool_)
    for place in range(min(lengths.max(initial=0), _LONGEST)):
        code = codes[places]
        inside = place < lengths
        is_digit = (code - _ZERO < 10) & inside  # below 0 they wrap around
        is_point = (code == point) & inside
        mantissa *= np.where(is_digit, np.int8(10), np.int8(1))
        mantissa += (code - _ZERO) * is_digit
        digits += is_digit
        decimals += is_digit & after_point
        plain &= ~inside | is_digit | (is_point & ~after_point)
        after_point |= is_point
        places += inside
    plain &= (digits > 0) & (mantissa <= _EXACT)
    values = mantissa / _POWERS[decimals]
    return np.negative(values, out=values, where=negative), plain
