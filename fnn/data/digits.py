"""Lines of numbers, and words between them, read at once in NumPy: digits eight at a time, of all fields together.

A field is a whole number times a power of ten. Their product is taken to some 100 bits, and rounded once: where all
that lies within its error rounds to one number, that is the number nearest to what is written, as Python's float() has
it. The few fields where it does not, and those that are written otherwise (missing, too long), are read one by one.
"""

from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.data.words import read_numbers

Places = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_NEWLINE, _PLUS, _MINUS = b"\n+-"
_LONGEST = 24  # digits before the point, and after it
_LONGEST_WORD = 2**17  # no field of a table is longer: the standard library's reader, which has this limit, refuses it
# Beyond these powers of ten the parts of a product could be too small, or it too large, for float64.
_MOST_POWER = 250
_TEN = 10 ** np.arange(20, dtype=np.uint64)
# Of a whole number and a power of ten, each in two parts of 53 bits: what is left out, and all sums of what is not, are
# off by less than 16 · 2^-106 of their product.
_ERROR = 2.0**-100


def _powers() -> tuple[Floats, Floats]:
    """Return 10^-250 … 10^250, each as the nearest number and what that lacks."""
    exact = [Fraction(10) ** power for power in range(-_MOST_POWER, _MOST_POWER + 1)]
    nearest = [float(power) for power in exact]
    return np.array(nearest), np.array([float(a - Fraction(b)) for a, b in zip(exact, nearest, strict=True)])


_POWERS, _POWERS_REST = _powers()


class _Fields(NamedTuple):
    """Where the parts of M fields lie in the text, (M,) each; whole numbers, for a field that is plain.

    plain: a sign or none, digits, one point or none, and e with what follows it or not. point: the place of the point,
    or where digits end without one.
    """

    start: Places
    point: Places
    fraction: Places
    digits_end: Places
    end: Places
    plain: Flags

    def take(self, places: Places) -> "_Fields":
        """Return some of the fields."""
        return _Fields(
            self.start[places], self.point[places], self.fraction[places], self.digits_end[places], self.end[places],
            self.plain[places],
        )  # fmt: skip


def read_lines(text: str, width: int, delimiter: str, decimal: str, words: Flags) -> list[Floats | list[bytes]] | None:
    """Return lines without quotes as columns: numbers, NaN where missing, (N,); or what stands there, as UTF-8.

    words: (width,) which columns are known to hold words; others do if one of their fields at least is no number. None:
    the lines are not of so many fields, or one is too long.
    """
    text = text.replace("\r\n", "\n")
    text = text if text.endswith("\n") else text + "\n"
    rows = text.count("\n")
    blank = width == 1 and (text[0] == "\n" or "\n\n" in text)
    if not delimiter.isascii() or "\r" in text or blank:
        return None
    coded = text.encode()
    codes = np.frombuffer(bytes(_LONGEST) + coded + b"\n", np.uint8)
    fields = _find_fields(codes[:-1], ord(delimiter), ord(decimal))
    if len(fields.end) != rows * width or (codes[fields.end[width - 1 :: width]] != _NEWLINE).any():
        return None
    if (fields.end - fields.start).max(initial=0) > _LONGEST_WORD:
        return None
    columns: list[Floats | list[bytes]] = [
        _field_words(coded, fields, place, width) if words[place] else np.empty(0) for place in range(width)
    ]
    numbers = np.flatnonzero(~words)
    if numbers.size:
        some = fields if numbers.size == width else fields.take((np.arange(rows)[:, None] * width + numbers).ravel())
        values, plain = _read_fields(codes, some)
        values, plain = np.ascontiguousarray(values.reshape(rows, -1).T), plain.reshape(rows, -1).T
        for place, column, right in zip(numbers.tolist(), values, plain, strict=True):
            columns[place] = _with_others(coded, fields, place, width, column, right, decimal)
    return columns


def _field_words(coded: bytes, fields: "_Fields", place: int, width: int) -> list[bytes]:
    """Return what stands in a column."""
    starts, ends = ((each[place::width] - _LONGEST).tolist() for each in (fields.start, fields.end))
    return [coded[start:end] for start, end in zip(starts, ends, strict=True)]


def _with_others(
    coded: bytes, fields: "_Fields", place: int, width: int, values: Floats, right: Flags, decimal: str
) -> Floats | list[bytes]:
    """Return a column with its fields that are not plain numbers read one by one, or as words if one is no number."""
    others = np.flatnonzero(~right)
    if not others.size:
        return values
    starts, ends = ((each[place::width][others] - _LONGEST).tolist() for each in (fields.start, fields.end))
    slowly = read_numbers([coded[a:b].decode() for a, b in zip(starts, ends, strict=True)], decimal)
    if slowly is None:
        return _field_words(coded, fields, place, width)
    values[others] = slowly
    return values


def _find_fields(codes: NDArray[np.uint8], delimiter: int, point: int) -> _Fields:
    """Return the fields of a text, which ends in a newline, behind `_LONGEST` characters of nothing."""
    is_end = (codes == delimiter) | (codes == _NEWLINE)
    marks = np.flatnonzero(is_end | (codes == point) | (codes | 32 == ord("e")))
    mark_codes, ends = codes[marks], np.flatnonzero(is_end[marks])
    # A field's marks before its end are, if it is plain, its point and its e.
    inner = np.diff(ends, prepend=-1) - 1
    has_exponent = (inner > 0) & (mark_codes[ends - 1] | 32 == ord("e"))
    digits_end = ends - has_exponent
    has_point = (inner > has_exponent) & (mark_codes[digits_end - 1] == point)
    places, end = marks[digits_end - has_point], marks[ends]
    return _Fields(
        start=np.concatenate(([_LONGEST], end[:-1] + 1)),
        point=places,
        fraction=places + has_point,
        digits_end=marks[digits_end],
        end=end,
        plain=inner == has_exponent.astype(np.int8) + has_point,
    )


