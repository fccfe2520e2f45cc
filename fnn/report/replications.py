"""Published results on a page, beside our runs: each an article, and a row of the table of verdicts."""

from collections.abc import Iterator, Mapping
from typing import Any

from fnn.formats import number, share, shares_to
from fnn.report.components import anchor, article, chance, command, ends, table, verdict
from fnn.report.document import StudyDocument
from fnn.report.marks import kind
from fnn.report.markup import Html, element, fragment
from fnn.report.published import ReplicationDocument, SourceDocument
from fnn.report.svg import SHARE_TICKS, SHARES, Scale, decades, interval

# Runs of an article's table: what was published under its label, or our runs under one reading.
Runs = Mapping[str, Any]


def replication_articles(document: StudyDocument) -> Iterator[Html]:
    """Yield the published results of each source; before several of one, what its readings say of them all."""
    entries = {entry["id"]: entry for entry in document["outside"]}
    for source in document["sources"]:
        if len(source["results"]) > 1:
            yield _source_article(source, entries)
        yield from (_replication_article(entries[key]) for key in source["results"])


def _source_article(source: SourceDocument, entries: Mapping[str, ReplicationDocument]) -> Html:
    """Return a source with several results: what it leaves open is the same for all of them."""
    titles = [entries[key]["title"] for key in source["results"]]
    heads = ["Reading, of all results", *titles, "All"]
    rows = [[r["label"], *map(_agrees, r["agrees"]), _agrees(all(r["agrees"]))] for r in source["readings"]]
    parts = [
        element(
            "p", "These results share what their source leaves open: a reading is one choice for all.", class_="note"
        ),
        element("p", source["words"], class_="words"),
        table("Which reading agrees with which result", heads, rows, class_="joint"),
    ]
    return article(anchor("source", source["id"]), f"{source['title']}: all at once", source["verdict"], *parts)


def _agrees(agrees: bool) -> Html | str:
    return element("b", "yes") if agrees else "no"


def _replication_article(entry: ReplicationDocument) -> Html:
    """Return a published result beside ours, each reading a row: what was published and ours on one axis."""
    parts = [
        element("p", f"{entry['source']}. {entry['what']}", class_="note"),
        element("p", entry["words"], class_="words"),
        element("p", element("b", "Left open by the source: "), entry["open"]) if entry["open"] else None,
        _side_by_side(entry),
        element("p", element("b", "How often this errs: "), entry["error_words"], class_="words"),
        command(entry["command"]),
    ]
    return article(anchor("outside", entry["id"]), entry["title"], entry["verdict"], *parts)


def _side_by_side(entry: ReplicationDocument) -> Html:
    counts = {reading["of"] for reading in entry["ours"]}
    of = f"of {number(counts.pop())}" if len(counts) == 1 else "of as many"
    times = f"Epochs, {entry['statistic']} ({of} like ours)"
    heads = ["Runs", "Drawn", "Solved (95%)", times, "Agrees (p)"]
    rows = [_table_row(row, entry) for row in _all_runs(entry)]
    drawn = ["the shaded stretch is the published interval"] if _published_share(entry) else []
    drawn += (
        ["the line is the published time, the bar where that of as many of our runs lies"] if _time_axis(entry) else []
    )
    return table(f"Published and ours; {', '.join(drawn)}", heads, rows, class_="stacked beside")


def _all_runs(entry: ReplicationDocument) -> list[Runs]:
    """Return the published runs, then ours."""
    published = entry["published"]
    return [{"label": "Published", **published, "runs": published["least_runs"]}, *entry["ours"]]


def _published_share(entry: ReplicationDocument) -> tuple[float, float] | None:
    """Return the published interval of the share solved, or all from the least share on; None where there is none."""
    published = entry["published"]
    at_least = published["at_least"]
    return (at_least, 1.0) if at_least is not None else ends(published["low"], published["high"])


def _time_axis(entry: ReplicationDocument) -> Scale | None:
    """Return the axis of the epochs that an entry's runs took, None if no time was published."""
    if entry["published"]["time"] is None:
        return None
    names = ("time", "time_low", "time_high", "fastest", "slowest")
    values = [row.get(name) for row in _all_runs(entry) for name in names]
    return decades(max(value, 1.0) for value in values if value is not None)


def _table_row(row: Runs, entry: ReplicationDocument) -> list[Any]:
    drawn = [_share_drawing(row, entry), _time_drawing(row, entry)]
    least = row.get("at_least")
    solved = _share_words(row) if least is None else f"at least {share(least)}"
    agrees = fragment(_agrees(row["agrees"]), f", {chance(row['p'])}") if "agrees" in row else "–"
    return [row["label"], fragment(*drawn) if any(drawn) else "–", solved, _time_words(row), agrees]


