"""The articles of a page: a claim with its evidence, a finding, a published result beside ours, a table."""

from collections.abc import Iterator, Sequence
from typing import Any

from fnn.report.components import (
    LOOKS,
    Figures,
    anchor,
    chance,
    command,
    ends,
    folded,
    framed,
    number,
    paragraphs,
    share,
    table,
    to,
    verdict,
)
from fnn.report.markup import Child, Html, element, fragment
from fnn.report.svg import Scale, bar, decades, interval, scale

Document = dict[str, Any]

KINDS = ("supported", "refuted", "undecided")
SHARES = Scale(0.0, 1.0)
SHARE_TICKS = ((0.0, "0%"), (0.5, "50%"), (1.0, "100%"))


def _article(name: str, title: str, word: str | None, *children: Child) -> Html:
    """Return an article under its title and, where it has one, its verdict."""
    mark = element("p", verdict(word)) if word else None
    head = element("header", mark, element("h3", title, id=f"{name}-head"))
    return element("article", head, *children, id=name, aria_labelledby=f"{name}-head")


# ---- claims ----


def claim(key: str, found: Document, figures: Figures) -> Html:
    """Return a claim: verdict, words, effect, figure, arms, what other settings say, and the command."""
    parts = [
        element("p", found["words"], class_="words"),
        _because(found),
        *paragraphs(found["note"], class_="note"),
        _effect_figure(found),
        figures.show(found["figure"]),
        _arms(found["arms"]) if found["arms"] else None,
        _multiverse(found["multiverse"]) if found["multiverse"] else None,
        command(found["command"]),
    ]
    return _article(anchor("claim", key), found["sentence"], found["verdict"], *parts)


def _because(found: Document) -> Html | None:
    """Return what a verdict that is neither yes nor no depends on, or how many seeds would decide it."""
    if found["depends_on"]:
        return element("p", "It depends on ", element("b", ", ".join(found["depends_on"])), ".", class_="because")
    if found["seeds_needed"]:
        return element("p", f"About {number(found['seeds_needed'])} seeds would decide it.", class_="because")
    return None


def _effect_figure(found: Document) -> Html:
    name, values = found["effect_name"], (found["low"], found["high"])
    said = fragment(
        element("b", f"{name[:1].upper()}{name[1:]} {number(found['effect'])}"),
        f", 95% interval {to(*values)}; {found['metric']}. ",
        f"{chance(found['p_holm'])} after Holm’s correction over the study, {chance(found['p'])} alone.",
    )
    return element("figure", effect(found, words=True), element("figcaption", said), class_="effect")


def effect(found: Document, words: bool = False) -> Html | None:
    """Return the drawing of a claim's effect, against no difference and the smallest one worth the name.

    words: write above it which is which.
    """
    middle, null, margin = found["effect"], found["null"], found["margin"]
    if middle is None:
        return None
    if null is None:
        return _share_effect(found, words)
    reached = ends(found["low"], found["high"])
    axis = scale(null, [middle, *(reached or ()), *([] if margin is None else [margin])])
    up = margin is None or margin >= null
    band = None if margin is None else (margin, axis.high) if up else (axis.low, margin)
    written = [(null, "no difference", "end" if up else "start")]
    written += [] if margin is None else [(axis.high if up else axis.low, "worth the name", written[0][2])]
    ticks = [(value, number(value)) for value in (axis.low, null, axis.high)]
    label = f"{number(middle)}, 95% interval {to(found['low'], found['high'])}; no difference is {number(null)}"
    label += "" if margin is None else f", the smallest worth the name {number(margin)}"
    return interval(axis, middle, reached, label, band, null, ticks, written if words else (), found["verdict"])


def _share_effect(found: Document, words: bool) -> Html:
    """Return the drawing of a share that a claim says is at least, or at most, so much."""
    margin, up = found["margin"], found["up"]
    written = [(margin, "claimed", "start" if margin < 0.5 else "end")] if words else []
    label = f"{share(found['effect'])}, 95% interval {share(found['low'])} to {share(found['high'])}; "
    label += f"claimed is at {'least' if up else 'most'} {share(margin)}"
    return interval(
        SHARES, found["effect"], ends(found["low"], found["high"]), label, (margin, 1.0) if up else (0.0, margin),
        ticks=SHARE_TICKS, words=written, kind=found["verdict"],
    )  # fmt: skip


