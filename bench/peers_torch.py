"""PyTorch as a contender, in its two best stacked forms, and as people write it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import fnn

from .contenders import Array, Built, Contender, activations, gradient_factor, rates

# Networks whose work fits the cache: stacked PyTorch is fastest that many at a time.
_AT_ONCE = 1024


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


PEERS = {
    "torch-loop": Contender("PyTorch loop", torch_loop, "torch", probe=1),
    "torch": Contender("PyTorch, stacked baddbmm", torch_stacked, "torch"),
    "torch-func": Contender("PyTorch, torch.func", torch_func, "torch"),
}