def _reach(row: Runs) -> tuple[float, float | None] | None:
    """Return between what the time lies: of the published the fastest and the slowest, of ours what it may be."""
    names = ("fastest", "slowest") if "fastest" in row else ("time_low", "time_high")
    return None if row[names[0]] is None else (row[names[0]], row[names[1]])


def _time_words(row: Runs) -> str:
    reach = _reach(row)
    if reach is None:
        return number(row["time"])
    return f"{number(row['time'])} ({number(reach[0])} to {'never' if reach[1] is None else number(reach[1])})"


def _share_words(row: Runs) -> str:
    """Return the share solved with its interval and its runs."""
    if _share(row) is None:
        return "–"
    reach = f" ({shares_to(row['low'], row['high'])})" if ends(row["low"], row["high"]) else ""
    if row.get("share") is not None:
        return f"{share(row['share'])}{reach}, of {number(row['runs'])} at least"
    return f"{share(_share(row))}{reach}, {number(row['successes'])} of {number(row['runs'])}"


def _share(row: Runs) -> float | None:
    """Return the share of successes, None where it was not published."""
    if row.get("share") is not None:
        return float(row["share"])
    return None if row["successes"] is None else row["successes"] / row["runs"]


def _share_drawing(row: Runs, entry: ReplicationDocument) -> Html | None:
    """Return the drawing of a share solved, None where the runs are not known or no share was published."""
    shaded, middle = _published_share(entry), _share(row)
    if middle is None or shaded is None:
        return None
    reach, label = ends(row["low"], row["high"]), f"{row['label']}: {_share_words(row)}"
    return interval(SHARES, middle, reach, label, shaded, ticks=SHARE_TICKS)


def _time_drawing(row: Runs, entry: ReplicationDocument) -> Html | None:
    """Return the drawing of the epochs that runs took, None where there were none or no time was published."""
    axis = _time_axis(entry)
    if axis is None or row["time"] is None:
        return None
    reach = _reach(row)
    bar = None if reach is None else (max(reach[0], 1.0), axis.high if reach[1] is None else max(reach[1], 1.0))
    label = f"{row['label']}: {_time_words(row)} epochs"
    return interval(axis, max(row["time"], 1.0), bar, label, null=entry["published"]["time"], ticks=_ends_of(axis))


def _ends_of(axis: Scale) -> list[tuple[float, str]]:
    return [(value, number(value)) for value in (axis.low, axis.high)]


def replication_groups(document: StudyDocument) -> Iterator[Html]:
    """Yield the bodies of the table of verdicts: sources, those with several results under a head."""
    entries = {entry["id"]: entry for entry in document["outside"]}
    for source in document["sources"]:
        several = len(source["results"]) > 1
        link = element("a", source["title"], href=f"#{anchor('source', source['id'])}") if several else None
        words = element("span", source["words"], class_="unit")
        head = (
            element("tr", element("th", link, words, scope="rowgroup", colspan=4), class_="group") if several else None
        )
        yield element("tbody", head, *(_row(entries[key], source) for key in source["results"]))


def _row(entry: ReplicationDocument, source: SourceDocument) -> Html:
    """Return the row of a published result in the table of verdicts."""
    link = element("a", entry["title"], href=f"#{anchor('outside', entry['id'])}")
    several = len(source["results"]) > 1
    cells = [
        element("td", verdict(entry["verdict"])),
        element("th", link, None if several else element("span", entry["source"], class_="unit"), scope="row"),
        element("td", *_reading_drawings(entry), class_="drawn"),
        element("td", *_summary(entry, several)),
    ]
    return element("tr", *cells, class_=f"is-{kind(entry['verdict'])}")


def _reading_drawings(entry: ReplicationDocument) -> Iterator[Html]:
    """Yield the drawings of all readings at once: of the shares solved, of the epochs they took."""
    ours, shaded, axis = entry["ours"], _published_share(entry), _time_axis(entry)
    label = f"published {entry['told']}; ours {entry['found']}"
    if shaded is not None:
        shares = [reading["successes"] / reading["runs"] for reading in ours]
        words = [(1.0, "solved", "end")]
        yield interval(SHARES, None, None, label, shaded, ticks=SHARE_TICKS, words=words, spots=shares)
    if axis is not None:
        times = [max(reading["time"], 1.0) for reading in ours if reading["time"] is not None]
        words = [(axis.high, "epochs", "end")]
        published = entry["published"]["time"]
        yield interval(axis, None, None, label, null=published, ticks=_ends_of(axis), words=words, spots=times)


def _summary(entry: ReplicationDocument, several: bool) -> Iterator[Html]:
    """Yield what was published, what became of our runs, and how many readings agree."""
    agreeing = sum(reading["agrees"] for reading in entry["ours"])
    alone = " with it alone" if several else ""
    yield element("span", element("b", "published "), entry["told"], class_="numbers")
    yield element("span", element("b", "ours "), entry["found"], class_="numbers")
    yield element("span", f"{agreeing} of {len(entry['ours'])} readings agree{alone}", class_="unit")
