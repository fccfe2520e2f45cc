"""What became of each seed, and of two settings with the same seeds: how many were solved by both, one or neither."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fnn.play.recording import Recording
from fnn.stats.intervals import wilson


class Solved(NamedTuple):
    """Of `runs` networks, how many were solved, and the 95% interval of their share."""

    name: str
    solved: int
    runs: int
    diverged: int
    interval: tuple[float, float]


class Paired(NamedTuple):
    """Of the same seeds under two settings, how many are solved by both, by one of them alone, and by neither."""

    both: int
    only_first: int
    only_second: int
    neither: int


def solved(recording: Recording) -> Solved:
    """Return how many networks of a setting were solved."""
    results = recording.results
    count, runs = int(results.solved.sum()), len(results)
    return Solved(recording.name, count, runs, int((results.diverged >= 0).sum()), wilson(count, runs))


def paired(recordings: Sequence[Recording]) -> Paired:
    """Return how the seeds of two settings fared, seed by seed."""
    first, second = (recording.results.solved for recording in recordings)
    counts = first & second, first & ~second, ~first & second, ~first & ~second
    return Paired(*(int(np.count_nonzero(c)) for c in counts))


def outcome_word(recording: Recording, k: int) -> str:
    """Return what became of network k, as a word."""
    results = recording.results
    if results.diverged[k] >= 0:
        return f"diverged after {results.diverged[k]:,} epochs"
    if results.solved[k]:
        return f"solved after {results.epochs_to_solve[k]:,} epochs"
    return "not solved"
