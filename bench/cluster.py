"""Sweeps on a cluster of this machine's own processes, beside the same in one process; and what drawn results cost."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import fnn
from fnn.cluster.connect import Cluster, opened
from fnn.cluster.work import in_process
from fnn.formats import setting
from fnn.stats.intervals import wilson
from fnn.sweeps.connect import open_store
from fnn.sweeps.plan import plan
from fnn.sweeps.run import fill
from fnn.sweeps.schema import RESULTS

from . import drawn
from .local_cluster import Noted, noting, started
from .run import APART, NOT_INSTALLED, Method, Row, compared
from .timing import orders, quartiles

WORK = "cluster"
PACKAGES = ("dask", "distributed")
# Networks of a sweep without curves and with, which take some 10 s on two threads, and drawn ones.
NETWORKS, WITH_CURVES, MANY, FEW = 200_000, 100_000, 10_000_000, 200_000
POINTS = 100
# Whose time a chunk takes: of a processor, and of the disk too.
EACH = ("client", "scheduler", "writing")
DRAWN, WRITER = "results that are drawn", "the writer alone"
# What a worker may take more than a process with as many threads, as a share and in µs a network; and the share of its
# speed that as many workers of one thread have.
OVERHEAD, PER_NETWORK, SPEED = 0.05, 50.0, 0.9


class Way(NamedTuple):
    """Who trains a sweep: so many workers of so many threads each; without workers this process."""

    contender: str
    title: str
    workers: int
    threads: int


class Swept(NamedTuple):
    """A sweep that was timed. seconds: of training and writing; startup: of scheduler, workers and connecting."""

    seconds: float
    startup: float
    solved: int
    digest: str


def ways(threads: int) -> list[Way]:
    """Return the ways to train on so many threads: by one process, by one worker, by workers of one thread."""
    each = "threads" if threads > 1 else "thread"
    found = [Way("fnn", f"one process, {threads} {each}", 0, threads)]
    found.append(Way("one-worker", f"1 worker, {threads} {each}", 1, threads))
    if threads > 1:
        found.append(Way("workers", f"{threads} workers, 1 thread each", threads, 1))
    return found


def measure_cluster(method: Method, most: int | None, tell: Callable[[str, str], None]) -> Iterator[list[Row]]:
    """Yield the rows of a sweep, of one with curves, and of drawn results. most: networks of any."""
    if find_spec("distributed") is None:
        row = Row(work=WORK, what="sweeps on a cluster", at=0, dtype=None, contender="one-worker", title="Dask")
        yield [replace(row, status=NOT_INSTALLED, note="No module named 'distributed'")]
        return
    every = ways(method.threads)
    for points, wanted, here in ((0, NETWORKS, every), (POINTS, WITH_CURVES, every[:2])):
        networks = min(wanted, most or wanted)
        what = f"{networks:,} networks, curves of {points} points" if points else f"{networks:,} networks"
        yield measure_ways(here, what, networks, points, method, partial(tell, what))
    yield measure_drawn(min(MANY, most or MANY), method, tell)


def measure_ways(
    every: list[Way], what: str, networks: int, points: int, method: Method, tell: Callable[[str], None]
) -> list[Row]:
    """Return a row for each way to train the same sweep: their stores have to be the same.

    `first` is the startup in the median; what is timed comes after it.
    """
    sweep_once(every[0], min(networks, 1000), points)  # what is compiled is compiled
    taken: dict[str, list[Swept]] = {way.contender: [] for way in every}
    ways_by_name = {way.contender: way for way in every}
    for order in orders(list(taken), method.runs, method.seed):
        for name in order:
            tell(ways_by_name[name].title)
            taken[name].append(sweep_once(ways_by_name[name], networks, points))
    ours, rows = {swept.digest for swept in taken["fnn"]}, []
    for way in every:
        sweeps = taken[way.contender]
        row = Row(
            work=WORK, what=what, at=points, dtype="float32", contender=way.contender, title=way.title,
            networks=networks, samples=21, epochs=fnn.Config().epochs, hidden=setting(fnn.Config().hidden),
            solved=sweeps[0].solved / networks, interval=list(wilson(sweeps[0].solved, networks)),
        )  # fmt: skip
        if len(ours | {swept.digest for swept in sweeps}) > 1:
            rows.append(replace(row, status=APART, note="its store is not that of one process"))
            continue
        seconds = quartiles([swept.seconds for swept in sweeps])
        pairs = [100 * (b.seconds / a.seconds - 1) for a, b in zip(taken["fnn"], sweeps, strict=True)]
        more = [(b.seconds - a.seconds) / networks * 1e6 for a, b in zip(taken["fnn"], sweeps, strict=True)]
        counted = {"percent more": quartiles(pairs)[1], "µs more a network": quartiles(more)[1]}
        rows.append(
            replace(row, seconds=seconds, runs=len(sweeps), per_second=networks / seconds[1], counted=counted,
                    first=quartiles([swept.startup for swept in sweeps])[1])
        )  # fmt: skip
    return compared(rows)


def sweep_once(way: Way, networks: int, points: int) -> Swept:
    """Sweep the lab's XOR in a way; return what it took, and a hash of all that is in the store."""
    planned = plan(seeds=networks, curve_points=points, threads=way.threads, data="xor", dtype="float32")
    kept: list[Noted] = []
    with TemporaryDirectory(prefix="fnn-bench-") as folder:
        path = Path(folder) / "runs.db"
        with open_store(path, create=True) as connection:
            if way.workers:
                with started(way.workers, way.threads) as there:
                    cluster = opened(Cluster(there.address, notice=print), None)
                    swept, _ = fill(connection, planned, executor=noting(cluster, kept))
                    startup = there.seconds + swept.seconds - kept[0].seconds
            else:
                swept, _ = fill(connection, planned, executor=noting(in_process(way.threads), kept))
                startup = swept.seconds - kept[0].seconds
        return Swept(kept[0].seconds, startup, swept.solved, digest(path))


