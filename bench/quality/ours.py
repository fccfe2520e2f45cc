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
           per_seed: bool = False, **settings: Any) -> dict[str, Answers]:  # fmt: skip
    """Return what an ensemble, its members, and the ensemble at a temperature of its own answer of rows to test on.

    per_seed: whether each network has validation rows of its own, so that together they learn from all rows.
    """
    begun, name = time.perf_counter(), "fnn-apart" if per_seed else "fnn"
    fitted = fit(table, train, seed, networks, threads, per_seed, **settings)
    between = time.perf_counter()
    of_each = members(fitted, table, test)
    mean = of_each.mean(axis=0)
    seconds = between - begun, time.perf_counter() - between
    if not table.classes:
        learned, interval = fitted.model.learned_interval, None
        if learned:
            low, high = prediction_interval(mean, of_each.var(axis=0), learned)
            interval = low[:, 0], high[:, 0]
        return {name: Answers(mean[None], *seconds, interval), f"{name}-member": Answers(of_each)}
    task, held_out = fitted.problem.target.task, fitted.held_out  # which chose the epochs, too
    labels = one_hot(table.y[train][held_out.rows], len(table.classes))
    temperature = fit_temperature(probabilities(task, held_out.mean), labels)
    p = probabilities(task, mean)
    return {
        name: Answers(p[None], *seconds),
        f"{name}-member": Answers(np.stack([probabilities(task, each) for each in of_each])),
        f"{name}-tempered": Answers(tempered(p, temperature)[None]),
    }


def fit(table: Table, train: NDArray[np.int64], seed: int, networks: int, threads: int, per_seed: bool = False,
        **settings: Any) -> Fit:  # fmt: skip
    """Return an ensemble that learnt from some rows of a table."""
    target = table.y if not table.classes else np.array(table.classes)[table.y]
    frame = table.x.iloc[train].assign(**{TARGET: target[train]})
    task = "regression" if not table.classes else "binary" if len(table.classes) == 2 else "multiclass"
    return fnn.fit(
        frame, TARGET, seeds=networks, roles={"task": task, "missing": "indicator"}, threads=threads,
        splitting={"validation": 0.2, "split_seed": seed, "per_seed": per_seed}, **settings,
    )  # fmt: skip


def members(fitted: Fit, table: Table, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what each network answers of rows, (S, n, O)."""
    x = encode(fitted.model.encoder, read_table(table.x.iloc[rows]))
    each = [answers(of_split, x, slice(None), numba=True) for of_split in fitted.networks]
    return np.concatenate(each).astype(np.float64)
