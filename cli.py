"""The command line: each command parses, calls the library and shows; it holds no mathematics.

Matplotlib, Rich's progress and whatever else is slow to import is imported where it is used, so that help is instant.
"""

import inspect
import json
import os
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import Field, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO, TypeVar, get_args, get_origin, get_type_hints

import typer

import fnn
from fnn import data as datasets
from fnn.config import SEED, Config
from fnn.errors import InvalidSetting, one_of
from fnn.files import writable_folder
from fnn.report import text as report
from fnn.sweeps.grid import several
from fnn.training.model import save_model
from fnn.training.progress import Progress
from fnn.training.train import BACKENDS

if TYPE_CHECKING:
    from fnn.sweeps.run import SweepProgress

T = TypeVar("T")

MOST_POINTS = 20_000_000

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)


def config_options(command: Callable[..., None], *, several: bool = False) -> Callable[..., None]:
    """Give a command an option for every field of Config; it receives their values as the dict `settings`.

    several: each but the seed takes alternatives with commas between; `settings` has a list for each that is given.
    """
    signature = inspect.signature(command, eval_str=True)
    own = [p for p in signature.parameters.values() if p.name != "settings"]
    hints = get_type_hints(Config)
    chosen = [field for field in fields(Config) if field.name not in signature.parameters]
    options = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None if several else _as_word(field.default),
            annotation=_option(field, hints[field.name], several),
        )
        for field in chosen
    ]

    def run(**values: Any) -> None:
        settings = {field.name: values.pop(field.name) for field in chosen}
        given = {name: value for name, value in settings.items() if value is not None}
        command(settings=given if several else settings, **values)

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__signature__ = signature.replace(parameters=[*own, *options])  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in (*own, *options)}
    return run


def whole(text: str) -> int:
    """Parse a whole number; what is wrong is said in the words of the other messages."""
    return _parsed(int, text, "a whole number")


def number(text: str) -> float:
    """Parse a number."""
    return _parsed(float, text, "a number")


def _parsed(parse: Callable[[str], T], text: str, expected: str) -> T:
    try:
        return parse(text)
    except ValueError:
        raise typer.BadParameter(f"got {text!r}; expected {expected}") from None


def listed(parser: Callable[[str], Any] | None) -> Callable[[str], list[Any]]:
    """Return a parser of alternatives with commas between."""
    return lambda text: [parser(word) if parser else word for word in text.split(",")]


def _option(field: Field[Any], hint: Any, several: bool) -> Any:
    """Return the annotation of the option for a field of that type; Config checks what is parsed."""
    kinds = {hint, *get_args(hint)} if get_origin(hint) is not tuple else set()
    parser = whole if int in kinds else number if float in kinds else None
    meta = field.metadata
    if several:
        text = f"{meta['help']} [default: {_as_word(field.default)}]" if field.default is not None else meta["help"]
        return Annotated[
            str | None,
            typer.Option(parser=listed(parser), metavar="A,B,…", help=text, rich_help_panel=meta["panel"]),
        ]
    return Annotated[
        hint if parser else str, typer.Option(parser=parser, help=meta["help"], rich_help_panel=meta["panel"])
    ]


def _as_word(default: Any) -> Any:
    """Return a default as the shell would say it: widths with x between them."""
    return "x".join(map(str, default)) if isinstance(default, tuple) else default


several_options = partial(config_options, several=True)
of_data, of_run = partial(typer.Option, rich_help_panel="Data"), partial(typer.Option, rich_help_panel="Run")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"fnn {fnn.__version__}")
        raise typer.Exit


@app.callback()
def fnn_(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
) -> None:
    """Train thousands of small neural networks at once, from scratch; say with error bars what is true of them."""


