"""What comes from outside is checked in one place: one table of what is refused, and odd values everywhere."""

import itertools
import random
import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import fnn
from fnn import InvalidSetting, checks
from fnn.cli import main
from fnn.machine import memory
from fnn.sweeps.plan import plan

X, Y = [[0.0, 1.0], [1.0, 1.0]], [[0.0], [1.0]]
BIG = 2**31 - 1
BARE = """
title = "A study that takes no time"
[base]
data = "xor4"
epochs = 1
[figures.loss]
title = "F"
arms = [{label = "a", lr = 0.1}]
[[claims]]
id = "c"
sentence = "S"
figure = "loss"
metric = "solved"
at_least = 0.5
arms = ["a"]
"""


def train(**options):
    """Train two samples for an epoch, with these changes."""
    given = {"configs": fnn.Config(epochs=1), "x": X, "y": Y, "backend": "numpy", **options}
    return fnn.train(given.pop("configs"), given.pop("x"), given.pop("y"), **given)


def sweep(**options):
    return fnn.sweep(**{"data": "xor4", "seeds": 2, "epochs": 1, "backend": "numpy", **options})


def study(**options):
    return fnn.study(**{"name": "lab", "seeds": 2, **options})


WHOLE = "expected a whole number"
TABLE = [
    # ---- train ----
    (train, {"seeds": [1.9, 2.1]}, "seeds", "got 1.9; expected whole numbers from 0"),
    (train, {"seeds": [1.0]}, "seeds", "got 1.0; expected whole numbers"),
    (train, {"seeds": np.array([1.0, 2.0])}, "seeds", r"got np.float64\(1.0\); expected whole numbers"),
    (train, {"seeds": 0}, "seeds", f"got 0; {WHOLE} of at least 1"),
    (train, {"seeds": True}, "seeds", r"got True; expected how many, such as 5; or which, such as range\(5\): whole"),
    (train, {"seeds": [True]}, "seeds", "got True; expected whole numbers"),
    (train, {"seeds": "12"}, "seeds", "got '12'; expected how many, .* whole numbers"),
    (train, {"seeds": b"12"}, "seeds", "got b'12'; expected how many, .* whole numbers"),
    (train, {"seeds": []}, "seeds", r"got \[\]; expected whole numbers .*, at least one"),
    (train, {"seeds": [3, -4]}, "seeds", "got -4; expected whole numbers from 0"),
    (train, {"seeds": range(-2, 3)}, "seeds", "got -2; expected whole numbers from 0"),
    (train, {"seeds": range(2**63 - 1, 2**63 + 1)}, "seeds", f"got {2**63}; expected whole numbers from 0"),
    (train, {"seeds": range(BIG**2)}, "seeds", rf"got {BIG**2}; expected at most [\d,]+, which fit the memory of"),
    (train, {"seeds": range(2**64)}, "seeds", f"got {2**64}; expected at most"),
    (train, {"threads": "2"}, "threads", "got '2'; expected a whole number of at least 1"),
    (train, {"threads": 0}, "threads", "got 0; expected a whole number of at least 1"),
    (train, {"threads": 2.0}, "threads", "got 2.0; expected a whole number"),
    (train, {"curve_every": -1}, "curve_every", "got -1; expected a whole number of at least 0"),
    (train, {"curve_every": 1.0}, "curve_every", "got 1.0; expected a whole number of at least 0"),
    (train, {"backend": "cuda"}, "backend", "got 'cuda'; expected one of numba, numpy"),
    (train, {"backend": None}, "backend", "got None; expected one of numba, numpy"),
    (train, {"on_progress": 3}, "on_progress", "got 3; expected a function"),
    (train, {"x": [["a", "b"], ["c", "d"]]}, "x", "got .*; expected an array of finite numbers"),
    (train, {"x": [["1", "2"], ["3", "4"]]}, "x", "got .*; expected an array of finite numbers"),
    (train, {"x": [[1, 2], [3]]}, "x", "got .*; expected an array of finite numbers"),
    (train, {"x": [[1, None], [3, 4]]}, "x", "got .*; expected an array of finite numbers"),
    (train, {"x": [[1, np.nan], [3, 4]]}, "x", "got nan; expected an array of finite numbers"),
    (train, {"y": [[1], [np.inf]]}, "y", "got inf; expected an array of finite numbers"),
    (train, {"x": [[1, 1j], [3, 4]]}, "x", "got .*; expected an array of finite numbers"),
    (train, {"y": [[1], [10**400]]}, "y", "got .*; expected an array of finite numbers"),
    (train, {"y": [0, 1, 1]}, "x, y", r"got \(\(2, 2\), \(3, 1\)\); expected shapes \(N, I\) and \(N, O\)"),
    (train, {"y": 1}, "y", r"got 'shape \(\)'; expected a row for each sample"),
    (train, {"y": [[1]]}, "x, y", r"got \(\(2, 2\), \(1, 1\)\); expected shapes"),
    (train, {"x": [[], []]}, "x", r"got 'shape \(2, 0\)'; expected a row for each sample"),
    (train, {"configs": []}, "configs", r"got \[\]; expected at least one Config"),
    (train, {"configs": None}, "configs", "got None; expected a Config, or several"),
    (train, {"configs": [fnn.Config(), "adam"]}, "configs", "got 'adam'; expected a Config, or several"),
    (train, {"configs": fnn.Config(hidden=(32767,) * 500, epochs=1)}, "hidden", "got .*; expected what fits"),
    # ---- sweep ----
    (sweep, {"seeds": 2.0}, "seeds", f"got 2.0; {WHOLE} of at least 1, with the first seed no more than 2"),
    (sweep, {"seeds": True}, "seeds", f"got True; {WHOLE}"),
    (sweep, {"seeds": 0}, "seeds", f"got 0; {WHOLE}"),
    (sweep, {"seeds": 2**63 - 5, "seed": 6}, "seeds", f"got {2**63 - 5}; {WHOLE}"),
    (sweep, {"seeds": 2**50}, "seeds", f"got {2**50}; expected what fits the memory of .* GB; this takes"),
    (sweep, {"seeds": 2**50, "out": "a.db"}, "seeds", f"got {2**50}; expected what fits the memory of"),
    (sweep, {"seed": "1"}, "seed", f"got '1'; {WHOLE}"),
    (sweep, {"threads": "2"}, "threads", f"got '2'; {WHOLE}"),
    (sweep, {"curve_points": -1}, "curve_points", f"got -1; {WHOLE} of at least 0"),
    (sweep, {"backend": "cuda"}, "backend", "got 'cuda'; expected one of"),
    (sweep, {"on_progress": "loud"}, "on_progress", "got 'loud'; expected a function"),
    (sweep, {"out": ""}, "out", "got ''; expected a path"),
    (sweep, {"out": b"a.db"}, "out", "got b'a.db'; expected a path"),
    (sweep, {"out": "."}, "out", "got '.'; expected a file in a folder that is there"),
    (sweep, {"out": "none/a.db"}, "out", "got 'none/a.db'; expected a file in a folder that is there"),
    (sweep, {"data": 3}, "data", "got 3; expected one of linear"),
    (sweep, {"data": ("xor", "xro")}, "data", r"got 'xro'; expected one of .*did you mean xor"),
    (sweep, {"data": (X, Y, Y)}, "data", "got .*; expected names of data sets, or x"),
    (sweep, {"data": (X, "y")}, "y", "got 'y'; expected an array of finite numbers"),
    (sweep, {"data": (X, Y), "noise": 0.1}, "noise", "got 0.1; expected none of it beside samples"),
    (sweep, {"data_seed": ["a"]}, "data_seed", f"got 'a'; {WHOLE} of at least 0 and below 2"),
    (sweep, {"data_seed": [1.0]}, "data_seed", f"got 1.0; {WHOLE}"),
    (sweep, {"noise": [[]]}, "noise", r"got \[\]; expected a finite number of at least 0"),
    (sweep, {"noise": "0.1"}, "noise", "got '0.1'; expected a finite number"),
    (sweep, {"points": [4, 5.5]}, "points", f"got 5.5; {WHOLE} of at least 4"),
    (sweep, {"data": "linear", "points": BIG * 1000}, "points", f"got {BIG * 1000}; {WHOLE} of at least 4 and below 2"),
    (sweep, {"lr": ()}, "lr", r"got \(\); expected at least one value"),
    (sweep, {"lr": (0.1, "fast")}, "lr", "got 'fast'; expected a finite number"),
    (sweep, {"lr": {"log": [0.1, 1], "n": 10**14}}, "lr", f"got {10**14}; expected what fits the memory of"),
    (sweep, {"lr": {"log": [0.1, True], "n": 3}}, "lr", "got .*; expected a range such as"),
    (sweep, {"lr": {"log": [0.1, 10**400], "n": 3}}, "lr", "got .*with finite ends"),
    (sweep, {"lr": range(10**14)}, "lr", f"got {10**14}; expected what fits the memory of"),
    (sweep, {name: {"linear": [0.1, 0.9], "n": 10**5} for name in ("lr", "momentum", "beta1", "beta2")},
     "combinations of settings", f"got {10**20}; expected what fits the memory of"),
    (sweep, {"hidden": (3, "4.")}, "hidden", r"got \(3, '4.'\); expected widths"),
    (sweep, {"activation": []}, "activation", r"got \[\]; expected at least one value"),
    (sweep, {"own": True}, "setting", "got 'own'; expected one of data, points"),
    (sweep, {"samples": True}, "setting", "got 'samples'; expected one of data, points"),
    (sweep, {"zip": [{}]}, "zip", r"got \[\{\}\]; expected groups of lists"),
    # ---- study ----
    (study, {"seeds": 1}, "seeds", f"got 1; {WHOLE} of at least 2"),
    (study, {"seeds": 2.5}, "seeds", f"got 2.5; {WHOLE} of at least 2"),
    (study, {"seeds": True}, "seeds", f"got True; {WHOLE}"),
    (study, {"seeds": 2**50}, "seeds", f"got {2**50}; expected what fits the memory of"),
    (study, {"seed": -1}, "seed", f"got -1; {WHOLE} of at least 0"),
    (study, {"threads": "2"}, "threads", f"got '2'; {WHOLE}"),
    (study, {"multiverse": "no"}, "multiverse", "got 'no'; expected true or false"),
    (study, {"out": 3}, "out", "got 3; expected a path"),
    (study, {"name": "lba"}, "study", "got 'lba'; expected one of lab.*did you mean lab"),
    (study, {"name": 3}, "study", "got '3'; expected one of lab"),
    (study, {"on_progress": 1}, "on_progress", "got 1; expected a function"),
    # ---- data ----
    (fnn.data.make, {"name": "mons"}, "data", r"got 'mons'; expected one of .*did you mean moons"),
    (fnn.data.make, {"name": ["xor"]}, "data", r"got \['xor'\]; expected one of"),
    (fnn.data.make, {"name": "xor", "points": 22}, "points", "got 22; expected 21"),
    (fnn.data.make, {"name": "moons", "points": 3}, "points", f"got 3; {WHOLE} of at least 4"),
    (fnn.data.make, {"name": "moons", "points": "5"}, "points", f"got '5'; {WHOLE} of at least 4"),
    (fnn.data.make, {"name": "moons", "noise": -0.1}, "noise", "got -0.1; expected a finite number of at least 0"),
    (fnn.data.make, {"name": "moons", "noise": np.nan}, "noise", "got nan; expected a finite number"),
    (fnn.data.make, {"name": "moons", "noise": False}, "noise", "got False; expected a finite number"),
    (fnn.data.make, {"name": "moons", "seed": 2**63}, "data_seed", f"got {2**63}; {WHOLE} of at least 0 and below 2"),
    # ---- Config ----
    (fnn.Config, {"epochs": 2.0}, "epochs", f"got 2.0; {WHOLE} of at least 1 and below 2"),
    (fnn.Config, {"epochs": True}, "epochs", f"got True; {WHOLE}"),
    (fnn.Config, {"epochs": np.bool_(True)}, "epochs", f"got np.True_; {WHOLE}"),
    (fnn.Config, {"lr": "0.1"}, "lr", "got '0.1'; expected a finite number of at least 0"),
    (fnn.Config, {"lr": 10**5000}, "lr", "got a value of type int; expected a finite number"),
    (fnn.Config, {"activation": []}, "activation", r"got \[\]; expected one of"),
    (fnn.Config, {"optimizer": b"adam"}, "optimizer", "got b'adam'; expected one of"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "settings", "name", "message"), TABLE, ids=lambda v: v if isinstance(v, str) else "")
