"""What the words of a text column are: missing, numbers, booleans, dates, or categories.

A column is of kind "number" if all its words that are not missing are numbers, "boolean" if all are true, false, yes
or no, "date" if all are dates or times as ISO 8601 writes them, and else "text". Blanks around a word do not count.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import count

import numpy as np
from numpy.typing import NDArray

from fnn.data.columns import Column

# In any case of their letters.
MISSING = frozenset(("", "na", "n/a", "nan", "null", "none", "?"))
BOOLEANS = {"true": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0}
# float() takes digits of other scripts and 1_000, which nobody means by them in a table.
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?inf(?:inity)?", re.IGNORECASE)
_DATE = re.compile(
    r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?:Z| ?[+-][0-9]{2}:?[0-9]{2}| UTC)?)?"
)


def is_missing(word: str) -> bool:
    """Whether a word stands for a value that is missing."""
    return word.strip().lower() in MISSING


def is_number(word: str, decimal: str = ".") -> bool:
    """Whether a word is a number, infinity too; decimal: what its digits after the point follow."""
    word = word.strip()
    if decimal != ".":
        word = "" if "." in word else word.replace(decimal, ".")
    return _NUMBER.fullmatch(word) is not None


def read_numbers(words: Sequence[str], decimal: str = ".") -> NDArray[np.float64] | None:
    """Return the words as numbers, NaN where missing, or None where one is no number. → (N,)"""
    if decimal != ".":
        if any("." in word for word in words):
            return None
        words = [word.replace(decimal, ".") for word in words]
    try:
        values = np.fromiter(map(float, words), np.float64, len(words))
    except ValueError:
        return _read_with_missing(words)
    return values if _plain(words) else _read_with_missing(words)


def _read_with_missing(words: Sequence[str]) -> NDArray[np.float64] | None:
    each = {}
    for word in set(words):
        if is_missing(word):
            each[word] = np.nan
        elif is_number(word):
            each[word] = float(word.strip())  # strips less by itself
        else:
            return None
    return np.fromiter(map(each.__getitem__, words), np.float64, len(words))


def _plain(words: Iterable[str]) -> bool:
    """Whether words that float() takes are written in ASCII without underscores."""
    joined = "".join(words)
    return joined.isascii() and "_" not in joined


def read_categories(name: str, words: Sequence[str] | Sequence[bytes]) -> Column:
    """Return the words, or what they are in UTF-8, as a column of text. → values (N,)"""
    places: defaultdict[str | bytes, int] = defaultdict(count().__next__)
    values = np.fromiter(map(places.__getitem__, words), np.int32, len(words))
    return sorted_categories(name, values, [word if isinstance(word, str) else word.decode() for word in places])


def sorted_categories(name: str, values: NDArray[np.int32], words: Sequence[str]) -> Column:
    """Return a column of text of places (N,) in words that may repeat, stand in any order, and be missing."""
    stripped = [word.strip() for word in words]
    categories = tuple(sorted({word for word in stripped if word.lower() not in MISSING}))
    places = {word: place for place, word in enumerate(categories)}
    order = np.array([*(places.get(word, -1) for word in stripped), -1], np.int32)  # the last: of values of -1
    return Column(name, "text", order[values], categories)


def kind_of(categories: Sequence[str]) -> str:
    """Return the kind of a column of text with those categories: "boolean", "date" or "text"."""
    if categories and all(word.lower() in BOOLEANS for word in categories):
        return "boolean"
    if categories and all(map(_DATE.fullmatch, categories)):
        return "date"
    return "text"
