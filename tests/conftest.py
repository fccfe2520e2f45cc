import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fnn

ROOT = Path(__file__).parents[1]

# Compile what tests run most, both ways to fill the lanes; a process for each precision.
COMPILE = """
import sys
import fnn
config = fnn.Config(dtype=sys.argv[1], epochs=1, reduction="mean")
fnn.train(config, *fnn.data.xor(), seeds=range(2))
fnn.train(config, *fnn.data.linear(10_000), seeds=[1])
"""


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="run the tests marked slow too")
    parser.addoption("--passed-to", type=Path, help="write the names of tests that pass to this file")
    parser.addoption("--but-passed", type=Path, help="leave out tests that are named in this file")


def pytest_configure(config):
    """Let every process find this clone's `fnn`, installed or not, and compile its kernels before workers start.

    Each worker would compile them for itself; so they share what Numba keeps on disk.
    """
    if hasattr(config, "workerinput"):
        return
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    if getattr(config.option, "numprocesses", None):
        words = [sys.executable, "-c", COMPILE]
        codes = [process.wait() for process in [subprocess.Popen([*words, dtype]) for dtype in ("float32", "float64")]]
        if any(codes):
            raise pytest.UsageError("fnn does not train here; see above")


def pytest_terminal_summary(terminalreporter, config):
    """Write which tests passed, so that another environment need only run those that skipped."""
    if to := config.getoption("passed_to"):
        to.write_text("".join(f"{report.nodeid}\n" for report in terminalreporter.stats.get("passed", ())))


def pytest_collection_modifyitems(config, items):
    if passed := config.getoption("but_passed"):
        names = set(passed.read_text().splitlines())
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid in names])
        items[:] = [item for item in items if item.nodeid not in names]
    if not config.getoption("slow"):
        skip = pytest.mark.skip(reason="slow; python -m pytest --slow runs it")
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(skip)


def read_only(*arrays):
    """Return the arrays, made so that a function that writes into them fails."""
    for array in arrays:
        array.flags.writeable = False
    return arrays


@pytest.fixture(scope="session")
def xor():
    return fnn.Config(), *read_only(*fnn.data.xor())


@pytest.fixture
def command(tmp_path):
    """Run `fnn` as a process of its own in an empty folder; give the finished process."""

    def run(*arguments, **options):
        words = [sys.executable, "-m", "fnn", *map(str, arguments)]
        return subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False, **options)

    return run


@pytest.fixture
def rng():
    return np.random.default_rng(7)
