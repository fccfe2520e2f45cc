import numpy as np
import pytest
from conftest import read_only

from fnn.network.activations import ACTIVATIONS
from fnn.network.losses import LOSSES, REDUCTIONS

Z = np.linspace(-6, 6, 25)[:, None]
Y = (np.arange(25) % 2.0)[:, None]


@pytest.mark.parametrize("name", LOSSES)
def test_gradient_is_the_derivative_of_the_value_with_respect_to_the_logits(name):
    entry, sigmoid = LOSSES[name], ACTIVATIONS["sigmoid"]
    z, y = read_only(Z.astype(np.longdouble), Y.astype(np.longdouble))
    h = np.longdouble(1e-5)
    up, down = (entry.value(z + d, sigmoid.apply(z + d), y) for d in (h, -h))
    p = sigmoid.apply(z)
    assert entry.gradient(p, y, sigmoid.slope(p)) == pytest.approx(((up - down) / (2 * h)).astype(float), abs=1e-10)


def test_mse_by_hand():
    p, y = np.array([[0.25], [1.0]]), np.array([[1.0], [0.0]])
    assert LOSSES["mse"].value(p, p, y).tolist() == [[0.5625], [1.0]]


def test_bce_keeps_its_digits_where_the_sigmoid_is_flat():
    z, y = np.array([[40.0], [-40.0], [800.0], [-800.0]]), np.array([[1.0], [0.0], [0.0], [1.0]])
    with np.errstate(all="raise", under="ignore"):
        value = LOSSES["bce"].value(z, ACTIVATIONS["sigmoid"].apply(z), y)
    assert value.ravel() == pytest.approx([np.exp(-40.0), np.exp(-40.0), 800, 800], rel=1e-14)


def test_reductions():
    assert REDUCTIONS["sum"](8) == 1
    assert REDUCTIONS["mean"](8) == 0.125
