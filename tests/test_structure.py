"""The house: what imports what, what is imported when, and what is installed."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import fnn

ROOT = Path(__file__).parents[1]


def imports(path):
    """Return the modules of fnn that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "fnn":
            found |= {node.module.partition(".")[2]} if "." in node.module else {a.name for a in node.names}
        elif isinstance(node, ast.Import):
            found |= {a.name.partition(".")[2] for a in node.names if a.name.startswith("fnn.")}
    return found


def test_modules_import_only_from_those_before_them_in_the_reading_order():
    order = re.search(r"\n\n((?:[a-z]+[ \n])+cli)\.?\n", fnn.__doc__)[1].split()
    files = {path.stem: path for path in (ROOT / "fnn").glob("*.py") if path.stem != "__init__"} | {
        "cli": ROOT / "cli.py"
    }
    assert sorted(order) == sorted(files)
    for place, name in enumerate(order):
        later = imports(files[name]) & set(order[place:])
        assert not later, f"{name} imports {later}, which comes after it"


def python(code, tmp_path, **options):
    return subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False, **options
    )


def test_the_numpy_path_needs_neither_numba_nor_scipy(tmp_path):
    code = """
import sys
sys.modules["numba"] = sys.modules["scipy"] = None  # importing them fails from now on
import cli
codes = [cli.run(["train", "--data", "xor", "--backend", "numpy", *more]) for more in ([], ["--seeds", "20"])]
sys.exit(max(codes))
"""
    done = python(code, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Iter 20" in done.stdout
    assert "solved            " in done.stdout
    assert (tmp_path / "fnn-xor" / "decision-boundary.png").exists()


def test_help_imports_nothing_slow(tmp_path):
    code = """
import sys
import cli
assert cli.run(["--help"]) == 0
slow = {"matplotlib", "numba", "scipy", "rich.progress"} & set(sys.modules)
sys.exit(f"imported: {slow}" if slow else 0)
"""
    done = python(code, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "train" in done.stdout


def test_the_wheel_works_from_another_folder(tmp_path):
    source = tmp_path / "source"
    shutil.copytree(ROOT / "fnn", source / "fnn", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("cli.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--target", tmp_path / "site", source], check=True, capture_output=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = {"PYTHONPATH": str(tmp_path / "site"), "PATH": "/usr/bin:/bin"}
    command = tmp_path / "site" / "bin" / "fnn"
    done = subprocess.run(
        [sys.executable, command, "train", "--data", "linear", "--backend", "numpy"],
        cwd=elsewhere, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Iter 99" in done.stdout
    where = python("import cli, fnn; print(cli.__file__, fnn.__file__)", elsewhere, env=environment).stdout.split()
    assert [Path(w).relative_to(tmp_path / "site").as_posix() for w in where] == ["cli.py", "fnn/__init__.py"]
    assert (tmp_path / "site" / "fnn" / "py.typed").exists()
    assert (tmp_path / "site" / "fnn" / "studies" / "lab.toml").exists()
