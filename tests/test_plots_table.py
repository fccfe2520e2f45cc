"""Figures of a table: what is drawn is what was given; that they look well is for eyes."""

import warnings

import matplotlib as mpl
import numpy as np
import pytest
from conftest import read_only
from figure_law import check
from image_contents import hard, kernels, maps_of
from matplotlib import image
from matplotlib.figure import Figure

from fnn.plots import classification, decision_map, regression, table
from fnn.plots.labels import compact, shorten
from fnn.plots.style import STYLE
from fnn.stats.calibration import Reliability, expected_calibration_error, reliability
from fnn.stats.intervals import Interval

ABOUT = "wine.csv, validation part: ensemble of 64 networks of 32x32"


def drawn(draw, content):
    """Return the figure of what was given, laid out; its title says what of, and nothing lies outside."""
    with mpl.rc_context(STYLE):
        figure = Figure(layout="constrained")
        draw(figure, content)
        figure.draw_without_rendering()
    assert content.about.partition(":")[0] in figure.get_suptitle()
    check(figure)
    return figure


def texts(ax):
    return {(round(t.get_position()[0]), round(t.get_position()[1])): t.get_text() for t in ax.texts}


# ---- names ----


def test_long_names_are_cut_so_that_they_still_differ():
    assert shorten(["short", "a name of more letters than there is room for"], 15) == ["short", "a name…oom for"]
    names = [f"category_{k}_of_the_products_that_were_sold" for k in range(3)]
    assert shorten(names, 12) == ["…0_of_the_p…", "…1_of_the_p…", "…2_of_the_p…"]
    assert shorten(["$x$", "_hidden", "two\nlines"], 20) == [r"\$x\$", " _hidden", "two lines"]
    assert max(map(len, shorten([f"{'word ' * 20}{k}" for k in range(5)], 12))) <= 12


def test_counts_fit_a_cell():
    assert [compact(n) for n in (7, 9_999, 10_000, 1_234_567)] == ["7", "9,999", "10k", "1,235k"]


# ---- learning curves ----


def curves(S, P=50):
    rng = np.random.default_rng(3)
    epochs = np.arange(P)
    loss = (0.1 + np.exp(-epochs / 9)) * np.exp(rng.normal(0, 0.2, (S, 1)))
    training, validation = table.Curves(loss, 1 - loss / 3), table.Curves(1.2 * loss, 1 - loss / 2)
    read_only(*training, *validation)
    return table.LearningCurves(ABOUT, epochs, training, validation, rng.integers(20, 40, S))


@pytest.mark.parametrize("S", [1, 30])
def test_learning_curves_are_the_medians_of_both_parts_and_mark_the_epochs_kept(S):
    content = curves(S)
    figure = drawn(table.learning_curves, content)
    for ax, field in zip(figure.axes, ("loss", "score"), strict=True):
        for line, part in zip(ax.get_lines(), (content.training, content.validation), strict=False):
            assert line.get_ydata() == pytest.approx(np.median(getattr(part, field), axis=0))
        middle = ax.get_lines()[2]
        assert middle.get_xdata() == pytest.approx([np.median(content.kept)] * 2)
        assert len(ax.collections) == (0 if S == 1 else 4)
    assert figure.axes[0].get_yscale() == "log"
    if S > 1:
        assert figure.axes[1].get_lines()[3].get_xdata().tolist() == content.kept.tolist()
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    kept = f"{np.median(content.kept):g}"
    expected = ["training", "validation", f"epoch kept, {kept}"]
    if S > 1:
        expected = [
            "training, median",
            "validation, median",
            "25–75%",
            "5–95% of networks",
            f"epochs kept, median {kept}",
        ]
    assert labels == expected


def test_the_first_bad_scores_do_not_hide_the_later_ones():
    loss = np.geomspace(1e4, 0.1, 40)[None]
    content = table.LearningCurves(ABOUT, np.arange(40), table.Curves(loss, 1 - loss), score="R²")
    bottom = drawn(table.learning_curves, content).axes[1]
    assert bottom.get_ylim()[0] == -0.25
    assert bottom.get_ylabel() == "R²"
    bad = table.Curves(loss, np.full((1, 40), -3.0))
    low, high = drawn(table.learning_curves, content._replace(validation=bad)).axes[1].get_ylim()
    assert low < -3 < 0.9 < high


