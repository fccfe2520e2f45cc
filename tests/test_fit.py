"""The whole way in: a table, an ensemble that learns it, its scores, its model, its answers in another process."""

import csv
import json
import subprocess
import sys

import numpy as np
import pytest

import fnn
from fnn.cli import main
from fnn.data.split import Split
from fnn.ensembles.evaluation import score
from fnn.ensembles.fit import fit
from fnn.ensembles.model_file import load_model
from fnn.ensembles.presets import Preparation, preset_config
from fnn.ensembles.problem import Roles, prepare, read_problem
from fnn.errors import InvalidSetting
from fnn.report.fitted import table_figures
from fnn.sweeps.connect import open_store
from fnn.sweeps.query import read_runs

SMALL = {"hidden": "8", "epochs": 20}


def rows_of(count, seed=0):
    """Return a table of two numbers, a category, a group, a weight and three targets that depend on them."""
    rng = np.random.default_rng(seed)
    a, b, kind = rng.normal(size=count), rng.normal(size=count), rng.choice(["red", "green", "blue"], count)
    lift = np.where(kind == "red", 2.0, 0.0)
    return {
        "a": a, "b": b, "kind": kind.tolist(), "who": np.arange(count) // 4,
        "w": rng.integers(1, 4, count).astype(float),
        "price": 3 * a - b + lift + 0.1 * rng.normal(size=count),
        "size": np.array(["small", "medium", "large"])[np.digitize(a + lift, [0, 1.5])].tolist(),
        "good": np.array(["bad", "fine"])[(a + b + lift > 0.5).astype(int)].tolist(),
    }  # fmt: skip


@pytest.fixture
def table(tmp_path):
    columns = rows_of(160)
    path = tmp_path / "things.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


@pytest.mark.parametrize("target", ["size", "good"])
def test_numbers_that_are_no_probabilities_have_no_reliability(target, table):
    roles = {"ignore": "who,w,price,size,good".replace(target, "kind")}
    fitted = fnn.fit(str(table), target, seeds=3, roles=roles, loss="mse", output="identity", **SMALL)
    assert np.abs(fitted.held_out.mean - 0.5).max() > 0.5
    figures = table_figures(fitted)
    assert figures.reliability is None
    assert figures.confusion is not None


def test_yes_and_no_are_answered_in_the_words_of_the_table(tmp_path, monkeypatch, capsys):
    """In every place where a class is named, on the way from a CSV to answers."""
    monkeypatch.chdir(tmp_path)
    rows = rows_of(160)
    told = np.where(rows["a"] + rows["b"] > 0, "Yes", "no")
    lines = [f"{a},{b},{word}" for a, b, word in zip(rows["a"], rows["b"], told, strict=True)]
    (tmp_path / "t.csv").write_text("a,b,told\n" + "\n".join(lines) + "\n", encoding="utf-8")
    words = ["train", "--data", "t.csv", "--target", "told", "--hidden", "8", "--epochs", "30", "--seeds", "3"]
    assert main.run(words) == 0
    assert "2 classes (no, Yes)" in capsys.readouterr().out
    fitted = fit(tmp_path / "t.csv", target="told", seeds=3, **SMALL)
    assert table_figures(fitted).confusion.classes == ("no", "Yes")
    model = fnn.load(tmp_path / "fnn-t" / "model.npz")
    answers = model.predict(tmp_path / "t.csv")
    assert set(answers) == {"no", "Yes"}
    assert np.mean(answers == told) > 0.85
    assert main.run(["predict", "fnn-t/model.npz", "--data", "t.csv", "--probabilities"]) == 0
    assert f"told: Yes {(answers == 'Yes').sum()}, no {(answers == 'no').sum()}" in capsys.readouterr().out
    with (tmp_path / "t-predictions.csv").open(newline="", encoding="utf-8") as file:
        written = list(csv.DictReader(file))
    assert [row["class"] for row in written] == answers.tolist()
    assert list(written[0]) == ["class", "probability", "spread", "p_no", "p_Yes"]


def test_several_columns_of_yes_and_no_are_answered_in_the_words_of_each():
    rows = rows_of(160)
    sign = {"up": np.where(rows["a"] > 0, "yes", "no"), "big": np.where(rows["b"] > 0, "TRUE", "FALSE")}
    model = fit({"a": rows["a"], "b": rows["b"], **sign}, target=["up", "big"], seeds=3, hidden="8", epochs=60).model
    answers = model.predict({"a": rows["a"], "b": rows["b"]})
    assert all(np.mean(answers[:, o] == words) > 0.9 for o, words in enumerate(sign.values()))


