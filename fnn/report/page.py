"""A study's document as one HTML page: figures inside, nothing fetched, no script, for a screen and for paper."""

from collections import Counter
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path

from fnn.report.components import Figures, anchor, number, paragraphs, to, verdict
from fnn.report.document import ClaimDocument, SectionDocument, StudyDocument
from fnn.report.looks import look_plan, stopped, trainings
from fnn.report.markup import Child, Html, element, fragment
from fnn.report.replications import replication_article, replication_row
from fnn.report.sections import claim_article, effect_drawing, finding_article, table_article
from fnn.report.svg import PATTERNS

Claims = Mapping[str, ClaimDocument]
Part = tuple[str, str, list[Child]]

# Each verdict, and what it means.
VERDICTS = {
    "supported": "The whole interval lies beyond the smallest difference worth the name, on the claim’s side.",
    "refuted": "The whole interval lies short of it: there is no such difference, or it goes the other way.",
    "mixed": "Settings that the claim does not mention change the verdict, in over a tenth of their combinations.",
    "undecided": "The interval holds the smallest difference worth the name: more seeds would tell.",
}
# The same for published results, each tried under every reading of what its source leaves open.
AGREEMENTS = {
    "reproduced": "What was published agrees with ours, under every reading of what the source leaves open.",
    "not reproduced": "It agrees with ours under none of them.",
    "depends": "It agrees under some of them.",
}
DRAWINGS = "In the drawings the dot is what was found and the bar its 95% interval over seeds. "
EFFECTS = (
    "The line is no difference; the shaded side holds the effects that the claim speaks of, from the smallest "
    "difference worth the name on. "
)
SHARES = (
    "Of published results each reading is a dot: on the upper axis the share of networks that solved it, the interval "
    "of the published share shaded; on the axis of epochs the time they took, the published one a line. Shares agree "
    "where the 95% interval of their difference holds 0, times where the published one is among the middle half of "
    "our runs. "
)
LOOKS = (
    "planned before the first run, at {} runs of an arm; in brackets what each may err, together in 5% of studies. A "
    "claim is trained no further once it is decided, or once all runs, going on as they did, would not decide it. What "
    "no claim asks for has the runs of the first look; published results have all."
)
# The browser itself refuses whatever is not in the file.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def page(document: StudyDocument, folder: str | Path) -> str:
    """Return the HTML of a study's document, with the figures of `folder` inside.

    Raises InvalidSetting under `figures` where a figure is not a PNG file of the folder.
    """
    parts = list(_parts(document, Figures(document["figures"], Path(folder))))
    body = [
        element("a", "Skip to the verdicts", class_="skip", href="#verdicts"),
        PATTERNS,
        element("header", *_header(document)),
        _contents(parts),
        element("main", *(_part(*part) for part in parts)),
    ]
    return f"<!DOCTYPE html>\n{element('html', _head(document['title']), element('body', *body), lang='en')}\n"


def _head(title: str) -> Html:
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("link", rel="icon", href="data:,"),
        element("title", title),
        element("style", Html(files("fnn.report").joinpath("page.css").read_text(encoding="utf-8"))),
    )


def _header(document: StudyDocument) -> Iterator[Html]:
    seeds = document["seeds"]
    yield element("h1", document["title"])
    yield from paragraphs(document["intro"], class_="intro")
    notes = [f"{number(seeds['count'])} seeds, the first {seeds['first']}"]
    notes += [trainings(document)] if document["looks"] else []
    notes += ["every claim again in other settings"] if document["multiverse"] else []
    yield element("p", " · ".join([*notes, f"made in {document['seconds']:.3g}\u00a0s"]), class_="note")


def _parts(document: StudyDocument, figures: Figures) -> Iterator[Part]:
    """Yield the id, the title and what stands in each part of the page, those that have something."""
    yield "verdicts", "Verdicts", list(_verdicts(document))
    for section in sections(document):
        yield anchor("section", section["id"]), section["title"], _section(section, document, figures)
    lists = {
        "findings": ("What the report itself got wrong", [finding_article(f, figures) for f in document["findings"]]),
        "outside": ("Published results, run again", [replication_article(entry) for entry in document["outside"]]),
        "tables": ("Tables", [table_article(table) for table in document["tables"]]),
    }
    yield from ((name, title, list[Child](articles)) for name, (title, articles) in lists.items() if articles)
    yield "made", "How this page was made", list(_made(document))


def _part(name: str, title: str, children: list[Child]) -> Html:
    head = element("h2", title, id=f"{name}-head")
    return element("section", head, *children, id=name, aria_labelledby=f"{name}-head")


def _contents(parts: list[Part]) -> Html:
    items = (element("li", element("a", title, href=f"#{name}")) for name, title, _ in parts)
    return element("nav", element("ul", *items), aria_label="Contents", class_="contents")


