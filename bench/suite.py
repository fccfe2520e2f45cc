"""The whole benchmark: machine and peak, then case after case, each shown as soon as it is measured."""

import json
import os
import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from fnn.checks import number, one_of, optional, whole
from fnn.config import DTYPES
from fnn.errors import InvalidSetting
from fnn.files import replacing
from fnn.machine import installed, processor, processors

from . import accuracy, cluster, layouts, reading, search
from .contenders import OWN
from .peak import peak
from .processes import PROCESSES, measure_processes
from .run import CONTENDERS, Method, Row, measure, with_share
from .tables import Report, document, write_csv
from .targets import checks
from .work import WORK, Case

# Seconds a contender may take for a row: without peers the whole takes a few minutes on two cores.
CAP, CAP_PEERS = 6.0, 120.0
# Without peers these are measured in float64 too; elsewhere float32 says it.
IN_BOTH = ("xor", "linear", "settings")
LEAST_RUNS = 5
PACKAGES = ("numpy", "numba", "llvmlite")
PEER_PACKAGES = ("jax", "torch", "scikit-learn")
# What answers are worth, which is measured apart from everything else: see the package of that name.
QUALITY = "quality"


def names_of(work: str | None) -> list[str]:
    """Return the names of the work wanted, by default all but layouts, accuracy, search, clusters and quality.

    Raises InvalidSetting for an unknown one, and for quality with others.
    """
    every = [*WORK, reading.WORK, *PROCESSES]
    if work is None:
        return every
    there = [*every, layouts.WORK, accuracy.WORK, search.WORK, cluster.WORK, QUALITY]
    names = [one_of("work", name, there) for name in work.split(",")]
    if QUALITY in names and len(names) > 1:
        raise InvalidSetting("work", work, f"{QUALITY} alone, or other work without it")
    return names


@contextmanager
def on_cpus(threads: int) -> Iterator[None]:
    """Keep the process, and libraries that ask the system how many threads to start, to so many processors."""
    if threads == processors() or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:threads])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def machine(peers: bool, clusters: bool = False) -> dict[str, Any]:
    """Return what the figures depend on."""
    names = PACKAGES + PEER_PACKAGES * peers + cluster.PACKAGES * clusters
    packages = {name: installed(name) or "not installed" for name in names}
    return {"cpu": processor(), "python": platform.python_version(), "packages": packages}


def peaks(threads: int) -> dict[str, float]:
    """Return the best of ten for each precision: what the machine can do, whoever else is on it.

    It is taken anew after each case, and the best of all counts: a busy minute would make every share too large.
    """
    return {dtype: max(peak(dtype, threads) for _ in range(10)) for dtype in DTYPES}


def cases(work: str, most: int | None) -> Iterator[Case]:
    """Yield the cases of some work, each of at most so many networks; of sizes, those that are."""
    for case in WORK[work]():
        if case.work != "size" or case.networks <= (most or case.networks):
            yield replace(case, networks=min(case.networks, most or case.networks))


class Watch(NamedTuple):
    """Who follows a run. tell: hears what is measured, and whose turn it is. begin: gets the machine and the method.

    show: gets the rows of a case when it is done; keep: gets the report so far then.
    """

    tell: Callable[[str, str], None] = lambda _what, _who: None
    begin: Callable[[dict[str, Any], dict[str, Any]], None] = lambda _machine, _method: None
    show: Callable[[list[Row]], None] = lambda _rows: None
    keep: Callable[[Report], object] = lambda _report: None


NOBODY = Watch()


def run(
    work: Sequence[str],
    *,
    peers: bool = False,
    runs: int = 5,
    seed: int = 0,
    threads: int | None = None,
    cap: float | None = None,
    networks: int | None = None,
    watch: Watch = NOBODY,
) -> Report:
    """Measure the work named; return the report. Raises InvalidSetting for settings that say nothing.

    peers: with everyone who is installed, and not the house alone. runs, seed, threads, cap: see `Method`. networks:
    at most so many in a stack.
    """
    check(runs, seed, threads, cap, networks)
    threads = threads or processors()
    rows: list[Row] = []
    with on_cpus(threads):
        watch.tell("the machine", "FMA peak")
        limit = cap or (CAP_PEERS if peers else CAP)
        method = Method(runs=runs, seed=seed, threads=threads, cap=limit)
        here, best = machine(peers, cluster.WORK in work), peaks(threads)
        watch.begin(here, asdict(method) | {"peaks": best})
        for name in work:
            for table in _tables(name, peers, method, networks, watch.tell):
                if any(row.operations for row in table):
                    best = {dtype: max(value, best[dtype]) for dtype, value in peaks(threads).items()}
                rows += table
                watch.show([with_share(row, best) for row in table])
                watch.keep(_report(here, method, best, rows))
    return _report(here, method, best, rows)


def _report(here: dict[str, Any], method: Method, best: dict[str, float], rows: Sequence[Row]) -> Report:
    of_peak = [with_share(row, best) for row in rows]
    return Report(here, asdict(method) | {"peaks": best}, of_peak, checks(of_peak))


def _tables(
    work: str, peers: bool, method: Method, networks: int | None, tell: Callable[[str, str], None]
) -> Iterator[list[Row]]:
    """Yield the rows of each case of some work."""
    if work in PROCESSES:
        yield measure_processes(work, peers, method, partial(tell, PROCESSES[work][0]))
        return
    if work == reading.WORK:
        yield from reading.measure_reading(peers, method, tell)
        return
    if work == layouts.WORK:
        yield layouts.measure_grid(method, networks, tell)
        return
    if work == accuracy.WORK:
        yield from accuracy.measure_accuracy(method, tell)
        return
    if work == search.WORK:
        yield from search.measure_search(method, tell)
        return
    if work == cluster.WORK:
        yield from cluster.measure_cluster(method, networks, tell)
        return
    known: dict[str, float] = {}
    for case in cases(work, networks):
        if not peers and work not in IN_BOTH and case.config.dtype == "float64":
            continue
        called = f"{case.what}, {case.config.dtype}"
        yield measure(case, list(CONTENDERS) if peers else list(OWN), method, known, partial(tell, called))


def check(runs: int, seed: int, threads: int | None, cap: float | None, networks: int | None) -> None:
    """Raise InvalidSetting for the first setting of `run` that cannot be used."""
    whole(LEAST_RUNS, words=f"a whole number of at least {LEAST_RUNS}, for quartiles to say something")("runs", runs)
    whole(0, words="a whole number of at least 0")("seed", seed)
    here = processors()
    optional(whole(1, here, f"a whole number from 1 to {here}, the processors there are"))("threads", threads)
    optional(number(0, open_low=True, words="a finite number of seconds above 0"))("cap", cap)
    optional(whole(1, words="a whole number of at least 1"))("networks", networks)


def save_rows(report: Report, folder: Path | None, csv: Path | None) -> list[Path]:
    """Write results.json to the folder and the rows to the CSV file, where given; return the files."""
    written = []
    if folder:
        written = [folder / "results.json"]
        with replacing(written[0]) as part:
            part.write_text(json.dumps(document(report), indent=1, allow_nan=False) + "\n", encoding="utf-8")
    if csv:
        write_csv(csv, report.rows)
        written.append(csv)
    return written


def save(report: Report, folder: Path | None, csv: Path | None) -> list[Path]:
    """Write what `save_rows` does, and the figures to the folder; return the files."""
    written = save_rows(report, folder, csv)
    if folder:
        from .figures import save_figures

        written += save_figures(folder, report.rows)
    return written
