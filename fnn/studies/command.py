"""The command that trains arms again, in words for a shell."""

import math
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from fnn.config import SEED
from fnn.formats import setting
from fnn.studies.kept import Part
from fnn.studies.model import Arm
from fnn.sweeps.grid import DATA_SETTINGS


def sweep_command(arms: Sequence[Arm], part: Part, out: str, draws: int = 1) -> str:
    """Return the sweep that trains these arms: one where their settings make a grid, else one after the other.

    part: up to whose end seeds are trained. Over several draws of the data, or where only the first seeds of each are
    trained, a loop of a shell: every draw has seeds of its own.
    """
    blocks = draws if draws > 1 else part.draws if part.is_cut else 1
    seeds = Part(part.seeds, blocks, end=part.end if part.is_cut else None)
    # From which draw on: of arms that differ in this, each has a sweep of its own.
    firsts = [arm.trial.samples.data_seed if draws > 1 else None for arm in arms]
    names = list(dict.fromkeys(name for arm in arms for name in arm.settings if draws == 1 or name != "data_seed"))
    settings = [{name: _setting(arm, name) for name in names} for arm in arms]
    values = {name: list(dict.fromkeys(row[name] for row in settings)) for name in names}
    distinct = {tuple(row.values()) for row in settings}
    is_grid = math.prod(map(len, values.values())) == len(distinct) and not any(None in v for v in values.values())
    if is_grid and len(set(firsts)) == 1:
        command = f"{_sweep(values)} {_ending(seeds, out, firsts[0])}"
    else:
        rows = [{name: [value] for name, value in arm.settings.items() if name in names} for arm in arms]
        sweeps = [f"{_sweep(row)} {_ending(seeds, out, k)}" for row, k in zip(rows, firsts, strict=True)]
        command = " && ".join(dict.fromkeys(sweeps))
    # The shell's own counting: a loop over `$(seq …)` does nothing, and says nothing, where there is no seq.
    return command if blocks == 1 else f"for draw in {{0..{blocks - 1}}}; do {command}; done"


def _ending(part: Part, out: str, first: int | None) -> str:
    """Return the seeds and the store of a sweep, in a loop over blocks of seeds; first: the first of several draws."""
    if part.draws == 1:
        return f"{_seeds(part.seeds[: part.end])} --out {shlex.quote(out)}"
    data = "" if first is None else f"--data-seed $(({first} + draw)) "
    end = part.of_draw if part.end is None else part.end
    return f"{data}--seed $(({part.seeds.start} + {part.of_draw} * draw)) --seeds {end} --out {shlex.quote(out)}"


def _setting(arm: Arm, name: str) -> Any:
    """Return a setting of an arm as it is typed, or by default."""
    if name in arm.settings:
        return arm.settings[name]
    value = getattr(arm.trial.samples if name in DATA_SETTINGS else arm.trial.config, name)
    return setting(value) if isinstance(value, tuple) else value


def _sweep(values: Mapping[str, Sequence[Any]]) -> str:
    options = [f"--{name.replace('_', '-')} {','.join(map(str, v))}" for name, v in values.items()]
    return " ".join(["fnn sweep", *options])


def _seeds(seeds: range) -> str:
    return " ".join([*([] if seeds.start == SEED else [f"--seed {seeds.start}"]), f"--seeds {len(seeds)}"])
