"""Figures of a study: what is drawn is what is given; and what is given, of each kind, from the results of its arms."""

import re
import xml.etree.ElementTree as ET
from itertools import combinations

import numpy as np
import pytest
from arm_results import arm_results

import fnn
from fnn.errors import InvalidSetting
from fnn.plots.palette import COLORS, DARK_COLORS
from fnn.report import chart, components, study_figure, table_figure
from fnn.report.chart_file import chart_pieces, chart_style
from fnn.report.svg import Scale
from fnn.studies import figures
from fnn.studies.model import Arm, Figure, Study
from fnn.studies.requests import run_key

CURVES = [
    study_figure.Curve(
        "a",
        np.array([0, 5, 9]),
        np.array([[0.1, 0.1, 0.1], [0.1, 0.1, 0.1], [0.4, 0.3, 0.2], [0.9, np.inf, 0.5], [0.95, np.inf, 0.9]]),
    ),
    study_figure.Curve("b", np.array([0, 9]), np.array([[0.1, 0.1], [0.2, 0.2], [0.3, 0.3], [0.8, 0.8], [0.9, 0.9]])),
]
STEPS = [
    study_figure.Curve(name, np.array([0, 2, 9]), np.array([0, share, 1])) for name, share in (("a", 0.5), ("b", 0.25))
]


def parsed(panels):
    return [ET.fromstring(panel.svg) for panel in panels]


def drawn(content):
    return parsed(study_figure.draw(content)[0])


def paths(panel, kind):
    return [path for path in panel.iter("path") if path.get("class").split()[0] == kind]


def corners(path):
    """Return the places that a path of straight lines goes through."""
    return np.array([[float(v) for v in pair] for pair in re.findall(r"[ML]([\d.]+) ([\d.]+)", path.get("d"))])


@pytest.mark.parametrize("name", ["loss", "accuracy"])
def test_a_line_is_the_median_and_its_band_the_quartiles(name):
    (panel,) = drawn(study_figure.StudyFigure("T", "3 runs an arm", {name: CURVES}))
    axes = study_figure.PANELS[name](CURVES)
    lines, bands = paths(panel, "line"), paths(panel, "band")
    assert [line.get("class") for line in lines] == [
        "line worst s0 d0", "line s0 d0", "line worst s1 d1", "line s1 d1",
    ]  # fmt: skip
    worst = 4 if name == "loss" else 0
    for k, level in enumerate((worst, 2)):
        assert corners(lines[2 + k]) == pytest.approx(axes.place(CURVES[1].x, CURVES[1].y[level]))
    assert corners(lines[1]) == pytest.approx(axes.place(CURVES[0].x, CURVES[0].y[2]))
    whole = axes.place(CURVES[1].x, CURVES[1].y[3]), axes.place(CURVES[1].x, CURVES[1].y[1])[::-1]
    assert corners(bands[1]) == pytest.approx(np.concatenate(whole))
    assert bands[0].get("d").count("M") == 2  # broken where it is infinite
    assert axes.y.scale.log == (name == "loss")


def test_steps_stay_level_up_to_the_next_value():
    (panel,) = drawn(study_figure.StudyFigure("T", "3 runs an arm", {"solved": STEPS}, mark=4))
    at = study_figure.PANELS["solved"](STEPS).place(STEPS[0].x, STEPS[0].y)
    d = f"M{at[0, 0]:g} {at[0, 1]:g}H{at[1, 0]:g}V{at[1, 1]:g}H{at[2, 0]:g}V{at[2, 1]:g}"
    assert paths(panel, "line")[0].get("d") == d
    assert len(paths(panel, "rule")) == 1


def test_the_losses_in_the_end_rise_from_nothing_across_the_whole_axis():
    curve = study_figure.Curve("a", np.array([1e-6, 1e-3]), np.array([0.5, 0.75]))
    for curves in ([curve], [study_figure.Curve("a", np.empty(0), np.empty(0))]):
        (panel,) = drawn(study_figure.StudyFigure("T", "", {"final": curves}))
        (line,) = paths(panel, "line")
        bottom, right = chart.HEIGHT - chart.BOTTOM, chart.WIDTH - chart.RIGHT
        assert line.get("d").startswith(f"M{chart.LEFT} {bottom}H")
        assert re.findall(r"H([\d.]+)", line.get("d"))[-1] == str(right)


