"""A study's document as one HTML page: figures inside, nothing fetched, no script, read on a screen or on paper."""

import base64
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from fnn.errors import InvalidSetting
from fnn.markup import Child, Html, element, fragment
from fnn.svg import PATTERNS, Scale, bar, interval, mark, scale

Document = dict[str, Any]

# Each verdict's word, and what it means. Those of published results look like the claims' they are nearest to.
VERDICTS = {
    "supported": "The whole interval lies beyond the smallest difference worth the name, on the claim's side.",
    "refuted": "The whole interval lies short of it: the difference is missing, too small, or the other way round.",
    "mixed": "The verdict changes with a setting that the claim does not mention.",
    "undecided": "The interval contains the smallest difference worth the name: more seeds would tell.",
}
LOOKS = {"reproduced": "supported", "not reproduced": "refuted", "depends": "mixed"}
MOST_ROWS = 12
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
SHARES = Scale(0.0, 1.0)


def page(document: Document, folder: str | Path) -> str:
    """Return the HTML of a study's document, with the figures of `folder` inside.

    Raises InvalidSetting under `figures` where a figure is not a PNG file of the folder.
    """
    title = document["title"]
    body = [
        element("a", "Skip to the verdicts", class_="skip", href="#verdicts"),
        PATTERNS,
        element("header", *_header(document)),
        _contents(document),
        element("main", *_main(document, Path(folder))),
    ]
    head = [
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("link", rel="icon", href="data:,"),
        element("title", title),
        element("style", Html(files("fnn").joinpath("page.css").read_text(encoding="utf-8"))),
    ]
    return "<!doctype html>\n" + element("html", element("head", *head), element("body", *body), lang="en") + "\n"


def _header(document: Document) -> Iterator[Child]:
    seeds, versions = document["seeds"], document["versions"]
    yield element("h1", document["title"])
    yield from paragraphs(document["intro"], class_="intro")
    said = f"{number(seeds['count'])} seeds from {seeds['first']}"
    several = "every claim again under other settings (the multiverse)" if document["multiverse"] else None
    made = f"{document['seconds']:.3g} s on {versions.get('threads', '?')} threads"
    yield element("p", " · ".join(filter(None, [said, several, made])), class_="facts")


def _main(document: Document, folder: Path) -> Iterator[Child]:
    figures = Figures(document["figures"], folder)
    yield element("section", *_verdicts(document), id="verdicts", aria_labelledby="verdicts-head")
    for section in sections(document):
        yield _section(section, document["claims"], figures)
    if document["findings"]:
        found = [_finding(finding, figures) for finding in document["findings"]]
        yield _part("findings", "What the report itself got wrong", *found)
    if document["outside"]:
        yield _part("outside", "Published results, run again", *map(_outside, document["outside"]))
    if document["tables"]:
        yield _part("tables", "Tables", *map(_table_part, document["tables"]))
    yield _part("made", "How this page was made", *_made(document))


def _part(name: str, title: str, *children: Child) -> Html:
    head = element("h2", title, id=f"{name}-head")
    return element("section", head, *children, id=name, aria_labelledby=f"{name}-head")


def sections(document: Document) -> list[Document]:
    """Return the sections, and one more for the claims that none of them has."""
    told = {key for section in document["sections"] for key in section["claims"]}
    left = [key for key in document["claims"] if key not in told]
    more = {"id": "more", "title": "More claims", "text": "", "figures": [], "claims": left}
    return [*document["sections"], *([more] if left else [])]


def _contents(document: Document) -> Html:
    parts = [("verdicts", "Verdicts")]
    parts += [(anchor("section", s["id"]), s["title"]) for s in sections(document)]
    parts += [("findings", "What the report itself got wrong")] if document["findings"] else []
    parts += [("outside", "Published results, run again")] if document["outside"] else []
    parts += [("tables", "Tables")] if document["tables"] else []
    parts += [("made", "How this page was made")]
    items = (element("li", element("a", title, href=f"#{name}")) for name, title in parts)
    return element("nav", element("ul", *items), aria_label="Contents", class_="contents")


# ---- words and numbers ----


def number(value: float | None) -> str:
    """Return a number as it is read: whole ones with commas, others with three figures, a dash for None."""
    if value is None:
        return "–"
    if float(value).is_integer() and 0 < abs(value) < 1e15:
        text = f"{int(value):,}"
    else:
        text = re.sub(r"e([+-])0*", r"e\1", f"{value:.3g}").replace("e+", "e")
    return text.replace("-", "−")


