"""Layers that look at an image through a window: convolution, and pooling by the largest number or by the mean.

A sample's image is a row of numbers, (height, width, channels) read in that order: the channels of a pixel lie beside
each other, then comes the next pixel. The outputs are an image again. Where a window is only a part of the image it
moves by `stride` pixels; what does not fill a whole step at the lower and right edge is not looked at, as in PyTorch.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]


class Window(NamedTuple):
    """A window on an image (height, width, channels), `rows` by `columns` pixels large.

    padding: the rows, and the columns, of zeros that are put before and behind the image. out_channels: of the outputs.
    """

    height: int
    width: int
    channels: int
    rows: int
    columns: int
    stride: int
    padding: tuple[int, int]
    out_channels: int

    @property
    def out_height(self) -> int:
        """The places that the window has above each other."""
        return (self.height + 2 * self.padding[0] - self.rows) // self.stride + 1

    @property
    def out_width(self) -> int:
        """The places that the window has beside each other."""
        return (self.width + 2 * self.padding[1] - self.columns) // self.stride + 1

    @property
    def size(self) -> int:
        """The numbers seen through the window."""
        return self.rows * self.columns * self.channels

    @property
    def places(self) -> int:
        """P, the places of the window on the image."""
        return self.out_height * self.out_width


def seen(window: Window, inputs: Array) -> Array:
    """Return what each place of the window sees. inputs: (..., N, H·W·C) → (..., N, P, rows · columns, C)."""
    w, lead = window, inputs.shape[:-1]
    images = inputs.reshape(*lead, w.height, w.width, w.channels)
    if any(w.padding):
        images = np.pad(images, (*[(0, 0)] * len(lead), *((p, p) for p in w.padding), (0, 0)))
    views = sliding_window_view(images, (w.rows, w.columns), axis=(-3, -2))[..., :: w.stride, :: w.stride, :, :, :]
    return np.moveaxis(views, -3, -1).reshape(*lead, w.places, w.rows * w.columns, w.channels)


def summed_back(window: Window, parts: Array) -> Array:
    """Return to each pixel the sum of what belongs to it: the transpose of `seen`.

    parts: (..., N, P, rows · columns, C) → (..., N, H·W·C).
    """
    w, lead = window, parts.shape[:-3]
    parts = parts.reshape(*lead, w.out_height, w.out_width, w.rows, w.columns, w.channels)
    down, right = w.padding
    images = np.zeros((*lead, w.height + 2 * down, w.width + 2 * right, w.channels), parts.dtype)
    below, beside = w.stride * (w.out_height - 1) + 1, w.stride * (w.out_width - 1) + 1
    for row in range(w.rows):
        for column in range(w.columns):
            here = images[..., row : row + below : w.stride, column : column + beside : w.stride, :]
            here += parts[..., row, column, :]
    inner = images[..., down : down + w.height, right : right + w.width, :]
    return inner.reshape(*lead, w.height * w.width * w.channels)


# ---- convolution: a dense layer on what is seen from every place ----


def _columns(window: Window, inputs: Array) -> Array:
    """Return what is seen as rows: (..., N·P, rows · columns · C)."""
    views = seen(window, inputs)
    return views.reshape(*views.shape[:-4], -1, window.size)


def conv_forward(window: Window, w: Array, inputs: Array) -> Array:
    """Return the logits (..., N, P·O) of weights w: (..., rows · columns · C + 1, O), the bias row last."""
    z = _columns(window, inputs) @ w[..., :-1, :] + w[..., -1:, :]
    return z.reshape(*z.shape[:-2], inputs.shape[-2], window.places * window.out_channels)


def conv_gradient(window: Window, inputs: Array, delta: Array) -> Array:
    """Return the gradient by the weights, and under it that by the bias. delta: (..., N, P·O)."""
    each = delta.reshape(*delta.shape[:-2], -1, window.out_channels)
    weights = np.swapaxes(_columns(window, inputs), -1, -2) @ each
    return np.concatenate((weights, each.sum(axis=-2, keepdims=True)), axis=-2)


def conv_input_gradient(window: Window, w: Array, delta: Array) -> Array:
    """Return the gradient by the inputs, (..., N, H·W·C)."""
    each = delta.reshape(*delta.shape[:-2], -1, window.out_channels)
    parts = each @ np.swapaxes(w[..., :-1, :], -1, -2)
    shape = (*delta.shape[:-1], window.places, window.rows * window.columns, window.channels)
    return summed_back(window, parts.reshape(shape))


# ---- pooling ----


def max_pool_forward(window: Window, inputs: Array) -> Array:
    """Return the largest number of each channel that is seen from each place, (..., N, P·C)."""
    largest: Array = seen(window, inputs).max(axis=-2)
    return largest.reshape(*inputs.shape[:-1], -1)


def max_pool_input_gradient(window: Window, inputs: Array, delta: Array) -> Array:
    """Return the gradient by the inputs: it goes to the first of the largest, as in PyTorch."""
    views = seen(window, inputs)
    first = views.argmax(axis=-2)[..., None, :] == np.arange(views.shape[-2])[:, None]
    each = delta.reshape(*delta.shape[:-1], window.places, 1, window.channels)
    return summed_back(window, first * each)


def mean_pool_forward(window: Window, inputs: Array) -> Array:
    """Return the mean of each channel over what is seen from each place, (..., N, P·C)."""
    mean: Array = seen(window, inputs).mean(axis=-2)
    return mean.reshape(*inputs.shape[:-1], -1)


def mean_pool_input_gradient(window: Window, delta: Array) -> Array:
    """Return the gradient by the inputs: to each an even share."""
    pixels = window.rows * window.columns
    each = delta.reshape(*delta.shape[:-1], window.places, 1, window.channels) / pixels
    return summed_back(window, np.broadcast_to(each, (*each.shape[:-2], pixels, window.channels)))
