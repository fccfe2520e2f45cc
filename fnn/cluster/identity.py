"""Who computes: versions and processor of a process, so that only those take part whose networks have the same bits."""

import hashlib
import socket
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from fnn.machine import installed, versions

# What has to be the same on a worker as here, with the words for it.
SAME = {"fnn": "fnn", "numpy": "NumPy", "numba": "Numba", "llvm": "LLVM", "numerics": "arithmetic"}


def identity(threads: int) -> dict[str, Any]:
    """Return who computes here, on so many threads: versions, and the processor as the compiler sees it.

    fnn: the version, and a hash of its code, which tells two checkouts of one version apart.
    """
    import llvmlite.binding

    from fnn.training.train import NUMERICS

    features = llvmlite.binding.get_host_cpu_features()
    return {
        **versions(threads),
        "fnn": f"{installed('fnn')} ({code_digest()})",
        "llvm": ".".join(map(str, llvmlite.binding.llvm_version_info)),
        "numerics": NUMERICS,
        "family": llvmlite.binding.get_host_cpu_name(),
        "features": ",".join(sorted(name for name, there in features.items() if there)),
        "host": socket.gethostname(),
    }


@cache
def code_digest() -> str:
    """Return a hash of the code of `fnn`."""
    house = Path(__file__).parents[1]
    code = hashlib.sha256()
    for path in sorted(house.rglob("*.py")):
        name = path.relative_to(house).as_posix()
        if not name.startswith("bench/"):
            code.update(name.encode() + path.read_bytes())
    return code.hexdigest()[:8]


def differences(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> str:
    """Return which versions of a worker are others than here, both named; nothing where they are the same."""
    return "; ".join(
        f"{word} {theirs.get(name)} there, {ours[name]} here"
        for name, word in SAME.items()
        if theirs.get(name) != ours[name]
    )
