"""`fnn predict`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fnn.cli.encoding import data_stream, echo
from fnn.cli.options import Json, data_option, run_option
from fnn.cli.terminal import CommandError, progress_bar
from fnn.errors import InvalidSetting

if TYPE_CHECKING:
    from fnn.ensembles.model import Model
    from fnn.ensembles.predict import Predicted


def predict(
    path: Annotated[Path, typer.Argument(metavar="MODEL", help="What fnn train wrote: a model.npz.")],
    data: Annotated[Path, data_option(help="A table with the model's columns: CSV, Parquet, Arrow or NPZ.")],
    delimiter: Annotated[
        str | None, data_option(help="Of a CSV; by itself found by looking, as are the others.")
    ] = None,
    decimal: Annotated[str | None, data_option(help="Of its numbers: a point or a comma.")] = None,
    encoding: Annotated[str | None, data_option(help="Of its text.")] = None,
    header: Annotated[
        bool | None, data_option("--header/--no-header", help="Whether its first line has names.")
    ] = None,
    unknown: Annotated[
        str | None,
        data_option(help="Of categories the model has not seen: none of its own, or error; by itself as trained."),
    ] = None,
    out: Annotated[
        str | None,
        run_option(
            help="A file that ends in .csv or .parquet, or - for CSV on stdout; by itself DATA-predictions.csv."
        ),
    ] = None,
    probabilities: Annotated[
        bool, run_option("--probabilities", help="Of every class, in columns of their own.")
    ] = False,
    json_: Json = False,
) -> None:
    """Ask the networks of a model about the rows of a table: a class or a number for each, and how sure they are."""
    from fnn.data.reading import Form
    from fnn.ensembles.model import with_unknown
    from fnn.ensembles.predict import predict_to

    to = f"{data.stem}-predictions.csv" if out is None else out
    if json_ and to == "-":
        raise InvalidSetting("out", to, "a file, as --json has stdout")
    if to != "-" and Path(to).resolve() in (data.resolve(), path.resolve()):
        raise InvalidSetting("out", to, "another file than the model and the table")
    ensemble = load(path)
    if unknown is not None:
        ensemble = with_unknown(ensemble, unknown)
    form = Form(delimiter=delimiter, header=header, decimal=decimal, quote=None, encoding=encoding)
    with progress_bar("predicting", quiet=json_) as update:
        done = predict_to(
            data_stream() if to == "-" else Path(to), ensemble, data, form, every_class=probabilities,
            on_progress=update and (lambda rows, total: update(rows, total, f"{rows:,} rows")),
        )  # fmt: skip
    if json_:
        echo(json.dumps(_document(ensemble, done, {"model": path, "data": data, "out": to}), allow_nan=False))
    else:
        for line in _lines(to, ensemble, done):
            echo(line, err=to == "-")


def load(path: Path) -> "Model":
    """Read the model; what is wrong with its file is said without the name of an option, as it is none."""
    from fnn.ensembles.model_file import load_model

    try:
        return load_model(path)
    except InvalidSetting as error:
        raise CommandError(f"{path}: expected {error.expected}", 2) from None


def _lines(to: str, model: "Model", done: "Predicted") -> Iterator[str]:
    """Yield what is said of a prediction."""
    where = "stdout" if to == "-" else to
    yield f"{where}: {done.rows:,} rows by {len(model):,} networks: {', '.join(done.columns)}"
    for target, classes in done.classes.items():
        yield f"{target}: " + ", ".join(f"{value} {count:,}" for value, count in sorted(classes.items()))
    if model.coverage:
        share, low, high = model.coverage
        held = f"{share:.1%} ({low:.1%} to {high:.1%}) of rows that it was not learnt from"
        yield f"low to high is meant to hold 95% of such numbers; measured, it held {held}"
    if done.unanswered:
        yield f"{done.unanswered:,} rows lack a number and have no answer: such rows were left out of training"


def _document(model: "Model", done: "Predicted", files: dict[str, Path | str]) -> dict[str, Any]:
    """Return the same as JSON has it."""
    classes = {target: {str(value): n for value, n in counts.items()} for target, counts in done.classes.items()}
    about = {"networks": len(model), "task": model.task, "targets": model.target_names, "coverage": model.coverage}
    return {**{name: str(path) for name, path in files.items()}, **about, **done._asdict(), "classes": classes}
