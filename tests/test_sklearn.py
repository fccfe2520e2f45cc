"""Estimators of scikit-learn: its own checks, and what its users expect of fits, frames, weights and searches."""

import doctest
import pickle
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("sklearn")

from joblib import Parallel, delayed, parallel_config
from joblib.externals.loky import get_reusable_executor
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer, load_diabetes, make_multilabel_classification
from sklearn.exceptions import DataConversionWarning, NotFittedError
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_predict, cross_val_score, cross_validate
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import fnn
import fnn.sklearn
from fnn.network.functions import flatten
from fnn.sklearn import EnsembleClassifier, EnsembleRegressor
from fnn.sklearn.learning import threads_of
from fnn.sklearn.rows import count_rows
from fnn.stats.temperature import learn_temperature, temper

FEW = {"n_estimators": 2, "hidden": 8, "epochs": 20, "random_state": 0}
# What scikit-learn's checks learn from is small; so are these, and both know their tasks well enough to pass them.
CHECKED = {"n_estimators": 2, "epochs": 30}


def classifier(**settings):
    return EnsembleClassifier(**{**FEW, **settings})


def regressor(**settings):
    return EnsembleRegressor(**{**FEW, **settings})


def bits(estimator):
    return flatten(estimator.model_.params).tobytes()


@pytest.fixture(scope="module")
def cancer():
    return load_breast_cancer(return_X_y=True)


@pytest.fixture(scope="module")
def diabetes():
    return load_diabetes(return_X_y=True)


# ---- the checks of scikit-learn ----


@pytest.mark.filterwarnings("ignore")  # warnings are some of what the checks are about
@parametrize_with_checks(
    [
        EnsembleClassifier(**CHECKED),
        EnsembleRegressor(**CHECKED),
        EnsembleClassifier(**CHECKED, class_weight="balanced", missing="indicator"),
        EnsembleRegressor(**CHECKED, missing="mean", warm_start=True),
        EnsembleClassifier(**CHECKED, preset="plain", lr=0.03, validation_fraction=0.0),
        EnsembleRegressor(**CHECKED, preset="plain", lr=0.03, dropout=0.1, config={"batch_size": 16, "order": "fixed"}),
    ]
)
def test_what_scikit_learn_asks_of_estimators(estimator, check):
    check(estimator)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks([EnsembleClassifier(), EnsembleRegressor()])
def test_what_scikit_learn_asks_of_the_defaults(estimator, check):
    check(estimator)


# ---- weights ----


def mixed_frame(rng, rows=120):
    pandas = pytest.importorskip("pandas")
    return pandas.DataFrame(
        {
            "a": rng.normal(size=rows),
            "b": rng.integers(0, 3, rows).astype(float),
            "c": rng.choice(["x", "y", "z"], rows),
            "d": np.where(rng.random(rows) < 0.2, np.nan, rng.normal(size=rows)),
        }
    )


@pytest.mark.parametrize("make", [classifier, regressor])
@pytest.mark.parametrize(
    "settings",
    [
        {"missing": "indicator"},
        {"missing": "mean", "dropout": 0.2, "config": {"batch_size": 16}},
        {"missing": "mean", "patience": 3, "preset": "plain", "config": {"order": "fixed", "batch_size": 10}},
        {"missing": "mean", "validation_fraction": 0.0},
    ],
)
def test_a_row_of_weight_2_is_a_row_twice_and_one_of_weight_0_is_none(make, settings, rng):
    x = mixed_frame(rng)
    y = rng.integers(0, 3, len(x))
    weight = rng.integers(0, 4, len(x))
    repeated = np.repeat(np.arange(len(x)), weight)
    rng.shuffle(repeated)
    weighted = make(**settings).fit(x, y, sample_weight=weight)
    again = make(**settings).fit(x.iloc[repeated], y[repeated])
    assert bits(weighted) == bits(again)
    assert bits(weighted) != bits(make(**settings).fit(x, y))


