import numpy as np
import pytest
import torch_oracles
from conftest import read_only

from fnn.kernel.activations import REGISTRY, activate_into, times_slope_into
from fnn.kernel.arrays import matrix
from fnn.kernel.jit import standalone
from fnn.kernel.simd import WIDTH
from fnn.network.activations import ACTIVATIONS

Z = np.concatenate([np.linspace(-8, 8, 161) + 0.03, [-40, 40]])  # off the kink at 0


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_slope_is_the_derivative(name):
    entry = ACTIVATIONS[name]
    (z,) = read_only(Z.copy())
    h = 1e-3
    far1, near1, near2, far2 = (entry.apply(z + k * h) for k in (-2, -1, 1, 2))
    difference = (8 * (near2 - near1) - (far2 - far1)) / (12 * h)  # fourth order: what is left is h⁴ and rounding
    slope = entry.slope(z if entry.from_logits else entry.apply(z))
    assert slope == pytest.approx(difference, abs=2e-12 * max(1, np.abs(entry.apply(z)).max()))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_values_and_slopes_are_pytorchs(name):
    torch = pytest.importorskip("torch", reason="PyTorch is in the extra `peers`")
    z = torch.tensor(np.concatenate([Z, [0.0, 1e-9, -1e-9]]), requires_grad=True)
    theirs = torch_oracles.ACTIVATIONS[name](torch)(z)
    theirs.sum().backward()
    entry, ours = ACTIVATIONS[name], ACTIVATIONS[name].apply(z.detach().numpy())
    assert ours == pytest.approx(theirs.detach().numpy(), rel=1e-10, abs=1e-10)
    smooth = z.detach().numpy() != 0
    slope = entry.slope(z.detach().numpy() if entry.from_logits else ours)
    assert slope[smooth] == pytest.approx(z.grad.numpy()[smooth], rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_kernels_are_the_same(name, kind, rng):
    z = np.concatenate([rng.normal(scale=5, size=5000), Z, [0, -200, 90, 1e-30]]).astype(kind)
    z = np.resize(z, (-(-z.size // WIDTH[z.dtype]), WIDTH[z.dtype]))
    a, delta = np.empty_like(z), np.ones_like(z)
    compiled(a, delta, z, list(REGISTRY).index(name))
    entry = ACTIVATIONS[name]
    exact = entry.apply(z.astype(np.float64))
    slope = entry.slope(z.astype(np.float64) if entry.from_logits else exact)
    rel, nothing = (8e-7, 1e-6) if kind == np.float32 else (2e-15, 2e-15)
    np.testing.assert_allclose(a, exact, rtol=rel, atol=nothing)
    np.testing.assert_allclose(delta, slope, rtol=rel, atol=nothing)


@standalone
def compiled(a, delta, z, activation):
    """Write the kernel's outputs of lane arrays z, and multiply delta by its slope."""
    rows = len(z)
    activate_into(matrix(a, 0, 1, 1), matrix(z, 0, 1, 1), rows, 1, activation)
    times_slope_into(matrix(delta, 0, 1, 1), matrix(a, 0, 1, 1), matrix(z, 0, 1, 1), rows, 1, activation)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_shape_and_dtype_stay_and_nan_is_kept(name, dtype):
    entry = ACTIVATIONS[name]
    z = np.array([[-2.0, np.nan, 3.0]], dtype)
    a = entry.apply(z)
    assert (a.dtype, a.shape) == (dtype, z.shape)
    slope = entry.slope(z if entry.from_logits else a)
    assert (slope.dtype, slope.shape) == (dtype, z.shape)
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
