"""What trained networks answer, compiled: what the NumPy functions answer, of any number of rows and networks."""

import numpy as np
import pytest

import fnn
from fnn.config import DTYPES
from fnn.network import functions
from fnn.network.activations import ACTIVATIONS, OUTPUT_ACTIVATIONS
from fnn.training.layout import units_plan
from fnn.training.predicting import predict_stack


def stack(rng, networks, dtype="float64", outputs=3, **settings):
    """Return layers and parameters of networks that differ from one another in all weights."""
    layers = fnn.Config(**{"hidden": "17x5", "loss": "mse", "output": "identity"} | settings).layers(4, outputs)
    return layers, tuple(rng.normal(size=(networks, *w.shape[1:])).astype(dtype) for w in fnn.init(layers, [0]))


def agree(layers, params, x, threads=None):
    ours, theirs = predict_stack(layers, params, x, threads), functions.predict(layers, params, x)
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    close = 1e-12 if ours.dtype == np.float64 else 2e-5
    np.testing.assert_allclose(ours, theirs, rtol=close, atol=close)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rows", [1, 7, 8, 17, 100, 1003, 1024, 5001])
def test_every_row_has_its_answer_however_many_are_passed_through_at_a_time(rng, rows, dtype):
    layers, params = stack(rng, 3, dtype)
    agree(layers, params, rng.normal(size=(rows, 4)).astype(dtype))
    part = units_plan(layers, rows, 64 // np.dtype(dtype).itemsize).layout.part
    assert part < rows or rows < 500
    assert rows % part or rows not in (1003, 5001)  # the last part is a smaller one


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
@pytest.mark.parametrize("networks", [1, 2, 5, 16, 17])
def test_every_network_has_its_own_answers_on_any_threads(rng, networks, threads):
    agree(*stack(rng, networks), rng.normal(size=(21, 4)), threads)


@pytest.mark.parametrize("output", OUTPUT_ACTIVATIONS)
@pytest.mark.parametrize("hidden", ["none", "1", "16", "33x8x2"])
def test_every_shape_and_output_is_the_numpy_path_s(rng, hidden, output):
    loss = "cross-entropy" if output == "softmax" else "mse"
    for outputs in (1, 2, 17) if output != "softmax" else (2, 17):
        layers, params = stack(rng, 3, outputs=outputs, hidden=hidden, output=output, loss=loss, input_scale="learned")
        agree(layers, params, rng.normal(size=(40, 4)))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_is_the_numpy_path_s(rng, activation):
    agree(*stack(rng, 3, activation=activation), rng.normal(size=(40, 4)))


def test_a_network_that_diverged_leaves_the_others_as_they_are(rng):
    layers, params = stack(rng, 5)
    x = rng.normal(size=(20, 4))
    params[1][2, 0, 0] = np.nan
    ours = predict_stack(layers, params, x)
    assert np.isnan(ours[2]).all()
    others = [0, 1, 3, 4]
    np.testing.assert_allclose(ours[others], functions.predict(layers, params, x)[others], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("rows", [1, 40, 5001])
def test_networks_answer_inputs_of_their_own_in_the_bits_that_one_by_one_they_do(rng, rows, threads):
    layers, params = stack(rng, 5, "float32")
    x = rng.normal(size=(5, rows, 4)).astype("float32")
    together = predict_stack(layers, params, x, threads)
    for s in range(5):
        alone = predict_stack(layers, tuple(w[s : s + 1] for w in params), x[s])
        assert together[s].tobytes() == alone[0].tobytes()
