import numpy as np
import pytest
from comparing import loss_for, output_for, targets_for
from conftest import read_only

import fnn
from fnn.network import functions
from fnn.network.activations import ACTIVATIONS, OUTPUT_ACTIVATIONS
from fnn.network.layers import Layer
from fnn.network.losses import LOSSES, REDUCTIONS
from fnn.network.scores import SCORES


def flat_loss(layers, flat, x, y, loss, reduction):
    mean = fnn.mean_loss(fnn.forward(layers, functions.unflatten(flat, layers), x), y, loss)
    count = y.size if LOSSES[loss].each_output else len(y)
    return mean * count * REDUCTIONS[reduction](count)


def test_two_inputs_two_units_one_output_by_hand():
    layers = fnn.Config(hidden="2", activation="identity", output="identity").layers(2, 1)
    w1 = np.array([[1.0, 0.0], [0.0, 1.0], [0.5, -0.5]])
    w2 = np.array([[1.0], [-1.0], [0.25]])
    x, y = np.array([[1.0, 2.0]]), np.array([[1.0]])
    done = fnn.forward(layers, (w1, w2), x)
    # h = (1 + 0.5, 2 − 0.5) = (1.5, 1.5); p = 1.5 − 1.5 + 0.25
    assert done.outputs[1].tolist() == [[1.5, 1.5]]
    assert done.outputs[2].tolist() == [[0.25]]
    # δ = 2(0.25 − 1) = −1.5; dW2 = (h, 1)·δ; δ₁ = δ·(1, −1) = (−1.5, 1.5); dW1 = (x, 1)ᵀ·δ₁
    dw1, dw2 = fnn.backward(layers, (w1, w2), done, y)
    assert dw2.ravel().tolist() == [-2.25, -2.25, -1.5]
    assert dw1.tolist() == [[-1.5, 1.5], [-3.0, 3.0], [-1.5, 1.5]]
    (n1, n2), _ = fnn.update("sgd", (w1, w2), (dw1, dw2), ((), ()), 1, 0.5, None)
    assert n2.ravel().tolist() == [2.125, 0.125, 1.0]
    assert n1.tolist() == [[1.75, -0.75], [1.5, -0.5], [1.25, -1.25]]


def test_sigmoids_by_hand():
    layers = fnn.Config(hidden="2").layers(2, 1)
    params = np.zeros((3, 2)), np.array([[1.0], [-1.0], [0.0]])
    x, y = np.array([[1.0, 2.0]]), np.array([[1.0]])
    # h = (½, ½), p = ½; mse: δ = 2(½ − 1)·¼ = −¼, δ₁ = −¼·(1, −1)·¼; bce: δ = ½ − 1 = −½, twice as much
    for loss, factor in (("mse", 1), ("bce", 2)):
        dw1, dw2 = fnn.backward(layers, params, fnn.forward(layers, params, x), y, loss)
        assert (dw2.ravel() / factor).tolist() == [-0.125, -0.125, -0.25]
        assert (dw1 / factor).tolist() == [[-0.0625, 0.0625], [-0.125, 0.125], [-0.0625, 0.0625]]


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("depth", [1, 2, 3, 4])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradient_against_central_differences(activation, loss, depth, reduction, rng):
    config = fnn.Config(hidden=(5, 4, 3, 4)[:depth], activation=activation, loss=loss, output=output_for(loss))
    layers = config.layers(3, 2)
    labels = rng.integers(0, 2, (9, 2)).astype(float)
    x, y = read_only(rng.normal(size=(9, 3)), targets_for(loss, labels))
    params = read_only(*fnn.init(layers, 5, "uniform", 1.5))
    gradient = functions.flatten(fnn.backward(layers, params, fnn.forward(layers, params, x), y, loss, reduction))
    flat, h = functions.flatten(params), 1e-4
    for _ in range(5):
        direction = rng.normal(size=flat.size)
        assert same_side_of_kinks(layers, flat + 2 * h * direction, flat - 2 * h * direction, x)
        far2, far1, near1, near2 = (
            flat_loss(layers, flat + k * h * direction, x, y, loss, reduction) for k in (2, 1, -1, -2)
        )
        difference = (8 * (far1 - near1) - (far2 - near2)) / (12 * h)  # fourth order: what is left is h⁴ and rounding
        scale = np.linalg.norm(gradient) * np.linalg.norm(direction) / flat.size**0.5
        assert abs(difference - gradient @ direction) < 1e-7 * scale


@pytest.mark.parametrize("output", OUTPUT_ACTIVATIONS)
def test_gradient_through_every_output_activation(output, rng):
    loss = loss_for(output)
    layers = fnn.Config(hidden="4", output=output, loss=loss).layers(2, 2)
    x, y = rng.normal(size=(6, 2)), targets_for(loss, np.ones((6, 2)))
    params = fnn.init(layers, 1)
    gradient = functions.flatten(fnn.backward(layers, params, fnn.forward(layers, params, x), y, loss))
    flat, h, direction = functions.flatten(params), 1e-5, rng.normal(size=22)
    up, down = (flat_loss(layers, flat + d * direction, x, y, loss, "sum") for d in (h, -h))
    assert same_side_of_kinks(layers, flat + h * direction, flat - h * direction, x)
    assert (up - down) / (2 * h) == pytest.approx(gradient @ direction, rel=1e-7)