def test_divergence_is_drawn_too():
    content = curves(1)
    nan = content.training.loss.copy()
    nan[:, 5:] = np.nan
    bad = table.Curves(nan, nan)
    content = content._replace(training=bad, validation=bad, diverged=np.array([4, 5, 5]))
    figure = drawn(table.learning_curves, content)
    (marks,) = [line for line in figure.axes[0].get_lines() if line.get_marker() == "x" and len(line.get_xdata())]
    assert marks.get_xdata().tolist() == [4, 5, 5]
    assert figure.legends[0].get_texts()[-1].get_text() == "3 diverged"
    assert np.isfinite(figure.axes[0].get_lines()[0].get_ydata()).sum() == 5


# ---- classes ----


@pytest.mark.parametrize(("C", "shares"), [(2, True), (12, True), (18, False)])
def test_the_confusion_matrix_has_counts_and_shares_of_the_true_class(C, shares):
    counts = np.random.default_rng(C).integers(0, 60, (C, C))
    counts[0] = 0
    counts[1, 0] = 0
    read_only(counts)
    classes = [f"class {k}" for k in range(C)]
    figure = drawn(classification.confusion_matrix, classification.ConfusionMatrix(ABOUT, classes, counts))
    ax = figure.axes[0]
    expected = {}
    for r, c in np.argwhere(counts):
        share = f"\n{counts[r, c] / counts[r].sum():.0%}" if shares else ""
        expected[c, r] = f"{counts[r, c]}{share}"
    assert texts(ax) == expected
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        f"{name}  ({n:,})" for name, n in zip(classes, counts.sum(axis=1), strict=True)
    ]
    right, wrong = (part.get_array() for part in ax.get_images())
    assert right.mask.tolist() == (~np.eye(C, dtype=bool)).tolist()
    assert wrong.mask.tolist() == np.eye(C, dtype=bool).tolist()
    assert wrong[1, 0] == 0
    assert f"{np.trace(counts)} of {counts.sum():,} right" in figure.get_suptitle()


def test_the_rarest_of_very_many_classes_are_one_that_is_neither_right_nor_wrong():
    C = 40
    counts = np.diag(np.arange(1, C + 1)) + np.ones((C, C), int)
    classes = [f"class {k}" for k in range(C)]
    figure = drawn(classification.confusion_matrix, classification.ConfusionMatrix(ABOUT, classes, counts))
    ax = figure.axes[0]
    labels = [label.get_text() for label in ax.get_xticklabels()]
    assert labels == [*classes[17:], "17 others"]
    assert texts(ax)[23, 23] == str(counts[:17, :17].sum())
    assert texts(ax)[0, 23] == "17"
    assert all(part.get_array().mask[23, 23] for part in ax.get_images())
    assert f"{np.trace(counts):,} of {counts.sum():,} right" in figure.get_suptitle()


def bins(N=400):
    rng = np.random.default_rng(1)
    p = rng.random((N, 1)) ** 2
    return reliability(p, rng.random((N, 1)) < p, event="positive")


def test_the_reliability_diagram_has_each_bin_its_interval_and_its_rows():
    b = bins()
    members = np.array([b.right - 0.1, b.right + 0.1])
    error = expected_calibration_error(b)
    content = classification.ReliabilityDiagram(ABOUT, b, error, "malignant", members, 0.2)
    figure = drawn(classification.reliability_diagram, content)
    top, bottom = figure.axes
    assert np.array(top.get_lines()[1].get_data()) == pytest.approx(np.array([b.confidence, b.right]))
    segments = np.array(top.collections[1].get_segments())
    assert segments[:, :, 1] == pytest.approx(np.array([b.low, b.high]).T)
    assert [bar.get_height() for bar in bottom.patches] == b.counts.tolist()
    assert [t.get_text() for t in bottom.texts] == [str(n) for n in b.counts if n]
    assert f"{error:.3f} (one network: 0.200)" in figure.get_suptitle()
    assert bottom.get_xlabel() == "probability of malignant"


def test_empty_bins_are_left_out_and_one_network_has_no_band():
    b = reliability(np.array([[0.95], [0.97], [0.1]]), np.array([[1], [1], [0]]), event="positive")
    figure = drawn(classification.reliability_diagram, classification.ReliabilityDiagram(ABOUT, b, 0.05))
    assert len(figure.axes[0].get_lines()[1].get_xdata()) == 2
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["calibrated", "95% interval", "network"]
    assert isinstance(b, Reliability)


