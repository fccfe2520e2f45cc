"""What an ensemble is as an estimator: how it fits, grows, and keeps what its networks were while training."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from warnings import warn

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import _num_samples, check_consistent_length, check_is_fitted

from fnn import checks
from fnn.data.scaling import Scaling
from fnn.ensembles.model import Model
from fnn.ensembles.presets import SEEDS, VALIDATION, default_preset
from fnn.errors import InvalidSetting
from fnn.sklearn.learning import obtain, prepare_once, threads_of
from fnn.sklearn.lessons import Held, Lesson, Plan, lesson_model, plan_lesson, plan_settings
from fnn.sklearn.rows import Rows, count_rows, read_columns, read_weights
from fnn.sklearn.targets import Labels
from fnn.training.results import Results

# What becomes of missing numbers and categories, as `fnn.fit` has it; rows of which an answer is asked get one.
MISSING = ("error", "mean", "indicator")


class Ensemble(BaseEstimator):  # type: ignore[misc]
    """What the two have in common: scikit-learn wants estimators that are classes, with settings in `__init__`."""

    model_: Model
    seeds_: NDArray[np.int64]
    n_iter_: int
    _curves: NDArray[np.float64]
    _held_out: Held
    _learnt_of: tuple[Any, ...]

    def __init__(
        self,
        n_estimators: int = SEEDS,
        *,
        hidden: Any = None,
        preset: str | None = None,
        epochs: int | None = None,
        lr: float | None = None,
        dropout: float | None = None,
        validation_fraction: float = VALIDATION,
        patience: int | None = None,
        missing: str = "error",
        n_jobs: int | None = None,
        random_state: Any = None,
        warm_start: bool = False,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        self.n_estimators = n_estimators
        self.hidden = hidden
        self.preset = preset
        self.epochs = epochs
        self.lr = lr
        self.dropout = dropout
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.missing = missing
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.warm_start = warm_start
        self.config = config

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, *, X_val: Any = None, y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Any:  # fmt: skip
        """Let the ensemble learn y from X, and return it.

        X: (N, I) finite numbers, or a frame of pandas or Polars, whose columns may be categories too. y: (N,), or
        (N, O) of several numbers or labels. sample_weight: (N,) how often each row counts, by itself once. X_val,
        y_val, sample_weight_val: rows of your own to choose the epoch by, instead of `validation_fraction` of those
        here.

        Raises ValueError for what cannot be learnt, and TypeError for what is sparse.
        """
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        plan, given = self._plan(), (X, y, sample_weight, X_val, y_val, sample_weight_val)
        lesson = prepare_once(self, given, plan, lambda: self._lesson(plan, *given))
        if len(plan.seeds):
            results = obtain(lesson, threads_of(self.n_jobs))
            if results is not None:
                self._learnt(lesson, results)
        return self

    def _new_seeds(self) -> NDArray[np.int64]:
        """Return the seeds of the networks to train, (S,): of a warm start those that are not there yet."""
        count = checks.whole(1)("n_estimators", self.n_estimators)
        if not (self.warm_start and hasattr(self, "seeds_")):
            first = int(check_random_state(self.random_state).randint(2**31 - 1))
            return first + np.arange(count, dtype=np.int64)
        there = len(self.seeds_)
        if count < there:
            raise InvalidSetting("n_estimators", count, f"at least {there}, which there are, with warm_start")
        return np.asarray(self.seeds_[0] + np.arange(there, count))

    def _lesson(
        self, plan: Plan, X: Any, y: Any, sample_weight: Any, X_val: Any, y_val: Any, sample_weight_val: Any
    ) -> Lesson:
        """Return what the networks of a plan are to learn."""
        columns = read_columns(self, X, reset=not self._grows())
        check_consistent_length(X, y)
        weight = read_weights("sample_weight", sample_weight, _num_samples(y))
        labels = self._read_labels(y, weight)
        rows = count_rows(columns, labels.y, weight)
        own = self._own_validation(labels, rows, X_val, y_val, sample_weight_val)
        lesson = plan_lesson(plan, labels, rows, own)
        self._check_grown(lesson)
        self.n_outputs_ = 1 if labels.task == "multiclass" else labels.y.shape[1]
        if labels.classes is not None:
            self.classes_ = labels.classes
        return lesson

    def _own_validation(self, labels: Labels, rows: Rows, X: Any, y: Any, weight: Any) -> Rows | None:
        """Return rows that are given to choose the epoch by, None where none are."""
        if X is None and y is None:
            return None
        if X is None or y is None:
            given, lacking = ("X_val", "y_val") if y is None else ("y_val", "X_val")
            raise ValueError(f"{given} is provided, but {lacking} was not provided.")
        columns = read_columns(self, X, reset=False)
        check_consistent_length(X, y)
        kinds = {column.name: column.kind for column in rows.table.columns}
        weights = read_weights("sample_weight_val", weight, _num_samples(y))
        return count_rows(columns, self._read_validation_labels(y, labels).y, weights, kinds)

    def _check_grown(self, lesson: Lesson) -> None:
        """Refuse to add networks to such as learnt something else; say where none are added."""
        if not self._grows():
            return
        if lesson.subject != self._learnt_of:
            raise ValueError("warm_start: got other rows or settings; expected those that were learnt before")
        if not len(lesson.seeds):
            warn("warm_start: n_estimators is as many as there are, so no network is trained", stacklevel=3)

    def _plan(self) -> Plan:
        settings, preparation = plan_settings(
            self.config, hidden=self.hidden, epochs=self.epochs, lr=self.lr, dropout=self.dropout,
            patience=self.patience,
        )  # fmt: skip
        seeds = self._new_seeds()
        first = seeds[0] if not self._grows() else self.seeds_[0]
        return Plan(
            preset=self.preset or default_preset(settings), settings=settings, preparation=preparation,
            validation=self.validation_fraction, missing=checks.one_of("missing", self.missing, MISSING),
            class_weight=getattr(self, "class_weight", None), networks=int(self.n_estimators), first_seed=int(first),
            seeds=seeds,
        )  # fmt: skip

    def _grows(self) -> bool:
        return bool(self.warm_start and hasattr(self, "seeds_"))

    def _learnt(self, lesson: Lesson, results: Results) -> None:
        """Keep the networks, and what they were while training."""
        before = self._held_out if self._grows() else []
        model, self._held_out = lesson_model(lesson, results, {"estimator": type(self).__name__}, before)
        curves = network_curves(lesson, results, model)
        if self._grows():
            model = joined(self.model_, model, apart=lesson.apart)
            curves = np.concatenate((self._curves, curves), axis=1)
            self.seeds_ = np.concatenate((self.seeds_, lesson.seeds))
        else:
            self.seeds_, self._learnt_of = lesson.seeds, lesson.subject
        self.model_, self._curves = model, curves
        self.n_iter_ = max(int(results.stopped.max()), self.n_iter_ if len(self.seeds_) > len(results) else 0)
        means = curves.mean(axis=1)
        self.loss_curve_, self.validation_loss_curve_, self.validation_scores_ = (
            None if np.isnan(mean).all() else mean[: self.n_iter_] for mean in means
        )

    def _read_labels(self, y: Any, weight: NDArray[np.float64]) -> Labels:
        raise NotImplementedError

    def _read_validation_labels(self, y: Any, labels: Labels) -> Labels:
        raise NotImplementedError

    def _source(self, X: Any) -> Any:
        """Return the rows that an answer is asked of, as columns."""
        check_is_fitted(self, "model_")
        return read_columns(self, X, reset=False)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.missing != "error"
        return tags


def network_curves(lesson: Lesson, results: Results, model: Model) -> NDArray[np.float64]:
    """Return loss, validation loss and validation score after each epoch, of the networks that are in the model.

    (3, S, E), NaN where nothing is held out, or where there are more points than are kept.
    """
    epochs, there = lesson.config.epochs, np.isin(results.seeds, model.seeds)
    curves = np.full((3, int(there.sum()), epochs), np.nan)
    for row, curve in zip(
        curves, (results.loss_curve, results.validation_loss_curve, results.validation_score_curve), strict=True
    ):
        if curve.shape[1] > epochs:  # the first point is of before the first epoch
            row[:] = curve[there, 1 : epochs + 1]
    return curves


def joined(first: Model, then: Model, *, apart: bool) -> Model:
    """Return the networks of two models that learnt the same as one, calibrated as the later is.

    apart: whether each of their networks has a split of its own.
    """

    def both(one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate((one, other))

    if apart:
        one, other = first.scaling, then.scaling
        scaling = Scaling(
            both(one.center, other.center), both(one.factor, other.factor), both(one.fill, other.fill), one.smooth_clip
        )
        then = replace(
            then, scaling=scaling, splits=then.splits + len(first.y_center),
            y_center=both(first.y_center, then.y_center), y_scale=both(first.y_scale, then.y_scale),
        )  # fmt: skip
    return replace(
        then,
        config=first.config,
        params=tuple(both(*pair) for pair in zip(first.params, then.params, strict=True)),
        seeds=both(first.seeds, then.seeds),
        splits=both(first.splits, then.splits),
    )
