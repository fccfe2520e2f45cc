"""What is true of the networks that one call of `train` trained."""

from typing import NamedTuple

from fnn.stats.intervals import Spread, spread, wilson
from fnn.training.results import Results


class Summary(NamedTuple):
    """What is true of S runs: `solved` of them end with accuracy 1, a share inside `interval` with confidence 95%.

    loss, accuracy: over all runs, one that diverged counting as infinite loss; epochs_to_solve: over the solved.
    met: runs that met a stopping rule, None if none is set; met_interval as `interval`; epochs_to_meet: over those.
    """

    runs: int
    solved: int
    interval: tuple[float, float]
    loss: Spread
    accuracy: Spread
    epochs_to_solve: Spread | None
    diverged: int
    met: int | None = None
    met_interval: tuple[float, float] | None = None
    epochs_to_meet: Spread | None = None


def summarize(results: Results) -> Summary:
    """Return the summary of all runs in results."""
    solved = int(results.solved.sum())
    met = int(results.met.sum()) if any(config.stops for config in results.configs) else None
    loss, accuracy = spread(results.loss), spread(results.score)
    assert loss  # results hold at least one run
    assert accuracy
    return Summary(
        runs=len(results),
        solved=solved,
        interval=wilson(solved, len(results)),
        loss=loss,
        accuracy=accuracy,
        epochs_to_solve=spread(results.epochs_to_solve[results.solved]),
        diverged=int((results.diverged >= 0).sum()),
        met=met,
        met_interval=None if met is None else wilson(met, len(results)),
        epochs_to_meet=spread(results.stopped[results.met]),
    )
