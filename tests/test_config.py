import copy
import json
import math
import pickle
from dataclasses import FrozenInstanceError, asdict, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnn import Config, InvalidSetting
from fnn.network.activations import ACTIVATIONS
from fnn.network.initializers import INITIALIZERS
from fnn.network.layers import Layer
from fnn.network.losses import LOSSES, REDUCTIONS
from fnn.network.optimizers import OPTIMIZERS
from fnn.network.schedules import SCHEDULES
from fnn.training.grouping import named_settings, numeric_settings


def test_defaults_are_the_labs():
    c = Config()
    assert (c.hidden, c.activation, c.output, c.loss, c.optimizer) == ((4, 4), "sigmoid", "sigmoid", "mse", "adam")
    assert (c.lr, c.beta1, c.beta2, c.epsilon, c.scheduler, c.epochs) == (0.1, 0.9, 0.9, 1e-5, "exponential", 500)
    assert (c.seed, c.init, c.reduction, c.dtype) == (312551116, "normal", "sum", "float64")


def test_is_frozen():
    with pytest.raises(FrozenInstanceError):
        Config().lr = 1.0


@given(
    hidden=st.lists(st.integers(1, 32767), max_size=5).map(tuple),
    names=st.tuples(
        *map(st.sampled_from, map(sorted, (ACTIVATIONS, INITIALIZERS, OPTIMIZERS, SCHEDULES, REDUCTIONS, LOSSES)))
    ),
    lr=st.floats(0, allow_nan=False, allow_infinity=False),
    momentum=st.floats(0, 1, exclude_max=True),
    seed=st.integers(0, 2**63 - 1),
    epochs=st.integers(151, 2**31 - 1),
    stop_loss=st.none() | st.floats(0, 1),
)
def test_what_is_valid_is_kept_and_comes_back_from_json(hidden, names, lr, momentum, seed, epochs, stop_loss):
    activation, init, optimizer, scheduler, reduction, loss = names
    config = Config(
        hidden=hidden, activation=activation, init=init, optimizer=optimizer, scheduler=scheduler, loss=loss,
        output=LOSSES[loss].output or "sigmoid", reduction=reduction, lr=lr, momentum=momentum, seed=seed,
        epochs=epochs, stop_loss=stop_loss,
    )  # fmt: skip
    assert (config.hidden, config.lr, config.seed, config.stop_loss) == (hidden, lr, seed, stop_loss)
    assert Config(**json.loads(json.dumps(asdict(config)))) == config
    word = "x".join(map(str, hidden)) or "none"
    assert Config(hidden=word).hidden == hidden
    assert Config(hidden=list(hidden)).hidden == hidden
    assert all(Config(hidden=width).hidden == (width,) for width in hidden)


@given(
    name=st.sampled_from([f.name for f in fields(Config) if isinstance(f.default, float)]),
    value=st.floats(max_value=0, exclude_max=True) | st.sampled_from([math.nan, math.inf, True, "1", None, 10**400]),
)
def test_no_numeric_setting_takes_what_is_negative_or_not_a_finite_number(name, value):
    with pytest.raises(InvalidSetting) as error:
        Config(**{name: value})
    assert error.value.name == name
    assert repr(value) in str(error.value)


