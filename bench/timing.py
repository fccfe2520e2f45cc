"""How times are taken: in rounds, each in an order of its own, so that no contender has the quiet minute."""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fnn.stats import quantiles

# A run shorter than this is repeated within one measurement: the clock and the scheduler are coarse.
SHORTEST = 0.02


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
    rounds: int,
    seed: int,
    tell: Callable[[str], None],
) -> dict[str, list[float]]:
    """Return the seconds of each contender's run in every round; tell hears whose turn it is."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for order in orders(list(runs), rounds, seed):
        for name in order:
            tell(name)
            seconds[name].append(seconds_of(runs[name], repeats[name]))
    return seconds


def quartiles(seconds: list[float]) -> list[float]:
    """Return the first quartile, the median and the third."""
    return [float(q) for q in quantiles(seconds, [0.25, 0.5, 0.75])]
