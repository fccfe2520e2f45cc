"""Convolution and pooling: their words, their shapes, and what they compute, against PyTorch, differences and paper."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from drawn_parts import same_network
from ways import train_by

import fnn
from fnn import Config, InvalidSetting
from fnn.data.samples import Part
from fnn.formats import setting
from fnn.network.functions import flatten
from fnn.network.layers import LAYER_KINDS
from fnn.network.windows import Window
from fnn.training.train import train_parts

NETWORKS = {
    "a window that fits once": ("conv4:3", "3x3"),
    "all of it": ("conv4:3/2+1-pool2-mean2-6", "9x8x2"),
    "two convolutions": ("conv6:5-pool2-conv16:3+1-pool2-12", "16x16"),
    "windows that overlap": ("conv3:2-pool3/2-5", "7x6x3"),
    "more padding than one": ("conv5:1x5+2-conv3:3x2-mean1x3", "4x9x2"),
    "a step over pixels": ("conv17:2/3-7", "8x8"),
    "one row": ("conv8:2-pool2", "1x5"),
    "one column, pooled first": ("pool2-conv3", "9x1x2"),
    "no window, but an image": ("5", "2x3"),
}


def config_of(name, **settings):
    hidden, image = NETWORKS[name]
    return Config(hidden=hidden, image=image, **{"activation": "tanh", "lr": 0.02, "epochs": 5, **settings})


def samples_of(config, count, rng, outputs=1):
    x = rng.normal(size=(count, int(np.prod(config.image))))
    return x, (rng.random((count, outputs)) > 0.5).astype(float)


# ---- words ----


@pytest.mark.parametrize(("typed", "hidden"), [
    ("conv8:3-pool2-16", ("conv8:3", "pool2", 16)),
    ("conv8", ("conv8:3",)),
    ("conv8:3x3-mean2x2", ("conv8:3", "mean2")),
    ("conv8:1x5/2+1", ("conv8:1x5/2+1",)),
    ("conv8:3/1+0-pool2/2", ("conv8:3", "pool2")),
    ("pool3/2", ("pool3/2",)),
    (["conv8:3x3", "pool2", 16], ("conv8:3", "pool2", 16)),
    (("conv8", 16), ("conv8:3", 16)),
    ("16-8", (16, 8)),
])  # fmt: skip
def test_layers_in_words_come_back_as_they_are_typed(typed, hidden):
    config = Config(hidden=typed, image="12x12")
    assert config.hidden == hidden
    assert Config(hidden=setting(hidden), image=config.image) == config


@pytest.mark.parametrize(("image", "sides"), [
    ("8x8", (8, 8, 1)), ("28x28x3", (28, 28, 3)), ((4, 5), (4, 5, 1)), ([4, 5, 2], (4, 5, 2)),
])  # fmt: skip
def test_an_image_has_one_channel_by_itself(image, sides):
    config = Config(image=image)
    assert config.image == sides
    assert setting(config.image) == "x".join(map(str, sides))


@pytest.mark.parametrize(("settings", "message"), [
    ({"hidden": "conv8"}, "image: got None; expected the size of the image, such as 8x8, for hidden conv8:3"),
    ({"hidden": "conv8:9", "image": "8x8"}, "hidden: got 'conv8:9'; expected a window no larger than the 8x8 pixels"),
    ({"hidden": "conv8-pool9", "image": "8x8"}, "hidden: got 'pool9'; expected a window no larger than the 6x6 pixels"),
    ({"hidden": "4-conv8", "image": "8x8"}, "hidden: got 'conv8:3'; expected none of it behind a dense layer"),
    ({"hidden": "conv8:3+3", "image": "8x8"}, "expected less padding than the window's 3 pixels"),
    ({"hidden": "conv8x2", "image": "8x8"}, "hidden: got 'conv8x2'; expected widths from 1 to 32767"),
    ({"hidden": "conv0", "image": "8x8"}, "hidden: got 'conv0'; expected widths"),
    ({"hidden": "conv40000", "image": "8x8"}, "hidden: got 'conv40000'; expected widths"),
    ({"hidden": "pool2+1", "image": "8x8"}, r"hidden: got 'pool2\+1'; expected widths"),
    ({"hidden": "pool2:3", "image": "8x8"}, "hidden: got 'pool2:3'; expected widths"),
    ({"hidden": "", "image": "8x8"}, "hidden: got ''; expected widths"),
    ({"hidden": ("conv8", 2.5), "image": "8x8"}, "expected widths"),
    ({"hidden": ("conv8", "16"), "image": "8x8"}, "expected widths"),
    ({"image": "8"}, "image: got '8'; expected height x width"),
    ({"image": "8x8x1x1"}, "image: got '8x8x1x1'; expected height x width"),
    ({"image": "8x0"}, "image: got '8x0'; expected height x width"),
    ({"image": 8}, "image: got 8; expected height x width"),
    ({"image": "8x8", "hidden": "conv4-pool2", "activation": "tanhxrelu"}, "one for each of 1 hidden layers, but for"),
])  # fmt: skip
def test_what_does_not_fit_is_refused_in_one_line(settings, message):
    with pytest.raises(InvalidSetting, match=message):
        Config(**settings)


def test_an_image_of_another_size_than_the_samples_is_refused():
    with pytest.raises(InvalidSetting, match="image: got '8x8x1'; expected one of 60 numbers"):
        fnn.train(Config(hidden="conv4", image="8x8"), np.zeros((3, 60)), np.ones((3, 1)))


def test_every_activation_but_those_of_pools_may_be_another():
    layers = Config(hidden="conv4-pool2-6", image="8x8", activation="tanhxrelu").layers(64, 2)
    assert [layer.activation for layer in layers] == ["tanh", "identity", "relu", "sigmoid"]
    assert [layer.kind for layer in layers] == ["conv", "max-pool", "dense", "dense"]
    assert [(layer.fan_in, layer.fan_out) for layer in layers] == [(64, 144), (144, 36), (36, 6), (6, 2)]


# ---- what is computed ----


def test_a_convolution_on_paper():
    """Of [[1, 2, 0], [0, 1, 3]] with weights 1, −1, 2, 3 and bias 10: 1 − 2 + 0 + 3, and 2 − 0 + 2 + 9."""
    layers = Config(hidden="conv1:2", image="2x3", activation="identity", output="identity").layers(6, 1)
    w = np.array([[1.0], [-1], [2], [3], [10]])
    done = fnn.forward(layers[:1], (w,), np.array([[1.0, 2, 0, 0, 1, 3]]))
    assert done.outputs[-1].tolist() == [[12, 23]]


def test_pools_on_paper():
    x = np.array([[1.0, 4, 2, 2, 3, 0, 5, -1]])  # [[1, 4, 2, 2], [3, 0, 5, -1]]
    for hidden, out in (("pool2", [4, 5]), ("mean2", [2, 2])):
        layers = Config(hidden=hidden, image="2x4", output="identity").layers(8, 1)
        assert fnn.forward(layers[:1], (np.zeros((0, 1)),), x).outputs[-1].tolist() == [out]


def test_of_equal_numbers_the_first_gets_the_gradient():
    window = Window(2, 2, 1, 2, 2, 2, (0, 0), 1)
    kind, layer = LAYER_KINDS["max-pool"], Config(hidden="pool2", image="2x2").layers(4, 1)[0]
    assert layer.window == window
    gradient = kind.input_gradient(layer, np.zeros((0, 1)), np.array([[1.0, 3, 3, 3]]), np.array([[2.0]]))
    assert gradient.tolist() == [[0, 2, 0, 0]]


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_are_differences_of_losses(name, rng):
    """Fourth-order central differences, along random directions."""
    config = config_of(name, output="identity")
    x, y = samples_of(config, 6, rng, outputs=2)
    layers = config.layers(x.shape[1], 2)
    params = fnn.init(layers, 3, "xavier")
    gradient = flatten(fnn.backward(layers, params, fnn.forward(layers, params, x), y))

    def loss(flat):
        done = fnn.forward(layers, fnn.network.functions.unflatten(flat, layers), x)
        return ((done.outputs[-1] - y) ** 2).sum()

    at, step = flatten(params), 1e-6  # small: the largest of what is seen may be another
    for _ in range(10):
        way = rng.normal(size=at.shape)
        a, b, c, d = (loss(at + k * step * way) for k in (-2, -1, 1, 2))
        assert gradient @ way == pytest.approx((a - 8 * b + 8 * c - d) / (12 * step), rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("name", NETWORKS)
def test_they_are_pytorchs(name, rng):
    """`conv2d` and pooling with channels first, for outputs and gradients."""
    torch = pytest.importorskip("torch", reason="PyTorch is in the extra `peers`")
    config = config_of(name, output="identity")
    x, y = samples_of(config, 6, rng, outputs=2)
    layers = config.layers(x.shape[1], 2)
    params = fnn.init(layers, 3, "xavier")
    done = fnn.forward(layers, params, x)
    weights = [torch.tensor(w, requires_grad=True) for w in params]
    h, image = torch.tensor(x), config.image
    for layer, w in zip(layers, weights, strict=True):
        window = layer.window
        if window is None:
            h = h.reshape(len(x), -1) @ w[:-1] + w[-1]
        else:
            pixels = h.reshape(len(x), *image).permute(0, 3, 1, 2)
            size = window.rows, window.columns
            if layer.kind == "conv":
                kernel = w[:-1].reshape(*size, window.channels, window.out_channels).permute(3, 2, 0, 1)
                h = torch.nn.functional.conv2d(pixels, kernel, w[-1], window.stride, window.padding)
            elif layer.kind == "max-pool":
                h = torch.nn.functional.max_pool2d(pixels, size, window.stride)
            else:
                h = torch.nn.functional.avg_pool2d(pixels, size, window.stride)
            h = h.permute(0, 2, 3, 1).reshape(len(x), -1)
            image = window.out_height, window.out_width, window.out_channels
        h = h.tanh() if layer.activation == "tanh" else h
    ((h - torch.tensor(y)) ** 2).sum().backward()
    np.testing.assert_allclose(done.outputs[-1], h.detach(), rtol=0, atol=1e-10)
    for gradient, w in zip(fnn.backward(layers, params, done, y), weights, strict=True):
        if gradient.size:
            np.testing.assert_allclose(gradient, w.grad, rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", NETWORKS)
def test_one_network_and_a_stack_have_the_same_gradients(name, rng):
    config = config_of(name)
    x, y = samples_of(config, 5, rng)
    x.flags.writeable = False
    layers = config.layers(x.shape[1], 1)
    stack = fnn.init(layers, range(3))
    gradients = fnn.backward(layers, stack, fnn.forward(layers, stack, x), y)
    for s in range(3):
        alone = tuple(w[s] for w in stack)
        for a, b in zip(fnn.backward(layers, alone, fnn.forward(layers, alone, x), y), gradients, strict=True):
            np.testing.assert_allclose(a, b[s], rtol=1e-12, atol=1e-13)


# ---- the kernel ----


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("batch_size", [None, 7])
def test_the_kernel_trains_what_the_numpy_path_does(name, batch_size, rng):
    settings = {"dropout": 0.2, "order": "shuffled", "clip_norm": 1.0, "keep": "best"} if batch_size else {}
    # By steps in proportion to the gradient: adam's are of one length, and make much of what is next to nothing.
    config = config_of(name, batch_size=batch_size, activation="gelu", optimizer="momentum", **settings)
    x, y = samples_of(config, 30, rng)
    part = Part(x, y, rng.uniform(0.5, 2, 30), rng.uniform(0.5, 2, 23), 23, "sides")
    ours, theirs = (train_by(way, [config], [part], seeds=range(11)) for way in ("units", "numpy"))
    # Sums are taken in another order; what is trained on in 20 steps grows the difference.
    assert ours.flat[0] == pytest.approx(theirs.flat[0], rel=1e-8, abs=1e-9)
    assert ours.validation_loss == pytest.approx(theirs.validation_loss, rel=1e-8)
    assert np.abs(ours.flat[0] - flatten(fnn.init(ours.layers[0], range(11)))).max() > 1e-3


def drawn_network(rng):
    """Return hidden layers in words and an image, both drawn, of windows that may not fit."""
    height, width, channels = (int(n) for n in rng.choice([1, 2, 5, 8, 9, 12], 3))
    words = []
    for _ in range(rng.integers(1, 4)):
        rows, columns, stride = (int(n) for n in rng.integers(1, 4, 3))
        if rng.random() < 0.6:
            made = rng.choice([1, 3, 6, 8, 9, 16, 17, 33])
            words.append(f"conv{made}:{rows}x{columns}/{stride}+{rng.integers(0, min(rows, columns))}")
        else:
            words.append(f"{rng.choice(['pool', 'mean'])}{rows}x{columns}/{stride}")
    return "-".join([*words, *(["7"] if rng.random() < 0.5 else [])]), f"{height}x{width}x{channels}"


@pytest.mark.parametrize("draw", range(12))
def test_networks_that_are_drawn_have_the_same_bits_in_both_layouts_and_on_any_threads(draw):
    rng = np.random.default_rng(draw)
    trained = 0
    while trained < 5:
        hidden, image = drawn_network(rng)
        batch, order = (None, "fixed") if rng.random() < 0.4 else (int(rng.integers(1, 140)), "shuffled")
        settings = {
            "activation": str(rng.choice(["relu", "tanh", "gelu"])), "batch_size": batch, "order": order,
            "dropout": float(rng.choice([0, 0.25])), "clip_norm": [None, 0.1][rng.integers(2)],
            "dtype": str(rng.choice(["float32", "float64"])),
        }  # fmt: skip
        try:
            config = Config(hidden=hidden, image=image, epochs=3, lr=0.01, reduction="mean", **settings)
        except InvalidSetting:  # a window that does not fit
            continue
        x, y = samples_of(config, 170, rng, outputs=2)
        part = Part(x, y, rng.uniform(0.5, 2, 170), rng.uniform(0.5, 2, 140), 140, "sides")
        networks, *units = (
            train_by(way, [config], [part], seeds=range(3), threads=threads)
            for way, threads in (("networks", 2), ("units", 1), ("units", 5))
        )
        trained += 1
        for results in units:
            for seed in range(3):
                same_network(results, seed, networks, seed)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("way", ["networks", "units"])
def test_uncompiled_it_says_the_same(way, dtype, tmp_path):
    code = f"""
