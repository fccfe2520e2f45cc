"""What a study consists of: arms, figures, and claims about them."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from fnn.checks import one_of
from fnn.errors import InvalidSetting
from fnn.studies.metrics import Measure
from fnn.sweeps import grid

Table = Mapping[str, Any]


class Arm(NamedTuple):
    """A named combination of settings; `settings` has those of the base too."""

    label: str
    settings: dict[str, Any]

    @property
    def trial(self) -> grid.Trial:
        """What is trained: samples and Config."""
        return trial(self.settings)

    def under(self, changes: Table) -> "Arm":
        """Return the arm with other settings."""
        return Arm(self.label, {**self.settings, **changes})


class Figure(NamedTuple):
    """A figure: arms, each a line or a panel, and how they are drawn. mark: a loss to rule a line at."""

    id: str
    title: str
    kind: str
    alt: str
    caption: str
    arms: tuple[Arm, ...]
    mark: float | None = None


class Claim(NamedTuple):
    """A claim: in each of `pairs`, places in `arms`, the first has more of the measure (less, unless `up`).

    By that factor, or it does not count. Without pairs, each arm's share is at least (at most, unless `up`) `margin`.
    """

    id: str
    sentence: str
    figure: str | None
    measure: Measure
    arms: tuple[Arm, ...]
    pairs: tuple[tuple[int, int], ...]
    up: bool
    margin: float
    factor: float
    nuisance: tuple[str, ...]
    note: str


class Study(NamedTuple):
    """All that a study file says; findings, tables and outside are tables of TOML, checked, arms among them made."""

    name: str
    file: str
    title: str
    intro: str
    sections: tuple[dict[str, Any], ...]
    figures: dict[str, Figure]
    claims: tuple[Claim, ...]
    findings: tuple[dict[str, Any], ...]
    tables: tuple[dict[str, Any], ...]
    outside: tuple[dict[str, Any], ...]
    nuisance: dict[str, list[Any]]
    rates: tuple[float, ...]


@lru_cache(maxsize=256)
def _trial(settings: tuple[tuple[str, Any], ...]) -> grid.Trial:
    (trial,) = grid.trials(dict(settings))
    return trial


def trial(settings: Table) -> grid.Trial:
    """Return samples and Config of settings. Raises InvalidSetting for one that cannot be."""
    for name, value in settings.items():
        one_of("setting", name, grid.NAMES)
        if isinstance(value, (list, dict)):
            raise InvalidSetting(name, value, 'one value; widths are written as "4x4"')
    return _trial(tuple(sorted(settings.items())))
