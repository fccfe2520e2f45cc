"""Where the processor or the system has less: the same networks, to the last bit.

NumPy is told which of its SIMD paths it may not take, Numba the name and the features of another processor. What is
drawn, scheduled and trained there is in the digests of `machine_digests`. What a whole machine does there (train,
sweep, show, study, draw) is what `.ci/smoke.py` runs; it prints digests of trained weights.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SMOKE = Path(__file__).parents[1] / ".ci" / "smoke.py"
DIGESTS = Path(__file__).with_name("machine_digests.py")
NO_AVX512 = "-avx512f,-avx512vl,-avx512bw,-avx512dq,-avx512cd"
PROCESSORS = {
    "haswell": f"+avx2,+fma,{NO_AVX512}",
    "nehalem": f"+sse4.2,-avx,-avx2,-fma,{NO_AVX512}",  # before fused multiply-adds
    "x86-64": f"+sse2,-sse3,-sse4.1,-sse4.2,-avx,-avx2,-fma,{NO_AVX512}",
}
RECORDED = {"weights": "8f768a33ad3e94a4", "points": "d1ee1800163f0729", "rates": "3636d193fe1529a3"}
# NumPy's SIMD paths beyond what every processor it runs on has, which it takes here.
PATHS = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
WITHOUT = {"AVX-512": [name for name in PATHS if "AVX512" in name or name == "X86_V4"], "all": PATHS}
FOUND = 'import json, numpy; print(json.dumps(numpy.show_config(mode="dicts")["SIMD Extensions"].get("found", [])))'
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


def processor(name, folder):
    return {
        "NUMBA_CPU_NAME": name,
        "NUMBA_CPU_FEATURES": PROCESSORS[name],
        "NUMBA_CACHE_DIR": str(folder / "cache"),
    }


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    return json.loads(printed(DIGESTS, "--train", folder=tmp_path_factory.mktemp("here")))


def test_weights_points_and_rates_are_those_recorded_on_other_machines(here):
    """A change of them needs a new NUMERICS, or sweeps would mix them; then record the new ones."""
    assert {name: here[name] for name in RECORDED} == RECORDED
    assert here["weights, compiled"] == RECORDED["weights"]
    assert here["rates, compiled"] == RECORDED["rates"]


@pytest.mark.parametrize("path", WITHOUT)
def test_without_some_simd_paths_numpy_computes_the_same(path, here, tmp_path):
    if not WITHOUT[path]:
        pytest.skip("NumPy takes none of them here")
    disabled = {"NPY_DISABLE_CPU_FEATURES": ",".join(WITHOUT[path])}
    left = json.loads(printed("-c", FOUND, folder=tmp_path, **disabled))
    assert set(left) == set(PATHS) - set(WITHOUT[path])
    assert json.loads(printed(DIGESTS, "--train", folder=tmp_path, **disabled)) == here


@pytest.mark.parametrize("name", PROCESSORS)
def test_an_older_processor_draws_the_same_weights_and_rates(name, here, tmp_path):
    drawn = json.loads(printed(DIGESTS, folder=tmp_path, **processor(name, tmp_path)))
    assert drawn == {key: here[key] for key in drawn}


@pytest.fixture(scope="module")
def digests(tmp_path_factory):
    return json.loads(printed(SMOKE, folder=tmp_path_factory.mktemp("here")))


@pytest.mark.slow
@pytest.mark.parametrize("name", PROCESSORS)
def test_an_older_processor_trains_the_same_networks(name, digests, here, tmp_path):
    environment = processor(name, tmp_path)
    zmm, fused = printed("-c", ASSEMBLY, folder=tmp_path, **environment).split()
    assert (zmm, fused) == ("False", str(name == "haswell"))
    assert json.loads(printed(SMOKE, folder=tmp_path, **environment)) == digests
    assert json.loads(printed(DIGESTS, "--train", folder=tmp_path, **environment)) == here


@pytest.mark.slow
def test_a_system_without_affinity_and_locks_trains_the_same_networks(digests, tmp_path):
    assert json.loads(printed(SMOKE, "--without", "sched_getaffinity,flock", folder=tmp_path)) == digests
