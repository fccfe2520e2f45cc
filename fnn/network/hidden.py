"""Hidden layers in words: `4x4`, or `conv8:3-pool2-16` on images, and what they come to on so many inputs.

Dense layers are their widths. `conv8:3` is a convolution of 8 channels by a window of 3x3 pixels (`conv8:1x5`: 1x5;
`/2`: moved by 2 pixels, `+1`: with 1 pixel of zeros around the image), `pool2` the largest of 2x2 pixels that do not
overlap (`pool3/2`: of 3x3, moved by 2), `mean2` their mean. On an image of one row windows are of one row.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from fnn.checks import whole
from fnn.errors import InvalidSetting
from fnn.network.layers import LAYER_KINDS, Layer, Layers
from fnn.network.windows import Window

# A width, or a layer in words.
Hidden = tuple[int | str, ...]
Image = tuple[int, int, int]

# What each kind of layer with a window is called in words.
WINDOWED = {"conv": "conv", "pool": "max-pool", "mean": "mean-pool"}
_NUMBER = "[1-9][0-9]{0,4}"
_SPELLING = re.compile(
    rf"(?P<conv>conv(?P<channels>{_NUMBER})(?::(?P<size>{_NUMBER}(?:x{_NUMBER})?))?)?"
    rf"(?P<pool>(?P<name>pool|mean)(?P<pooled>{_NUMBER}(?:x{_NUMBER})?))?"
    rf"(?:/(?P<stride>{_NUMBER}))?(?:\+(?P<padding>[0-9]{{1,5}}))?"
)
WORDS = (
    "widths from 1 to 32767 with x between them, such as 4x4 or 8x8x4, or none; or, on images, layers with - between "
    "them, such as conv8:3-pool2-16"
)

_side = whole(1, 2**15 - 1)


class Spelled(NamedTuple):
    """A layer with a window in words. size: one number is that many by as many; channels: 0 of a pooling layer."""

    name: str
    channels: int
    size: tuple[int, ...]
    stride: int
    padding: int

    def __str__(self) -> str:
        pools, size = not self.channels, "x".join(map(str, self.size))
        stride = f"/{self.stride}" if self.stride != (self.size[0] if pools else 1) else ""
        padding = f"+{self.padding}" if self.padding else ""
        return f"{self.name}{size if pools else f'{self.channels}:{size}'}{stride}{padding}"


def as_hidden(name: str, got: Any) -> Hidden:
    """Check for 4x4, conv8:3-pool2-16, none, the width of one layer, or a sequence of widths and layers in words."""
    if isinstance(got, str):
        if got == "none":
            return ()
        words = re.split("x" if re.fullmatch("[0-9x]+", got) else "-", got)
        items: tuple[Any, ...] = tuple(int(word) if re.fullmatch("[0-9]{1,5}", word) else word for word in words)
    else:
        items = tuple(got) if isinstance(got, (tuple, list)) else (got,)
    try:
        return tuple(_item(name, item) for item in items)
    except InvalidSetting:
        raise InvalidSetting(name, got, WORDS) from None


def _item(name: str, item: Any) -> int | str:
    if not isinstance(item, str):
        return _side(name, item)
    layer = spelled(item)
    if layer is None or layer.channels >= 2**15:
        raise InvalidSetting(name, item, WORDS)
    return str(layer)


def as_image(name: str, got: Any) -> Image | None:
    """Check for 8x8, 28x28x3, or height, width and channels in a sequence, of which there is one by itself."""
    if got is None:
        return None
    sides = got.split("x") if isinstance(got, str) else got
    try:
        numbers = [int(s) if isinstance(s, str) and re.fullmatch("[0-9]{1,5}", s) else s for s in sides]
        height, width, channels = (_side(name, n) for n in (*numbers, *([1] * (len(numbers) == 2))))
    except (TypeError, ValueError):
        words = "height x width, or height x width x channels, such as 8x8 or 28x28x3"
        raise InvalidSetting(name, got, words) from None
    return height, width, channels


def spelled(text: str) -> Spelled | None:
    """Return a layer with a window from its words, None of other words."""
    match = _SPELLING.fullmatch(text)
    if not match or bool(match["conv"]) == bool(match["pool"]) or (match["pool"] and match["padding"]):
        return None
    size = tuple(map(int, (match["size"] or match["pooled"] or "3").split("x")))
    size = size[:1] if len(set(size)) == 1 else size
    stride = int(match["stride"] or (size[0] if match["pool"] else 1))
    return Spelled(match["name"] or "conv", int(match["channels"] or 0), size, stride, int(match["padding"] or 0))


def has_windows(hidden: Hidden) -> bool:
    """Return whether any layer is one that looks at an image."""
    return any(isinstance(item, str) for item in hidden)


def activated(hidden: Hidden) -> int:
    """Return how many of the layers have an activation."""
    return sum(isinstance(item, int) or item.startswith("conv") for item in hidden)


def hidden_layers(hidden: Hidden, inputs: int, image: Image | None, activations: Sequence[str]) -> Iterator[Layer]:
    """Yield the hidden layers on so many inputs; activations: of those that have one, in their order.

    Raises InvalidSetting where a window is larger than the image that it meets, or meets none.
    """
    names, size = iter(activations), inputs
    for item in hidden:
        if isinstance(item, int):
            yield Layer("dense", size, item, next(names))
            size, image = item, None
            continue
        window = _window(item, image)
        kind = WINDOWED[item[:4]]
        image = window.out_height, window.out_width, window.out_channels
        outputs = window.places * window.out_channels
        yield Layer(kind, size, outputs, next(names) if LAYER_KINDS[kind].activated else "identity", window)
        size = outputs


def layer_names(hidden: Hidden, layers: Layers) -> Iterator[str]:
    """Yield what each layer is called: one with a window as it was typed, which is shorter than what it comes to."""
    typed = iter([item for item in hidden if isinstance(item, str)])
    for layer in layers:
        yield next(typed) if layer.window else f"dense {layer.fan_out}" if layer.kind == "dense" else layer.kind


def _window(item: str, image: Image | None) -> Window:
    layer = spelled(item)
    assert layer is not None
    if image is None:
        raise InvalidSetting("hidden", item, "none of it behind a dense layer, which leaves no image")
    height, width, channels = image
    # A side of one pixel is looked at as it is.
    each = layer.size[0]
    rows, columns = layer.size if len(layer.size) == 2 else (1 if side == 1 else each for side in (height, width))
    padding = (layer.padding if rows > 1 else 0, layer.padding if columns > 1 else 0)
    if rows > height + 2 * padding[0] or columns > width + 2 * padding[1]:
        raise InvalidSetting("hidden", item, f"a window no larger than the {height}x{width} pixels that it meets")
    if layer.padding and layer.padding >= max(rows, columns):
        raise InvalidSetting("hidden", item, f"less padding than the window's {max(rows, columns)} pixels")
    return Window(height, width, channels, rows, columns, layer.stride, padding, layer.channels or channels)
