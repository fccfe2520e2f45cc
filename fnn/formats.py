"""Numbers as people read them, one way everywhere: three digits, commas between thousands, 1.2e−8, a true minus.

Settings are the exception: `setting` gives them as they are typed, so that they can be typed again.
"""

import math
import re

# A hash of data, which is told by its first letters; those of two sets differ but once in four thousand million.
_DIGEST = re.compile(r"[0-9a-f]{64}")
_DIGEST_SHOWN = 8

_UNITS = {"TB": 1e12, "GB": 1e9, "MB": 1e6, "kB": 1e3}


def number(value: float | None, digits: int = 3) -> str:
    """Return a number with three digits, whole ones and those from 1,000 on with all before the point; – for none.

    digits: so many, where one more is what a number is told by.
    """
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "−∞" if value < 0 else "∞"
    if (float(value).is_integer() and abs(value) < 1e15) or 999.5 <= abs(value) < 1e15:
        return f"{value:,.0f}".replace("-", "−")
    return _exponent(f"{value:.{digits}g}").replace("-", "−")


def answer(value: float) -> str:
    """Return what a network answers: a number, but just below 1 with two digits of what is missing, and not as 1."""
    if not 0.99 < value < 1 - 1e-9:
        return number(value)
    return f"{value:.{1 - math.floor(math.log10(1 - value))}f}"


def setting(value: object) -> str:
    """Return the value of a setting as it is typed, and of a hash its first letters."""
    if isinstance(value, float):
        return _exponent(f"{value:g}")
    if isinstance(value, (tuple, list)):
        # Layers in words, such as conv8:1x5, have x in them.
        between = "-" if any(isinstance(item, str) for item in value) else "x"
        return between.join(map(setting, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "none" if value is None else str(value)
    return text[:_DIGEST_SHOWN] if _DIGEST.fullmatch(text) else text


def share(value: float | None) -> str:
    """Return a share in per cent."""
    return "–" if value is None or math.isnan(value) else f"{value:.1%}".replace("-", "−")


def to(low: float | None, high: float | None) -> str:
    """Return from where to where something is."""
    return f"{number(low)} to {number(high)}"


def shares_to(low: float, high: float) -> str:
    """Return from which share to which."""
    return f"{share(low)} to {share(high)}"


def p_value(p: float) -> str:
    """Return a p-value; of one below 0.0001 no more is said."""
    return "<0.0001" if p < 1e-4 else number(p)


def duration(seconds: float) -> str:
    """Return a time in seconds, from two minutes on in minutes, and from two hours on in hours too."""
    if seconds < 119.5:
        return f"{number(seconds)} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 120:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, rest = divmod(round(seconds / 60), 60)
    return f"{hours:,} h {rest} min" if rest else f"{hours:,} h"


def size(count: float) -> str:
    """Return a number of bytes in three digits and a unit."""
    unit, factor = next(((unit, factor) for unit, factor in _UNITS.items() if count >= 0.9995 * factor), ("bytes", 1.0))
    return f"{number(count / factor)} {unit}"


def counted(count: int, noun: str) -> str:
    """Return how many there are of a thing."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _exponent(text: str) -> str:
    """Return a number with an exponent that is not filled up with zeros: 1.2e-8, 3e12."""
    return re.sub(r"e([+-])0*", r"e\1", text).replace("e+", "e")