def sections(document: StudyDocument) -> list[SectionDocument]:
    """Return the sections, and one more for the claims that none of them has."""
    listed = {key for section in document["sections"] for key in section["claims"]}
    left = [key for key in document["claims"] if key not in listed]
    more = SectionDocument(id="more", title="More claims", text="", figures=[], claims=left)
    return [*document["sections"], *([more] if left else [])]


def _section(section: SectionDocument, document: StudyDocument, figures: Figures) -> list[Child]:
    """Return a section's text, the figures that none of its claims has, and its claims."""
    claims, looks = document["claims"], len(document["looks"])
    of_claims = {claims[key]["figure"] for key in section["claims"]}
    shown = [figures.show(key) for key in section["figures"] if key not in of_claims]
    articles = (claim_article(key, claims[key], figures, looks) for key in section["claims"])
    return [*paragraphs(section["text"]), *shown, *articles]


# ---- the verdicts ----


def _verdicts(document: StudyDocument) -> Iterator[Html]:
    claims, outside = document["claims"], document["outside"]
    if claims:
        yield _choice(Counter(claim["verdict"] for claim in claims.values()))
        interval = "the interval of the look that decided it" if document["looks"] else "a 95% interval"
        groups = [_group(section, claims) for section in sections(document) if section["claims"]]
        yield _table(f"Each claim, its verdict, and its effect with {interval}", "Claim", groups)
    if outside:
        groups = [element("tbody", *map(replication_row, outside))]
        yield _table("Each published result, and whether ours agrees with it", "Published result", groups, "outside")
    drawn = DRAWINGS + (EFFECTS if claims else "") + (SHARES if outside else "")
    yield _how_to_read(drawn, (VERDICTS if claims else {}) | (AGREEMENTS if outside else {}))


def _table(caption: str, subject: str, groups: list[Html], kind: str = "claims") -> Html:
    heads = (element("th", head, scope="col") for head in ("Verdict", subject, "Drawn", "In numbers"))
    head = element("thead", element("tr", *heads))
    return element("table", element("caption", caption), head, *groups, class_=f"verdicts stacked {kind}")


def _choice(counts: Counter[str]) -> Html:
    """Return the choice of the verdicts that the table shows. The style sheet does it; without it all are shown."""
    labels = {"all": element("span", f"All {counts.total()}")}
    labels |= {word: fragment(verdict(word), f" {counts[word]}") for word in VERDICTS if counts[word]}
    choices = (element("label", _radio(word), label) for word, label in labels.items())
    return element("fieldset", element("legend", "Show"), *choices, class_="choice")


def _radio(word: str) -> Html:
    checked = "checked" if word == "all" else None
    return element("input", type="radio", name="only", id=f"only-{word}", checked=checked)


def _group(section: SectionDocument, claims: Claims) -> Html:
    link = element("a", section["title"], href=f"#{anchor('section', section['id'])}")
    head = element("tr", element("th", link, scope="rowgroup", colspan=4), class_="group")
    return element("tbody", head, *(_row(key, claims[key]) for key in section["claims"]))


def _row(key: str, claim: ClaimDocument) -> Html:
    effect = fragment(element("b", number(claim["effect"])), f" ({to(claim['low'], claim['high'])})")
    notes = [claim["effect_name"]]
    notes += [stopped(claim["stopped"])] if claim["stopped"] else []
    notes += [f"depends on {', '.join(claim['depends_on'])}"] if claim["depends_on"] else []
    notes += [f"about {number(claim['seeds_needed'])} seeds would decide it"] if claim["seeds_needed"] else []
    cells = [
        element("td", verdict(claim["verdict"])),
        element("th", element("a", claim["sentence"], href=f"#{anchor('claim', key)}"), scope="row"),
        element("td", effect_drawing(claim), class_="drawn"),
        element("td", element("span", effect, class_="numbers"), *(element("span", n, class_="unit") for n in notes)),
    ]
    return element("tr", *cells, class_=f"is-{claim['verdict']}")


def _how_to_read(drawn: str, meanings: dict[str, str]) -> Html:
    words = [fragment(element("dt", verdict(word)), element("dd", meaning)) for word, meaning in meanings.items()]
    return element(
        "details", element("summary", "How to read this"), element("p", drawn.strip()), element("dl", *words)
    )


# ---- where it comes from ----


def _made(document: StudyDocument) -> Iterator[Html]:
    seeds = document["seeds"]
    facts = {
        "seeds": f"{number(seeds['count'])}, the first {seeds['first']}",
        **(
            {"looks": LOOKS.format(look_plan(document["looks"])), "trainings": trainings(document)}
            if document["looks"]
            else {}
        ),
        "time": f"{document['seconds']:.3g} s",
        **document["versions"],
    }
    pairs = [fragment(element("dt", str(name)), element("dd", str(value))) for name, value in facts.items()]
    yield element("p", "This command makes it again:")
    yield element("pre", element("code", document["command"]))
    yield element("dl", *pairs)
