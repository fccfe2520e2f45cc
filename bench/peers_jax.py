"""JAX as a contender, in its best forms.

Tried without gain: scans unrolled by 4 or 8, one array for all weights of a network, `lax.map` over networks.
"""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

import fnn

from .contenders import Array, Built, Contender, activations, gradient_factor, of_network, rates

# Weights up to which JAX is fastest with every unit written out.
_WRITTEN_OUT = 128
# Networks that a thread takes at a time: the fastest, or close to it, of 1 to 128 at widths 32 to 128, and of 256 to
# 5,120 where units are written out.
_AT_ONCE, _AT_ONCE_WRITTEN_OUT = 8, 1280

Logits = Callable[[Any, Any], Any]


def set_jax(config: fnn.Config) -> tuple[Any, Any, list[Callable[[Any], Any]]]:
    """Return jax and its numpy, set to the precision, and the activation of each layer."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", config.dtype == "float64")
    functions: dict[str, Callable[[Any], Any]] = {
        "sigmoid": jax.nn.sigmoid, "tanh": jnp.tanh, "relu": jax.nn.relu, "identity": lambda z: z,
        "softmax": lambda z: jax.nn.softmax(z, axis=1),
    }  # fmt: skip
    return jax, jnp, [functions[name] for name in activations(config)]


def _jax_step(config: fnn.Config, logits: Logits) -> Callable[[Any, Any, Any], Any]:
    """Return one step of adam as a function of (params, m, v, t), a batch (x, y) and the rate."""
    jax, jnp, apply = set_jax(config)
    b1, b2, epsilon = config.beta1, config.beta2, config.epsilon
    losses: dict[str, Logits] = {
        "mse": lambda z, y: (apply[-1](z) - y) ** 2,
        "bce": lambda z, y: jax.nn.softplus(z) - y * z,
        "cross-entropy": lambda z, y: -y * jax.nn.log_softmax(z, axis=1),
    }
    loss = losses[config.loss]

    def step(carry: Any, batch: Any, rate: Any) -> Any:
        (params, m, v, t), (x, y) = carry, batch
        factor, t = gradient_factor(config, *y.shape[:2]), t + 1
        gradient = jax.grad(lambda p: factor * loss(logits(p, x), y).sum())(params)
        m = jax.tree.map(lambda a, g: b1 * a + (1 - b1) * g, m, gradient)
        v = jax.tree.map(lambda a, g: b2 * a + (1 - b2) * g * g, v, gradient)
        c1, c2 = 1 - jnp.asarray(b1, config.dtype) ** t, 1 - jnp.asarray(b2, config.dtype) ** t
        params = jax.tree.map(lambda w, a, b: w - rate / c1 * a / (jnp.sqrt(b / c2) + epsilon), params, m, v)
        return params, m, v, t

    return step


def jax_training(config: fnn.Config, logits: Logits, x: Any, y: Any) -> Callable[[Any], Any]:
    """Return the training as a function from weights to predictions: a scan over epochs, of a scan over batches.

    logits: the output layer's sums, of weights and x: (N, I, ...). A last batch that is smaller is a step of its own.
    """
    jax, jnp, apply = set_jax(config)
    step, schedule, N = _jax_step(config, logits), jnp.asarray(rates(config), config.dtype), len(x)
    size = min(config.batch_size or N, N)
    whole = N - N % size
    batches = tuple(a[:whole].reshape(-1, size, *a.shape[1:]) for a in (x, y))

    def epoch(carry: Any, rate: Any) -> Any:
        if whole == size:  # a scan of one step would only be in the way
            carry = step(carry, (x[:size], y[:size]), rate)
        else:
            carry, _ = jax.lax.scan(lambda c, batch: (step(c, batch, rate), None), carry, batches)
        return (step(carry, (x[whole:], y[whole:]), rate) if whole < N else carry), None

    def train(params: Any) -> Any:
        zeros = jax.tree.map(jnp.zeros_like, params)
        (params, *_), _ = jax.lax.scan(epoch, (params, zeros, zeros, jnp.zeros((), jnp.int32)), schedule)
        return apply[-1](logits(params, x))

    return train


def _train_one(config: fnn.Config, x: Array, y: Array) -> Callable[[Any], Any]:
    """Return the training of one network as a function of its weights and biases, (I, O) and (O,) a layer."""
    _, jnp, apply = set_jax(config)

    def logits(params: Any, h: Any) -> Any:
        for (w, b), activation in zip(params[:-1], apply[:-1], strict=True):
            h = activation(h @ w + b)
        w, b = params[-1]
        return h @ w + b

    return jax_training(config, logits, jnp.asarray(x, config.dtype), jnp.asarray(y, config.dtype))


def _train_last(config: fnn.Config, x: Array, y: Array, written_out: bool) -> Callable[[Any], Any]:
    """Return the training of a stack as a function of its weights, W: (I+1, O, S); its predictions are (N, O, S)."""
    _, jnp, apply = set_jax(config)
    passed_on: list[Callable[[Any], Any]] = [*apply[:-1], lambda z: z]

    def by_units(params: Any, x: Any) -> Any:
        h = [x[:, i] for i in range(x.shape[1])]
        for w, activation in zip(params, passed_on, strict=True):
            sums = [sum((a * w[i, o] for i, a in enumerate(h)), w[-1, o]) for o in range(w.shape[1])]
            h = [activation(z) for z in sums]
        return jnp.stack(h, axis=1)

    def by_einsum(params: Any, x: Any) -> Any:
        h = jnp.broadcast_to(x, (*x.shape[:2], params[0].shape[-1]))
        for w, activation in zip(params, passed_on, strict=True):
            h = activation(jnp.einsum("nis,ios->nos", h, w[:-1]) + w[-1])
        return h

    inputs, labels = jnp.asarray(x, config.dtype)[:, :, None], jnp.asarray(y, config.dtype)[:, :, None]
    return jax_training(config, by_units if written_out else by_einsum, inputs, labels)


def pairs(config: fnn.Config, params: tuple[Array, ...]) -> tuple[Any, ...]:
    """Return weights and biases, which are faster apart where products are matrices'."""
    _, jnp, _ = set_jax(config)
    return tuple((jnp.asarray(w[:, :-1], config.dtype), jnp.asarray(w[:, -1], config.dtype)) for w in params)