def test_a_polars_frame_is_learnt_and_answered_as_the_same_pandas_frame_bit_for_bit():
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    rows = rows_of(160)
    columns = {name: rows[name] for name in ("a", "b", "kind", "good")} | {"up": rows["a"] > 0, "count": rows["who"]}
    lacking = columns | {"b": [None if n % 9 == 0 else value for n, value in enumerate(rows["b"].tolist())]}
    frames = pandas.DataFrame(lacking), polars.DataFrame(lacking)
    theirs, ours = (fit(frame, target="good", roles={"missing": "mean"}, seeds=3, **SMALL) for frame in frames)
    assert ours.problem.digest == theirs.problem.digest
    assert ours.problem.encoder == theirs.problem.encoder
    assert all(map(np.array_equal, ours.model.params, theirs.model.params))
    new = {name: column[:40] for name, column in lacking.items() if name != "good"}
    answers = ours.model.predict(polars.DataFrame(new))
    assert answers.tolist() == theirs.model.predict(pandas.DataFrame(new)).tolist()
    assert set(answers) == {"bad", "fine"}
    shares = [model.predict_proba(frame(new)) for model, frame in ((ours.model, polars.DataFrame),
                                                                  (theirs.model, pandas.DataFrame))]  # fmt: skip
    assert np.array_equal(*shares)


def test_booleans_of_a_frame_are_answered_as_booleans():
    pandas = pytest.importorskip("pandas")
    rows = rows_of(160)
    frame = pandas.DataFrame({"a": rows["a"], "b": rows["b"], "up": rows["a"] > 0})
    model = fit(frame, target="up", seeds=3, **SMALL).model
    answers = model.predict(frame)
    assert answers.dtype == np.bool_
    assert np.mean(answers == frame["up"].to_numpy()) > 0.9


OTHERS = {"price": "size,good,who,w", "size": "price,good,who,w", "good": "price,size,who,w"}


@pytest.mark.parametrize("target", OTHERS)
def test_from_csv_to_the_same_numbers_in_a_fresh_process(table, tmp_path, monkeypatch, capsys, target):
    monkeypatch.chdir(tmp_path)
    words = ["train", "--data", str(table), "--target", target, "--ignore", OTHERS[target], "--seeds", "5"]
    assert main.run([*words, "--hidden", "8", "--epochs", "30", "--json"]) == 0
    about = json.loads(capsys.readouterr().out)
    assert about["task"]["name"] == {"price": "regression", "size": "multiclass", "good": "binary"}[target]
    assert all((tmp_path / name).stat().st_size > 1000 for name in about["files"])
    model = fnn.load(tmp_path / "fnn-things" / "model.npz")
    answers = model.predict(table)
    code = (
        "import sys, numpy as np, fnn; m = fnn.load(sys.argv[1]);"
        "a = m.predict(sys.argv[2]); np.save(sys.argv[3], a); np.save(sys.argv[4], m.spread(sys.argv[2]))"
    )
    files = [tmp_path / "a.npy", tmp_path / "s.npy"]
    subprocess.run([sys.executable, "-c", code, tmp_path / "fnn-things" / "model.npz", table, *files], check=True)
    assert np.array_equal(np.load(files[0]), answers)
    assert np.array_equal(np.load(files[1]), model.spread(table))
    assert main.run(["predict", "fnn-things/model.npz", "--data", str(table), "--out", "p.csv"]) == 0
    with (tmp_path / "p.csv").open(encoding="utf-8") as file:
        written = [row[0] for row in csv.reader(file)][1:]
    assert (
        (written == [str(v) for v in answers]) if target != "price" else np.allclose(np.array(written, float), answers)
    )
    true = rows_of(160)[target]
    if target == "price":
        assert np.corrcoef(answers, true)[0, 1] > 0.95
    else:
        assert np.mean(answers.astype(str) == np.array(true)) > 0.85


