"""Units in the lanes: the bits that a network has with networks in the lanes, whatever is trained and however."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from comparing import apart, output_for, part_of, same_outcome, stack_of, targets_for

import fnn
from fnn.kernel.chunks import LEAST, MOST, size_of_chunks
from fnn.kernel.units_epoch import train_units_into
from fnn.network.activations import ACTIVATIONS, OUTPUT_ACTIVATIONS
from fnn.network.initializers import INITIALIZERS
from fnn.network.losses import ERRORS, LOSSES, REDUCTIONS
from fnn.network.optimizers import BIAS_CORRECTIONS, EPSILON_PLACES, OPTIMIZERS
from fnn.network.schedules import SCHEDULES
from fnn.training import lanes, networks_in_lanes, units_in_lanes
from fnn.training.layout import Cuts

KINDS = ["float32", "float64"]
WIDTHS = (1, 2, 3, 4, 5, 8, 15, 16, 17, 20, 32, 33, 64, 70, 100)


def drawn_stack(rng):
    """Return a stack of which everything is drawn: registries, shape, samples, batches, stopping rules, seeds."""

    def one(values):
        return list(values)[rng.integers(len(values))]

    depth, loss = rng.integers(0, 4), one(LOSSES)
    N, I, O = int(one([1, 2, 5, 21, 63, 100, 127, 128, 200, 300])), int(one([1, 2, 3, 16, 20])), int(one([1, 1, 2, 16, 18]))  # fmt: skip # noqa: E741, E501
    batch = int(one([1, 7, 32, 64, 130]))
    rules = {"stop_loss": 0.2} if rng.random() < 0.4 else {}
    if rng.random() < 0.3:
        rules[f"stop_{one(ERRORS)}"] = 0.3
    config = fnn.Config(
        hidden="x".join(str(one(WIDTHS)) for _ in range(depth)) or "none",
        activation="x".join(one(ACTIVATIONS) for _ in range(depth)) or "sigmoid",
        output=output_for(loss, one([name for name in OUTPUT_ACTIVATIONS if name != "softmax"])),
        loss=loss,
        optimizer=one(OPTIMIZERS),
        scheduler=one(SCHEDULES),
        warmup=0,
        init=one(INITIALIZERS),
        reduction=one(REDUCTIONS),
        bias_correction=one(BIAS_CORRECTIONS),
        epsilon_place=one(EPSILON_PLACES),
        epochs=int(rng.integers(1, 7)),
        batch_size=batch if batch <= N and rng.random() < 0.6 else None,
        order=one(["fixed", "shuffled"]),
        dtype=one(KINDS),
        lr=float(one([0.001, 0.1, 10.0])),
        **rules,
    )
    x, y = rng.normal(size=(N, I)), targets_for(loss, (rng.random((N, O)) > 0.5).astype(float))
    return stack_of(config, range(int(one([1, 2, 15, 16, 17]))), x, y)


@pytest.mark.parametrize("draw", range(30))
def test_ten_configs_of_all_registries_have_the_same_bits_in_both_layouts_and_on_any_threads(draw):
    rng = np.random.default_rng(draw)
    for _ in range(10):
        stack = drawn_stack(rng)
        with np.errstate(all="ignore"):  # as `train` has it: divergence is a result
            (expected,) = networks_in_lanes.fit([stack], threads=2)
            for threads in (1, 2, 5):
                same_outcome(*units_in_lanes.fit([stack], threads=threads), expected)


@pytest.mark.parametrize("batch", [None, 150])
@pytest.mark.parametrize("dtype", KINDS)
def test_a_network_has_the_same_bits_in_stacks_of_any_size(dtype, batch, rng):
    x, y = rng.normal(size=(300, 3)), (rng.random((300, 2)) > 0.5).astype(float)
    config = fnn.Config(hidden="17x5", activation="tanh", dtype=dtype, reduction="mean", epochs=4, batch_size=batch)
    (whole,) = networks_in_lanes.fit([stack_of(config, range(256), x, y)], threads=2)
    for count in (1, 15, 16, 17, 256):
        some = stack_of(config, range(256 - count, 256), x, y)
        for fit in (networks_in_lanes.fit, units_in_lanes.fit):
            (outcome,) = fit([some], threads=2)
            for field, all_of_them in zip(outcome, whole, strict=True):
                assert np.array_equal(field, all_of_them[256 - count :], equal_nan=True)


def test_bits_do_not_depend_on_the_parts_in_which_samples_are_passed_through(rng):
    x, y = rng.normal(size=(203, 3)), (rng.random((203, 1)) > 0.5).astype(float)
    config = fnn.Config(epochs=10, hidden="20x16", activation="geluxmish", reduction="mean", optimizer="rprop")
    stack = stack_of(config, range(3), x, y)
    (expected,) = networks_in_lanes.fit([stack], threads=1)
    for cuts in (Cuts(units_scratch=1), Cuts(units_scratch=2**14), Cuts(units_scratch=2**30), Cuts(segment=3)):
        for threads in (1, 5):
            same_outcome(*units_in_lanes.fit([stack], threads=threads, cuts=cuts), expected)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("hidden", ["none", "1", "3x5", "40x33", "17x16x4"])
def test_many_samples_are_the_numpy_path(hidden, loss, rng):
    x, y = rng.normal(size=(1500, 3)), targets_for(loss, (rng.random((1500, 2)) > 0.5).astype(float))
    config = fnn.Config(
        hidden=hidden, loss=loss, output=output_for(loss), activation="tanh", init="xavier", reduction="mean", epochs=20
    )
    stack = stack_of(config, [4], x, y)
    theirs = fnn.train(config, x, y, seeds=[4], backend="numpy")
    (ours,) = units_in_lanes.fit([stack], threads=3)
    scale = np.abs(theirs.flat[0]).max()
    assert np.abs(ours.flat - theirs.flat[0]).max() < 1e-11 * scale
    assert ours.loss == pytest.approx(theirs.loss, rel=1e-10)


def test_chunks_are_cut_by_the_number_of_samples_alone():
    for count in (1, 2, LEAST, 2 * LEAST - 1, 2 * LEAST, 1000, 1024, 5000, 100_003):
        size = size_of_chunks(count)
        chunks = -(-count // size)
        assert chunks <= MOST
        assert size >= min(count, LEAST)
        assert (chunks - 1) * size < count


def test_one_compilation_for_each_precision_serves_every_network():
    rng = np.random.default_rng(7)
    for _ in range(40):
        with np.errstate(all="ignore"):
            units_in_lanes.fit([drawn_stack(rng)], threads=2)
    assert len(train_units_into.signatures) == 2


def test_divergence_freezes_as_on_the_numpy_path(xor):
    config = fnn.Config(activation="identity", output="identity", optimizer="sgd", scheduler="constant", lr=10.0,
                        epochs=60)  # fmt: skip
    x, y = xor[1:]
    theirs = fnn.train(config, x, y, seeds=[0, 1], backend="numpy")
    with np.errstate(all="ignore"):
        (ours,) = units_in_lanes.fit([stack_of(config, [0, 1], x, y)], threads=1)
    assert ours.diverged.tolist() == theirs.diverged.tolist()
    assert (ours.diverged > 0).all()
    assert not np.isfinite(ours.loss_curve[0, ours.diverged[0] :]).any()


def test_progress_is_told_and_ctrl_c_ends_all_threads(rng):
    x, y = rng.normal(size=(300, 3)), (rng.random((300, 1)) > 0.5).astype(float)
    heard = []
    units_in_lanes.fit([stack_of(fnn.Config(epochs=30), [1], x, y)], lambda *now: heard.append(now), threads=3)
    assert heard[-1][0] == 1

    def interrupt(*_now):
        raise KeyboardInterrupt

    endless = stack_of(fnn.Config(epochs=10_000_000), [1], x, y, curve_every=10_000_000)
    with pytest.raises(KeyboardInterrupt):
        units_in_lanes.fit([endless], interrupt, threads=3)


@pytest.mark.parametrize("dtype", KINDS)
def test_uncompiled_it_says_the_same(dtype, tmp_path):
    code = f"""
