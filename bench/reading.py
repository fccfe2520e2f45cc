"""Reading: the tables of the ensembles as CSV, read and encoded, beside who else reads tables."""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from fnn.data.split import Splitting, make_splits
from fnn.ensembles.presets import VALIDATION, preset_preparation
from fnn.ensembles.problem import Roles, prepare, read_problem

from .run import MEASURED, NOT_INSTALLED, OWN_TRAINING, Method, Row, compared
from .samples import adult_like_columns, number_columns, table_like
from .timing import in_rounds, quartiles, repeats_for, seconds_of
from .work import ENSEMBLES, Ensemble

WORK, TARGET = "reading", "answer"
# A table with categories, as the ensemble of that name would have it before it is encoded.
CATEGORIES = "adult-like"


@contextmanager
def table_file(ensemble: Ensemble) -> Iterator[Path]:
    """Give the CSV file of an ensemble's table."""
    if ensemble.what.startswith(CATEGORIES):
        columns = adult_like_columns(ensemble.samples)
    else:
        columns = number_columns(table_like(ensemble.samples, ensemble.inputs, ensemble.classes))
    with TemporaryDirectory(prefix="fnn-bench-") as folder:
        path = Path(folder) / "table.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(columns)
            table.writerows(zip(*columns.values(), strict=True))
        yield path


def read_and_prepare(path: Path, ensemble: Ensemble) -> list[Any]:
    """Read and encode the table, split it, and prepare what the networks of each split are given."""
    problem = read_problem(str(path), Roles(TARGET))
    splitting = Splitting(folds=ensemble.folds or None, validation=VALIDATION)
    splits = make_splits(splitting, problem.rows, problem.labels, None, 1, class_names=problem.target.classes)
    return [prepare(problem, split, preset_preparation("table"), "float32") for split in splits]


def _pandas(path: Path, _ensemble: Ensemble) -> Any:
    import pandas  # type: ignore[import-untyped]

    return pandas.read_csv(path)


class Reader(NamedTuple):
    """Who reads a table. module: what it needs, None for fnn itself; note: what it does otherwise."""

    title: str
    run: Callable[[Path, Ensemble], Any]
    module: str | None = None
    note: str = ""


READERS = {
    "fnn": Reader("fnn, read and encode", read_and_prepare),
    "pandas": Reader("pandas.read_csv", _pandas, "pandas", "it encodes nothing"),
}


def measure_reading(peers: bool, method: Method, tell: Callable[[str, str], None]) -> Iterator[list[Row]]:
    """Yield the rows of each table; `fnn`, which the others are compared with, is the first of them."""
    for ensemble in ENSEMBLES:
        with table_file(ensemble) as path:
            yield _measure(ensemble, path, peers, method, partial(tell, ensemble.what))


def _measure(ensemble: Ensemble, path: Path, peers: bool, method: Method, tell: Callable[[str], None]) -> list[Row]:
    rows: dict[str, Row] = {}
    ready: dict[str, Callable[[], Any]] = {}
    repeats: dict[str, int] = {}
    for name, reader in READERS.items():
        if reader.module and not peers:
            continue
        row = Row(
            work=WORK, what=f"reading {ensemble.what}", at=0, dtype=None, contender=name, title=reader.title,
            samples=ensemble.samples, status=OWN_TRAINING if reader.note else MEASURED, note=reader.note,
        )  # fmt: skip
        if reader.module and find_spec(reader.module) is None:
            rows[name] = replace(row, status=NOT_INSTALLED, note=f"No module named {reader.module!r}")
            continue
        tell(reader.title)
        ready[name] = partial(reader.run, path, ensemble)
        rows[name] = replace(row, first=seconds_of(ready[name]))
        repeats[name] = repeats_for(seconds_of(ready[name]))
    taken = in_rounds(ready, repeats, (), method.runs, method.seed, lambda name: tell(rows[name].title))
    for name, seconds in taken.items():
        rows[name] = replace(rows[name], seconds=quartiles(seconds), runs=len(seconds), repeats=repeats[name])
    return compared(list(rows.values()))
