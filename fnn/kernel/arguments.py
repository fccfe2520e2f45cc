"""What kernels are given: groups of arrays and numbers under names, and names of registries as numbers.

Numba takes a NamedTuple as one argument, keeps one signature for it, and runs the same functions uncompiled. B blocks
of L networks, one a lane; K weights of a network; N samples; P points of curves. An array that is a *lane array* has L
as its last dimension, see `simd`.
"""

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from fnn.network.losses import LOSSES, STOPS
from fnn.network.optimizers import OPTIMIZERS

# The columns of `Layout.table`: a row a layer.
KIND, FAN_IN, FAN_OUT, ACTIVATION, WEIGHTS, INPUTS, OUTPUTS, OUTPUT_STEP, STEP, LOGITS, TRANSPOSED, MASKS = range(12)
# Of layers with a window: the image, the zeros around it, the channels of the outputs, how many numbers are seen; where
# in `Scratch.values` there is room for an image among zeros, −1 without such, and for its gradient behind; where in
# `Layout.offsets` are listed those of places, those of what is seen from one, multiples of the channels of the outputs,
# whole numbers, and zeros.
HEIGHT, WIDTH, CHANNELS, PAD_DOWN, PAD_RIGHT, OUT_CHANNELS, SIZE, PADDED = range(12, 20)
PLACES, SEEN, MULTIPLES, ONES, ZEROS = range(20, 25)
# Where units lie in the lanes: where in `Scratch.values` there is room for the gradient by an image, each pixel in full
# halves of lanes; and where the offsets there are listed of places, and of the pixels that are seen from one.
ROOM, WIDE_PLACES, WIDE_SEEN = range(25, 28)
# Of every layer: the rows and columns of its weights, and how far its rows are apart, from WEIGHTS on.
WEIGHT_ROWS, WEIGHT_COLUMNS, WEIGHT_STEP = range(28, 31)
# The rows of `State.settings`: the rate that the schedule is a factor on, what optimizers and losses use, dropout's
# threshold, the longest gradient, when to stop.
_USED = (*(entry.uses for entry in OPTIMIZERS.values()), *(entry.uses for entry in LOSSES.values()))
HYPERPARAMETERS = tuple(dict.fromkeys(name for uses in _USED for name in uses))
# Those of them that are names, not numbers, are among the `Rules`.
NAMED = ("bias_correction", "epsilon_place")
OF_SAMPLES = ("dropout", "clip_norm", "patience")
SETTINGS = ("base_lr", *(name for name in HYPERPARAMETERS if name not in NAMED), *OF_SAMPLES, *STOPS)
# The rows of `Records.row` and `Records.best`: loss and misses, both on what is held out, and in `row` whether the
# network ends, in `best` the epoch, and the last that was better than all before.
LOSS_ROW, MISSES_ROW, HELD_OUT_LOSS, HELD_OUT_MISSES, ENDS = range(5)
BEST_EPOCH, SINCE = 4, 5
# The places of `Samples.totals`: what sums of losses and misses are divided by, on both parts; what each sample of a
# batch adds to the divisor of a mean gradient; and what sums over outputs are divided by.
TOTAL_LOSS, TOTAL_SCORE, TOTAL_HELD_OUT_LOSS, TOTAL_HELD_OUT_SCORE, MEAN_GRADIENT, TOTAL_OUTPUTS = range(6)


class Layout(NamedTuple):
    """How layers lie in lane arrays. table: (d, 31) whole numbers, a row a layer, its columns named above.

    offsets: lists of whole numbers, for layers with a window. part: samples passed through at a time; kept: whether the
    inputs of all samples stay in `Scratch.values`.
    """

    table: Any
    offsets: Any
    part: Any
    kept: Any


class Samples(NamedTuple):
    """x: (N+M, I), y: (N+M·O,), weight: (N+M,) how often each counts; or lane arrays in which L samples are a row.

    Where units lie in the lanes, x is (N+M·I,), and the last L numbers of x, y and `output_weight` are not looked at.
    output_weight: (N+M·O,), the weight of its sample beside each output. emphasis: how often each counts in gradients,
    (N,), or beside each output (N·O,) where units lie in the lanes. totals: see above. count: N, which are learnt from;
    held_out: M, which are behind them, to validate; outputs: O.
    """

    x: Any
    y: Any
    weight: Any
    output_weight: Any
    emphasis: Any
    totals: Any
    count: Any
    held_out: Any
    outputs: Any


