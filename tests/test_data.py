import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnn import data
from fnn.data.samples import Samples, samples_from_arrays, samples_from_recipe
from fnn.data.synthetic import recipe
from fnn.errors import InvalidSetting


def test_xor_is_the_labs_table():
    x, y = data.xor()
    assert x.shape == (21, 2)
    assert y[:, 0].tolist() == [0, 1] * 5 + [0] + [0, 1] * 5
    assert x[:4].tolist() == [[0, 0], [0, 1], [0.1, 0.1], [0.1, 0.9]]
    assert x[10].tolist() == [0.5, 0.5]


def test_xor4_is_the_truth_table():
    x, y = data.xor4()
    assert [(*a, b) for a, (b,) in zip(x.tolist(), y.tolist(), strict=True)] == [
        (0, 0, 0),
        (0, 1, 1),
        (1, 0, 1),
        (1, 1, 0),
    ]


def test_linear_is_numpys_uniforms_above_and_below_the_diagonal():
    x, y = data.linear(5000, seed=9)
    assert np.array_equal(x, np.random.Generator(np.random.Philox(key=9 + 2**64)).random((5000, 2)))
    assert np.array_equal(y[:, 0] == 0, x[:, 0] > x[:, 1])


@pytest.mark.parametrize("points", [200, 51])
@pytest.mark.parametrize(("ours", "theirs", "options"), [
    (data.circles, "make_circles", {"factor": 0.8}),
    (data.moons, "make_moons", {}),
])  # fmt: skip
def test_circles_and_moons_are_scikit_learns(points, ours, theirs, options):
    datasets = pytest.importorskip("sklearn.datasets", reason="scikit-learn is in the extra `peers`")
    x, y = getattr(datasets, theirs)(points, shuffle=False, **options)
    assert ours(points).x == pytest.approx(x, abs=1e-15)
    assert np.array_equal(ours(points).y[:, 0], y)


def test_spirals_arms_are_one_anothers_mirror_image():
    x, y = data.spiral(100)
    assert x[:50] == pytest.approx(-x[50:], abs=1e-15)
    assert np.hypot(*x[:50].T) == pytest.approx(np.arange(1, 51) / 50)
    assert x[49] == pytest.approx([1, 0], abs=1e-15)  # one turn
    assert y[:, 0].tolist() == [0] * 50 + [1] * 50


@given(
    name=st.sampled_from(sorted(set(data.DATA) - {"xor"})),
    points=st.integers(4, 300),
    noise=st.floats(0, 10),
    seed=st.integers(0, 2**63 - 1),
)
def test_every_data_set_has_that_many_points_with_labels_0_and_1(name, points, noise, seed):
    x, y = data.make(name, points, noise, seed)
    assert x.shape == (points, 2)
    assert y.shape == (points, 1)
    assert np.isfinite(x).all()
    assert set(y.ravel()) <= {0.0, 1.0}
    assert np.array_equal(x, data.make(name, points, noise, seed).x)


@pytest.mark.parametrize("name", data.DATA)
def test_noise_shifts_by_its_standard_deviation_and_by_its_seed(name):
    points = None if name == "xor" else 2000
    clean = data.make(name, points).x
    shift = data.make(name, points, noise=0.2).x - clean
    assert shift.std() == pytest.approx(0.2, rel=0.25 if name == "xor" else 0.05)
    assert not np.array_equal(data.make(name, points, 0.2, seed=2).x, clean + shift)


@pytest.mark.parametrize(("arguments", "message"), [
    (("mons",), r"data: got 'mons'; expected one of .* \(did you mean moons\?\)"),
    (("xor", 22), "points: got 22; expected 21"),
    (("linear", 3), "points: got 3; expected a whole number of at least 4"),
    (("moons", 10, -0.1), "noise: got -0.1"),
    (("moons", 10, float("nan")), "noise: got nan"),
    (("moons", 10, 0.0, -1), "data_seed: got -1"),
])  # fmt: skip
def test_bad_input_is_named(arguments, message):
    with pytest.raises(InvalidSetting, match=message):
        data.make(*arguments)


def test_samples_know_their_names_and_shapes():
    samples = samples_from_recipe(recipe("moons", 7, 0.1, 3))
    assert (samples.data, samples.points, samples.noise, samples.data_seed) == ("moons", 7, 0.1, 3)
    assert (samples.inputs, samples.outputs) == (2, 1)
    assert (samples.x_names, samples.y_names) == (("x1", "x2"), ("y",))
    assert np.array_equal(samples.x, data.make("moons", 7, 0.1, 3).x)


def test_arrays_become_samples_of_one_s_own_which_later_changes_do_not_reach(rng):
    x, y = rng.normal(size=(6, 3)), rng.integers(0, 2, (6, 2))
    samples = samples_from_arrays(x, y)
    assert (samples.data, samples.points, samples.inputs, samples.outputs) == ("own", 6, 3, 2)
    assert (samples.x_names, samples.y_names) == (("x1", "x2", "x3"), ("y1", "y2"))
    before = samples.digest
    x[0, 0] += 1
    assert samples.digest == before != samples_from_arrays(x, y).digest
    named = Samples(samples.x, samples.y, x_names=("age", "weight", "height"), y_names=("ill", "old"))
    assert (named.x_names, named.y_names, named.digest) == (("age", "weight", "height"), ("ill", "old"), before)
    with pytest.raises(InvalidSetting, match="x, y: got"):
        samples_from_arrays(x, y[:5])


def test_digests_tell_apart_numbers_and_shapes_and_are_those_of_earlier_versions():
    x, y = np.arange(6.0).reshape(3, 2), np.ones((3, 1))
    assert samples_from_arrays(x, y).digest != samples_from_arrays(x.reshape(2, 3), np.ones((2, 1))).digest
    assert samples_from_recipe(recipe("xor")).digest == (
        "01888e436b996f74b8d6e73da7f40d5872f03b3e8f423d3f3b9c9f293b4aee3a"  # as stores of version 2 have it
    )
