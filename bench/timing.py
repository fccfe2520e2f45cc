"""How times are taken: in rounds, each in an order of its own, so that no contender has the quiet minute."""

import random
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from fnn.stats.intervals import quantiles

# A run shorter than this is repeated within one measurement: the clock and the scheduler are coarse.
SHORTEST = 0.05
# One shorter than this is run once more before each measurement. What ran before it has filled the caches, and its
# threads may still spin: after PyTorch's, the kernel's first run took up to 1.4 times as long as its second.
BRIEF = 0.25


def seconds_of(run: Callable[[], Any], repeats: int = 1) -> float:
    """Return the seconds of one run, averaged over repeats."""
    start = time.perf_counter()
    for _ in range(repeats):
        run()
    return (time.perf_counter() - start) / repeats


def repeats_for(seconds: float) -> int:
    """Return how often a run of so many seconds is repeated in one measurement: at most 100 times."""
    return int(min(100, max(1, -(-SHORTEST // max(seconds, 1e-9)))))


def orders(names: list[str], rounds: int, seed: int) -> Iterator[list[str]]:
    """Yield the order of each round, fixed by the seed."""
    shuffle = random.Random(seed)
    for _ in range(rounds):
        yield shuffle.sample(names, len(names))


def in_rounds(
    runs: Mapping[str, Callable[[], Any]],
    repeats: Mapping[str, int],
    brief: Collection[str],
    rounds: int,
    seed: int,
    tell: Callable[[str], None],
) -> dict[str, list[float]]:
    """Return the seconds of each contender's run in every round; tell hears whose turn it is.

    brief: those that are run once, untimed, before each measurement.
    """
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for order in orders(list(runs), rounds, seed):
        for name in order:
            tell(name)
            if name in brief:
                runs[name]()
            seconds[name].append(seconds_of(runs[name], repeats[name]))
    return seconds


def quartiles(seconds: list[float]) -> list[float]:
    """Return the first quartile, the median and the third."""
    return [float(q) for q in quantiles(seconds, [0.25, 0.5, 0.75])]