def test_weights_of_classes_are_weights_of_their_rows(cancer, rng):
    x, y = cancer
    factors = np.where(y == 0, 3.0, 0.5)
    by_class = classifier(class_weight={0: 3.0, 1: 0.5}, config={"scaling": "none"}, lr=1e-3).fit(x[:, :3], y)
    by_row = classifier(config={"scaling": "none"}, lr=1e-3).fit(x[:, :3], y, sample_weight=factors)
    np.testing.assert_allclose(by_class.predict_proba(x[:, :3]), by_row.predict_proba(x[:, :3]), rtol=1e-4)
    for curve in ("loss_curve_", "validation_loss_curve_", "validation_scores_"):  # so they choose the epoch alike
        np.testing.assert_allclose(getattr(by_class, curve), getattr(by_row, curve), rtol=1e-3)


def test_no_row_is_learnt_from_while_its_like_is_validated_on(rng):
    x, y = rng.integers(0, 2, (200, 3)), rng.integers(0, 2, 200)  # 16 rows of which no two are alike
    rows = count_rows({"a": x[:, 0], "b": x[:, 1], "c": x[:, 2]}, y[:, None], np.ones(200))
    assert len(rows.weight) == len(np.unique(np.column_stack((x, y)), axis=0))
    assert rows.weight.sum() == 200


def test_weights_that_are_none_are_refused(cancer):
    x, y = cancer
    with pytest.raises(ValueError, match="sample_weight must contain at least one non-zero"):
        classifier().fit(x, y, sample_weight=np.zeros(len(y)))
    with pytest.raises(ValueError, match="Negative values in data passed to `sample_weight`"):
        classifier().fit(x, y, sample_weight=np.full(len(y), -1.0))


# ---- what MLPClassifier has been asked for ----


def test_class_weights_turn_answers_to_the_class_that_weighs_more(rng):
    x = rng.normal(size=(300, 2))
    y = np.where(x[:, 0] + rng.normal(size=300) > 1.3, "rare", "usual")
    shares = {
        name: np.mean(classifier(class_weight=weight).fit(x, y).predict(x) == "rare")
        for name, weight in {"none": None, "balanced": "balanced", "rare": {"rare": 20.0}}.items()
    }
    assert shares["none"] < shares["balanced"] < shares["rare"]


def test_balanced_classes_weigh_alike_by_scikit_learns_own_arithmetic(rng):
    from sklearn.utils.class_weight import compute_sample_weight

    y = np.array([0] * 90 + [1] * 30)
    x = rng.normal(size=(120, 2)) + y[:, None]
    settings = {"validation_fraction": 0.0, "config": {"scaling": "none"}}
    balanced = classifier(class_weight="balanced", **settings).fit(x, y)
    by_rows = classifier(**settings).fit(x, y, sample_weight=compute_sample_weight("balanced", y))
    np.testing.assert_allclose(balanced.predict_proba(x), by_rows.predict_proba(x), rtol=1e-3)


def test_class_weights_of_several_labels(rng):
    x, y = make_multilabel_classification(n_classes=3, random_state=0)
    plain = classifier().fit(x, y).predict(x).mean(axis=0)
    weighted = classifier(class_weight=[{0: 1, 1: 30}, {0: 1, 1: 1}, {0: 1, 1: 1}]).fit(x, y).predict(x).mean(axis=0)
    assert weighted[0] > plain[0]
    with pytest.raises(ValueError, match="a mapping for each of 3 labels"):
        classifier(class_weight={0: 1.0}).fit(x, y)


@pytest.mark.parametrize("weight", ["even", {"c": 2.0}, {0: -1.0}, {0: 0.0, 1: 0.0}])
def test_class_weights_that_are_none_are_refused(weight, cancer):
    with pytest.raises(ValueError, match="class_weight"):
        classifier(class_weight=weight).fit(*cancer)


def test_dropout_leaves_units_out(cancer):
    x, y = cancer
    without, with_it = classifier().fit(x, y), classifier(dropout=0.5).fit(x, y)
    assert with_it.model_.config.dropout == 0.5
    assert with_it.loss_curve_[-1] > without.loss_curve_[-1]
    assert with_it.score(x, y) > 0.9


