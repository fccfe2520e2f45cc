"""Trials: every distinct arm of a study trained once with all seeds; of each what is asked for, and no curves, kept."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.config import SEED, Config
from fnn.data.samples import Samples
from fnn.network import functions as network
from fnn.stats.comparisons import quantiles
from fnn.studies.metrics import Measure
from fnn.sweeps import grid
from fnn.training.grouping import named_settings
from fnn.training.progress import Progress
from fnn.training.results import Results
from fnn.training.train import train

Array = NDArray[Any]
Key = tuple[Any, ...]
Tell = Callable[[float, int, str], None]

# Points of all curves that stand in memory at a time, and points of a figure's lines.
_CURVES, POINTS = 2**24, 250
# Quantiles of predictions, of curves.
LEVELS, QUARTILES = (0.05, 0.5, 0.95), (0.25, 0.5, 0.75)


@dataclass
class Wish:
    """What is wanted of an arm beside how its runs ended."""

    measures: set[Measure] = field(default_factory=set)
    curves: bool = False
    predictions: bool = False

    def add(self, measures: Iterable[Measure] = (), curves: bool = False, predictions: bool = False) -> None:
        """Want more of it."""
        self.measures.update(measures)
        self.curves |= curves
        self.predictions |= predictions


class Record(NamedTuple):
    """What became of S runs of an arm: (S,) each, and of each measure asked for.

    curve_epochs: (P,), loss_levels, accuracy_levels: quartiles (3, P); empty unless asked for. outputs: quantiles of
    the predictions (3, N), right: the share right of each (N,), answers: the share that answers 1 of each (N,).
    """

    loss: Array
    accuracy: Array
    epochs: Array
    diverged: Array
    met: Array
    stopped: Array
    measures: dict[Measure, Array]
    curve_epochs: Array
    loss_levels: Array
    accuracy_levels: Array
    outputs: Array
    right: Array
    answers: Array

    @property
    def solved(self) -> Array:
        """Whether each run's accuracy is 1 at the end: (S,)."""
        return self.epochs >= 0


def key(arm: grid.Arm) -> Key:
    """Return what an arm's runs depend on: settings that its optimizer, schedule and data do not use are left out."""
    s, c = arm.samples, arm.config
    drawn = (s.data_seed,) if s.data not in ("xor", "xor4") or s.noise > 0 else ()
    unused: dict[str, Any] = {"seed": SEED}
    for name, optimizers in _USED_BY.items():
        if c.optimizer not in optimizers:
            unused[name] = getattr(_DEFAULT, name)
    return (s.data, s.points, s.noise, drawn, replace(c, **unused))


_DEFAULT = Config()
_USED_BY = {
    "beta1": ("adam", "adamw"),
    "beta2": ("adam", "adamw"),
    "momentum": ("momentum", "nesterov"),
    "weight_decay": ("adamw",),
    "epsilon": ("adagrad", "rmsprop", "adam", "adamw"),
}


def run(
    wishes: Mapping[Key, tuple[grid.Arm, Wish]],
    seeds: range,
    threads: int | None = None,
    tell: Callable[[float], None] | None = None,
) -> dict[Key, Record]:
    """Train each arm with the seeds; return what is wanted of each. tell: is given the networks done."""
    found: dict[Key, Record] = {}
    done = 0
    for group in _groups(wishes):
        curved = [k for k in group if _wants_curves(wishes[k][1])]
        for part, every in ((curved, 1), ([k for k in group if k not in set(curved)], 0)):
            size = _at_once(wishes, part, len(seeds), every)
            for keys in (part[begin : begin + size] for begin in range(0, len(part), size)):
                arms = [wishes[k][0] for k in keys]
                before = done
                results = train(
                    [arm.config for arm in arms], arms[0].samples.x, arms[0].samples.y, seeds=seeds, threads=threads,
                    curve_every=every,
                    on_progress=_teller(tell, before) if tell else None,
                )  # fmt: skip
                done += len(results)
                for place, k in enumerate(keys):
                    own = _of(results, place, len(seeds))
                    found[k] = _record(own, wishes[k][1], arms[place].samples)
    return found


def _teller(tell: Callable[[float], None], before: int) -> Callable[[Progress], None]:
    return lambda now: tell(before + now.done)


def _wants_curves(wish: Wish) -> bool:
    return wish.curves or any(m.epoch is not None or m.name in ("best-loss", "roughness") for m in wish.measures)


def _groups(wishes: Mapping[Key, tuple[grid.Arm, Wish]]) -> list[list[Key]]:
    """Return the keys of arms with the same samples; within, those that train in one stack beside each other."""
    groups: dict[tuple[Any, ...], dict[tuple[Any, ...], list[Key]]] = {}
    for k, (arm, _) in wishes.items():
        # Epochs too: a curve goes on level to the last epoch of all that train together.
        groups.setdefault((*k[:4], arm.config.epochs), {}).setdefault(named_settings(arm.config), []).append(k)
    return [[k for alike in group.values() for k in alike] for group in groups.values()]


def _at_once(wishes: Mapping[Key, tuple[grid.Arm, Wish]], keys: Sequence[Key], seeds: int, every: int) -> int:
    if not keys:
        return 1
    # The curves of loss and accuracy; without them the weights, which results hold too.
    numbers = 2 * (wishes[keys[0]][0].config.epochs + 1) if every else 200
    return max(1, _CURVES // (numbers * seeds))


def _of(results: Results, place: int, seeds: int) -> Results:
    """Return the results of one config of several."""
    part = slice(place * seeds, (place + 1) * seeds)
    columns = (
        "seeds", "loss", "accuracy", "epochs_to_solve", "diverged", "stopped", "met", "loss_curve", "accuracy_curve",
    )  # fmt: skip
    return replace(
        results, configs=results.configs[place : place + 1], layers=results.layers[place : place + 1],
        flat=results.flat[place : place + 1], **{name: getattr(results, name)[part] for name in columns},
    )  # fmt: skip


def _record(results: Results, wish: Wish, samples: Samples) -> Record:
    nothing = np.empty((0, 0))
    epochs, loss, accuracy = np.arange(0), nothing, nothing
    if wish.curves:
        every = -(-results.loss_curve.shape[1] // POINTS)
        shown = np.unique(np.append(np.arange(0, results.loss_curve.shape[1], every), results.loss_curve.shape[1] - 1))
        epochs = results.curve_epochs[shown]
        loss, accuracy = (quantiles(c[:, shown], QUARTILES) for c in (results.loss_curve, results.accuracy_curve))
    outputs, right, answers = nothing, np.empty(0), np.empty(0)
    if wish.predictions:
        found = _predictions(results, samples.x)
        outputs = np.quantile(found, LEVELS, axis=0)
        right = ((found > 0.5) == (samples.y[:, 0] > 0.5)).mean(axis=0)
        answers = (found > 0.5).mean(axis=0)
    return Record(
        results.loss, results.accuracy, results.epochs_to_solve, results.diverged, results.met, results.stopped,
        {m: m.of(results) for m in wish.measures}, epochs, loss, accuracy, outputs, right, answers,
    )  # fmt: skip


def _predictions(results: Results, x: Array) -> Array:
    """Return the prediction of each network for each sample: (S, N)."""
    params = results.params
    parts = [
        network.predict(results.layers[0], tuple(w[k : k + 32] for w in params), x)[..., 0]
        for k in range(0, len(results), 32)
    ]
    return np.concatenate(parts)
