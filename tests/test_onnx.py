"""Models as ONNX: what ONNX Runtime answers is what the model says, of every kind of row, layer and activation."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from ensemble_sample import FEATURES, TABLE, TASKS, model_of, with_params
from test_windows import NETWORKS

import fnn
from fnn import __version__
from fnn.data.encoding import Encoder, Feature
from fnn.data.scaling import Scaling
from fnn.ensembles.model import with_unknown
from fnn.ensembles.plain import plain_model
from fnn.errors import InvalidSetting
from fnn.network.activations import ACTIVATIONS, OUTPUT_ACTIVATIONS
from fnn.network.layers import LAYER_KINDS
from fnn.onnx.activations import OPERATORS
from fnn.onnx.export import onnx_model
from fnn.onnx.layers import LAYERS

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")

DTYPES = ("float32", "float64")
CLASSES = {"probabilities", "label", "spread"}


def session_of(model):
    return runtime.InferenceSession(onnx_model(model).SerializeToString())


def feed_of(session, table):
    """Return a table as the inputs of a graph: a column each, or all numbers as x."""
    names = [value.name for value in session.get_inputs()]
    if names == ["x"]:
        columns = json.loads(session.get_modelmeta().custom_metadata_map["columns"])
        return {"x": np.stack([np.asarray(table[column["name"]], float) for column in columns], axis=1)}
    words = {value.name: value.type == "tensor(string)" for value in session.get_inputs()}
    return {name: np.array(table[name], object if words[name] else float)[:, None] for name in names}


def answers_of(model, table=TABLE):
    """Return what ONNX Runtime answers, by the names of the outputs."""
    session = session_of(model)
    names = [value.name for value in session.get_outputs()]
    return dict(zip(names, session.run(None, feed_of(session, table)), strict=True))


def said_by(model, table=TABLE):
    """Return what the model itself answers, by the names of a graph's outputs."""
    spread = model.spread(table)
    if model.task != "regression":
        return {"label": model.predict(table), "probabilities": model.predict_proba(table), "spread": spread}
    said = {"value": model.predict(table), "spread": spread}
    if model.learned_interval:
        said |= zip(("low", "high"), model.interval(table), strict=True)
    return {name: numbers.reshape(len(numbers), -1) for name, numbers in said.items()}


def assert_same(answers, said):
    assert set(answers) == set(said)
    for name, expected in said.items():
        got = answers[name]
        assert got.shape == expected.shape, name
        if name == "label":
            assert got.tolist() == expected.tolist()
        else:
            np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-6, err_msg=name)


def some_of(model, places):
    """Return a model of some of a model's networks."""
    params = tuple(w[places] for w in model.params)
    return replace(model, params=params, seeds=model.seeds[places], splits=model.splits[places])


# ---- answers ----


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("task", TASKS)
def test_every_task_is_answered_as_the_model_answers(task, dtype):
    model = model_of(task, dtype=dtype)
    said = said_by(model)
    assert len(np.unique(said.get("label", said.get("value")))) > 1
    assert_same(answers_of(model), said)


@pytest.mark.parametrize("task", TASKS)
def test_onnx_itself_reads_a_graph_as_onnx_runtime_does(task):
    """Its evaluator is in NumPy, and knows the operators as they are specified."""
    reference = pytest.importorskip("onnx.reference")
    model = model_of(task)
    proto = onnx_model(model)
    feed = {value.name: np.array(TABLE[value.name])[:, None] for value in proto.graph.input}
    answers = reference.ReferenceEvaluator(proto).run(None, feed)
    assert_same(dict(zip([value.name for value in proto.graph.output], answers, strict=True)), said_by(model))


def test_classes_are_given_back_as_the_table_had_them():
    binary, several = model_of("binary"), model_of("multiclass")
    for model, kind in [
        (binary, "O"),
        (replace(binary, class_kind="boolean", classes=("false", "true")), "b"),
        (several, "i"),
        (replace(several, classes=("3", "5", "8.5")), "f"),
        (replace(several, class_kind="text"), "O"),
        (replace(model_of("multilabel"), class_kind="number"), "i"),
        (replace(model_of("multilabel"), class_kind="text", label_words=(("no", "yes"), ("nein", "ja"))), "O"),
    ]:
        answers = answers_of(model)
        assert answers["label"].dtype.kind == kind
        assert_same(answers, said_by(model))


def test_numbers_without_intervals_have_no_low_and_high():
    assert set(answers_of(replace(model_of("regression"), learned_interval=None))) == {"value", "spread"}


