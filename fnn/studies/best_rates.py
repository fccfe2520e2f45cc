"""The learning rate that is best for each arm, searched with seeds that nothing is tested with."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product

import numpy as np

from fnn.studies.model import Arm
from fnn.studies.requests import Key, Requests, request, run_key
from fnn.studies.runs import ArmResults
from fnn.studies.specifications import BestRate, Specification

# Others than the ones tested, and the same whatever is tested, so that a verdict does not hang on which of two rates as
# good came out first.
SEARCH_SEEDS = range(2**62, 2**62 + 100)


def search_requests(specifications: Iterable[Specification], rates: Sequence[float]) -> Requests:
    """Return what is to be trained to find the best rate wherever it is asked for."""
    requests: Requests = {}
    for specification in (s for s in specifications if s.at_best_rate):
        for arm, rate in product(specification.claim.arms, rates):
            request(requests, _at_rate(arm.under(specification.known_settings), rate))
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


def _at_rate(arm: Arm, rate: float) -> Arm:
    """Return the arm at a rate, to search with: neither precision nor the draw of the data moves it much."""
    settings = {name: value for name, value in arm.settings.items() if name != "data_seed"}
    return Arm(arm.label, {**settings, "lr": rate, "dtype": "float32"})
