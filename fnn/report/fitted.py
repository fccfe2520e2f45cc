"""What is shown of an ensemble that learnt a table, made from what `fit` gives: its report, and what figures draw."""

import warnings
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fnn.config import KEEPS
from fnn.ensembles.answers import class_places, probabilities
from fnn.ensembles.calibration import PROBABILITIES
from fnn.ensembles.evaluation import SplitNetworks, answers, rows_of
from fnn.ensembles.fit import Fit
from fnn.ensembles.importance import column_importance
from fnn.formats import counted, number
from fnn.plots.classification import ConfusionMatrix, ReliabilityDiagram
from fnn.plots.decision_map import DecisionMap
from fnn.plots.labels import settings_line
from fnn.plots.regression import PredictedNumbers
from fnn.plots.table import Curves, Importance, LearningCurves, TableFigures
from fnn.report.fitted_images import image_figures
from fnn.report.problem import preset_settings, table_data, task_of
from fnn.report.table import Parts, ScoreRow, TableReport
from fnn.stats.calibration import expected_calibration_error, reliability
from fnn.stats.intervals import spread
from fnn.stats.prediction_intervals import prediction_interval
from fnn.stats.scores import SCORES, default_score

# How a score is called in a figure.
_NAMES = {"accuracy": "accuracy", "r2": "R²", "log_loss": "log loss", "rmse": "RMSE"}
# Points of a map along each side, and networks that it asks.
_SIDE, _NETWORKS = 101, 64
# Columns that are shuffled at most: the time grows with their square, and of these takes half a minute.
_MOST_SHUFFLED = 1000


# ---- words ----


def table_report(fit: Fit) -> TableReport:
    """Return what is printed of a fit."""
    keeps, splits, best = KEEPS[fit.config.keep], len(fit.splits), fit.results.best_epoch
    return TableReport(
        data=table_data(fit.problem),
        task=task_of(fit.problem),
        preset=fit.preset,
        settings=preset_settings(fit.preset, fit.problem.target.task, fit.preparation, fit.config),
        parts=_parts(fit),
        seeds=len(fit) // splits,
        epochs=fit.config.epochs,
        scores=_score_rows(fit),
        kept=spread(best[best >= 0]) if keeps else None,
        coverage=fit.model.coverage,
        diverged=len(fit) - len(fit.model),
        temperature=fit.model.temperature,
    )


def _parts(fit: Fit) -> Parts:
    sizes = np.array([[len(s.train), len(s.validation), len(s.test)] for s in fit.splits]).mean(axis=0)
    training, validation, test = (round(size) for size in sizes)
    answering = len(fit) * (validation or test) / len(fit.held_out.rows) if fit.splitting.per_seed else None
    return Parts(len(fit.splits), _splits_in_words(fit), training, validation, test, answering)


def _splits_in_words(fit: Fit) -> str:
    s = fit.splitting
    words = []
    if s.folds:
        words.append(f"{s.folds} folds" + (f", {s.repeats} times" if s.repeats > 1 else ""))
    elif s.per_seed:
        words.append("one for each seed")
    else:
        words.append(counted(len(fit.splits), "split"))
    if s.bootstrap:
        words.append("drawn anew with repeats")
    if fit.problem.groups is not None:
        words.append("groups whole")
    return ", ".join([*words, f"split seed {s.split_seed}"])


def _score_rows(fit: Fit) -> list[ScoreRow]:
    rows = []
    for part, scores in fit.scores.items():
        for name, each in scores.items():
            values = fit.evaluation.members[part][name]
            by_split = [values[of_split.places] for of_split in fit.networks]
            seeds = [float(v.std(ddof=1)) for v in by_split if len(v) > 1]
            splits = float(np.std([v.mean() for v in by_split], ddof=1)) if len(by_split) > 1 else None
            rows.append(
                ScoreRow(part, name, each.members, each.ensemble, float(np.mean(seeds)) if seeds else None, splits)
            )
    return rows


# ---- figures ----


def table_figures(fit: Fit) -> TableFigures:
    """Return what the figures of a fit draw; of more than `_MOST_SHUFFLED` columns, not which of them matter."""
    task, there = fit.problem.target.task, bool(fit.held_out.rows.size)
    return TableFigures(
        curves=_curves(fit) if len(fit.results.curve_epochs) else None,
        confusion=_confusion(fit) if task in ("binary", "multiclass") and there else None,
        numbers=_numbers(fit) if task == "regression" and there else None,
        reliability=_reliability(fit) if _says_probabilities(fit) and there else None,
        importance=_importance(fit) if len(fit.problem.encoder.features) <= _MOST_SHUFFLED else None,
        plane=_plane(fit) if fit.problem.encoder.x_names == _plain_columns(fit) else None,
        **image_figures(fit, about(fit)),
    )


def about(fit: Fit, more: str = "") -> str:
    """Return what a figure says of its data and networks, and in a second line of their settings."""
    source, networks = PurePath(fit.problem.source).name, counted(len(fit), "network")
    split = f" on {len(fit.splits)} splits" if len(fit.splits) > 1 else ""
    diverged = int((fit.results.diverged >= 0).sum())
    ends = f", {diverged:,} diverged" if diverged else ""
    names = ", ".join(fit.problem.target.names[:3])
    settings = settings_line(fit.config, others=False)
    return f"{source}: {names}; {networks}{split}{ends}{more}\npreset {fit.preset}: {settings}"


def _held_out_about(fit: Fit) -> str:
    return about(fit, f"; {counted(len(fit.held_out.rows), 'row')} of {fit.evaluation.held_out}")


