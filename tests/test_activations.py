import numpy as np
import pytest
from conftest import read_only

from fnn.network.activations import ACTIVATIONS

Z = np.concatenate([np.linspace(-8, 8, 161) + 1e-3, [-40, 40]])  # off the kink at 0


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_slope_is_the_derivative_from_the_output(name):
    entry = ACTIVATIONS[name]
    (z,) = read_only(Z.astype(np.longdouble))
    h = np.longdouble(1e-6)
    difference = (entry.apply(z + h) - entry.apply(z - h)) / (2 * h)
    assert entry.slope(entry.apply(z)) == pytest.approx(difference.astype(float), abs=1e-10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_shape_and_dtype_stay_and_nan_is_kept(name, dtype):
    entry = ACTIVATIONS[name]
    z = np.array([[-2.0, np.nan, 3.0]], dtype)
    a = entry.apply(z)
    assert (a.dtype, a.shape) == (dtype, z.shape)
    assert (entry.slope(a).dtype, entry.slope(a).shape) == (dtype, z.shape)
    assert np.isnan(a).tolist() == [[False, True, False]]


def test_sigmoid_against_long_double_without_overflow():
    z = np.concatenate([Z, [-745, -1000, 800, np.inf, -np.inf]])
    with np.errstate(all="raise", under="ignore"):
        ours = ACTIVATIONS["sigmoid"].apply(z)
    exact = 1 / (1 + np.exp(-z.astype(np.longdouble)))
    assert ours == pytest.approx(exact.astype(float), rel=1e-15, abs=5e-324)
    assert ours[-2:].tolist() == [1, 0]


def test_leaky_relu_by_hand():
    assert ACTIVATIONS["leaky-relu"].apply(np.array([-2.0, 0.0, 3.0])).tolist() == [-0.02, 0, 3]
