"""What became of the networks that were trained."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fnn import checks
from fnn.config import CHECKS, Config
from fnn.errors import InvalidSetting
from fnn.formats import counted
from fnn.frames import (
    as_frame,
    loss_line,
    matching,
    none_as_nan,
    settings_line,
    solved_line,
    spread_words,
    typed_column,
)
from fnn.network import functions
from fnn.network.functions import Array, Params
from fnn.network.layers import Layer
from fnn.training.outcome import Ints, Outcome


class Curves(NamedTuple):
    """What S networks were while training: epochs (P,), from 0; the others (S, P), or (S, 0) where nothing is held out.

    score: accuracy of labels, R² of numbers.
    """

    epochs: Ints
    loss: NDArray[np.float32]
    score: NDArray[np.float32]
    validation_loss: NDArray[np.float32]
    validation_score: NDArray[np.float32]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Results:
    """What became of S networks; network k has the settings `configs[k // n]` and the seed `seeds[k]`, n = S / C.

    `predict(x)` gives their answers, `best()` the network of the lowest loss, `curves` what they were while training,
    `frame()` a row for each; `results[k]`, `results[:10]` and `results[results.solved]` are results of some of them.

    loss, score: (S,) at the end, of the weights that are kept; the score is accuracy for labels and R² for numbers.
    epochs_to_solve: (S,) epochs after which the score is 1 and stays 1, −1 if it does not. diverged: (S,) epochs after
    which the loss is NaN or infinite, −1 if never. stopped: (S,) epochs made; met: (S,) whether they ended because a
    stopping rule was met, be it after the last of them. loss_curve, score_curve: (S, P) after curve_epochs: (P,), from
    0; P = 0 if none were asked for. All on all samples that are learnt from; curves hold what was `measured` last.
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
    score_name: str = "accuracy"

    def __len__(self) -> int:
        return len(self.seeds)

    def __repr__(self) -> str:
        return "\n".join(_lines(self))

    def __getitem__(self, which: Any) -> "Results":
        """Return the results of some networks: of a place, a slice, places, or a mask (S,).

        Raises IndexError for a place there is not, and where none are chosen.
        """
        places = np.atleast_1d(np.arange(len(self))[which])
        if not len(places):
            raise IndexError("none of the networks are chosen")
        n = len(self.flat[0])
        of = np.unique(places // n)
        flat = [self.flat[of[0]][places % n]]
        if len(of) > 1:  # each network comes with its own settings
            of, flat = places // n, [self.flat[k // n][k % n : k % n + 1] for k in places]
        rows = {name: getattr(self, name)[places] for name in (*_ROWS, "seeds", "split")}
        return replace(
            self, configs=tuple(self.configs[c] for c in of), layers=tuple(self.layers[c] for c in of),
            flat=tuple(flat), **rows,
        )  # fmt: skip

    @property
    def solved(self) -> NDArray[np.bool_]:
        """Whether each network's accuracy is 1 at the end: (S,). Of numbers, whether it answers all of them exactly."""
        return self.epochs_to_solve >= 0

    @property
    def accuracy(self) -> NDArray[np.float64]:
        """The share of labels that is answered rightly, (S,). AttributeError where y was numbers: see `score`."""
        self._need_labels()
        return self.score

    @property
    def accuracy_curve(self) -> NDArray[np.float32]:
        """The accuracy while training, (S, P). AttributeError where y was numbers: see `score_curve`."""
        self._need_labels()
        return self.score_curve

    def _need_labels(self) -> None:
        if self.score_name != "accuracy":
            raise AttributeError(f"y was numbers, of which there is no accuracy: `score` is {self.score_name}")

    @property
    def curves(self) -> Curves:
        """Loss and score while training, and the same on what is held out, over `curves.epochs`."""
        return Curves(
            self.curve_epochs, self.loss_curve, self.score_curve, self.validation_loss_curve,
            self.validation_score_curve,
        )  # fmt: skip

    @property
    def measured(self) -> NDArray[np.bool_]:
        """After which of curve_epochs all networks measured the samples learnt from, by `measure_every`: (P,).

        Between them curves hold what was measured last, but for networks that learn from all samples at once.
        """
        epochs, points = self.curve_epochs, np.ones(len(self.curve_epochs), np.bool_)
        for every, last in {(config.measure_every, config.epochs) for config in self.configs}:
            points &= (epochs % every == 0) | (epochs == last)
        return points

    @property
    def params(self) -> Params:
        """The stacked parameters, W: (S, I+1, O); ValueError where networks differ in their layers or precision."""
        if len({(layers, flat.dtype) for layers, flat in zip(self.layers, self.flat, strict=True)}) > 1:
            raise ValueError("the networks differ in their layers: take them one by one with network(k)")
        return functions.unflatten(self.flat[0] if len(self.flat) == 1 else np.concatenate(self.flat), self.layers[0])

    def config(self, k: int) -> Config:
        """Return the settings of network k, its own seed among them."""
        return replace(self.configs[k // len(self.flat[0])], seed=int(self.seeds[k]))

    def network(self, k: int) -> Params:
        """Return the parameters of network k, W: (I+1, O)."""
        c, row = divmod(k, len(self.flat[0]))
        return functions.unflatten(self.flat[c][row], self.layers[c])

    def predict(self, x: ArrayLike) -> Array:
        """Return every network's answers. x: (N, I) or images (N, H, W, C) → (S, N, O); inf or NaN where one diverged.

        An answer is the output: of sigmoid or softmax a probability, of the others a number. Raises InvalidSetting for
        x that is not finite numbers in as many columns as the networks have inputs.

        >>> import fnn
        >>> results = fnn.train(fnn.Config(), *fnn.data.xor(), seeds=3)
        >>> results.predict([[0, 1], [0, 0]]).shape
        (3, 2, 1)
        """
        rows, inputs = checks.inputs(x), self.layers[0][0].fan_in
        if rows.shape[1] != inputs:
            words = f"shape (N, {inputs}), a column for each input; one sample is a row, [[…]]"
            raise InvalidSetting("x", f"shape {np.shape(x)}", words)
        answers = []
        for layers, flat in zip(self.layers, self.flat, strict=True):
            typed = rows.astype(flat.dtype)
            for begin in range(0, len(flat), _AT_ONCE):
                params = functions.unflatten(flat[begin : begin + _AT_ONCE], layers)
                answers.append(functions.predict(layers, params, typed))
        return np.concatenate(answers)

    def where(self, **settings: Any) -> "Results":
        """Return the results of those configs that have these settings. Raises InvalidSetting where there are none.

        >>> import fnn
        >>> results = fnn.train([fnn.Config(lr=0.1), fnn.Config(lr=1)], *fnn.data.xor(), seeds=2)
        >>> results.where(lr=1).configs[0].lr
        1.0
        """
        columns = {name: [getattr(config, name, None) for config in self.configs] for name in settings}
        return self[np.repeat(matching(columns, settings, CHECKS), len(self) // len(self.configs))]

    def best(self) -> "Results":
        """Return the results of one network: of the lowest loss on what is held out, or at the end where nothing is.

        It is a network to use and no evidence: of many seeds one is always lucky. `fnn.compare` says what is true of
        settings.

        >>> import fnn
        >>> results = fnn.train(fnn.Config(), *fnn.data.xor(), seeds=20)
        >>> results.best().loss.tolist() == [results.loss.min()]
        True
        """
        loss = self.validation_loss if np.isfinite(self.validation_loss).any() else self.loss
        return self[int(np.argmin(np.where(np.isnan(loss), np.inf, loss)))]

    def frame(self, kind: str | None = None) -> Any:
        """Return a row for each network: the settings that differ, seed, split, loss, score, epochs to solve and so on.

        kind: pandas, polars, or arrays for a dict of arrays (S,); by itself the first of them that is installed. What
        there is none of, as the epochs of a network that never solved, is NaN. Raises InvalidSetting for another kind,
        and for one that is not installed.

        >>> import fnn
        >>> results = fnn.train([fnn.Config(lr=0.1), fnn.Config(lr=1)], *fnn.data.xor(), seeds=2)
        >>> rows = results.frame("arrays")
        >>> list(rows)
        ['lr', 'seed', 'loss', 'accuracy', 'solved', 'epochs_to_solve', 'diverged', 'stopped']
        >>> rows["lr"]
        array([0.1, 0.1, 1. , 1. ])
        """
        return as_frame(_columns(self), kind)


# Networks that predict at once, so that what they compute stays in a core's cache.
_AT_ONCE = 32
# Fields with a row for each network, beside its seed and its split.
_ROWS = tuple(name for name in Outcome._fields if name != "flat")


def _settings(configs: Sequence[Config]) -> dict[str, list[Any]]:
    """Return each setting of configs but the seed, with the value of each."""
    return {name: [getattr(config, name) for config in configs] for name in CHECKS if name != "seed"}


def _varying(configs: Sequence[Config]) -> dict[str, list[Any]]:
    """Return the settings that differ between configs."""
    return {name: values for name, values in _settings(configs).items() if len(set(values)) > 1}


def _columns(results: Results) -> dict[str, NDArray[Any]]:
    n, score = len(results) // len(results.configs), results.score_name
    columns = {name: np.repeat(typed_column(values), n) for name, values in _varying(results.configs).items()}
    columns["seed"] = results.seeds
    if results.split.any():
        columns["split"] = results.split
    columns |= {"loss": results.loss, score: results.score}
    if not np.isnan(results.validation_loss).all():
        held_out = {"validation_loss": results.validation_loss, f"validation_{score}": results.validation_score}
        columns |= held_out | {"best_epoch": none_as_nan(results.best_epoch)}
    if score == "accuracy":
        columns |= {"solved": results.solved, "epochs_to_solve": none_as_nan(results.epochs_to_solve)}
    return columns | {"diverged": none_as_nan(results.diverged), "stopped": results.stopped}


def _lines(results: Results) -> Iterator[str]:
    """Yield what is shown of results, five lines."""
    configs, S = results.configs, len(results)
    shapes = {" → ".join(map(str, (own[0].fan_in, *(layer.fan_out for layer in own)))) for own in results.layers}
    shape = shapes.pop() if len(shapes) == 1 else f"of {len(shapes)} shapes"
    yield f"Results of {counted(S, 'network')} {shape}, {counted(len(set(results.seeds.tolist())), 'seed')}"
    yield settings_line(_settings(configs), _varying(configs))
    yield loss_line(results.loss, results.diverged)
    if results.score_name == "accuracy":
        yield solved_line(results.epochs_to_solve, configs[0].epochs)
    else:
        yield f"{results.score_name:<9} {spread_words(results.score)}"
    yield "see       .predict(x), .best(), .curves, .frame(), .params, .loss, .solved; results[k]"
