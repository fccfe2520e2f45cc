"""Samples: what networks are trained on, with its name, the names of its columns, and how it was made."""

import hashlib
from dataclasses import dataclass
from typing import Any

from fnn import checks
from fnn.data.synthetic import Array, Recipe, make

# The name of samples that are given as arrays, as stores have it.
GIVEN = "own"


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """What networks are trained on: x: (N, I), y: (N, O), both float64.

    x_names, y_names: of the columns, by themselves x1, x2, … and y, or y1, y2, … where there are several. data, noise,
    data_seed: how they were made, as `data.make` has it. Two are equal if they are the same object.
    """

    x: Array
    y: Array
    data: str = GIVEN
    noise: float = 0.0
    data_seed: int = 0
    x_names: tuple[str, ...] = ()
    y_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "x_names", self.x_names or _numbered("x", self.inputs))
        labels = ("y",) if self.outputs == 1 else _numbered("y", self.outputs)
        object.__setattr__(self, "y_names", self.y_names or labels)

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
        shapes = f"{self.x.shape} {self.y.shape} ".encode()
        return hashlib.sha256(shapes + self.x.astype("<f8").tobytes() + self.y.astype("<f8").tobytes()).hexdigest()


def _numbered(letter: str, count: int) -> tuple[str, ...]:
    return tuple(f"{letter}{k}" for k in range(1, count + 1))


def samples_from_arrays(x: Any, y: Any) -> Samples:
    """Return arrays as samples, copied. x: (N, I), y: (N, O). Raises InvalidSetting for what is no such array."""
    x, y = checks.samples(x, y)
    return Samples(x.copy(), y.copy())


def samples_from_recipe(recipe: Recipe) -> Samples:
    """Return a named data set as samples. Raises InvalidSetting for points it cannot have."""
    x, y = make(*recipe)
    return Samples(x, y, recipe.data, recipe.noise, recipe.data_seed)
