"""Requests: which arms a study trains, over how many draws of the data, and what is kept of their runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fnn.config import SEED, Config
from fnn.network.hidden import has_windows
from fnn.network.optimizers import OPTIMIZERS
from fnn.studies.kept import Part
from fnn.studies.metrics import Measure
from fnn.studies.model import Arm
from fnn.sweeps import grid

Key = tuple[Any, ...]


@dataclass
class Request:
    """What is to be trained, and what is to be kept of its runs beside how they ended.

    draws: of the data, each with seeds of its own; 1 for the one draw that the trial names.
    """

    trial: grid.Trial
    draws: int = 1
    measures: set[Measure] = field(default_factory=set)
    curves: bool = False
    predictions: bool = False

    @property
    def needs_curves(self) -> bool:
        """Whether the loss of every epoch has to be known."""
        return self.curves or any(m.needs_curves for m in self.measures)


Requests = dict[Key, Request]


def request(
    requests: Requests,
    arm: Arm,
    measures: Sequence[Measure] = (),
    *,
    draws: int = 1,
    curves: bool = False,
    predictions: bool = False,
) -> None:
    """Add an arm to what is to be trained, or what is to be kept of it to one that is there already.

    draws: of the data, where they are drawn.
    """
    draws = draws if is_drawn(arm.trial) else 1
    entry = requests.setdefault(run_key(arm.trial, draws), Request(arm.trial, draws))
    entry.measures.update(measures)
    entry.curves |= curves
    entry.predictions |= predictions


def is_drawn(trial: grid.Trial) -> bool:
    """Return whether another seed of the data makes other data."""
    return trial.samples.data not in ("xor", "xor4") or trial.samples.noise > 0


def run_key(trial: grid.Trial, draws: int = 1) -> Key:
    """Return what runs depend on beside their seed.

    What their optimizer, warm-up, layers and data do not use is left out.
    """
    s, c = trial.samples, trial.config
    drawn = (s.data_seed, draws) if is_drawn(trial) else ()
    hyperparameters = {name for optimizer in OPTIMIZERS.values() for name in optimizer.uses}
    unused = hyperparameters - set(OPTIMIZERS[c.optimizer].uses)
    if c.scheduler != "warmup-linear":
        unused |= {"warmup", "warmup_peak"}
    if not has_windows(c.hidden):
        unused.add("image")
    defaults = {name: getattr(_DEFAULT, name) for name in unused}
    return (s.data, s.points, s.noise, drawn, replace(c, seed=SEED, **defaults))


_DEFAULT = Config()


def networks(requests: Mapping[Key, Request], part: Part) -> int:
    """Return how many networks are trained for these requests."""
    return sum(part.count(draws_of(entry, len(part.seeds))) for entry in requests.values())


def draws_of(entry: Request, seeds: int) -> int:
    """Return of how many draws the runs are: no more than there are seeds."""
    return min(entry.draws, seeds)
