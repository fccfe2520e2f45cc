"""What tests of training share: results compared, and stacks as training is given them."""

import numpy as np

import fnn
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
    return Stack(config, layers, params, numeric, x.astype(dtype), y.astype(dtype), curve_epochs)


def same_outcome(a, b):
    """Assert that two outcomes of stacks are the same, to the last bit."""
    for name, ours, theirs in zip(a._fields, a, b, strict=True):
        assert np.array_equal(ours, theirs, equal_nan=True), name
