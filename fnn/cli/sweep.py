"""`fnn sweep`, and what shows its store: `fnn show`."""

import json
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fnn import data as datasets
from fnn.cli.columns import print_rows, print_table
from fnn.cli.encoding import echo
from fnn.cli.options import (
    AllowMixed,
    Cluster,
    Json,
    Rows,
    Threads,
    data_option,
    listed,
    number,
    rows_option,
    run_option,
    whole,
)
from fnn.cli.table import is_table, plan_on_table, table_options
from fnn.cli.terminal import CommandError, at_work, notice, progress_bar
from fnn.errors import ClusterLost, InvalidSetting
from fnn.files import writable_folder
from fnn.formats import counted, duration, share, size
from fnn.formats import number as shown
from fnn.report import text as report
from fnn.report.runs import store_rows
from fnn.sweeps.grid import several
from fnn.training.train import BACKENDS

if TYPE_CHECKING:
    from fnn.cluster.work import Standing
    from fnn.sweeps.choice import SplitScores
    from fnn.sweeps.run import SweepProgress, Swept

CURVES_HELP = "Of each run's curves; by itself 100, none beyond 100,000 networks."


@table_options
def sweep(
    spec: Annotated[Path | None, typer.Argument(metavar="[SPEC.toml]", help="The options below, as a file.")] = None,
    data: Annotated[str | None, data_option(parser=listed(None), help=f"Any of {', '.join(datasets.DATA)}.")] = None,
    points: Annotated[
        str | None, data_option(parser=listed(whole), help="How many; by itself the data set's own.")
    ] = None,
    noise: Annotated[
        str | None, data_option(parser=listed(number), help="Standard deviation of a shift of each.")
    ] = None,
    data_seed: Annotated[str | None, data_option(parser=listed(whole), help="Seed of the points.")] = None,
    seeds: Annotated[
        int | None,
        run_option(parser=whole, help="Networks of each combination, of seeds from --seed on. [default: 1000]"),
    ] = None,
    seed: Annotated[int | None, run_option(parser=whole, help="Seed of the first; the others follow.")] = None,
    out: Annotated[Path | None, run_option(help="The store, which is made or extended. [default: fnn-DATA.db]")] = None,
    curve_points: Annotated[int | None, run_option(parser=whole, help=CURVES_HELP)] = None,
    backend: Annotated[str | None, run_option(help=f"{', '.join(BACKENDS)}.")] = None,
    threads: Threads = None,
    cluster: Cluster = None,
    allow_mixed: AllowMixed = None,
    json_: Json = False,
    *,
    of_table: dict[str, Any],
    settings: dict[str, Any],
) -> None:
    """Train every combination of settings with many seeds into a store. Run again, it trains what is missing.

    Commas separate alternatives. A seed fixes a network's random start; all combinations have the same seeds. A network
    is solved after the epoch from which on it answers every point correctly, to the end of its training.
    """
    from fnn.cluster.connect import Cluster as ClusterAt
    from fnn.cluster.connect import opened
    from fnn.sweeps.connect import locked, open_store
    from fnn.sweeps.plan import command_line, fits_disk, options, plan, store_path
    from fnn.sweeps.query import count_other_versions, count_runs
    from fnn.sweeps.run import fill
    from fnn.training.train import NUMERICS

    given = {"data": data, "points": points, "noise": noise, "data_seed": data_seed, **settings}
    given |= {"seeds": seeds, "seed": seed, "backend": backend, "threads": threads, "curve_points": curve_points}
    given |= {"out": out and str(out), "cluster": cluster, "allow_mixed": allow_mixed}
    given = options(spec) | {name: value for name, value in given.items() if value is not None}
    to = given.pop("out", None)
    cluster, allow_mixed = given.pop("cluster", None), given.pop("allow_mixed", False)
    of_table = {name: given.pop(name, value) if value is None else value for name, value in of_table.items()}
    try:
        names = [str(name) for name in several("data", given.get("data", "sweep"))]
        planned = plan_on_table(names[0], of_table, given) if len(names) == 1 and is_table(names[0]) else plan(**given)
        for name, value in of_table.items():
            if value is not None and planned.trials[0].samples.part is None:
                raise InvalidSetting(name, value, "none of it beside a named data set: it is of tables")
        path = store_path(f"fnn-{'-'.join(PurePath(name).stem for name in names)}.db" if to is None else to)
        fits_disk(planned, path)
        executor = opened(ClusterAt(cluster, allow_mixed, notice), planned.threads)
    except InvalidSetting as error:
        raise (CommandError(f"{spec}: {error}", 2) if spec else error) from None
    on_table = planned.trials[0].samples.part is not None
    with (
        locked(path, lambda: echo(f"fnn: waiting for another sweep on {path} to end", err=True)),
        open_store(path, create=True) as connection,
    ):
        try:
            with progress_bar("sweeping", quiet=json_) as update:
                report = None if update is None else lambda now: update(*progress_of(now))
                swept, _ = fill(connection, planned, command_line(), report, executor)
        except (KeyboardInterrupt, ClusterLost) as error:
            stored = sum(count_runs(connection, planned.seeds).values())
            again = f"{path} has {stored:,} runs with these seeds; the same command goes on from there"
            lost = isinstance(error, ClusterLost)
            raise CommandError(f"{error if lost else 'interrupted'}: {again}", 1 if lost else 130) from None
        others = count_other_versions(connection, NUMERICS)
        about = {"store": str(path), "bytes": path.stat().st_size, **swept._asdict(), "numerics": NUMERICS}
    if json_:
        echo(json.dumps(about))
        return
    _print_swept(swept, path, others, on_table=on_table)


