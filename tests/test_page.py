"""The page of a study: what it says, how it is built, and that nothing in it can break out."""

import copy
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from document_shape import mismatches
from study_sample import DOCUMENTS, HOSTILE, LITERATURE, STUDY, claim, mapped, write

from fnn.report.components import anchor
from fnn.report.document import StudyDocument
from fnn.report.marks import MARKS, kind
from fnn.report.page import page
from fnn.studies.replications import CONSISTENT, DEPENDS, NOT, REPRODUCED, TOO_FEW
from fnn.studies.verdicts import VERDICTS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write(tmp_path_factory.mktemp("page"))


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_the_documents_here_have_the_shape_of_a_study(document):
    assert mismatches(document, StudyDocument) == []


# ---- escaping ----


class Outline(HTMLParser):
    """The tags of a page with the names of their attributes, and its text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.values = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, *(name for name, _ in attrs)))
        self.values += [(tag, name, value) for name, value in attrs]

    def handle_data(self, data):
        self.text.append(data)


def test_no_string_of_a_study_becomes_markup(folder):
    both = STUDY | {"outside": LITERATURE["outside"]}
    plain = Outline(page(both, folder))
    hostile = Outline(page(mapped(both, lambda text: HOSTILE + text), folder))
    assert hostile.tags == plain.tags
    assert "script" not in {tag for tag, *_ in hostile.tags}
    # and comes out as it went in, in text and in attributes
    assert HOSTILE + STUDY["title"] in hostile.text
    assert HOSTILE + STUDY["claims"]["two-units"]["sentence"] in hostile.text
    assert ("img", "alt", HOSTILE + STUDY["figures"]["late"]["alt"]) in hostile.values


def test_an_unknown_verdict_is_text_too(folder):
    document = STUDY | {"claims": {"a": claim("A.", HOSTILE, 0.5, 0.4, 0.6)}, "sections": []}
    outline = Outline(page(document, folder))
    assert {name for tag, *names in outline.tags if tag in {"tr", "svg"} for name in names} <= {
        "class", "viewbox", "aria-hidden", "focusable", "role", "aria-label", "width", "height",
    }  # fmt: skip
    assert "script" not in {tag for tag, *_ in outline.tags}


# ---- structure ----


@pytest.fixture(params=DOCUMENTS)
def tree(request, folder):
    """The page as an XML parser reads it: it is well-formed, or this fails."""
    return ET.fromstring((folder / f"{request.param}.html").read_text(encoding="utf-8"))


def test_ids_are_unique_and_links_and_labels_find_theirs(tree):
    ids = [e.get("id") for e in tree.iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    links = [a.get("href") for a in tree.iter("a")]
    assert len(links) > 5
    assert {link.removeprefix("#") for link in links} <= set(ids)
    assert {e.get("aria-labelledby") for e in tree.iter()} - {None} <= set(ids)


def test_headings_go_down_by_one_step(tree):
    levels = [int(e.tag[1]) for e in tree.iter() if e.tag in {"h1", "h2", "h3", "h4"}]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_what_is_not_text_is_said_in_words(tree):
    assert tree.get("lang") == "en"
    assert all(image.get("alt") for image in tree.iter("img"))
    for drawing in tree.iter("svg"):
        assert drawing.get("aria-hidden") == "true" or (drawing.get("role") == "img" and drawing.get("aria-label"))
    for e in tree.iter("div"):
        assert e.get("tabindex") is None or (e.get("role") == "group" and e.get("aria-label"))


def test_tables_have_captions_scopes_and_as_many_cells_as_heads(tree):
    tables = list(tree.iter("table"))
    assert tables
    for table in tables:
        assert table[0].tag == "caption"
        assert table[0].text
        assert all(th.get("scope") for th in table.iter("th"))
        widths = {sum(int(cell.get("colspan", 1)) for cell in row) for row in table.iter("tr")}
        assert len(widths) == 1


def test_nothing_is_fetched(tree):
    for e in tree.iter():
        assert e.tag not in {"script", "iframe", "object", "embed"}
        for name in ("src", "href", "action", "poster", "data", "srcset"):
            assert (e.get(name) or "#").startswith(("#", "data:"))
    style = next(tree.iter("style")).text
    assert "@import" not in style
    assert "url(" not in style.replace("url(#hatch)", "")


def test_each_figure_is_embedded_once(tree, folder):
    sources = [image.get("src") for image in tree.iter("img")]
    assert len(sources) == len(set(sources))


# ---- what it says ----


def texts(e):
    return " ".join("".join(e.itertext()).split())


def test_a_claim_has_its_verdict_words_numbers_and_command(folder):
    tree = ET.fromstring(page(STUDY, folder))
    articles = {e.get("id"): e for e in tree.iter("article")}
    first = texts(articles["claim-rates-fast-first"])
    for text in (
        "Supported",
        "91.3% to 94.5%",
        "Against the margin p = 0.012 corrected for all claims, p < 0.0001 alone; against no difference p = 0.0034",
        "77.8% as claimed 1.7% alike 20.5% the other way round",
        "Over 30 draws of the data × 33 seeds; 12.4% of the variance of a run’s answer is between draws.",
        "95.0% (93.1% to 96.7%)",
        "80 supported, 2 too small, 2 reversed, 12 undec",
    ):
        assert text in first
    assert "In other settings it is mixed: it depends on hidden, init." in texts(articles["claim-rates-oscillate"])
    assert "Over 1,000 seeds on one data set." in texts(articles["claim-relu-poor"])
    assert "claim-no-arms" in articles  # though no section has it
    for key, claimed in STUDY["claims"].items():
        article = articles[anchor("claim", key)]
        assert next(article.iter("pre"))[0].text == claimed["command"]


def test_the_first_table_has_every_claim_with_its_verdict(folder):
    table = next(ET.fromstring(page(STUDY, folder)).iter("table"))
    verdicts = {texts(row.find("th")): texts(row[0]).lower() for row in table.iter("tr") if row.find("td") is not None}
    assert verdicts == {c["sentence"]: c["verdict"] for c in STUDY["claims"].values()}


def test_an_interval_lies_where_its_numbers_say(folder):
    tree = ET.fromstring(page(STUDY, folder))
    drawing = next(s for s in tree.iter("svg") if (s.get("aria-label") or "").startswith("93.1%"))
    parts = {e.get("class"): e for e in drawing.iter()}
    assert (parts["bar"].get("x1"), parts["bar"].get("x2")) == ("91.3%", "94.5%")
    assert parts["dot"].get("cx") == "93.1%"
    assert parts["null"].get("x1") == "50%"
    assert (parts["band"].get("x"), parts["band"].get("width")) == ("55%", "45%")
    assert "no difference is 50.0%, the smallest worth the name 55.0%" in drawing.get("aria-label")


def test_the_bar_of_a_setting_has_its_shares(folder):
    tree = ET.fromstring(page(STUDY, folder))
    row = next(row for row in tree.iter("tr") if row[0].text == "0.999")
    bars = {e.get("class"): (e.get("x"), e.get("width")) for e in row.iter("rect")}
    # 32, 4 and 12 of 48
    assert bars["supported"] == ("0%", "66.67%")
    assert bars["refuted"] == ("66.67%", "8.33%")
    assert bars["undecided"] == ("75%", "25%")
    assert [texts(cell) for cell in row][2:] == ["32", "4", "12"]


def test_wins_ties_and_losses_are_drawn_in_their_shares(folder):
    tree = ET.fromstring(page(STUDY, folder))
    articles = {e.get("id"): e for e in tree.iter("article")}

    def pairs(key):
        drawings = [e.find("svg") for e in articles[key].iter("div") if e.get("class") == "pairs"]
        return [{r.get("class"): (r.get("x"), r.get("width")) for r in drawing.iter("rect")} for drawing in drawings]

    (bars,) = pairs("claim-mse-faster")
    assert (bars["wins"], bars["ties"], bars["losses"]) == (("0%", "77.8%"), ("77.8%", "1.7%"), ("79.5%", "20.5%"))
    assert pairs("claim-quarter") == []  # a share alone has no pairs


def test_an_undecided_claim_asks_for_fresh_runs_and_not_for_more(folder):
    tree = ET.fromstring(page(STUDY, folder))
    articles = {e.get("id"): texts(e) for e in tree.iter("article")}
    assert "A new study would need about 4,200 fresh seeds to decide it." in articles["claim-relu-poor"]
    assert "A new study would need about 90 fresh draws of the data to decide it." in articles["claim-near"]
    told = [key for key, text in articles.items() if "fresh" in text]
    assert told == ["claim-relu-poor", "claim-near"]
    assert "would decide it" not in texts(tree)


def test_the_head_says_over_what_claims_are_tested(folder):
    def note(document):
        return next(texts(e) for e in ET.fromstring(page(document, folder)).iter("header") if e.find("h1") is not None)

    expected = "30 draws × 33 seeds where data are drawn (linear) · 1,000 seeds where they are fixed (xor, xor4) · "
    assert expected in note(STUDY)
    assert "to the end.1,000 seeds · the first" in note(STUDY | {"drawn": [], "intro": "throughout."})
    assert "to the end.30 draws × 33 seeds · the first" in note(STUDY | {"fixed": [], "intro": "throughout."})
    few = {"seeds": {"first": 5, "count": 20}, "fixed": [], "intro": "throughout."}
    assert "to the end.20 draws × 1 seed · the first seed 5" in note(STUDY | few)


def test_how_to_read_explains_each_word_that_may_stand_there(folder):
    def terms(document):
        details = next(ET.fromstring(page(document, folder)).iter("details"))
        return [texts(e).lower() for e in details.iter("dt")]

    levels, others = ["draws and seeds", "variance between draws"], ["interval", "p", "corrected for all claims"]
    words = {"arm", "seed", "solved", "epochs"}
    assert {*words, *VERDICTS, "mixed", *levels, *others, "worth the name", "wins, ties, losses", "fresh runs"} == set(
        terms(STUDY)
    )
    assert set(terms(LITERATURE)) == {*words, "p of a published result", REPRODUCED, CONSISTENT, DEPENDS, TOO_FEW, NOT}
    fixed = {"claims": {"quarter": STUDY["claims"]["quarter"]}, "sections": []}
    assert not {*levels, "fresh runs"} & set(terms(STUDY | fixed))


def test_classes_are_those_of_the_table_and_a_choice_has_each_word_there_is(folder):
    tree = ET.fromstring(page(STUDY, folder))
    known = {mark.name for mark in MARKS.values()}
    rows = [e for e in tree.iter("tr") if (e.get("class") or "").startswith("is-")]
    assert {row.get("class").removeprefix("is-") for row in rows} == {kind(word) for word in VERDICTS} <= known
    for e in (*tree.iter("span"), *tree.iter("svg")):
        first, *names = (e.get("class") or "").split()[:3] or [""]
        assert first not in {"verdict", "mark", "interval"} or set(names) <= known
    radios = [e.get("id") for e in tree.iter("input")]
    assert radios == ["only-all", *(f"only-{kind(word)}" for word in VERDICTS)]
    style = next(tree.iter("style")).text
    assert all(f"#{name}:checked" in style for name in radios[1:])


def test_a_share_is_drawn_against_what_is_claimed(folder):
    tree = ET.fromstring(page(STUDY, folder))
    label = "12.0%, 95% interval 10.1% to 14.2%; claimed is at most 25.0%"
    drawing = next(s for s in tree.iter("svg") if s.get("aria-label") == label)
    parts = {e.get("class"): e for e in drawing.iter()}
    assert (parts["bar"].get("x1"), parts["bar"].get("x2")) == ("10.1%", "14.2%")
    assert (parts["band"].get("x"), parts["band"].get("width")) == ("0%", "25%")


def test_published_results_are_drawn_beside_every_reading(folder):
    tree = ET.fromstring(page(LITERATURE, folder))
    row = next(row for row in tree.iter("tr") if "2-2-1, batch, momentum" in texts(row))
    shares, times = (d for d in row.iter("svg") if d.get("role") == "img")
    assert [e.get("cx") for e in shares.iter() if e.get("class") == "spot"] == ["84%", "71.3%"]
    # On an axis from 100 to 1,000 epochs the published 730 is at log10(7.3) of it.
    assert next(e.get("x1") for e in times.iter() if e.get("class") == "null") == "86.33%"
    article = next(e for e in tree.iter("article") if e.get("id") == "outside-batch")
    rows = [[texts(cell) for cell in row] for row in article.iter("tr")]
    assert [row[-1] for row in rows] == ["Agrees (p)", "–", "yes, p = 0.812", "no, p = 0.0021"]
    assert [row[3] for row in rows] == [
        "Epochs, median (of 25 like ours)", "730 (400 to 995)", "711 (540 to 902)", "402 (300 to 611)",
    ]  # fmt: skip
    assert "How often this errs: The right reading disagrees in 2.4% of cases." in texts(article)
    assert "100.0% (99.6% to 100.0%), 1,000 of 1,000" in texts(tree)
    assert "271 (240 to never)" in texts(tree)
    assert "99.0% (92.0% to 99.7%), of 67 at least" in texts(tree)


def test_results_of_one_source_stand_together_under_what_its_readings_say(folder):
    tree = ET.fromstring(page(LITERATURE, folder))
    verdicts = next(table for table in tree.iter("table") if "outside" in table.get("class", ""))
    bodies = [[texts(row[0]) for row in body] for body in verdicts if body.tag == "tbody"]
    words = "The one reading does not agree with all 2 results of the source at once."
    assert bodies == [["Depends"], ["Consistent"], [f"A third source{words}", "Not reproduced", "Not reproduced"]]
    articles = [e.get("id") for e in tree.iter("article")]
    assert articles == ["outside-batch", "outside-pdp", "source-forum", "outside-third", "outside-fourth"]
    together = next(e for e in tree.iter("article") if e.get("id") == "source-forum")
    rows = [[texts(cell) for cell in row] for row in together.iter("tr")]
    assert rows == [["Reading, of all results", "2-2-1, third", "2-2-1, fourth", "All"], ["as told", "yes", "no", "no"]]


def test_each_word_on_a_published_result_has_a_line_of_explanation(folder):
    tree = ET.fromstring(page(LITERATURE, folder))
    explained = {texts(dt).lower(): texts(dd) for dt, dd in zip(tree.iter("dt"), tree.iter("dd"), strict=True)}
    for word in (REPRODUCED, CONSISTENT, DEPENDS, NOT, TOO_FEW):
        assert len(explained[word]) > 40


def test_the_document_stays_as_it_was(folder):
    document = copy.deepcopy(STUDY)
    assert page(document, folder) == page(STUDY, str(folder))
    assert document == STUDY
