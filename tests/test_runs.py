"""Runs of a study: which arms are the same runs, and what is kept of each."""

import numpy as np
import pytest

import fnn
from fnn.network.optimizers import OPTIMIZERS, Optimizer
from fnn.studies.kept import Part
from fnn.studies.metrics import Measure
from fnn.studies.model import Arm
from fnn.studies.requests import is_drawn, networks, request, run_key
from fnn.studies.runs import of_arm, run

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


def test_runs_depend_on_the_image_where_layers_look_at_it_and_nowhere_else():
    assert key(image="1x2") == key(image="2x1") == key()
    assert (trained(image="1x2") == trained()).all()
    assert key(image="1x2", hidden="conv2:1-4") != key(image="2x1", hidden="conv2:1-4")
    assert key(image="1x2", hidden="conv2:1-4") != key(image="1x2", hidden="conv2:2-4")


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
    np.testing.assert_allclose(
        results.loss_levels, np.quantile(direct.loss_curve, [0.05, 0.25, 0.5, 0.75, 0.95], axis=0), 1e-6
    )
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


# ---- draws of the data ----

LINEAR = Arm("linear", {"data": "linear", "points": 30, "data_seed": 4, "epochs": 20, "hidden": "2"})


def requested(*arms, draws, measures=(), **kept):
    requests = {}
    for arm in arms:
        request(requests, arm, measures, draws=draws, **kept)
    return requests


def test_runs_of_a_draw_are_those_that_training_on_it_gives():
    """Bit for bit: of two arms that train in one stack, of one that trains in another, and of curves."""
    arms = [LINEAR, LINEAR.under({"lr": 0.5}), LINEAR.under({"hidden": "3", "optimizer": "momentum"})]
    roughness = Measure("roughness")
    requests = requested(*arms, draws=3, measures=(Measure("loss", 10), roughness))
    progress = []
    results = run(requests, range(7, 27), on_progress=progress.append)
    assert networks(requests, Part(range(20))) == max(progress) == 3 * 18  # 6 seeds a draw, and two that are left over
    for arm in arms:
        over = of_arm(results, arm, 3)
        assert (over.draws, len(over.loss)) == (3, 18)
        for draw in range(3):
            seeds, own = range(7 + 6 * draw, 13 + 6 * draw), slice(6 * draw, 6 * draw + 6)
            direct = fnn.train(arm.trial.config, *fnn.data.linear(30, seed=4 + draw), seeds=seeds)
            for name in ("loss", "accuracy", "diverged", "stopped", "met"):
                np.testing.assert_array_equal(getattr(over, name)[own], getattr(direct, name), name)
            np.testing.assert_array_equal(over.epochs[own], direct.epochs_to_solve)
            np.testing.assert_array_equal(over.measures[Measure("loss", 10)][own], direct.loss_curve[:, 10])
            np.testing.assert_array_equal(over.measures[roughness][own], roughness.of(direct))


def test_curves_of_all_draws_are_summed_up_together():
    (over,) = run(requested(LINEAR, draws=2, curves=True), range(8)).values()
    draws = [fnn.train(LINEAR.trial.config, *fnn.data.linear(30, seed=4 + d), seeds=range(4 * d, 4 * d + 4))
             for d in range(2)]  # fmt: skip
    curves = np.concatenate([r.loss_curve for r in draws])
    np.testing.assert_allclose(over.loss_levels, np.quantile(curves, [0.05, 0.25, 0.5, 0.75, 0.95], axis=0), 1e-6)


def test_data_that_are_fixed_are_not_drawn_again_and_meet_all_seeds():
    fixed, noisy = (Arm("xor4", {"data": "xor4", "epochs": 20, "noise": noise}) for noise in (0.0, 0.1))
    requests = requested(fixed, noisy, draws=3)
    results = run(requests, range(10))
    assert not is_drawn(fixed.trial)
    assert is_drawn(noisy.trial)
    alone, drawn = of_arm(results, fixed, 3), of_arm(results, noisy, 3)
    assert (alone.draws, len(alone.loss)) == (1, 10)
    assert (drawn.draws, len(drawn.loss)) == (3, 9)
    direct = fnn.train(fixed.trial.config, *fnn.data.xor4(), seeds=range(10), curve_every=0)
    np.testing.assert_array_equal(alone.loss, direct.loss)
    assert networks(requests, Part(range(10))) == 19


def test_fewer_seeds_than_draws_are_a_draw_each():
    (over,) = run(requested(LINEAR, draws=30), range(3)).values()
    assert (over.draws, len(over.loss)) == (3, 3)
    for draw in range(3):
        direct = fnn.train(LINEAR.trial.config, *fnn.data.linear(30, seed=4 + draw), seeds=[draw], curve_every=0)
        assert over.loss[draw] == direct.loss[0]


def test_one_draw_and_several_of_an_arm_are_kept_apart():
    requests = requested(LINEAR, draws=2)
    request(requests, LINEAR, predictions=True)  # of single samples, which are of one draw
    results = run(requests, range(8))
    assert (of_arm(results, LINEAR, 2).draws, of_arm(results, LINEAR).draws) == (2, 1)
    assert of_arm(results, LINEAR).outputs.shape == (3, 30)
    assert networks(requests, Part(range(8))) == 16


def test_the_seeds_of_a_part_are_counted_without_listing_them():
    for seeds in (7, 30, 100):
        for part in (
            Part(range(seeds)),
            Part(range(seeds), 4),
            Part(range(seeds), 4, 0, 1),
            Part(range(seeds), 4, 1, seeds // 4),
        ):
            for draws in (1, 4):
                assert part.count(draws) == sum(map(len, part.chosen(draws)))
    assert Part(range(2**60), 2).count(2) == 2**60
