"""What the figures of convolutional networks draw, made from networks and images: see `channels`, `hardest`."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fnn.config import DTYPES, Config
from fnn.network import functions
from fnn.network.functions import Params
from fnn.network.hidden import layer_names
from fnn.network.images import feature_maps, first_convolution, windows
from fnn.network.layers import Layer, Layers
from fnn.plots.channels import (
    MOST_MAPS,
    MOST_NETWORKS,
    MOST_WINDOWS,
    FeatureMaps,
    Kernels,
    LayerMaps,
)
from fnn.plots.tiles import aspect
from fnn.stats.channels import compare_windows, most_varied, ranked
from fnn.stats.hardest import Answered, hardest, least_sure

Array = NDArray[np.floating[Any]]
Places = NDArray[np.int64]

# Networks that are compared; samples among which the hardest are looked for, for each that is shown; maps of a layer.
_COMPARED, _CANDIDATES, _MAPS = 1000, 8, 8


def kernels_of(
    config: Config, layers: Layers, params: Params, seeds: Sequence[int], loss: Array, *, known: bool = True
) -> Kernels | None:
    """Return the windows of the first convolution of S networks; None where there is none, or no loss is finite.

    params: W (S, I+1, O) of each layer; loss: (S,), by which networks are ordered. known: whether all networks began as
    the config says.
    """
    place = first_convolution(layers)
    if place is None or not len(ranked(loss[:_COMPARED])):
        return None
    trained, some = windows(layers[place], params[place][:_COMPARED]), np.asarray(seeds)[:_COMPARED]
    initial = _initial_windows(config, layers[: place + 1], some) if known and len(some) > 1 else None
    most = MOST_WINDOWS if len(ranked(loss[:_COMPARED])) > 1 else 4 * MOST_WINDOWS
    compared = compare_windows(trained, loss[:_COMPARED], initial, MOST_NETWORKS, most)
    return Kernels(
        "", list(layer_names(config.hidden, layers))[place], layers[place].image.out_channels, compared,
        some[compared.networks].tolist(), loss[compared.networks].tolist(), len(ranked(loss[:_COMPARED])),
    )  # fmt: skip


def _initial_windows(config: Config, layers: Sequence[Layer], seeds: NDArray[Any]) -> Array:
    """Return the windows of the last of the layers as they were before training: what is drawn comes layer by layer."""
    params = functions.init(
        layers, seeds, config.init, config.init_scale, DTYPES[config.dtype], parametrization=config.parametrization
    )
    return windows(layers[-1], params[-1])


def feature_maps_of(
    config: Config, layers: Layers, params: Params, x: Array, images: Array, names: Sequence[str]
) -> FeatureMaps | None:
    """Return what the layers of one network make of images; None where no layer has a window.

    params: W (I+1, O) of each layer; x: (N, I), as the network is given it; images: (N, H, W, C), as they are shown. Of
    each layer those channels are kept that vary most over these images; pooling keeps those of the layer before it.
    """
    done = feature_maps(layers, params, x)
    if not done:
        return None
    words = list(layer_names(config.hidden, layers))
    most = max(2, min(_MAPS, int(MOST_MAPS / sum(aspect(*maps.shape[1:3]) for _, maps in done))))
    shown: list[LayerMaps] = []
    chosen = np.arange(0)
    for place, maps in done:
        if layers[place].kind == "conv" or not shown:
            chosen = most_varied(maps, most)
        layer, seen = layers[place], None
        if layer.kind == "conv" and layer.image.channels == 1:
            seen = windows(layer, params[place])[chosen, ..., 0]
        shown.append(LayerMaps(words[place], maps[..., chosen], chosen.tolist(), maps.shape[-1], seen))
    return FeatureMaps("", images, names, shown)


def one_of_each(true: Places, right: NDArray[np.bool_], most: int) -> Places:
    """Return the place of the first sample of each class that is answered rightly, of at most so many classes."""
    places = [int(np.flatnonzero(right & (true == c))[0]) for c in np.unique(true[right])[:most]]
    return np.array(places, np.int64)


def hardest_of(mean: Array, true: Places, answers: Callable[[Places], Sequence[Array]], most: int) -> list[Answered]:
    """Return at most so many samples, those that the fewest networks answer rightly first.

    mean: (n, C) probabilities over networks, true: (n,) the classes. answers(places): of samples, what each network
    answers to each, (S, C). They are looked for among those whose true class has the lowest mean probability.
    """
    places = least_sure(mean, true, _CANDIDATES * most)
    rows = zip(places.tolist(), answers(places), strict=True)
    return hardest([Answered(k, int(true[k]), p) for k, p in rows], most)
