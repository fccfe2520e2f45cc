"""The effect that a claim is about, from the results of its arms: as numbers and in words; and a summary of an arm."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from fnn.formats import number
from fnn.report.document import ArmDocument, LossDocument
from fnn.stats.intervals import median_interval, quantiles, spread
from fnn.studies.contrasts import LEVEL, Array, Bounds, Effect, difference_effect, outcomes, share_effect, weakest
from fnn.studies.metrics import METRICS
from fnn.studies.model import Arm, Claim
from fnn.studies.runs import ArmResults


def claim_effect(claim: Claim, results: Sequence[ArmResults], cells: int = 1, level: float = LEVEL) -> Effect:
    """Return a claim's effect from the results of its arms. cells: of how many such effects this is one.

    level: 1 − that of its interval.

    Where an arm's data are drawn, the runs of the others are cut into as many blocks, of the same seeds.
    """
    draws, seeds = levels_of(results)
    values = [r.measures[claim.measure][: draws * seeds] for r in results]
    comparisons = cells * _comparisons(claim)
    if not claim.pairs:
        share = partial(
            share_effect, margin=claim.margin, up=claim.up, draws=draws, comparisons=comparisons, level=level
        )
        return weakest([share(v) for v in values])
    metric = METRICS[claim.measure.name]
    difference = partial(
        difference_effect, margin=claim.margin, shares=claim.measure.name == "solved", up=claim.up,
        factor=claim.factor, bounds=Bounds(metric.low, metric.high), draws=draws, comparisons=comparisons,
        level=level,
    )  # fmt: skip
    return weakest([difference(values[a], values[b]) for a, b in claim.pairs])


def claim_outcomes(claim: Claim, results: Sequence[ArmResults]) -> Array:
    """Return what each run says in each of a claim's comparisons, (C, S): 1 as claimed, 0 a tie, −1 the other way.

    Of a share alone: 1 where the run counts, else 0.
    """
    draws, seeds = levels_of(results)
    values = [r.measures[claim.measure][: draws * seeds] for r in results]
    if not claim.pairs:
        return np.array([(np.nan_to_num(v) != 0).astype(np.float64) for v in values])
    outcome = partial(outcomes, shares=claim.measure.name == "solved", up=claim.up, factor=claim.factor)
    return np.array([outcome(values[a], values[b]) for a, b in claim.pairs])


def levels_of(results: Sequence[ArmResults]) -> tuple[int, int]:
    """Return over how many draws of the data arms are compared, and with how many seeds of each."""
    draws = max(r.draws for r in results)
    return draws, min(len(r.loss) // draws for r in results)


def _comparisons(claim: Claim) -> int:
    return len(claim.pairs) if claim.pairs else len(claim.arms)


def in_words(claim: Claim, effect: Effect, results: Sequence[ArmResults]) -> str:
    """Return a claim's effect in a sentence or two."""
    count = _comparisons(claim)
    level = f"{'' if count == 1 else 'joint '}{confidence_words(effect.level)} interval"
    if not claim.pairs:
        sentence = _share_words(claim, effect, level)
    elif claim.measure.name == "solved":
        sentence = _difference_words(claim, effect, level, results)
    else:
        sentence = _improvement_words(claim, effect, level, results)
    return f"The weakest of {count} comparisons: {sentence}" if count > 1 else sentence[:1].upper() + sentence[1:]


def confidence_words(level: float) -> str:
    """Return the confidence of an interval that may miss in so many cases: 95%, or 99.7% where it stopped early."""
    return f"{number(100 * (1 - level))}%"


def _share_words(claim: Claim, effect: Effect, level: str) -> str:
    label, claimed = claim.arms[effect.comparison].label, f"at {'least' if claim.up else 'most'} {claim.margin:.0%}"
    interval = f"({level}, {effect.low:.1%} to {effect.high:.1%})"
    if claim.measure.above is None:
        said = f"{effect.effect:.1%} of the runs with {label} are solved{_by_epoch(claim)}"
    else:
        said = f"{effect.effect:.1%} of the runs with {label} have {claim.measure.words}"
    return f"{said} {interval}; claimed is {claimed}."


def _difference_words(claim: Claim, effect: Effect, level: str, results: Sequence[ArmResults]) -> str:
    a, b = claim.pairs[effect.comparison]
    shares = [float(np.mean(results[k].measures[claim.measure])) for k in (a, b)]
    interval = f"({level}, {_points(effect.low)} to {_points(effect.high)})"
    return (
        f"{shares[0]:.1%} of the runs with {claim.arms[a].label} are solved{_by_epoch(claim)}, {shares[1]:.1%} of "
        f"those with {claim.arms[b].label}: {_points(effect.effect)} {interval} in the direction claimed. From "
        f"{_points(effect.margin)} on it is worth the name."
    )


def _improvement_words(claim: Claim, effect: Effect, level: str, results: Sequence[ArmResults]) -> str:
    a, b = claim.pairs[effect.comparison]
    way, verb = "higher" if claim.up else "lower", "are" if claim.measure.name == "epochs" else "is"
    factor = f" by a factor of {claim.factor:g} or more" if claim.factor > 1 else ""
    medians = [_number(float(quantiles(results[k].measures[claim.measure], [0.5])[0])) for k in (a, b)]
    interval = f"({level}, {effect.low:.1%} to {effect.high:.1%})"
    assert effect.wins is not None
    of = " of all runs, the unsolved counting as later than all others," if claim.measure.name == "epochs" else ""
    return (
        f"{claim.measure.words} {verb} {way}{factor} with {claim.arms[a].label} than with {claim.arms[b].label} for "
        f"{effect.wins:.1%} of seeds, alike for {effect.ties:.1%}, the other way round for {effect.losses:.1%}: "
        f"{effect.effect:.1%}, ties counting half {interval}. Beyond {effect.margin:.0%} it is worth the name. The "
        f"medians{of} are {medians[0]} and {medians[1]}."
    )


def _by_epoch(claim: Claim) -> str:
    return "" if claim.measure.epoch is None else f" by epoch {claim.measure.epoch}"


def _points(share: float) -> str:
    return f"{100 * share:.1f} points"


def _number(value: float) -> str:
    return "infinite (unsolved or diverged)" if not np.isfinite(value) else number(value)


def arm_document(arm: Arm, results: ArmResults) -> ArmDocument:
    """Return an arm's summary for the document; the interval of the share solved is over draws, where there are."""
    share = share_effect(results.solved, 0.5, up=True, draws=results.draws)
    epochs, loss = spread(results.epochs[results.solved]), median_interval(results.loss)
    middle = LossDocument(median=loss.estimate, low=loss.low, high=loss.high)
    return {
        "label": arm.label, "runs": len(results.loss),
        "solved": share.effect, "solved_low": share.low, "solved_high": share.high,
        "epochs": {"median": epochs.median, "q25": epochs.q25, "q75": epochs.q75} if epochs else None,
        "loss": middle if np.isfinite(loss).all() else None,
        "diverged": int((results.diverged >= 0).sum()),
    }  # fmt: skip


def run_counts(results: Sequence[ArmResults]) -> str:
    """Return how many runs arms have, in words: those of a study until decided may differ."""
    least, most = min(len(r.loss) for r in results), max(len(r.loss) for r in results)
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"
