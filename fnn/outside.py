"""Outside tables: published results beside ours, each under its own settings, what its source leaves open varied."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fnn import grid
from fnn.claims import Arm
from fnn.judge import command
from fnn.stats import spread, wilson
from fnn.trials import Record, key

REPRODUCED, NOT, DEPENDS = "reproduced", "not reproduced", "depends"


def stops(arm: Arm) -> bool:
    """Return whether an arm has a stopping rule."""
    names = [name for name in grid.CONFIG_SETTINGS if name.startswith("stop_")]
    return any(getattr(arm.trial.config, name) is not None for name in names)


def succeeded(arm: Arm, record: Record) -> NDArray[np.bool_]:
    """Return whether each run met its stopping rule within the budget; without a rule, whether it is solved: (S,)."""
    return np.asarray(record.met if stops(arm) else record.solved, bool)


def ours(arm: Arm, record: Record) -> dict[str, Any]:
    """Return our runs of an arm as the document has them; epochs are those of the successes."""
    success = succeeded(arm, record)
    took = (record.stopped if stops(arm) else record.epochs)[success]
    low, high = wilson(int(success.sum()), len(success))
    found = spread(took)
    quartiles = {"median": found.median, "q25": found.q25, "q75": found.q75} if found else {}
    return {
        "label": arm.label, "successes": int(success.sum()), "runs": len(success), "low": low, "high": high,
        "median": None, "q25": None, "q75": None, **quartiles,
    }  # fmt: skip


def agrees(published: Mapping[str, Any], own: Mapping[str, Any]) -> bool:
    """Return whether ours could be what was published.

    Of shares, whether the 95% interval of their difference holds 0: Newcombe, "Interval estimation for the difference
    between independent proportions", Stat. Med. 17 (1998), method 10. Of a median, whether it is among our middle half
    of runs.
    """
    if published["runs"]:
        p, q = published["successes"] / published["runs"], own["successes"] / own["runs"]
        down = math.hypot(p - published["low"], own["high"] - q)
        up = math.hypot(published["high"] - p, q - own["low"])
        if not p - q - down <= 0 <= p - q + up:
            return False
    if published["median"] is None:
        return True
    return own["median"] is not None and own["q25"] <= published["median"] <= own["q75"]


def document(entry: Mapping[str, Any], records: Mapping[Any, Record], seeds: range) -> dict[str, Any]:
    """Return a published result beside ours for the document."""
    arms: Sequence[Arm] = entry["arms"]
    runs = [ours(arm, records[key(arm.trial)]) for arm in arms]
    low, high = wilson(entry["successes"], entry["runs"]) if entry["runs"] else (None, None)
    published = {name: entry[name] for name in ("successes", "runs", "median")} | {"low": low, "high": high}
    agreeing = [agrees(published, own) for own in runs]
    word = REPRODUCED if all(agreeing) else DEPENDS if any(agreeing) else NOT
    return {
        **{name: entry[name] for name in ("id", "source", "what", "open")},
        "published": published, "ours": runs, "verdict": word, "words": _words(published, runs, agreeing),
        "command": command(arms, seeds, f"{entry['id']}.db"),
    }  # fmt: skip


def _words(published: Mapping[str, Any], runs: Sequence[Mapping[str, Any]], agreeing: Sequence[bool]) -> str:
    shares = sorted(own["successes"] / own["runs"] for own in runs)
    said = f"{shares[0]:.1%}" if len(shares) == 1 else f"{shares[0]:.1%} to {shares[-1]:.1%}"
    told = [f"{published['successes']} of {published['runs']} runs"] if published["runs"] else []
    told += [f"a median of {published['median']:g} epochs"] if published["median"] is not None else []
    medians = sorted(own["median"] for own in runs if own["median"] is not None)
    ended = (
        f", after a median of {' to '.join(f'{m:g}' for m in dict.fromkeys((medians[0], medians[-1])))}"
        if medians
        else ""
    )
    agree = f" {sum(agreeing)} of {len(runs)} readings agree with it." if len(runs) > 1 else ""
    said += " of runs" + ended
    return f"Published: {' and '.join(told) or 'no number'}. Ours succeed in {said}.{agree}"