def test_what_a_fit_says_of_held_out_rows_is_what_its_model_answers_to_them():
    columns = {name: values for name, values in rows_of(160).items() if name in ("a", "b", "kind", "price")}
    done = fit(columns, "price", seeds=4, splitting={"folds": 4, "validation": 0.2}, **SMALL)
    assert len(done) == 16
    assert sorted(np.concatenate([s.test for s in done.splits]).tolist()) == list(range(160))
    y = np.array(columns["price"])
    for k, split in enumerate(done.splits):
        parts = [set(split.train.tolist()), set(split.validation.tolist()), set(split.test.tolist())]
        assert sum(map(len, parts)) == len(set.union(*parts)) == 160
        of_split = [n for n in done.model.networks if n.split == k]
        assert [n.seed for n in of_split] == [n.seed for n in done.model.networks if n.split == 0]
        said = done.evaluation.answers[k]["test"]
        rmse = np.sqrt(((said.mean[:, 0] - y[split.test]) ** 2).mean())
        assert score(done.problem, "rmse", said.mean[None], said.rows)[0] == pytest.approx(rmse)
    assert np.array_equal(done.held_out.rows, np.arange(160))
    assert 0.85 < done.model.coverage.estimate <= 1


def test_networks_of_a_split_do_not_depend_on_other_splits_or_seeds():
    columns = {name: values for name, values in rows_of(120).items() if name in ("a", "b", "good")}
    whole = fit(columns, "good", seeds=3, splitting={"folds": 3, "split_seed": 5}, **SMALL)
    again = fit(columns, "good", seeds=2, splitting={"folds": 3, "split_seed": 5, "repeats": 2}, threads=1, **SMALL)
    places = [3 * p + s for p in range(3) for s in range(2)]
    assert np.array_equal(whole.results.flat[0][places], again.results.flat[0][:6])


def test_each_seed_may_have_a_split_of_its_own():
    columns = {name: values for name, values in rows_of(120).items() if name in ("a", "b", "good")}
    done = fit(columns, "good", seeds=6, splitting={"per_seed": True, "validation": 0.25}, **SMALL)
    assert done.results.split.tolist() == list(range(6))
    assert len({tuple(s.validation.tolist()) for s in done.splits}) == 6


def test_bootstrap_validates_on_what_is_never_drawn():
    columns = {name: values for name, values in rows_of(120).items() if name in ("a", "b", "price")}
    done = fit(columns, "price", seeds=2, splitting={"bootstrap": True}, **SMALL)
    (split,) = done.splits
    assert len(split.train) == 120
    assert set(split.train.tolist()) | set(split.validation.tolist()) == set(range(120))


def test_groups_weights_and_class_weights_reach_training():
    done = fit(
        rows_of(160), "good", seeds=2, roles={"ignore": "price,size", "groups": "who", "weight": "w"},
        preparation={"class_weight": "balanced"}, splitting={"per_seed": False}, **SMALL,
    )  # fmt: skip
    (split,), part = done.splits, done.networks[0].prepared.part
    who = np.arange(160) // 4
    assert not set(who[split.train]) & set(who[split.validation])
    weight, labels = rows_of(160)["w"][split.train], np.array(rows_of(160)["good"])[split.train]
    assert np.array_equal(part.weight[: part.training], weight.astype(np.float32))
    sums = [part.emphasis[labels == name].sum() for name in ("bad", "fine")]
    assert sums[0] == pytest.approx(sums[1], rel=1e-5)


def test_the_plain_preset_is_standardisation_and_adam():
    columns = {name: values for name, values in rows_of(160).items() if name in ("a", "b", "price")}
    done = fit(columns, "price", seeds=2, preset="plain", hidden="8", epochs=5)
    part, split = done.networks[0].prepared.part, done.splits[0]
    x = np.stack([columns["a"], columns["b"]], axis=1)[split.train]
    expected = (x - x.mean(axis=0)) / x.std(axis=0)
    assert np.allclose(part.x[: part.training], expected, atol=1e-5)
    y = columns["price"][split.train]
    assert np.allclose(part.y[: part.training, 0], (y - y.mean()) / y.std(), atol=1e-5)
    assert (done.config.optimizer, done.config.scheduler, done.config.keep) == ("adam", "constant", "last")


@pytest.mark.parametrize(
    ("settings", "validates", "patience"),
    [({}, True, 77), ({"epochs": 20}, True, 6), ({"epochs": 1}, True, 1), ({"patience": 5}, True, 5),
     ({"patience": None}, True, None), ({"epochs": np.int64(20)}, True, 6), ({"keep": "last"}, True, None),
     ({}, False, None)],
)  # fmt: skip
def test_networks_that_validate_wait_for_a_share_of_the_epochs(settings, validates, patience):
    for task in ("binary", "multiclass", "regression"):
        config = preset_config("table", task, settings, validates=validates)
        assert (config.patience, config.keep) == (patience, settings.get("keep", "best" if validates else "last"))
    assert preset_config("plain", "binary", settings | {"patience": None}, validates=validates).patience is None
    with pytest.raises(InvalidSetting, match="epochs: got 'many'"):
        preset_config("table", "binary", {"epochs": "many"}, validates=validates)


