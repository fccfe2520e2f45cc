"""Whole processes: start-up, and a thousand seeds from the shell prompt to the summary."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import fnn

from .run import APART, MEASURED, NOT_INSTALLED, SKIPPED, Method, Row, agree, compared
from .timing import in_rounds, quartiles, seconds_of

SCRIPTS = Path(__file__).with_name("scripts")
SEEDS = 1000
# A process's first run is waited for this many times the cap: how long it took is told even where it is not timed.
PATIENCE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A process to time. words: after `python`; module: what it needs, None for fnn; cold: with an empty cache."""

    name: str
    title: str
    words: tuple[str, ...]
    module: str | None = None
    cold: bool = False


def _fnn(name: str, title: str, line: str, cold: bool = False) -> Command:
    return Command(name=name, title=title, words=("-m", "fnn", *line.split()), cold=cold)


def _import(module: str) -> Command:
    name = "scikit-learn" if module.startswith("sklearn") else module
    words = ("-c", f"import {module}")
    return Command(name=f"import {name}", title=f"import {module}", words=words, module=module.partition(".")[0])


def _script(name: str, title: str, module: str) -> Command:
    return Command(name=name, title=title, words=(str(SCRIPTS / f"{name}.py"), str(SEEDS)), module=module)


START = (
    _fnn("fnn", "fnn train --data linear", "train --data linear --no-plots"),
    _fnn("fnn-cold", "the same, compiling first", "train --data linear --no-plots", cold=True),
    _fnn("fnn-numpy", "the same, --backend numpy", "train --data linear --no-plots --backend numpy"),
    _fnn("fnn-help", "fnn --help", "--help"),
    Command(name="python", title="python -c pass", words=("-c", "pass")),
    *(_import(module) for module in ("numpy", "numba", "jax", "torch", "sklearn.neural_network")),
)
SWEEP = (
    _fnn("fnn", "fnn train --seeds 1000", f"train --data xor --seeds {SEEDS} --no-plots --dtype float32"),
    _fnn("fnn-cold", "the same, compiling first", f"train --data xor --seeds {SEEDS} --no-plots --dtype float32", True),
    _script("sweep_jax", "JAX script: vmap + scan + jit", "jax"),
    _script("sweep_torch", "PyTorch script: stacked", "torch"),
    _script("sweep_torch_loop", "PyTorch script: a loop", "torch"),
)
PROCESSES = {"start": ("start-up", START), "sweep": (f"{SEEDS:,} seeds from the shell", SWEEP)}
OWN = ("fnn", "fnn-cold", "fnn-numpy", "fnn-help", "python", "import numpy", "import numba")

# What the summary of a sweep says, `fnn`'s and the scripts' alike.
SOLVED = re.compile(r"solved +(\d+) of (\d+)")


def _environment(cache: str | None) -> dict[str, str]:
    """Return an environment in which the child finds this very `fnn`, and Numba a cache of its own where asked."""
    home = str(Path(fnn.__file__).parents[1])
    path = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH", ""))))
    return os.environ | {"PYTHONPATH": path} | ({"NUMBA_CACHE_DIR": cache} if cache else {})


def runner(command: Command, most: float | None = None) -> Callable[[], str]:
    """Return a function that runs the process in an empty folder and gives what it prints.

    It raises RuntimeError with the end of stderr where the process fails, TimeoutExpired after `most` seconds.
    """

    def run() -> str:
        with TemporaryDirectory(prefix="fnn-bench-") as folder:
            done = subprocess.run(
                [sys.executable, *command.words], cwd=folder, capture_output=True, text=True, check=False, timeout=most,
                env=_environment(f"{folder}/cache" if command.cold else None),
            )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{command.title}: {done.stderr.strip().rpartition(chr(10))[2]}")
        return done.stdout

    return run


def _read(row: Row, printed: str) -> Row:
    match = SOLVED.search(printed)
    if not match:
        return row
    solved, networks = map(int, match.groups())
    return replace(row, networks=networks, solved=solved / networks, interval=list(fnn.wilson(solved, networks)))


def measure_processes(work: str, peers: bool, method: Method, tell: Callable[[str], None]) -> list[Row]:
    """Return a row for each process; `fnn`, which the others are compared with, is the first."""
    what, commands = PROCESSES[work]
    rows: dict[str, Row] = {}
    ready: dict[str, Callable[[], Any]] = {}
    for command in commands:
        if not (peers or command.name in OWN) or (command.cold and work == "sweep" and not peers):
            continue  # how long compiling takes is told once
        row = Row(work=work, what=what, at=0, dtype=None, contender=command.name, title=command.title, status=MEASURED)
        if command.module and find_spec(command.module) is None:
            rows[command.name] = replace(row, status=NOT_INSTALLED, note=f"No module named {command.module!r}")
            continue
        tell(command.title)
        trial, printed = runner(command, PATIENCE * method.cap), [""]
        try:
            first = seconds_of(lambda trial=trial, printed=printed: printed.append(trial()))  # type: ignore[misc]
        except subprocess.TimeoutExpired as late:
            rows[command.name] = replace(row, status=SKIPPED, note=f"one run takes more than {late.timeout:g} s")
            continue
        row = _read(replace(row, first=first), printed[-1])
        if first * method.runs > method.cap:
            row = replace(row, status=SKIPPED, note=f"one run takes {first:,.1f} s")
        elif row.interval and not agree(rows.get("fnn", row), row, solvable=True):
            row = replace(row, status=APART, note="its networks are not those of fnn")
        else:
            ready[command.name] = runner(command)
        rows[command.name] = row
    once = dict.fromkeys(ready, 1)
    taken = in_rounds(ready, once, (), method.runs, method.seed, lambda name: tell(rows[name].title))
    for name, seconds in taken.items():
        rows[name] = replace(rows[name], seconds=quartiles(seconds), runs=len(seconds))
    return compared(list(rows.values()))