def test_what_cannot_be_is_refused_by_name(call, settings, name, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidSetting) as error:
        call(**settings)
    assert error.value.name == name
    assert re.match(rf"{re.escape(name)}: {message}", str(error.value))
    assert "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("line", "message"), [
    ("own = true", "setting: got 'own'; expected one of"), ("out = 5", "out: got 5; expected a path"),
    ("data_seed = ['a']", "data_seed: got 'a'; expected a whole number"),
    ("noise = [[]]", r"noise: got \[\]; expected a finite number"),
    ("seeds = true", "seeds: got True; expected a whole number"), ("seeds = 1.0", "seeds: got 1.0; expected"),
    ("seeds = 2024-01-01", r"seeds: got datetime.date\(2024, 1, 1\); expected a whole number"),
    ("threads = '2'", "threads: got '2'; expected"), ("lr = [[0.1]]", r"lr: got \[0.1\]; expected a finite number"),
    ("zip = 3", "zip: got 3; expected groups"),
    ("hidden = [4, 4]", r"hidden: got \[4, 4\]; expected each alternative once; two layers are \(4, 4\)"),
    ("'' = 1", "setting: got ''; expected one of"), ("lr = {}", r"lr: got \{\}; expected a range such as"),
    ("data = 3", "data: got 3; expected one of linear"), ("data = {log = [1, 2], n = 3}", "data: got 1.0; expected"),
])  # fmt: skip
def test_a_sweep_s_file_is_refused_in_one_line(tmp_path, monkeypatch, capsys, line, message):
    monkeypatch.chdir(tmp_path)
    data = "" if line.startswith("data ") else 'data = "xor4"\n'
    Path("a.toml").write_text(f"{data}epochs = 1\n{line}\n", encoding="utf-8")
    assert main.run(["sweep", "a.toml"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(rf"fnn: a\.toml: {message}.*\n", err)
    assert list(tmp_path.iterdir()) == [tmp_path / "a.toml"]


@pytest.mark.parametrize(("arguments", "message"), [
    ("train --data xor --seeds 2147483647", r"--seeds: got 2147483647; expected at most [\d,]+, which fit the memory"),
    ("train --data xor --threads 0", "--threads: got 0; expected a whole number of at least 1"),
    ("train --data moons --points 2147483647000", "--points: got 2147483647000; expected a whole number of at least 4"),
    ("study lab --seeds 1125899906842624", "--seeds: got 1125899906842624; expected what fits the memory of"),
])  # fmt: skip
def test_what_does_not_fit_the_memory_is_refused_by_commands(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main.run([*arguments.split(), *(["--no-plots"] if "train" in arguments else [])]) == 2
    assert re.fullmatch(rf"fnn: {message}.*\n", capsys.readouterr().err)


@pytest.mark.parametrize(("call", "settings"), [
    (train, {"configs": fnn.Config(epochs=BIG), "seeds": range(1000)}),
    (train, {"configs": [fnn.Config(epochs=BIG)] * 1000}),
    (sweep, {"epochs": BIG, "curve_points": BIG, "seeds": 10**6}),
])  # fmt: skip
def test_curves_that_do_not_fit_are_refused_by_the_memory_there_is(call, settings):
    with pytest.raises(InvalidSetting, match=r"fits? the memory of") as error:
        call(**settings)
    # Where a curve of one network fits, it is their number.
    assert error.value.name in ("epochs", "seeds", "configs")


# ---- what is as good as Python's numbers ----


def test_numpy_s_whole_numbers_are_whole_numbers():
    config = fnn.Config(epochs=np.int64(3), seed=np.uint8(5), hidden=(np.int32(2),), lr=np.float32(0.5))
    assert config == fnn.Config(epochs=3, seed=5, hidden=(2,), lr=0.5)
    results = train(configs=config, seeds=np.arange(2, 5), threads=np.int16(1), curve_every=np.int64(2))
    assert results.seeds.tolist() == [2, 3, 4]
    assert results.curve_epochs.tolist() == [0, 2, 3]
    runs = sweep(data="linear", seeds=np.int64(2), seed=np.int32(7), points=np.int64(5), lr=(np.float64(0.5), 1))
    assert sorted(set(runs.seed)) == [7, 8]
    assert runs.settings["points"] == [5, 5]
    assert runs.settings["lr"] == [0.5, 1.0]
    assert plan(data="xor", curve_points=np.int64(4)).points == 4
    x, _ = fnn.data.make("moons", np.int64(6), np.float32(0), np.int8(3))
    assert x.shape == (6, 2)


def test_seeds_are_what_they_were_given_as(rng):
    expected = train(seeds=range(3, 9, 2)).loss
    for seeds in ([3, 5, 7], (3, 5, 7), np.array([3, 5, 7]), iter([3, 5, 7]), {3: 0, 5: 0, 7: 0}, range(3, 9, 2)):
        assert train(seeds=seeds).loss.tolist() == expected.tolist()
    assert checks.seeds("seeds", range(9, 3, -2)).tolist() == [9, 7, 5]
    assert checks.seeds("seeds", range(2**63 - 3, 2**63)).tolist() == [2**63 - 3, 2**63 - 2, 2**63 - 1]


def test_seeds_without_end_are_read_no_further_than_they_may():
    count = itertools.count()
    with pytest.raises(InvalidSetting, match="seeds: got 101; expected at most 100"):
        checks.seeds("seeds", count, most=100)
    assert next(count) <= 102


def test_samples_may_be_of_any_kind_of_number():
    for x, y in (
        ([[0, 1], [1, 1]], [[False], [True]]),
        (np.array(X, np.float32), np.array(Y, np.int8)),
        (np.array([[Fraction(0), 1], [1.0, np.int64(1)]], object), np.array(Y, bool)),
    ):
        assert train(x=x, y=y).loss.tolist() == train().loss.tolist()


def test_without_a_system_that_tells_its_memory_nothing_is_refused_for_it(monkeypatch):
    monkeypatch.delattr("os.sysconf")
    assert memory() is None
    assert plan(data="xor", seeds=2**40).total == 2**40
    checks.fits("seeds", 1, 2**80)
    for seeds in (range(3), [0, 1, 2], iter((0, 1, 2))):
        assert len(train(seeds=seeds)) == 3


def test_the_memory_is_the_machine_s():
    text = Path("/proc/meminfo").read_text(encoding="utf-8") if Path("/proc/meminfo").exists() else ""
    total = re.search(r"MemTotal: +(\d+) kB", text)
    if not total:
        pytest.skip("there is no other word on the memory here")
    assert memory() == int(total[1]) * 1024


# ---- odd values, everywhere ----


def odd():
    """Return values that someone might hand over by mistake, fresh ones: a generator is empty after its first use."""
    return [
        None, True, False, float("nan"), float("inf"), -float("inf"), 10**400, -(10**400), "", "2", "xor4", "\0", "é",
        b"", b"2", [], [[]], [1], [None], [1.9], [True], ["a", 1], {}, {"a": 1}, {"log": [1, 2], "n": 2}, (), (1,),
        (1, 2), ((1, 2), (3,)), ("a", "b"), set(), {3}, frozenset(), object(), lambda *_: None, np.array("a"),
        np.array(3), np.array([1.5]), np.array([]), np.array([[1, 2]]), np.array([None]), np.int64(3), np.uint8(1),
        np.float64(2.5),
        np.float32("nan"), np.bool_(True), np.datetime64("2020-01-01"), np.str_("adam"), 1.9, 2.0, -1, 0, 1, 3, -0.0,
        2**31, 2**63, 2**64, 1j, range(0), range(3), range(-1, 2), (k for k in (1, 2)), (k for k in ("a",)), iter([]),
        memoryview(b"ab"), Ellipsis, NotImplemented, Fraction(1, 2), slice(2), Path("none/a"), "x" * 1000, fnn.Config(),
    ]  # fmt: skip


CONFIG = ["hidden", "activation", "optimizer", "lr", "epochs", "seed", "batch_size", "stop_loss", "scheduler", "warmup"]
ARGUMENTS = {
    train: ["configs", "x", "y", "seeds", "backend", "threads", "curve_every", "on_progress"],
    sweep: ["data", "seeds", "seed", "out", "backend", "threads", "curve_points", "on_progress", "points", "noise",
            "data_seed", "zip", "nonsense", *(name for name in CONFIG if name not in ("seed", "epochs"))],
    fnn.data.make: ["name", "points", "noise", "seed"],
    fnn.Config: CONFIG,
    study: ["name", "seeds", "seed", "multiverse", "out", "threads", "on_progress"],
}  # fmt: skip
DEFAULTS = {fnn.data.make: {"name": "moons"}, study: {"name": "bare.toml"}}


@pytest.mark.parametrize("call", ARGUMENTS, ids=lambda call: call.__name__)
def test_odd_values_are_taken_or_refused(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("bare.toml").write_text(BARE, encoding="utf-8")
    dice, refused, count = random.Random(call.__name__), 0, 1000 if call is not study else 200
    for _ in range(count):
        names = dice.sample(ARGUMENTS[call], k=dice.choice((1, 1, 1, 2)))
        settings = {**DEFAULTS.get(call, {}), **{name: dice.choice(odd()) for name in names}}
        try:
            call(**settings)
        except InvalidSetting as error:
            refused += "\n" not in str(error)
    assert count / 3 < refused < count


@pytest.mark.parametrize("name", ["seeds", "data", "lr", "out", "zip", "hidden", "noise", "points"])
def test_odd_values_of_a_file_are_taken_or_refused(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.toml"
    for value in (
        "true", "nan", "inf", "-inf", "1" + "0" * 30, "''", "'2'", "[]", "[[]]", "{}", "[{}]", "1.9", "-1", "0", "2",
        "2024-01-01", "12:30:00", "[1, 'a']", "{log = [1, 2], n = 2}", "{log = [], n = 2}", "{n = 2}", "[[1], [2]]",
    ):  # fmt: skip
        path.write_text(
            f"epochs = 1\n{name} = {value}\n" + ("" if name == "data" else "data = 'xor4'\n"), encoding="utf-8"
        )
        assert main.run(["sweep", str(path), "--backend", "numpy", "--json"]) in (0, 2), value


# ---- how many seeds, or which ----


def test_a_count_of_seeds_begins_at_each_config_s_own():
    results = train(configs=[fnn.Config(seed=5), fnn.Config(seed=9)], seeds=3)
    assert results.seeds.tolist() == [5, 6, 7, 9, 10, 11]
    assert train(configs=fnn.Config(seed=7), seeds=np.int64(1)).seeds.tolist() == [7]
    for count in (0, -1, True, 1.0, "5", None, 2**63):
        if count is not None:
            with pytest.raises(InvalidSetting, match="seeds: got"):
                train(seeds=count)
    with pytest.raises(InvalidSetting, match="seeds: got 2; expected a whole number of at least 1, with the first"):
        train(configs=fnn.Config(seed=2**63 - 1), seeds=2)


@pytest.mark.parametrize("given", [range(4, 7), [4, 5, 6], (4, 5, 6), np.arange(4, 7)])
def test_seeds_are_named_or_counted_wherever_they_are_asked_for(given):
    assert checks.seed_range(given, None) == checks.seed_range(3, 4) == range(4, 7)
    runs = sweep(data="xor4", seeds=given, epochs=2)
    assert runs.seed.tolist() == [4, 5, 6]
    fitted = fnn.fit({"a": [0.0, 1, 2, 3] * 5, "y": [0.0, 1, 2, 3] * 5}, "y", seeds=given, epochs=1, hidden=2)
    assert fitted.model.seeds.tolist() == [4, 5, 6]
    with pytest.raises(InvalidSetting, match="seed: got 0; expected none of it beside seeds that are named"):
        sweep(data="xor4", seeds=given, seed=0)


def test_runs_of_a_store_are_of_seeds_that_follow_one_another():
    for seeds in ([1, 3], [2, 1], range(0, 9, 2), [0, 0]):
        with pytest.raises(InvalidSetting, match=r"seeds: got .*; expected how many, or seeds that follow one another"):
            sweep(data="xor4", seeds=seeds)
    assert checks.seed_range(range(2**50), None) == range(2**50)  # not listed
