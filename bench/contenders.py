"""The peers: each trains the same networks, from the same initial weights, to the same schedule, in its best form.

A contender is a function of (config, params, x, y, threads), params stacked (S, I+1, O), that returns the function to
be timed, which trains the S networks, and one that makes of its result their predictions (S, N, O). All know
what the benchmark asks for: sigmoids, mse, the sum over samples, Adam, and the exponential schedule.
"""

from typing import Any

import numpy as np

import fnn
from fnn import network
from fnn.schedules import SCHEDULES


def rates(config: fnn.Config) -> np.ndarray:
    """Return the learning rate of each epoch: (E,)."""
    return np.asarray(SCHEDULES[config.scheduler](np.arange(config.epochs), config.epochs, config))


def kernel(config: fnn.Config, params: Any, x: Any, y: Any, threads: int) -> Any:
    """The lane kernel, drawing its own initial weights from the seeds 0 to S − 1: the same ones."""

    def run() -> Any:
        return fnn.train(config, x, y, seeds=range(len(params[0])), threads=threads, curve_every=0)

    return run, lambda results: network.predict(results.layers[0], results.params, x)


def jax_vmap(config: fnn.Config, params: Any, x: Any, y: Any, _threads: int) -> Any:
    """JAX: one network's training as a scan over epochs, vmapped over networks and jitted whole."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", config.dtype == "float64")
    x, y = jnp.asarray(x, config.dtype), jnp.asarray(y, config.dtype)
    schedule = jnp.asarray(rates(config), config.dtype)
    b1, b2, epsilon = config.beta1, config.beta2, config.epsilon

    def predict(params: Any) -> Any:
        h = x
        for w in params:
            h = jax.nn.sigmoid(h @ w[:-1] + w[-1])
        return h

    def step(carry: Any, epoch: Any) -> Any:
        params, m, v = carry
        gradient = jax.grad(lambda p: ((predict(p) - y) ** 2).sum())(params)
        t = epoch + 1
        m = jax.tree.map(lambda a, g: b1 * a + (1 - b1) * g, m, gradient)
        v = jax.tree.map(lambda a, g: b2 * a + (1 - b2) * g * g, v, gradient)
        c1, c2 = 1 - jnp.asarray(b1, x.dtype) ** t, 1 - jnp.asarray(b2, x.dtype) ** t
        params = jax.tree.map(lambda w, a, b: w - schedule[epoch] / c1 * a / (jnp.sqrt(b / c2) + epsilon), params, m, v)
        return (params, m, v), None

    def train(params: Any) -> Any:
        zeros = jax.tree.map(jnp.zeros_like, params)
        (params, _, _), _ = jax.lax.scan(step, (params, zeros, zeros), jnp.arange(config.epochs))
        return predict(params)

    trained = jax.jit(jax.vmap(train))
    params = tuple(jnp.asarray(w, config.dtype) for w in params)
    return lambda: jax.block_until_ready(trained(params)), np.asarray


def torch_stacked(config: fnn.Config, params: Any, x: Any, y: Any, threads: int, at_once: int = 1024) -> Any:
    """PyTorch: `baddbmm` over stacks that fit the cache, autograd, and its fused Adam."""
    import torch

    dtype, schedule = getattr(torch, config.dtype), rates(config)
    x, y = torch.tensor(x, dtype=dtype), torch.tensor(y, dtype=dtype)

    def predict(weights: Any, biases: Any) -> Any:
        h = x.expand(len(weights[0]), *x.shape)
        for w, b in zip(weights, biases, strict=True):
            h = torch.sigmoid(torch.baddbmm(b, h, w))
        return h

    def train(part: slice) -> Any:
        torch.set_num_threads(threads)
        torch.set_flush_denormal(True)  # saturated networks are full of them, and slow
        weights = [torch.tensor(w[part, :-1], dtype=dtype).requires_grad_() for w in params]
        biases = [torch.tensor(w[part, -1:], dtype=dtype).requires_grad_() for w in params]
        betas = config.beta1, config.beta2
        adam = torch.optim.Adam([*weights, *biases], lr=config.lr, betas=betas, eps=config.epsilon, fused=True)
        for rate in schedule:
            adam.param_groups[0]["lr"] = float(rate)
            adam.zero_grad(set_to_none=True)
            ((predict(weights, biases) - y) ** 2).sum().backward()
            adam.step()
        with torch.no_grad():
            return predict(weights, biases).numpy()

    return lambda: [train(slice(b, b + at_once)) for b in range(0, len(params[0]), at_once)], np.concatenate


def numpy_loop(config: fnn.Config, params: Any, x: Any, y: Any, _threads: int) -> Any:
    """The lab as the report writes it: one network after the other, an array expression a step."""
    schedule = rates(config)

    def one(k: int) -> Any:
        weights = [w[k].copy() for w in params]
        m, v = [np.zeros_like(w) for w in weights], [np.zeros_like(w) for w in weights]
        for epoch, rate in enumerate(schedule):
            h, inputs, outputs = x, [], []
            for w in weights:
                inputs.append(np.append(h, np.ones((len(h), 1)), axis=1))
                h = 1 / (1 + np.exp(-np.matmul(inputs[-1], w)))
                outputs.append(h)
            error = 2 * (h - y)
            for d in reversed(range(len(weights))):
                delta = np.multiply(error, outputs[d] * (1 - outputs[d]))
                error = np.matmul(delta, weights[d][:-1].T)
                g = np.matmul(inputs[d].T, delta)
                m[d] = config.beta1 * m[d] + (1 - config.beta1) * g
                v[d] = config.beta2 * v[d] + (1 - config.beta2) * g * g
                root = np.sqrt(v[d] / (1 - config.beta2 ** (epoch + 1))) + config.epsilon
                weights[d] = weights[d] - rate * (m[d] / (1 - config.beta1 ** (epoch + 1))) / root
        for w in weights:
            x1 = np.append(x if w is weights[0] else h, np.ones((len(x), 1)), axis=1)
            h = 1 / (1 + np.exp(-np.matmul(x1, w)))
        return h

    return lambda: [one(k) for k in range(len(params[0]))], np.stack


def torch_loop(config: fnn.Config, params: Any, x: Any, y: Any, _threads: int) -> Any:
    """PyTorch as people write it: a Sequential, Adam and a StepLR for each network in turn."""
    import torch

    dtype = getattr(torch, config.dtype)
    x, y = torch.tensor(x, dtype=dtype), torch.tensor(y, dtype=dtype)

    def one(k: int) -> Any:
        torch.set_num_threads(1)  # faster than two for so small matrices
        parts: list[Any] = []
        for w in params:
            linear = torch.nn.Linear(w.shape[1] - 1, w.shape[2], dtype=dtype)
            with torch.no_grad():
                linear.weight.copy_(torch.tensor(w[k, :-1].T))
                linear.bias.copy_(torch.tensor(w[k, -1]))
            parts += [linear, torch.nn.Sigmoid()]
        model = torch.nn.Sequential(*parts)
        betas = config.beta1, config.beta2
        adam = torch.optim.Adam(model.parameters(), lr=config.lr, betas=betas, eps=config.epsilon)
        falls = torch.optim.lr_scheduler.StepLR(adam, config.epochs // 50, config.gamma)
        loss = torch.nn.MSELoss(reduction="sum")
        for _ in range(config.epochs):
            adam.zero_grad()
            loss(model(x), y).backward()
            adam.step()
            falls.step()
        with torch.no_grad():
            return model(x).numpy()

    return lambda: [one(k) for k in range(len(params[0]))], np.stack


def sklearn_loop(config: fnn.Config, params: Any, x: Any, y: Any, _threads: int) -> Any:
    """scikit-learn's `MLPClassifier`: its own initial weights, log loss and constant rate, for it has no others."""
    from sklearn.neural_network import MLPClassifier

    def one(k: int) -> Any:
        model = MLPClassifier(
            config.hidden, activation="logistic", solver="adam", alpha=0, batch_size=len(x), random_state=k,
            learning_rate_init=config.lr, beta_1=config.beta1, beta_2=config.beta2, epsilon=config.epsilon,
            max_iter=config.epochs, tol=0, n_iter_no_change=config.epochs,
        )  # fmt: skip
        return model.fit(x, y[:, 0]).predict_proba(x)[:, 1:]

    return lambda: [one(k) for k in range(len(params[0]))], np.stack
