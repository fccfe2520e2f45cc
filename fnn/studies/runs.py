"""Runs of a study: every distinct arm trained once with all seeds; of each what is requested is kept, and no curves."""

from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.cluster.sizes import Sizes
from fnn.cluster.work import Executor, InProcess, Probe, Work
from fnn.stats.intervals import quantiles
from fnn.studies.batches import batch_cost, batches, pieces, train_batch
from fnn.studies.kept import Part, Runs
from fnn.studies.metrics import Measure
from fnn.studies.model import Arm
from fnn.studies.requests import Key, Request, draws_of, run_key
from fnn.training.progress import Progress

Array = NDArray[Any]

# Networks of an item on a cluster at most, and arms of a probe.
_MOST, _KINDS = 2**14, 4
# Quantiles of predictions, of curves.
LEVELS, CURVE_LEVELS = (0.05, 0.5, 0.95), (0.05, 0.25, 0.5, 0.75, 0.95)


class ArmResults(NamedTuple):
    """The results of an arm's S runs: (S,) each, and of each measure requested.

    met, stopped: as in `train.Results`. curve_epochs: (P,), loss_levels, accuracy_levels: quantiles (5, P); empty
    unless requested. outputs: quantiles of the predictions (3, N), right: the share right of each (N,), answers: the
    share that answers 1 of each (N,). draws: D, of the data; runs stand draw by draw, as many of each.
    """

    loss: Array
    accuracy: Array
    epochs: Array
    diverged: Array
    met: Array
    stopped: Array
    measures: dict[Measure, Array]
    curve_epochs: Array
    loss_levels: Array
    accuracy_levels: Array
    outputs: Array
    right: Array
    answers: Array
    draws: int = 1

    @property
    def solved(self) -> Array:
        """Whether each run's accuracy is 1 at the end: (S,)."""
        return self.epochs >= 0


def of_arm(results: Mapping[Key, ArmResults], arm: Arm, draws: int = 1) -> ArmResults:
    """Return the results of an arm over that many draws of its data, where they are drawn."""
    return results[run_key(arm.trial, draws)]


def run(
    requests: Mapping[Key, Request],
    seeds: range,
    executor: Executor | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> dict[Key, ArmResults]:
    """Train each arm with the seeds; return what is requested of each. on_progress: is given the networks done."""
    parts = trained(requests, Part(seeds), executor, on_progress)
    return {key: arm_results(runs, requests[key]) for key, runs in parts}


def trained(
    requests: Mapping[Key, Request],
    part: Part,
    executor: Executor | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> Iterator[tuple[Key, Runs]]:
    """Train each arm with some of the seeds; yield what is kept of each. on_progress: is given the networks done.

    executor: by itself this process.
    """
    if not requests:
        return
    executor = executor or InProcess()
    entries = list(requests.values())
    whole = list(batches(requests, part))
    sizes, probe = None, None
    if executor.standing is not None:
        sizes = Sizes([entry.trial.cost for entry in entries], _MOST)
        first = whole[0]._replace(places=whole[0].places[:_KINDS], seeds=[seeds[:1] for seeds in whole[0].seeds])
        here = train_batch(first, entries, None)
        sizes.learn(batch_cost(first, sizes), here.seconds)
        probe = Probe(first, here.digest, attrgetter("digest"))
    items = whole if sizes is None else (piece for batch in whole for piece in pieces(batch, sizes))
    missing = {place: sum(map(len, batch.seeds)) for batch in whole for place in batch.places}
    there: dict[int, Runs] = {}
    done, keys = 0, list(requests)

    def report(now: Progress | None) -> None:
        assert on_progress
        on_progress(done + (now.done if now else 0))

    for each in executor.each(Work(train_batch, entries, probe), items, report if on_progress else None):
        done += each.item.networks
        if sizes is not None:
            sizes.learn(batch_cost(each.item, sizes), each.value.seconds)
        for place, runs in zip(each.item.places, each.value.runs, strict=True):
            there[place] = there[place].and_more(runs) if place in there else runs
            missing[place] -= len(runs.seeds)
            if not missing[place]:
                yield keys[place], there.pop(place)


def arm_results(runs: Runs, entry: Request) -> ArmResults:
    """Return the results of an arm from all of its runs."""
    nothing = np.empty((0, 0))
    loss, accuracy = (
        quantiles(curve, CURVE_LEVELS) if entry.curves else nothing for curve in (runs.loss_curve, runs.accuracy_curve)
    )
    answers = runs.outputs > 0.5
    right = answers == (entry.trial.samples.y[:, 0] > 0.5) if entry.predictions else answers
    return ArmResults(
        runs.loss, runs.accuracy, runs.epochs, runs.diverged, runs.met, runs.stopped, runs.measures,
        runs.curve_epochs, loss, accuracy,
        np.quantile(runs.outputs, LEVELS, axis=0) if entry.predictions else nothing,
        right.mean(axis=0), answers.mean(axis=0), draws=draws_of(entry, len(runs.loss)),
    )  # fmt: skip
