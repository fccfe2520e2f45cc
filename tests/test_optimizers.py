from dataclasses import replace

import numpy as np
import pytest
import torch_oracles
from conftest import read_only

import fnn
from fnn.network.optimizers import BIAS_CORRECTIONS, EPSILON_PLACES, OPTIMIZERS
from fnn.network.schedules import SCHEDULES
from fnn.training.grouping import numeric_settings
from fnn.training.numpy_path import hyperparameters

CONFIG = fnn.Config(momentum=0.9, beta1=0.8, beta2=0.9, alpha=0.5, epsilon=0.0, weight_decay=0.25)

# One step from w = 2 with gradient 3 at rate 0.1, the second step of the run, from the given state.
BY_HAND = {
    "sgd": ([], 2 - 0.1 * 3),
    "momentum": ([1.0], 2 - 0.1 * (0.9 * 1 + 3)),
    "nesterov": ([1.0], 2 - 0.1 * (3 + 0.9 * (0.9 * 1 + 3))),
    "adagrad": ([16.0], 2 - 0.1 * 3 / 5),  # √(16 + 9) = 5
    "rmsprop": ([23.0], 2 - 0.1 * 3 / 4),  # √((23 + 9)/2) = 4
    # m = 0.8·1 + 0.2·3 = 1.4, corrected by 1 − 0.64; v = 0.9·1 + 0.1·9 = 1.8, corrected by 1 − 0.81
    "adam": ([1.0, 1.0], 2 - 0.1 * (1.4 / 0.36) / (1.8 / 0.19) ** 0.5),
    "adamw": ([1.0, 1.0], 2 * (1 - 0.1 * 0.25) - 0.1 * (1.4 / 0.36) / (1.8 / 0.19) ** 0.5),
    "rprop": ([1.0, 0.5], 2 - 0.5 * 1.2),  # the sign stays, so the step 0.5 grows by 1.2
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_one_step_by_hand(name):
    state, expected = BY_HAND[name]
    w, g, *state = read_only(*(np.array([[v]]) for v in (2.0, 3.0, *state)))
    new, after = OPTIMIZERS[name].update(w, g, tuple(state), 2, 0.1, CONFIG)
    assert new.item() == pytest.approx(expected, rel=1e-14)
    assert len(after) == len(state) == len(OPTIMIZERS[name].init(w))


# As above, with ε = 7 and 11 beside or under the root, and Adam's corrections; at step 2 of β₁ = 0.8, β₂ = 0.9.
VARIANTS = {
    "adagrad inside": ([16.0], {"epsilon": 11.0, "epsilon_place": "inside"}, 2 - 0.1 * 3 / 6),  # √(25 + 11)
    "adagrad outside": ([16.0], {"epsilon": 7.0}, 2 - 0.1 * 3 / 12),
    "rmsprop inside": ([23.0], {"epsilon": 9.0, "epsilon_place": "inside"}, 2 - 0.1 * 3 / 5),  # √(16 + 9)
    "adam none": ([1.0, 1.0], {"bias_correction": "none"}, 2 - 0.1 * 1.4 / 1.8**0.5),
    # 1.4/0.2 = 7 and 1.8/0.1 = 18, with 7 under the root √25
    "adam first": ([1.0, 1.0], {"bias_correction": "first"}, 2 - 0.1 * 7 / 18**0.5),
    "adam both": (
        [1.0, 1.0],
        {"bias_correction": "first", "epsilon": 7.0, "epsilon_place": "inside"},
        2 - 0.1 * 7 / 5,
    ),
    "adamw both": (
        [1.0, 1.0],
        {"bias_correction": "first", "epsilon": 7.0, "epsilon_place": "inside"},
        2 * (1 - 0.1 * 0.25) - 0.1 * 7 / 5,
    ),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_places_of_epsilon_and_corrections_by_hand(name):
    state, settings, expected = VARIANTS[name]
    w, g, *state = read_only(*(np.array([[v]]) for v in (2.0, 3.0, *state)))
    new, _ = OPTIMIZERS[name.split()[0]].update(w, g, tuple(state), 2, 0.1, replace(CONFIG, **settings))
    assert new.item() == pytest.approx(expected, rel=1e-14)


def test_the_reports_correction_lengthens_the_step_by_the_root_of_10():
    """With β₁ = β₂ = 0.9: (m / 0.1) / √(v / 0.1) is √0.1 / 0.1 times m / √v."""
    config = replace(CONFIG, beta1=0.9)
    w, g, state = np.zeros((1, 1)), np.ones((1, 1)), (np.full((1, 1), 0.3), np.full((1, 1), 0.7))
    first, none = (
        OPTIMIZERS["adam"].update(w, g, state, 50, 0.1, replace(config, bias_correction=c))[0].item()
        for c in ("first", "none")
    )
    assert first / none == pytest.approx(10**0.5, rel=1e-14)
    # What every step is worth, the first one is with the running correction.
    begin = OPTIMIZERS["adam"].init(w)
    running, first = (
        OPTIMIZERS["adam"].update(w, g, begin, 1, 0.1, replace(config, bias_correction=c))[0].item()
        for c in ("running", "first")
    )
    assert running == first


@pytest.mark.parametrize("place", EPSILON_PLACES)
@pytest.mark.parametrize("correction", BIAS_CORRECTIONS)
@pytest.mark.parametrize("name", ["adagrad", "rmsprop", "adam", "adamw"])
def test_variants_are_a_plain_loops_on_both_paths(name, correction, place):
    """One weight and a bias, identity, one sample: the reference is written out in scalars."""
    config = fnn.Config(
        optimizer=name, hidden="none", output="identity", init_scale=0.0, epochs=40, lr=0.05, scheduler="constant",
        bias_correction=correction, epsilon_place=place, epsilon=0.3, beta1=0.7, beta2=0.8, alpha=0.6, weight_decay=0.2,
    )  # fmt: skip
    weights = [{"x": x, "w": 0.0, "m": 0.0, "v": 0.0} for x in (2.0, 1.0)]  # the weight's, and the bias's
    for t in range(1, 41):
        power = {"running": t, "first": 1, "none": np.inf}[correction]
        error = 2 * (sum(p["x"] * p["w"] for p in weights) - 1.0)
        for p in weights:
            g = error * p["x"]
            m = g
            if name == "adagrad":
                v = p["v"] = p["v"] + g * g
            elif name == "rmsprop":
                v = p["v"] = 0.6 * p["v"] + 0.4 * g * g
            else:
                m = p["m"] = 0.7 * p["m"] + 0.3 * g
                v = p["v"] = 0.8 * p["v"] + 0.2 * g * g
                m, v = m / (1 - 0.7**power), v / (1 - 0.8**power)
            root = (v + 0.3) ** 0.5 if place == "inside" else v**0.5 + 0.3
            p["w"] = p["w"] * (1 - 0.05 * 0.2 if name == "adamw" else 1) - 0.05 * m / root
    for backend in ("numpy", "numba"):
        ours = fnn.train(config, [[2.0]], [[1.0]], backend=backend).network(0)[0].ravel()
        assert ours == pytest.approx([p["w"] for p in weights], rel=1e-12)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_networks_of_a_stack_move_as_if_alone_each_by_its_own_settings(name, rng):
    configs = [
        fnn.Config(momentum=m, beta1=m, beta2=m, alpha=m, epsilon=1 - m, weight_decay=m) for m in (0.1, 0.5, 0.9)
    ]
    h = hyperparameters(configs[0], numeric_settings(configs), np.float64)
    w, g = rng.normal(size=(2, 3, 4, 2))
    stacked, state = w, OPTIMIZERS[name].init(w)
    alone = [(w[k], OPTIMIZERS[name].init(w[k])) for k in range(3)]
    for t in (1, 2, 3):
        stacked, state = OPTIMIZERS[name].update(stacked, g * t, state, t, 0.1, h)
        alone = [OPTIMIZERS[name].update(*(v[0], g[k] * t, v[1]), t, 0.1, configs[k]) for k, v in enumerate(alone)]
    assert stacked == pytest.approx(np.array([v for v, _ in alone]), rel=1e-14)


def test_rprop_takes_back_no_step_but_halves_it_when_the_sign_turns():
    w, (g, step) = OPTIMIZERS["rprop"].update(
        np.array([[2.0]]), np.array([[-3.0]]), (np.array([[1.0]]), np.array([[0.5]])), 2, 0.1, CONFIG
    )
    assert (w.item(), g.item(), step.item()) == (2, 0, 0.25)


@pytest.mark.parametrize("scheduler", SCHEDULES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_100_steps_are_pytorchs(optimizer, scheduler):
    torch = pytest.importorskip("torch", reason="PyTorch is in the extra `peers`")
    rate = 0.01 if optimizer in ("rmsprop", "rprop") else 0.1
    config = fnn.Config(optimizer=optimizer, scheduler=scheduler, epochs=100, warmup=30, power=2.0, lr=rate, seed=5)
    x, y = fnn.data.xor()
    layers = config.layers(2, 1)
    weights = [torch.tensor(w, requires_grad=True) for w in fnn.init(layers, config.seed)]
    stepper = torch_oracles.OPTIMIZERS[optimizer](torch.optim, weights, config)
    schedule = torch_oracles.SCHEDULES[scheduler](torch.optim.lr_scheduler, stepper, config)
    for _ in range(100):
        stepper.zero_grad()
        a = torch.tensor(x)
        for w in weights:
            a = torch.sigmoid(a @ w[:-1] + w[-1])
        torch.nn.functional.mse_loss(a, torch.tensor(y), reduction="sum").backward()
        stepper.step()
        schedule.step()
    ours = fnn.train(config, x, y).network(0)
    for w, theirs in zip(ours, weights, strict=True):
        assert w == pytest.approx(theirs.detach().numpy(), rel=1e-10, abs=1e-10)
