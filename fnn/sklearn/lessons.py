"""Lessons: rows and settings that are ready to be learnt, and the model that comes of each."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn import checks
from fnn.config import CHECKS, DTYPES, KEEPS, Config
from fnn.data.encoding import encode, learn_encoder
from fnn.data.split import Split, Splitting, make_splits
from fnn.ensembles.calibration import Calibration, calibrate
from fnn.ensembles.evaluation import PartAnswers, evaluate, pool
from fnn.ensembles.fit import assemble_model, networks_of_splits
from fnn.ensembles.model import Model
from fnn.ensembles.presets import Preparation, preset_config, preset_preparation, validates_apart
from fnn.ensembles.problem import Prepared, Problem, prepare
from fnn.errors import InvalidSetting
from fnn.sklearn.rows import Rows
from fnn.sklearn.targets import Labels, class_factors
from fnn.training.results import Results

# What `config` may say of columns, beside the settings of networks.
PREPARATION = ("scaling", "smooth_clip", "temperature")
# Below so many rows, those held out could not tell which epoch is better: all are learnt from.
LEAST_ROWS = 10


class Plan(NamedTuple):
    """What an estimator asks for: how rows are held out and prepared, and its networks' settings and seeds (S,).

    networks, first_seed: of the whole ensemble, of which the seeds may be the later ones.
    """

    preset: str
    settings: Mapping[str, Any]
    preparation: Mapping[str, Any]
    validation: float
    missing: str
    class_weight: Any
    networks: int
    first_seed: int
    seeds: NDArray[np.int64]


# What networks answer of rows held out, and how many answer.
Held = list[tuple[PartAnswers, int]]


class Lesson(NamedTuple):
    """What the networks of one ensemble learn: a problem's splits as they are prepared, by one config, with seeds (S,).

    apart: whether each network has a split of its own; splits, prepared: one for each then, else one.
    digest: of what the first network of all is given. counts: how much each row counts, its class's weight too.
    """

    problem: Problem
    splits: list[Split]
    prepared: list[Prepared]
    digest: str
    config: Config
    seeds: NDArray[np.int64]
    temperature: str
    apart: bool
    counts: NDArray[np.float64]

    @property
    def subject(self) -> tuple[Any, ...]:
        """What is learnt and how, whatever the seeds: numbers and settings, and what stands for which number."""
        return self.digest, self.config, self.problem.encoder, self.problem.target.classes


def plan_settings(given: Mapping[str, Any] | None, **settings: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return settings of networks, and of how columns are prepared. given: of both, after what is set by itself.

    Raises InvalidSetting for a name of neither, and for a seed, which `random_state` draws.
    """
    for name in given or {}:
        checks.one_of("config", name, [*CHECKS, *PREPARATION])
        if name == "seed":
            raise InvalidSetting("config", name, "random_state, which draws the seeds")
    both = {**(given or {}), **{name: value for name, value in settings.items() if value is not None}}
    preparation = {name: value for name, value in both.items() if name in PREPARATION}
    return {name: value for name, value in both.items() if name not in PREPARATION}, preparation


def plan_lesson(plan: Plan, labels: Labels, rows: Rows, own: Rows | None) -> Lesson:
    """Return what is to be learnt of rows. own: rows to validate on; None to hold some out.

    Raises InvalidSetting for settings that cannot be and for columns that cannot be learnt from.
    """
    # A text that stands in one row only of each is none to learn from: what counts more than once stands there twice.
    several = rows.table.take(np.repeat(np.arange(len(rows.weight)), 1 + (rows.weight > 1)))
    encoder = learn_encoder(several, missing=plan.missing, constant="keep")
    x, y, weight, learnt = encode(encoder, rows.table), rows.y, rows.weight, np.arange(len(rows.y))
    if own is None:
        # The first is of the first network of all, by which it is known what is learnt.
        first, *later = hold_out(plan, labels.task, x.shape[1], y)
        apart, splits = bool(later), later or [first]
    else:
        x, y = np.concatenate((x, encode(encoder, own.table))), np.concatenate((y, own.y))
        weight = np.concatenate((weight, own.weight))
        first = Split(learnt, np.arange(len(learnt), len(y)), np.arange(0))
        apart, splits = False, [first]
    problem = Problem(
        rows.table.source, labels.target(y), encoder, x, weight, None, (), "", len(rows.table.columns), {}, 0, False
    )
    config = _config(plan, labels.task, x.shape[1], y.shape[1], validates=bool(len(first.validation)))
    preparation = preset_preparation(plan.preset, **plan.preparation)
    prepared = [_prepare(problem, split, preparation, config.dtype, labels, plan) for split in splits]
    of_first = prepared[0] if splits[0] is first else _prepare(problem, first, preparation, config.dtype, labels, plan)
    counts = weight * class_factors(plan.class_weight, labels, y, weight, learnt)
    digest = of_first.part.digest
    return Lesson(problem, splits, prepared, digest, config, plan.seeds, preparation.temperature, apart, counts)


