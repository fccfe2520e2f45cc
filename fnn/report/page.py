"""A study's document as one HTML page: figures inside, nothing fetched, no script, for a screen and for paper."""

from collections import Counter
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path

from fnn.formats import duration
from fnn.report.chart_file import chart_style
from fnn.report.components import Figures, anchor, paragraphs, verdict
from fnn.report.document import ClaimDocument, SectionDocument, StudyDocument
from fnn.report.legend import how_to_read, in_short
from fnn.report.looks import look_plan, stopped, trainings
from fnn.report.marks import CLAIMS, choice_rules, kind
from fnn.report.markup import Child, Html, element, fragment
from fnn.report.multiverse import panel_article
from fnn.report.replications import replication_articles, replication_groups
from fnn.report.sections import claim_article, effect_drawing, finding_article, table_article
from fnn.report.svg import PATTERNS
from fnn.report.words import effect_interval, effect_text, fresh, levels

Claims = Mapping[str, ClaimDocument]
Part = tuple[str, str, list[Child]]

# The browser itself refuses whatever is not in the file.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def page(document: StudyDocument, folder: str | Path) -> str:
    """Return the HTML of a study's document, with the figures of `folder` inside.

    Raises InvalidSetting under `figures` where a figure is not a chart or a PNG file of the folder.
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
        element("style", _style(), chart_style(), choice_rules(CLAIMS)),
    )


def _style() -> Html:
    return Html(files("fnn.report").joinpath("page.css").read_text(encoding="utf-8"))


def _header(document: StudyDocument) -> Iterator[Html]:
    yield element("h1", document["title"])
    yield from paragraphs(document["intro"], class_="intro")
    notes = [*levels(document), f"the first seed {document['seeds']['first']}"]
    notes += [trainings(document)] if document["looks"] else []
    notes += ["every claim again in other settings"] if document["multiverse"] else []
    yield element("p", in_short(document), class_="note")
    yield element("p", " · ".join([*notes, f"made in {duration(document['seconds'])}"]), class_="note")


def _parts(document: StudyDocument, figures: Figures) -> Iterator[Part]:
    """Yield the id, the title and what stands in each part of the page, those that have something."""
    yield "verdicts", "Verdicts", list(_verdicts(document))
    for section in sections(document):
        yield anchor("section", section["id"]), section["title"], _section(section, document, figures)
    lists = {
        "findings": ("What the report itself got wrong", [finding_article(f, figures) for f in document["findings"]]),
        "outside": ("Published results, run again", [*replication_articles(document)]),
        "panels": ("Other settings", [panel_article(panel, len(document["claims"])) for panel in document["panels"]]),
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
        groups = [*replication_groups(document)]
        yield _table("Each published result, and whether ours agrees with it", "Published result", groups, "outside")
    yield how_to_read(document)


def _table(caption: str, subject: str, groups: list[Html], kind: str = "claims") -> Html:
    heads = (element("th", head, scope="col") for head in ("Verdict", subject, "Drawn", "In numbers"))
    head = element("thead", element("tr", *heads))
    return element("table", element("caption", caption), head, *groups, class_=f"verdicts stacked {kind}")


def _choice(counts: Counter[str]) -> Html:
    """Return the choice of the verdicts that the table shows. The style sheet does it; without it all are shown."""
    labels = {"all": element("span", f"All {counts.total()}")}
    labels |= {word: fragment(verdict(word), f" {counts[word]}") for word in CLAIMS if counts[word]}
    choices = (element("label", _radio(word), label) for word, label in labels.items())
    return element("fieldset", element("legend", "Show"), *choices, class_="choice")


def _radio(word: str) -> Html:
    name, checked = ("all", "checked") if word == "all" else (kind(word), None)
    return element("input", type="radio", name="only", id=f"only-{name}", checked=checked)


def _group(section: SectionDocument, claims: Claims) -> Html:
    link = element("a", section["title"], href=f"#{anchor('section', section['id'])}")
    head = element("tr", element("th", link, scope="rowgroup", colspan=4), class_="group")
    return element("tbody", head, *(_row(key, claims[key]) for key in section["claims"]))


def _row(key: str, claim: ClaimDocument) -> Html:
    effect = fragment(element("b", effect_text(claim["effect_name"], claim["effect"])), f" ({effect_interval(claim)})")
    notes = [claim["effect_name"]]
    notes += [stopped(claim["stopped"])] if claim["stopped"] else []
    axes = ", ".join(claim["depends_on"]).replace("_", " ")
    notes += [f"mixed in other settings, by {axes}"] if axes else []
    notes += [needed] if (needed := fresh(claim)) else []
    cells = [
        element("td", verdict(claim["verdict"])),
        element("th", element("a", claim["sentence"], href=f"#{anchor('claim', key)}"), scope="row"),
        element("td", effect_drawing(claim), class_="drawn"),
        element("td", element("span", effect, class_="numbers"), *(element("span", n, class_="unit") for n in notes)),
    ]
    return element("tr", *cells, class_=f"is-{kind(claim['verdict'])}")


# ---- where it comes from ----


def _made(document: StudyDocument) -> Iterator[Html]:
    seeds = document["seeds"]
    facts = {
        "seeds": f"{', '.join(levels(document))}; the first {seeds['first']}",
        **(
            {"looks": f"planned at {look_plan(document['looks'])} runs of an arm", "trainings": trainings(document)}
            if document["looks"]
            else {}
        ),
        "time": duration(document["seconds"]),
        **document["versions"],
    }
    pairs = [fragment(element("dt", str(name)), element("dd", str(value))) for name, value in facts.items()]
    yield element("p", "This command makes it again:")
    yield element("pre", element("code", document["command"]))
    yield element("dl", *pairs)
