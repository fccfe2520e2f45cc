"""How kernels are compiled, and where what is compiled is kept: the one policy, and the one key of the cache.

Numba's cache looks at the source of the file that a compiled function stands in, not at what that function calls in
other files. So the name under which an entry is kept has a digest of all sources whose arithmetic may be compiled in:
a change in any of them is another name, and what was kept under the old one is not even read. (Numba would read it to
see whether it is out of date, and fail where it holds a class of arguments that is no longer there.)
"""

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

from numba import njit
from numba.extending import register_jitable
from numba.np import linalg

from fnn.kernel.compiler import ENTRY, PART

_HOUSE = Path(__file__).parents[1]
# Whatever a kernel calls, or takes a number or a name from: more than these it may not import from `fnn`.
SOURCES = (
    *sorted(_HOUSE.glob("kernel/*.py")),
    *sorted(_HOUSE.glob("network/*.py")),
    _HOUSE / "rng.py",
    _HOUSE / "elementary.py",
)

# No Python objects, no GIL, NaN and division as in IEEE arithmetic. And without `nrt`, which counts references:
# kernels make no arrays, and counting those they pass on costs small networks a fifth of their time.
OPTIONS = {"nogil": True, "error_model": "numpy", "fastmath": False, "boundscheck": False, "_nrt": False}
standalone = njit(**OPTIONS, **ENTRY)
# Parts of kernels have no way in from Python and so compile sooner. Called from there all the same, they crash it.
policy = njit(**OPTIONS, **PART, no_cpython_wrapper=True)
inlined = njit(**OPTIONS, **PART, no_cpython_wrapper=True, forceinline=True)
# What NumPy calls with arrays, compiled calls with numbers, by the same name.
shared = register_jitable(**OPTIONS, **PART, no_cpython_wrapper=True, forceinline=True)
# Parts of a training loop, each called in one place: as if they stood there. Else their groups are handed on number by
# number.
merged = njit(**OPTIONS, **PART, no_cpython_wrapper=True, inline="always")


def _load_arrays() -> None:
    """Load what Numba knows of arrays, without the part of SciPy that it imports only to see whether it is there.

    It is there: SciPy is installed with `fnn`. Whatever is compiled and needs it imports it then, as ever.
    """
    ensure_blas = linalg.ensure_blas
    linalg.ensure_blas = lambda: None
    try:
        import_module("numba.np.arraymath")
    finally:
        linalg.ensure_blas = ensure_blas


if hasattr(linalg, "ensure_blas"):
    _load_arrays()


@cache
def sources_digest() -> str:
    """Return the digest of all sources whose arithmetic may be compiled in."""
    return sha256(b"".join(path.read_bytes() for path in SOURCES)).hexdigest()[:16]


def entry(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile what Python calls, and keep it on disk where there is a place for that."""
    function.__qualname__ = f"{function.__qualname__}_{sources_digest()}"
    try:
        compiled: Callable[..., Any] = njit(**OPTIONS, **ENTRY, cache=True)(function)
    except RuntimeError:  # neither the package's folder nor the user's can be written
        compiled = standalone(function)
    return compiled
