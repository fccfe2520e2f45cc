"""PyTorch as a contender, in its two best stacked forms, and as people write it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import fnn

from .contenders import Array, Built, Contender, activations, batches, each_its_own, gradient_factor, rates

# Networks whose work fits the cache: stacked PyTorch is fastest that many at a time.
_AT_ONCE = 1024


@contextmanager
def torch_on(threads: int) -> Iterator[None]:
    """Let PyTorch use so many threads, and take numbers too small for its speed as 0 (saturated networks have many)."""
    import torch

    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def _functions(config: fnn.Config) -> tuple[list[Callable[[Any], Any]], Callable[[Any, Any], Any]]:
    """Return the activation of each layer, and the loss of a batch: of the output layer's sums and labels."""
    import torch
    from torch.nn import functional

    functions: dict[str, Callable[[Any], Any]] = {
        "sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu, "identity": lambda z: z,
        "softmax": lambda z: torch.softmax(z, dim=-1),
    }  # fmt: skip
    apply = [functions[name] for name in activations(config)]

    def loss(z: Any, labels: Any) -> Any:
        if config.loss == "bce":
            total = functional.binary_cross_entropy_with_logits(z, labels.expand(z.shape), reduction="sum")
        elif config.loss == "cross-entropy":
            total = -(functional.log_softmax(z, dim=-1) * labels).sum()
        else:
            total = ((apply[-1](z) - labels) ** 2).sum()
        return gradient_factor(config, *labels.shape[-2:]) * total

    return apply, loss


def _parts(networks: int) -> list[slice]:
    return [slice(b, b + _AT_ONCE) for b in range(0, networks, _AT_ONCE)]


def torch_stacked(config: fnn.Config, params: tuple[Array, ...], x: Array, y: Array, threads: int) -> Built:
    """PyTorch: `baddbmm` over stacks that fit the cache, autograd, and its fused Adam."""
    import torch

    dtype, schedule, (apply, loss) = getattr(torch, config.dtype), rates(config).tolist(), _functions(config)
    networks, batch_slices = len(params[0]), batches(config, x.shape[-2])
    inputs, labels = (torch.tensor(each_its_own(rows, networks), dtype=dtype) for rows in (x, y))

    def logits(weights: Any, biases: Any, x: Any) -> Any:
        h = x.expand(len(weights[0]), -1, -1)
        for w, b, activation in zip(weights[:-1], biases[:-1], apply[:-1], strict=True):
            h = activation(torch.baddbmm(b, h, w))
        return torch.baddbmm(biases[-1], h, weights[-1])

    def train(part: slice) -> Any:
        weights = [torch.tensor(w[part, :-1], dtype=dtype).requires_grad_() for w in params]
        biases = [torch.tensor(w[part, -1:], dtype=dtype).requires_grad_() for w in params]
        betas = config.beta1, config.beta2
        adam = torch.optim.Adam([*weights, *biases], lr=config.lr, betas=betas, eps=config.epsilon, fused=True)
        mine, targets = (rows if len(rows) == 1 else rows[part] for rows in (inputs, labels))
        for rate in schedule:
            adam.param_groups[0]["lr"] = rate
            for batch in batch_slices:
                adam.zero_grad(set_to_none=True)
                loss(logits(weights, biases, mine[:, batch]), targets[:, batch]).backward()
                adam.step()
        with torch.no_grad():
            return apply[-1](logits(weights, biases, mine)).numpy()

    def run() -> list[Any]:
        with torch_on(threads):
            return [train(part) for part in _parts(networks)]

    return run, np.concatenate


def _module(config: fnn.Config, params: tuple[Array, ...], k: int) -> Any:
    """Return network k as PyTorch's users write it; its output is the last layer's sums, which bce asks for."""
    import torch
    from torch import nn

    modules = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU, "identity": nn.Identity}
    parts: list[Any] = []
    for w, name in zip(params, (*activations(config)[:-1], "identity"), strict=True):
        linear = nn.Linear(w.shape[1] - 1, w.shape[2], dtype=getattr(torch, config.dtype))
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(w[k, :-1].T))
            linear.bias.copy_(torch.tensor(w[k, -1]))
        parts += [linear, modules[name]()]
    return nn.Sequential(*parts[:-1])


