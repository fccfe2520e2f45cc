from types import SimpleNamespace

import numpy as np
import pytest
from conftest import read_only

import fnn
from fnn.network.activations import ACTIVATIONS, OUTPUT_ACTIVATIONS
from fnn.network.losses import DEFAULTS, LOSSES, REDUCTIONS

Z = np.linspace(-6, 6, 25)[:, None]
Y = (np.arange(25) % 2.0)[:, None]


@pytest.mark.parametrize("name", LOSSES)
def test_gradient_is_the_derivative_of_the_value_with_respect_to_the_logits(name):
    entry = LOSSES[name]
    activation = OUTPUT_ACTIVATIONS[entry.output or "identity"]
    # Not where huber's error is 1: there its slope has a kink.
    pairs = (Z + 0.1, Z[::-1] / 2 + 0.1), (Y, 1 - Y)
    z, y = read_only(*(np.concatenate(pair, axis=1).astype(np.longdouble) for pair in pairs))
    h = np.longdouble(1e-5)
    p = activation.apply(z)
    gradient = entry.gradient(p, y, activation.slope(p), DEFAULTS)
    for j in range(2):
        step = h * np.eye(2)[j]
        up, down = (entry.value(z + d, activation.apply(z + d), y, DEFAULTS).sum(axis=1) for d in (step, -step))
        assert gradient[:, j] == pytest.approx(((up - down) / (2 * h)).astype(float), abs=1e-9)


def test_huber_by_hand():
    p, y, h = np.array([[0.25], [3.0], [-2.0]]), np.zeros((3, 1)), SimpleNamespace(huber_delta=0.5)
    # ½·0.25²; 0.5·(3 − 0.25); 0.5·(2 − 0.25)
    assert LOSSES["huber"].value(p, p, y, h).ravel().tolist() == [0.03125, 1.375, 0.875]
    assert LOSSES["huber"].gradient(p, y, np.ones((3, 1)), h).ravel().tolist() == [0.25, 0.5, -0.5]


def test_smoothing_spreads_a_share_of_each_label_over_the_classes():
    h, p = SimpleNamespace(label_smoothing=0.3), np.full((1, 3), 0.25)
    # (1 − 0.3) + 0.3/3 = 0.8 for the class, 0.1 for each other one; of two classes 0.85 and 0.15
    gradient = LOSSES["cross-entropy"].gradient(p, np.array([[0.0, 1.0, 0.0]]), p, h)
    assert gradient.ravel() == pytest.approx([0.15, -0.55, 0.15])
    assert LOSSES["bce"].gradient(p, np.array([[0.0, 1.0, 1.0]]), p, h).ravel() == pytest.approx([0.1, -0.6, -0.6])


def test_mse_by_hand():
    p, y = np.array([[0.25], [1.0]]), np.array([[1.0], [0.0]])
    assert LOSSES["mse"].value(p, p, y, DEFAULTS).tolist() == [[0.5625], [1.0]]


def test_bce_keeps_its_digits_where_the_sigmoid_is_flat():
    z, y = np.array([[40.0], [-40.0], [800.0], [-800.0]]), np.array([[1.0], [0.0], [0.0], [1.0]])
    with np.errstate(all="raise", under="ignore"):
        value = LOSSES["bce"].value(z, ACTIVATIONS["sigmoid"].apply(z), y, DEFAULTS)
    assert value.ravel() == pytest.approx([np.exp(-40.0), np.exp(-40.0), 800, 800], rel=1e-14)


def test_cross_entropy_of_logits_that_no_exponential_holds():
    z, y = np.array([[1000.0, 0.0, -1000.0]] * 3), np.eye(3)
    with np.errstate(all="raise", under="ignore"):
        value = LOSSES["cross-entropy"].value(z, OUTPUT_ACTIVATIONS["softmax"].apply(z), y, DEFAULTS)
    assert value.sum(axis=1).tolist() == [0, 1000, 2000]


def test_what_losses_read_where_nothing_is_said_is_what_a_config_has_by_itself():
    names = {name for loss in LOSSES.values() for name in loss.uses}
    assert vars(DEFAULTS) == {name: getattr(fnn.Config(), name) for name in names}


def test_reductions():
    assert REDUCTIONS["sum"](8) == 1
    assert REDUCTIONS["mean"](8) == 0.125
