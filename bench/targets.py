"""What was promised, and whether a run keeps it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from .accuracy import IMAGES as SHIPPED
from .accuracy import WORK as ACCURACY
from .cluster import OVERHEAD, PER_NETWORK, SPEED
from .cluster import WORK as CLUSTER
from .contenders import OWN
from .layouts import LEEWAY, choices
from .reading import WORK as READING
from .run import Row
from .search import FASTER
from .search import WORK as SEARCH
from .work import ENSEMBLES, IMAGES, TABLES

JAX, TORCH = ("jax", "jax-last", "jax-threads"), ("torch", "torch-func")
EITHER = "the faster of JAX and PyTorch"
_OURS = OWN["fnn"].title


class Check(NamedTuple):
    """A promise: `measured` is to be at least (or at most) `bound`, shares where `percent`, else multiples, or in
    that unit. against: what fnn is compared with."""

    work: str
    what: str
    dtype: str
    against: str
    bound: float
    measured: float
    met: bool
    least: bool = True
    percent: bool = False
    unit: str = ""


def ahead_from(rows: Sequence[Row]) -> dict[str, float | None]:
    """Return for each contender of the sizes the stack from which fnn is ahead, None if it is not at the largest."""
    first: dict[str, float | None] = {}
    for row in sorted((r for r in rows if r.work == "size" and r.ratio), key=lambda r: r.at):
        behind = row.ratio is not None and row.ratio <= 1
        before = first.get(row.title)
        first[row.title] = None if behind else row.at if before is None else before
    return {title: at for title, at in first.items() if title != _OURS}


def against_pytorch(rows: Sequence[Row]) -> float | None:
    """Return how many times as fast as the fastest PyTorch fnn is on SimpleChains' network, None if not measured."""
    ratios = [row.ratio for row in rows if row.work == "chains" and row.contender in (*TORCH, "torch-loop")]
    return min((ratio for ratio in ratios if ratio), default=None)


class Target(NamedTuple):
    """A bound on how many times as fast fnn is as the fastest of some contenders, in the case of that name."""

    work: str
    what: str
    dtype: str
    against: str
    contenders: tuple[str, ...]
    bound: float


def _widths() -> Iterable[Target]:
    for width, bound in {16: 5, 32: 3, 64: 5, 128: 3.5}.items():
        yield Target("width", f"width {width}", "float32", EITHER, JAX + TORCH, bound)
    for width in (2, 4, 8, 16, 32, 64, 128):
        yield Target("width", f"width {width}", "float64", EITHER, JAX + TORCH, 1)


def _tables() -> Iterable[Target]:
    """A stack of narrow networks is also to take less time than one network of scikit-learn's."""
    for table, bound in zip(TABLES, (6, 3, 4, 2.5, 2.5, 3, 2, 5, 3.5), strict=True):
        rivals = JAX + TORCH + ("torch-loop",) * (table.networks == 1)
        yield Target("tables", table.what, "float32", EITHER, rivals, bound)
        yield Target("tables", table.what, "float64", EITHER, rivals, 1)
        if table.networks == 64 and table.width <= 64:
            yield Target("tables", table.what, "float32", "scikit-learn", ("sklearn",), table.networks)


# Fits of scikit-learn's in whose time a whole ensemble is to be trained; the share of it that reading may take.
FITS, READING_SHARE = 4, 0.1


def _ensembles() -> Iterable[Target]:
    """A whole ensemble is also to take less time than a few single networks of scikit-learn's."""
    for ensemble, bound in zip(ENSEMBLES, (3, 3, 5), strict=True):
        yield Target("ensembles", ensemble.what, "float32", EITHER, JAX + TORCH, bound)
        least = ensemble.networks / FITS
        yield Target("ensembles", ensemble.what, "float32", "scikit-learn", ("sklearn",), least)


def _images() -> Iterable[Target]:
    """A stack is to take a third of the time of the faster of JAX and PyTorch, one network no more than PyTorch."""
    for image in IMAGES:
        if image.networks > 1:
            yield Target("images", image.what, "float32", EITHER, ("jax-images", "torch-grouped"), 3)
        else:
            yield Target("images", image.what, "float32", "PyTorch", ("torch-images-loop", "torch-grouped"), 1)


