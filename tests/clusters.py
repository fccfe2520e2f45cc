"""Clusters of real processes on real sockets: a scheduler, and workers that tests stop, kill and start again."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

# Nothing else than what a test is about: no dashboards, and no files beside the test's own.
QUIET = {"DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False"}


def free_port():
    """Return a port that nothing listens on."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


class Cluster:
    """A scheduler and workers, each a process; `address` is the scheduler's."""

    def __init__(
        self, folder, *, scheme="tcp", options=(), before="", on=lambda host: ((), "127.0.0.1"), **environment
    ):
        self.folder, self.options, self.on = Path(folder), options, on
        self.environment = {**os.environ, **QUIET, **environment}
        self.workers = []
        prefix, host = on(0)
        self.address = f"{scheme}://{host}:{free_port()}"
        port = self.address.rpartition(":")[2]
        words = [
            "scheduler",
            "--host",
            f"{scheme}://{host}",
            "--port",
            port,
            "--dashboard-address",
            f"{host}:0",
            "--no-jupyter",
            *options,
        ]
        self.scheduler = self._start("scheduler", [*prefix, *self._dask(words, before)])
        self._wait(self.scheduler, "Scheduler at")

    def worker(self, *options, host=0, threads=1, before="", **environment):
        """Start a worker of so many threads, after a line of Python, on a host; return its process."""
        prefix, address = self.on(host)
        name = f"worker-{len(self.workers)}"
        listen = ["--host", address] if "://" in self.address else []
        words = [
            "worker",
            self.address,
            "--no-nanny",
            "--nthreads",
            str(threads),
            "--dashboard-address",
            f"{address}:0",
            "--name",
            name,
        ]
        words += ["--local-directory", str(self.folder / "dask"), "--death-timeout", "60", *listen]
        started = self._start(name, [*prefix, *self._dask([*words, *self.options, *options], before)], environment)
        self.workers.append(started)
        return started

    def _dask(self, words, before=""):
        code = f"{before}\nimport sys\nfrom dask.__main__ import main\nsys.argv[1:] = {list(words)!r}\nmain()"
        return [sys.executable, "-c", code]

    def _start(self, name, words, environment=()):
        # Each a group of its own: Ctrl-C for the command is none for them.
        with (self.folder / f"{name}.log").open("w") as log:
            return subprocess.Popen(
                words, stdout=log, stderr=log, cwd=self.folder, start_new_session=True,
                env={**self.environment, **dict(environment)},
            )  # fmt: skip

    def log(self, name):
        """Return what a process has printed."""
        return (self.folder / f"{name}.log").read_text()

    def _wait(self, process, words, name="scheduler"):
        deadline = time.monotonic() + 60
        while words not in self.log(name):
            assert process.poll() is None, self.log(name)
            assert time.monotonic() < deadline, self.log(name)
            time.sleep(0.05)

    def ready(self, process):
        """Wait until a worker has joined."""
        name = f"worker-{self.workers.index(process)}"
        deadline = time.monotonic() + 60
        while "Registered to" not in self.log(name):
            assert time.monotonic() < deadline, self.log(name)
            time.sleep(0.05)

    def end(self):
        """End all processes."""
        for process in (*self.workers, self.scheduler):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


@contextmanager
def cluster(folder, workers=0, threads=1, **options):
    """Yield a cluster with so many workers, which end with the block."""
    folder.mkdir(exist_ok=True)
    there = Cluster(folder, **options)
    try:
        for _ in range(workers):
            there.worker(threads=threads)
        yield there
    finally:
        there.end()