def test_bins_too_narrow_for_their_number_go_without_it():
    p = np.repeat([[0.01], [0.02], [0.03], [0.5], [1.0]], 10, axis=0)
    b = reliability(p, p > 0.4, bins=5, event="positive", cut="count")
    bottom = drawn(classification.reliability_diagram, classification.ReliabilityDiagram(ABOUT, b, 0.1)).axes[1]
    wide = np.diff(b.edges) > 0.08
    assert 0 < wide.sum() < len(wide)
    assert [t.get_text() for t in bottom.texts] == [str(n) for n in b.counts[wide]]


# ---- numbers ----


def predicted(N, outputs):
    rng = np.random.default_rng(2)
    mean = rng.normal(50, 10, (N, outputs))
    true = mean + rng.normal(0, 3, (N, outputs))
    names = [f"target {k}" for k in range(outputs)]
    return regression.PredictedNumbers(ABOUT, names, *read_only(true, mean, mean - 4, mean + 4), ["RMSE 3.0"] * outputs)


@pytest.mark.parametrize(("outputs", "panels"), [(1, 1), (2, 2), (4, 4), (6, 6), (8, 6)])
def test_each_output_has_its_numbers_and_its_residuals(outputs, panels):
    content = predicted(60, outputs)
    figure = drawn(regression.predicted_against_true, content)
    assert len(figure.axes) == 2 * panels
    k = panels - 1
    top, bottom = figure.axes[-2:]
    assert top.get_title() == f"target {k}\nRMSE 3.0"
    true, mean = content.true[:, k], content.mean[:, k]
    inside = np.abs(true - mean) <= 4
    for ax, y in ((top, true), (bottom, true - mean)):
        bars_in, points_in, bars_out, points_out = ax.collections
        np.testing.assert_array_equal(points_in.get_offsets(), np.stack([mean, y], 1)[inside])
        np.testing.assert_array_equal(points_out.get_offsets(), np.stack([mean, y], 1)[~inside])
        ends = np.array([s[:, 1] for s in [*bars_in.get_segments(), *bars_out.get_segments()]])
        assert (ends[:, 1] - ends[:, 0]) == pytest.approx(8)
        middle = np.concatenate([mean[inside], mean[~inside]]) if ax is top else 0
        assert ends.mean(axis=1) == pytest.approx(middle, abs=1e-12)
    assert ("the first 6 of 8 outputs" in figure.get_suptitle()) == (outputs == 8)


def test_many_rows_have_no_bars_and_very_many_are_counted_in_cells():
    top = drawn(regression.predicted_against_true, predicted(300, 1)).axes[0]
    assert len(top.collections) == 2
    figure = drawn(regression.predicted_against_true, predicted(5000, 1))
    (cells,) = figure.axes[0].collections
    assert cells.get_array().sum() == 5000
    assert "darker: more of 5,000 rows" in figure.get_suptitle()


def test_numbers_that_are_all_alike_are_drawn():
    alike = np.full((20, 1), 3.0)
    top, _ = drawn(regression.predicted_against_true, regression.PredictedNumbers(ABOUT, ["x"], alike, alike)).axes
    low, high = top.get_xlim()
    assert low < 3 < high


# ---- columns ----


def test_the_twenty_most_important_columns_are_shown_and_the_rest_summed():
    rng = np.random.default_rng(4)
    means = rng.permutation(np.arange(40)) / 1000
    names = [f"column {k}" for k in range(40)]
    losses = [Interval(m, m - 0.01, m + 0.02) for m in means]
    ax = drawn(table.importance, table.Importance(ABOUT, names, losses)).axes[0]
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == [names[k] for k in np.argsort(-means)[:20]]
    bars, marks = ax.get_lines()[1::2], ax.get_lines()[2::2]
    shown = np.sort(means)[:19:-1]
    assert [mark.get_xdata()[0] for mark in marks] == pytest.approx(shown)
    assert np.array([bar.get_xdata() for bar in bars]) == pytest.approx(np.array([shown - 0.01, shown + 0.02]).T)
    assert [mark.get_ydata()[0] for mark in marks] == ax.get_yticks().tolist()
    assert ax.get_xlabel().splitlines()[1] == "20 other columns: 0.19 summed, none above 0.019"


