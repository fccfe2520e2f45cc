"""`fnn export` of models: what was trained from the command line answers in ONNX Runtime as in `fnn predict`."""

import csv
import re
import sys

import numpy as np
import pytest
from generate import README, SHELL, alike, run_command
from tables import ROOT
from test_cli_table import write_csv

import fnn
from fnn.cli.main import run

runtime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")

SMALL = ("--hidden", "8x8", "--epochs", "12", "--seeds", "3", "--no-plots", "--missing", "indicator")
ROWS = 240
_RNG = np.random.default_rng(2)
SIZE, PRICE = _RNG.normal(size=ROWS).round(3), _RNG.lognormal(3, 1, ROWS).round(2)
KIND, FLAG = _RNG.integers(0, 3, ROWS), _RNG.integers(0, 2, ROWS)
SUM = SIZE + KIND + FLAG
INPUTS = {
    "size": np.where(np.arange(ROWS) % 11 == 3, "", SIZE.astype(str)),
    "price": PRICE,
    "the kind": np.where(np.arange(ROWS) % 13 == 5, "NA", np.array(["red", "green wine", "ros\u00e9"])[KIND]),
    "flag": np.array(["no", "yes"])[FLAG],
}
NEW = INPUTS | {"the kind": np.where(np.arange(ROWS) % 7 == 2, "new", INPUTS["the kind"])}
TARGETS = {
    "two classes": {"y": np.where(SUM > 1.5, "good", "bad")},
    "three classes": {"y": np.array([3, 5, 8])[np.digitize(SUM, (0.5, 2))]},
    "twelve classes": {"y": [f"class {place}" for place in np.argsort(np.argsort(SUM)) // (ROWS // 12)]},
    "numbers": {"y": (1000 + 50 * SUM).round(2)},
    "numbers of two targets": {"y": SUM.round(3), "z": (SIZE * PRICE).round(3)},
    "labels of two targets": {"y": np.where(SUM > 1, "yes", "no"), "z": np.where(SIZE > 0, "yes", "no")},
}


def read_csv(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def feed_from(session, rows):
    """Return rows of a CSV as the inputs of a graph, as anyone would who knows its inputs' types."""
    numbers = {"": np.nan, "no": 0.0, "yes": 1.0}
    as_numbers = {
        value.name: [
            [numbers[row[value.name]] if row[value.name] in numbers else float(row[value.name])] for row in rows
        ]
        for value in session.get_inputs()
        if value.type == "tensor(double)"
    }
    return {
        value.name: np.array(as_numbers.get(value.name) or [[row[value.name]] for row in rows])
        for value in session.get_inputs()
    }


def answers_of(path, feed):
    session = runtime.InferenceSession(path)
    names = [value.name for value in session.get_outputs()]
    return dict(zip(names, session.run(None, feed(session)), strict=True))


def numbers_of(rows, *names):
    return np.array([[float(row[name]) for name in names] for row in rows])


def assert_near(got, expected):
    """Assert that numbers are the same to 1e-6, of the largest where that is above 1: to that float32 rounds."""
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-6 * max(1, np.abs(expected).max()))


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_exported_answers_as_predict_does(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    targets = TARGETS[name]
    write_csv(tmp_path / "t.csv", INPUTS | targets)
    write_csv(tmp_path / "new.csv", NEW)
    assert run(["train", "--data", "t.csv", "--target", ",".join(targets), *SMALL, "--out", "o"]) == 0
    of_classes = () if "numbers" in name else ("--probabilities",)
    assert run(["predict", "o/model.npz", "--data", "new.csv", "--out", "said.csv", *of_classes]) == 0
    capsys.readouterr()
    assert run(["export", "o/model.npz", "--to", "model.onnx"]) == 0
    out, err = capsys.readouterr()
    outputs = "value, spread, low, high" if "numbers" in name else "label, probabilities, spread"
    assert re.fullmatch(
        r"model\.onnx: 3 networks, [\d.]+ kB\n" rf"takes size, price, the kind, flag; gives {outputs}\n", out
    )
    assert err == ""
    rows = read_csv(tmp_path / "new.csv")
    answers = answers_of("model.onnx", lambda session: feed_from(session, rows))
    said = read_csv(tmp_path / "said.csv")
    prefixes = [f"{target}_" for target in targets] if len(targets) > 1 else [""]
    if "numbers" in name:
        for part, values in answers.items():
            assert_near(values, numbers_of(said, *(prefix + part for prefix in prefixes)))
        return
    labels = answers["label"].reshape(ROWS, -1)
    assert len(np.unique(labels)) > 1
    for place, prefix in enumerate(prefixes):
        assert [str(label) for label in labels[:, place]] == [row[f"{prefix}class"] for row in said]
    shares = [key for key in said[0] if key.startswith("p_")]
    assert_near(answers["probabilities"], numbers_of(said, *shares))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_convolution_answers_as_predict_does(dtype, tmp_path, monkeypatch, rng):
    monkeypatch.chdir(tmp_path)
    pixels = rng.normal(size=(120, 36)).round(3)
    columns = {f"p{place}": column for place, column in enumerate(pixels.T)}
    digits = np.digitize(pixels[:, :18].sum(axis=1), (-2, 2))
    write_csv(tmp_path / "t.csv", columns | {"digit": digits})
    words = ("--image", "6x6", "--hidden", "conv4:3+1-pool2-8", "--epochs", "8", "--seeds", "3", "--dtype", dtype)
    assert run(["train", "--data", "t.csv", "--target", "digit", *words, "--no-plots", "--out", "o"]) == 0
    assert run(["predict", "o/model.npz", "--data", "t.csv", "--out", "said.csv", "--probabilities"]) == 0
    assert run(["export", "o/model.npz", "--to", "model.onnx"]) == 0
    said = read_csv(tmp_path / "said.csv")
    answers = answers_of("model.onnx", lambda _session: {"x": pixels})
    assert answers["label"].tolist() == [int(row["class"]) for row in said]
    assert_near(answers["probabilities"], numbers_of(said, "p_0", "p_1", "p_2"))
    assert np.ptp(answers["probabilities"]) > 0.1


def test_networks_of_a_named_data_set_are_exported_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(["train", "--data", "xor", "--seeds", "20", "--epochs", "200", "--no-plots"]) == 0
    assert run(["export", "fnn-xor/model.npz", "--to", "xor.onnx"]) == 0
    x, y = fnn.data.xor()
    answers = answers_of("xor.onnx", lambda _session: {"x": x})
    assert answers["label"].tolist() == fnn.load("fnn-xor/model.npz").predict(x).tolist()
    assert (answers["label"] == (y[:, 0] > 0.5)).mean() > 0.9


def test_the_page_about_onnx_shows_what_happens(tmp_path, monkeypatch):
    pytest.importorskip("pandas")
    text = (ROOT / "fnn" / "onnx" / "README.md").read_text(encoding="utf-8")
    (train,) = re.findall(r"^\$ (fnn train --data diabetes.*)$", README.read_text(encoding="utf-8"), re.MULTILINE)
    run_command(f"{train} --no-plots", tmp_path)
    ((_, export, shown),) = SHELL.findall(text)
    assert alike(run_command(export, tmp_path), shown)
    (reading,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(reading, names)
    model = fnn.load("fnn-diabetes/model.npz")
    expected = [model.predict("diabetes.csv"), *model.interval("diabetes.csv")]
    for got, ours in zip((names["value"], names["low"], names["high"]), expected, strict=True):
        assert_near(got[:, 0], ours)


# ---- bad input ----

BAD = [
    (("model.npz", "--to", "none/a.onnx"), "--to: got 'none/a.onnx'; expected a file in a folder that is there"),
    (("model.npz", "--to", "a.csv"), "--to: got 'a.csv'; expected a file that ends in .onnx, as model.npz is a model"),
    (("good.db", "--to", "a.onnx"), "--to: got 'a.onnx'; expected a file that ends in .*, as good.db is a store"),
    (("none.npz", "--to", "a.onnx"), "none.npz: expected a file that is there"),
    (("text", "--to", "a.onnx"), "text: expected a model.npz of fnn"),
    (("model.npz", "--to", "a.onnx", "--where", "lr=1"), "--where: got 'lr=1'; expected none of it for a model"),
    (("folder", "--to", "a.onnx"), "folder: expected a model.npz of fnn"),
    (("model.npz", "--to", "folder.onnx"), "--to: got 'folder.onnx'; expected a file in a folder that is there"),
]


@pytest.mark.parametrize(("words", "message"), BAD, ids=lambda v: " ".join(v) if isinstance(v, tuple) else "")
def test_bad_input_is_one_line_and_exit_code_2_and_leaves_nothing(words, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("folder", "folder.onnx"):
        (tmp_path / name).mkdir()
    (tmp_path / "text").write_text("= nothing of the kind")
    fnn.save(fnn.train(fnn.Config(epochs=1), *fnn.data.xor4(), backend="numpy"), "model.npz")
    fnn.sweep("xor4", epochs=2, seeds=2, backend="numpy", out="good.db")
    before = sorted(tmp_path.iterdir())
    assert run(["export", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(rf"fnn: {message}.*\n", err)
    assert sorted(tmp_path.iterdir()) == before


def test_without_onnx_it_says_what_to_install(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "onnx", None)  # importing it fails from now on
    fnn.save(fnn.train(fnn.Config(epochs=1), *fnn.data.xor4(), backend="numpy"), "model.npz")
    assert run(["export", "model.npz", "--to", "a.onnx"]) == 2
    line = "fnn: --to: got 'a.onnx'; expected the extra onnx: python -m pip install 'fnn[onnx]'\n"
    assert capsys.readouterr() == ("", line)
    assert [path.name for path in tmp_path.iterdir()] == ["model.npz"]
