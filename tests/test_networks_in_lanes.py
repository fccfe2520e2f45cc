"""The kernel's promises: the same bits wherever a network stands, and the NumPy path's answers."""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from itertools import cycle, product

import numpy as np
import pytest
from comparing import apart, loss_for, output_for, same_bits, same_outcome, stack_of, targets_for

import fnn
from fnn.kernel.epoch import train_into
from fnn.network.activations import ACTIVATIONS, OUTPUT_ACTIVATIONS
from fnn.network.initializers import INITIALIZERS
from fnn.network.losses import LOSSES, REDUCTIONS
from fnn.network.optimizers import OPTIMIZERS
from fnn.network.schedules import SCHEDULES
from fnn.stats.summary import summarize
from fnn.training import networks_in_lanes
from fnn.training.lanes import COMPILED
from fnn.training.layout import Cuts, sideways, upright
from fnn.training.train import NUMERICS

KINDS = ["float32", "float64"]


@pytest.fixture(scope="module", params=KINDS)
def whole(request, xor):
    _, x, y = xor
    return fnn.train(fnn.Config(dtype=request.param, epochs=60), x, y, seeds=range(83))


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 15, 16, 17, 31, 33])
def test_bits_are_the_same_in_stacks_of_any_size_and_at_any_place(whole, xor, count):
    _, x, y = xor
    config, first = whole.configs[0], 83 - count
    part = fnn.train(config, x, y, seeds=range(first, 83))
    for k in range(count):
        same_bits(part, k, whole, first + k)
    order = np.random.default_rng(count).permutation(83)[:count]
    shuffled = fnn.train(config, x, y, seeds=order.tolist())
    for k in range(count):
        same_bits(shuffled, k, whole, order[k])


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_bits_do_not_depend_on_threads_or_on_how_the_work_is_cut(whole, xor, threads):
    _, x, y = xor
    again = fnn.train(whole.configs[0], x, y, seeds=range(83), threads=threads)
    for k in range(83):
        same_bits(again, k, whole, k)
    stack = stack_of(whole.configs[0], range(83), x, y)
    # Calls of the kernel for 7 epochs each.
    same_outcome(
        *networks_in_lanes.fit([stack], threads=threads, cuts=Cuts(segment=7)),
        *networks_in_lanes.fit([stack], threads=2),
    )


def test_bits_do_not_depend_on_neighbours_with_other_settings(whole, xor):
    _, x, y = xor
    base, rng = whole.configs[0], np.random.default_rng(0)
    others = [
        replace(base, seed=int(s), lr=float(lr), beta1=0.5, init_scale=1.7e308, gamma=0.9, step_size=3)
        for s, lr in zip(rng.integers(1000, size=40), 10.0 ** rng.uniform(-2, 308, 40), strict=True)
    ]
    mixed = fnn.train([c for k in range(40) for c in (others[k], replace(base, seed=k))], x, y)
    assert (mixed.diverged[0::2] >= 0).any()
    for k in range(40):
        same_bits(mixed, 2 * k + 1, whole, k)


@pytest.mark.parametrize("activation", ["tanh", "geluxmish"])
def test_bits_do_not_depend_on_the_parts_in_which_samples_are_passed_through(activation, rng):
    x, y = rng.normal(size=(203, 3)), rng.integers(0, 2, (203, 1)).astype(float)
    stack = stack_of(fnn.Config(epochs=10, hidden="5x3", activation=activation, reduction="mean"), range(3), x, y)
    (expected,) = networks_in_lanes.fit([stack], threads=1)
    for cuts in (Cuts(scratch=1), Cuts(scratch=2**13, kept_inputs=1), Cuts(scratch=2**30), Cuts(kept_inputs=2**30)):
        same_outcome(*networks_in_lanes.fit([stack], threads=1, cuts=cuts), expected)


