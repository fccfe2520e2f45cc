"""How much of training a page can hold: after which epochs weights are kept, how exactly, and for how many networks."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.errors import InvalidSetting

# A page is to be no larger. What is not the networks' own (script, style, words) takes the second.
MOST_BYTES, _PAGE = 5_000_000, 90_000
# Base64 writes three bytes in four.
_BASE64 = 4 / 3
# Bytes of a network's row in the table of outcomes, and of its numbers beside curves and weights; of a point in base64,
# which is two numbers and a class.
_ROW, _OUTCOME, _POINT = 170, 40, 9 * _BASE64


class Fidelity(NamedTuple):
    """frames: epochs after which weights are kept; bytes: of each weight but the last epoch's; points: of a curve."""

    frames: int
    bytes: int
    points: int


# From the best on; the first that fits is taken.
LADDER = (
    Fidelity(49, 4, 120), Fidelity(49, 2, 120), Fidelity(33, 2, 80), Fidelity(25, 2, 60), Fidelity(17, 2, 40),
    Fidelity(9, 2, 20),
)  # fmt: skip


def network_bytes(fidelity: Fidelity, weights: int) -> float:
    """Return what one network of so many weights takes."""
    numbers = weights * (fidelity.frames * fidelity.bytes + 4) + 4 * (fidelity.points + fidelity.frames)
    return _BASE64 * (numbers + _OUTCOME) + _ROW


def most_networks(weights: list[int], points: int, fidelity: Fidelity = LADDER[-1]) -> int:
    """Return of how many seeds a page holds the networks. weights: of one network of each setting."""
    return max(0, int(_room(points) // sum(network_bytes(fidelity, count) for count in weights)))


def fidelity_for(seeds: int, weights: list[int], points: int) -> Fidelity:
    """Return how much is kept of so many networks of each setting, which have these weights each.

    points: of the data. Raises InvalidSetting for `seeds` where not even the least fits, or for `hidden` where that
    would not even for one, or for `points`.
    """
    if _room(points) <= 0:
        most = int((MOST_BYTES - _PAGE) / _POINT)
        raise InvalidSetting("points", points, f"at most {most:,}, which fit a page of 5 MB")
    for fidelity in LADDER:
        if seeds <= most_networks(weights, points, fidelity):
            return fidelity
    most, each = most_networks(weights, points), " and ".join(f"{count:,}" for count in dict.fromkeys(weights))
    if most < 1:
        words = "fewer or narrower layers: one network's course is to fit a page of 5 MB"
        raise InvalidSetting("hidden", f"layers of {each} weights", words)
    raise InvalidSetting("seeds", seeds, f"at most {most:,}, of {each} weights each, which fit a page of 5 MB")


def _room(points: int) -> float:
    return MOST_BYTES - _PAGE - _POINT * points


def frame_epochs(epochs: int, frames: int) -> NDArray[np.int64]:
    """Return after which epochs weights are kept, from 0 to the last: close together at first, where most happens."""
    return np.unique(np.rint(epochs * np.linspace(0, 1, frames) ** 1.8).astype(np.int64))


def curve_places(frames: NDArray[np.int64], epochs: int, points: int) -> NDArray[np.int64]:
    """Return after which epochs losses are kept: those of the frames, and so many evenly over all."""
    return np.unique(np.concatenate((frames, np.rint(np.linspace(0, epochs, points)).astype(np.int64))))