STANDARD = Preparation("standard", smooth_clip=False)


def prepared_part(columns, train, held_out, weight=None, missing="mean", dtype="float64"):
    """Return what the networks of a split are given."""
    table = {name: columns[name] for name in ("a", "b", "price", *([weight] if weight else ()))}
    problem = read_problem(table, Roles("price", weight=weight, missing=missing))
    return prepare(problem, Split(train, held_out, np.arange(0)), STANDARD, dtype).part


def with_gaps(columns):
    """Return a table in which numbers of each part are missing."""
    gaps = np.array(columns["b"])
    gaps[[1, 5, 6, 30]] = np.nan
    return columns | {"b": gaps}


@pytest.mark.parametrize("weight", [None, "w"])
def test_rows_are_prepared_by_what_those_that_are_trained_on_say(weight):
    """Weighted means and deviations of the training rows, for all; what is missing is their mean, which is then 0."""
    columns, held_out = with_gaps(rows_of(160)), np.arange(0, 160, 3)
    train = np.setdiff1d(np.arange(160), held_out)
    part, w = prepared_part(columns, train, held_out, weight), columns["w"] if weight else np.ones(160)
    order = np.concatenate((train, held_out))

    def standardised(values):
        there = train[~np.isnan(values[train])]
        mean = np.average(values[there], weights=w[there])
        spread = np.sqrt(np.average((values[there] - mean) ** 2, weights=w[there]))
        return np.where(np.isnan(values), 0.0, (values - mean) / spread)[order]

    assert np.allclose(part.x, np.stack([standardised(columns[name]) for name in ("a", "b")], axis=1), atol=1e-12)
    assert np.allclose(part.y[:, 0], standardised(columns["price"]), atol=1e-12)
    assert np.array_equal(part.weight, w[order])
    assert np.array_equal(part.emphasis, w[train])


@pytest.mark.parametrize("absent", [None, "large"])
def test_balanced_classes_weigh_alike_and_all_rows_together_as_before(absent):
    """Those that have rows to be trained on with a weight: one that has none takes no share."""
    columns = {name: rows_of(160)[name] for name in ("a", "b", "size", "w")}
    size = np.array(columns["size"])
    columns["w"] = np.where(size == absent, 0.0, columns["w"])
    split = Split(np.arange(120), np.arange(120, 160), np.arange(0))
    problem = read_problem(columns, Roles("size", weight="w"))
    part = prepare(problem, split, STANDARD._replace(class_weight="balanced"), "float64").part
    present = [name for name in ("small", "medium", "large") if name != absent]
    sums = [part.emphasis[size[:120] == name].sum() for name in present]
    assert sums == pytest.approx([columns["w"][:120].sum() / len(present)] * len(present))
    assert part.emphasis[size[:120] == absent].sum() == 0
    assert np.array_equal(part.weight, columns["w"])


def test_epochs_are_compared_on_the_validation_rows_and_without_any_on_those_to_test_on():
    columns = {name: rows_of(60)[name] for name in ("a", "b", "price")}
    problem, train = read_problem(columns, Roles("price")), np.arange(30)
    middle, last = np.arange(30, 45), np.arange(45, 60)
    for split, held_out in ((Split(train, middle, last), middle), (Split(train, middle[:0], last), last)):
        part = prepare(problem, split, Preparation("none", smooth_clip=False), "float64").part
        assert (part.training, part.held_out) == (30, 15)
        assert np.array_equal(part.x[30:], np.stack([columns["a"], columns["b"]], axis=1)[held_out])


def test_numbers_to_learn_that_are_all_alike_in_a_part_stay_numbers():
    columns = {name: rows_of(60)[name] for name in ("a", "b", "price")}
    columns["price"][:40] = 7.0
    part = prepared_part(columns, np.arange(40), np.arange(40, 60))
    assert (part.y[:40] == 0).all()
    assert np.allclose(part.y[40:, 0], columns["price"][40:] - 7)


