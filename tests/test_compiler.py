"""How parts and entries of kernels are compiled: parts once, an entry as a whole, to the bits of Numba's own way."""

import gc
import os
import subprocess
import sys

import numpy as np
import pytest
from numba import njit
from numba.core.codegen import CPUCodegen

from fnn.kernel import compiler, jit
from fnn.kernel.simd import load, spread, store
from fnn.kernel.simd_math import normal_cdf

# Trains one network of every activation with batches and prints a digest of all weights; Numba's own way where told.
TRAIN = """
import sys
from hashlib import sha256
import numba.core.compiler, numba.core.typed_passes
if sys.argv[1] == "theirs":
    del numba.core.typed_passes.NativeLowering  # as if Numba were otherwise inside
import fnn
from fnn.kernel import compiler
from fnn.network.activations import ACTIVATIONS
configs = [fnn.Config(activation=a, optimizer=o, epochs=3, batch_size=b, order="shuffled", dtype="float32")
           for a in ACTIVATIONS for o, b in (("adam", 5), ("rprop", None))]
weights = [w.tobytes() for w in fnn.train(configs, *fnn.data.xor(), seeds=[1]).flat]
print(bool(compiler.PART), sha256(b"".join(weights)).hexdigest())
"""


@jit.policy
def square_into(row, i):
    store(row, i, load(row, i) * load(row, i))


@jit.inlined
def halved(row, i):
    return normal_cdf(load(row, i)) * spread(row, 0.5)


def squares_into(row):
    """Square each row, then halve a normal distribution's share below it."""
    for i in range(len(row)):
        square_into(row, i)
        store(row, i, halved(row, i))


@pytest.fixture(scope="module")
def compiled():
    return jit.standalone(squares_into)


def test_a_part_has_no_machine_code_and_its_entry_has_it_inside(compiled):
    compiled(np.ones((2, 8)))
    (entry,) = compiled.overloads.values()
    (part,) = square_into.overloads.values()
    defined = entry.library.codegen._engine.is_symbol_defined
    assert defined(entry.fndesc.llvm_func_name)
    assert not defined(part.fndesc.llvm_func_name)
    text = entry.library.get_llvm_str()
    assert "alloca" in part.library.get_llvm_str()  # as it was lowered: each variable in memory
    assert "fmul <8 x double>" in text
    assert f"call i32 @{halved.overloads[next(iter(halved.overloads))].fndesc.llvm_func_name}" not in text


def test_parts_are_optimised_once(monkeypatch):
    """All that LLVM optimises is one module, whatever it is made of: one run over it, and none over a function."""
    began = []
    for kind in ("_module_pass_manager", "_function_pass_manager"):
        start = getattr(CPUCodegen, kind)

        def counted(self, *args, kind=kind, start=start, **options):
            began.append(kind)
            return start(self, *args, **options)

        monkeypatch.setattr(CPUCodegen, kind, counted)
    jit.standalone(squares_into)(np.ones((2, 16), np.float32))
    assert began == ["_module_pass_manager"]


def test_the_bits_are_those_of_functions_compiled_as_numba_does(compiled):
    def plain(function, **names):
        copy = type(function)(function.__code__, {**function.__globals__, **names})
        return njit(**jit.OPTIONS)(copy)

    theirs = plain(
        squares_into,
        square_into=plain(square_into.py_func),
        halved=plain(halved.py_func, normal_cdf=plain(normal_cdf.py_func)),
    )
    for dtype in (np.float32, np.float64):
        ours = np.linspace(-9, 9, 4096).astype(dtype).reshape(-1, 64 // np.dtype(dtype).itemsize)
        other = ours.copy()
        compiled(ours)
        theirs(other)
        assert ours.tobytes() == other.tobytes()
        assert 0.24 < ours.min() < ours.max() <= 0.5


def test_garbage_is_collected_again_after_compiling():
    for collects in (True, False):
        (gc.enable if collects else gc.disable)()
        try:
            jit.standalone(squares_into)(np.ones((1, 8)))
            assert gc.isenabled() == collects
        finally:
            gc.enable()


def pages_taken(depth=400):
    """Return how many pages of memory the system gives to calls that return at once, made at every depth of calls."""

    def deeper(left):
        for _ in range(100):
            len_of(())
        if left:
            deeper(left - 1)

    def len_of(row):
        return len(row)

    resource = pytest.importorskip("resource")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    deeper(depth)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def test_calls_of_a_function_with_room_take_no_memory_again_and_again():
    """Without, CPython 3.11 takes a page for each of a hundred calls wherever they cross the end of a chunk."""

    @compiler.with_room
    def roomy():
        return pages_taken()

    roomy()
    assert roomy() < 90


@pytest.mark.slow
def test_where_numba_is_otherwise_inside_the_same_networks_are_trained(tmp_path):
    """Each way compiles the whole kernel, in a cache of its own."""
    printed = {}
    for way in ("ours", "theirs"):
        done = subprocess.run(
            [sys.executable, "-c", TRAIN, way], cwd=tmp_path, capture_output=True, text=True, check=False,
            env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / way)},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        printed[way] = done.stdout.split()
    assert [uses for uses, _ in printed.values()] == ["True", "False"]
    assert printed["ours"][1] == printed["theirs"][1]
