"""Ensembles of `fnn` as they come: the preset for tables, each network with a fifth of the rows to validate on."""

import time
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import fnn
from fnn.data.encoding import encode
from fnn.data.reading import read_table
from fnn.ensembles.answers import Prediction, bounds, probabilities
from fnn.ensembles.evaluation import answers
from fnn.ensembles.fit import Fit
from fnn.stats.temperature import temper

from .measures import Answers
from .sets import Table

TARGET = "the target"
# How large ensembles are that are made of the first of all networks.
SIZES = (8, 32)


def answer(table: Table, train: NDArray[np.int64], test: NDArray[np.int64], seed: int, networks: int, threads: int,
           **settings: Any) -> dict[str, Answers]:  # fmt: skip
    """Return what an ensemble answers, and its members, fewer of them together, and all without a temperature."""
    begun = time.perf_counter()
    fitted = fit(table, train, seed, networks, threads, **settings)
    between = time.perf_counter()
    fitted.predict(table.x.iloc[test])
    seconds = between - begun, time.perf_counter() - between
    of_each = members(fitted, table, test)
    found = {"fnn": together(fitted, of_each)._replace(fit=seconds[0], predict=seconds[1])}
    found |= {f"fnn-{size}": together(fitted, of_each[:size]) for size in SIZES if size < networks}
    task = fitted.problem.target.task
    if task == "regression":
        return found | {"fnn-member": Answers(of_each)}
    raw = replace(fitted, model=replace(fitted.model, temperature=1.0))
    alone = np.stack([probabilities(task, each) for each in of_each])
    return found | {"fnn-member": Answers(alone), "fnn-untempered": together(raw, of_each)}


def answer_otherwise(
    table: Table, train: NDArray[np.int64], test: NDArray[np.int64], seed: int, networks: int, threads: int, name: str,
    **settings: Any,
) -> dict[str, Answers]:  # fmt: skip
    """Return what another ensemble answers, under its name. settings: of `fit`, instead of how it comes."""
    begun = time.perf_counter()
    fitted = fit(table, train, seed, networks, threads, **settings)
    seconds = time.perf_counter() - begun
    return {name: together(fitted, members(fitted, table, test))._replace(fit=seconds)}


def answer_refitted(
    table: Table, train: NDArray[np.int64], test: NDArray[np.int64], seed: int, networks: int, threads: int,
    **settings: Any,
) -> dict[str, Answers]:  # fmt: skip
    """Return what an ensemble answers that learnt from all rows, as long as was the best in the median where rows were
    held out, at the temperature that was learnt there."""
    begun = time.perf_counter()
    first = fit(table, train, seed, networks, threads, **settings)
    epochs = max(2, int(np.median(first.results.best_epoch)))
    again = fit(table, train, seed, networks, threads, validation=0.0, **settings | {"keep": "last", "epochs": epochs})
    seconds = time.perf_counter() - begun
    model = replace(again.model, temperature=first.model.temperature, learned_interval=first.model.learned_interval)
    return {"fnn-refit": together(replace(again, model=model), members(again, table, test))._replace(fit=seconds)}


def fit(table: Table, train: NDArray[np.int64], seed: int, networks: int, threads: int, *, validation: float = 0.2,
        per_seed: bool | None = None, **settings: Any) -> Fit:  # fmt: skip
    """Return an ensemble that learnt from some rows of a table."""
    target = table.y if not table.classes else np.array(table.classes)[table.y]
    frame = table.x.iloc[train].assign(**{TARGET: target[train]})
    task = "regression" if not table.classes else "binary" if len(table.classes) == 2 else "multiclass"
    return fnn.fit(
        frame, TARGET, seeds=networks, roles={"task": task, "missing": "indicator"}, threads=threads,
        splitting={"validation": validation, "split_seed": seed, "per_seed": per_seed}, **settings,
    )  # fmt: skip


def members(fitted: Fit, table: Table, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what each network answers of rows, (S, n, O)."""
    x = encode(fitted.model.encoder, read_table(table.x.iloc[rows]))
    each = [answers(of_split, x, slice(None), numba=True) for of_split in fitted.networks]
    return np.concatenate(each).astype(np.float64)


def together(fitted: Fit, of_each: NDArray[np.float64]) -> Answers:
    """Return what the ensemble makes of what so many of its networks answer, (S, n, O)."""
    task, learned = fitted.problem.target.task, fitted.model.learned_interval
    mean = temper(task, of_each.mean(axis=0), fitted.model.temperature)
    if task != "regression":
        return Answers(probabilities(task, mean)[None])
    if not learned:
        return Answers(mean[None])
    low, high = bounds(learned, Prediction(mean, of_each.std(axis=0)))
    return Answers(mean[None], interval=(low[:, 0], high[:, 0]))
