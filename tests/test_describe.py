"""A network's layers as a table: against published numbers, what is initialised, and what PyTorch gives and counts."""

import json
import subprocess
import sys

import numpy as np
import pytest
from terminal import printed

import fnn
from fnn import Config, InvalidSetting
from fnn.cli.main import run
from fnn.data.split import Splitting, make_splits, split_count
from fnn.formats import setting
from fnn.network.layers import LAYER_KINDS

LENET = "conv6:5+2-pool2-conv16:5-pool2-120-84"


def lenet(**settings):
    return Config(hidden=LENET, image="28x28", **settings)


# ---- what layers come to ----


def test_lenet_has_the_numbers_that_are_published():
    """LeCun, Bottou, Bengio & Haffner (1998): C1 has 156 parameters and 122,304 connections, biases among them, C5 has
    48,120 and F6 10,164 of either. C3 here is of all 6 maps, (6 · 25 + 1) · 16 parameters, and pools learn nothing.
    """
    found = fnn.describe(lenet(), 784, 10)
    assert [layer.parameters for layer in found.layers] == [156, 0, 2416, 0, 48_120, 10_164, 850]
    assert found.parameters == 61_706
    c1, _, c3, _, c5, f6, last = found.layers
    assert c1.multiply_adds + 28 * 28 * 6 == 122_304
    assert c3.multiply_adds == 10 * 10 * 16 * 150
    assert (c5.multiply_adds + 120, f6.multiply_adds + 84) == (48_120, 10_164)
    assert found.multiply_adds == 117_600 + 240_000 + 48_000 + 10_080 + last.multiply_adds == 416_520
    assert [setting(layer.outputs) for layer in found.layers] == [
        "28x28x6", "14x14x6", "10x10x16", "5x5x16", "120", "84", "10",
    ]  # fmt: skip
    assert c5.inputs == (400,)


@pytest.mark.parametrize(("hidden", "image", "inputs"), [
    ("none", None, 3), ("4x4", None, 2), ("8", "3x2", 6), (LENET, "28x28", 784), ("pool2-conv3:2-5", "7x5x2", 70),
    ("conv4:3/2+1-mean2", "9x8x3", 216), ("conv8:3+1-pool2-4", "1x12", 12), ("conv2:2-pool2-3", "9x1", 9),
])  # fmt: skip
@pytest.mark.parametrize("scale", ["none", "learned"])
def test_parameters_are_those_that_are_initialised_and_outputs_those_of_a_pass(hidden, image, inputs, scale, rng):
    config = Config(hidden=hidden, image=image, input_scale=scale)
    found, layers = fnn.describe(config, inputs, 2), config.layers(inputs, 2)
    params = fnn.init(layers, 1)
    assert [layer.parameters for layer in found.layers] == [w.size for w in params]
    assert found.parameters == sum(w.size for w in params)
    done = fnn.forward(layers, params, rng.normal(size=(1, inputs)))
    sizes = [output.shape[-1] for output in done.outputs]
    assert [np.prod(layer.inputs) for layer in found.layers] == sizes[:-1]
    assert [np.prod(layer.outputs) for layer in found.layers] == sizes[1:]


SHAPES = [
    ((9, 8, 2), (3, 2), 2, 1, 2, 2), ((9, 8, 2), (3, 2), 3, 2, 2, 1), ((10, 7, 1), (4, 4), 2, 3, 3, 2),
    ((7, 7, 3), (5, 5), 1, 2, 3, 3), ((6, 11, 3), (2, 5), 3, 0, 1, 2), ((8, 8, 1), (7, 7), 5, 4, 2, 2),
]  # fmt: skip


