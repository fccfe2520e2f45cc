"""Inputs of a graph: what a row is given as, and the numbers that the networks are given of it.

Where all columns are numbers, or true and false, the graph has one input `x` (rows, columns): they are in the order of
the metadata's `columns`, as are the pixels of an image, (height, width, channels) read in that order. Where a column
has categories there is an input (rows, 1) for each column under its name, as skl2onnx has them for frames: one tensor
holds no texts beside numbers. Numbers are float64 whatever the networks' precision, as tables are read; true is 1 and
false 0, and a missing number is NaN. Dates are inputs of no model.

A graph refuses no row. One that `fnn predict` refuses or leaves without an answer has no answer: with a value missing
where none may be, a category that is unknown where that is an error, an infinite number, or another number than 0 and 1
for true and false. Words are taken as they come, where a table's have no blanks around them.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np

from fnn.data.encoding import Encoder, Feature
from fnn.data.scaling import LARGEST, MOST, Scaling
from fnn.data.words import MISSING
from fnn.onnx.graph import WORDS_DOMAIN, Graph, Value

# The places of words that are no category, and of those that say that a value is missing.
_UNKNOWN_PLACE, _MISSING_PLACE = -1, -2


class Encoded(NamedTuple):
    """x: (N, I) float64, NaN where a number is missing; invalid: (N, 1), those without an answer, None if none."""

    x: Value
    invalid: Value | None


class _Part(NamedTuple):
    """Columns of one kind, encoded. inputs: (N, k) float64 each; invalid: (N, k) each, what has no answer.

    places: among all inputs of a row, where these belong.
    """

    inputs: list[Value]
    places: list[int]
    invalid: list[Value]


def has_words(encoder: Encoder) -> bool:
    """Return whether any column has categories."""
    return any(feature.kind == "category" for feature in encoder.features)


def add_inputs(graph: Graph, encoder: Encoder) -> Encoded:
    """Add what a row is given as, and return it encoded."""
    first = np.cumsum([0, *(feature.inputs for feature in encoder.features)]).tolist()
    places = dict(zip(encoder.features, first, strict=False))
    numbers = [feature for feature in encoder.features if feature.kind != "category"]
    if len(numbers) == len(encoder.features):
        parts = [_numbers(graph, encoder, graph.input("x", np.float64, len(numbers)), places)]
    else:
        given = {each: graph.input(each.name, np.float64 if each in numbers else str, 1) for each in places}
        parts = [_words(graph, encoder, each, given[each], places[each]) for each in places if each not in numbers]
        if numbers:
            x = _side_by_side(graph, [given[each] for each in numbers], "numbers")
            parts.insert(0, _numbers(graph, encoder, x, {each: places[each] for each in numbers}))
    x = _side_by_side(graph, [value for part in parts for value in part.inputs], "encoded")
    order = np.argsort([place for part in parts for place in part.places]).tolist()
    if order != sorted(order):
        x = _taken(graph, x, order, "in_order")
    invalid = [flags for part in parts for flags in part.invalid]
    return Encoded(x, graph.any_of(invalid, "invalid") if invalid else None)


def _side_by_side(graph: Graph, values: Sequence[Value], name: str) -> Value:
    return values[0] if len(values) == 1 else graph.add("Concat", *values, name=name, axis=1)


def _taken(graph: Graph, x: Value, columns: list[int], name: str) -> Value:
    return graph.add("Gather", x, graph.constant(f"{name}_columns", columns, np.int64), name=name, axis=1)


def _refuses_missing(encoder: Encoder) -> bool:
    return encoder.missing in ("error", "drop")


# ---- numbers ----


def _numbers(graph: Graph, encoder: Encoder, x: Value, places: dict[Feature, int]) -> _Part:
    """Return the columns of numbers, and of true and false, and behind them their indicators. x: (N, k)."""
    indicated = [k for k, feature in enumerate(places) if feature.indicator]
    part = _Part([x], list(places.values()), _invalid_numbers(graph, encoder, x, places))
    if not indicated:
        return part
    missing = graph.add("IsNaN", _taken(graph, x, indicated, "indicated"), name="indicated_missing")
    behind = [place + 1 for feature, place in places.items() if feature.indicator]
    indicators = graph.cast(missing, np.float64, "indicators")
    return part._replace(inputs=[x, indicators], places=[*part.places, *behind])


def _invalid_numbers(graph: Graph, encoder: Encoder, x: Value, features: dict[Feature, int]) -> list[Value]:
    """Return what may not be: infinity, a missing number, and of true and false what is neither."""
    never = [graph.add("IsInf", x, name="infinite")]
    if _refuses_missing(encoder):
        never.append(graph.add("IsNaN", x, name="missing"))
    booleans = [k for k, feature in enumerate(features) if feature.kind == "boolean"]
    if not booleans:
        return never
    value = _taken(graph, x, booleans, "booleans")
    square = graph.add("Mul", value, value, name="booleans_squared")  # themselves of 0 and 1
    known = graph.add("Equal", square, value, name="zero_or_one")
    either = graph.add("Or", known, graph.add("IsNaN", value, name="boolean_missing"), name="boolean_or_missing")
    return [*never, graph.add("Not", either, name="neither")]


# ---- words ----


def _words(graph: Graph, encoder: Encoder, feature: Feature, words: Value, first: int) -> _Part:
    """Return a column of categories as one-hot, with its indicator. words: (N, 1)."""
    name = feature.name
    places = {word: place for place, word in enumerate(feature.categories)}
    places |= dict.fromkeys(_words_of_missing(), _MISSING_PLACE)
    place = graph.add(
        "LabelEncoder", words, name=f"{name}/place", domain=WORDS_DOMAIN, keys_strings=list(places),
        values_int64s=list(places.values()), default_int64=_UNKNOWN_PLACE,
    )  # fmt: skip
    known = graph.constant(f"{name}/places", np.arange(len(feature.categories)))
    one_hot = graph.add("Equal", place, known, name=f"{name}/is")
    pieces = [graph.cast(one_hot, np.float64, f"{name}/one_hot")]
    missing = graph.add("Equal", place, graph.constant("missing_place", _MISSING_PLACE, np.int64), name=f"{name}/none")
    if feature.indicator:
        pieces.append(graph.cast(missing, np.float64, f"{name}/indicator"))
    invalid = [missing] if _refuses_missing(encoder) else []
    if encoder.unknown == "error":
        unknown = graph.constant("unknown_place", _UNKNOWN_PLACE, np.int64)
        invalid.append(graph.add("Equal", place, unknown, name=f"{name}/unknown"))
    return _Part(pieces, list(range(first, first + feature.inputs)), invalid)


def _words_of_missing() -> Iterator[str]:
    """Yield the words that stand for a missing value, in any case of their letters."""
    for word in sorted(MISSING):
        letters = [dict.fromkeys((letter, letter.upper())) for letter in word]
        yield from map("".join, product(*letters))


# ---- scaling ----


def add_scaling(graph: Graph, scaling: Scaling, x: Value) -> Value:
    """Return the inputs of the networks of each split. x: (N, I) → (P, N, I); scaling: (P, I)."""
    center, factor, fill = (
        graph.constant(f"scaling/{name}", getattr(scaling, name)[:, None]) for name in ("center", "factor", "fill")
    )
    z = graph.add("Where", graph.add("IsNaN", x, name="scaling/missing"), fill, x, name="scaling/filled")
    z = graph.add("Sub", z, center, name="scaling/centered")
    z = _clipped(graph, z, LARGEST, "scaling/finite")
    z = graph.add("Mul", z, factor, name="scaling/scaled")
    z = _clipped(graph, z, MOST, "scaling/held")
    return _smoothly_clipped(graph, z) if scaling.smooth_clip else z


def _clipped(graph: Graph, z: Value, most: float, name: str) -> Value:
    return graph.add("Clip", z, graph.constant(f"{name}_low", -most), graph.constant(f"{name}_high", most), name=name)


def _smoothly_clipped(graph: Graph, z: Value) -> Value:
    """Return z / √(1 + (z/3)²)."""
    third = graph.add("Div", z, graph.constant("3", 3.0), name="scaling/third")
    square = graph.add("Mul", third, third, name="scaling/square")
    total = graph.add("Add", square, graph.constant("1", 1.0), name="scaling/sum")
    return graph.add("Div", z, graph.add("Sqrt", total, name="scaling/root"), name="scaling/clipped")
