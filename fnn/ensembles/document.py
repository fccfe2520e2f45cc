"""The JSON text of a model file: what it says is of the right type and agrees with itself, or is refused."""

import json
from dataclasses import asdict, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.checks import Check, boolean, named, number, one_of, optional, whole
from fnn.config import Config
from fnn.data.encoding import Encoder, encoder_document, encoder_from_document
from fnn.data.targets import TASKS
from fnn.ensembles.answers import CLASS_KINDS
from fnn.errors import InvalidSetting
from fnn.network.layers import Layer
from fnn.stats.intervals import Interval
from fnn.stats.prediction_intervals import LearnedInterval


class Document(NamedTuple):
    """A `Model` but for its arrays, whose shapes follow from it: there are so many networks and splits."""

    config: Config
    task: str
    target_names: tuple[str, ...]
    classes: tuple[str, ...]
    class_kind: str
    encoder: Encoder
    ignored_columns: tuple[str, ...]
    smooth_clip: bool
    learned_interval: LearnedInterval | None
    coverage: Interval | None
    about: dict[str, Any]
    networks: int
    splits: int
    label_words: tuple[tuple[str, str], ...] = ()
    temperature: float = 1.0

    @property
    def outputs(self) -> int:
        """The outputs of a network: one for each class of several, else one for each target."""
        return len(self.classes) if self.task == "multiclass" else len(self.target_names)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers of each network."""
        return self.config.layers(self.encoder.inputs, self.outputs)


def read_json(text: str) -> dict[str, Any]:
    """Return a JSON object. Raises ValueError for anything else, NaN and infinite numbers among it."""
    return _mapping("its text", json.loads(text, parse_constant=_no_number))


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number of JSON")


def write_document(document: Document) -> dict[str, Any]:
    """Return what `read_document` reads, as JSON has it."""
    learned = document.learned_interval
    values = document._asdict() | {
        "config": asdict(document.config),
        "encoder": encoder_document(document.encoder),
        "learned_interval": learned and {"residual": learned.residual.tolist(), "q": learned.q},
    }
    return {name: value for name, value in values.items() if value != _LATER.get(name, ...)}


def read_document(values: dict[str, Any]) -> Document:
    """Return what a JSON object says of a model. Raises InvalidSetting or ValueError for what is wrong."""
    wrong = (set(values) ^ set(_CHECKS)) - (set(_LATER) - set(values))
    if wrong:
        raise ValueError(f"{', '.join(sorted(wrong))} is one entry too many or too few")
    document = Document(**{name: check(name, values[name]) for name, check in _CHECKS.items() if name in values})
    _check_classes(document)
    learned = document.learned_interval
    if learned and (document.task != "regression" or len(learned.residual) != document.outputs):
        raise ValueError("learned_interval has not one number for each target that is a number")
    if document.temperature != 1 and document.task == "regression":
        raise ValueError("temperature is of probabilities, and these are numbers")
    return document


def read_config(name: str, got: Any) -> Config:
    """Check for the settings of a Config, by name; those that are not there have their defaults."""
    settings = _mapping(name, got)
    for setting in settings:
        one_of(name, setting, [field.name for field in fields(Config)])
    return Config(**settings)


def _check_classes(document: Document) -> None:
    """Refuse classes that do not go with the task, or are not what the kind of class says."""
    _, _, names, classes, kind, *_ = document
    least, most = {"binary": (2, 2), "multiclass": (2, np.inf)}.get(document.task, (0, 0))
    if not least <= len(classes) <= most or (least and len(names) > 1) or not names:
        raise ValueError(f"{len(classes)} classes of {len(names)} targets is not {document.task}")
    words = document.label_words
    if words and (document.task, kind, len(words)) != ("multilabel", "text", len(names)):
        raise ValueError("label_words is not of each of several targets whose labels are words")
    if kind == "boolean" and classes and len(classes) != 2:
        raise ValueError("classes of true and false are two")
    if kind == "number":
        for word in classes:
            number(-np.inf)("classes", float(word))


def _mapping(name: str, got: Any) -> dict[str, Any]:
    if not isinstance(got, dict):
        raise InvalidSetting(name, got, "names with values")
    return got


def _names(name: str, got: Any) -> tuple[str, ...]:
    """Check for a list of texts, none of them twice."""
    if not isinstance(got, (list, tuple)) or not all(isinstance(word, str) for word in got) or len(set(got)) < len(got):
        raise InvalidSetting(name, got, "a list of different texts")
    return tuple(got)


def _pairs(name: str, got: Any) -> tuple[tuple[str, str], ...]:
    """Check for a list of pairs of different texts."""
    if not isinstance(got, (list, tuple)):
        raise InvalidSetting(name, got, "a list of pairs")
    pairs = tuple(_names(name, pair) for pair in got)
    if any(len(pair) != 2 for pair in pairs):
        raise InvalidSetting(name, got, "pairs of two different texts")
    return tuple((no, yes) for no, yes in pairs)


def _numbers(name: str, got: Any) -> NDArray[np.float64]:
    """Check for a list of numbers of at least 0."""
    if not isinstance(got, list):
        raise InvalidSetting(name, got, "a list of numbers")
    return np.array([number(0)(name, value) for value in got], np.float64)


def _interval(name: str, got: Any) -> LearnedInterval:
    entries = _mapping(name, got)
    if set(entries) != set(LearnedInterval._fields):
        raise InvalidSetting(name, sorted(entries), " and ".join(LearnedInterval._fields))
    return LearnedInterval(_numbers(name, entries["residual"]), number(0)(name, entries["q"]))


def _coverage(name: str, got: Any) -> Interval:
    """Check for an estimate and its interval."""
    shares = _numbers(name, got).tolist()
    if len(shares) != 3 or max(shares) > 1:
        raise InvalidSetting(name, got, "three shares of 1")
    return Interval(*shares)


# Entries that files have only where they are other than this: those of before do not have them.
_LATER: dict[str, Any] = {"label_words": (), "temperature": 1.0}
# What each entry of the text has to be.
_CHECKS: dict[str, Check] = {
    "config": read_config,
    "task": named(TASKS),
    "target_names": _names,
    "classes": _names,
    "class_kind": named(CLASS_KINDS),
    "encoder": lambda name, got: encoder_from_document(_mapping(name, got)),
    "ignored_columns": _names,
    "smooth_clip": boolean,
    "learned_interval": optional(_interval),
    "coverage": optional(_coverage),
    "about": _mapping,
    "networks": whole(1),
    "splits": whole(1),
    "label_words": _pairs,
    "temperature": number(0, open_low=True),
}
