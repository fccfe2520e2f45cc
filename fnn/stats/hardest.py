"""The samples that networks find hardest: which they are, and what each network answers to them."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Places = NDArray[np.int64]


class Answered(NamedTuple):
    """What S networks answer to one sample: p (S, C), the probability of each class. row: of the sample; true: its
    class, a place among the C.
    """

    row: int
    true: int
    p: Array

    @property
    def mean(self) -> NDArray[np.float64]:
        """The mean probability of each class, (C,), over the networks that answer with numbers."""
        finite = self.p[np.isfinite(self.p).all(axis=1)].astype(np.float64)
        return finite.mean(axis=0) if len(finite) else np.full(self.p.shape[1], np.nan)

    @property
    def right(self) -> float:
        """The share of networks whose class, the first of the most probable, is the true one; NaN is none."""
        answered = np.isfinite(self.p).all(axis=1)
        return float((answered & (self.p.argmax(axis=1) == self.true)).mean())


def least_sure(mean: Array, true: Places, most: int) -> Places:
    """Return the places of at most so many samples, those whose true class has the lowest mean probability first.

    mean: (n, C) over networks; true: (n,). No number is lower than any.
    """
    of_true = np.nan_to_num(mean[np.arange(len(true)), true].astype(np.float64), nan=-np.inf)
    return np.argsort(of_true, kind="stable")[:most]


def hardest(answered: list[Answered], most: int) -> list[Answered]:
    """Return at most so many samples, those that the fewest networks answer rightly first.

    Of those alike, the one whose true class has the lower mean probability.
    """
    return sorted(answered, key=lambda each: (each.right, each.mean[each.true]))[:most]
