"""The README is what it says: its commands run, print what it shows, and its tables list what there is.

Run as a script, this file writes the README's results, tables and pictures anew.
"""

import contextlib
import importlib
import io
import itertools
import json
import os
import re
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path

import pytest
from matplotlib import image

import fnn
from fnn import bench, config, data
from fnn.bench.tables import from_document
from fnn.bench.targets import JAX, TORCH
from fnn.cli import main
from fnn.network import activations, initializers, losses, optimizers, schedules

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PICTURE = ROOT / ".readme" / "xor-200.png"
SWEEP_PICTURE = ROOT / ".readme" / "xor-sweep.png"
PAGE_PICTURE = ROOT / ".readme" / "lab-page.png"

SHELL = re.compile(r"(```console\n\$ (fnn [^\n]*)\n)(.*?)(```)", re.DOTALL)
STUDY = re.compile(r"`(\w+\.toml)`:\n\n```toml\n(.*?)```", re.DOTALL)
PYTHON = re.compile(r"```python\n((?:(?!```).)*)```\n\n```text\n(.*?)```", re.DOTALL)
PARTS = {
    "data": (data.DATA, "--data"),
    "activations": (activations.ACTIVATIONS, "--activation, --output"),
    "losses": (losses.LOSSES, "--loss"),
    "reductions": (losses.REDUCTIONS, "--reduction"),
    "orders of mini-batches": (config.ORDERS, "--order, --batch-size"),
    "optimizers": (optimizers.OPTIMIZERS, "--optimizer"),
    "bias corrections": (optimizers.BIAS_CORRECTIONS, "--bias-correction"),
    "places of epsilon": (optimizers.EPSILON_PLACES, "--epsilon-place"),
    "schedules": (schedules.SCHEDULES, "--scheduler"),
    "initializers": (initializers.INITIALIZERS, "--init"),
    "precisions": (config.DTYPES, "--dtype"),
    "stopping rules": (
        [name.removeprefix("stop_").replace("_", " ") for name in config.STOPS],
        ", ".join(f"--{name.replace('_', '-')}" for name in config.STOPS),
    ),
}
LOOPS = {
    "numpy-loop": "NumPy, as the lab writes it",
    "torch-loop": "PyTorch `Sequential`, `Adam`, `StepLR`",
    "sklearn": "scikit-learn `MLPClassifier`",
}
NUMBER = re.compile(r"\d[\d.]*(?:e[-+]?\d+)?")


def write_study(folder):
    """Write the README's study file into a folder."""
    ((name, text),) = STUDY.findall(README.read_text(encoding="utf-8"))
    (Path(folder) / name).write_text(text, encoding="utf-8")


def run_command(line, folder):
    """Return what `fnn ...` prints, run in a folder."""
    out = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out):
        assert main.run(line.split()[1:]) == 0
    return out.getvalue()


def run_python(code):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, "README.md", "exec"), {})
    return out.getvalue()


def parts_table():
    return "".join(
        f"| {part} | {', '.join(names)} | {' '.join(f'`{o}`' for o in options.split(', '))} |\n"
        for part, (names, options) in PARTS.items()
    )


def module_table():
    rows = ""
    for package in (fnn, bench):
        for name in package.__doc__.rpartition("\n\n")[2].split():
            module = importlib.import_module("cli" if name == "cli" else f"{package.__name__}.{name}")
            first = module.__doc__.partition("\n")[0].rstrip(".")
            rows += f"| `{'cli.py' if name == 'cli' else f'{package.__name__}/{name}.py'}` | {first} |\n"
    return rows


SPEED = from_document(json.loads((ROOT / "bench" / "results" / "results.json").read_text(encoding="utf-8")))


SPEED_HEAD = "| work | fnn (quartiles) | JAX | PyTorch | fnn is faster than either by | share of the FMA peak |"


def rows_of(*work):
    """Return the recorded rows of each case of some work, by contender: ((what, dtype), {contender: row})."""
    timed = [row for row in SPEED.rows if row.work in work and row.seconds]
    for case, rows in itertools.groupby(timed, key=lambda row: (row.what, row.dtype)):
        yield case, {row.contender: row for row in rows}


