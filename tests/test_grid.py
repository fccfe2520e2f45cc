import numpy as np
import pytest

import fnn
from fnn.data.samples import samples_from_arrays
from fnn.sweeps import grid


def configs(**spec):
    return [trial.config for trial in grid.trials({"data": "xor", **spec})]


def test_lists_are_combined_in_every_way_and_the_last_varies_fastest():
    found = configs(optimizer=["sgd", "adam"], lr=[0.1, 1.0], hidden="2x2")
    assert [(c.optimizer, c.lr) for c in found] == [("sgd", 0.1), ("sgd", 1.0), ("adam", 0.1), ("adam", 1.0)]
    assert {c.hidden for c in found} == {(2, 2)}


def test_lists_of_one_group_go_together():
    found = configs(zip=[{"optimizer": ["sgd", "adam"], "lr": [1.0, 0.1]}, {"epochs": [10, 20]}])
    assert [(c.optimizer, c.lr, c.epochs) for c in found] == [
        ("sgd", 1.0, 10), ("sgd", 1.0, 20), ("adam", 0.1, 10), ("adam", 0.1, 20),
    ]  # fmt: skip


@pytest.mark.parametrize(("points", "expected"), [
    ({"log": [1e-4, 1], "n": 5}, [0.0001, 0.001, 0.01, 0.1, 1.0]),
    ({"linear": [0, 1], "n": 5}, [0.0, 0.25, 0.5, 0.75, 1.0]),
    ({"linear": [1, 0.7], "n": 4}, [1.0, 0.9, 0.8, 0.7]),
])  # fmt: skip
def test_a_range_gives_the_numbers_one_would_type(points, expected):
    assert [c.lr for c in configs(lr=points)] == expected


def test_the_same_combination_comes_once():
    assert len(configs(lr=[0.1, 0.1, 0.2], hidden=["4x4", (4, 4)])) == 2


def test_an_array_is_several_values_and_one_without_a_shape_one():
    assert [c.lr for c in configs(lr=np.array([0.5, 0.25]))] == [0.5, 0.25]
    assert [c.lr for c in configs(lr=np.array(0.5))] == [0.5]


@pytest.mark.parametrize(("hidden", "expected"), [
    ((3, 5), [(3, 5)]), ((), [()]), (((3, 5), (4,)), [(3, 5), (4,)]), (("3x5", "none"), [(3, 5), ()]),
    ([(3, 5), "4"], [(3, 5), (4,)]), (["3x5"], [(3, 5)]), (((3, 5), "4"), [(3, 5), (4,)]), ([[3, 5]], [(3, 5)]),
    (np.array([[3, 5], [4, 4]]), [(3, 5), (4, 4)]),
])  # fmt: skip
def test_widths_are_one_value_and_tuples_of_widths_several(hidden, expected):
    assert [c.hidden for c in configs(hidden=hidden)] == expected


def test_a_tuple_of_other_settings_is_several_values():
    assert [c.lr for c in configs(lr=(0.5, 0.25))] == [0.5, 0.25]
    assert [c.activation for c in configs(activation=("tanh", "relu"))] == ["tanh", "relu"]
    assert [c.batch_size for c in configs(batch_size=(None, 3))] == [None, 3]
    assert [t.samples.data for t in grid.trials({"data": ("xor", "moons")})] == ["xor", "moons"]


def test_data_varies_like_other_settings_and_is_made_once():
    trials = grid.trials({"data": ["linear", "moons"], "points": [10, 20], "data_seed": [1, 2], "lr": [0.1, 1.0]})
    assert len(trials) == 16
    assert len({id(trial.samples) for trial in trials}) == 8
    last = trials[-1].samples
    assert (last.data, last.points, last.data_seed) == ("moons", 20, 2)
    np.testing.assert_array_equal(last.x, fnn.data.moons(20, seed=2).x)


def test_own_samples(rng):
    x, y = rng.normal(size=(7, 3)), rng.integers(0, 2, (7, 1))
    (trial,) = grid.trials({"lr": 0.5}, samples_from_arrays(x, y))
    assert (trial.samples.data, trial.samples.points) == ("own", 7)
    np.testing.assert_array_equal(trial.samples.x, x)


def test_the_digest_is_of_the_numbers():
    first, same, other = (
        grid.trials({"data": "linear", "data_seed": s, "points": n})[0].samples for s, n in ((1, 50), (1, 50), (2, 50))
    )
    assert first.digest == same.digest != other.digest


@pytest.mark.parametrize(("spec", "message"), [
    ({"lrr": [0.1]}, r"setting: got 'lrr'; expected one of .*\(did you mean lr\?\)"),
    ({"lr": []}, r"lr: got \[\]; expected at least one value"),
    ({"lr": [0.1, -1]}, r"lr: got -1; expected a finite number"),
    ({"data": "xro"}, r"data: got 'xro'.*did you mean xor"),
    ({"lr": {"log": [0, 1], "n": 3}}, r"lr: got .*above 0 for log"),
    ({"lr": {"log": [0.1, 1]}}, r"lr: got .*expected a range such as"),
    ({"lr": {"log": [0.1, 1], "n": 1}}, r"lr: got .*expected a range such as"),
    ({"lr": {"cubic": [0.1, 1], "n": 4}}, r"lr: got .*expected a range such as"),
    ({"lr": {"log": "ab", "n": 4}}, r"lr: got .*expected a range such as"),
    ({"zip": [{"lr": [0.1, 1], "epochs": [5]}]}, r"zip: got 'lr 2, epochs 1'; expected lists of one length"),
    ({"zip": 3}, r"zip: got 3; expected groups"),
    ({"lr": 0.1, "zip": [{"lr": [0.1, 1]}]}, r"lr: got 'a second time'"),
    ({"loss": ["mse", "bce"], "output": "tanh"}, r"output: got 'tanh'; expected sigmoid, which loss bce needs"),
    ({"seed": [1, 2]}, r"setting: got 'seed'"),
])  # fmt: skip
def test_what_cannot_be_is_said(spec, message):
    with pytest.raises(fnn.InvalidSetting, match=message):
        grid.trials({"data": "xor", **spec})


def test_without_data_it_says_so():
    with pytest.raises(fnn.InvalidSetting, match="data: got None"):
        grid.trials({"lr": 0.1})
