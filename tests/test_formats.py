"""Numbers in one format."""

import math
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fnn.formats import answer, duration, number, p_value, setting, share, size

ROOT = Path(__file__).parents[1]


@given(st.floats())
def test_a_number_is_short_and_within_a_half_of_its_third_digit(value):
    text = number(value)
    assert len(text) <= 20
    assert not re.search(r"e[+−]?0|\.\d*0(e|$)|-", text)
    if abs(value) < 1.79e308:  # beyond, three digits are more than the greatest float
        read = float(text.replace("−", "-").replace(",", ""))
        assert read == pytest.approx(value, rel=5.1e-3)


@pytest.mark.parametrize(("value", "text"), [
    (0.999508, "0.99951"), (0.9999996, "0.99999960"), (0.995, "0.9950"), (0.98765, "0.988"), (0.000405, "0.000405"),
    (1.0, "1"), (1 - 1e-12, "1"), (2.5, "2.5"), (math.nan, "–"), (-1.5e157, "−1.5e157"),
])  # fmt: skip
def test_an_answer_just_below_1_is_not_1(value, text):
    assert answer(value) == text


@pytest.mark.parametrize(("seconds", "text"), [
    (0.0123, "0.0123 s"), (3.14159, "3.14 s"), (60, "60 s"), (119.4, "119 s"), (120, "2 min"), (125.4, "2 min 5 s"),
    (3599.8, "60 min"), (7200, "2 h"), (7199.7, "2 h"), (90_061, "25 h 1 min"), (4e6, "1,111 h 7 min"),
])  # fmt: skip
def test_times_are_in_seconds_minutes_and_hours(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(("count", "text"), [
    (0, "0 bytes"), (999, "999 bytes"), (1000, "1 kB"), (45_056, "45.1 kB"), (999_700, "1 MB"), (25.3e9, "25.3 GB"),
    (6e16, "60,000 TB"),
])  # fmt: skip
def test_sizes_have_the_unit_that_keeps_them_short(count, text):
    assert size(count) == text


@pytest.mark.parametrize(("value", "text"), [
    (1e-05, "1e-5"), (0.1, "0.1"), (1.0, "1"), (None, "none"), ((4, 4), "4x4"), (True, "yes"), ("adam", "adam"),
    (1000, "1000"), (1e20, "1e20"), ("0188" * 16, "01880188"),
])  # fmt: skip
def test_settings_are_as_they_are_typed_and_hashes_short(value, text):
    assert setting(value) == text
    if isinstance(value, float):
        assert float(text) == value


def test_shares_and_p_values():
    assert [share(v) for v in (0, 0.9, 1, -0.031, None, math.nan)] == ["0.0%", "90.0%", "100.0%", "−3.1%", "–", "–"]
    assert [p_value(p) for p in (1e-80, 0.000099, 0.0001, 0.0123, 1)] == ["<0.0001", "<0.0001", "0.0001", "0.0123", "1"]


def test_no_other_module_of_reports_and_commands_formats_numbers_of_its_own():
    """In reports and commands digits are chosen in `fnn.formats` alone; a place on a drawing is no number to read."""
    drawings = {"specification_curve", "svg", "looks", "chart", "chart_file", "study_figure", "table_figure"}
    files = [path for room in ("report", "cli", "play") for path in (ROOT / "fnn" / room).glob("*.py")]
    shown = re.compile(r":[,#]?\.\d[gef]\}|:g\}")
    assert not [path.name for path in files if path.stem not in drawings and shown.search(path.read_text("utf-8"))]


def test_formats_load_nothing():
    code = "import sys, fnn.formats; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
