import math

import numpy as np
import pytest

import fnn
from fnn.network import schedules
from fnn.network.schedules import SCHEDULES


def rates(name, epochs, **settings):
    config = fnn.Config(scheduler=name, epochs=epochs, lr=0.1, **settings)
    return np.array([SCHEDULES[name](e, epochs, config) for e in range(epochs)])


def test_exponential_by_hand():
    assert rates("exponential", 500)[[0, 9, 10, 499]] == pytest.approx([0.1, 0.1, 0.095, 0.1 * 0.95**49])
    assert rates("exponential", 30, step_size=10, gamma=0.5)[[9, 10, 20]] == pytest.approx([0.1, 0.05, 0.025])


@pytest.mark.parametrize("epochs", [50, 70, 130, 3500, 4999])
def test_exponential_falls_exactly_on_the_fiftieths(epochs):
    falls = np.array([e * 50 // epochs for e in range(epochs)])
    assert rates("exponential", epochs) == pytest.approx(0.1 * 0.95**falls, rel=1e-12)


def test_polynomial_by_hand():
    assert rates("polynomial", 10, power=2)[[0, 5, 9]] == pytest.approx([0.1, 0.025, 0.001])


def test_warmup_linear_by_hand():
    values = rates("warmup-linear", 10, warmup=4)
    assert values == pytest.approx([0, 0.025, 0.05, 0.075, 0.1, 0.5 / 6, 0.4 / 6, 0.3 / 6, 0.2 / 6, 0.1 / 6])
    assert rates("warmup-linear", 4, warmup=0) == pytest.approx([0.1, 0.075, 0.05, 0.025])


def test_coslog4_by_hand():
    """Four waves, each twice as long: down to 0 after 1, 3, 7 and 15 fifteenths, up to lr at √2·2ᵏ − 1 of them."""
    values = rates("coslog4", 15_000)
    for k in range(4):
        wave = values[1000 * (2**k - 1) : 1000 * (2 ** (k + 1) - 1)]
        assert (wave[0], wave[-1]) == pytest.approx((0, 0), abs=1e-6)
        assert wave.max() == pytest.approx(0.1, rel=1e-6)
        assert wave.argmax() == pytest.approx(1000 * (2 ** (k + 0.5) - 2**k), abs=1)
    # Of one epoch, its middle: 1 + 15/2.
    assert rates("coslog4", 1) == pytest.approx([0.05 * (1 - math.cos(2 * math.pi * math.log2(8.5)))], rel=1e-14)


def test_warmup_may_peak_elsewhere_than_at_lr():
    values = rates("warmup-linear", 10, warmup=4, warmup_peak=1.0)
    assert values == pytest.approx(10 * rates("warmup-linear", 10, warmup=4))
    assert rates("constant", 3, warmup_peak=1.0) == pytest.approx([0.1] * 3)
    x, y = fnn.data.xor()
    common = {"scheduler": "warmup-linear", "epochs": 12, "warmup": 4, "optimizer": "sgd"}
    by_rate, by_peak = fnn.Config(**common, lr=0.75), fnn.Config(**common, lr=0.1, warmup_peak=0.75)
    for backend in ("numpy", "numba"):
        first, second = (fnn.train(config, x, y, backend=backend).network(0) for config in (by_rate, by_peak))
        assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    mixed = fnn.train([by_rate, by_peak, fnn.Config(**common, warmup_peak=0.0)], x, y)
    assert np.array_equal(mixed.flat[0], mixed.flat[1])
    assert mixed.loss_curve[2].std() == 0  # a rate of 0 moves nothing


@pytest.mark.parametrize("name", SCHEDULES)
def test_rates_are_finite_never_negative_and_the_same_bits_for_an_array_of_epochs(name):
    one_by_one = rates(name, 300)
    together = SCHEDULES[name](np.arange(300), 300, fnn.Config(epochs=300, lr=0.1))
    assert np.isfinite(one_by_one).all()
    assert one_by_one.min() >= 0
    assert one_by_one.max() == pytest.approx(0.1, rel=1e-4)  # a wave between two epochs has its crest there
    assert np.broadcast_to(together, 300).tolist() == one_by_one.tolist()


@pytest.mark.parametrize("name", SCHEDULES)
def test_rates_are_the_schedule_epoch_by_epoch(name):
    config = fnn.Config(scheduler=name, epochs=40, warmup=10, power=2.0)
    each = [float(SCHEDULES[name](epoch, 40, config)) for epoch in range(7, 40)]
    assert schedules.rates(name, np.arange(7, 40), 40, config).tolist() == each


COMPANY = {
    "polynomial": [{"power": power} for power in (2.0, 0.5, 3.0, 1.0, 1.7)],
    "exponential": [{"gamma": 0.95}, {"gamma": 0.5}, {"gamma": 1.0}, {"gamma": 0.95, "step_size": 7}],
}


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("name", COMPANY)
def test_a_network_has_the_bits_of_its_own_schedule_in_any_company(name, backend):
    x, y = fnn.data.xor()
    configs = [fnn.Config(scheduler=name, epochs=60, **settings) for settings in COMPANY[name]]
    together = fnn.train(configs, x, y, seeds=range(20), backend=backend)
    for c, config in enumerate(configs):
        alone = fnn.train(config, x, y, seeds=range(20), backend=backend)
        assert np.array_equal(alone.flat[0], together.flat[c])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_so_many_networks_that_rates_are_computed_compiled_have_the_same_bits(dtype):
    x, y = fnn.data.xor4()
    configs = [fnn.Config(scheduler="polynomial", dtype=dtype, epochs=200, power=p) for p in np.linspace(0.5, 3, 400)]
    together = fnn.train(configs, x, y, curve_every=0)
    alone = [fnn.train(config, x, y, curve_every=0).flat[0] for config in configs[::57]]
    assert np.array_equal(alone, together.flat[::57])
