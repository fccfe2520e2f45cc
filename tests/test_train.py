from dataclasses import replace

import numpy as np
import pytest
from comparing import output_for, targets_for
from conftest import read_only

import fnn
from fnn.network.activations import ACTIVATIONS
from fnn.network.losses import LOSSES
from fnn.network.optimizers import OPTIMIZERS
from fnn.network.schedules import SCHEDULES
from fnn.stats.summary import summarize
from fnn.training.memory import curve_length
from fnn.training.progress import Progress


@pytest.fixture(scope="module")
def stack(xor):
    config, x, y = xor
    return fnn.train(config, x, y, seeds=range(200))


def test_xor_gives_the_figures_of_the_design(stack):
    # Measured apart from this code, over 1,000 seeds: 88.9% solved, median loss 1.5e-7, 98 epochs.
    summary = summarize(stack)
    assert summary.interval[0] < 0.889 < summary.interval[1]
    assert 1.2e-7 < summary.loss.median < 1.9e-7
    assert 90 < summary.epochs_to_solve.median < 110


def test_linear_is_solved_by_every_seed():
    results = fnn.train(fnn.Config(), *fnn.data.linear(), seeds=range(40))
    assert results.solved.all()
    assert np.median(results.loss) < 1e-6


def test_network_k_of_a_stack_is_the_one_trained_alone(xor, stack):
    config, x, y = xor
    for k in (0, 3, 199):
        alone = fnn.train(replace(config, seed=k), x, y)
        assert alone.loss[0] == pytest.approx(stack.loss[k], rel=1e-9)
        assert alone.epochs_to_solve[0] == stack.epochs_to_solve[k]
        for w, own in zip(stack.network(k), alone.network(0), strict=True):
            assert w == pytest.approx(own, rel=1e-9)


def test_curves_are_losses_of_the_plain_loop(xor):
    config, x, y = replace(xor[0], epochs=12), *xor[1:]
    layers = config.layers(2, 1)
    params = fnn.init(layers, config.seed)
    state = fnn.start(config.optimizer, params)
    losses = []
    for epoch in range(12):
        done = fnn.forward(layers, params, x)
        losses.append(fnn.mean_loss(done, y))
        gradients = fnn.backward(layers, params, done, y)
        rate = SCHEDULES["exponential"](epoch, 12, config)
        params, state = fnn.update("adam", params, gradients, state, epoch + 1, rate, config)
    losses.append(fnn.mean_loss(fnn.forward(layers, params, x), y))
    results = fnn.train(config, x, y)
    assert results.loss_curve[0] == pytest.approx(losses, rel=1e-6)  # kept in float32
    assert results.loss[0] == pytest.approx(losses[-1], rel=1e-12)
    thinned = fnn.train(config, x, y, curve_every=5)
    assert thinned.curve_epochs.tolist() == [0, 5, 10, 12]
    assert np.array_equal(thinned.loss_curve, results.loss_curve[:, [0, 5, 10, 12]])
    assert fnn.train(config, x, y, curve_every=0).loss_curve.shape == (1, 0)


def test_epochs_to_solve_is_where_the_accuracy_curve_is_1_for_good(stack):
    right = stack.accuracy_curve == 1
    for k in range(200):
        wrong = np.flatnonzero(~right[k])
        expected = (wrong[-1] + 1 if wrong.size else 0) if right[k, -1] else -1
        assert stack.epochs_to_solve[k] == expected
    assert np.array_equal(stack.solved, stack.accuracy == 1)


def test_settings_may_differ_in_numbers_and_names_and_results_keep_the_order_given(xor):
    _, x, y = xor
    configs = [
        fnn.Config(epochs=20, lr=0.5, seed=1),
        fnn.Config(epochs=30, hidden="3", optimizer="sgd", seed=2),
        fnn.Config(epochs=20, beta2=0.99, seed=3),
        fnn.Config(epochs=20, activation="tanhxrelu", dtype="float32", seed=4),
    ]
    together = fnn.train(configs, x, y)
    for k, config in enumerate(configs):
        alone = fnn.train(config, x, y)
        assert together.config(k) == config
        assert together.loss[k] == pytest.approx(alone.loss[0], rel=1e-12)
        for w, own in zip(together.network(k), alone.network(0), strict=True):
            assert w.dtype == config.dtype
            assert w == pytest.approx(own, rel=1e-12)
    assert together.stopped.tolist() == [20, 30, 20, 20]
    assert (together.loss_curve[0, 20:] == together.loss_curve[0, 20]).all()  # goes on level
    with pytest.raises(ValueError, match="differ in their layers"):
        _ = together.params


def test_configs_times_seeds_is_config_by_config(xor):
    _, x, y = xor
    configs = [fnn.Config(epochs=5, lr=0.5), fnn.Config(epochs=5, hidden="3")]
    results = fnn.train(configs, x, y, seeds=[7, 9])
    assert results.seeds.tolist() == [7, 9, 7, 9]
    assert results.config(1) == replace(configs[0], seed=9)
    assert results.config(2) == replace(configs[1], seed=7)
    assert np.array_equal(results.network(3)[0], fnn.train(results.config(3), x, y).network(0)[0])


