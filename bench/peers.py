"""The peers: JAX, PyTorch, scikit-learn, each in its best forms."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import fnn

from .contenders import Array, Built, Contender, activations, gradient_factor, rates

# Networks whose work fits the cache: stacked PyTorch is fastest that many at a time.
_AT_ONCE = 1024
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


@contextmanager
def _torch_on(threads: int) -> Iterator[None]:
    """Let PyTorch use so many threads, and take numbers too small for its speed as 0 (saturated networks have many)."""
    import torch

    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def _parts(networks: int) -> list[slice]:
    return [slice(b, b + _AT_ONCE) for b in range(0, networks, _AT_ONCE)]


def torch_stacked(config: fnn.Config, params: tuple[Array, ...], x: Array, y: Array, threads: int) -> Built:
    """PyTorch: `baddbmm` over stacks that fit the cache, autograd, and its fused Adam."""
    import torch

    dtype, schedule, factor = getattr(torch, config.dtype), rates(config).tolist(), gradient_factor(config, y)
    functions = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu, "identity": lambda z: z}
    apply = [functions[name] for name in activations(config)]
    inputs, labels = torch.tensor(x, dtype=dtype), torch.tensor(y, dtype=dtype)

    def predict(weights: Any, biases: Any) -> Any:
        h = inputs.expand(len(weights[0]), *inputs.shape)
        for w, b, activation in zip(weights, biases, apply, strict=True):
            h = activation(torch.baddbmm(b, h, w))
        return h

    def train(part: slice) -> Any:
        weights = [torch.tensor(w[part, :-1], dtype=dtype).requires_grad_() for w in params]
        biases = [torch.tensor(w[part, -1:], dtype=dtype).requires_grad_() for w in params]
        betas = config.beta1, config.beta2
        adam = torch.optim.Adam([*weights, *biases], lr=config.lr, betas=betas, eps=config.epsilon, fused=True)
        for rate in schedule:
            adam.param_groups[0]["lr"] = rate
            adam.zero_grad(set_to_none=True)
            (factor * ((predict(weights, biases) - labels) ** 2).sum()).backward()
            adam.step()
        with torch.no_grad():
            return predict(weights, biases).numpy()

    def run() -> list[Any]:
        with _torch_on(threads):
            return [train(part) for part in _parts(len(params[0]))]

    return run, np.concatenate


def _module(config: fnn.Config, params: tuple[Array, ...], k: int) -> Any:
    """Return network k as PyTorch's users write it."""
    import torch
    from torch import nn

    modules = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU, "identity": nn.Identity}
    parts: list[Any] = []
    for w, name in zip(params, activations(config), strict=True):
        linear = nn.Linear(w.shape[1] - 1, w.shape[2], dtype=getattr(torch, config.dtype))
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(w[k, :-1].T))
            linear.bias.copy_(torch.tensor(w[k, -1]))
        parts += [linear, modules[name]()]
    return nn.Sequential(*parts)


def torch_func(config: fnn.Config, params: tuple[Array, ...], x: Array, y: Array, threads: int) -> Built:
    """PyTorch: `stack_module_state`, `vmap` of `grad` of a `functional_call`, and Adam written out on the stacks."""
    import torch
    from torch.func import functional_call, grad, stack_module_state, vmap

    dtype, schedule, factor = getattr(torch, config.dtype), rates(config).tolist(), gradient_factor(config, y)
    inputs, labels = torch.tensor(x, dtype=dtype), torch.tensor(y, dtype=dtype)
    model, b1, b2 = _module(config, params, 0), config.beta1, config.beta2
    stacked = [
        stack_module_state([_module(config, params, k) for k in range(*part.indices(len(params[0])))])[0]
        for part in _parts(len(params[0]))
    ]

    def predict(state: Any) -> Any:
        return functional_call(model, state, (inputs,))

    gradients = vmap(grad(lambda state: factor * ((predict(state) - labels) ** 2).sum()))

    def train(given: dict[str, Any]) -> Any:
        state = {name: w.detach().clone() for name, w in given.items()}
        m, v = ({name: torch.zeros_like(w) for name, w in state.items()} for _ in range(2))
        for t, rate in enumerate(schedule, start=1):
            for name, g in gradients(state).items():
                m[name].lerp_(g, 1 - b1)
                v[name].mul_(b2).addcmul_(g, g, value=1 - b2)
                root = (v[name] / (1 - b2**t)).sqrt_().add_(config.epsilon)
                state[name].addcdiv_(m[name], root, value=-rate / (1 - b1**t))
        return vmap(predict)(state).numpy()

    def run() -> list[Any]:
        with _torch_on(threads), torch.no_grad():
            return [train(part) for part in stacked]

    return run, np.concatenate