def _read_fields(codes: NDArray[np.uint8], fields: _Fields) -> tuple[Floats, Flags]:
    """Return fields as numbers, NaN where they are empty, and which of them that is right for. → (M,), (M,)"""
    # Eight characters from every place on, as one number.
    eights = np.ndarray(len(codes) - 7, "<u8", codes, strides=(1,))
    first = codes[fields.start]
    negative = first == _MINUS
    digits = fields.point - fields.start - (negative | (first == _PLUS))
    decimals = fields.digits_end - fields.fraction
    whole, whole_right = _read_digits(eights, fields.point, digits)
    fraction, fraction_right = _read_digits(eights, fields.digits_end, decimals)
    power, power_right = _read_exponents(codes, eights, fields)
    power -= decimals
    plain = fields.plain & whole_right & fraction_right & power_right & (digits + decimals > 0)
    plain &= np.abs(power) <= _MOST_POWER
    # With a fraction below 10^18, less than 64 bits hold.
    plain &= whole.astype(np.float64) * 10.0 ** np.clip(decimals, 0, _LONGEST) <= 1.7e19
    whole = (whole * _TEN[np.clip(decimals, 0, len(_TEN) - 1)] + fraction) * plain
    values, exact = _times_power(whole, np.clip(power, -_MOST_POWER, _MOST_POWER))
    np.negative(values, out=values, where=negative)
    empty = fields.start == fields.end
    values[empty] = np.nan
    return values, plain & exact | empty


_SHIFTS = ((10, 8, 0x00FF00FF00FF00FF), (100, 16, 0x0000FFFF0000FFFF), (10_000, 32, 0x00000000FFFFFFFF))
# By how many of eight characters count, the last ones: what leaves those. The first character is the lowest byte.
_KEEP = np.array([(2**64 - 1) << 8 * (8 - count) & (2**64 - 1) for count in range(9)], np.uint64)


def _read_digits(
    eights: NDArray[np.uint64], ends: Places, lengths: NDArray[np.int64]
) -> tuple[NDArray[np.uint64], Flags]:
    """Return the whole numbers, below 10^18, that so many characters before these places are, and where they are: (M,).

    Eight digits become four numbers of two digits, those two of four, and those one: Mula and Lemire, "Faster Base64
    and number parsing" have this trick.
    """
    values = np.zeros(len(ends), np.uint64)
    right = (lengths >= 0) & (lengths <= _LONGEST)
    for before in range(0, min(int(lengths.max(initial=0)), _LONGEST), 8):
        eight = (eights[ends - before - 8] ^ np.uint64(0x3030303030303030)) & _KEEP[np.clip(lengths - before, 0, 8)]
        right &= ((eight + np.uint64(0x0606060606060606)) | eight) & np.uint64(0xF0F0F0F0F0F0F0F0) == 0
        for factor, bits, mask in _SHIFTS:
            eight = (eight * np.uint64(factor) + (eight >> np.uint64(bits))) & np.uint64(mask)
        if before == 16:
            right &= eight <= 99
        values += eight * _TEN[before]
    return values, right


def _read_exponents(
    codes: NDArray[np.uint8], eights: NDArray[np.uint64], fields: _Fields
) -> tuple[NDArray[np.int64], Flags]:
    """Return the whole numbers behind e, 0 where there is none, and whether that is right. → (M,), (M,)"""
    power, right = np.zeros(len(fields.end), np.int64), np.ones(len(fields.end), np.bool_)
    have = np.flatnonzero(fields.digits_end < fields.end)
    if have.size:
        start, end = fields.digits_end[have] + 1, fields.end[have]
        negative = codes[start] == _MINUS
        digits = end - start - (negative | (codes[start] == _PLUS))
        values, are_digits = _read_digits(eights, end, digits)
        power[have] = np.where(negative, -1, 1) * values.astype(np.int64)
        right[have] = are_digits & (digits > 0)
    return power, right


def _times_power(whole: NDArray[np.uint64], power: NDArray[np.int64]) -> tuple[Floats, Flags]:
    """Return whole numbers below 1.81 · 10^19 times powers of ten, and where that is sure to be the nearest: (M,).

    The products of halves are exact: Dekker, "A floating-point technique for extending the available precision" (1971).
    The test whether rounding is safe is Ziv's, "Fast evaluation of elementary mathematical functions with correctly
    rounded last bit" (1991).
    """
    high = whole.astype(np.float64)
    low = (whole - high.astype(np.uint64)).view(np.int64).astype(np.float64)
    ten, ten_rest = _POWERS[power + _MOST_POWER], _POWERS_REST[power + _MOST_POWER]
    product = high * ten
    (a, b), (c, d) = _halves(high), _halves(ten)
    rest = (a * c - product + a * d + b * c) + b * d + (high * ten_rest + low * ten)
    error = _ERROR * product
    values: Floats = product + (rest - error)
    return values, values == product + (rest + error)


def _halves(x: Floats) -> tuple[Floats, Floats]:
    """Return numbers as sums of two of 26 bits."""
    c = x * (2.0**27 + 1)
    high = c - (c - x)
    return high, x - high
