import subprocess
import sys

import numpy as np
import pytest

import fnn


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