COMBINATIONS = list(product(ACTIVATIONS, LOSSES, OPTIMIZERS, SCHEDULES))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_combination_is_the_numpy_path_one_step_and_fifty_steps_on(activation, optimizer, xor):
    _, x, y = xor
    others = cycle(product(INITIALIZERS, REDUCTIONS))  # no concern of the first two
    for (loss, scheduler), (init, reduction) in zip(product(LOSSES, SCHEDULES), others, strict=False):
        config = fnn.Config(
            activation=activation, loss=loss, optimizer=optimizer, scheduler=scheduler, init=init, reduction=reduction,
            output=output_for(loss), hidden="5x3", lr=0.003, epochs=50, warmup=20, power=1.5,
        )  # fmt: skip
        for epochs, limit in ((50, 1e-9), (1, 1e-13)):
            settings = replace(config, epochs=epochs, warmup=20 if epochs == 50 else 0)
            labels = targets_for(loss, y)
            ours, theirs = (fnn.train(settings, x, labels, seeds=range(3), backend=b) for b in ("numba", "numpy"))
            assert apart(ours, theirs) < limit, settings
            assert ours.loss_curve == pytest.approx(theirs.loss_curve, rel=1e-6)  # float32
            assert ours.accuracy_curve == pytest.approx(theirs.accuracy_curve)


@pytest.mark.parametrize("output", OUTPUT_ACTIVATIONS)
@pytest.mark.parametrize("hidden", ["none", "1", "2", "3x5", "8x4x6", "4x4x4x4", "17x9"])
def test_every_depth_width_and_output_is_the_numpy_path(hidden, output, rng):
    loss = loss_for(output)
    x, y = rng.normal(size=(13, 3)), targets_for(loss, rng.integers(0, 2, (13, 2)).astype(float))
    config = fnn.Config(hidden=hidden, output=output, loss=loss, activation="tanh", init="xavier", epochs=20, lr=0.01)
    ours, theirs = (fnn.train(config, x, y, seeds=range(3), backend=b) for b in ("numba", "numpy"))
    assert apart(ours, theirs) < 1e-11
    assert ours.loss == pytest.approx(theirs.loss, rel=1e-10)


def test_each_hidden_layer_may_have_its_own_activation(xor):
    _, x, y = xor
    config = fnn.Config(hidden="4x4x4", activation="tanhxleaky-reluxsigmoid", epochs=20)
    assert apart(*(fnn.train(config, x, y, seeds=range(3), backend=b) for b in ("numba", "numpy"))) < 1e-11


@pytest.mark.parametrize("dtype", KINDS)
def test_2000_seeds_agree_with_the_numpy_path_within_their_intervals(dtype, xor):
    config, x, y = replace(xor[0], dtype=dtype), *xor[1:]
    ours = summarize(fnn.train(config, x, y, seeds=range(2000)))
    theirs = summarize(fnn.train(xor[0], x, y, seeds=range(2000), backend="numpy"))
    assert theirs.interval[0] < ours.solved / 2000 < theirs.interval[1]
    assert ours.loss.median == pytest.approx(theirs.loss.median, rel=0.02)
    assert ours.epochs_to_solve.median == pytest.approx(theirs.epochs_to_solve.median, abs=2)


@pytest.mark.parametrize("initializer", INITIALIZERS)
def test_initial_weights_are_the_same_bits_on_both_paths(initializer):
    layers, seeds = fnn.Config().layers(2, 1), [0, 5, 312551116, 2**63 - 1]
    ours = fnn.init(layers, seeds, initializer, draws=COMPILED)
    assert all(np.array_equal(a, b) for a, b in zip(ours, fnn.init(layers, seeds, initializer), strict=True))


def test_a_diverged_network_is_frozen_and_flagged_as_on_the_numpy_path(xor):
    _, x, y = xor
    good = fnn.Config(
        activation="identity", output="identity", optimizer="sgd", scheduler="constant", lr=1e-3, epochs=60
    )
    configs = [good, replace(good, lr=10.0), replace(good, stop_loss=0.3), good]
    ours, theirs = (fnn.train(configs, x, y, backend=b) for b in ("numba", "numpy"))
    assert ours.diverged.tolist() == theirs.diverged.tolist()
    assert ours.stopped.tolist() == theirs.stopped.tolist()
    assert 0 < ours.diverged[1] < 60
    assert 0 < ours.stopped[2] < 60
    assert ours.loss[[0, 2, 3]] == pytest.approx(theirs.loss[[0, 2, 3]], rel=1e-12)
    assert not np.isfinite(ours.loss_curve[1, ours.diverged[1] :]).any()
    alone = fnn.train(good, x, y)
    same_bits(ours, 0, alone, 0)


