"""The multiverse: each claim again under every specification of it, with fewer seeds.

Steegen et al., "Increasing transparency through a multiverse analysis", Perspect. Psychol. Sci. 11 (2016).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from fnn.cluster.work import Executor
from fnn.studies import runs
from fnn.studies.best_rates import SEARCH_SEEDS, best_rate, search_requests
from fnn.studies.cells import Cells, distinct_cells, run_order
from fnn.studies.effects import claim_effect, claim_outcomes
from fnn.studies.kept import Part
from fnn.studies.model import Arm, Claim, Study
from fnn.studies.requests import Key, Requests, networks, request
from fnn.studies.runs import ArmResults
from fnn.studies.specifications import BestRate, Specification, specifications, specified_arms
from fnn.studies.verdicts import adjust, verdict

# Seeds of a cell.
SEEDS = 400
# Is given the number of networks known so far, how many are done, and whether it is known only that there are no more.
OnProgress = Callable[[int, float, bool], None]
BySpecification = list[tuple[Specification, tuple[Arm, ...]]]


def run(
    study: Study, seeds: range, draws: int, executor: Executor | None, on_progress: OnProgress | None = None
) -> dict[str, Cells]:
    """Return the cells of each claim. seeds, draws: of the study; the first seeds are tested here."""
    tested = seeds[:SEEDS]
    by_claim = {claim.id: specifications(claim, study.nuisance) for claim in study.claims}
    search = search_requests((s for each in by_claim.values() for s in each), study.rates)
    searched = networks(search, Part(SEARCH_SEEDS))
    most = searched + networks(_requests(_with_arms(by_claim, _unknown), draws), Part(tested))
    searching = partial(_report, on_progress, most, 0, True) if on_progress else None
    best = best_rate(study.rates, runs.run(search, SEARCH_SEEDS, executor, searching))
    specified = _with_arms(by_claim, best)
    requests = _requests(specified, draws)
    total = searched + networks(requests, Part(tested))
    testing = partial(_report, on_progress, total, searched, False) if on_progress else None
    results = runs.run(requests, tested, executor, testing)
    return {claim.id: _cells(specified[claim.id], results, draws) for claim in study.claims}


def _report(on_progress: OnProgress, total: int, before: int, at_most: bool, done: float) -> None:
    on_progress(total, before + done, at_most)


def _unknown(_arm: Arm) -> float:
    """Return a rate that nobody states, in place of one that is not known yet."""
    return 5e-324


def _with_arms(by_claim: Mapping[str, Sequence[Specification]], best: BestRate) -> dict[str, BySpecification]:
    """Return each claim's specifications with what they train."""
    return {key: [(s, specified_arms(s, best)) for s in each] for key, each in by_claim.items()}


def _requests(specified: Mapping[str, BySpecification], draws: int) -> Requests:
    requests: Requests = {}
    for specification, arms in (pair for each in specified.values() for pair in each):
        for arm in arms:
            request(requests, arm, (specification.claim.measure,), draws=draws)
    return requests


def _cells(specified: BySpecification, results: Mapping[Key, ArmResults], draws: int) -> Cells:
    by_arm = [[runs.of_arm(results, arm, draws) for arm in arms] for _, arms in specified]
    return cells([s for s, _ in specified], by_arm)


def cells(specified: Sequence[Specification], results: Sequence[Sequence[ArmResults]]) -> Cells:
    """Return the distinct cells of a claim, from its specifications and the results of the arms of each."""
    outcomes = [claim_outcomes(s.claim, arms) for s, arms in zip(specified, results, strict=True)]
    orders = [run_order(arms, outcome.shape[1]) for arms, outcome in zip(results, outcomes, strict=True)]
    cell_of = distinct_cells(outcomes, orders, [_lead(s.claim) for s in specified])
    first = [cell_of.index(place) for place in range(max(cell_of) + 1)]
    effects = [claim_effect(specified[k].claim, results[k], len(first)) for k in first]
    words = [verdict(e, p, len(first)) for e, p in zip(effects, adjust(effects), strict=True)]
    stated = next((cell_of[k] for k, s in enumerate(specified) if s.is_stated), None)
    return Cells([s.levels for s in specified], cell_of, effects, words, stated, outcomes[0].shape[1])


def _lead(claim: Claim) -> float:
    """Return the margin of a claim as P(as claimed) − P(the other way round) of its pairs, or its share."""
    return 2 * claim.margin - 1 if claim.pairs and claim.measure.name != "solved" else claim.margin