def test_the_loss_of_a_network_that_diverges_does_not_flatten_the_others():
    up = study_figure.Curve("a", np.arange(4), np.array([[0.2, 1e3, 1e20, np.inf]] * 5))
    axes = study_figure.losses([up, CURVES[1]._replace(x=np.array([0, 3]))])
    assert axes.y.scale.high < 100
    (panel,) = drawn(study_figure.StudyFigure("T", "", {"loss": [up]}))
    assert corners(paths(panel, "line")[0])[1:, 1] == pytest.approx(chart.TOP, abs=12)


def test_keys_say_how_many_are_solved_and_titles_what_bands_are():
    both = study_figure.StudyFigure("T", "3 runs an arm", {"loss": CURVES, "solved": [s._replace(
        y=s.y * share) for s, share in zip(STEPS, (0.996, 1), strict=True)]})  # fmt: skip
    panels, keys = study_figure.draw(both)
    assert ["".join(ET.fromstring(key.svg).itertext()) for key in keys] == ["a · 99.6% solved", "b · 100.0% solved"]
    assert study_figure.how_drawn(both).startswith("; lines are medians")
    assert study_figure.how_drawn(both._replace(panels={"final": STEPS})) == ""
    assert ["loss" in "".join(panel.itertext()) for panel in parsed(panels)] == [True, False]


def test_arms_in_an_order_have_colours_in_order():
    assert study_figure.arm_looks(["lr 0.1", "lr 0.5", "lr 1"]) == ["o0 d0", "o4 d0", "o7 d0"]
    assert len(set(study_figure.arm_looks([f"arm {name}" for name in "abcdefghijklmnopqrstuvwxyzABCDEF"]))) == 32


def test_answers_have_the_mark_of_their_label_and_the_colour_of_their_share_wrong():
    x, y = fnn.data.xor4()
    wrong = np.array([0.0, 0.04, 0.3, 1.0])
    (panel,) = drawn(study_figure.StudyFigure("T", "", {}, [study_figure.Answers("a", x, y[:, 0], wrong)]))
    marks = [(part.tag, part.get("class")) for part in panel.iter() if "spot" in part.get("class", "")]
    kinds = {0: "circle", 1: "rect"}
    expected = [(kinds[int(v)], f"spot w{k}") for v, k in zip(y[:, 0], (0, 1, 3, 4), strict=True)]
    assert sorted(marks) == sorted(expected)


# ---- the law of charts ----

LONG = "a label of very many words that somebody wrote without a thought for those who draw it"
SHAPES = {
    "one arm": [study_figure.Curve("a", np.arange(9), np.tile(np.geomspace(1, 1e-9, 9), (5, 1)))],
    "one epoch": [study_figure.Curve("a", np.arange(2), np.array([[0.3, 0.29]] * 5))],
    "level": [study_figure.Curve("a", np.arange(3), np.full((5, 3), 0.25))],
    "all diverged": [study_figure.Curve("a", np.arange(3), np.full((5, 3), np.inf))],
    "32 arms": [
        study_figure.Curve(f"arm number {k}", np.arange(3), np.full((5, 3), 1e-3 * (k + 1))) for k in range(32)
    ],
    "long": [study_figure.Curve(f"{LONG} {k}", np.arange(501), np.full((5, 501), 0.5)) for k in range(3)],
    "wide": [study_figure.Curve("表の数", np.array([0, 10**7]), np.array([[1e-300, 1e300]] * 5))],
}


def boxes(svg):
    """Yield the box of each text of a panel or a key that is not turned: letters as wide as `text_width` says."""
    for text in svg.iter("text"):
        if text.get("transform") is None:
            width = 0.85 * chart.text_width(text.text)
            left = float(text.get("x")) - width * {"middle": 0.5, "end": 1.0}.get(text.get("text-anchor"), 0)
            yield text.text, left, left + width, float(text.get("y")) - 10, float(text.get("y")) + 3