def test_loss_and_validation_curves_are_the_means_of_the_networks(diabetes):
    fitted = regressor(epochs=40).fit(*diabetes)
    for curve in (fitted.loss_curve_, fitted.validation_loss_curve_, fitted.validation_scores_):
        assert curve.shape == (40,)
        assert np.isfinite(curve).all()
    assert fitted.loss_curve_[-1] < fitted.loss_curve_[0]
    assert fitted.validation_loss_curve_.argmin() < 39 or fitted.validation_loss_curve_[-1] > fitted.loss_curve_[-1]
    without = regressor(validation_fraction=0.0).fit(*diabetes)
    assert without.validation_loss_curve_ is None
    assert without.loss_curve_.shape == (20,)


def test_the_first_point_of_a_curve_is_of_after_the_first_epoch(cancer):
    x, y = cancer
    fitted = classifier(n_estimators=1, epochs=1, validation_fraction=0.0).fit(x, y)
    assert fitted.loss_curve_ == pytest.approx([log_loss(y, fitted.predict_proba(x))], rel=1e-5)


def test_early_stopping_on_the_loss(cancer):
    x, y = cancer
    settings = {"epochs": 200, "patience": 5, "config": {"monitor": "loss"}}
    fitted = classifier(n_estimators=1, **settings).fit(x, y)
    curve = fitted.validation_loss_curve_
    assert fitted.n_iter_ == len(curve) < 200
    assert fitted.n_iter_ - (curve.argmin() + 1) == 5
    by_score = classifier(n_estimators=1, **{**settings, "config": {"monitor": "score"}}).fit(x, y)
    assert by_score.n_iter_ != fitted.n_iter_
    with pytest.raises(ValueError, match="patience"):
        classifier(validation_fraction=0.0, patience=5).fit(x, y)


@pytest.mark.parametrize("make", [classifier, regressor])
def test_rows_of_ones_own_choose_the_epoch(make, cancer):
    x, y = cancer
    config = {"monitor": "loss", "temperature": "none"}
    own = make(n_estimators=1, config=config).fit(x[:300], y[:300], X_val=x[300:], y_val=y[300:])
    assert own.model_.scaling.center.shape == (1, x.shape[1])
    none = make(n_estimators=1, validation_fraction=0.0).fit(x[:300], y[:300])
    np.testing.assert_array_equal(own.model_.scaling.center, none.model_.scaling.center)  # all 300 rows are learnt from
    if make is classifier:  # what is kept is of the epoch that is best on these rows
        own_loss = log_loss(y[300:], own.predict_proba(x[300:]))
        assert own_loss == pytest.approx(own.validation_loss_curve_.min(), rel=1e-5)
    with pytest.raises(ValueError, match="X_val is provided, but y_val was not"):
        make().fit(x, y, X_val=x)
    with pytest.raises(ValueError, match="features"):
        make().fit(x, y, X_val=x[:, 1:], y_val=y)


def test_own_rows_have_the_classes_and_columns_that_are_learnt(rng):
    x, y = rng.normal(size=(40, 2)), np.repeat(["a", "b"], 20)
    with pytest.raises(ValueError, match=r"y_val: got class .*'c'.*; expected those of y: \['a', 'b'\]"):
        classifier().fit(x, y, X_val=x[:2], y_val=["a", "c"])
    with pytest.raises(ValueError, match="y_val: got 1 columns; expected 2"):
        regressor().fit(x, x, X_val=x, y_val=x[:, 0])
    weights = rng.integers(0, 3, 40)
    rows = np.repeat(np.arange(40), weights)
    weighted = classifier().fit(x, y, X_val=x, y_val=y, sample_weight_val=weights)
    assert bits(weighted) == bits(classifier().fit(x, y, X_val=x[rows], y_val=y[rows]))


