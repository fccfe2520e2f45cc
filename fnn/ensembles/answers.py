"""What an ensemble answers, from the mean and the spread of its networks: classes, probabilities, intervals."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.stats.prediction_intervals import LearnedInterval, prediction_interval

# What classes were in the table, and are given back as.
CLASS_KINDS = ("text", "number", "boolean")

Floats = NDArray[np.float64]


class Prediction(NamedTuple):
    """What an ensemble says of N rows: mean and standard deviation over its networks, both (N, O).

    Of probabilities, or of numbers in the target's units; NaN where there is no answer.
    """

    mean: Floats
    spread: Floats


def probabilities(task: str, mean: Floats) -> Floats:
    """Return each class's probability, (N, C), from means (N, O): of the two where there is one; else they are it."""
    return np.concatenate((1 - mean, mean), axis=1) if task == "binary" else mean


def class_places(task: str, mean: Floats) -> NDArray[np.int64]:
    """Return the place of each row's class among the labels, (N, 1), or (N, O) of several targets; −1 for none."""
    places = mean.argmax(axis=1, keepdims=True) if task == "multiclass" else (mean > 0.5).astype(np.int64)
    return np.where(np.isnan(mean).any(axis=1, keepdims=True), -1, places)


def class_labels(classes: tuple[str, ...], kind: str) -> NDArray[Any]:
    """Return what classes are given back as: text, numbers, or false and true; of no classes, those of no and yes."""
    if kind == "boolean":
        return np.array([False, True])
    words = np.array(classes or ("0", "1"))
    if kind == "text":
        return words
    numbers = words.astype(np.float64)
    with np.errstate(invalid="ignore"):
        whole = numbers.astype(np.int64)
    return whole if np.array_equal(whole, numbers) else numbers


def target_labels(
    targets: int, classes: tuple[str, ...], kind: str, words: tuple[tuple[str, str], ...]
) -> tuple[NDArray[Any], ...]:
    """Return what the classes of each target are given back as. words: no and yes of each of several targets, or ()."""
    return tuple(np.array(pair) for pair in words) if words else (class_labels(classes, kind),) * targets


def take_labels(labels: NDArray[Any], places: NDArray[np.int64]) -> NDArray[Any]:
    """Return the labels at these places; where a place is −1, an empty text, NaN or None."""
    if (places >= 0).all():
        return labels[places]
    nothing = {"U": "", "b": None}.get(labels.dtype.kind, np.nan)
    with_nothing = np.array([*labels.tolist(), nothing], object if nothing is None else None)
    return with_nothing[places]


def bounds(learned: LearnedInterval, prediction: Prediction) -> tuple[Floats, Floats]:
    """Return where numbers to come are meant to lie, low and high: (N, O)."""
    with np.errstate(over="ignore"):
        return prediction_interval(prediction.mean, prediction.spread**2, learned)
