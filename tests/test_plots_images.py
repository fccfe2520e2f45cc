"""Figures of convolutional networks: what is drawn is what was given, and obeys the law of figures."""

import csv
import json

import numpy as np
import pytest
from figure_law import laid_out
from image_contents import ABOUT, hard, kernels, maps_of
from matplotlib import pyplot as plt

import fnn
from fnn.cli import main
from fnn.ensembles.evaluation import rows_of
from fnn.ensembles.fit import fit
from fnn.errors import InvalidSetting
from fnn.plots import channels, hardest, tiles
from fnn.plots.channels import Kernels
from fnn.plots.table import save_figures
from fnn.report.fitted import table_figures
from fnn.report.fitted_images import image_figures
from fnn.stats.channels import Windows
from fnn.stats.temperature import temper


@pytest.fixture(autouse=True)
def closed():
    plt.switch_backend("Agg")
    yield
    plt.close("all")


# ---- windows ----


@pytest.mark.parametrize(("S", "count", "size", "C"), [
    (1, 1, (3, 3), 1), (1, 16, (3, 3), 1), (1, 64, (5, 5), 1), (1, 20, (3, 3), 3), (2, 4, (3, 3), 1), (4, 8, (3, 3), 2),
    (64, 16, (3, 3), 1), (64, 32, (5, 5), 3), (64, 8, (3, 3), 16), (9, 6, (1, 7), 1), (9, 3, (1, 2), 4),
    (3, 8, (7, 2), 1),
])  # fmt: skip
def test_windows_are_drawn_in_rows_of_networks_on_one_scale(S, count, size, C):
    content = kernels(S, count, size, C)
    ax, *bars = laid_out(channels.kernels, content).axes
    weights = content.windows.weights
    if C > tiles.MOST_CHANNELS:
        weights = np.sqrt((weights**2).sum(axis=-1, keepdims=True))
    expected = [w[:, :, c] for row in weights for w in row for c in range(weights.shape[-1])]
    most = np.abs(weights).max()
    if 1 in size:
        drawn = [line for line in ax.get_lines() if line.get_color() != "0.75"]
        assert len(drawn) == len(expected)
        for line, w in zip(drawn, expected, strict=True):
            rise = -np.asarray(line.get_ydata())  # cells go down
            np.testing.assert_allclose(np.diff(rise), np.diff(w.ravel()) * (1 - 4 * tiles._MARGIN) / (2 * most))
        assert f"−{most:.2g} to {most:.2g}" in ax.get_xlabel()
    else:
        images = ax.get_images()
        assert sorted(image.get_array().tolist() for image in images) == sorted(w.tolist() for w in expected)
        low = 0 if C > tiles.MOST_CHANNELS else -most
        assert {image.get_clim() for image in images} == {(low, most)}
        (bar,) = bars
        assert bar.get_xlabel().startswith("length over 16" if low == 0 else "weight")
    labels = [label.get_text() for label in ax.get_yticklabels()]
    if S > 1:
        assert len(labels) == min(S, 5)
        assert all(f"seed {seed}" in label for seed, label in zip(content.seeds, labels, strict=True))
        assert (labels[2].startswith("median: ")) == (S > 5) if S > 4 else ":" not in "".join(labels)
        cosines = [label.get_text().split("\n")[1] for label in ax.get_xticklabels()]
        assert cosines == [f"{cosine:.2f}" for cosine in content.windows.cosine]
    else:
        assert labels[0].startswith("channel")


def test_the_title_of_windows_has_how_alike_they_are():
    windows = Windows(np.zeros((2, 3, 2, 2, 1)), np.arange(2), np.array([2, 0, 1]), np.full(3, 0.5), 0.5, 0.25)
    content = Kernels(ABOUT, "conv3:2", 3, windows, [4, 9], [0.1, 0.2], 2)
    figure = laid_out(channels.kernels, content)
    assert "mean cosine 0.50 (0.25 before training)" in figure.get_suptitle()
    bare = content._replace(windows=windows._replace(before=None))
    assert "before" not in laid_out(channels.kernels, bare).get_suptitle()
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["2\n0.50", "0\n0.50", "1\n0.50"]