def _curves(fit: Fit) -> LearningCurves:
    r = fit.results
    validation = Curves(r.validation_loss_curve, r.validation_score_curve) if r.validation_loss_curve.size else None
    return LearningCurves(
        about(fit),
        r.curve_epochs,
        Curves(r.loss_curve, r.score_curve),
        validation,
        r.best_epoch if KEEPS[fit.config.keep] else None,
        "R²" if fit.problem.target.task == "regression" else "accuracy",
        r.diverged[r.diverged >= 0],
        r.measured,
        int(r.stopped.max()),
    )


def _confusion(fit: Fit) -> ConfusionMatrix:
    task, classes, labels = fit.problem.target.task, fit.problem.target.classes, fit.problem.labels
    assert labels is not None
    true, predicted = labels[fit.held_out.rows], class_places(task, fit.held_out.mean)[:, 0]
    counts = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(counts, (true[predicted >= 0], predicted[predicted >= 0]), 1)
    return ConfusionMatrix(_held_out_about(fit), classes, counts)


def _numbers(fit: Fit) -> PredictedNumbers:
    held_out, learned = fit.held_out, fit.model.learned_interval
    low, high = prediction_interval(held_out.mean, held_out.variance, learned) if learned else (None, None)
    true = fit.problem.target.y[held_out.rows]
    residual = true - held_out.mean
    words = [f"RMSE {number(float(rmse))}" for rmse in np.sqrt((residual**2).mean(axis=0))]
    return PredictedNumbers(
        _held_out_about(fit), fit.problem.target.names, true, held_out.mean, low, high, words
    )  # fmt: skip


def _says_probabilities(fit: Fit) -> bool:
    return fit.problem.target.task != "regression" and fit.results.configs[0].output in PROBABILITIES


def _reliability(fit: Fit) -> ReliabilityDiagram:
    bins = reliability(fit.held_out.mean, fit.problem.target.y[fit.held_out.rows])
    shares, errors = _members_reliability(fit)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of a bin that is empty in all networks
        band = np.nanquantile(shares, [0.05, 0.95], axis=0) if len(shares) > 1 else None
    return ReliabilityDiagram(
        _held_out_about(fit), bins, expected_calibration_error(bins), members=band,
        members_error=float(np.median(errors)) if band is not None else None,
    )  # fmt: skip


def _members_reliability(fit: Fit) -> tuple[NDArray[np.float64], list[float]]:
    """Return for some networks the share of each bin that came true, (S, B), and the calibration error, on what each
    one's split held out."""
    part, shares, errors = fit.evaluation.held_out, [], []
    each = max(1, _NETWORKS // len(fit.networks))
    for of_split in fit.networks[:_NETWORKS]:
        rows = np.unique(rows_of(of_split.split, part))
        for p in answers(of_split, fit.problem.x[rows], slice(0, each), numba=fit.numba) if rows.size else ():
            if np.isfinite(p).all():
                bins = reliability(p, fit.problem.target.y[rows])
                shares.append(bins.right)
                errors.append(expected_calibration_error(bins))
    return np.array(shares), errors


def _importance(fit: Fit) -> Importance:
    name = default_score(fit.problem.target.task)
    lost = column_importance(fit.problem, fit.networks, fit.evaluation.held_out, name, numba=fit.numba)
    return Importance(about(fit), lost.names, lost.losses, _NAMES.get(name, name), SCORES[name].lower_is_better)


# ---- the plane ----


def _plain_columns(fit: Fit) -> tuple[str, ...]:
    """Return the names of the inputs if they are two columns of numbers as they are."""
    features = fit.problem.encoder.features
    plain = len(features) == 2 and all(f.kind == "number" and not f.indicator for f in features)
    return tuple(f.name for f in features) if plain else ("", "")


def _plane(fit: Fit) -> DecisionMap:
    problem, x = fit.problem, fit.problem.x
    axes = [np.linspace(*_widened(x[:, k]), _SIDE) for k in range(2)]
    grid = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    p = _of_some(fit, grid)
    mean, shape = p.mean(axis=0), (_SIDE, _SIDE)
    first = fit.networks[0].split
    parts = {"training": first.train, "validation": np.concatenate((first.validation, first.test))}
    task, labels = problem.target.task, problem.labels
    if labels is None:
        values, agreement, true = mean[:, 0], None, problem.target.y[:, 0]
    else:
        values = class_places(task, mean)[:, 0].astype(np.float64)
        of_each = probabilities_places(task, p)
        agreement, true = (of_each == values).mean(axis=0).reshape(shape), labels.astype(np.float64)
    return DecisionMap(
        about(fit), (problem.encoder.x_names[0], problem.encoder.x_names[1]), axes[0], axes[1], values.reshape(shape),
        {name: (x[rows], true[rows]) for name, rows in parts.items() if len(rows)},
        problem.target.classes, agreement, problem.target.names[0],
    )  # fmt: skip


def probabilities_places(task: str, p: NDArray[Any]) -> NDArray[np.int64]:
    """Return the place of the class that each network answers, (S, n), from p (S, n, O)."""
    return np.stack([probabilities(task, each).argmax(axis=1) for each in p])


def _of_some(fit: Fit, x: NDArray[np.float64]) -> NDArray[Any]:
    """Return what some networks of every split answer to encoded rows."""

    def some(of_split: SplitNetworks) -> NDArray[Any]:
        return answers(of_split, x, slice(0, max(1, _NETWORKS // len(fit.networks))), numba=fit.numba)

    return np.concatenate([some(of_split) for of_split in fit.networks[:_NETWORKS]])


def _widened(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    edge = 0.08 * (high - low) or 1.0
    return low - edge, high + edge