@pytest.mark.parametrize("name", SHAPES)
def test_nothing_of_a_chart_is_cut_or_lies_on_another(name, tmp_path):
    curves = SHAPES[name]
    rising = [curve._replace(y=np.linspace(0, 1, len(curve.x))) for curve in curves]
    content = study_figure.StudyFigure(name, "9 runs", {"loss": curves, "solved": rising, "rate": rising})
    panels, keys = study_figure.draw(content)
    for svg in parsed([*panels, *keys]):
        found = list(boxes(svg))
        width, height = (float(svg.get(side)) for side in ("width", "height"))
        for text, left, right, top, bottom in found:
            assert 0 <= left <= right <= width, f"{text!r} is cut"
            assert 0 <= top <= bottom <= height, f"{text!r} is cut"
        for a, b in combinations(found, 2):
            across, up = min(a[2], b[2]) - max(a[1], b[1]), min(a[4], b[4]) - max(a[3], b[3])
            assert across <= 0 or up <= 0, f"{a[0]!r} lies on {b[0]!r}"
        numbers = re.findall(r"-?[\d.]+(?:e[+-]\d+)?|nan|inf", " ".join(p.get("d") for p in svg.iter("path")))
        assert all(-1 <= float(number) <= max(width, height) for number in numbers)
    size = study_figure.save(tmp_path / "a.svg", content, "in words")
    root = ET.parse(tmp_path / "a.svg").getroot()
    assert (float(root.get("width")), float(root.get("height"))) == size
    assert root.get("aria-label") == "in words"
    assert len(chart_pieces((tmp_path / "a.svg").read_text(encoding="utf-8"))) == len(panels) + len(keys)


def test_axes_have_numbers_that_are_read():
    def numbers(low, high, log=False, shares=False):
        return [text for _, text in chart.Axis(Scale(low, high, log), "", shares).ticks()]

    assert numbers(0, 500) == ["0", "100", "200", "300", "400", "500"]
    assert numbers(0, 1, shares=True) == ["0%", "20%", "40%", "60%", "80%", "100%"]
    assert numbers(-0.2, 1.3) == ["0", "0.5", "1"]
    assert numbers(0, 10_000) == ["0", "2,000", "4,000", "6,000", "8,000", "10,000"]
    assert numbers(1e-8, 2, log=True) == ["10⁻⁸", "10⁻⁶", "10⁻⁴", "0.01", "1"]
    assert numbers(0.2, 0.4, log=True) == ["0.2", "0.3"]


def test_every_look_has_a_colour_on_light_and_on_dark_paper():
    style = chart_style()
    for k, (light, dark) in enumerate(zip(COLORS, DARK_COLORS, strict=True)):
        assert f"--s{k}:{light};" in style
        assert f"--s{k}:{dark};" in style
    used = set(re.findall(r"var\((--[a-z]\d)\)", style))
    assert used <= set(re.findall(r"(--[a-z]\d):", style))
    assert "#" not in re.sub(r"<style>.*</style>", "", study_figure.draw(
        study_figure.StudyFigure("T", "", {"solved": STEPS}))[0][0].svg)  # fmt: skip


@pytest.mark.parametrize("text", [
    "", "<svg/>", "not a chart", "<html></html>",
    '<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg"/>',
    '<svg xmlns="http://www.w3.org/2000/svg"><svg class="panel"><script/></svg></svg>',
    '<svg xmlns="http://www.w3.org/2000/svg"><svg class="panel"><path onload="a()"/></svg></svg>',
    '<svg xmlns="http://www.w3.org/2000/svg"><svg class="key"><style>a{}</style></svg></svg>',
])  # fmt: skip
def test_a_page_shows_charts_and_nothing_else(text, tmp_path):
    (tmp_path / "a.svg").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidSetting, match="figures"):
        components.chart(tmp_path, "a.svg", "a")
    with pytest.raises(InvalidSetting, match="figures"):
        components.chart(tmp_path / "b", "../a.svg", "a")


