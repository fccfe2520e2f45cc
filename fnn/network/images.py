"""Images in a network: a convolution's weights as its windows, and what each layer makes of an image, as images."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.network.functions import Params, forward
from fnn.network.layers import Layer, Layers

Array = NDArray[np.floating[Any]]


class Maps(NamedTuple):
    """What one convolution or pooling layer makes of N images, its outputs as images. place: of the layer.

    maps: (N, H, W, C), of stacked networks (S, N, H, W, C).
    """

    place: int
    maps: Array


def first_convolution(layers: Layers) -> int | None:
    """Return the place of the first convolution, None where there is none."""
    return next((place for place, layer in enumerate(layers) if layer.kind == "conv"), None)


def windows(layer: Layer, w: Array) -> Array:
    """Return a convolution's weights w (..., I+1, O) as the window of each channel, (..., O, rows, columns, C).

    The biases are left out.
    """
    window = layer.image
    shape = (*w.shape[:-2], window.rows, window.columns, window.channels, window.out_channels)
    return np.moveaxis(w[..., :-1, :].reshape(shape), -1, -4)


def feature_maps(layers: Layers, params: Params, x: Array) -> list[Maps]:
    """Return the outputs of each layer with a window for samples x (N, I), after its activation.

    layers, params: as in `functions.forward`; nothing is dropped.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        outputs = forward(layers, params, x).outputs[1:]
    each = enumerate(zip(layers, outputs, strict=True))
    return [Maps(place, _as_images(layer, output)) for place, (layer, output) in each if layer.window]


def _as_images(layer: Layer, outputs: Array) -> Array:
    window = layer.image
    return outputs.reshape(*outputs.shape[:-1], window.out_height, window.out_width, window.out_channels)