def digest(path: Path) -> str:
    """Return a hash of a store's runs and curves, in the order of their seeds."""
    code = hashlib.sha256()
    with open_store(path) as connection:
        for query in (
            f"SELECT settings, seed, {', '.join(RESULTS)} FROM results ORDER BY 1, 2",
            "SELECT c.settings, c.seed, g.epochs, c.loss, c.accuracy FROM curves c JOIN grids g ON g.id = c.grid "
            "ORDER BY 1, 2",
        ):
            for row in connection.execute(query):
                code.update(repr(row).encode())
    return code.hexdigest()


def measure_drawn(networks: int, method: Method, tell: Callable[[str, str], None]) -> list[Row]:
    """Return rows of the writer alone, and of drawn results in small chunks and in large ones."""
    what = DRAWN
    row = Row(work=WORK, what=what, at=networks, dtype="float32", contender="writer", title=WRITER)
    rows, few = [], min(FEW, networks)
    tell(what, WRITER)
    rates = [drawn.writer_alone(max(1, networks // 10)) for _ in range(method.runs)]
    seconds = quartiles([networks / 10 / rate for rate in rates])
    rows.append(replace(row, networks=max(1, networks // 10), seconds=seconds, runs=method.runs,
                        per_second=quartiles(rates)[1]))  # fmt: skip
    workers = max(1, method.threads)
    for contender, count, cost, words in (
        ("small", few, drawn.SMALL, f"{few:,} in chunks as small as there are"),
        ("large", networks, drawn.LARGE, f"{networks:,} in chunks of a second of training"),
    ):
        tell(what, words)
        with started(workers, 1) as there:
            passage = drawn.passage(there, count, cost)
        memory = dict(zip(("10%", "50%", "100%"), passage.memory, strict=True))
        counted: dict[str, float] = {
            "chunks": passage.chunks, "networks": count, **passage.counted,
            **{f"client memory at {at}": one[0] for at, one in memory.items()},
            **{f"scheduler memory at {at}": one[1] for at, one in memory.items()},
        }  # fmt: skip
        rows.append(
            replace(row, contender=contender, title=words, networks=count, seconds=[passage.seconds] * 3, runs=1,
                    per_second=count / passage.seconds, first=there.seconds, counted=counted)
        )  # fmt: skip
    return rows


def way_line(row: Row) -> str:
    """Return what a row of `measure_ways` says."""
    if row.seconds is None:
        return f"  {row.title:25} {row.status}: {row.note}"
    low, middle, high = row.seconds
    line = (
        f"  {row.title:25}{middle:>6.2f} s ({low:.2f}–{high:.2f}){row.per_second:>8,.0f}/s; starting {row.first:.1f} s"
    )
    if row.contender == "fnn" or row.counted is None:
        return line
    return f"{line}; {row.counted['percent more']:+.1f}%, {row.counted['µs more a network']:+.1f} µs each"


def drawn_lines(row: Row) -> Iterator[str]:
    """Yield what a row of `measure_drawn` says."""
    if row.seconds is None:
        yield f"  {row.status}: {row.note}"
        return
    yield f"  {row.title:48}{row.per_second:>10,.0f} networks/s"
    told = row.counted
    if told:
        each = ", ".join(f"{name} {1e3 * told[name] / told['chunks']:.1f} ms" for name in EACH)
        yield f"    {told['chunks']:,.0f} chunks, each {told['messages'] / told['chunks']:.1f} messages; {each}"
        memory = [
            f"{who} {told[f'{who} memory at 10%'] / 1e6:,.0f} to {told[f'{who} memory at 100%'] / 1e6:,.0f} MB"
            for who in ("client", "scheduler")
        ]
        yield f"    {told['worker bytes'] / told['networks']:.0f} bytes a network; memory of {', '.join(memory)}"


def costs(rows: Sequence[Row]) -> drawn.Costs:
    """Return of recorded rows what each chunk and each network costs."""
    by_name: dict[str, Any] = {row.contender: row for row in rows if row.what == DRAWN}
    return drawn.split(by_name["small"].counted, by_name["large"].counted)
