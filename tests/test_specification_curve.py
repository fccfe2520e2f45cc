"""The curve of specifications as it is drawn, read as XML: where its dots, bars and settings are."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from study_sample import MULTIVERSE, claim

from fnn.report.multiverse import in_cells, multiverse_section, panel_article
from fnn.report.specification_curve import EFFECTS, TOP, specification_curve

CELLS = MULTIVERSE["cells"]


def drawing(cells=CELLS, by=MULTIVERSE["by"], null=0.5, up=True):
    names, columns = ET.fromstring(specification_curve(cells, by, null, up, "in words")).iter("svg")
    return names, columns


def dots(columns):
    """Return the places of the effects: x, y and kind."""
    made = []
    for e in columns.iter():
        if "cell" in (e.get("class") or "").split():
            half = float(e.get("width", 0)) / 2
            x, y = (float(e.get(f"c{axis}") or float(e.get(axis)) + half) for axis in "xy")
            made.append((x, y, e.get("class").split()[1]))
    return made


def test_every_cell_has_a_dot_in_a_column_of_its_own_and_effects_go_up():
    _, columns = drawing()
    places = dots(columns)
    assert len(places) == len(CELLS) == 96
    assert all(b[0] - a[0] == pytest.approx(places[1][0] - places[0][0]) for a, b in pairwise(places))
    assert all(after[1] <= before[1] for before, after in pairwise(places))
    assert max(x for x, *_ in places) < float(columns.get("width"))
    kinds = [kind for *_, kind in places]
    assert kinds == ["not-so"] * 4 + ["neither"] * 12 + ["supported"] * 80
    # Kinds have shapes of their own.
    assert {e.tag for e in columns.iter() if e.get("class") == "cell not-so"} == {"rect"}
    assert {e.tag for e in columns.iter() if e.get("class") == "cell supported"} == {"circle"}


def test_dots_lie_on_their_bars_where_the_numbers_say():
    _, columns = drawing()
    ends = {}
    for path in (e for e in columns.iter("path") if e.get("class").startswith("bar")):
        for x, low, high in re.findall(r"M([\d.]+) ([\d.]+)V([\d.]+)", path.get("d")):
            ends[float(x)] = float(low), float(high)
    assert len(ends) == 96
    for (x, y, _), made in zip(dots(columns), CELLS, strict=True):
        # A probability's axis goes from 0 to 1.
        assert y == pytest.approx(TOP + EFFECTS * (1 - made["effect"]), abs=0.02)
        assert ends[x] == pytest.approx([TOP + EFFECTS * (1 - made[end]) for end in ("low", "high")], abs=0.02)
    null = next(e for e in columns.iter("line") if e.get("class") == "null")
    assert float(null.get("y1")) == TOP + EFFECTS / 2


@pytest.mark.parametrize("up", [True, False])
def test_what_the_claim_speaks_of_is_shaded_up_to_each_margin(up):
    cells = [{**made, "margin": 0.55 if k < 90 else 0.75} for k, made in enumerate(CELLS)]
    _, columns = drawing(cells, up=up)
    bands = [e for e in columns.iter("rect") if e.get("class") == "band"]
    assert len(bands) == 2
    share = [0.45, 0.25] if up else [0.55, 0.75]
    assert [float(e.get("height")) for e in bands] == pytest.approx([EFFECTS * s for s in share], abs=0.02)
    assert float(bands[0].get("width")) == 15 * float(bands[1].get("width"))


def test_below_each_dot_stand_the_settings_of_its_cell():
    names, columns = drawing()
    rows = {(e.get("data-axis"), e.get("data-value")): e.get("d") for e in columns.iter("path") if e.get("data-axis")}
    assert set(rows) == {(axis, value) for axis, values in MULTIVERSE["by"].items() for value in values}
    by_place = {x: made for (x, *_), made in zip(dots(columns), CELLS, strict=True)}
    for (axis, value), path in rows.items():
        marked = {float(x) for x in re.findall(r"M([\d.]+) ", path)}
        assert marked == {x for x, made in by_place.items() if value in made["levels"][axis]}
    texts = [(e.text, float(e.get("y")) - 4) for e in names.iter("text")]
    for (_, value), path in rows.items():
        assert (value, float(re.search(r" ([\d.]+)h0", path)[1])) in texts


def test_the_claims_own_settings_are_marked_where_they_are_among_the_cells():
    _, columns = drawing()
    (mark,) = (e for e in columns.iter("rect") if e.get("class") == "stated")
    left, width = float(mark.get("x")), float(mark.get("width"))
    assert left < dots(columns)[90][0] < left + width
    _, columns = drawing([{**made, "stated": False} for made in CELLS])
    assert not [e for e in columns.iter("rect") if e.get("class") == "stated"]


def test_shares_and_one_cell_alone_have_a_curve_too():
    _, columns = drawing(CELLS[:1], null=None)
    assert len(dots(columns)) == 1
    assert not [e for e in columns.iter("line") if e.get("class") == "null"]


def test_it_is_said_in_words_and_in_numbers():
    claimed = claim("S.", "supported", 0.931, 0.913, 0.945)
    section = ET.fromstring(f"<div>{multiverse_section(claimed, MULTIVERSE)}</div>")
    words = " ".join("".join(section.itertext()).split())
    assert "144 combinations of what the claim does not fix, of which 96 are distinct" in words
    assert "of 96 distinct cells 80 supported, 2 too small, 2 reversed, 12 undecided, with 390 seeds each" in words
    assert "Mixed: supported in some and not as claimed in others" in words
    assert "It depends on hidden, init." in words
    (columns,) = (svg for svg in section.iter("svg") if svg.get("role") == "img")
    assert "96 distinct cells sorted by effect, 0.4 to 0.97; under the claim’s own settings 0.94." in columns.get(
        "aria-label"
    )
    rows = {row[0].text: [cell.text for cell in row[2:]] for row in section.iter("tr") if len(row) == 5}
    assert rows["0.999"] == ["32", "4", "12"]
    alike = {**MULTIVERSE, "mixed": False, "depends_on": []}
    words = "".join(ET.fromstring(f"<div>{multiverse_section(claimed, alike)}</div>").itertext())
    assert "Mixed" not in words
    assert "depends" not in words
    assert in_cells({**alike, "counts": {"supported": 96}}) == "of 96 distinct cells 96 supported"


def test_a_panel_says_what_turns_and_what_does_not():
    panel = {
        "axis": "as_coded", "columns": ["as published", "as coded"], "settings": ["", "epsilon_place inside"],
        "claims": 5, "turned": [{"id": "a b", "sentence": "A & B.", "verdicts": ["too small", "supported"]}],
    }  # fmt: skip
    article = ET.fromstring(panel_article(panel, 7))
    words = " ".join("".join(article.itertext()).split())
    assert "Of 7 claims these settings touch 5, and 1 has another verdict with them." in words
    assert "as coded: epsilon_place inside." in words
    row = next(row for row in article.iter("tr") if row.find("td") is not None)
    assert ["".join(cell.itertext()) for cell in row] == ["A & B.", "Too small", "Supported"]
    assert next(article.iter("a")).get("href") == "#claim-a_20_b"
    none = ET.fromstring(panel_article({**panel, "turned": []}, 7))
    assert not list(none.iter("table"))
    assert "0 have another verdict" in "".join(none.itertext())
