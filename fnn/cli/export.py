"""`fnn export`."""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from fnn.cli.encoding import echo
from fnn.cli.options import run_option
from fnn.cli.predict import load
from fnn.cli.sweep import Where
from fnn.cli.terminal import at_work
from fnn.errors import InvalidSetting
from fnn.formats import size

# How a file of SQLite begins.
_SQLITE = b"SQLite format 3\0"
# So many inputs are named.
_SOME = 6


def export(
    path: Annotated[
        Path, typer.Argument(metavar="STORE|MODEL", help="What fnn sweep wrote, or fnn train: a model.npz.")
    ],
    to: Annotated[Path, run_option(help="A file that ends in .csv, .parquet or .npz; of a model in .onnx.")],
    where: Where = None,
) -> None:
    """Write a store's runs, a row each, as CSV, Parquet or arrays, or a model as ONNX, which answers without fnn.

    Of runs on a table, with split and scores. A model is written with all that it does to a row.
    """
    if not to.parent.is_dir() or to.is_dir():
        raise InvalidSetting("to", str(to), "a file in a folder that is there")
    if to.suffix == ".onnx":
        _export_model(path, to, where)
    else:
        _export_runs(path, to, where or ())


def _export_runs(path: Path, to: Path, where: Sequence[str]) -> None:
    from fnn.sweeps.conditions import parse_condition
    from fnn.sweeps.connect import open_store
    from fnn.sweeps.export import export

    if path.is_file() and zipfile.is_zipfile(path):
        raise InvalidSetting("to", str(to), f"a file that ends in .onnx, as {path} is a model")
    with open_store(path) as connection, at_work(f"writing {to}", quiet=False):
        count = export(connection, to, [parse_condition(text) for text in where])
    echo(f"{to}: {count:,} runs, {size(to.stat().st_size)}")


def _export_model(path: Path, to: Path, where: Sequence[str] | None) -> None:
    from fnn.onnx.export import write_onnx
    from fnn.sweeps.export import FORMATS

    if _is_store(path):
        raise InvalidSetting("to", str(to), f"a file that ends in {', '.join(FORMATS)}, as {path} is a store")
    if where:
        raise InvalidSetting("where", where[0], "none of it for a model, which has no runs")
    model = load(path)
    with at_work(f"writing {to}", quiet=False):
        graph = write_onnx(model, to).graph
    inputs, outputs = ([value.name for value in values] for values in (graph.input, graph.output))
    some = inputs if len(inputs) <= _SOME else [*inputs[:_SOME], f"… ({len(inputs)})"]
    echo(f"{to}: {len(model):,} networks, {size(to.stat().st_size)}")
    echo(f"takes {', '.join(some)}; gives {', '.join(outputs)}")


def _is_store(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE
