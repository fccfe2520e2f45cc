"""The work: what every contender is given. A case is one table of the benchmark."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import fnn
from fnn.data.synthetic import Data
from fnn.ensembles.presets import PRESETS
from fnn.network.hidden import as_hidden

from .samples import folds_of, images_like, matrix_exponentials, table_like

Array = NDArray[np.float64]

STACKS = ("fnn", "fnn-numpy", "torch", "torch-func", "jax", "jax-last", "jax-threads")
LOOPS = ("numpy-loop", "torch-loop", "sklearn", "fann")

LAB_EPOCHS = 500
# As often as the presets measure what is learnt from; peers do never.
MEASURE_EVERY, MEASURE_IMAGES_EVERY = (PRESETS[name].settings["measure_every"] for name in ("table", "image"))
# By cProfile: of 2 ms a call the kernel takes 0.75, two thread pools (one of them to see that it is compiled) the rest.
IDLE_LANES = "a call of `train` costs about 1 ms before the kernel starts (threads), and most lanes of a block idle"
FEW_LANES = "lanes without a network do the others' work, and the weights of wide ones do not fit the cache"
# By count; and at the FMA peak itself the adult-like ensemble would be 1.3 times as fast as JAX in parts on threads.
AT_THE_PEAK = "both are near the FMA peak, and a stack of a peer measures nothing"
SHALLOW = "sums of a few products, of windows and of few channels, are begun and ended as often as they are added to"
MUCH_DATA = "one network fills one lane; its samples follow one another instead of filling the others"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Networks to train: `networks` of them with these settings on x: (N, I), y: (N, O); or on P folds of samples, x:
    (P, N, I), y: (P, N, O), as many networks on each.

    what: the case in words, `at` the number that distinguishes it within `work`. whole: whether even a loop has to
    train all of them, for the time of the stack and not of a network is asked for. solvable: whether a network can be
    right on all samples; where not, losses tell whether contenders agree. behind: why `fnn` may be slower.
    """

    work: str
    what: str
    config: fnn.Config
    x: Array
    y: Array
    networks: int
    contenders: tuple[str, ...]
    at: float = 0.0
    whole: bool = False
    solvable: bool = True
    behind: str = ""

    @property
    def folds(self) -> int:
        """P, the number of folds; 1 where there are none."""
        return 1 if self.x.ndim == 2 else len(self.x)

    @property
    def layers(self) -> Any:
        """The layers of the networks."""
        return self.config.layers(self.x.shape[-1], self.y.shape[-1])


def _cases(
    work: str, what: str, config: fnn.Config, data: Data, networks: int, names: Iterable[str], **more: Any
) -> Iterable[Case]:
    """Yield the case in both precisions."""
    for dtype in ("float32", "float64"):
        yield Case(
            work=work, what=what, config=replace(config, dtype=dtype), x=data.x, y=data.y, networks=networks,
            contenders=tuple(names), **more,
        )  # fmt: skip


def xor() -> Iterable[Case]:
    """The lab's XOR: 21 points, 500 epochs."""
    yield from _cases("xor", "lab XOR", fnn.Config(), fnn.data.xor(), 10_240, STACKS + LOOPS)


def linear() -> Iterable[Case]:
    """The lab's linear data: 100 points, 500 epochs."""
    yield from _cases("linear", "lab linear", fnn.Config(), fnn.data.linear(), 2_048, STACKS + LOOPS)


