"""Configs of all registries and parts of samples that suit them, drawn at random."""

from dataclasses import replace

import numpy as np

import fnn
from fnn.config import INPUT_SCALES, KEEPS, ORDERS
from fnn.data.samples import Part
from fnn.network.activations import ACTIVATIONS, OUTPUT_ACTIVATIONS
from fnn.network.initializers import INITIALIZERS, OUTPUT_INITS, PARAMETRIZATIONS
from fnn.network.losses import ERRORS, LOSSES, REDUCTIONS
from fnn.network.optimizers import BIAS_CORRECTIONS, EPSILON_PLACES, OPTIMIZERS
from fnn.network.schedules import SCHEDULES
from fnn.network.scores import MONITORS, score_of

RESULTS = (
    "loss", "score", "epochs_to_solve", "diverged", "stopped", "met", "loss_curve", "score_curve", "validation_loss",
    "validation_score", "best_epoch", "validation_loss_curve", "validation_score_curve",
)  # fmt: skip


def one(rng, values):
    """Return one of them."""
    return list(values)[rng.integers(len(values))]


def drawn_part(rng, config, inputs, outputs, training, held_out):
    """Return a part of samples that a config's loss can learn; half of all parts have weights, some of them 0."""
    N = training + held_out
    x, y = rng.normal(size=(N, inputs)), rng.normal(size=(N, outputs))
    if config.loss == "cross-entropy":
        y = np.eye(outputs)[rng.integers(0, outputs, N)]
    elif config.loss == "bce" or rng.random() < 0.3:
        y = (y > 0).astype(float)
    weight, emphasis = np.ones(N), np.ones(training)
    if rng.random() < 0.5:
        weight = rng.uniform(0.2, 2, N) * (rng.random(N) < 0.9) + 1e-3 * (np.arange(N) % training == 0)
        emphasis = weight[:training] * rng.uniform(0.5, 1.5, training)
    return Part(x, y, weight, emphasis, training, score_of(y, config.loss))


def drawn_config(rng, training, held_out, **settings):
    """Return a config of which everything is drawn."""
    loss, depth = one(rng, LOSSES), int(rng.integers(0, 3))
    plain = [name for name in OUTPUT_ACTIVATIONS if name != "softmax"]
    batch = int(one(rng, [5, 7, 16, 50]))
    if held_out:
        settings |= {"keep": one(rng, KEEPS), "patience": one(rng, [None, 1, 3]), "monitor": one(rng, MONITORS)}
    if rng.random() < 0.3:  # at no number that outputs of zero have: 0.4 is their root of the mean square in 5 classes
        settings |= {f"stop_{one(rng, ERRORS)}": 0.37}
    if "label_smoothing" in LOSSES[loss].uses:
        settings |= {"label_smoothing": one(rng, [0.0, 0.1])}
    config = fnn.Config(
        hidden="x".join(str(one(rng, [1, 3, 4, 8, 16, 17, 33])) for _ in range(depth)) or "none",
        activation="x".join(one(rng, ACTIVATIONS) for _ in range(depth)) or "sigmoid",
        loss=loss, output=LOSSES[loss].output or one(rng, plain), huber_delta=one(rng, [0.3, 1.0]),
        optimizer=one(rng, OPTIMIZERS), bias_correction=one(rng, BIAS_CORRECTIONS), lr=one(rng, [0.001, 0.01]),
        epsilon_place=one(rng, EPSILON_PLACES), bias_lr=one(rng, [1.0, 0.1]), scheduler=one(rng, SCHEDULES), warmup=2,
        init=one(rng, INITIALIZERS), init_scale=0.7, output_init=one(rng, OUTPUT_INITS),
        parametrization=one(rng, PARAMETRIZATIONS), input_scale=one(rng, INPUT_SCALES), input_scale_lr=6.0,
        reduction=one(rng, REDUCTIONS), epochs=int(rng.integers(3, 9)), dropout=one(rng, [0.0, 0.0, 0.3]),
        clip_norm=one(rng, [None, 0.5]), batch_size=batch if batch < training and rng.random() < 0.6 else None,
        order=one(rng, ORDERS), measure_every=one(rng, [1, 1, 2, 3, 20]), **settings,
    )  # fmt: skip
    # Far out huber's gradients are alike but for their sign. A sum of them that should be 0 is a rounding, which
    # processors differ in, and of its sign rprop makes a step.
    return replace(config, optimizer="momentum") if (config.loss, config.optimizer) == ("huber", "rprop") else config


def drawn(rng, parts=1, **settings):
    """Return a config, and parts of samples of one width."""
    training = [int(one(rng, [3, 8, 33, 128, 140, 300])) for _ in range(parts)]
    held_out = [int(one(rng, [1, 7, 70, 150])) for _ in range(parts)] if rng.random() < 0.7 else [0] * parts
    config = drawn_config(rng, min(training), held_out[0], **settings)
    outputs = int(one(rng, [2, 3, 5, 17])) if config.loss == "cross-entropy" else int(one(rng, [1, 2, 3, 17]))
    inputs = int(one(rng, [1, 2, 16, 20]))
    return config, [drawn_part(rng, config, inputs, outputs, *count) for count in zip(training, held_out, strict=True)]


def same_network(a, i, b, k):
    """Assert that network i of results a is network k of results b, to the last bit."""
    for name in RESULTS:
        assert np.array_equal(getattr(a, name)[i], getattr(b, name)[k], equal_nan=True), name
    for v, w in zip(a.network(i), b.network(k), strict=True):
        assert np.array_equal(v, w, equal_nan=True)


def same_results(a, b):
    """Assert that two results are the same, to the last bit."""
    for name in RESULTS:
        assert np.array_equal(getattr(a, name), getattr(b, name), equal_nan=True), name
    for v, w in zip(a.flat, b.flat, strict=True):
        assert np.array_equal(v, w, equal_nan=True)