def torch_func(config: fnn.Config, params: tuple[Array, ...], x: Array, y: Array, threads: int) -> Built:
    """PyTorch: `stack_module_state`, `vmap` of `grad` of a `functional_call`, and Adam written out on the stacks."""
    import torch
    from torch.func import functional_call, grad, stack_module_state, vmap

    dtype, schedule, (apply, loss) = getattr(torch, config.dtype), rates(config).tolist(), _functions(config)
    networks, batch_slices = len(params[0]), batches(config, x.shape[-2])
    shared, at = x.ndim == 2, None if x.ndim == 2 else 0
    inputs, labels = (torch.tensor(rows if shared else each_its_own(rows, networks), dtype=dtype) for rows in (x, y))
    model, b1, b2 = _module(config, params, 0), config.beta1, config.beta2
    stacked = [
        stack_module_state([_module(config, params, k) for k in range(*part.indices(networks))])[0]
        for part in _parts(networks)
    ]

    def logits(state: Any, x: Any) -> Any:
        return functional_call(model, state, (x,))

    gradients = vmap(grad(lambda state, x, y: loss(logits(state, x), y)), in_dims=(0, at, at))

    def step(state: dict[str, Any], m: dict[str, Any], v: dict[str, Any], samples: Any, t: int, rate: float) -> None:
        for name, g in gradients(state, *samples).items():
            m[name].lerp_(g, 1 - b1)
            v[name].mul_(b2).addcmul_(g, g, value=1 - b2)
            root = (v[name] / (1 - b2**t)).sqrt_().add_(config.epsilon)
            state[name].addcdiv_(m[name], root, value=-rate / (1 - b1**t))

    def train(part: slice, given: dict[str, Any]) -> Any:
        state, t = {name: w.detach().clone() for name, w in given.items()}, 0
        samples = [rows if shared else rows[part] for rows in (inputs, labels)]
        m, v = ({name: torch.zeros_like(w) for name, w in state.items()} for _ in range(2))
        for rate in schedule:
            for batch in batch_slices:
                t += 1
                step(state, m, v, [rows[..., batch, :] for rows in samples], t, rate)
        return apply[-1](vmap(logits, in_dims=(0, at))(state, samples[0])).numpy()

    def run() -> list[Any]:
        with torch_on(threads), torch.no_grad():
            return [train(part, given) for part, given in zip(_parts(networks), stacked, strict=True)]

    return run, np.concatenate


def torch_loop(config: fnn.Config, params: tuple[Array, ...], x: Array, y: Array, threads: int) -> Built:
    """PyTorch as people write it: a Sequential, Adam and a scheduler for each network in turn."""
    import torch

    dtype, factors, (apply, _) = getattr(torch, config.dtype), [*rates(config) / config.lr, 0.0], _functions(config)
    inputs, labels, batch_slices = torch.tensor(x, dtype=dtype), torch.tensor(y, dtype=dtype), batches(config, len(x))
    losses = {"mse": torch.nn.MSELoss, "bce": torch.nn.BCEWithLogitsLoss}
    loss, answer = losses[config.loss](reduction=config.reduction), apply[-1] if config.loss == "mse" else lambda z: z
    # One thread is faster than two where the matrices are small.
    large = (config.batch_size or len(x)) * max(w.shape[2] for w in params) > 2**14

    def one(k: int) -> Any:
        model = _module(config, params, k)
        betas = config.beta1, config.beta2
        adam = torch.optim.Adam(model.parameters(), lr=config.lr, betas=betas, eps=config.epsilon)
        scheduler = torch.optim.lr_scheduler.LambdaLR(adam, factors.__getitem__)
        for _ in range(config.epochs):
            for batch in batch_slices:
                adam.zero_grad()
                loss(answer(model(inputs[batch])), labels[batch]).backward()
                adam.step()
            scheduler.step()
        with torch.no_grad():
            return apply[-1](model(inputs)).numpy()

    def run() -> list[Any]:
        with torch_on(threads if large else 1):
            return [one(k) for k in range(len(params[0]))]

    return run, np.stack


PEERS = {
    "torch-loop": Contender("PyTorch loop", torch_loop, "torch", probe=1),
    "torch": Contender("PyTorch, stacked baddbmm", torch_stacked, "torch"),
    "torch-func": Contender("PyTorch, torch.func", torch_func, "torch"),
}
