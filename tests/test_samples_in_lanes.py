"""Samples in the lanes: the NumPy path's answers, and the same bits on any number of threads and in any stack."""

import os
import subprocess
import sys
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from comparing import output_for, part_of, same_bits, same_outcome, stack_of, targets_for

import fnn
from fnn.data.samples import Part
from fnn.kernel.samples_epoch import train_shared_into
from fnn.network.activations import ACTIVATIONS
from fnn.network.losses import LOSSES, REDUCTIONS
from fnn.network.optimizers import OPTIMIZERS
from fnn.network.schedules import SCHEDULES
from fnn.training import lanes, numpy_path, samples_in_lanes
from fnn.training.train import train_parts

N = samples_in_lanes.LEAST_SAMPLES + 7  # no multiple of the lanes, nor of the chunks


@pytest.fixture(scope="module")
def samples():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(N, 3))
    return x, (np.tanh(x @ rng.normal(size=(3, 2))) > 0).astype(float)


def both(config, samples):
    """Train the same networks on both paths."""
    stack = stack_of(config, [0, 1], samples[0], targets_for(config.loss, samples[1]))
    with np.errstate(over="ignore", invalid="ignore"):  # as `train` has it: divergence is a result
        return numpy_path.fit(stack), *samples_in_lanes.fit([stack], threads=2)


def agree(config, samples, rel):
    lab, kernel = both(config, samples)
    scale = np.abs(lab.flat).max()
    np.testing.assert_allclose(kernel.flat, lab.flat, rtol=rel, atol=rel * scale)
    np.testing.assert_allclose(kernel.loss, lab.loss, rtol=10 * rel)
    for name in ("score", "epochs_to_solve", "diverged", "stopped", "score_curve"):
        np.testing.assert_array_equal(getattr(kernel, name), getattr(lab, name), err_msg=name)
    np.testing.assert_allclose(kernel.loss_curve, lab.loss_curve, rtol=1e-5)


@pytest.mark.parametrize(("activation", "loss", "reduction"), list(product(ACTIVATIONS, LOSSES, REDUCTIONS)))
def test_one_step_is_the_labs(activation, loss, reduction, samples):
    config = fnn.Config(hidden="5x4", activation=activation, loss=loss, output=output_for(loss), reduction=reduction,
                        optimizer="sgd", lr=1e-3, epochs=1)  # fmt: skip
    agree(config, samples, 1e-13)


@pytest.mark.parametrize(
    "settings", [{"dropout": 0.3}, {"clip_norm": 0.01, "optimizer": "sgd"}, {"keep": "best", "lr": 3.0}]
)
def test_what_only_the_other_ways_know_is_left_to_them(settings, samples):
    x, y = samples
    held_out = 1 if "keep" in settings else 0  # of which answers get better and worse
    part = Part(x, y, np.ones(N), np.ones(N - held_out), N - held_out, "sides")
    config = fnn.Config(**{"hidden": "4", "epochs": 20, "reduction": "mean", "scheduler": "constant"} | settings)
    ours, theirs, plain = (
        train_parts([c], [p], seeds=range(3), backend=backend)
        for c, p, backend in (
            (config, part, "numba"),
            (config, part, "numpy"),
            (replace(config, dropout=0.0, clip_norm=None, keep="last"), part, "numpy"),
        )
    )
    assert ours.flat[0] == pytest.approx(theirs.flat[0], rel=1e-9)
    assert ours.flat[0] != pytest.approx(plain.flat[0], rel=1e-3)


@pytest.mark.parametrize(("optimizer", "scheduler"), list(product(OPTIMIZERS, SCHEDULES)))
def test_fifty_steps_are_the_labs(optimizer, scheduler, samples):
    config = fnn.Config(hidden="6", optimizer=optimizer, scheduler=scheduler, reduction="mean", lr=0.02, epochs=50,
                        warmup=20)  # fmt: skip
    agree(config, samples, 1e-9)


@pytest.mark.parametrize("hidden", ["none", "1", "3x3x3", "16x17", "40"])
def test_any_shape(hidden, samples):
    agree(fnn.Config(hidden=hidden, activation="tanh", reduction="mean", epochs=10), samples, 1e-11)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_network_has_the_same_bits_on_any_threads_and_in_any_stack(dtype, samples):
    config = fnn.Config(hidden="7x3", dtype=dtype, reduction="mean", epochs=12)
    whole = fnn.train(config, *samples, seeds=range(7), threads=2)
    for threads, seeds in ((1, [3]), (2, [3]), (3, [3]), (5, [3]), (1, [6, 3, 0]), (3, [3, 4]), (8, [0, 3])):
        part = fnn.train(config, *samples, seeds=seeds, threads=threads)
        for i, seed in enumerate(seeds):
            same_bits(whole, seed, part, i)
    others = [replace(config, lr=0.5, seed=1), replace(config, seed=3), replace(config, hidden="2", seed=3)]
    same_bits(whole, 3, fnn.train(others, *samples), 1)


