"""scikit-learn's networks and trees as their users write them: columns scaled, categories one-hot, else defaults."""

from collections.abc import Callable
from typing import Any

BAGGED = 16


def _pipeline(estimator: Any) -> Any:
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    prepare = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()),
         make_column_selector(dtype_include="number")),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), make_column_selector(dtype_exclude="number")),
    )  # fmt: skip
    return make_pipeline(prepare, estimator)


def _scaled_target(model: Any, numbers: bool) -> Any:
    """Return a model that learns a standardised target; by itself a network of scikit-learn's fails on prices."""
    if not numbers:
        return model
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.preprocessing import StandardScaler

    return TransformedTargetRegressor(model, transformer=StandardScaler())


def mlp(numbers: bool, seed: int, threads: int) -> Any:  # noqa: ARG001
    """Return one network."""
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    return _scaled_target(_pipeline((MLPRegressor if numbers else MLPClassifier)(random_state=seed)), numbers)


def bagging(numbers: bool, seed: int, threads: int) -> Any:
    """Return a bagging of networks, in parallel.

    Each stands in a pipeline, which takes no weights: so each is given the rows drawn. As weights, which is what
    scikit-learn does otherwise, a mini-batch of rows that were not drawn ends its training of numbers in an error.
    """
    from sklearn.ensemble import BaggingClassifier, BaggingRegressor
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline

    one, many = (MLPRegressor, BaggingRegressor) if numbers else (MLPClassifier, BaggingClassifier)
    model = many(make_pipeline(one()), n_estimators=BAGGED, n_jobs=threads, random_state=seed)
    return _scaled_target(_pipeline(model), numbers)


def forest(numbers: bool, seed: int, threads: int) -> Any:
    """Return a random forest."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    return _pipeline((RandomForestRegressor if numbers else RandomForestClassifier)(n_jobs=threads, random_state=seed))


def boosting(numbers: bool, seed: int, threads: int) -> Any:  # noqa: ARG001, takes all there are
    """Return gradient boosting on histograms."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    return _pipeline((HistGradientBoostingRegressor if numbers else HistGradientBoostingClassifier)(random_state=seed))


MODELS: dict[str, Callable[[bool, int, int], Any]] = {
    "mlp": mlp, "bagging": bagging, "forest": forest, "boosting": boosting,
}  # fmt: skip
