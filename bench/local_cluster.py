"""A scheduler and workers as processes on this machine, and sweeps on them whose training is timed apart."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import fnn
from fnn.cluster.work import Done, Executor, Opened, Work

HERE = "127.0.0.1"
# Seconds that processes may take to start.
_PATIENCE = 120.0


class Started(NamedTuple):
    """A cluster: where its scheduler listens, the process that it is, and the seconds until all workers were there."""

    address: str
    scheduler: int
    seconds: float


@contextmanager
def started(workers: int, threads: int) -> Iterator[Started]:
    """Start so many workers of so many threads each, with a scheduler; they end with the block.

    Raises RuntimeError where one of them does not start.
    """
    began, processes = time.perf_counter(), list[subprocess.Popen[bytes]]()
    home = str(Path(fnn.__file__).parents[1])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH", ""))))}
    with TemporaryDirectory(prefix="fnn-bench-") as folder:
        file = Path(folder) / "scheduler.json"

        def start(kind: str, *words: str) -> int:
            command = [sys.executable, "-m", "dask", kind, "--host", HERE, "--dashboard-address", f"{HERE}:0", *words]
            command += ["--scheduler-file", str(file)]
            with (Path(folder) / f"{len(processes)}.log").open("wb") as log:
                processes.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=environment))
            return processes[-1].pid

        try:
            scheduler = start("scheduler", "--port", "0", "--no-jupyter")
            for k in range(workers):
                start("worker", "--no-nanny", "--nthreads", str(threads), "--name", str(k), "--local-directory", folder)
            address = _address(file, workers, processes, Path(folder))
            yield Started(address, scheduler, time.perf_counter() - began)
        finally:
            for process in reversed(processes):
                process.kill()
                process.wait()


def _address(file: Path, workers: int, processes: list[subprocess.Popen[bytes]], folder: Path) -> str:
    """Return the address in the scheduler's file once all workers have joined."""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        for k, process in enumerate(processes):
            if process.poll() is not None:
                raise RuntimeError((folder / f"{k}.log").read_text(encoding="utf-8", errors="replace")[-500:])
        logs = [(folder / f"{k + 1}.log").read_text(encoding="utf-8", errors="replace") for k in range(workers)]
        if file.exists() and all("Registered to" in log for log in logs):
            return str(json.loads(file.read_text(encoding="utf-8"))["address"])
        time.sleep(0.02)
    raise RuntimeError(f"no {workers} workers within {_PATIENCE:g} s")


class Noted:
    """An executor that notes when the first item is taken; change: instead of the work itself; at: sees each done."""

    def __init__(
        self,
        executor: Executor,
        change: Callable[[Work], Work] | None = None,
        at: Callable[[Done], None] | None = None,
    ) -> None:
        self.executor, self.change, self.at = executor, change or (lambda work: work), at
        self.began: float | None = None
        self.seconds = 0.0

    @property
    def standing(self) -> Any:
        """How the cluster stands."""
        return self.executor.standing

    def each(
        self, work: Work, items: Iterable[Any], on_progress: Callable[[Any], None] | None = None
    ) -> Iterator[Done]:
        """Yield what the executor does."""
        for done in self.executor.each(self.change(work), self._noted(items), on_progress):
            if self.at:
                self.at(done)
            yield done

    def _noted(self, items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            if self.began is None:
                self.began = time.perf_counter()
            yield item


@contextmanager
def noting(opened: Opened, kept: list[Noted], **options: Any) -> Iterator[Noted]:
    """Open an executor that is noted in `kept`: `seconds` are those from its first item until all is written."""
    with opened as executor:
        noted = Noted(executor, **options)
        kept.append(noted)
        yield noted
        noted.seconds = time.perf_counter() - (noted.began or time.perf_counter())