@pytest.mark.parametrize(("settings", "message"), [
    ({"hidden": "4x0"}, "hidden: got '4x0'; expected widths from 1 to 32767 with x between them, such as 4x4"),
    ({"hidden": "4,4"}, "hidden: got '4,4'; expected widths"),
    ({"hidden": ""}, "hidden: got ''; expected widths"),
    ({"hidden": (4, 2.5)}, r"hidden: got \(4, 2.5\); expected widths"),
    ({"hidden": 0}, "hidden: got 0; expected widths"),
    ({"hidden": True}, "hidden: got True; expected widths"),
    ({"activation": "sigmod"}, r"activation: got 'sigmod'; expected one of .* \(did you mean sigmoid\?\)"),
    ({"activation": "tanhxrelu", "hidden": "4x4x4"}, "activation: got 'tanhxrelu'; expected one name, or one for each"),
    ({"optimizer": "Adam"}, r"did you mean adam\?"),
    ({"scheduler": "warmup_linear"}, r"did you mean warmup-linear\?"),
    ({"loss": 3}, "loss: got 3; expected one of mse, bce"),
    ({"loss": "bce", "output": "tanh"}, "output: got 'tanh'; expected sigmoid, which loss bce needs"),
    ({"epochs": 0}, "epochs: got 0; expected a whole number of at least 1"),
    ({"epochs": 2.5}, "epochs: got 2.5"),
    ({"seed": -1}, "seed: got -1"),
    ({"seed": 2**63}, "seed: got 9223372036854775808; expected a whole number of at least 0 and below 2\\^63"),
    ({"momentum": 1}, "momentum: got 1; expected a finite number of at least 0 and below 1"),
    ({"eta_minus": 0}, "eta_minus: got 0; expected a finite number above 0 and below 1"),
    ({"step_min": 2, "step_max": 1}, "step_max: got 1.0; expected at least step_min, 2"),
    ({"scheduler": "warmup-linear", "epochs": 150}, "warmup: got 150; expected fewer than the 150 epochs"),
    ({"step_size": 0}, "step_size: got 0"),
    ({"stop_loss": -1.0}, "stop_loss: got -1.0"),
    ({"stop_rms": math.nan}, "stop_rms: got nan; expected a finite number of at least 0"),
    ({"stop_max_error": "0.5"}, "stop_max_error: got '0.5'"),
    ({"stop_mean_error": -0.1}, "stop_mean_error: got -0.1"),
    ({"batch_size": 0}, "batch_size: got 0; expected a whole number of at least 1"),
    ({"batch_size": 2.0}, "batch_size: got 2.0"),
    ({"order": "random"}, "order: got 'random'; expected one of fixed, shuffled"),
    ({"bias_correction": "constant"}, "bias_correction: got 'constant'; expected one of running, first, none"),
    ({"epsilon_place": "in"}, r"epsilon_place: got 'in'; expected one of outside, inside \(did you mean inside\?\)"),
    ({"warmup_peak": -1}, "warmup_peak: got -1"),
])  # fmt: skip
def test_bad_input_is_named(settings, message):
    with pytest.raises(InvalidSetting, match=message):
        Config(**settings)


def test_layers_are_a_table_with_an_activation_each():
    layers = Config(hidden="8x3", activation="tanhxrelu", output="identity").layers(2, 5)
    assert layers == (Layer("dense", 2, 8, "tanh"), Layer("dense", 8, 3, "relu"), Layer("dense", 3, 5, "identity"))
    assert Config(hidden="none").layers(2, 1) == (Layer("dense", 2, 1, "sigmoid"),)


def test_numeric_settings_are_config_by_config():
    numbers = numeric_settings([Config(lr=0.5, stop_rms=0.5), Config(stop_loss=0.25, step_size=7, seed=2**62 + 1)], 2)
    assert numbers["stop_rms"].tolist() == [0.5, 0.5, -1, -1]
    assert numbers["stop_max_error"].tolist() == [-1] * 4
    assert numbers["seed"].tolist() == [312551116] * 2 + [2**62 + 1] * 2
    assert numbers["lr"].tolist() == [0.5, 0.5, 0.1, 0.1]
    assert numbers["stop_loss"].tolist() == [-1, -1, 0.25, 0.25]
    assert numbers["decay_every"].tolist() == [10, 10, 7, 7]


def test_a_copied_and_a_pickled_config_trains_as_the_one_it_was_made_from():
    config = Config(lr=0.5, hidden="8x3", stop_rms=0.25, seed=7)
    for made in (pickle.loads(pickle.dumps(config)), copy.deepcopy(config), copy.copy(config)):
        assert made == config
        assert named_settings(made) == named_settings(config)
        assert {k: v.tolist() for k, v in numeric_settings([made]).items()} == {
            k: v.tolist() for k, v in numeric_settings([config]).items()
        }
