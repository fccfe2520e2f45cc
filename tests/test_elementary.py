"""The elementary functions against mpmath's 60 digits, and compiled against NumPy's bits."""

import numpy as np
import pytest

from fnn import elementary
from fnn.elementary import cos_sin, log, power
from fnn.kernel.jit import standalone
from fnn.training.powers import compiled_power

mpmath = pytest.importorskip("mpmath", reason="mpmath is in the extra `test`")
COUNT = 3000


def ulps(ours, exact):
    """Return the largest distance in units in the last place; where the answer overflows, ours has to."""
    worst = 0.0
    for value, answer in zip(ours.tolist(), exact, strict=True):
        if abs(answer) >= 2**1024:
            assert value == np.inf
            continue
        spacing = max(mpmath.mpf(2) ** (mpmath.frexp(answer)[1] - 53), mpmath.mpf(2) ** -1074)
        worst = max(worst, float(abs(mpmath.mpf(value) - answer) / spacing))
    return worst


def exactly(function, *arguments):
    """Return what a function of mpmath gives for each of the numbers, in 60 digits."""
    with mpmath.workdps(60):
        return [function(*map(mpmath.mpf, row)) for row in zip(*(a.tolist() for a in arguments), strict=True)]


def test_log_is_within_an_ulp(rng):
    x = np.concatenate([
        1 - rng.random(COUNT),
        1 - rng.integers(1, 2**20, COUNT) * 2.0**-53,  # just below 1, as uniforms near 0 give
        2.0 ** -rng.integers(0, 54, 100),
        np.exp(rng.uniform(-700, 700, COUNT)),
        rng.uniform(0.7, 1.42, COUNT),
    ])  # fmt: skip
    assert ulps(log(x), exactly(mpmath.log, x)) < 1
    assert log(np.array([1.0])).tolist() == [0]


def turns(rng):
    tiny = rng.integers(1, 2**20, COUNT) * 2.0**-53
    eighths = rng.integers(0, 9, COUNT) / 8
    return np.concatenate([rng.random(COUNT), tiny, 0.25 - tiny, 0.5 + tiny, eighths + tiny, rng.uniform(-9, 9, COUNT)])


def test_cosine_and_sine_are_within_an_ulp(rng):
    t = turns(rng)
    cos, sin = cos_sin(t)
    assert ulps(cos, exactly(lambda t: mpmath.cospi(2 * t), t)) < 1
    assert ulps(sin, exactly(lambda t: mpmath.sinpi(2 * t), t)) < 1


def test_quarters_of_a_turn_are_exact():
    cos, sin = cos_sin(np.arange(-8, 9) / 4)
    assert cos.tolist() == [1, 0, -1, 0] * 4 + [1]
    assert sin.tolist() == [0, 1, 0, -1] * 4 + [0]


def bases_and_exponents(rng):
    """Yield x and p: as schedules have them, at the ends of the range, and where x is next to 1 or subnormal."""
    yield rng.random(COUNT), rng.uniform(0, 5, COUNT)
    yield rng.uniform(0.5, 1.2, COUNT), rng.integers(0, 1000, COUNT).astype(float)
    near_one = rng.uniform(0.7, 1.42, COUNT)
    yield near_one, rng.uniform(600, 760, COUNT) / np.abs(np.log(near_one))
    yield 1 + rng.normal(size=COUNT) * 1e-9, rng.uniform(0, 1e11, COUNT)
    yield np.exp(rng.uniform(-744, 709, COUNT)), rng.uniform(0, 1.5, COUNT)
    yield rng.random(COUNT), 1 + rng.normal(size=COUNT) * 1e-8
    yield rng.random(COUNT), 10 ** rng.uniform(-20, 3, COUNT)


def test_powers_are_within_an_ulp(rng):
    for x, p in bases_and_exponents(rng):
        assert ulps(power(x, p), exactly(lambda x, p: x**p, x, p)) < 0.8


