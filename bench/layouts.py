"""Which way to fill the lanes is faster, over a grid of shapes, and what it costs that training takes the one it does.

All ways train the same networks, drawn and laid out beforehand.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

import fnn
from fnn.config import DTYPES, Config
from fnn.data.samples import Part, part_from_arrays
from fnn.kernel.simd import WIDTH as LANES
from fnn.network.scores import score_of
from fnn.training import lanes, samples_in_lanes
from fnn.training.grouping import Stack, numeric_settings
from fnn.training.outcome import Fit, Outcome

from .peak import operations
from .run import APART, Method, Row, agree, compared
from .samples import table_like
from .timing import in_rounds, quartiles, repeats_for, seconds_of
from .work import Case

WORK, CELLS = "layouts", 200
WIDTHS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
INPUTS, BATCHES = (2, 8, 20), (None, 8, 16, 32, 64, 128, 256, 512)
# A run has as many epochs as come to these operations, about ten milliseconds of a full machine, counting the lanes
# that idle; but at most so many, for small networks take longer than their operations say. An epoch has at most these.
RUN_OPERATIONS, MOST_EPOCHS, MOST_OPERATIONS = 1e9, 100, 2.5e9
# Runs are repeated within one measurement up to this share of what is usual: a grid has many.
PART_OF_SHORTEST = 1 / 5
# A way this much slower than another is as good a choice.
LEEWAY = 0.1
# What the row of the way that training takes says of it.
CHOSEN = "chosen"


def chosen_way(case: Case, threads: int) -> Fit:
    """Return the way that `fnn.train` takes."""
    return lanes.way(case.config, part_of(case), [case.networks], threads)


def _magnitude(rng: np.random.Generator, most: int) -> int:
    """Draw a number from 1 to `most`, each power of two as often as another."""
    return int((most + 1) ** rng.random())


def _drawn(rng: np.random.Generator) -> Case:
    """Draw networks, of one epoch, and samples."""
    hidden = (int(rng.choice(WIDTHS)),) * int(rng.integers(1, 4))
    batch, samples, networks = BATCHES[rng.integers(len(BATCHES))], 16 * _magnitude(rng, 256), _magnitude(rng, 256)
    config = Config(
        hidden=hidden, activation=str(rng.choice(["relu", "sigmoid"])), loss="bce", reduction="mean", init="he",
        lr=1e-3, epochs=1, batch_size=None if batch is None or batch >= samples else batch,
        dtype=str(rng.choice(list(DTYPES))),
    )  # fmt: skip
    data, inputs = table_like(samples), int(rng.choice(INPUTS))
    of = f"{samples:,} samples"
    return Case(
        work=WORK, what=f"{networks} of {inputs}-{'-'.join(map(str, hidden))}-1, "
        + (f"{config.batch_size} of {of}" if config.batch_size else of),
        config=config, x=data.x[:, :inputs], y=data.y, networks=networks, contenders=(), solvable=False,
    )  # fmt: skip


def grid(cells: int = CELLS, seed: int = 0) -> Iterator[Case]:
    """Yield so many cases, fixed by the seed: widths and stacks of 1 to 256, 16 to 4,096 samples.

    What would take too long is drawn again: the widest networks come in small stacks, or with few samples. So is what
    samples fill the lanes for, whatever the stack.
    """
    rng, at = np.random.default_rng(seed), 0
    while at < cells:
        case = _drawn(rng)
        epoch = operations(case.config, case.x.shape[1], 1, len(case.x), measures=True)
        if samples_in_lanes.suits(case.config, case.layers, part_of(case)):
            continue
        if case.networks * epoch <= MOST_OPERATIONS:
            L = LANES[np.dtype(case.config.dtype)]
            lanes_run = -(-case.networks // L) * L
            epochs = max(1, min(MOST_EPOCHS, int(RUN_OPERATIONS / (lanes_run * epoch))))
            yield replace(case, at=at, config=replace(case.config, epochs=epochs))
            at += 1


def part_of(case: Case) -> Part:
    """Return the samples of a case as training has them."""
    return part_from_arrays(case.x, case.y, None, None, case.config.loss, score_of).astype(DTYPES[case.config.dtype])


def stack_of(case: Case) -> Stack:
    """Return the networks of a case as training has them, of seeds 0 to S − 1, without curves."""
    config, dtype, seeds = case.config, DTYPES[case.config.dtype], np.arange(case.networks)
    params = fnn.init(case.layers, seeds, config.init, config.init_scale, dtype)
    numeric = {**numeric_settings([config], case.networks), "seed": seeds}
    return Stack(config, case.layers, params, numeric, part_of(case), np.arange(0))


def measure_layouts(case: Case, method: Method, tell: Callable[[str], None]) -> list[Row]:
    """Return a row for each way to train the case. The ratio is to the time of the one that training takes."""
    stack, rows, runs = stack_of(case), dict[str, Row](), dict[str, Callable[[], list[Outcome]]]()
    chosen = chosen_way(case, method.threads)
    for name, fit in lanes.WAYS.items():
        tell(name)
        run = partial(fit, [stack], None, threads=method.threads)
        row = Row(
            work=WORK, what=case.what, at=case.at, dtype=case.config.dtype, contender=name,
            title=f"{name} in the lanes", networks=case.networks, samples=len(case.x), epochs=case.config.epochs,
            hidden="x".join(map(str, case.config.hidden)), loss=float(np.median(run()[0].loss)),
            note=CHOSEN if fit == chosen else "",
        )  # fmt: skip
        first = next(iter(rows.values()), row)
        if agree(first, row, solvable=False):
            runs[name] = run
        else:
            row = replace(row, status=APART, note=f"its networks are not those of {first.title}")
        rows[name] = row
    repeats = {name: repeats_for(seconds_of(run) / PART_OF_SHORTEST) for name, run in runs.items()}
    for name, seconds in in_rounds(runs, repeats, (), method.runs, method.seed, tell).items():
        rows[name] = replace(rows[name], seconds=quartiles(seconds), runs=len(seconds), repeats=repeats[name])
    return compared(list(rows.values()), next((name for name, row in rows.items() if row.note == CHOSEN), ""))


def measure_grid(method: Method, networks: int | None, tell: Callable[[str, str], None]) -> list[Row]:
    """Return the rows of the whole grid, cell after cell, of at most so many networks. tell: hears of cell and way."""
    rows = []
    for case in grid():
        smaller = replace(case, networks=min(case.networks, networks or case.networks))
        rows += measure_layouts(smaller, method, partial(tell, f"{case.at + 1:g} of {CELLS}: {case.what}"))
    return rows


class Choices(NamedTuple):
    """What choosing cost over a grid. right: the share of cells in which the way taken is within LEEWAY of the fastest.

    worst: the row of the fastest way where another was taken at the highest cost, None where it never was. cost: the
    geometric mean over cells of the time of the way taken to that of the fastest.
    """

    cells: int
    right: float
    worst: Row | None
    cost: float


def cells_of(rows: Sequence[Row]) -> list[list[Row]]:
    """Return the rows of each cell of the grid."""
    cells: dict[float, list[Row]] = {}
    for row in rows:
        if row.work == WORK:
            cells.setdefault(row.at, []).append(row)
    return list(cells.values())


def choices(rows: Sequence[Row]) -> Choices | None:
    """Return what choosing cost, None where no cell has two ways."""
    timed = [[row for row in cell if row.ratio] for cell in cells_of(rows)]
    fastest = [min(cell, key=lambda row: row.ratio or 1.0) for cell in timed if len(cell) > 1]
    if not fastest:
        return None
    costs = [1 / (row.ratio or 1.0) for row in fastest]
    right = sum(cost <= 1 + LEEWAY for cost in costs) / len(costs)
    worst = fastest[int(np.argmax(costs))]
    mean = math.exp(sum(map(math.log, costs)) / len(costs))
    return Choices(len(costs), right, worst if max(costs) > 1 else None, mean)
