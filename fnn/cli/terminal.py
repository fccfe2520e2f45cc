"""What a person sees: tables, a progress bar, a line that changes, and the one line of a command that failed."""

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

import typer

Update = Callable[[float, int | None, str], None]


class CommandError(typer.TyperException):
    """A command that ends early: the line that says why, and the exit code."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
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


def print_lines(lines: Callable[..., Iterator[str]]) -> Callable[..., None]:
    """Return a function that prints these lines, and an empty one if there are any."""

    def show(*about: Any) -> None:
        text = list(lines(*about))
        if text:
            typer.echo("\n".join((*text, "")))

    return show


@contextmanager
def status_line(stream: TextIO) -> Iterator[Callable[[str, str], None]]:
    """Show what goes on in one line that changes, if the stream is a terminal, else nothing."""
    if not stream.isatty():
        yield lambda _what, _who: None
        return
    from rich.console import Console

    spinner = "dots" if stream.encoding.lower().startswith("utf") else "line"
    with Console(file=stream).status("", spinner=spinner) as status:
        yield lambda what, who: status.update(f"{what}: {who}")


@contextmanager
def progress_bar(word: str, quiet: bool) -> Iterator[Update | None]:
    """Show a bar on stderr while training, if that is a terminal; give what takes done, total (if known) and text."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn(word),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.description}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=None)
        # From Numba's cache the kernel is there in half a second.
        late = threading.Timer(1.5, bar.print, ["compiling the kernel, once for this machine and precision …"])
        late.start()

        def update(done: float, total: int | None, text: str) -> None:
            late.cancel()
            bar.update(task, total=total, completed=done, description=text)

        try:
            yield update
        finally:
            late.cancel()