# ---- feature maps ----


@pytest.mark.parametrize(("N", "image", "shapes", "lowest"), [
    (10, (8, 8, 1), [(8, 8, 8), (6, 6, 8), (3, 3, 8)], 0), (1, (8, 8, 1), [(6, 6, 2)], 0),
    (10, (28, 28, 3), [(26, 26, 8), (13, 13, 8)], -2), (4, (6, 12, 2), [(4, 10, 4), (2, 5, 4)], 0),
    (3, (1, 64, 1), [(1, 58, 4), (1, 29, 4), (1, 1, 4)], 0), (2, (1, 20, 3), [(1, 16, 4)], -1),
    (5, (5, 5, 5), [(1, 1, 8)], -1),
])  # fmt: skip
def test_maps_stand_beside_their_image_layer_by_layer(N, image, shapes, lowest):
    content = maps_of(N, image, shapes, lowest)
    first, *rest = laid_out(channels.feature_maps, content).axes
    assert [label.get_text() for label in first.get_yticklabels()][:N] == list(content.names)
    for ax, layer in zip(rest, content.layers, strict=False):
        K, most = len(layer.channels), np.abs(layer.maps).max()
        assert [label.get_text() for label in ax.get_xticklabels()] == [str(k) for k in layer.channels]
        if tiles.is_signal(*layer.maps.shape[1:3]):
            continue
        above = 0 if layer.windows is None else K
        shown = [np.asarray(each.get_array()) for each in ax.get_images()]
        if not (layer.windows is not None and image[0] == 1):
            assert len(shown) == N * K + above
        for place in range(N * K):
            row, k = divmod(place, K)
            np.testing.assert_array_equal(shown[place], layer.maps[row, :, :, k])
        assert ax.get_images()[0].get_clim() == pytest.approx((-most if lowest < 0 else 0, most))


def test_pictures_are_grey_in_colours_or_beside_each_other():
    rng = np.random.default_rng(0)
    for C, shape in ((1, (4, 5)), (3, (4, 5, 3)), (2, (4, 10)), (7, (4, 20))):
        ax = plt.figure().subplots()
        image = rng.random((4, 5, C))
        tiles.picture(ax, image, 0, 0, 0, 1)
        (drawn,) = ax.get_images()
        assert drawn.get_array().shape == shape
        if C == 3:
            np.testing.assert_allclose(drawn.get_array(), image)
    ax = plt.figure().subplots()
    tiles.picture(ax, rng.random((1, 30, 2)), 0, 0, 0, 1)
    assert len([line for line in ax.get_lines() if len(line.get_xdata()) == 30]) == 2


@pytest.mark.parametrize(("values", "ends"), [
    ([0, 0.2, 1], (0, 1)), ([0.1, 0.9], (0, 1)), ([0, 255], (0, 255)), ([3, 200], (0, 255)), ([0, 16], (0, 16)),
    ([-1, 1], (-1, 1)), ([5, 5], (5, 6)), ([np.nan, 2, 7], (2, 7)),
])  # fmt: skip
def test_black_and_white_are_the_ends_that_pixels_have(values, ends):
    assert tiles.brightness_range(np.array(values, float)) == ends


# ---- the hardest samples ----


LONG = [f"a class with a name of many words, number {k}" for k in range(10)]


