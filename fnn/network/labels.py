"""Labels: what a loss and an output layer take y for; what they cannot mean is refused."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fnn.errors import InvalidSetting
from fnn.network.activations import OUTPUT_ACTIVATIONS

Array = NDArray[np.float64]

# By how much the probabilities of a sample may miss 1 when they come from float32.
_ROUNDING = 1e-4
# Classes that are named in a message.
_SHOWN = 5


def read_labels(y: Array, loss: str, output: str) -> Array:
    """Return y (N, O) as that loss takes it of that output layer: a column of classes 0, 1, 2 … is (N, C) for softmax.

    Raises InvalidSetting for labels that the loss or the output cannot mean: values that the output never takes, rows
    of cross-entropy that are no probabilities, a class that no sample has.
    """
    if loss == "cross-entropy":
        return one_hot(y) if y.shape[1] == 1 else _probabilities(y)
    entry = OUTPUT_ACTIVATIONS[output]
    beyond = y[(y < entry.low) | (y > entry.high)]
    if beyond.size:
        between = f"from {entry.low:g} to {entry.high:g}" if np.isfinite(entry.high) else f"of at least {entry.low:g}"
        raise InvalidSetting("y", float(beyond[0]), f"labels {between} with output {output}{_instead(y, loss)}")
    return y


def one_hot(y: Array) -> Array:
    """Return classes 0, 1, … C − 1, y: (N, 1), as columns: (N, C), 1 where it is the class. Raises InvalidSetting."""
    classes = np.unique(y)
    if not np.array_equal(classes, np.arange(len(classes))) or len(classes) < 2:
        words = "in one column whole numbers from 0 on, none left out, at least two; or a column for each class"
        raise InvalidSetting("y", _some(classes), f"with loss cross-entropy {words}")
    return np.equal(y, classes).astype(np.float64)


def _probabilities(y: Array) -> Array:
    """Check that each row is one class, or what each class weighs."""
    bad = np.flatnonzero((y < 0).any(axis=1) | (np.abs(y.sum(axis=1) - 1) > _ROUNDING))
    if bad.size:
        words = "rows of probabilities that sum to 1, such as a 1 at its class, with loss cross-entropy"
        raise InvalidSetting("y", y[bad[0]].tolist(), words)
    return y


def _instead(y: Array, loss: str) -> str:
    """Return the settings for what y seems to be."""
    low, high = float(y.min()), float(y.max())
    if loss == "bce" and {low, high} == {-1.0, 1.0}:
        return ", such as 0 and 1 for -1 and 1"
    classes = np.unique(y)
    numbers = "output identity and loss mse for numbers"
    if y.shape[1] == 1 and len(classes) > 2 and np.array_equal(classes, np.arange(len(classes))):
        return f": output softmax and loss cross-entropy for classes {_some(classes)}, {numbers}"
    if {low, high} == {-1.0, 1.0}:
        return ": output tanh for labels -1 and 1"
    return f": {numbers}; a table with its labels as they are learns by fnn.fit"


def _some(classes: NDArray[Any]) -> str:
    """Return the first few classes in words."""
    shown = ", ".join(f"{value:g}" for value in classes[:_SHOWN])
    return f"{shown}, …" if len(classes) > _SHOWN else shown
