"""Training on parts of samples: one network whatever fills the lanes, whatever trains beside it, on any threads."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from comparing import same_outcome
from drawn_parts import drawn, same_network, same_results
from ways import KERNELS, train_by

import fnn
from fnn.data.samples import Part
from fnn.kernel.epoch import train_into
from fnn.kernel.units_epoch import train_units_into
from fnn.network.functions import flatten
from fnn.network.layers import Layer
from fnn.training import networks_in_lanes, numpy_path, units_in_lanes
from fnn.training.grouping import Stack, numeric_settings
from fnn.training.layout import Cuts
from fnn.training.train import train_parts

DTYPES = ["float32", "float64"]
MEASURES = ("loss", "score", "validation_loss", "validation_score")
CURVES = tuple(f"{name}_curve" for name in MEASURES)
ENDS = ("best_epoch", "stopped", "met", "diverged", "epochs_to_solve")


@pytest.mark.parametrize("draw", range(20))
def test_ten_configs_of_all_registries_are_the_numpy_path_and_have_the_same_bits_in_both_layouts(draw):
    rng = np.random.default_rng(draw)
    for _ in range(10):
        config, parts = drawn(rng)
        theirs = train_parts([config], parts, seeds=range(5), backend="numpy")
        ours = train_by("networks", [config], parts, seeds=range(5), threads=1)
        for way, threads in (("networks", 3), ("units", 1), ("units", 3)):
            same_results(train_by(way, [config], parts, seeds=range(5), threads=threads), ours)
        assert ours.flat[0] == pytest.approx(theirs.flat[0], rel=1e-10, abs=1e-10), config
        for name in MEASURES:
            assert getattr(ours, name) == pytest.approx(getattr(theirs, name), rel=1e-9, nan_ok=True), (name, config)
        for name in CURVES:
            assert getattr(ours, name) == pytest.approx(getattr(theirs, name), rel=1e-6, nan_ok=True), (name, config)
        for name in ENDS:
            assert np.array_equal(getattr(ours, name), getattr(theirs, name)), (name, config)


@pytest.mark.parametrize("draw", range(6))
def test_ten_configs_in_float32_have_the_same_bits_in_both_layouts(draw):
    rng = np.random.default_rng(100 + draw)
    for _ in range(10):
        config, parts = drawn(rng, dtype="float32")
        ours = train_by("networks", [config], parts, seeds=range(18), threads=1)
        for way, threads in (("networks", 3), ("units", 1), ("units", 3)):
            same_results(train_by(way, [config], parts, seeds=range(18), threads=threads), ours)


@pytest.mark.parametrize("dtype", DTYPES)
def test_threads_that_share_a_network_train_the_one_that_is_trained_alone(dtype):
    """On samples that are cut into chunks, of which each thread passes some through, and moves some of the weights."""
    rng = np.random.default_rng(12)
    clipped = 0
    while clipped < 8:
        config, parts = drawn(rng, dtype=dtype)
        if config.clip_norm is None or config.batch_size or parts[0].training < 128:
            continue
        alone = train_by("networks", [config], parts, seeds=[3], threads=1)
        for threads in (2, 3, 5):
            same_results(train_by("units", [config], parts, seeds=[3], threads=threads), alone)
        clipped += 1


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("draw", range(4))
def test_a_network_has_the_same_bits_on_its_part_alone_and_among_parts_in_any_order(draw, dtype):
    rng = np.random.default_rng(200 + draw)
    for way in KERNELS:
        config, parts = drawn(rng, parts=3, dtype=dtype)
        whole = train_by(way, [config], parts, seeds=range(19), threads=3)
        assert whole.split.tolist() == [p for p in range(3) for _ in range(19)]
        assert whole.seeds.tolist() == [*range(19)] * 3
        turned = train_by(way, [config], parts[::-1], seeds=range(18, -1, -1), threads=2)
        each = train_by(way, [config], parts, seeds=[4, 18, 7], per_seed=True)
        assert each.split.tolist() == [0, 1, 2]
        blocks = train_by(way, [config], parts, seeds=[*range(18)], per_seed=True)
        assert blocks.split.tolist() == [p for p in range(3) for _ in range(6)]
        for k in (0, 5, 6, 11, 17):
            same_network(blocks, k, whole, k // 6 * 19 + k)
        for p, seed in ((0, 4), (1, 18), (2, 7), (2, 0)):
            alone = train_by(way, [config], [parts[p]], seeds=[seed], threads=1)
            same_network(alone, 0, whole, p * 19 + seed)
            same_network(alone, 0, turned, (2 - p) * 19 + 18 - seed)
            if seed:
                same_network(alone, 0, each, p)


def stack_of(config, part, seeds):
    """Return a stack of one config with these seeds on a part."""
    layers = config.layers(part.x.shape[1], part.y.shape[1])
    numeric = {**numeric_settings([config], len(seeds)), "seed": np.array(seeds)}
    params = fnn.init(
        layers, seeds, config.init, config.init_scale, config.dtype, parametrization=config.parametrization
    )
    return Stack(config, layers, params, numeric, part.astype(config.dtype), np.arange(config.epochs + 1))


@pytest.mark.parametrize("dtype", DTYPES)
def test_bits_do_not_depend_on_how_samples_and_epochs_are_cut(dtype):
    """In parts of a few samples, of which none stays in memory; and two epochs at a time."""
    rng = np.random.default_rng(11)
    for _ in range(30):
        config, (part,) = drawn(rng, dtype=dtype)
        stack = stack_of(config, part, range(5))
        with np.errstate(all="ignore"):
            (expected,) = networks_in_lanes.fit([stack], threads=1)
            for cuts in (Cuts(scratch=1, units_scratch=1, kept_inputs=0), Cuts(segment=2)):
                for fit in (networks_in_lanes.fit, units_in_lanes.fit):
                    same_outcome(*fit([stack], threads=2, cuts=cuts), expected)


@pytest.mark.parametrize("batch", [None, 7])
@pytest.mark.parametrize("width", [1, 5, 16, 33])
def test_a_scale_between_other_layers_is_the_numpy_path_in_both_layouts(width, batch, rng):
    layers = (
        Layer("scale", 3, 3, "identity"), Layer("dense", 3, width, "tanh"), Layer("scale", width, width, "mish"),
        Layer("dense", width, 2, "identity"),
    )  # fmt: skip
    config = fnn.Config(batch_size=batch, lr=0.01, epochs=4, dropout=0.2, clip_norm=1.0, input_scale_lr=2.0)
    part = Part(rng.normal(size=(140, 3)), rng.normal(size=(140, 2)), np.ones(140), np.ones(130), 130, "squares")
    params = tuple(rng.normal(size=w.shape) for w in fnn.init(layers, range(9)))
    stack = stack_of(config, part, range(9))._replace(layers=layers, params=params)
    theirs, ours = numpy_path.fit(stack), networks_in_lanes.fit([stack], threads=2)
    assert ours[0].flat == pytest.approx(theirs.flat, rel=1e-10, abs=1e-11)
    assert np.abs(ours[0].flat - flatten(params)).min() > 0
    same_outcome(*units_in_lanes.fit([stack], threads=2), *ours)


@pytest.mark.parametrize("way", [*KERNELS, "numpy"])
def test_several_configs_on_several_parts_are_in_the_order_of_configs_parts_and_seeds(way):
    """Numbers that differ train in one stack, each with its own; names that differ in stacks of their own."""
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(50, 3)), (rng.random((50, 1)) > 0.5).astype(float)
    parts = [Part(x[::k], y[::k], np.ones(50), np.ones(30), 30, "sides") for k in (1, -1)]
    configs = [
        fnn.Config(hidden=hidden, epochs=6, dropout=dropout, clip_norm=clip, patience=patience, keep="best", lr=lr)
        for hidden, dropout, clip, patience, lr in (
            ("4", 0.3, None, 2, 0.1), ("9x3", 0.0, 0.1, None, 0.1), ("4", 0.0, 0.2, None, 0.03), ("4", 0.7, 1e-3, 1, 3),
        )
    ]  # fmt: skip
    whole = train_by(way, configs, parts, seeds=[5, 2, 11])
    assert whole.split.tolist() == [0, 0, 0, 1, 1, 1] * 4
    for k in range(24):
        assert whole.seeds[k] == (5, 2, 11)[k % 3]
        part, config = parts[whole.split[k]], configs[k // 6]
        alone = train_by(way, [config], [part], seeds=[int(whole.seeds[k])])
        if way != "numpy":
            same_network(alone, 0, whole, k)
        for v, w in zip(alone.network(0), whole.network(k), strict=True):
            assert v == pytest.approx(w, rel=1e-12)
    with pytest.raises(ValueError, match="2 parts and 3 seeds; expected as many"):
        train_parts(configs, parts, seeds=[5, 2, 11], per_seed=True)


def test_one_compilation_for_each_precision_serves_every_part_and_setting():
    rng = np.random.default_rng(9)
    for _ in range(30):
        for dtype in DTYPES:
            config, parts = drawn(rng, parts=2, dtype=dtype)
            for way in KERNELS:
                train_by(way, [config], parts, seeds=range(3), threads=2)
    assert len(train_into.signatures) == len(train_units_into.signatures) == 2


@pytest.mark.parametrize("dtype", DTYPES)
def test_uncompiled_the_kernels_say_the_same(dtype, tmp_path):
    code = f"""
