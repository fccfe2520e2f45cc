"""JAX as a contender, in its two best forms."""

from collections.abc import Callable
from typing import Any

import numpy as np

import fnn

from .contenders import Array, Built, Contender, activations, gradient_factor, rates

# Weights up to which JAX is fastest with every unit written out.
_WRITTEN_OUT = 128


def _jax_training(config: fnn.Config, predict: Callable[[Any], Any], labels: Any) -> Callable[[Any], Any]:
    """Return the training as a function from weights to the predictions of `predict`, compared with labels."""
    import jax
    import jax.numpy as jnp

    schedule, factor = jnp.asarray(rates(config), config.dtype), gradient_factor(config, labels)
    b1, b2, epsilon = config.beta1, config.beta2, config.epsilon

    def step(carry: Any, epoch: Any) -> Any:
        params, m, v = carry
        gradient = jax.grad(lambda p: factor * ((predict(p) - labels) ** 2).sum())(params)
        t = epoch + 1
        m = jax.tree.map(lambda a, g: b1 * a + (1 - b1) * g, m, gradient)
        v = jax.tree.map(lambda a, g: b2 * a + (1 - b2) * g * g, v, gradient)
        c1, c2 = 1 - jnp.asarray(b1, config.dtype) ** t, 1 - jnp.asarray(b2, config.dtype) ** t
        params = jax.tree.map(lambda w, a, b: w - schedule[epoch] / c1 * a / (jnp.sqrt(b / c2) + epsilon), params, m, v)
        return (params, m, v), None

    def train(params: Any) -> Any:
        zeros = jax.tree.map(jnp.zeros_like, params)
        (params, _, _), _ = jax.lax.scan(step, (params, zeros, zeros), jnp.arange(config.epochs))
        return predict(params)

    return train


def _jax(config: fnn.Config) -> tuple[Any, Any, list[Callable[[Any], Any]]]:
    """Return jax and its numpy, set to the precision, and the activation of each layer."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", config.dtype == "float64")
    functions = {"sigmoid": jax.nn.sigmoid, "tanh": jnp.tanh, "relu": jax.nn.relu, "identity": lambda z: z}
    return jax, jnp, [functions[name] for name in activations(config)]


def jax_vmap(config: fnn.Config, params: tuple[Array, ...], x: Array, y: Array, _threads: int) -> Built:
    """JAX: one network's training as a scan over epochs, vmapped over networks and jitted whole."""
    jax, jnp, apply = _jax(config)
    inputs, labels = jnp.asarray(x, config.dtype), jnp.asarray(y, config.dtype)

    def predict(params: Any) -> Any:
        h = inputs
        for w, activation in zip(params, apply, strict=True):
            h = activation(h @ w[:-1] + w[-1])
        return h

    train = _jax_training(config, predict, labels)
    if len(params[0]) == 1:  # a batch of one would only be in the way
        trained, given = jax.jit(train), tuple(jnp.asarray(w[0], config.dtype) for w in params)
        return lambda: jax.block_until_ready(trained(given)), lambda output: np.asarray(output)[None]
    trained, given = jax.jit(jax.vmap(train)), tuple(jnp.asarray(w, config.dtype) for w in params)
    return lambda: jax.block_until_ready(trained(given)), np.asarray


def jax_last(config: fnn.Config, params: tuple[Array, ...], x: Array, y: Array, _threads: int) -> Built:
    """JAX with the networks on the last axis, W: (I+1, O, S), where its loops vectorise over them.

    Small networks are written out unit by unit, which is several times as fast as einsum: XLA fuses what it sees
    whole. Of large ones that compiles for minutes, and runs slower.
    """
    jax, jnp, apply = _jax(config)
    inputs, labels = jnp.asarray(x, config.dtype)[:, :, None], jnp.asarray(y, config.dtype)[:, :, None]

    def by_units(params: Any) -> Any:
        h = [inputs[:, i] for i in range(inputs.shape[1])]
        for w, activation in zip(params, apply, strict=True):
            sums = [sum((a * w[i, o] for i, a in enumerate(h)), w[-1, o]) for o in range(w.shape[1])]
            h = [activation(z) for z in sums]
        return jnp.stack(h, axis=1)

    def by_einsum(params: Any) -> Any:
        h = jnp.broadcast_to(inputs, (*inputs.shape[:2], params[0].shape[-1]))
        for w, activation in zip(params, apply, strict=True):
            h = activation(jnp.einsum("nis,ios->nos", h, w[:-1]) + w[-1])
        return h

    predict = by_units if sum(w[0].size for w in params) <= _WRITTEN_OUT else by_einsum
    trained = jax.jit(_jax_training(config, predict, labels))
    given = tuple(jnp.asarray(np.moveaxis(w, 0, -1), config.dtype) for w in params)
    return lambda: jax.block_until_ready(trained(given)), lambda output: np.moveaxis(np.asarray(output), -1, 0)


PEERS = {
    "jax": Contender("JAX, vmap + scan + jit", jax_vmap, "jax"),
    "jax-last": Contender("JAX, networks last", jax_last, "jax"),
}
