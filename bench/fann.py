"""FANN, the C library for small networks, through a C function that is compiled here where its headers are."""

import ctypes
import subprocess
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

import fnn

from .contenders import Array, Built, Contender, activations

SOURCE = Path(__file__).with_name("fann.c")
# FANN's number of each activation, and the steepness with which it is ours: its sigmoid is 1 / (1 + e^(−2·s·z)).
ACTIVATIONS = {"identity": (0, 1.0), "sigmoid": (3, 0.5), "tanh": (5, 1.0)}


@cache
def _library(dtype: str) -> ctypes.CDLL:
    """Compile and load; raises ImportError where there is no compiler, or FANN is not installed for it.

    What is loaded stays in memory, so its file goes at once.
    """
    compiler = which("cc")
    if compiler is None:
        raise ImportError("there is no C compiler, cc")
    define, link = ("-DDOUBLE", "-ldoublefann") if dtype == "float64" else ("-DFLOAT", "-lfloatfann")
    flags = ("-O3", "-march=native", "-shared", "-fPIC", define)
    with TemporaryDirectory(prefix="fnn-bench-") as folder:
        library = Path(folder) / "fann.so"
        words = [compiler, *flags, "-o", str(library), str(SOURCE), link, "-lm"]
        if subprocess.run(words, capture_output=True, check=False).returncode:
            raise ImportError("FANN's headers and library are not there (on Debian, libfann-dev)")
        return ctypes.CDLL(str(library))


def fann_loop(config: fnn.Config, params: tuple[Array, ...], x: Array, y: Array, threads: int) -> Built:
    """FANN, one network after the other on each thread."""
    train = _library(config.dtype).train
    S, shape = len(params[0]), np.array([x.shape[1], *(w.shape[2] for w in params)], np.uintc)
    units = [np.swapaxes(w, 1, 2).reshape(S, -1) for w in params]
    flat = np.ascontiguousarray(np.concatenate(units, axis=1), config.dtype)
    x, y = (np.ascontiguousarray(a, config.dtype) for a in (x, y))
    hidden, output = (ACTIVATIONS[activations(config)[k]] for k in (0, -1))
    steepness = np.array([hidden[1], output[1]])

    def some(part: Any) -> Array:
        weights = np.ascontiguousarray(flat[part])
        answers = np.empty((len(weights), *y.shape), config.dtype)
        pointers = [ctypes.c_void_p(a.ctypes.data) for a in (weights, x, y, answers)]
        failed = train(
            len(shape), ctypes.c_void_p(shape.ctypes.data), hidden[0], output[0],
            ctypes.c_void_p(steepness.ctypes.data), len(weights), len(x), config.epochs, *pointers,
        )  # fmt: skip
        if failed:
            raise MemoryError("FANN could not make a network")
        return answers

    def run() -> list[Array]:
        with ThreadPoolExecutor(threads) as pool:  # a call from ctypes leaves the interpreter to the others
            return list(pool.map(some, np.array_split(np.arange(S), min(S, threads))))

    return run, np.concatenate


def _knows(config: fnn.Config) -> bool:
    one_activation = set(activations(config)) <= set(ACTIVATIONS) and len(set(activations(config)[:-1])) <= 1
    return one_activation and config.batch_size is None


FANN = {
    "fann": Contender(
        "FANN (C), RPROP",
        fann_loop,
        "libfann",
        probe=8,
        differs="RPROP, its own default: it has no Adam; slopes kept off 0",
        takes=_knows,
    )
}