import sys; sys.path.insert(0, sys.argv[2])
import numpy as np, fnn; from fnn.data.samples import Part; from ways import KERNELS, train_by
rng, trained = np.random.default_rng(5), []
shared = dict(hidden="5x17", epochs=4, lr=0.01, dtype="{dtype}", init="he", dropout=0.3, clip_norm=0.5, keep="best")
shared |= dict(parametrization="ntk", bias_lr=0.1, input_scale="learned", scheduler="coslog4", patience=3)
x, weight = rng.normal(size=(20, 3)), rng.uniform(0.5, 2, 20)
for loss, output, score, y in (
    ("cross-entropy", "softmax", "largest", np.eye(3)[rng.integers(0, 3, 20)]),
    ("huber", "identity", "squares", rng.normal(size=(20, 2))),
    ("bce", "sigmoid", "sides", (rng.random((20, 2)) > 0.5).astype(float)),
):
    part = Part(x, y, weight, weight[:12], 12, score)
    for batch in (None, 5):
        config = fnn.Config(**shared, loss=loss, output=output, batch_size=batch, order="shuffled", stop_max_error=1e-3)
        for way in KERNELS:
            results = train_by(way, [config], [part], seeds=range(2), threads=1)
            trained += [results.flat[0], results.validation_loss, results.validation_score, results.best_epoch]
np.save(sys.argv[1], np.concatenate([np.ravel(a) for a in trained]))
"""
    for name, disable in (("compiled", "0"), ("plain", "1")):
        environment = {**os.environ, "NUMBA_DISABLE_JIT": disable}
        words = [sys.executable, "-W", "ignore", "-c", code, tmp_path / name, Path(__file__).parent]
        subprocess.run(words, env=environment, check=True)
    compiled, plain = (np.load(tmp_path / f"{name}.npy") for name in ("compiled", "plain"))
    assert compiled == pytest.approx(plain, rel=1e-11 if dtype == "float64" else 1e-4, abs=1e-6)
