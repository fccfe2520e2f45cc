"""Published results beside our runs, each under its own settings, what its source leaves open varied."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fnn.report.document import PublishedDocument, ReadingDocument, ReplicationDocument
from fnn.stats.intervals import wilson
from fnn.studies.command import sweep_command
from fnn.studies.kept import Part
from fnn.studies.model import Arm, PublishedResult
from fnn.studies.runs import ArmResults, Key, run_key

REPRODUCED, NOT, DEPENDS = "reproduced", "not reproduced", "depends"


def has_stopping_rule(arm: Arm) -> bool:
    """Return whether an arm has a stopping rule."""
    return bool(arm.trial.config.stops)


def succeeded(arm: Arm, results: ArmResults) -> NDArray[np.bool_]:
    """Return whether each run met its stopping rule within the budget; without a rule, whether it is solved: (S,)."""
    return np.asarray(results.met if has_stopping_rule(arm) else results.solved, bool)


def _epochs(arm: Arm, results: ArmResults) -> NDArray[Any]:
    """Return the epochs until each run met its stopping rule; without a rule, until it is solved: (S,)."""
    return results.stopped if has_stopping_rule(arm) else results.epochs


def harmonic_mean(epochs: NDArray[Any], runs: int) -> float:
    """Return the harmonic mean over all runs, one without success taking forever. epochs: of the successes."""
    return runs / float(np.sum(1 / np.maximum(epochs, 1)))


# A published time by what it is of the successes' epochs and of all runs.
STATISTICS: dict[str, Callable[[NDArray[Any], int], float]] = {
    "median": lambda epochs, _: float(np.median(epochs)),
    "mean": lambda epochs, _: float(np.mean(epochs)),
    "harmonic mean": harmonic_mean,
}


def middle_half(arm: Arm, results: ArmResults, statistic: str) -> tuple[float, float]:
    """Return the ends of the middle half of the runs that a statistic is over: of the successes, or of all runs.

    NaN without successes; an end is infinite where it falls among runs without success.
    """
    success = succeeded(arm, results)
    if not success.any():
        return math.nan, math.nan
    epochs = np.where(success, _epochs(arm, results), np.inf)
    epochs = epochs if statistic == "harmonic mean" else epochs[success]
    # Runs themselves, not points between them, of which infinity allows none.
    low, high = np.quantile(epochs, [0.25, 0.75], method="nearest")
    return float(low), float(high)


def newcombe(
    p: float, p_interval: tuple[float, float], q: float, q_interval: tuple[float, float]
) -> tuple[float, float]:
    """Return the interval of p − q, two shares of different runs, from the Wilson intervals of each.

    Newcombe, "Interval estimation for the difference between independent proportions", Stat. Med. 17 (1998), method 10.
    """
    (p_low, p_high), (q_low, q_high) = p_interval, q_interval
    return p - q - math.hypot(p - p_low, q_high - q), p - q + math.hypot(p_high - p, q - q_low)


def agrees(published: PublishedDocument, ours: ReadingDocument, half: tuple[float, float]) -> bool:
    """Return whether our runs could be what was published.

    Of shares, whether the 95% interval of their difference holds 0; where only a least share was published, whether
    our interval reaches it. Of a time, whether it is in `half`, among our middle half of runs.
    """
    if published["runs"]:
        low, high = newcombe(*_share_with_interval(published), *_share_with_interval(ours))
        if not low <= 0 <= high:
            return False
    if published["at_least"] is not None and ours["high"] < published["at_least"]:
        return False
    return published["time"] is None or half[0] <= published["time"] <= half[1]


def _share_with_interval(runs: Mapping[str, Any]) -> tuple[float, tuple[float, float]]:
    return runs["successes"] / runs["runs"], (runs["low"], runs["high"])


# ---- the document ----


def reading_document(arm: Arm, results: ArmResults, statistic: str) -> ReadingDocument:
    """Return our runs of an arm for the document; time: the statistic of their epochs, q25, q75: the middle half."""
    success = succeeded(arm, results)
    successes, runs = int(success.sum()), len(success)
    epochs = _epochs(arm, results)[success]
    low, high = wilson(successes, runs)
    q25, q75 = (end if math.isfinite(end) else None for end in middle_half(arm, results, statistic))
    return {
        "label": arm.label, "successes": successes, "runs": runs, "low": low, "high": high, "q25": q25, "q75": q75,
        "time": STATISTICS[statistic](epochs, runs) if successes else None,
    }  # fmt: skip


def replication_document(
    result: PublishedResult, results: Mapping[Key, ArmResults], seeds: range
) -> ReplicationDocument:
    """Return a published result beside our runs for the document."""
    statistic = result.statistic
    by_arm = [results[run_key(arm.trial)] for arm in result.arms]
    ours = [reading_document(arm, r, statistic) for arm, r in zip(result.arms, by_arm, strict=True)]
    halves = [middle_half(arm, r, statistic) for arm, r in zip(result.arms, by_arm, strict=True)]
    published = _published(result)
    for reading, half in zip(ours, halves, strict=True):
        reading["agrees"] = agrees(published, reading, half)
    agreeing = [reading["agrees"] for reading in ours]
    published_words, our_words = _published_words(published, statistic), _our_words(ours, statistic)
    return {
        "id": result.id, "title": result.title, "source": result.source, "what": result.what, "open": result.open,
        "statistic": statistic, "published": published, "ours": ours,
        "verdict": REPRODUCED if all(agreeing) else DEPENDS if any(agreeing) else NOT,
        "told": published_words, "found": our_words,
        "words": f"Published: {published_words}. Ours succeed in {our_words}.{_agreement_words(published, ours)}",
        "command": sweep_command(result.arms, Part(seeds), f"{result.id}.db"),
    }  # fmt: skip


def _published(result: PublishedResult) -> PublishedDocument:
    low, high = wilson(result.successes or 0, result.runs) if result.runs else (None, None)
    return {
        "successes": result.successes, "runs": result.runs, "at_least": result.at_least, "time": result.time,
        "low": low, "high": high,
    }  # fmt: skip


def _published_words(published: PublishedDocument, statistic: str) -> str:
    """Return what was published, in a few words."""
    words = [f"{published['successes']} of {published['runs']} runs"] if published["runs"] else []
    words += [f"at least {published['at_least']:.0%} of runs"] if published["at_least"] is not None else []
    words += [f"a {statistic} of {published['time']:g} epochs"] if published["time"] is not None else []
    return " and ".join(words)


def _our_words(ours: Sequence[ReadingDocument], statistic: str) -> str:
    """Return what became of our runs, from the reading with the least to the one with the most."""
    shares = sorted(reading["successes"] / reading["runs"] for reading in ours)
    times = sorted(reading["time"] for reading in ours if reading["time"] is not None)
    words = f"{_span(f'{shares[0]:.1%}', f'{shares[-1]:.1%}')} of runs"
    return words + (
        f", after a {statistic} of {_span(f'{times[0]:,.0f}', f'{times[-1]:,.0f}')} epochs" if times else ""
    )


def _span(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"


def _agreement_words(published: PublishedDocument, ours: Sequence[ReadingDocument]) -> str:
    agreeing = [reading["agrees"] for reading in ours]
    words = f" {sum(agreeing)} of {len(ours)} readings agree with it." if len(ours) > 1 else ""
    times = [reading["time"] for reading in ours if reading["time"] is not None]
    time = published["time"]
    between = time is not None and times and not any(agreeing) and min(times) < time < max(times)
    return words + (" Their times lie on both sides of it." if between else "")
