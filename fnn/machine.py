"""The machine: its processors and memory, and the versions of what computes."""

import os
import platform
from pathlib import Path
from typing import Any


def processors() -> int:
    """Return how many processors this process may use; where the system does not say, how many there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory() -> int | None:
    """Return the bytes of memory this process may have: the machine's, or of its container where that has less.

    None where the system does not say.
    """
    try:
        machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None
    return min([machine, *filter(None, map(_limit, _LIMITS))])


# Where Linux says how much memory a container may have: in its second form, and in its first.
_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def _limit(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # not there, or "max"
        return None


def processor() -> str:
    """Return the name of the processor."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        return next(line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def installed(package: str) -> str | None:
    """Return the version of an installed distribution, None where it is not there."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return None


def versions(threads: int | None = None) -> dict[str, Any]:
    """Return what trains: versions, machine and threads."""
    return {
        "fnn": installed("fnn"),
        "python": platform.python_version(),
        "numpy": installed("numpy"),
        "numba": installed("numba"),
        "system": platform.platform(),
        "processor": processor(),
        "threads": threads or processors(),
    }