def _arms(arms: Sequence[Document]) -> Html:
    heads = ["Arm", "Runs", "Solved (95%)", "Epochs to solve (quartiles)", "Loss, median (95%)", "Diverged"]
    return table("The arms", heads, map(_arm_row, arms), class_="stacked")


def _arm_row(arm: Document) -> list[Any]:
    epochs, loss = arm["epochs"], arm["loss"]
    return [
        arm["label"],
        arm["runs"],
        f"{share(arm['solved'])} ({share(arm['solved_low'])}–{share(arm['solved_high'])})",
        f"{number(epochs['median'])} ({number(epochs['q25'])}–{number(epochs['q75'])})" if epochs else "–",
        f"{number(loss['median'])} ({number(loss['low'])}–{number(loss['high'])})" if loss else "–",
        arm["diverged"],
    ]


# ---- the multiverse ----


def _multiverse(found: Document) -> Html:
    counts = ", ".join(f"{number(found[kind]) if found[kind] else 'none'} {kind}" for kind in KINDS)
    said = f"Under {number(found['cells'])} combinations of settings that the claim does not mention: {counts}."
    heads = ["Setting", "Verdicts", *(kind.capitalize() for kind in KINDS)]
    groups = (_setting(name, values) for name, values in found["by"].items())
    by = framed("Combinations by setting", heads, groups, class_="multiverse titled") if found["by"] else None
    return fragment(element("h4", "In other settings"), element("p", said), by)


def _setting(name: str, values: Document) -> Html:
    """Return a setting's rows: each value, its verdicts as a bar, and in numbers."""
    head = element("tr", element("th", name, scope="rowgroup", colspan=5), class_="group")
    return element("tbody", head, *(_value(value, counts) for value, counts in values.items()))


def _value(value: str, counts: Document) -> Html:
    drawn = element("td", bar({kind: counts[kind] for kind in KINDS}), class_="drawn")
    numbers = (element("td", number(counts[kind]), class_="number") for kind in KINDS)
    return element("tr", element("th", value, scope="row"), drawn, *numbers)


# ---- findings and tables ----


def finding(found: Document, figures: Figures) -> Html:
    """Return something that the report got wrong, with its evidence."""
    rows = found["table"]
    parts = [
        *paragraphs(found["text"]),
        folded(found["title"], rows["columns"], rows["rows"]) if rows else None,
        figures.show(found["figure"]),
    ]
    return _article(anchor("finding", found["id"]), found["title"], None, *parts)


def numbers(found: Document) -> Html:
    """Return a table of the study."""
    rows = folded(found["title"], found["columns"], found["rows"])
    return _article(anchor("table", found["id"]), found["title"], None, rows)


# ---- published results ----


def published(entry: Document) -> Html:
    """Return a published result beside ours, each reading a row: what was published and ours on one axis."""
    parts = [
        element("p", f"{entry['source']}. {entry['what']}", class_="note"),
        element("p", entry["words"], class_="words"),
        element("p", element("b", "Left open by the source: "), entry["open"]) if entry["open"] else None,
        _beside(entry),
        command(entry["command"]),
    ]
    return _article(anchor("outside", entry["id"]), entry["title"], entry["verdict"], *parts)


def _beside(entry: Document) -> Html:
    heads = ["Runs", "Drawn", "Solved (95%)", f"Epochs, {entry['statistic']} (middle half)", "Agrees"]
    rows = [_beside_row(row, entry) for row in runs(entry)]
    drawn = ["the shaded stretch is the published interval"] if band(entry) else []
    drawn += ["the line is the published time"] if _times(entry) else []
    return table(f"Published and ours; {', '.join(drawn)}", heads, rows, class_="stacked beside")


def runs(entry: Document) -> list[Document]:
    """Return the published runs, then ours."""
    return [{"label": "Published", **entry["published"]}, *entry["ours"]]


def band(entry: Document) -> tuple[float, float] | None:
    """Return the published interval of the share solved, or all from the least share on; None where there is none."""
    told = entry["published"]
    return (told["at_least"], 1.0) if told["at_least"] is not None else ends(told["low"], told["high"])


