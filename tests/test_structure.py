"""The house: what imports what, what is imported when, and what is installed."""

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import bench
import fnn

ROOT = Path(__file__).parents[1]


def imports(path, package="fnn"):
    """Return the modules of a package that a file imports, wherever in it, by their dotted names within it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == package:
            inside = node.module.partition(".")[2].replace(".", "/")
            base = ROOT / package / inside
            modules = {a.name for a in node.names if (base / f"{a.name}.py").exists() or (base / a.name).is_dir()}
            found |= {"/".join(filter(None, (inside, name))) for name in modules}
            found |= {inside} if inside and len(modules) < len(node.names) else set()
        elif isinstance(node, ast.Import):
            found |= {
                a.name.partition(".")[2].replace(".", "/") for a in node.names if a.name.startswith(f"{package}.")
            }
    return found


def listed(text):
    """Return the reading order at the end of a docstring."""
    return text.strip().rpartition("\n\n")[2].split()


def rooms():
    """Return the modules of `fnn` in reading order, as paths in it: a package's are in the order it gives."""
    (order,) = re.findall(r"\n\n((?:[a-z]+[ \n])+)\n", fnn.__doc__)
    for name in order.split():
        folder = ROOT / "fnn" / name
        if folder.is_dir():
            inside = listed(ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))))
            assert sorted(inside) == sorted(p.stem for p in folder.glob("*.py") if p.stem != "__init__"), name
            yield from (f"{name}/{module}" for module in inside)
        yield name


def test_what_stands_in_a_room_imports_only_what_comes_before_it():
    order = list(rooms())
    files = {name: ROOT / "fnn" / f"{name}.py" for name in order}
    files = {name: path if path.exists() else ROOT / "fnn" / name / "__init__.py" for name, path in files.items()}
    there = {p.relative_to(ROOT / "fnn") for p in (ROOT / "fnn").rglob("*.py")} - {Path("__init__.py")}
    assert {p.relative_to(ROOT / "fnn") for p in files.values()} == there
    for place, name in enumerate(order):
        later = imports(files[name]) & set(order[place:])
        assert not later, f"{name} imports {later}, which comes after it"


def test_the_benchmark_has_a_reading_order_too_and_the_library_does_without_it():
    order = bench.__doc__.rpartition("\n\n")[2].split()
    files = {path.stem: path for path in (ROOT / "bench").glob("*.py") if path.stem != "__init__"}
    assert sorted(order) == sorted(files)
    for place, name in enumerate(order):
        later = imports(files[name], "bench") & set(order[place:])
        assert not later, f"{name} imports {later}, which comes after it"
    assert not any(imports(path, "bench") for path in (ROOT / "fnn").glob("*.py"))


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
    for package in ("fnn", "bench"):
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
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
    words = ["bench", "--work", "size", "--networks", "1", "--cap", "60", "--json", "--out", "here"]
    environment["NUMBA_CACHE_DIR"] = str(tmp_path / "cache")
    done = subprocess.run(
        [sys.executable, command, *words], cwd=elsewhere, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert any(row["contender"] == "fnn" and row["seconds"] for row in json.loads(done.stdout)["rows"])
    assert (elsewhere / "here" / "results.json").exists()
    for name in ("fann.c", "scripts/sweep_jax.py"):
        assert (tmp_path / "site" / "bench" / name).exists()
    where = python("import cli, fnn; print(cli.__file__, fnn.__file__)", elsewhere, env=environment).stdout.split()
    assert [Path(w).relative_to(tmp_path / "site").as_posix() for w in where] == ["cli.py", "fnn/__init__.py"]
    assert all((tmp_path / "site" / "fnn" / name).exists() for name in ("py.typed", "page.css"))