@pytest.mark.parametrize("columns", [1, 4])
def test_few_columns_need_no_note_and_one_network_has_no_interval(columns):
    losses = [Interval(0.1 * k, -np.inf, np.inf) for k in range(columns)]
    content = table.Importance(ABOUT, [str(k) for k in range(columns)], losses, "log loss", True)
    figure = drawn(table.importance, content)
    assert figure.axes[0].get_xlabel() == "log loss gained"
    assert "log loss gained when a column is shuffled" in figure.get_suptitle()


# ---- two inputs ----


def plane(C, N=60, agreement=True):
    rng = np.random.default_rng(5)
    x, y = np.linspace(-1, 1, 21), np.linspace(0, 1000, 11)
    values = rng.integers(0, C, (11, 21)) if C else rng.normal(size=(11, 21))

    def rows(n):
        return rng.random((n, 2)) * [2, 1000] - [1, 0], rng.integers(0, C, n) if C else rng.normal(size=n)

    parts = {"training": rows(N), "validation": rows(N // 2)}
    classes = [f"class {k}" for k in range(C)]
    share = rng.uniform(1 / max(C, 1), 1, values.shape) if agreement and C else None
    return decision_map.DecisionMap(ABOUT, ("sugar", "proline"), x, y, values, parts, classes, share, "cultivar")


@pytest.mark.parametrize("C", [2, 12])
def test_the_decision_map_has_the_colour_of_the_class_paler_where_networks_disagree(C):
    content = plane(C)
    ax = drawn(decision_map.decision_map, content).axes[0]
    shown = ax.get_images()[0].get_array()
    base = np.array([mpl.colors.to_rgb(c) for c in decision_map.class_colors(C)])
    strength = (1 - shown).sum(axis=2) / (1 - base[content.values]).sum(axis=2)
    np.testing.assert_allclose(1 - strength[..., None] * (1 - base[content.values]), shown)
    order = np.argsort(content.agreement, axis=None)
    assert (np.diff(strength.ravel()[order]) >= -1e-12).all()
    assert strength.max() > 2 * strength.min()
    for part, (x, y) in zip(ax.collections, content.parts.values(), strict=True):
        np.testing.assert_array_equal(part.get_offsets(), x)
        assert part.get_facecolors()[:, :3] == pytest.approx(base[y])
    assert len({tuple(color) for color in base}) == C


def test_numbers_over_the_plane_have_the_points_on_the_same_scale():
    content = plane(0)
    figure = drawn(decision_map.decision_map, content)
    (ax,) = figure.axes
    (bar,) = ax.child_axes
    image_, parts = ax.get_images()[0], ax.collections
    np.testing.assert_array_equal(image_.get_array(), content.values)
    for part, (_, y) in zip(parts, content.parts.values(), strict=True):
        np.testing.assert_array_equal(part.get_array(), y)
        assert part.get_clim() == image_.get_clim()
    assert bar.get_ylabel() == "cultivar"


def test_of_very_many_rows_some_are_drawn_and_the_title_says_so():
    figure = drawn(decision_map.decision_map, plane(3, 10_000, agreement=False))
    training, validation = figure.axes[0].collections
    assert 1000 <= len(training.get_offsets()) <= 1501
    left_out = 15_000 - len(training.get_offsets()) - len(validation.get_offsets())
    assert f"{left_out:,} rows are not drawn" in figure.get_suptitle().replace("\n", " ")
    assert "disagree" not in figure.get_suptitle()


# ---- all of them ----


def test_what_there_is_something_for_is_written_without_a_warning(tmp_path):
    counts = np.array([[3, 1], [0, 4]])
    everything = table.TableFigures(
        curves(5),
        classification.ConfusionMatrix(ABOUT, ["表", "$a$"], counts),
        predicted(50, 1),
        classification.ReliabilityDiagram(ABOUT, bins(), 0.1),
        table.Importance(ABOUT, ["sugar"], [Interval(0.1, 0, 0.2)]),
        plane(2),
        kernels(5, 8),
        maps_of(3, (8, 8, 1), [(6, 6, 8), (3, 3, 8)]),
        hard(5, 10, 20),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        paths = table.save_figures(tmp_path, everything)
    assert [path.name for path in paths] == list(table.FIGURES)
    for path in paths:
        pixels = image.imread(path)[:, :, :3]
        assert (np.ptp(pixels, axis=2) > 0.2).mean() > 0.001, f"{path.name} shows no data"
    some = table.save_figures(tmp_path, table.TableFigures(importance=everything.importance))
    assert [path.name for path in some] == ["importance.png"]
