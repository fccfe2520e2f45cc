"""Outside tables: published results beside ours, each under its own settings, what its source leaves open varied."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fnn.stats.intervals import wilson
from fnn.studies.effects import command
from fnn.studies.model import Arm
from fnn.studies.runs import Record, key

REPRODUCED, NOT, DEPENDS = "reproduced", "not reproduced", "depends"


def stops(arm: Arm) -> bool:
    """Return whether an arm has a stopping rule."""
    return bool(arm.trial.config.stops)


def succeeded(arm: Arm, record: Record) -> NDArray[np.bool_]:
    """Return whether each run met its stopping rule within the budget; without a rule, whether it is solved: (S,)."""
    return np.asarray(record.met if stops(arm) else record.solved, bool)


def ours(arm: Arm, record: Record, statistic: str) -> dict[str, Any]:
    """Return our runs of an arm for the document; time: the statistic of their epochs, q25, q75: the middle half."""
    success = succeeded(arm, record)
    took = (record.stopped if stops(arm) else record.epochs)[success]
    low, high = wilson(int(success.sum()), len(success))
    q25, q75 = (end if math.isfinite(end) else None for end in middle(arm, record, statistic))
    return {
        "label": arm.label, "successes": int(success.sum()), "runs": len(success), "low": low, "high": high,
        "q25": q25, "q75": q75, "time": STATISTICS[statistic](took, len(success)) if len(took) else None,
    }  # fmt: skip


def harmonic(epochs: NDArray[Any], runs: int) -> float:
    """Return the harmonic mean over all runs, one without success taking forever. epochs: of the successes."""
    return runs / float(np.sum(1 / np.maximum(epochs, 1)))


def middle(arm: Arm, record: Record, statistic: str) -> tuple[float, float]:
    """Return the ends of the middle half of the runs that a statistic is over: of the successes, or of all runs.

    NaN without successes; an end is infinite where it falls among runs without success.
    """
    success = succeeded(arm, record)
    took = np.where(success, record.stopped if stops(arm) else record.epochs, np.inf)
    took = took if statistic == "harmonic mean" else took[success]
    # Runs themselves, not points between them, of which infinity allows none.
    low, high = np.quantile(took, [0.25, 0.75], method="nearest") if success.any() else (math.nan, math.nan)
    return float(low), float(high)


# A published time by what it is of the successes' epochs and of all runs.
STATISTICS: dict[str, Callable[[NDArray[Any], int], float]] = {
    "median": lambda epochs, _: float(np.median(epochs)),
    "mean": lambda epochs, _: float(np.mean(epochs)),
    "harmonic mean": harmonic,
}


def newcombe(p: float, own: tuple[float, float], q: float, other: tuple[float, float]) -> tuple[float, float]:
    """Return the interval of p − q, two shares of different runs, from the Wilson intervals of each.

    Newcombe, "Interval estimation for the difference between independent proportions", Stat. Med. 17 (1998), method 10.
    """
    return p - q - math.hypot(p - own[0], other[1] - q), p - q + math.hypot(own[1] - p, q - other[0])


def agrees(published: Mapping[str, Any], own: Mapping[str, Any], half: tuple[float, float]) -> bool:
    """Return whether ours could be what was published.

    Of shares, whether the 95% interval of their difference holds 0; where only a least share was published, whether
    our interval reaches it. Of a time, whether it is in `half`, among our middle half of runs.
    """
    if published["runs"]:
        shares = ((s["successes"] / s["runs"], (s["low"], s["high"])) for s in (published, own))
        low, high = newcombe(*next(shares), *next(shares))
        if not low <= 0 <= high:
            return False
    if published["at_least"] is not None and own["high"] < published["at_least"]:
        return False
    return published["time"] is None or half[0] <= published["time"] <= half[1]


def document(entry: Mapping[str, Any], records: Mapping[Any, Record], seeds: range) -> dict[str, Any]:
    """Return a published result beside ours for the document."""
    arms: Sequence[Arm] = entry["arms"]
    statistic = entry["statistic"]
    runs = [ours(arm, records[key(arm.trial)], statistic) for arm in arms]
    low, high = wilson(entry["successes"], entry["runs"]) if entry["runs"] else (None, None)
    published = {name: entry[name] for name in ("successes", "runs", "at_least", "time")} | {"low": low, "high": high}
    halves = [middle(arm, records[key(arm.trial)], statistic) for arm in arms]
    agreeing = [agrees(published, own, half) for own, half in zip(runs, halves, strict=True)]
    word = REPRODUCED if all(agreeing) else DEPENDS if any(agreeing) else NOT
    told, found = _told(published, statistic), _found(runs, statistic)
    return {
        **{name: entry[name] for name in ("id", "title", "source", "what", "open", "statistic")},
        "published": published,
        "ours": [{**own, "agrees": agreed} for own, agreed in zip(runs, agreeing, strict=True)],
        "verdict": word, "told": told, "found": found,
        "words": f"Published: {told}. Ours succeed in {found}.{_agreement(published, runs, agreeing)}",
        "command": command(arms, seeds, f"{entry['id']}.db"),
    }  # fmt: skip


def _told(published: Mapping[str, Any], statistic: str) -> str:
    """Return what was published, in a few words."""
    told = [f"{published['successes']} of {published['runs']} runs"] if published["runs"] else []
    told += [f"at least {published['at_least']:.0%} of runs"] if published["at_least"] is not None else []
    told += [f"a {statistic} of {published['time']:g} epochs"] if published["time"] is not None else []
    return " and ".join(told)


def _found(runs: Sequence[Mapping[str, Any]], statistic: str) -> str:
    """Return what came of ours, over all readings."""
    shares = [f"{own['successes'] / own['runs']:.1%}" for own in sorted(runs, key=_share)]
    times = sorted(own["time"] for own in runs if own["time"] is not None)
    ended = " to ".join(dict.fromkeys((f"{times[0]:,.0f}", f"{times[-1]:,.0f}"))) if times else ""
    after = f", after a {statistic} of {ended} epochs" if times else ""
    return f"{' to '.join(dict.fromkeys((shares[0], shares[-1])))} of runs{after}"


def _agreement(published: Mapping[str, Any], runs: Sequence[Mapping[str, Any]], agreeing: Sequence[bool]) -> str:
    said = f" {sum(agreeing)} of {len(runs)} readings agree with it." if len(runs) > 1 else ""
    times = [own["time"] for own in runs if own["time"] is not None]
    apart = published["time"] is not None and times and not any(agreeing)
    between = apart and min(times) < published["time"] < max(times)
    return said + (" Their times lie on both sides of it." if between else "")


def _share(own: Mapping[str, Any]) -> float:
    return float(own["successes"] / own["runs"])
