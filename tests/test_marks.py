"""Marks of verdicts: a class, a shape, a colour and a meaning for every word there is."""

import re
import xml.etree.ElementTree as ET
from importlib.resources import files

import pytest

from fnn.report.marks import CLAIMS, MARKS, NOT_AS_CLAIMED, PUBLISHED, choice_rules, kind, mark
from fnn.studies import replications
from fnn.studies.verdicts import REFUTED, TOO_FEW, VERDICTS

STYLE = files("fnn.report").joinpath("page.css").read_text(encoding="utf-8")


def test_every_word_of_a_study_has_a_mark_and_a_meaning():
    assert tuple(CLAIMS) == VERDICTS
    assert NOT_AS_CLAIMED == REFUTED
    published = {replications.REPRODUCED, replications.CONSISTENT, replications.NOT, replications.DEPENDS}
    assert set(PUBLISHED) == published | {TOO_FEW}
    assert all(mark.meaning.endswith(".") for mark in MARKS.values())


def test_classes_have_no_spaces_and_tell_the_words_apart():
    assert all(re.fullmatch(r"[a-z-]+", mark.name) for mark in MARKS.values())
    for words in (CLAIMS, PUBLISHED):
        assert len({kind(word) for word in words}) == len(words)


def test_marks_differ_in_shape():
    shapes = {word: "".join(ET.tostring(child, "unicode") for child in ET.fromstring(mark(word))) for word in CLAIMS}
    assert len(set(shapes.values())) == len(CLAIMS)


@pytest.mark.parametrize("word", ["else", "", 'supported"><script>'])
def test_a_word_that_is_not_known_has_a_silent_mark_of_its_own(word):
    drawing = ET.fromstring(mark(word))
    assert (drawing.get("class"), drawing.get("aria-hidden")) == ("mark unknown", "true")


def test_what_is_not_as_claimed_is_a_square_and_nothing_else_is():
    squares = {word for word in CLAIMS if ET.fromstring(mark(word))[0].get("d") == "M1 1h14v14H1z"}
    assert squares == set(NOT_AS_CLAIMED)


def test_every_class_has_a_colour_in_both_schemes_and_on_paper():
    tones = {}
    for names, variable in re.findall(r"((?:\.[a-z-]+,? )+)\{ --tone: var\((--[a-z-]+)\); \}", STYLE):
        tones |= dict.fromkeys(re.findall(r"\.([a-z-]+)", names), variable)
    assert {mark.name for mark in MARKS.values()} <= set(tones)
    for variable in set(tones.values()):
        assert len(re.findall(rf"{variable}: #[0-9a-f]{{6}};", STYLE)) == 3
    # Those that are not as claimed have four colours, and no other word has one of these.
    own = {tones[kind(word)] for word in NOT_AS_CLAIMED}
    others = {tones[kind(word)] for word in CLAIMS if word not in NOT_AS_CLAIMED}
    assert len(own) == len(NOT_AS_CLAIMED)
    assert not own & others


def test_whatever_a_drawing_has_a_class_for_is_drawn_by_the_style_sheet():
    classes = {name for word in MARKS for e in ET.fromstring(mark(word)) for name in (e.get("class") or "").split()}
    assert classes
    assert all(f".mark .{name} {{" in STYLE for name in classes)


def test_rules_of_a_choice_are_one_for_each_class():
    rules = choice_rules(["too small", "too few runs"])
    assert rules.count("#only-too-small:checked") == rules.count("#only-too-few:checked") == 2
    assert choice_rules([]) == ""
