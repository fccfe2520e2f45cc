"""Samples: what networks are trained on, with its name and how it was made."""

import hashlib
from typing import NamedTuple

from fnn.data.synthetic import Array


class Samples(NamedTuple):
    """What networks are trained on, with its name and how it was made; x: (N, I), y: (N, O), both float64."""

    data: str
    points: int
    noise: float
    data_seed: int
    x: Array
    y: Array

    @property
    def digest(self) -> str:
        """A hash of the numbers themselves: of another draw, or another version's, it is another one."""
        shapes = f"{self.x.shape} {self.y.shape} ".encode()
        return hashlib.sha256(shapes + self.x.astype("<f8").tobytes() + self.y.astype("<f8").tobytes()).hexdigest()
