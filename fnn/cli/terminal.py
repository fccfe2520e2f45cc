"""What a person sees beside tables: a progress bar, a line that changes, and the one line of a command that failed."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

import typer

from fnn.cli.encoding import echo

Update = Callable[[float, int | None, str], None]


class CommandError(typer.TyperException):
    """A command that ends early: the line that says why, and the exit code."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def notice(line: str) -> None:
    """Say something in one line on stderr, also above a bar."""
    echo(f"fnn: {' '.join(line.split())}", err=True)


def print_lines(lines: Callable[..., Iterator[str]]) -> Callable[..., None]:
    """Return a function that prints these lines, and an empty one if there are any."""

    def show(*about: Any) -> None:
        text = list(lines(*about))
        if text:
            echo("\n".join((*text, "")))

    return show


@contextmanager
def status_line(stream: TextIO) -> Iterator[Callable[[str, str], None]]:
    """Show what goes on in one line that changes, if the stream is a terminal, else nothing."""
    if not stream.isatty():
        yield lambda _what, _who: None
        return
    from rich.console import Console

    with Console(file=stream).status("", spinner=_spinner(stream)) as status:
        yield lambda what, who: status.update(f"{what}: {who}")


def _spinner(stream: TextIO) -> str:
    return "dots" if stream.encoding.lower().startswith("utf") else "line"


@contextmanager
def at_work(word: str, quiet: bool) -> Iterator[None]:
    """Say on stderr what is done meanwhile, if that is a terminal: drawing, reading and writing may take long."""
    if quiet or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(f"{word} …", spinner=_spinner(sys.stderr)):
        yield


@contextmanager
def progress_bar(word: str, quiet: bool) -> Iterator[Update | None]:
    """Show a bar on stderr while training, if that is a terminal; give what takes done, total (if known) and text.

    Where less is done than before another stage has begun, and the time that is left is estimated anew.
    """
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn(word),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=None)
        # From Numba's cache the kernel is there in half a second.
        late = threading.Timer(1.5, bar.print, ["compiling the kernel, once for this machine and precision …"])
        late.start()

        def update(done: float, total: int | None, text: str) -> None:
            late.cancel()
            if done < bar.tasks[0].completed:
                bar.reset(task)
            bar.update(task, total=total, completed=done, description=text)

        try:
            yield update
        finally:
            late.cancel()