def test_a_data_set_has_its_arms_in_rows_with_their_splits_and_intervals():
    arms = [table_figure.ArmScores(label, np.array([0.5, 0.7]), 0.6, (0.4, 0.8)) for label in ("one", LONG)]
    svg = ET.fromstring(table_figure.dataset_panel(table_figure.DatasetPanel("wine", "accuracy", arms, 0.3)).svg)
    kinds = [part.get("class") for part in svg.iter() if part.tag == "circle"]
    assert kinds == ["split s0", "split s0", "point s0", "split s1", "split s1", "point s1"]
    assert {float(c.get("cx")) for c in svg.iter("circle") if "point" in c.get("class")} == {
        float(c) for c in [next(c.get("cx") for c in svg.iter("circle") if "point" in c.get("class"))]
    }
    for text, left, right, *_ in boxes(svg):
        assert 0 <= left <= right <= chart.WIDTH, f"{text!r} is cut"


# ---- from the results of arms ----

ARMS = tuple(Arm(name, {"data": "xor4", "epochs": 30, "lr": lr}) for name, lr in (("a", 0.1), ("b", 0.5)))
RESULTS = [
    arm_results(
        [10, 20, -1, 10], loss=[0.5, 0.0, np.nan, 0.25], curve_epochs=[0, 30], loss_levels=np.full((5, 2), 0.5),
        accuracy_levels=np.full((5, 2), 0.75), answers=[0, 1, 1, 0],
    ),
    arm_results([-1, -1, -1, -1], curve_epochs=[0, 30], loss_levels=np.ones((5, 2)), accuracy_levels=np.ones((5, 2))),
]  # fmt: skip


def content(kind, arms=ARMS, **fields):
    figure = Figure("f", "T", kind, "", "", arms, **fields)
    return figures.figure_content(figure, RESULTS[: len(arms)])


def test_each_kind_has_its_panels():
    panels = {kind: list(content(kind).panels) for kind in ("curves", "accuracy", "schedule", "final")}
    assert panels == {
        "curves": ["loss", "solved"], "accuracy": ["accuracy", "solved"], "schedule": ["rate", "loss"],
        "final": ["final"],
    }  # fmt: skip
    bce = (ARMS[0], ARMS[1].under({"loss": "bce"}))  # whose losses have no common axis
    assert list(content("curves", bce).panels) == ["accuracy", "solved"]


def test_panels_have_the_numbers_of_the_runs():
    curves, schedule, final = (content(kind).panels for kind in ("curves", "schedule", "final"))
    assert curves["loss"][0].y is RESULTS[0].loss_levels
    first, second = curves["solved"]
    assert (first.x.tolist(), first.y.tolist()) == ([0, 10, 20, 30], [0, 0.5, 0.75, 0.75])
    assert (second.x.tolist(), second.y.tolist()) == ([0, 30], [0, 0])
    # Of four runs one ends at 0, which a logarithmic axis has not, and one diverged.
    assert (final["final"][0].x.tolist(), final["final"][0].y.tolist()) == ([0.25, 0.5], [0.5, 0.75])
    # The rate falls by 5% every fiftieth of the epochs: 30/50 = 0.6.
    falls = np.array([0, 1, 3, 5])
    assert schedule["rate"][0].y[:4] == pytest.approx(0.1 * 0.95**falls)
    assert schedule["rate"][1].y[:4] == pytest.approx(0.5 * 0.95**falls)
    answers = content("answers", ARMS[:1]).answers[0]
    np.testing.assert_array_equal(answers.wrong, 1 - RESULTS[0].right)
    np.testing.assert_array_equal(answers.labels, [0, 1, 1, 0])


def test_a_figure_of_the_document_has_its_words(tmp_path):
    made = Figure("f", "T", "final", "", "A caption.", ARMS, 0.3)
    study = Study("s", "s.toml", "S", "", (), {"f": made}, (), (), (), (), {}, (0.1,), 30)
    by_key = {run_key(arm.trial): r for arm, r in zip(ARMS, RESULTS, strict=True)}
    saved = figures.save_figures(tmp_path, study, by_key, 30)["f"]
    assert (saved["alt"], saved["caption"], saved["file"]) == ("T: a, b", "A caption. 4 runs an arm.", "f.svg")
    assert content("final", ARMS[:1]).runs == "4 runs"
    assert content("final", mark=0.3).mark == 0.3
