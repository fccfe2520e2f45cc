"""Write what the documents print, list and show: results of commands, tables, and with --pictures the pictures.

    python .readme/generate.py [--pictures]

A block after a line `<!-- generated: NAME -->`, up to the next empty line, is one of `tables.BLOCKS`. What follows
`$ fnn ...` in a console block is what the command prints, and a text block after a Python block is its output. Tests
hold the documents to what this writes; pictures of the page need Playwright and Chromium.
"""

import contextlib
import io
import math
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

import pictures
from tables import BLOCKS, ROOT

from fnn.cli.main import run

README = ROOT / "README.md"
# What scikit-learn's `load_diabetes(as_frame=True, scaled=False).frame.to_csv(path, index=False)` writes.
TABLE = Path(__file__).parent / "diabetes.csv"
DOCUMENTS = tuple(
    ROOT / name
    for name in (
        "README.md",
        "bench/README.md",
        "fnn/studies/README.md",
        "fnn/sweeps/README.md",
        ".github/CONTRIBUTING.md",
    )
)

BLOCK = re.compile(r"(<!-- generated: ([\w-]+) -->\n)((?:[^\n]+\n)*)")
SHELL = re.compile(r"(^\$ (fnn [^\n]*)\n)(.*?)(?=^```|^\n\$)", re.DOTALL | re.MULTILINE)
PYTHON = re.compile(r"(```python\n((?:(?!```).)*)```\n\n```text\n)(.*?)(?=```)", re.DOTALL)
STUDY = re.compile(r"`(\w+\.toml)`[^\n]*:\n\n```toml\n(.*?)```", re.DOTALL)
NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[-+−]?\d+)?")
TIMED = re.compile(
    r"(?<=trained in )\S+(?= s)|(?<=after )\S+(?= s;)|(?<=seeds, )[\d. min]+s(?=\n)|[\d,]+(?= networks a second)"
)


def alike(printed: str, shown: str) -> bool:
    """Whether two results are the same but for the last digits of their numbers and the seconds taken.

    What NumPy trains is rounded otherwise on other processors, and 500 epochs amplify it: numbers may differ by 2%.
    """
    printed, shown = (TIMED.sub("…", text.rstrip()) for text in (printed, shown))
    pairs = zip(*(map(_float, NUMBER.findall(text)) for text in (printed, shown)), strict=False)
    same = NUMBER.sub("#", printed) == NUMBER.sub("#", shown)
    return same and all(math.isclose(a, b, rel_tol=0.02, abs_tol=1e-6) for a, b in pairs)


def _float(text: str) -> float:
    return float(text.replace("−", "-"))


def with_blocks(text: str) -> str:
    """Return a document with its tables made anew."""
    return BLOCK.sub(lambda match: match[1] + BLOCKS[match[2]](), text)


def write_study(text: str, folder: str | Path) -> None:
    """Write the study file that a document shows into a folder."""
    for name, study in STUDY.findall(text):
        (Path(folder) / name).write_text(study, encoding="utf-8")


def run_command(line: str, folder: str | Path) -> str:
    """Return what `fnn ...` prints, run in a folder that has the table. Raises RuntimeError where it fails."""
    shutil.copy(TABLE, folder)
    out = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out):
        if run(line.split()[1:]):
            raise RuntimeError(f"{line} failed")
    return out.getvalue()


def run_python(code: str) -> str:
    """Return what a piece of Python prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, "README.md", "exec"), {})
    return out.getvalue()


def with_results(text: str, folder: str | Path) -> str:
    """Return a document with what its commands and its Python print, where that is not alike what it shows already.

    The commands run in a folder, one after the other.
    """

    def fresh(printed: str, shown: str) -> str:
        return shown if alike(printed, shown) else printed

    write_study(text, folder)
    text = SHELL.sub(lambda match: match[1] + fresh(run_command(match[2], folder), match[3]), text)
    return PYTHON.sub(lambda match: match[1] + fresh(run_python(match[2]), match[3]), text)


def main() -> None:
    """Write every document anew, and the pictures if asked to."""
    with tempfile.TemporaryDirectory() as folder:
        for path in DOCUMENTS:
            text = path.read_text(encoding="utf-8")
            path.write_text(with_results(with_blocks(text), folder), encoding="utf-8")
        if "--pictures" in sys.argv:
            pictures.draw_sweep(pictures.FOLDER / "xor-sweep.png", Path(folder) / "xor.db")
            pictures.draw_table(pictures.FOLDER / "diabetes.png", run_command)
            pictures.draw_networks(pictures.FOLDER / "xor-200.png")
            pictures.draw_reliability(pictures.FOLDER / "reliability.png")
            pictures.draw_play(pictures.FOLDER / "play.png", run_command)
            pictures.draw_page(pictures.FOLDER / "lab-page.png", run_command)


if __name__ == "__main__":
    os.environ.setdefault("COLUMNS", "80")
    main()
