"""PyTorch and JAX as contenders on images, in their best forms of those tried.

PyTorch with channels last, a stack as one grouped convolution: a third to a tenth of the time of channels first, and of
`unfold` with `baddbmm`. JAX with what windows see written out by slices, for products of matrices: its convolutions,
vmapped, take five times as long; a part of the stack at a time, on threads of Python's.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import fnn
from fnn.network.layers import Layer

from .contenders import Array, Built, Contender, batches, rates
from .peers_jax import in_parts, jax_training, pairs, set_jax
from .peers_torch import torch_on

# Networks that a thread of JAX's takes at a time: the fastest of 1, 4 and 64.
_AT_ONCE = 4


def takes_images(config: fnn.Config) -> bool:
    """Take what is written out here: layers that look at an image and end in classes, all of them of ReLU."""
    plain = config.image is not None and all(layer.kind in ("conv", "max-pool", "dense") for layer in _layers(config))
    return plain and config.loss == "cross-entropy" and config.activation == "relu"


def _layers(config: fnn.Config) -> list[Layer]:
    assert config.image is not None
    return list(config.layers(int(np.prod(config.image)), 10))


def _kernels(layer: Layer, w: Array) -> Array:
    """Return weights (S, rows · columns · C, O) as (S, O, C, rows, columns), as PyTorch has them."""
    window = layer.image
    return w.reshape(len(w), window.rows, window.columns, window.channels, -1).transpose(0, 4, 3, 1, 2)


def _by_channels(layers: list[Layer], d: int, w: Array) -> Array:
    """Return dense weights (S, H·W·C, O) with inputs in the order (C, H, W), where layer d is the first behind one."""
    if d == 0 or layers[d - 1].window is None:
        return w
    window = layers[d - 1].image
    shape = len(w), window.out_height, window.out_width, window.out_channels, w.shape[2]
    return w.reshape(shape).transpose(0, 3, 1, 2, 4).reshape(w.shape)


def _loss(logits: Any, labels: Any) -> Any:
    """Return the mean cross-entropy of a batch, of labels (N, 10), summed over networks."""
    from torch.nn import functional

    return -(functional.log_softmax(logits, dim=-1) * labels).sum() / len(labels)


def _torch_images(config: fnn.Config, x: Array) -> Any:
    import torch

    height, width, channels = config.image or (1, 1, 1)
    images = torch.tensor(x.reshape(-1, height, width, channels), dtype=getattr(torch, config.dtype))
    return images.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)


def torch_grouped(config: fnn.Config, params: tuple[Array, ...], x: Array, y: Array, threads: int) -> Built:
    """PyTorch: a stack's convolutions as one of as many groups, channels last, `baddbmm`, autograd, its fused Adam."""
    import torch
    from torch.nn import functional

    dtype, layers, S = getattr(torch, config.dtype), _layers(config), len(params[0])
    images, labels = _torch_images(config, x), torch.tensor(y, dtype=dtype)
    parts, schedule = batches(config, len(x)), rates(config).tolist()

    def weights() -> Iterator[Any]:
        for d, (layer, w) in enumerate(zip(layers, params, strict=True)):
            if layer.kind == "conv":
                kernels = _kernels(layer, w[:, :-1]).reshape(-1, *_kernels(layer, w[:1, :-1]).shape[2:])
                yield torch.tensor(kernels, dtype=dtype).contiguous(memory_format=torch.channels_last)
                yield torch.tensor(w[:, -1].reshape(-1), dtype=dtype)
            elif layer.kind == "dense":
                yield torch.tensor(_by_channels(layers, d, w[:, :-1]), dtype=dtype)
                yield torch.tensor(w[:, -1:], dtype=dtype)

    def logits(given: list[Any], h: Any) -> Any:
        of, flat, groups = iter(given), False, 1
        for d, layer in enumerate(layers):
            window = layer.window
            if layer.kind == "conv" and window:
                # The first convolution sees images that all networks share.
                h = functional.conv2d(h, next(of), next(of), window.stride, window.padding, groups=groups)
                h, groups = torch.relu(h), S
            elif window:
                h = functional.max_pool2d(h, (window.rows, window.columns), window.stride)
            else:
                h = h if flat else h.reshape(len(h), S, -1).transpose(0, 1)
                w, b = next(of), next(of)
                h, flat = torch.baddbmm(b, h, w), True
                h = torch.relu(h) if d + 1 < len(layers) else h
        return h

    def run() -> Any:
        with torch_on(threads):
            given = [w.clone().requires_grad_() for w in weights()]
            betas = config.beta1, config.beta2
            adam = torch.optim.Adam(given, lr=config.lr, betas=betas, eps=config.epsilon, fused=True)
            for rate in schedule:
                adam.param_groups[0]["lr"] = rate
                for batch in parts:
                    adam.zero_grad(set_to_none=True)
                    _loss(logits(given, images[batch]), labels[batch]).backward()
                    adam.step()
            with torch.no_grad():
                return [torch.softmax(logits(given, images[b : b + 256]), -1).numpy() for b in range(0, len(x), 256)]

    return run, lambda outputs: np.concatenate(outputs, axis=1)