@pytest.mark.parametrize(("image", "size", "stride", "padding", "pooled", "step"), SHAPES)
@pytest.mark.parametrize("pool", ["pool", "mean"])
def test_shapes_parameters_and_products_are_pytorchs(image, size, stride, padding, pooled, step, pool):
    """Its counter counts two operations for each product that is added up."""
    torch = pytest.importorskip("torch", reason="PyTorch is in the extra `peers`")
    from torch.utils.flop_counter import FlopCounterMode

    height, width, channels = image
    window = "x".join(map(str, size))
    config = Config(hidden=f"conv5:{window}/{stride}+{padding}-{pool}{pooled}/{step}-7", image=image)
    found = fnn.describe(config, height * width * channels, 3)
    pools = torch.nn.MaxPool2d if pool == "pool" else torch.nn.AvgPool2d
    modules = [torch.nn.Conv2d(channels, 5, size, stride, padding), pools(pooled, step), torch.nn.Flatten()]
    modules += [torch.nn.LazyLinear(7), torch.nn.Linear(7, 3)]
    h, shapes, products = torch.zeros(1, channels, height, width), [], []
    for module in modules:
        with FlopCounterMode(display=False) as counter:
            h = module(h)
        shapes.append(tuple(h[0].permute(1, 2, 0).shape) if h.ndim == 4 else tuple(h[0].shape))
        products.append(counter.get_total_flops() / 2)
    del shapes[2], products[2], modules[2]
    assert [layer.outputs for layer in found.layers] == shapes
    assert [layer.inputs for layer in found.layers] == [image, shapes[0], (np.prod(shapes[1]),), (7,)]
    assert [layer.multiply_adds for layer in found.layers] == products
    assert [layer.parameters for layer in found.layers] == [sum(p.numel() for p in m.parameters()) for m in modules]


def test_every_kind_of_layer_is_described_under_the_name_that_it_is_typed_by():
    config = Config(
        hidden="conv4:3-pool2-conv2:2-mean2x1-6", image="9x9", input_scale="learned", dropout=0.2, output="softmax",
        loss="cross-entropy", activation="tanhxreluxgelu", dtype="float32",
    )  # fmt: skip
    found = fnn.describe(config, 81, 3, networks=5)
    assert {layer.kind for layer in found.layers} == set(LAYER_KINDS)
    names, activations, chances = zip(*((x.name, x.activation, x.dropout) for x in found.layers), strict=True)
    assert names == ("scale", "conv4:3", "pool2", "conv2:2", "mean2x1", "dense 6", "dense 3")
    assert activations == (None, "tanh", None, "relu", None, "gelu", "softmax")
    assert chances == (0, 0.2, 0, 0.2, 0, 0.2, 0)
    again = Config(hidden=(*names[1:-2], 6), image="9x9")
    assert again.hidden == config.hidden
    weights = fnn.init(config.layers(81, 3), range(5), dtype=np.float32)
    assert found.bytes == sum(w.nbytes for w in weights)


def test_a_window_on_one_row_has_the_name_that_was_typed_and_the_size_that_it_comes_to():
    conv, pool, _ = fnn.describe(Config(hidden="conv8:3+1-pool2", image="1x12"), 12, 1).layers
    assert (conv.name, conv.window.rows, conv.window.columns, conv.window.padding) == ("conv8:3+1", 1, 3, (0, 1))
    assert (pool.name, pool.inputs, pool.outputs) == ("pool2", (1, 12, 8), (1, 6, 8))
    assert "conv8:3+1  sigmoid     1x3+1   1x12x1" in repr(
        fnn.describe(Config(hidden="conv8:3+1", image="1x12"), 12, 1)
    )


def test_it_prints_as_a_table():
    config = Config(hidden="conv6:5/3-pool2-8", image="28x28", dropout=0.1, dtype="float32")
    assert str(fnn.describe(config, 784, 10, 1000)).splitlines() == [
        "layer      activation  window  inputs   outputs  parameters  multiply-adds",
        "conv6:5/3  sigmoid     5x5/3   28x28x1  8x8x6    156         9,600",
        "pool2      –           2x2/2   8x8x6    4x4x6    0           0",
        "dense 8    sigmoid     –       96       8        776         768",
        "dense 10   sigmoid     –       8        10       90          80",
        "",
        "window            rows x columns of pixels, /step, +padding",
        "dropout           0.1 of the outputs of each hidden layer with an activation",
        "parameters        1,022",
        "multiply-adds     10,448 in a forward pass of one sample",
        "weights           4.09 kB in float32, 4.09 MB for 1,000 networks",
    ]
    assert repr(fnn.describe(Config(hidden="none", dropout=0.5), 3, 1)).splitlines() == [
        "layer    activation  inputs  outputs  parameters  multiply-adds",
        "dense 1  sigmoid     3       1        4           3",
        "",
        "parameters        4",
        "multiply-adds     3 in a forward pass of one sample",
        "weights           32 bytes in float64",
    ]


