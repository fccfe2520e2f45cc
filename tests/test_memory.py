"""How much memory results take, counted before training and measured after it; and tables, read and predicted."""

import dataclasses
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import fnn
from fnn.data.samples import Part
from fnn.ensembles.model_file import save_model
from fnn.errors import InvalidSetting
from fnn.machine import memory
from fnn.training.memory import COPIES, curve_length, most_seeds, network_bytes, training_bytes
from fnn.training.train import train_parts

SHARED = "curve_epochs"  # of all networks


def part(held_out, samples=9):
    rows = samples + held_out
    return Part(np.ones((rows, 3)), np.eye(2)[np.arange(rows) % 2], np.ones(rows), np.ones(samples), samples, "sides")


def bytes_of(results):
    """Return the bytes of all arrays of results but those that networks share."""
    values = {field.name: getattr(results, field.name) for field in dataclasses.fields(results)}
    arrays = [v for name, v in values.items() if isinstance(v, np.ndarray) and name != SHARED]
    return sum(array.nbytes for array in (*arrays, *results.flat))


@pytest.mark.parametrize("held_out", [0, 5])
@pytest.mark.parametrize("settings", [{}, {"dtype": "float32", "hidden": "7"}, {"input_scale": "learned"}])
@pytest.mark.parametrize("every", [0, 1, 4])
def test_what_is_counted_is_what_results_take(settings, held_out, every):
    config = fnn.Config(epochs=10, **settings)
    results = train_parts([config], [part(held_out)] * 2, seeds=range(3), backend="numpy", curve_every=every)
    counted = network_bytes(config, 3, 2, curve_length(10, every), held_out > 0) * len(results)
    assert len(results) == 6
    assert counted == bytes_of(results) + 7 * len(results)  # whether a rule is met is a byte, and counted as 8


@pytest.mark.skipif(memory() is None, reason="the system does not say how much memory it has")
@pytest.mark.parametrize("held_out", [False, True])
@pytest.mark.parametrize("parts", [1, 6])
def test_as_many_seeds_as_fit_the_memory(parts, held_out):
    configs, points = [fnn.Config(epochs=300), fnn.Config(epochs=300, input_scale="learned")], 301
    a_seed = parts * sum(network_bytes(config, 3, 2, points, held_out) for config in configs)
    rest = max(training_bytes(config, 3, 2, 0) for config in configs) + 8 * points
    most = most_seeds(configs, 3, 2, 1, parts=parts, held_out=held_out)
    assert most * COPIES * a_seed + rest <= memory() < (most + 1) * COPIES * a_seed + rest


@pytest.mark.skipif(memory() is None, reason="the system does not say how much memory it has")
def test_parts_and_what_is_held_out_count_against_the_seeds():
    config = fnn.Config(epochs=300)
    for parts, held_out in ((1, 0), (4, 0), (4, 5)):
        # The NumPy path holds what units give for all samples at once, by which a machine may fit a seed less.
        most = most_seeds([config], 3, 2, 1, parts=parts, held_out=held_out > 0, samples=9 + held_out)
        with pytest.raises(InvalidSetting, match=f"expected at most {most:,}, which fit the memory"):
            train_parts([config], [part(held_out)] * parts, seeds=range(most + 1), backend="numpy")
    with pytest.raises(InvalidSetting, match="epochs: got 1000000000; expected what fits the memory"):
        train_parts([fnn.Config(epochs=10**9)], [part(5)] * 8, seeds=[1], backend="numpy")


def test_what_one_network_takes_while_it_trains_counts_too():
    """Weights of 32,767 × 32,767 alone would fit, and their training would not: the process would be killed."""
    with pytest.raises(InvalidSetting, match="hidden: got '32767x32767x32767x32767'; expected what fits the memory"):
        fnn.train(fnn.Config(hidden="32767x32767x32767x32767"), *fnn.data.xor(), seeds=[1])
    wide = fnn.Config(hidden="300x300")
    on_numpy = training_bytes(wide, 2, 1, 1000) - training_bytes(wide, 2, 1, 0)
    assert on_numpy == 1000 * 601 * 4 * 8


# ---- a process of its own, as the system sees it: what tracemalloc does not, too ----

on_linux = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="the system does not say what was the peak"
)

PEAK = """
def peak():
    with open("/proc/self/status") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith("VmHWM"))
"""


def measured(code):
    """Return the numbers that lines of Python print, in a process of its own that has `peak()`, in bytes."""
    done = subprocess.run([sys.executable, "-c", PEAK + code], capture_output=True, text=True, check=True)
    return [int(word) for word in done.stdout.split()]