# ---- frames ----


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_of_numbers_and_categories(library, rng):
    module = pytest.importorskip(library)
    kind, size = rng.choice(["red", "green", "blue"], 200), rng.normal(size=200)
    y = (kind == "red") | (size > 1)
    frame = module.DataFrame({"kind": kind, "size": size, "sold": size > 0})
    fitted = classifier(epochs=60, hidden=16).fit(frame, module.Series(y))
    assert fitted.feature_names_in_.tolist() == ["kind", "size", "sold"]
    assert fitted.score(frame, y) > 0.95
    assert fitted.predict(frame).dtype == bool
    unseen = module.DataFrame({"kind": ["violet"], "size": [0.0], "sold": [False]})
    assert fitted.predict_proba(unseen).shape == (1, 2)
    with pytest.raises(ValueError, match="feature names should match those that were passed during fit"):
        fitted.predict(frame[["size", "kind", "sold"]])
    with pytest.raises(ValueError, match="column size"):
        fitted.predict(module.DataFrame({"kind": ["red"], "size": ["large"], "sold": [True]}))


def test_categories_that_repeat_are_learnt_though_their_rows_are_alike():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"y": ["a", "b", "c"] * 20})  # which is also what targets are called by themselves
    fitted = classifier(epochs=60).fit(frame, ["u", "v", "u"] * 20)
    assert fitted.predict(frame[:3]).tolist() == ["u", "v", "u"]
    with pytest.raises(ValueError, match="another text in every row of column y"):
        classifier().fit(frame[:3], ["u", "v", "u"])
    assert bits(classifier().fit(frame[:3], ["u", "v", "u"], sample_weight=[20] * 3)) == bits(
        classifier().fit(frame, ["u", "v", "u"] * 20)
    )


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_missing_values_are_refused_or_taken_care_of(library, rng):
    module = pytest.importorskip(library)
    values = [None if k % 5 == 0 else float(k % 7) for k in range(60)]
    frame = module.DataFrame({"a": values, "b": list(rng.normal(size=60))})
    y = [value is None for value in values]
    with pytest.raises(ValueError, match="12 values missing in column a"):
        classifier().fit(frame, y)
    assert classifier(missing="indicator", epochs=60).fit(frame, y).score(frame, y) == 1
    array = frame.to_numpy().astype(float)
    with pytest.raises(ValueError, match="Input X contains NaN"):
        classifier().fit(array, y)
    fitted = classifier(missing="indicator", epochs=60).fit(array, y)
    assert fitted.score(array, y) == 1
    array[0, 0] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        fitted.predict(array)
    with pytest.raises(ValueError, match="missing: got 'drop'; expected one of error, mean, indicator"):
        classifier(missing="drop").fit(array, y)


def test_arrays_after_frames_are_warned_of_as_scikit_learn_does(rng):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(rng.normal(size=(40, 2)), columns=["a", "b"])
    fitted = regressor().fit(frame, frame["a"])
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        answers = fitted.predict(frame.to_numpy())
    np.testing.assert_array_equal(answers, fitted.predict(frame))


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_pipelines_hand_frames_on(library, rng):
    module = pytest.importorskip(library)
    frame = module.DataFrame({"a": rng.normal(size=60), "kind": rng.choice(["u", "v"], 60)})
    y = np.asarray(frame["a"]) + (np.asarray(frame["kind"]) == "u")
    scaled = make_column_transformer(
        (StandardScaler(), ["a"]), remainder="passthrough", verbose_feature_names_out=False
    )
    pipeline = make_pipeline(scaled, regressor(epochs=100, hidden=16)).set_output(transform=library)
    assert pipeline.fit(frame, y).score(frame, y) > 0.9
    assert pipeline[-1].feature_names_in_.tolist() == ["a", "kind"]


# ---- targets ----


def test_several_numbers_are_predicted_at_once(diabetes):
    x, y = diabetes
    both = np.column_stack((y, -2 * y))
    fitted = regressor(epochs=60).fit(x, both)
    assert fitted.predict(x).shape == both.shape
    assert fitted.n_outputs_ == 2
    assert fitted.score(x, both) > 0.4


