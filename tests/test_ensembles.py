"""What an ensemble answers, against a loop over its networks that shares none of its code."""

import statistics
from dataclasses import replace

import numpy as np
import pytest
from ensemble_sample import ENCODED, TABLE, TASKS, model_of, with_params

import fnn
from fnn.data.encoding import Encoder
from fnn.ensembles.model import with_unknown
from fnn.errors import InvalidSetting
from fnn.training import predicting
from fnn.training.predicting import predict_stack


def answers_by_hand(model, x):
    """Return what each network says of encoded rows, number by number: a list of networks of rows of outputs."""
    squash = {
        "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
        "softmax": lambda z: np.exp(z) / np.exp(z).sum(),
        "identity": lambda z: z,
    }[model.config.output]
    answers = []
    for network in model.networks:
        center, factor, fill = (part[network.split] for part in model.scaling[:3])
        rows = []
        for row in x:
            h = (np.where(np.isnan(row), fill, row) - center) * factor
            h = h / np.sqrt(1 + (h / 3) ** 2)
            for w in network.params[:-1]:
                h = np.tanh(h @ w[:-1] + w[-1])
            last = network.params[-1]
            rows.append(squash(h @ last[:-1] + last[-1]) * model.y_scale[network.split] + model.y_center[network.split])
        answers.append(rows)
    return answers


def means_and_spreads(model, x):
    """Return two arrays (N, O): mean and standard deviation over the networks, by the standard library."""
    per_row = zip(*answers_by_hand(model, x), strict=True)
    pairs = [
        [(statistics.fmean(values), statistics.pstdev(map(float, values))) for values in zip(*row, strict=True)]
        for row in per_row
    ]
    return np.moveaxis(np.array(pairs), -1, 0)


@pytest.mark.parametrize("task", TASKS)
def test_answers_are_the_mean_and_the_spread_of_the_networks(task):
    model = model_of(task, networks=5)
    mean, spread = means_and_spreads(model, ENCODED)
    if task == "regression":
        np.testing.assert_allclose(model.predict(TABLE), mean[:, 0], rtol=1e-10)
        np.testing.assert_allclose(model.spread(TABLE), spread[:, 0], rtol=1e-8)
        return
    np.testing.assert_allclose(model.spread(TABLE)[:, -1], spread[:, -1], rtol=1e-8)
    if task == "several":
        np.testing.assert_allclose(model.predict(TABLE), mean, rtol=1e-10)
        return
    shares = model.predict_proba(TABLE)
    classes = model.predict(TABLE).tolist()
    if task == "binary":
        np.testing.assert_allclose(shares, np.hstack([1 - mean, mean]), rtol=1e-10)
        assert classes == ["yes" if p > 0.5 else "no" for p in mean[:, 0]]
        np.testing.assert_array_equal(*model.spread(TABLE).T)
    else:
        np.testing.assert_allclose(shares, mean, rtol=1e-10)
        by_hand = [[3, 5, 8][row.argmax()] for row in mean] if task == "multiclass" else (mean > 0.5).tolist()
        assert classes == by_hand
    assert len(set(map(str, classes))) > 1


def test_columns_are_matched_by_name_and_a_table_of_another_order_gives_the_same():
    model = model_of("regression")
    turned = dict(reversed(TABLE.items()))
    np.testing.assert_array_equal(model.predict(turned), model.predict(TABLE))
    with pytest.raises(InvalidSetting, match="sugar"):
        model.predict({name: column for name, column in TABLE.items() if name != "sugar"})


@pytest.mark.parametrize("task", ["regression", "several"])
def test_an_interval_is_the_mean_and_q_times_the_root_of_both_variances(task):
    model = model_of(task, networks=4)
    mean, spread = means_and_spreads(model, ENCODED)
    half = 1.7 * (spread**2 + [0.5, 2.0][: spread.shape[1]]) ** 0.5
    low, high = model.interval(TABLE)
    np.testing.assert_allclose(low, (mean - half).reshape(low.shape), rtol=1e-9)
    np.testing.assert_allclose(high, (mean + half).reshape(low.shape), rtol=1e-9)
    assert low.ndim == (1 if task == "regression" else 2)


def test_what_a_model_has_not_is_refused():
    with pytest.raises(InvalidSetting, match=r"model: got 'a model of binary'; expected a model of numbers"):
        model_of("binary").interval(TABLE)
    with pytest.raises(InvalidSetting, match=r"got 'a model of regression'; expected a model of classes"):
        model_of("regression").predict_proba(TABLE)
    with pytest.raises(InvalidSetting, match="intervals"):
        replace(model_of("regression"), learned_interval=None).interval(TABLE)


@pytest.mark.parametrize("networks", [1, 7, 40])
def test_answers_do_not_depend_on_how_many_rows_are_held_at_a_time(monkeypatch, rng, networks):
    model = model_of("regression", networks=networks)
    table = {"acid": rng.normal(size=200), "colour": ["red", "white"] * 100, "sugar": rng.normal(size=200)}
    at_once = model.predict(table), model.spread(table)
    monkeypatch.setattr("fnn.ensembles.model._NUMBERS_AT_ONCE", 1000)
    np.testing.assert_allclose((model.predict(table), model.spread(table)), at_once, rtol=1e-9, atol=1e-12)