def speed_table():
    """Return networks per second from the recorded run, of each peer its fastest form."""
    table = ""
    for (what, dtype), rows in rows_of("xor", "width"):
        if "fnn" not in rows:
            continue
        # A peer that was over the run's cap of seconds has no figure.
        best = [max((row.per_second for n, row in rows.items() if n in forms), default=0) for forms in (JAX, TORCH)]
        ours = rows["fnn"]
        slow, fast = (ours.networks / ours.seconds[at] for at in (2, 0))
        table += f"| {what}, {dtype} | {ours.per_second:,.0f} ({slow:,.0f}–{fast:,.0f}) "
        table += "".join(f"| {rate:,.0f} " if rate else "| – " for rate in best)
        table += f"| {ours.per_second / max(best):.1f} " if max(best) else "| – "
        table += f"| {ours.share:.0%} |\n"
    return table


def loops_table():
    """Return how many times as fast a network in a stack is as one in a loop, from the recorded run."""
    return "".join(
        f"| {LOOPS[name]}, {dtype} | {row.per_second:,.1f} | {row.ratio:,.0f} |\n"
        for (_, dtype), rows in rows_of("xor")
        for name, row in rows.items()
        if name in LOOPS
    )


SWEEPS = json.loads((ROOT / "bench" / "results" / "sweep.json").read_text(encoding="utf-8"))


def sweeps_table():
    """Return what sweeps took, from the recorded run."""
    return "".join(
        f"| {row['networks']:,} networks | {row['seconds']:.0f} s | {row['bytes'] / 1e6:.0f} MB "
        f"| {row['peak_bytes'] / 1e6:.0f} MB |\n"
        for row in SWEEPS["sweeps"].values()
    )


def machine_line():
    called = {"numba": "Numba", "jax": "JAX", "torch": "PyTorch", "scikit-learn": "scikit-learn"}
    machine, packages = SPEED.machine, SPEED.machine["packages"]
    versions = ", ".join(f"{name} {packages[package]}" for package, name in called.items())
    return (
        f"{machine['cpu']}, {SPEED.method['threads']} threads, Python {machine['python']}, {versions}; "
        f"medians of {SPEED.method['runs']} runs."
    )


def alike(printed, shown):
    """Whether two texts are the same but for the last digits of their numbers and the seconds taken."""
    timed = r"(?<=trained in )\S+(?= s)|(?<=after )\S+(?= s;)|(?<=seeds, )\S+(?= s\n)|[\d,]+(?= networks a second)"
    printed, shown = (re.sub(timed, "…", text) for text in (printed, shown))
    numbers = [[float(n) for n in NUMBER.findall(text)] for text in (printed, shown)]
    # A 2% leeway: rounding differs from processor to processor, and 500 epochs amplify it.
    return NUMBER.sub("#", printed) == NUMBER.sub("#", shown) and numbers[0] == pytest.approx(
        numbers[1], rel=0.02, abs=1e-6
    )


@pytest.fixture(scope="module")
def one_folder(tmp_path_factory):
    """The folder in which the commands run one after the other, as a reader would."""
    folder = tmp_path_factory.mktemp("readme")
    write_study(folder)
    return folder


@pytest.mark.parametrize("number", range(len(SHELL.findall(README.read_text(encoding="utf-8")))))
def test_commands_print_what_is_shown(number, one_folder):
    _, line, shown, _ = SHELL.findall(README.read_text(encoding="utf-8"))[number]
    printed = run_command(line, one_folder)
    assert shown.strip()
    assert alike(printed, shown), printed


def test_python_prints_what_is_shown():
    ((code, shown),) = PYTHON.findall(README.read_text(encoding="utf-8"))
    printed = run_python(code)
    assert shown.strip()
    assert alike(printed, shown), printed


def test_tables_are_complete():
    text = README.read_text(encoding="utf-8")
    assert parts_table() in text
    assert module_table() in text


def test_speed_is_that_of_the_recorded_run():
    text = README.read_text(encoding="utf-8")
    assert speed_table() in text
    assert loops_table() in text
    assert machine_line() in text
    assert sweeps_table() in text


