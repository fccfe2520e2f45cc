"""What a study consists of: arms, figures, claims about the arms, and the evidence beside the claims."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from fnn.checks import one_of
from fnn.config import Config
from fnn.data.samples import Samples, samples_from_recipe
from fnn.data.synthetic import DATA, Recipe, recipe
from fnn.errors import InvalidSetting
from fnn.report.document import SectionDocument
from fnn.studies.metrics import Measure
from fnn.sweeps import grid

Settings = Mapping[str, Any]
# How settings of several numbers are written.
_WRITTEN = {
    "hidden": '; widths are written as "4x4", layers as "conv4:2-4"',
    "image": '; its sides are written as "8x8"',
}


class Arm(NamedTuple):
    """Labelled settings; those of the study's base are among them."""

    label: str
    settings: dict[str, Any]

    @property
    def trial(self) -> grid.Trial:
        """What is trained: samples and Config. Raises InvalidSetting for settings that cannot be."""
        return trial(self.settings)

    def under(self, changes: Settings) -> "Arm":
        """Return the arm with other settings."""
        return Arm(self.label, {**self.settings, **changes})


class Level(NamedTuple):
    """A value of an axis of the multiverse: settings that go together, over those of the arms. `lr` may be `best`."""

    label: str
    settings: dict[str, Any]


class Alternative(NamedTuple):
    """Another way to measure what a claim says: what it has in place of the claim's own. Without arms, on the same."""

    label: str
    measure: Measure
    up: bool
    margin: float
    factor: float
    arms: tuple[Arm, ...] = ()
    pairs: tuple[tuple[int, int], ...] = ()


class Figure(NamedTuple):
    """A figure: arms, each a line or a panel, and how they are drawn. mark: a loss to rule a line at."""

    id: str
    title: str
    kind: str
    alt: str
    caption: str
    arms: tuple[Arm, ...]
    mark: float | None = None

    @property
    def of_one_draw(self) -> bool:
        """Whether it shows single samples, or a loss that was printed of them, and so one draw of the data."""
        return self.kind in ("answers", "final")


class Claim(NamedTuple):
    """A claim: in each of `pairs`, places in `arms`, the first has more of the measure (less, unless `up`).

    By that factor, or it does not count. Without pairs, each arm's share is at least (at most, unless `up`) `margin`.
    nuisance: axes of the study that it should not depend on; alternatives: other ways to measure it.
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
    alternatives: tuple[Alternative, ...] = ()

    def measured(self, by: Alternative) -> "Claim":
        """Return the claim, measured otherwise."""
        other = self._replace(measure=by.measure, up=by.up, margin=by.margin, factor=by.factor)
        return other._replace(arms=by.arms, pairs=by.pairs) if by.arms else other


class Finding(NamedTuple):
    """A finding beside the claims. where: file and line. arms: to train, of kinds `arms` and `place`.

    columns, rows: of kind `rows`. printed: of kind `labels`, a label and a prediction for each sample of `labelled`.
    value, factor: of kind `place`, a printed loss and what makes it one of ours.
    """

    id: str
    title: str
    text: str
    kind: str
    figure: str | None
    where: str
    arms: tuple[Arm, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    labelled: Arm | None = None
    printed: tuple[Any, ...] = ()
    value: float = 0.0
    factor: float = 1.0

    @property
    def of_one_draw(self) -> bool:
        """Whether it is about what was printed, of one draw of the data; arms side by side are compared over draws."""
        return self.kind != "arms"


class PredictionTable(NamedTuple):
    """A table of what the networks of an arm predict for each sample."""

    id: str
    title: str
    arm: Arm


class PublishedResult(NamedTuple):
    """A published result, and the arms that try it: one for each reading of what its source leaves open.

    open: what that is, in words. successes, runs, share (of runs whose number is not told), at_least (a share), time
    (in epochs, of which it is the `statistic`), fastest, slowest: what was published, None where nothing was. rounding:
    by how much the time may have been rounded, either way. source_id: shared by results of one source, whose readings
    are the same for all. open_choices: what is left open, each with the names of its readings; the arms stand as their
    product.
    """

    id: str
    title: str
    source: str
    what: str
    open: str
    successes: int | None
    runs: int | None
    at_least: float | None
    statistic: str
    time: float | None
    arms: tuple[Arm, ...]
    share: float | None = None
    fastest: float | None = None
    slowest: float | None = None
    rounding: float = 0.5
    source_id: str | None = None
    open_choices: tuple[tuple[str, tuple[str, ...]], ...] = ()


class Study(NamedTuple):
    """All that a study file has. sections: as the document has them; rates: among which the best rate is searched.

    draws: of data that are drawn, over which seeds are spread.
    """

    name: str
    file: str
    title: str
    intro: str
    sections: tuple[SectionDocument, ...]
    figures: dict[str, Figure]
    claims: tuple[Claim, ...]
    findings: tuple[Finding, ...]
    tables: tuple[PredictionTable, ...]
    published: tuple[PublishedResult, ...]
    nuisance: dict[str, tuple[Level, ...]]
    rates: tuple[float, ...]
    draws: int


# The multiverse asks for thousands of trials, on a few data sets: what is made of one is made once.
@lru_cache(maxsize=64)
def _samples(how: Recipe) -> Samples:
    return samples_from_recipe(how)


@lru_cache(maxsize=2**13)
def _trial(settings: tuple[tuple[str, type, Any], ...]) -> grid.Trial:
    of_data = {name: value for name, _, value in settings if name in grid.DATA_SETTINGS}
    of_config = {name: value for name, _, value in settings if name not in grid.DATA_SETTINGS}
    if "data" not in of_data:
        raise InvalidSetting("data", None, f"one of {', '.join(DATA)}")
    samples, config = _samples(recipe(**of_data)), Config(**of_config)
    config.layers(samples.x.shape[1], samples.y.shape[1])  # refuses images of other sizes than samples have
    return grid.Trial(samples, config)


def trial(settings: Settings) -> grid.Trial:
    """Return samples and Config of settings. Raises InvalidSetting for one that cannot be."""
    for name, value in settings.items():
        one_of("setting", name, grid.NAMES)
        if isinstance(value, (list, dict)):
            raise InvalidSetting(name, value, f"one value{_WRITTEN.get(name, '')}")
    # With its type: true equals 1, and is no learning rate.
    return _trial(tuple((name, type(settings[name]), settings[name]) for name in sorted(settings)))
