"""Published results on a page, beside our runs: each an article, and a row of the table of verdicts."""

from collections.abc import Iterator, Mapping
from typing import Any

from fnn.report.components import anchor, article, command, ends, number, share, table, verdict
from fnn.report.document import ReplicationDocument
from fnn.report.marks import kind
from fnn.report.markup import Html, element, fragment
from fnn.report.svg import SHARE_TICKS, SHARES, Scale, decades, interval

# Runs of an article's table: what was published under its label, or our runs under one reading.
Runs = Mapping[str, Any]


def replication_article(entry: ReplicationDocument) -> Html:
    """Return a published result beside ours, each reading a row: what was published and ours on one axis."""
    parts = [
        element("p", f"{entry['source']}. {entry['what']}", class_="note"),
        element("p", entry["words"], class_="words"),
        element("p", element("b", "Left open by the source: "), entry["open"]) if entry["open"] else None,
        _side_by_side(entry),
        command(entry["command"]),
    ]
    return article(anchor("outside", entry["id"]), entry["title"], entry["verdict"], *parts)


def _side_by_side(entry: ReplicationDocument) -> Html:
    heads = ["Runs", "Drawn", "Solved (95%)", f"Epochs, {entry['statistic']} (middle half)", "Agrees"]
    rows = [_table_row(row, entry) for row in _all_runs(entry)]
    drawn = ["the shaded stretch is the published interval"] if _published_share(entry) else []
    drawn += ["the line is the published time"] if _time_axis(entry) else []
    return table(f"Published and ours; {', '.join(drawn)}", heads, rows, class_="stacked beside")


def _all_runs(entry: ReplicationDocument) -> list[Runs]:
    """Return the published runs, then ours."""
    return [{"label": "Published", **entry["published"]}, *entry["ours"]]


def _published_share(entry: ReplicationDocument) -> tuple[float, float] | None:
    """Return the published interval of the share solved, or all from the least share on; None where there is none."""
    published = entry["published"]
    at_least = published["at_least"]
    return (at_least, 1.0) if at_least is not None else ends(published["low"], published["high"])


def _time_axis(entry: ReplicationDocument) -> Scale | None:
    """Return the axis of the epochs that an entry's runs took, None if no time was published."""
    if entry["published"]["time"] is None:
        return None
    values = [row.get(name) for row in _all_runs(entry) for name in ("time", "q25", "q75")]
    return decades(max(value, 1.0) for value in values if value is not None)


def _table_row(row: Runs, entry: ReplicationDocument) -> list[Any]:
    agrees = "–" if row.get("agrees") is None else element("b", "yes") if row["agrees"] else "no"
    drawn = [_share_drawing(row, entry), _time_drawing(row, entry)]
    solved = _share_words(row) if row["runs"] or row.get("at_least") is None else f"at least {share(row['at_least'])}"
    return [row["label"], fragment(*drawn) if any(drawn) else "–", solved, _time_words(row), agrees]


def _time_words(row: Runs) -> str:
    if row.get("q25") is None:
        return number(row["time"])
    return f"{number(row['time'])} ({number(row['q25'])}–{'never' if row['q75'] is None else number(row['q75'])})"


def _share_words(row: Runs) -> str:
    """Return the share solved with its interval and its runs."""
    if not row["runs"]:
        return "–"
    reach = f" ({share(row['low'])}–{share(row['high'])})" if ends(row["low"], row["high"]) else ""
    return f"{share(row['successes'] / row['runs'])}{reach}, {number(row['successes'])} of {number(row['runs'])}"


def _share_drawing(row: Runs, entry: ReplicationDocument) -> Html | None:
    """Return the drawing of a share solved, None where the runs are not known or no share was published."""
    shaded = _published_share(entry)
    if not row["runs"] or shaded is None:
        return None
    reach, label = ends(row["low"], row["high"]), f"{row['label']}: {_share_words(row)}"
    return interval(SHARES, row["successes"] / row["runs"], reach, label, shaded, ticks=SHARE_TICKS)


def _time_drawing(row: Runs, entry: ReplicationDocument) -> Html | None:
    """Return the drawing of the epochs that runs took, None where there were none or no time was published."""
    axis = _time_axis(entry)
    if axis is None or row["time"] is None:
        return None
    half = None if row.get("q25") is None else (row["q25"], axis.high if row["q75"] is None else row["q75"])
    label = f"{row['label']}: {_time_words(row)} epochs"
    return interval(axis, row["time"], half, label, null=entry["published"]["time"], ticks=_ends_of(axis))


def _ends_of(axis: Scale) -> list[tuple[float, str]]:
    return [(value, number(value)) for value in (axis.low, axis.high)]


def replication_row(entry: ReplicationDocument) -> Html:
    """Return the row of a published result in the table of verdicts."""
    link = element("a", entry["title"], href=f"#{anchor('outside', entry['id'])}")
    cells = [
        element("td", verdict(entry["verdict"])),
        element("th", link, element("span", entry["source"], class_="unit"), scope="row"),
        element("td", *_reading_drawings(entry), class_="drawn"),
        element("td", *_summary(entry)),
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


def _summary(entry: ReplicationDocument) -> Iterator[Html]:
    """Yield what was published, what became of our runs, and how many readings agree."""
    agreeing = sum(reading["agrees"] for reading in entry["ours"])
    yield element("span", element("b", "published "), entry["told"], class_="numbers")
    yield element("span", element("b", "ours "), entry["found"], class_="numbers")
    yield element("span", f"{agreeing} of {len(entry['ours'])} readings agree", class_="unit")