def test_several_labels_are_predicted_at_once():
    x, y = make_multilabel_classification(n_classes=3, random_state=0)
    fitted = classifier(epochs=60).fit(x, y)
    assert fitted.predict(x).shape == fitted.predict_proba(x).shape == y.shape
    np.testing.assert_array_equal(fitted.predict(x), fitted.predict_proba(x) > 0.5)
    assert fitted.score(x, y) > 0.4
    assert classifier().fit(x, y * [1, 1, 0]).predict(x)[:, 2].sum() == 0  # a fold may lack a label


def test_classes_come_back_as_they_were(rng):
    x = rng.normal(size=(30, 2))
    for classes in (["b", "a", "c"], [3, -1, 7], [0.5, 1.5, 2.0], [True, False, True]):
        labels = np.array(classes)[np.arange(30) % 3]
        if labels.dtype.kind == "f":
            with pytest.raises(ValueError, match="Unknown label type"):
                classifier().fit(x, labels)
            continue
        fitted = classifier().fit(x, labels)
        np.testing.assert_array_equal(fitted.classes_, np.unique(labels))
        assert fitted.predict(x).dtype == labels.dtype


def test_one_class_and_one_number_are_answered(rng):
    x = rng.normal(size=(20, 2))
    only = classifier().fit(x, ["a"] * 20)
    assert only.predict(x).tolist() == ["a"] * 20
    np.testing.assert_array_equal(only.predict_proba(x), np.ones((20, 1)))
    np.testing.assert_allclose(regressor().fit(x, np.full(20, 5.0)).predict(x), 5.0)


def test_a_class_of_one_row_is_learnt(rng):
    y = np.array([0] * 20 + [1] * 20 + [2])
    x = rng.normal(size=(41, 2)) / 5 + np.array([[0, 0], [3, 0], [0, 3]])[y]
    assert classifier(epochs=100).fit(x, y).predict(x[-1:]).tolist() == [2]


def test_what_is_no_target_is_refused(cancer, rng):
    x, y = cancer
    with pytest.raises(ValueError, match="MultiOutputClassifier"):
        classifier().fit(x, np.column_stack((y, y + 1, y * 2)))
    with pytest.raises(ValueError, match="Unknown label type"):
        classifier().fit(x, x[:, 0])
    with pytest.warns(DataConversionWarning):
        classifier().fit(x, y[:, None])
    with pytest.raises(ValueError, match="requires y"):
        regressor().fit(x, None)


def test_sparse_rows_are_refused_with_a_clear_word(cancer):
    from scipy.sparse import csr_array

    x, y = cancer
    with pytest.raises(TypeError, match=r"Sparse data was passed.*dense data is required"):
        classifier().fit(csr_array(x), y)


# ---- as any estimator ----


def test_settings_are_those_of_a_config(cancer):
    x, y = cancer
    fitted = classifier(hidden=(6, 5), lr=0.02, config={"activation": "relu", "scaling": "standard"}).fit(x, y)
    config = fitted.model_.config
    assert (config.hidden, config.lr, config.activation, config.epochs) == ((6, 5), 0.02, "relu", 20)
    np.testing.assert_allclose(fitted.model_.scaling.center[0], x.mean(axis=0), rtol=0.2)
    for settings, words in {
        "hiden": ({"config": {"hiden": 4}}, "did you mean hidden"),
        "seed": ({"config": {"seed": 4}}, "random_state"),
        "preset": ({"preset": "tabel"}, "did you mean table"),
        "lr": ({"lr": -1.0}, "lr: got -1.0"),
        "n_estimators": ({"n_estimators": 0}, "n_estimators: got 0"),
        "validation_fraction": ({"validation_fraction": 1.0}, "validation_fraction: got 1.0"),
    }.values():
        with pytest.raises(ValueError, match=words):
            classifier(**settings).fit(x, y)


def test_a_random_state_fixes_the_networks(cancer):
    x, y = cancer
    first = classifier().fit(x, y)
    assert bits(first) == bits(clone(first).fit(x, y)) == bits(classifier(n_jobs=1).fit(x, y))
    assert not set(first.seeds_) & set(classifier(random_state=1).fit(x, y).seeds_)
    drawn = [classifier(random_state=None).fit(x[:50], y[:50]).seeds_[0] for _ in range(2)]
    assert drawn[0] != drawn[1]
    generator = np.random.RandomState(0)
    assert bits(classifier(random_state=generator).fit(x, y)) != bits(classifier(random_state=generator).fit(x, y))


