"""What was promised, and whether a run keeps it."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .contenders import OWN
from .run import Row

JAX, TORCH = ("jax", "jax-last"), ("torch", "torch-func")
_OURS = OWN["fnn"].title


class Check(NamedTuple):
    """A promise: `measured` is to be at least (or at most) `bound`, shares where `percent`, else
    multiples. against: what fnn is compared with."""

    work: str
    what: str
    dtype: str
    against: str
    bound: float
    measured: float
    met: bool
    least: bool = True
    percent: bool = False


def ahead_from(rows: Sequence[Row]) -> dict[str, float | None]:
    """Return for each contender of the sizes the stack from which fnn is ahead, None if it is not at the largest."""
    found: dict[str, float | None] = {}
    for row in sorted((r for r in rows if r.work == "size" and r.ratio), key=lambda r: r.at):
        behind = row.ratio is not None and row.ratio <= 1
        before = found.get(row.title)
        found[row.title] = None if behind else row.at if before is None else before
    return {title: at for title, at in found.items() if title != _OURS}


def against_pytorch(rows: Sequence[Row]) -> float | None:
    """Return how many times as fast as the fastest PyTorch fnn is on SimpleChains' network, None if not measured."""
    ratios = [row.ratio for row in rows if row.work == "chains" and row.contender in (*TORCH, "torch-loop")]
    return min((ratio for ratio in ratios if ratio), default=None)


class Target(NamedTuple):
    """A bound on how many times as fast fnn is as the fastest of some contenders, in one case."""

    work: str
    at: float
    dtype: str
    against: str
    contenders: tuple[str, ...]
    bound: float


def _widths() -> Iterable[Target]:
    for width, bound in {16: 5, 32: 3, 64: 2.5, 128: 2}.items():
        yield Target("width", width, "float32", "the faster of JAX and PyTorch", JAX + TORCH, bound)
    for width in (2, 4, 8, 16, 32, 64, 128):
        yield Target("width", width, "float64", "the faster of JAX and PyTorch", JAX + TORCH, 1)


RATIOS = (
    # What was promised is a multiple of vmap; JAX with every unit written out was not thought of, and is faster.
    Target("xor", 0, "float32", "JAX, vmap", ("jax",), 12),
    Target("xor", 0, "float32", "PyTorch, stacked", TORCH, 15),
    Target("xor", 0, "float32", "PyTorch, a loop", ("torch-loop",), 2000),
    Target("xor", 0, "float64", "JAX, vmap", ("jax",), 5),
    Target("xor", 0, "float64", "PyTorch, stacked", TORCH, 5),
    Target("xor", 0, "float64", "NumPy, a loop", ("numpy-loop",), 250),
    Target("xor", 0, "float64", "scikit-learn", ("sklearn",), 1000),
    *_widths(),
    Target("chains", 0, "float32", "JAX", JAX, 2),
    Target("chains", 0, "float32", "PyTorch", (*TORCH, "torch-loop"), 10),
)
# The share of the FMA peak in float32, by width.
SHARE, SHARE_WIDTHS = 0.5, (4, 8, 16, 32, 64)
# What settings of its own for each network may cost.
OWN_SETTINGS = 0.05


def checks(rows: Sequence[Row]) -> list[Check]:
    """Return every promise on which these rows have something to say."""
    found = []
    for target in RATIOS:
        rivals = [
            row
            for row in rows
            if (row.work, row.at, row.dtype) == (target.work, target.at, target.dtype)
            and row.contender in target.contenders
            and row.ratio
        ]
        if rivals:
            row = min(rivals, key=lambda r: r.ratio or 0)
            found.append(_check(row, target.against, target.bound, row.ratio or 0))
    for row in rows:
        if row.work == "width" and row.dtype == "float32" and row.at in SHARE_WIDTHS:
            if row.contender == "fnn" and row.share:
                found.append(_check(row, "the FMA peak", SHARE, row.share, percent=True))
        elif row.contender == "fnn-own" and row.ratio:
            found.append(
                _check(row, "the same settings in all", OWN_SETTINGS, row.ratio - 1, least=False, percent=True)
            )
    return found


def _check(
    row: Row, against: str, bound: float, measured: float, *, least: bool = True, percent: bool = False
) -> Check:
    met = measured >= bound if least else measured <= bound
    return Check(row.work, row.what, row.dtype or "", against, bound, measured, met, least, percent)
