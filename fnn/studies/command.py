"""The command that trains arms again, in words for a shell."""

import math
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from fnn.config import SEED
from fnn.studies.model import Arm
from fnn.sweeps.grid import DATA_SETTINGS


def sweep_command(arms: Sequence[Arm], seeds: range, out: str) -> str:
    """Return the sweep that trains these arms: one where their settings make a grid, else one after the other."""
    names = list(dict.fromkeys(name for arm in arms for name in arm.settings))
    settings = [{name: _setting(arm, name) for name in names} for arm in arms]
    values = {name: list(dict.fromkeys(row[name] for row in settings)) for name in names}
    distinct = {tuple(row.values()) for row in settings}
    if math.prod(map(len, values.values())) == len(distinct) and not any(None in v for v in values.values()):
        return _sweep(values, seeds, out)
    each = [_sweep({name: [value] for name, value in arm.settings.items()}, seeds, out) for arm in arms]
    return " && ".join(dict.fromkeys(each))


def _setting(arm: Arm, name: str) -> Any:
    """Return a setting of an arm as it is typed, or by default."""
    if name in arm.settings:
        return arm.settings[name]
    value = getattr(arm.trial.samples if name in DATA_SETTINGS else arm.trial.config, name)
    return "x".join(map(str, value)) if isinstance(value, tuple) else value


def _sweep(values: Mapping[str, Sequence[Any]], seeds: range, out: str) -> str:
    options = [f"--{name.replace('_', '-')} {','.join(map(str, v))}" for name, v in values.items()]
    first = [] if seeds.start == SEED else [f"--seed {seeds.start}"]
    return " ".join(["fnn sweep", *options, *first, f"--seeds {len(seeds)}", f"--out {shlex.quote(out)}"])
