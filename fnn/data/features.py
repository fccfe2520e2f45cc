"""Features: what an encoder keeps of each column, and itself as JSON has it."""

from typing import Any, NamedTuple

from fnn.checks import Check, boolean, named
from fnn.errors import InvalidSetting

# What becomes of missing values. error: they are refused. mean: a number is the mean of its column once it is scaled, a
# category none of those of its column. drop: rows that lack a value are left out. indicator: as mean, with an input
# more for each column that lacked values when it was learnt, which is 1 where one is missing.
MISSING = ("error", "mean", "drop", "indicator")
# What becomes of a column of numbers that are all alike: it says nothing and is left out, but a pixel has its place.
CONSTANT = ("drop", "keep")
# What becomes of a category that was not there at training: it is none of those that were, or it is refused.
UNKNOWN = ("none", "error")
# Kinds of features, and the kinds of columns that they can be made of.
FEATURE_KINDS = {"number": ("number", "boolean"), "boolean": ("boolean", "number"), "category": ("text",)}


class Feature(NamedTuple):
    """A column as inputs. kind: of `FEATURE_KINDS`. indicator: whether an input more is 1 where a value is missing."""

    name: str
    kind: str
    categories: tuple[str, ...]
    indicator: bool

    @property
    def inputs(self) -> int:
        """How many inputs it is."""
        return (len(self.categories) or 1) + self.indicator

    @property
    def x_names(self) -> tuple[str, ...]:
        """What its inputs are called."""
        values = tuple(f"{self.name}={word}" for word in self.categories) or (self.name,)
        return (*values, f"{self.name} missing") if self.indicator else values


class Encoder(NamedTuple):
    """How a table becomes inputs. missing, unknown: of `MISSING` and `UNKNOWN`. dropped: columns left out, and why."""

    features: tuple[Feature, ...]
    missing: str
    unknown: str
    dropped: tuple[tuple[str, str], ...]

    @property
    def inputs(self) -> int:
        """I, how many inputs there are."""
        return sum(feature.inputs for feature in self.features)

    @property
    def x_names(self) -> tuple[str, ...]:
        """What the inputs are called: a column's name, `column=category`, or `column missing`. (I,)"""
        return tuple(name for feature in self.features for name in feature.x_names)


# ---- as JSON ----


def encoder_document(encoder: Encoder) -> dict[str, Any]:
    """Return an encoder as JSON has it."""
    return encoder._asdict() | {"features": [feature._asdict() for feature in encoder.features]}


def encoder_from_document(document: dict[str, Any]) -> Encoder:
    """Return an encoder from what `encoder_document` gave. Raises InvalidSetting for whatever else it is."""
    entries = _entries(document, Encoder._fields)
    encoder = Encoder(
        tuple(_feature(entry) for entry in _list(entries["features"])),
        named(MISSING)("model", entries["missing"]),
        named(UNKNOWN)("model", entries["unknown"]),
        tuple(_pair(entry) for entry in _list(entries["dropped"])),
    )
    names = [feature.name for feature in encoder.features] + [name for name, _ in encoder.dropped]
    if not encoder.features or len(set(names)) < len(names):
        raise InvalidSetting("model", names, "features, and no column twice")
    if encoder.missing != "indicator" and any(feature.indicator for feature in encoder.features):
        raise InvalidSetting("model", encoder.missing, "missing = indicator, as a feature has one")
    return encoder


def _entries(got: Any, fields: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(got, dict) or set(got) != set(fields):
        raise InvalidSetting("model", got, f"{', '.join(fields)} with their values")
    return got


def _feature(got: Any) -> Feature:
    entries = _entries(got, Feature._fields)
    feature = Feature(*(check("model", entries[name]) for name, check in _CHECKS.items()))
    if (feature.kind == "category") != bool(feature.categories):
        raise InvalidSetting("model", got, "categories, of a feature that has some, and of no other")
    return feature


def _pair(got: Any) -> tuple[str, str]:
    words = _texts("model", got)
    if len(words) != 2:
        raise InvalidSetting("model", got, "a column's name and why it was left out")
    return words[0], words[1]


def _list(got: Any) -> list[Any] | tuple[Any, ...]:
    if not isinstance(got, (list, tuple)):
        raise InvalidSetting("model", got, "a list")
    return got


def _text(name: str, got: Any) -> str:
    if not isinstance(got, str):
        raise InvalidSetting(name, got, "text")
    return got


def _texts(name: str, got: Any) -> tuple[str, ...]:
    return tuple(_text(name, word) for word in _list(got))


def _different(name: str, got: Any) -> tuple[str, ...]:
    words = _texts(name, got)
    if len(set(words)) < len(words):
        raise InvalidSetting(name, got, "texts of which none comes twice")
    return words


_CHECKS: dict[str, Check] = {
    "name": _text,
    "kind": named(FEATURE_KINDS),
    "categories": _different,
    "indicator": boolean,
}
