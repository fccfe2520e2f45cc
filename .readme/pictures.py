"""The pictures of the README."""

import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import fnn

FOLDER = Path(__file__).parent


def draw_networks(path: Path) -> None:
    """Draw the answers of 200 networks over the square, beside their learning curves."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from fnn.plots import run as plots
    from fnn.plots.style import STYLE

    samples = fnn.data.xor()
    results = fnn.train(fnn.Config(), *samples, seeds=range(312551116, 312551316))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(10, 4.6), layout="constrained")
        left, right = figure.subfigures(1, 2)
        plots.decision_boundary(left, results, samples, "xor")
        plots.learning_curve(right, results, samples, "xor")
        figure.savefig(path, dpi=110)


def draw_table(path: Path, run_command: Callable[[str, str], str]) -> None:
    """Draw what the ensemble of the README's table predicts, beside what it needs."""
    from matplotlib import image
    from matplotlib.figure import Figure

    with tempfile.TemporaryDirectory() as folder:
        run_command("fnn train --data diabetes.csv --target target --folds 5 --hidden 16", folder)
        figure = Figure(figsize=(11, 5.4), layout="constrained")
        for ax, name in zip(figure.subplots(1, 2), ("predicted-and-true", "importance"), strict=True):
            ax.imshow(image.imread(Path(folder) / "fnn-diabetes" / f"{name}.png"))
            ax.axis("off")
        figure.savefig(path, dpi=110)


def draw_sweep(path: Path, store_path: Path) -> None:
    """Draw the epochs to solve in the sweep that the README shows."""
    from fnn.plots.sweep import save_figures
    from fnn.sweeps.connect import open_store
    from fnn.sweeps.query import read_runs
    from fnn.sweeps.summaries import summarize_groups

    with tempfile.TemporaryDirectory() as folder, open_store(store_path) as connection:
        runs = read_runs(connection)
        save_figures(Path(folder), connection, runs, summarize_groups(runs))
        path.write_bytes((Path(folder) / "epochs-to-solve.png").read_bytes())


def draw_reliability(path: Path) -> None:
    """Draw how much is right of what is answered with a confidence, from the recorded run."""
    from fnn.bench.quality.document import from_document
    from fnn.bench.quality.figures import save_figures

    recorded = from_document(json.loads((FOLDER.parent / "bench/results/quality.json").read_text()))
    with tempfile.TemporaryDirectory() as folder:
        (drawn,) = save_figures(Path(folder), recorded.overall)
        path.write_bytes(drawn.read_bytes())


def draw_play(path: Path, run_command: Callable[[str, str], str]) -> None:
    """Draw the page that plays 200 networks, as a browser shows it: halfway, with one that fails chosen."""
    from PIL import Image
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        run_command("fnn play --data xor --seeds 200", folder)
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_page(viewport={"width": 1280, "height": 1000}, color_scheme="light")
        page.goto((Path(folder) / "fnn-play-xor.html").as_uri() + "#seed=312551307&epoch=120")
        page.wait_for_timeout(2000)  # until all maps are drawn
        page.screenshot(path=path)
        browser.close()
    Image.open(path).convert("RGB").save(path, optimize=True)


def draw_page(path: Path, run_command: Callable[[str, str], str]) -> None:
    """Draw the head of the lab's page, as a browser shows it."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        run_command("fnn study lab", folder)
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_page(viewport={"width": 1000, "height": 900}, color_scheme="light")
        page.goto((Path(folder) / "fnn-study-lab" / "index.html").as_uri())
        page.screenshot(path=path)
        browser.close()