import sys; sys.path.insert(0, sys.argv[2])
import numpy as np; from ways import train_by; from test_windows import config_of, samples_of; import fnn
from fnn.data.samples import Part
trained = []
for name in "all of it", "windows that overlap", "a step over pixels":
    config = config_of(name, dtype="{dtype}", epochs=2)
    x, y = samples_of(config, 4, np.random.default_rng(0))
    part = Part(x, y, np.ones(4), np.ones(4), 4, "sides")
    trained.append(train_by("{way}", [config], [part], seeds=range(2), threads=1).flat[0].ravel())
np.save(sys.argv[1], np.concatenate(trained))
"""
    for name, disable in (("compiled", "0"), ("plain", "1")):
        words = [sys.executable, "-W", "ignore", "-c", code, tmp_path / name, Path(__file__).parent]
        subprocess.run(words, env={**os.environ, "NUMBA_DISABLE_JIT": disable}, check=True)
    compiled, plain = (np.load(tmp_path / f"{name}.npy") for name in ("compiled", "plain"))
    assert compiled == pytest.approx(plain, rel=1e-10 if dtype == "float64" else 1e-3, abs=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_networks_bits_do_not_depend_on_its_company(dtype, rng):
    for name in NETWORKS:
        config = config_of(name, dtype=dtype, batch_size=8, order="shuffled")
        x, y = samples_of(config, 25, rng)
        part = Part(x, y, np.ones(25), np.ones(25), 25, "sides")
        whole = train_parts([config], [part], seeds=range(19), threads=3)
        for seed in (0, 7, 18):
            same_network(train_parts([config], [part], seeds=[seed], threads=1), 0, whole, seed)


def test_with_samples_in_the_lanes_it_is_the_numpy_path(rng):
    config = config_of("all of it", epochs=3)
    x, y = samples_of(config, 1100, rng)
    ours, theirs = (fnn.train(config, x, y, seeds=range(2), backend=backend) for backend in ("numba", "numpy"))
    assert ours.flat[0] == pytest.approx(theirs.flat[0], rel=1e-8, abs=1e-9)
    assert len(x) >= 1024  # as many as lie in the lanes: `samples_in_lanes.suits`


def test_a_network_that_looks_at_shapes_tells_bars_that_lie_from_bars_that_stand(rng):
    """Wherever they are: of 4 by 4 pixels, which one convolution and the largest of what it finds can tell."""
    images = np.zeros((80, 4, 4))
    lies = np.arange(80) % 2 == 0
    for k, image in enumerate(images):
        place = rng.integers(4)
        image[(place, slice(None)) if lies[k] else (slice(None), place)] = 1
    config = Config(hidden="conv8:2-pool3", image="4x4", activation="tanh", loss="bce", reduction="mean")
    results = fnn.train(config, images.reshape(80, 16), lies[:, None].astype(float), seeds=range(64))
    assert results.solved.mean() > 0.8


# ---- images as arrays ----


def test_images_are_rows_of_their_numbers(rng):
    config = Config(hidden="conv3:2-pool2", image="5x4x2", epochs=3)
    images, y = rng.normal(size=(12, 5, 4, 2)), (rng.random(12) > 0.5).astype(float)
    ours, theirs = (fnn.train(config, x, y, seeds=3) for x in (images, images.reshape(12, 40)))
    assert np.array_equal(ours.flat[0], theirs.flat[0])
    assert np.array_equal(ours.predict(images), ours.predict(images.reshape(12, 40)))
    gray = Config(hidden="conv3:2", image="5x4", epochs=3)
    assert len(fnn.train(gray, images[..., 0], y)) == 1


def test_images_of_another_shape_are_refused_though_they_have_as_many_numbers():
    with pytest.raises(InvalidSetting, match="image: got '5x4x1'; expected 4x5x1, as the images of x are"):
        fnn.train(Config(hidden="conv3", image="5x4"), np.zeros((3, 4, 5)), np.ones(3))


def test_a_model_with_windows_is_kept_and_answers_again(tmp_path, rng):
    config = Config(hidden="conv3:2/2+1-mean2-4", image="6x6", epochs=3)
    x, y = samples_of(config, 20, rng)
    results = fnn.train(config, x, y, seeds=3)
    path = fnn.save(results, tmp_path / "model.npz")
    names = {f"x{k + 1}": x[:, k] for k in range(36)}
    answers = np.mean([fnn.predict(results.layers[0], results.network(k), x)[:, 0] for k in range(3)], axis=0)
    assert fnn.load(path).predict_proba(names)[:, -1] == pytest.approx(answers, rel=1e-10)


def test_a_sweep_keeps_layers_in_words(tmp_path):
    store = tmp_path / "a.db"
    given = {"hidden": ["conv2:2", "4"], "image": "1x2", "epochs": 3}
    runs = fnn.sweep("xor", seeds=3, out=store, **given)
    again = fnn.sweep("xor", seeds=3, out=store, **given)
    assert [len(r.seed) for r in (runs, again)] == [6, 6]
    assert sorted({str(v) for v in runs.frame("arrays")["hidden"]}) == ["4", "conv2:2"]


def images_in_a_table(rng, rows=90):
    """Bars that lie or stand, 4 by 4 pixels with an edge that is always dark, as columns."""
    images, lies = np.zeros((rows, 5, 4)), np.arange(rows) % 2 == 0
    for image, lying in zip(images, lies, strict=True):
        place = rng.integers(4)
        image[(place, slice(None)) if lying else (slice(4), place)] = 1
    images[:, :4] += rng.normal(0, 0.1, (rows, 4, 4))
    pixels = images.reshape(rows, 20)
    return {f"p{k:02}": pixels[:, k] for k in range(20)} | {"kind": np.where(lies, "lies", "stands")}


def test_a_table_of_images_keeps_dark_pixels_and_scales_all_alike(rng, tmp_path):
    table = images_in_a_table(rng)
    given = {"image": "5x4", "hidden": "conv8:2-pool2-8", "seeds": 4, "epochs": 60}
    fitted = fnn.fit(table, "kind", **given)
    assert (fitted.preset, fitted.preparation.scaling) == ("image", "pixels")
    assert fitted.problem.encoder.inputs == 20
    scaling = fitted.model.scaling
    pixels = np.stack([table[f"p{k:02}"] for k in range(20)], axis=1)[fitted.splits[0].train]
    assert np.ptp(scaling.center) == np.ptp(scaling.factor) == 0
    assert scaling.center[0, 0] == pytest.approx(pixels.mean())
    assert 1 / scaling.factor[0, 0] == pytest.approx(pixels.std())
    assert (fitted.predict(table) == table["kind"]).mean() > 0.95
    with pytest.raises(InvalidSetting, match="image: got '5x4x1'; expected one of 16 numbers"):
        fnn.fit(table, "kind", roles={"constant": "drop"}, **given)