def test_gradient_through_a_scale_between_other_layers(rng):
    layers = Layer("dense", 3, 4, "tanh"), Layer("scale", 4, 4, "mish"), Layer("dense", 4, 2, "identity")
    x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    params = tuple(rng.normal(size=w.shape) for w in fnn.init(layers, 1))
    gradient = functions.flatten(fnn.backward(layers, params, fnn.forward(layers, params, x), y))
    flat, h, direction = functions.flatten(params), 1e-5, rng.normal(size=30)
    up, down = (flat_loss(layers, flat + d * direction, x, y, "mse", "sum") for d in (h, -h))
    assert (up - down) / (2 * h) == pytest.approx(gradient @ direction, rel=1e-7)


def same_side_of_kinks(layers, up, down, x):
    signs = [[np.sign(a) for a in fnn.forward(layers, functions.unflatten(f, layers), x).outputs] for f in (up, down)]
    return all(np.array_equal(a, b) for a, b in zip(*signs, strict=True))


def test_a_stack_is_its_networks(xor):
    config, x, y = xor
    layers = config.layers(2, 1)
    stack = read_only(*fnn.init(layers, range(5)))
    done = fnn.forward(layers, stack, x)
    gradients = fnn.backward(layers, stack, done, y, "bce", "mean")
    for k in range(5):
        own = fnn.init(layers, k)
        alone = fnn.forward(layers, own, x)
        assert done.outputs[-1][k] == pytest.approx(alone.outputs[-1], rel=1e-14)
        assert fnn.mean_loss(done, y)[k] == pytest.approx(fnn.mean_loss(alone, y), rel=1e-14)
        assert fnn.accuracy(done.outputs[-1], y)[k] == fnn.accuracy(alone.outputs[-1], y)
        for g, mine in zip(gradients, fnn.backward(layers, own, alone, y, "bce", "mean"), strict=True):
            assert g[k] == pytest.approx(mine, rel=1e-12, abs=1e-15)


def test_unflatten_takes_views_and_is_the_inverse_of_flatten():
    layers = fnn.Config().layers(2, 1)
    flat = np.arange(74.0).reshape(2, 37)
    params = functions.unflatten(flat, layers)
    assert [w.shape for w in params] == [(2, 3, 4), (2, 5, 4), (2, 5, 1)]
    assert all(np.shares_memory(w, flat) for w in params)
    assert np.array_equal(functions.flatten(params), flat)


def test_accuracy_counts_samples_with_all_outputs_right_and_nan_as_wrong():
    y = np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
    p = np.array([[0.4, 0.6], [0.9, 0.7], [np.nan, 0.1]])
    assert fnn.accuracy(p, y) == pytest.approx(1 / 3)


def test_a_class_is_missed_where_the_largest_output_is_another_or_any_is_no_number():
    y = np.eye(3)[[0, 0, 1, 1, 2, 0]]
    output = np.array(
        [[0.5, 0.3, 0.2], [0.4, 0.4, 0.2], [0.4, 0.4, 0.2], [0.1, np.nan, 0.3], [0.1, 0.1, 0.8], [np.nan] * 3]
    )
    # Of outputs as large, the first one is the answer.
    assert SCORES["largest"].miss(output, y).tolist() == [0, 0, 1, 1, 0, 1]
    assert functions.misses(np.stack([output, np.full((6, 3), np.nan)]), y, "largest").tolist() == [3, 6]


def test_a_side_of_a_half_is_above_it_or_not():
    output, half = np.array([[0.5], [0.5], [0.6], [0.4]]), np.array([[1.0], [0.0], [1.0], [1.0]])
    assert SCORES["sides"].miss(output, half).tolist() == [1, 0, 0, 1]


def test_reported_loss_is_the_mean_over_samples_and_outputs(rng):
    layers = fnn.Config(hidden="3").layers(2, 4)
    x, y = rng.normal(size=(7, 2)), rng.integers(0, 2, (7, 4)).astype(float)
    done = fnn.forward(layers, fnn.init(layers, 0), x)
    assert fnn.mean_loss(done, y) == pytest.approx(((done.outputs[-1] - y) ** 2).mean(), rel=1e-15)


# ---- labels that do not fit ----


def test_labels_of_another_shape_are_refused_where_numpy_would_stretch_them(rng):
    layers = fnn.Config(hidden=2).layers(2, 1)
    x, y = rng.normal(size=(5, 2)), np.ones((5, 1))
    params = fnn.init(layers, range(3))
    done = fnn.forward(layers, params, x)
    message = r"y: got 'shape .*'; expected \(5, 1\), a row for each sample"
    for wrong in (y[:, 0], y[:4], np.ones((5, 2))):
        with pytest.raises(fnn.InvalidSetting, match=message):
            fnn.backward(layers, params, done, wrong)
        with pytest.raises(fnn.InvalidSetting, match=message):
            fnn.mean_loss(done, wrong)
    assert fnn.mean_loss(done, y).shape == (3,)


@pytest.mark.parametrize("y", [[0, 1, 2], [-1, 1, 1], [[0], [2], [1]], [0, 1], [[0, 1]] * 3, [0, np.nan, 1]])
def test_the_accuracy_of_labels_that_one_half_does_not_tell_apart_is_refused(y):
    with pytest.raises(fnn.InvalidSetting, match="y: got"):
        fnn.accuracy([[0.9], [0.9], [0.9]], y)


def test_one_column_of_labels_may_be_without_its_second_axis():
    answers = [[0.9], [0.2], [0.6]]
    assert fnn.accuracy(answers, [1, 0, 0]) == fnn.accuracy(answers, [[1], [0], [0]]) == 2 / 3
