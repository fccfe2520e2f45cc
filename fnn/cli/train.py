"""`fnn train`: on a named data set, or on a table."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

import fnn
from fnn import checks
from fnn import data as datasets
from fnn.cli.columns import print_rows
from fnn.cli.describe import describe_samples, describe_table
from fnn.cli.encoding import echo
from fnn.cli.options import Json, Rows, Threads, data_option, number, run_option, typed_settings, whole
from fnn.cli.table import NAMES, is_table, read_table_problem, table_options, train_on_table
from fnn.cli.terminal import at_work, progress_bar
from fnn.config import Config
from fnn.errors import InvalidSetting
from fnn.files import made_folder
from fnn.formats import duration, setting, share
from fnn.formats import number as shown
from fnn.report import text as report
from fnn.report.runs import result_rows
from fnn.training.progress import Progress
from fnn.training.results import Results
from fnn.training.train import BACKENDS

MOST_POINTS = 20_000_000


@table_options
def train(
    context: typer.Context,
    data: Annotated[str, data_option(help=f"{', '.join(datasets.DATA)}, or a table: CSV, Parquet, Arrow, NPZ.")],
    points: Annotated[int | None, data_option(parser=whole, help="How many; by itself the data set's own.")] = None,
    noise: Annotated[float, data_option(parser=number, help="Standard deviation of a shift of each point.")] = 0.0,
    data_seed: Annotated[int, data_option(parser=whole, help="Seed of the points.")] = datasets.SEED,
    seeds: Annotated[
        int | None,
        run_option(
            parser=whole,
            help="How many networks, of seeds from --seed on, which fix their starts; by itself 1, on a table 16.",
        ),
    ] = None,
    backend: Annotated[str, run_option(help=f"{', '.join(BACKENDS)}.")] = BACKENDS[0],
    threads: Threads = None,
    out: Annotated[Path | None, run_option(help="Folder to write to; by itself fnn-DATA.")] = None,
    json_: Json = False,
    rows: Rows = False,
    describe: Annotated[
        bool, run_option("--describe", help="Print a table of the network's layers; train and write nothing.")
    ] = False,
    plots: Annotated[bool, run_option("--plots/--no-plots", help="Draw the figures.")] = True,
    *,
    of_table: dict[str, Any],
    settings: dict[str, Any],
) -> None:
    """Train a network from scratch, or many of different seeds, and show what became of it.

    A seed fixes a network's random start: the same seed, the same network. A network is solved after the epoch from
    which on it answers every point correctly, to the end of its training.
    """
    checks.one_of("backend", backend, BACKENDS)
    checks.threads("threads", threads)
    if is_table(data):
        for name in sorted(typed_settings(context, ("points", "noise", "data_seed"))):
            raise InvalidSetting(name, context.params[name], "none of it beside a table")
        given = {name: settings[name] for name in typed_settings(context, settings)}
        if describe:
            describe_table(read_table_problem(data, of_table, given), of_table, given, seeds, json_=json_)
            return
        run = {"seeds": seeds, "backend": backend, "threads": threads}
        train_on_table(data, of_table, given, run, out, json_=json_, rows=rows, plots=plots)
        return
    for name in sorted(typed_settings(context, NAMES)):
        raise InvalidSetting(name, of_table[name], "none of it beside a named data set: it is of tables")
    config, count = Config(**settings), 1 if seeds is None else seeds
    numbers = checks.seed_range(count, config.seed)
    samples = datasets.make(data, points, noise, data_seed)
    about = {"data": data, "points": len(samples.x), "noise": noise, "data_seed": data_seed}
    if describe:
        describe_samples(samples, about, config, count, json_=json_)
        return
    folder = out or Path(f"fnn-{data}")
    # Curves are for the figures; of very many networks a point now and then keeps them in memory.
    every = -(-count * config.epochs // MOST_POINTS) if plots else 0
    with made_folder("out", folder), progress_bar("training", quiet=json_) as update:
        results = fnn.train(
            config, *samples, seeds=numbers, backend=backend, threads=threads, curve_every=every,
            on_progress=update and (lambda now: update(*progress_of(now))),
        )  # fmt: skip
    with at_work(f"writing {folder}: the model and its figures", json_):
        written = _save(folder, results)
        if plots:
            from fnn.plots.run import save_figures

            title = f"{data}, {len(samples.x):,} points" + (f", noise {setting(noise)}" if noise else "")
            written += save_figures(folder, results, samples, title)
    if json_:
        about |= {"backend": backend, "files": [str(path) for path in written]}
        document = report.document(results, about) | ({"rows": result_rows(results)} if rows else {})
        echo(json.dumps(document, allow_nan=False))
        return
    if rows:
        print_rows(result_rows(results))
    for line in report.lines(results, samples):
        echo(line)
    echo(f"trained in {duration(results.seconds)}; wrote {folder}: {', '.join(path.name for path in written)}")


def _save(folder: Path, results: Results) -> list[Path]:
    """Write the networks that did not diverge, where there are any."""
    from fnn.ensembles.model import without_diverged
    from fnn.ensembles.model_file import save_model
    from fnn.ensembles.plain import plain_model

    try:
        model = plain_model(results.config(0), results.layers[0], results.params, results.seeds)
        return [save_model(folder / "model.npz", without_diverged(model))]
    except InvalidSetting:
        return []  # all of them diverged, which is said


def progress_of(now: Progress) -> tuple[float, int, str]:
    """Return how far training is, as the bar wants it."""
    networks = f"{int(now.done):,} of {now.total:,} networks, median " if now.total > 1 else ""
    return now.done, now.total, f"{networks}loss {shown(now.loss)}  accuracy {share(now.accuracy)}"
