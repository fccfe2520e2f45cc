"""Chunks of a sweep: which networks are trained together, and what is kept of them: arrays, and no weights."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.cluster.sizes import Sizes
from fnn.data.samples import Part
from fnn.sweeps.grid import Trial
from fnn.sweeps.plan import Plan, curve_every
from fnn.sweeps.query import missing_seeds
from fnn.sweeps.schema import Connection
from fnn.sweeps.tables import held_out_scores
from fnn.training.grouping import named_settings
from fnn.training.progress import Progress
from fnn.training.train import labelled_part, train_parts

# Kinds of networks, seeds and epochs of a probe: all that is compiled takes part, and hardly anything is trained.
_KINDS, _SEEDS, _EPOCHS = 4, 32, 20
# Seeds looked up at a time.
_WINDOW = 2**16


class Chunk(NamedTuple):
    """Networks to train together: the places of their trials in a plan, and the seeds that all of them have.

    epochs: at most so many of a probe, None for as many as the settings say.
    """

    members: list[int]
    seeds: Sequence[int]
    epochs: int | None = None


class ChunkRuns(NamedTuple):
    """What a store keeps of the networks of a chunk, as `Results` has it; scores: (S, columns of `score_columns`)."""

    seeds: NDArray[np.int64]
    loss: NDArray[np.float64]
    score: NDArray[np.float64]
    epochs_to_solve: NDArray[np.int64]
    diverged: NDArray[np.int64]
    stopped: NDArray[np.int64]
    met: NDArray[np.bool_]
    curve_epochs: NDArray[np.int64]
    loss_curve: NDArray[np.float32]
    score_curve: NDArray[np.float32]
    scores: NDArray[np.float64] | None
    seconds: float
    compile_seconds: float

    @property
    def solved(self) -> NDArray[np.bool_]:
        """Whether each network's score is 1 at the end: (S,)."""
        return self.epochs_to_solve >= 0

    @property
    def digest(self) -> str:
        """A hash of the bits of all numbers."""
        code = sha256()
        for array in self[:-2]:
            if array is not None:
                code.update(np.ascontiguousarray(array).tobytes())
        return code.hexdigest()[:16]


def train_chunk(
    chunk: Chunk, planned: Plan, threads: int | None, on_progress: Callable[[Progress], None] | None = None
) -> ChunkRuns:
    """Train the networks of a chunk, which are of one kind but in a probe."""
    trials = [planned.trials[c] for c in chunk.members]
    parts = {id(trial.samples): part_of(trial) for trial in trials}
    configs = [trial.config for trial in trials[:: len(parts)]]  # config by config, on every part
    if chunk.epochs is not None:
        configs = [replace(config, epochs=min(config.epochs, chunk.epochs)) for config in configs]
    results = train_parts(
        configs, list(parts.values()), seeds=chunk.seeds, backend=planned.backend, threads=threads,
        curve_every=curve_every(max(config.epochs for config in configs), planned.points), on_progress=on_progress,
    )  # fmt: skip
    scores = held_out_scores(trials, results, planned.backend)
    return ChunkRuns(
        results.seeds, results.loss, results.score, results.epochs_to_solve, results.diverged, results.stopped,
        results.met, results.curve_epochs, results.loss_curve, results.score_curve, scores,
        results.seconds, results.compile_seconds,
    )  # fmt: skip


def part_of(trial: Trial) -> Part:
    """Return what the networks of a trial are given."""
    samples = trial.samples
    if samples.part is not None:
        return samples.part
    return labelled_part([trial.config], samples.x, samples.y)


def probe_cost(chunk: Chunk, planned: Plan) -> float:
    """Return what a probe costs, of which only some epochs are trained."""
    trials = [planned.trials[c] for c in chunk.members]
    return len(chunk.seeds) * sum(min(1.0, _EPOCHS / trial.config.epochs) * trial.cost for trial in trials)


def probe(planned: Plan) -> Chunk:
    """Return the chunk by which it is seen that two machines train the same bits: on the first samples of a plan."""
    first = planned.trials[0].samples
    kinds: dict[object, int] = {}
    for c, trial in enumerate(planned.trials):
        if trial.samples is first:
            kinds.setdefault(named_settings(trial.config), c)
    return Chunk(list(kinds.values())[:_KINDS], planned.seeds[:_SEEDS], _EPOCHS)


def chunks(
    connection: Connection, planned: Plan, ids: Sequence[int], there: Sequence[int], size: Sizes
) -> Iterator[Chunk]:
    """Yield what the store lacks in chunks, each of the size that is right when it is taken.

    ids: of each trial's settings; there: how many of its runs the store has. Trials whose settings differ in numbers
    only train in one stack, and so come together.
    """
    seeds = planned.seeds
    for members in _alike(planned):
        fresh = [c for c in members if there[c] == 0]
        while fresh and len(seeds) <= size.networks(fresh[0]):
            together = _together(planned, fresh, size.networks(fresh[0]) // len(seeds))
            yield Chunk(together, seeds)
            taken = set(together)
            fresh = [c for c in fresh if c not in taken]
        for c in fresh:
            yield from (Chunk([c], part) for part in _parts(seeds, c, size))
        for c in members:
            if 0 < there[c] < len(seeds):
                for begin in range(0, len(seeds), _WINDOW):  # so that memory does not grow with their number
                    lacking = missing_seeds(connection, ids[c], seeds[begin : begin + _WINDOW])
                    yield from (Chunk([c], part.tolist()) for part in _parts(lacking, c, size))


def _alike(planned: Plan) -> list[list[int]]:
    """Return places of trials whose settings differ in numbers only, on the same samples or on splits of one table."""
    alike: dict[tuple[object, ...], list[int]] = {}
    for c, trial in enumerate(planned.trials):
        table = trial.samples.about and id(trial.samples.about.problem)
        alike.setdefault((table or id(trial.samples), named_settings(trial.config)), []).append(c)
    return list(alike.values())


def _together(planned: Plan, fresh: Sequence[int], most: int) -> list[int]:
    """Return the first of these trials, at most so many, that are all of some settings on all of some splits.

    They come setting by setting, as training takes them.
    """
    by_split: dict[int, list[int]] = {}
    for c in fresh:
        by_split.setdefault(id(planned.trials[c].samples), []).append(c)
    (first, *others) = by_split.values()
    first = first[:most]
    configs = [planned.trials[c].config for c in first]
    splits = [first]
    for other in others:
        if len(configs) * (len(splits) + 1) > most:
            break
        if [planned.trials[c].config for c in other] == configs:
            splits.append(other)
    return [split[k] for k in range(len(configs)) for split in splits]


def _parts(seeds: Any, trial: int, size: Sizes) -> Iterator[Any]:
    """Yield the seeds in parts of the size that is right when each is taken."""
    while len(seeds):
        count = size.networks(trial)  # which training this part changes
        yield seeds[:count]
        seeds = seeds[count:]
