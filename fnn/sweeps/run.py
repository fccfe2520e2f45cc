"""Sweeps: settings × seeds trained into a store, chunk by chunk; what is there already is not trained again."""

import operator
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import ArrayLike

from fnn import checks
from fnn.cluster.connect import Cluster, opened
from fnn.cluster.sizes import Sizes
from fnn.cluster.work import Done, Executor, Opened, Probe, Standing, Work, in_process
from fnn.data.samples import Samples, samples_from_arrays
from fnn.errors import InvalidSetting
from fnn.machine import versions
from fnn.sweeps.chunks import ChunkRuns, chunks, probe, probe_cost, train_chunk
from fnn.sweeps.connect import locked, open_store
from fnn.sweeps.plan import ROW_BYTES, Plan, fits_disk, plan, store_path
from fnn.sweeps.query import Runs, count_runs, read_runs
from fnn.sweeps.schema import Connection
from fnn.sweeps.write import Batch, add_settings, begin_session, end_session, write_results
from fnn.training.progress import Progress
from fnn.training.train import BACKENDS

# Bytes of a run in `Runs`.
_RUN = 72


class SweepProgress(NamedTuple):
    """How far a sweep is: `done` of `total` networks (fractions count), those found in the store among them.

    per_second: networks trained in a second so far; solved: the share of the networks trained so far, NaN at first.
    cluster: how it stands, None in one process.
    """

    done: float
    total: int
    per_second: float
    solved: float
    cluster: Standing | None = None


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
    cluster: Cluster | str | None = None,
    on_progress: Callable[[SweepProgress], None] | None = None,
    **settings: Any,
) -> Runs:
    """Train every combination of the settings with each seed, and return these runs.

    seeds: how many, from `seed` on; or which, as a range or a list of such as follow one another. backend, threads: as
    `fnn.train` has them; on_progress: is called with a `SweepProgress` now and then. cluster: the address of a Dask
    scheduler, whose workers train, or "local" for so many processes on this machine as threads, or an `fnn.Cluster`;
    the runs are the same.

    data: names of data sets, or x (N, I) and y (N, O). settings: of `Config`, and points, noise and data_seed; a list
    or a tuple means all of its values (but a tuple of widths is one value of hidden), a range is
    {"log": [1e-4, 1], "n": 9} or {"linear": …}; zip=[{...}, ...] holds groups of lists that go together. out: the
    store, which is made, or extended by what it lacks; without, runs are kept in memory. curve_points: of each run's
    curves in the store, by itself 100, and none beyond 100,000 networks.

    Raises InvalidSetting for settings that cannot be, for more runs than fit the memory, for a file that is not a
    store and a scheduler that does not answer; ClusterLost for one that is lost, after what came back is in the store.

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
    executor = opened(cluster, threads)
    path = ":memory:" if out is None else store_path(out)
    checks.fits("seeds", len(planned.seeds), planned.total * (_RUN + (ROW_BYTES + 8 * planned.points) * (out is None)))
    if isinstance(path, Path):
        fits_disk(planned, path)
    with locked(path), open_store(path, create=True) as connection:
        ids = fill(connection, planned, "fnn.sweep", on_progress, executor)[1]
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
    executor: Opened | None = None,
) -> tuple[Swept, list[int]]:
    """Train what the store lacks; return what was done, and the ids of the settings. executor: by itself this process.

    A chunk is written, by a thread of its own, while the next is trained; on Ctrl-C or an error the chunks that were
    finished are in the store.
    """
    ids = add_settings(connection, planned.trials, planned.backend)
    counts = count_runs(connection, planned.seeds)
    there = [counts.get(settings, 0) for settings in ids]
    course = _Course(connection, planned, ids, command, on_progress, sum(there))
    if course.there == planned.total:
        executor = None  # nothing to wait for a cluster for
    with executor or in_process(planned.threads) as does, ThreadPoolExecutor(1) as writer:
        waiting: list[Done] = []
        written: Future[None] = writer.submit(course.write, waiting)
        course.begin(does)
        items = chunks(connection, planned, ids, there, course.size)
        try:
            for done in does.each(course.work(does), items, course.report if on_progress else None):
                course.note(done)
                waiting.append(done)
                # What has come meanwhile is written together; where too much has, the writer is waited for.
                if written.done() or sum(len(each.value.seeds) for each in waiting) > planned.at_once:
                    written.result()
                    written, waiting = writer.submit(course.write, waiting), []
        finally:
            written.result()
            course.write(waiting)
    course.end()
    return course.swept(), ids


@dataclass
class _Course:
    """A sweep under way: how much is done, how fast, and so how much to take next."""

    connection: Connection
    planned: Plan
    ids: list[int]
    command: str
    on_progress: Callable[[SweepProgress], None] | None
    there: int
    began: float = field(default_factory=time.perf_counter)
    trained: int = 0
    solved: int = 0
    writing: float = 0.0
    compiling: float = 0.0
    sessions: dict[str, int] = field(default_factory=dict)

    def begin(self, executor: Executor) -> None:
        self.executor = executor
        self.size = Sizes([trial.cost for trial in self.planned.trials], self.planned.at_once)
        if executor.standing is not None:  # a cluster may have been started
            self.compiling = time.perf_counter() - self.began
        else:
            self.sessions[""] = begin_session(self.connection, self.command, versions(self.planned.threads))

    def work(self, executor: Executor) -> Work:
        """Return how chunks are done; a cluster's workers are to do a probe first, which says what a chunk takes."""
        if executor.standing is None:
            return Work(train_chunk, self.planned)
        began, chunk = time.perf_counter(), probe(self.planned)
        runs = train_chunk(chunk, self.planned, None)
        self.compiling += time.perf_counter() - began
        self.size.learn(probe_cost(chunk, self.planned), runs.seconds)
        return Work(train_chunk, self.planned, Probe(chunk, runs.digest, operator.attrgetter("digest")))

    def note(self, done: Done) -> None:
        """Note what came of a chunk."""
        runs: ChunkRuns = done.value
        self.trained += len(runs.seeds)
        self.solved += int(runs.solved.sum())
        self.size.learn(self.size.costs[done.item.members[0]] * len(runs.seeds), runs.seconds)
        if done.worker is None:
            self.compiling += runs.compile_seconds

    def write(self, chunks: Sequence[Done]) -> None:
        """Write what came of chunks, each under the session of who trained it."""
        began, batches = time.perf_counter(), []
        for chunk, runs, worker in chunks:
            who = worker["worker"] if worker else ""
            if who not in self.sessions:
                self.sessions[who] = begin_session(self.connection, self.command, worker or {})
            batches.append(Batch(self.sessions[who], [self.ids[c] for c in chunk.members], runs, runs.scores))
        if batches:
            write_results(self.connection, batches)
        self.writing += time.perf_counter() - began

    def report(self, now: Progress | None) -> None:
        """Pass on how far it is; now: how far the chunk in this process is."""
        assert self.on_progress
        seconds = max(time.perf_counter() - self.began - self.compiling, 1e-9)
        done = self.trained + (now.done if now else 0)
        solved = self.solved / self.trained if self.trained else float("nan")
        progress = SweepProgress(self.there + done, self.planned.total, done / seconds, solved, self.executor.standing)
        self.on_progress(progress)

    def end(self) -> None:
        for session in self.sessions.values():
            end_session(self.connection, session)

    def swept(self) -> Swept:
        seconds = time.perf_counter() - self.began
        return Swept(self.planned.total, self.trained, self.solved, seconds, self.writing, self.compiling)
