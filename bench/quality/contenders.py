"""Who answers: each learns some rows of a table and answers of others."""

import time
import warnings
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn.ensembles.presets import SEEDS

from . import ours, peers_pytabkit, peers_sklearn, sets
from .measures import Answers
from .sets import Table

Rows = NDArray[np.int64]
# Table, rows to learn and to answer, seed, networks of an ensemble, threads → what is answered, under names of TITLES.
Answer = Callable[[Table, Rows, Rows, int, int, int], dict[str, Answers]]


class Contender(NamedTuple):
    """module: the package it needs; repeats: most repeats of the folds, fewer where it is slow.

    answers: whose answers come of it. unless_named: whether it answers where nobody is named.
    """

    module: str
    repeats: int
    answers: tuple[str, ...]
    answer: Answer
    unless_named: bool = True

    @property
    def installed(self) -> bool:
        """Whether its package is here."""
        return find_spec(self.module) is not None


NETWORKS, FOLDS = 64, 5
# As many as come by themselves, which learn anew, for their time.
FEW = f"fnn-{SEEDS}"
REPEATS = max(sets.REPEATS.values())

TITLES = {
    "fnn": "the ensemble",
    "fnn-member": "one of its networks",
    **{f"fnn-{size}": f"{size} of them" for size in ours.SIZES},
    FEW: f"{SEEDS}, the default",
    "fnn-128": "128 networks",
    "fnn-untempered": "without a temperature",
    "fnn-shared": "validated on the same rows",
    "fnn-refit": "learnt again from all rows",
    "mlp": "scikit-learn's MLP",
    "bagging": f"{peers_sklearn.BAGGED} MLPs bagged",
    "forest": "random forest",
    "boosting": "gradient boosting",
    "realmlp": "RealMLP-TD-S",
    "tabm": "TabM",
}
NEURAL = ("fnn", "fnn-member", "mlp", "bagging", "realmlp", "tabm")


def of_model(make: Callable[[bool, int, int], Any], name: str, timed: bool = True) -> Answer:
    """Return how a model with `fit`, `predict` and `predict_proba` answers. timed: whether its seconds count."""

    def answer(table: Table, train: Rows, test: Rows, seed: int, networks: int, threads: int) -> dict[str, Answers]:  # noqa: ARG001
        model, begun = make(not table.classes, seed, threads), time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it stops after its 200 epochs is how it comes
            model.fit(table.x.iloc[train], table.y[train])
            between = time.perf_counter()
            x = table.x.iloc[test]
            p = model.predict_proba(x) if table.classes else np.reshape(model.predict(x), (-1, 1))
        seconds = (between - begun, time.perf_counter() - between) if timed else (None, None)
        return {name: Answers(np.asarray(p, np.float64)[None], *seconds)}

    return answer


def _so_many(
    table: Table, train: Rows, test: Rows, seed: int, _networks: int, threads: int, count: int, **settings: Any
) -> dict[str, Answers]:  # fmt: skip
    """Return what so many networks answer, however many others are asked for."""
    return ours.answer_otherwise(table, train, test, seed, count, threads, f"fnn-{count}", **settings)


_OTHERWISE: dict[str, Answer] = {
    "fnn-128": partial(_so_many, count=128),
    "fnn-shared": partial(ours.answer_otherwise, name="fnn-shared", per_seed=False),
    "fnn-refit": ours.answer_refitted,
}
CONTENDERS: dict[str, Contender] = {
    "fnn": Contender(
        "fnn", REPEATS, ("fnn", "fnn-member", *(f"fnn-{size}" for size in ours.SIZES), "fnn-untempered"), ours.answer
    ),
    FEW: Contender("fnn", REPEATS, (FEW,), partial(_so_many, count=SEEDS)),
    # What else the ensemble could be.
    **{name: Contender("fnn", REPEATS, (name,), answer, unless_named=False) for name, answer in _OTHERWISE.items()},
    **{
        name: Contender("sklearn", 3 if name == "bagging" else REPEATS, (name,), of_model(make, name))
        for name, make in peers_sklearn.MODELS.items()
    },
    **{
        name: Contender("pytabkit", 3 if name == "realmlp" else 1, (name,), of_model(make, name))
        for name, make in peers_pytabkit.MODELS.items()
    },
    # Its scores, without the seconds of what nobody else here runs on.
    "tabm-gpu": Contender(
        "pytabkit", REPEATS, ("tabm",), of_model(peers_pytabkit.tabm_gpu, "tabm", timed=False), unless_named=False
    ),
}
OWN = ("fnn", FEW, *_OTHERWISE)