@pytest.mark.parametrize(("n", "C", "S", "classes", "image"), [
    (12, 10, 64, None, (8, 8, 1)), (12, 2, 8, ["no", "yes"], (28, 28, 3)), (1, 3, 1, None, (8, 8, 1)),
    (5, 10, 4, LONG, (8, 8, 1)), (12, 100, 300, None, (4, 16, 1)), (12, 3, 1000, LONG[:3], (1, 64, 1)),
    (2, 2, 2, None, (1, 2, 1)), (7, 4, 3, LONG[:4], (16, 4, 2)),
])  # fmt: skip
def test_the_bars_are_the_mean_probabilities_and_every_network_has_a_dot(n, C, S, classes, image):
    content = hard(n, C, S, classes, image)
    figure = laid_out(hardest.misclassified, content)
    shown = [ax for ax in figure.axes if ax.axison]
    assert len(shown) == 2 * n
    for k, each in enumerate(content.answered):
        left, right = shown[2 * k : 2 * k + 2]
        mean = each.p.mean(axis=0)
        others = [c for c in np.argsort(-mean) if c != each.true][: min(C, 10) - 1]
        places = sorted([each.true, *others])
        assert [bar.get_width() for bar in right.patches] == pytest.approx(mean[places])
        (true,) = [label for label in right.get_yticklabels() if label.get_fontweight() == "bold"]
        assert places[round(true.get_position()[1])] == each.true
        correct = int((each.p.argmax(axis=1) == each.true).sum())
        assert right.get_title() == (f"{correct:,} of {S:,} right" if S > 1 else "right" if correct else "wrong")
        assert left.get_xlabel() == content.names[k]
        if 1 < S <= hardest.MOST_DOTS:
            (dots,) = [line for line in right.get_lines() if line.get_marker() == "o"]
            np.testing.assert_array_equal(dots.get_xdata().reshape(len(places), S), each.p.T[places])
    assert "wrong in 7 of 359 validation rows" in figure.get_suptitle().replace("\n", " ")


# ---- of a table ----


