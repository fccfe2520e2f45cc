"""Answers for a table of any length: read, predicted and written some rows at a time."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from fnn import checks
from fnn.data.reading import Form, count_rows
from fnn.ensembles.columns import Column, answer_columns
from fnn.ensembles.model import Model, predict_chunks
from fnn.ensembles.writers import WRITERS, Schema, Write, csv_writer
from fnn.errors import InvalidSetting
from fnn.files import replacing, writable_folder

# Takes how many rows are done, and how many there are, if that is known.
OnProgress = Callable[[int, int | None], None]


class Predicted(NamedTuple):
    """What became of a table: rows in all, those without an answer, the columns, and how often each class was given.

    classes: for each target that has classes, by its name.
    """

    rows: int
    unanswered: int
    columns: tuple[str, ...]
    classes: dict[str, dict[Any, int]]


def predict_to(
    to: Path | TextIO,
    model: Model,
    source: Any,
    form: Form,
    every_class: bool = False,
    on_progress: OnProgress | None = None,
) -> Predicted:
    """Write the answers for each row of a source, in its order, to a file or as CSV to a stream.

    Memory is bounded whatever the number of rows, and a file is there once all of it is written. Raises InvalidSetting
    for a source that does not fit the model, and for a file that cannot be written or ends in none of `WRITERS`.
    """
    checks.function("on_progress", on_progress)
    if isinstance(to, Path):
        _check_ending(to)
    chunks = (answer_columns(model, prediction, every_class) for _, prediction in predict_chunks(model, source, form))
    first = next(chunks)  # what is wrong with the first rows leaves no trace
    with _writer(to, {column.name: column.kind for column in first}) as write:
        return _write_all(chain([first], chunks), write, on_progress, count_rows(source) if on_progress else None)


def _check_ending(path: Path) -> None:
    if path.suffix not in WRITERS:
        raise InvalidSetting("out", str(path), f"a file that ends in {' or '.join(WRITERS)}, or - for CSV on stdout")


@contextmanager
def _writer(to: Path | TextIO, schema: Schema) -> Iterator[Write]:
    if not isinstance(to, Path):
        yield csv_writer(to, schema)
        return
    writable_folder("out", to.parent)
    with replacing(to) as part, WRITERS[to.suffix](part, schema) as write:
        yield write


def _write_all(
    chunks: Iterable[list[Column]], write: Write, on_progress: OnProgress | None, total: int | None
) -> Predicted:
    """Write chunk by chunk, and count."""
    rows = unanswered = 0
    columns: list[Column] = []
    counts: dict[str, Counter[Any]] = {}
    for columns in chunks:
        write([column.values for column in columns])
        rows += len(columns[0].values)
        unanswered += columns[0].values.count(None)
        for column in columns:
            if column.target:
                counts.setdefault(column.target, Counter()).update(column.values)
        if on_progress:
            on_progress(rows, total)
    classes = {
        target: {value: n for value, n in count.items() if value is not None} for target, count in counts.items()
    }
    return Predicted(rows, unanswered, tuple(column.name for column in columns), classes)
