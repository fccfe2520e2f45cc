"""The README is what it says: its commands run, print what it shows, and its tables list what there is.

Run as a script, this file writes the README's results, tables and picture anew.
"""

import contextlib
import importlib
import io
import json
import os
import re
import sys
import tempfile
from pathlib import Path

import pytest
from matplotlib import image

import cli
import fnn
from fnn import activations, config, data, initializers, losses, optimizers, schedules

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PICTURE = ROOT / ".readme" / "xor-200.png"

SHELL = re.compile(r"(```console\n\$ (fnn [^\n]*)\n)(.*?)(```)", re.DOTALL)
PYTHON = re.compile(r"```python\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)
PARTS = {
    "data": (data.DATA, "--data"),
    "activations": (activations.ACTIVATIONS, "--activation, --output"),
    "losses": (losses.LOSSES, "--loss"),
    "reductions": (losses.REDUCTIONS, "--reduction"),
    "optimizers": (optimizers.OPTIMIZERS, "--optimizer"),
    "schedules": (schedules.SCHEDULES, "--scheduler"),
    "initializers": (initializers.INITIALIZERS, "--init"),
    "precisions": (config.DTYPES, "--dtype"),
}
LOOPS = {
    "numpy loop": "NumPy, as the lab writes it",
    "torch loop": "PyTorch `Sequential`, `Adam`, `StepLR`",
    "sklearn loop": "scikit-learn `MLPClassifier`",
}
NUMBER = re.compile(r"\d[\d.]*(?:e[-+]?\d+)?")


def run_command(line, folder):
    """Return what `fnn ...` prints, run in a folder."""
    out = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out):
        assert cli.run(line.split()[1:]) == 0
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
    for name in fnn.__doc__.rpartition("\n\n")[2].split():
        module = importlib.import_module("cli" if name == "cli" else f"fnn.{name}")
        first = module.__doc__.partition("\n")[0].rstrip(".")
        rows += f"| `{'cli.py' if name == 'cli' else f'fnn/{name}.py'}` | {first} |\n"
    return rows


SPEED = json.loads((ROOT / "bench" / "results" / "kernel.json").read_text(encoding="utf-8"))


def speed_table():
    """Return networks per second from the recorded run."""
    rows = ""
    for result in SPEED["results"]:
        if "rows" not in result:
            continue
        by_name = result["rows"]
        fnn_row = by_name["fnn"]
        ratios = [by_name[name]["ratio"] for name in ("jax", "torch")]
        rows += f"| {result['what']} | {fnn_row['per_second']:,.0f} "
        rows += "".join(f"| {by_name[name]['per_second']:,.0f} " for name in ("jax", "torch"))
        rows += f"| {min(ratios):.1f} | {fnn_row['share_of_peak']:.0%} |\n"
    return rows


def loops_table():
    """Return how many times as fast a network in a stack is as one in a loop, from the recorded run."""
    rows = ""
    for result in SPEED["results"]:
        for name, row in result.get("rows", {}).items():
            if name.endswith("loop"):
                what = f"{LOOPS[name]}, {result['what'].split()[-1]}"
                rows += f"| {what} | {row['per_second']:,.1f} | {row['ratio']:,.0f} |\n"
    return rows


def machine_line():
    m = SPEED["machine"]
    return (
        f"{m['cpu']}, {m['threads']} threads, Python {m['python']}, Numba {m['numba']}, JAX {m['jax']}, "
        f"PyTorch {m['torch']}, scikit-learn {m['scikit-learn']}; medians of {SPEED['runs']} runs."
    )


def alike(printed, shown):
    """Whether two texts are the same but for the last digits of their numbers and the seconds taken."""
    printed, shown = (re.sub(r"trained in \S+ s", "trained in … s", text) for text in (printed, shown))
    numbers = [[float(n) for n in NUMBER.findall(text)] for text in (printed, shown)]
    # A 2% leeway: rounding differs from processor to processor, and 500 epochs amplify it.
    return NUMBER.sub("#", printed) == NUMBER.sub("#", shown) and numbers[0] == pytest.approx(
        numbers[1], rel=0.02, abs=1e-6
    )


@pytest.mark.parametrize("number", range(len(SHELL.findall(README.read_text(encoding="utf-8")))))
def test_commands_print_what_is_shown(number, tmp_path):
    _, line, shown, _ = SHELL.findall(README.read_text(encoding="utf-8"))[number]
    printed = run_command(line, tmp_path)
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


def test_links_and_pictures_are_there():
    links = re.findall(r"\]\(([^)]+)\)", README.read_text(encoding="utf-8"))
    assert PICTURE.relative_to(ROOT).as_posix() in links
    for link in links:
        assert (ROOT / link).exists(), link
    assert image.imread(PICTURE).shape[2] in (3, 4)


def draw_picture(path):
    """Draw the README's picture: the answers of 200 networks over the square, beside their learning curves."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from fnn import plots

    samples = fnn.data.xor()
    results = fnn.train(fnn.Config(), *samples, seeds=range(312551116, 312551316))
    with mpl.rc_context(plots.STYLE):
        figure = Figure(figsize=(10, 4.6), layout="constrained")
        left, right = figure.subfigures(1, 2)
        plots.decision_boundary(left, results, samples)
        plots.learning_curve(right, results, samples)
        figure.savefig(path, dpi=110)


def write():
    """Write the README's results, tables and picture anew."""
    text = README.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        text = SHELL.sub(lambda m: m[1] + run_command(m[2], folder) + m[4], text)
    text = PYTHON.sub(lambda m: f"```python\n{m[1]}```\n\n```text\n{run_python(m[1])}```", text)
    tables = {
        "| part | names | option |": parts_table(),
        "| module | what lives there |": module_table(),
        "| work | fnn | JAX | PyTorch | fnn is faster than either by | share of the FMA peak |": speed_table(),
        "| one after the other | networks a second | fnn is faster by |": loops_table(),
    }
    text = re.sub(r"(?<=Measured on )[^\n]*", machine_line(), text)
    for head, rows in tables.items():
        text = re.sub(rf"({re.escape(head)}\n[-| ]+\n)(\|[^\n]*\n)*", lambda m, rows=rows: m[1] + rows, text)
    README.write_text(text, encoding="utf-8")
    draw_picture(PICTURE)


if __name__ == "__main__":
    os.environ.setdefault("COLUMNS", "80")
    sys.exit(write())
