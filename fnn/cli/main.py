"""The door: all commands under one name, what may go wrong as one line on stderr, and an exit code."""

import os
import sqlite3
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

import fnn
from fnn.cli import encoding, messages
from fnn.cli.bench import bench
from fnn.cli.export import export
from fnn.cli.options import config_options, several_options
from fnn.cli.play import play
from fnn.cli.predict import predict
from fnn.cli.study import study
from fnn.cli.sweep import show, sweep
from fnn.cli.train import train
from fnn.errors import InvalidSetting

app = typer.Typer(pretty_exceptions_enable=False)


def _version(wanted: bool) -> None:
    if wanted:
        encoding.echo(f"fnn {fnn.__version__}")
        raise typer.Exit


@app.callback()
def fnn_(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
) -> None:
    """Train thousands of small neural networks at once, from scratch; say with error bars what is true of them.

    Networks differ by their seed, which fixes the random start: one seed may fail where the next succeeds.
    """


# In the order in which help lists them.
for _command in (
    config_options(train), config_options(play), predict, several_options(sweep), show, export, study, bench,
):  # fmt: skip
    app.command()(_command)


def main() -> None:
    """Run the command line and exit: 0 done, 2 bad input, 130 interrupted, 1 anything else that went wrong."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code. What went wrong is one line on stderr; no command at all is help."""
    for stream in (sys.stdout, sys.stderr):
        encoding.prepare(stream)
    door = typer.main.get_command(app)
    words = list(arguments) or ["--help"]
    parameters = getattr(door.commands.get(words[0], door), "params")  # type: ignore[attr-defined]  # noqa: B009
    encoding.plain_help(door, getattr(sys.stdout, "encoding", None))
    try:
        code = door(words, prog_name="fnn", standalone_mode=False) or 0
        sys.stdout.flush()
        return _fail("interrupted", 130) if code == 130 else code  # Typer turns Ctrl-C into this code
    except InvalidSetting as error:
        return _fail(messages.setting_message(error, parameters, words), 2)
    except typer.TyperException as error:
        return _fail(messages.usage_message(error, parameters), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _fail("interrupted", 130)
    except BrokenPipeError:
        # Who read the output has gone; nothing is left to say, nor at exit to flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (OSError, MemoryError, sqlite3.Error) as error:
        return _fail(messages.system_message(error), 1)


def _fail(message: str, code: int) -> int:
    print("fnn:", " ".join(message.split()), file=sys.stderr)
    return code
