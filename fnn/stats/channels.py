"""Channels of a convolution over networks: whose windows look for the same, whatever their order is.

The channels of a network stand in no order, so those of two networks are compared where they are most alike: matched
one to one, as Li et al. (Convergent learning, ICLR 2016) do it, here by the cosine of their windows.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Places = NDArray[np.int64]


class Matched(NamedTuple):
    """For each of S networks and each of O channels of another, the channel like it and their cosine: (S, O) each."""

    places: Places
    cosine: NDArray[np.float64]


def ranked(loss: Array) -> Places:
    """Return the places of networks from the lowest loss to the highest; those that are not finite are left out."""
    finite = np.flatnonzero(np.isfinite(loss))
    order: Places = finite[np.argsort(loss[finite], kind="stable")]
    return order


def median_network(loss: Array) -> int | None:
    """Return the place of the network in the middle by its loss, of two the lower; None where none is finite."""
    order = ranked(loss)
    return int(order[(len(order) - 1) // 2]) if len(order) else None


def spread_networks(loss: Array, most: int) -> Places:
    """Return the places of at most so many networks, evenly from the lowest loss to the highest."""
    order = ranked(loss)
    if len(order) <= most:
        return order
    return order[np.linspace(0, len(order) - 1, most).astype(np.int64)]


def match_channels(reference: Array, others: Array) -> Matched:
    """Match the windows of networks, others (S, O, …), with those of one, reference (O, …), one to one.

    The pair of the largest cosine first, then the largest of those that are left. Of a window of zeros it is 0.
    """
    S, channels = others.shape[:2]
    cosine = np.einsum("sok,rk->sro", _unit(others.reshape(S, channels, -1)), _unit(reference.reshape(channels, -1)))
    left = cosine.copy()
    places, found = np.zeros((S, channels), np.int64), np.zeros((S, channels))
    each = np.arange(S)
    for _ in range(channels):
        row, column = np.divmod(left.reshape(S, -1).argmax(axis=1), channels)
        places[each, row], found[each, row] = column, cosine[each, row, column]
        left[each, row, :] = left[each, :, column] = -np.inf
    return Matched(places, found)


def _unit(rows: Array) -> NDArray[np.float64]:
    """Return rows (..., K) of length 1."""
    rows = rows.astype(np.float64)
    length = np.sqrt((rows**2).sum(axis=-1, keepdims=True))
    unit: NDArray[np.float64] = np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)
    return unit


def most_varied(maps: Array, most: int) -> Places:
    """Return the places, in their order, of at most so many channels of maps (N, H, W, C): those that vary most."""
    variance = maps.astype(np.float64).var(axis=(0, 1, 2))
    return np.sort(np.argsort(-variance, kind="stable")[:most])


class Windows(NamedTuple):
    """The windows of a convolution of O channels, (R, K, rows, columns, C): of R among S networks, K of their channels.

    networks: (R,) places, from the lowest loss on; channels: (K,) their numbers in the median network, with whose the
    others' are matched. cosine: (K,) of each with those it is matched with, the mean over the other S − 1;
    all_channels: the mean of all O, and before: the same before training, None where that
    is not known; NaN of one network.
    """

    weights: Array
    networks: Places
    channels: Places
    cosine: NDArray[np.float64]
    all_channels: float
    before: float | None


def compare_windows(trained: Array, loss: Array, initial: Array | None, networks: int, channels: int) -> Windows:
    """Return the windows of some networks, channel beside like channel, those first that are alike in most networks.

    trained: (S, O, rows, columns, C); initial: the same before training. loss: (S,), by which networks are chosen and
    ordered; at least one is finite. networks, channels: how many at most.
    """
    order, shown = ranked(loss), spread_networks(loss, networks)
    middle = order[(len(order) - 1) // 2]
    others = order[order != middle]
    if not len(others):
        some = np.arange(min(channels, trained.shape[1]))
        return Windows(trained[shown][:, some], shown, some, np.full(len(some), np.nan), np.nan, None)
    matched = match_channels(trained[middle], trained[others])
    cosine = matched.cosine.mean(axis=0)
    some = np.argsort(-cosine, kind="stable")[:channels]
    places = np.empty((len(trained), trained.shape[1]), np.int64)
    places[others], places[middle] = matched.places, np.arange(trained.shape[1])
    before = None if initial is None else float(match_channels(initial[middle], initial[others]).cosine.mean())
    return Windows(
        trained[shown[:, None], places[shown][:, some]], shown, some, cosine[some], float(cosine.mean()), before
    )
