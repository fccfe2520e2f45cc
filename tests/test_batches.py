"""Mini-batches and stopping rules, on both paths: the field's definitions, the same bits, the same networks stopped."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch_oracles
from comparing import apart, same_bits, same_outcome, stack_of

import fnn
from fnn import rng as random
from fnn.config import ORDERS
from fnn.kernel.rng import order_into
from fnn.network.losses import STOPS
from fnn.network.optimizers import OPTIMIZERS
from fnn.training import networks_in_lanes
from fnn.training.layout import Cuts
from fnn.training.numpy_path import meets_rule
from fnn.training.samples_in_lanes import LEAST_SAMPLES

BACKENDS = ("numpy", "numba")
RATES = {"adam": 0.02, "adamw": 0.02, "rmsprop": 0.005, "rprop": 0.001}  # of the rest: 0.05


def config_of(optimizer, **settings):
    rate = RATES.get(optimizer, 0.05)
    return fnn.Config(optimizer=optimizer, lr=rate, hidden="5x3", reduction="mean", init="xavier", **settings)


# ---- the order of samples ----


def test_permutations_are_fisher_and_yates_on_numpys_words():
    for seed, count, epoch in ((3, 21, 0), (3, 21, 7), (2**63 - 1, 4, 2), (0, 1, 5)):
        words = np.random.Philox(key=seed + (random.ORDER << 64)).random_raw(4 * -(-count // 4) * (epoch + 1))
        words = words.reshape(epoch + 1, -1)[epoch]
        order = []
        for i in range(count):  # in Python's own whole numbers
            place = int(words[i]) * (i + 1) >> 64
            order.append(i)
            order[i], order[place] = order[place], i
        assert random.permutations([seed], count, epoch)[0].tolist() == order
        assert sorted(order) == list(range(count))


def test_permutations_are_uniform_and_depend_on_the_seed_alone():
    many = random.permutations(range(60_000), 4, epoch=3)
    counts = np.unique(many @ [1, 4, 16, 64], return_counts=True)[1]
    assert len(counts) == 24
    assert ((counts - 2500) ** 2 / 2500).sum() < 50  # χ² of 23 degrees of freedom: above 50 once in a thousand
    assert np.array_equal(random.permutations([17, 5], 4, 3), many[[17, 5]])
    assert not np.array_equal(random.permutations(range(100), 9, 0), random.permutations(range(100), 9, 1))


def test_the_kernels_order_is_the_labs():
    seeds = np.array([0, 7, 312551116, 2**63 - 1], np.uint64)
    for count, epoch in ((1, 0), (4, 1), (21, 0), (22, 499), (23, 2**31 - 2)):
        order = np.zeros((count, 4), np.int64)
        order_into(order, seeds, epoch, count)
        assert np.array_equal(order.T, random.permutations(seeds, count, epoch))


# ---- updates ----


def test_online_updates_by_hand():
    """One weight and a bias from 0 at rate ¼, identity: p = 0, then what the first sample's update makes of it."""
    config = fnn.Config(
        hidden="none", output="identity", optimizer="sgd", lr=0.25, scheduler="constant", epochs=1, batch_size=1,
        init_scale=0.0,
    )  # fmt: skip
    # x = 1, y = 1: δ = 2(0 − 1), w = b = 0 + ¼·2 = ½. x = 2, y = 0: p = 1½, δ = 3, w = ½ − ¼·6 = −1, b = ½ − ¾ = −¼.
    for backend in BACKENDS:
        results = fnn.train(config, [[1.0], [2.0]], [[1.0], [0.0]], backend=backend)
        assert results.network(0)[0].ravel().tolist() == [-1.0, -0.25]
        # Before: (1² + 0²)/2. After, on both: p = −1¼ and −2¼, (2¼² + 2¼²)/2.
        assert results.loss_curve[0].tolist() == [0.5, 5.0625]


