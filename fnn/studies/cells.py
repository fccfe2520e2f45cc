"""Cells of the multiverse: which specifications say the same, what each distinct one says, and what all say together.

Settings that hardly touch what a claim is about repeat its runs: the precision, or with Adam a factor on the gradient.
Counted one by one they would make a verdict look as robust as there are names for the same thing.
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.studies.contrasts import Effect
from fnn.studies.runs import ArmResults
from fnn.studies.verdicts import REFUTED, SUPPORTED

# Two cells are one where runs of the same seed are the same runs, and say the same.
#
# Say the same: in each comparison at least this share of the seeds is won, tied and lost alike. Effects then differ by
# 0.05 at most, which is half the width of the interval of a cell's 400 runs: as much as one cell itself leaves open.
SAME_OUTCOMES = 0.95
# The same runs: in each arm the order of the seeds, by epochs to solve and then loss, has at least this correlation.
# Outcomes alone do not tell: two cells in which one arm wins with every seed agree, however different their runs. In
# the lab's study another precision has 0.99 nearly everywhere; other weights stay below 0.85, which hard and easy draws
# of the data make by themselves.
SAME_RUNS = 0.9

Array = NDArray[np.float64]


class Cells(NamedTuple):
    """The distinct cells of a claim. levels: of each specification, its label on each axis; cell_of: its cell's place.

    effects, verdicts: of each cell; jointly, so that any verdict among them is wrong in at most 5% of studies. stated:
    the place of the cell with the claim's own settings, None where it is not among them. runs: of each arm in each.
    """

    levels: Sequence[dict[str, str]]
    cell_of: Sequence[int]
    effects: Sequence[Effect]
    verdicts: Sequence[str]
    stated: int | None
    runs: int

    @property
    def is_mixed(self) -> bool:
        """Whether the claim is supported in a cell and not as claimed in another.

        If it has the same truth in all, one of the two is wrong, and any wrong one is among them with 5% at most.
        """
        return SUPPORTED in self.verdicts and any(word in REFUTED for word in self.verdicts)

    def members(self, cell: int) -> dict[str, list[str]]:
        """Return the labels on each axis that specifications of a cell have."""
        levels = [row for row, place in zip(self.levels, self.cell_of, strict=True) if place == cell]
        return {axis: list(dict.fromkeys(row[axis] for row in levels)) for axis in (levels[0] if levels else {})}

    def by(self) -> dict[str, dict[str, Counter[str]]]:
        """Return the verdicts of distinct cells counted under each label of each axis that they have."""
        counts: dict[str, dict[str, Counter[str]]] = {}
        for axis, label, cell in dict.fromkeys(
            (axis, label, cell)
            for row, cell in zip(self.levels, self.cell_of, strict=True)
            for axis, label in row.items()
        ):
            counts.setdefault(axis, {}).setdefault(label, Counter())[self.verdicts[cell]] += 1
        return counts

    def depends_on(self) -> list[str]:
        """Return the axis whose labels tell supported from not as claimed best, and those nearly as good, best first.

        How well is the information, in bits, that the label gives about the verdict among the cells that have one;
        where these are of one kind, about which cells have one. Each distinct cell counts once, over its
        specifications.
        """
        sides = [_side(self.verdicts[cell]) for cell in self.cell_of]
        if len({side for side in sides if side is not None}) > 1:
            rows = [k for k, side in enumerate(sides) if side is not None]
        else:
            rows = list(range(len(sides)))
        weight = 1 / np.bincount(self.cell_of, minlength=len(self.verdicts))[list(self.cell_of)]
        whole, gains = _Weights(), {}
        for k in rows:
            whole.add(sides[k], weight[k])
        for axis in self.levels[0] if self.levels else ():
            parts: dict[str, _Weights] = {}
            for k in rows:
                parts.setdefault(self.levels[k][axis], _Weights()).add(sides[k], weight[k])
            gains[axis] = whole.bits - sum(part.bits * part.total for part in parts.values()) / whole.total
        best = max(gains.values(), default=0.0)
        return [axis for axis in sorted(gains, key=lambda axis: -gains[axis]) if gains[axis] > max(0.75 * best, 1e-9)]


class _Weights(dict[bool | None, float]):
    """Weights of sides, and what is not known of them."""

    def add(self, side: bool | None, weight: float) -> None:
        self[side] = self.get(side, 0.0) + weight

    @property
    def total(self) -> float:
        return sum(self.values())

    @property
    def bits(self) -> float:
        """The entropy of the distribution. Shannon, Bell Syst. Tech. J. 27 (1948)."""
        return -sum(w / self.total * math.log2(w / self.total) for w in self.values() if w)


def _side(word: str) -> bool | None:
    """Return whether a verdict says that the claim is true, or that it is not; None where it says neither."""
    return True if word == SUPPORTED else False if word in REFUTED else None


# ---- which cells are one ----


def distinct_cells(outcomes: Sequence[Array], orders: Sequence[Array], margins: Sequence[float]) -> list[int]:
    """Return for each cell the place of the distinct one that it is, in order of appearance.

    outcomes: of each cell (C, S), what each run says in each comparison. orders: of each cell (A, S), see `run_order`.
    margins: of each cell, what is asked of its outcomes; cells that ask for more or less are not one. A cell is the
    first distinct one before it that it repeats, so that each repeats the one that stands for it.
    """
    places: list[int] = []
    first: list[int] = []
    for cell, (outcome, order) in enumerate(zip(outcomes, orders, strict=True)):
        alike = (
            place for place, k in enumerate(first)
            if margins[cell] == margins[k]
            and _agreement(outcome, outcomes[k]) >= SAME_OUTCOMES
            and _correlation(order, orders[k]) >= SAME_RUNS
        )  # fmt: skip
        place = next(alike, None)
        if place is None:
            place = len(first)
            first.append(cell)
        places.append(place)
    return places


def run_order(results: Sequence[ArmResults], runs: int) -> Array:
    """Return each arm's runs by rank, the quickest to solve first, then those with the lower loss: (A, S).

    Ranks of mean 0 and length 1, so that a product of two is their correlation; zeros where all runs are alike. Losses
    within a hundredth of a decade are: rounding orders those that end in the same minimum.
    """
    from scipy.stats import rankdata

    keys = []
    for r in results:
        loss = np.round(np.log10(np.clip(np.nan_to_num(r.loss[:runs], nan=np.inf), 1e-30, 1e30)), 2)
        epochs = np.where(r.solved[:runs], r.epochs[:runs], 2**31)
        keys.append(epochs * 1e3 + loss)
    ranks = rankdata(keys, axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    return np.asarray(ranks / np.maximum(np.linalg.norm(ranks, axis=1, keepdims=True), 1e-300))


def _agreement(a: Array, b: Array) -> float:
    """Return the share of seeds with the same outcome, in the comparison where it is least."""
    return float((a == b).mean(axis=1).min()) if a.shape == b.shape else 0.0


def _correlation(a: Array, b: Array) -> float:
    """Return the rank correlation of runs, in the arm where it is least; 1 where runs are alike in both."""
    alike = ~a.any(axis=1) & ~b.any(axis=1)
    return float(np.where(alike, 1.0, (a * b).sum(axis=1)).min()) if a.shape == b.shape else 0.0