class Batches(NamedTuple):
    """Mini-batches: `size` samples, `shuffled` or not; together: one of all, whose pass both measures and learns.

    measured_every: epochs from one pass that measures all samples to the next; 1 where none is needed for that.
    targets: scratch, a lane array (part · (O + 1), L), with a sample's emphasis behind its targets; where units lie in
    the lanes twice (part · O + L,), the targets and then the emphasis of each. order: scratch, (N, L) or (N, 1).
    units: that dropout may drop, of all layers; masks: what it multiplies them by, layer after layer, scratch of
    (part · units, L) or (·, 1); words: (5, ·) uint64, scratch for its draws.
    """

    size: Any
    together: Any
    measured_every: Any
    shuffled: Any
    targets: Any
    order: Any
    units: Any
    masks: Any
    words: Any


class Rules(NamedTuple):
    """What is chosen by name, as numbers (see `codes`). by_errors: whether a network stops by its errors; keeps:
    whether the best epoch's weights are kept; clips: whether a gradient may be too long.
    """

    loss: Any
    score: Any
    reduction: Any
    by_errors: Any
    keeps: Any
    monitor: Any
    clips: Any
    optimizer: Any
    bias_correction: Any
    epsilon_place: Any


class State(NamedTuple):
    """What training moves: weights (B, K, L), slots (B, 2K, L), the optimizer's one or two numbers a weight.

    powers: (B, 2, L) of β₁ and β₂; settings: (B, len(SETTINGS), L); seeds: (B, L); active: (B, L), 1 where a network
    still trains; gradient: (2, K, L), scratch for two chunks. rates: the factor on the rate of each weight, (K, L), or
    (1, L) where it is that of all. kept: (B, K, L) the weights of the best epoch, or (B, 1, L) where none are kept.
    """

    weights: Any
    slots: Any
    powers: Any
    settings: Any
    seeds: Any
    active: Any
    gradient: Any
    rates: Any
    kept: Any


class Epochs(NamedTuple):
    """Epochs from `begin` to before `end`, of `total`; cancel: (1,), not 0 once training is to be given up.

    factors: (1 or B, F, L) on the rate; epoch_index: (end − begin,), which of the F each epoch has.
    """

    begin: Any
    end: Any
    total: Any
    cancel: Any
    factors: Any
    epoch_index: Any


class Records(NamedTuple):
    """What became of each network, (B, L) each; the fields are those of `training.results.Outcome`.

    measures: (B, 2 or 4, L) the last epoch's loss and misses, and those on what is held out; row: (5, L), the same in
    lanes; best: (B, 6, L), the best epoch's. reached: (B,), epochs made so far. errors: (2, 3, L), scratch of two
    chunks: the measures of `losses.ERRORS` in parts.
    """

    measures: Any
    epochs_to_solve: Any
    diverged: Any
    stopped: Any
    met: Any
    reached: Any
    row: Any
    best: Any
    errors: Any


class Curves(NamedTuple):
    """Losses and scores, and those on what is held out, (B, 2 or 4, L, P), after epochs: (P,).

    next_point: (B,), the first point that is still to be written.
    """

    epochs: Any
    measures: Any
    next_point: Any


class Scratch(NamedTuple):
    """Lane arrays that a pass writes: each layer's inputs and the outputs in values; logits; delta, twice as wide.

    transposed: the weights of each layer but the first, transposed, where units lie in the lanes; else a row to spare.
    spare: rows for sums: four of squares where units lie in the lanes, 4·L else.
    """

    values: Any
    logits: Any
    delta: Any
    transposed: Any
    spare: Any


class Team(NamedTuple):
    """What threads that train one network share. thread: which of `threads`; gate: two counters, a cache line apart.

    Of the C chunks of samples, or of two places that the chunks of one thread take in turn: gradients (C, K, L), where
    units lie in the lanes K weights in so many rows; sums (C, 2, L), errors (C, 3, L).
    """

    thread: Any
    threads: Any
    gate: Any
    gradients: Any
    sums: Any
    errors: Any


def codes(registry: Collection[str], *names: str) -> Iterator[int]:
    """Return the number of each entry of a registry, its place there; the names are all that the kernel knows.

    Raises ImportError unless they are those of the registry: a kernel without one of its entries, or with one more,
    would train something else.
    """
    if sorted(names) != sorted(registry):
        raise ImportError(
            f"the kernel knows {', '.join(sorted(names))}; the registry has {', '.join(sorted(registry))}"
        )
    return (list(registry).index(name) for name in names)


def settings_rows(*names: str) -> Iterator[int]:
    """Return the row of `State.settings` that each of these settings has."""
    return (SETTINGS.index(name) for name in names)