@pytest.mark.parametrize(("size", "reduction"), [(1, "sum"), (7, "sum"), (8, "mean"), (21, "mean")])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_batches_are_pytorchs(optimizer, size, reduction, xor):
    torch = pytest.importorskip("torch", reason="PyTorch is in the extra `peers`")
    _, x, y = xor
    config = replace(
        config_of(optimizer, epochs=8, batch_size=size, seed=5, gamma=0.9, step_size=2), reduction=reduction
    )
    weights = [torch.tensor(w, requires_grad=True) for w in fnn.init(config.layers(2, 1), config.seed, config.init)]
    stepper = torch_oracles.OPTIMIZERS[optimizer](torch.optim, weights, config)
    inputs, labels, losses = torch.tensor(x.copy()), torch.tensor(y.copy()), []

    def loss(rows, reduction):
        a = inputs[rows]
        for w in weights:
            a = torch.sigmoid(a @ w[:-1] + w[-1])
        return torch.nn.functional.mse_loss(a, labels[rows], reduction=reduction)

    for epoch in range(8):
        losses.append(loss(slice(None), "mean").item())
        for group in stepper.param_groups:
            group["lr"] = config.lr * 0.9 ** (epoch // 2)
        for first in range(0, 21, size):
            stepper.zero_grad()
            loss(slice(first, first + size), reduction).backward()
            stepper.step()
    for backend in BACKENDS:
        ours = fnn.train(config, x, y, backend=backend)
        assert ours.loss_curve[0, :-1] == pytest.approx(losses, rel=1e-6)  # kept in float32
        for w, theirs in zip(ours.network(0), weights, strict=True):
            assert w == pytest.approx(theirs.detach().numpy(), rel=1e-10, abs=1e-11)


def test_a_shuffled_epoch_is_a_fixed_one_of_the_samples_in_that_order(xor):
    _, x, y = xor
    config = config_of("momentum", epochs=1, batch_size=5, order="shuffled", seed=11)
    order = random.permutations([11], 21, 0)[0]
    for backend in BACKENDS:
        shuffled = fnn.train(config, x, y, backend=backend)
        fixed = fnn.train(replace(config, order="fixed"), x[order], y[order], backend=backend)
        for v, w in zip(shuffled.network(0), fixed.network(0), strict=True):
            assert np.array_equal(v, w)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("size", [1, 5, 20, 21])
def test_the_kernels_batches_are_the_labs(size, order, optimizer, xor):
    _, x, y = xor
    for epochs, limit in ((1, 1e-13), (50, 1e-9)):
        config = config_of(optimizer, epochs=epochs, batch_size=size, order=order, loss="bce" if size == 5 else "mse")
        ours, theirs = (fnn.train(config, x, y, seeds=range(9), backend=b) for b in ("numba", "numpy"))
        assert apart(ours, theirs) < limit
        assert ours.loss_curve == pytest.approx(theirs.loss_curve, rel=1e-6)
        assert ours.accuracy_curve == pytest.approx(theirs.accuracy_curve)


@pytest.mark.parametrize("order", ORDERS)
def test_many_samples_and_outputs_in_batches(order, rng):
    """More samples than stay in scratch, batches of several parts, and as many samples as lie in the lanes by rule."""
    count = LEAST_SAMPLES + 9
    x, y = rng.normal(size=(count, 3)), rng.integers(0, 2, (count, 2)).astype(float)
    config = config_of("adam", epochs=2, batch_size=300, order=order)
    ours, theirs = (fnn.train(config, x, y, seeds=range(3), backend=b) for b in ("numba", "numpy"))
    assert apart(ours, theirs) < 1e-11


def test_a_batch_of_all_samples_is_no_batch(xor):
    _, x, y = xor
    config = config_of("adam", epochs=30)
    for backend in BACKENDS:
        plain = fnn.train(config, x, y, seeds=range(3), backend=backend)
        for size, order in product((21, 22, 1000), ORDERS):
            batched = fnn.train(replace(config, batch_size=size, order=order), x, y, seeds=range(3), backend=backend)
            for k in range(3):
                same_bits(batched, k, plain, k)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_bits_do_not_depend_on_stack_place_threads_or_parts(dtype, xor):
    _, x, y = xor
    config = config_of("adam", epochs=25, batch_size=4, order="shuffled", dtype=dtype)
    whole = fnn.train(config, x, y, seeds=range(37))
    for seeds, threads in (([19], 1), (range(9, 30), 3), ([36, 0, 19], 2)):
        part = fnn.train(config, x, y, seeds=seeds, threads=threads)
        for i, seed in enumerate(seeds):
            same_bits(part, i, whole, seed)
    others = [replace(config, seed=s, lr=0.7, stop_rms=0.4) for s in range(20)]
    mixed = fnn.train([c for k in range(20) for c in (others[k], replace(config, seed=k))], x, y)
    for k in range(20):
        same_bits(mixed, 2 * k + 1, whole, k)
    stack = stack_of(config, range(37), x, y)
    (cut,) = networks_in_lanes.fit([stack], threads=2, cuts=Cuts(scratch=1, kept_inputs=1, segment=7))
    same_outcome(cut, *networks_in_lanes.fit([stack], threads=2))


# ---- stopping rules ----


def test_measures_of_errors_by_hand():
    output, y = np.array([[[0.5, 1.0], [0.0, 0.25]]]), np.array([[0.0, 1.0], [0.0, 1.0]])
    # |p − y|: ½, 0, 0, ¾; largest ¾, mean 5/16, root of the mean square √((¼ + 9/16)/4) = √13/8
    right = {"stop_loss": 0.0, "stop_max_error": 0.75, "stop_mean_error": 5 / 16, "stop_rms": 13**0.5 / 8}
    unset = dict.fromkeys(STOPS, np.array([-1.0]))
    for name, limit in right.items():
        for value, met in ((limit, True), (np.nextafter(limit, -1), False)):
            numbers = {**unset, name: np.array([value])}
            assert meets_rule(numbers, np.array([0.0]), output, y).tolist() == [met], (name, value)


def test_rules_by_hand():
    """Identity, one weight, no update that moves it: the errors are the labels' own, ½ and 1."""
    still = fnn.Config(hidden="none", output="identity", optimizer="sgd", lr=0.0, epochs=3, init_scale=0.0)
    rules = [("stop_max_error", 1.0), ("stop_mean_error", 0.75), ("stop_rms", 0.625**0.5), ("stop_loss", 0.625)]
    configs = [replace(still, **{name: limit + d}) for name, limit in rules for d in (1e-9, -1e-9)]
    for backend, times in product(BACKENDS, (1, LEAST_SAMPLES)):
        results = fnn.train(configs, [[0.0], [0.0]] * times, [[0.5], [1.0]] * times, backend=backend)
        assert results.met.tolist() == [True, False] * 4
        assert results.stopped.tolist() == [0, 3] * 4
    exact = [replace(still, **{name: limit}) for name, limit in rules if name != "stop_rms"]  # which is rounded
    for backend, times in product(BACKENDS, (1, LEAST_SAMPLES)):
        assert fnn.train(exact, [[0.0], [0.0]] * times, [[0.5], [1.0]] * times, backend=backend).met.all()


def errors_of_a_plain_loop(config, seeds, x, y):
    """Return what each rule looks at after every epoch, (E+1, S), from the lab's functions in a loop of their own."""
    layers = config.layers(2, 1)
    params = fnn.init(layers, seeds)
    state, found, t = fnn.start(config.optimizer, params), [], 0
    for _ in range(config.epochs + 1):
        done = fnn.forward(layers, params, x)
        error = np.abs(done.outputs[-1] - y)[..., 0]
        loss = fnn.mean_loss(done, y, config.loss)
        found.append((loss, error.max(axis=1), np.sqrt((error**2).mean(axis=1)), error.mean(axis=1)))
        for first in range(0, len(x), config.batch_size or len(x)):
            rows = slice(first, first + (config.batch_size or len(x)))
            gradients = fnn.backward(layers, params, fnn.forward(layers, params, x[rows]), y[rows], config.loss)
            t += 1
            params, state = fnn.update(config.optimizer, params, gradients, state, t, config.lr, config)
    return dict(zip(STOPS, np.moveaxis(found, 1, 0), strict=True))


@pytest.mark.parametrize("settings", [{}, {"batch_size": 4, "lr": 0.03}, {"loss": "bce"}])
def test_each_network_of_a_stack_stops_where_it_first_meets_a_rule_of_its_own(settings, xor):
    _, x, y = xor
    base = fnn.Config(epochs=150, scheduler="constant", **settings)
    choices = [
        *({name: limit} for name in STOPS for limit in (0.4, 0.1, 0.02, 1e-6)),
        {"stop_max_error": 0.1, "stop_mean_error": 0.2},
        {"stop_loss": 1e-3, "stop_rms": 0.2, "stop_max_error": 0.6},
        {},
    ]
    errors = errors_of_a_plain_loop(base, range(6), x, y)
    configs = [replace(base, seed=seed, **choice) for seed in range(6) for choice in choices]
    expected = []
    for config in configs:
        there = np.zeros(151, bool)
        for name, limit in config.stops.items():
            there |= errors[name][:, config.seed] <= limit
        expected.append((int(there.argmax()) if there.any() else 150, bool(there.any())))
    assert len(set(expected)) > 10
    for backend in BACKENDS:
        results = fnn.train(configs, x, y, backend=backend)
        assert list(zip(results.stopped.tolist(), results.met.tolist(), strict=True)) == expected


def test_a_rule_met_after_the_last_epoch_is_met(xor):
    _, x, y = xor
    config = fnn.Config(epochs=9, optimizer="sgd", lr=0.01)  # so low that the loss falls all the way
    loss = float(fnn.train(config, x, y, backend="numpy").loss[0])
    for backend, (factor, met) in product(BACKENDS, ((1 + 1e-9, True), (1 - 1e-9, False))):
        results = fnn.train(replace(config, stop_loss=loss * factor), x, y, backend=backend)
        assert (results.stopped[0], results.met[0], results.loss_curve.argmin()) == (9, met, 9)


def test_what_diverges_meets_no_rule(xor):
    _, x, y = xor
    config = fnn.Config(
        activation="identity", output="identity", optimizer="sgd", lr=10.0, batch_size=2, stop_max_error=1e-3,
        stop_rms=1e-3, stop_mean_error=1e-3,
    )  # fmt: skip
    for backend in BACKENDS:
        results = fnn.train(config, x, y, seeds=range(3), backend=backend)
        assert (results.diverged >= 0).all()
        assert not results.met.any()


def test_where_samples_lie_in_the_lanes_rules_are_the_labs(rng):
    count = LEAST_SAMPLES + 7
    x = rng.normal(size=(count, 2))
    y = (x[:, :1] > 0.3).astype(float)
    base = fnn.Config(hidden="4", reduction="mean", epochs=120, lr=0.3)
    configs = [replace(base, **{name: limit}) for name in STOPS for limit in (0.4, 0.1)]
    ours, theirs = (fnn.train(configs, x, y, backend=backend) for backend in ("numba", "numpy"))
    assert ours.stopped.tolist() == theirs.stopped.tolist()
    assert ours.met.tolist() == theirs.met.tolist()
    assert 0 < len({*ours.stopped.tolist()} - {120}) < 8
