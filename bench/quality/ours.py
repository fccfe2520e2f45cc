"""Ensembles of `fnn` as they come: the preset for tables, a fifth of what is learnt from held out to choose epochs."""

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

import fnn
from fnn.data.encoding import encode
from fnn.data.reading import read_table
from fnn.ensembles.answers import probabilities
from fnn.ensembles.evaluation import answers
from fnn.ensembles.fit import Fit
from fnn.stats.prediction_intervals import prediction_interval

from .measures import Answers, fit_temperature, one_hot, tempered
from .sets import Table

TARGET = "the target"


def answer(table: Table, train: NDArray[np.int64], test: NDArray[np.int64], seed: int, networks: int, threads: int,
           **settings: Any) -> dict[str, Answers]:  # fmt: skip
    """Return what an ensemble, its members, and the ensemble at a temperature of its own answer of rows to test on."""
    begun = time.perf_counter()
    fitted = fit(table, train, seed, networks, threads, **settings)
    between = time.perf_counter()
    of_each = members(fitted, table, test)
    mean = of_each.mean(axis=0)
    seconds = between - begun, time.perf_counter() - between
    task = fitted.problem.target.task
    if task == "regression":
        learned, interval = fitted.model.learned_interval, None
        if learned:
            low, high = prediction_interval(mean, of_each.var(axis=0), learned)
            interval = low[:, 0], high[:, 0]
        return {"fnn": Answers(mean[None], *seconds, interval), "fnn-member": Answers(of_each)}
    held_out = fitted.held_out  # what chose the epochs, too
    temperature = fit_temperature(
        probabilities(task, held_out.mean), one_hot(table.y[train][held_out.rows], len(table.classes))
    )
    p = probabilities(task, mean)
    return {
        "fnn": Answers(p[None], *seconds),
        "fnn-member": Answers(np.stack([probabilities(task, each) for each in of_each])),
        "fnn-tempered": Answers(tempered(p, temperature)[None]),
    }


def fit(table: Table, train: NDArray[np.int64], seed: int, networks: int, threads: int, **settings: Any) -> Fit:
    """Return an ensemble that learnt from some rows of a table."""
    target = table.y if not table.classes else np.array(table.classes)[table.y]
    frame = table.x.iloc[train].assign(**{TARGET: target[train]})
    task = "regression" if not table.classes else "binary" if len(table.classes) == 2 else "multiclass"
    return fnn.fit(
        frame, TARGET, seeds=networks, roles={"task": task, "missing": "indicator"},
        splitting={"validation": 0.2, "split_seed": seed}, threads=threads, **settings,
    )  # fmt: skip


def members(fitted: Fit, table: Table, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what each network answers of rows, (S, n, O)."""
    x = encode(fitted.model.encoder, read_table(table.x.iloc[rows]))
    return answers(fitted.networks[0], x, slice(None), numba=True).astype(np.float64)
