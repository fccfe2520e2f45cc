"""What a contender is, and those of the house: the kernel, the stacked NumPy path, the lab's loop.

A contender is built from (config, params, x, y, threads), params stacked (S, I+1, O), x: (N, I), y: (N, O), all of them
NumPy arrays; it gives the function to be timed, which trains the S networks, and one that makes of its result their
predictions (S, N, O). Where x: (P, N, I) and y: (P, N, O) are P folds, which only stacks and scikit-learn are given,
network k is trained on fold k P // S. All train the same networks from the same initial weights: by adam, with any
schedule, on mse, bce or cross-entropy, summed or averaged over samples and outputs, on all samples at once or in
batches of them in the order given.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import fnn
from fnn.data.samples import part_from_arrays
from fnn.ensembles.presets import VALIDATION, preset_config
from fnn.network import functions as network
from fnn.network import schedules
from fnn.network.activations import ACTIVATIONS
from fnn.network.losses import LOSSES, REDUCTIONS
from fnn.network.scores import score_of
from fnn.training import numpy_path
from fnn.training.train import train_parts

Array = NDArray[np.floating[Any]]
Built = tuple[Callable[[], Any], Callable[[Any], Array]]
Build = Callable[[fnn.Config, tuple[Array, ...], Array, Array, int], Built]


def anything(_config: fnn.Config) -> bool:
    """Take every case."""
    return True


class Contender(NamedTuple):
    """One row of a table. `build`, see above, raises ImportError where the peer is not installed.

    package: the distribution whose version counts, None for `fnn` itself. probe: how many networks tell the time of
    one, where more of them only take longer (a loop); 0 where the size of the stack matters. differs: how it trains
    otherwise, so that its solved share is its own. measures: whether with mini-batches it also passes all samples once
    an epoch, for their loss and accuracy. takes: which settings it can train.
    """

    title: str
    build: Build
    package: str | None = None
    probe: int = 0
    differs: str = ""
    measures: bool = False
    takes: Callable[[fnn.Config], bool] = anything


def rates(config: fnn.Config) -> Array:
    """Return the learning rate of each epoch: (E,)."""
    return schedules.rates(config.scheduler, np.arange(config.epochs), config.epochs, config)


def gradient_factor(config: fnn.Config, samples: int, outputs: int) -> float:
    """Return the factor on the loss summed over a batch of so many samples, whose gradient is taken."""
    return REDUCTIONS[config.reduction](samples * (outputs if LOSSES[config.loss].each_output else 1))


def batches(config: fnn.Config, samples: int) -> list[Any]:
    """Return the slice of the samples of each update of an epoch; the last may be smaller."""
    return list(numpy_path.batches(min(config.batch_size or samples, samples), samples, None, 0))


def activations(config: fnn.Config) -> tuple[str, ...]:
    """Return the name of each layer's activation."""
    inputs = math.prod(config.image) if config.image else 1
    return tuple(layer.activation for layer in config.layers(inputs, 1))