def test_a_part_of_which_no_row_counts_is_refused():
    for nothing in (slice(40), slice(40, 60)):
        for weight in (0.0, 1e-300):  # which is 0 in float32
            columns = rows_of(60)
            columns["w"][nothing] = weight
            with pytest.raises(InvalidSetting, match=r"weight: got 0.*in every part of every split"):
                prepared_part(columns, np.arange(40), np.arange(40, 60), "w", dtype="float32")


@pytest.mark.parametrize("missing", ["mean", "indicator"])
def test_what_is_held_out_changes_nothing_of_what_is_trained_on(missing):
    columns, other, held_out = with_gaps(rows_of(160)), with_gaps(rows_of(160)), np.arange(0, 160, 3)
    train = np.setdiff1d(np.arange(160), held_out)
    for name in ("a", "b", "price"):
        other[name][held_out] = 1e3 - other[name][held_out]
    one, two = (prepared_part(table, train, held_out, missing=missing) for table in (columns, other))
    for name in ("x", "y"):
        assert np.array_equal(getattr(one, name)[: len(train)], getattr(two, name)[: len(train)])
    assert not np.array_equal(one.x, two.x)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--target", "prise"], "price"),
        (["--target", "nine"], "nine"),
        (["--target", "size", "--folds", "200"], "folds"),
        (["--target", "price", "--class-weight", "balanced"], "class_weight"),
        (["--target", "price", "--preset", "tabel"], "did you mean table"),
        (["--target", "price", "--validation", "1"], "validation"),
        (["--target", "price", "--points", "5"], "beside a table"),
        (["--target", "price", "--loss", "cross-entropy"], "softmax"),
        (["--target", "price", "--keep", "best", "--validation", "0"], "keep"),
        ([], "target"),
    ],
)
def test_bad_input_gets_one_line_and_nothing_is_written(table, tmp_path, monkeypatch, capsys, words, message):
    monkeypatch.chdir(tmp_path)
    assert main.run(["train", "--data", "things.csv", *words]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert message in said.err.replace("-", "_") or message in said.err
    assert [path.name for path in tmp_path.iterdir()] == ["things.csv"]


def test_a_sweep_over_folds_trains_the_networks_of_a_fit_and_says_what_cannot_be_told(table, tmp_path, capsys):
    words = ["--data", str(table), "--target", "good", "--ignore", OTHERS["good"], "--folds", "3", "--epochs", "20"]
    store = str(tmp_path / "a.db")
    assert main.run(["sweep", *words, "--hidden", "2,8", "--seeds", "4", "--out", store]) == 0
    assert "24 networks: 24 trained" in capsys.readouterr().out
    assert main.run(["sweep", *words, "--hidden", "2,8", "--seeds", "4", "--out", store]) == 0
    assert "24 networks: 0 trained" in capsys.readouterr().out
    done = fit(table, "good", seeds=4, roles={"ignore": OTHERS["good"]}, splitting={"folds": 3}, **SMALL)
    with open_store(tmp_path / "a.db") as connection:
        runs = read_runs(connection)
        rows = connection.execute(
            "SELECT p.fold, c.seed, c.log_loss FROM scores AS c JOIN splits AS p ON p.settings = c.settings "
            "JOIN settings AS s ON s.id = c.settings WHERE s.hidden = '8' ORDER BY p.fold, c.seed"
        ).fetchall()
    wide = runs.column("hidden") == "8"
    assert np.array_equal(np.sort(runs.loss[wide]), np.sort(done.results.loss))
    assert [row[2] for row in rows] == pytest.approx(done.evaluation.members["test"]["log_loss"].tolist())
    assert main.run(["show", store, "--by", "hidden", "--metric", "log_loss", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert {entry["settings"]["hidden"] for entry in shown["settings"]} == {"2", "8"}
    best = shown["settings"][0]
    values = [row[2] for row in rows] if best["settings"]["hidden"] == "8" else None
    assert values is None or best["score"]["estimate"] == pytest.approx(np.mean(values))


def test_a_model_of_a_named_data_set_answers_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main.run(["train", "--data", "linear", "--no-plots"]) == 0
    model = load_model(tmp_path / "fnn-linear" / "model.npz")
    assert model.predict({"x1": [0.9, 0.1], "x2": [0.1, 0.9]}).tolist() == [0, 1]
    with pytest.raises(InvalidSetting, match="x2"):
        model.predict({"x1": [0.9]})
