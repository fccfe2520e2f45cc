"""How far training is, for those who watch."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
# Is given how many networks of a stack are done, a share of each one counting, and losses and accuracies so far.
Report = Callable[[float, Array, Array], None]

_PAUSE = 0.05


class Progress(NamedTuple):
    """How far training is: `done` of `total` networks (fractions count), their median loss and mean accuracy."""

    done: float
    total: int
    loss: float
    accuracy: float


class ProgressReporter:
    """Passes on progress at most twenty times a second, so that reporting costs nothing beside training."""

    def __init__(self, on_progress: Callable[[Progress], None], total: int) -> None:
        self.on_progress, self.total = on_progress, total
        self.begun, self.last = 0, 0.0

    def next_stack(self, networks: int) -> Report:
        """Return what the training of the next networks is to report to."""
        before = self.begun
        self.begun += networks

        def report(done: float, loss: Array, accuracy: Array) -> None:
            now = time.perf_counter()
            if now - self.last > _PAUSE or done == networks:
                self.last = now
                middle = float(np.median(loss)), float(np.mean(accuracy))
                self.on_progress(Progress(before + done, self.total, *middle))

        return report
