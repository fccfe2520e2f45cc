"""What became of the networks that were trained."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.config import Config
from fnn.network import functions
from fnn.network.functions import Array, Params
from fnn.network.layers import Layer

Ints = NDArray[np.int64]


class Outcome(NamedTuple):
    """What became of a stack of S networks; the fields are those of `Results`, `flat`: (S, K) its weights as rows."""

    flat: Array
    loss: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    epochs_to_solve: Ints
    diverged: Ints
    stopped: Ints
    met: NDArray[np.bool_]
    loss_curve: NDArray[np.float32]
    accuracy_curve: NDArray[np.float32]


# What trains a stack, one in each module for a way to train: `fit(stack, report)`.
Fit = Callable[..., Outcome]


@dataclass(frozen=True, slots=True)
class Results:
    """What became of S networks; network k has the settings `configs[k // n]` and the seed `seeds[k]`, n = S / C.

    loss, accuracy: (S,) at the end. epochs_to_solve: (S,) epochs after which accuracy is 1 and stays 1, −1 if it
    does not. diverged: (S,) epochs after which the loss is NaN or infinite, −1 if never. stopped: (S,) epochs made;
    met: (S,) whether they ended because a stopping rule was met, be it after the last of them. loss_curve,
    accuracy_curve: (S, P) after curve_epochs: (P,), from 0; P = 0 if none were asked for. All on all samples.
    A network that diverged or met a rule keeps its weights from then on, and its curves go on level.
    flat: (n, K) for each config, the weights as rows; `params` and `network` give them as tuples.
    seconds: of wall-clock time, but for the compile_seconds spent on compiling the kernel or loading it.
    """

    configs: tuple[Config, ...]
    seeds: Ints
    layers: tuple[tuple[Layer, ...], ...]
    flat: tuple[Array, ...]
    loss: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    epochs_to_solve: Ints
    diverged: Ints
    stopped: Ints
    met: NDArray[np.bool_]
    curve_epochs: Ints
    loss_curve: NDArray[np.float32]
    accuracy_curve: NDArray[np.float32]
    seconds: float
    compile_seconds: float

    def __len__(self) -> int:
        return len(self.seeds)

    @property
    def solved(self) -> NDArray[np.bool_]:
        """Whether each network's accuracy is 1 at the end: (S,)."""
        return self.epochs_to_solve >= 0

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