def share(value: float | None) -> str:
    """Return a share in per cent."""
    return "–" if value is None else f"{value:.1%}"


def chance(p: float | None) -> str:
    """Return a p-value as it is read."""
    return "–" if p is None else "p < 0.0001" if p < 1e-4 else f"p = {p:.4f}" if p < 0.1 else f"p = {p:.2f}"


def anchor(kind: str, key: str) -> str:
    """Return the id of a part: letters, digits and hyphens stay, any other character is told by its number."""
    return f"{kind}-" + re.sub(r"[^A-Za-z0-9-]", lambda m: f"_{ord(m[0]):x}_", key)


def paragraphs(text: str, class_: str | None = None) -> Iterator[Html]:
    """Yield a paragraph for each block of lines of plain text."""
    yield from (element("p", block, class_=class_) for block in re.split(r"\n\s*\n", text or "") if block.strip())


def verdict(word: str) -> Html:
    """Return a verdict: its mark and its word."""
    look = LOOKS.get(word, word)
    return element("span", mark(look), element("span", word.capitalize()), class_=f"verdict {look}")


def command(text: str, what: str = "Reproduce it") -> Html:
    """Return a command to copy."""
    return element("div", element("h4", what), element("pre", element("code", text)), class_="command")


# ---- the verdicts ----


def _verdicts(document: Document) -> Iterator[Child]:
    claims, outside = document["claims"], document["outside"]
    yield element("h2", "Verdicts", id="verdicts-head")
    if claims:
        found = Counter(claim["verdict"] for claim in claims.values())
        yield _filter(found)
        yield _verdict_table(document)
    if outside:
        yield _outside_table(outside)
    yield _how_to_read()


def _filter(found: Counter[str]) -> Html:
    """Return the choice of which verdicts the table shows. It works by style alone; without it all are shown."""
    choices = [("all", element("span", f"All {found.total()}"))]
    choices += [
        (word, fragment(verdict(word), element("span", str(found[word]), class_="count")))
        for word in VERDICTS
        if found[word]
    ]
    radios = (
        element(
            "label",
            element(
                "input", type="radio", name="only", id=f"only-{word}", checked="checked" if word == "all" else None
            ),
            text,
        )
        for word, text in choices
    )
    return element("fieldset", element("legend", "Show"), *radios, class_="filter")


def _verdict_table(document: Document) -> Html:
    heads = (element("th", head, scope="col") for head in ("Verdict", "Claim", "Effect", "95% interval"))
    groups = (_verdict_group(section, document["claims"]) for section in sections(document) if section["claims"])
    caption = element("caption", "Each claim, its verdict, and the effect with its interval")
    return element("table", caption, element("thead", element("tr", *heads)), *groups, class_="verdicts stacked")


def _verdict_group(section: Document, claims: Document) -> Html:
    link = element("a", section["title"], href=f"#{anchor('section', section['id'])}")
    head = element("tr", element("th", link, scope="rowgroup", colspan=4), class_="group")
    return element("tbody", head, *(_verdict_row(key, claims[key]) for key in section["claims"]))


def _verdict_row(key: str, claim: Document) -> Html:
    numbers = fragment(element("b", number(claim["effect"])), " ", _range(claim["low"], claim["high"]))
    cells = [
        element("td", verdict(claim["verdict"])),
        element("th", element("a", claim["sentence"], href=f"#{anchor('claim', key)}"), scope="row"),
        element("td", _effect(claim), class_="drawn"),
        element("td", element("span", numbers, class_="numbers"), element("span", claim["effect_name"], class_="unit")),
    ]
    return element("tr", *cells, class_=f"is-{claim['verdict']}")


def _range(low: float | None, high: float | None) -> str:
    return "–" if low is None or high is None else f"{number(low)} to {number(high)}"


