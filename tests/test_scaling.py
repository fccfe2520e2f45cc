import numpy as np
import pytest

from fnn.data.scaling import SCALINGS, learn_scaling, scale
from fnn.errors import InvalidSetting


@pytest.fixture
def x():
    x = np.random.default_rng(5).normal(size=(101, 6)) * 10.0 ** np.arange(-3, 3) + np.arange(6)
    x.flags.writeable = False
    return x


def with_gaps(x):
    gaps = x.copy()
    gaps[np.random.default_rng(6).random(x.shape) < 0.2] = np.nan
    gaps.flags.writeable = False
    return gaps


def test_a_robust_column_by_hand():
    # Median 4. A quarter of 8 numbers is 2 of them: the quartiles lie between the second and third, sixth and seventh.
    x = np.array([[1.0], [2], [3], [4], [4], [7], [9], [100]])
    scaling = learn_scaling(x, "robust", smooth_clip=False)
    assert (scaling.center, scaling.factor, scaling.fill) == ([4], [1 / 5.5], [16.25])
    # 2 of 4 numbers alike in the middle: half the range instead, (7 − 1) / 2.
    scaling = learn_scaling(np.array([[1.0], *[[2]] * 6, [7]]), "robust", smooth_clip=False)
    assert (scaling.center, scaling.factor) == ([2], [1 / 3])


def test_robust_is_numpys_quantile(x):
    scaling = learn_scaling(x, "robust", smooth_clip=False)
    first, median, third = np.quantile(x, [0.25, 0.5, 0.75], axis=0, method="averaged_inverted_cdf")
    assert np.allclose(scaling.center, median, rtol=1e-14, atol=0)
    assert np.allclose(scaling.factor, 1 / (third - first), rtol=1e-13, atol=0)


def test_standard_is_scikit_learns(x):
    pre = pytest.importorskip("sklearn.preprocessing")
    gaps = with_gaps(x)
    expected = pre.StandardScaler().fit(gaps)
    scaling = learn_scaling(gaps, "standard", smooth_clip=False)
    assert np.allclose(scaling.center, expected.mean_, rtol=1e-12, atol=0)
    assert np.allclose(scaling.factor, 1 / expected.scale_, rtol=1e-12, atol=0)
    filled = np.where(np.isnan(gaps), expected.mean_, gaps)
    assert np.allclose(scale(scaling, gaps), expected.transform(filled), rtol=1e-9, atol=1e-12)
    weight = np.random.default_rng(7).random(len(x))
    expected = pre.StandardScaler().fit(x, sample_weight=weight)
    scaling = learn_scaling(x, "standard", False, weight)
    assert np.allclose(scaling.factor, 1 / expected.scale_, rtol=1e-12, atol=0)


@pytest.mark.parametrize("kind", SCALINGS)
def test_a_row_of_weight_2_is_the_row_twice(kind, x):
    gaps = with_gaps(x)
    weight = np.random.default_rng(8).integers(0, 4, len(x))
    repeated = learn_scaling(gaps.repeat(weight, axis=0), kind, smooth_clip=True)
    weighted = learn_scaling(gaps, kind, True, weight.astype(float))
    scaled = learn_scaling(gaps, kind, True, weight / 16)
    for part in range(3):
        assert np.allclose(weighted[part], repeated[part], rtol=1e-12, atol=1e-14)
        assert np.allclose(scaled[part], repeated[part], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("kind", SCALINGS)
def test_weights_all_alike_are_none_and_the_order_of_rows_is_nothing(kind, x):
    gaps = with_gaps(x)
    alone = learn_scaling(gaps, kind, smooth_clip=False)
    order = np.random.default_rng(9).permutation(len(x))
    for other in (learn_scaling(gaps, kind, False, np.ones(len(x))), learn_scaling(gaps[order], kind, False)):
        for part in range(3):
            assert np.allclose(alone[part], other[part], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("kind", "factor"), [("robust", 0), ("standard", 0), ("none", 1)])
def test_constant_columns_and_empty_ones(kind, factor):
    # The mean of 0.1 so many times is beside 0.1, and so the deviation is above 0, unless one looks.
    x = np.array([[0.1, np.nan, 3], [0.1, np.nan, np.nan]] * 21)
    assert (x[:, 0] / len(x)).sum() != 0.1
    scaling = learn_scaling(x, kind, smooth_clip=False)
    assert scaling.factor.tolist() == [factor] * 3
    assert scaling.fill.tolist() == [0.1, 0, 3]
    expected = [[0.1, 0, 3]] * 42 if factor else np.zeros((42, 3))
    assert np.array_equal(scale(scaling, x), expected)


def test_rows_without_weight_say_nothing():
    x = np.array([[1.0], [2], [3], [1e6]])
    weight = np.array([1.0, 1, 1, 0])
    for kind in SCALINGS:
        few = learn_scaling(x[:3], kind, smooth_clip=False)
        assert learn_scaling(x, kind, False, weight)[:3] == few[:3]
        constant = learn_scaling(x[[0, 0, 3]], kind, False, weight[1:])
        assert constant[:3] == learn_scaling(x[[0, 0]], kind, smooth_clip=False)[:3]


@pytest.mark.parametrize("kind", SCALINGS)
def test_numbers_as_far_apart_and_as_close_as_there_are_give_numbers(kind):
    x = np.array([[-1.7e308, 0, 1], [1.7e308, 5e-324, 1 + 2**-52], [1e308, 0, 1], [0, 0, 1]])
    scaling = learn_scaling(x, kind, smooth_clip=True)
    assert np.isfinite(scaling[:3]).all()
    assert np.isfinite(scale(scaling, x, np.float32)).all()


def test_smooth_clipping_leaves_small_numbers_and_ends_at_3():
    x = np.array([[0.0], [1e-9], [3], [-4], [1e200], [-np.inf]])
    plain = learn_scaling(x[:5], "none", smooth_clip=True)
    clipped = scale(plain, x)
    # 3 / √2; 4 / √(1 + 16/9) = 4 / (5/3).
    assert np.allclose(clipped[:, 0], [0, 1e-9, 3 / np.sqrt(2), -2.4, 3, -3], rtol=1e-15, atol=0)


def test_scaled_rows_are_those_of_each_row_alone(x):
    many = np.tile(with_gaps(x), (60, 1))  # more than are scaled at a time
    scaling = learn_scaling(many, "robust", smooth_clip=True)
    together = scale(scaling, many, np.float32)
    alone = np.concatenate([scale(scaling, many[k : k + 1], np.float32) for k in range(0, len(many), 7)])
    assert together.dtype == np.float32
    assert together[::7].tobytes() == alone.tobytes()


@pytest.mark.parametrize("kind", SCALINGS)
def test_some_rows_are_scaled_as_a_table_of_them(x, rng, kind):
    many = np.tile(with_gaps(x), (60, 1))
    rows, weight = np.sort(rng.integers(0, len(many), 3000)), rng.random(3000)
    for weights in (None, weight):
        scaling = learn_scaling(many, kind, True, weights, rows)
        expected = learn_scaling(many[rows], kind, True, weights)
        assert np.array_equal(scaling[:3], expected[:3])
    assert (
        scale(scaling, many, np.float32, rows[::-1]).tobytes() == scale(scaling, many[rows[::-1]], np.float32).tobytes()
    )


def test_an_unknown_scaling_is_refused(x):
    with pytest.raises(InvalidSetting, match=r"scaling: got 'minmax'; expected one of robust, standard, none"):
        learn_scaling(x, "minmax", smooth_clip=True)