def widths() -> Iterable[Case]:
    """Two hidden layers of that width, 100 points; fewer epochs the wider they are."""
    for width in (2, 4, 8, 16, 32, 64, 128):
        config = fnn.Config(hidden=(width, width), epochs=max(25, min(500, 6400 // width)), lr=0.01)
        yield from _cases("width", f"width {width}", config, fnn.data.linear(), 256, STACKS, at=width)


def depths() -> Iterable[Case]:
    """One to four hidden layers of 8."""
    for depth in (1, 2, 3, 4):
        config = fnn.Config(hidden=(8,) * depth, lr=0.01)
        yield from _cases("depth", f"depth {depth}", config, fnn.data.xor(), 1_024, STACKS, at=depth)


def sizes() -> Iterable[Case]:
    """The lab's XOR in stacks of 1 to 100,000, in float32."""
    config = fnn.Config(dtype="float32", epochs=LAB_EPOCHS)
    x, y = fnn.data.xor()
    for size in (1, 10, 100, 1_000, 10_000, 100_000):
        yield Case(
            work="size", what=f"{size:,} network{'s'[:size > 1]}", config=config, x=x, y=y, networks=size,
            contenders=STACKS + LOOPS, at=size, whole=True, behind=IDLE_LANES,
        )  # fmt: skip


def samples() -> Iterable[Case]:
    """The lab's network on 21 to 10,000 points; fewer epochs the more there are."""
    for points in (21, 100, 1_000, 10_000):
        config = fnn.Config(dtype="float32", lr=0.01, reduction="mean", epochs=max(20, min(500, 100_000 // points)))
        x, y = fnn.data.linear(points)
        yield Case(
            work="samples", what=f"{points:,} samples", config=config, x=x, y=y, networks=256,
            contenders=STACKS + LOOPS, at=points,
        )  # fmt: skip


def chains() -> Iterable[Case]:
    """The small example of SimpleChains.jl: one 4-32-16-4 tanh network, 10,000 samples, full-batch Adam.

    https://julialang.org/blog/2022/04/simple-chains/: 41 µs an epoch on 18 cores, 35 times as fast as PyTorch.
    """
    config = fnn.Config(
        hidden=(32, 16), activation="tanh", output="identity", init="xavier", reduction="mean", epochs=500,
        scheduler="constant", lr=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8, dtype="float32",
    )  # fmt: skip
    x, y = matrix_exponentials()
    yield Case(
        work="chains", what="SimpleChains' 4-32-16-4", config=config, x=x, y=y, networks=1,
        contenders=STACKS + LOOPS, whole=True, solvable=False, behind=MUCH_DATA,
    )  # fmt: skip


class Table(NamedTuple):
    """Networks of two hidden layers of that width, trained on a table; batch: None is all samples at once."""

    networks: int
    width: int
    batch: int | None
    samples: int
    epochs: int

    @property
    def what(self) -> str:
        """The work in words."""
        batch = f"batch {self.batch}" if self.batch else f"{self.samples} samples at once"
        return f"{self.networks} of width {self.width}, {batch}"


TABLES = (
    Table(64, 32, 32, 2_000, 10),
    Table(64, 64, 32, 2_000, 10),
    Table(64, 64, 256, 4_000, 10),
    Table(64, 128, 256, 2_000, 10),
    Table(32, 256, 256, 4_000, 4),
    Table(1, 32, 32, 4_000, 4),
    Table(1, 128, 64, 4_000, 4),
    Table(256, 64, None, 100, 100),
    Table(256, 128, None, 100, 50),
)


def tables() -> Iterable[Case]:
    """What people with tables do: ReLU, bce, Adam at its usual numbers, mini-batches.

    Batches are cut in the order given. Shuffled, `fnn` takes 7 to 15% longer, each network in an order of its own; a
    stack of a peer would have to gather samples for each network, and here slices what all of them share. And peers
    measure nothing while they train, where `fnn` passes all samples for their loss, as often as by its presets.
    """
    names = ("fnn", "torch", "torch-func", "jax", "jax-threads", "numpy-loop", "torch-loop", "sklearn")
    for table in TABLES:
        config = fnn.Config(
            hidden=(table.width, table.width), activation="relu", loss="bce", reduction="mean", init="he",
            batch_size=table.batch, epochs=table.epochs, scheduler="constant", lr=1e-3, beta2=0.999, epsilon=1e-8,
            measure_every=MEASURE_EVERY,
        )  # fmt: skip
        data = table_like(table.samples)
        yield from _cases(
            "tables", table.what, config, data, table.networks, names, at=table.width, solvable=False, behind=FEW_LANES
        )


class Ensemble(NamedTuple):
    """What an ensemble learns: a table of so many samples, inputs and classes, or the training parts of its folds."""

    what: str
    networks: int
    width: int
    batch: int
    samples: int
    inputs: int
    classes: int
    epochs: int
    folds: int = 0


ENSEMBLES = (
    Ensemble("wine-like, 64 of 32x32", 64, 32, 32, 1_600, 11, 6, 100),
    Ensemble("adult-like, 32 of 64x64", 32, 64, 256, 40_000, 50, 2, 20),
    Ensemble("5 folds, 64 of 32x32 on each", 320, 32, 32, 600, 30, 2, 100, folds=5),
)


def ensembles() -> Iterable[Case]:
    """Ensembles as they are trained on tables, in float32: Adam at its usual numbers, mini-batches in the given order.

    `fnn-table` is what `fnn train --data` does by itself: the preset, epochs chosen on a fifth that is held out.
    """
    names = ("fnn", "fnn-table", "torch", "torch-func", "jax", "jax-threads", "sklearn")
    for each in ENSEMBLES:
        loss, output = ("bce", "sigmoid") if each.classes == 2 else ("cross-entropy", "softmax")
        config = fnn.Config(
            hidden=(each.width, each.width), activation="relu", loss=loss, output=output, reduction="mean", init="he",
            batch_size=each.batch, epochs=each.epochs, scheduler="constant", lr=1e-3, beta2=0.999, epsilon=1e-8,
            measure_every=MEASURE_EVERY, dtype="float32",
        )  # fmt: skip
        x, y = table_like(each.samples, each.inputs, each.classes)
        if each.folds:
            x, y = folds_of(x, each.folds), folds_of(y, each.folds)
        yield Case(
            work="ensembles", what=each.what, config=config, x=x, y=y, networks=each.networks, contenders=names,
            at=each.width, solvable=False, behind=AT_THE_PEAK,
        )  # fmt: skip


def settings() -> Iterable[Case]:
    """The lab's XOR, every network with numeric settings of its own."""
    yield from _cases("settings", "own settings", fnn.Config(), fnn.data.xor(), 10_240, ("fnn", "fnn-own"))


class Images(NamedTuple):
    """Networks that look at images, side by side, and what they are trained on."""

    what: str
    networks: int
    side: int
    hidden: str
    batch: int
    samples: int
    epochs: int


# As SimpleChains.jl has LeNet-5 (https://julialang.org/blog/2022/04/simple-chains/), and the same with smaller windows.
LENET, SMALL_LENET = "conv6:5-pool2-conv16:5-pool2-120-84", "conv6:3+1-pool2-conv16:3+1-pool2-120-84"
IMAGES = (
    Images("64 LeNet-5, 28x28, batch 64", 64, 28, LENET, 64, 256, 3),
    Images("64 like it, 8x8, batch 64", 64, 8, SMALL_LENET, 64, 768, 4),
    Images("1 LeNet-5, 28x28, batch 128", 1, 28, LENET, 128, 2_048, 4),
)


def images() -> Iterable[Case]:
    """Images of ten classes, in float32: LeNet-5 with ReLU and the largest of windows, Adam at its usual numbers."""
    names = ("fnn", "torch-grouped", "torch-images-loop", "jax-images")
    for each in IMAGES:
        config = fnn.Config(
            hidden=as_hidden("hidden", each.hidden), image=(each.side, each.side, 1), activation="relu",
            loss="cross-entropy", output="softmax", reduction="mean", init="he", batch_size=each.batch,
            epochs=each.epochs, scheduler="constant", lr=1e-3, beta2=0.999, epsilon=1e-8, dtype="float32",
            measure_every=MEASURE_IMAGES_EVERY,
        )  # fmt: skip
        x, y = images_like(each.samples, each.side)
        yield Case(
            work="images", what=each.what, config=config, x=x, y=y, networks=each.networks, contenders=names,
            at=each.side, solvable=False, behind=SHALLOW,
        )  # fmt: skip


WORK = {
    "xor": xor,
    "linear": linear,
    "width": widths,
    "depth": depths,
    "size": sizes,
    "samples": samples,
    "chains": chains,
    "tables": tables,
    "ensembles": ensembles,
    "images": images,
    "settings": settings,
}
