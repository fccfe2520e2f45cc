"""`save` and `load`: what is saved answers as it did, whichever way it was trained."""

import numpy as np
import pytest

import fnn
from fnn.errors import InvalidSetting

X, Y = fnn.data.xor()


def test_results_come_back_as_a_model_that_answers_alike(tmp_path):
    results = fnn.train(fnn.Config(), X, Y, seeds=9)
    path = fnn.save(results, tmp_path / "model.npz")
    model = fnn.load(path)
    assert model.seeds.tolist() == results.seeds.tolist()
    assert model.predict_proba(X)[:, 1] == pytest.approx(results.predict(X).mean(axis=0)[:, 0])
    best = fnn.load(fnn.save(results.best(), str(tmp_path / "best.npz")))
    assert best.predict(X).tolist() == (results.best().predict(X)[0, :, 0] > 0.5).tolist()
    again = fnn.load(fnn.save(model, tmp_path / "again.npz"))
    assert again.predict_proba(X).tolist() == model.predict_proba(X).tolist()


def test_a_fit_is_saved_as_its_model(tmp_path):
    table = {"a": np.arange(40.0), "y": np.arange(40.0) % 2}
    fitted = fnn.fit(table, "y", seeds=2, epochs=2, hidden=2)
    model = fnn.load(fnn.save(fitted, tmp_path / "fit.npz"))
    assert model.predict(table).tolist() == fitted.predict(table).tolist()
    assert model.predict_proba(table).tolist() == fitted.predict_proba(table).tolist()
    assert len(fitted.frame("arrays")["seed"]) == 2
    assert ".predict(rows)" in repr(fitted)
    assert len(repr(fitted).splitlines()) <= 6


@pytest.mark.parametrize(
    ("networks", "name", "message"),
    [
        (lambda: fnn.train([fnn.Config(lr=1), fnn.Config(lr=2)], X, Y), "m.npz", "networks: got '2 settings'"),
        (
            lambda: fnn.train(fnn.Config(epochs=1), X, Y),
            "none/m.npz",
            "path: got .*; expected a file in a folder",
        ),
        (lambda: {}, "m.npz", "networks: got 'dict'; expected what fnn.train"),
        (
            lambda: fnn.train(fnn.Config(optimizer="sgd", lr=1e308, output="identity", activation="relu"), X, Y),
            "m.npz",
            "lr: got .* at which a network does not diverge",
        ),
    ],
)
def test_what_cannot_be_saved_is_refused_and_nothing_written(tmp_path, networks, name, message):
    with pytest.raises(InvalidSetting, match=message):
        fnn.save(networks(), tmp_path / name)
    assert not list(tmp_path.iterdir())
