"""The data sets: points in the plane with a label 0 or 1. x: (N, 2), y: (N, 1), both float64."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn import rng as draws
from fnn.checks import fits, number, one_of, optional, seed_number, whole
from fnn.elementary import cos_sin
from fnn.errors import InvalidSetting

Array = NDArray[np.float64]

# How small the loss on `linear` gets depends on the draw: the closer its nearest points are to the line, the larger.
# Over the seeds 0 to 11 the median of the default network goes from 2e-8 to 2e-4; seed 1 is one of the clear ones.
SEED = 1


class Data(NamedTuple):
    """Points and their labels. x: (N, 2), y: (N, 1)."""

    x: Array
    y: Array


def linear(points: int = 100, noise: float = 0.0, seed: int = SEED) -> Data:
    """Return uniform points on [0, 1)²: label 0 where x > y, else 1.

    points: how many; noise: the standard deviation of a normal shift of each coordinate; seed: of both.

    >>> import fnn
    >>> x, y = fnn.data.linear()
    >>> x.shape, y.shape
    ((100, 2), (100, 1))
    """
    x = draws.uniforms([seed], 2 * points, draws.DATA).reshape(points, 2)
    # The noise takes the uniforms after the points' own, so that it does not depend on them.
    return Data(_jitter(x, noise, seed, skip=2 * points), _column(x[:, 0] <= x[:, 1]))


def xor(points: int = 21, noise: float = 0.0, seed: int = SEED) -> Data:
    """Return the lab's XOR: 11 points with label 0 on one diagonal and, without the centre, 10 with 1 on the other.

    points: how many; noise: the standard deviation of a normal shift of each coordinate; seed: of both.
    Raises InvalidSetting for another number of points than 21.

    >>> import fnn
    >>> x, y = fnn.data.xor()
    >>> x.shape, y.shape
    ((21, 2), (21, 1))
    """
    if points != 21:
        raise InvalidSetting("points", points, "21, the number of points xor has")
    rows = []
    for i in range(11):
        rows.append((i / 10, i / 10, 0))
        if i != 5:
            rows.append((i / 10, 1 - i / 10, 1))
    table = np.array(rows, np.float64)
    return Data(_jitter(table[:, :2], noise, seed), table[:, 2:])


def xor4(points: int = 4, noise: float = 0.0, seed: int = SEED) -> Data:
    """Return the four corners of the square in turn: label 1 where exactly one coordinate is 1.

    points: how many; noise: the standard deviation of a normal shift of each coordinate; seed: of both.

    >>> import fnn
    >>> x, y = fnn.data.xor4()
    >>> x.shape, y.shape
    ((4, 2), (4, 1))
    """
    i = np.arange(points) % 4
    x = np.stack((i // 2, i % 2), axis=1).astype(np.float64)
    return Data(_jitter(x, noise, seed), _column(x[:, 0] != x[:, 1]))


def circles(points: int = 200, noise: float = 0.0, seed: int = SEED) -> Data:
    """Return a circle of radius 1 (label 0) around one of radius 0.8 (label 1), as scikit-learn's `make_circles`.

    points: how many; noise: the standard deviation of a normal shift of each coordinate; seed: of both.

    >>> import fnn
    >>> x, y = fnn.data.circles()
    >>> x.shape, y.shape
    ((200, 2), (200, 1))
    """
    outer, inner = (np.arange(n) / n for n in _halves(points))
    x = np.concatenate((_circle(outer), 0.8 * _circle(inner)))
    return Data(_jitter(x, noise, seed), _second_half(points))


def moons(points: int = 200, noise: float = 0.0, seed: int = SEED) -> Data:
    """Return two half circles that reach into each other, as scikit-learn's `make_moons`.

    points: how many; noise: the standard deviation of a normal shift of each coordinate; seed: of both.

    >>> import fnn
    >>> x, y = fnn.data.moons()
    >>> x.shape, y.shape
    ((200, 2), (200, 1))
    """
    upper, lower = (np.linspace(0, 0.5, n) for n in _halves(points))
    x = np.concatenate((_circle(upper), np.array([1.0, 0.5]) - _circle(lower)))
    return Data(_jitter(x, noise, seed), _second_half(points))


def spiral(points: int = 200, noise: float = 0.0, seed: int = SEED) -> Data:
    """Return two arms of an Archimedean spiral, one turn each: radius t, angle 2πt (+ π), t from 1/n to 1.

    points: how many; noise: the standard deviation of a normal shift of each coordinate; seed: of both.

    >>> import fnn
    >>> x, y = fnn.data.spiral()
    >>> x.shape, y.shape
    ((200, 2), (200, 1))
    """
    arms = []
    for start, n in zip((0.0, 0.5), _halves(points), strict=True):
        t = np.arange(1, n + 1) / n
        arms.append(t[:, None] * _circle(t + start))
    return Data(_jitter(np.concatenate(arms), noise, seed), _second_half(points))


DATA: dict[str, Callable[..., Data]] = {
    "linear": linear,
    "xor": xor,
    "xor4": xor4,
    "circles": circles,
    "moons": moons,
    "spiral": spiral,
}


_points, _noise = optional(whole(4)), number(0)
# What a point takes while it is made: its numbers, its label, and the random words behind them; of `linear`, measured.
_BYTES = 190


class Recipe(NamedTuple):
    """How a data set is made: the arguments of `make`, checked."""

    data: str
    points: int | None
    noise: float
    data_seed: int


def recipe(data: Any, points: Any = None, noise: Any = 0.0, data_seed: Any = SEED) -> Recipe:
    """Check how a data set is to be made. Raises InvalidSetting as `make` does, all but for the points of xor."""
    name, count = one_of("data", data, DATA), _points("points", points)
    fits("points", points, (count or 0) * _BYTES)
    return Recipe(name, count, _noise("noise", noise), seed_number("data_seed", data_seed))


def make(name: str, points: int | None = None, noise: float = 0.0, seed: int = SEED) -> Data:
    """Return the data set of that name; `points=None` takes as many as it has by itself.

    noise is the standard deviation of a normal shift of each coordinate, after the labels are given.
    Raises InvalidSetting for an unknown name, fewer than 4 points or more than fit the memory, and for a noise or seed
    that is negative or no number.

    >>> import fnn
    >>> fnn.data.make("moons", 50, noise=0.1).x.shape
    (50, 2)
    """
    data, count, noise, seed = recipe(name, points, noise, seed)
    if count is None:
        return DATA[data](noise=noise, seed=seed)
    return DATA[data](points=count, noise=noise, seed=seed)


def _column(labels: NDArray[np.bool_]) -> Array:
    return labels.astype(np.float64)[:, None]


def _halves(points: int) -> tuple[int, int]:
    return points // 2, points - points // 2


def _second_half(points: int) -> Array:
    return _column(np.arange(points) >= points // 2)


def _circle(turns: Array) -> Array:
    return np.stack(cos_sin(turns), axis=1)


def _jitter(x: Array, noise: float, seed: int, skip: int = 0) -> Array:
    skip += skip % 2  # normals come in pairs
    return x + noise * draws.normals([seed], skip + x.size, draws.DATA)[0, skip:].reshape(x.shape)
