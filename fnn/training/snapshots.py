"""Weights as they were on the way: kept after chosen epochs, without a bit of training being changed."""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.network.functions import Array


class Snapshots(NamedTuple):
    """Where the weights after some epochs are written. epochs: (F,) in order, none twice; flat: (S, F, K)."""

    epochs: NDArray[np.int64]
    flat: Array

    def of(self, networks: slice) -> "Snapshots":
        """Return where those of some of the networks are written."""
        return Snapshots(self.epochs, self.flat[networks])

    def take_into(self, epoch: int, first: int, rows: Array) -> None:
        """Write the weights (n, K) of the networks from the first on into `flat`, if this epoch is kept.

        Rows beyond the last network are copies that fill a block.
        """
        place = int(np.searchsorted(self.epochs, epoch))
        if place < len(self.epochs) and self.epochs[place] == epoch:
            kept = self.flat[first : first + len(rows), place]
            kept[:] = rows[: len(kept)]

    def level_into(self, epoch: int, rows: Array) -> None:
        """Write the weights (S, K) of networks that ended into `flat`, from this epoch on."""
        self.flat[:, self.epochs >= epoch] = rows[:, None]


def spans(total: int, segment: int, snapshots: Snapshots | None) -> Iterator[tuple[int, int]]:
    """Yield where epochs 0 to `total` are cut, (begin, end): at every segment, and before each that is kept."""
    cuts = {*range(0, total + 1, segment), total + 1}
    if snapshots is not None:
        cuts |= {epoch for epoch in snapshots.epochs.tolist() if epoch <= total}
    bounds = sorted(cuts)
    yield from pairwise(bounds)
