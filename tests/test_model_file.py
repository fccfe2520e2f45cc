import json
from dataclasses import replace

import numpy as np
import pytest
from ensemble_sample import TABLE, TASKS, model_of, with_params
from model_files import save_version_1

import fnn
from fnn.ensembles.model import without_diverged
from fnn.ensembles.model_file import load_model, save_model
from fnn.errors import InvalidSetting


def same(a, b):
    """Whether two values of a model's fields are the same, whatever arrays are in them."""
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    if isinstance(a, tuple) and any(isinstance(part, np.ndarray) for part in a):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("task", TASKS)
def test_what_is_saved_comes_back(tmp_path, task, dtype):
    model = model_of(task, dtype=dtype)
    back = load_model(save_model(tmp_path / "model.npz", model))
    assert all(same(getattr(back, name), getattr(model, name)) for name in model.__dataclass_fields__)
    np.testing.assert_array_equal(back.predict(TABLE), model.predict(TABLE))
    assert [path.name for path in tmp_path.iterdir()] == ["model.npz"]


def test_the_file_is_plain_arrays_and_one_text(tmp_path):
    save_model(tmp_path / "named.model", model_of("multiclass", networks=7))
    with np.load(tmp_path / "named.model", allow_pickle=False) as file:
        assert file["W1"].shape == (7, 5, 5)
        document = json.loads(str(file["model"]))
        assert {name for name in file if file[name].dtype.kind not in "fi"} == {"model"}
    assert (document["format"], document["version"], document["fnn"]) == ("fnn model", 2, fnn.__version__)
    assert document["classes"] == ["3", "5", "8"]


def document_of(path):
    with np.load(path, allow_pickle=False) as file:
        return json.loads(str(file["model"]))


def test_words_for_no_and_yes_of_several_targets_come_back(tmp_path):
    words = (("no", "yes"), ("F", "T"))
    model = replace(model_of("multilabel"), class_kind="text", label_words=words)
    back = load_model(save_model(tmp_path / "model.npz", model))
    assert back.label_words == words
    answers = model_of("multilabel").predict(TABLE)
    expected = [[words[o][int(value)] for o, value in enumerate(row)] for row in answers]
    assert back.predict(TABLE).tolist() == expected
    assert {word for row in expected for word in row} == {"no", "yes", "F", "T"}


@pytest.mark.parametrize("task", TASKS)
def test_a_file_from_before_there_were_words_is_read_and_is_what_is_written_without_any(tmp_path, task):
    """Their entry is not there, so that files without it are those of before."""
    assert "label_words" not in document_of(save_model(tmp_path / "model.npz", model_of(task)))


def test_a_binary_model_of_before_with_true_and_false_still_answers_so(tmp_path):
    before = replace(model_of("binary"), classes=("false", "true"), class_kind="boolean")
    assert load_model(save_model(tmp_path / "model.npz", before)).predict(TABLE).dtype == np.bool_


@pytest.mark.parametrize("seeds", [1, 3])
def test_version_1_is_read_as_networks_of_columns_as_they_are(tmp_path, xor, seeds):
    config, x, y = xor
    results = fnn.train(config, x, y, seeds=range(5, 5 + seeds))
    model = load_model(save_version_1(tmp_path / "model.npz", results))
    assert (model.config, model.layers, model.task, model.classes) == (
        results.config(0),
        results.layers[0],
        "binary",
        ("0", "1"),
    )
    assert model.seeds.tolist() == list(range(5, 5 + seeds))
    assert all(np.array_equal(a, b) for a, b in zip(model.params, results.params, strict=True))
    answers = fnn.predict(results.layers[0], results.params, x).mean(axis=0)[:, 0]
    np.testing.assert_allclose(model.predict_proba({"x2": x[:, 1], "x1": x[:, 0]})[:, 1], answers, rtol=1e-12)
    np.testing.assert_array_equal(model.predict(x), (answers > 0.5).astype(int))
    again = load_model(save_model(tmp_path / "again.npz", model))
    np.testing.assert_array_equal(again.predict(x), model.predict(x))


def test_networks_that_diverged_are_left_out_and_noted():
    def spoil(w):
        w[0, 0, 0], w[2, -1, -1] = np.nan, np.inf
        return w

    model = without_diverged(with_params(model_of("binary", networks=4), spoil))
    assert (model.seeds.tolist(), model.splits.tolist()) == ([50, 52], [1, 1])
    assert model.about["diverged"]["networks"] == [[49, 0], [51, 0]]
    assert all(np.isfinite(w).all() and len(w) == 2 for w in model.params)
    whole = model_of("binary")
    assert without_diverged(whole) is whole
    with pytest.raises(InvalidSetting, match=r"lr: got .* does not diverge"):
        without_diverged(with_params(whole, lambda w: w * np.nan))


def test_what_could_not_be_read_is_not_written(tmp_path):
    model = with_params(model_of("binary"), lambda w: w * np.inf)
    with pytest.raises(InvalidSetting, match=r"model: got 'one of 3 networks'.*W1 has numbers that are not finite"):
        save_model(tmp_path / "model.npz", model)
    with pytest.raises(InvalidSetting, match=r"W1 is .*where .* is expected"):
        save_model(tmp_path / "model.npz", with_params(model, lambda w: w.astype(np.float32)))
    assert not list(tmp_path.iterdir())
