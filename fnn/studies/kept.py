"""Which of a study's seeds are trained, and what is kept of each run while there may be more of them."""

from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.data.samples import Samples
from fnn.stats.curves import predictions, subsample
from fnn.studies.metrics import Measure
from fnn.training.results import Results

Array = NDArray[Any]

# Points of a figure's lines.
POINTS = 250


class Part(NamedTuple):
    """Some of a study's seeds: of the block of each draw those from `begin` to `end`, which None is the last.

    draws: so many blocks, of all arms alike, so that arms on data that are not drawn have the seeds of those that are.
    """

    seeds: range
    draws: int = 1
    begin: int = 0
    end: int | None = None

    @property
    def of_draw(self) -> int:
        """How many seeds the block of a draw has in all."""
        return len(self.seeds) // self.draws

    @property
    def is_cut(self) -> bool:
        """Whether it ends before the last seed of each draw."""
        return self.end is not None and self.end < self.of_draw

    def chosen(self, draws: int) -> list[list[int]]:
        """Return the seeds to train, of each draw of an arm's data; those beyond all blocks are of the last part."""
        return [[seed for seeds in ranges for seed in seeds] for ranges in self._ranges(draws)]

    def count(self, draws: int) -> int:
        """Return how many seeds are chosen for each arm, of data of so many draws; they need not fit the memory."""
        return sum(len(seeds) for ranges in self._ranges(draws) for seeds in ranges)

    def _ranges(self, draws: int) -> list[list[range]]:
        blocks = Part(self.seeds, draws) if draws > 1 else self
        size, end = blocks.of_draw, self.end if self.end is not None else blocks.of_draw
        each = [self.seeds[d * size + self.begin : d * size + end] for d in range(blocks.draws)]
        if draws > 1:
            return [[seeds] for seeds in each]
        return [[*each, self.seeds[self.draws * size :]] if end == size else each]


class Runs(NamedTuple):
    """An arm's S runs in the order of their seeds, (S,) each, and of each measure requested.

    met, stopped: as in `train.Results`. curve_epochs: (P,), loss_curve, accuracy_curve: (S, P), outputs: (S, N) the
    predictions for each sample; P and N are 0 unless requested.
    """

    seeds: Array
    loss: Array
    accuracy: Array
    epochs: Array
    diverged: Array
    met: Array
    stopped: Array
    measures: dict[Measure, Array]
    curve_epochs: Array
    loss_curve: Array
    accuracy_curve: Array
    outputs: Array

    def and_more(self, more: "Runs") -> "Runs":
        """Return these runs and others of the same arm."""
        order = np.argsort(np.concatenate([self.seeds, more.seeds]), kind="stable")

        def both(a: Array, b: Array) -> Array:
            return np.concatenate([a, b])[order]

        measures = {measure: both(a, more.measures[measure]) for measure, a in self.measures.items()}
        same = {"measures": measures, "curve_epochs": self.curve_epochs}
        columns = (name for name in self._fields if name not in same)
        return Runs(**same, **{name: both(getattr(self, name), getattr(more, name)) for name in columns})  # type: ignore[arg-type]


def runs_of(results: Results, samples: Samples, measures: Collection[Measure], *, curves: bool, outputs: bool) -> Runs:
    """Return what is requested of the results of one arm, draw by draw; samples: those predicted."""
    points = subsample(results.loss_curve.shape[1], POINTS) if curves else np.arange(0)
    nothing = np.empty((len(results), 0))
    return Runs(
        results.seeds, results.loss, results.accuracy, results.epochs_to_solve, results.diverged, results.met,
        results.stopped,
        measures={measure: measure.of(results) for measure in measures},
        curve_epochs=results.curve_epochs[points] if curves else points,
        loss_curve=results.loss_curve[:, points] if curves else nothing,
        accuracy_curve=results.accuracy_curve[:, points] if curves else nothing,
        outputs=np.concatenate(list(predictions(results, samples.x))) if outputs else nothing,
    )  # fmt: skip
