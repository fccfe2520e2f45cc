"""Evaluation: what each network of an ensemble scores on each part of its split, and what they score together.

The members of a split are its networks; their ensemble answers with the mean of what they answer, at a temperature
where they say probabilities. Where each network has a split of its own, the ensemble is of all that did not learn from
a row. Scores are of answers in the target's units.
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
from fnn.stats.temperature import temper

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
    """Scores of S networks under the part's name and the score's, and what the networks of each split answer.

    members: (S,), NaN where a network's split has no such part. answers: of each split by its parts.
    """

    members: dict[str, dict[str, Floats]]
    answers: list[dict[str, PartAnswers]]

    @property
    def held_out(self) -> str:
        """The part that says what to expect of new rows: what is tested on, else what is validated on."""
        return next((part for part in reversed(PARTS) if part in self.members), PARTS[0])


def evaluate(
    problem: Problem,
    splits: Sequence[SplitNetworks],
    networks: int,
    *,
    numba: bool,
    among: Sequence[str] = PARTS,
    scores: Sequence[str] | None = None,
) -> Evaluation:
    """Return the scores of so many networks on every part that has rows.

    numba: whether the kernel answers. among: parts that matter; scores: names of those, by itself all of the task.
    """
    names = scores_of_task(problem.target.task) if scores is None else scores
    parts = [p for p in PARTS if p in among and any(len(rows_of(s.split, p)) for s in splits)]
    members = {part: {name: np.full(networks, np.nan) for name in names} for part in parts}
    answers: list[dict[str, PartAnswers]] = []
    for k, of_split in enumerate(splits):
        answers.append({})
        for part in parts:
            rows = np.unique(rows_of(of_split.split, part))  # a bootstrap's as often as the table has them
            if rows.size:
                answers[k][part] = _evaluate_part(problem, of_split, rows, members[part], numba=numba)
    return Evaluation(members, answers)


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
    problem: Problem,
    splits: Sequence[SplitNetworks],
    evaluation: Evaluation,
    *,
    temperature: float = 1.0,
    apart: bool = False,
) -> dict[str, dict[str, PartScore]]:
    """Return each score of each part, with 95% intervals.

    Of several splits, intervals are over splits, whose overlap they allow for (Nadeau & Bengio 2003): each split's
    members are averaged first. Of one split, the members' interval is over seeds, and the ensemble's over its rows,
    which are drawn anew. temperature: at which the ensembles answer. apart: whether each network has a split of its
    own; then one ensemble answers each row by all networks that have it in the part, and its interval is over rows too.
    """
    return {
        part: {
            name: _bounded(name, score)
            for name, score in _part_scores(problem, splits, evaluation, part, temperature, apart=apart).items()
        }
        for part in evaluation.members
    }


def _bounded(name: str, of_part: PartScore) -> PartScore:
    """Return intervals that end where a score does."""
    low, high = SCORES[name].bounds
    return PartScore(*(Interval(i.estimate, max(i.low, low), min(i.high, high)) for i in of_part))


def _part_scores(
    problem: Problem, splits: Sequence[SplitNetworks], evaluation: Evaluation, part: str, temperature: float, *,
    apart: bool,
) -> dict[str, PartScore]:  # fmt: skip
    members, task = evaluation.members[part], problem.target.task
    there = [k for k, each in enumerate(evaluation.answers) if part in each]
    train = float(np.mean([len(splits[k].split.train) for k in there]))
    held_out = float(np.mean([len(evaluation.answers[k][part].rows) for k in there])) if part != "training" else 0.0
    alone = {
        name: corrected_interval(values, 1, 0) if len(splits) == 1
        else corrected_interval([values[splits[k].places].mean() for k in there], train, held_out)
        for name, values in members.items()
    }  # fmt: skip
    if len(splits) == 1 or apart:
        said = pooled_answers(evaluation, splits, problem.rows, part)
        mean = temper(task, said.mean, temperature)
        together = _bootstrap(problem, tuple(members), mean, said.rows)
    else:
        of_split = {k: temper(task, evaluation.answers[k][part].mean, temperature)[None] for k in there}
        together = {
            name: corrected_interval(
                [float(score(problem, name, p, evaluation.answers[k][part].rows)[0]) for k, p in of_split.items()],
                train, held_out,
            )
            for name in members
        }  # fmt: skip
    return {name: PartScore(alone[name], together[name]) for name in members}


def _bootstrap(problem: Problem, names: Sequence[str], mean: Floats, rows: NDArray[np.int64]) -> dict[str, Interval]:
    """Return the scores of one ensemble with the intervals that its rows, drawn anew, give: the quantiles of 95%."""
    n = len(rows)
    estimates = {name: float(score(problem, name, mean[None], rows)[0]) for name in names}
    draws = min(_DRAWS, _DRAWN_ROWS // n)
    if draws < _DRAWS // 4:
        return {name: Interval(estimate, np.nan, np.nan) for name, estimate in estimates.items()}
    words = philox(np.zeros(1, np.uint64), draws * -(-n // 4), DATA)[0].reshape(draws, -1)[:, :n]
    chosen = (words % np.uint64(n)).astype(np.int64) + n * np.arange(draws)[:, None]
    counts = np.bincount(chosen.ravel(), minlength=draws * n).reshape(draws, n).astype(np.float64)
    intervals = {}
    for name, estimate in estimates.items():
        values = score(problem, name, mean[None], rows, counts)
        low, high = np.nanquantile(values, [0.025, 0.975]) if np.isfinite(values).any() else (np.nan, np.nan)
        intervals[name] = Interval(estimate, float(low), float(high))
    return intervals


# ---- out of sample ----


def out_of_sample(evaluation: Evaluation, splits: Sequence[SplitNetworks], rows: int) -> PartAnswers:
    """Return, for each row that any split held out, the answer of the networks that did not learn from it."""
    return pooled_answers(evaluation, splits, rows, evaluation.held_out)


def pooled_answers(evaluation: Evaluation, splits: Sequence[SplitNetworks], rows: int, part: str) -> PartAnswers:
    """Return, for each row that any split has in a part, the answer of the networks of all those splits.

    mean and variance are over all those networks; of several splits, each counts by its networks.
    """
    both = zip(splits, evaluation.answers, strict=True)
    return pool([(each[part], len(of_split.places)) for of_split, each in both if part in each], rows)


def pool(answers: Sequence[tuple[PartAnswers, int]], rows: int) -> PartAnswers:
    """Return, of a table of so many rows, what several groups of networks answer together. With each: how many."""
    outputs = answers[0][0].mean.shape[1]
    total, squares, count = np.zeros((rows, outputs)), np.zeros((rows, outputs)), np.zeros((rows, 1))
    for said, networks in answers:
        total[said.rows] += networks * said.mean
        squares[said.rows] += networks * (said.variance + said.mean**2)
        count[said.rows] += networks
    there = np.flatnonzero(count[:, 0])
    mean = total[there] / count[there]
    return PartAnswers(there, mean, np.maximum(squares[there] / count[there] - mean**2, 0))