def bright(count=120, seed=0, size=4):
    """Return a table of images that are brighter on the left or the right, in words; every tenth word is not true."""
    rng = np.random.default_rng(seed)
    side = rng.random(count) > 0.5
    images = rng.random((count, size, size))
    images[:, :, size // 2 :] += 2.0 * side[:, None, None]
    images[:, :, : size // 2] += 2.0 * ~side[:, None, None]
    lie = np.arange(count) % 10 == 0
    words = np.where(side ^ lie, "right", "left")
    return {f"p{k}": v for k, v in enumerate(images.reshape(count, -1).T)} | {"target": words.tolist()}, lie


SMALL = {"image": "4x4", "hidden": "conv4:2-pool2-8", "epochs": 20, "batch_size": 8}


@pytest.mark.parametrize("splitting", [{}, {"folds": 3}, {"validation": 0.3, "per_seed": True}])
def test_the_rows_whose_class_is_not_true_are_the_hardest(splitting):
    table, lie = bright()
    fitted = fit(table, "target", seeds=4, splitting=splitting, **SMALL)
    content = table_figures(fitted).misclassified
    rows = [int(name.removeprefix("row ")) - 1 for name in content.names]
    held_out = fitted.held_out.rows
    lies = int(lie[held_out].sum())
    assert len(rows) == 12
    assert lie[rows[: min(lies, 12)]].all()
    shares = [each.right for each in content.answered]
    assert shares == sorted(shares)
    assert shares[0] == 0
    pixels = np.stack([table[f"p{k}"] for k in range(16)], axis=1)
    np.testing.assert_array_equal(content.images, pixels[rows].reshape(-1, 4, 4, 1))
    wrong = (fitted.held_out.mean[:, 0] > 0.5) != (np.array(table["target"])[held_out] == "right")
    assert (content.wrong, content.samples) == (wrong.sum(), len(held_out))
    part = fitted.evaluation.held_out
    assert content.where == f"{part} rows"
    for row, each in zip(rows, content.answered, strict=True):
        asked = sum(len(s.places) for s in fitted.networks if row in rows_of(s.split, part))
        assert len(each.p) == asked, "those that held the row out, and no others"
        of_row = fitted.held_out.mean[held_out == row][0]
        assert each.mean[0] == pytest.approx(1 - each.mean[1])
        together = temper("binary", each.mean[1:], fitted.model.temperature)  # which is drawn without a temperature
        assert together == pytest.approx(of_row, abs=1e-6)


def test_maps_are_of_the_median_network_on_rows_that_it_answers_rightly():
    table, _ = bright()
    fitted = fit(table, "target", seeds=5, **SMALL)
    content = table_figures(fitted).maps
    place = np.argsort(fitted.results.validation_loss)[2]
    assert f"seed {fitted.results.seeds[place]}, the median by loss on held-out rows" in content.about
    assert list(content.names) == ["left", "right"]
    right_half = content.images[:, :, 2:].mean(axis=(1, 2, 3)) - content.images[:, :, :2].mean(axis=(1, 2, 3))
    assert right_half[0] < 0 < right_half[1]
    assert [layer.layer for layer in content.layers] == ["conv4:2", "pool2"]
    kernels_ = table_figures(fitted).kernels
    assert kernels_.networks == 5
    np.testing.assert_array_equal(kernels_.seeds, fitted.results.seeds[np.argsort(fitted.results.validation_loss)])


def test_networks_that_diverged_answer_nothing_unless_they_kept_better_weights():
    table, _ = bright()
    blows_up = SMALL | {"optimizer": "sgd", "lr": 1e6}
    fitted = fit(table, "target", seeds=8, **blows_up, keep="last")
    left = len(fitted.model)
    assert 0 < left < 8
    figures = image_figures(fitted, ABOUT)
    answered = figures["misclassified"].answered
    assert {each.p.shape for each in answered} == {(left, 2)}
    assert np.isfinite([each.p for each in answered]).all()
    assert figures["kernels"].networks == left
    kept = image_figures(fit(table, "target", seeds=8, **blows_up, keep="best"), ABOUT)
    assert len(kept["misclassified"].answered[0].p) == kept["kernels"].networks == 8


def test_numbers_have_maps_and_no_misclassified_rows():
    table, _ = bright()
    table["target"] = np.random.default_rng(1).normal(size=120)
    figures = table_figures(fit(table, "target", seeds=3, **SMALL))
    assert figures.misclassified is None
    assert figures.kernels.networks == 3
    assert len(figures.maps.names) == 8
    assert sorted(map(float, (name.replace("−", "-") for name in figures.maps.names))) == [
        float(name.replace("−", "-")) for name in figures.maps.names
    ]


def test_a_table_that_is_no_image_has_none_of_them_and_dense_layers_have_no_windows(tmp_path):
    table, _ = bright()
    plain = table_figures(fit(table, "target", seeds=2, hidden="4", epochs=3))
    assert (plain.kernels, plain.maps, plain.misclassified) == (None, None, None)
    dense = table_figures(fit(table, "target", seeds=2, image="4x4", hidden="4", epochs=3))
    assert (dense.kernels, dense.maps) == (None, None)
    assert "misclassified.png" in [path.name for path in save_figures(tmp_path, dense)]


def test_the_command_names_the_files_it_wrote(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    table, _ = bright()
    with open("bright.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(table)
        writer.writerows(zip(*table.values(), strict=True))
    words = ["train", "--data", "bright.csv", "--target", "target", "--seeds", "3", "--epochs", "4"]
    image = ["--image", "4x4", "--hidden", "conv4:2-8"]
    assert main.run([*words, *image]) == 0
    files = {"kernels.png", "feature-maps.png", "misclassified.png"}
    written = {path.name for path in (tmp_path / "fnn-bright").iterdir()}
    assert files < written
    assert "kernels.png, feature-maps.png, misclassified.png" in capsys.readouterr().out
    assert main.run([*words, *image, "--out", "other", "--json"]) == 0
    named = {path.rpartition("/")[2] for path in json.loads(capsys.readouterr().out)["files"]}
    assert files < named
    assert main.run([*words, "--hidden", "4", "--out", "dense"]) == 0
    assert not files & {path.name for path in (tmp_path / "dense").iterdir()}


# ---- of arrays ----


@pytest.fixture(scope="module")
def trained():
    rng = np.random.default_rng(4)
    y = np.arange(60) % 3
    x = rng.random((60, 5, 6))
    for c in range(3):
        x[y == c, :, 2 * c : 2 * c + 2] += 1.5
    config = fnn.Config(
        hidden="conv5:2-pool2-8", image=(5, 6), output="softmax", loss="cross-entropy", optimizer="adam", lr=0.02,
        epochs=20, init="he", activation="relu", reduction="mean",
    )  # fmt: skip
    return fnn.train(config, x, y, seeds=7), x, y


def test_results_give_their_windows(trained):
    results, *_ = trained
    ax = fnn.plots.kernels(results)
    assert len(ax.get_images()) == 5 * 5
    order = np.argsort(results.loss)
    assert [label.get_text().split("seed ")[1] for label in ax.get_yticklabels()] == [
        str(results.seeds[order[k]]) for k in (0, 1, 3, 4, 6)
    ]
    assert len(fnn.plots.kernels(results[2]).get_images()) == 5


def test_results_give_feature_maps_of_the_first_samples_or_of_one_of_each_class(trained):
    results, x, y = trained
    image, conv, pool = fnn.plots.feature_maps(results, x)
    assert (len(image.get_images()), len(conv.get_images()), len(pool.get_images())) == (10, 55, 50)
    place = np.argsort(results.loss)[3]
    done = fnn.forward(results.layers[0], results.network(place), x[:10].reshape(10, -1).astype(results.flat[0].dtype))
    np.testing.assert_array_equal(conv.get_images()[7].get_array(), done.outputs[1].reshape(10, 4, 5, 5)[1, :, :, 2])
    image, *_ = fnn.plots.feature_maps(results, x, y)
    names = [label.get_text() for label in image.get_yticklabels()]
    assert names == ["0", "1", "2", "window"]


def test_a_wrong_label_is_the_hardest_of_results(trained):
    results, x, y = trained
    wrong = y.copy()
    wrong[[17, 31]] = (y[[17, 31]] + 1) % 3
    panels = fnn.plots.misclassified(results, x, wrong)
    assert {panels[0].get_xlabel(), panels[2].get_xlabel()} == {"sample 17", "sample 31"}
    assert panels[1].get_title() == "0 of 7 right"
    one_hot = np.eye(3)[wrong]
    again = fnn.plots.misclassified(results, x.reshape(60, -1), one_hot)
    assert [ax.get_xlabel() for ax in again[::2]] == [ax.get_xlabel() for ax in panels[::2]]


def test_what_has_no_images_no_windows_or_no_classes_is_refused(trained):
    results, x, y = trained
    dense = fnn.train(fnn.Config(image=(5, 6), epochs=1), x, y > 0)
    plain = fnn.train(fnn.Config(epochs=1), *fnn.data.xor())
    of_numbers = fnn.Config(hidden="conv2:2-4", image=(5, 6), output="identity", epochs=1)
    numbers = fnn.train(of_numbers, x, x.mean(axis=(1, 2)))
    several = fnn.train([fnn.Config(hidden=f"conv{k}:2", image=(5, 6), epochs=1) for k in (2, 3)], x, y > 0)
    for draw, message in (
        (lambda: fnn.plots.kernels(plain), "networks without images"),
        (lambda: fnn.plots.kernels(dense), "networks without a convolution"),
        (lambda: fnn.plots.feature_maps(dense, x), "networks without a convolution"),
        (lambda: fnn.plots.kernels(several), "networks of several shapes"),
        (lambda: fnn.plots.feature_maps(results, x[:, :4]), "x: got 'shape"),
        (lambda: fnn.plots.misclassified(results, x, y + 1), "y: got"),
        (lambda: fnn.plots.misclassified(results, x, y[:5]), "a class for each of 60 samples"),
        (lambda: fnn.plots.misclassified(numbers, x, y > 0), "networks that answer with numbers"),
    ):
        with pytest.raises(InvalidSetting, match=message):
            draw()
    assert not plt.get_fignums()
    assert len(fnn.plots.misclassified(dense, x, y > 0)) >= 24
    assert fnn.plots.kernels(numbers).get_images()
