"""The articles of a page: a claim with its evidence, a finding, a table."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from fnn.formats import number, share, shares_to, to
from fnn.report.components import Figures, anchor, article, chance, command, folded, paragraphs, table
from fnn.report.datasets import dataset_effects
from fnn.report.document import ArmDocument, ClaimDocument, FindingDocument, TableDocument
from fnn.report.looks import confidence, stopped_sentence
from fnn.report.marks import kind
from fnn.report.markup import Html, element, fragment
from fnn.report.multiverse import multiverse_section
from fnn.report.svg import SHARE_TICKS, SHARES, bar, interval, scale, swatch
from fnn.report.words import claim_levels, effect_interval, effect_text, fresh

# ---- claims ----


def claim_article(key: str, claim: ClaimDocument, figures: Figures, looks: int = 0) -> Html:
    """Return a claim: verdict, words, effect, figure, arms, what other settings say, and the command.

    looks: so many were planned, of a study until decided.
    """
    parts = [
        element("p", claim["words"], class_="words"),
        element("p", stopped_sentence(claim["stopped"], looks), class_="note") if claim["stopped"] else None,
        _open_question(claim),
        *paragraphs(claim["note"], class_="note"),
        _effect_figure(claim),
        dataset_effects(claim),
        figures.show(claim["figure"]),
        _arms(claim["arms"]) if claim["arms"] else None,
        multiverse_section(claim, claim["multiverse"]) if claim["multiverse"] else None,
        command(claim["command"]),
    ]
    return article(anchor("claim", key), claim["sentence"], claim["verdict"], *parts)


def _open_question(claim: ClaimDocument) -> Html | None:
    """Return what a verdict that is neither yes nor no depends on, or what a study that decides it would need."""
    if claim["depends_on"]:
        axes = element("b", ", ".join(claim["depends_on"]).replace("_", " "))
        return element("p", "In other settings it is mixed: it depends on ", axes, ".", class_="because")
    if needed := fresh(claim):
        again = "To run this one again with more would be a second look, which errs more often."
        return element("p", f"{needed[:1].upper()}{needed[1:]} to decide it. {again}", class_="because")
    return None


def _effect_figure(claim: ClaimDocument) -> Html:
    name, null = claim["effect_name"], claim["p_null_adjusted"]
    caption = fragment(
        element("b", f"{name[:1].upper()}{name[1:]}: {effect_text(name, claim['effect'])}"),
        f", {confidence(claim)} interval {effect_interval(claim)}; {claim['metric']}. ",
        f"Against the margin {chance(claim['p_adjusted'])} ",
        f"corrected for all claims{' and looks' if claim['stopped'] else ''}, {chance(claim['p'])} alone",
        None if null is None else f"; against no difference {chance(null)}, corrected",
        f". Over {claim_levels(claim)}{_between(claim)}.",
    )
    drawn = fragment(effect_drawing(claim, words=True), _pairs(claim))
    return element("figure", drawn, element("figcaption", caption), class_="effect")


def _between(claim: ClaimDocument) -> str:
    """Return how much of what varies is the draw of the data."""
    between = claim["between_draws"]
    return "" if between is None else f"; {share(between)} of the variance of a run’s answer is between draws"


def _pairs(claim: ClaimDocument) -> Html | None:
    """Return of how many pairs of runs the claim is true, of how many the opposite: as a bar and in numbers."""
    if claim["wins"] is None or claim["ties"] is None or claim["losses"] is None:
        return None
    counts = {"wins": claim["wins"], "ties": claim["ties"], "losses": claim["losses"]}
    words = {"wins": "as claimed", "ties": "alike", "losses": "the other way round"}
    numbers = (element("span", swatch(name), element("b", share(counts[name])), f" {words[name]} ") for name in counts)
    return element("div", bar(counts), element("p", *numbers), class_="pairs")


def effect_drawing(claim: ClaimDocument, words: bool = False) -> Html:
    """Return the drawing of a claim's effect, against no difference and the smallest one worth the name.

    words: write above it which is which.
    """
    effect, low, high, margin = claim["effect"], claim["low"], claim["high"], claim["margin"]
    if (null := claim["null"]) is None:
        return _share_drawing(claim, words)
    axis = scale(null, [effect, low, high, margin])
    up = margin >= null
    band, end = ((margin, axis.high), "end") if up else ((axis.low, margin), "start")
    labels = [(null, "no difference", end), (axis.high if up else axis.low, "worth the name", end)]
    words_of = partial(effect_text, claim["effect_name"])
    ticks = [(value, words_of(value).removesuffix(" points")) for value in (axis.low, null, axis.high)]
    label = (
        f"{words_of(effect)}, {confidence(claim)} interval {effect_interval(claim)}; no difference is "
        f"{words_of(null)}, the smallest worth the name {words_of(margin)}"
    )
    return interval(
        axis, effect, (low, high), label, band, null, ticks, labels if words else (), kind(claim["verdict"])
    )


def _share_drawing(claim: ClaimDocument, words: bool) -> Html:
    """Return the drawing of a share that a claim says is at least, or at most, so much."""
    margin, up = claim["margin"], claim["up"]
    written = [(margin, "claimed", "start" if margin < 0.5 else "end")] if words else []
    label = f"{share(claim['effect'])}, {confidence(claim)} interval {shares_to(claim['low'], claim['high'])}; "
    label += f"claimed is at {'least' if up else 'most'} {share(margin)}"
    return interval(
        SHARES, claim["effect"], (claim["low"], claim["high"]), label, (margin, 1.0) if up else (0.0, margin),
        ticks=SHARE_TICKS, words=written, kind=kind(claim["verdict"]),
    )  # fmt: skip


def _arms(arms: Sequence[ArmDocument]) -> Html:
    heads = [
        "Arm",
        "Runs",
        "Solved (95%)",
        "Epochs of the solved (quartiles)",
        "Loss, median (95%)",
        "Diverged",
    ]
    return table("The arms", heads, map(_arm_row, arms), class_="stacked")


def _arm_row(arm: ArmDocument) -> list[Any]:
    epochs, loss = arm["epochs"], arm["loss"]
    return [
        arm["label"],
        arm["runs"],
        f"{share(arm['solved'])} ({shares_to(arm['solved_low'], arm['solved_high'])})",
        f"{number(epochs['median'])} ({to(epochs['q25'], epochs['q75'])})" if epochs else "–",
        f"{number(loss['median'])} ({to(loss['low'], loss['high'])})" if loss else "–",
        arm["diverged"],
    ]


# ---- findings and tables ----


def finding_article(finding: FindingDocument, figures: Figures) -> Html:
    """Return a finding beside the claims, with its evidence."""
    rows = finding["table"]
    parts = [
        *paragraphs(finding["text"]),
        folded(finding["title"], rows["columns"], rows["rows"]) if rows else None,
        figures.show(finding["figure"]),
    ]
    return article(anchor("finding", finding["id"]), finding["title"], None, *parts)


def table_article(table: TableDocument) -> Html:
    """Return a table of the study."""
    rows = folded(table["title"], table["columns"], table["rows"])
    return article(anchor("table", table["id"]), table["title"], None, rows)