def test_estimators_are_pickled_cloned_and_saved(cancer, tmp_path):
    x, y = cancer
    fitted = classifier(config={"activation": "relu"}).fit(x, y)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).predict_proba(x), fitted.predict_proba(x))
    with pytest.raises(NotFittedError):
        clone(fitted).predict(x)
    assert clone(fitted).get_params() == fitted.get_params()
    loaded = fnn.load(fnn.save(fitted.model_, tmp_path / "model.npz"))
    np.testing.assert_array_equal(loaded.predict_proba(x), fitted.predict_proba(x))
    np.testing.assert_array_equal(loaded.predict(x), fitted.predict(x))


def test_a_warm_start_adds_networks_and_leaves_those_there_are(cancer):
    x, y = cancer
    grown = classifier(n_estimators=2, warm_start=True).fit(x, y)
    grown.set_params(n_estimators=5).fit(x, y)
    at_once = classifier(n_estimators=5).fit(x, y)
    assert bits(grown) == bits(at_once)
    np.testing.assert_allclose(grown.loss_curve_, at_once.loss_curve_)
    assert grown.seeds_.tolist() == at_once.seeds_.tolist()
    with pytest.warns(UserWarning, match="no network is trained"):
        grown.fit(x, y)
    with pytest.raises(ValueError, match="n_estimators: got 3; expected at least 5"):
        grown.set_params(n_estimators=3).fit(x, y)
    with pytest.raises(ValueError, match="warm_start: got other rows or settings"):
        grown.set_params(n_estimators=6).fit(x[:-1], y[:-1])
    with pytest.raises(ValueError, match="warm_start: got other rows or settings"):
        grown.fit(x, y + 1)
    assert bits(grown) == bits(at_once)
    assert grown.classes_.tolist() == [0, 1]
    assert len(grown.set_params(warm_start=False, n_estimators=1).fit(x, y).model_) == 1


def test_networks_that_diverge_are_left_out_and_all_of_them_are_refused(diabetes):
    x, y = diabetes
    settings = {"optimizer": "sgd", "activation": "identity", "scheduler": "constant"}
    with pytest.raises(ValueError, match="each of them did"):
        regressor(lr=1e30, validation_fraction=0.0, config=settings).fit(x, y)


def test_cross_validation_pipelines_and_searches(cancer):
    x, y = cancer
    pipeline = make_pipeline(StandardScaler(), classifier(config={"scaling": "none"}))
    assert cross_val_score(pipeline, x, y, cv=3).mean() > 0.93
    assert cross_validate(pipeline, x, y, cv=3, params={"ensembleclassifier__sample_weight": np.ones(len(y))})
    shares = cross_val_predict(classifier(), x, y, cv=3, method="predict_proba")
    assert log_loss(y, shares) < 0.3
    found = GridSearchCV(pipeline, {"ensembleclassifier__lr": [1e-6, 0.04]}, cv=3).fit(x, y)
    assert found.best_params_ == {"ensembleclassifier__lr": 0.04}


def test_workers_share_the_processors(cancer, monkeypatch):
    x, y = cancer
    with parallel_config("threading", n_jobs=2):
        scores = cross_val_score(classifier(), x, y, cv=3)
    np.testing.assert_array_equal(scores, cross_val_score(classifier(), x, y, cv=3))
    with parallel_config("loky", inner_max_num_threads=1):
        assert Parallel(n_jobs=2)(delayed(threads_of)(n_jobs) for n_jobs in (None, 3)) == [1, 3]
    get_reusable_executor().shutdown()
    with pytest.raises(ValueError, match="n_jobs == 0"):
        classifier(n_jobs=0).fit(x, y)


