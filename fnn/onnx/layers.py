"""Layers as operators: each of all S networks at once, on values (S, N, I), or (1, N, I) where all are given the same.

A convolution is a dense layer on what a window sees, as `fnn.network.windows` has it: numbers are gathered and
multiplied with stacked weights, in one batched product for all networks. ONNX Runtime has no Conv of float64, and its
Conv of float32 in groups, with what turns images for it, is slower than this.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from fnn.network.functions import Array, Params
from fnn.network.layers import Layer, Layers
from fnn.network.windows import Window, seen
from fnn.onnx.activations import OPERATORS
from fnn.onnx.graph import Graph, Value

# Takes a graph, a layer, its weights (S, I+1, O), its inputs, and what stands before the names of its values; returns
# the logits (S, N, O).
Sum = Callable[[Graph, Layer, Array, Value, str], Value]


def add_layers(graph: Graph, layers: Layers, params: Params, x: Value) -> Value:
    """Return the outputs of S networks, (S, N, O). params: W (S, I+1, O) for each layer."""
    for place, (layer, w) in enumerate(zip(layers, params, strict=True), 1):
        name = f"layer{place}"
        z = LAYERS[layer.kind](graph, layer, w, x, name)
        x = OPERATORS[layer.activation](graph, z, w.dtype.name, name)
    return x


def _dense(graph: Graph, _layer: Layer, w: Array, x: Value, name: str) -> Value:
    return _product(graph, w, x, name)


def _scale(graph: Graph, _layer: Layer, w: Array, x: Value, name: str) -> Value:
    return graph.add("Mul", x, graph.constant(f"{name}/factors", w), name=f"{name}/scaled")


def _conv(graph: Graph, layer: Layer, w: Array, x: Value, name: str) -> Value:
    window = layer.image
    views = _gathered(graph, window, w.dtype.name, x, name)
    columns = graph.reshape(views, (0, 0, window.places, window.size), f"{name}/windows")
    sums = _product(graph, w[:, None], columns, name)
    return graph.reshape(sums, (0, 0, window.places * window.out_channels), f"{name}/flat")


def _pool(operator: str) -> Sum:
    """Return a layer that makes one number of what it sees of each channel."""

    def pool(graph: Graph, layer: Layer, w: Array, x: Value, name: str) -> Value:
        window = layer.image
        views = _gathered(graph, window, w.dtype.name, x, name)
        shape = 0, 0, window.places, window.rows * window.columns, window.channels
        pooled = graph.reduce(operator, graph.reshape(views, shape, f"{name}/windows"), 3, f"{name}/pooled")
        return graph.reshape(pooled, (0, 0, window.places * window.channels), f"{name}/flat")

    return pool


def _product(graph: Graph, w: Array, x: Value, name: str) -> Value:
    """Return x · W + b. w: (..., I+1, O), the last row b."""
    weights, bias = graph.constant(f"{name}/weights", w[..., :-1, :]), graph.constant(f"{name}/bias", w[..., -1:, :])
    return graph.add("Add", graph.add("MatMul", x, weights, name=f"{name}/product"), bias, name=f"{name}/sum")


def _gathered(graph: Graph, window: Window, dtype: str, x: Value, name: str) -> Value:
    """Return the pixels that each place of a window sees: (S, N, P · rows · columns, C)."""
    pixels = graph.reshape(x, (0, 0, window.height * window.width, window.channels), f"{name}/pixels")
    if any(window.padding):  # all of it is one pixel of zeros, behind the others
        ends = graph.constant("one_pixel_more", [0, 0, 0, 0, 0, 0, 1, 0], np.int64)
        pixels = graph.add("Pad", pixels, ends, graph.constant(f"{dtype}_0", 0, dtype), name=f"{name}/padded")
    places = graph.constant(f"{name}/places", _seen_places(window))
    return graph.add("Gather", pixels, places, name=f"{name}/seen", axis=2)


def _seen_places(window: Window) -> NDArray[np.int64]:
    """Return the place of the pixel that each place of a window sees, (P · rows · columns,); H·W where that is padding.

    Pixels are numbered from 1, so that padding is 0.
    """
    count = window.height * window.width
    numbers = np.arange(1.0, count + 1)[None]
    places = seen(window._replace(channels=1), numbers).ravel().astype(np.int64)
    return np.where(places == 0, count, places - 1)


LAYERS: dict[str, Sum] = {
    "dense": _dense,
    "scale": _scale,
    "conv": _conv,
    "max-pool": _pool("ReduceMax"),
    "mean-pool": _pool("ReduceMean"),
}