def test_powers_are_numpys_in_long_double_on_a_million_points(rng):
    if np.finfo(np.longdouble).nmant < 63:
        pytest.skip("long double has no more digits than double here")
    x, p = rng.random(10**6), rng.uniform(0, 20, 10**6)
    exact = x.astype(np.longdouble) ** p
    distance = np.abs(power(x, p) - exact) / np.spacing(exact.astype(float))
    assert distance[exact > 1e-300].max() < 0.8


def test_powers_are_exact_where_they_can_be(rng):
    x = np.concatenate([rng.random(COUNT), np.exp(rng.uniform(-744, 709, COUNT)), [5e-324, 2.0**-1060 * 3, 1.7e308]])
    short = rng.integers(1, 2**26, COUNT).astype(float)
    assert np.array_equal(power(x, 1), x)
    assert np.array_equal(power(x, 0), np.ones(len(x)))
    assert np.array_equal(power(short, 2), short**2)
    assert np.array_equal(power(short**2, 0.5), short)
    assert np.array_equal(power(1.5, np.arange(33)), [1.5**n for n in range(33)])
    assert power(0.0, [0, 1e-300, 0.5, 1, 1e308]).tolist() == [1, 0, 0, 0, 0]
    assert power(1.0, [0, 1e-300, 1 / 3, 1e308]).tolist() == [1, 1, 1, 1]
    assert power([0.5, 2.0], 1e308).tolist() == [0, np.inf]
    assert power(2.0, [-0.0, 1023, 1024]).tolist() == [1, 2.0**1023, np.inf]


def test_a_number_has_the_same_bits_alone_and_among_others(rng):
    x, p = rng.random((20, 30)), rng.uniform(0, 3, (20, 30))
    together = power(x, p)
    alone = [float(power(a, b)) for a, b in zip(x.ravel(), p.ravel(), strict=True)]
    assert together.ravel().tolist() == alone
    assert np.array_equal(power(x.T, p.T), together.T)
    assert np.array_equal(power(x[::3, ::7], p[::3, ::7]), together[::3, ::7])
    assert np.array_equal(power(x[:, :1], p[:1]), power(*np.broadcast_arrays(x[:, :1], p[:1])))


@standalone
def compiled_into(x, t, logs, cosines, sines):
    for i in range(len(x)):
        logs[i] = elementary.log(x[i])
        cosines[i], sines[i] = elementary.cos_sin(t[i])


def test_compiled_they_have_the_same_bits_on_millions_of_numbers(rng):
    x = np.concatenate([1 - rng.random(10**6), np.exp(rng.uniform(-700, 700, 10**6)), 2.0 ** np.arange(-1022, 1024)])
    t = np.concatenate([rng.random(10**6), rng.uniform(-100, 100, 10**6), np.arange(-1023, 1023) / 8])
    logs, cosines, sines = np.empty((3, len(x)))
    compiled_into(x, t, logs, cosines, sines)
    assert np.array_equal(bits(logs), bits(log(x)))
    for ours, numpys in zip((cosines, sines), cos_sin(t), strict=True):
        assert np.array_equal(bits(ours), bits(numpys))


def bits(values):
    return values.view(np.uint64)  # 0 and −0 are not the same


def test_compiled_powers_have_the_same_bits_on_millions_of_numbers(rng):
    x = np.concatenate([rng.random(10**6), np.exp(rng.uniform(-744, 709, 10**6)), np.zeros(100), np.ones(100)])
    p = np.concatenate([rng.uniform(0, 5, 10**6), 10 ** rng.uniform(-300, 300, 10**6), 10 ** rng.uniform(-9, 9, 200)])
    assert np.array_equal(bits(compiled_power(x, p[None, None])[0, 0]), bits(power(x, p)))


@pytest.mark.parametrize(
    "shapes", [((5, 1), (7, 1, 8)), ((7, 1, 8), (5, 1)), ((7, 1, 8), (7, 5, 8)), ((1, 5, 1), (8,))]
)
def test_compiled_powers_broadcast_as_numpys(shapes, rng):
    x, p = (rng.random(shape) for shape in shapes)
    ours = compiled_power(x, p)
    assert ours.shape == np.broadcast_shapes((1, 1, 1), *shapes)
    assert np.array_equal(ours, np.broadcast_to(power(x, p), ours.shape))
