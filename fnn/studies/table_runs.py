"""Runs of a study of tables: what the networks of every arm score on what each split of each data set holds out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.cluster.work import Executor, InProcess, Probe, Work
from fnn.data.split import Split
from fnn.ensembles.evaluation import SplitNetworks, answers, score
from fnn.ensembles.problem import Problem, prepare
from fnn.ensembles.splits import splits_of
from fnn.network.functions import unflatten
from fnn.stats.scores import scores_of_task
from fnn.studies.model import Arm
from fnn.studies.table_model import Dataset, Setup, TableStudy, setup
from fnn.training.progress import Progress
from fnn.training.results import Results
from fnn.training.train import train_parts

Array = NDArray[np.float64]
Key = tuple[str, Setup]

# Rows of answers that stand in memory at a time.
_ANSWERS = 2**25


class TableScores(NamedTuple):
    """What an arm scores on a data set, by the score's name: members (R, S) of R splits and S seeds, ensembles (R,).

    blind: (R,), of an answer that knows no inputs: what targets were on average where the arm learnt. overlap: test
    rows over the other rows, of a split. failed: networks that diverged, which score as the blind answer, and which
    ensembles leave out.
    """

    members: dict[str, Array]
    ensembles: dict[str, Array]
    blind: dict[str, Array]
    overlap: float
    failed: int


def setup_of(study: TableStudy, arm: Arm, dataset: Dataset) -> Setup:
    """Return what an arm is on a data set."""
    return setup(arm.settings, dataset, study.splitting)


def requests(study: TableStudy) -> dict[str, list[Setup]]:
    """Return the distinct setups that are trained on each data set."""
    wanted: dict[str, dict[Setup, None]] = {name: {} for name in study.datasets}
    for figure in study.figures.values():
        for name, dataset in study.datasets.items():
            wanted[name] |= {setup_of(study, arm, dataset): None for arm in figure.arms}
    for claim in study.claims:
        for name in claim.datasets:
            wanted[name] |= {setup_of(study, arm, study.datasets[name]): None for arm in claim.arms}
    return {name: list(setups) for name, setups in wanted.items()}


class SplitItem(NamedTuple):
    """Setups that train together on one split of a data set, each with the same seeds. split: its place."""

    dataset: str
    setups: list[Setup]
    split: int
    seeds: range

    @property
    def networks(self) -> int:
        """How many there are."""
        return len(self.setups) * len(self.seeds)


def run(
    study: TableStudy,
    seeds: int,
    first: int,
    executor: Executor | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> dict[Key, TableScores]:
    """Train every arm on every split with `seeds` seeds, others on each split, the first of them `first`.

    executor: by itself this process. on_progress: is given the networks done.
    """
    executor = executor or InProcess()
    problems = {name: dataset.problem for name, dataset in study.datasets.items()}
    items = list(_items(study, seeds, first))
    done = 0

    def report(now: Progress | None) -> None:
        assert on_progress
        on_progress(done + (now.done if now else 0))

    probe = None
    if executor.standing is not None and items:
        item = items[0]._replace(seeds=items[0].seeds[:2])
        probe = Probe(item, _digest(train_on_split(item, problems, None)), _digest)
    rows: dict[Key, list[_OnSplit | None]] = {
        (item.dataset, entry): [None] * study.splits for item in items for entry in item.setups
    }
    for each in executor.each(Work(train_on_split, problems, probe), items, report if on_progress else None):
        done += each.item.networks
        for entry, row in zip(each.item.setups, each.value, strict=True):
            rows[each.item.dataset, entry][each.item.split] = row
    return {
        (name, entry): _joined(problems[name], splits_of(problems[name], entry.splitting, 1), [r for r in row if r])
        for (name, entry), row in rows.items()
    }


def _items(study: TableStudy, seeds: int, first: int) -> Iterator[SplitItem]:
    for name, setups in requests(study).items():
        for alike in _alike(setups):
            for k in range(study.splits):
                yield SplitItem(name, alike, k, range(first + k * seeds, first + (k + 1) * seeds))


def train_on_split(
    item: SplitItem,
    problems: Mapping[str, Problem],
    threads: int | None,
    on_progress: Callable[[Progress], None] | None = None,
) -> "list[_OnSplit]":
    """Train setups on a split; return what each scores there."""
    problem, setups = problems[item.dataset], item.setups
    split = splits_of(problem, setups[0].splitting, 1)[item.split]
    prepared = prepare(problem, split, setups[0].preparation, setups[0].config.dtype)
    results = train_parts(
        [entry.config for entry in setups], [prepared.part], seeds=item.seeds, threads=threads, curve_every=0,
        on_progress=on_progress,
    )  # fmt: skip
    return [_scores(problem, _networks(results, k, split, prepared)) for k in range(len(setups))]


def _digest(rows: "Sequence[_OnSplit]") -> str:
    """Return a hash of the bits of all scores of members."""
    scores = [row.members[name] for row in rows for name in sorted(row.members)]
    return sha256(np.concatenate(scores).tobytes()).hexdigest()[:16]


def _alike(setups: Sequence[Setup]) -> Iterator[list[Setup]]:
    """Yield setups that are given the same rows, prepared alike, and so train together."""
    groups: dict[tuple[object, ...], list[Setup]] = {}
    for entry in setups:
        groups.setdefault((entry.preparation, entry.splitting, entry.config.dtype), []).append(entry)
    yield from groups.values()


class _OnSplit(NamedTuple):
    """What a setup scores on one split, by the score's name: members (S,) and their ensemble; how many diverged."""

    members: dict[str, Array]
    ensemble: dict[str, float]
    blind: dict[str, float]
    failed: int


