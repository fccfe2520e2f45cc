"""Figures of a store: what is drawn is what the store says; that they look well is for eyes."""

import shutil

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import image
from matplotlib.figure import Figure

import fnn
from fnn.plots import sweep as charts
from fnn.plots.style import STYLE
from fnn.plots.sweep_groups import data_names
from fnn.sweeps.conditions import parse_condition
from fnn.sweeps.connect import open_store
from fnn.sweeps.query import read_curves, read_runs
from fnn.sweeps.summaries import summarize_groups

SPEC = {"optimizer": ["sgd", "adam"], "lr": [0.1, 1.0], "beta2": [0.9, 0.99], "epochs": 100}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("charts") / "xor.db"
    fnn.sweep("xor", **SPEC, seeds=40, out=path)
    return path


@pytest.fixture
def data(path):
    with open_store(path) as connection:
        runs = read_runs(connection)
        summaries = summarize_groups(runs)
        yield charts.FigureData(
            connection,
            runs,
            summaries,
            charts.hue({n: [s.group.settings[n] for s in summaries] for n in SPEC if n != "epochs"}),
        )


def drawn(draw, data):
    figure = Figure(layout="constrained")
    with mpl.rc_context(STYLE):
        assert draw(figure, data)
    assert "40 runs an arm, 320 in all" in figure.get_suptitle()
    return figure


def test_colour_tells_the_named_setting(data):
    assert data.hue == "optimizer"
    assert len(data.panels()) == 4
    assert charts.hue({"lr": [0.1] * 3, "hidden": ["2", "4", "4"]}) == "hidden"
    assert charts.hue({"lr": list(range(9))}) == "lr"  # numbers have a ramp
    assert charts.hue({"lr": list(range(40))}) is None
    assert charts.hue({"data": ["xor", "moons"], "points": [21, 200], "data_digest": ["a", "b"]}) == "data"


def test_data_are_told_apart_by_the_fewest_words():
    keys = [("xor", 21, 0.0, 1, "a"), ("moons", 200, 0.0, 1, "b"), ("moons", 50, 0.0, 1, "c")]
    assert list(data_names(keys).values()) == ["xor", "moons, points 200", "moons, points 50"]
    assert list(data_names([("own", 9, None, None, "a"), ("own", 9, None, None, "b")]).values()) == ["own", "own (2)"]
    assert data_names([keys[0], keys[0]]) == {keys[0]: ""}


def test_learning_curves_are_the_medians_and_quartiles_of_the_stored_ones(data):
    figure = drawn(charts.learning_curves, data)
    s = next(s for s in data.summaries if s.group.settings == {"optimizer": "adam", "lr": 0.1, "beta2": 0.9})
    (ax,) = [ax for ax in figure.axes if ax.get_title() == "lr 0.1, beta2 0.9"]
    (line,) = [line for line in ax.lines if line.get_label() == "optimizer adam"]
    curves = read_curves(data.connection, data.runs.ids[s.group.places[0]])
    np.testing.assert_array_equal(line.get_ydata(), np.median(curves.loss.astype(float), axis=0))
    np.testing.assert_array_equal(line.get_xdata(), curves.epochs)
    low, high = np.quantile(curves.loss.astype(float), [0.25, 0.75], axis=0)
    band = ax.collections[ax.lines.index(line)].get_paths()[0].vertices
    assert {(0, low[0]), (0, high[0]), (100, low[-1]), (100, high[-1])} <= set(map(tuple, band))
    assert ax.get_yscale() == "log"


def test_a_row_has_the_share_of_its_group_with_its_interval(data):
    (ax,) = drawn(charts.solved_shares, data).axes
    names = dict(zip(ax.get_yticks(), (label.get_text() for label in ax.get_yticklabels()), strict=True))
    assert len(names) == 8
    rows = {names[line.get_ydata()[0]]: line.get_xdata() for line in ax.lines if len(line.get_xdata()) == 1}
    bars = {names[line.get_ydata()[0]]: line.get_xdata() for line in ax.lines if len(line.get_xdata()) == 2}
    for s in data.summaries:
        settings = s.group.settings
        name = f"lr {settings['lr']:g}, beta2 {settings['beta2']:g}, optimizer {settings['optimizer']}"
        assert list(rows[name]) == [s.solved / 40]
        assert tuple(bars[name]) == s.interval