def test_numbers_too_far_apart_to_be_scaled_are_held_to_what_is_finite():
    model = of_numbers("mean")
    center, factor, fill, _ = model.scaling
    far = replace(model, scaling=Scaling(center + 1e308, factor * [0, 1, 1e-308], fill, smooth_clip=False))
    table = {"a": [-1e308, 1.0], "b": [1.0, 0.0], "c": [-1.7e308, 1e308]}
    said = said_by(far, table)
    assert np.isfinite(said["value"]).all()
    assert_same(answers_of(far, table), said)


@pytest.mark.parametrize("splits", [1, 3, 7])
def test_networks_of_any_splits_are_asked_with_the_scaling_of_their_own(splits):
    model = model_of("regression", networks=7, splits=splits)
    assert_same(answers_of(model), said_by(model))
    kept = [0, 1, 4, 6]  # as without those that diverged: a split may be left with none
    few = some_of(model, kept)
    assert_same(answers_of(few), said_by(few))


def test_a_network_that_diverged_is_left_out(tmp_path):
    model = model_of("binary")

    def break_first(w):
        w[0, 0, 0] = np.inf
        return w

    path = fnn.export_onnx(with_params(model, break_first), tmp_path / "model.onnx")
    session = runtime.InferenceSession(path)
    others = some_of(model, [1, 2])
    got = session.run(["probabilities"], feed_of(session, TABLE))[0]
    np.testing.assert_allclose(got, others.predict_proba(TABLE), atol=1e-12)


# ---- rows that lack something ----

NUMBERS = (Feature("a", "number", (), False), Feature("b", "boolean", (), True), Feature("c", "number", (), True))
SOME = {"a": [1.0, np.nan, 2.0, -1e308, 1e300], "b": [1.0, 0.0, np.nan, 1.0, 0.0], "c": [np.nan, 3.0, 0.5, 6.0, 4.0]}
WORDS = {"acid": [0.5, np.nan, 1.0, 2.0, 3.0], "sugar": [1.0, 2.0, 3.0, np.nan, 4.0],
         "colour": ["red", "white", "N/A", "", "blue"]}  # fmt: skip


def of_numbers(missing):
    """Return a model of numbers and of true and false, which are one input."""
    indicates = missing == "indicator"
    features = tuple(feature._replace(indicator=feature.indicator and indicates) for feature in NUMBERS)
    model, inputs = model_of("regression"), 5 if indicates else 3
    layers = model.config.layers(inputs, 1)
    scaling = Scaling(*np.random.default_rng(5).normal(size=(3, 2, inputs)), smooth_clip=True)
    encoder = Encoder(features, missing, "none", ())
    return replace(model, layers=layers, params=fnn.init(layers, model.seeds), encoder=encoder, scaling=scaling)


def of_words(missing):
    """Return a model of numbers and categories, which are an input each; with an indicator of both where there is."""
    model = model_of("multiclass", missing=missing)
    if missing != "indicator":
        return model
    features = tuple(feature._replace(indicator=feature.name != "acid") for feature in FEATURES)
    layers = model.config.layers(6, 3)
    scaling = Scaling(*np.random.default_rng(5).normal(size=(3, 2, 6)), smooth_clip=True)
    encoder = model.encoder._replace(features=features)
    return replace(model, layers=layers, params=fnn.init(layers, model.seeds), encoder=encoder, scaling=scaling)


@pytest.mark.parametrize("missing", ["mean", "indicator", "drop"])
@pytest.mark.parametrize(("of", "table"), [(of_numbers, SOME), (of_words, WORDS)], ids=["numbers", "words"])
def test_missing_values_are_what_they_are_to_the_model(of, table, missing):
    model = of(missing)
    answers, said = answers_of(model, table), said_by(model, table)
    if missing == "drop":
        unanswered = np.isnan(said["spread"][:, 0])
        assert 0 < unanswered.sum() < len(unanswered)
        if "label" in said:  # whole numbers have no NaN
            assert (answers["label"][unanswered] == np.iinfo(np.int64).min).all()
            answers["label"] = np.where(unanswered, np.nan, answers["label"])
            np.testing.assert_array_equal(answers.pop("label"), said.pop("label"))
    assert_same(answers, said)