@app.command()
@config_options
def train(
    data: Annotated[str, of_data(help=f"{', '.join(datasets.DATA)}.")],
    points: Annotated[int | None, of_data(parser=whole, help="How many; by itself the data set's own.")] = None,
    noise: Annotated[float, of_data(parser=number, help="Standard deviation of a shift of each point.")] = 0.0,
    data_seed: Annotated[int, of_data(parser=whole, help="Seed of the points.")] = datasets.SEED,
    seeds: Annotated[int, of_run(parser=whole, help="How many networks, of seeds that follow --seed.")] = 1,
    backend: Annotated[str, of_run(help=f"{', '.join(BACKENDS)}.")] = BACKENDS[0],
    threads: Annotated[int | None, of_run(parser=whole, help="Of the kernel; by itself one a processor.")] = None,
    out: Annotated[Path | None, of_run(help="Folder to write to; by itself fnn-DATA.")] = None,
    json_: Annotated[bool, of_run("--json", help="Print one JSON document and nothing else.")] = False,
    plots: Annotated[bool, of_run("--plots/--no-plots", help="Draw the figures.")] = True,
    *,
    settings: dict[str, Any],
) -> None:
    """Train a network from scratch, or a stack of them, and show what became of it."""
    config = Config(**settings)
    if not 1 <= seeds <= 2**63 - config.seed:
        raise InvalidSetting("seeds", seeds, "a whole number of at least 1, with --seed no more than 2^63")
    one_of("backend", backend, BACKENDS)
    if threads is not None and threads < 1:
        raise InvalidSetting("threads", threads, "a whole number of at least 1")
    samples = datasets.make(data, points, noise, data_seed)
    folder = writable_folder("out", out or Path(f"fnn-{data}"))
    numbers = range(config.seed, config.seed + seeds)
    # Curves are for the figures; of very many networks a point now and then keeps them in memory.
    every = -(-seeds * config.epochs // MOST_POINTS) if plots else 0
    with _progress("training", quiet=json_) as tell:
        results = fnn.train(
            config, *samples, seeds=numbers, backend=backend, threads=threads, curve_every=every,
            on_progress=tell and (lambda now: tell(*train_words(now))),
        )  # fmt: skip
    written = [save_model(folder / "model.npz", results)]
    if plots:
        from fnn.plots.run import save_figures

        written += save_figures(folder, results, samples)
    if json_:
        about = {"data": data, "points": len(samples.x), "noise": noise, "data_seed": data_seed, "backend": backend}
        about["files"] = [str(path) for path in written]
        typer.echo(json.dumps(report.document(results, about), allow_nan=False))
        return
    for line in report.lines(results, samples):
        typer.echo(line)
    typer.echo(f"trained in {results.seconds:.2g} s; wrote {folder}: {', '.join(path.name for path in written)}")


class Ended(typer.TyperException):
    """A command that ended early, with what to say of it."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@app.command()
@several_options
def sweep(
    spec: Annotated[Path | None, typer.Argument(metavar="[SPEC.toml]", help="The options below, as a file.")] = None,
    data: Annotated[str | None, of_data(parser=listed(None), help=f"Any of {', '.join(datasets.DATA)}.")] = None,
    points: Annotated[str | None, of_data(parser=listed(whole), help="How many; by itself the data set's own.")] = None,
    noise: Annotated[str | None, of_data(parser=listed(number), help="Standard deviation of a shift of each.")] = None,
    data_seed: Annotated[str | None, of_data(parser=listed(whole), help="Seed of the points.")] = None,
    seeds: Annotated[int | None, of_run(parser=whole, help="Networks of each combination. [default: 1000]")] = None,
    seed: Annotated[int | None, of_run(parser=whole, help="Seed of the first; the others follow.")] = None,
    out: Annotated[Path | None, of_run(help="The store, which is made or extended. [default: fnn-DATA.db]")] = None,
    curve_points: Annotated[
        int | None, of_run(parser=whole, help="Of each run's curves; by itself 100, none beyond 100,000 networks.")
    ] = None,
    backend: Annotated[str | None, of_run(help=f"{', '.join(BACKENDS)}.")] = None,
    threads: Annotated[int | None, of_run(parser=whole, help="Of the kernel; by itself one a processor.")] = None,
    json_: Annotated[bool, of_run("--json", help="Print one JSON document and nothing else.")] = False,
    *,
    settings: dict[str, Any],
) -> None:
    """Train settings × seeds into a store; commas separate alternatives. Run again, it trains what is missing."""
    from contextlib import closing

    from fnn.sweeps import store
    from fnn.sweeps.run import command_line, fill, options, plan

    given = {"data": data, "points": points, "noise": noise, "data_seed": data_seed, **settings}
    given |= {"seeds": seeds, "seed": seed, "backend": backend, "threads": threads, "curve_points": curve_points}
    given["out"] = out and str(out)
    asked = options(spec) | {name: value for name, value in given.items() if value is not None}
    path = Path(asked.pop("out", None) or f"fnn-{'-'.join(several('data', asked.get('data', 'sweep')))}.db")
    try:
        wanted = plan(**asked)
    except InvalidSetting as error:
        raise (Ended(f"{spec}: {error}", 2) if spec else error) from None
    if not path.parent.is_dir():
        raise InvalidSetting("out", str(path), "a file in a folder that is there")
    with (
        store.alone(path, lambda: typer.echo(f"fnn: waiting for another sweep on {path} to end", err=True)),
        closing(store.opened(path, create=True)) as connection,
    ):
        try:
            with _progress("sweeping", quiet=json_) as tell:
                swept, _ = fill(connection, wanted, command_line(), tell and (lambda now: tell(*sweep_words(now))))
        except KeyboardInterrupt:
            there = sum(store.counts(connection, wanted.seeds).values())
            again = "the same command goes on from there"
            raise Ended(f"interrupted: {path} has {there:,} runs with these seeds; {again}", 130) from None
        about = {"store": str(path), "bytes": path.stat().st_size, **swept._asdict()}
    if json_:
        typer.echo(json.dumps(about))
        return
    typer.echo(f"{swept.total:,} networks: {swept.trained:,} trained, {swept.total - swept.trained:,} were there")
    if swept.trained:
        rate = swept.trained / max(swept.seconds - swept.compile_seconds, 1e-9)
        typer.echo(f"solved {swept.solved / swept.trained:.1%} of those trained, {rate:,.0f} networks a second")
    typer.echo(f"{path}: {about['bytes'] / 1e6:,.1f} MB after {swept.seconds:.2g} s; see: fnn show {path}")


def sweep_words(now: "SweepProgress") -> tuple[float, int, str]:
    """Return how far a sweep is, as the bar wants it."""
    solved = "" if now.solved != now.solved else f"  solved {now.solved:.1%}"
    text = f"{int(now.done):,} of {now.total:,} networks  {now.per_second:,.0f}/s{solved}"
    return now.done, now.total, text


of_rows = partial(typer.Option, rich_help_panel="Rows")
Where = Annotated[
    list[str] | None,
    of_rows(help="Only runs with e.g. lr=0.1, optimizer=sgd,adam, lr<1 or seed>=9; may be given several times."),
]


@app.command()
def show(
    path: Annotated[Path, typer.Argument(metavar="STORE", help="What fnn sweep wrote.")],
    by: Annotated[str | None, of_rows(help="Settings to group by, commas between; by itself all that vary.")] = None,
    where: Where = None,
    sort: Annotated[
        str | None, of_rows(help="A setting, or runs, solved, epochs, loss, diverged; - before it turns it round.")
    ] = None,
    plots: Annotated[Path | None, of_run(help="Folder to draw figures into.")] = None,
    json_: Annotated[bool, of_run("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Show what a store says of each combination of settings: a row each, and with --plots figures."""
    from contextlib import closing

    from fnn.sweeps import store
    from fnn.sweeps import summaries as arms

    with closing(store.opened(path)) as connection:
        runs = store.read(connection, [store.condition(text) for text in where or ()])
        found = arms.summaries(runs, by.split(",") if by else None, sort)
        if not found:
            raise Ended(f"{path}: no runs" + (" that meet --where" if where else " yet"), 2)
        written = []
        if plots:
            from fnn.plots.sweep import save_figures

            written = save_figures(writable_folder("plots", plots), connection, runs, found)
    if json_:
        files = {"files": [str(file) for file in written]} if plots else {}
        typer.echo(json.dumps({"store": str(path), "arms": [report.arm(s) for s in found], **files}, allow_nan=False))
        return
    _table(report.columns(found), [report.row(s) for s in found])
    if plots:
        typer.echo(f"wrote {plots}: {', '.join(file.name for file in written)}")


@app.command()
def export(
    path: Annotated[Path, typer.Argument(metavar="STORE", help="What fnn sweep wrote.")],
    to: Annotated[Path, of_run(help="A file that ends in .csv, .parquet or .npz.")],
    where: Where = None,
) -> None:
    """Write a store's runs, a row each, as CSV, Parquet or arrays."""
    from contextlib import closing

    from fnn.sweeps import store
    from fnn.sweeps.export import export

    with closing(store.opened(path)) as connection:
        count = export(connection, to, [store.condition(text) for text in where or ()])
    typer.echo(f"{to}: {count:,} runs, {to.stat().st_size / 1e6:,.1f} MB")


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: as wide as the terminal, or as it needs to be where there is none."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 10_000, highlight=False, soft_wrap=False)
    table = Table(box=box.SIMPLE_HEAD if sys.stdout.isatty() else None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, justify="left", no_wrap=not sys.stdout.isatty())
    for row in rows:
        table.add_row(*row)
    with console.capture() as printed:
        console.print(table)
    typer.echo("\n".join(line.rstrip() for line in printed.get().strip("\n").split("\n")))


@app.command()
def study(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE.toml", help="lab, xor-literature, or one of your own.")],
    seeds: Annotated[int, of_run(parser=whole, help="Networks of each arm, of seeds that all arms share.")] = 1000,
    seed: Annotated[int, of_run(parser=whole, help="Seed of the first; the others follow.")] = SEED,
    multiverse: Annotated[
        bool, of_run("--multiverse", help="Test each claim under every combination of its nuisance settings too.")
    ] = False,
    threads: Annotated[int | None, of_run(parser=whole, help="Of the kernel; by itself one a processor.")] = None,
    out: Annotated[Path | None, of_run(help="Folder to write to; by itself fnn-study-NAME.")] = None,
    json_: Annotated[bool, of_run("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Test claims over many seeds: verdicts with their evidence, figures, and one page to read."""
    folder = out or Path(f"fnn-study-{Path(name).stem}")
    try:
        with _progress("studying", quiet=json_) as tell:
            found = fnn.study(
                name, seeds=seeds, seed=seed, multiverse=multiverse, out=folder, threads=threads, on_progress=tell
            )
    except InvalidSetting as error:
        raise (Ended(str(error), 2) if ", line " in error.name else error) from None
    if json_:
        typer.echo(json.dumps(found, allow_nan=False))
        return
    for columns, rows in report.verdicts(found):
        _table(columns, rows)
    typer.echo(f"{report.verdict_counts(found)}; {found['seeds']['count']:,} seeds, {found['seconds']:.3g} s")
    names = [figure["file"] for figure in found["figures"].values()]
    typer.echo(f"wrote {folder}: {', '.join([*names, 'verdicts.json'])}")
    typer.echo(f"read {folder / 'index.html'}")


@app.command()
def bench(
    peers: Annotated[bool, of_run("--peers", help="Against everything installed, and not the house alone.")] = False,
    work: Annotated[str | None, of_run(help="What to measure, with commas between; by itself all of it.")] = None,
    runs: Annotated[int, of_run(parser=whole, help="Timed runs of each contender, at least 5.")] = 5,
    seed: Annotated[int, of_run(parser=whole, help="Seed of the order they come in.")] = 0,
    threads: Annotated[int | None, of_run(parser=whole, help="By itself one a processor.")] = None,
    cap: Annotated[float | None, of_run(parser=number, help="Most seconds for a row; by itself 6, or 120.")] = None,
    networks: Annotated[int | None, of_run(parser=whole, help="Most networks of a stack, to try it out.")] = None,
    csv: Annotated[Path | None, of_run(help="File for the rows, as CSV.")] = None,
    out: Annotated[Path | None, of_run(help="Folder for results.json and the figures.")] = None,
    json_: Annotated[bool, of_run("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Measure how fast this machine trains networks, and than what: agreement first, then time."""
    from bench import suite, tables

    names = suite.names_of(work)
    settings: dict[str, Any] = {"runs": runs, "seed": seed, "threads": threads, "cap": cap, "networks": networks}
    suite.check(**settings)
    folder = writable_folder("out", out) if out else None
    if csv:
        writable_folder("csv", csv.parent)
    with _saying(sys.stderr) as tell:
        watch = suite.Watch(tell) if json_ else suite.Watch(tell, _echo(tables.head_lines), _echo(tables.case_lines))
        found = suite.run(names, peers=peers, **settings, watch=watch)
    written = suite.save(found, folder, csv)
    if json_:
        typer.echo(json.dumps(tables.document(found), allow_nan=False))
        return
    _echo(tables.closing_lines)(found.rows)
    _echo(tables.check_lines)(found.checks)
    if written:
        typer.echo(f"wrote {', '.join(map(str, written))}")


def _echo(lines: Callable[..., Iterator[str]]) -> Callable[..., None]:
    """Return a function that prints these lines, and an empty one if there are any."""

    def show(*about: Any) -> None:
        said = list(lines(*about))
        if said:
            typer.echo("\n".join((*said, "")))

    return show


@contextmanager
def _saying(stream: TextIO) -> Iterator[Callable[[str, str], None]]:
    """Say what goes on: in one line that changes, if the stream is a terminal, else nothing."""
    if not stream.isatty():
        yield lambda _what, _who: None
        return
    from rich.console import Console

    with Console(file=stream).status("") as status:
        yield lambda what, who: status.update(f"{what}: {who}")


Tell = Callable[[float, int, str], None]


@contextmanager
def _progress(word: str, quiet: bool) -> Iterator[Tell | None]:
    """Show a bar on stderr while training, if that is a terminal; give what is to be told: done, total and text."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn(word),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.description}"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=None)
        # From Numba's cache the kernel is there in half a second.
        late = threading.Timer(1.5, bar.print, ["compiling the kernel, once for this machine and precision …"])
        late.start()

        def tell(done: float, total: int, text: str) -> None:
            late.cancel()
            bar.update(task, total=total, completed=done, description=text)

        try:
            yield tell
        finally:
            late.cancel()


def train_words(now: Progress) -> tuple[float, int, str]:
    """Return how far training is, as the bar wants it."""
    who = f"{int(now.done)} of {now.total} networks, median " if now.total > 1 else ""
    return now.done, now.total, f"{who}loss {now.loss:.2e}  accuracy {now.accuracy:.3f}"


def main() -> None:
    """Run the command line and exit: 0 done, 2 bad input, 130 interrupted, 1 anything else that went wrong."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code. What went wrong is one line on stderr."""
    try:
        code = app(list(arguments), prog_name="fnn", standalone_mode=False) or 0
        sys.stdout.flush()
        return _fail("interrupted", 130) if code == 130 else code  # Typer turns Ctrl-C into this code
    except InvalidSetting as error:
        return _fail(f"--{str(error).replace('_', '-', error.name.count('_'))}", 2)
    except typer.TyperException as error:
        return _fail(error.format_message(), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _fail("interrupted", 130)
    except BrokenPipeError:
        # Who read the output has gone; nothing is left to say, nor at exit to flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (OSError, sqlite3.Error) as error:
        kept = "; what was committed to the store is kept" if isinstance(error, sqlite3.Error) else ""
        return _fail(f"{error}{kept}", 1)


def _fail(message: str, code: int) -> int:
    print("fnn:", " ".join(message.split()), file=sys.stderr)
    return code


if __name__ == "__main__":
    main()
