"""Searches over settings of ensembles in one stack: what they give is what GridSearchCV gives."""

import warnings

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn import config_context
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.dummy import DummyClassifier
from sklearn.metrics import fbeta_score, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    ParameterSampler,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedKFold,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fnn.sklearn import EnsembleClassifier, EnsembleRegressor, learning, lessons, search

FEW = {"n_estimators": 2, "hidden": 8, "epochs": 15, "random_state": 0}


@pytest.fixture(scope="module")
def cancer():
    x, y = load_breast_cancer(return_X_y=True)
    return x[:200], y[:200]


@pytest.fixture(scope="module")
def diabetes():
    x, y = load_diabetes(return_X_y=True)
    return x[:150], y[:150]


def assert_same(found, grid_search):
    """Every column but times, and what follows from them, have the same bits."""
    assert list(found.cv_results_) == list(grid_search.cv_results_)
    for name, values in grid_search.cv_results_.items():
        if not name.endswith("_time"):
            np.testing.assert_array_equal(np.asarray(found.cv_results_[name]), np.asarray(values), name)
    for name in ("best_params_", "best_score_", "best_index_", "n_splits_", "multimetric_"):
        assert getattr(found, name, None) == getattr(grid_search, name, None), name
    assert set(vars(found)) == set(vars(grid_search))


def groups_of(y):
    return np.arange(len(y)) % 7


SEARCHES = {
    "settings that are numbers": ({"lr": [0.01, 0.05], "dropout": [0.0, 0.3]}, {"cv": 3}),
    "widths": ({"hidden": [4, (6, 4)], "epochs": [5, 15]}, {"cv": StratifiedKFold(3, shuffle=True, random_state=1)}),
    "how many": ({"n_estimators": [1, 3]}, {"cv": 2}),
    "rows prepared in other ways": (
        {"class_weight": [None, "balanced", {0: 3.0}], "validation_fraction": [0.0, 0.2]},
        {"cv": 2, "scoring": "balanced_accuracy"},
    ),
    "presets and configs": ({"preset": ["table", "plain"], "config": [None, {"dtype": "float64"}]}, {"cv": 2}),
    "other seeds": ({"random_state": [0, 1]}, {"cv": 2, "scoring": "neg_log_loss"}),
    "groups": ({"lr": [0.01, 0.05]}, {"cv": GroupKFold(3), "scoring": "roc_auc"}),
    "repeats": ({"lr": [0.01, 0.05]}, {"cv": RepeatedStratifiedKFold(n_splits=2, n_repeats=2, random_state=0)}),
    "several grids": ([{"lr": [0.01]}, {"dropout": [0.1, 0.2], "lr": [0.1]}], {"cv": 2}),
    "several scores": (
        {"lr": [0.01, 0.05]},
        {"cv": 2, "scoring": ["accuracy", "roc_auc"], "refit": "roc_auc", "return_train_score": True},
    ),
    "scores of one's own": (
        {"lr": [0.01, 0.05]},
        {"cv": 2, "scoring": {"f2": make_scorer(fbeta_score, beta=2)}, "refit": lambda results: 1},
    ),
    "a function": ({"lr": [0.01, 0.05]}, {"cv": 2, "scoring": lambda e, x, y: {"n": len(y)}, "refit": False}),
}


@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_is_grid_search_of_the_same_to_the_last_bit(name, cancer):
    x, y = cancer
    grid, how = SEARCHES[name]
    networks = EnsembleClassifier(**FEW)
    groups = groups_of(y) if name == "groups" else None
    found = search(networks, grid, x, y, groups=groups, **how)
    assert_same(found, GridSearchCV(networks, grid, **how).fit(x, y, **({} if groups is None else {"groups": groups})))
    if how.get("refit", True):
        np.testing.assert_array_equal(
            found.predict_proba(x), EnsembleClassifier(**{**FEW, **found.best_params_}).fit(x, y).predict_proba(x)
        )


def test_numbers_several_classes_and_several_numbers_are_searched(diabetes):
    x, y = diabetes
    cv = ShuffleSplit(3, random_state=0)
    for estimator, data in (
        (EnsembleRegressor(**FEW), (x, y)),
        (EnsembleRegressor(**FEW), (x, np.column_stack((y, -y)))),
        (EnsembleClassifier(**FEW), load_iris(return_X_y=True)),
    ):
        grid = {"lr": [0.01, 0.07]}
        assert_same(search(estimator, grid, *data, cv=cv), GridSearchCV(estimator, grid, cv=cv).fit(*data))


