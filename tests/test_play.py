"""`fnn play`: what is on a page is what training gives, it fits, and what cannot be played is refused."""

import base64
import json
import re

import numpy as np
import pytest

import fnn
from fnn.cli.play import compared
from fnn.errors import InvalidSetting
from fnn.formats import size
from fnn.network import functions
from fnn.play.frames import LADDER, MOST_BYTES, curve_places, fidelity_for, frame_epochs, most_networks
from fnn.play.outcomes import paired, solved
from fnn.play.page import page
from fnn.play.points import named_points, table_points
from fnn.play.recording import networks_that_fit, record

SEEDS = range(7, 12)


def numbers(text, dtype):
    return np.frombuffer(base64.b64decode(text), dtype)


def given(text):
    """Return what a page's script is given."""
    (document,) = re.findall(r'<script type="application/json" id="given">(.*?)</script>', text)
    return json.loads(document)


def played(config, points=None, seeds=SEEDS):
    """Return a recording, and what the page has of it."""
    points = points or named_points("xor", None, 0.0, 1)
    recordings, fidelity = record([("", config)], points, seeds)
    return recordings[0], given(page(points, recordings, fidelity))


@pytest.mark.parametrize("settings", [{}, {"scheduler": "polynomial"}, {"batch_size": 4, "order": "shuffled"}])
def test_the_last_frame_is_the_network_that_train_gives(settings):
    config = fnn.Config(epochs=60, **settings)
    recording, document = played(config)
    results = fnn.train(config, *fnn.data.xor(), seeds=SEEDS)
    assert np.array_equal(recording.results.flat[0], results.flat[0])
    assert np.array_equal(recording.flat[:, -1], results.flat[0])
    (setting,) = document["settings"]
    assert np.array_equal(numbers(setting["last"], "<f4"), results.flat[0].astype(np.float32).ravel())
    assert np.array_equal(numbers(setting["loss"], "<f8"), results.loss)
    assert np.array_equal(numbers(setting["solved"], "<i4"), results.epochs_to_solve)