def test_the_store_is_read_as_shown(one_folder):
    """By plain SQLite, and by those of pandas and DuckDB that are there; DuckDB fetches its part for SQLite itself."""
    text = README.read_text(encoding="utf-8")
    (query,) = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
    reading, scanning = re.findall(r"^(?:pandas|duckdb)\..*$", text, re.MULTILINE)
    path = one_folder / "read.db"
    fnn.sweep("xor4", optimizer=["sgd", "adam"], lr=[0.1, 1.0], epochs=50, seeds=20, out=path)
    with contextlib.chdir(one_folder), contextlib.closing(sqlite3.connect("read.db")) as connection:
        rows = connection.execute(query).fetchall()
        assert [row[:3] for row in rows] == [(o, lr, 20) for o in ("adam", "sgd") for lr in (0.1, 1.0)]
        solved = {o: sum(row[3] for row in rows if row[0] == o) / 2 for o in ("adam", "sgd")}
        pandas = pytest.importorskip("pandas")
        frame = eval(
            reading.replace('sqlite3.connect("xor.db")', "connection"), {"pandas": pandas, "connection": connection}
        )
        assert frame.groupby("optimizer").solved.mean().to_dict() == pytest.approx(solved)
        duckdb = pytest.importorskip("duckdb")
        try:
            found = eval(scanning.replace("xor.db", "read.db"), {"duckdb": duckdb}).fetchall()
        except duckdb.Error as error:
            if "extension" not in str(error):
                raise
            pytest.skip("DuckDB cannot fetch its extension here")
        assert dict(found) == pytest.approx(solved)


def test_links_and_pictures_are_there():
    links = re.findall(r"\]\(([^)]+)\)", README.read_text(encoding="utf-8"))
    assert {p.relative_to(ROOT).as_posix() for p in (PICTURE, SWEEP_PICTURE, PAGE_PICTURE)} < set(links)
    for link in links:
        assert (ROOT / link).exists(), link
    assert image.imread(PICTURE).shape[2] in (3, 4)


def draw_picture(path):
    """Draw the README's picture: the answers of 200 networks over the square, beside their learning curves."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from fnn.plots import run as plots

    samples = fnn.data.xor()
    results = fnn.train(fnn.Config(), *samples, seeds=range(312551116, 312551316))
    with mpl.rc_context(plots.STYLE):
        figure = Figure(figsize=(10, 4.6), layout="constrained")
        left, right = figure.subfigures(1, 2)
        plots.decision_boundary(left, results, samples)
        plots.learning_curve(right, results, samples)
        figure.savefig(path, dpi=110)


def draw_sweep(path, store_path):
    """Draw the README's second picture: epochs to solve in the sweep it shows."""
    from fnn.plots import sweep as charts
    from fnn.sweeps.query import read_runs
    from fnn.sweeps.summaries import summarize_groups

    with tempfile.TemporaryDirectory() as folder, contextlib.open_store(store_path) as connection:
        runs = read_runs(connection)
        charts.save_figures(Path(folder), connection, runs, summarize_groups(runs))
        path.write_bytes((Path(folder) / "epochs-to-solve.png").read_bytes())


def draw_page(path):
    """Draw the head of the lab's page, as a browser shows it."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        run_command("fnn study lab", folder)
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_page(viewport={"width": 1000, "height": 900}, color_scheme="light")
        page.goto((Path(folder) / "fnn-study-lab" / "index.html").as_uri())
        page.screenshot(path=path)
        browser.close()


def write():
    """Write the README's results, tables and pictures anew."""
    text = README.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        write_study(folder)
        text = SHELL.sub(lambda m: m[1] + run_command(m[2], folder) + m[4], text)
        draw_sweep(SWEEP_PICTURE, Path(folder) / "xor.db")
    text = PYTHON.sub(lambda m: f"```python\n{m[1]}```\n\n```text\n{run_python(m[1])}```", text)
    tables = {
        "| part | names | option |": parts_table(),
        "| module | what lives there |": module_table(),
        SPEED_HEAD: speed_table(),
        "| one sweep of lab XOR, float32 | time | file | most memory |": sweeps_table(),
        "| one after the other | networks a second | fnn is faster by |": loops_table(),
    }
    text = re.sub(r"(?<=Measured on )[^\n]*", machine_line(), text)
    for head, rows in tables.items():
        text = re.sub(rf"({re.escape(head)}\n[-| ]+\n)(\|[^\n]*\n)*", lambda m, rows=rows: m[1] + rows, text)
    README.write_text(text, encoding="utf-8")
    draw_picture(PICTURE)
    draw_page(PAGE_PICTURE)


if __name__ == "__main__":
    os.environ.setdefault("COLUMNS", "80")
    sys.exit(write())
