"""The lab's XOR over many seeds, as a user of JAX would write it: vmap over seeds, scan over epochs, one jit."""

import sys

import jax
import jax.numpy as jnp
import numpy as np

SEEDS, EPOCHS, WIDTHS = int(sys.argv[1]), 500, (2, 4, 4, 1)
points = [(i / 10, i / 10, 0) for i in range(11)] + [(i / 10, 1 - i / 10, 1) for i in range(11) if i != 5]
table = jnp.array(points)
x, y = table[:, :2], table[:, 2:]


def init(key):
    keys = jax.random.split(key, len(WIDTHS) - 1)
    return [jax.random.normal(k, (i + 1, o)) for k, i, o in zip(keys, WIDTHS[:-1], WIDTHS[1:], strict=True)]


def predict(params):
    h = x
    for w in params:
        h = jax.nn.sigmoid(h @ w[:-1] + w[-1])
    return h


def step(carry, epoch):
    params, m, v = carry
    gradient = jax.grad(lambda p: ((predict(p) - y) ** 2).sum())(params)
    rate, correction = 0.1 * 0.95 ** (epoch // (EPOCHS // 50)), 1 - 0.9 ** (epoch + 1)
    m = jax.tree.map(lambda a, g: 0.9 * a + 0.1 * g, m, gradient)
    v = jax.tree.map(lambda a, g: 0.9 * a + 0.1 * g * g, v, gradient)
    params = jax.tree.map(lambda w, a, b: w - rate * (a / correction) / (jnp.sqrt(b / correction) + 1e-5), params, m, v)
    return (params, m, v), None


@jax.jit
@jax.vmap
def train(key):
    params = init(key)
    zeros = jax.tree.map(jnp.zeros_like, params)
    (params, _, _), _ = jax.lax.scan(step, (params, zeros, zeros), jnp.arange(EPOCHS))
    p = predict(params)
    return ((p - y) ** 2).mean(), ((p > 0.5) == (y > 0.5)).all()


loss, solved = map(np.asarray, train(jax.random.split(jax.random.key(0), SEEDS)))
quartiles = np.quantile(loss, [0.25, 0.75]).tolist()
print(f"solved {solved.sum()} of {SEEDS}; loss: median {np.median(loss):.3g}, quartiles", quartiles)
