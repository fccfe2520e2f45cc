"""Evaluation: what each network of an ensemble scores on each part of its split, and what they score together.

The members of a split are its networks; their ensemble answers with the mean of what they answer. Scores are of answers
in the target's units.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.data.scaling import scale
from fnn.data.split import Split
from fnn.ensembles.problem import Prepared, Problem
from fnn.network import functions
from fnn.network.functions import Params
from fnn.network.layers import Layer
from fnn.rng import DATA, philox
from fnn.stats.intervals import Interval
from fnn.stats.resampled import corrected_interval
from fnn.stats.scores import SCORES, scores_of_task

Floats = NDArray[np.float64]

# The parts of a split, by what their rows are for.
PARTS = ("training", "validation", "test")
# Numbers of answers held at a time. Rows drawn anew for the interval of one split's ensemble: so often, while the rows
# of all draws are at most so many.
_ANSWERS, _DRAWS, _DRAWN_ROWS = 2**25, 200, 2**22


class SplitNetworks(NamedTuple):
    """The networks of one split. places: (S,) in the ensemble; params: W (S, I+1, O) for each layer."""

    split: Split
    prepared: Prepared
    places: NDArray[np.int64]
    layers: Sequence[Layer]
    params: Params


class PartAnswers(NamedTuple):
    """What the networks of a split answer on the rows (n,) of one of its parts, mean and variance over them: (n, O)."""

    rows: NDArray[np.int64]
    mean: Floats
    variance: Floats


class Evaluation(NamedTuple):
    """Scores of S networks, and of the ensembles of P splits, under the part's name and the score's.

    members: (S,), NaN where a network's split has no such part; ensembles: (P,). answers: of each split by its parts.
    """

    members: dict[str, dict[str, Floats]]
    ensembles: dict[str, dict[str, Floats]]
    answers: list[dict[str, PartAnswers]]

    @property
    def held_out(self) -> str:
        """The part that says what to expect of new rows: what is tested on, else what is validated on."""
        return next((part for part in reversed(PARTS) if part in self.members), PARTS[0])


def evaluate(problem: Problem, splits: Sequence[SplitNetworks], networks: int, *, numba: bool) -> Evaluation:
    """Return the scores of so many networks on every part that has rows. numba: whether the kernel answers."""
    names, parts = (
        scores_of_task(problem.target.task),
        [p for p in PARTS if any(len(rows_of(s.split, p)) for s in splits)],
    )
    members = {part: {name: np.full(networks, np.nan) for name in names} for part in parts}
    ensembles = {part: {name: np.full(len(splits), np.nan) for name in names} for part in parts}
    answers: list[dict[str, PartAnswers]] = []
    for k, of_split in enumerate(splits):
        answers.append({})
        for part in parts:
            rows = np.unique(rows_of(of_split.split, part))  # a bootstrap's as often as the table has them
            if rows.size:
                said = _evaluate_part(problem, of_split, rows, members[part], numba=numba)
                answers[k][part] = said
                for name in names:
                    ensembles[part][name][k] = score(problem, name, said.mean[None], rows)[0]
    return Evaluation(members, ensembles, answers)


def rows_of(split: Split, part: str) -> NDArray[np.int64]:
    """Return the rows of one of `PARTS`."""
    return {"training": split.train, "validation": split.validation, "test": split.test}[part]


def score(
    problem: Problem, name: str, p: NDArray[Any], rows: NDArray[np.int64], weight: Floats | None = None
) -> Floats:
    """Return a score of answers p (S, n, O) on these rows, (S,). weight: besides each row's own."""
    own = problem.weight[rows] if problem.weight is not None else None
    both = own if weight is None else weight if own is None else own * weight
    return SCORES[name].compute(p, problem.target.y[rows], both, problem.target.task)