def _print_swept(swept: "Swept", path: Path, others: Mapping[int, int], *, on_table: bool) -> None:
    """Say what a sweep did; others: how many runs the store has of each other version of the arithmetic."""
    from fnn.training.train import NUMERICS

    echo(f"{swept.total:,} networks: {swept.trained:,} trained, {swept.total - swept.trained:,} were there")
    if swept.trained:
        rate = swept.trained / max(swept.seconds - swept.compile_seconds, 1e-9)
        solved = "" if on_table else f"solved {share(swept.solved / swept.trained)} of those trained, "
        echo(f"{solved}{shown(rate)} networks a second")
    for version, runs in others.items():
        echo(f"{runs:,} runs of version {version} of the arithmetic stay apart: this is version {NUMERICS}")
    echo(f"{path}: {size(path.stat().st_size)} after {duration(swept.seconds)}; see: fnn show {path}")


def progress_of(now: "SweepProgress") -> tuple[float, int, str]:
    """Return how far a sweep is, as the bar wants it."""
    solved = "" if now.solved != now.solved else f"  solved {share(now.solved)}"
    text = f"{int(now.done):,} of {now.total:,} networks  {shown(now.per_second)}/s{solved}{cluster_words(now.cluster)}"
    return now.done, now.total, text


def cluster_words(now: "Standing | None") -> str:
    """Return how a cluster stands, in the words of a bar; nothing of one process."""
    if now is None:
        return ""
    retried = f", {counted(now.retried, 'chunk')} done again" if now.retried else ""
    return f"  {counted(now.workers, 'worker')}{retried}"


Store = Annotated[Path, typer.Argument(metavar="STORE", help="What fnn sweep wrote.")]
Where = Annotated[
    list[str] | None,
    rows_option(help="Only runs with e.g. lr=0.1, optimizer=sgd,adam, lr<1 or seed>=9; may be given several times."),
]


def show(
    path: Store,
    by: Annotated[
        str | None, rows_option(help="Settings to group by, commas between; by itself all that vary.")
    ] = None,
    where: Where = None,
    sort: Annotated[
        str | None, rows_option(help="A setting, or runs, solved, epochs, loss, diverged; - before it turns it round.")
    ] = None,
    metric: Annotated[
        str | None, rows_option(help="Score on what a table's splits held out, by which settings are compared.")
    ] = None,
    plots: Annotated[Path | None, run_option(help="Folder to draw figures into.")] = None,
    json_: Json = False,
    rows: Rows = False,
) -> None:
    """Show what a store says of each combination of settings: a row each, and with --plots figures.

    Solved is the share of networks that answer every point correctly from some epoch on, to the end; epochs are of
    those alone, losses of all networks.
    """
    from fnn.sweeps.choice import read_split_scores
    from fnn.sweeps.conditions import parse_condition
    from fnn.sweeps.connect import open_store
    from fnn.sweeps.query import has_splits, read_runs
    from fnn.sweeps.summaries import summarize_groups

    conditions = [parse_condition(text) for text in where or ()]
    with open_store(path) as connection:
        with at_work(f"reading {path}", json_):
            runs = read_runs(connection, conditions)
        if has_splits(connection) and len(runs.seed):
            found = read_split_scores(connection, runs, metric, by and by.split(","), conditions)
            _show_choice(path, found, store_rows(runs, list(found[1].settings[0])) if rows else [], json_=json_)
            return
        if metric is not None:
            raise InvalidSetting("metric", metric, "none of it where no run is on a split of a table")
        groups = summarize_groups(runs, by.split(",") if by else None, sort)
        if not groups:
            raise CommandError(f"{path}: no runs" + (" that meet --where" if where else " yet"), 2)
        written = []
        if plots:
            from fnn.plots.sweep import save_figures

            folder = writable_folder("plots", plots)
            with at_work(f"drawing into {plots}", json_):
                written = save_figures(folder, connection, runs, groups)
    if json_:
        files = {"files": [str(file) for file in written]} if plots else {}
        document = {"store": str(path), "arms": [report.group_document(s) for s in groups], **files}
        document |= {"rows": store_rows(runs, list(groups[0].group.settings))} if rows else {}
        echo(json.dumps(document, allow_nan=False))
        return
    if rows:
        print_rows(store_rows(runs, list(groups[0].group.settings)))
    print_table(report.group_columns(groups), [report.group_row(s) for s in groups])
    if plots:
        echo(f"wrote {plots}: {', '.join(file.name for file in written)}")


def _show_choice(path: Path, found: "tuple[str, SplitScores]", rows: list[dict[str, Any]], *, json_: bool) -> None:
    """Show settings compared over splits of a table, the best first."""
    from fnn.report.choice import ModelChoice, choice_columns, choice_document, choice_rows, undecided_line
    from fnn.sweeps.choice import compare

    name, scores = found
    choice = ModelChoice(name, scores.settings, scores.runs, scores.values.shape[1], compare(name, scores))
    if json_:
        document = {"store": str(path), **choice_document(choice), **({"rows": rows} if rows else {})}
        echo(json.dumps(document, allow_nan=False))
        return
    print_rows(rows)
    print_table(choice_columns(choice), choice_rows(choice))
    echo(undecided_line(choice))
