import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from fnn.report.markup import Html, element, fragment

WRITABLE = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"))


@given(WRITABLE)
def test_any_text_comes_back_from_an_xml_parser(text):
    parsed = ET.fromstring(element("p", text, element("img", alt=text)))
    assert (parsed.text or "") == text
    assert parsed[0].get("alt") == text


def test_what_cannot_be_written_is_replaced():
    assert element("p", "a\0\x1b\ud800\ufffe\tb\n") == "<p>a\ufffd\ufffd\ufffd\ufffd\tb\n</p>"


def test_markup_is_not_escaped_twice_and_nothing_is_left_out():
    assert fragment("a<b", Html("<i>c</i>"), None, "") == "a&lt;b<i>c</i>"
    assert element("a", "x", href='"', aria_label="&", class_=None) == '<a href="&quot;" aria-label="&amp;">x</a>'
    assert element("br") == "<br />"