def _evaluate_part(
    problem: Problem, of_split: SplitNetworks, rows: NDArray[np.int64], members: Mapping[str, Floats], *, numba: bool
) -> PartAnswers:
    """Write each network's scores to its place; return what they answer together. So many networks at a time."""
    n, outputs = len(rows), problem.target.y.shape[1]
    total, squares = np.zeros((2, n, outputs))
    size = max(1, _ANSWERS // (n * outputs))
    for first in range(0, len(of_split.places), size):
        some = slice(first, first + size)
        p = answers(of_split, problem.x, some, numba=numba, rows=rows)
        for name, values in members.items():
            values[of_split.places[some]] = score(problem, name, p, rows)
        total += p.sum(axis=0, dtype=np.float64)
        squares += (p.astype(np.float64) ** 2).sum(axis=0)
    mean = total / len(of_split.places)
    return PartAnswers(rows, mean, np.maximum(squares / len(of_split.places) - mean**2, 0))


def answers(
    of_split: SplitNetworks, x: Floats, some: slice, *, numba: bool, rows: NDArray[np.int64] | None = None
) -> NDArray[Any]:
    """Return what some of a split's networks answer to encoded rows of x (N, I), in the target's units: (S, n, O).

    rows: (n,), which of them, by itself all.
    """
    prepared, params = of_split.prepared, tuple(w[some] for w in of_split.params)
    scaled = scale(prepared.scaling, x, params[0].dtype, rows)
    with np.errstate(over="ignore", invalid="ignore"):  # a network may have diverged
        if numba:
            from fnn.training.predicting import predict_stack  # Numba is slow to import

            p: NDArray[Any] = predict_stack(of_split.layers, params, scaled)
        else:
            p = functions.predict(of_split.layers, params, scaled)
        if (prepared.y_scale != 1).any() or prepared.y_center.any():
            p = p * prepared.y_scale + prepared.y_center
    return p


# ---- intervals ----


class PartScore(NamedTuple):
    """A score on one part: the mean of its members, over splits and seeds, and of the ensembles, over splits."""

    members: Interval
    ensemble: Interval


def summarize_scores(
    problem: Problem, splits: Sequence[SplitNetworks], evaluation: Evaluation
) -> dict[str, dict[str, PartScore]]:
    """Return each score of each part, with 95% intervals.

    Of several splits, intervals are over splits, whose overlap they allow for (Nadeau & Bengio 2003): each split's
    members are averaged first. Of one split, the members' interval is over seeds, and the ensemble's over its rows,
    which are drawn anew.
    """
    return {
        part: {name: _bounded(name, _part_score(problem, splits, evaluation, part, name)) for name in scores}
        for part, scores in evaluation.members.items()
    }


def _bounded(name: str, of_part: PartScore) -> PartScore:
    """Return intervals that end where a score does."""
    low, high = SCORES[name].bounds
    return PartScore(*(Interval(i.estimate, max(i.low, low), min(i.high, high)) for i in of_part))


def _part_score(
    problem: Problem, splits: Sequence[SplitNetworks], evaluation: Evaluation, part: str, name: str
) -> PartScore:
    values, together = evaluation.members[part][name], evaluation.ensembles[part][name]
    if len(splits) == 1:
        seeds = corrected_interval(values, 1, 0)
        return PartScore(seeds, _bootstrap(problem, name, evaluation.answers[0][part], float(together[0])))
    there = [k for k, each in enumerate(evaluation.answers) if part in each]
    by_split = np.array([values[splits[k].places].mean() for k in there])
    train = float(np.mean([len(splits[k].split.train) for k in there]))
    rows = float(np.mean([len(evaluation.answers[k][part].rows) for k in there])) if part != "training" else 0.0
    return PartScore(corrected_interval(by_split, train, rows), corrected_interval(together[there], train, rows))


def _bootstrap(problem: Problem, name: str, said: PartAnswers, estimate: float) -> Interval:
    """Return a score of one ensemble with the interval that its rows, drawn anew, give: the quantiles of 95%."""
    n = len(said.rows)
    draws = min(_DRAWS, _DRAWN_ROWS // n)
    if draws < _DRAWS // 4:
        return Interval(estimate, np.nan, np.nan)
    values = []
    for draw in range(draws):
        blocks = -(-n // 4)
        words = philox(np.zeros(1, np.uint64), blocks, DATA, skip=draw * blocks)[0, :n]
        counts = np.bincount((words % np.uint64(n)).astype(np.int64), minlength=n).astype(np.float64)
        values.append(float(score(problem, name, said.mean[None], said.rows, counts)[0]))
    low, high = np.nanquantile(values, [0.025, 0.975]) if np.isfinite(values).any() else (np.nan, np.nan)
    return Interval(estimate, float(low), float(high))


# ---- out of sample ----


def out_of_sample(evaluation: Evaluation, splits: Sequence[SplitNetworks], rows: int) -> PartAnswers:
    """Return, for each row that any split held out, the answer of the networks that did not learn from it.

    mean and variance are over all those networks; of several splits, each counts by its networks.
    """
    part, outputs = evaluation.held_out, next(iter(evaluation.answers[0].values())).mean.shape[1]
    total, squares, count = np.zeros((rows, outputs)), np.zeros((rows, outputs)), np.zeros((rows, 1))
    for of_split, each in zip(splits, evaluation.answers, strict=True):
        if part in each:
            said, networks = each[part], len(of_split.places)
            total[said.rows] += networks * said.mean
            squares[said.rows] += networks * (said.variance + said.mean**2)
            count[said.rows] += networks
    there = np.flatnonzero(count[:, 0])
    mean = total[there] / count[there]
    return PartAnswers(there, mean, np.maximum(squares[there] / count[there] - mean**2, 0))
