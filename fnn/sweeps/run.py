"""Sweeps: settings × seeds trained into a store, chunk by chunk; what is there already is not trained again."""

import sys
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from fnn.config import SEED
from fnn.errors import InvalidSetting, one_of
from fnn.sweeps import grid, store
from fnn.sweeps.grid import Arm
from fnn.training.grouping import named_settings
from fnn.training.progress import Progress
from fnn.training.results import Results
from fnn.training.train import BACKENDS, train

# A chunk is trained in about this time: what a killed process loses. Its curves take at most so many numbers.
_SECONDS, _CURVES = 1.0, 2**25
# Points of each run's curves, unless a sweep is so large that they would fill the disk.
POINTS, MANY = 100, 100_000
# Seeds looked up at a time.
_WINDOW = 2**16


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


class Plan(NamedTuple):
    """What to train and how. points: of each run's curves, 0 for none."""

    arms: Sequence[Arm]
    seeds: range
    backend: str = BACKENDS[0]
    threads: int | None = None
    points: int = POINTS


def plan(
    seeds: int = 1000,
    seed: int = SEED,
    backend: str = BACKENDS[0],
    threads: int | None = None,
    curve_points: int | None = None,
    own: tuple[ArrayLike, ArrayLike] | None = None,
    **spec: Any,
) -> Plan:
    """Check what a sweep is asked for. curve_points: by itself 100, and none beyond 100,000 networks.

    spec: see `grid`. Raises InvalidSetting for what `grid.arms` refuses, and for numbers that cannot be.
    """
    one_of("backend", backend, BACKENDS)
    if threads is not None and not (isinstance(threads, int) and threads >= 1):
        raise InvalidSetting("threads", threads, "a whole number of at least 1")
    if not (isinstance(seed, int) and 0 <= seed < 2**63):
        raise InvalidSetting("seed", seed, "a whole number of at least 0 and below 2^63")
    if not (isinstance(seeds, int) and 1 <= seeds <= 2**63 - seed):
        raise InvalidSetting("seeds", seeds, "a whole number of at least 1, with the first seed no more than 2^63")
    if curve_points is not None and not (isinstance(curve_points, int) and 0 <= curve_points < 2**31):
        raise InvalidSetting("curve_points", curve_points, "a whole number of at least 0")
    arms = grid.arms(spec, own)
    points = (POINTS if len(arms) * seeds <= MANY else 0) if curve_points is None else curve_points
    return Plan(arms, range(seed, seed + seeds), backend, threads, points)


def sweep(
    data: str | list[str] | tuple[ArrayLike, ArrayLike],
    *,
    seeds: int = 1000,
    seed: int = SEED,
    out: str | Path | None = None,
    backend: str = BACKENDS[0],
    threads: int | None = None,
    curve_points: int | None = None,
    on_progress: Callable[[SweepProgress], None] | None = None,
    **settings: Any,
) -> store.Runs:
    """Train every combination of the settings with each of `seeds` seeds from `seed` on, and return these runs.

    data: names of data sets, or x (N, I) and y (N, O). settings: of `Config`, and points, noise and data_seed; a list
    means all of its values, a range is {"log": [1e-4, 1], "n": 9} or {"linear": …}; zip=[{...}, ...] holds groups of
    lists that go together. out: the store, which is made, or extended by what it lacks; without, runs are kept in
    memory. curve_points: of each run's curves in the store, by itself 100, and none beyond 100,000 networks.

    Raises InvalidSetting for settings that cannot be, and for a file that is not a store.
    """
    own = data if isinstance(data, tuple) else None
    spec = settings if own else {"data": data, **settings}
    asked = plan(seeds, seed, backend, threads, curve_points, own, **spec)
    path = ":memory:" if out is None else Path(out)
    with store.alone(Path(path)), closing(store.opened(path, create=True)) as connection:
        ids = fill(connection, asked, "fnn.sweep", on_progress)[1]
        return store.read(connection, seeds=asked.seeds).only(ids)


def fill(
    connection: store.Connection,
    asked: Plan,
    command: str = "",
    on_progress: Callable[[SweepProgress], None] | None = None,
) -> tuple[Swept, list[int]]:
    """Train what the store lacks; return what was done, and the ids of the settings.

    A chunk is written, by a thread of its own, while the next is trained; on Ctrl-C or an error the chunks that were
    finished are in the store.
    """
    ids = store.add_settings(connection, asked.arms, asked.backend)
    work = _Work(connection, asked, ids, store.begin_session(connection, command, asked.threads), on_progress)
    with ThreadPoolExecutor(1) as writer:
        written: Future[None] | None = None
        for members, seeds in _chunks(connection, asked, ids, work):
            results = work.train(members, seeds)
            if written:
                written.result()
            written = writer.submit(work.write, [ids[c] for c in members], results)
        if written:
            written.result()
    store.end_session(connection, work.session)
    return work.swept(), ids


