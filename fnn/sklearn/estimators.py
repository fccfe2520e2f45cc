"""`EnsembleClassifier` and `EnsembleRegressor`: ensembles of small networks as estimators of scikit-learn."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, RegressorMixin

from fnn.ensembles.presets import SEEDS, VALIDATION
from fnn.sklearn.ensemble import Ensemble
from fnn.sklearn.targets import Labels, read_classes, read_numbers, read_same_classes, read_same_numbers


class EnsembleClassifier(ClassifierMixin, Ensemble):  # type: ignore[misc]
    """An ensemble of small networks that says which class a row is of, or which of several labels it has.

    n_estimators: how many networks. hidden: widths of their hidden layers, such as 32 or (64, 64). preset: settings
    that go together: `table` (RealMLP's simple variant), `plain` (Adam at its published rates, the last epoch's
    weights), or `image`. epochs, lr, dropout: passes over the rows, learning rate, chance with which a hidden unit is
    left out; None is the preset's. validation_fraction: of the rows, held out to choose a network's epoch by, other
    rows for each network by preset `table`, and to learn a temperature of the probabilities from; 0 for none. patience:
    epochs without a better one after which a network stops; `config={"monitor": "loss"}` goes by the loss. missing:
    what becomes of missing values: `error`, `mean`, or `indicator`, which adds an input that says so. class_weight:
    None, `balanced`, or a factor for each class. n_jobs: threads, by itself one for each processor; the bits are the
    same with any number. random_state: fixes the networks. warm_start: more networks are added to those there are.
    config: any other setting of `fnn.Config`, `scaling` and `smooth_clip` of columns, and `temperature`, which may be
    `none`.

    classes_: (C,). model_: the `fnn.Model`, which `fnn.save` writes. seeds_: (S,). loss_curve_, validation_loss_curve_,
    validation_scores_: after each epoch, of the mean network; None where nothing is held out. loss_curve_ holds what
    was measured last, in every eighth epoch unless `measure_every` says otherwise. n_iter_: epochs of the longest.
    n_outputs_, n_features_in_, feature_names_in_.

    >>> from fnn.sklearn import EnsembleClassifier
    >>> x, y = [[0.0, 0], [0, 1], [1, 0], [1, 1]] * 10, ["no", "yes", "yes", "no"] * 10
    >>> EnsembleClassifier(4, hidden=8, random_state=0).fit(x, y).predict([[0, 1], [1, 1]]).tolist()
    ['yes', 'no']
    """

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
        class_weight: str | Mapping[Any, float] | Sequence[Mapping[int, float]] | None = None,
        n_jobs: int | None = None,
        random_state: Any = None,
        warm_start: bool = False,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(
            n_estimators, hidden=hidden, preset=preset, epochs=epochs, lr=lr, dropout=dropout,
            validation_fraction=validation_fraction, patience=patience, missing=missing, n_jobs=n_jobs,
            random_state=random_state, warm_start=warm_start, config=config,
        )  # fmt: skip
        self.class_weight = class_weight

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the class of each row, (N,), or its labels, (N, O), each 0 or 1."""
        shares = self.predict_proba(X)
        if self.model_.task == "multilabel":
            return np.asarray(shares > 0.5, np.int64)
        return np.asarray(self.classes_[shares.argmax(axis=1)])

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of each class, (N, C), or of each label, (N, O)."""
        source = self._source(X)
        return self.model_.predict_proba(source)

    def predict_log_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the logarithm of what `predict_proba` gives."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.predict_proba(X)))

    def _read_labels(self, y: Any, weight: NDArray[np.float64]) -> Labels:
        return read_classes(y, weight)

    def _read_validation_labels(self, y: Any, labels: Labels) -> Labels:
        return read_same_classes(y, labels)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


class EnsembleRegressor(RegressorMixin, Ensemble):  # type: ignore[misc]
    """An ensemble of small networks that predicts a number, or several.

    The settings are those of `EnsembleClassifier`, but for class_weight. `model_.interval(X)` says where 95% of such
    numbers lie, by rows that were held out.

    >>> from fnn.sklearn import EnsembleRegressor
    >>> x = [[k / 20] for k in range(40)]
    >>> regressor = EnsembleRegressor(4, hidden=8, random_state=0).fit(x, [3 * a for a, in x])
    >>> abs(regressor.predict([[1.0]]).item() - 3) < 0.3
    True
    """

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Return the mean of what the networks say of each row: (N,), or (N, O) of several numbers."""
        source = self._source(X)
        return np.asarray(self.model_.predict(source))

    def _read_labels(self, y: Any, weight: NDArray[np.float64]) -> Labels:  # noqa: ARG002, which classes ask for
        return read_numbers(y)

    def _read_validation_labels(self, y: Any, labels: Labels) -> Labels:
        return read_same_numbers(y, labels)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
