import pytest
from hypothesis import given
from hypothesis import strategies as st

import fnn
from fnn.report.components import Figures, anchor, chance, embedded, number, paragraphs


def test_numbers_as_they_are_read():
    texts = [number(x) for x in (None, 0, 1000, -0.0312, 1.54e-07, 902.5, 12.0, 3.2e17)]
    assert texts == ["–", "0", "1,000", "−0.0312", "1.54e−7", "902", "12", "3.2e17"]
    assert [chance(p) for p in (1e-80, 0.0123, 0.5)] == ["p\xa0<\xa00.0001", "p\xa0=\xa00.0123", "p\xa0=\xa00.5"]


@given(st.text(), st.text())
def test_different_names_have_different_ids_without_spaces(a, b):
    assert (anchor("claim", a) == anchor("claim", b)) == (a == b)
    assert not set(anchor("claim", a)) & set(" \t\n\"'<>&#")


def test_paragraphs_are_parted_by_empty_lines():
    assert list(paragraphs("a\nb\n \n\nc\n")) == ["<p>a\nb</p>", "<p>c\n</p>"]
    assert list(paragraphs("")) == []


@pytest.mark.parametrize("file", ["missing.png", "text.png", "../late.png", ""])
def test_a_figure_that_is_no_png_file_of_the_folder_is_named(tmp_path, file):
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "text.png").write_text("not a picture", encoding="utf-8")
    (tmp_path / "late.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(fnn.InvalidSetting, match=r"figures: got '.*; expected a PNG file in"):
        embedded(inner, file)
    assert embedded(tmp_path, "late.png") == "data:image/png;base64,iVBORw0KGgo="


def test_a_figure_is_embedded_once_and_then_linked_to(tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    figure = {"title": "A", "alt": "an a", "caption": "", "file": "a.png", "width": 2, "height": 1}
    figures = Figures({"a": figure}, tmp_path)
    assert "<img" in figures.show("a")
    assert figures.show("a") == '<p class="again">Figure above: <a href="#figure-a">A</a></p>'
    assert figures.show(None) is None
