"""Targets as scikit-learn has them: classes of any kind, several labels, one number or several."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_array

from fnn.data.targets import Target

Floats = NDArray[np.float64]


class Labels(NamedTuple):
    """What is to be learnt. y: (N, O) as `fnn.data.targets.Target` has it; classes: (C,) of classes, else None."""

    task: str
    y: Floats
    classes: NDArray[Any] | None = None

    def target(self, y: Floats) -> Target:
        """Return the target of some rows. y: (n, O)."""
        several = y.shape[1] > 1 and self.task != "multiclass"
        names = tuple(f"y{k}" for k in range(1, y.shape[1] + 1)) if several else ("y",)
        named = () if self.classes is None or self.task == "multilabel" else self.classes.tolist()
        return Target(names, self.task, tuple(map(_word, named)), _kind(self.classes), y)


def _word(label: Any) -> str:
    if isinstance(label, float) and label.is_integer():
        return str(int(label))
    return str(label).lower() if isinstance(label, bool) else str(label)


def _kind(classes: NDArray[Any] | None) -> str:
    if classes is None or classes.dtype.kind in "iuf":
        return "number"
    return "boolean" if classes.dtype.kind == "b" and len(classes) == 2 else "text"


def read_classes(y: Any, weight: Floats | None = None) -> Labels:
    """Return classes: one for each row, or several labels (N, O), each 0 or 1.

    weight: (N,), rows of weight 0 are no reason for a class. Raises ValueError for numbers that are no classes, and for
    several columns of several classes.
    """
    check_classification_targets(y)
    kind = type_of_target(y, input_name="y")
    if kind == "multilabel-indicator":
        labels = y.toarray() if hasattr(y, "toarray") else check_array(y, dtype=None)
        return Labels("multilabel", np.asarray(labels, np.float64), np.arange(np.shape(labels)[1]))
    if kind.endswith("multioutput"):
        raise ValueError(
            f"y: got {kind}; expected a class for each row, or labels of 0 and 1 for each column. Several columns of "
            "several classes are for sklearn.multioutput.MultiOutputClassifier"
        )
    values = column_or_1d(y, warn=True)
    classes = np.unique(values if weight is None else values[weight > 0])
    return _coded(np.minimum(np.searchsorted(classes, values), len(classes) - 1), classes)


def _coded(places: NDArray[np.int64], classes: NDArray[Any]) -> Labels:
    """Return classes by their places (N,) among all of them, (C,)."""
    if len(classes) == 2:
        return Labels("binary", places[:, None].astype(np.float64), classes)
    return Labels("multiclass", np.eye(len(classes))[places], classes)


def read_same_classes(y: Any, labels: Labels) -> Labels:
    """Return the classes of rows to validate on. Raises ValueError for a class, or a number of labels, not in y."""
    if labels.task == "multilabel" or labels.classes is None:
        return _as_many(read_classes(y), labels)
    values = column_or_1d(y, warn=True)
    unknown = ~np.isin(values, labels.classes)
    if unknown.any():
        raise ValueError(f"y_val: got class {values[unknown][0]!r}; expected those of y: {labels.classes.tolist()}")
    return _coded(np.searchsorted(labels.classes, values), labels.classes)


def read_same_numbers(y: Any, labels: Labels) -> Labels:
    """Return the numbers of rows to validate on. Raises ValueError for another number of columns than in y."""
    return _as_many(read_numbers(y), labels)


def _as_many(validation: Labels, labels: Labels) -> Labels:
    if (validation.task, validation.y.shape[1]) != (labels.task, labels.y.shape[1]):
        raise ValueError(f"y_val: got {validation.y.shape[1]} columns; expected {labels.y.shape[1]}, as y has")
    return validation


def read_numbers(y: Any) -> Labels:
    """Return numbers, (N,) or (N, O). Raises ValueError for what is not finite."""
    values = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
    if values.ndim == 1 or values.shape[1] == 1:
        return Labels("regression", column_or_1d(values, warn=True)[:, None])
    return Labels("regression", values)


# ---- weights of classes ----


def class_factors(given: Any, labels: Labels, y: Floats, weight: Floats, learnt: NDArray[np.int64]) -> Floats:
    """Return the factor on each row's weight: (n,). y: (n, O), weight: (n,); learnt: places of rows learnt from.

    given: None, "balanced", or a factor for each class; of several labels one such for each, and their product is
    meant. Balanced lets all classes weigh alike. Raises ValueError for what is no such thing.
    """
    if given is None or labels.classes is None:
        return np.ones(len(y))
    if labels.task != "multilabel":
        places = y[:, 0].astype(np.int64) if labels.task == "binary" else y.argmax(axis=1)
        return _factors(given, labels.classes.tolist(), places, weight, learnt)
    each = [given] * y.shape[1] if isinstance(given, str) else given
    if not isinstance(each, Sequence) or len(each) != y.shape[1]:
        raise ValueError(
            f"class_weight: got {given!r}; expected balanced, or a mapping for each of {y.shape[1]} labels"
        )
    columns = [_factors(one, [0, 1], y[:, o].astype(np.int64), weight, learnt) for o, one in enumerate(each)]
    return np.asarray(np.prod(columns, axis=0))


def _factors(
    given: Any, classes: Sequence[Any], places: NDArray[np.int64], weight: Floats, learnt: NDArray[np.int64]
) -> Floats:
    if isinstance(given, Mapping):
        unknown = [label for label in given if label not in classes]
        factors = np.array([given.get(label, 1.0) for label in classes], np.float64)
        if unknown or not np.isfinite(factors).all() or (factors < 0).any() or not factors.any():
            raise ValueError(f"class_weight: got {given!r}; expected factors of at least 0 on classes {list(classes)}")
        return factors[places]
    if given != "balanced":
        raise ValueError(f"class_weight: got {given!r}; expected balanced, or a factor for each class")
    sums = np.bincount(places[learnt], weight[learnt], minlength=len(classes))
    shares = sums.sum() / (np.count_nonzero(sums) * np.where(sums > 0, sums, 1.0))
    return np.asarray(shares[places])
