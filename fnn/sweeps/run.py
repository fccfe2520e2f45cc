"""Sweeps: settings × seeds trained into a store, chunk by chunk; what is there already is not trained again."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fnn import checks
from fnn.data.samples import Part, Samples, samples_from_arrays
from fnn.errors import InvalidSetting
from fnn.sweeps.connect import locked, open_store
from fnn.sweeps.grid import Trial
from fnn.sweeps.plan import ROW_BYTES, Plan, curve_every, fits_disk, plan, store_path
from fnn.sweeps.query import Runs, count_runs, missing_seeds, read_runs
from fnn.sweeps.schema import Connection
from fnn.sweeps.tables import held_out_scores
from fnn.sweeps.write import add_settings, begin_session, end_session, write_results
from fnn.training.grouping import named_settings
from fnn.training.progress import Progress
from fnn.training.results import Results
from fnn.training.train import BACKENDS, labelled_part, train_parts

# A chunk is trained in about this time: what a killed process loses.
_SECONDS = 1.0
# Networks of the first chunk, and as few as one is cut to.
_FIRST, _LEAST = 1024, 64
# Seeds looked up at a time.
_WINDOW = 2**16
# Bytes of a run in `Runs`.
_RUN = 72


class SweepProgress(NamedTuple):
    """How far a sweep is: `done` of `total` networks (fractions count), those found in the store among them.

    per_second: networks trained in a second so far; solved: the share of the networks trained so far, NaN at first.
    """

    done: float
    total: int
    per_second: float
    solved: float


class Swept(NamedTuple):
    """What a sweep did: `trained` of `total` networks, the others were there; seconds, of which `writing` on disk."""

    total: int
    trained: int
    solved: int
    seconds: float
    writing: float
    compile_seconds: float


def sweep(
    data: str | Sequence[str] | tuple[ArrayLike, ArrayLike],
    *,
    seeds: int | Sequence[int] = 1000,
    seed: int | None = None,
    out: str | Path | None = None,
    backend: str = BACKENDS[0],
    threads: int | None = None,
    curve_points: int | None = None,
    on_progress: Callable[[SweepProgress], None] | None = None,
    **settings: Any,
) -> Runs:
    """Train every combination of the settings with each seed, and return these runs.

    seeds: how many, from `seed` on; or which, as a range or a list of such as follow one another. backend, threads: as
    `fnn.train` has them; on_progress: is called with a `SweepProgress` now and then.

    data: names of data sets, or x (N, I) and y (N, O). settings: of `Config`, and points, noise and data_seed; a list
    or a tuple means all of its values (but a tuple of widths is one value of hidden), a range is
    {"log": [1e-4, 1], "n": 9} or {"linear": …}; zip=[{...}, ...] holds groups of lists that go together. out: the
    store, which is made, or extended by what it lacks; without, runs are kept in memory. curve_points: of each run's
    curves in the store, by itself 100, and none beyond 100,000 networks.

    Raises InvalidSetting for settings that cannot be, for more runs than fit the memory, and for a file that is not a
    store.

    >>> import fnn
    >>> runs = fnn.sweep("xor", optimizer=["sgd", "adam"], hidden=[4, (4, 4)], seeds=50)
    >>> runs.varying, runs.loss.shape
    (['hidden', 'optimizer'], (200,))
    >>> fnn.compare(runs.where(hidden=4, optimizer="adam"), runs.where(hidden=4, optimizer="sgd")).pairs
    50
    """
    samples = _samples(data)
    spec = settings if samples is not None else {"data": data, **settings}
    planned = plan(samples, seeds=seeds, seed=seed, backend=backend, threads=threads, curve_points=curve_points, **spec)
    checks.function("on_progress", on_progress)
    path = ":memory:" if out is None else store_path(out)
    checks.fits("seeds", len(planned.seeds), planned.total * (_RUN + (ROW_BYTES + 8 * planned.points) * (out is None)))
    if isinstance(path, Path):
        fits_disk(planned, path)
    with locked(path), open_store(path, create=True) as connection:
        ids = fill(connection, planned, "fnn.sweep", on_progress)[1]
        return read_runs(connection, seeds=planned.seeds).only(ids)


def _samples(data: Any) -> Samples | None:
    """Return samples that are given as arrays, None for names of data sets."""
    if not isinstance(data, tuple) or all(isinstance(name, str) for name in data):
        return None
    if len(data) != 2:
        raise InvalidSetting("data", data, "names of data sets, or x (N, I) and y (N, O)")
    return samples_from_arrays(*data)


def fill(
    connection: Connection,
    planned: Plan,
    command: str = "",
    on_progress: Callable[[SweepProgress], None] | None = None,
) -> tuple[Swept, list[int]]:
    """Train what the store lacks; return what was done, and the ids of the settings.

    A chunk is written, by a thread of its own, while the next is trained; on Ctrl-C or an error the chunks that were
    finished are in the store.
    """
    ids = add_settings(connection, planned.trials, planned.backend)
    work = _Work(connection, planned, ids, begin_session(connection, command, planned.threads), on_progress)
    with ThreadPoolExecutor(1) as writer:
        written: Future[None] | None = None
        for members, seeds in _chunks(connection, planned, ids, work):
            results = work.train(members, seeds)
            scores = held_out_scores([planned.trials[c] for c in members], results, planned.backend)
            if written:
                written.result()
            written = writer.submit(work.write, members, results, scores)
        if written:
            written.result()
    end_session(connection, work.session)
    return work.swept(), ids


@dataclass
class _Work:
    """A sweep under way: how much is done, how fast, and so how much to take next."""

    connection: Connection
    planned: Plan
    ids: list[int]
    session: int
    on_progress: Callable[[SweepProgress], None] | None
    began: float = field(default_factory=time.perf_counter)
    there: int = 0
    trained: int = 0
    solved: int = 0
    writing: float = 0.0
    compiling: float = 0.0

    def __post_init__(self) -> None:
        self.most = self.planned.at_once
        self.size = min(_FIRST, self.most)

    def train(self, members: Sequence[int], seeds: Iterable[int]) -> Results:
        """Train trials of one kind with the same seeds; note how long it took."""
        trials = [self.planned.trials[c] for c in members]
        parts = {id(trial.samples): part_of(trial) for trial in trials}
        configs = [trial.config for trial in trials[:: len(parts)]]  # config by config, on every part
        results = train_parts(
            configs, list(parts.values()), seeds=seeds,
            backend=self.planned.backend, threads=self.planned.threads,
            curve_every=curve_every(max(config.epochs for config in configs), self.planned.points),
            on_progress=self.report if self.on_progress else None,
        )  # fmt: skip
        self.trained += len(results)
        self.solved += int(results.solved.sum())
        self.compiling += results.compile_seconds
        size = np.clip(len(results) * _SECONDS / results.seconds, _LEAST, max(_LEAST, 4 * self.size))
        self.size = min(int(size), self.most)
        return results

    def write(self, members: Sequence[int], results: Results, scores: NDArray[np.float64] | None) -> None:
        began = time.perf_counter()
        write_results(self.connection, self.session, [self.ids[c] for c in members], results, scores)
        self.writing += time.perf_counter() - began

    def report(self, now: Progress) -> None:
        assert self.on_progress
        seconds = time.perf_counter() - self.began - self.compiling
        done = self.trained + now.done
        solved = self.solved / self.trained if self.trained else float("nan")
        self.on_progress(SweepProgress(self.there + done, self.planned.total, done / seconds, solved))

    def swept(self) -> Swept:
        seconds = time.perf_counter() - self.began
        return Swept(self.planned.total, self.trained, self.solved, seconds, self.writing, self.compiling)


def _chunks(
    connection: Connection, planned: Plan, ids: Sequence[int], work: _Work
) -> Iterator[tuple[list[int], Sequence[int]]]:
    """Yield places of trials with the seeds that all of them lack, about `work.size` networks at a time.

    Trials whose settings differ in numbers only train in one stack, and so come together.
    """
    seeds, counts = planned.seeds, count_runs(connection, planned.seeds)
    there = [counts.get(settings, 0) for settings in ids]
    work.there = sum(there)
    for members in _alike(planned):
        fresh = [c for c in members if there[c] == 0]
        while fresh and len(seeds) <= work.size:
            together = _together(planned, fresh, work.size // len(seeds))
            yield together, seeds
            taken = set(together)
            fresh = [c for c in fresh if c not in taken]
        for c in fresh:
            yield from (([c], part) for part in _parts(seeds, work))
        for c in members:
            if 0 < there[c] < len(seeds):
                for begin in range(0, len(seeds), _WINDOW):  # so that memory does not grow with their number
                    lacking = missing_seeds(connection, ids[c], seeds[begin : begin + _WINDOW])
                    yield from (([c], part.tolist()) for part in _parts(lacking, work))


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


def part_of(trial: Trial) -> Part:
    """Return what the networks of a trial are given."""
    samples = trial.samples
    if samples.part is not None:
        return samples.part
    return labelled_part([trial.config], samples.x, samples.y)


def _parts(seeds: Any, work: _Work) -> Iterator[Any]:
    """Yield the seeds in parts of the size that is right when each is taken."""
    while len(seeds):
        size = work.size  # which training this part changes
        yield seeds[:size]
        seeds = seeds[size:]
