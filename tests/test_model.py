import json

import numpy as np
import pytest

import fnn
from fnn.errors import InvalidSetting
from fnn.training.model import load_model, save_model


@pytest.mark.parametrize("seeds", [1, 3])
def test_what_is_saved_comes_back(tmp_path, xor, seeds):
    config, x, y = xor
    results = fnn.train(config, x, y, seeds=range(5, 5 + seeds))
    model = load_model(save_model(tmp_path / "model.npz", results))
    assert model.config == results.config(0)
    assert model.seeds.tolist() == list(range(5, 5 + seeds))
    expected = results.network(0) if seeds == 1 else results.params
    assert all(np.array_equal(a, b) for a, b in zip(model.params, expected, strict=True))
    assert fnn.predict(model.layers, model.params, x).shape == ((21, 1) if seeds == 1 else (3, 21, 1))
    assert [p.name for p in tmp_path.iterdir()] == ["model.npz"]


def test_the_file_is_plain_arrays(tmp_path, xor):
    config, x, y = xor
    save_model(tmp_path / "model.npz", fnn.train(config, x, y))
    with np.load(tmp_path / "model.npz", allow_pickle=False) as file:
        assert {name: file[name].shape for name in ("W1", "W2", "W3")} == {"W1": (3, 4), "W2": (5, 4), "W3": (5, 1)}
        assert json.loads(str(file["config"]))["hidden"] == [4, 4]


def test_what_is_no_model_is_named(tmp_path):
    path = tmp_path / "model.npz"
    for content in (b"", b"junk", b"PK\x03\x04junk"):
        path.write_bytes(content)
        with pytest.raises(InvalidSetting, match=r"model: got '.*model.npz'; expected a model.npz of fnn"):
            load_model(path)
    np.savez(path, W1=np.zeros(3))
    with pytest.raises(InvalidSetting, match=r"expected a model\.npz of fnn"):
        load_model(path)
    np.savez(path, config='{"lr": 1}', layers='[["dense", 2, 1, "sigmoid"]]', seeds=[1], W1=np.zeros((2, 2)))
    with pytest.raises(InvalidSetting, match="shapes its config describes"):
        load_model(path)


def test_results_of_several_configs_are_refused(tmp_path, xor):
    _, x, y = xor
    results = fnn.train([fnn.Config(epochs=1), fnn.Config(epochs=1, lr=1)], x, y)
    with pytest.raises(ValueError, match="2 configs; expected 1"):
        save_model(tmp_path / "model.npz", results)