@dataclass
class _Work:
    """A sweep under way: how much is done, how fast, and so how much to take next."""

    connection: store.Connection
    asked: Plan
    ids: list[int]
    session: int
    on_progress: Callable[[SweepProgress], None] | None
    began: float = field(default_factory=time.perf_counter)
    there: int = 0
    trained: int = 0
    solved: int = 0
    training: float = 0.0
    writing: float = 0.0
    compiling: float = 0.0
    size: int = 1024

    @property
    def total(self) -> int:
        return len(self.asked.arms) * len(self.asked.seeds)

    def train(self, members: Sequence[int], seeds: Iterable[int]) -> Results:
        """Train arms of one kind with the same seeds; note how long it took."""
        arms = [self.asked.arms[c] for c in members]
        epochs, points = max(arm.config.epochs for arm in arms), self.asked.points
        every = -(-epochs // points) if points else 0
        results = train(
            [arm.config for arm in arms], arms[0].samples.x, arms[0].samples.y, seeds=seeds,
            backend=self.asked.backend, threads=self.asked.threads, curve_every=every,
            on_progress=self.tell if self.on_progress else None,
        )  # fmt: skip
        self.trained += len(results)
        self.solved += int(results.solved.sum())
        self.training += results.seconds
        self.compiling += results.compile_seconds
        most = _CURVES // (points or 1)
        self.size = int(np.clip(len(results) * _SECONDS / results.seconds, 64, min(4 * self.size, 2**16, most)))
        return results

    def write(self, ids: Sequence[int], results: Results) -> None:
        began = time.perf_counter()
        store.write(self.connection, self.session, ids, results)
        self.writing += time.perf_counter() - began

    def tell(self, now: Progress) -> None:
        assert self.on_progress
        seconds = time.perf_counter() - self.began - self.compiling
        done = self.trained + now.done
        solved = self.solved / self.trained if self.trained else float("nan")
        self.on_progress(SweepProgress(self.there + done, self.total, done / seconds, solved))

    def swept(self) -> Swept:
        seconds = time.perf_counter() - self.began
        return Swept(self.total, self.trained, self.solved, seconds, self.writing, self.compiling)


def _chunks(
    connection: store.Connection, asked: Plan, ids: Sequence[int], work: _Work
) -> Iterator[tuple[list[int], Sequence[int]]]:
    """Yield places of arms with the seeds that all of them lack, about `work.size` networks at a time.

    Arms whose settings differ in numbers only train in one stack, and so come together.
    """
    seeds, counts = asked.seeds, store.counts(connection, asked.seeds)
    there = [counts.get(settings, 0) for settings in ids]
    work.there = sum(there)
    alike: dict[tuple[object, ...], list[int]] = {}
    for c, arm in enumerate(asked.arms):
        alike.setdefault((id(arm.samples), named_settings(arm.config)), []).append(c)
    for members in alike.values():
        fresh = [c for c in members if there[c] == 0]
        while fresh and len(seeds) <= work.size:
            several = work.size // len(seeds)
            yield fresh[:several], seeds
            fresh = fresh[several:]
        for c in fresh:
            yield from (([c], part) for part in _parts(seeds, work))
        for c in members:
            if 0 < there[c] < len(seeds):
                for begin in range(0, len(seeds), _WINDOW):  # so that memory does not grow with their number
                    lacking = store.missing(connection, ids[c], seeds[begin : begin + _WINDOW])
                    yield from (([c], part.tolist()) for part in _parts(lacking, work))


def _parts(seeds: Any, work: _Work) -> Iterator[Any]:
    """Yield the seeds in parts of the size that is right when each is taken."""
    while len(seeds):
        size = work.size  # which training this part changes
        yield seeds[:size]
        seeds = seeds[size:]


def options(path: Path | None) -> dict[str, Any]:
    """Read a sweep from a TOML file: what `plan` takes, and `out`; names may be written with - for _.

    Raises InvalidSetting for a file that is not there or not TOML.
    """
    if path is None:
        return {}
    try:
        with path.open("rb") as file:
            read = tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidSetting("spec", str(path), f"a TOML file ({error})") from error
    return {name.replace("-", "_"): value for name, value in read.items()}


def command_line() -> str:
    """Return the command as it was typed, for the store's record of where its runs come from."""
    import shlex

    return shlex.join(["fnn", *sys.argv[1:]])