def test_a_network_that_diverges_is_frozen_and_flagged_and_leaves_its_neighbours_alone(xor):
    _, x, y = xor
    good = fnn.Config(activation="identity", output="identity", optimizer="sgd", scheduler="constant", lr=1e-3)
    results = fnn.train([good, replace(good, lr=10.0), good], x, y)
    epoch = results.diverged[1]
    assert 0 < epoch < 500
    assert results.stopped.tolist() == [500, epoch, 500]
    assert not np.isfinite(results.loss[1])
    assert np.isfinite(results.loss_curve[1, :2]).all()  # kept in float32, so it may be infinite there before
    assert not np.isfinite(results.loss_curve[1, epoch:]).any()
    assert not results.solved[1]
    assert results.diverged[[0, 2]].tolist() == [-1, -1]
    assert results.loss[0] == pytest.approx(fnn.train(good, x, y).loss[0], rel=1e-12)


def test_a_network_that_diverges_on_the_right_side_is_not_solved():
    config = fnn.Config(hidden="none", output="identity", optimizer="sgd", scheduler="constant", lr=10.0, epochs=2000)
    results = fnn.train(config, [[1.0], [1.0]], [[1.0], [1.0]], seeds=range(10))
    assert (results.diverged > 0).all()
    assert (results.accuracy == 1).any()
    assert not results.solved.any()


def test_a_stack_that_is_trained_in_parts_is_the_same(xor):
    """Of so wide a network the NumPy path takes 10 at a time: their outputs fill a core's cache."""
    _, x, y = xor
    configs = [fnn.Config(hidden="600", epochs=2), fnn.Config(hidden="600", epochs=2, lr=0.3)]
    parts = fnn.train(configs, x, y, seeds=range(11), backend="numpy")
    for k in (0, 9, 10, 21):
        alone = fnn.train(parts.config(k), x, y, backend="numpy")
        assert parts.loss[k] == pytest.approx(alone.loss[0], rel=1e-12)
        assert all(np.allclose(a, b, rtol=1e-12) for a, b in zip(parts.network(k), alone.network(0), strict=True))


def test_stop_loss_freezes_a_network_where_it_gets_there(xor):
    config, x, y = replace(xor[0], stop_loss=1e-3), *xor[1:]
    stopped, whole = fnn.train(config, x, y, seeds=range(30)), fnn.train(xor[0], x, y, seeds=range(30))
    there = whole.loss_curve <= 1e-3
    expected = np.where(there.any(axis=1), there.argmax(axis=1), 500)
    assert 3 < (expected < 500).sum() < 30
    assert stopped.stopped.tolist() == expected.tolist()
    at_stop = whole.loss_curve[np.arange(30), expected]
    assert stopped.loss == pytest.approx(at_stop, rel=1e-6)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_combination_learns_the_linear_data(optimizer, loss, activation):
    rate = {"sgd": 2.0, "momentum": 0.5, "nesterov": 0.5, "adagrad": 0.3, "rprop": 0.01}.get(optimizer, 0.03)
    config = fnn.Config(activation=activation, loss=loss, output=output_for(loss), optimizer=optimizer, lr=rate,
                        hidden="4", init="xavier", reduction="mean", dtype="float32")  # fmt: skip
    x, y = fnn.data.linear()
    results = fnn.train(config, x, targets_for(loss, y), seeds=range(5))
    assert results.params[0].dtype == np.float32
    assert np.median(results.accuracy) > 0.9


def test_progress_ends_at_all_networks(xor):
    config, x, y = xor
    seen: list[Progress] = []
    results = fnn.train(replace(config, epochs=30), x, y, seeds=range(3), on_progress=seen.append)
    assert seen[-1].done == seen[-1].total == 3
    assert seen[-1].loss == pytest.approx(np.median(results.loss))
    assert seen[-1].accuracy == pytest.approx(np.mean(results.accuracy))
    assert [p.done for p in seen] == sorted(p.done for p in seen)


def test_samples_are_not_written_to_and_may_be_lists(xor):
    config, x, y = replace(xor[0], epochs=3), *read_only(*fnn.data.xor())
    assert np.array_equal(fnn.train(config, x.tolist(), y.tolist()).loss, fnn.train(config, x, y).loss)


@pytest.mark.parametrize("epochs", [1, 2, 7, 10, 500])
@pytest.mark.parametrize("every", [0, 1, 3, 7, 500, 501])
def test_curves_are_as_long_as_memory_is_counted_for(epochs, every, xor):
    results = fnn.train(fnn.Config(epochs=epochs), *xor[1:], curve_every=every, backend="numpy")
    assert results.loss_curve.shape[1] == curve_length(epochs, every)
