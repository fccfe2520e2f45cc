"""`compare`: two settings beside each other over the seeds that both were trained with."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fnn import formats
from fnn.checks import number, one_of
from fnn.config import Config
from fnn.errors import InvalidSetting
from fnn.formats import setting
from fnn.stats.comparisons import Comparison, improvement, share_difference
from fnn.stats.intervals import Interval, median_interval, wilson
from fnn.studies.metrics import METRICS, Measure, measure
from fnn.sweeps.query import Runs
from fnn.training.results import Results

Array = NDArray[np.float64]

# Metrics that labels have, and numbers have not.
_OF_LABELS = ("solved", "epochs", "accuracy")
# What results call a metric.
_ALSO = {"epochs_to_solve": "epochs"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What `compare` finds of a against b over `pairs` runs of the same seeds.

    effect, low, high: of solved, by how much the share of a is above that of b; of what has an order, how likely a is
    the better of a pair, ties counting half (1/2 is no difference). p: of there being no difference. of_a, of_b: the
    share, or the median, of each, with its interval. wins, ties, losses: pairs in which a is better, alike, worse.
    """

    measure: str
    names: tuple[str, str]
    pairs: int
    of_a: Interval
    of_b: Interval
    effect: float
    low: float
    high: float
    p: float
    wins: int
    ties: int
    losses: int
    confidence: float
    shares: bool
    up: bool

    def __repr__(self) -> str:
        better = "" if self.shares else f", {'higher' if self.up else 'lower'} is better"
        lines = [f"{self.measure}{better}: {self.pairs:,} pairs of runs, each of one seed"]
        for letter, name, of in zip("ab", self.names, (self.of_a, self.of_b), strict=True):
            lines.append(f"{letter:<9} {name + ': ' if name else ''}{self._level(of)}")
        within = f"({self.confidence:.0%} interval {{}} to {{}}), p {formats.p_value(self.p)}"
        if self.shares:
            points = [f"{100 * value:+.1f}".replace("-", "−") for value in (self.effect, self.low, self.high)]
            lines.append(f"a − b     {points[0]} points {within.format(*points[1:])} by McNemar's exact test")
        else:
            ends = within.format(f"{self.low:.1%}", f"{self.high:.1%}")
            lines.append(f"a better  in {self.effect:.1%} of pairs, ties counting half {ends} by the exact sign test")
        return "\n".join([*lines, f"pairs     a better {self.wins:,}, alike {self.ties:,}, b better {self.losses:,}"])

    def _level(self, of: Interval) -> str:
        if self.shares:
            return f"{of.estimate:.1%} ({of.low:.1%} to {of.high:.1%})"
        words = [formats.number(value) for value in of]
        never = "; ∞ is worse than all: diverged, or never solved" if "∞" in words else ""
        return f"median {words[0]} ({words[1]} to {words[2]}){never}"


def compare(
    a: Results | Runs, b: Results | Runs, what: str = "solved", *, epoch: int | None = None, confidence: float = 0.95
) -> Compared:
    """Compare two settings over the seeds that both were trained with, pair by pair.

    a, b: what `fnn.train` or `fnn.sweep` gives, of one setting each; `where` takes one out of several. what: solved,
    epochs (to solve), loss, accuracy, best-loss or roughness, which `fnn.study` knows under these names too. epoch: at
    which it is taken, by itself the end. confidence: of the intervals. A run that diverged or never solved counts as
    worse than all that did.

    Raises InvalidSetting for results of several settings, without a seed in common, or of which the measure does not
    mean the same: losses of two kinds.

    >>> import fnn
    >>> x, y = fnn.data.xor()
    >>> results = fnn.train([fnn.Config(lr=0.1), fnn.Config(lr=1)], x, y, seeds=200)
    >>> found = fnn.compare(results.where(lr=0.1), results.where(lr=1), "solved")
    >>> found.pairs, found.effect > 0.5, found.p < 0.001
    (200, True, True)
    """
    measured = measure(one_of("what", _ALSO.get(what, what) if isinstance(what, str) else what, METRICS), epoch)
    confidence = number(0, 1, open_low=True, open_high=True)("confidence", confidence)
    arms = _arm("a", a), _arm("b", b)
    names = _names(arms, measured)
    rows = dict(zip(arms[0].keys, range(len(arms[0].keys)), strict=True))
    pairs = [(rows[key], k) for k, key in enumerate(arms[1].keys) if key in rows]
    if not pairs:
        raise InvalidSetting("a, b", "no seed that both have", "runs of the same seeds, which are compared in pairs")
    places = np.array(pairs).T
    x, y = (_values(arm, measured)[some] for arm, some in zip(arms, places, strict=True))
    shares, up = measured.name == "solved", METRICS[measured.name].up
    sign = -1.0 if up and not shares else 1.0
    test: Callable[..., Comparison] = share_difference if shares else improvement
    effect = test(sign * x, sign * y, confidence)
    more, less = int((x > y).sum()), int((x < y).sum())
    wins, losses = (more, less) if up else (less, more)
    of_a, of_b = (_level(values, confidence, shares=shares) for values in (x, y))
    return Compared(
        measure=measured.words, names=names, pairs=len(pairs), of_a=of_a, of_b=of_b, **effect._asdict(), wins=wins,
        ties=len(pairs) - wins - losses, losses=losses, confidence=confidence, shares=shares, up=up,
    )  # fmt: skip