@pytest.mark.parametrize("threads", [1, 3])
def test_bits_do_not_depend_on_the_epochs_for_which_a_schedule_is_laid_out(threads, samples):
    for settings in ({}, {"stop_loss": 0.2}):
        config = fnn.Config(hidden="5", reduction="mean", epochs=30, lr=0.3, scheduler="polynomial", **settings)
        stack = stack_of(config, [1, 2], *samples)
        (expected,) = samples_in_lanes.fit([stack], threads=1)
        same_outcome(*samples_in_lanes.fit([stack], threads=threads, segment=7), expected)


def test_what_decides_is_the_number_of_samples_and_the_shape_alone():
    least = samples_in_lanes.LEAST_SAMPLES
    for config in (fnn.Config(), fnn.Config(hidden="16x16"), fnn.Config(batch_size=least)):
        for networks, threads in ((1, 1), (1, 8), (1000, 2)):
            assert lanes.way(config, part_of(least, 2), [networks], threads) is samples_in_lanes.fit
            assert lanes.way(config, part_of(least - 1, 2), [networks], threads) is not samples_in_lanes.fit
    for config in (fnn.Config(batch_size=least - 1), fnn.Config(hidden="32x32")):
        assert lanes.way(config, part_of(least, 2), [1], 2) is not samples_in_lanes.fit


def test_networks_stop_diverge_and_solve_as_in_the_lab(samples):
    x, _ = samples
    easy = x, (x[:, :1] > 0.3).astype(float)
    common = {"hidden": "4", "reduction": "mean", "epochs": 120}
    for config in (
        fnn.Config(**common, stop_loss=0.05),
        fnn.Config(**common, optimizer="sgd", lr=1e4, activation="identity", output="identity"),
        fnn.Config(**common, lr=0.3),
    ):
        lab, kernel = both(config, easy)
        np.testing.assert_array_equal(kernel.stopped, lab.stopped)
        np.testing.assert_array_equal(kernel.diverged, lab.diverged)
        np.testing.assert_array_equal(kernel.epochs_to_solve, lab.epochs_to_solve)
    assert both(fnn.Config(**common, stop_loss=0.05), easy)[1].stopped.max() < 120


def test_progress_is_told(samples):
    heard = []
    fnn.train(fnn.Config(epochs=30), *samples, seeds=range(3), threads=2, on_progress=heard.append)
    assert (heard[-1].done, heard[-1].total) == (3, 3)


def test_ctrl_c_ends_all_threads(samples):
    def interrupt(_now):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fnn.train(fnn.Config(epochs=10_000_000), *samples, threads=3, on_progress=interrupt)


def test_one_compilation_for_each_precision_serves_every_network(samples):
    x, y = samples
    for dtype, hidden, optimizer in product(("float32", "float64"), ("none", "5", "3x4"), ("adam", "sgd")):
        for loss, seeds in (("mse", 1), ("bce", 3)):
            config = fnn.Config(dtype=dtype, hidden=hidden, optimizer=optimizer, loss=loss, epochs=2)
            fnn.train(config, x, y, seeds=range(seeds), threads=2)
            fnn.train(config, x[:, :1], y[:, :1], seeds=range(seeds), curve_every=0)
    assert len(train_shared_into.signatures) == 2


def test_uncompiled_it_says_the_same(tmp_path):
    code = (
        "import sys; sys.path.insert(0, sys.argv[2])\n"
        "import numpy as np, fnn; from comparing import stack_of; from fnn.training import samples_in_lanes\n"
        "stack = stack_of(fnn.Config(hidden='3', epochs=6, stop_rms=0.01), range(2), *fnn.data.linear(45))\n"
        "np.save(sys.argv[1], samples_in_lanes.fit([stack], threads=1)[0].flat)"
    )
    for name, disable in (("compiled", "0"), ("plain", "1")):
        environment = {**os.environ, "NUMBA_DISABLE_JIT": disable}
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code, tmp_path / name, Path(__file__).parent],
            env=environment,
            check=True,
        )
    compiled, plain = (np.load(tmp_path / f"{name}.npy") for name in ("compiled", "plain"))
    assert compiled == pytest.approx(plain, rel=1e-12)