def prepared_alike(plan: Plan) -> tuple[Any, ...]:
    """Return all of a plan that says how rows are prepared, by which `with_plan` may take what is prepared."""
    return *plan._replace(settings={})[:-1], plan.settings.get("dtype"), len(plan.seeds)


def with_plan(lesson: Lesson, plan: Plan) -> Lesson:
    """Return a lesson by another plan that prepares rows alike."""
    part, task = lesson.prepared[0].part, lesson.problem.target.task
    config = _config(plan, task, part.x.shape[1], part.y.shape[1], validates=bool(part.held_out))
    return lesson._replace(config=config, seeds=plan.seeds)


def _config(plan: Plan, task: str, inputs: int, outputs: int, *, validates: bool) -> Config:
    """Return the settings of a plan's networks. Raises InvalidSetting where they could not be trained.

    It is said here and not by training, so that of many that are to train together one can be refused.
    """
    config = preset_config(plan.preset, task, plan.settings, validates=validates)
    config.layers(inputs, outputs)
    if not validates and (KEEPS[config.keep] or config.patience is not None):
        name, value = ("keep", config.keep) if KEEPS[config.keep] else ("patience", config.patience)
        raise InvalidSetting(name, value, "rows to choose the epoch by: a validation_fraction above 0, or X_val")
    return config


def hold_out(plan: Plan, task: str, inputs: int, y: NDArray[np.float64]) -> list[Split]:
    """Return which rows are learnt from, and which choose the epoch: about so many of each class. y: (D, O).

    One split for all networks; or, where each validates on rows of its own, that of the first network of all and then
    one for each of the plan's seeds. A class of one row is learnt from; of fewer than `LEAST_ROWS` rows all are.
    """
    rows = np.arange(len(y))
    share = checks.number(0, 1, open_high=True)("validation_fraction", plan.validation)
    labels = y.argmax(axis=1) if task == "multiclass" else y[:, 0].astype(np.int64) if task == "binary" else None
    dealt = rows if labels is None else rows[np.bincount(labels)[labels] > 1]
    if not share or len(dealt) < LEAST_ROWS:
        return [Split(rows, np.arange(0), np.arange(0))]
    apart = validates_apart(plan.preset, len(rows), inputs, plan.networks)
    splitting = Splitting(validation=share, split_seed=plan.first_seed, per_seed=apart)
    drawn = make_splits(
        splitting, len(dealt), None if labels is None else labels[dealt], seeds=plan.networks if apart else 1
    )
    splits = []
    for split in drawn:
        held_out = dealt[split.validation]
        splits.append(Split(np.setdiff1d(rows, held_out), held_out, np.arange(0)))
    return [splits[0], *splits[plan.networks - len(plan.seeds) :]] if apart else splits


def _prepare(
    problem: Problem, split: Split, preparation: Preparation, dtype: str, labels: Labels, plan: Plan
) -> Prepared:
    """Return what the networks are given. Weights of classes count in losses and scores, as `sample_weight` does."""
    prepared, both = prepare(problem, split, preparation, dtype), np.concatenate((split.train, split.validation))
    if plan.class_weight is None:
        return prepared
    part, weight = prepared.part, np.asarray(problem.weight)
    factors = class_factors(plan.class_weight, labels, problem.target.y, weight, split.train).astype(DTYPES[dtype])
    weighted = part._replace(weight=part.weight * factors[both], emphasis=part.emphasis * factors[split.train])
    return prepared._replace(part=weighted)


def lesson_model(lesson: Lesson, results: Results, about: dict[str, Any], before: Held) -> tuple[Model, Held]:
    """Return the networks that learnt a lesson as a model, and what is answered of rows that they did not learn from.

    before: that of networks that learnt it before, with which together these are calibrated. Raises InvalidSetting
    where all of them diverged.
    """
    results = replace(results, split=results.split - results.split[0])  # of this lesson's, not of all that trained
    networks = networks_of_splits(results, lesson.splits, lesson.prepared)
    of_each = evaluate(lesson.problem, networks, len(results), numba=True, among=("validation",), scores=()).answers
    held_out = [
        *before, *((said["validation"], len(n.places)) for n, said in zip(networks, of_each, strict=True) if said)
    ]  # fmt: skip
    learned = Calibration()
    if held_out:
        together = pool(held_out, lesson.problem.rows)
        learned = calibrate(lesson.problem, lesson.config, together, lesson.temperature, lesson.counts)
    return assemble_model(lesson.problem, results, lesson.prepared, about, learned), held_out
