"""The multiverse: each claim again under every combination of its nuisance settings, with fewer seeds.

Steegen et al., "Increasing transparency through a multiverse analysis", Perspect. Psychol. Sci. 11 (2016).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from fnn.errors import InvalidSetting
from fnn.studies import runs as trials
from fnn.studies.effects import judged
from fnn.studies.metrics import Measure
from fnn.studies.model import Arm, Claim, Study
from fnn.studies.runs import Key, Record, Wish
from fnn.studies.verdicts import LOOKS, Cells, verdict
from fnn.sweeps.summaries import value_text

# Seeds of a cell, and of the search for the best rate: those are others than the ones tested, and the same whatever
# is tested, so that a verdict does not hang on which of two rates as good came out first.
SEEDS = 400
SEARCHED = range(2**62, 2**62 + 100)
STATED, BEST = "as stated", "best"

Cell = dict[str, Any]
Wishes = dict[Key, tuple[Any, Wish]]


def cells(claim: Claim, nuisance: Mapping[str, Sequence[Any]]) -> list[Cell]:
    """Return the combinations to try: of the nuisance settings that its arms share and that make a difference."""
    levels: dict[str, list[Any]] = {}
    for name in claim.nuisance:
        if len({arm.settings.get(name) for arm in claim.arms}) > 1:
            continue  # what the claim is about
        values = [*((STATED,) if name == "lr" else ()), *nuisance[name]]
        if name == "lr" or len({_keys(claim, {name: value}) for value in values}) > 1:
            levels[name] = values
    found = [dict(zip(levels, row, strict=True)) for row in product(*levels.values())]
    return [cell for cell in found if _keys(claim, _fixed(cell)) is not None]


def _fixed(cell: Cell) -> Cell:
    """Return the settings of a cell but for a rate that is still to be found."""
    return {name: value for name, value in cell.items() if (name, value) not in (("lr", STATED), ("lr", BEST))}


def _keys(claim: Claim, changes: Cell) -> tuple[Key, ...] | None:
    """Return what would be trained for a claim; None where settings do not go together."""
    try:
        return tuple(trials.key(arm.under(changes).trial) for arm in claim.arms)
    except InvalidSetting:
        return None


class Universe(NamedTuple):
    """The cells of each claim, and the arms of each of them."""

    cells: dict[str, list[Cell]]
    arms: dict[str, list[tuple[Arm, ...]]]


def run(
    study: Study, seeds: range, threads: int | None, tell: Callable[[int, float], None] | None = None
) -> dict[str, Cells]:
    """Return the verdicts of each claim in its cells. seeds: of the study; the first of them are tested here.

    tell: is given the number of networks so far known, and how many are done.
    """
    found = {claim.id: cells(claim, study.nuisance) for claim in study.claims}
    searched = _search_wishes(study, found)
    total = len(searched) * len(SEARCHED)
    records = trials.run(searched, SEARCHED, threads, tell and partial(tell, total))
    best = _best(study, records)
    universe = Universe(found, {c.id: [_arms(c, cell, best) for cell in found[c.id]] for c in study.claims})
    wishes: Wishes = {}
    for claim in study.claims:
        for arms in universe.arms[claim.id]:
            for arm in arms:
                wish(wishes, arm, (claim.measure,))
    tested = seeds[:SEEDS]
    whole = total + len(wishes) * len(tested)
    records = trials.run(wishes, tested, threads, tell and (lambda done: tell(whole, total + done)))
    return {claim.id: _verdicts(claim, universe, records) for claim in study.claims}


def wish(wishes: Wishes, arm: Arm, measures: Sequence[Measure] = (), **more: bool) -> Key:
    """Add an arm to what is to be trained; return its key."""
    key = trials.key(arm.trial)
    wishes.setdefault(key, (arm.trial, Wish()))[1].add(measures, **more)
    return key


def _verdicts(claim: Claim, universe: Universe, records: Mapping[Key, Record]) -> Cells:
    words = []
    for arms in universe.arms[claim.id]:
        effect = judged(claim, [records[trials.key(arm.trial)] for arm in arms], LOOKS)
        words.append(verdict(effect, min(1.0, effect.p * LOOKS)))
    settings = [{name: value_text(value) for name, value in cell.items()} for cell in universe.cells[claim.id]]
    return Cells(settings, words)


# ---- the best rate of each arm ----


def _search_arm(arm: Arm, cell: Cell) -> Arm:
    """Return the arm to search the rate with: precision and the draw of the data do not move it much."""
    return arm.under({name: value for name, value in _fixed(cell).items() if name not in ("dtype", "data_seed")})


def _search_wishes(study: Study, found: Mapping[str, list[Cell]]) -> Wishes:
    wishes: Wishes = {}
    for claim in study.claims:
        for cell in found[claim.id]:
            if cell.get("lr") == BEST:
                for arm in claim.arms:
                    for rate in study.rates:
                        wish(wishes, _search_arm(arm, cell).under({"lr": rate, "dtype": "float32"}))
    return wishes


def _best(study: Study, records: Mapping[Key, Record]) -> Callable[[Arm], float]:
    """Return what gives the rate with the fewest epochs to solve, on average; of equals that with the lower loss.

    An unsolved run counts as twice the budget: the penalised average, PAR2, of algorithm selection.
    """

    def best(arm: Arm) -> float:
        def cost(rate: float) -> tuple[float, float]:
            own = arm.under({"lr": rate, "dtype": "float32"}).trial
            record = records[trials.key(own)]
            epochs = np.where(record.solved, record.epochs, 2 * own.config.epochs)
            return float(epochs.mean()), float(np.median(np.nan_to_num(record.loss, nan=np.inf)))

        return min(study.rates, key=cost)

    return best


def _arms(claim: Claim, cell: Cell, best: Callable[[Arm], float]) -> tuple[Arm, ...]:
    changed = tuple(arm.under(_fixed(cell)) for arm in claim.arms)
    if cell.get("lr") != BEST:
        return changed
    rates = (best(_search_arm(arm, cell)) for arm in claim.arms)
    return tuple(arm.under({"lr": rate}) for arm, rate in zip(changed, rates, strict=True))
