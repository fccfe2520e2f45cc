"""`fit`: a table in; an ensemble that learnt it, and what it scores, out."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fnn import checks
from fnn.config import Config
from fnn.data.reading import Form
from fnn.data.scaling import Scaling
from fnn.data.split import Split, Splitting
from fnn.ensembles.calibration import Calibration, calibrate
from fnn.ensembles.evaluation import (
    Evaluation,
    PartAnswers,
    PartScore,
    SplitNetworks,
    evaluate,
    out_of_sample,
    summarize_scores,
)
from fnn.ensembles.model import Model, without_diverged
from fnn.ensembles.presets import (
    SEEDS,
    Preparation,
    default_preset,
    preset_config,
    preset_preparation,
    validates_apart,
)
from fnn.ensembles.problem import Prepared, Problem, Roles, default_roles, prepare, read_problem
from fnn.ensembles.splits import known_settings, splits_of, splitting_of, validates, validates_once
from fnn.machine import versions
from fnn.stats.temperature import temper
from fnn.training.progress import Progress
from fnn.training.results import Results
from fnn.training.train import BACKENDS, NUMERICS, train_parts


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class Fit:
    """What `fit` gives: an ensemble as `model`, and how it came to be.

    results: of the training of its S networks, network k of split k // seeds. splits: of the rows, P of them.
    scores: of each part, members and ensembles with intervals. held_out: what each row is answered by networks that
    did not learn from it.
    """

    problem: Problem
    preset: str
    preparation: Preparation
    splitting: Splitting
    splits: Sequence[Split]
    results: Results
    networks: Sequence[SplitNetworks]
    evaluation: Evaluation
    scores: dict[str, dict[str, PartScore]]
    held_out: PartAnswers
    model: Model
    numba: bool = field(default=True)

    def __len__(self) -> int:
        return len(self.results)

    @property
    def config(self) -> Config:
        """The settings of all networks."""
        return self.results.configs[0]

    def predict(self, source: Any) -> NDArray[Any]:
        """Return the class, or the mean of the numbers, for each row: see `Model.predict`."""
        return self.model.predict(source)

    def predict_proba(self, source: Any) -> NDArray[np.float64]:
        """Return the probability of each class for each row: see `Model.predict_proba`."""
        return self.model.predict_proba(source)

    def frame(self, kind: str | None = None) -> Any:
        """Return a row for each network, with its split: see `Results.frame`."""
        return self.results.frame(kind)

    def __repr__(self) -> str:
        part = self.evaluation.held_out
        lines = [
            f"Fit of {', '.join(self.problem.target.names)}: {self.problem.target.task}, {self.problem.rows:,} rows"
        ]
        lines.append(f"networks  {len(self):,} on {len(self.splits)} splits, preset {self.preset}")
        for name, each in list(self.scores[part].items())[:3]:
            lines.append(f"{part} {name}  members {each.members.estimate:.3g}, ensemble {each.ensemble.estimate:.3g}")
        return "\n".join([*lines, "see       .predict(rows), .predict_proba(rows), .model, .scores, .frame()"])


def fit(
    source: Any,
    target: Any,
    *,
    seeds: int | Iterable[int] = SEEDS,
    preset: str | None = None,
    roles: Mapping[str, Any] | None = None,
    form: Form = Form(),  # noqa: B008, which is a tuple
    splitting: Mapping[str, Any] | None = None,
    preparation: Mapping[str, Any] | None = None,
    backend: str = BACKENDS[0],
    threads: int | None = None,
    **settings: Any,
) -> Fit:
    """Let an ensemble learn a target from the other columns of a table.

    seeds: networks on each split, from the config's `seed` on; or which seeds, as a range or a list. preset: settings
    that go together: `table`, `plain`, or `image`, which is meant where `image` is set. form: how a CSV is written,
    where looking does not tell. backend, threads: as `fnn.train` has them.

    source: a path (CSV, Parquet, Arrow, NPZ), a pandas or Polars frame, a mapping of arrays. target: a column's name or
    place, several with commas between. roles: task, ignore, weight, groups, missing, unknown, constant, as `Roles` has
    them. splitting: validation, folds, repeats, bootstrap, split_seed, per_seed, as `data.split.Splitting` has them;
    by itself a fifth of the rows is held out, by preset `table` of up to 10,000 rows another fifth for each network.
    preparation: scaling, smooth_clip, class_weight, temperature (`fit` or `none`, of probabilities). settings: of
    `Config`, before the preset's.

    Raises InvalidSetting for whatever cannot be read, learnt or trained.

    >>> import fnn
    >>> table = {"size": [1.0, 2, 3, 4] * 10, "kind": ["a", "b"] * 20, "price": [0.3 * k for k in range(40)]}
    >>> fitted = fnn.fit(table, "price", seeds=4, epochs=20, hidden=8)
    >>> fitted.predict({"size": [1.0, 4.0], "kind": ["a", "b"]}).shape, len(fitted)
    ((2,), 4)
    """
    known = {**default_roles(settings), **known_settings("roles", roles, Roles._fields[1:])}
    return fit_problem(
        read_problem(source, Roles(target, **known), form), preset=preset or default_preset(settings),
        splitting=splitting, preparation=preparation, seeds=seeds, backend=backend, threads=threads, settings=settings,
    )  # fmt: skip


def fit_problem(
    problem: Problem,
    *,
    preset: str,
    splitting: Mapping[str, Any] | None,
    preparation: Mapping[str, Any] | None,
    seeds: int | Iterable[int],
    backend: str,
    threads: int | None,
    settings: Mapping[str, Any],
    on_progress: Callable[[Progress], None] | None = None,
) -> Fit:
    """Do as `fit` does with a table that is read. on_progress: hears of the training."""
    how = splitting_of(preset, settings, splitting)
    config = preset_config(preset, problem.target.task, settings, validates=validates(how))
    numbers = checks.seeds_of_each(seeds, np.array([config.seed]))[0]
    if (splitting or {}).get("per_seed") is None:
        how = how._replace(
            per_seed=validates_once(how) and validates_apart(preset, problem.rows, problem.x.shape[1], len(numbers))
        )
    prepares = preset_preparation(preset, **known_settings("preparation", preparation, Preparation._fields))
    splits = splits_of(problem, how, len(numbers))
    prepared = [prepare(problem, split, prepares, config.dtype) for split in splits]
    results = train_parts(
        [config], [each.part for each in prepared], per_seed=how.per_seed, seeds=numbers, backend=backend,
        threads=threads, curve_every=_curve_every(config, len(numbers) * len(splits)), on_progress=on_progress,
    )  # fmt: skip
    networks = networks_of_splits(results, splits, prepared)
    numba = backend == "numba"
    evaluation = evaluate(problem, networks, len(results), numba=numba)
    held_out = out_of_sample(evaluation, networks, problem.rows)
    learned = Calibration()
    if evaluation.held_out != "training":
        learned = calibrate(problem, config, held_out, prepares.temperature, problem.weight)
    held_out = held_out._replace(mean=temper(problem.target.task, held_out.mean, learned.temperature))
    scores = summarize_scores(problem, networks, evaluation, temperature=learned.temperature, apart=how.per_seed)
    return Fit(
        problem=problem,
        preset=preset,
        preparation=prepares,
        splitting=how,
        splits=splits,
        results=results,
        networks=networks,
        evaluation=evaluation,
        scores=scores,
        held_out=held_out,
        model=assemble_model(problem, results, prepared, _about(preset, prepares, how, scores), learned),
        numba=numba,
    )


# Points of curves that are kept at most.
_POINTS = 20_000_000


def _curve_every(config: Config, networks: int) -> int:
    return -(-networks * config.epochs // _POINTS)


def networks_of_splits(results: Results, splits: Sequence[Split], prepared: Sequence[Prepared]) -> list[SplitNetworks]:
    """Return the networks of one config, split by split."""
    params, layers = results.params, results.layers[0]
    places = [np.flatnonzero(results.split == k) for k in range(len(splits))]
    return [
        SplitNetworks(split, each, where, layers, tuple(w[where] for w in params))
        for split, each, where in zip(splits, prepared, places, strict=True)
    ]


# ---- the model ----


def assemble_model(
    problem: Problem,
    results: Results,
    prepared: Sequence[Prepared],
    about: dict[str, Any],
    calibration: Calibration = Calibration(),  # noqa: B008, which is a tuple
) -> Model:
    """Return the networks of one config, which learnt the splits of a problem, as a model: see `Model` for the rest.

    Raises InvalidSetting where all of them diverged.
    """
    target = problem.target
    scalings = [each.scaling for each in prepared]
    model = Model(
        config=replace(results.configs[0], seed=int(results.seeds[0])),
        layers=results.layers[0],
        params=results.params,
        seeds=results.seeds,
        splits=results.split,
        task=target.task,
        target_names=target.names,
        classes=target.classes,
        class_kind=target.class_kind,
        label_words=target.label_words,
        encoder=problem.encoder,
        scaling=Scaling(
            np.stack([each.center for each in scalings]),
            np.stack([each.factor for each in scalings]),
            np.stack([each.fill for each in scalings]),
            scalings[0].smooth_clip,
        ),
        y_center=np.stack([each.y_center for each in prepared]),
        y_scale=np.stack([each.y_scale for each in prepared]),
        temperature=calibration.temperature,
        learned_interval=calibration.learned_interval,
        coverage=calibration.coverage,
        about=about,
        ignored_columns=problem.passed_over,
    )
    return without_diverged(model)


def _about(
    preset: str, preparation: Preparation, splitting: Splitting, scores: Mapping[str, Mapping[str, PartScore]]
) -> dict[str, Any]:
    """Return how a model came to be, as JSON has it."""

    def number(value: float) -> float | None:
        return value if np.isfinite(value) else None

    return {
        "preset": preset,
        "preparation": preparation._asdict(),
        "splitting": splitting._asdict(),
        "numerics": NUMERICS,
        "versions": {name: value for name, value in versions(None).items() if isinstance(value, (str, int))},
        "scores": {
            part: {
                name: {"members": number(each.members.estimate), "ensemble": number(each.ensemble.estimate)}
                for name, each in of_part.items()
            }
            for part, of_part in scores.items()
        },
    }