class _Arm(NamedTuple):
    """Runs of one setting, with what pairs them: the split and the seed of each."""

    runs: Any
    settings: dict[str, Any]
    keys: list[tuple[int, int]]


def _arm(name: str, runs: Any) -> _Arm:
    """Check for runs of one setting, each seed once."""
    if isinstance(runs, Results):
        settings = len(runs.configs)
        columns = {f.name: [getattr(config, f.name) for config in runs.configs] for f in fields(Config)}
        columns.pop("seed")
        keys = list(zip(runs.split.tolist(), runs.seeds.tolist(), strict=True))
    elif isinstance(runs, Runs):
        settings, columns = len(runs.ids), runs.settings
        keys = [(0, seed) for seed in runs.seed.tolist()]
    else:
        raise InvalidSetting(name, type(runs).__name__, "what fnn.train or fnn.sweep gives")
    varying = [name for name, values in columns.items() if len(set(values)) > 1]
    if not keys or varying or len(set(keys)) < len(keys):
        apart = f"of different {', '.join(varying)}" if varying else f"{len(keys)} of {settings} settings"
        raise InvalidSetting(name, f"runs {apart}", "runs of one setting, each seed once: .where(lr=0.1) takes them")
    return _Arm(runs, {name: values[0] for name, values in columns.items()}, keys)


def _names(arms: tuple[_Arm, _Arm], measured: Measure) -> tuple[str, str]:
    """Return each arm's settings where they differ; refuse what the measure cannot be compared across."""
    a, b = (arm.settings for arm in arms)
    different = [name for name in a if name in b and setting(a[name]) != setting(b[name])]
    for name in METRICS[measured.name].same:
        if name in different:
            words = f"a measure that says the same beside another {name}, such as solved or epochs"
            raise InvalidSetting("what", measured.name, words)
    first, second = (", ".join(f"{name} {setting(of[name])}" for name in different) for of in (a, b))
    return first, second


def _values(arm: _Arm, measured: Measure) -> Array:
    """Return the measure of each run."""
    if getattr(arm.runs, "score_name", "accuracy") != "accuracy" and measured.name in _OF_LABELS:
        words = "loss, best-loss or roughness where y was numbers: they have no accuracy"
        raise InvalidSetting("what", measured.name, words)
    if measured.needs_curves and measured.name != "solved":
        curves = getattr(arm.runs, "curve_epochs", np.empty(0))
        if not len(curves) or (measured.epoch is not None and measured.epoch not in curves):
            at = "" if measured.epoch is None else f" with epoch {measured.epoch}"
            raise InvalidSetting("what", measured.name, f"a measure of what is kept: these runs have no curve{at}")
    return measured.of(arm.runs)


def _level(values: Array, confidence: float, *, shares: bool) -> Interval:
    if shares:
        count = int(values.sum())
        return Interval(count / len(values), *wilson(count, len(values), confidence))
    return median_interval(values, confidence)