import sys; sys.path.insert(0, sys.argv[2])
import numpy as np, fnn; from comparing import stack_of; from fnn.training import units_in_lanes
x, y = fnn.data.linear(21)
trained = []
for hidden, batch, order, outputs in ("17x18", None, "fixed", 1), ("5x33", 8, "shuffled", 2), ("none", 8, "fixed", 1):
    config = fnn.Config(hidden=hidden, dtype="{dtype}", epochs=4, lr=1e-3, stop_rms=0.01, batch_size=batch, order=order)
    stack = stack_of(config, range(2), x, np.concatenate([y] * outputs, axis=1))
    trained.append(units_in_lanes.fit([stack], threads=1)[0].flat.ravel())
np.save(sys.argv[1], np.concatenate(trained))
"""
    for name, disable in (("compiled", "0"), ("plain", "1")):
        environment = {**os.environ, "NUMBA_DISABLE_JIT": disable}
        words = [sys.executable, "-W", "ignore", "-c", code, tmp_path / name, Path(__file__).parent]
        subprocess.run(words, env=environment, check=True)
    compiled, plain = (np.load(tmp_path / f"{name}.npy") for name in ("compiled", "plain"))
    assert compiled == pytest.approx(plain, rel=1e-12 if dtype == "float64" else 1e-4, abs=1e-6)


def test_training_takes_whichever_layout_is_faster(rng):
    wide, lab = fnn.Config(hidden="200x200", batch_size=100, epochs=2, reduction="mean", lr=1e-3), fnn.Config()
    # By factors of 16, 4 and 4, as measured.
    assert lanes.way(wide, part_of(500, 20), [1], 2) is units_in_lanes.fit
    assert lanes.way(lab, part_of(21, 2), [1], 2) is units_in_lanes.fit
    assert lanes.way(lab, part_of(21, 2), [1000], 2) is networks_in_lanes.fit
    x, y = rng.normal(size=(500, 20)), (rng.random((500, 1)) > 0.5).astype(float)
    trained = fnn.train(wide, x, y, seeds=[5])
    for fit in (networks_in_lanes.fit, units_in_lanes.fit):
        assert np.array_equal(fit([stack_of(wide, [5], x, y)], threads=2)[0].flat[0], trained.flat[0][0])
    assert apart(trained, fnn.train(wide, x, y, seeds=[5], backend="numpy")) < 1e-11
