"""Where the processor or the system has less: the same networks, to the last bit.

Numba is told of an older processor by the name and the features that it compiles for. What a whole machine does there
(train, sweep, show, study, draw) is what `.ci/smoke.py` runs; it prints digests of trained weights.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SMOKE = Path(__file__).parents[1] / ".ci" / "smoke.py"
NO_AVX512 = "-avx512f,-avx512vl,-avx512bw,-avx512dq,-avx512cd"
PROCESSORS = {
    "haswell": f"+avx2,+fma,{NO_AVX512}",
    "nehalem": f"+sse4.2,-avx,-avx2,-fma,{NO_AVX512}",  # before fused multiply-adds
    "x86-64": f"+sse2,-sse3,-sse4.1,-sse4.2,-avx,-avx2,-fma,{NO_AVX512}",
}
# What a kernel compiled for this processor calls its registers and its fused multiply-add.
ASSEMBLY = """
import numpy as np
from fnn.kernel.jit import standalone
from fnn.kernel.simd import fma, load, store
def step(a):
    store(a, 0, fma(load(a, 0), load(a, 1), load(a, 2)))
step = standalone(step)
a = np.zeros((3, 8))
step(a)
(text,) = step.inspect_asm().values()
print("zmm" in text, "vfmadd" in text)
"""


def printed(*words, folder, **environment):
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def digests(tmp_path_factory):
    return json.loads(printed(SMOKE, folder=tmp_path_factory.mktemp("here")))


@pytest.mark.slow
@pytest.mark.parametrize("name", PROCESSORS)
def test_an_older_processor_trains_the_same_networks(name, digests, tmp_path):
    environment = {
        "NUMBA_CPU_NAME": name,
        "NUMBA_CPU_FEATURES": PROCESSORS[name],
        "NUMBA_CACHE_DIR": str(tmp_path / "cache"),
    }
    zmm, fused = printed("-c", ASSEMBLY, folder=tmp_path, **environment).split()
    assert (zmm, fused) == ("False", str(name == "haswell"))
    assert json.loads(printed(SMOKE, folder=tmp_path, **environment)) == digests


@pytest.mark.slow
def test_a_system_without_affinity_and_locks_trains_the_same_networks(digests, tmp_path):
    assert json.loads(printed(SMOKE, "--without", "sched_getaffinity,flock", folder=tmp_path)) == digests
