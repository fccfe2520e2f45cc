"""Sweeps over a table: a trial for each combination of settings on each split, and what each network scores there."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn import checks
from fnn.config import SEED, Config
from fnn.data.samples import Samples
from fnn.data.split import Split, Splitting
from fnn.ensembles.evaluation import SplitNetworks, answers, rows_of, score
from fnn.ensembles.presets import Preparation, preset_config
from fnn.ensembles.problem import Prepared, Problem, prepare
from fnn.ensembles.splits import splits_of, validates
from fnn.errors import InvalidSetting
from fnn.network.functions import unflatten
from fnn.stats.scores import scores_of_task
from fnn.sweeps import grid
from fnn.sweeps.grid import Trial
from fnn.sweeps.plan import MANY, POINTS, Plan
from fnn.sweeps.schema import SPLIT_COLUMNS, score_columns
from fnn.training.results import Results
from fnn.training.train import BACKENDS


class OfSplit(NamedTuple):
    """A split of a problem, and what its networks are given."""

    problem: Problem
    splitting: Splitting
    preparation: Preparation
    split: Split
    prepared: Prepared

    @property
    def remade(self) -> tuple[Any, tuple[Any, ...]]:
        """What makes the samples of this split again, and from what: the table, which all splits share."""
        part = self.prepared.part
        return remake, (self.problem, self.splitting, self.preparation, self.split, part.x.dtype.name, part.digest)

    @property
    def held_out(self) -> str:
        """The part that networks are scored on."""
        return next((p for p in ("test", "validation") if len(rows_of(self.split, p))), "training")

    @property
    def row(self) -> dict[str, Any]:
        """What is kept of it, by `SPLIT_COLUMNS`."""
        s, split = self.splitting, self.split
        target = self.problem.target
        values = (
            self.problem.source, ",".join(target.names), target.task, self.preparation.scaling,
            int(self.preparation.smooth_clip), self.preparation.class_weight, s.validation, s.folds, s.repeats,
            int(s.bootstrap), s.split_seed, split.repeat, split.fold, len(split.train), len(split.validation),
            len(split.test),
        )  # fmt: skip
        return dict(zip(SPLIT_COLUMNS, values, strict=True))


def plan_table(
    problem: Problem,
    *,
    preset: str,
    splitting: Splitting,
    preparation: Preparation,
    seeds: int | Sequence[int],
    seed: int | None = None,
    backend: str = BACKENDS[0],
    threads: int | None = None,
    curve_points: int | None = None,
    **spec: Any,
) -> Plan:
    """Check what a sweep over a table is asked for: every combination of settings, on every split, with every seed.

    spec: settings of `Config`, before the preset's, as `grid` has them. Raises InvalidSetting for what cannot be.
    """
    checks.one_of("backend", backend, BACKENDS)
    if splitting.per_seed:
        raise InvalidSetting("per_seed", True, "splits that all seeds share, so that settings are compared on each")
    for name in grid.DATA_SETTINGS:
        if name in spec:
            raise InvalidSetting(name, spec[name], "none of it beside a table")
    numbers = checks.seed_range(seeds, seed, default=SEED)
    configs = _configs(problem, preset, splitting, spec)
    samples = _samples(problem, splitting, preparation, {config.dtype for config in configs})
    trials = [Trial(of_dtype[config.dtype], config) for of_dtype in samples for config in configs]
    points = checks.optional(checks.whole(0))("curve_points", curve_points)
    if points is None:
        points = POINTS if len(trials) * len(numbers) <= MANY else 0
    return Plan(trials, numbers, backend, checks.threads("threads", threads), points)


def _configs(problem: Problem, preset: str, splitting: Splitting, spec: dict[str, Any]) -> list[Config]:
    task, there = problem.target.task, validates(splitting)
    choices = [preset_config(preset, task, choice, validates=there) for choice in grid.choices(spec)]
    return list(dict.fromkeys(choices))


def _samples(
    problem: Problem, splitting: Splitting, preparation: Preparation, dtypes: set[str]
) -> list[dict[str, Samples]]:
    """Return what networks are given of each split, in each precision."""

    def given(split: Split, dtype: str) -> Samples:
        prepared = prepare(problem, split, preparation, dtype)
        return _samples_of(OfSplit(problem, splitting, preparation, split, prepared))

    return [{dtype: given(split, dtype) for dtype in dtypes} for split in splits_of(problem, splitting, 1)]


def remake(
    problem: Problem, splitting: Splitting, preparation: Preparation, split: Split, dtype: str, digest: str
) -> Samples:
    """Return the samples of a split, prepared here. Raises RuntimeError where they have other bits than the digest."""
    prepared = prepare(problem, split, preparation, dtype)
    if prepared.part.digest != digest:
        raise RuntimeError("this machine prepares the rows of the table in other bits")
    return _samples_of(OfSplit(problem, splitting, preparation, split, prepared))


def _samples_of(about: OfSplit) -> Samples:
    part, problem = about.prepared.part, about.problem
    x, y = part.x[: part.training], part.y[: part.training]
    names = problem.target.names if problem.target.task != "multiclass" else problem.target.classes
    return Samples(x, y, problem.source, 0.0, 0, problem.encoder.x_names, tuple(names), part, about)


def held_out_scores(trials: Sequence[Trial], results: Results, backend: str) -> NDArray[np.float64] | None:
    """Return what every network scores on what its split held out: (S, columns of `score_columns`); None for no table.

    trials: those of the results, in their order, of n networks each.
    """
    if trials[0].samples.part is None:
        return None
    n = len(results) // len(trials)
    columns = list(score_columns())
    values = np.full((len(results), len(columns)), np.nan)
    for k, trial in enumerate(trials):
        about: OfSplit = trial.samples.about
        some, (c, first) = slice(k * n, (k + 1) * n), divmod(k * n, len(results.flat[0]))
        params = unflatten(results.flat[c][first : first + n], results.layers[c])
        networks = SplitNetworks(about.split, about.prepared, np.arange(n), results.layers[c], params)
        rows = np.unique(rows_of(about.split, about.held_out))
        p = answers(networks, about.problem.x[rows], slice(0, n), numba=backend == "numba")
        for name in scores_of_task(about.problem.target.task):
            values[some, columns.index(name)] = score(about.problem, name, p, rows)
    values[:, 0] = results.best_epoch
    values[:, 1], values[:, 2] = results.validation_loss, results.validation_score
    return values
