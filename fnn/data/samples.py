"""Samples: what networks are trained on, with its name, the names of its columns, and how it was made."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fnn import checks
from fnn.data.synthetic import Array, Recipe, make
from fnn.errors import InvalidSetting

# The name of samples that are given as arrays, as stores have it.
GIVEN = "own"


class Part(NamedTuple):
    """What networks of one split are given: `training` samples to learn from (N), and behind them M to validate on.

    x: (N+M, I), y: (N+M, O). weight: (N+M,) how often each counts in losses and scores; emphasis: (N,) in gradients.
    score: by which answers are scored, a name of `network.scores.SCORES`.
    """

    x: NDArray[Any]
    y: NDArray[Any]
    weight: NDArray[Any]
    emphasis: NDArray[Any]
    training: int
    score: str

    @property
    def held_out(self) -> int:
        """M, the number of samples to validate on."""
        return len(self.x) - self.training

    @property
    def weighted(self) -> bool:
        """Whether any sample counts more or less than once."""
        return bool((self.weight != 1).any() or (self.emphasis != 1).any())

    @property
    def digest(self) -> str:
        """A hash of the numbers themselves."""
        code = hashlib.sha256(f"{self.x.shape} {self.y.shape} {self.training} {self.score} ".encode())
        for array in self[:4]:
            code.update(np.ascontiguousarray(array, "<f8").tobytes())
        return code.hexdigest()

    def astype(self, dtype: DTypeLike) -> "Part":
        """Return the same samples in that precision."""
        x, y, weight, emphasis = (_writable(a, dtype) for a in self[:4])
        return Part(x, y, weight, emphasis, self.training, self.score)


def _writable(array: NDArray[Any], dtype: DTypeLike) -> NDArray[Any]:
    """Return an array of that dtype that may be written to: one that may not is of another type to the kernel."""
    rows = np.ascontiguousarray(array, dtype)
    return rows if rows.flags.writeable else rows.copy()


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """What networks are trained on: x: (N, I), y: (N, O), both float64.

    x_names, y_names: of the columns, by themselves x1, x2, … and y, or y1, y2, … where there are several. data, noise,
    data_seed: how they were made, as `data.make` has it. part: of a table's split, x and y are what is learnt from of
    it; about: that split, for whoever made them. Two are equal if they are the same object.
    """

    x: Array
    y: Array
    data: str = GIVEN
    noise: float = 0.0
    data_seed: int = 0
    x_names: tuple[str, ...] = ()
    y_names: tuple[str, ...] = ()
    part: Part | None = None
    about: Any = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "x_names", self.x_names or _numbered("x", self.inputs))
        labels = ("y",) if self.outputs == 1 else _numbered("y", self.outputs)
        object.__setattr__(self, "y_names", self.y_names or labels)

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Be sent as what they are about, where that makes them again: of a table's splits each has its rows anew."""
        return object.__reduce_ex__(self, protocol) if self.about is None else self.about.remade

    @property
    def points(self) -> int:
        """N, the number of samples."""
        return len(self.x)

    @property
    def inputs(self) -> int:
        """I, the columns of x."""
        return int(self.x.shape[1])

    @property
    def outputs(self) -> int:
        """O, the columns of y."""
        return int(self.y.shape[1])

    @property
    def digest(self) -> str:
        """A hash of the numbers themselves: of another draw, or another version's, it is another one."""
        if self.part is not None:
            return self.part.digest
        shapes = f"{self.x.shape} {self.y.shape} ".encode()
        return hashlib.sha256(shapes + self.x.astype("<f8").tobytes() + self.y.astype("<f8").tobytes()).hexdigest()


def _numbered(letter: str, count: int) -> tuple[str, ...]:
    return tuple(f"{letter}{k}" for k in range(1, count + 1))


def samples_from_arrays(x: Any, y: Any) -> Samples:
    """Return arrays as samples, copied. x: (N, I), y: (N, O). Raises InvalidSetting for what is no such array."""
    x, y = checks.samples(x, y)
    return Samples(x.copy(), y.copy())


def part_from_arrays(
    x: Any, y: Any, weight: Any, validation: Any, loss: str, score_of: Callable[[NDArray[Any], str], str]
) -> Part:
    """Return arrays as a part of samples, `score_of(y, loss)` saying how answers are scored.

    weight: (N,) or None; validation: x and y, or None. Raises InvalidSetting for what is no such array.
    """
    x, y = checks.samples(x, y)
    weight = np.ones(len(x)) if weight is None else checks.weights(weight, len(x))
    held_out = 0
    emphasis = weight
    if validation is not None:
        if not isinstance(validation, (tuple, list)) or len(validation) != 2:
            raise InvalidSetting("validation", type(validation).__name__, "x and y of samples, (M, I) and (M, O)")
        x_out, y_out = checks.samples(*validation)
        if (x_out.shape[1], y_out.shape[1]) != (x.shape[1], y.shape[1]):
            raise InvalidSetting("validation", (x_out.shape, y_out.shape), "as many columns as x and y have")
        held_out = len(x_out)
        x, y = np.concatenate((x, x_out)), np.concatenate((y, y_out))
        weight = np.concatenate((weight, np.ones(held_out)))
    return Part(x, y, weight, emphasis, len(x) - held_out, score_of(y, loss))


def samples_from_recipe(recipe: Recipe) -> Samples:
    """Return a named data set as samples. Raises InvalidSetting for points it cannot have."""
    x, y = make(*recipe)
    return Samples(x, y, recipe.data, recipe.noise, recipe.data_seed)