@pytest.mark.parametrize(("arguments", "message"), [
    (("4x4", 2, 1), "config: got '4x4'; expected a Config"),
    ((Config(), 0, 1), "inputs: got 0; expected a whole number of at least 1"),
    ((Config(), 2, 1.0), "outputs: got 1.0; expected a whole number"),
    ((Config(), 2, 1, 0), "networks: got 0; expected a whole number"),
    ((lenet(), 783, 10), "image: got '28x28x1'; expected one of 783 numbers"),
])  # fmt: skip
def test_what_cannot_be_described_is_refused(arguments, message):
    with pytest.raises(InvalidSetting, match=message):
        fnn.describe(*arguments)


@pytest.mark.parametrize(
    "splitting", [Splitting(0.2), Splitting(0.2, repeats=3), Splitting(folds=4), Splitting(0.1, folds=4, repeats=3)]
)
def test_splits_are_counted_as_they_are_made(splitting):
    assert split_count(splitting) == len(make_splits(splitting, 40))


def test_where_each_seed_has_a_split_of_its_own_there_is_a_network_on_each():
    splitting = Splitting(0.2, per_seed=True)
    assert 7 * split_count(splitting) == len(make_splits(splitting, 40, seeds=7))


# ---- the command ----


@pytest.fixture
def images(tmp_path, monkeypatch):
    """A table of 20 images, 6 by 6 pixels with a dark edge, in an empty folder."""
    rng = np.random.default_rng(0)
    pixels = np.zeros((20, 6, 6))
    pixels[:, 1:-1, 1:-1] = rng.integers(0, 17, (20, 4, 4))
    lines = [",".join([*(f"p{k}" for k in range(36)), "kind"])]
    lines += [",".join([*(f"{v:g}" for v in row.flat), "abc"[k % 3]]) for k, row in enumerate(pixels)]
    (tmp_path / "images.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return ("train", "--data", "images.csv", "--target", "kind", "--image", "6x6", "--describe")


def test_a_table_of_images_is_described_as_it_would_be_learnt(images, tmp_path, capsys):
    assert run([*images, "--folds", "2", "--seeds", "3"]) == 0
    out = capsys.readouterr().out
    assert "target            kind: multiclass of 3 classes (a, b, c)" in out
    assert "preset            image: scaling pixels" in out
    config = Config(
        hidden="conv16:3+1-conv32:3-pool2-64", image="6x6", dropout=0.1, activation="relu", output="softmax",
        loss="cross-entropy", dtype="float32",
    )  # fmt: skip
    description = repr(fnn.describe(config, 36, 3, networks=6))
    assert out.endswith(f"\n\n{description}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["images.csv"]


def test_what_is_described_is_what_is_trained(images, capsys, tmp_path):
    """Of a table and of a named data set: as many networks, of as many weights."""
    for words in (
        [*images, "--hidden", "conv3:2-6", "--repeats", "2", "--input-scale", "learned"],
        [*images[:5], "--preset", "plain", "--hidden", "5x3", "--per-seed", "--describe"],
        [*images, "--hidden", "4", "--validation", "0"],
        ["train", "--data", "xor", "--output", "softmax", "--loss", "cross-entropy", "--describe"],
    ):
        more = ["--seeds", "2", "--json", "--epochs", "2", "--backend", "numpy", "--no-plots", "--out", "out"]
        assert run([*words, *more]) == 0
        told = json.loads(capsys.readouterr().out)
        assert not (tmp_path / "out").exists()
        assert run([*(word for word in words if word != "--describe"), *more]) == 0
        trained = json.loads(capsys.readouterr().out)
        assert all(
            told[name] == trained[name] for name in {"preset", "data", "task", "settings", "config"} & told.keys()
        )
        model = fnn.load("out/model.npz")
        assert told["networks"] == len(model)
        assert told["bytes"] == sum(w.nbytes for w in model.params)
        assert [layer["parameters"] for layer in told["layers"]] == [w[0].size for w in model.params]
        (tmp_path / "out" / "model.npz").unlink()
        (tmp_path / "out").rmdir()


def test_the_json_document_has_the_layers_and_what_they_are_for(images, capsys):
    assert run([*images, "--json", "--hidden", "conv4:3/2+1-7"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document.keys() == {
        "preset", "data", "task", "settings", "layers", "parameters", "multiply_adds", "dtype", "networks", "bytes",
    }  # fmt: skip
    assert document["layers"][0] == {
        "name": "conv4:3/2+1", "kind": "conv", "activation": "relu", "inputs": [6, 6, 1], "outputs": [3, 3, 4],
        "window": {"rows": 3, "columns": 3, "stride": 2, "padding": [1, 1]}, "parameters": 40, "multiply_adds": 324,
        "dropout": 0.1,
    }  # fmt: skip
    assert document["layers"][-1]["window"] is None
    assert (document["data"]["inputs"], document["networks"], document["dtype"]) == (36, 16, "float32")
    assert document["settings"]["hidden"] == ["conv4:3/2+1", 7]
    assert run(["train", "--data", "xor", "--describe", "--json"]) == 0
    named = json.loads(capsys.readouterr().out)
    assert named.keys() == document.keys() - {"preset", "task", "settings"} | {"points", "noise", "data_seed", "config"}
    assert (named["data"], named["points"], named["parameters"]) == ("xor", 21, 37)


def test_piped_and_on_a_terminal_it_is_the_same_words(images, tmp_path, command):
    piped = command(*images).stdout.splitlines()
    code, lines = printed(tmp_path, 80, *images)
    assert code == 0
    assert [line for line in lines if "───" not in line] == piped
    assert max(map(len, lines[lines.index("") :])) <= 80
    assert command("train", "--data", "xor", "--hidden", "4x4", "--describe").stdout == (
        f"data              xor: 21 points, 2 inputs, 1 output\n\n{fnn.describe(Config(), 2, 1)}\n"
    )


@pytest.mark.parametrize(("words", "message"), [
    (["--hidden", "conv4:7"], "--hidden: got 'conv4:7'; expected a window no larger than the 6x6 pixels"),
    (["--hidden", "conv4:5-pool3"], "--hidden: got 'pool3'; expected a window no larger than the 2x2 pixels"),
    (["--image", "6x5"], "--image: got '6x5x1'; expected one of 36 numbers"),
    (["--constant", "drop"], "--image: got '6x6x1'; expected one of 16 numbers"),
    (["--preset", "tabel"], "--preset: got 'tabel'; expected one of table"),
    (["--seeds", "0"], "--seeds: got 0; expected a whole number of at least 1"),
    (["--folds", "1"], "--folds: got 1; expected a whole number of at least 2"),
    (["--backend", "cuda"], "--backend: got 'cuda'"),
])  # fmt: skip
def test_what_would_not_be_trained_is_not_described(images, words, message, capsys):
    assert run([*images, *words]) == 2
    done = capsys.readouterr()
    assert done.out == ""
    assert done.err.startswith(f"fnn: {message}")
    assert done.err.count("\n") == 1


def test_it_loads_nothing_that_trains_or_draws(images, tmp_path):
    code = f"""
import sys
sys.modules["numba"] = sys.modules["scipy"] = sys.modules["matplotlib"] = None  # importing them fails from now on
from fnn.cli.main import run
for words in ({list(images)!r}, ["train", "--data", "xor", "--describe"]):
    assert run(words) == 0
sys.exit(str([name for name in sys.modules if name.startswith("fnn.kernel")] or "") or 0)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "conv16:3+1" in done.stdout