def _effect(claim: Document, wide: bool = False) -> Html | None:
    """Return the drawing of a claim's effect; wide, with words."""
    middle, low, high, null, margin = (claim[name] for name in ("effect", "low", "high", "null", "margin"))
    if middle is None or null is None:
        return None
    ends = None if low is None or high is None else (low, high)
    axis = scale(null, [middle, *(ends or ()), *([] if margin is None else [margin])])
    band = None if margin is None else (margin, axis.high) if margin >= null else (axis.low, margin)
    words = ((null, "no difference"), *([(margin, "worth the name")] if margin is not None else []))
    ticks = tuple((value, number(value)) for value in (axis.low, null, axis.high))
    label = f"{number(middle)}, 95% interval {_range(low, high)}, on a scale from {number(axis.low)} to "
    label += f"{number(axis.high)}; no difference is {number(null)}"
    label += "" if margin is None else f", worth the name from {number(margin)}"
    return interval(axis, middle, ends, label, band, null, ticks, words if wide else (), claim["verdict"])


def _how_to_read() -> Html:
    words = (
        fragment(element("dt", verdict(word)), element("dd", meaning))
        for word, meaning in VERDICTS.items()
    )  # fmt: skip
    drawing = (
        "In the drawings the dot is the effect and the bar its 95% interval over seeds; the line is no difference, and "
        "the shaded side holds the effects that the claim speaks of: those past the smallest difference worth the name."
    )
    return element(
        "details", element("summary", "How to read this"), element("p", drawing), element("dl", *words), class_="help"
    )


# ---- sections and claims ----


class Figures:
    """The figures of a page. Each is embedded once, where it is first shown; later it is a link to that place."""

    def __init__(self, figures: Document, folder: Path) -> None:
        self.figures, self.folder, self.shown = figures, folder, set[str]()

    def show(self, key: str | None) -> Html | None:
        """Return the figure, or a link to it where the page has it already; None without a key."""
        if key is None:
            return None
        figure = self.figures[key]
        if key in self.shown:
            link = element("a", figure["title"], href=f"#{anchor('figure', key)}")
            return element("p", "Figure: ", link, ", above.", class_="again")
        self.shown.add(key)
        image = element(
            "img", src=embedded(self.folder, figure["file"]), alt=figure["alt"], width=figure["width"],
            height=figure["height"],
        )  # fmt: skip
        caption = element("figcaption", element("b", figure["title"]), " ", figure["caption"])
        return element("figure", image, caption, id=anchor("figure", key), class_="picture")


def embedded(folder: Path, file: str) -> str:
    """Return a PNG file of the folder as a data URI. Raises InvalidSetting."""
    try:
        content = (folder / Path(file).name).read_bytes() if Path(file).name == file else b""
    except OSError as error:
        raise InvalidSetting("figures", file, f"a file in {folder} ({error.strerror})") from error
    if not content.startswith(b"\x89PNG\r\n\x1a\n"):
        raise InvalidSetting("figures", file, f"a PNG file in {folder}")
    return "data:image/png;base64," + base64.b64encode(content).decode()


def _section(section: Document, claims: Document, figures: Figures) -> Html:
    name = anchor("section", section["id"])
    own = {claims[key]["figure"] for key in section["claims"]}
    shown = [figures.show(key) for key in section["figures"] if key not in own]
    told = [_claim(key, claims[key], figures) for key in section["claims"]]
    return _part(name, section["title"], *paragraphs(section["text"]), *shown, *told)


def _claim(key: str, claim: Document, figures: Figures) -> Html:
    name = anchor("claim", key)
    head = element("header", verdict(claim["verdict"]), element("h3", claim["sentence"], id=f"{name}-head"))
    parts = [
        element("p", claim["words"], class_="words"),
        _because(claim),
        *paragraphs(claim["note"], class_="note"),
        figures.show(claim["figure"]),
        _effect_figure(claim),
        _arms(claim["arms"]),
        _multiverse(claim["multiverse"]) if claim["multiverse"] else None,
        command(claim["command"]),
    ]
    return element("article", head, *parts, id=name, aria_labelledby=f"{name}-head", class_=f"claim {claim['verdict']}")


def _because(claim: Document) -> Html | None:
    """Return what a verdict that is neither yes nor no depends on, or how many seeds would decide it."""
    if claim["depends_on"]:
        names = ", ".join(claim["depends_on"])
        return element("p", "It depends on: ", element("b", names), ".", class_="because")
    if claim["seeds_needed"]:
        return element("p", f"About {number(claim['seeds_needed'])} seeds would decide it.", class_="because")
    return None


