"""Judging: what the records of a claim's arms say of it, as an effect and in words."""

import math
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fnn.config import SEED
from fnn.stats.intervals import median_interval, quantiles, spread, wilson
from fnn.studies.model import Arm, Claim
from fnn.studies.runs import Record
from fnn.studies.verdicts import Effect, difference, share, weakest
from fnn.sweeps.grid import DATA_SETTINGS


def judged(claim: Claim, records: Sequence[Record], looks: int = 1) -> Effect:
    """Return a claim's effect from the records of its arms. looks: at how many such effects it will be looked."""
    values = [record.measures[claim.measure] for record in records]
    shares = claim.measure.name == "solved"
    comparisons = looks * max(len(claim.pairs), 1 if claim.pairs else len(values))
    if not claim.pairs:
        return weakest([share(v, claim.margin, up=claim.up, comparisons=comparisons) for v in values])
    effects = []
    for a, b in claim.pairs:
        high, low = (values[a], values[b]) if claim.up else (values[b], values[a])
        effects.append(difference(high, low, claim.margin, shares=shares, factor=claim.factor, comparisons=comparisons))
    return weakest(effects)


def in_words(claim: Claim, effect: Effect, records: Sequence[Record]) -> str:
    """Return what was found, in a sentence or two."""
    count = max(len(claim.pairs), 1 if claim.pairs else len(claim.arms))
    level = f"{'' if count == 1 else 'joint '}95% interval"
    few = f"The weakest of {count} comparisons: " if count > 1 else ""
    if not claim.pairs:
        said = _share_words(claim, effect, level)
    elif claim.measure.name == "solved":
        said = _difference_words(claim, effect, level, records)
    else:
        said = _improvement_words(claim, effect, level, records)
    return few + said if few else said[:1].upper() + said[1:]


def _share_words(claim: Claim, effect: Effect, level: str) -> str:
    label, asked = claim.arms[effect.place].label, f"at {'least' if claim.up else 'most'} {claim.margin:.0%}"
    interval = f"({level}, {effect.low:.1%} to {effect.high:.1%})"
    return f"{effect.effect:.1%} of the runs with {label} are solved{_by(claim)} {interval}; claimed is {asked}."


def _difference_words(claim: Claim, effect: Effect, level: str, records: Sequence[Record]) -> str:
    a, b = claim.pairs[effect.place]
    shares = [float(np.mean(records[k].measures[claim.measure])) for k in (a, b)]
    return (
        f"{shares[0]:.1%} of the runs with {claim.arms[a].label} are solved{_by(claim)}, {shares[1]:.1%} of those with "
        f"{claim.arms[b].label}: {_points(effect.effect)} ({level}, {_points(effect.low)} to {_points(effect.high)}) "
        f"in the direction claimed. From {_points(effect.margin)} on it is worth the name."
    )


def _improvement_words(claim: Claim, effect: Effect, level: str, records: Sequence[Record]) -> str:
    a, b = claim.pairs[effect.place]
    way, verb = "higher" if claim.up else "lower", "are" if claim.measure.name == "epochs" else "is"
    factor = f" by a factor of {claim.factor:g} or more" if claim.factor > 1 else ""
    medians = [_number(float(quantiles(records[k].measures[claim.measure], [0.5])[0])) for k in (a, b)]
    interval = f"({level}, {effect.low:.1%} to {effect.high:.1%})"
    return (
        f"{claim.measure.words} {verb} {way}{factor} with {claim.arms[a].label} than with {claim.arms[b].label} for "
        f"{effect.effect:.1%} of seeds, ties counting half {interval}. Beyond {effect.margin:.0%} it is worth the "
        f"name. The medians are {medians[0]} and {medians[1]}."
    )


def _by(claim: Claim) -> str:
    return "" if claim.measure.epoch is None else f" by epoch {claim.measure.epoch}"


def _points(share: float) -> str:
    return f"{100 * share:.1f} points"


def _number(value: float) -> str:
    return "infinite (unsolved or diverged)" if not np.isfinite(value) else f"{value:.3g}"


def arm_document(arm: Arm, record: Record) -> dict[str, Any]:
    """Return an arm's summary for the document."""
    runs, solved = len(record.loss), int(record.solved.sum())
    low, high = wilson(solved, runs)
    epochs, loss = spread(record.epochs[record.solved]), median_interval(record.loss)
    middle = {"median": loss.estimate, "low": loss.low, "high": loss.high}
    return {
        "label": arm.label, "runs": runs, "solved": solved / runs, "solved_low": low, "solved_high": high,
        "epochs": {"median": epochs.median, "q25": epochs.q25, "q75": epochs.q75} if epochs else None,
        "loss": middle if np.isfinite(loss).all() else None,
        "diverged": int((record.diverged >= 0).sum()),
    }  # fmt: skip


# ---- the command that reproduces it ----


def command(arms: Sequence[Arm], seeds: range, out: str) -> str:
    """Return the sweep that trains these arms: one where their settings make a grid, else one after the other."""
    names = list(dict.fromkeys(name for arm in arms for name in arm.settings))
    settings = [{name: _setting(arm, name) for name in names} for arm in arms]
    values = {name: list(dict.fromkeys(own[name] for own in settings)) for name in names}
    different = {tuple(own.values()) for own in settings}
    if math.prod(map(len, values.values())) == len(different) and not any(None in v for v in values.values()):
        return _sweep(values, seeds, out)
    each = [_sweep({name: [value] for name, value in arm.settings.items()}, seeds, out) for arm in arms]
    return " && ".join(dict.fromkeys(each))


def _setting(arm: Arm, name: str) -> Any:
    """Return a setting of an arm as it is typed, or by default."""
    if name in arm.settings:
        return arm.settings[name]
    found = getattr(arm.trial.samples if name in DATA_SETTINGS else arm.trial.config, name)
    return "x".join(map(str, found)) if isinstance(found, tuple) else found


def _sweep(values: Mapping[str, Sequence[Any]], seeds: range, out: str) -> str:
    options = [f"--{name.replace('_', '-')} {','.join(map(str, v))}" for name, v in values.items()]
    first = [] if seeds.start == SEED else [f"--seed {seeds.start}"]
    return " ".join(["fnn sweep", *options, *first, f"--seeds {len(seeds)}", f"--out {shlex.quote(out)}"])