def test_lines_rise_to_the_solved_share_and_end_at_the_budget(data):
    figure = drawn(charts.epochs_to_solve, data)
    for title, members in data.panels().items():
        (ax,) = [ax for ax in figure.axes if ax.get_title() == title]
        for s in members:
            (line,) = [x for x in ax.lines if x.get_label() == f"optimizer {s.group.settings['optimizer']}"]
            x, y = line.get_xdata(), line.get_ydata()
            assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 100, s.solved / 40)
            epochs = data.runs.epochs_to_solve[s.group.runs]
            for at, share in zip(x[1:-1], y[1:-1], strict=True):
                assert share == ((epochs >= 0) & (epochs <= at)).sum() / 40


def test_the_heat_map_has_a_cell_for_each_pair_of_numbers(data):
    figure = drawn(charts.heat_map, data)
    adam = next(ax for ax in figure.axes if ax.get_title() == "optimizer adam")
    share = adam.images[0].get_array()
    for s in data.summaries:
        if s.group.settings["optimizer"] == "adam":
            at = [0.9, 0.99].index(s.group.settings["beta2"]), [0.1, 1.0].index(s.group.settings["lr"])
            at = at if adam.get_xlabel() == "lr" else at[::-1]
            assert share[at] == s.solved / 40
    sgd = next(ax for ax in figure.axes if ax.get_title() == "optimizer sgd")  # the left one has the labels of both
    labels = {tick.get_text() for tick in (*sgd.get_xticklabels(), *sgd.get_yticklabels())}
    assert labels == {"0.1", "1", "0.9", "0.99"}


def test_without_two_numbers_there_is_no_heat_map_and_without_curves_no_curves(tmp_path):
    fnn.sweep("xor4", optimizer=["sgd", "adam"], lr=0.5, seeds=5, epochs=9, curve_points=0, out=tmp_path / "a.db")
    with open_store(tmp_path / "a.db") as connection:
        runs = read_runs(connection)
        paths = charts.save_figures(tmp_path, connection, runs, summarize_groups(runs))
    assert [path.name for path in paths] == ["solved-share.png", "epochs-to-solve.png"]


def test_one_arm_alone_and_many_more_than_a_page_holds(tmp_path):
    fnn.sweep("xor4", lr={"log": [0.01, 1], "n": 70}, hidden=["2", "3"], seeds=2, epochs=9, out=tmp_path / "a.db")
    with open_store(tmp_path / "a.db") as connection:
        for where, count in (("lr=0.01,1", 4), ("lr=1", 2), ("hidden=2", 70)):
            runs = read_runs(connection, [parse_condition(where)])
            summaries = summarize_groups(runs)
            assert len(summaries) == count
            for path in charts.save_figures(tmp_path, connection, runs, summaries):
                pixels = image.imread(path)
                assert pixels[..., :3].std() > 0.01
                assert pixels.shape[1] <= 1200  # the width of a page at 144 dots an inch


def test_a_copied_file_gives_the_same_bytes(path, tmp_path):
    shutil.copy(path, tmp_path / "copy.db")
    pages = []
    for source, folder in ((path, "a"), (tmp_path / "copy.db", "b")):
        (tmp_path / folder).mkdir()
        with open_store(source) as connection:
            runs = read_runs(connection)
            files = charts.save_figures(tmp_path / folder, connection, runs, summarize_groups(runs))
        pages.append({file.name: file.read_bytes() for file in files})
    assert list(pages[0]) == list(charts.FIGURES)
    assert pages[0] == pages[1]
