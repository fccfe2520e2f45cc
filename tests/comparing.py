"""What tests of training share: results compared, and stacks as training is given them."""

import numpy as np

import fnn
from fnn.data.samples import part_from_arrays
from fnn.network.losses import LOSSES
from fnn.network.scores import score_of
from fnn.training.grouping import Stack, numeric_settings


def same_bits(a, i, b, k):
    """Assert that network i of results a is network k of results b, to the last bit."""
    for name in ("loss", "accuracy", "epochs_to_solve", "diverged", "stopped", "met"):
        assert np.array_equal(getattr(a, name)[i], getattr(b, name)[k], equal_nan=True), name
    points = min(a.loss_curve.shape[1], b.loss_curve.shape[1])
    assert np.array_equal(a.loss_curve[i, :points], b.loss_curve[k, :points], equal_nan=True)
    assert np.array_equal(a.accuracy_curve[i, :points], b.accuracy_curve[k, :points])
    for v, w in zip(a.network(i), b.network(k), strict=True):
        assert np.array_equal(v, w, equal_nan=True)


def apart(results, oracle):
    """Return the largest difference of weights, relative to the largest weight of each network."""
    ours, theirs = (np.concatenate(r.flat) for r in (results, oracle))
    return np.max(np.abs(ours - theirs) / np.abs(theirs).max(axis=1, keepdims=True))


def stack_of(config, seeds, x, y, curve_every=1):
    """Return a stack of one config with these seeds."""
    dtype, layers = config.dtype, config.layers(x.shape[1], y.shape[1])
    numeric = {**numeric_settings([config], len(seeds)), "seed": np.array(seeds)}
    params = fnn.init(layers, seeds, config.init, config.init_scale, dtype)
    curve_epochs = np.arange(0, config.epochs + 1, curve_every)
    part = part_from_arrays(x, y, None, None, config.loss, score_of).astype(dtype)
    return Stack(config, layers, params, numeric, part, curve_epochs)


def output_for(loss, otherwise="sigmoid"):
    """Return the output activation that a loss needs, or another where it needs none."""
    return LOSSES[loss].output or otherwise


def loss_for(output, otherwise="mse"):
    """Return the loss that an output activation needs, or another where it needs none."""
    return next((name for name, loss in LOSSES.items() if loss.output == output == "softmax"), otherwise)


def targets_for(loss, y):
    """Return targets that a loss can learn: for classes one of at least two columns, else y (N, O) itself."""
    if LOSSES[loss].output != "softmax":
        return y
    if y.shape[1] == 1:
        return np.concatenate((1 - y, y), axis=1)
    return np.eye(y.shape[1])[(y @ np.arange(1, y.shape[1] + 1)).astype(int) % y.shape[1]]


def part_of(count, inputs):
    """Return so many samples of so many inputs, and one output."""
    return part_from_arrays(np.zeros((count, inputs)), np.arange(count)[:, None] % 2, None, None, "mse", score_of)


def same_outcome(a, b):
    """Assert that two outcomes of stacks are the same, to the last bit."""
    for name, ours, theirs in zip(a._fields, a, b, strict=True):
        assert np.array_equal(ours, theirs, equal_nan=True), name
