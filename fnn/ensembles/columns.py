"""Answers as columns: what is written for each row, by task."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.ensembles.answers import Prediction, bounds, class_places, probabilities
from fnn.ensembles.model import Model
from fnn.errors import InvalidSetting


class Column(NamedTuple):
    """One column of answers: its name, the Python type of its values, and these, None where there is no answer.

    target: whose class it is, "" for what is no class.
    """

    name: str
    kind: type
    values: list[Any]
    target: str = ""


def answer_columns(model: Model, prediction: Prediction, every_class: bool = False) -> list[Column]:
    """Return the columns of a prediction.

    Of classes: `class`, its `probability`, and the `spread` of that between networks; of numbers: `value`, `spread`,
    and where the model has intervals `low` and `high`. Of several targets each name has the target's before it.
    every_class: the probability of each class too, as `p_CLASS`, or of yes for each of several targets, as `p_TARGET`;
    InvalidSetting for a model of numbers.
    """
    if model.task == "regression":
        if every_class:
            raise InvalidSetting("probabilities", True, "a model of classes; this one is of numbers")
        return list(_numbers(model, prediction))
    return [*_classes(model, prediction), *(_every_class(model, prediction) if every_class else ())]


def _numbers(model: Model, prediction: Prediction) -> Iterator[Column]:
    parts = {"value": prediction.mean, "spread": prediction.spread}
    if model.learned_interval:
        parts |= zip(("low", "high"), bounds(model.learned_interval, prediction), strict=True)
    for o, prefix in enumerate(_prefixes(model)):
        for name, numbers in parts.items():
            yield _floats(prefix + name, numbers[:, o])


def _classes(model: Model, prediction: Prediction) -> Iterator[Column]:
    places = class_places(model.task, prediction.mean)
    for o, (prefix, target) in enumerate(zip(_prefixes(model), model.target_names, strict=True)):
        values = [*model.labels[o].tolist(), None]  # the last, at place -1, where there is no answer
        column = np.maximum(places[:, o], 0)
        if model.task == "multiclass":
            mean, spread = (part[np.arange(len(column)), column] for part in prediction)
        else:
            mean, spread = (part[:, o] for part in prediction)
            mean = np.where(column == 1, mean, 1 - mean)
        yield Column(f"{prefix}class", type(values[0]), [values[place] for place in places[:, o]], target)
        yield _floats(f"{prefix}probability", mean)
        yield _floats(f"{prefix}spread", spread)


def _every_class(model: Model, prediction: Prediction) -> Iterator[Column]:
    names = model.target_names if model.task == "multilabel" else model.classes
    for name, shares in zip(names, probabilities(model.task, prediction.mean).T, strict=True):
        yield _floats(f"p_{name}", shares)


def _prefixes(model: Model) -> list[str]:
    """Return what stands before a column's name for each target: nothing where there is one."""
    return [f"{name}_" for name in model.target_names] if len(model.target_names) > 1 else [""]


def _floats(name: str, numbers: NDArray[np.float64]) -> Column:
    return Column(name, float, [None if math.isnan(value) else value for value in numbers.tolist()])