def test_frames_and_losses_between_are_those_of_their_epochs():
    config = fnn.Config(epochs=60, scheduler="constant")
    _, document = played(config)
    (setting,) = document["settings"]
    frames = document["frames"]
    assert frames == setting["frames"]
    weights = numbers(setting["weights"], "<f4").reshape(len(SEEDS), len(frames), -1)
    losses = numbers(setting["losses"], "<f4").reshape(len(SEEDS), -1)
    for place in (1, len(frames) // 2):
        ended = fnn.train(fnn.Config(epochs=frames[place], scheduler="constant"), *fnn.data.xor(), seeds=SEEDS)
        assert np.array_equal(weights[:, place], ended.flat[0].astype(np.float32))
        assert losses[:, setting["curveEpochs"].index(frames[place])] == pytest.approx(ended.loss, rel=1e-6)


def test_frames_begin_with_the_first_weights_and_are_close_together_at_first():
    for epochs in (1, 2, 7, 500, 123_457):
        frames = frame_epochs(epochs, 49)
        assert (frames[0], frames[-1]) == (0, epochs)
        steps = np.diff(frames)
        assert (steps > 0).all()
        assert steps[0] <= steps[-1]
        places = curve_places(frames, epochs, 20)
        assert set(frames) <= set(places)


def test_of_very_many_epochs_every_frame_has_its_loss():
    recording, document = played(fnn.Config(epochs=9001, hidden="2"), seeds=range(2))
    (setting,) = document["settings"]
    assert set(setting["frames"]) <= set(setting["curveEpochs"])
    assert setting["frames"][-1] == 9001
    assert np.array_equal(recording.flat[:, -1], recording.results.flat[0])


# ---- how much fits ----


@pytest.mark.parametrize("rung", range(len(LADDER)))
def test_as_many_networks_as_fit_are_under_five_megabytes(rung):
    points = named_points("xor4", None, 0.0, 1)
    config = fnn.Config(epochs=50, hidden="24", dtype="float32")
    count = functions.weights(config.layers(2, 1))
    seeds = most_networks([count], 4, LADDER[rung])
    recordings, fidelity = record([("", config)], points, range(seeds))
    assert fidelity == LADDER[rung]
    size = len(page(points, recordings, fidelity).encode())
    assert 0.7 * MOST_BYTES < size <= MOST_BYTES


def test_two_hundred_networks_of_the_default_have_every_frame_at_full_precision():
    assert fidelity_for(200, [37], 21) == LADDER[0]
    assert fidelity_for(200, [37, 37], 200).frames == LADDER[0].frames


def test_what_does_not_fit_is_refused_with_the_number_that_does(command):
    done = command("play", "--data", "xor", "--seeds", 100_000, "--out", "page.html")
    assert (done.returncode, done.stdout) == (2, "")
    said = re.fullmatch(r"fnn: --seeds: got 100000; expected at most (.*), of 37 weights .*\n", done.stderr)
    most = int(said[1].replace(",", ""))
    assert fidelity_for(most, [37], 21) == LADDER[-1]
    with pytest.raises(InvalidSetting, match="seeds"):
        fidelity_for(most + 1, [37], 21)
    with pytest.raises(InvalidSetting, match="hidden"):
        fidelity_for(1, [4_000_000], 21)
    with pytest.raises(InvalidSetting, match="points"):
        fidelity_for(1, [37], 1_000_000)
    assert networks_that_fit([fnn.Config(hidden="64x64")], named_points("xor", None, 0.0, 1), 200) < 50


# ---- what is played on ----


def write_csv(path, rows, head="a,b,kind"):
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return str(path)


def test_a_table_of_two_columns_and_classes_is_played_on_scaled(tmp_path):
    names = ("red", "green", "blue")
    rows = [f"{100 + 7 * i},{i % 5},{names[i % 3]}" for i in range(30)]
    points = table_points(write_csv(tmp_path / "own.csv", rows))
    assert points.classes == ("blue", "green", "red")
    assert (points.title, points.x_names, points.y_name) == ("own.csv", ("a", "b"), "kind")
    assert points.x.mean(axis=0) == pytest.approx(0, abs=1e-12)
    assert points.x.std(axis=0) == pytest.approx(1)
    there = np.array([[100 + 7 * i, i % 5] for i in range(30)])
    assert points.x / points.factor + points.center == pytest.approx(there)
    assert points.labels.tolist() == [(2, 1, 0)[i % 3] for i in range(30)]


def test_numbers_of_few_values_are_classes_and_the_target_may_stand_anywhere(tmp_path):
    rows = [f"{i % 3},{i},{i * i % 7}.5" for i in range(9)]
    points = table_points(write_csv(tmp_path / "own.csv", rows, "kind,a,b"), "kind")
    assert points.classes == ("0", "1", "2")
    two = table_points(write_csv(tmp_path / "two.csv", [f"{i},{i % 4},{i % 2}" for i in range(8)]))
    assert (two.classes, two.y.shape) == (("0", "1"), (8, 1))


@pytest.mark.parametrize(
    ("head", "row", "options", "name"),
    [
        ("a,b,c,kind", lambda i: f"{i},{i % 7},{i % 5},{i % 2}", {}, "data"),
        ("a,kind", lambda i: f"{i},{i % 2}", {}, "data"),
        ("a,b,kind", lambda i: f"{i},{'xy'[i % 2]},{i % 2}", {}, "data"),
        ("a,b,kind", lambda i: f"{i},{i % 7},{'abcdefg'[i % 7]}", {}, "target"),
        ("a,b,kind", lambda i: f"{i},{i % 7},{i / 7}", {}, "target"),
        ("a,b,kind", lambda i: f"{i},{i % 7},{i % 2}", {"target": "knid"}, "target"),
    ],
)
def test_tables_that_cannot_be_played_on_are_refused(tmp_path, head, row, options, name):
    path = write_csv(tmp_path / "own.csv", [row(i) for i in range(28)], head)
    with pytest.raises(InvalidSetting) as refused:
        table_points(path, **options)
    assert refused.value.name == name


def test_columns_that_are_ignored_are_no_inputs(tmp_path):
    path = write_csv(tmp_path / "own.csv", [f"{i},{i % 7},{i % 5},{i % 2}" for i in range(28)], "a,b,c,kind")
    assert table_points(path, ignore="b").x_names == ("a", "c")


def test_no_name_in_a_table_becomes_markup(tmp_path):
    names = "</script><script>alert(1)</script>", "<img src=x onerror=alert(2)>", "x&y"
    rows = [f"{i},{i % 7},{names[i % 3]}" for i in range(30)]
    points = table_points(write_csv(tmp_path / "own.csv", rows, "<b>,</title>,kind"))
    recordings, fidelity = record([("", fnn.Config(epochs=2, output="softmax", loss="cross-entropy"))], points, SEEDS)
    text = page(points, recordings, fidelity)
    assert text.count("<script") == 2
    assert "<img" not in text
    assert given(text)["data"]["classes"] == sorted(names)


# ---- two settings ----


def test_two_settings_have_the_same_seeds_and_are_counted_in_pairs():
    arms = compared("lr=0.01,0.1", fnn.Config(epochs=150))
    assert [name for name, _ in arms] == ["lr 0.01", "lr 0.1"]
    recordings, _ = record(arms, named_points("xor", None, 0.0, 1), range(40))
    assert np.array_equal(recordings[0].results.seeds, recordings[1].results.seeds)
    first, second = (recording.results.solved for recording in recordings)
    counts = paired(recordings)
    assert sum(counts) == 40
    assert counts.both + counts.only_first == first.sum() == solved(recordings[0]).solved
    assert counts.only_second == (second & ~first).sum() > 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lr", "two values"), ("lr=0.1", "two values"), ("lr=0.1,0.2,0.3", "two values"), ("lr=1,1", "two values"),
        ("lrr=1,2", "did you mean lr"), ("seed=1,2", "but the seed"), ("lr=a,1", "a number"), ("epochs=1.5,2", "whole"),
    ],
)  # fmt: skip
def test_what_is_no_comparison_is_refused(text, words):
    with pytest.raises(InvalidSetting, match=words) as refused:
        compared(text, fnn.Config())
    assert refused.value.name == "compare"


