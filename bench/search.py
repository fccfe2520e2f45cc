"""A search over settings: 5 folds and 12 settings on breast cancer, all in one stack, beside GridSearchCV's fits."""

import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from fnn.stats.intervals import quantiles
from fnn.stats.resampled import corrected_interval

from .run import NOT_INSTALLED, Method, Row

WORK = "search"
WHAT = "5 folds and 12 settings on breast cancer"
FOLDS = 5
# How many times as fast as GridSearchCV(MLPClassifier()) `fnn.sklearn.search` is to be.
FASTER = 30.0


class Searcher(NamedTuple):
    """Who searches. search: (threads, settings of ours) → what GridSearchCV gives. runs: how often, None as asked."""

    title: str
    search: Callable[[int, dict[str, Any]], Any]
    runs: int | None = None


def _ours(networks: int) -> Callable[[int, dict[str, Any]], Any]:
    def search(threads: int, changes: dict[str, Any]) -> Any:
        from fnn import sklearn

        grid = {"hidden": [32, 64, (64, 64)], "lr": [0.02, 0.04], "dropout": [0.0, 0.1]}
        networks_ = sklearn.EnsembleClassifier(networks, n_jobs=threads, random_state=0, **changes)
        return sklearn.search(networks_, grid, *_cancer(), cv=FOLDS)

    return search


def _theirs(each_alone: bool) -> Callable[[int, dict[str, Any]], Any]:
    """Return scikit-learn's search. each_alone: so many fits at once as there are threads, each with one."""

    def search(threads: int, changes: dict[str, Any]) -> Any:  # noqa: ARG001, which are of ours
        from joblib import parallel_config  # type: ignore[import-untyped, import-not-found, unused-ignore]
        from sklearn.model_selection import GridSearchCV
        from sklearn.neural_network import MLPClassifier
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        grid = {
            "mlpclassifier__hidden_layer_sizes": [(32,), (64,), (64, 64)],
            "mlpclassifier__learning_rate_init": [0.001, 0.003], "mlpclassifier__alpha": [1e-4, 0.01],
        }  # fmt: skip
        networks = make_pipeline(StandardScaler(), MLPClassifier(random_state=0))
        jobs, inner = (threads, 1) if each_alone else (None, None)
        # That some stop after 200 epochs is how they come.
        with warnings.catch_warnings(), parallel_config("loky", inner_max_num_threads=inner):
            warnings.simplefilter("ignore")
            return GridSearchCV(networks, grid, cv=FOLDS, n_jobs=jobs).fit(*_cancer())

    return search


SEARCHERS = {
    "fnn": Searcher("fnn.sklearn.search, 16 networks a setting", _ours(16)),
    "fnn-1": Searcher("fnn.sklearn.search, one network a setting", _ours(1)),
    "sklearn": Searcher("GridSearchCV(MLPClassifier()) as it comes", _theirs(each_alone=False), 1),
    "sklearn-threads": Searcher("the same, a fit on each thread", _theirs(each_alone=True), 1),
}


def _cancer() -> tuple[Any, Any]:
    from sklearn.datasets import load_breast_cancer

    x, y = load_breast_cancer(return_X_y=True)
    return x, y


def measure_search(method: Method, tell: Callable[[str, str], None], **changes: Any) -> Iterator[list[Row]]:
    """Yield the rows of all who search. changes: settings of our estimator."""
    if find_spec("sklearn") is None:
        yield [Row(work=WORK, what=WHAT, at=0, dtype="float32", contender="fnn", title=SEARCHERS["fnn"].title,
                   status=NOT_INSTALLED, note="No module named 'sklearn'")]  # fmt: skip
        return
    rows: list[Row] = []
    for name, searcher in SEARCHERS.items():
        tell(WHAT, searcher.title)
        row = _measure(name, searcher, method, changes)
        if rows and rows[0].seconds and row.seconds:
            row = replace(row, ratio=row.seconds[1] / rows[0].seconds[1])
        rows.append(row)
    yield rows


def _measure(name: str, searcher: Searcher, method: Method, changes: dict[str, Any]) -> Row:
    first = None
    if searcher.runs is None:  # what is compiled at first is no time of searching
        begun = time.perf_counter()
        searcher.search(method.threads, changes)
        first = time.perf_counter() - begun
    times = []
    for _ in range(searcher.runs or method.runs):
        begun = time.perf_counter()
        found = searcher.search(method.threads, changes)
        times.append(time.perf_counter() - begun)
    best = [found.cv_results_[f"split{fold}_test_score"][found.best_index_] for fold in range(FOLDS)]
    score, low, high = corrected_interval(np.array(best), FOLDS - 1, 1)
    seconds = quantiles(np.array(times), [0.25, 0.5, 0.75]).tolist()
    return Row(
        work=WORK, what=WHAT, at=0, dtype="float32", contender=name, title=searcher.title, first=first,
        seconds=seconds, runs=len(times), accuracy=[low, score, min(high, 1.0)],
    )  # fmt: skip
