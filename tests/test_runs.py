"""Runs of a study: which arms are the same runs, and what is kept of each."""

import numpy as np
import pytest

import fnn
from fnn.network.optimizers import OPTIMIZERS, Optimizer
from fnn.studies.metrics import Measure
from fnn.studies.model import Arm
from fnn.studies.runs import request, run, run_key

# Of each hyperparameter of an optimizer a value that is not the default and makes a difference to every optimizer.
OTHER = {
    "momentum": 0.5, "beta1": 0.5, "beta2": 0.5, "alpha": 0.5, "epsilon": 0.5, "epsilon_place": "inside",
    "bias_correction": "none", "weight_decay": 0.5, "eta_minus": 0.3, "eta_plus": 2.0, "step_min": 0.2,
    "step_max": 0.05,
}  # fmt: skip


def key(**settings):
    return run_key(Arm("arm", {"data": "xor4", "epochs": 20, **settings}).trial)


def trained(**settings):
    config = fnn.Config(epochs=20, **settings)
    return fnn.train(config, *fnn.data.xor4(), seeds=range(3), curve_every=0).flat[0]


def test_every_hyperparameter_has_another_value_to_try():
    assert set(OTHER) == {name for optimizer in OPTIMIZERS.values() for name in optimizer.uses}
    default = fnn.Config()
    assert all(getattr(default, name) != value for name, value in OTHER.items())


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_runs_depend_on_what_their_optimizer_uses_and_on_nothing_else(name):
    base = trained(optimizer=name)
    for setting, value in OTHER.items():
        used = setting in OPTIMIZERS[name].uses
        assert (key(optimizer=name, **{setting: value}) != key(optimizer=name)) == used, setting
        weights = trained(optimizer=name, **{setting: value})
        assert (weights != base).any(axis=1).all() if used else (weights == base).all(), setting


def test_what_an_optimizer_added_to_the_table_uses_makes_two_runs(monkeypatch):
    momentum = OPTIMIZERS["momentum"]
    monkeypatch.setitem(OPTIMIZERS, "new", Optimizer(momentum.init, momentum.update, ("momentum",)))
    assert key(optimizer="new", momentum=0.5) != key(optimizer="new", momentum=0.6)
    assert key(optimizer="new", beta1=0.5) == key(optimizer="new", beta1=0.6)


def test_runs_on_data_that_is_not_drawn_do_not_depend_on_its_seed():
    assert key(data="xor", data_seed=4) == key(data="xor")
    assert key(data="xor", data_seed=4, noise=0.1) != key(data="xor", noise=0.1)
    assert key(data="linear", data_seed=4) != key(data="linear")
    assert key(data="linear", points=50) != key(data="linear")


def test_runs_alike_are_trained_once_and_keep_all_that_is_requested():
    measures = Measure("loss", 10), Measure("epochs")
    arms = [Arm("a", {"data": "xor4", "epochs": 30, "optimizer": "sgd", "beta2": beta2}) for beta2 in (0.5, 0.6)]
    requests = {}
    request(requests, arms[0], measures[:1], curves=True)
    request(requests, arms[1], measures[1:], predictions=True)
    progress = []
    (results,) = run(requests, range(40), on_progress=progress.append).values()
    assert max(progress) == 40

    direct = fnn.train(arms[0].trial.config, *fnn.data.xor4(), seeds=range(40))
    np.testing.assert_array_equal(results.measures[measures[0]], direct.loss_curve[:, 10])
    assert set(results.measures) == set(measures)
    np.testing.assert_array_equal(results.curve_epochs, np.arange(31))
    np.testing.assert_allclose(results.loss_levels, np.quantile(direct.loss_curve, [0.25, 0.5, 0.75], axis=0), 1e-6)
    outputs = fnn.predict(direct.layers[0], direct.params, fnn.data.xor4().x)[..., 0]
    np.testing.assert_allclose(results.outputs, np.quantile(outputs, [0.05, 0.5, 0.95], axis=0))
    np.testing.assert_array_equal(results.answers, (outputs > 0.5).mean(axis=0))
    np.testing.assert_array_equal(results.right, ((outputs > 0.5) == fnn.data.xor4().y[:, 0]).mean(axis=0))


def test_arms_of_different_lengths_and_data_get_their_own_results():
    settings = [
        {"data": data, "epochs": epochs, "hidden": hidden}
        for data in ("xor4", "xor") for epochs in (20, 40) for hidden in ("2", "3")
    ]  # fmt: skip
    arms = [Arm(str(k), s) for k, s in enumerate(settings)]
    roughness = Measure("roughness")
    requests = {}
    for k, arm in enumerate(arms):
        request(requests, arm, (roughness,) if k % 2 else (), curves=k % 2 == 1)
    results = run(requests, range(5, 9))
    for k, arm in enumerate(arms):
        direct = fnn.train(arm.trial.config, arm.trial.samples.x, arm.trial.samples.y, seeds=range(5, 9))
        of_arm = results[run_key(arm.trial)]
        np.testing.assert_array_equal(of_arm.loss, direct.loss)
        if k % 2:
            np.testing.assert_array_equal(of_arm.curve_epochs, direct.curve_epochs)
            np.testing.assert_array_equal(of_arm.measures[roughness], roughness.of(direct))
        else:
            assert of_arm.curve_epochs.size == len(of_arm.measures) == 0