def _effect_figure(claim: Document) -> Html:
    effect = fragment(
        element("b", f"{claim['effect_name'].capitalize()} {number(claim['effect'])}"),
        f", 95% interval {_range(claim['low'], claim['high'])}; {claim['metric']}. ",
        f"{chance(claim['p_holm'])} after Holm’s correction over the study ({chance(claim['p'])} alone).",
    )
    return element("figure", _effect(claim, wide=True), element("figcaption", effect), class_="effect")


def _arms(arms: Sequence[Document]) -> Html | None:
    heads = ["Arm", "Runs", "Solved (95%)", "Epochs to solve (quartiles)", "Loss, median (95%)", "Diverged"]
    return table("The arms", heads, map(_arm_row, arms)) if arms else None


def _arm_row(arm: Document) -> list[str]:
    epochs, loss = arm["epochs"], arm["loss"]
    return [
        arm["label"],
        number(arm["runs"]),
        f"{share(arm['solved'])} ({share(arm['solved_low'])}–{share(arm['solved_high'])})",
        f"{number(epochs['median'])} ({number(epochs['q25'])}–{number(epochs['q75'])})" if epochs else "–",
        f"{number(loss['median'])} ({number(loss['low'])}–{number(loss['high'])})" if loss else "–",
        number(arm["diverged"]) if arm["diverged"] else "0",
    ]


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> Html:
    """Return a table that scrolls in itself where it is too wide; a long one is folded. A row's first cell names it."""
    body = [_row(row) for row in rows]
    made = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *(element("th", head, scope="col") for head in heads))),
        element("tbody", *body),
    )
    scrolled = element("div", made, class_="scroll", tabindex=0, role="region", aria_label=caption)
    if len(body) <= MOST_ROWS:
        return scrolled
    return element("details", element("summary", f"{caption}: {len(body)} rows"), scrolled)


def _row(row: Sequence[Any]) -> Html:
    first, *rest = (cell if isinstance(cell, str) else number(cell) for cell in row)
    return element("tr", element("th", first, scope="row"), *(element("td", cell) for cell in rest))


# ---- the multiverse ----

KINDS = ("supported", "refuted", "undecided")


def _multiverse(found: Document) -> Html:
    counts = {kind: found[kind] for kind in KINDS}
    words = ", ".join(f"{number(count) if count else 'none'} {kind}" for kind, count in counts.items())
    text = f"Under {number(found['cells'])} combinations of the settings that the claim does not mention: {words}."
    heads = [element("th", head, scope="col") for head in ("Setting", "Verdicts", *(k.capitalize() for k in KINDS))]
    groups = (_multiverse_group(name, values) for name, values in found["by"].items())
    made = element(
        "table",
        element("caption", "Combinations by setting"),
        element("thead", element("tr", *heads)),
        *groups,
        class_="multiverse",
    )
    scrolled = element("div", made, class_="scroll", tabindex=0, role="region", aria_label="Combinations by setting")
    return fragment(element("h4", "In other settings"), element("p", text), scrolled if found["by"] else None)


def _multiverse_group(name: str, values: Document) -> Html:
    head = element("tr", element("th", name, scope="rowgroup", colspan=5), class_="group")
    rows = (
        element(
            "tr",
            element("th", value, scope="row"),
            element("td", bar({kind: counts[kind] for kind in KINDS}), class_="drawn"),
            *(element("td", str(counts[kind]), class_="n") for kind in KINDS),
        )
        for value, counts in values.items()
    )
    return element("tbody", head, *rows)


# ---- findings, published results, tables, provenance ----


def _finding(finding: Document, figures: Figures) -> Html:
    name, found = anchor("finding", finding["id"]), finding["table"]
    parts = [
        element("h3", finding["title"], id=f"{name}-head"),
        *paragraphs(finding["text"]),
        figures.show(finding["figure"]),
        table(finding["title"], found["columns"], found["rows"]) if found else None,
    ]
    return element("article", *parts, id=name, aria_labelledby=f"{name}-head", class_="claim")


