"""Sweeps: settings × seeds trained into a store, chunk by chunk; what is there already is not trained again."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import ArrayLike

from fnn import checks
from fnn.data.samples import Samples, samples_from_arrays
from fnn.errors import InvalidSetting
from fnn.sweeps.chunks import Chunk, ChunkRuns, ChunkSize, chunks, train_chunk
from fnn.sweeps.connect import locked, open_store
from fnn.sweeps.plan import ROW_BYTES, Plan, fits_disk, plan, store_path
from fnn.sweeps.query import Runs, count_runs, read_runs
from fnn.sweeps.schema import Connection
from fnn.sweeps.write import add_settings, begin_session, end_session, write_results
from fnn.training.progress import Progress
from fnn.training.train import BACKENDS

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
    counts = count_runs(connection, planned.seeds)
    there = [counts.get(settings, 0) for settings in ids]
    work = _Work(connection, planned, ids, begin_session(connection, command, planned.threads), on_progress, sum(there))
    with ThreadPoolExecutor(1) as writer:
        written: Future[None] | None = None
        for chunk in chunks(connection, planned, ids, there, work.size):
            runs = train_chunk(chunk, planned, planned.threads, work.report if on_progress else None)
            work.note(runs)
            if written:
                written.result()
            written = writer.submit(work.write, chunk, runs)
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
    there: int
    began: float = field(default_factory=time.perf_counter)
    trained: int = 0
    solved: int = 0
    writing: float = 0.0
    compiling: float = 0.0

    def __post_init__(self) -> None:
        self.size = ChunkSize(self.planned.at_once)

    def note(self, runs: ChunkRuns) -> None:
        self.trained += len(runs.seeds)
        self.solved += int(runs.solved.sum())
        self.compiling += runs.compile_seconds
        self.size.learn(len(runs.seeds), runs.seconds)

    def write(self, chunk: Chunk, runs: ChunkRuns) -> None:
        began = time.perf_counter()
        write_results(self.connection, self.session, [self.ids[c] for c in chunk.members], runs, runs.scores)
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
