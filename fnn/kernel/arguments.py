"""What kernels are given: groups of arrays and numbers under names, and names of registries as numbers.

Numba takes a NamedTuple as one argument, keeps one signature for it, and runs the same functions uncompiled. B blocks
of L networks, one a lane; K weights of a network; N samples; P points of curves. An array that is a *lane array* has L
as its last dimension, see `simd`.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from fnn.network.losses import STOPS
from fnn.network.optimizers import OPTIMIZERS

# The columns of `Layout.table`: a row a layer.
KIND, FAN_IN, FAN_OUT, ACTIVATION, WEIGHTS, INPUTS, OUTPUTS, OUTPUT_STEP, STEP, LOGITS, TRANSPOSED = range(11)
# The rows of `State.settings`: the rate that the schedule is a factor on, what optimizers use, when to stop.
HYPERPARAMETERS = tuple(dict.fromkeys(name for entry in OPTIMIZERS.values() for name in entry.uses))
# Those of them that are names, not numbers, are among the `Rules`.
NAMED = ("bias_correction", "epsilon_place")
SETTINGS = ("base_lr", *(name for name in HYPERPARAMETERS if name not in NAMED), *STOPS)


class Layout(NamedTuple):
    """How layers lie in lane arrays. table: (d, 11) whole numbers, a row a layer, its columns named above.

    part: samples passed through at a time; kept: whether the inputs of all samples stay in `Scratch.values`.
    """

    table: Any
    part: Any
    kept: Any


class Samples(NamedTuple):
    """x: (N, I), y: (N·O,), weight: (N,) how often each counts; or lane arrays in which L samples are a row.

    Where units lie in the lanes, x is (N·I,), and the last L numbers of x, y and `output_weight` are not looked at.
    output_weight: (N·O,), the weight of its sample beside each output. count: N, outputs: O.
    """

    x: Any
    y: Any
    weight: Any
    output_weight: Any
    count: Any
    outputs: Any


class Batches(NamedTuple):
    """Mini-batches: `size` samples, all of them where that is N, `shuffled` or not.

    targets: scratch, a lane array (part · O, L), or (part · O,) where units lie in the lanes; order: scratch, (N, L) or
    (N, 1).
    """

    size: Any
    shuffled: Any
    targets: Any
    order: Any


class Rules(NamedTuple):
    """What is chosen by name, as numbers (see `codes`). by_errors: whether a network stops by its errors."""

    loss: Any
    reduction: Any
    by_errors: Any
    optimizer: Any
    bias_correction: Any
    epsilon_place: Any


class State(NamedTuple):
    """What training moves: weights (B, K, L), slots (B, 2K, L), the optimizer's one or two numbers a weight.

    powers: (B, 2, L) of β₁ and β₂; settings: (B, len(SETTINGS), L); seeds: (B, L); active: (B, L), 1 where a network
    still trains; gradient: (2, K, L), scratch for two chunks.
    """

    weights: Any
    slots: Any
    powers: Any
    settings: Any
    seeds: Any
    active: Any
    gradient: Any


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

    correct: how many samples are answered rightly. reached: (B,), epochs made so far. row: (3, L), the last epoch's
    loss, right answers and whether a rule is met; errors: (2, 3, L), scratch of two chunks: the measures of
    `losses.ERRORS` in parts.
    """

    loss: Any
    correct: Any
    epochs_to_solve: Any
    diverged: Any
    stopped: Any
    met: Any
    reached: Any
    row: Any
    errors: Any


class Curves(NamedTuple):
    """Losses and accuracies, (B, L, P), after epochs: (P,). next_point: (B,), the first that is still to be written."""

    epochs: Any
    loss: Any
    accuracy: Any
    next_point: Any


class Scratch(NamedTuple):
    """Lane arrays that a pass writes: each layer's inputs and the outputs in values; logits; delta, twice as wide.

    transposed: the weights of each layer but the first, transposed, where units lie in the lanes; else a row to spare.
    """

    values: Any
    logits: Any
    delta: Any
    transposed: Any


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


def codes(registry: Mapping[str, object], *names: str) -> Iterator[int]:
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