def _outside_table(entries: Sequence[Document]) -> Html:
    heads = (element("th", head, scope="col") for head in ("Verdict", "Published result", "Published", "Ours"))
    rows = (
        element(
            "tr",
            element("td", verdict(entry["verdict"])),
            element(
                "th",
                element("a", entry["source"], href=f"#{anchor('outside', entry['id'])}"),
                element("span", entry["what"], class_="unit"),
                scope="row",
            ),
            element("td", element("span", "published ", class_="unit"), _successes(entry["published"])),
            element("td", element("span", "ours ", class_="unit"), _ours_range(entry["ours"])),
        )
        for entry in entries
    )
    caption = element("caption", "Published success rates beside ours")
    body = element("tbody", *rows)
    return element("table", caption, element("thead", element("tr", *heads)), body, class_="verdicts stacked outside")


def _successes(found: Document) -> str:
    if found.get("runs"):
        return f"{share(found['successes'] / found['runs'])} of {number(found['runs'])}"
    return f"{number(found.get('median'))} epochs"


def _ours_range(ours: Sequence[Document]) -> str:
    """Return the lowest and the highest share of ours."""
    shares = sorted(o["successes"] / o["runs"] for o in ours if o.get("runs"))
    if not shares:
        return "–"
    return share(shares[0]) if shares[0] == shares[-1] else f"{share(shares[0])} to {share(shares[-1])}"


def _outside(entry: Document) -> Html:
    name = anchor("outside", entry["id"])
    parts = [
        element("header", verdict(entry["verdict"]), element("h3", entry["source"], id=f"{name}-head")),
        element("p", entry["what"], class_="what"),
        element("p", entry["words"], class_="words"),
        element("p", element("b", "Left open by the source: "), entry["open"]) if entry["open"] else None,
        _side_by_side(entry),
        command(entry["command"]),
    ]
    look = LOOKS.get(entry["verdict"], entry["verdict"])
    return element("article", *parts, id=name, aria_labelledby=f"{name}-head", class_=f"claim {look}")


def _side_by_side(entry: Document) -> Html:
    """Return the published interval and ours on one axis, one above the other."""
    published = {"label": "Published", **entry["published"]}
    rows = (_side_row(row, published, row is published) for row in [published, *entry["ours"]])
    heads = ("Who", "Solved", "Share (95%)", "Epochs, median (quartiles)")
    caption = "Published and ours; the shaded stretch is the published interval"
    made = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *(element("th", head, scope="col") for head in heads))),
        element("tbody", *rows),
        class_="beside",
    )
    return element("div", made, class_="scroll", tabindex=0, role="region", aria_label=f"{entry['source']}: {caption}")


def _side_row(row: Document, published: Document, last: bool) -> Html:
    low, high, runs = row.get("low"), row.get("high"), row.get("runs")
    middle = row["successes"] / runs if runs else None
    ends = None if low is None or high is None else (low, high)
    numbers = f"{share(middle)} ({share(low)}–{share(high)}), {number(row['successes'])} of {number(runs)}" if runs else "–"
    quartiles = f" ({number(row['q25'])}–{number(row['q75'])})" if row.get("q25") is not None else ""
    limits = (published.get("low"), published.get("high"))
    band = None if None in limits else (float(limits[0]), float(limits[1]))  # type: ignore[arg-type]
    ticks = ((0.0, "0%"), (0.5, "50%"), (1.0, "100%"))
    label = f"{row['label']}: {numbers}"
    drawing = interval(SHARES, middle, ends, label, band, ticks=ticks) if middle is not None else None
    return element(
        "tr",
        element("th", row["label"], scope="row"),
        element("td", drawing, class_="drawn"),
        element("td", numbers),
        element("td", number(row.get("median")) + quartiles),
        class_="published" if last else None,
    )


def _table_part(found: Document) -> Html:
    name = anchor("table", found["id"])
    head = element("h3", found["title"], id=f"{name}-head")
    return element("article", head, table(found["title"], found["columns"], found["rows"]), id=name, class_="claim")


def _made(document: Document) -> Iterator[Child]:
    seeds = document["seeds"]
    facts = {
        "Seeds": f"{number(seeds['count'])} from {seeds['first']}",
        "Time": f"{document['seconds']:.3g} s",
        "Multiverse": "yes" if document["multiverse"] else "no",
        **document["versions"],
    }
    pairs = (fragment(element("dt", str(key)), element("dd", str(value))) for key, value in facts.items())
    yield _whole(document["command"])
    yield element("dl", *pairs, class_="facts")


def _whole(text: str) -> Html:
    return fragment(element("p", "This command makes the page again:"), element("pre", element("code", text)))