def _networks(results: Results, k: int, split: Split, prepared: object) -> SplitNetworks:
    params = unflatten(results.flat[k], results.layers[k])
    return SplitNetworks(split, prepared, np.arange(len(results.flat[k])), results.layers[k], params)  # type: ignore[arg-type]


def _scores(problem: Problem, networks: SplitNetworks) -> _OnSplit:
    """Return what networks score on the rows of their split that are tested on."""
    rows, count = networks.split.test, len(networks.places)
    names, outputs = scores_of_task(problem.target.task), problem.target.y.shape[1]
    blind_answer = np.tile(_blind(problem, networks.split), (1, len(rows), 1))
    blind = {name: float(score(problem, name, blind_answer, rows)[0]) for name in names}
    members = {name: np.full(count, blind[name]) for name in names}
    total, sound = np.zeros((len(rows), outputs)), 0
    size = max(1, _ANSWERS // (len(rows) * outputs))
    for begin in range(0, count, size):
        some = slice(begin, begin + size)
        p = answers(networks, problem.x[rows], some, numba=True)
        finite = np.isfinite(p).all(axis=(1, 2))
        for name in names:
            members[name][some][finite] = score(problem, name, p[finite], rows)
        total += p[finite].sum(axis=0, dtype=np.float64)
        sound += int(finite.sum())
    ensemble = blind if not sound else {n: float(score(problem, n, (total / sound)[None], rows)[0]) for n in names}
    return _OnSplit(members, ensemble, blind, count - sound)


def _blind(problem: Problem, split: Split) -> Array:
    """Return what the targets are on average over the rows that are not tested on: (O,)."""
    rows = np.concatenate((split.train, split.validation))
    weight = np.ones(len(rows)) if problem.weight is None else problem.weight[rows]
    return np.asarray((weight[:, None] * problem.target.y[rows]).sum(axis=0) / weight.sum())


def _joined(problem: Problem, splits: Sequence[Split], rows: Sequence[_OnSplit]) -> TableScores:
    names = scores_of_task(problem.target.task)
    tested = np.array([len(split.test) for split in splits])
    return TableScores(
        {name: np.stack([row.members[name] for row in rows]) for name in names},
        {name: np.array([row.ensemble[name] for row in rows]) for name in names},
        {name: np.array([row.blind[name] for row in rows]) for name in names},
        float(np.mean(tested / (problem.rows - tested))),
        sum(row.failed for row in rows),
    )
