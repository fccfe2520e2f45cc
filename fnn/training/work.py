"""What is to be trained, turn by turn, and the two backends that train it, so many networks at once as each likes."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from fnn import rng
from fnn.config import DTYPES, Config
from fnn.data.samples import Part
from fnn.network import functions
from fnn.network.layers import Layer
from fnn.training import numpy_path
from fnn.training.grouping import Stack, group_alike, numeric_settings
from fnn.training.outcome import Fit, Ints, Outcome
from fnn.training.progress import ProgressReporter, Report
from fnn.training.snapshots import Snapshots

# Numbers that stay in a core's cache, and numbers that may stand in memory for one array of a stack.
_CACHE, _MEMORY = 2**17, 2**20


class Turn(NamedTuple):
    """Networks of one part: with which of the seeds."""

    part: int
    seeds: slice


class Work(NamedTuple):
    """What is to be trained: each of C configs with the seeds (C, n) of table, turn by turn."""

    configs: Sequence[Config]
    parts: Sequence[Part]
    table: Ints
    turns: Sequence[Turn]
    curve_epochs: Ints
    snapshots: Snapshots | None


def turns_of(seeds: int, parts: int, per_seed: bool) -> list[Turn]:
    """Return which seeds are trained on each part."""
    if not per_seed:
        return [Turn(p, slice(0, seeds)) for p in range(parts)]
    of_part, rest = divmod(seeds, parts)
    if rest:
        raise ValueError(f"train_parts: got {parts} parts and {seeds} seeds; expected as many seeds of each part")
    return [Turn(p, slice(p * of_part, (p + 1) * of_part)) for p in range(parts)]


class Backend(NamedTuple):
    """What trains stacks: `fit`, what draws their weights, and how many networks at once."""

    fit: Fit
    draws: rng.Draws
    at_once: Callable[[Sequence[Layer], int], int]


def numpy_backend() -> Backend:
    """Return the lab, which computes in NumPy."""

    def at_once(layers: Sequence[Layer], samples: int) -> int:  # a layer's outputs are to stay in a core's cache
        return max(1, _CACHE // (samples * max(layer.fan_out for layer in layers)))

    def fit(stacks: Sequence[Stack], report: Report | None) -> list[Outcome]:
        outcomes, before = [], 0
        for stack in stacks:
            outcomes.append(numpy_path.fit(stack, report and _after(report, before)))
            before += len(stack.params[0])
        return outcomes

    return Backend(fit, rng.NUMPY, at_once)


def _after(report: Report, before: int) -> Report:
    """Return a report of networks that come after so many others."""
    return lambda done, loss, score: report(before + done, loss, score)


def numba_backend(threads: int, work: Work) -> Backend:
    """Return the kernel, compiled for these configs and parts."""
    from fnn.training import lanes  # Numba is slow to import, and the NumPy path does without it

    inputs, outputs = work.parts[0].x.shape[1], work.parts[0].y.shape[1]

    def fit(stacks: Sequence[Stack], report: Report | None) -> list[Outcome]:
        way = lanes.way(stacks[0].config, stacks[0].part, [len(stack.params[0]) for stack in stacks], threads)
        lanes.compile_for(way, stacks[0].config.dtype)
        return way(stacks, report, threads=threads)

    def at_once(layers: Sequence[Layer], _samples: int) -> int:  # the weights are to leave memory for others
        return max(1, _MEMORY // functions.weights(layers))

    for members in group_alike(work.configs):
        first = work.configs[members[0]]
        most = at_once(first.layers(inputs, outputs), 0)
        networks = [min(len(members) * work.table[0, turn.seeds].size, most) for turn in work.turns]
        lanes.compile_for(lanes.way(first, work.parts[0], networks, threads), first.dtype)
    shapes = {(config.hidden, config.input_scale): config for config in work.configs}.values()
    draws = lanes.draws(work.table.size * max(functions.weights(config.layers(inputs, outputs)) for config in shapes))
    return Backend(fit, draws, at_once)


def train_alike(work: Work, members: Sequence[int], backend: Backend, reporter: ProgressReporter | None) -> Outcome:
    """Train configs of one kind, of which `members` are the places, so many networks at once as the backend likes.

    The networks of the outcome are in the order of configs, then turns, then seeds.
    """
    configs = [work.configs[c] for c in members]
    outcomes, sizes = [], []
    size = backend.at_once(configs[0].layers(work.parts[0].x.shape[1], work.parts[0].y.shape[1]), len(work.parts[0].x))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # divergence is a result, and recorded
        waiting: list[Stack] = []
        for turn in work.turns:
            table = work.table[members][:, turn.seeds]
            sizes.append(table.shape[1])
            for stack in _stacks(configs, table, work, work.parts[turn.part], backend.draws, size):
                if waiting and sum(len(s.params[0]) for s in (*waiting, stack)) > size:
                    outcomes += _fit(backend, waiting, reporter)
                    waiting = []
                waiting.append(stack)
        outcomes += _fit(backend, waiting, reporter)
    if len(outcomes) == 1:
        return outcomes[0]
    whole = Outcome(*map(np.concatenate, zip(*outcomes, strict=True)))
    if len(sizes) == 1:
        return whole
    # Turn by turn as they were trained, config by config as they are returned.
    C, begun = len(members), np.cumsum([0, *(len(members) * n for n in sizes)])
    order = np.concatenate([a + np.arange(C * n).reshape(C, n) for a, n in zip(begun, sizes, strict=False)], axis=1)
    return Outcome(*(field[order.ravel()] for field in whole))


def _fit(backend: Backend, stacks: Sequence[Stack], reporter: ProgressReporter | None) -> list[Outcome]:
    report = reporter.next_stack(sum(len(stack.params[0]) for stack in stacks)) if reporter else None
    return backend.fit(stacks, report)


def _stacks(
    configs: Sequence[Config], table: Ints, work: Work, part: Part, draws: rng.Draws, size: int
) -> Iterator[Stack]:
    """Yield the networks of configs with the seeds (C, n) of table, at most `size` to a stack."""
    first, seeds, dtype = configs[0], table.ravel(), DTYPES[configs[0].dtype]
    layers = first.layers(part.x.shape[1], part.y.shape[1])
    numeric = {**numeric_settings(configs, table.shape[1]), "seed": seeds}
    typed = part.astype(dtype)
    for begin in range(0, len(seeds), size):
        some = slice(begin, begin + size)
        params = functions.init(
            layers, seeds[some], first.init, numeric["init_scale"][some], dtype, draws,
            parametrization=first.parametrization, output_init=first.output_init,
        )  # fmt: skip
        settings = {name: values[some] for name, values in numeric.items()}
        snapshots = work.snapshots.of(some) if work.snapshots else None
        yield Stack(first, layers, params, settings, typed, work.curve_epochs, snapshots)