def of_network(rows: Array, k: int, networks: int) -> Array:
    """Return the samples that network k of so many learns from: rows themselves, or those of its fold."""
    return rows if rows.ndim == 2 else np.asarray(rows[k * len(rows) // networks])


def each_its_own(rows: Array, networks: int) -> Array:
    """Return samples as networks meet them: (1, N, ·) where all share them, (S, N, ·) where they are folds."""
    return rows[None] if rows.ndim == 2 else np.asarray(rows[np.arange(networks) * len(rows) // networks])


def _trained(config: fnn.Config, networks: int, x: Array, y: Array, held_out: int = 0, **options: Any) -> Any:
    """Train on the samples, or on each fold of them; held_out: of the last of them epochs are compared."""
    xs, ys = (x[None], y[None]) if x.ndim == 2 else (x, y)
    cut = xs.shape[1] - held_out
    parts = [
        part_from_arrays(a[:cut], b[:cut], None, (a[cut:], b[cut:]) if held_out else None, config.loss, score_of)
        for a, b in zip(xs, ys, strict=True)
    ]
    seeds = range(max(1, networks // len(parts)))
    return train_parts([config], parts, seeds=seeds, curve_every=0, **options)


def _predictions(results: Any, x: Array) -> Array:
    params, layers = results.params, results.layers[0]
    if x.ndim == 2:
        return network.predict(layers, params, x)
    places = [np.flatnonzero(results.split == fold) for fold in range(len(x))]
    parts = [network.predict(layers, tuple(w[at] for w in params), a) for at, a in zip(places, x, strict=True)]
    return np.concatenate(parts)


def kernel(config: fnn.Config, params: tuple[Array, ...], x: Array, y: Array, threads: int) -> Built:
    """The lane kernel, drawing its own initial weights from the seeds 0 to S − 1, of each fold: the same ones."""
    run = partial(_trained, config, len(params[0]), x, y, threads=threads)
    return run, lambda results: _predictions(results, x)


def kernel_preset(config: fnn.Config, params: tuple[Array, ...], x: Array, y: Array, threads: int) -> Built:
    """The lane kernel with the preset for tables, as many and as large networks and as many epochs."""
    task = "multiclass" if config.loss == "cross-entropy" else "binary"
    kept = {name: getattr(config, name) for name in ("hidden", "epochs", "batch_size", "dtype")}
    preset = preset_config("table", task, kept, validates=True)
    held_out = int(VALIDATION * x.shape[-2])
    run = partial(_trained, preset, len(params[0]), x, y, held_out, threads=threads)
    return run, lambda results: _predictions(results, x)


def kernel_each_settings(config: fnn.Config, params: tuple[Array, ...], x: Array, y: Array, threads: int) -> Built:
    """The lane kernel, every network with numeric settings of its own, hardly different ones."""
    rng = np.random.default_rng(0)
    configs = [
        replace(config, seed=k, lr=a, beta1=b, beta2=c, epsilon=1e-5 * a, gamma=g)
        for k, (a, b, c, g) in enumerate(rng.uniform(0.1, 0.101, (len(params[0]), 4)) + np.array([0, 0.8, 0.8, 0.85]))
    ]
    run = lambda: fnn.train(configs, x, y, threads=threads, curve_every=0)  # noqa: E731
    return run, lambda results: network.predict(results.layers[0], results.params, x)


def numpy_stacked(config: fnn.Config, params: tuple[Array, ...], x: Array, y: Array, _threads: int) -> Built:
    """`--backend numpy`: the lab on stacked arrays."""

    run = partial(_trained, config, len(params[0]), x, y, backend="numpy")
    return run, lambda results: _predictions(results, x)


def _numpy_pass(
    weights: list[Array], apply: list[Callable[[Array], Array]], h: Array
) -> tuple[list[Array], list[Array]]:
    """Return each layer's inputs, with a column of ones, and its outputs."""
    inputs, outputs = [], []
    for w, activation in zip(weights, apply, strict=True):
        inputs.append(np.append(h, np.ones((len(h), 1), h.dtype), axis=1))
        h = activation(np.matmul(inputs[-1], w))
        outputs.append(h)
    return inputs, outputs


def numpy_loop(config: fnn.Config, params: tuple[Array, ...], x: Array, y: Array, _threads: int) -> Built:
    """The lab as the report writes it: one network after the other, an array expression a step."""
    schedule, parts, loss = rates(config).tolist(), batches(config, len(x)), LOSSES[config.loss]
    slopes = [ACTIVATIONS[name].slope for name in activations(config)]
    applied: dict[str, Callable[[Array], Array]] = {
        **{name: entry.apply for name, entry in ACTIVATIONS.items()},
        "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    }
    apply = [applied[name] for name in activations(config)]
    x, y = x.astype(config.dtype), y.astype(config.dtype)

    def step(weights: list[Array], m: list[Array], v: list[Array], part: Any, t: int, rate: float) -> None:
        inputs, outputs = _numpy_pass(weights, apply, x[part])
        factor = gradient_factor(config, *y[part].shape)
        delta = loss.gradient(outputs[-1], y[part], slopes[-1](outputs[-1]), config) * factor
        for d in reversed(range(len(weights))):
            g = np.matmul(inputs[d].T, delta)
            if d > 0:
                delta = np.multiply(np.matmul(delta, weights[d][:-1].T), slopes[d - 1](outputs[d - 1]))
            m[d] = config.beta1 * m[d] + (1 - config.beta1) * g
            v[d] = config.beta2 * v[d] + (1 - config.beta2) * g * g
            root = np.sqrt(v[d] / (1 - config.beta2**t)) + config.epsilon
            weights[d] = weights[d] - rate * (m[d] / (1 - config.beta1**t)) / root

    def one(k: int) -> Array:
        weights, t = [w[k].astype(config.dtype) for w in params], 0
        m, v = [np.zeros_like(w) for w in weights], [np.zeros_like(w) for w in weights]
        for rate in schedule:
            for part in parts:
                t += 1
                step(weights, m, v, part, t, rate)
        return _numpy_pass(weights, apply, x)[1][-1]

    def run() -> list[Array]:
        with np.errstate(over="ignore"):  # e⁻ᶻ of a saturated unit, which the sigmoid survives
            return [one(k) for k in range(len(params[0]))]

    return run, np.stack


OWN = {
    "fnn": Contender("fnn, lane kernel", kernel, measures=True),
    "fnn-table": Contender(
        "fnn, the preset for tables",
        kernel_preset,
        measures=True,
        differs="the preset's settings, epochs chosen on a fifth of the samples, which it does not learn from",
    ),
    "fnn-own": Contender("fnn, each its own settings", kernel_each_settings, measures=True),
    "fnn-numpy": Contender("fnn, stacked NumPy", numpy_stacked, probe=16, measures=True),
    "numpy-loop": Contender("NumPy loop, as the lab", numpy_loop, probe=1),
}
