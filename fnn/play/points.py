"""What is played on: points of the plane, each of one of two to six classes."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.data.scaling import learn_scaling, scale
from fnn.data.synthetic import make
from fnn.ensembles.problem import Problem, Roles, read_problem
from fnn.errors import InvalidSetting

# More classes could not be told apart by their colours.
MOST_CLASSES = 6
# Numbers of so few values are classes here, however few rows there are of each: what is played on has classes.
_CLASSES = "two to six classes"


class Points(NamedTuple):
    """N points. x: (N, 2) as networks are given them; y: (N, O), the class 0 or 1, or one-hot where there are more.

    title: what it is called; classes: their names; x_names, y_name: of the columns. center, factor: (2,), an input is
    (number − center) · factor of the number that the data has.
    """

    title: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    classes: tuple[str, ...]
    x_names: tuple[str, ...]
    y_name: str
    center: NDArray[np.float64]
    factor: NDArray[np.float64]

    @property
    def labels(self) -> NDArray[np.int64]:
        """The class of each point, (N,)."""
        labels: NDArray[np.int64] = self.y.argmax(axis=1) if self.y.shape[1] > 1 else self.y[:, 0].astype(np.int64)
        return labels


def named_points(data: str, points: int | None, noise: float, data_seed: int) -> Points:
    """Return a named data set. Raises InvalidSetting as `data.make` does."""
    x, y = make(data, points, noise, data_seed)
    return Points(data, x, y, ("0", "1"), ("x1", "x2"), "y", np.zeros(2), np.ones(2))


def table_points(path: str, target: Any = None, ignore: Any = ()) -> Points:
    """Return the rows of a table as points, each input scaled to mean 0 and standard deviation 1.

    target: the column of the classes, by name or place, by itself the last. ignore: columns that are no inputs. Raises
    InvalidSetting for a table that has not two columns of numbers and one of two to six classes.
    """
    problem = _problem(path, -1 if target is None else target, ignore)
    kinds = [feature.kind for feature in problem.encoder.features]
    names = tuple(feature.name for feature in problem.encoder.features)
    if kinds != ["number", "number"] or problem.x.shape[1] != 2:
        there = ", ".join(f"{name} of {kind}" for name, kind in zip(names, kinds, strict=True))
        words = "two columns of numbers beside the target, to be drawn on a plane; --ignore leaves out others"
        raise InvalidSetting("data", f"{path}: {there}", words)
    if not 2 <= len(problem.target.classes) <= MOST_CLASSES:
        raise InvalidSetting("target", f"{problem.target.names[0]}: {_count(problem)}", f"a column of {_CLASSES}")
    scaling = learn_scaling(problem.x, "standard", smooth_clip=False)
    x = scale(scaling, problem.x)
    classes = problem.target.classes
    return Points(
        path.replace("\\", "/").rpartition("/")[2], x, problem.target.y, classes, names, problem.target.names[0],
        scaling.center, scaling.factor,
    )  # fmt: skip


def _count(problem: Problem) -> str:
    if problem.target.classes:
        return f"{len(problem.target.classes):,} classes"
    return f"{len(np.unique(problem.target.y)):,} numbers" if problem.target.y.shape[1] == 1 else "several columns"


def _problem(path: str, target: Any, ignore: Any) -> Problem:
    """Return a table's problem; numbers of few values are classes, be there ever so few rows of each."""
    problem = read_problem(path, Roles(target, ignore=ignore))
    y = problem.target.y
    if problem.target.task != "regression" or y.shape[1] > 1 or len(np.unique(y)) > MOST_CLASSES:
        return problem
    return read_problem(path, Roles(target, "binary" if len(np.unique(y)) == 2 else "multiclass", ignore=ignore))