def test_metadata_is_routed(cancer, rng):
    x, y = cancer
    weight = rng.integers(0, 3, len(y))
    with config_context(enable_metadata_routing=True):
        asked = classifier().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        routed = cross_validate(asked, x, y, cv=3, params={"sample_weight": weight}, return_estimator=True)
        step = classifier().set_fit_request(X_val=True, y_val=True)
        pipeline = Pipeline([("scale", StandardScaler()), ("networks", step)], transform_input=["X_val"])
        pipeline.fit(x[:300], y[:300], X_val=x[300:], y_val=y[300:])
    assert pipeline.score(x, y) > 0.9
    first = routed["estimator"][0]
    rows = next(StratifiedKFold(3).split(x, y))
    by_hand = classifier().fit(x[rows[0]], y[rows[0]], sample_weight=weight[rows[0]])
    assert bits(first) == bits(by_hand)
    expected = accuracy_score(y[rows[1]], by_hand.predict(x[rows[1]]), sample_weight=weight[rows[1]])
    assert routed["test_score"][0] == expected


@pytest.mark.parametrize("of", [EnsembleClassifier, EnsembleRegressor, fnn.sklearn.search])
def test_examples_run(of):
    (test,) = doctest.DocTestFinder(recurse=False).find(of, of.__name__, module=False, globs={})
    assert test.examples
    assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test).failed == 0


def test_every_setting_and_attribute_is_told_of():
    for of in (EnsembleClassifier, EnsembleRegressor):
        told = EnsembleClassifier.__doc__
        assert all(name in told for name in of().get_params())
    fitted = classifier().fit(*load_breast_cancer(return_X_y=True))
    assert all(name in EnsembleClassifier.__doc__ for name in vars(fitted) if name.endswith("_"))


def test_without_scikit_learn_the_package_says_so(tmp_path):
    code = "import sys\nsys.modules['sklearn'] = None\nimport fnn.sklearn"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "fnn.sklearn needs scikit-learn: pip install 'fnn[sklearn]'" in done.stderr
    assert fnn.sklearn.EnsembleClassifier is EnsembleClassifier


# ---- rows held out ----


def test_each_network_validates_on_rows_of_its_own_and_grown_ones_too(cancer):
    x, y = cancer
    whole = classifier(n_estimators=5).fit(x, y)
    assert whole.model_.splits.tolist() == [0, 1, 2, 3, 4]
    assert len({tuple(center) for center in whole.model_.scaling.center.tolist()}) == 5
    grown = classifier(n_estimators=2, warm_start=True).fit(x, y)
    for networks in (3, 5):  # one more, then two
        grown.set_params(n_estimators=networks).fit(x, y)
    assert bits(grown) == bits(whole)
    assert grown.model_.temperature == pytest.approx(whole.model_.temperature, rel=1e-12)
    assert grown.model_.temperature != 1
    np.testing.assert_allclose(grown.predict_proba(x), whole.predict_proba(x), rtol=1e-9)
    together = classifier(n_estimators=5, preset="plain").fit(x, y)
    assert not together.model_.splits.any()


def test_the_temperature_is_that_of_rows_that_networks_did_not_learn_from(cancer):
    x, y = cancer
    one = {"n_estimators": 1, "config": {"temperature": "none"}}
    plain = classifier(**one).fit(x[:400], y[:400], X_val=x[400:], y_val=y[400:])
    warm = classifier(n_estimators=1).fit(x[:400], y[:400], X_val=x[400:], y_val=y[400:])
    raw = plain.predict_proba(x[400:])
    temperature = learn_temperature("binary", raw[:, 1:], y[400:, None])
    assert plain.model_.temperature == 1
    assert warm.model_.temperature == pytest.approx(temperature, rel=1e-6)
    np.testing.assert_allclose(
        warm.predict_proba(x)[:, 1:], temper("binary", plain.predict_proba(x)[:, 1:], temperature)
    )


def test_a_regressor_has_intervals_that_hold_what_they_say(diabetes):
    x, y = diabetes
    learnt = regressor(n_estimators=20).fit(x[:300], y[:300])
    low, high = learnt.model_.interval(x[300:])
    assert 0.88 < np.mean((low <= y[300:]) & (y[300:] <= high)) <= 1
    assert 0.9 < learnt.model_.coverage.estimate <= 1
