"""Figures of convolutional networks from within: the windows they learnt, and what their layers make of images."""

from collections.abc import Sequence
from textwrap import fill
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fnn.plots.labels import add_title, shorten
from fnn.plots.tiles import (
    MOST_CHANNELS,
    aspect,
    brightness_range,
    cells_axes,
    is_signal,
    picture,
    picture_aspect,
    scale_of,
    tell_scale,
    tile,
)
from fnn.stats.channels import Windows

Array = NDArray[np.floating[Any]]

# Networks and channels in the figure of windows; samples in that of maps, and the maps of one sample in all layers.
MOST_NETWORKS, MOST_WINDOWS, MOST_SAMPLES, MOST_MAPS = 5, 16, 10, 26
# Where the row of windows begins above the images, in rows.
_ABOVE = -1.2
_QUANTILES = ("lowest", "25%", "median", "75%", "highest")


class Kernels(NamedTuple):
    """Windows of the first convolution. layer: in words; channels: of it, O. of: the loss that orders networks.

    seeds, loss: (R,) of the networks that are shown; networks: S, which are compared.
    """

    about: str
    layer: str
    channels: int
    windows: Windows
    seeds: Sequence[int]
    loss: Sequence[float]
    networks: int
    of: str = "loss"


def kernels(figure: Figure, content: Kernels) -> None:
    """The weights of each channel's window, a row of them for each network, like beside like; of one network all.

    Input channels lie above each other: as colours they would not do, for weights are negative too. Of more than a few
    the length over them is drawn.
    """
    weights, label = _drawn_weights(content)
    _, K, height, width, C = weights.shape
    several, per_row = content.networks > 1, min(K, MOST_WINDOWS if content.networks > 1 else MOST_WINDOWS // 2)
    blocks = [(r, k) for r in range(len(weights)) for k in range(0, K, per_row)]
    gap = 0.3 if C > 1 else 0.12
    rows = len(blocks) * (C + gap) - gap
    cell = 0.52 if rows <= 12 else 0.36
    wide = cell * aspect(height, width) * per_row
    _fit(figure, max(5.6, wide + 1.6), cell * rows + (1.5 if several else 0.9), _kernel_title(content), content.about)
    ax, scale = cells_axes(figure.subplots(), per_row, rows), scale_of(weights)
    for block, (r, first) in enumerate(blocks):
        for k, c in np.ndindex(min(per_row, K - first), C):
            tile(ax, weights[r, first + k, :, :, c], k, block * (C + gap) + c, scale)
    ax.set_yticks(*_row_names(content, blocks, C, gap))
    ax.set_xticks([])
    if several:
        each = zip(content.windows.channels, content.windows.cosine, strict=True)
        ax.set_xticks(np.arange(K) + 0.5, [f"{k}\n{cosine:.2f}" for k, cosine in each])
        ax.xaxis.tick_top()
        ax.set_title(fill(_columns(content), int(wide * 16)), fontsize=8.5)
        ax.set_ylabel(f"networks, by {content.of}", fontsize=8.5)
    tell_scale(ax, scale, label, signal=is_signal(height, width))


def _drawn_weights(content: Kernels) -> tuple[Array, str]:
    """Return what is drawn of weights, (R, K, rows, columns, C), and what it is called."""
    weights = content.windows.weights
    C = weights.shape[-1]
    if C > MOST_CHANNELS:
        length = np.sqrt((weights.astype(np.float64) ** 2).sum(axis=-1, keepdims=True))
        return length, f"length over {C} input channels"
    above = f" of input channels, from above {', '.join(_inputs(C))}" if C > 1 and content.networks > 1 else ""
    return weights, f"weight{above}"


def _fit(figure: Figure, width: float, height: float, title: str, about: str) -> None:
    """Make a figure so wide, and so high below its title, in inches: cells keep their shape below any title."""
    figure.set_size_inches(width, height)
    add_title(figure, title, about)
    figure.set_size_inches(width, height + 0.18 * (1 + figure.get_suptitle().count("\n")))


def _columns(content: Kernels) -> str:
    """Return what stands above the columns of windows."""
    others = content.networks - 1
    matches = f"the other {'network' if others == 1 else f'{others:,} networks'}"
    return f"channels of the median network, and the mean cosine of each with its match in {matches}"


def _row_names(
    content: Kernels, blocks: Sequence[tuple[int, int]], C: int, gap: float
) -> tuple[list[float], list[str]]:
    """Return where rows stand and what they are called: by their network; of one network by their channels."""
    R, tops = len(content.seeds), [block * (C + gap) for block in range(len(blocks))]
    if content.networks > 1:
        words = [f"{word}: " for word in _QUANTILES] if len(_QUANTILES) == R and content.networks > R else [""] * R
        each = zip(words, content.loss, content.seeds, strict=True)
        return [top + C / 2 for top in tops], [f"{word}{loss:.3g}\nseed {seed}" for word, loss, seed in each]
    firsts = [first for _, first in blocks]
    lasts = [*(first - 1 for first in firsts[1:]), len(content.windows.channels) - 1]
    names = []
    for first, last in zip(firsts, lasts, strict=True):
        channels = f"channel {first}" if first == last else f"channels {first}–{last}"
        names += [channels] if C == 1 else [f"{channels}\n{_inputs(C)[0]}", *_inputs(C)[1:]]
    return [top + c + 0.5 for top in tops for c in range(C)], names


def _inputs(C: int) -> Sequence[str]:
    """Return what so many input channels are called."""
    return ("red", "green", "blue") if C == 3 else [f"input {c}" for c in range(C)]


def _kernel_title(content: Kernels) -> str:
    windows, shown = content.windows, len(content.windows.channels)
    some = f"{shown} of {content.channels}" if shown < content.channels else f"{shown}"
    title = f"windows of the first convolution, {content.layer}: {some} channels"
    if content.networks == 1:
        return title
    before = "" if windows.before is None else f" ({windows.before:.2f} before training)"
    return f"{title}\nalike over seeds: mean cosine {windows.all_channels:.2f}{before}"


class LayerMaps(NamedTuple):
    """What some channels of a layer make of N images, (N, H, W, K). channels: (K,) their numbers, of so many in all.

    windows: (K, rows, columns), that each is seen through, where the image has one channel; None of others.
    """

    layer: str
    maps: Array
    channels: Sequence[int]
    of: int
    windows: Array | None = None


class FeatureMaps(NamedTuple):
    """Images (N, H, W, C), what each is, and what the layers of one network make of them."""

    about: str
    images: Array
    names: Sequence[str]
    layers: Sequence[LayerMaps]


def feature_maps(figure: Figure, content: FeatureMaps) -> None:
    """A row for each image: the image, and beside it its maps, layer by layer, each layer on one scale.

    Above the maps of a convolution of grey images stand its windows, with 0 white.
    """
    N, images = len(content.images), content.images
    first = _ABOVE if any(each.windows is not None for each in content.layers) else 0.0
    shapes = [(picture_aspect(images.shape[1:]), 1)]
    shapes += [(aspect(*each.maps.shape[1:3]), len(each.channels)) for each in content.layers]
    cell = 0.44 if N > 4 else 0.5
    widths = [cell * side * count for side, count in shapes]
    seen = "; windows are blue below 0, orange above" if first else ""
    title = f"feature maps: what each layer makes of an image, by channel{seen}"
    _fit(figure, max(6.4, sum(widths) + 0.2 * len(widths) + 0.9), cell * (N - first) + 1.2, title, content.about)
    axes = figure.subplots(1, len(shapes), width_ratios=widths, squeeze=False)[0]
    low, high = brightness_range(images)
    for row, image in enumerate(images):
        picture(axes[0], image, 0, row, low, high)
    names = dict(enumerate(shorten(content.names, 16))) | ({first: "window"} if first else {})
    cells_axes(axes[0], 1, N, top=first)
    axes[0].set_yticks([row + 0.5 for row in names], list(names.values()))
    axes[0].set_xticks([])
    axes[0].set_title("image", fontsize=8.5)
    for ax, each in zip(axes[1:], content.layers, strict=True):
        cells_axes(ax, len(each.channels), N, top=first)
        _layer_maps(ax, each, first)


def _layer_maps(ax: Axes, content: LayerMaps, first: float) -> None:
    """Draw a row of maps for each image, and of a convolution that has them its windows at the height `first`."""
    N, height, width, K = content.maps.shape
    scale = scale_of(content.maps)
    for row in range(N):
        for k in range(K):
            tile(ax, content.maps[row, :, :, k], k, row, scale)
    if content.windows is not None:
        of_windows = scale_of(content.windows)
        for k, window in enumerate(content.windows):
            tile(ax, window, k, first, of_windows)
    ax.set_yticks([])
    ax.set_xticks(np.arange(K) + 0.5, [str(k) for k in content.channels])
    ax.xaxis.tick_top()
    some = f"{content.of}" if content.of == K else f"{K} of {content.of}"
    ax.set_title(f"{content.layer}: {some} {'map' if content.of == 1 else 'maps'}, {height}×{width}", fontsize=8.5)
    tell_scale(ax, scale, "output", signal=is_signal(height, width))
