"""`fnn export`."""

from pathlib import Path
from typing import Annotated

from fnn.cli.encoding import echo
from fnn.cli.options import run_option
from fnn.cli.sweep import Store, Where
from fnn.cli.terminal import at_work
from fnn.errors import InvalidSetting
from fnn.formats import size


def export(
    path: Store,
    to: Annotated[Path, run_option(help="A file that ends in .csv, .parquet or .npz.")],
    where: Where = None,
) -> None:
    """Write a store's runs, a row each, as CSV, Parquet or arrays; of runs on a table, with split and scores."""
    from fnn.sweeps.conditions import parse_condition
    from fnn.sweeps.connect import open_store
    from fnn.sweeps.export import export

    if not to.parent.is_dir():
        raise InvalidSetting("to", str(to), "a file in a folder that is there")
    with open_store(path) as connection, at_work(f"writing {to}", quiet=False):
        count = export(connection, to, [parse_condition(text) for text in where or ()])
    echo(f"{to}: {count:,} runs, {size(to.stat().st_size)}")
