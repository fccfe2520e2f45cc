"""`search`: what GridSearchCV gives, of networks that all trained in one stack.

Scikit-learn's own search runs over the estimators, so that every splitter, scorer and refit means what it means there.
Before it does, the lessons of all folds and settings are collected and learnt together; what then fits finds its
networks. As a network's bits do not depend on what trains beside it, the scores are those of GridSearchCV.
"""

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.model_selection import GridSearchCV, ParameterGrid, check_cv
from sklearn.utils import _safe_indexing, check_random_state, indexable
from sklearn.utils.validation import _check_method_params

from fnn.sklearn.estimators import EnsembleClassifier, EnsembleRegressor
from fnn.sklearn.learning import Stacked, stacking, threads_of


def search(
    estimator: Any,
    grid: Mapping[str, Any] | Iterable[Mapping[str, Any]],
    X: Any,
    y: Any,
    *,
    cv: Any = None,
    scoring: Any = None,
    refit: Any = True,
    groups: Any = None,
    return_train_score: bool = False,
    error_score: Any = np.nan,
    **fit_params: Any,
) -> Any:
    """Return a fitted GridSearchCV of an ensemble over settings, all trained in one stack.

    estimator: an ensemble, or a pipeline that ends in one; where its random_state is None, one is drawn for all. grid:
    values of each setting, or several such; or settings drawn, as a ParameterSampler gives them. cv, scoring, refit,
    return_train_score, error_score: as GridSearchCV has them; groups: (N,), for the splitter. fit_params: for `fit`,
    such as sample_weight, with a value for each row.

    cv_results_, best_params_, best_score_, best_index_ and best_estimator_ are its attributes, and `predict` and
    `score` its methods, as ever. Its times of fits are equal shares of the whole. Raises what GridSearchCV raises.

    >>> from sklearn.datasets import load_iris
    >>> from fnn.sklearn import EnsembleClassifier, search
    >>> networks = EnsembleClassifier(2, hidden=8, epochs=20, random_state=0)
    >>> found = search(networks, {"lr": [1e-6, 0.04]}, *load_iris(return_X_y=True), cv=3)
    >>> found.best_params_, found.cv_results_["rank_test_score"].tolist()
    ({'lr': 0.04}, [2, 1])
    """
    candidates = [{name: [value] for name, value in settings.items()} for settings in _settings(grid)]
    estimator = _with_random_state(estimator)
    X, y = indexable(X, y)
    splits = list(check_cv(cv, y, classifier=is_classifier(estimator)).split(X, y, groups))
    found = GridSearchCV(
        estimator, candidates, cv=splits, scoring=scoring, refit=refit, return_train_score=return_train_score,
        error_score=error_score,
    )  # fmt: skip
    began, stacked = time.perf_counter(), Stacked()
    with stacking(stacked):
        for rows, _ in splits:
            of_fold = _safe_indexing(X, rows), _safe_indexing(y, rows)
            of_rows = _check_method_params(X, params=fit_params, indices=rows)
            for settings in ParameterGrid(candidates):
                _collect(estimator, settings, of_fold, of_rows)
        stacked.learn(threads_of(_ensemble(estimator).n_jobs))
        each = (time.perf_counter() - began) / (len(candidates) * len(splits))
        found.fit(X, y, **fit_params)
    found.cv_results_["mean_fit_time"] += each
    return found.set_params(cv=cv, **({"param_grid": grid} if _is_grid(grid) else {}))


def _is_grid(grid: Any) -> bool:
    """Return whether settings are given as GridSearchCV takes them: the values of each."""
    return isinstance(grid, (Mapping, list, tuple))


def _settings(grid: Any) -> list[dict[str, Any]]:
    """Return the settings of each candidate."""
    return list(ParameterGrid(grid) if _is_grid(grid) else grid)


def _with_random_state(estimator: Any) -> Any:
    """Return the estimator with a random state of its own, where it has none: what is collected has to come again."""
    ensemble = _ensemble(estimator)
    if ensemble.random_state is not None:
        return estimator
    copy = clone(estimator)
    _ensemble(copy).set_params(random_state=int(check_random_state(None).randint(2**31 - 1)))
    return copy


def _ensemble(estimator: Any) -> Any:
    """Return the ensemble that a pipeline ends in. Raises ValueError for an estimator that is, and ends in, none."""
    last = estimator[-1] if hasattr(estimator, "steps") else estimator
    if not isinstance(last, (EnsembleClassifier, EnsembleRegressor)):
        raise ValueError(f"estimator: got {last!r}; expected an ensemble, or a pipeline that ends in one")
    return last


def _collect(estimator: Any, settings: dict[str, Any], fold: tuple[Any, Any], fit_params: Mapping[str, Any]) -> None:
    """Have one candidate ask for what it learns of one fold; what cannot be fitted is for the search to tell."""
    with suppress(Exception):
        clone(estimator).set_params(**clone(settings, safe=False)).fit(*fold, **fit_params)
