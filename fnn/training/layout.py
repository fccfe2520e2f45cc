"""From networks to lanes and back: how layers lie in lane arrays, and stacks laid sideways into blocks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fnn.config import KEEPS, Config
from fnn.kernel.activations import REGISTRY
from fnn.kernel.arguments import PADDED, ROOM, Layout, Rules
from fnn.network.functions import Array
from fnn.network.layers import LAYER_KINDS, Layer, may_drop
from fnn.network.losses import LOSSES, REDUCTIONS
from fnn.network.optimizers import BIAS_CORRECTIONS, EPSILON_PLACES, OPTIMIZERS
from fnn.network.scores import MONITORS, SCORES

# Bytes of weights that stay in a core's cache while samples are passed through.
CACHE = 2**20
# Samples that a network is passed at least, where units lie in the lanes.
_LEAST_PART = 16


class Cuts(NamedTuple):
    """How work is cut; a network's bits do not depend on it.

    scratch: bytes for the samples passed through at a time, and units_scratch where units lie in the lanes;
    kept_inputs: bytes of inputs that are written once and stay, rather than anew for every part; segment: epochs for
    which the schedule is laid out in advance.
    """

    scratch: int = 2**16
    units_scratch: int = 2**17
    kept_inputs: int = 2**15
    segment: int = 2**14


CUTS = Cuts()


@dataclass(frozen=True, slots=True)
class Plan:
    """How layers lie in lane arrays. places: (K,) the row of each weight, of `weights` rows.

    values, logits, delta, transposed, spare: rows of scratch. Where units lie in the lanes, a row is L numbers, and the
    K weights follow each other in rows. units: that dropout may drop, of all layers; masks: numbers, a network, that it
    multiplies them by in a part.
    """

    layout: Layout
    places: NDArray[np.int64]
    weights: int
    values: int
    logits: int
    delta: int
    spare: int
    units: int
    masks: int
    transposed: int = 1

    def spread_out(self, flat: Array) -> Array:
        """Return rows of K weights (S, K) as rows of `weights` numbers, each weight in its place."""
        if self.weights == flat.shape[1]:
            return flat
        rows = np.zeros((len(flat), self.weights), flat.dtype)
        rows[:, self.places] = flat
        return rows

    def gathered(self, rows: Array) -> Array:
        """Return the weights in rows that `spread_out` made: its inverse."""
        return rows if self.weights == len(self.places) else rows[:, self.places]


def part_size(layers: Sequence[Layer], steps: Sequence[int], samples: int, scratch: int) -> int:
    """Return how many samples are passed through at a time: what the cache holds, in parts of one size."""
    row = sum(layer.fan_in + 1 for layer in layers) + layers[-1].fan_out
    weights = sum(_weight_rows(layer, step) for layer, step in zip(layers, steps, strict=True))
    # Weights that a core's cache does not keep are fetched anew for every part: then let there be few.
    least = 8 if 64 * weights < CACHE else 28
    part = min(samples, max(least, scratch // (64 * (row + 3 * max(steps)))))
    part = -(-samples // -(-samples // part))
    return min(samples, part + -part % 4)


def _weight_rows(layer: Layer, step: int) -> int:
    """Return the rows of lanes that a layer's weights take; step: to the next row of weights, but with a window."""
    rows, columns = LAYER_KINDS[layer.kind].shape(layer)
    return rows * (columns if layer.window else step)


