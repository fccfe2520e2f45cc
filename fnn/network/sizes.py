"""Sizes: of each layer of a network what goes in and comes out, its parameters, and what a forward pass multiplies."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from fnn.network.layers import LAYER_KINDS, Layer

# Of a sample: height, width and channels of an image, else how many numbers.
Shape = tuple[int, ...]


class LayerSize(NamedTuple):
    """What one layer comes to. inputs, outputs: of a sample, (height, width, channels) of an image, else (I,).

    parameters: its weights and biases. multiply_adds: the products that a forward pass of one sample sums up, those
    with zeros of padding too; adding biases is none, nor are activations and what pools compare or average.
    """

    inputs: Shape
    outputs: Shape
    parameters: int
    multiply_adds: int


def layer_sizes(layers: Sequence[Layer], image: Shape | None = None) -> list[LayerSize]:
    """Return the sizes of each layer. image: the shape of a sample's inputs, where they are one."""
    sizes, shape = [], image or (layers[0].fan_in,)
    for layer in layers:
        inputs, shape = _shapes(layer, shape)
        kind = LAYER_KINDS[layer.kind]
        sizes.append(LayerSize(inputs, shape, math.prod(kind.shape(layer)), kind.multiply_adds(layer)))
    return sizes


def _shapes(layer: Layer, shape: Shape) -> tuple[Shape, Shape]:
    """Return the shapes of a layer's inputs, which come in a shape, and of its outputs."""
    if layer.window is not None:
        w = layer.window
        return (w.height, w.width, w.channels), (w.out_height, w.out_width, w.out_channels)
    if layer.kind == "dense":  # to which an image is a row of numbers
        return (layer.fan_in,), (layer.fan_out,)
    return shape, shape