@pytest.mark.parametrize("text", ["weight-decay=0.1,0", "hidden=2,4x4", "--optimizer=sgd,adam", "batch_size=1,4"])
def test_any_setting_is_compared_however_it_is_written(text):
    (_, first), (_, second) = compared(text, fnn.Config())
    assert first != second


# ---- the command ----


def test_the_command_says_what_became_of_them_and_writes_a_page(command, tmp_path):
    done = command("play", "--data", "xor", "--seeds", 20, "--epochs", 200)
    assert done.returncode == 0, done.stderr
    results = fnn.train(fnn.Config(epochs=200), *fnn.data.xor(), seeds=range(312551116, 312551136))
    assert f"solved {results.solved.sum()} of 20" in done.stdout
    text = (tmp_path / "fnn-play-xor.html").read_text(encoding="utf-8")
    assert f"wrote fnn-play-xor.html: {size(len(text.encode()))}" in done.stdout
    assert [p.name for p in tmp_path.iterdir()] == ["fnn-play-xor.html"]
    assert text.count('<th scope="row">') == 20


def test_as_json_there_is_one_document(command, tmp_path):
    words = ("--seeds", 9, "--epochs", 90, "--compare", "lr=0.1,1")
    done = command("play", "--data", "xor", *words, "--json", "--out", "p.html")
    document = json.loads(done.stdout)
    assert [arm["name"] for arm in document["arms"]] == ["lr 0.1", "lr 1"]
    assert sum(document["paired"].values()) == 9
    assert document["bytes"] == (tmp_path / "p.html").stat().st_size


@pytest.mark.parametrize(
    "words",
    [
        ("--out", "page.txt"), ("--out", "not-there/page.html"), ("--data", "none.csv"), ("--data", "sor"),
        ("--target", "y"), ("--seeds", 0), ("--compare", "lr=1"), ("--keep", "best"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_writes_nothing(command, tmp_path, words):
    done = command("play", "--data", "xor", "--epochs", 2, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("fnn: --")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
