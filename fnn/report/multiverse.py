"""What a page says of claims in other settings: a curve of specifications, and panels of settings that go together."""

from collections.abc import Mapping, Sequence

from fnn.formats import number, to
from fnn.report.components import anchor, article, framed, table, verdict
from fnn.report.document import CellDocument, ClaimDocument, MultiverseDocument, PanelDocument
from fnn.report.markup import Html, element, fragment
from fnn.report.specification_curve import NEITHER, NOT_SO, SUPPORTED, kind, specification_curve
from fnn.report.svg import bar

# What a kind of verdicts is called, and by which class a bar has its colour.
WORDS = {SUPPORTED: "supported", NOT_SO: "not as claimed", NEITHER: "neither"}
CLASSES = {SUPPORTED: "supported", NOT_SO: "refuted", NEITHER: "undecided"}
READING = (
    "Each column is a distinct cell: its effect with an interval (all of them jointly 95%), and the settings it has. "
    "Filled circles: supported; squares: not as claimed; hollow circles: neither. The shaded side holds the effects "
    "that the claim speaks of"
)


def multiverse_section(claim: ClaimDocument, multiverse: MultiverseDocument) -> Html:
    """Return a claim's cells: in words, drawn, and counted by setting."""
    cells, by = multiverse["cells"], multiverse["by"]
    words = fragment(
        f"{number(multiverse['specifications'])} combinations of what the claim does not fix, of which "
        f"{number(len(cells))} are distinct: the others repeat one of them seed by seed. The claim’s "
        "verdicts, ", element("b", in_cells(multiverse)), f", with {number(multiverse['runs'])} seeds each.",
    )  # fmt: skip
    parts = [element("h4", "In other settings"), element("p", words), _dependence(multiverse)]
    if by:
        marked = ", the marked column the claim’s own settings." if any(cell["stated"] for cell in cells) else "."
        drawn = specification_curve(cells, by, claim["null"], claim["up"], _label(cells, multiverse))
        parts += [element("figure", drawn, element("figcaption", READING + marked), class_="specifications")]
        summary = element("summary", "Distinct cells by setting")
        parts += [element("details", summary, _by_setting(by))]
    return fragment(*parts)


def in_cells(multiverse: MultiverseDocument) -> str:
    """Return how many of a claim's distinct cells have each verdict, in words."""
    counts = ", ".join(f"{number(n)} {word}" for word, n in multiverse["counts"].items())
    return f"of {number(len(multiverse['cells']))} distinct cells {counts}"


def _dependence(multiverse: MultiverseDocument) -> Html | None:
    axes = element("b", ", ".join(axis.replace("_", " ") for axis in multiverse["depends_on"]))
    if multiverse["mixed"]:
        words = fragment(verdict("mixed"), ": supported in some and not as claimed in others, beyond what chance gives")
        return element("p", words, " (any wrong verdict among them: at most 5%). It depends on ", axes, ".")
    if multiverse["depends_on"] and len(multiverse["counts"]) > 1:
        return element("p", "Whether it can be told depends most on ", axes, ".")
    return None


def _label(cells: Sequence[CellDocument], multiverse: MultiverseDocument) -> str:
    stated = next((f"; under the claim’s own settings {number(c['effect'])}" for c in cells if c["stated"]), "")
    return (
        f"{number(len(cells))} distinct cells sorted by effect, {to(cells[0]['effect'], cells[-1]['effect'])}{stated}. "
        f"Verdicts: {in_cells(multiverse)}. The settings of each are counted in the table below."
    )


def _by_setting(by: Mapping[str, Mapping[str, Mapping[str, int]]]) -> Html:
    heads = ["Setting", "Verdicts", *(word.capitalize() for word in WORDS.values())]
    groups = (_axis(axis, labels) for axis, labels in by.items())
    return framed("Distinct cells by setting", heads, groups, class_="multiverse titled")


def _axis(axis: str, labels: Mapping[str, Mapping[str, int]]) -> Html:
    """Return an axis's rows: each value, the verdicts of its cells as a bar, and in numbers."""
    head = element("tr", element("th", axis.replace("_", " "), scope="rowgroup", colspan=5), class_="group")
    return element("tbody", head, *(_value(label, counts) for label, counts in labels.items()))


def _value(label: str, counts: Mapping[str, int]) -> Html:
    of_kind = {k: sum(n for word, n in counts.items() if kind(word) == k) for k in WORDS}
    drawn = element("td", bar({CLASSES[k]: n for k, n in of_kind.items()}), class_="drawn")
    numbers = (element("td", number(n), class_="number") for n in of_kind.values())
    return element("tr", element("th", label, scope="row"), drawn, *numbers)


# ---- panels ----


def panel_article(panel: PanelDocument, claims: int) -> Html:
    """Return the claims whose verdict turns with settings that go together. claims: of the study, so many."""
    title, turned = panel["axis"].replace("_", " ").capitalize(), panel["turned"]
    settings = (
        fragment(element("b", column), f": {words}. ")
        for column, words in zip(panel["columns"], panel["settings"], strict=True)
        if words
    )
    count = f"Of {number(claims)} claims these settings touch {number(panel['claims'])}, and {number(len(turned))} "
    count += "have another verdict with them. " if len(turned) != 1 else "has another verdict with them. "
    rows = [[_link(row["id"], row["sentence"]), *map(verdict, row["verdicts"])] for row in turned]
    caption = "Verdicts that turn; with all seeds, corrected for all claims"
    made = table(caption, ["Claim", *panel["columns"]], rows, class_="stacked turned") if turned else None
    return article(anchor("panel", panel["axis"]), title, None, element("p", count, *settings), made)


def _link(key: str, sentence: str) -> Html:
    return element("a", sentence, href=f"#{anchor('claim', key)}")