def test_a_probability_of_exactly_a_half_is_no():
    model = with_params(model_of("binary"), lambda w: 0 * w)
    assert model.predict_proba(TABLE).tolist() == [[0.5, 0.5]] * 5
    assert model.predict(TABLE).tolist() == ["no"] * 5
    several = with_params(model_of("multilabel"), lambda w: 0 * w)
    assert several.predict(TABLE).tolist() == [[False, False]] * 5


def test_one_network_has_no_spread():
    assert model_of("binary", networks=1, splits=1).spread(TABLE).tolist() == [[0, 0]] * 5


def test_missing_numbers_are_filled_refused_or_left_without_an_answer():
    table = TABLE | {"sugar": np.array([1.5, np.nan, 0.25, 7.0, np.nan])}
    encoded = ENCODED.copy()
    encoded[[1, 4], 3] = np.nan
    mean, _ = means_and_spreads(model_of("regression"), encoded)
    np.testing.assert_allclose(model_of("regression", missing="mean").predict(table), mean[:, 0], rtol=1e-10)
    with pytest.raises(InvalidSetting, match="sugar"):
        model_of("regression").predict(table)
    dropped = model_of("regression", missing="drop")
    np.testing.assert_allclose(dropped.predict(table), np.where([1, 0, 1, 1, 0], mean[:, 0], np.nan), rtol=1e-10)
    assert np.isnan(dropped.interval(table)).sum(axis=1).tolist() == [2, 2]
    words = model_of("binary", missing="drop").predict(table).tolist()
    assert [word == "" for word in words] == [False, True, False, False, True]
    numbers = model_of("multiclass", missing="drop").predict(table)
    assert np.isnan(numbers).tolist() == [False, True, False, False, True]
    several = model_of("multilabel", missing="drop").predict(table).tolist()
    assert several[1] == several[4] == [None, None]
    assert isinstance(several[0][0], bool)


def test_an_unknown_category_is_none_of_them_or_an_error():
    model = model_of("binary")
    assert np.isfinite(model.predict_proba(TABLE)[3]).all()  # blue: ENCODED has neither red nor white
    strict = with_unknown(model, "error")
    with pytest.raises(InvalidSetting, match="colour"):
        strict.predict(TABLE)
    known = {name: column[:3] for name, column in TABLE.items()}
    np.testing.assert_array_equal(strict.predict_proba(known), model.predict_proba(known))
    with pytest.raises(InvalidSetting, match=r"unknown: got 'skip'; expected one of none, error"):
        with_unknown(model, "skip")


@pytest.mark.parametrize(
    ("kind", "classes", "expected"),
    [
        ("number", ("3", "5", "8"), [3, 5, 8]),
        ("number", ("0.5", "1", "1e300"), [0.5, 1.0, 1e300]),
        ("text", ("3", "5", "8"), ["3", "5", "8"]),
    ],
)
def test_classes_are_given_back_as_what_they_were(kind, classes, expected):
    model = replace(model_of("multiclass"), classes=classes, class_kind=kind)
    given = model.predict(TABLE).tolist()
    assert set(given) <= set(expected)
    assert {type(value) for value in given} == {type(expected[0])}


def test_networks_whose_answers_overflow_give_no_warning():
    model = with_params(model_of("regression"), lambda w: w * 1e300)
    assert np.isinf(model.spread(TABLE)).all()


def test_networks_are_a_sequence_of_seed_split_and_weights():
    model = model_of("binary", networks=3)
    assert len(model) == len(model.networks) == 3
    seed, split, params = model.networks[2]
    assert (seed, split) == (51, 0)
    assert [w.shape for w in params] == [(5, 5), (6, 4), (5, 1)]
    np.testing.assert_array_equal(params[1], model.params[1][2])


def test_a_model_shows_itself_in_five_lines():
    assert repr(model_of("multiclass")).splitlines() == [
        "Model    3 networks 4 → 5 → 4 → 3, 2 splits",
        "task     multiclass",
        "target   quality",
        "classes  3, 5, 8",
        "columns  acid, colour, sugar",
    ]
    model = model_of("regression")
    feature = model.encoder.features[0]
    wide = tuple(feature._replace(name=f"x{i}") for i in range(1, 41))
    lines = repr(replace(model, encoder=Encoder(wide, "error", "none", ()))).splitlines()
    assert lines[3:] == ["classes  none", "columns  x1, x2, x3, x4, x5, x6, … (40)"]


def test_the_package_names_them(tmp_path):
    from fnn.ensembles.model_file import save_model

    model = fnn.load(str(save_model(tmp_path / "model.npz", model_of("binary"))))
    assert isinstance(model, fnn.Model)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("threads", [1, 2])
def test_answers_are_the_same_however_many_samples_are_laid_out_at_once(monkeypatch, rng, dtype, threads):
    config = fnn.Config(hidden="20x9", dtype=dtype)
    layers = config.layers(3, 2)
    params = fnn.init(layers, [1, 2, 3], dtype=np.dtype(dtype))
    x = rng.normal(size=(4001, 3)).astype(dtype)
    together = predict_stack(layers, params, x)
    np.testing.assert_allclose(together, fnn.predict(layers, params, x), rtol=1e-4, atol=1e-5)
    monkeypatch.setattr(predicting, "_SAMPLES", 500)
    assert predict_stack(layers, params, x, threads).tobytes() == together.tobytes()