@pytest.mark.parametrize(("of", "table"), [(of_numbers, SOME), (of_words, WORDS)], ids=["numbers", "words"])
def test_where_a_missing_value_is_an_error_its_row_alone_has_no_answer(of, table):
    model = of("error")
    with pytest.raises(InvalidSetting, match="missing in column"):
        model.predict(table)
    whole = [not {"nan", "", "N/A"} & set(map(str, row)) for row in zip(*table.values(), strict=True)]
    answers = answers_of(model, table)
    assert np.isnan(answers["spread"]).all(axis=1).tolist() == [not each for each in whole]
    rows = {name: np.array(values)[whole] for name, values in table.items()}
    assert_same({name: values[whole] for name, values in answers.items()}, said_by(model, rows))


def test_where_an_unknown_category_is_an_error_its_row_alone_has_no_answer():
    model = with_unknown(model_of("binary"), "error")
    answers, said = answers_of(model), said_by(with_unknown(model, "none"))
    blue = np.array(TABLE["colour"]) == "blue"
    assert np.isnan(answers["probabilities"]).all(axis=1).tolist() == blue.tolist()
    assert answers["label"][blue].tolist() == [""]
    assert_same({k: v[~blue] for k, v in answers.items()}, {k: v[~blue] for k, v in said.items()})


@pytest.mark.parametrize("unknown", ["none", "error"])
def test_categories_alone_are_answered_too(unknown):
    words = (Feature("colour", "category", ("red", "white"), True), Feature("of", "category", ("a", "b", "c"), False))
    model = of_numbers("indicator")
    layers = model.config.layers(6, 1)
    scaling = Scaling(*np.random.default_rng(5).normal(size=(3, 2, 6)), smooth_clip=True)
    encoder = Encoder(words, "indicator", unknown, ())
    model = replace(model, layers=layers, params=fnn.init(layers, model.seeds), encoder=encoder, scaling=scaling)
    table = {"of": ["a", "c", "b", "NaN"], "colour": ["white", "", "red", "red"]}
    assert_same(answers_of(model, table), said_by(model, table))


@pytest.mark.parametrize("bad", [{"b": 0.5}, {"b": np.inf}, {"a": np.inf}, {"c": -np.inf}])
def test_infinity_and_what_is_neither_true_nor_false_have_no_answer(bad):
    table = {name: [1.0, bad.get(name, 1.0), np.nan] for name in "abc"}
    with pytest.raises(InvalidSetting):
        of_numbers("mean").predict(table)
    assert np.isnan(answers_of(of_numbers("mean"), table)["value"][:, 0]).tolist() == [False, True, False]


# ---- layers and activations ----


def networks_of(config, inputs, outputs, seeds=3, scale=1.0):
    """Return networks with weights that were drawn, as a model of numbers."""
    layers = config.layers(inputs, outputs)
    params = fnn.init(layers, range(seeds), config.init, scale, config.dtype)
    return plain_model(config, layers, params, np.arange(seeds))


def rows_of(x):
    return {f"x{i}": column for i, column in enumerate(x.T, 1)}


def test_every_activation_and_every_kind_of_layer_has_an_operator():
    assert set(OPERATORS) == {*ACTIVATIONS, *OUTPUT_ACTIVATIONS}
    assert set(LAYERS) == set(LAYER_KINDS)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_hidden_activation_is_computed_as_the_model_does(activation, dtype, rng):
    config = fnn.Config(hidden=(6, 5), activation=activation, output="identity", input_scale="learned", dtype=dtype)
    model = networks_of(config, 3, 2)
    table = rows_of(np.concatenate((rng.normal(size=(40, 3)), 8 * rng.normal(size=(40, 3)), np.zeros((1, 3)))))
    said = said_by(model, table)
    size = np.abs(said["value"]).max()  # to which float32 rounds the sums
    for name, got in answers_of(model, table).items():
        np.testing.assert_allclose(got, said[name], rtol=1e-6, atol=1e-6 * max(1, size))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("output", OUTPUT_ACTIVATIONS)
def test_every_output_activation_is_computed_as_the_model_does(output, dtype, rng):
    loss = "cross-entropy" if output == "softmax" else "mse"
    model = networks_of(fnn.Config(output=output, loss=loss, dtype=dtype), 3, 4)
    table = rows_of(30 * rng.normal(size=(50, 3)))
    assert_same(answers_of(model, table), said_by(model, table))


def test_gelu_without_erf_is_gelu(rng):
    z = np.concatenate((np.linspace(-40, 40, 4001), rng.normal(size=1000)))
    config = fnn.Config(hidden=(1,), activation="gelu", output="identity")
    model = networks_of(config, 1, 1, seeds=1)
    model = with_params(model, lambda w: np.array([[[1.0], [0.0]]]))
    got = answers_of(model, {"x1": z})["value"][:, 0]
    np.testing.assert_allclose(got, ACTIVATIONS["gelu"].apply(z), rtol=2e-15, atol=1e-15)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NETWORKS)
