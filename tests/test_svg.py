import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from fnn.report.svg import Scale, bar, decades, interval, scale


@given(st.sampled_from([0.0, 0.5, 1.0]), st.lists(st.floats(1e-6, 1e6), min_size=1), st.booleans())
def test_a_scale_holds_its_values_with_no_difference_in_the_middle(null, values, down):
    shown = [-v for v in values] if down else values
    axis = scale(null, shown)
    assert axis.place(null) == 50
    assert all(axis.low - 1e-9 * abs(v) <= v <= axis.high + 1e-9 * abs(v) for v in shown)
    assert axis.place(axis.low) == 0
    assert axis.place(axis.high) == 100


def test_scales_on_paper():
    assert scale(0.5, [0.2, 0.9])[:2] == (0, 1)
    assert scale(0, [-0.03, 0.011])[:2] == (-0.1, 0.1)
    assert scale(0, [-0.3])[:2] == (-0.5, 0.5)
    assert scale(1, [1.9, 0.4]) == (0.2, 5, True)
    assert scale(1, [0.5, 4]).place(0.2 * 5**0.5) == 25  # the root is half the way in logarithms


def test_decades_hold_their_values():
    assert decades([40, 730, 4679]) == (10, 10_000, True)
    assert decades([100, 1000]) == (100, 1000, True)
    assert decades([10]) == (10, 100, True)
    assert decades([100, 10_000]).place(1000) == 50


def test_an_interval_has_what_is_known_of_it_and_no_more():
    lines = {e.get("class") for e in ET.fromstring(interval(Scale(0.0, 1.0), None, None, "nothing")).iter("line")}
    assert lines == {"axis"}
    whole = ET.fromstring(interval(Scale(0.0, 10.0), 2.0, (1.0, 14.0), "to the end", band=(5.0, 10.0), null=5.0))
    places = {e.get("class"): (e.get("x1"), e.get("x2")) for e in whole.iter("line")}
    assert places["bar"] == ("10%", "100%")  # what lies outside is drawn at the end
    assert places["edge"] == ("50%", "50%")


def test_a_bar_of_nothing_is_empty():
    assert {e.get("width") for e in ET.fromstring(bar({"supported": 0, "refuted": 0})).iter("rect")} == {"0%", "100%"}