def torch_images_loop(config: fnn.Config, params: tuple[Array, ...], x: Array, y: Array, threads: int) -> Built:
    """PyTorch as people write it: a `Sequential` of `Conv2d` and `Linear`, channels last, one network at a time."""
    import torch
    from torch import nn

    dtype, layers = getattr(torch, config.dtype), _layers(config)
    images, labels = _torch_images(config, x), torch.tensor(y, dtype=dtype)
    parts, schedule = batches(config, len(x)), rates(config).tolist()

    def module(k: int) -> Any:
        modules: list[Any] = []
        for d, (layer, w) in enumerate(zip(layers, params, strict=True)):
            window = layer.window
            if layer.kind == "conv" and window:
                size, kernels = (window.rows, window.columns), _kernels(layer, w[k : k + 1, :-1])[0]
                made: Any = nn.Conv2d(
                    window.channels, window.out_channels, size, window.stride, window.padding, dtype=dtype
                )
            elif window:
                modules.append(nn.MaxPool2d((window.rows, window.columns), window.stride))
                continue
            else:
                modules += [nn.Flatten()] * (d > 0 and layers[d - 1].window is not None)
                kernels = _by_channels(layers, d, w[k : k + 1, :-1])[0].T
                made = nn.Linear(layer.fan_in, layer.fan_out, dtype=dtype)
            with torch.no_grad():
                made.weight.copy_(torch.tensor(np.ascontiguousarray(kernels)))
                made.bias.copy_(torch.tensor(w[k, -1]))
            modules += [made, nn.ReLU()]
        return nn.Sequential(*modules[:-1]).to(memory_format=torch.channels_last)

    def one(k: int) -> Any:
        network = module(k)
        betas = config.beta1, config.beta2
        adam = torch.optim.Adam(network.parameters(), lr=config.lr, betas=betas, eps=config.epsilon, fused=True)
        for rate in schedule:
            adam.param_groups[0]["lr"] = rate
            for batch in parts:
                adam.zero_grad(set_to_none=True)
                _loss(network(images[batch]), labels[batch]).backward()
                adam.step()
        with torch.no_grad():
            return torch.softmax(network(images), -1).numpy()

    def run() -> list[Any]:
        with torch_on(threads):
            return [one(k) for k in range(len(params[0]))]

    return run, np.stack


def _jax_logits(config: fnn.Config) -> Callable[[Any, Any], Any]:
    """Return the logits of one network as a function of its weights and biases and of images (N, H·W·C)."""
    import jax
    import jax.numpy as jnp

    layers = _layers(config)

    def logits(params: Any, x: Any) -> Any:
        h, of = x, iter(params)
        for d, layer in enumerate(layers):
            if layer.window:
                w, N = layer.window, len(h)
                (down, right), s = w.padding, w.stride
                image = jnp.pad(
                    h.reshape(N, w.height, w.width, w.channels), ((0, 0), (down,) * 2, (right,) * 2, (0, 0))
                )
                below, beside = s * (w.out_height - 1) + 1, s * (w.out_width - 1) + 1
                seen = [
                    image[:, r : r + below : s, c : c + beside : s] for r in range(w.rows) for c in range(w.columns)
                ]
                if layer.kind == "conv":
                    weights, bias = next(of)
                    h = jnp.concatenate(seen, axis=-1) @ weights + bias
                else:
                    h = jnp.stack(seen).max(axis=0)
                h = h.reshape(N, -1)
            else:
                weights, bias = next(of)
                h = h @ weights + bias
            h = jax.nn.relu(h) if d + 1 < len(layers) and layer.kind != "max-pool" else h
        return h

    return logits


def jax_images(config: fnn.Config, params: tuple[Array, ...], x: Array, y: Array, threads: int) -> Built:
    """JAX: what windows see by slices, one network's training vmapped, in parts of the stack on threads of Python's."""
    jax, jnp, _ = set_jax(config)
    train = jax_training(config, _jax_logits(config), jnp.asarray(x, config.dtype), jnp.asarray(y, config.dtype))
    with_weights = [w for w in params if w.shape[1]]
    given = [
        pairs(config, tuple(w[k : k + _AT_ONCE] for w in with_weights)) for k in range(0, len(params[0]), _AT_ONCE)
    ]
    return in_parts(jax.jit(jax.vmap(train)), given, threads), np.concatenate


PEERS = {
    "torch-grouped": Contender("PyTorch, grouped", torch_grouped, "torch", takes=takes_images),
    "torch-images-loop": Contender("PyTorch loop, images", torch_images_loop, "torch", probe=1, takes=takes_images),
    "jax-images": Contender("JAX, by slices, on threads", jax_images, "jax", takes=takes_images),
}