def write_numbers(path, rng, columns, rows, form):
    """Write rows of numbers, a thousand different ones, and a last column of 0 and 1."""
    lines = (
        ",".join([*map(form.format, row), str(k % 2)])
        for k, row in enumerate(rng.normal(size=(1000, columns)).tolist())
    )
    text = "\n".join(lines) + "\n"
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(f"x{k}" for k in range(columns + 1)) + "\n")
        file.writelines(text for _ in range(rows // 1000))
    return path


def write_parquet(path, rng, columns, rows):
    """Write as many numbers, all of them different, and a last column of 0 and 1, in one row group."""
    parquet = pytest.importorskip("pyarrow.parquet")
    from pyarrow import table

    numbers = {f"x{k}": rng.normal(size=rows) for k in range(columns)}
    parquet.write_table(table({**numbers, f"x{columns}": np.arange(rows) % 2}), path)
    return path


@on_linux
@pytest.mark.parametrize(
    ("ending", "form", "rows"), [("csv", "{:.6g}", 200_000), ("csv", "{!r}", 200_000), ("parquet", None, 500_000)]
)
def test_a_table_is_read_in_at_most_four_times_its_memory(tmp_path, rng, ending, form, rows):
    columns = 20
    write = partial(write_numbers, form=form) if form else write_parquet
    small, large = (str(write(tmp_path / f"{n}.{ending}", rng, columns=columns, rows=n)) for n in (1000, rows))
    # What is loaded to read a few rows is no matter of the table.
    before, table, problem, read = measured(f"""
from fnn.data.reading import read_table
from fnn.ensembles.problem import Roles, read_problem
read_problem({small!r}, Roles(-1))
print(peak())
read_table({large!r})
print(peak())
rows = read_problem({large!r}, Roles(-1)).rows
print(peak(), rows)
""")
    assert read == rows
    assert table - before <= 4 * 8 * rows * columns
    assert problem - before <= 4 * 8 * rows * columns


@on_linux
@pytest.mark.parametrize(
    ("table", "to"),
    [
        ("csv", "csv"),
        *(pytest.param(*pair, marks=pytest.mark.slow) for pair in (("parquet", "csv"), ("csv", "parquet"))),
    ],
)
def test_predicting_takes_no_more_memory_for_more_rows(tmp_path, rng, table, to):
    # From 131,072 rows on, a page of Parquet, of which there is one of each column in memory, is full.
    columns, sizes, peaks = 20, (1000, 140_000, 260_000), []
    if "parquet" in (table, to):
        pytest.importorskip("pyarrow")
    write = write_parquet if table == "parquet" else partial(write_numbers, form="{:.6g}")
    paths = [write(tmp_path / f"{rows}.{table}", rng, columns=columns, rows=rows) for rows in sizes]
    save_model(tmp_path / "model.npz", fnn.fit(paths[0], -1, seeds=4, hidden=(5,), epochs=1).model)
    for rows, path in zip(sizes[1:], paths[1:], strict=True):
        command = ["predict", "model.npz", "--data", str(path), "--out", f"to.{to}"]
        (after,) = measured(f"""
import contextlib, io, os
from fnn.cli.main import run
os.chdir({str(tmp_path)!r})
with contextlib.redirect_stdout(io.StringIO()) as said:
    assert run({command!r}) == 0
assert "{rows:,} rows" in said.getvalue()
print(peak())
""")
        peaks.append(after)
    assert peaks[1] - peaks[0] < (sizes[2] - sizes[1]) * columns * 8 / 2


@on_linux
@pytest.mark.parametrize(("settings", "backend"), [
    ({"dtype": "float32"}, "numba"), ({"dtype": "float64"}, "numba"), ({"dtype": "float32"}, "numpy"),
])  # fmt: skip
def test_training_takes_what_is_counted_and_not_twice_as_much(settings, backend):
    """What is counted is refused, so it may not be more than is taken; much less, and a process would be killed."""
    taken, counted = measured(f"""
import fnn
from fnn.training.memory import COPIES, network_bytes, training_bytes
samples, settings = fnn.data.xor4(), {settings!r}
fnn.train(fnn.Config(hidden="40x40", epochs=1, **settings), *samples, seeds=[1], backend={backend!r})
before, config = peak(), fnn.Config(hidden="2000x2000", epochs=1, **settings)
fnn.train(config, *samples, seeds=[1], backend={backend!r}, curve_every=0)
print(peak() - before, int(training_bytes(config, 2, 1, 0) + COPIES * network_bytes(config, 2, 1, 0)))
""")
    # In NumPy an update has temporaries, which come to twice what is counted, but for a page or an arena more.
    assert 0.9 * counted <= taken <= 2.1 * counted
