"""A claim about tables on a page: its effect on each data set and over all of them, one under the other."""

from collections.abc import Iterator
from functools import partial

from fnn.formats import share
from fnn.report.document import ClaimDocument, DatasetEffectDocument
from fnn.report.marks import kind
from fnn.report.markup import Html, element
from fnn.report.svg import Scale, interval, scale
from fnn.report.words import effect_text

# What words mean on the page of a study of tables, where they mean something else than elsewhere.
MEANINGS = {
    "no difference": "Not as claimed: in practice they are alike, as the effect is short of the margin on either side.",
    "falls short": "Not as claimed: the effect is short of the margin; whether it is as much the other way is open.",
    "too few runs": "So few splits could not have decided it, had all of them been as claimed.",
}
TERMS = {
    "wins, ties, losses": "Shares of the splits on which the one scores better, alike, or worse; of a probability of "
    "improvement, of all pairs of a network of the one with a network of the other on the same split.",
    "splits and seeds": "On every split the networks of all arms learn from the same rows and are scored on the same "
    "others. A split says one effect, of its ensembles or of the mean of its networks. Splits share rows: intervals "
    "and p are by Nadeau & Bengio’s correction (2003), which no number of splits takes away.",
    "data sets": "Each counts the same. Nine or fewer are taken as they are, and the interval is over their splits; "
    "ten or more are taken for a sample of such data sets, and the interval is over them.",
    "score": "Where no score is named it is the one that a task is judged by: of classes the log loss, of numbers the "
    "root of the mean squared error.",
    "normalized": "0 is the score of an answer that knows no inputs: the mean, or the shares of the classes, of the "
    "rows that are learnt from; 1 is the best score there can be.",
}


def dataset_effects(claim: ClaimDocument) -> Html | None:
    """Return the forest plot of a claim, None where it is of no data sets or of one, whose effect is the claim's."""
    each = claim.get("datasets", [])
    if len(each) < 2:
        return None
    axis = _axis(claim)
    heads = ("Data set", "Drawn", f"{claim['effect_name'][:1].upper()}{claim['effect_name'][1:]} (95%)", "Better on")
    head = element("thead", element("tr", *(element("th", text, scope="col") for text in heads)))
    body = element(
        "tbody", *(_row(entry, claim, axis) for entry in each), _row(_overall(claim), claim, axis, last=True)
    )
    caption = element("caption", "On each data set, and over all; the shaded side is worth the name")
    made = element("table", caption, head, body, class_="stacked")
    return element("div", made, class_="scroll", tabindex=0, role="group", aria_label="Effects by data set")


def _axis(claim: ClaimDocument) -> Scale:
    null = claim["null"]
    assert null is not None
    return scale(null, [claim["margin"], *_values(claim)])


def _values(claim: ClaimDocument) -> Iterator[float]:
    for entry in (*claim.get("datasets", []), _overall(claim)):
        yield from (value for value in (entry["effect"], entry["low"], entry["high"]) if value is not None)


def _overall(claim: ClaimDocument) -> DatasetEffectDocument:
    wins, ties, losses = claim["wins"] or 0.0, claim["ties"] or 0.0, claim["losses"] or 0.0
    return {
        "name": "over all", "effect": claim["effect"], "low": claim["low"], "high": claim["high"], "wins": wins,
        "ties": ties, "losses": losses,
    }  # fmt: skip


def _row(entry: DatasetEffectDocument, claim: ClaimDocument, axis: Scale, *, last: bool = False) -> Html:
    low, high = entry["low"], entry["high"]
    ends = None if low is None or high is None else (low, high)
    words = partial(effect_text, claim["effect_name"])
    numbers = words(entry["effect"]) + (f" ({words(low)} to {words(high)})" if ends else "")
    ticks = [(value, words(value)) for value in (axis.low, axis.high)] if last else []
    drawn = interval(
        axis, entry["effect"], ends, f"{entry['name']}: {numbers}", (claim["margin"], axis.high), claim["null"],
        ticks, kind=kind(claim["verdict"]) if last else "",
    )  # fmt: skip
    better = f"{share(entry['wins'])}, alike on {share(entry['ties'])}"
    name = element("b", entry["name"]) if last else entry["name"]
    cells = [element("td", drawn, class_="drawn"), element("td", numbers), element("td", better)]
    return element("tr", element("th", name, scope="row"), *cells)