def _times(entry: Document) -> Scale | None:
    """Return the axis of the epochs that an entry's runs took, None if no time was published."""
    if entry["published"]["time"] is None:
        return None
    found = [row.get(name) for row in runs(entry) for name in ("time", "q25", "q75")]
    return decades(max(value, 1.0) for value in found if value is not None)


def _beside_row(row: Document, entry: Document) -> list[Any]:
    agrees = "–" if row.get("agrees") is None else element("b", "yes") if row["agrees"] else "no"
    drawn = [_solved(row, entry), _took(row, entry)]
    solved = in_numbers(row) if row["runs"] or row.get("at_least") is None else f"at least {share(row['at_least'])}"
    return [row["label"], fragment(*drawn) if any(drawn) else "–", solved, _epochs(row), agrees]


def _epochs(row: Document) -> str:
    if row.get("q25") is None:
        return number(row["time"])
    return f"{number(row['time'])} ({number(row['q25'])}–{'never' if row['q75'] is None else number(row['q75'])})"


def in_numbers(row: Document) -> str:
    """Return the share solved with its interval and its runs."""
    if not row["runs"]:
        return "–"
    reach = f" ({share(row['low'])}–{share(row['high'])})" if ends(row["low"], row["high"]) else ""
    return f"{share(row['successes'] / row['runs'])}{reach}, {number(row['successes'])} of {number(row['runs'])}"


def _solved(row: Document, entry: Document) -> Html | None:
    """Return the drawing of a share solved, None where the runs are not known or no share was published."""
    shaded = band(entry)
    if not row["runs"] or shaded is None:
        return None
    reach, label = ends(row["low"], row["high"]), f"{row['label']}: {in_numbers(row)}"
    return interval(SHARES, row["successes"] / row["runs"], reach, label, shaded, ticks=SHARE_TICKS)


def _took(row: Document, entry: Document) -> Html | None:
    """Return the drawing of the epochs that runs took, None where there were none or no time was published."""
    axis = _times(entry)
    if axis is None or row["time"] is None:
        return None
    half = None if row.get("q25") is None else (row["q25"], axis.high if row["q75"] is None else row["q75"])
    label = f"{row['label']}: {_epochs(row)} epochs"
    return interval(axis, row["time"], half, label, null=entry["published"]["time"], ticks=_ends_of(axis))


def _ends_of(axis: Scale) -> list[tuple[float, str]]:
    return [(value, number(value)) for value in (axis.low, axis.high)]


def overview(entry: Document) -> Html:
    """Return the row of a published result in the table of verdicts."""
    look = LOOKS.get(entry["verdict"], entry["verdict"])
    link = element("a", entry["title"], href=f"#{anchor('outside', entry['id'])}")
    cells = [
        element("td", verdict(entry["verdict"])),
        element("th", link, element("span", entry["source"], class_="unit"), scope="row"),
        element("td", *_readings(entry), class_="drawn"),
        element("td", *_told_and_found(entry)),
    ]
    return element("tr", *cells, class_=f"is-{look}")


def _readings(entry: Document) -> Iterator[Html]:
    """Yield the drawings of all readings at once: of the shares solved, of the epochs they took."""
    told, ours, shaded, axis = entry["published"], entry["ours"], band(entry), _times(entry)
    label = f"published {entry['told']}; ours {entry['found']}"
    if shaded is not None:
        shares = [own["successes"] / own["runs"] for own in ours]
        said = [(1.0, "solved", "end")]
        yield interval(SHARES, None, None, label, shaded, ticks=SHARE_TICKS, words=said, spots=shares)
    times = [max(own["time"], 1.0) for own in ours if own["time"] is not None]
    if axis is not None:
        said = [(axis.high, "epochs", "end")]
        yield interval(axis, None, None, label, null=told["time"], ticks=_ends_of(axis), words=said, spots=times)


def _told_and_found(entry: Document) -> Iterator[Html]:
    """Yield what was published, what came of ours, and how many readings agree."""
    agreeing = sum(own["agrees"] for own in entry["ours"])
    yield element("span", element("b", "published "), entry["told"], class_="numbers")
    yield element("span", element("b", "ours "), entry["found"], class_="numbers")
    yield element("span", f"{agreeing} of {len(entry['ours'])} readings agree", class_="unit")
