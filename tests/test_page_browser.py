"""The page of a study in a real browser: Debian's Chromium, driven by Playwright; elsewhere these tests skip."""

import shutil
from io import BytesIO
from itertools import combinations

import numpy as np
import pytest
from matplotlib import image
from study_sample import DOCUMENTS, STUDY, write

from fnn.studies.verdicts import VERDICTS

PAGES = (*DOCUMENTS, "hostile")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write(tmp_path_factory.mktemp("page"))


SCHEMES = ("light", "dark")
WIDTHS = (1280, 820, 360, 320)

CONTRASTS = """
() => {
  const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => {
    const linear = (v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
    const [r, g, b] = numbers(color).map((v) => linear(v / 255));
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const paper = (e) => {
    for (; e; e = e.parentElement) {
      const color = getComputedStyle(e).backgroundColor;
      if ((numbers(color)[3] ?? 1) > 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  document.querySelectorAll("details").forEach((e) => e.open = true);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const contrasts = [];
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement, text = walker.currentNode.data.trim();
    if (!text || !e.checkVisibility()) continue;
    const style = getComputedStyle(e), ink = e instanceof SVGElement ? style.fill : style.color;
    const [a, b] = [light(ink), light(paper(e))];
    contrasts.push([(Math.max(a, b) + .05) / (Math.min(a, b) + .05), text.slice(0, 40), ink]);
  }
  return contrasts;
}
"""