class _Windows:
    """Where windows lie: of each layer its columns of the table, and the lists of offsets of all of them.

    L: of units in the lanes, 0 where networks lie there. room: the rows, of units the numbers, taken for images, which
    the columns count from 0.
    """

    def __init__(self, L: int = 0) -> None:
        self.L, self.room, self.offsets = L, 0, [0]

    def columns(self, layer: Layer) -> tuple[int, ...]:
        """Return the columns from HEIGHT to WIDE_SEEN: zeros of a layer without a window."""
        if layer.window is None:
            return (0,) * 16
        w = layer.window
        (down, right), count, width = w.padding, max(w.places, w.size), w.width + 2 * w.padding[1]
        pixels = (w.height + 2 * down) * width
        padded = self._taken(pixels * w.channels * (1 if self.L else 2)) if any(w.padding) else -1
        places = np.add.outer(np.arange(w.out_height) * width, np.arange(w.out_width)) * w.stride
        seen = np.add.outer(np.arange(w.rows) * width, np.arange(w.columns))
        numbers = np.add.outer(seen * w.channels, np.arange(w.channels))
        lists = [places * w.channels, numbers, np.arange(count) * w.out_channels, np.arange(w.out_channels)]
        starts = [self._listed(each) for each in (*lists, np.zeros(w.places, np.int64))]
        wide = (0, 0, 0)
        if self.L:  # pixels in full halves of lanes: `units_windows.wide_step`
            step = w.channels + -w.channels % (self.L // 2)
            wide = self._taken(pixels * step), self._listed(places * step), self._listed(seen * step)
        return (w.height, w.width, w.channels, down, right, w.out_channels, w.size, padded, *starts, *wide)

    def _taken(self, numbers: int) -> int:
        self.room += numbers
        return self.room - numbers

    def _listed(self, numbers: NDArray[np.int64]) -> int:
        start = len(self.offsets)
        self.offsets += numbers.ravel().tolist()
        return start

    def placed(self, table: Sequence[Sequence[int]], room: int) -> NDArray[np.int64]:
        """Return the table with room for images counted from `room` on."""
        rows = np.array(table)
        rows[:, PADDED] += np.where(rows[:, PADDED] >= 0, room, 0)
        rows[:, ROOM] += room
        return rows


def dropped(layers: Sequence[Layer], part: int, L: int = 1) -> tuple[list[int], int, int]:
    """Return where each layer's masks of a part start, −1 where it has none; units that may drop, and numbers in all.

    L: in whole rows of so many.
    """
    places, units, start = [], 0, 0
    for layer, drops in zip(layers, may_drop(layers), strict=True):
        places.append(start if drops else -1)
        units += layer.fan_out * drops
        start += (-(-part * layer.fan_out // L) * L) * drops
    return places, units, start


def plan(layers: Sequence[Layer], samples: int, L: int, *, batches: bool = False, cuts: Cuts = CUTS) -> Plan:
    """Lay out the layers for so many samples, which are trained on in batches or all at once."""
    steps = [layer.fan_out + (layer.fan_out % 16 == 0) for layer in layers]
    part = part_size(layers, steps, samples, cuts.scratch)
    kept = 64 * samples * (layers[0].fan_in + 1) <= cuts.kept_inputs
    table, places, start, inputs, logits = [], [], 0, 0, part * max(steps)
    masks, units, all_masks = dropped(layers, part)
    windows = _Windows()
    for d, (layer, step) in enumerate(zip(layers, steps, strict=True)):
        weight_rows, columns = LAYER_KINDS[layer.kind].shape(layer)
        row = columns if layer.window else step
        rows = samples + part * batches if kept and d == 0 else part
        outputs = inputs + rows * (layer.fan_in + 1)
        last = d + 1 == len(layers)
        stays = not last and REGISTRY[layer.activation].from_logits
        table.append(
            (
                list(LAYER_KINDS).index(layer.kind), layer.fan_in, layer.fan_out,
                list(REGISTRY).index(layer.activation), start, inputs, outputs, layer.fan_out + (not last), step,
                logits if stays else 0, 0, masks[d], *windows.columns(layer), weight_rows, columns, row,
            )
        )  # fmt: skip
        places.append(start + np.add.outer(np.arange(weight_rows) * row, np.arange(columns)).ravel())
        start, inputs, logits = start + _weight_rows(layer, step), outputs, logits + stays * part * step
    values = inputs + part * layers[-1].fan_out
    layout = Layout(windows.placed(table, values), np.array(windows.offsets), part, kept)
    values += windows.room
    return Plan(layout, np.concatenate(places), start, values, logits, 2 * part * max(steps), 4 * L, units, all_masks)


def units_plan(layers: Sequence[Layer], samples: int, L: int, cuts: Cuts = CUTS) -> Plan:
    """Lay out the layers for one network at a time, whose units lie in lanes of L."""
    widest = max(layer.fan_out for layer in layers)
    row = layers[0].fan_in + sum(layer.fan_out for layer in layers) + 3 * widest
    part = min(samples, max(_LEAST_PART, cuts.units_scratch // (row * 64 // L)))
    part = -(-samples // -(-samples // part))
    part = min(samples, part + -part % 8)

    def rows(numbers: int) -> int:  # one more than needed: what a tile reads beyond its last row
        return numbers // L + 2

    table, start, values, transposed = [], 0, L * rows(part * layers[0].fan_in), L
    inputs, logits = 0, L * rows(part * widest)
    masks, units, all_masks = dropped(layers, part, L)
    windows = _Windows(L)
    for d, layer in enumerate(layers):
        last = d + 1 == len(layers)
        stays = not last and REGISTRY[layer.activation].from_logits
        table.append(
            (
                list(LAYER_KINDS).index(layer.kind), layer.fan_in, layer.fan_out,
                list(REGISTRY).index(layer.activation), start, inputs, values, layer.fan_out, layer.fan_out,
                logits if stays else 0, transposed, masks[d], *windows.columns(layer),
                *LAYER_KINDS[layer.kind].shape(layer), layer.fan_out,
            )
        )  # fmt: skip
        size = L * rows(part * layer.fan_out)
        inputs, values, logits = values, values + size, logits + stays * size
        start += math.prod(LAYER_KINDS[layer.kind].shape(layer))
        # The last layer's weights transposed are a row as they are: in their place, its inputs are.
        columns = L * rows(part) if layer.fan_out == 1 else layer.fan_out
        if layer.window:
            columns = 1 if layer.kind == "conv" else 0
        length = math.prod(LAYER_KINDS[layer.kind].shape(layer)) if layer.window else layer.fan_in
        transposed += columns * L * rows(length) if d > 0 else 0
    layout = Layout(windows.placed(table, values), np.array(windows.offsets), part, True)
    delta = 2 * rows(part * widest)
    # A last block of L samples is read whole.
    values = rows(values + max(windows.room + L, L * widest))
    return Plan(
        layout, np.arange(start), rows(start), values, logits // L, delta, 4, units, all_masks, transposed // L + 2
    )


def rules(config: Config, score: str, *, by_errors: bool, clips: bool) -> Rules:
    """Return what a config chooses by name, as the kernel's numbers. score: by which answers are scored."""
    return Rules(
        loss=list(LOSSES).index(config.loss),
        score=list(SCORES).index(score),
        reduction=list(REDUCTIONS).index(config.reduction),
        by_errors=by_errors,
        keeps=KEEPS[config.keep],
        monitor=list(MONITORS).index(config.monitor),
        clips=clips,
        optimizer=list(OPTIMIZERS).index(config.optimizer),
        bias_correction=list(BIAS_CORRECTIONS).index(config.bias_correction),
        epsilon_place=list(EPSILON_PLACES).index(config.epsilon_place),
    )


def aligned(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Return an array of zeros that starts on a cache line: a lane value is one."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    raw = np.zeros(size + 64, np.uint8)
    begin = -raw.ctypes.data % 64
    return raw[begin : begin + size].view(dtype).reshape(shape)


def sideways(rows: NDArray[Any], L: int) -> NDArray[Any]:
    """Lay S networks (S, K) into lane arrays (B, K, L); copies of the last one fill the last block."""
    S, K = rows.shape
    B = -(-S // L)
    if S < B * L:
        rows = np.concatenate([rows, np.repeat(rows[-1:], B * L - S, axis=0)])
    blocks = aligned((B, K, L), rows.dtype)
    blocks[:] = rows.reshape(B, L, K).transpose(0, 2, 1)
    return blocks


def upright(blocks: NDArray[Any], S: int) -> NDArray[Any]:
    """Return the S networks of lane arrays (B, K, L) as rows (S, K): the inverse of `sideways`."""
    B, K, L = blocks.shape
    return blocks.transpose(0, 2, 1).reshape(B * L, K)[:S]