def test_curves_may_be_thinned_or_left_out(whole, xor):
    _, x, y = xor
    thinned = fnn.train(whole.configs[0], x, y, seeds=range(83), curve_every=7)
    assert thinned.curve_epochs.tolist() == [*range(0, 60, 7), 60]
    assert np.array_equal(thinned.loss_curve, whole.loss_curve[:, thinned.curve_epochs])
    none = fnn.train(whole.configs[0], x, y, seeds=range(83), curve_every=0)
    assert none.loss_curve.shape == (83, 0)
    assert np.array_equal(none.flat[0], whole.flat[0])


def test_one_compilation_for_each_precision_serves_every_network(rng):
    for dtype in KINDS:
        fnn.train(fnn.Config(dtype=dtype, epochs=1), *fnn.data.xor4())
    before = list(train_into.signatures)
    for dtype, hidden, (activation, loss, optimizer, scheduler) in product(KINDS, ["none", "3x2x4"], COMBINATIONS[::7]):
        config = fnn.Config(
            dtype=dtype, hidden=hidden, activation=activation, loss=loss, output=output_for(loss),
            optimizer=optimizer, scheduler=scheduler, epochs=2, warmup=1,
        )  # fmt: skip
        x, y = rng.normal(size=(5, 3)), targets_for(loss, np.ones((5, 2)))
        fnn.train(config, x, y, curve_every=len(hidden) % 2)
        batched = replace(config, batch_size=2, order="shuffled", stop_rms=0.1, epsilon_place="inside")
        fnn.train(replace(batched, dropout=0.2, clip_norm=1.0, keep="best"), x, y, validation=(x, y))
    assert list(train_into.signatures) == before
    assert len(before) == 2


def test_sideways_and_upright_are_inverse():
    rows = np.arange(5 * 3.0).reshape(5, 3)
    blocks = sideways(rows, 4)
    assert blocks.shape == (2, 3, 4)
    assert blocks.ctypes.data % 64 == 0
    assert blocks[1].T.tolist() == [rows[4].tolist()] * 4
    assert np.array_equal(upright(blocks, 5), rows)


@pytest.mark.parametrize("dtype", KINDS)
def test_uncompiled_the_kernel_computes_the_same(dtype, tmp_path):
    code = f"""
import numpy as np, sys, fnn
x, y = fnn.data.xor()
configs = [fnn.Config(optimizer=o, activation=a, loss=l, dtype="{dtype}", epochs=3)
           for o, a, l in [("adam", "sigmoid", "mse"), ("rprop", "tanh", "bce"), ("nesterov", "relu", "mse"),
                           ("adamw", "leaky-relu", "bce"), ("sgd", "identity", "mse"), ("rmsprop", "tanh", "mse"),
                           ("adagrad", "sigmoid", "bce"), ("momentum", "sigmoid", "mse")]]
configs += [fnn.Config(dtype="{dtype}", epochs=3, batch_size=4, order=order, stop_rms=0.5, stop_max_error=0.4,
                       bias_correction="first", epsilon_place="inside") for order in ("fixed", "shuffled")]
np.save(sys.argv[1], np.concatenate(fnn.train(configs, x, y, seeds=[1, 2]).flat))
"""
    for name, disable in (("compiled", "0"), ("plain", "1")):
        subprocess.run(
            [sys.executable, "-c", code, tmp_path / name], env={**os.environ, "NUMBA_DISABLE_JIT": disable}, check=True
        )
    compiled, plain = (np.load(tmp_path / f"{name}.npy") for name in ("compiled", "plain"))
    assert compiled == pytest.approx(
        plain, rel=1e-13 if dtype == "float64" else 1e-4, abs=1e-6 if dtype == "float32" else 1e-14
    )


# Uniform weights are made of exact arithmetic, and the kernel's functions of operations that IEEE 754 rounds one way.
BITS = {"float32": "540272830ecf99ce", "float64": "ea25d211822db469"}


@pytest.mark.parametrize("dtype", BITS)
def test_the_bits_are_those_of_this_version_of_the_arithmetic(dtype):
    """A change of bits needs a new NUMERICS, or sweeps would mix them; then record the new ones here."""
    common = {"init": "uniform", "scheduler": "constant", "dtype": dtype, "epochs": 60}
    configs = [fnn.Config(**common, optimizer=o) for o in ("adam", "momentum", "rprop")]
    results = fnn.train(configs, *fnn.data.xor(), seeds=range(20))
    digest = hashlib.sha256(b"".join(flat.tobytes() for flat in results.flat)).hexdigest()[:16]
    assert (NUMERICS, digest) == (2, BITS[dtype])
