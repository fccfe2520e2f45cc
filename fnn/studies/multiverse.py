"""The multiverse: each claim again under every combination of its nuisance settings, with fewer seeds.

Steegen et al., "Increasing transparency through a multiverse analysis", Perspect. Psychol. Sci. 11 (2016).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from fnn.errors import InvalidSetting
from fnn.studies import runs
from fnn.studies.effects import claim_effect
from fnn.studies.kept import Part
from fnn.studies.model import Arm, Claim, Study
from fnn.studies.runs import ArmResults, Key, Requests, request, run_key
from fnn.studies.verdicts import CELL_COMPARISONS, Adjusted, Cells, verdict
from fnn.sweeps.summaries import value_text

# Seeds of a cell, and of the search for the best rate: those are others than the ones tested, and the same whatever
# is tested, so that a verdict does not hang on which of two rates as good came out first.
SEEDS = 400
SEARCH_SEEDS = range(2**62, 2**62 + 100)
STATED, BEST = "as stated", "best"

Cell = dict[str, Any]
BestRate = Callable[[Arm], float]
# Is given the number of networks known so far, and how many are done.
OnProgress = Callable[[int, float], None]


def run(
    study: Study, seeds: range, draws: int, threads: int | None, on_progress: OnProgress | None = None
) -> dict[str, Cells]:
    """Return the verdicts of each claim in its cells. seeds, draws: of the study; the first seeds are tested here."""
    cells = {claim.id: claim_cells(claim, study.nuisance) for claim in study.claims}
    search = _search_requests(study, cells)
    searched, tested = len(search) * len(SEARCH_SEEDS), seeds[:SEEDS]
    results = runs.run(search, SEARCH_SEEDS, threads, on_progress and partial(on_progress, searched))
    best = best_rate(study.rates, results)
    arms = {claim.id: [cell_arms(claim, cell, best) for cell in cells[claim.id]] for claim in study.claims}
    requests: Requests = {}
    for claim in study.claims:
        for arm in (arm for cell in arms[claim.id] for arm in cell):
            request(requests, arm, (claim.measure,), draws=draws)
    total = searched + runs.networks(requests, Part(tested))
    results = runs.run(requests, tested, threads, on_progress and (lambda done: on_progress(total, searched + done)))
    return {claim.id: _verdicts(claim, cells[claim.id], arms[claim.id], results, draws) for claim in study.claims}


def _verdicts(
    claim: Claim,
    cells: Sequence[Cell],
    arms: Sequence[tuple[Arm, ...]],
    results: Mapping[Key, ArmResults],
    draws: int,
) -> Cells:
    settings = [{name: value_text(value) for name, value in cell.items()} for cell in cells]
    return Cells(settings, [cell_verdict(claim, [runs.of_arm(results, arm, draws) for arm in cell]) for cell in arms])


def cell_verdict(claim: Claim, results: Sequence[ArmResults]) -> str:
    """Return the verdict on a claim in one cell, from the results of its arms there; at the level of cells."""
    effect = claim_effect(claim, results, CELL_COMPARISONS)
    null = effect.at_null.two_sided if effect.at_null else 1.0
    p = Adjusted(min(1.0, effect.p * CELL_COMPARISONS), min(1.0, null * CELL_COMPARISONS))
    return verdict(effect, p, CELL_COMPARISONS)


# ---- the cells of a claim ----


def claim_cells(claim: Claim, nuisance: Mapping[str, Sequence[Any]]) -> list[Cell]:
    """Return the combinations to try: of the nuisance settings that its arms share and that make a difference."""
    levels: dict[str, list[Any]] = {}
    for name in claim.nuisance:
        if len({arm.settings.get(name) for arm in claim.arms}) > 1:
            continue  # what the claim is about
        values = [*((STATED,) if name == "lr" else ()), *nuisance[name]]
        if name == "lr" or len({_keys(claim, {name: value}) for value in values}) > 1:
            levels[name] = values
    cells = [dict(zip(levels, row, strict=True)) for row in product(*levels.values())]
    return [cell for cell in cells if _keys(claim, _known_settings(cell)) is not None]


def _known_settings(cell: Cell) -> Cell:
    """Return the settings of a cell but for a rate that is as stated, or still to be searched."""
    return {name: value for name, value in cell.items() if (name, value) not in (("lr", STATED), ("lr", BEST))}


def _keys(claim: Claim, changes: Cell) -> tuple[Key, ...] | None:
    """Return what would be trained for a claim; None where settings do not go together."""
    try:
        return tuple(run_key(arm.under(changes).trial) for arm in claim.arms)
    except InvalidSetting:
        return None


def cell_arms(claim: Claim, cell: Cell, best: BestRate) -> tuple[Arm, ...]:
    """Return a claim's arms in a cell, each at the rate best for it where the cell asks for that."""
    arms = tuple(arm.under(_known_settings(cell)) for arm in claim.arms)
    if cell.get("lr") != BEST:
        return arms
    rates = (best(_search_arm(arm, cell)) for arm in claim.arms)
    return tuple(arm.under({"lr": rate}) for arm, rate in zip(arms, rates, strict=True))


# ---- the best rate of each arm ----


def _search_arm(arm: Arm, cell: Cell) -> Arm:
    """Return the arm to search the rate with: precision and the draw of the data do not move it much."""
    settings = {name: value for name, value in _known_settings(cell).items() if name not in ("dtype", "data_seed")}
    return arm.under(settings)


def _at_rate(arm: Arm, rate: float) -> Arm:
    return arm.under({"lr": rate, "dtype": "float32"})


def _search_requests(study: Study, cells: Mapping[str, Sequence[Cell]]) -> Requests:
    requests: Requests = {}
    for claim in study.claims:
        for cell in (cell for cell in cells[claim.id] if cell.get("lr") == BEST):
            for arm, rate in product(claim.arms, study.rates):
                request(requests, _at_rate(_search_arm(arm, cell), rate))
    return requests


def best_rate(rates: Sequence[float], results: Mapping[Key, ArmResults]) -> BestRate:
    """Return what gives an arm's rate with the fewest epochs to solve, on average; of equals that with the lower loss.

    An unsolved run counts as twice the budget: the penalised average, PAR2, of algorithm selection.
    """

    def best(arm: Arm) -> float:
        def cost(rate: float) -> tuple[float, float]:
            trial = _at_rate(arm, rate).trial
            r = results[run_key(trial)]
            epochs = np.where(r.solved, r.epochs, 2 * trial.config.epochs)
            return float(epochs.mean()), float(np.median(np.nan_to_num(r.loss, nan=np.inf)))

        return min(rates, key=cost)

    return best
