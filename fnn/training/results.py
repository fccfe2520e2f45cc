"""What became of the networks that were trained."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.config import Config
from fnn.data.samples import Part
from fnn.network import functions
from fnn.network.functions import Array, Params
from fnn.network.layers import Layer
from fnn.network.scores import SCORES

Ints = NDArray[np.int64]


class Outcome(NamedTuple):
    """What became of a stack of S networks; the fields are those of `Results`, `flat`: (S, K) its weights as rows."""

    flat: Array
    loss: NDArray[np.float64]
    score: NDArray[np.float64]
    epochs_to_solve: Ints
    diverged: Ints
    stopped: Ints
    met: NDArray[np.bool_]
    loss_curve: NDArray[np.float32]
    score_curve: NDArray[np.float32]
    validation_loss: NDArray[np.float64]
    validation_score: NDArray[np.float64]
    best_epoch: Ints
    validation_loss_curve: NDArray[np.float32]
    validation_score_curve: NDArray[np.float32]


# What trains stacks, one in each module for a way to train: `fit(stacks, report)`.
Fit = Callable[..., list[Outcome]]


def measure_rows(part: Part) -> int:
    """Return how many numbers measure a network: loss and misses, and the same on what is held out, if anything is."""
    return 4 if part.held_out else 2


def score_totals(part: Part) -> list[float]:
    """Return what the misses are a share of: on what is learnt from, and on what is held out, if anything is."""
    score, bounds = SCORES[part.score], (0, part.training, len(part.x))
    parts = [slice(a, b) for a, b in pairwise(bounds) if b > a]
    return [score.total(part.y[some], part.weight[some]) for some in parts]


def outcome(
    flat: Array,
    measures: NDArray[Any],
    totals: Sequence[float],
    curves: Sequence[NDArray[np.float32]],
    epochs_to_solve: Ints,
    diverged: Ints,
    stopped: Ints,
    met: NDArray[np.bool_],
    best_epoch: Ints,
) -> Outcome:
    """Return what became of S networks.

    measures: (2 or 4, S), see `measure_rows`; curves: (2 or 4, S, P), of scores where those are of misses.
    """
    rows = np.array(measures, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):  # all of one number, or diverged
        rows[1::2] = [(total - misses) / total for total, misses in zip(totals, rows[1::2], strict=True)]
    held_out = len(rows) > 2
    none, nothing = np.full(len(flat), np.nan), np.empty((len(flat), 0), np.float32)
    checked, checked_curves = (rows[2:], curves[2:]) if held_out else ((none, none), (nothing, nothing))
    return Outcome(
        flat, rows[0], rows[1], epochs_to_solve, diverged, stopped, met, curves[0], curves[1],
        checked[0], checked[1], best_epoch, checked_curves[0], checked_curves[1],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Results:
    """What became of S networks; network k has the settings `configs[k // n]` and the seed `seeds[k]`, n = S / C.

    loss, score: (S,) at the end, of the weights that are kept; the score is accuracy for labels and R² for numbers.
    epochs_to_solve: (S,) epochs after which the score is 1 and stays 1, −1 if it does not. diverged: (S,) epochs after
    which the loss is NaN or infinite, −1 if never. stopped: (S,) epochs made; met: (S,) whether they ended because a
    stopping rule was met, be it after the last of them. loss_curve, score_curve: (S, P) after curve_epochs: (P,), from
    0; P = 0 if none were asked for. All on all samples that are learnt from.
    split: (S,) the place of the part that each network was given. validation_loss and so on: the same on the samples
    that are held out of it, NaN, and curves (S, 0), where none are; best_epoch: (S,) the last of the best on those, −1.
    A network that diverged, met a rule or lost patience keeps its weights from then on, and its curves go on level.
    flat: (n, K) for each config, the weights as rows; `params` and `network` give them as tuples.
    seconds: of wall-clock time, but for the compile_seconds spent on compiling the kernel or loading it.
    """

    configs: tuple[Config, ...]
    seeds: Ints
    layers: tuple[tuple[Layer, ...], ...]
    flat: tuple[Array, ...]
    split: Ints
    loss: NDArray[np.float64]
    score: NDArray[np.float64]
    epochs_to_solve: Ints
    diverged: Ints
    stopped: Ints
    met: NDArray[np.bool_]
    curve_epochs: Ints
    loss_curve: NDArray[np.float32]
    score_curve: NDArray[np.float32]
    validation_loss: NDArray[np.float64]
    validation_score: NDArray[np.float64]
    best_epoch: Ints
    validation_loss_curve: NDArray[np.float32]
    validation_score_curve: NDArray[np.float32]
    seconds: float
    compile_seconds: float

    def __len__(self) -> int:
        return len(self.seeds)

    @property
    def solved(self) -> NDArray[np.bool_]:
        """Whether each network's accuracy is 1 at the end: (S,)."""
        return self.epochs_to_solve >= 0

    @property
    def accuracy(self) -> NDArray[np.float64]:
        """The score of labels: the share that is answered rightly, (S,)."""
        return self.score

    @property
    def accuracy_curve(self) -> NDArray[np.float32]:
        """The accuracy while training, (S, P)."""
        return self.score_curve

    @property
    def params(self) -> Params:
        """The stacked parameters, W: (S, I+1, O); ValueError where networks differ in their layers or precision."""
        if len({(layers, flat.dtype) for layers, flat in zip(self.layers, self.flat, strict=True)}) > 1:
            raise ValueError("the networks differ in their layers: take them one by one with network(k)")
        return functions.unflatten(self.flat[0] if len(self.flat) == 1 else np.concatenate(self.flat), self.layers[0])

    def config(self, k: int) -> Config:
        """Return the settings of network k, its own seed among them."""
        return replace(self.configs[k // len(self.flat[0])], seed=int(self.seeds[k]))

    def of_config(self, c: int) -> "Results":
        """Return what became of the networks of config c."""
        some = slice(c * len(self.flat[c]), (c + 1) * len(self.flat[c]))
        rows = {name: getattr(self, name)[some] for name in ("seeds", "split", *Outcome._fields) if name != "flat"}
        one = slice(c, c + 1)
        return replace(self, configs=self.configs[one], layers=self.layers[one], flat=self.flat[one], **rows)

    def network(self, k: int) -> Params:
        """Return the parameters of network k, W: (I+1, O)."""
        c, row = divmod(k, len(self.flat[0]))
        return functions.unflatten(self.flat[c][row], self.layers[c])