def test_pipelines_weights_and_frames_are_searched(cancer, rng):
    pandas = pytest.importorskip("pandas")
    x, y = cancer
    weight = rng.integers(0, 3, len(y))
    pipeline = make_pipeline(StandardScaler(), EnsembleClassifier(**FEW, config={"scaling": "none"}))
    grid = {"ensembleclassifier__lr": [0.01, 0.05], "standardscaler__with_mean": [True, False]}
    params = {"ensembleclassifier__sample_weight": weight}
    assert_same(search(pipeline, grid, x, y, cv=2, **params), GridSearchCV(pipeline, grid, cv=2).fit(x, y, **params))

    frame = pandas.DataFrame({"a": x[:, 0], "kind": np.where(x[:, 1] > 18, "u", "v")})
    networks = EnsembleClassifier(**FEW)
    found = search(networks, {"lr": [0.01, 0.05]}, frame, y, cv=2, sample_weight=weight)
    assert_same(found, GridSearchCV(networks, {"lr": [0.01, 0.05]}, cv=2).fit(frame, y, sample_weight=weight))
    assert found.feature_names_in_.tolist() == ["a", "kind"]


def test_folds_with_other_categories_have_other_inputs(rng):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"kind": ["a", "b"] * 20 + ["c", "d"] * 20, "size": rng.normal(size=80)})
    y = np.arange(80) % 4 == 0
    cv = [(np.arange(40), np.arange(40, 80)), (np.arange(30, 80), np.arange(30))]
    networks = EnsembleClassifier(**FEW)
    assert_same(search(networks, {"lr": [0.01, 0.05]}, frame, y, cv=cv),
                GridSearchCV(networks, {"lr": [0.01, 0.05]}, cv=cv).fit(frame, y))  # fmt: skip


def test_all_folds_and_settings_are_one_stack_and_rows_are_prepared_once(cancer, monkeypatch):
    trained, prepared = [], []
    train_parts, prepare = learning.train_parts, lessons.prepare

    def counted(configs, parts, **how):
        trained.append(len(configs) * len(how["seeds"]) * (1 if how["per_seed"] else len(parts)))
        return train_parts(configs, parts, **how)

    monkeypatch.setattr(learning, "train_parts", counted)
    monkeypatch.setattr(lessons, "prepare", lambda *given: prepared.append(given) or prepare(*given))
    search(EnsembleClassifier(**FEW), {"lr": [0.01, 0.02, 0.05], "hidden": [4, 8]}, *cancer, cv=5, refit=False)
    assert trained == [6 * 5 * 2]
    assert len(prepared) == 5 * 2  # each of two networks validates on rows of its own
    prepared.clear()
    search(EnsembleClassifier(**FEW, preset="plain"), {"lr": [0.01, 0.02, 0.05]}, *cancer, cv=5, refit=False)
    assert trained.pop() == 3 * 5 * 2
    assert len(prepared) == 5
    search(EnsembleClassifier(**FEW | {"random_state": None}), {"lr": [0.01, 0.02]}, *cancer, cv=5, refit=False)
    assert trained[1:] == [2 * 5 * 2]


def test_settings_may_be_drawn(cancer):
    drawn = ParameterSampler({"lr": [0.01, 0.02, 0.05], "dropout": [0.0, 0.1]}, n_iter=3, random_state=0)
    found = search(EnsembleClassifier(**FEW), drawn, *cancer, cv=2)
    assert found.cv_results_["params"] == list(drawn)


@pytest.mark.parametrize(
    ("grid", "failed"),
    [
        ({"lr": [0.05, -1.0]}, [False, True]),
        ({"validation_fraction": [0.2, 0.0], "patience": [5]}, [False, True]),
        ({"config": [None, {"image": (4, 4)}], "preset": ["table"]}, [False, True]),
    ],
)
def test_settings_that_cannot_be_score_nothing_as_in_grid_search(grid, failed, cancer):
    networks = EnsembleClassifier(**FEW)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = search(networks, grid, *cancer, cv=2)
        expected = GridSearchCV(networks, grid, cv=2).fit(*cancer)
    assert np.isnan(found.cv_results_["mean_test_score"]).tolist() == failed
    assert_same(found, expected)
    assert [str(each.message)[:60] for each in told[: len(told) // 2]] == [
        str(each.message)[:60] for each in told[len(told) // 2 :]
    ]
    with pytest.raises(ValueError, match=r"lr: got -1|patience: got 5|image: got"):
        search(networks, grid, *cancer, cv=2, error_score="raise")


def test_what_is_no_ensemble_is_refused(cancer):
    with pytest.raises(ValueError, match=r"estimator: got DummyClassifier\(\); expected an ensemble"):
        search(DummyClassifier(), {}, *cancer)
    with pytest.raises(ValueError, match="Invalid parameter 'rate'"):
        search(EnsembleClassifier(**FEW), {"rate": [1]}, *cancer, cv=2)


def test_metadata_is_routed_through_a_search(cancer, rng):
    x, y = cancer
    weight = rng.integers(1, 3, len(y))
    grid = {"lr": [0.01, 0.05]}
    with config_context(enable_metadata_routing=True):
        networks = EnsembleClassifier(**FEW).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        found = search(networks, grid, x, y, cv=2, sample_weight=weight)
        assert_same(found, GridSearchCV(networks, grid, cv=2).fit(x, y, sample_weight=weight))