def torch_loop(config: fnn.Config, params: tuple[Array, ...], x: Array, y: Array, threads: int) -> Built:
    """PyTorch as people write it: a Sequential, Adam and a scheduler for each network in turn."""
    import torch

    dtype, factors = getattr(torch, config.dtype), [*rates(config) / config.lr, 0.0]
    inputs, labels = torch.tensor(x, dtype=dtype), torch.tensor(y, dtype=dtype)
    # One thread is faster than two where the matrices are small.
    own_threads = threads if len(x) * max(w.shape[2] for w in params) > 2**14 else 1

    def one(k: int) -> Any:
        model = _module(config, params, k)
        betas = config.beta1, config.beta2
        adam = torch.optim.Adam(model.parameters(), lr=config.lr, betas=betas, eps=config.epsilon)
        scheduler = torch.optim.lr_scheduler.LambdaLR(adam, factors.__getitem__)
        loss = torch.nn.MSELoss(reduction=config.reduction)
        for _ in range(config.epochs):
            adam.zero_grad()
            loss(model(inputs), labels).backward()
            adam.step()
            scheduler.step()
        with torch.no_grad():
            return model(inputs).numpy()

    def run() -> list[Any]:
        with _torch_on(own_threads):
            return [one(k) for k in range(len(params[0]))]

    return run, np.stack


def sklearn_loop(config: fnn.Config, params: tuple[Array, ...], x: Array, y: Array, _threads: int) -> Built:
    """scikit-learn's `MLPClassifier`, one after the other."""
    from sklearn.neural_network import MLPClassifier

    x, labels = x.astype(config.dtype), y[:, 0]

    def one(k: int) -> Any:
        model = MLPClassifier(
            config.hidden, activation="logistic", solver="adam", alpha=0, batch_size=len(x), random_state=k,
            learning_rate_init=config.lr, beta_1=config.beta1, beta_2=config.beta2, epsilon=config.epsilon,
            max_iter=config.epochs, tol=0, n_iter_no_change=config.epochs,
        )  # fmt: skip
        return model.fit(x, labels).predict_proba(x)[:, 1:]

    def run() -> list[Any]:
        with warnings.catch_warnings():  # that it has not converged, which nobody asked
            warnings.simplefilter("ignore")
            return [one(k) for k in range(len(params[0]))]

    return run, np.stack


def _classifies(config: fnn.Config) -> bool:
    return set(activations(config)) == {"sigmoid"}


PEERS = {
    "torch-loop": Contender("PyTorch loop", torch_loop, "torch", probe=1),
    "torch": Contender("PyTorch, stacked baddbmm", torch_stacked, "torch"),
    "torch-func": Contender("PyTorch, torch.func", torch_func, "torch"),
    "jax": Contender("JAX, vmap + scan + jit", jax_vmap, "jax"),
    "jax-last": Contender("JAX, networks last", jax_last, "jax"),
    "sklearn": Contender(
        "scikit-learn MLPClassifier",
        sklearn_loop,
        "scikit-learn",
        probe=1,
        differs="its own initial weights, log loss and a constant rate: it has no others",
        takes=_classifies,
    ),
}
