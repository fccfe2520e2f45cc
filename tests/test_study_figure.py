"""Figures of a study: what is drawn is what is given; and what is given, of each kind, from the results of its arms."""

import numpy as np
import pytest
from arm_results import arm_results
from matplotlib import image
from matplotlib.colors import to_hex
from matplotlib.figure import Figure as Canvas

import fnn
from fnn.plots import study as plots
from fnn.plots.style import COLORS
from fnn.studies import figures
from fnn.studies.model import Arm, Figure, Study
from fnn.studies.runs import run_key

CURVES = [
    plots.Curve("a", np.array([0, 5, 9]), np.array([[0.1, 0.1, 0.1], [0.4, 0.3, 0.2], [0.9, np.inf, 0.5]])),
    plots.Curve("b", np.array([0, 9]), np.array([[0.2, 0.2], [0.3, 0.3], [0.8, 0.8]])),
]
STEPS = [plots.Curve(name, np.array([0, 2, 9]), np.array([0, share, 1])) for name, share in (("a", 0.5), ("b", 0.25))]


def drawn(content):
    canvas = Canvas(layout="constrained")
    plots.draw(canvas, content)
    return canvas


@pytest.mark.parametrize("panel", ["loss", "accuracy"])
def test_a_line_is_the_median_and_its_band_the_quartiles(panel):
    (ax,) = drawn(plots.StudyFigure("T", "3 runs an arm", {panel: CURVES})).axes
    assert [line.get_label() for line in ax.lines] == ["a", "b"]
    for line, band, curve, color in zip(ax.lines, ax.collections, CURVES, COLORS, strict=False):
        np.testing.assert_array_equal(line.get_xdata(), curve.x)
        np.testing.assert_array_equal(line.get_ydata(), curve.y[1])
        corners = {tuple(corner) for corner in band.get_paths()[0].vertices}
        assert {(0, curve.y[0, 0]), (0, curve.y[2, 0])} <= corners
        assert to_hex(line.get_color()) == to_hex(band.get_facecolor()[0]) == color.lower()
    assert ax.get_ylabel() == panel


@pytest.mark.parametrize(("panel", "scale"), [("solved", "linear"), ("rate", "linear"), ("final", "log")])
def test_steps_are_the_values_given(panel, scale):
    (ax,) = drawn(plots.StudyFigure("T", "3 runs an arm", {panel: STEPS}, mark=0.5)).axes
    for line, curve in zip(ax.lines, STEPS, strict=False):
        np.testing.assert_array_equal(line.get_xydata(), np.column_stack((curve.x, curve.y)))
        assert line.get_drawstyle() == "steps-post"
    assert ax.get_xscale() == scale
    assert ax.lines[-1].get_label() == "printed"
    assert list(ax.lines[-1].get_xdata()) == [0.5, 0.5]


def test_titles_say_how_many_runs_and_what_bands_are():
    both = drawn(plots.StudyFigure("T", "3 runs an arm", {"loss": CURVES, "solved": STEPS}))
    assert both.get_suptitle() == "T\n3 runs an arm; lines: median, bands: quartiles"
    assert [ax.get_ylabel() for ax in both.axes] == ["loss", "solved by then"]
    final = drawn(plots.StudyFigure("T", "3 runs", {"final": STEPS}))
    assert final.get_suptitle() == "T\n3 runs"
    assert [text.get_text() for text in final.legends[0].get_texts()] == ["a", "b"]


def test_answers_stand_beside_the_labels():
    x = fnn.data.xor4().x
    labels, share = fnn.data.xor4().y[:, 0], np.array([0.0, 0.25, 0.5, 1.0])
    canvas = drawn(plots.StudyFigure("T", "8 runs", {}, [plots.Answers("a", x, labels, share)]))
    left, right, *_ = canvas.axes
    assert [sorted(map(tuple, part.get_offsets())) for part in left.collections] == [
        sorted(map(tuple, x[labels == value])) for value in (0, 1)
    ]
    np.testing.assert_array_equal(right.collections[0].get_offsets(), x)
    np.testing.assert_array_equal(right.collections[0].get_array(), share)


@pytest.mark.parametrize("text", [r"$\frac{$", "_hidden", "costs $5", r"\$", "x^2_3", "%s {} \\"])
def test_any_text_is_drawn_as_it_is(text, tmp_path):
    steps = [step._replace(label=f"{text}{k}") for k, step in enumerate(STEPS)]
    content = plots.StudyFigure(text, "3 runs", {"solved": steps})
    plots.save(tmp_path / "a.png", content)
    (legend,) = drawn(content).legends
    shown = [entry.get_text().lstrip().replace(r"\$", "$") for entry in legend.get_texts()]
    assert shown == [f"{text}{k}" for k in range(2)]


def test_a_file_has_the_size_that_is_returned(tmp_path):
    width, height = plots.save(tmp_path / "a.png", plots.StudyFigure("T", "3 runs", {"loss": CURVES}))
    assert image.imread(tmp_path / "a.png").shape[:2] == (height, width)


# ---- from the results of arms ----

ARMS = tuple(Arm(name, {"data": "xor4", "epochs": 30, "lr": lr}) for name, lr in (("a", 0.1), ("b", 0.5)))
RESULTS = [
    arm_results(
        [10, 20, -1, 10], loss=[0.5, 0.0, np.nan, 0.25], curve_epochs=[0, 30], loss_levels=np.full((3, 2), 0.5),
        accuracy_levels=np.full((3, 2), 0.75), answers=[0, 1, 1, 0],
    ),
    arm_results([-1, -1, -1, -1], curve_epochs=[0, 30], loss_levels=np.ones((3, 2)), accuracy_levels=np.ones((3, 2))),
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
    np.testing.assert_array_equal(answers.share, [0, 1, 1, 0])
    np.testing.assert_array_equal(answers.labels, [0, 1, 1, 0])


def test_a_figure_of_the_document_has_its_words(tmp_path):
    made = Figure("f", "T", "final", "", "A caption.", ARMS, 0.3)
    study = Study("s", "s.toml", "S", "", (), {"f": made}, (), (), (), (), {}, (0.1,), 30)
    by_key = {run_key(arm.trial): r for arm, r in zip(ARMS, RESULTS, strict=True)}
    saved = figures.save_figures(tmp_path, study, by_key, 30)["f"]
    assert (saved["alt"], saved["caption"], saved["file"]) == ("T: a, b", "A caption. 4 runs an arm.", "f.png")
    assert content("final", ARMS[:1]).runs == "4 runs"
    assert content("final", mark=0.3).mark == 0.3
