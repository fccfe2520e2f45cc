import numpy as np
import pytest

import fnn
from fnn import rng as random
from fnn.network import functions
from fnn.network.initializers import INITIALIZERS, PARAMETRIZATIONS

LAYERS = fnn.Config(hidden=(30, 20)).layers(10, 1)
SEEDS = range(200)


@pytest.mark.parametrize("name", INITIALIZERS)
def test_network_k_of_a_stack_is_the_one_of_its_seed_bit_for_bit(name):
    stack = fnn.init(LAYERS, SEEDS, name)
    assert [w.shape for w in stack] == [(200, 11, 30), (200, 31, 20), (200, 21, 1)]
    for k in (0, 7, 199):
        assert all(np.array_equal(w[k], own) for w, own in zip(stack, fnn.init(LAYERS, k, name), strict=True))


# variance of a weight, and of a bias, from fan-in i and fan-out o
VARIANCE = {
    "normal": lambda i, o: (1, 1),
    "uniform": lambda i, o: (1 / 3, 1 / 3),
    "xavier": lambda i, o: (2 / (i + o), 0),
    "he": lambda i, o: (2 / i, 0),
}


@pytest.mark.parametrize("name", INITIALIZERS)
def test_mean_and_variance_are_those_of_the_definition(name):
    for layer, w in zip(LAYERS, fnn.init(LAYERS, SEEDS, name), strict=True):
        weight, bias = VARIANCE[name](layer.fan_in, layer.fan_out)
        assert w[:, :-1].var() == pytest.approx(weight, rel=0.06)
        assert w[:, :-1].mean() == pytest.approx(0, abs=5 * (weight / w[:, :-1].size) ** 0.5)
        assert w[:, -1].var() == pytest.approx(bias, rel=0.3)


def test_weights_are_the_draws_in_order_layer_after_layer():
    flat = functions.flatten(fnn.init(LAYERS, 42))
    assert np.array_equal(flat, random.normals([42], flat.size)[0])


def test_scale_may_differ_from_network_to_network():
    one, two = fnn.init(LAYERS, [1, 1], "xavier", np.array([1.0, 2.5]))[0]
    assert two == pytest.approx(2.5 * one)


@pytest.mark.parametrize("form", PARAMETRIZATIONS)
@pytest.mark.parametrize("name", INITIALIZERS)
def test_the_scale_of_inputs_is_1_at_first_however_wide_the_rest_is_drawn(name, form):
    plain, scaled = (fnn.Config(hidden=(5,), input_scale=how).layers(3, 2) for how in ("none", "learned"))
    factors, *_ = fnn.init(scaled, SEEDS, name, np.linspace(0.1, 3, len(SEEDS)), parametrization=form)
    assert np.array_equal(factors, np.ones((200, 1, 3)))
    assert [layer.fan_in for layer in scaled] == [3, *(layer.fan_in for layer in plain)]