@pytest.fixture(scope="module")
def browser():
    """Debian's Chromium, or whichever there is."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright for Python is not installed")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not program:
        pytest.skip("no chromium, chromium-browser or google-chrome on the path")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program)
        yield browser
        browser.close()


@pytest.fixture
def shown(browser, folder):
    """Open a page at a width and in a colour scheme, and hear what it complains of and asks for."""
    contexts, heard = [], []

    def show(name, width=1280, scheme="light"):
        viewport = {"width": width, "height": 800}
        contexts.append(browser.new_context(viewport=viewport, color_scheme=scheme, offline=True))
        opened = contexts[-1].new_page()
        opened.on("console", lambda message: heard.append(message.text))
        opened.on("pageerror", lambda error: heard.append(str(error)))
        opened.on("dialog", lambda dialog: heard.append(dialog.message))
        opened.on("requestfailed", lambda request: heard.append(request.url[:200]))
        requests = []
        opened.on("request", lambda request: requests.append(request.url))
        url = (folder / f"{name}.html").as_uri()
        opened.goto(url)
        assert [request for request in requests if not request.startswith("data:")] == [url]
        return opened

    yield show
    for context in contexts:
        context.close()
    assert heard == []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", PAGES)
def test_no_sideways_scrolling_and_every_image_drawn(shown, name, scheme):
    opened = shown(name, scheme=scheme)
    opened.evaluate("document.querySelectorAll('details').forEach((e) => e.open = true)")
    for width in WIDTHS:
        opened.set_viewport_size({"width": width, "height": 800})
        assert opened.evaluate("[innerWidth, document.documentElement.scrollWidth]") == [width, width]
        drawn = opened.evaluate("[...document.images].map((i) => i.naturalWidth > 0 && i.clientWidth > 100)")
        assert drawn == [True] * (0 if name == "literature" else 2)
        panels = opened.evaluate("[...document.querySelectorAll('.chart .panel')].map((e) => e.clientWidth)")
        assert len(panels) == (0 if name == "literature" else 4)
        assert all(250 < panel <= min(400, width) for panel in panels)


SIZES = """
[...document.querySelectorAll('.chart .panel')].map((panel) => {
  const boxes = [...panel.querySelectorAll('text')].map((text) => text.getBoundingClientRect());
  const frame = panel.getBoundingClientRect();
  return {
    top: frame.top, letters: 13 * panel.getScreenCTM().a,
    inside: boxes.every((b) => b.left >= frame.left - 1 && b.right <= frame.right + 1 && b.bottom <= frame.bottom + 1),
  };
})
"""


@pytest.mark.parametrize(("width", "rows"), [(1280, 1), (820, 1), (360, 2), (320, 2)])
def test_charts_are_read_on_a_phone(shown, width, rows):
    panels = shown("lab", width=width).evaluate(SIZES)
    assert len(panels) == 4
    assert min(panel["letters"] for panel in panels) > 9
    assert all(panel["inside"] for panel in panels)
    assert len({round(panel["top"]) for panel in panels[:2]}) == rows


def test_charts_take_the_colours_of_the_page(shown):
    of_lines = (
        "[...document.querySelectorAll('.chart .panel .line, .chart .axis')].map((e) => getComputedStyle(e).stroke)"
    )
    light, dark = (shown("lab", scheme=scheme).evaluate(of_lines) for scheme in SCHEMES)
    assert len(light) == len(dark) > 4
    assert all(a != b for a, b in zip(light, dark, strict=True))
    text = "[...document.querySelectorAll('.chart text')].map((e) => getComputedStyle(e).fill)"
    ink = "getComputedStyle(document.body).color"
    for scheme in SCHEMES:
        assert set(shown("lab", scheme=scheme).evaluate(text)) == {shown("lab", scheme=scheme).evaluate(ink)}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_text_stands_out_from_what_is_behind_it(shown, name, scheme):
    contrasts = shown(name, scheme=scheme).evaluate(CONTRASTS)
    assert len(contrasts) > 60
    assert [text for text in contrasts if text[0] < 4.5] == []


def test_the_two_schemes_differ_and_faint_text_is_found(shown):
    papers = {shown("lab", scheme=s).evaluate("getComputedStyle(document.body).backgroundColor") for s in SCHEMES}
    assert len(papers) == 2
    opened = shown("lab")
    opened.add_style_tag(content=".words { color: #999 }")
    assert {ink for ratio, _, ink in opened.evaluate(CONTRASTS) if ratio < 4.5} == {"rgb(153, 153, 153)"}


def test_marks_are_told_apart_as_they_are_drawn_without_colour(shown):
    opened = shown("lab")
    opened.evaluate("document.querySelectorAll('details').forEach((e) => e.open = true)")
    opened.add_style_tag(content=".mark { color: black } .verdict { --tone: black }")
    marks = opened.locator("#verdicts dt .mark").all()
    assert len(marks) == len((*VERDICTS, "mixed"))
    # Of their own size, at which a difference has to be seen: over 2 of 100 of it.
    drawn = [image.imread(BytesIO(mark.screenshot(type="png")))[:16, :16, 0] for mark in marks]
    apart = [float(np.abs(a - b).mean()) for a, b in combinations(drawn, 2)]
    assert min(apart) > 0.02


FOCUS = """
() => {
  const e = document.activeElement, box = e.getBoundingClientRect(), style = getComputedStyle(e);
  return {href: e.getAttribute("href"), seen: box.left >= 0 && box.width > 0 && style.outlineStyle !== "none"};
}
"""


@pytest.mark.parametrize("name", DOCUMENTS)
def test_tab_reaches_the_skip_link_first_and_then_every_link(shown, name):
    opened = shown(name)
    links = opened.evaluate("[...document.links].map((a) => a.getAttribute('href'))")
    stops = []
    for _ in range(len(links) + 60):
        opened.keyboard.press("Tab")
        stops.append(opened.evaluate(FOCUS))
        if len([stop for stop in stops if stop["href"]]) == len(links):
            break
    assert stops[0]["href"] == "#verdicts"
    assert [stop["href"] for stop in stops if stop["href"]] == links
    assert all(stop["seen"] for stop in stops)


def test_the_skip_link_goes_to_the_verdicts(shown):
    opened = shown("lab")
    opened.keyboard.press("Tab")
    opened.keyboard.press("Enter")
    assert opened.evaluate("location.hash") == "#verdicts"
    top = opened.evaluate("document.querySelector('#verdicts').getBoundingClientRect().top")
    assert 0 <= top < 100


def rows(opened):
    rows = opened.locator("table.verdicts").first.locator("tbody tr:not(.group)").all()
    return [row.locator("td").first.inner_text() for row in rows if row.is_visible()]


def test_the_keys_choose_which_verdicts_are_shown(shown):
    opened = shown("lab")
    every = [c["verdict"].capitalize() for c in STUDY["claims"].values()]
    assert rows(opened) == every
    opened.locator("#only-all").focus()
    for word in map(str.capitalize, VERDICTS):
        opened.keyboard.press("ArrowRight")
        assert rows(opened) == [word] * every.count(word) != []
    heads = opened.locator("table.verdicts .group:visible").all_inner_texts()
    assert heads == ["Hidden units and activations"]
    opened.emulate_media(media="print")
    assert rows(opened) == every


@pytest.mark.parametrize("name", PAGES)
def test_paper_has_all_of_it(shown, name, tmp_path):
    opened = shown(name, width=718, scheme="dark")  # A4 without its margins
    opened.pdf(path=tmp_path / "page.pdf", format="A4")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")
    opened.emulate_media(media="print")
    assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")
    hidden = opened.evaluate(
        "[...document.querySelectorAll('main :is(td, dd, pre)')].filter((e) => !e.checkVisibility()).length"
    )
    assert hidden == 0
    assert opened.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
