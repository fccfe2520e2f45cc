"""What becomes of a stack on the lab's way, epoch by epoch, and the weights it keeps."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from fnn.config import KEEPS
from fnn.network.functions import Array, Params, flatten
from fnn.network.scores import MONITORS
from fnn.training.grouping import Stack
from fnn.training.outcome import Outcome, measure_rows, outcome, score_totals


class Recorder:
    """What becomes of a stack, epoch by epoch. going: (S,), which networks still train.

    measures: (2, S), loss and misses on what is learnt from, and (4, S) with those on what is held out to validate.
    """

    def __init__(self, stack: Stack) -> None:
        S, P, rows = len(stack.params[0]), len(stack.curve_epochs), measure_rows(stack.part)
        self.stack, self.totals = stack, score_totals(stack.part)
        self.epochs_to_solve, self.diverged = np.full(S, -1), np.full(S, -1)
        self.stopped, self.met = np.full(S, stack.config.epochs), np.zeros(S, np.bool_)
        self.measures: Array = np.zeros((rows, S))
        self.curves = np.empty((rows, S, P), np.float32)
        self.point = 0
        self.going = np.ones(S, np.bool_)
        self.best: Array = np.full((rows, S), np.inf)
        self.best_epoch, self.since = np.full(S, -1), np.zeros(S, np.int64)
        self.kept = stack.params

    @property
    def scores(self) -> Array:
        """The scores that the misses are: (1, S), or (2, S)."""
        rows = zip(self.totals, self.measures[1::2], strict=True)
        return np.stack([(total - misses) / total for total, misses in rows])

    def close(self, epoch: int, measures: Array, met: NDArray[np.bool_], params: Params) -> None:
        """Note what was measured after an epoch, (2 or 4, S); the last time before training ends, for good."""
        running = self.stopped >= epoch
        self.measures = np.where(self.going, measures, self.measures).astype(np.float64)
        self.diverged[running & ~np.isfinite(self.measures[0])] = epoch
        solved = (self.measures[1] == 0) & (self.diverged < 0)
        self.epochs_to_solve = np.where(solved, np.where(self.epochs_to_solve < 0, epoch, self.epochs_to_solve), -1)
        self.met |= running & (self.diverged < 0) & met
        waited = self._compare(epoch, running, params) if len(self.measures) > 2 else self.met
        self.stopped[running & ((self.diverged >= 0) | self.met | waited)] = epoch
        if self.point < self.curves.shape[2] and epoch == self.stack.curve_epochs[self.point]:
            self.curves[0::2, :, self.point], self.curves[1::2, :, self.point] = self.measures[0::2], self.scores
            self.point += 1
        self.going = self.stopped > epoch

    def _compare(self, epoch: int, running: NDArray[np.bool_], params: Params) -> NDArray[np.bool_]:
        """Keep the weights of networks that are no worse than ever; return which have waited long for a better one."""
        row, patience = 2 + MONITORS.index(self.stack.config.monitor), self.stack.numeric["patience"]
        now, before = self.measures[row], self.best[row]
        self.since = np.where(running & (now < before), epoch, self.since)
        improved = running & (now <= before)
        self.best = np.where(improved, self.measures, self.best)
        self.best_epoch = np.where(improved, epoch, self.best_epoch)
        self.kept = tuple(np.where(improved[:, None, None], w, kept) for w, kept in zip(params, self.kept, strict=True))
        waited: NDArray[np.bool_] = (patience >= 0) & (epoch - self.since >= patience)
        return waited

    def outcome(self, params: Params, measure: Callable[[Params], tuple[Array, Array]] | None) -> Outcome:
        """Return what became of the networks with these weights; curves go on level to their end.

        measure: gives loss and misses of weights, where not every epoch was measured.
        """
        last = self.measures.copy()
        last[1::2] = self.scores
        self.curves[:, :, self.point :] = last[:, :, None]
        measures, kept = self.measures.copy(), np.ones(len(self.going), np.bool_)
        if KEEPS[self.stack.config.keep]:
            kept = self.best_epoch >= 0
            params = tuple(np.where(kept[:, None, None], w, v) for w, v in zip(self.kept, params, strict=True))
            measures = np.where(kept, self.best, measures)
        if measure:
            measures[:2] = np.where(kept, measure(params), measures[:2])
        return outcome(
            flatten(params), measures, self.totals, list(self.curves), self.epochs_to_solve, self.diverged,
            self.stopped, self.met, self.best_epoch,
        )  # fmt: skip
