import subprocess
import sys
import tempfile
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


def pytest_configure(config):
    """Compile the kernels before workers start, which would each do it: they share what Numba keeps on disk.

    A process that a test starts in a folder of its own may find an installed `fnn`, with a cache beside it.
    """
    if getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput"):
        with tempfile.TemporaryDirectory() as elsewhere:
            for folder in (ROOT, elsewhere):
                words = [sys.executable, "-c", COMPILE]
                processes = [subprocess.Popen([*words, dtype], cwd=folder) for dtype in ("float32", "float64")]
                codes = [process.wait() for process in processes]
                if any(codes):
                    raise pytest.UsageError("fnn does not train here; see above")


def pytest_collection_modifyitems(config, items):
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
