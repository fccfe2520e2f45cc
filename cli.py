"""The command line: each command parses, calls the library and shows; it holds no mathematics.

Matplotlib, Rich's progress and whatever else is slow to import is imported where it is used, so that help is instant.
"""

import inspect
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import Field, fields
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TextIO, TypeVar, get_args, get_origin, get_type_hints

import typer

import fnn
from fnn import data as datasets
from fnn import report
from fnn.config import Config
from fnn.errors import InvalidSetting, one_of
from fnn.files import writable_folder
from fnn.model import save_model
from fnn.train import BACKENDS, Progress

T = TypeVar("T")

MOST_POINTS = 20_000_000

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)


def config_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for every field of Config; it receives their values as the dict `settings`."""
    signature = inspect.signature(command, eval_str=True)
    own = [p for p in signature.parameters.values() if p.name != "settings"]
    hints = get_type_hints(Config)
    options = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=_as_word(field.default),
            annotation=_option(field, hints[field.name]),
        )
        for field in fields(Config)
    ]

    def run(**values: Any) -> None:
        command(settings={f.name: values.pop(f.name) for f in fields(Config)}, **values)

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


def _option(field: Field[Any], hint: Any) -> Any:
    """Return the annotation of the option for a field of that type; Config checks what is parsed."""
    kinds = {hint, *get_args(hint)} if get_origin(hint) is not tuple else set()
    parser = whole if int in kinds else number if float in kinds else None
    meta = field.metadata
    return Annotated[
        hint if parser else str, typer.Option(parser=parser, help=meta["help"], rich_help_panel=meta["panel"])
    ]


def _as_word(default: Any) -> Any:
    """Return a default as the shell would say it: widths with x between them."""
    return "x".join(map(str, default)) if isinstance(default, tuple) else default


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
    with _progress(quiet=json_) as tell:
        results = fnn.train(
            config, *samples, seeds=numbers, backend=backend, threads=threads, curve_every=every, on_progress=tell
        )
    written = [save_model(folder / "model.npz", results)]
    if plots:
        from fnn.plots import save_figures

        written += save_figures(folder, results, samples)
    if json_:
        about = {"data": data, "points": len(samples.x), "noise": noise, "data_seed": data_seed, "backend": backend}
        about["files"] = [str(path) for path in written]
        typer.echo(json.dumps(report.document(results, about), allow_nan=False))
        return
    for line in report.lines(results, samples):
        typer.echo(line)
    typer.echo(f"trained in {results.seconds:.2g} s; wrote {folder}: {', '.join(path.name for path in written)}")


@app.command()
def bench(
    peers: Annotated[bool, of_run("--peers", help="Against everything installed, and not the house alone.")] = False,
    work: Annotated[str | None, of_run(help="What to measure, with commas between; by itself all of it.")] = None,
    runs: Annotated[int, of_run(parser=whole, help="Timed runs of each contender, at least 5.")] = 5,
    seed: Annotated[int, of_run(parser=whole, help="Seed of the order they come in.")] = 0,
    threads: Annotated[int | None, of_run(parser=whole, help="By itself one a processor.")] = None,
    cap: Annotated[float | None, of_run(parser=number, help="Most seconds for a row; by itself 20, or 120.")] = None,
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


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[Progress], None] | None]:
    """Show a bar on stderr while training, if that is a terminal; give what is to be told of it."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("training"),
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

        def tell(now: Progress) -> None:
            late.cancel()
            who = f"{int(now.done)} of {now.total} networks, median " if now.total > 1 else ""
            text = f"{who}loss {now.loss:.2e}  accuracy {now.accuracy:.3f}"
            bar.update(task, total=now.total, completed=now.done, description=text)

        try:
            yield tell
        finally:
            late.cancel()


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
    except OSError as error:
        return _fail(str(error), 1)


def _fail(message: str, code: int) -> int:
    print("fnn:", " ".join(message.split()), file=sys.stderr)
    return code


if __name__ == "__main__":
    main()
