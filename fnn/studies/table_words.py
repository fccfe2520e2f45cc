"""Claims about tables in words: what is compared on how many data sets, by how much, and what the interval is over."""

from fnn.formats import number, share
from fnn.studies.table_effects import TableEffect, repeats_to_decide
from fnn.studies.table_model import ENSEMBLE, IMPROVEMENT, MIDDLE, POPULATION, TableClaim, TableStudy
from fnn.studies.verdicts import FALLS_SHORT, NO_DIFFERENCE, REVERSED, TOO_FEW, TOO_SMALL, UNDECIDED

_MEANINGS = {
    NO_DIFFERENCE: "The whole interval lies within the margin on both sides: in practice they are alike.",
    TOO_SMALL: "There is a difference, but one too small to be worth the name.",
    FALLS_SHORT: "It is not by so much; whether the other is better by as much cannot be told.",
    REVERSED: "It is the other way round.",
}


def table_words(claim: TableClaim, entry: TableEffect, study: TableStudy, word: str) -> str:
    """Return what is true of a claim, in a few sentences. word: its verdict."""
    sentences = [
        _effect(claim, entry),
        _over(claim, entry, study),
        _apart(claim, entry),
        _MEANINGS.get(word, ""),
        _open(entry, study, word),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _effect(claim: TableClaim, entry: TableEffect) -> str:
    a, b = (claim.arms[place].label for place in claim.pairs[entry.effect.comparison])
    effect, count = entry.effect, len(claim.pairs)
    level = "95% interval" if count == 1 else "joint 95% interval"
    words = share if claim.effect == IMPROVEMENT else number
    ends = f"({level}, {words(effect.low)} to {words(effect.high)})"
    weakest = f"The weakest of {count} comparisons: " if count > 1 else ""
    if claim.effect == IMPROVEMENT:
        return (
            f"{weakest}A network of {a} has the better {_metric(claim)} than one of {b} with probability "
            f"{share(effect.effect)}, ties counting half {ends}; from {share(effect.margin)} on it is worth the name."
        )
    who = "ensemble" if claim.of == ENSEMBLE else "mean network"
    return (
        f"{weakest}The {who} of {a} is better than that of {b} by {number(effect.effect)} in {_metric(claim)} {ends}; "
        f"from {number(effect.margin)} on it is worth the name. It is better on {effect.wins:.0%} of splits, alike on "
        f"{effect.ties:.0%}, worse on {effect.losses:.0%}."
    )


def _metric(claim: TableClaim) -> str:
    return claim.measured.partition(" of the ensembles")[0].partition(" of members")[0]


def _over(claim: TableClaim, entry: TableEffect, study: TableStudy) -> str:
    """Return over what the interval is."""
    splits, each = f"{study.splits} splits", entry.datasets
    if len(each) == 1:
        return f"The interval is over the {splits} of {each[0].name} and allows for the rows they share."
    mean = "The difference is of interquartile means" if claim.aggregate == MIDDLE else "The effect is the mean"
    if entry.population:
        return f"{mean} over {len(each)} data sets, and the interval is over them, as a sample of such data sets."
    return (
        f"{mean} over {len(each)} data sets, {splits} each. The interval is over splits within the data sets, which "
        f"are fixed: it says nothing of others ({POPULATION} data sets would)."
    )


def _apart(claim: TableClaim, entry: TableEffect) -> str:
    """Return on which of several data sets, each by itself, the effect is beyond the margin, or as much the other way.

    Their intervals are not corrected for there being several.
    """
    if len(entry.datasets) < 2:
        return ""
    mirror = 2 * claim.null - claim.margin
    beyond = ", ".join(each.name for each in entry.datasets if each.interval.low > claim.margin)
    other = ", ".join(each.name for each in entry.datasets if each.interval.high < mirror)
    parts = [f"worth the name on {beyond}"] if beyond else []
    parts += [f"as much the other way on {other}"] if other else []
    return f"Each by itself, it is {', '.join(parts)}." if parts else ""


def _open(entry: TableEffect, study: TableStudy, word: str) -> str:
    """Return what would decide a claim that is not decided."""
    if word == TOO_FEW:
        return "So few splits cannot tell, whatever they say: more repeats would."
    if word != UNDECIDED:
        return ""
    repeats = repeats_to_decide(entry, word, study.splitting.folds or 1)
    if repeats is None:
        return "No number of repeats would decide it: more rows or more data sets might."
    return f"About {max(repeats, study.splitting.repeats + 1)} repeats of the splits would decide it."
