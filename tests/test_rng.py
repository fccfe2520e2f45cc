import numpy as np
import pytest
from scipy import stats

from fnn import rng as random
from fnn.training.lanes import COMPILED, draws

SEEDS = [0, 1, 312551116, 2**32 - 1, 2**32, 2**63 - 1]


@pytest.mark.parametrize("stream", [0, 1, 5])
@pytest.mark.parametrize("count", [1, 3, 4, 37, 400])
def test_uniforms_are_numpys_bit_for_bit(count, stream):
    ours = random.uniforms(SEEDS, count, stream)
    for row, seed in zip(ours, SEEDS, strict=True):
        numpys = np.random.Generator(np.random.Philox(key=seed + (stream << 64))).random(count)
        assert np.array_equal(row, numpys)


@pytest.mark.parametrize("draw", [random.uniforms, random.normals])
def test_a_seeds_numbers_do_not_depend_on_its_neighbours_or_on_how_many_are_drawn(draw):
    whole = draw(SEEDS, 40)
    for row, seed in zip(whole, SEEDS, strict=True):
        assert np.array_equal(draw([seed], 40)[0], row)
        assert np.array_equal(draw([seed], 11)[0], row[:11])


def test_normals_are_normal_and_independent():
    z = random.normals(range(2000), 50)
    assert stats.kstest(z.ravel(), "norm").pvalue > 0.001
    neighbours = np.corrcoef(z[:, 0::2].ravel(), z[:, 1::2].ravel())[0, 1]  # the two of one Box–Muller pair
    assert abs(neighbours) < 4 / np.sqrt(z.size / 2)


def test_normals_by_hand():
    u1, u2 = random.uniforms([3], 2)[0]
    radius = (-2 * np.log(1 - u1)) ** 0.5
    expected = [radius * np.cos(2 * np.pi * u2), radius * np.sin(2 * np.pi * u2)]
    assert random.normals([3], 2)[0] == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 37, 4100])
def test_compiled_draws_have_the_same_bits(count):
    seeds = np.array([*SEEDS, *range(2, 700 if count < 1000 else 4)], np.uint64)
    for name in random.Draws._fields:
        compiled, numpys = getattr(COMPILED, name)(seeds, count), getattr(random.NUMPY, name)(seeds, count)
        assert np.array_equal(compiled, numpys)


def test_few_numbers_are_drawn_without_compiling_and_many_compiled():
    assert draws(1000) is random.NUMPY
    assert draws(10**6) is COMPILED


def test_uniforms_next_to_0_and_1_give_finite_normals():
    u, v = np.meshgrid([0, 2.0**-53, 0.5, 1 - 2.0**-53], [0, 2.0**-53, 0.25, 0.5, 0.75, 1 - 2.0**-53])
    z = np.array(random.box_muller(u, v))
    assert np.isfinite(z).all()
    assert np.hypot(*z) == pytest.approx(np.sqrt(-2 * np.log1p(-u)), rel=1e-15)
