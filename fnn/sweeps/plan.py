"""What a sweep is asked for: settings, seeds and how to train, from Python's arguments or a TOML file, checked."""

import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from shutil import disk_usage
from typing import Any, NamedTuple

from fnn import checks
from fnn.config import SEED
from fnn.data.samples import Samples
from fnn.errors import InvalidSetting
from fnn.formats import size
from fnn.network.labels import read_labels
from fnn.sweeps import grid
from fnn.sweeps.grid import Trial
from fnn.training.memory import curve_length, most_seeds, network_bytes
from fnn.training.train import BACKENDS

# Points of each run's curves, unless a sweep is so large that they would fill the disk.
POINTS, MANY = 100, 100_000
# Most networks of a chunk, and most bytes of their weights and curves.
CHUNK, CHUNK_BYTES = 2**16, 2**28
# Bytes of a run's row in a store, beside its curves.
ROW_BYTES = 60


class Plan(NamedTuple):
    """What to train and how. points: of each run's curves, 0 for none; chunk: most networks trained at a time."""

    trials: Sequence[Trial]
    seeds: range
    backend: str = BACKENDS[0]
    threads: int | None = None
    points: int = POINTS
    chunk: int = CHUNK

    @property
    def total(self) -> int:
        """Networks in all."""
        return len(self.trials) * len(self.seeds)

    @property
    def network_bytes(self) -> int:
        """What a network takes while it waits to be written, of the trial whose networks take most."""
        return max(
            network_bytes(
                t.config, t.samples.inputs, t.samples.outputs,
                curve_length(t.config.epochs, curve_every(t.config.epochs, self.points)),
                held_out=bool(t.samples.part and t.samples.part.held_out),
            )
            for t in self.shapes
        )  # fmt: skip

    @property
    def at_once(self) -> int:
        """Most networks that are trained at a time, at least one."""
        return max(1, min(self.chunk, CHUNK_BYTES // self.network_bytes))

    @property
    def shapes(self) -> Sequence[Trial]:
        """A trial of each shape of networks and curves."""
        alike = {
            (t.config.hidden, t.config.dtype, t.config.epochs, t.samples.inputs, t.samples.outputs): t
            for t in self.trials
        }
        return list(alike.values())


def curve_every(epochs: int, points: int) -> int:
    """Return the epochs between two points of a curve that has about so many; 0 for no curve."""
    return -(-epochs // points) if points else 0


def plan(
    samples: Samples | None = None,
    /,
    *,
    seeds: int | Sequence[int] = 1000,
    seed: int | None = None,
    backend: str = BACKENDS[0],
    threads: int | None = None,
    curve_points: int | None = None,
    **spec: Any,
) -> Plan:
    """Check what a sweep is asked for. curve_points: by itself 100, and none beyond 100,000 networks.

    samples: to train on instead of a named data set. spec: see `grid`. Raises InvalidSetting for what `grid.trials`
    refuses, for labels that a loss cannot mean, for numbers that cannot be, and for networks of which not one fits the
    memory.
    """
    checks.one_of("backend", backend, BACKENDS)
    threads = checks.threads("threads", threads)
    numbers = checks.seed_range(seeds, seed, default=SEED)
    points = checks.optional(checks.whole(0, words="a whole number of at least 0"))("curve_points", curve_points)
    trials = grid.trials(spec, samples)
    for trial in {(id(t.samples), t.config.loss, t.config.output): t for t in trials}.values():
        read_labels(trial.samples.y, trial.config.loss, trial.config.output)
    if points is None:
        points = POINTS if len(trials) * len(numbers) <= MANY else 0
    planned = Plan(trials, numbers, backend, threads, points)
    for trial in planned.shapes:  # of a network at a time; a chunk is as large as its networks let it be
        every = curve_every(trial.config.epochs, points)
        points_at_once = trial.samples.points if backend == "numpy" else 0
        most_seeds([trial.config], trial.samples.inputs, trial.samples.outputs, every, samples=points_at_once)
    return planned


def fits_disk(planned: Plan, path: Path) -> None:
    """Refuse a sweep whose runs would not fit the disk that its store is on, what the store has counted as theirs."""
    there = path.stat().st_size if path.exists() else 0
    takes, free = planned.total * (ROW_BYTES + 8 * planned.points), disk_usage(path.parent).free
    if takes - there > free:
        expected = f"what fits the disk of {path}, which has {size(free)} left; this takes {size(takes)}"
        raise InvalidSetting("seeds", len(planned.seeds), expected)


def options(path: Path | None) -> dict[str, Any]:
    """Read a sweep from a TOML file: what `plan` takes, and `out`; names may be written with - for _.

    Raises InvalidSetting for a file that is not there or not TOML, and for names there are not.
    """
    if path is None:
        return {}
    try:
        with path.open("rb") as file:
            read = tomllib.load(file)
    except (OSError, ValueError, RecursionError) as error:  # not there, not TOML, or not UTF-8
        raise InvalidSetting("spec", str(path), f"a TOML file ({getattr(error, 'strerror', None) or error})") from error
    return {name.replace("-", "_"): value for name, value in read.items()}


def store_path(out: Any) -> Path:
    """Check for a file to write to, in a folder that is there."""
    path = checks.path("out", out)
    if not path.parent.is_dir() or path.is_dir():
        raise InvalidSetting("out", str(path), "a file in a folder that is there")
    return path


def command_line() -> str:
    """Return the command as it was typed, for the store's record of where its runs come from."""
    import shlex

    return shlex.join(["fnn", *sys.argv[1:]])
