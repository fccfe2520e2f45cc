"""Every figure of runs and of stores, over what people ask for: nothing cut, nothing on top of another, no warning."""

import pytest
from figure_law import laid_out

import fnn
from fnn.plots import run as plots
from fnn.plots import sweep as charts
from fnn.plots.palette import is_ordered
from fnn.plots.sweep_groups import FigureData, hue
from fnn.sweeps.connect import open_store
from fnn.sweeps.query import read_runs
from fnn.sweeps.summaries import summarize_groups

BLOWS_UP = {"activation": "relu", "output": "identity", "optimizer": "sgd"}
RUNS = {
    "one": (1, {}),
    "two": (2, {}),
    "few": (8, {}),
    "many": (200, {}),
    "one epoch": (200, {"epochs": 1}),
    "one of one epoch": (1, {"epochs": 1}),
    "stopped": (50, {"stop_loss": 0.001}),
    "one stopped": (1, {"stop_loss": 0.001}),
    "diverged": (30, {**BLOWS_UP, "lr": 1.0}),
    "one diverged": (1, {**BLOWS_UP, "lr": 1.0}),
    "some diverged": (30, {**BLOWS_UP, "lr": 0.03}),
    "long words": (3, {"hidden": "32x32x32x32", "activation": "leaky-relu", "optimizer": "nesterov", "beta1": 0.95,
                       "init": "xavier", "scheduler": "warmup-linear", "warmup": 3, "epochs": 5, "weight_decay": 0.02}),
}  # fmt: skip


@pytest.mark.parametrize("name", RUNS)
def test_figures_of_runs(name):
    seeds, settings = RUNS[name]
    samples = fnn.data.xor()
    results = fnn.train(fnn.Config(**settings), *samples, seeds=range(seeds))
    for size, draw in plots.FIGURES.values():
        figure = laid_out(draw, results, samples, "xor, 21 points", size=size)
        assert f"{results.configs[0].epochs:,} epoch" in figure.get_suptitle().replace("\n", " ")


@pytest.mark.parametrize("data", ["linear", "xor4", "circles", "moons", "spiral"])
def test_figures_of_each_data_set(data):
    samples = getattr(fnn.data, data)()
    results = fnn.train(fnn.Config(epochs=60), *samples, seeds=range(20))
    for size, draw in plots.FIGURES.values():
        laid_out(draw, results, samples, data, size=size)


NAMES = ["sgd", "momentum", "adagrad", "adam"]
SWEEPS = {
    "one arm": {"lr": 0.1},
    "two": {"optimizer": ["sgd", "adam"]},
    "five panels": {"lr": [0.01, 0.03, 0.1, 0.3, 1.0], "optimizer": ["sgd", "adam"]},
    "seven panels": {"hidden": list("2345678"), "optimizer": NAMES},
    "32 in an order": {"lr": {"log": [0.001, 10], "n": 32}},
    "32 arms": {"lr": [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0], "optimizer": NAMES},
    "numbers by numbers": {"lr": {"log": [0.01, 10], "n": 8}, "beta1": [0.0, 0.5, 0.9], "hidden": list("23468")},
    "numbers": {"lr": [0.1, 1.0], "beta1": [0.5, 0.9]},
    "diverged": {**{k: [v] for k, v in BLOWS_UP.items()}, "lr": [0.01, 1.0]},
    "stopped": {"lr": [0.1, 0.3, 0.5], "stop_loss": 0.2},
}  # fmt: skip


def stores(tmp_path, spec, data=("xor",), epochs=20, **samples):
    for name in data:
        fnn.sweep(name, **spec, seeds=4, epochs=epochs, out=tmp_path / "a.db", **samples)
    return tmp_path / "a.db"


def check_store(path):
    titles = []
    with open_store(path) as connection:
        runs = read_runs(connection)
        summaries = summarize_groups(runs)
        settings = {n: [s.group.settings[n] for s in summaries] for n in summaries[0].group.settings}
        data = FigureData(connection, runs, summaries, hue(settings))
        for name, draw in charts.FIGURES.items():
            if name == "heat-map.png" and "beta1" not in settings:
                continue
            figure = laid_out(draw, data)
            assert all(name in figure.get_suptitle() for name in runs.settings["data"])
            shown = [ax for ax in figure.axes if ax.axison and ax.get_subplotspec() is not None]
            titles += [ax.get_title() for ax in shown]
            for ax in shown if name != "solved-share.png" else ():
                below = [b for b in shown if b.bbox.y1 < ax.bbox.y0 and abs(b.bbox.x0 - ax.bbox.x0) < 2]
                numbered = any(t.label1.get_visible() and t.label1.get_text() for t in ax.xaxis.get_major_ticks())
                assert numbered != bool(below), "numbers stand under every lowest panel, and under no other"
    return titles


@pytest.mark.parametrize("name", SWEEPS)
def test_figures_of_stores(name, tmp_path):
    check_store(stores(tmp_path, SWEEPS[name]))


def test_figures_of_one_epoch_and_of_several_data(tmp_path):
    check_store(stores(tmp_path, {"lr": [0.1, 0.5]}, epochs=1))
    (tmp_path / "b").mkdir()
    titles = check_store(stores(tmp_path / "b", {"lr": [0.1, 0.5]}, ("xor", "circles", "moons")))
    assert not [title for title in titles if "digest" in title]
    assert {"lr 0.1", "lr 0.5"} == set(titles) - {""}


def test_panels_stand_in_rows_that_fit():
    blank = {count: -count % charts.panel_columns(count) for count in range(1, 13)}
    assert {count: cells for count, cells in blank.items() if cells} == {5: 1, 7: 1, 11: 1}


def test_a_setting_that_has_an_order_has_colours_in_order():
    assert is_ordered([0.1, 1, 10])
    assert is_ordered(["2 units", "4 units", "16 units"])
    assert is_ordered([None, 1, 2])
    assert not is_ordered(["sgd", "adam", "rprop"])
    assert not is_ordered([0.1, 1])
    assert not is_ordered(["4x4", "8x8", "2"])
    assert not is_ordered(["3 units", "2 units", "1 units"])