def _networks_last(config: fnn.Config, params: tuple[Array, ...]) -> tuple[Any, ...]:
    _, jnp, _ = set_jax(config)
    return tuple(jnp.asarray(np.moveaxis(w, 0, -1), config.dtype) for w in params)


def _small(params: tuple[Array, ...]) -> bool:
    return sum(math.prod(w.shape[1:]) for w in params) <= _WRITTEN_OUT


def jax_vmap(config: fnn.Config, params: tuple[Array, ...], x: Array, y: Array, _threads: int) -> Built:
    """JAX: one network's training, vmapped over networks and jitted whole."""
    jax, _, _ = set_jax(config)
    if x.ndim == 3:
        return _jax_folds(config, params, x, y)
    train, given = _train_one(config, x, y), pairs(config, params)
    if len(params[0]) == 1:  # a batch of one would only be in the way
        trained, alone = jax.jit(train), jax.tree.map(lambda a: a[0], given)
        return lambda: jax.block_until_ready(trained(alone)), lambda output: np.asarray(output)[None]
    trained = jax.jit(jax.vmap(train))
    return lambda: jax.block_until_ready(trained(given)), np.asarray


def _jax_folds(config: fnn.Config, params: tuple[Array, ...], x: Array, y: Array) -> Built:
    """The same on folds: vmapped over networks and over folds, in either order the same products to XLA."""
    jax, jnp, _ = set_jax(config)
    trained = jax.jit(jax.vmap(lambda some, x, y: jax.vmap(_train_one(config, x, y))(some)))
    given = tuple(
        (w.reshape(len(x), -1, *w.shape[1:]), b.reshape(len(x), -1, b.shape[-1])) for w, b in pairs(config, params)
    )
    samples = jnp.asarray(x, config.dtype), jnp.asarray(y, config.dtype)
    return lambda: jax.block_until_ready(trained(given, *samples)), lambda out: np.concatenate(np.asarray(out))


def jax_last(config: fnn.Config, params: tuple[Array, ...], x: Array, y: Array, _threads: int) -> Built:
    """JAX with the networks on the last axis, where its loops vectorise over them.

    Small networks are written out unit by unit, which is several times as fast as einsum: XLA fuses what it sees
    whole. Of large ones that compiles for minutes, and runs slower.
    """
    jax, _, _ = set_jax(config)
    trained = jax.jit(_train_last(config, x, y, _small(params)))
    given = _networks_last(config, params)
    return lambda: jax.block_until_ready(trained(given)), lambda output: np.moveaxis(np.asarray(output), -1, 0)


def in_parts(trained: Callable[[Any], Any], parts: list[Any], threads: int) -> Callable[[], list[Array]]:
    """Return what trains the parts of a stack on so many threads."""

    def run() -> list[Array]:
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(lambda part: np.asarray(trained(part)), parts))

    return run


def jax_threads(config: fnn.Config, params: tuple[Array, ...], x: Array, y: Array, threads: int) -> Built:
    """JAX in the faster of both forms, a part of the stack at a time, on threads of Python's.

    XLA's own threads wait for each other at every operation, these only at the end.
    """
    jax, _, _ = set_jax(config)
    small, networks = _small(params), len(params[0])
    laid_out, at_once = (_networks_last, _AT_ONCE_WRITTEN_OUT) if small else (pairs, _AT_ONCE)

    def training(params: Any, x: Any, y: Any) -> Any:
        return (_train_last(config, x, y, small) if small else jax.vmap(_train_one(config, x, y)))(params)

    trained = jax.jit(training)
    folds = 1 if x.ndim == 2 else len(x)
    cuts = [
        (k, min(k + at_once, f + networks // folds))
        for f in range(0, networks, networks // folds)
        for k in range(f, f + networks // folds, at_once)
    ]
    parts = [
        (
            laid_out(config, tuple(w[slice(*cut)] for w in params)),
            *(of_network(rows, cut[0], networks) for rows in (x, y)),
        )
        for cut in cuts
    ]
    stacked = in_parts(lambda part: trained(*part), parts, threads)
    return stacked, lambda outputs: np.concatenate([np.moveaxis(a, -1, 0) if small else a for a in outputs])


PEERS = {
    "jax": Contender("JAX, vmap + scan + jit", jax_vmap, "jax"),
    "jax-last": Contender("JAX, networks last", jax_last, "jax"),
    "jax-threads": Contender("JAX, in parts on threads", jax_threads, "jax"),
}
