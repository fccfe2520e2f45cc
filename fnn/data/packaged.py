"""Tables that come with an installed package: `sklearn:wine` is scikit-learn's."""

import importlib
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.checks import one_of
from fnn.errors import InvalidSetting

PREFIX = "sklearn:"


class _Packaged(NamedTuple):
    """The name of the column to learn, and whether it is of classes."""

    target: str
    classes: bool


SKLEARN = {
    "breast_cancer": _Packaged("diagnosis", True),
    "diabetes": _Packaged("progression", False),
    "digits": _Packaged("digit", True),
    "iris": _Packaged("species", True),
    "wine": _Packaged("cultivar", True),
}


def is_packaged(source: str) -> bool:
    """Return whether that names a table of a package."""
    return source.startswith(PREFIX)


def packaged_target(source: str) -> str:
    """Return the column to learn of a table of a package. Raises InvalidSetting for a table there is not."""
    return SKLEARN[_name(source)].target


def packaged_table(source: str) -> dict[str, NDArray[Any]]:
    """Return the columns of a table of a package, (N,) each, the one to learn last; classes are text.

    Raises InvalidSetting for a table there is not, and without the package.
    """
    name = _name(source)
    try:
        loaders = importlib.import_module("sklearn.datasets")
    except ImportError:
        expected = "scikit-learn, which ships it: python -m pip install scikit-learn"
        raise InvalidSetting("data", source, expected) from None
    bunch = getattr(loaders, f"load_{name}")()
    columns = dict(zip(map(str, bunch.feature_names), np.asarray(bunch.data, np.float64).T, strict=True))
    y = np.asarray(bunch.target_names).astype(str)[bunch.target] if SKLEARN[name].classes else bunch.target
    return columns | {SKLEARN[name].target: np.asarray(y)}


def _name(source: str) -> str:
    try:
        return one_of("data", source.removeprefix(PREFIX), SKLEARN)
    except InvalidSetting as error:
        raise InvalidSetting("data", source, error.expected) from None