RATIOS = (
    # What was promised is a multiple of vmap; JAX with every unit written out was not thought of, and is faster.
    Target("xor", "lab XOR", "float32", "JAX, vmap", ("jax",), 12),
    Target("xor", "lab XOR", "float32", "JAX", JAX, 9),
    Target("xor", "lab XOR", "float32", "PyTorch, stacked", TORCH, 15),
    Target("xor", "lab XOR", "float32", "PyTorch, a loop", ("torch-loop",), 2000),
    Target("xor", "lab XOR", "float64", "JAX, vmap", ("jax",), 5),
    Target("xor", "lab XOR", "float64", "PyTorch, stacked", TORCH, 5),
    Target("xor", "lab XOR", "float64", "NumPy, a loop", ("numpy-loop",), 250),
    Target("xor", "lab XOR", "float64", "scikit-learn", ("sklearn",), 1000),
    *_widths(),
    Target("chains", "SimpleChains' 4-32-16-4", "float32", "JAX", JAX, 2),
    Target("chains", "SimpleChains' 4-32-16-4", "float32", "PyTorch", (*TORCH, "torch-loop"), 10),
    *_tables(),
    *_ensembles(),
    *_images(),
)
# In what share of the grid of layouts the way to fill the lanes is to be as good as the fastest.
RIGHT_CHOICES = 0.9
# What settings of its own for each network may cost.
OWN_SETTINGS = 0.05
# Networks of a stack of which a share of the peak is asked: enough for every lane and thread.
FULL = 32


def _share(row: Row) -> float | None:
    """Return the share of the FMA peak that is asked of a stack, None where none is; `at` is a case's width."""
    if row.work not in ("width", "tables") or (row.networks or 0) < FULL:
        return None
    if row.at >= 64:
        return 0.7
    return 0.6 if row.at >= 4 and row.dtype == "float32" else None


def checks(rows: Sequence[Row]) -> list[Check]:
    """Return every promise on which these rows have something to say."""
    kept = []
    for target in RATIOS:
        rivals = [
            row
            for row in rows
            if (row.work, row.what, row.dtype) == (target.work, target.what, target.dtype)
            and row.contender in target.contenders
            and row.ratio
        ]
        if rivals:
            row = min(rivals, key=lambda r: r.ratio or 0)
            kept.append(_check(row, target.against, target.bound, row.ratio or 0))
    for row in rows:
        share = _share(row)
        if row.contender == "fnn" and row.share and share:
            kept.append(_check(row, "the FMA peak", share, row.share, percent=True))
        elif row.contender == "fnn-own" and row.ratio:
            kept.append(_check(row, "the same settings in all", OWN_SETTINGS, row.ratio - 1, least=False, percent=True))
    kept += [*_reading(rows), *_accuracy(rows), *_search(rows), *_cluster(rows)]
    chosen = choices(rows)
    if chosen:
        what, against = f"the way to fill the lanes, {chosen.cells} cells", f"the fastest, within {LEEWAY:.0%}"
        right = chosen.right
        kept.append(Check("layouts", what, "both", against, RIGHT_CHOICES, right, right >= RIGHT_CHOICES, percent=True))
    return kept


def _reading(rows: Sequence[Row]) -> Iterator[Check]:
    """Yield what share of reading and training the reading of each ensemble's table is."""
    ours = {(row.work, row.what): row.seconds[1] for row in rows if row.contender == "fnn" and row.seconds}
    for ensemble in ENSEMBLES:
        reading, training = ours.get((READING, f"reading {ensemble.what}")), ours.get(("ensembles", ensemble.what))
        if reading and training:
            share, bound = reading / (reading + training), READING_SHARE
            yield Check(
                READING, ensemble.what, "float32", "reading and training", bound, share, share <= bound, False, True
            )


def _accuracy(rows: Sequence[Row]) -> Iterator[Check]:
    """Yield what share of the images held out is answered rightly."""
    measured = {row.what: row for row in rows if row.work == ACCURACY and row.accuracy}
    for images in SHIPPED:
        if images.what in measured:
            row = measured[images.what]
            median, together = (row.accuracy or [0, 0, 0])[1], row.ensemble or 0.0
            yield _check(row, "all held out, in the median", images.median, median, percent=True)
            if images.ensemble:
                yield _check(row, "all held out, together", images.ensemble, together, percent=True)


def _search(rows: Sequence[Row]) -> Iterator[Check]:
    """Yield how many times as fast a search is as one that fits setting after setting."""
    for row in rows:
        if row.work == SEARCH and row.contender == "sklearn" and row.ratio:
            yield _check(row, row.title, FASTER, row.ratio)


def _cluster(rows: Sequence[Row]) -> Iterator[Check]:
    """Yield what a cluster's workers cost beside one process with as many threads."""
    for row in rows:
        if row.work == CLUSTER and row.seconds and row.counted and row.contender in ("one-worker", "workers"):
            longer, more = row.counted["percent more"] / 100, row.counted["µs more a network"]
            titled = replace(row, what=f"{row.what}, {row.title}")
            if row.contender == "workers":
                yield _check(titled, "the speed of one process", SPEED, 1 / (1 + longer), percent=True)
                continue
            yield _check(titled, "one process", OVERHEAD, longer, least=False, percent=True)
            yield _check(titled, "one process, a network", PER_NETWORK, more, least=False)._replace(unit="µs")


def _check(
    row: Row, against: str, bound: float, measured: float, *, least: bool = True, percent: bool = False
) -> Check:
    met = measured >= bound if least else measured <= bound
    return Check(row.work, row.what, row.dtype or "", against, bound, measured, met, least, percent)