def test_images_are_answered_as_the_model_answers(name, dtype, rng):
    hidden, image = NETWORKS[name]
    config = fnn.Config(hidden=hidden, image=image, activation="relu", init="he", output="softmax",
                        loss="cross-entropy", dtype=dtype, input_scale="learned")  # fmt: skip
    inputs = int(np.prod(config.image))
    model = networks_of(config, inputs, 3)
    table = rows_of(rng.normal(size=(20, inputs)))
    said = said_by(model, table)
    assert np.ptp(said["probabilities"]) > 0.1
    assert_same(answers_of(model, table), said)


# ---- the file ----


def test_the_file_is_what_onnx_checks_and_says_where_it_is_from(tmp_path):
    path = fnn.export_onnx(model_of("binary"), str(tmp_path / "model.onnx"))
    proto = onnx.load(path)
    onnx.checker.check_model(proto, full_check=True)
    assert (proto.producer_name, proto.producer_version) == ("fnn", __version__)
    about = {entry.key: entry.value for entry in proto.metadata_props}
    assert about["fnn_version"] == __version__
    assert (about["task"], json.loads(about["targets"])) == ("binary", ["good"])
    assert json.loads(about["classes"]) == [["no", "yes"]]
    assert json.loads(about["columns"])[:2] == [
        {"name": "acid", "kind": "number"}, {"name": "colour", "kind": "category", "categories": ["red", "white"]},
    ]  # fmt: skip
    assert json.loads(about["about"]) == {"preset": "plain"}
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
    again = fnn.export_onnx(model_of("binary"), tmp_path / "again.onnx")
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("of", [of_numbers, of_words])
def test_as_many_rows_are_answered_as_come(of):
    session = session_of(of("indicator"))
    assert {value.shape[0] for value in (*session.get_inputs(), *session.get_outputs())} == {"rows"}
    whole = feed_of(session, {**SOME, **WORDS})
    together = session.run(None, whole)
    for first, last in ((0, 0), (1, 2), (2, 5)):
        some = session.run(None, {name: values[first:last] for name, values in whole.items()})
        for got, expected in zip(some, together, strict=True):
            assert got.shape == expected[first:last].shape
            assert got.dtype.kind in "iO" or np.allclose(got, expected[first:last], atol=1e-12, equal_nan=True)


def test_columns_may_be_called_as_values_are():
    names = ("label", "spread", "")
    features = tuple(feature._replace(name=name) for feature, name in zip(FEATURES, names, strict=True))
    model = model_of("binary")
    odd = replace(model, encoder=model.encoder._replace(features=features))
    session = session_of(odd)
    columns = feed_of(session_of(model), TABLE).values()
    feed = dict(zip([value.name for value in session.get_inputs()], columns, strict=True))
    np.testing.assert_allclose(session.run(["probabilities"], feed)[0], model.predict_proba(TABLE), atol=1e-12)


def test_more_than_a_file_can_hold_is_refused():
    model = model_of("binary")
    many = 10_000_000  # which take no memory until they are written
    params = tuple(np.broadcast_to(w[:1], (many, *w.shape[1:])) for w in model.params)
    large = replace(model, params=params, seeds=np.zeros(many, int), splits=np.zeros(many, int))
    with pytest.raises(InvalidSetting, match=r"model: got '10,000,000 networks'; expected at most 2.15 GB; these take"):
        onnx_model(large)


# ---- without fnn ----

ALONE = """
import sys
import numpy as np
sys.modules["fnn"] = sys.modules["onnx"] = None  # importing them fails from now on
import onnxruntime
session = onnxruntime.InferenceSession("model.onnx")
label, probabilities = session.run(["label", "probabilities"], {
    "acid": np.array([[0.5], [3.0]]), "colour": np.array([["red"], ["white"]]), "sugar": np.array([[1.5], [-2.0]]),
})
print(label.tolist(), *map(repr, probabilities[:, 1].tolist()))
"""


def test_a_process_without_fnn_answers_rows(tmp_path):
    model = model_of("binary")
    fnn.export_onnx(model, tmp_path / "model.onnx")
    done = subprocess.run([sys.executable, "-c", ALONE], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    *label, first, second = done.stdout.split()
    assert "".join(label) == "['no','yes']"
    np.testing.assert_allclose([float(first), float(second)], model.predict_proba(TABLE)[:2, 1], atol=1e-12)
